//! The accounts of an organization as one collector: each is connected when its shards are read.
//!
//! At most [`ACCOUNTS_AT_ONCE`] stay connected, so that thousands of them share a bounded memory; one that is asked for
//! again is connected again. An account that lets nobody in is one shard, which says so.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError};

use async_trait::async_trait;
use futures::{StreamExt, TryStreamExt};
use nephoscope_model::{AccountId, Facet, PackedResource, Provider, Region, ServiceName, Shard, ShardKey};
use tokio::sync::OnceCell;

use super::failure::{Class, Failure};
use super::organizations::{self, ASSUME_ROLE, Member, OrganizationOptions};
use super::regions::LIST_REGIONS;
use super::{Aws, AwsOptions, carries, connect, round};
use crate::error::{Cause, CollectError};
use crate::log::{Log, unread};
use crate::{ACCOUNTS_AT_ONCE, Collector, Context};

/// Every account of an organization that the configuration does not leave out.
#[derive(Debug)]
pub struct Organization {
    /// The target's own credentials, from which the roles are assumed.
    caller: Aws,
    settings: OrganizationOptions,
    members: BTreeMap<AccountId, Member>,
    /// The accounts that cannot be read, and why.
    refused: Mutex<BTreeMap<AccountId, Failure>>,
    /// The connected accounts, the one that was used last at the end.
    connected: Mutex<VecDeque<(AccountId, Connection)>>,
    /// That the own account is read without the role is said once.
    said: Once,
}

type Connection = Arc<OnceCell<Arc<Aws>>>;

impl Organization {
    /// Finds credentials, asks whose they are, and lists the accounts. None of these is asked anything yet.
    pub async fn connect(options: AwsOptions) -> Result<Self, CollectError> {
        let settings = options.organization.clone().unwrap_or_default();
        let caller = Aws::connect(options).await?;
        let members = organizations::list(&caller, &settings).await?;
        if members.is_empty() {
            return Err(CollectError::Organization(Cause::new("no account is active and not excluded")));
        }
        let (refused, connected) = (Mutex::default(), Mutex::default());
        Ok(Self { caller, settings, members, refused, connected, said: Once::new() })
    }

    /// The shards of one account; where it cannot be read, the one shard that will say so.
    async fn plan_member(&self, account: &AccountId) -> Result<Vec<ShardKey>, CollectError> {
        let failure = match self.session(account).await {
            Ok(aws) => match aws.plan().await {
                Err(CollectError::Regions(cause)) => without_regions(&cause),
                planned => return planned,
            },
            Err(failure) => failure,
        };
        lock(&self.refused).insert(account.clone(), failure);
        Ok(vec![ShardKey {
            provider: Provider::Aws,
            account: account.clone(),
            region: Region::global(),
            service: ServiceName::from("sts"),
        }])
    }

    /// The account, connected.
    async fn session(&self, account: &AccountId) -> Result<Arc<Aws>, Failure> {
        let connection = self.connection(account);
        connection.get_or_try_init(|| self.assume(account)).await.cloned()
    }

    /// The account's place among the connected ones, which is made by dropping the one that rested longest.
    fn connection(&self, account: &AccountId) -> Connection {
        let mut connected = lock(&self.connected);
        let known = connected.iter().position(|(known, _)| known == account);
        let entry = match known.and_then(|position| connected.remove(position)) {
            Some(entry) => entry,
            None => (account.clone(), Connection::default()),
        };
        let connection = Arc::clone(&entry.1);
        connected.push_back(entry);
        if connected.len() > ACCOUNTS_AT_ONCE
            && let Some((rested, _)) = connected.pop_front()
        {
            self.caller.options.asking.budgets.forget(&rested);
        }
        connection
    }

