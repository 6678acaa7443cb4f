//! Opening the database: address, lock, pragmas, version and migrations.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use nephoscope_model::Uid;
use rusqlite::{Connection, OpenFlags, Transaction, params};
use rusqlite_migration::{HookError, HookResult, M, Migrations};

use super::document::{DocumentWriter, Packer, hashed};
use super::fault::Fault;
use super::finding;
use crate::StoreError;
use crate::key::beside;

/// Every migration, oldest first.
fn migrations() -> [M<'static>; 7] {
    [
        M::up(include_str!("../../../../migrations/sqlite/0001_initial.sql")),
        M::up(include_str!("../../../../migrations/sqlite/0002_reading.sql")),
        M::up(include_str!("../../../../migrations/sqlite/0003_blinded.sql")),
        M::up(include_str!("../../../../migrations/sqlite/0004_place_region.sql")).foreign_key_check(),
        M::up_with_hook(include_str!("../../../../migrations/sqlite/0005_resource_digest.sql"), digest_uids),
        M::up(include_str!("../../../../migrations/sqlite/0006_plan.sql")),
        M::up_with_hook("", move_details),
    ]
}

/// Fills in the digests of the resources that were there before they had one.
fn digest_uids(tx: &Transaction<'_>) -> HookResult {
    let mut find = tx.prepare("SELECT id, uid FROM resource")?;
    let mut update = tx.prepare("UPDATE resource SET digest = ?2 WHERE id = ?1")?;
    let mut rows = find.query([])?;
    while let Some(row) = rows.next()? {
        let uid = Uid::from(row.get::<_, String>(1)?);
        update.execute([row.get(0)?, finding::uid_number(&uid)])?;
    }
    Ok(())
}

/// Makes documents of the details that stood in verdict rows, and only then runs the SQL that drops them.
fn move_details(tx: &Transaction<'_>) -> HookResult {
    tx.execute_batch(
        "CREATE TEMP TABLE moved (detail TEXT NOT NULL PRIMARY KEY, document INTEGER NOT NULL)",
    )?;
    let broken = |fault| match fault {
        Fault::Sql(error) => HookError::from(error),
        other => HookError::Hook(format!("{other:?}")),
    };
    let mut packer = Packer::new().map_err(broken)?;
    let mut documents = DocumentWriter::new(tx).map_err(broken)?;
    let mut find = tx.prepare("SELECT DISTINCT detail FROM verdict WHERE detail IS NOT NULL")?;
    let mut insert = tx.prepare("INSERT INTO moved VALUES (?1, ?2)")?;
    let mut rows = find.query([])?;
    while let Some(row) = rows.next()? {
        let detail: String = row.get(0)?;
        let (hash, json) = hashed(&detail);
        let packed = packer.pack_json(hash, json);
        let document = packed.and_then(|packed| documents.put(&packed)).map_err(broken)?;
        insert.execute(params![detail, document])?;
    }
    tx.execute_batch(
        "UPDATE verdict SET document = (SELECT moved.document FROM moved WHERE moved.detail = verdict.detail)
         WHERE detail IS NOT NULL;
         DROP TABLE moved;",
    )?;
    Ok(tx.execute_batch(include_str!("../../../../migrations/sqlite/0007_verdict_detail.sql"))?)
}

/// The schema version that this build reads and writes.
pub fn schema_version() -> i64 {
    i64::try_from(migrations().len()).expect("there are fewer migrations than an i64 can count")
}

/// The file of a store's address: `sqlite:PATH`, `sqlite://PATH` or a plain path.
pub fn path_of(url: &str) -> Result<PathBuf, StoreError> {
    let path = match url.split_once(':') {
        Some(("sqlite", rest)) => rest.strip_prefix("//").unwrap_or(rest),
        Some((scheme, rest)) if scheme.len() > 1 && rest.starts_with("//") => "",
        _ => url,
    };
    if path.is_empty() { Err(StoreError::Address { url: url.to_owned() }) } else { Ok(PathBuf::from(path)) }
}

/// Takes the lock that makes this process the only writer; it is let go when the file is closed, also by a crash.
pub(super) fn lock(path: &Path) -> Result<File, StoreError> {
    let unwritable =
        |source: std::io::Error| StoreError::Unwritable { path: path.to_owned(), source: source.into() };
    let lock_path = beside(path, ".lock");
    let file =
        OpenOptions::new().create(true).truncate(false).write(true).open(lock_path).map_err(unwritable)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::Locked { path: path.to_owned() }),
        Err(TryLockError::Error(source)) => Err(unwritable(source)),
    }
}

