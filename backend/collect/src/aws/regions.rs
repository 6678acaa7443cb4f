//! Which regions are read, and whether they exist.

use nephoscope_model::{Region, ServiceName};
use serde_json::Value;

use super::api::{Action, Api, Home, List};
use super::failure::Failure;
use super::place::text;
use super::request::Request;
use super::{Aws, RegionChoice, quota};
use crate::error::{Cause, CollectError};
use crate::purpose::Purpose;

pub(super) const ACTIONS: &[&Action] = &[&LIST_REGIONS.action];

static API: Api = Api::rest_json("Account", "account", &quota::ACCOUNT).at(Home::FirstRegion);
pub(super) static LIST_REGIONS: List = API.list("account:ListRegions", "Regions");

/// Regions by partition, from `partitions.json` of the AWS SDKs (botocore 1.44.5).
/// A region that is missing here is accepted where `account:ListRegions` confirms it.
const KNOWN: &[&str] = &[
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-south-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "ca-central-1",
    "ca-west-1",
    "eu-central-1",
    "eu-central-2",
    "eu-north-1",
    "eu-south-1",
    "eu-south-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "me-west-1",
    "mx-central-1",
    "sa-east-1",
    "sa-west-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
    "cn-north-1",
    "cn-northwest-1",
    "eusc-de-east-1",
    "us-iso-east-1",
    "us-iso-west-1",
    "us-isob-east-1",
    "us-isob-west-1",
    "eu-isoe-west-1",
    "us-isof-east-1",
    "us-isof-south-1",
    "us-gov-east-1",
    "us-gov-west-1",
];

/// The regions as asked for, in that order; none where it is all of them, which only the cloud can name.
pub(super) fn asked(aws: &Aws) -> Option<Vec<Region>> {
    match &aws.options.regions {
        RegionChoice::Configured => {
            Some(aws.sdk.region().map(|region| Region::from(region.as_ref())).into_iter().collect())
        }
        RegionChoice::Named(named) => Some(named.clone()),
        RegionChoice::All => None,
    }
}

/// The regions to read, each once, in the order in which they were named.
pub(super) async fn choose(aws: &Aws) -> Result<Vec<Region>, CollectError> {
    let Some(mut regions) = asked(aws) else {
        let listed = list(aws).await.map_err(|failure| {
            CollectError::Regions(Cause::new(&format!("{}: {}", failure.error, failure.message)))
        })?;
        return Ok(listed.into_iter().filter(|listed| listed.enabled).map(|listed| listed.name).collect());
    };
    let mut seen = std::collections::BTreeSet::new();
    regions.retain(|region: &Region| seen.insert(region.clone()));
    let unknown: Vec<&Region> = regions.iter().filter(|region| !is_known(region.as_str())).collect();
    if !unknown.is_empty() {
        confirm(aws, &unknown).await?;
    }
    Ok(regions)
}

pub(super) fn is_known(name: &str) -> bool {
    KNOWN.contains(&name)
}

/// Accepts names that this release does not know where the account does, and refuses them otherwise.
async fn confirm(aws: &Aws, unknown: &[&Region]) -> Result<(), CollectError> {
    let elsewhere = aws.sdk.endpoint_url().is_some();
    // Not even written like a region of AWS: no need to ask.
    if let Some(region) = unknown.iter().find(|region| !elsewhere && stem(region.as_str()).is_none()) {
        return Err(does_not_exist(region));
    }
    let listed = list(aws).await;
    let exists = |region: &Region| match &listed {
        Ok(listed) => listed.iter().any(|listed| listed.name == *region),
        // An endpoint that is not AWS may have regions of its own, and may not be able to list them. A name in
        // AWS's manner must then begin as one of AWS's does: `eu-west-9` may be new there, `eu-wset-1` is not.
        Err(_) => {
            elsewhere
                && stem(region.as_str())
                    .is_none_or(|given| KNOWN.iter().any(|known| stem(known) == Some(given)))
        }
    };
    match unknown.iter().find(|region| !exists(region)) {
        Some(region) => Err(does_not_exist(region)),
        None => Ok(()),
    }
}

struct Listed {
    name: Region,
    enabled: bool,
}

async fn list(aws: &Aws) -> Result<Vec<Listed>, Failure> {
    let mut reader = aws.reader(&Region::global(), &ServiceName::from("account"));
    // All of them, whatever is asked in each.
    reader.purpose = Purpose::Scan;
    let listed = reader.list(&LIST_REGIONS, None, Request::post(&["listRegions"])).await.whole();
    let read = reader.log.into_log();
    aws.log.lock().add_calls(&read);
    let mut regions: Vec<Listed> = listed?.iter().filter_map(one).collect();
    regions.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(regions)
}

fn one(region: &Value) -> Option<Listed> {
    let name = Region::from(text(region, "/RegionName")?);
    let enabled = matches!(text(region, "/RegionOptStatus"), Some("ENABLED" | "ENABLED_BY_DEFAULT"));
    Some(Listed { name, enabled })
}

fn does_not_exist(region: &Region) -> CollectError {
    CollectError::UnknownRegion { region: region.to_string(), near: near(region.as_str()) }
}

/// Known regions that may have been meant, nearest first, at most four.
fn near(name: &str) -> Vec<String> {
    let name = name.to_ascii_lowercase();
    let distance = |known: &&str| strsim::damerau_levenshtein(known, &name);
    let mut close: Vec<&str> = KNOWN.iter().copied().filter(|known| distance(known) <= 3).collect();
    close.sort_by_key(|known| (distance(known), *known));
    if close.is_empty() {
        let place = name.split('-').next().unwrap_or_default();
        close = KNOWN.iter().copied().filter(|known| known.split('-').next() == Some(place)).collect();
    }
    close.into_iter().take(4).map(str::to_owned).collect()
}

/// `eu-west` of `eu-west-1`; none for what is not written like a region.
fn stem(name: &str) -> Option<&str> {
    let (stem, number) = name.rsplit_once('-')?;
    let words = stem.split('-').all(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase()));
    let numbered = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
    (words && numbered).then_some(stem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_first() {
        assert_eq!(near("eu-wset-1")[0], "eu-west-1");
        assert_eq!(near("EU-WEST-1")[0], "eu-west-1");
        assert_eq!(near("us-nowhere-1")[0], "us-east-1");
        assert!(near("atlantis").is_empty());
    }

    #[test]
    fn stems() {
        assert_eq!(stem("us-gov-west-1"), Some("us-gov-west"));
        for name in ["local", "eu-west-", "eu--1", "Eu-west-1", "eu-west-1a"] {
            assert_eq!(stem(name), None, "{name}");
        }
    }
}
