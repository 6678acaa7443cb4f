//! Amazon Web Services: connect, plan the shards, collect each.
//!
//! A service is one file here and its name in [`services!`]. It states the API actions that it calls and the
//! fields that change by themselves, fetches through the one [`client::Reader`], and normalises purely.

use async_trait::async_trait;
use aws_config::SdkConfig;
use nephoscope_model::{AccountId, PackedResource, Provider, Region, ServiceName, Shard, ShardKey};

use self::api::Action;
use self::carry::Past;
use self::client::Reader;
use self::failure::{Class, Failure};
use self::place::{Outcome, Place};
use crate::basket::Basket;
use crate::budget::Family;
use crate::declared::sorted;
use crate::error::CollectError;
use crate::log::{Journal, not_collected};
use crate::redact::Redactor;
use crate::{Collector, Context, Named};

mod amplify;
mod api;
mod apigateway;
mod apigatewayv2;
mod apprunner;
mod appsync;
mod bedrockagent;
mod budgets;
mod carry;
mod changes;
mod client;
mod clock;
mod cloudformation;
mod cloudfront;
mod cloudtrail;
mod cloudwatch;
mod codeartifact;
mod codebuild;
mod codedeploy;
mod cognitoidentity;
mod cognitoidp;
mod config;
mod connect;
mod dax;
mod dynamodb;
mod ec2;
mod ecr;
mod efs;
mod events;
mod failure;
mod firehose;
mod guardduty;
mod iam;
mod inspector2;
mod kinds;
mod kinesis;
mod kms;
mod lambda;
mod lambdacompute;
mod lambdalayers;
mod lambdaweb;
mod logs;
mod members;
mod options;
mod organizations;
mod pages;
mod pipes;
mod place;
mod policy;
mod quota;
mod regions;
mod rehearsal;
mod request;
mod s3;
mod scheduler;
mod schemas;
mod secretsmanager;
mod securityhub;
mod serverlessrepo;
mod signer;
mod sns;
mod sqs;
mod ssm;
mod stepfunctions;
mod sts;
mod tagging;
mod target;
mod volatile;
mod wafv2;
mod wire;
mod xml;
mod xray;

#[cfg(test)]
mod tests;

pub use crate::purpose::{Purpose, Tier};
pub use kinds::lists;
pub use members::Organization;
pub use options::{AwsOptions, RegionChoice};
pub use organizations::OrganizationOptions;

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
    log: Journal,
}

/// Whether a service is asked once or in every region, and for all that it has or for what is named elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scope {
    /// Once, for everything.
    Global,
    /// In every region, for everything.
    Regional,
    /// Once, for what resources that were read before refer to.
    GlobalNamed,
    /// In every region, for what resources that were read before refer to.
    Named,
    /// The same, after those that are named: they name some of these too.
    NamedLast,
}

impl Scope {
    fn is_global(self) -> bool {
        match self {
            Self::Global | Self::GlobalNamed => true,
            Self::Regional | Self::Named | Self::NamedLast => false,
        }
    }

    /// The round in which its shards are read.
    fn round(self) -> u8 {
        match self {
            Self::Global | Self::Regional => 0,
            Self::GlobalNamed | Self::Named => 1,
            Self::NamedLast => 2,
        }
    }
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

        /// Reads the shard of one service into the reader's basket, and tells how its listings ended; none where there is
        /// no such service.
        async fn read(service: &str, reader: &Reader) -> Option<Vec<Option<Failure>>> {
            $(if service == stringify!($module) {
                // Boxed, because the state of this function would else hold that of every service side by side.
                let Outcome { resources, listings } = Box::pin($module::collect(reader)).await;
                resources.into_iter().for_each(|resource| reader.keep(resource, $module::VOLATILE));
                return Some(listings);
            })+
            None
        }
    };
}

services![
    lambda,
    iam,
    sts,
    cloudfront,
    lambdacompute,
    lambdaweb,
    lambdalayers,
    apigateway,
    apigatewayv2,
    appsync,
    wafv2,
    logs,
    cloudtrail,
    guardduty,
    inspector2,
    config,
    xray,
    sqs,
    sns,
    dynamodb,
    dax,
    kinesis,
    firehose,
    secretsmanager,
    ssm,
    kms,
    events,
    scheduler,
    pipes,
    schemas,
    stepfunctions,
    cognitoidp,
    cognitoidentity,
    budgets,
    cloudformation,
    codebuild,
    codeartifact,
    amplify,
    apprunner,
    tagging,
    s3,
    ecr,
    efs,
    ec2,
    signer,
    cloudwatch,
    securityhub,
    bedrockagent,
    codedeploy,
    serverlessrepo
];

/// Every API action that is ever called, as coverage counts them.
pub fn actions() -> Vec<&'static str> {
    let organizations = organizations::ACTIONS.iter().copied();
    sorted(declared().chain(organizations).map(|action| action.api))
}

/// Every service, in the order in which shards are planned.
pub fn services() -> Vec<&'static str> {
    SERVICES.iter().map(|service| service.name).collect()
}

