//! JSON documents by their content: each is stored once, compressed, under its hash.
//!
//! Serialising, hashing and compressing are the costly part of a large commit, so they run on other threads
//! ([`pipeline`]) while the one writer inserts.

use std::collections::{HashMap, HashSet};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::{mem, thread};

use rusqlite::{CachedStatement, Connection, params};
use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use zstd::bulk::{Compressor, Decompressor};

use super::fault::{Fault, Sql};

/// Documents shorter than this do not shrink, or by less than a tenth.
const RAW_BELOW: usize = 128;
/// Above level 1 documents of this size shrink by a few per cent more and take twice the time.
const LEVEL: i32 = 1;
/// Items that a thread works on between two deliveries, at least and at most. Fewer are not worth a thread.
const CHUNK: [usize; 2] = [32, 256];
/// Deliveries of a thread that may wait for the writer, which may be at another commit meanwhile.
const WAITING: usize = 3;
/// More threads than this only wait for the writer.
const MAX_THREADS: usize = 4;

/// The first 16 bytes of BLAKE3 over a document's JSON.
pub(super) type Hash = [u8; 16];

/// A document ready to be stored.
#[derive(Debug)]
pub(super) struct Packed {
    pub hash: Hash,
    body: Body,
}

#[derive(Debug)]
enum Body {
    /// With its size before it was compressed, where it was.
    Bytes(Option<i64>, Vec<u8>),
    /// The same packer has delivered it before.
    Delivered,
    /// It is stored under this number.
    Stored(i64),
}

impl Packed {
    /// A document that is stored already.
    pub(super) fn stored(hash: Hash, id: i64) -> Self {
        Self { hash, body: Body::Stored(id) }
    }
}

/// Packs documents, on any thread.
pub(super) struct Packer {
    /// None once it is put back.
    compressor: Option<Compressor<'static>>,
    delivered: HashSet<Hash>,
    /// Where values are serialised.
    json: Vec<u8>,
}

/// Compressors that nobody has: making one takes longer than a small commit.
static COMPRESSORS: Mutex<Vec<Compressor<'static>>> = Mutex::new(Vec::new());

impl Drop for Packer {
    fn drop(&mut self) {
        COMPRESSORS.lock().unwrap_or_else(PoisonError::into_inner).extend(self.compressor.take());
    }
}

impl Packer {
    pub(super) fn new() -> Sql<Self> {
        let idle = COMPRESSORS.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let compressor = idle.map_or_else(|| Compressor::new(LEVEL), Ok)?;
        Ok(Self { compressor: Some(compressor), delivered: HashSet::new(), json: Vec::new() })
    }

    /// Serialises, hashes and compresses.
    pub(super) fn pack(&mut self, value: &impl Serialize) -> Sql<Packed> {
        let mut json = mem::take(&mut self.json);
        json.clear();
        serde_json::to_writer(&mut json, value)?;
        let packed = self.pack_json(hash_of(&json), &json);
        self.json = json;
        packed
    }

    /// Compresses what was serialised and hashed already.
    pub(super) fn pack_json(&mut self, hash: Hash, json: &[u8]) -> Sql<Packed> {
        if !self.delivered.insert(hash) {
            return Ok(Packed { hash, body: Body::Delivered });
        }
        let body = match &mut self.compressor {
            Some(compressor) if json.len() >= RAW_BELOW => {
                Body::Bytes(i64::try_from(json.len()).ok(), compressor.compress(json)?)
            }
            _ => Body::Bytes(None, json.to_vec()),
        };
        Ok(Packed { hash, body })
    }
}

/// The cores of this process. Asking the system takes a dozen calls.
fn cores() -> usize {
    static CORES: OnceLock<usize> = OnceLock::new();
    *CORES.get_or_init(|| thread::available_parallelism().map_or(1, usize::from))
}

/// The hash of a document.
fn hash_of(json: &[u8]) -> Hash {
    let mut hash = [0; 16];
    hash.copy_from_slice(&blake3::hash(json).as_bytes()[..16]);
    hash
}

/// JSON with its hash.
pub(super) fn hashed(json: &str) -> (Hash, &[u8]) {
    (hash_of(json.as_bytes()), json.as_bytes())
}

/// Stores documents within one transaction.
pub(super) struct DocumentWriter<'t> {
    connection: &'t Connection,
    insert: CachedStatement<'t>,
    find: CachedStatement<'t>,
    known: HashMap<Hash, i64>,
}

impl<'t> DocumentWriter<'t> {
    pub(super) fn new(connection: &'t Connection) -> Sql<Self> {
        Ok(Self {
            connection,
            insert: connection
                .prepare_cached("INSERT OR IGNORE INTO document (hash, size, body) VALUES (?1, ?2, ?3)")?,
            find: connection.prepare_cached("SELECT id FROM document WHERE hash = ?1")?,
            known: HashMap::new(),
        })
    }

    /// The number of a document, which is stored where it is new.
    pub(super) fn put(&mut self, packed: &Packed) -> Sql<i64> {
        if let Some(id) = self.known.get(&packed.hash) {
            return Ok(*id);
        }
        let id = match &packed.body {
            Body::Stored(id) => *id,
            Body::Bytes(size, bytes) if self.insert.execute(params![packed.hash, size, bytes])? == 1 => {
                self.connection.last_insert_rowid()
            }
            Body::Bytes(..) | Body::Delivered => self.find.query_row([packed.hash], |row| row.get(0))?,
        };
        self.known.insert(packed.hash, id);
        Ok(id)
    }
}

