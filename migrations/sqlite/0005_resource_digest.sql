-- A finding's key begins with the digest of its resource's uid: the first eight bytes of it, which two uids may share,
-- find the resource, so that no row is written for each finding. The program fills them in for resources that are there.
ALTER TABLE resource ADD COLUMN digest INTEGER NOT NULL DEFAULT 0;

CREATE INDEX resource_digest ON resource (digest);

DROP TABLE finding;
