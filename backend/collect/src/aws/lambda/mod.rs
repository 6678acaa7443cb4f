//! Lambda: functions with who may call them, from where, how much of them runs, and whose code it is.
//!
//! Three calls a function, each from another quota: the policy, the function itself (reserved concurrency, tags and
//! where its code comes from; the address from which the code could be fetched is dropped unread), and how its runtime
//! is updated. The rest comes in bulk, or is asked for only where something shows that there is an answer:
//! - `ListFunctions` with all versions tells which functions have published versions; only those are asked for
//!   aliases, and only where there are aliases for their policies and their provisioned concurrency. What a version in
//!   use is configured as stands in the same listing. An alias of `$LATEST` alone, which routes nowhere else than the
//!   function itself, is not seen; neither is the policy of a version that no alias leads to.
//! - Function URLs are asked for only where a statement of the function's policy or of an alias's speaks of
//!   `lambda:InvokeFunctionUrl`, or where one of these policies could not be read. Without such a statement only
//!   principals of the same account, by their own permissions, could call a URL: the facet is absent then.
//! - Asynchronous settings are asked for only where a policy lets in a service that does not wait for an answer, where
//!   there is a dead letter target, or where the policy could not be read; recursion settings only where a function
//!   knows the name of what triggers it, so that it may write to it.
//! - Where `lambda:GetFunction` is denied, which it is in the tier that may not fetch code, reserved concurrency is
//!   asked for by itself, or not at all where the account settings show that nothing is reserved. Tags are unknown then.
//! - The runtime of a container image is its own, so that nobody updates it.
//!
//! The night after, a function whose revision is the same and of which CloudTrail names no change is not asked at all
//! ([`super::carry`], [`super::changes`]); a seventh of them is all the same.

mod details;
mod fetch;
mod function;
mod loaders;
mod normalise;
mod signing;
mod triggers;

use super::Scope;
use super::api::{Action, Api, List, Tier};
use super::changes::LOOKUP_EVENTS;
use super::client::Reader;
use super::place::Outcome;
use super::quota;
use super::volatile::Path;

pub(super) const SCOPE: Scope = Scope::Regional;
pub(super) const ACTIONS: &[&Action] = &[
    &LOOKUP_EVENTS.action,
    &GET_ACCOUNT_SETTINGS,
    &FUNCTIONS.action,
    &GET_FUNCTION,
    &LIST_TAGS,
    &GET_POLICY,
    &GET_RUNTIME_MANAGEMENT,
    &URLS.action,
    &GET_CONCURRENCY,
    &ALIASES.action,
    &PROVISIONED.action,
    &ASYNC_SETTINGS.action,
    &GET_RECURSION,
    &MAPPINGS.action,
    &SIGNING_CONFIGS.action,
    &SIGNED_FUNCTIONS.action,
];
/// What the revision of a function and the events about it prove unchanged.
pub(super) const CARRIES: &[&str] = &[
    "alias_policies",
    "aliases",
    "async",
    "code",
    "concurrency",
    "policy",
    "provisioned",
    "recursion",
    "runtime_management",
    "tags",
    "url",
    "urls",
];
/// Usage grows with every deployment of any function. A function that is idle changes its state, and with it
/// its revision. Event source mappings report each batch, and are touched by every change of their own state.
/// Provisioned concurrency is what was asked for; how much of it is there at the moment is not configuration.
pub(super) const VOLATILE: &[Path] = &[
    "settings/AccountUsage",
    "config/RevisionId",
    "config/State",
    "config/StateReason",
    "config/StateReasonCode",
    "config/LastUpdateStatus",
    "config/LastUpdateStatusReason",
    "config/LastUpdateStatusReasonCode",
    "versions/Versions/*/RevisionId",
    "versions/Versions/*/State",
    "versions/Versions/*/StateReason",
    "versions/Versions/*/StateReasonCode",
    "event_sources/EventSourceMappings/*/LastModified",
    "event_sources/EventSourceMappings/*/LastProcessingResult",
    "provisioned/ProvisionedConcurrencyConfigs/*/AllocatedProvisionedConcurrentExecutions",
    "provisioned/ProvisionedConcurrencyConfigs/*/AvailableProvisionedConcurrentExecutions",
    "provisioned/ProvisionedConcurrencyConfigs/*/Status",
    "provisioned/ProvisionedConcurrencyConfigs/*/StatusReason",
];

static API: Api = Api::rest_json("Lambda", "lambda", &quota::LAMBDA);
static GET_ACCOUNT_SETTINGS: Action = API.action("lambda:GetAccountSettings");
static GET_FUNCTION: Action =
    API.action("lambda:GetFunction").within(&quota::LAMBDA_FUNCTION).tier(Tier::Code);
/// Never called: `GetFunction` brings the tags to whoever has this permission as well.
static LIST_TAGS: Action = API.action("lambda:ListTags");
static GET_POLICY: Action = API.action("lambda:GetPolicy").within(&quota::LAMBDA_POLICY);
static GET_RUNTIME_MANAGEMENT: Action = API.action("lambda:GetRuntimeManagementConfig");
static GET_CONCURRENCY: Action = API.action("lambda:GetFunctionConcurrency");
static GET_RECURSION: Action = API.action("lambda:GetFunctionRecursionConfig");
static FUNCTIONS: List = list("lambda:ListFunctions", "Functions");
static URLS: List = list("lambda:ListFunctionUrlConfigs", "FunctionUrlConfigs");
static ALIASES: List = list("lambda:ListAliases", "Aliases");
static PROVISIONED: List = list("lambda:ListProvisionedConcurrencyConfigs", "ProvisionedConcurrencyConfigs");
static ASYNC_SETTINGS: List = list("lambda:ListFunctionEventInvokeConfigs", "FunctionEventInvokeConfigs");
static MAPPINGS: List = list("lambda:ListEventSourceMappings", "EventSourceMappings");
static SIGNING_CONFIGS: List = list("lambda:ListCodeSigningConfigs", "CodeSigningConfigs");
static SIGNED_FUNCTIONS: List = list("lambda:ListFunctionsByCodeSigningConfig", "FunctionArns");

const fn list(name: &'static str, items: &'static str) -> List {
    API.list(name, items).paged("NextMarker", "Marker")
}

pub(super) async fn collect(reader: &Reader) -> Outcome {
    let keep = |function, common: &fetch::Common| {
        if let Some(function) = normalise::function(&reader.place, &reader.redactor, function, common) {
            reader.keep(function, VOLATILE);
        }
    };
    let common = fetch::fetch(reader, keep).await;
    Outcome {
        resources: vec![normalise::settings(&reader.place, common.settings)],
        listings: vec![common.listing],
    }
}
