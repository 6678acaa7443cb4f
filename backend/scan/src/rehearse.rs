//! What a scan would be like, without the store: how many calls it takes, and what it would not be allowed to read.

use std::collections::BTreeSet;

use futures::StreamExt;
use nephoscope_collect::{Named, Purpose};
use nephoscope_model::{Coverage, PackedResource, Shard, ShardKey, TargetName, Uid};

use crate::ScanError;
use crate::run::waves;
use crate::source::{Given, Source};
use crate::target::Target;

/// What a scan of one target would ask for.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The target.
    pub target: TargetName,
    /// The share of each quota that it would use.
    pub share: f64,
    /// Each shard with the calls that it takes, and with the errors of its listings.
    pub shards: Vec<(ShardKey, Coverage)>,
}

/// Makes the listings of a scan of `target` and counts its other calls. Nothing is stored.
pub async fn plan(target: &Target) -> Result<Plan, ScanError> {
    let mut shards = Vec::new();
    rehearse(target, Purpose::Plan, |shard| shards.push((shard.key, shard.coverage))).await?;
    shards.sort_by(|(a, _), (b, _)| a.cmp(b));
    let share = target.share().unwrap_or(1.0);
    Ok(Plan { target: target.name.clone(), share, shards })
}

/// Reads every shard of `target` for `purpose`, those that read what others name after those.
pub(crate) async fn rehearse(
    target: &Target,
    purpose: Purpose,
    mut keep: impl FnMut(Shard<PackedResource>),
) -> Result<(), ScanError> {
    let target = target.with_purpose(purpose);
    let source = target.connect().await?;
    let source: &dyn Source = &*source;
    let mut planned = source.plan().await?;
    planned.sort();
    let mut named: BTreeSet<Uid> = BTreeSet::new();
    for keys in waves(source, planned) {
        // Those that wait take what was named; those after them belong to other accounts.
        let waits = keys.iter().any(|key| source.waits(key));
        let known: Named =
            if waits { std::mem::take(&mut named).into_iter().collect() } else { Named::default() };
        let mut shards = source.shards(keys, Given { named: known, ..Given::default() });
        while let Some(shard) = shards.next().await {
            let shard = shard?;
            let edges = shard.resources.iter().flat_map(|resource| &resource.relations);
            named.extend(edges.map(|edge| edge.to.clone()));
            keep(shard);
        }
    }
    Ok(())
}
