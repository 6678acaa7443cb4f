-- What a scan set out to read stands apart from its counts, which every commit changes: of thousands of accounts it is
-- longer than all that one of them gives. Only a scan that may be resumed needs it.
CREATE TABLE plan (
    scan INTEGER PRIMARY KEY REFERENCES scan,
    shards TEXT NOT NULL
) STRICT;

INSERT INTO plan (scan, shards) SELECT id, planned FROM scan WHERE state = 'running';

ALTER TABLE scan DROP COLUMN planned;