/// The API actions that one service calls, as coverage counts them.
pub fn actions_of(service: &str) -> Vec<&'static str> {
    let services = SERVICES.iter().filter(|known| known.name == service);
    sorted(services.flat_map(|service| service.actions).map(|action| action.api))
}

/// The permissions that a role needs to be scanned as far as `tier`, as policies name them.
pub fn permissions(tier: Tier) -> Vec<&'static str> {
    sorted(declared().filter(|action| action.tier <= tier).map(|action| action.permission))
}

/// Whose quota a call uses, by the name under which coverage counts it.
pub(crate) fn family(api: &str) -> Option<&'static Family> {
    let organizations = organizations::ACTIONS.iter().copied();
    declared().chain(organizations).find(|action| action.api == api).map(|action| action.family)
}

fn declared() -> impl Iterator<Item = &'static Action> {
    let services = SERVICES.iter().flat_map(|service| service.actions);
    services.chain(regions::ACTIONS).copied()
}

impl Aws {
    /// Finds credentials and asks once whose they are.
    pub async fn connect(options: AwsOptions) -> Result<Self, CollectError> {
        options.asking.check(&services())?;
        let sdk = connect::configure(&options).await?;
        Self::identify(options, sdk).await
    }

    async fn identify(options: AwsOptions, sdk: SdkConfig) -> Result<Self, CollectError> {
        Self::introduce(options, sdk, AccountId::from(""))
            .await
            .map_err(|(failure, aws)| connect::explain(&failure, &aws))
    }

    /// Asks whose credentials these are; where that fails, gives back what could not be made ready. Where it is known
    /// whose they should be, the question uses the quota of that account.
    async fn introduce(
        options: AwsOptions,
        sdk: SdkConfig,
        account: AccountId,
    ) -> Result<Self, (Failure, Box<Self>)> {
        let mut aws = Self {
            redactor: Redactor::new(options.asking.redaction_key),
            options,
            sdk,
            account,
            partition: "aws".to_owned(),
            caller: String::new(),
            log: Journal::default(),
        };
        let reader = aws.reader(&Region::global(), &ServiceName::from("sts"));
        let identity = match sts::fetch(&reader).await {
            Ok(identity) => identity,
            Err(failure) => return Err((failure, Box::new(aws))),
        };
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

    /// The shards: the services that take longest come first, in every region, for their quotas are the region's own.
    pub async fn plan(&self) -> Result<Vec<ShardKey>, CollectError> {
        let (once, regions) = ([Region::global()], regions::choose(self).await?);
        let chosen = SERVICES.iter().filter(|service| self.options.asking.includes(service.name));
        let shards = chosen.flat_map(|service| {
            let regions = if service.scope.is_global() { &once[..] } else { &regions };
            regions.iter().map(|region| ShardKey {
                provider: Provider::Aws,
                account: self.account.clone(),
                region: region.clone(),
                service: ServiceName::from(service.name),
            })
        });
        Ok(shards.collect())
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
            limits: self.options.asking.limits,
            budgets: self.options.asking.budgets.clone(),
            share: self.options.asking.budget,
            named: Named::default(),
            past: Past::default(),
            purpose: self.options.asking.purpose,
            first_of: regions::asked(self).filter(|regions| regions.first() == Some(region)),
            log: Journal::default(),
            basket: Basket::default(),
        }
    }
}

#[async_trait]
impl Collector for Aws {
    async fn plan(&self) -> Result<Vec<ShardKey>, CollectError> {
        Aws::plan(self).await
    }

    fn round(&self, key: &ShardKey) -> u8 {
        round(key)
    }

    fn carries(&self, key: &ShardKey) -> &'static [&'static str] {
        carries(key)
    }

    async fn collect_packed(&self, key: &ShardKey, context: &Context) -> Shard<PackedResource> {
        let mut reader = self.reader(&key.region, &key.service);
        reader.named = context.named.clone();
        reader.past.previous = context.previous.clone();
        reader.past.instant = context.instant;
        reader.basket = Basket::seen_through(context.preview.clone());
        if key.service.as_str() == "sts" {
            reader.log = Journal::after(self.log.lock().clone());
        }
        let ours = key.provider == Provider::Aws && key.account == self.account;
        let listings = if ours { read(key.service.as_str(), &reader).await } else { None };
        let Some(listings) = listings else { return not_collected(key) };
        reader.basket.into_shard(key, reader.log, reader.purpose, &listings)
    }
}

/// The round in which a shard is read.
fn round(key: &ShardKey) -> u8 {
    let service = SERVICES.iter().find(|service| service.name == key.service.as_str());
    service.map_or(0, |service| service.scope.round())
}

/// The facets of a shard that need not always be asked again.
fn carries(key: &ShardKey) -> &'static [&'static str] {
    match key.service.as_str() {
        "lambda" => lambda::CARRIES,
        "apigateway" => apigateway::CARRIES,
        "apigatewayv2" => apigatewayv2::CARRIES,
        _ => &[],
    }
}

/// The failures that mean "the credentials are not accepted", whatever they were used for.
fn is_refusal(failure: &Failure) -> bool {
    failure.class == Class::Disabled || failure.is_about_the_signature()
}
