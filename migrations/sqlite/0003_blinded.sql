-- What missing permissions kept an account's evaluation from deciding, as JSON: how many verdicts, and by permission
-- how many and of which checks. Counted while judging, because counting it later would read every verdict again.
-- None where it was judged before this was counted.
ALTER TABLE evaluation ADD COLUMN blinded TEXT;