/// Opens the one connection that writes, and brings the schema up to date.
pub(super) fn open_writer(path: &Path) -> Result<Connection, StoreError> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)
        .map_err(|source| StoreError::Unwritable { path: path.to_owned(), source: source.into() })?;
    refuse_newer(&connection, path)?;
    prepare_writer(&connection).map_err(|error| Fault::from(error).during("open", path))?;
    migrate(&mut connection, path)?;
    // Only now: a migration that makes a table anew would else take what refers to it for lost, which it checks itself.
    connection
        .pragma_update(None, "foreign_keys", true)
        .map_err(|error| Fault::from(error).during("open", path))?;
    Ok(connection)
}

fn migrate(connection: &mut Connection, path: &Path) -> Result<(), StoreError> {
    Migrations::new(migrations().into()).to_latest(connection).map_err(|error| match error {
        rusqlite_migration::Error::RusqliteError { err, .. } => {
            match Fault::from(err).during("migrate", path) {
                StoreError::Query { source, path, .. } => StoreError::Migrate { path, source: source.into() },
                other => other,
            }
        }
        other => StoreError::Migrate { path: path.to_owned(), source: other.into() },
    })
}

/// Opens a connection that only reads.
pub(super) fn open_reader(path: &Path) -> Result<Connection, StoreError> {
    if !path.exists() {
        return Err(StoreError::Missing { path: path.to_owned() });
    }
    // A reader of a write-ahead log takes part in its shared memory, so it asks to write where it may.
    let open = |access| Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX);
    let connection = open(OpenFlags::SQLITE_OPEN_READ_WRITE)
        .or_else(|_| open(OpenFlags::SQLITE_OPEN_READ_ONLY))
        .map_err(|source| StoreError::Open { path: path.to_owned(), source: source.into() })?;
    refuse_newer(&connection, path)?;
    let found = version_of(&connection, path)?;
    if found < schema_version() {
        return Err(StoreError::Older { path: path.to_owned(), found, known: schema_version() });
    }
    prepare_reader(&connection).map_err(|error| Fault::from(error).during("open", path))?;
    Ok(connection)
}

/// Opens a connection that only reads, and maps nothing: what is mapped counts as memory of this process, and is not
/// given back.
pub(super) fn open_forgetful_reader(path: &Path) -> Result<Connection, StoreError> {
    let connection = open_reader(path)?;
    let unmapped = connection.pragma_update_and_check(None, "mmap_size", 0, |_| Ok(()));
    unmapped.map_err(|error| Fault::from(error).during("open", path))?;
    Ok(connection)
}

fn refuse_newer(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let (found, known) = (version_of(connection, path)?, schema_version());
    if found > known {
        let product = env!("CARGO_PKG_VERSION");
        return Err(StoreError::Newer { path: path.to_owned(), found, known, product });
    }
    Ok(())
}

fn version_of(connection: &Connection, path: &Path) -> Result<i64, StoreError> {
    let version = connection.pragma_query_value(None, "user_version", |row| row.get(0));
    version.map_err(|error| Fault::from(error).during("open", path))
}

fn prepare_writer(connection: &Connection) -> rusqlite::Result<()> {
    prepare(connection)?;
    // Takes effect only on a new database: fewer and larger pages make large commits a tenth shorter.
    connection.pragma_update(None, "page_size", 8192)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "normal")?;
    // SQLite may be built with these on from the beginning.
    connection.pragma_update(None, "foreign_keys", false)?;
    connection.pragma_update(None, "cache_size", -8 * 1024)?;
    // The log is copied by another thread; only where that does not keep up, a commit stops for it: 256 MB of 8 kB each.
    connection.pragma_update(None, "wal_autocheckpoint", 32 * 1024)?;
    // Once it was copied, the log is cut back, so that its length tells what is left to copy.
    connection.pragma_update(None, "journal_size_limit", 0)
}

/// Copies what is in the log into the database, without keeping anybody waiting.
pub(super) fn checkpoint(path: &Path) -> rusqlite::Result<()> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))
}

fn prepare_reader(connection: &Connection) -> rusqlite::Result<()> {
    prepare(connection)?;
    connection.pragma_update(None, "query_only", true)?;
    connection.pragma_update(None, "cache_size", -8 * 1024)?;
    // Rows of one page of findings lie far apart: copying their pages would take most of the time of an export.
    connection.pragma_update(None, "mmap_size", 256 * 1024 * 1024)
}

fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(Duration::from_secs(10))?;
    connection.set_prepared_statement_cache_capacity(128);
    connection.pragma_update(None, "temp_store", "memory")
}

/// The schema of a fresh database as SQLite tells it: the text of `migrations/sqlite/schema.sql`.
pub fn schema() -> Result<String, StoreError> {
    let nowhere = Path::new(":memory:");
    let mut connection =
        Connection::open_in_memory().map_err(|error| Fault::from(error).during("open", nowhere))?;
    migrate(&mut connection, nowhere)?;
    schema_of(&connection).map_err(|error| Fault::from(error).during("read the schema", nowhere))
}

