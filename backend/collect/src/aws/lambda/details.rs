//! What is asked of one function, and in which case.

use std::collections::BTreeSet;
use std::sync::atomic::AtomicUsize;

use nephoscope_model::Uid;
use serde_json::{Value, json};

use super::super::api::{Action, List};
use super::super::carry::{self, Kept};
use super::super::changes::Changes;
use super::super::client::Reader;
use super::super::failure::{Class, Failure};
use super::super::place::{Read, elements, text, unqualified_function};
use super::super::policy;
use super::super::request::Request;
use super::fetch::{Mappings, listed, pick};
use super::{
    ALIASES, ASYNC_SETTINGS, GET_CONCURRENCY, GET_POLICY, GET_RECURSION, GET_RUNTIME_MANAGEMENT, PROVISIONED,
    URLS, function, triggers,
};

/// Everything that was read of one function.
pub(super) struct Function {
    pub config: Value,
    pub policy: Read,
    pub urls: Read,
    pub concurrency: Read,
    pub code: Read,
    pub tags: Read,
    pub runtime_management: Read,
    pub aliases: Read,
    pub alias_policies: Read,
    pub versions: Read,
    pub provisioned: Read,
    pub async_settings: Read,
    pub recursion: Read,
}

/// What is known of the region before its functions are asked.
pub(super) struct Asking<'a> {
    pub reader: &'a Reader,
    mappings: Option<&'a Mappings>,
    /// What happened to functions since they were read before.
    changes: &'a Changes,
    /// True where no function of the region has reserved concurrency.
    pub nothing_is_reserved: bool,
    /// How often `GetFunction` was denied in a row from the beginning.
    pub denied: AtomicUsize,
}

/// The function was deleted after it had been listed.
pub(super) struct Gone;

impl<'a> Asking<'a> {
    pub(super) fn new(
        reader: &'a Reader,
        settings: Option<&Value>,
        mappings: Option<&'a Mappings>,
        changes: &'a Changes,
    ) -> Self {
        let nothing_is_reserved = settings.is_some_and(nothing_is_reserved);
        Self { reader, mappings, changes, nothing_is_reserved, denied: AtomicUsize::new(0) }
    }

    /// Asks for everything; none where the function is gone.
    pub(super) async fn ask(
        &self,
        config: Value,
        versions: Result<Vec<String>, Failure>,
    ) -> Option<Function> {
        self.details(config, versions).await.ok()
    }

    async fn details(&self, config: Value, versions: Result<Vec<String>, Failure>) -> Result<Function, Gone> {
        let name = text(&config, "/FunctionName").ok_or(Gone)?.to_owned();
        let arn = text(&config, "/FunctionArn").and_then(unqualified_function).ok_or(Gone)?.to_owned();
        let one = One { reader: self.reader, name, uid: Uid::from(arn) };
        let revision = revision(&config, versions.as_deref().ok());
        let kept = &self.reader.kept(&one.uid, revision, self.changes.of(&one.name));
        let (policy, whole, runtime_management) = tokio::join!(
            kept.or(["policy"], one.policy(None)),
            function::fetch(self, &one, kept),
            kept.or(["runtime_management"], one.runtime_management(&config))
        );
        let (policy, whole, runtime_management) = (policy?, whole?, runtime_management?);

        let aliases = match &versions {
            Ok(versions) if versions.is_empty() => Ok(None),
            Ok(_) => {
                let asked = one.part("2015-03-31", "aliases");
                kept.or(["aliases"], one.list(&ALIASES, asked, "Aliases")).await?
            }
            Err(failure) => Err(failure.clone()),
        };
        let routed = match (&aliases, &versions) {
            (Ok(Some(aliases)), Ok(versions)) => listed("Versions", pick(versions, &routed(aliases))),
            (Err(failure), _) => Err(failure.clone()),
            (Ok(_), _) => Ok(None),
        };
        let alias_policies = match &aliases {
            Ok(Some(_)) => kept.or(["alias_policies"], one.alias_policies(&aliases)).await?,
            Ok(None) | Err(_) => one.alias_policies(&aliases).await?,
        };
        let provisioned = match &aliases {
            Ok(Some(_)) => {
                let asked = one.part("2019-09-30", "provisioned-concurrency").query("List", "ALL");
                kept.or(["provisioned"], one.list(&PROVISIONED, asked, "ProvisionedConcurrencyConfigs"))
                    .await?
            }
            Ok(None) => Ok(None),
            Err(failure) => Err(failure.clone()),
        };
        let urls = if may_have_url(&policy, &alias_policies) {
            let asked = one.part("2021-10-31", "urls");
            kept.or(["urls", "url"], one.list(&URLS, asked, "FunctionUrlConfigs")).await?
        } else {
            Ok(None)
        };
        let async_settings = if is_asynchronous(&config, &policy, &alias_policies) {
            let asked = one.part("2019-09-25", "event-invoke-config/list");
            kept.or(["async"], one.list(&ASYNC_SETTINGS, asked, "FunctionEventInvokeConfigs")).await?
        } else {
            Ok(None)
        };
        let recursion =
            if triggers::may_loop(&config, &self.triggers(one.uid.as_str(), &policy, &alias_policies)) {
                self.recursion(&one, kept).await?
            } else {
                Ok(None)
            };
        Ok(Function {
            concurrency: whole.concurrency,
            code: whole.code,
            tags: whole.tags,
            versions: routed,
            config,
            policy,
            urls,
            runtime_management,
            aliases,
            alias_policies,
            provisioned,
            async_settings,
            recursion,
        })
    }