    async fn assume(&self, account: &AccountId) -> Result<Arc<Aws>, Failure> {
        let caller = &self.caller;
        let role = format!("arn:{}:iam::{account}:role/{}", caller.partition, self.settings.role_name);
        let sdk = connect::assume(&caller.sdk, &role, caller.options.external_id.as_deref()).await;
        let regions = self.settings.regions.get(account).unwrap_or(&caller.options.regions);
        let options = AwsOptions { regions: regions.clone(), ..caller.options.clone() };
        let assumed =
            Aws::introduce(options.clone(), sdk, account.clone()).await.map_err(|(failure, _)| failure);
        let own = *account == caller.account;
        let aws = match assumed {
            // The management account has no role of a stack set, which is made in the others only.
            Err(failure) if own && failure.class == Class::Credentials => {
                self.said.call_once(|| {
                    tracing::warn!(%account, %role, "the target's own account is read without the role, which could not be assumed");
                });
                Aws::introduce(options, caller.sdk.clone(), account.clone())
                    .await
                    .map_err(|(failure, _)| failure)
            }
            assumed => assumed,
        };
        let aws = aws.map_err(|failure| not_assumed(&failure, &role))?;
        if aws.account != *account {
            let message = format!("{role} answers as account {}", aws.account);
            return Err(Failure::new(&ASSUME_ROLE, Class::Other, "AnotherAccount", &message));
        }
        if own {
            // The calls that were made before the accounts were known.
            aws.log.lock().add_calls(&caller.log.lock());
        }
        Ok(Arc::new(aws))
    }
}

#[async_trait]
impl Collector for Organization {
    async fn plan(&self) -> Result<Vec<ShardKey>, CollectError> {
        lock(&self.refused).clear();
        let accounts = self.members.keys().cloned();
        let planned = accounts.map(|account| async move { self.plan_member(&account).await });
        let planned: Vec<Vec<ShardKey>> =
            futures::stream::iter(planned).buffered(ACCOUNTS_AT_ONCE).try_collect().await?;
        Ok(planned.into_iter().flatten().collect())
    }

    fn round(&self, key: &ShardKey) -> u8 {
        round(key)
    }

    fn leads(&self, key: &ShardKey) -> bool {
        key.service.as_str() == "lambda"
    }

    fn carries(&self, key: &ShardKey) -> &'static [&'static str] {
        carries(key)
    }

    async fn collect_packed(&self, key: &ShardKey, context: &Context) -> Shard<PackedResource> {
        let known = lock(&self.refused).get(&key.account).cloned();
        let session = match known {
            Some(failure) => Err(failure),
            None => self.session(&key.account).await,
        };
        let mut shard = match session {
            Ok(aws) => aws.collect_packed(key, context).await,
            Err(failure) => {
                let mut log = Log::default();
                log.add(failure.api, &failure.error, &failure.message, failure.permission, None);
                return unread(key, failure.coverage(), log);
            }
        };
        if let Some(member) = self.members.get(&key.account) {
            let accounts =
                shard.resources.iter_mut().filter(|resource| resource.kind.as_str() == "aws.account");
            for packed in accounts {
                let mut account = packed.open();
                let facet = Facet::Known(member.facet.clone());
                account.facets.insert("organization".to_owned(), facet);
                if let Some(name) = member.facet["Name"].as_str() {
                    account.name = name.to_owned();
                }
                *packed = account.into();
            }
        }
        shard
    }
}

/// Why an account could not be entered, in terms of the call that was refused.
fn not_assumed(failure: &Failure, role: &str) -> Failure {
    if failure.class != Class::Credentials {
        return failure.clone();
    }
    let message = format!("{role}: {}", failure.message);
    // The provider of credentials tells the code only within its text.
    match failure.message.contains("AccessDenied") || failure.message.contains("not authorized") {
        true => Failure::new(&ASSUME_ROLE, Class::Denied, "AccessDenied", &message),
        false => Failure::new(&ASSUME_ROLE, Class::Credentials, &failure.error, &message),
    }
}

/// Why the shards of an account are not known, although it was entered: its regions could not be listed.
fn without_regions(cause: &Cause) -> Failure {
    let cause = cause.to_string();
    let (code, message) = cause.split_once(": ").unwrap_or((&cause, &cause));
    let class = if code.starts_with("AccessDenied") { Class::Denied } else { Class::Other };
    Failure::new(&LIST_REGIONS.action, class, code, message)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
