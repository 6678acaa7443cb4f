//! The short form of the estate: one entry per thing a person would name, with only what differs from its neighbours.
//!
//! Names of other things are short too: `sqs:orders` is an ARN of the entry's own region and account (see `place`).

use std::collections::BTreeMap;

use jiff::civil::{Date, DateTime, date};
use serde::Deserialize;
use serde_json::Value;

/// One target: an account with its regions.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Account {
    pub(crate) account: String,
    /// The value of the `env` tag.
    pub(crate) env: String,
    /// The first one is where roles that name no other region act.
    pub(crate) regions: Vec<String>,
    pub(crate) services: Vec<String>,
    /// The role by which the scanner reads.
    pub(crate) reader: String,
    pub(crate) concurrency_limit: u64,
}

/// A function with its permissions, its triggers and its log group.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) about: String,
    /// None for a container image.
    pub(crate) runtime: Option<String>,
    pub(crate) role: String,
    /// None for a function that nobody tagged.
    pub(crate) team: Option<String>,
    pub(crate) modified: Date,
    #[serde(default = "first_functions")]
    pub(crate) created: Date,
    #[serde(default = "smallest_memory")]
    pub(crate) memory: u64,
    #[serde(default = "shortest_timeout")]
    pub(crate) timeout: u64,
    #[serde(default)]
    pub(crate) variables: BTreeMap<String, Variable>,
    #[serde(default)]
    pub(crate) tracing: bool,
    #[serde(default)]
    pub(crate) layers: Vec<String>,
    /// The customer managed key of its variables.
    pub(crate) key: Option<String>,
    pub(crate) dead_letter: Option<String>,
    #[serde(default)]
    pub(crate) network: bool,
    pub(crate) concurrency: Option<u64>,
    #[serde(default)]
    pub(crate) signed: bool,
    #[serde(default)]
    pub(crate) aliases: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) triggers: Vec<String>,
    #[serde(default)]
    pub(crate) invoked_by: Vec<Permission>,
    pub(crate) url: Option<FunctionUrl>,
    #[serde(default)]
    pub(crate) retention: Retention,
    /// The customer managed key of its log group.
    pub(crate) log_key: Option<String>,
}

fn first_functions() -> Date {
    date(2025, 2, 10)
}

fn smallest_memory() -> u64 {
    128
}

fn shortest_timeout() -> u64 {
    3
}

/// What is kept of a variable's value.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Variable {
    /// The length class of a value that is no secret.
    Plain(String),
    /// A value that looks like a secret.
    Secret {
        detector: String,
        length: String,
        /// Equal values share this name.
        value: Option<String>,
    },
}

/// How long the log group of a function keeps its lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub(crate) enum Retention {
    Days(u64),
    Word(RetentionWord),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum RetentionWord {
    /// The group exists and nothing is ever deleted.
    Forever,
    /// There is no group: the function never ran, or may not create one.
    Missing,
}

impl Default for Retention {
    fn default() -> Self {
        Self::Days(30)
    }
}

/// One statement of a function's resource policy.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Permission {
    /// An API of the same region, REST or HTTP.
    Api(String),
    /// An EventBridge rule.
    Rule(String),
    /// A bucket, with the account that owns it.
    Bucket(String),
    /// A bucket, whoever owns it tomorrow.
    BucketOfAnyAccount(String),
    Topic(String),
    /// A service principal on anybody's behalf.
    Service(String),
    /// Another account.
    Account {
        id: String,
        action: String,
    },
    /// Anybody, by this action.
    Anyone(String),
    /// What a function URL with this kind of authentication needs.
    Url(String),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FunctionUrl {
    pub(crate) auth: String,
    #[serde(default)]
    pub(crate) origins: Vec<String>,
    pub(crate) opened: DateTime,
}

/// A role with its inline policies.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Role {
    pub(crate) name: String,
    pub(crate) team: Option<String>,
    #[serde(default = "root_path")]
    pub(crate) path: String,
    pub(crate) created: Date,
    /// Where it acts; the account's first region unless said.
    pub(crate) region: Option<String>,
    /// Service principals that may assume it.
    #[serde(default = "functions_only")]
    pub(crate) trusts: Vec<String>,
    /// Trust statements that `trusts` cannot say, in the provider's own form.
    #[serde(default)]
    pub(crate) trust_statements: Vec<Value>,
    /// Names of managed policies.
    #[serde(default)]
    pub(crate) managed: Vec<String>,
    #[serde(default)]
    pub(crate) inline: BTreeMap<String, Vec<Statement>>,
    pub(crate) boundary: Option<String>,
}

fn root_path() -> String {
    "/".to_owned()
}

fn functions_only() -> Vec<String> {
    vec!["lambda.amazonaws.com".to_owned()]
}

/// One statement of an identity policy.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Statement {
    #[serde(default)]
    pub(crate) allow: Vec<String>,
    #[serde(default)]
    pub(crate) deny: Vec<String>,
    pub(crate) on: Vec<String>,
    #[serde(rename = "if")]
    pub(crate) condition: Option<Value>,
}