/// Reads documents within one transaction.
pub(super) struct DocumentReader<'t> {
    find: CachedStatement<'t>,
    decompressor: Decompressor<'static>,
}

impl<'t> DocumentReader<'t> {
    pub(super) fn new(connection: &'t Connection) -> Sql<Self> {
        Ok(Self {
            find: connection.prepare_cached("SELECT size, body FROM document WHERE id = ?1")?,
            decompressor: Decompressor::new()?,
        })
    }

    /// The value of a document.
    pub(super) fn get<T: DeserializeOwned>(&mut self, id: i64) -> Sql<T> {
        self.read(id, |json| Ok(serde_json::from_slice(json)?))
    }

    /// A document as it is, once it is certain that it is JSON.
    pub(super) fn text(&mut self, id: i64) -> Sql<Arc<str>> {
        self.read(id, |json| {
            serde_json::from_slice::<IgnoredAny>(json)?;
            let text = std::str::from_utf8(json).map_err(|error| Fault::Damaged(error.into()))?;
            Ok(Arc::from(text))
        })
    }

    fn read<T>(&mut self, id: i64, understand: impl FnOnce(&[u8]) -> Sql<T>) -> Sql<T> {
        let mut rows = self.find.query([id])?;
        let row = rows.next()?.ok_or_else(|| Fault::Damaged(format!("document {id} is missing").into()))?;
        let body = row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?;
        match row.get::<_, Option<i64>>(0)? {
            None => understand(body),
            Some(size) => {
                let capacity = usize::try_from(size).map_err(|error| Fault::Damaged(error.into()))?;
                understand(&self.decompressor.decompress(body, capacity)?)
            }
        }
    }
}

/// What a [`pipeline`] makes of its items, in their order.
pub(super) type Results<'r, R> = dyn Iterator<Item = Sql<R>> + 'r;

/// Runs `work` over `items` on several threads, which begin at once, and gives `consume` the results in order, on this
/// thread.
pub(super) fn pipeline<T: Sync, R: Send, O>(
    items: &[T],
    work: impl Fn(&mut Packer, &T) -> Sql<R> + Sync,
    consume: impl FnOnce(&mut Results<'_, R>) -> O,
) -> Sql<O> {
    let [least, most] = CHUNK;
    let chunks: Vec<&[T]> = items.chunks((items.len() / (2 * MAX_THREADS)).clamp(least, most)).collect();
    let threads = cores().min(MAX_THREADS).min(chunks.len());
    if threads <= 1 {
        let mut packer = Packer::new()?;
        return Ok(consume(&mut items.iter().map(|item| work(&mut packer, item))));
    }
    thread::scope(|scope| {
        let lane = |first: usize| {
            let (sender, receiver) = sync_channel(WAITING);
            let (chunks, work) = (&chunks, &work);
            scope.spawn(move || {
                let mut packer = Packer::new();
                for chunk in chunks.iter().skip(first).step_by(threads) {
                    let results: Vec<Sql<R>> = match &mut packer {
                        Ok(packer) => chunk.iter().map(|item| work(packer, item)).collect(),
                        Err(_) => vec![Err(Fault::Damaged("no memory for compressing".into()))],
                    };
                    // The receiver is gone where the writer has failed.
                    if sender.send(results).is_err() {
                        return;
                    }
                }
            });
            receiver
        };
        let lanes: Vec<_> = (0..threads).map(lane).collect();
        let ended = |_| vec![Err(Fault::Damaged("a thread that packs documents ended".into()))];
        let receive = |chunk: usize| lanes[chunk % threads].recv().unwrap_or_else(ended);
        Ok(consume(&mut (0..chunks.len()).flat_map(receive)))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::sqlite::connection::open_writer;

    #[test]
    fn the_same_document_is_stored_once_and_comes_back() {
        let folder = tempfile::tempdir().unwrap();
        let connection = open_writer(&folder.path().join("a.db")).unwrap();
        let (small, large) = (json!("absent"), json!({ "Statement": vec!["s3:GetObject"; 40] }));
        let mut packer = Packer::new().unwrap();
        let mut writer = DocumentWriter::new(&connection).unwrap();
        let mut put = |value: &Value| writer.put(&packer.pack(value).unwrap()).unwrap();
        let ids = [put(&small), put(&large), put(&small), put(&large)];
        assert_eq!(ids, [1, 2, 1, 2]);

        let mut reader = DocumentReader::new(&connection).unwrap();
        assert_eq!(reader.get::<Value>(1).unwrap(), small);
        assert_eq!(reader.get::<Value>(2).unwrap(), large);
        assert!(matches!(reader.get::<Value>(3), Err(Fault::Damaged(_))));
        let sizes = "SELECT size IS NULL, length(body) < 200 FROM document ORDER BY id";
        let mut statement = connection.prepare(sizes).unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        assert_eq!(
            rows.collect::<rusqlite::Result<Vec<(bool, bool)>>>().unwrap(),
            [(true, true), (false, true)]
        );
    }

    #[test]
    fn results_come_in_order_and_a_failure_ends_it() {
        for count in [0, 1, 40, 5000] {
            let items: Vec<usize> = (0..count).collect();
            let seen = pipeline(&items, |_, item| Ok(*item), |results| results.collect::<Sql<Vec<_>>>());
            assert_eq!(seen.unwrap().unwrap(), items);
            let fail = |_: &mut Packer, _: &usize| Err::<(), _>(Fault::Damaged("stop".into()));
            let failed = pipeline(&items, fail, |results| results.next().is_some_and(|first| first.is_err()));
            assert_eq!(failed.unwrap(), count > 0, "who consumes may stop at the first failure");
        }
    }
}
