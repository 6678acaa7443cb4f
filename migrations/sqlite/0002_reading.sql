-- How a resource was read, where that is more than "all of it, by the scan that listed it". It stands beside the
-- versions, because a facet that is carried over, or read again and found as it was, is not a change.
-- `carried` is JSON: by facet, when it was really read. `revision` is a digest of what the listing said of it.
CREATE TABLE reading (
    resource INTEGER NOT NULL REFERENCES resource,
    valid_from INTEGER NOT NULL,
    valid_to INTEGER NOT NULL,
    carried TEXT,
    revision TEXT,
    PRIMARY KEY (resource, valid_from)
) STRICT, WITHOUT ROWID;
