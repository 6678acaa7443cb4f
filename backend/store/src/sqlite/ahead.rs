//! Documents that are stored before the shard whose resources refer to them.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use nephoscope_model::PackedResource;
use rusqlite::Connection;

use super::document::{DocumentWriter, Hash, Packed, Packer, Results, hashed, pipeline};
use super::fault::Sql;

/// Documents that are kept in mind. One that is not is packed again, and then found in the store.
const MOST: usize = 262_144;

/// The numbers of documents that were stored ahead of their shard.
#[derive(Debug, Default)]
pub(super) struct Ahead(RwLock<HashMap<Hash, i64>>);

/// What is stored, while it is looked up.
pub(super) struct Stored<'a>(RwLockReadGuard<'a, HashMap<Hash, i64>>);

impl Ahead {
    pub(super) fn stored(&self) -> Stored<'_> {
        Stored(self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Hashes and compresses the documents of resources, and gives those to `commit` that are not stored.
    pub(super) fn pack<O>(
        &self,
        resources: &[PackedResource],
        commit: impl FnOnce(&mut Results<'_, Vec<Packed>>) -> O,
    ) -> Sql<O> {
        let stored = self.stored();
        let pack = |packer: &mut Packer, resource: &PackedResource| {
            let documents = resource.facets.iter().map(|(_, facet)| facet).chain(&resource.tags);
            let hashed = documents.map(|json| hashed(json));
            let missing = hashed.filter(|(hash, _)| stored.find(*hash).is_none());
            missing.map(|(hash, json)| packer.pack_json(hash, json)).collect()
        };
        pipeline(resources, pack, commit)
    }

    /// Keeps in mind what is stored by now.
    pub(super) fn note(&self, stored: Vec<(Hash, i64)>) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() + stored.len() > MOST {
            known.clear();
        }
        known.extend(stored);
    }
}

impl Stored<'_> {
    /// A document, where it is stored.
    pub(super) fn find(&self, hash: Hash) -> Option<Packed> {
        self.0.get(&hash).map(|id| Packed::stored(hash, *id))
    }
}

/// Stores documents, and gives their numbers.
pub(super) fn insert(tx: &Connection, packed: &mut Results<'_, Vec<Packed>>) -> Sql<Vec<(Hash, i64)>> {
    let mut writer = DocumentWriter::new(tx)?;
    let mut stored = Vec::new();
    for documents in packed {
        for document in documents? {
            stored.push((document.hash, writer.put(&document)?));
        }
    }
    Ok(stored)
}
