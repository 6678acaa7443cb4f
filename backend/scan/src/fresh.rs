//! What was read and committed of accounts that are not whole yet, so that judging them need not fetch it again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use nephoscope_model::{AccountId, PackedResource, Shard, ShardKey};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Kilobytes of documents that are kept, those of accounts that wait for their judges counted.
const ROOM: u32 = 40 * 1024;
/// Bytes that a resource takes besides its documents, roughly.
const RESOURCE: usize = 512;

/// All that an account has, as this process read it.
#[derive(Default)]
pub(crate) struct Fresh {
    shards: Vec<Shard<PackedResource>>,
    room: Vec<OwnedSemaphorePermit>,
}

/// What is kept, by account. Of an account all is kept or nothing.
pub(crate) struct Memory {
    room: Arc<Semaphore>,
    accounts: BTreeMap<AccountId, Fresh>,
}

impl Memory {
    /// Room for accounts of which every shard that is `planned` is `missing`: what was committed before is not here.
    pub(crate) fn of(planned: &[ShardKey], missing: &[ShardKey]) -> Self {
        let missing: BTreeSet<&ShardKey> = missing.iter().collect();
        let mut accounts: BTreeMap<AccountId, Fresh> = BTreeMap::new();
        for key in &missing {
            accounts.entry(key.account.clone()).or_default();
        }
        for key in planned.iter().filter(|key| !missing.contains(key)) {
            accounts.remove(&key.account);
        }
        Self { room: Arc::new(Semaphore::new(ROOM as usize)), accounts }
    }

    /// Keeps a shard that is committed where it `is_all` that the store has of it, and gives back what is let go.
    pub(crate) fn keep(&mut self, shard: Shard<PackedResource>, is_all: bool) -> Vec<Shard<PackedResource>> {
        let Some(fresh) = self.accounts.get_mut(&shard.key.account) else { return vec![shard] };
        let room = Arc::clone(&self.room).try_acquire_many_owned(kilobytes(&shard));
        match room.ok().filter(|_| is_all) {
            Some(room) => {
                fresh.shards.push(shard);
                fresh.room.push(room);
                Vec::new()
            }
            None => {
                let mut let_go = self.take(&shard.key.account).unwrap_or_default().shards;
                let_go.push(shard);
                let_go
            }
        }
    }

    /// All of an account of which every shard is committed; none where it was not kept.
    pub(crate) fn take(&mut self, account: &AccountId) -> Option<Fresh> {
        self.accounts.remove(account)
    }
}

impl Fresh {
    /// The resources as the store has them: sorted, and what two shards list as the later one read it. The room is taken
    /// until the permits are dropped.
    pub(crate) fn into_resources(self) -> (Vec<PackedResource>, Vec<OwnedSemaphorePermit>) {
        let latest_first = self.shards.into_iter().rev();
        let resources = latest_first.flat_map(|Shard { key, resources, .. }| {
            resources.into_iter().map(move |mut resource| {
                resource.provider = key.provider;
                resource.account = key.account.clone();
                resource.service = key.service.clone();
                resource.relations.sort();
                resource.relations.dedup();
                resource
            })
        });
        let mut resources: Vec<PackedResource> = resources.collect();
        resources.sort_by(|one, other| one.uid.cmp(&other.uid));
        resources.dedup_by(|next, kept| next.uid == kept.uid);
        (resources, self.room)
    }
}

fn kilobytes(shard: &Shard<PackedResource>) -> u32 {
    let texts = shard.resources.iter().flat_map(|resource| {
        let facets = resource.facets.iter().map(|(_, text)| text);
        facets.chain(&resource.tags).map(|text| text.len())
    });
    let bytes = texts.sum::<usize>() + RESOURCE * shard.resources.len();
    u32::try_from(bytes.div_ceil(1024)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use nephoscope_model::{
        Coverage, CoverageState, Kind, Provider, Region, Relation, RelationName, Resource, ServiceName, Uid,
    };

    use super::*;

    fn key(account: &str, service: &str) -> ShardKey {
        ShardKey {
            provider: Provider::Aws,
            account: AccountId::from(account),
            region: Region::from("eu-west-1"),
            service: ServiceName::from(service),
        }
    }

    fn shard(key: &ShardKey, resources: &[(&str, &str)]) -> Shard<PackedResource> {
        let edge = |to: &str| Relation { name: RelationName::Invokes, to: Uid::from(to) };
        let resources = resources.iter().map(|(uid, name)| Resource {
            uid: Uid::from(*uid),
            kind: Kind::from("aws.lambda.function"),
            provider: key.provider,
            account: key.account.clone(),
            region: key.region.clone(),
            service: key.service.clone(),
            name: (*name).to_owned(),
            tags: BTreeMap::new(),
            facets: BTreeMap::new(),
            relations: vec![edge("b"), edge("a"), edge("b")],
            carried: BTreeMap::new(),
            revision: None,
        });
        let coverage = Coverage {
            state: CoverageState::Complete,
            calls: BTreeMap::new(),
            errors: Vec::new(),
            costs: Vec::new(),
            listed: true,
        };
        Shard { key: key.clone(), coverage, resources: resources.map(PackedResource::from).collect() }
    }

    #[test]
    fn what_is_kept_is_as_the_store_has_it() {
        let (lambda, web) = (key("1", "lambda"), key("1", "lambdaweb"));
        let keys = [lambda.clone(), web.clone()];
        let mut memory = Memory::of(&keys, &keys);
        assert!(memory.keep(shard(&lambda, &[("b", "earlier"), ("c", "pay")]), true).is_empty());
        assert!(memory.keep(shard(&web, &[("a", "cart"), ("b", "later"), ("b", "again")]), true).is_empty());
        let (resources, room) = memory.take(&lambda.account).unwrap().into_resources();
        let seen = resources.iter().map(|resource| (resource.uid.as_str(), resource.name.as_ref()));
        assert_eq!(seen.collect::<Vec<_>>(), [("a", "cart"), ("b", "later"), ("c", "pay")]);
        let edges = resources[0].relations.iter().map(|edge| edge.to.as_str());
        assert_eq!(edges.collect::<Vec<_>>(), ["a", "b"]);
        assert!(memory.room.available_permits() < ROOM as usize, "it is still in memory");
        drop(room);
        assert_eq!(memory.room.available_permits(), ROOM as usize);
    }

    #[test]
    fn of_an_account_all_is_kept_or_nothing() {
        let keys = ["1", "2", "3"].map(|account| [key(account, "iam"), key(account, "lambda")]);
        let [stale, resumed, large] = &keys;
        let missing: Vec<ShardKey> =
            keys.iter().flatten().filter(|key| **key != resumed[0]).cloned().collect();
        let mut memory = Memory::of(&keys.concat(), &missing);
        let one = |key| shard(key, &[("a", "cart")]);
        assert!(memory.keep(one(&stale[0]), true).is_empty());
        assert_eq!(memory.keep(one(&stale[1]), false).len(), 2, "the store knows more");
        assert_eq!(memory.keep(one(&resumed[1]), true).len(), 1, "the other one was committed before");
        assert!(memory.keep(one(&large[0]), true).is_empty());
        let name = "x".repeat(1024 * ROOM as usize);
        let mut tagged = one(&large[1]);
        tagged.resources[0].tags = Some(Arc::from(name));
        assert_eq!(memory.keep(tagged, true).len(), 2, "there is no room");
        for [key, _] in &keys {
            assert!(memory.take(&key.account).is_none());
        }
    }
}
