//! Amazon Web Services: connect, plan the shards, collect each.
//!
//! A service is one file here and its name in [`services!`]. It states the API actions that it calls and the
//! fields that change by themselves, fetches through the one [`client::Reader`], and normalises purely.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use aws_config::SdkConfig;
use nephoscope_model::{
    AccountId, Coverage, CoverageState, Facet, Provider, Region, ServiceName, Shard, ShardKey,
};

use self::client::{Action, Log, Reader};
use self::failure::{Class, Failure};
use self::place::{Outcome, Place, tidy};
use self::volatile::drop_volatile;
use crate::Collector;
use crate::budget::Budgets;
use crate::error::CollectError;
use crate::redact::Redactor;

mod apigateway;
mod apigatewayv2;
mod client;
mod cloudtrail;
mod connect;
mod failure;
mod iam;
mod lambda;
mod logs;
mod pages;
mod place;
mod policy;
mod quota;
mod regions;
mod sts;
mod volatile;

#[cfg(test)]
mod tests;

pub use client::Limits;

/// How a target in AWS is read.
#[derive(Clone)]
pub struct AwsOptions {
    /// The profile; the default chain's where none is named.
    pub profile: Option<String>,
    /// Which regions.
    pub regions: RegionChoice,
    /// Which services; all of them where none is named.
    pub services: Vec<ServiceName>,
    /// A role to assume first.
    pub role_arn: Option<String>,
    /// What that role's trust policy asks for.
    pub external_id: Option<String>,
    /// Where to call, in place of AWS and of `AWS_ENDPOINT_URL`.
    pub endpoint_url: Option<String>,
    /// The share of each published quota: above 0, at most 1.
    pub budget: f64,
    /// The installation's own key for the tags of redacted values.
    pub redaction_key: [u8; 32],
    /// How long and how often is tried.
    pub limits: Limits,
    /// The budgets of the process; targets that share them share the account's quotas.
    pub budgets: Budgets,
}

/// Which regions are read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum RegionChoice {
    /// The one that the environment or the profile names.
    #[default]
    Configured,
    /// All that are enabled for the account.
    All,
    /// These.
    Named(Vec<Region>),
}

impl AwsOptions {
    /// The ambient credentials and region, half of each quota.
    pub fn new(redaction_key: [u8; 32]) -> Self {
        Self {
            profile: None,
            regions: RegionChoice::default(),
            services: Vec::new(),
            role_arn: None,
            external_id: None,
            endpoint_url: None,
            budget: 0.5,
            redaction_key,
            limits: Limits::default(),
            budgets: Budgets::default(),
        }
    }
}

impl fmt::Debug for AwsOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Neither the key nor the external id belongs into a log.
        let Self { profile, regions, services, role_arn, endpoint_url, budget, limits, .. } = self;
        let mut shown = f.debug_struct("AwsOptions");
        shown.field("profile", profile).field("regions", regions).field("services", services);
        shown.field("role_arn", role_arn).field("endpoint_url", endpoint_url);
        shown.field("budget", budget).field("limits", limits).finish_non_exhaustive()
    }
}

/// An AWS account, ready to be read.
#[derive(Debug)]
pub struct Aws {
    options: AwsOptions,
    sdk: SdkConfig,
    redactor: Redactor,
    account: AccountId,
    partition: String,
    caller: String,
    /// Calls made before the first shard; they are counted in the shard of STS.
    log: Mutex<Log>,
}

/// Whether a service is asked once, or in every region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scope {
    Global,
    Regional,
}

/// What a service file declares.
#[derive(Debug)]
struct Service {
    name: &'static str,
    scope: Scope,
    actions: &'static [&'static Action],
}

macro_rules! services {
    ($($module:ident),+ $(,)?) => {
        /// Every service, in the order in which shards are planned.
        const SERVICES: &[Service] = &[
            $(Service { name: stringify!($module), scope: $module::SCOPE, actions: $module::ACTIONS },)+
        ];

        /// Reads the shard of one service, without what changes by itself; none where there is no such service.
        async fn read(service: &str, reader: &Reader) -> Option<Outcome> {
            $(if service == stringify!($module) {
                let mut outcome = $module::collect(reader).await;
                drop_volatile(&mut outcome.resources, $module::VOLATILE);
                return Some(outcome);
            })+
            None
        }
    };
}

services![sts, iam, lambda, apigateway, apigatewayv2, logs, cloudtrail];

/// Every API action that is ever called, as coverage counts them.
pub fn actions() -> Vec<&'static str> {
    sorted(declared().map(|action| action.api))
}

/// The permissions that a role needs to be scanned, as policies name them.
pub fn permissions() -> Vec<&'static str> {
    sorted(declared().map(|action| action.permission))
}

fn declared() -> impl Iterator<Item = &'static Action> {
    let services = SERVICES.iter().flat_map(|service| service.actions);
    services.chain(regions::ACTIONS).copied()
}