fn schema_of(connection: &Connection) -> rusqlite::Result<String> {
    let mut statement = connection.prepare(
        "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'
         ORDER BY tbl_name, type DESC, name",
    )?;
    let parts: Vec<String> = statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    Ok(format!(
        "-- Generated from the migrations by `just generate`; do not edit.\n-- Version {}.\n\n{};\n",
        schema_version(),
        parts.join(";\n\n")
    ))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn an_address_is_a_path_with_or_without_scheme() {
        for (url, path) in [
            ("sqlite:a.db", "a.db"),
            ("sqlite:/var/a.db", "/var/a.db"),
            ("sqlite:///var/a.db", "/var/a.db"),
            ("data/a.db", "data/a.db"),
        ] {
            assert_eq!(path_of(url).unwrap(), PathBuf::from(path));
        }
        for url in ["", "sqlite:", "postgres://localhost/a"] {
            let error = path_of(url).unwrap_err();
            assert_eq!(error.to_string(), format!("understand the store `{url}`: it is not `sqlite:PATH`"));
        }
    }

    #[test]
    fn the_written_schema_is_that_of_a_migrated_database() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../migrations/sqlite/schema.sql");
        let folder = tempfile::tempdir().unwrap();
        let migrated = schema_of(&open_writer(&folder.path().join("a.db")).unwrap()).unwrap();
        assert_eq!(migrated, schema().unwrap());
        if std::env::var_os("NEPHOSCOPE_GENERATE").is_some() {
            fs::write(path, &migrated).unwrap();
        }
        let written = fs::read_to_string(path).unwrap();
        assert!(
            written == migrated,
            "migrations/sqlite/schema.sql differs from the migrations; run `just generate`"
        );
    }

    #[test]
    fn what_is_there_is_migrated() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let mut old = Connection::open(&path).unwrap();
        Migrations::new(migrations()[..3].to_vec()).to_latest(&mut old).unwrap();
        old.execute_batch(
            "PRAGMA foreign_keys = ON;
             INSERT INTO target VALUES (1, 'shop'); INSERT INTO account VALUES (1, 1, 'aws', '111111111111');
             INSERT INTO shard VALUES (4, 1, 'eu-west-1', 'lambda'); INSERT INTO place VALUES (7, 4, 'aws.lambda.function');
             INSERT INTO resource VALUES (1, 'arn', 1);
             INSERT INTO scan (id, name, target, origin, state, instant, opened, planned, shards_planned)
             VALUES (1, 'done', 1, 'command', 'finished', 1, 1, '[1]', 1), (2, 'left', 1, 'command', 'running', 2, 2, '[2]', 1);
             INSERT INTO version VALUES (1, 1, 9223372036854775807, 7, 'pay', NULL, '{}', x'00');
             INSERT INTO document VALUES (1, x'00', NULL, CAST('long' AS BLOB));
             INSERT INTO verdict VALUES (1, 1, 1, 2, 2, 0, 0, 7, 1, NULL, NULL), (1, 2, 1, 2, 0, 0, 0, 7, 1, 'short', NULL),
             (1, 3, 1, 2, 0, 0, 0, 7, 1, 'short', NULL), (1, 4, 1, 2, 0, 0, 0, 7, 1, NULL, 1);",
        )
        .unwrap();
        drop(old);
        let migrated = open_writer(&path).unwrap();
        let seen = "SELECT version.name, place.region FROM version JOIN place ON place.id = version.place";
        let seen: (String, String) =
            migrated.query_row(seen, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        assert_eq!(seen, ("pay".to_owned(), "eu-west-1".to_owned()));
        assert!(migrated.execute("DELETE FROM place", []).is_err(), "it is still referred to");
        let digest: i64 = migrated.query_row("SELECT digest FROM resource", [], |row| row.get(0)).unwrap();
        assert_eq!(digest, finding::uid_number(&Uid::from("arn")));
        let plans: String = migrated
            .query_row("SELECT group_concat(scan || shards) FROM plan", [], |row| row.get(0))
            .unwrap();
        assert_eq!(plans, "2[2]", "only what may be resumed is needed");
        let details =
            "SELECT group_concat(check_id || ifnull(CAST(body AS TEXT), '-'), ' ' ORDER BY check_id)
                       FROM verdict LEFT JOIN document ON document.id = verdict.document";
        let details: String = migrated.query_row(details, [], |row| row.get(0)).unwrap();
        assert_eq!(details, "1- 2short 3short 4long");
    }

    #[test]
    fn the_migrations_are_valid() {
        Migrations::new(migrations().into()).validate().unwrap();
    }
}
