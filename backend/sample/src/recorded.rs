//! Targets that were recorded: a scan of a simulated cloud gathered their last night, and a script says what was
//! otherwise before.
//!
//! `clouds/` has what each provider would answer, `recorded/` what a scan makes of it; a test of the whole system holds
//! the one against the other.

use std::collections::BTreeMap;

use jiff::civil::Date;
use nephoscope_model::{Facet, Resource, Shard};
use serde::Deserialize;
use serde_json::Value;

use crate::coverage::{Failure, fail};
use crate::error::SampleError;
use crate::estate::{holds, merge, parse};

/// A target with its last night, and its script.
#[derive(Debug)]
pub(crate) struct Recorded {
    pub(crate) target: &'static str,
    shards: Vec<Shard>,
    script: Script,
}

/// What was otherwise in some nights.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Script {
    /// Who reads, as refusals name it.
    reader: String,
    changes: Vec<Change>,
    #[serde(default)]
    failures: Vec<Failure>,
}

/// Something that was otherwise for some nights.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    title: String,
    /// The first night that sees it; the first of all unless said.
    from: Option<Date>,
    /// The first night that no longer sees it; none unless said.
    until: Option<Date>,
    kind: String,
    names: Vec<String>,
    /// What differs in its facets, as a JSON merge patch (RFC 7396) of each.
    #[serde(default)]
    facets: BTreeMap<String, Value>,
    /// Facets that it did not have.
    #[serde(default)]
    without: Vec<String>,
    /// True where it was not there at all.
    #[serde(default)]
    absent: bool,
}

const RECORDED: [(&str, &str, &str, &str, &str); 3] = [
    (
        "analytics",
        "recorded/gcp.json",
        include_str!("../recorded/gcp.json"),
        "nights/analytics.yaml",
        include_str!("../nights/analytics.yaml"),
    ),
    (
        "back-office",
        "recorded/azure.json",
        include_str!("../recorded/azure.json"),
        "nights/back-office.yaml",
        include_str!("../nights/back-office.yaml"),
    ),
    (
        "warehouse",
        "recorded/fn.json",
        include_str!("../recorded/fn.json"),
        "nights/warehouse.yaml",
        include_str!("../nights/warehouse.yaml"),
    ),
];

/// Every recorded target, sorted by name.
pub(crate) fn read() -> Result<Vec<Recorded>, SampleError> {
    let targets = RECORDED.into_iter().map(|(target, recording, shards, file, script)| {
        let shards = serde_json::from_str(shards)
            .map_err(|source| SampleError::ReadRecording { file: recording, source })?;
        Ok(Recorded { target, shards, script: parse(file, script)? })
    });
    targets.collect()
}

impl Recorded {
    /// The shards as a scan on `date` would have gathered them, sorted by key.
    pub(crate) fn on(&self, date: Date) -> Result<Vec<Shard>, SampleError> {
        let mut shards = self.shards.clone();
        for change in &self.script.changes {
            let now = holds(change.from, change.until, date);
            for name in &change.names {
                // A change outside of its nights is looked up too, so that a misspelt name never hides.
                self.apply(change, name, now, &mut shards)?;
            }
        }
        for failure in &self.script.failures {
            if holds(failure.from, failure.until, date) {
                fail(failure, &self.script.reader, "global", &mut shards)?;
            }
        }
        Ok(shards)
    }

    fn apply(&self, change: &Change, name: &str, now: bool, shards: &mut [Shard]) -> Result<(), SampleError> {
        let is_meant = |resource: &Resource| resource.name == name && resource.kind.as_str() == change.kind;
        let missing = || SampleError::FindEntry {
            title: change.title.clone(),
            file: change.kind.clone(),
            place: self.target.to_owned(),
            name: name.to_owned(),
        };
        let mut concerned = shards.iter_mut().filter(|shard| shard.resources.iter().any(is_meant));
        let shard = concerned.next().ok_or_else(missing)?;
        if !now {
            return Ok(());
        }
        if change.absent {
            shard.resources.retain(|resource| !is_meant(resource));
            return Ok(());
        }
        for resource in shard.resources.iter_mut().filter(|resource| is_meant(resource)) {
            for facet in &change.without {
                resource.facets.insert(facet.clone(), Facet::Absent);
            }
            for (facet, patch) in &change.facets {
                let Some(Facet::Known(value)) = resource.facets.get_mut(facet) else {
                    // What was not there is put there whole.
                    resource.facets.insert(facet.clone(), Facet::Known(patch.clone()));
                    continue;
                };
                merge(value, patch);
            }
        }
        Ok(())
    }
}
