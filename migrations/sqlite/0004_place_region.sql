-- A shard that reads all regions at once lists resources of many: the place of a resource has a region of its own.
CREATE TABLE place_with_region (
    id INTEGER PRIMARY KEY,
    shard INTEGER NOT NULL REFERENCES shard,
    kind TEXT NOT NULL,
    region TEXT NOT NULL,
    UNIQUE (shard, kind, region)
) STRICT;

INSERT INTO place_with_region (id, shard, kind, region)
SELECT place.id, place.shard, place.kind, shard.region FROM place JOIN shard ON shard.id = place.shard;

DROP TABLE place;

ALTER TABLE place_with_region RENAME TO place;