/// A managed policy; it is listed while a role has it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Policy {
    pub(crate) name: String,
    #[serde(default = "root_path")]
    pub(crate) path: String,
    /// True for the provider's own.
    #[serde(default)]
    pub(crate) provided: bool,
    pub(crate) about: Option<String>,
    pub(crate) version: String,
    pub(crate) created: Date,
    pub(crate) updated: Date,
    pub(crate) statements: Vec<Statement>,
}

/// A REST API with its stages.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RestApi {
    pub(crate) name: String,
    pub(crate) about: String,
    pub(crate) team: Option<String>,
    pub(crate) created: Date,
    #[serde(default = "regional")]
    pub(crate) endpoint: String,
    #[serde(default)]
    pub(crate) vpc_endpoints: Vec<String>,
    /// Statements of the resource policy, in the provider's own form.
    #[serde(default)]
    pub(crate) policy: Vec<Value>,
    #[serde(default)]
    pub(crate) authorizers: Vec<Authorizer>,
    #[serde(default)]
    pub(crate) validators: Vec<Validator>,
    pub(crate) methods: Vec<Method>,
    pub(crate) stages: Vec<RestStage>,
}

fn regional() -> String {
    "REGIONAL".to_owned()
}

/// Who decides about a caller: a function, a user pool or a token issuer.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Authorizer {
    pub(crate) name: String,
    pub(crate) function: Option<String>,
    pub(crate) user_pool: Option<String>,
    pub(crate) issuer: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Validator {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) body: bool,
    #[serde(default)]
    pub(crate) parameters: bool,
}

/// One method: `GET /orders/{id}`, who may call it and where it leads.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Method {
    pub(crate) call: String,
    /// `none`, `key`, `iam` or the name of an authorizer.
    pub(crate) auth: String,
    /// The function behind it.
    pub(crate) to: Option<String>,
    /// The address behind it, where that is no function.
    pub(crate) http: Option<String>,
    /// The validator's name.
    pub(crate) checked: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RestStage {
    pub(crate) name: String,
    pub(crate) deployed: Date,
    /// The level of its execution log.
    pub(crate) logging: Option<String>,
    /// The log group of its access log.
    pub(crate) access_log: Option<String>,
    #[serde(default)]
    pub(crate) tracing: bool,
    pub(crate) firewall: Option<String>,
    pub(crate) cache: Option<Cache>,
    pub(crate) client_certificate: Option<String>,
    #[serde(default)]
    pub(crate) variables: BTreeMap<String, Variable>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Cache {
    pub(crate) size: String,
    pub(crate) encrypted: bool,
}

/// An HTTP or WebSocket API with its stages.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HttpApi {
    pub(crate) name: String,
    pub(crate) about: String,
    pub(crate) team: Option<String>,
    pub(crate) created: Date,
    #[serde(default)]
    pub(crate) websocket: bool,
    #[serde(default)]
    pub(crate) origins: Vec<String>,
    #[serde(default)]
    pub(crate) authorizers: Vec<Authorizer>,
    /// `call` is the route key.
    pub(crate) routes: Vec<Method>,
    pub(crate) stages: Vec<HttpStage>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HttpStage {
    pub(crate) name: String,
    pub(crate) deployed: Date,
    pub(crate) access_log: Option<String>,
    /// Requests a second; none where nothing limits them.
    pub(crate) rate: Option<f64>,
    #[serde(default)]
    pub(crate) variables: BTreeMap<String, Variable>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Domain {
    pub(crate) name: String,
    pub(crate) team: Option<String>,
    pub(crate) tls: String,
    #[serde(default = "regional")]
    pub(crate) endpoint: String,
    pub(crate) truststore: Option<String>,
    pub(crate) certified: Date,
}

/// A log group that belongs to no function, or to one that is gone.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LogGroup {
    pub(crate) name: String,
    pub(crate) created: Date,
    /// None where nothing is ever deleted.
    pub(crate) days: Option<u64>,
    pub(crate) key: Option<String>,
}

/// A resource policy of CloudWatch Logs.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LogPolicy {
    pub(crate) name: String,
    pub(crate) updated: Date,
    /// In the provider's own form.
    pub(crate) statements: Vec<Value>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Trail {
    pub(crate) name: String,
    pub(crate) bucket: String,
    #[serde(default)]
    pub(crate) all_regions: bool,
    #[serde(default)]
    pub(crate) validated: bool,
    pub(crate) key: Option<String>,
    pub(crate) log_group: Option<String>,
    pub(crate) log_role: Option<String>,
    pub(crate) started: Date,
    pub(crate) stopped: Option<Date>,
    /// True where it records management events.
    #[serde(default)]
    pub(crate) management: bool,
    /// ARN prefixes of the functions whose invocations it records.
    #[serde(default)]
    pub(crate) functions: Vec<String>,
}
