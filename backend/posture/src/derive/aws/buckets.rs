//! How far a bucket can be reached: its policy, and the bars to the public of the bucket and of the account.

use nephoscope_model::Resource;
use nephoscope_model::finding::Exposure;
use serde_json::Value;

use super::policies::Policies;
use crate::derive::map::Map;
use crate::derive::reading::{Reading, facet};

/// The widest reach of the policy's statements. Where public policies are barred, a policy that is public by one
/// statement lets in only the bucket's own account, whatever its other statements say.
pub(super) fn exposure(bucket: &Resource, map: &Map<'_>, policies: &Policies<'_>) -> Reading<Exposure> {
    let grants = policies.grants(bucket)?;
    let widest = grants.iter().map(|grant| grant.reach).max().unwrap_or(Exposure::Internal);
    let is_public = widest == Exposure::Internet;
    Ok(if is_public && is_barred(bucket, map)? { Exposure::Internal } else { widest })
}

fn is_barred(bucket: &Resource, map: &Map<'_>) -> Reading<bool> {
    let bars = |holder: &Resource| -> Reading<bool> {
        let block = facet(holder, "public_access_block")?;
        Ok(block.and_then(|block| block.get("RestrictPublicBuckets")) == Some(&Value::Bool(true)))
    };
    let own = bars(bucket);
    if own == Ok(true) {
        return own;
    }
    for &settings in map.kind("aws.s3.settings") {
        if bars(&map.open(settings))? {
            return Ok(true);
        }
    }
    own
}