    /// An event source mapping makes the question arise without an event about the function: that there was no answer
    /// before says nothing then.
    async fn recursion(&self, one: &One<'_>, kept: &Kept<'_>) -> Result<Read, Gone> {
        match kept.carry_known("recursion") {
            Some(known) => Ok(Ok(Some(known))),
            None => one.get(&GET_RECURSION, one.part("2024-08-31", "recursion-config")).await,
        }
    }

    /// What starts the function, by its mappings and its policies.
    fn triggers(&self, arn: &str, policy: &Read, alias_policies: &Read) -> BTreeSet<String> {
        let mappings = self.mappings.and_then(|mappings| mappings.get(arn));
        let polled = mappings.into_iter().flatten().filter_map(|mapping| text(mapping, "/EventSourceArn"));
        let mut triggers: BTreeSet<String> = polled.map(str::to_owned).collect();
        triggers.extend(documents(policy, alias_policies).flat_map(triggers::sources));
        triggers
    }
}

/// One function, by name.
pub(super) struct One<'a> {
    pub reader: &'a Reader,
    pub name: String,
    pub uid: Uid,
}

impl One<'_> {
    /// What the API of `version` says under `part` of the function.
    fn part(&self, version: &str, part: &str) -> Request {
        let parts: Vec<&str> =
            [version, "functions", &self.name].into_iter().chain(part.split('/')).collect();
        Request::get(&parts)
    }

    /// The policy of the function, or of one of its aliases; none where there is no such policy.
    async fn policy(&self, alias: Option<&str>) -> Result<Read, Gone> {
        let asked = self.part("2015-03-31", "policy");
        let asked = alias.into_iter().fold(asked, |asked, alias| asked.query("Qualifier", alias));
        Ok(match self.reader.call(&GET_POLICY, Some(&self.uid), asked).await {
            Ok(answer) => match text(&answer, "/Policy").and_then(policy::parse) {
                Some(document) => Ok(Some(document)),
                None => Err(Failure::malformed(&GET_POLICY, "the policy is not JSON")),
            },
            Err(failure) if is_gone(&failure) => return Err(Gone),
            Err(failure) if failure.class == Class::NotFound => Ok(None),
            Err(failure) => Err(failure),
        })
    }

    /// The policies of the aliases, each with its alias.
    async fn alias_policies(&self, aliases: &Read) -> Result<Read, Gone> {
        let aliases = match aliases {
            Ok(Some(aliases)) => aliases,
            Ok(None) => return Ok(Ok(None)),
            Err(failure) => return Ok(Err(failure.clone())),
        };
        let mut policies = Vec::new();
        for alias in elements(aliases, "/Aliases").iter().filter_map(|alias| text(alias, "/Name")) {
            match self.policy(Some(alias)).await? {
                Ok(Some(policy)) => policies.push(json!({"Qualifier": alias, "Policy": policy})),
                Ok(None) => {}
                Err(failure) => return Ok(Err(failure)),
            }
        }
        Ok(listed("Policies", policies))
    }

    async fn runtime_management(&self, config: &Value) -> Result<Read, Gone> {
        if text(config, "/PackageType") == Some("Image") {
            return Ok(Ok(None));
        }
        self.get(&GET_RUNTIME_MANAGEMENT, self.part("2021-07-20", "runtime-management-config")).await
    }

    /// An answer that every function has.
    pub(super) async fn get(&self, action: &'static Action, request: Request) -> Result<Read, Gone> {
        match self.reader.call(action, Some(&self.uid), request).await {
            Ok(answer) => Ok(Ok(Some(answer))),
            Err(failure) if failure.class == Class::NotFound => Err(Gone),
            Err(failure) => Ok(Err(failure)),
        }
    }

    /// A whole listing about the function, under the name that the API gives it; none where it is empty.
    async fn list(&self, list: &'static List, request: Request, name: &str) -> Result<Read, Gone> {
        match self.reader.list(list, Some(&self.uid), request).await.whole() {
            Ok(items) => Ok(listed(name, items)),
            Err(failure) if failure.class == Class::NotFound => Err(Gone),
            Err(failure) => Ok(Err(failure)),
        }
    }

    /// Concurrency by itself, where the whole function may not be read.
    pub(super) async fn concurrency(&self) -> Result<Read, Gone> {
        let answer = self.get(&GET_CONCURRENCY, self.part("2019-09-30", "concurrency")).await?;
        Ok(answer.map(|answer| answer.and_then(function::reserved)))
    }
}

