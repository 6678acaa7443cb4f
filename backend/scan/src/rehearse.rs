//! What a scan would be like, without the store: how many calls it takes, and what it would not be allowed to read.

use futures::TryStreamExt;
use nephoscope_collect::Purpose;
use nephoscope_model::{Coverage, PackedResource, Shard, ShardKey, TargetName};

use crate::ScanError;
use crate::reading::read;
use crate::source::Given;
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
    let planned = source.plan().await?;
    let mut shards = read(&*source, planned, Given::default());
    while let Some(read) = shards.try_next().await? {
        keep(read.shard);
    }
    Ok(())
}
