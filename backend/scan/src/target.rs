//! What can be scanned from here.

use std::sync::Arc;

use jiff::Timestamp;
use nephoscope_collect::{
    Asking, Aws, AwsOptions, Azure, AzureOptions, CollectError, Collector, FnOptions, FnProject, Gcp,
    GcpOptions, Organization, Purpose,
};
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
    /// Through credentials of an Azure tenant.
    Azure(Box<AzureOptions>),
    /// Through Google Cloud credentials.
    Gcp(Box<GcpOptions>),
    /// Through the API of a Fn server.
    Fn(Box<FnOptions>),
    /// Shards that were gathered before, judged as of now: how the demo scans without a cloud.
    Gathered(Arc<Vec<Shard>>),
}

impl Target {
    /// Whose cloud it is.
    pub fn provider(&self) -> Provider {
        match &self.access {
            TargetAccess::Aws(_) => Provider::Aws,
            TargetAccess::Azure(_) => Provider::Azure,
            TargetAccess::Gcp(_) => Provider::Gcp,
            TargetAccess::Fn(_) => Provider::Fn,
            TargetAccess::Gathered(shards) => {
                shards.first().map_or(Provider::Aws, |shard| shard.key.provider)
            }
        }
    }

    /// Connects, and gives what its shards are read from.
    pub async fn connect(&self) -> Result<Box<dyn Source + '_>, ScanError> {
        // Boxed, so that whoever waits for it need not know how deep it goes.
        let connected: Result<Arc<dyn Collector>, CollectError> = match &self.access {
            TargetAccess::Aws(options) => Box::pin(connect_aws((**options).clone())).await,
            TargetAccess::Azure(options) => {
                Box::pin(Azure::connect((**options).clone())).await.map(|azure| Arc::new(azure) as _)
            }
            TargetAccess::Gcp(options) => {
                Box::pin(Gcp::connect((**options).clone())).await.map(|gcp| Arc::new(gcp) as _)
            }
            TargetAccess::Fn(options) => {
                Box::pin(FnProject::connect((**options).clone())).await.map(|server| Arc::new(server) as _)
            }
            TargetAccess::Gathered(shards) => return Ok(Box::new(Gathered { shards, finished: None })),
        };
        let collector = connected
            .map_err(|source| ScanError::Connect { target: self.name.clone(), source: Box::new(source) })?;
        Ok(Box::new(Cloud { target: self.name.clone(), collector }))
    }

    /// How it is asked; none where no cloud is.
    fn asking(&self) -> Option<&Asking> {
        match &self.access {
            TargetAccess::Aws(options) => Some(&options.asking),
            TargetAccess::Azure(options) => Some(&options.asking),
            TargetAccess::Gcp(options) => Some(&options.asking),
            TargetAccess::Fn(options) => Some(&options.asking),
            TargetAccess::Gathered(_) => None,
        }
    }

    /// Changes how it is asked, where a cloud is.
    fn ask(&mut self, change: impl FnOnce(&mut Asking)) {
        match &mut self.access {
            TargetAccess::Aws(options) => change(&mut options.asking),
            TargetAccess::Azure(options) => change(&mut options.asking),
            TargetAccess::Gcp(options) => change(&mut options.asking),
            TargetAccess::Fn(options) => change(&mut options.asking),
            TargetAccess::Gathered(_) => {}
        }
    }

    /// The share of each published quota that a scan of it uses; none where no cloud is asked.
    pub fn share(&self) -> Option<f64> {
        self.asking().map(|asking| asking.budget)
    }

    /// Makes its scans use this share of each published quota.
    pub fn set_share(&mut self, share: f64) {
        self.ask(|asking| asking.budget = share);
    }

    /// Gives it the installation's redaction key, which is not its own to know.
    pub fn arm(&mut self, key: [u8; 32]) {
        self.ask(|asking| asking.redaction_key = key);
    }

    /// The same target, asked for another purpose.
    pub(crate) fn with_purpose(&self, purpose: Purpose) -> Self {
        let mut target = self.clone();
        target.ask(|asking| asking.purpose = purpose);
        target
    }

    /// When it is due next after `now`; none where it has no schedule or the schedule never comes again.
    pub fn next_due(&self, now: Timestamp) -> Option<Timestamp> {
        self.schedule.as_ref()?.next_after(now)
    }
}

/// One account, or all of an organization.
async fn connect_aws(options: AwsOptions) -> Result<Arc<dyn Collector>, CollectError> {
    match options.organization {
        Some(_) => Ok(Arc::new(Organization::connect(options).await?)),
        None => Ok(Arc::new(Aws::connect(options).await?)),
    }
}
