-- Generated from the migrations by `just generate`; do not edit.
-- Version 7.

CREATE TABLE account (
    id INTEGER PRIMARY KEY,
    target INTEGER NOT NULL REFERENCES target,
    provider TEXT NOT NULL,
    name TEXT NOT NULL,
    UNIQUE (target, provider, name)
) STRICT;

CREATE TABLE change (
    part INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    resource INTEGER NOT NULL,
    PRIMARY KEY (part, sequence, resource)
) STRICT, WITHOUT ROWID;

CREATE TABLE check_name (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE coverage (
    scan INTEGER NOT NULL REFERENCES scan,
    shard INTEGER NOT NULL REFERENCES shard,
    sequence INTEGER NOT NULL,
    listed INTEGER NOT NULL,
    body TEXT NOT NULL,
    resources INTEGER NOT NULL,
    committed INTEGER NOT NULL,
    PRIMARY KEY (scan, shard)
) STRICT, WITHOUT ROWID;

CREATE INDEX coverage_listed ON coverage (shard, sequence) WHERE listed = 1;

CREATE TABLE document (
    id INTEGER PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE,
    size INTEGER,
    body BLOB NOT NULL
) STRICT;

CREATE TABLE evaluation (
    scan INTEGER NOT NULL REFERENCES scan,
    account TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    not_applicable TEXT NOT NULL, blinded TEXT,
    PRIMARY KEY (scan, account)
) STRICT, WITHOUT ROWID;

CREATE TABLE judgement (
    resource INTEGER NOT NULL,
    valid_from INTEGER NOT NULL,
    valid_to INTEGER NOT NULL,
    place INTEGER NOT NULL,
    exposure INTEGER NOT NULL,
    debt INTEGER NOT NULL,
    critical INTEGER NOT NULL,
    high INTEGER NOT NULL,
    medium INTEGER NOT NULL,
    low INTEGER NOT NULL,
    informational INTEGER NOT NULL,
    unknown INTEGER NOT NULL,
    facts INTEGER NOT NULL,
    PRIMARY KEY (resource, valid_from)
) STRICT, WITHOUT ROWID;

CREATE INDEX judgement_current ON judgement (place, resource, valid_from, exposure, debt)
    WHERE valid_to = 9223372036854775807;

CREATE INDEX judgement_past ON judgement (valid_to, place, resource, valid_from, exposure, debt)
    WHERE valid_to < 9223372036854775807;

CREATE TABLE meta (
    name TEXT NOT NULL PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE "place" (
    id INTEGER PRIMARY KEY,
    shard INTEGER NOT NULL REFERENCES shard,
    kind TEXT NOT NULL,
    region TEXT NOT NULL,
    UNIQUE (shard, kind, region)
) STRICT;

CREATE TABLE plan (
    scan INTEGER PRIMARY KEY REFERENCES scan,
    shards TEXT NOT NULL
) STRICT;

CREATE TABLE reading (
    resource INTEGER NOT NULL REFERENCES resource,
    valid_from INTEGER NOT NULL,
    valid_to INTEGER NOT NULL,
    carried TEXT,
    revision TEXT,
    PRIMARY KEY (resource, valid_from)
) STRICT, WITHOUT ROWID;

CREATE TABLE relation (
    resource INTEGER NOT NULL REFERENCES resource,
    name TEXT NOT NULL,
    other INTEGER NOT NULL REFERENCES resource,
    valid_from INTEGER NOT NULL,
    valid_to INTEGER NOT NULL,
    PRIMARY KEY (resource, name, other, valid_from)
) STRICT, WITHOUT ROWID;

CREATE INDEX relation_other ON relation (other);

CREATE TABLE resource (
    id INTEGER PRIMARY KEY,
    uid TEXT NOT NULL,
    account INTEGER NOT NULL REFERENCES account, digest INTEGER NOT NULL DEFAULT 0,
    UNIQUE (uid, account)
) STRICT;

CREATE INDEX resource_digest ON resource (digest);

CREATE TABLE resource_rollup (
    scan INTEGER NOT NULL,
    place INTEGER NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (scan, place)
) STRICT, WITHOUT ROWID;

CREATE TABLE rollup (
    scan INTEGER NOT NULL,
    place INTEGER NOT NULL,
    check_id INTEGER NOT NULL,
    severity INTEGER NOT NULL,
    status INTEGER NOT NULL,
    exposure INTEGER NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (scan, place, check_id, severity, status, exposure)
) STRICT, WITHOUT ROWID;

CREATE TABLE scan (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    target INTEGER NOT NULL REFERENCES target,
    origin TEXT NOT NULL,
    state TEXT NOT NULL,
    failure TEXT,
    instant INTEGER NOT NULL,
    finished INTEGER,
    opened INTEGER NOT NULL,
    closed INTEGER,
    shards_planned INTEGER NOT NULL,
    shards_done INTEGER NOT NULL DEFAULT 0,
    shards_complete INTEGER NOT NULL DEFAULT 0,
    calls INTEGER NOT NULL DEFAULT 0,
    errors INTEGER NOT NULL DEFAULT 0,
    resources INTEGER NOT NULL DEFAULT 0,
    pass INTEGER NOT NULL DEFAULT 0,
    unknown INTEGER NOT NULL DEFAULT 0,
    critical INTEGER NOT NULL DEFAULT 0,
    high INTEGER NOT NULL DEFAULT 0,
    medium INTEGER NOT NULL DEFAULT 0,
    low INTEGER NOT NULL DEFAULT 0,
    informational INTEGER NOT NULL DEFAULT 0,
    score TEXT,
    catalogue TEXT
) STRICT;

CREATE INDEX scan_began ON scan (instant, id);

CREATE INDEX scan_ended ON scan (target, state, closed);

CREATE TABLE schedule (
    target TEXT NOT NULL PRIMARY KEY,
    due INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE shard (
    id INTEGER PRIMARY KEY,
    account INTEGER NOT NULL REFERENCES account,
    region TEXT NOT NULL,
    service TEXT NOT NULL,
    UNIQUE (account, region, service)
) STRICT;

CREATE TABLE sighting (
    resource INTEGER NOT NULL REFERENCES resource,
    sequence INTEGER NOT NULL,
    PRIMARY KEY (resource, sequence)
) STRICT, WITHOUT ROWID;

CREATE TABLE step (
    sequence INTEGER PRIMARY KEY,
    scan INTEGER NOT NULL REFERENCES scan
) STRICT;

CREATE TABLE target (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE verdict (
    resource INTEGER NOT NULL,
    check_id INTEGER NOT NULL,
    valid_from INTEGER NOT NULL,
    valid_to INTEGER NOT NULL,
    status INTEGER NOT NULL,
    exposure INTEGER NOT NULL,
    severity INTEGER NOT NULL,
    place INTEGER NOT NULL,
    opened INTEGER NOT NULL,
    document INTEGER,
    PRIMARY KEY (resource, check_id, valid_from)
) STRICT, WITHOUT ROWID;

CREATE INDEX verdict_current ON verdict (check_id, status, exposure, resource, valid_from, place, opened)
    WHERE valid_to = 9223372036854775807;

CREATE INDEX verdict_past ON verdict (valid_to, check_id, status, exposure, resource, valid_from, place, opened)
    WHERE valid_to < 9223372036854775807;

CREATE TABLE version (
    resource INTEGER NOT NULL REFERENCES resource,
    valid_from INTEGER NOT NULL,
    valid_to INTEGER NOT NULL,
    place INTEGER NOT NULL REFERENCES place,
    name TEXT NOT NULL,
    tags INTEGER REFERENCES document,
    facets TEXT NOT NULL,
    digest BLOB NOT NULL,
    PRIMARY KEY (resource, valid_from)
) STRICT, WITHOUT ROWID;

CREATE INDEX version_current ON version (place, resource, valid_from, name) WHERE valid_to = 9223372036854775807;

CREATE INDEX version_past ON version (valid_to, place, resource, valid_from, name) WHERE valid_to < 9223372036854775807;
