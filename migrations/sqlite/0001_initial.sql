-- Numbers:
-- * A sequence is one committed step of a scan; there is one sequence for the whole store.
-- * Intervals are [valid_from, valid_to) of that sequence; 9223372036854775807 stands for "still".
-- * Instants are nanoseconds since 1970 in UTC.
-- * status: 0 FAIL, 1 UNKNOWN, 2 PASS. exposure: 0 internal, 1 unknown, 2 cross-account, 3 internet.
--   severity: 0 informational, 1 low, 2 medium, 3 high, 4 critical.

CREATE TABLE meta (
    name TEXT NOT NULL PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO meta (name, value) VALUES ('sequence', 0);

-- Names that rows refer to by number.

CREATE TABLE target (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE account (
    id INTEGER PRIMARY KEY,
    target INTEGER NOT NULL REFERENCES target,
    provider TEXT NOT NULL,
    name TEXT NOT NULL,
    UNIQUE (target, provider, name)
) STRICT;

CREATE TABLE shard (
    id INTEGER PRIMARY KEY,
    account INTEGER NOT NULL REFERENCES account,
    region TEXT NOT NULL,
    service TEXT NOT NULL,
    UNIQUE (account, region, service)
) STRICT;

-- Everything about a resource that a filter can name: target, provider, account, region, service and kind.
CREATE TABLE place (
    id INTEGER PRIMARY KEY,
    shard INTEGER NOT NULL REFERENCES shard,
    kind TEXT NOT NULL,
    UNIQUE (shard, kind)
) STRICT;

CREATE TABLE check_name (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

-- A uid as one account sees it; it need not have been collected, for a relation may lead anywhere.
CREATE TABLE resource (
    id INTEGER PRIMARY KEY,
    uid TEXT NOT NULL,
    account INTEGER NOT NULL REFERENCES account,
    UNIQUE (uid, account)
) STRICT;

-- JSON by its hash; `size` is its length where `body` is compressed.
CREATE TABLE document (
    id INTEGER PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE,
    size INTEGER,
    body BLOB NOT NULL
) STRICT;

-- Scans and what they read.

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
    planned TEXT NOT NULL,
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

CREATE INDEX scan_ended ON scan (target, state, closed);
CREATE INDEX scan_began ON scan (instant, id);

-- Which scan a sequence belongs to.
CREATE TABLE step (
    sequence INTEGER PRIMARY KEY,
    scan INTEGER NOT NULL REFERENCES scan
) STRICT;

-- The completion mark of a shard, with what could be read.
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

-- A resource that was read by a shard which could not list everything. Where the shard was listed, all its resources were read.
CREATE TABLE sighting (
    resource INTEGER NOT NULL REFERENCES resource,
    sequence INTEGER NOT NULL,
    PRIMARY KEY (resource, sequence)
) STRICT, WITHOUT ROWID;

-- The completion mark of an account's evaluation.
CREATE TABLE evaluation (
    scan INTEGER NOT NULL REFERENCES scan,
    account TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    not_applicable TEXT NOT NULL,
    PRIMARY KEY (scan, account)
) STRICT, WITHOUT ROWID;

-- Resources as they were. `facets` is a JSON object from a facet's name to its document.

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

CREATE TABLE relation (
    resource INTEGER NOT NULL REFERENCES resource,
    name TEXT NOT NULL,
    other INTEGER NOT NULL REFERENCES resource,
    valid_from INTEGER NOT NULL,
    valid_to INTEGER NOT NULL,
    PRIMARY KEY (resource, name, other, valid_from)
) STRICT, WITHOUT ROWID;

CREATE INDEX relation_other ON relation (other);

-- What evaluation says. These rows are written by the million from numbers read in the same transaction,
-- so the tables below declare no references: checking each would cost a third of the time.

-- The number behind a finding's key: the first eight bytes of it. Two findings may share them.
CREATE TABLE finding (
    key INTEGER NOT NULL,
    resource INTEGER NOT NULL,
    check_id INTEGER NOT NULL,
    PRIMARY KEY (key, resource, check_id)
) STRICT, WITHOUT ROWID;

-- `opened` is the sequence at which the finding began to fail or be unknown, or began to pass.
-- What is said of a FAIL or UNKNOWN is JSON: in `detail` where it is short, as most are, else a document.
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
    detail TEXT,
    document INTEGER,
    PRIMARY KEY (resource, check_id, valid_from)
) STRICT, WITHOUT ROWID;

CREATE INDEX verdict_current ON verdict (check_id, status, exposure, resource, valid_from, place, opened)
    WHERE valid_to = 9223372036854775807;
CREATE INDEX verdict_past ON verdict (valid_to, check_id, status, exposure, resource, valid_from, place, opened)
    WHERE valid_to < 9223372036854775807;

-- What was derived of a resource and what its verdicts add up to.
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

-- Which resources a step touched: part 0 what was read of them, part 1 their verdicts.
CREATE TABLE change (
    part INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    resource INTEGER NOT NULL,
    PRIMARY KEY (part, sequence, resource)
) STRICT, WITHOUT ROWID;

-- Counts per scan, so that pages never count findings.

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

CREATE TABLE resource_rollup (
    scan INTEGER NOT NULL,
    place INTEGER NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (scan, place)
) STRICT, WITHOUT ROWID;

-- What the schedules have acted upon.
CREATE TABLE schedule (
    target TEXT NOT NULL PRIMARY KEY,
    due INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