fn sorted(names: impl Iterator<Item = &'static str>) -> Vec<&'static str> {
    let mut names: Vec<&str> = names.collect();
    names.sort_unstable();
    names.dedup();
    names
}

impl Aws {
    /// Finds credentials and asks once whose they are.
    pub async fn connect(options: AwsOptions) -> Result<Self, CollectError> {
        if !(options.budget > 0.0 && options.budget <= 1.0) {
            return Err(CollectError::Budget { share: options.budget });
        }
        let known = || SERVICES.iter().map(|service| service.name);
        if let Some(unknown) =
            options.services.iter().find(|given| !known().any(|name| name == given.as_str()))
        {
            let known = known().collect::<Vec<_>>().join(", ");
            return Err(CollectError::UnknownService { service: unknown.to_string(), known });
        }
        let sdk = connect::configure(&options).await?;
        Self::identify(options, sdk).await
    }

    async fn identify(options: AwsOptions, sdk: SdkConfig) -> Result<Self, CollectError> {
        let mut aws = Self {
            redactor: Redactor::new(options.redaction_key),
            options,
            sdk,
            account: AccountId::from(""),
            partition: "aws".to_owned(),
            caller: String::new(),
            log: Mutex::default(),
        };
        let reader = aws.reader(&Region::global(), &ServiceName::from("sts"));
        let identity = sts::fetch(&reader).await.map_err(|failure| connect::explain(&failure, &aws))?;
        aws.partition = identity.partition().to_owned();
        aws.account = AccountId::from(identity.account);
        aws.caller = identity.arn;
        aws.log = reader.log;
        Ok(aws)
    }

    /// The account that the credentials belong to.
    pub fn account(&self) -> &AccountId {
        &self.account
    }

    /// The shards: the global services first, then every service of every region.
    pub async fn plan(&self) -> Result<Vec<ShardKey>, CollectError> {
        let chosen = |service: &&Service| {
            self.options.services.is_empty()
                || self.options.services.iter().any(|s| s.as_str() == service.name)
        };
        let chosen: Vec<&Service> = SERVICES.iter().filter(chosen).collect();
        let key = |region: &Region, service: &Service| ShardKey {
            provider: Provider::Aws,
            account: self.account.clone(),
            region: region.clone(),
            service: ServiceName::from(service.name),
        };
        let of_scope = |scope| chosen.iter().filter(move |service| service.scope == scope);
        let global = Region::global();
        let mut shards: Vec<ShardKey> =
            of_scope(Scope::Global).map(|service| key(&global, service)).collect();
        for region in regions::choose(self).await? {
            shards.extend(of_scope(Scope::Regional).map(|service| key(&region, service)));
        }
        Ok(shards)
    }

    /// Reads one shard.
    pub async fn collect(&self, key: &ShardKey) -> Shard {
        let mut reader = self.reader(&key.region, &key.service);
        if key.service.as_str() == "sts" {
            reader.log = Mutex::new(self.log.lock().unwrap_or_else(PoisonError::into_inner).clone());
        }
        let ours = key.provider == Provider::Aws && key.account == self.account;
        let outcome = if ours { read(key.service.as_str(), &reader).await } else { None };
        let Some(outcome) = outcome else { return not_collected(key) };
        let resources = tidy(outcome.resources);
        let mut log = reader.log.into_inner().unwrap_or_else(PoisonError::into_inner);
        log.complete(&resources);
        let coverage = Coverage {
            state: state(&outcome.listings, &log),
            calls: log.calls,
            errors: log.errors.into_values().collect(),
            listed: outcome.listings.iter().all(Option::is_none),
        };
        Shard { key: key.clone(), coverage, resources }
    }

    fn reader(&self, region: &Region, service: &ServiceName) -> Reader {
        let place = Place {
            partition: self.partition.clone(),
            account: self.account.clone(),
            region: region.clone(),
            service: service.clone(),
            caller: self.caller.clone(),
        };
        let sdk = if *region == Region::global() {
            self.sdk.clone()
        } else {
            let region = aws_config::Region::new(region.as_str().to_owned());
            self.sdk.clone().into_builder().region(region).build()
        };
        Reader {
            place,
            sdk,
            redactor: self.redactor.clone(),
            limits: self.options.limits,
            budgets: self.options.budgets.clone(),
            share: self.options.budget,
            first_of: regions::asked(self).filter(|regions| regions.first() == Some(region)),
            log: Mutex::default(),
        }
    }
}

#[async_trait]
impl Collector for Aws {
    async fn plan(&self) -> Result<Vec<ShardKey>, CollectError> {
        Aws::plan(self).await
    }

    async fn collect(&self, key: &ShardKey) -> Shard {
        Aws::collect(self, key).await
    }
}

fn state(listings: &[Option<Failure>], log: &Log) -> CoverageState {
    match listings.first() {
        Some(Some(failure)) => failure.coverage(),
        _ if listings.iter().any(Option::is_some) || !log.errors.is_empty() => CoverageState::Partial,
        _ => CoverageState::Complete,
    }
}

/// A key that this account did not plan, such as one of a scan that began with other credentials.
fn not_collected(key: &ShardKey) -> Shard {
    let mut log = Log::default();
    let api = format!("{}:*", key.service);
    log.add(&api, "NotCollected", "the shard is not one of this account and this release", None, None);
    let errors = log.errors.into_values().collect();
    let coverage = Coverage { state: CoverageState::Failed, calls: log.calls, errors, listed: false };
    Shard { key: key.clone(), coverage, resources: Vec::new() }
}

impl Log {
    /// Adds the errors that came up while replies were normalised: no unreadable facet without an error.
    fn complete(&mut self, resources: &[nephoscope_model::Resource]) {
        let mut found = Log::default();
        for resource in resources {
            for unreadable in resource.facets.values().filter_map(Facet::unreadable) {
                if !self.errors.contains_key(&(unreadable.api.clone(), unreadable.error.clone())) {
                    let message = format!("the facet `{}` could not be read", unreadable.facet);
                    let permission = unreadable.permission.as_deref();
                    found.add(&unreadable.api, &unreadable.error, &message, permission, Some(&resource.uid));
                }
            }
        }
        self.errors.extend(found.errors);
    }
}

/// The failures that mean "the credentials are not accepted", whatever they were used for.
fn is_refusal(failure: &Failure) -> bool {
    failure.class == Class::Disabled || failure.is_about_the_signature()
}
