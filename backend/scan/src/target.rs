//! What can be scanned from here.

use std::sync::Arc;

use jiff::Timestamp;
use nephoscope_collect::{Aws, AwsOptions, CollectError, Collector, Organization};
use nephoscope_model::{Provider, Shard, TargetName};

use crate::ScanError;
use crate::schedule::Schedule;
use crate::source::{Cloud, Gathered, Source};

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

    /// Connects, and gives what its shards are read from.
    pub async fn connect(&self) -> Result<Box<dyn Source + '_>, ScanError> {
        match &self.access {
            TargetAccess::Aws(options) => {
                // Boxed, so that whoever waits for it need not know how deep it goes.
                let connected = Box::pin(connect_aws((**options).clone())).await;
                let collector = connected.map_err(|source| ScanError::Connect {
                    target: self.name.clone(),
                    source: Box::new(source),
                })?;
                Ok(Box::new(Cloud { target: self.name.clone(), collector }))
            }
            TargetAccess::Gathered(shards) => Ok(Box::new(Gathered { shards, finished: None })),
        }
    }

    /// The share of each published quota that a scan of it uses; none where no cloud is asked.
    pub fn share(&self) -> Option<f64> {
        match &self.access {
            TargetAccess::Aws(options) => Some(options.budget),
            TargetAccess::Gathered(_) => None,
        }
    }

    /// When it is due next after `now`; none where it has no schedule or the schedule never comes again.
    pub fn next_due(&self, now: Timestamp) -> Option<Timestamp> {
        self.schedule.as_ref()?.next_after(now)
    }
}

/// One account, or all of an organization.
async fn connect_aws(options: AwsOptions) -> Result<Box<dyn Collector>, CollectError> {
    match options.organization {
        Some(_) => Ok(Box::new(Organization::connect(options).await?)),
        None => Ok(Box::new(Aws::connect(options).await?)),
    }
}
