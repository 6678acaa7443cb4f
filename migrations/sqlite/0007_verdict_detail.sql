-- What is said of a FAIL or UNKNOWN is a document, however short: thousands of resources of an estate fail a check for the
-- same reason. The program has moved what stood in the rows.
ALTER TABLE verdict DROP COLUMN detail;
