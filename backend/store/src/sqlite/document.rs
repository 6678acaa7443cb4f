//! JSON documents by their content: each is stored once, compressed, under its hash.
//!
//! Serialising, hashing and compressing are the costly part of a large commit, so they run on other threads
//! ([`pipeline`]) while the one writer inserts.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::thread;

use rusqlite::{CachedStatement, Connection, OptionalExtension, params};
use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use zstd::bulk::{Compressor, Decompressor};

use super::fault::{Fault, Sql};

/// Documents shorter than this do not shrink.
const RAW_BELOW: usize = 64;
/// Above level 1 documents of this size shrink by a few per cent more and take twice the time.
const LEVEL: i32 = 1;
/// Items that a thread works on between two deliveries, at least and at most. Fewer are not worth a thread.
const CHUNK: [usize; 2] = [32, 256];
/// More threads than this only wait for the writer.
const MAX_THREADS: usize = 4;

/// The first 16 bytes of BLAKE3 over a document's JSON.
pub(super) type Hash = [u8; 16];

/// A document ready to be stored; without body where the same packer has delivered it before.
#[derive(Debug)]
pub(super) struct Packed {
    pub hash: Hash,
    body: Option<Body>,
}

#[derive(Debug)]
struct Body {
    size: Option<i64>,
    bytes: Vec<u8>,
}

/// Packs documents, on any thread.
pub(super) struct Packer {
    compressor: Compressor<'static>,
    delivered: HashSet<Hash>,
}

impl Packer {
    pub(super) fn new() -> Sql<Self> {
        Ok(Self { compressor: Compressor::new(LEVEL)?, delivered: HashSet::new() })
    }

    /// Serialises, hashes and compresses.
    pub(super) fn pack(&mut self, value: &impl Serialize) -> Sql<Packed> {
        let json = serde_json::to_string(value)?;
        self.pack_text(&json)
    }

    /// Hashes and compresses what was serialised already.
    pub(super) fn pack_text(&mut self, json: &str) -> Sql<Packed> {
        self.pack_json(hash_of(json.as_bytes()), json)
    }

    /// Compresses what was serialised and hashed already.
    pub(super) fn pack_json(&mut self, hash: Hash, json: &str) -> Sql<Packed> {
        if !self.delivered.insert(hash) {
            return Ok(Packed { hash, body: None });
        }
        let body = if json.len() < RAW_BELOW {
            Body { size: None, bytes: json.as_bytes().to_vec() }
        } else {
            let size = i64::try_from(json.len()).ok();
            Body { size, bytes: self.compressor.compress(json.as_bytes())? }
        };
        Ok(Packed { hash, body: Some(body) })
    }
}

/// The hash of a document.
pub(super) fn hash_of(json: &[u8]) -> Hash {
    let mut hash = [0; 16];
    hash.copy_from_slice(&blake3::hash(json).as_bytes()[..16]);
    hash
}

/// Stores documents within one transaction.
pub(super) struct DocumentWriter<'t> {
    insert: CachedStatement<'t>,
    find: CachedStatement<'t>,
    known: HashMap<Hash, i64>,
}

impl<'t> DocumentWriter<'t> {
    pub(super) fn new(connection: &'t Connection) -> Sql<Self> {
        Ok(Self {
            insert: connection.prepare_cached(
                "INSERT INTO document (hash, size, body) VALUES (?1, ?2, ?3) ON CONFLICT (hash) DO NOTHING RETURNING id",
            )?,
            find: connection.prepare_cached("SELECT id FROM document WHERE hash = ?1")?,
            known: HashMap::new(),
        })
    }

    /// The number of a document, which is stored where it is new.
    pub(super) fn put(&mut self, packed: &Packed) -> Sql<i64> {
        if let Some(id) = self.known.get(&packed.hash) {
            return Ok(*id);
        }
        let inserted = match &packed.body {
            Some(Body { size, bytes }) => {
                self.insert.query_row(params![packed.hash, size, bytes], |row| row.get(0)).optional()?
            }
            None => None,
        };
        let id = match inserted {
            Some(id) => id,
            None => self.find.query_row([packed.hash], |row| row.get(0))?,
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

/// Runs `work` over chunks of `items` on several threads and gives the results to `consume` in order, on this thread.
pub(super) fn pipeline<T: Sync, R: Send>(
    items: &[T],
    work: impl Fn(&mut Packer, &[T]) -> Sql<R> + Sync,
    mut consume: impl FnMut(R) -> Sql<()>,
) -> Sql<()> {
    let [least, most] = CHUNK;
    let chunks: Vec<&[T]> = items.chunks((items.len() / (2 * MAX_THREADS)).clamp(least, most)).collect();
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let threads = cores.min(MAX_THREADS).min(chunks.len());
    if threads <= 1 {
        let mut packer = Packer::new()?;
        return chunks.into_iter().try_for_each(|chunk| consume(work(&mut packer, chunk)?));
    }
    thread::scope(|scope| {
        let lane = |first: usize| {
            let (sender, receiver) = sync_channel(2);
            let (chunks, work) = (&chunks, &work);
            scope.spawn(move || {
                let mut packer = Packer::new();
                for chunk in chunks.iter().skip(first).step_by(threads) {
                    let result = match &mut packer {
                        Ok(packer) => work(packer, chunk),
                        Err(_) => Err(Fault::Damaged("no memory for compressing".into())),
                    };
                    // The receiver is gone where the writer has failed.
                    if sender.send(result).is_err() {
                        return;
                    }
                }
            });
            receiver
        };
        let lanes: Vec<_> = (0..threads).map(lane).collect();
        for chunk in 0..chunks.len() {
            let result = lanes[chunk % threads].recv();
            consume(result.map_err(|_| Fault::Damaged("a thread that packs documents ended".into()))??)?;
        }
        Ok(())
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
        let items: Vec<usize> = (0..5000).collect();
        let mut seen = Vec::new();
        pipeline(
            &items,
            |_, chunk| Ok(chunk.to_vec()),
            |chunk| {
                seen.extend(chunk);
                Ok(())
            },
        )
        .unwrap();
        assert_eq!(seen, items);
        let stopped = pipeline(&items, |_, _| Ok(()), |()| Err(Fault::Damaged("stop".into())));
        assert!(stopped.is_err());
    }
}
