//! What can be scanned from here.

use std::sync::Arc;

use jiff::Timestamp;
use nephoscope_collect::AwsOptions;
use nephoscope_model::{Provider, Shard, TargetName};

use crate::schedule::Schedule;

/// One thing to scan: a name, a way in, and perhaps a schedule.
#[derive(Clone, Debug)]
pub struct Target {
    /// Its name.
    pub name: TargetName,
    /// How it is reached.
    pub access: TargetAccess,
    /// When it is due; none where it is scanned by hand only.
    pub schedule: Option<Schedule>,
}

/// How a target is reached.
#[derive(Clone, Debug)]
pub enum TargetAccess {
    /// Through AWS credentials.
    Aws(Box<AwsOptions>),
    /// Shards that were gathered before, judged as of now: how the demo scans without a cloud.
    Gathered(Arc<Vec<Shard>>),
}

impl Target {
    /// Whose cloud it is.
    pub fn provider(&self) -> Provider {
        match &self.access {
            TargetAccess::Aws(_) => Provider::Aws,
            TargetAccess::Gathered(shards) => {
                shards.first().map_or(Provider::Aws, |shard| shard.key.provider)
            }
        }
    }

    /// When it is due next after `now`; none where it has no schedule or the schedule never comes again.
    pub fn next_due(&self, now: Timestamp) -> Option<Timestamp> {
        self.schedule.as_ref()?.next_after(now)
    }
}