/// What the listing tells of the function's revision: a new version that was published may lead to aliases.
fn revision(config: &Value, versions: Option<&[String]>) -> Option<String> {
    let versions = versions?.iter().filter_map(|version| serde_json::from_str::<Value>(version).ok());
    let numbers = versions.filter_map(|version| text(&version, "/Version")?.parse::<u64>().ok());
    let newest = numbers.max().unwrap_or(0).to_string();
    let of = |pointer| text(config, pointer);
    carry::revision(&[of("/RevisionId"), of("/CodeSha256"), of("/LastModified"), Some(&newest)])
}

/// A missing policy is also "not found"; only the message tells it from a missing function.
fn is_gone(failure: &Failure) -> bool {
    failure.class == Class::NotFound && failure.message.starts_with("Function not found")
}

fn nothing_is_reserved(settings: &Value) -> bool {
    let number = |key| settings.pointer(key).and_then(Value::as_u64);
    let all = number("/AccountLimit/ConcurrentExecutions");
    all.is_some() && all == number("/AccountLimit/UnreservedConcurrentExecutions")
}

/// The versions that aliases lead to.
fn routed(aliases: &Value) -> BTreeSet<String> {
    let mut versions = BTreeSet::new();
    for alias in elements(aliases, "/Aliases") {
        versions.extend(text(alias, "/FunctionVersion").map(str::to_owned));
        let weights = alias.pointer("/RoutingConfig/AdditionalVersionWeights").and_then(Value::as_object);
        versions.extend(weights.into_iter().flat_map(|weights| weights.keys().cloned()));
    }
    versions
}

/// A URL needs a statement for its callers, in the policy of the function or of the alias that it belongs to.
fn may_have_url(policy: &Read, alias_policies: &Read) -> bool {
    policy.is_err()
        || alias_policies.is_err()
        || documents(policy, alias_policies)
            .any(|policy| policy::mentions(policy, "lambda:InvokeFunctionUrl"))
}

/// True where something that is known invokes the function and does not wait for an answer.
fn is_asynchronous(config: &Value, policy: &Read, alias_policies: &Read) -> bool {
    policy.is_err()
        || alias_policies.is_err()
        || text(config, "/DeadLetterConfig/TargetArn").is_some_and(|target| !target.is_empty())
        || documents(policy, alias_policies).any(triggers::is_asynchronous)
}

/// The policy documents that could be read.
pub(super) fn documents<'a>(policy: &'a Read, alias_policies: &'a Read) -> impl Iterator<Item = &'a Value> {
    let of_aliases = alias_policies.iter().flatten().flat_map(|policies| elements(policies, "/Policies"));
    let of_aliases = of_aliases.filter_map(|of_alias| of_alias.get("Policy"));
    policy.iter().flatten().chain(of_aliases)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reservations_are_told_from_the_account() {
        let limit = |all: Value, free: Value| json!({"AccountLimit": {"ConcurrentExecutions": all, "UnreservedConcurrentExecutions": free}});
        assert!(nothing_is_reserved(&limit(json!(1000), json!(1000))));
        assert!(!nothing_is_reserved(&limit(json!(1000), json!(900))));
        assert!(!nothing_is_reserved(&limit(Value::Null, Value::Null)), "unknown is not nothing");
    }

    #[test]
    fn an_alias_may_lead_to_two_versions() {
        let weights = json!({"AdditionalVersionWeights": {"4": 0.1}});
        let aliases = json!({"Aliases": [{"FunctionVersion": "3", "RoutingConfig": weights}, {"FunctionVersion": "3"}]});
        assert_eq!(routed(&aliases).into_iter().collect::<Vec<_>>(), ["3", "4"]);
    }
}
