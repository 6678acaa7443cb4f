//! API Gateway, REST APIs: what is deployed at each stage, who may call it, and how the stages are set up.
//!
//! One call an API (its stages) and one a deployment (`GetExport`: methods, authorizers, validators and the
//! resource policy as they answer requests now); the rest comes in bulk, but for one call a custom domain.
//! The draft that people edit is read in two cases. Where an export is refused, it stands in for what is
//! deployed, with the validators that it names by their ids. And where calls are left of those that an API may
//! cost ([`drafts`]), so that it can be compared with what is deployed.
//!
//! A deployment that is still the same is not exported again, but for once a week ([`super::carry`]).
//!
//! One permission (`apigateway:GET`) allows every read, whatever the action is called.

use std::collections::BTreeSet;

use futures::StreamExt;
use futures::stream::iter;
use nephoscope_model::Uid;
use serde_json::{Value, json};

use super::Scope;
use super::api::{self, Action, List};
use super::carry;
use super::client::Reader;
use super::failure::{Class, Failure};
use super::place::{Outcome, Read, elements, text};
use super::quota;
use super::request::Request;
use super::volatile::Path;

pub(super) mod deployed;
pub(super) mod export;
mod normalise;

use deployed::{Stage, deployment};

pub(super) const SCOPE: Scope = Scope::Regional;
pub(super) const ACTIONS: &[&Action] = &[
    &APIS.action,
    &GET_STAGES,
    &GET_EXPORT,
    &RESOURCES.action,
    &VALIDATORS.action,
    &DOMAINS.action,
    &BASE_PATHS.action,
    &API_MAPPINGS.action,
    &CERTIFICATES.action,
    &GET_ACCOUNT,
];

/// Goes through its states with every flush of the cache; whether there is one is `cacheClusterEnabled`.
pub(super) const VOLATILE: &[Path] = &["stage/cacheClusterStatus"];

/// What a deployment proves unchanged.
pub(super) const CARRIES: &[&str] = &["deployed"];

pub(super) const PERMISSION: &str = "apigateway:GET";

static API: api::Api = api::Api::rest_json("API Gateway", "apigateway", &quota::API_GATEWAY);
static GET_STAGES: Action = API.action("apigateway:GetStages").allowed_by(PERMISSION);
static GET_EXPORT: Action = API.action("apigateway:GetExport").allowed_by(PERMISSION);
static GET_ACCOUNT: Action = API.action("apigateway:GetAccount").allowed_by(PERMISSION);
static APIS: List = list("apigateway:GetRestApis");
static VALIDATORS: List = list("apigateway:GetRequestValidators");
static RESOURCES: List = list("apigateway:GetResources");
static DOMAINS: List = list("apigateway:GetDomainNames");
static CERTIFICATES: List = list("apigateway:GetClientCertificates");
static BASE_PATHS: List = list("apigateway:GetBasePathMappings");
static API_MAPPINGS: List = API
    .list("apigatewayv2:GetApiMappings", "items")
    .paged("nextToken", "nextToken")
    .may_lack_items()
    .allowed_by(PERMISSION);

/// The largest page of every listing here.
const PAGE: i32 = 500;

/// Everything that API Gateway adds to the standard: who is let in, what is called, what is validated.
const EXTENSIONS: &str = "integrations,authorizers,validators,apigateway";

/// The calls that an API may cost on average, in tenths, everything counted that is asked of the region.
const TENTHS_OF_CALLS: usize = 26;
/// What is asked once for a region: the APIs, custom domains, certificates and settings, and the listing of HTTP and
/// WebSocket APIs, which uses the same quota.
const CALLS_OF_A_REGION: usize = 5;

const fn list(name: &'static str) -> List {
    API.list(name, "item").paged("position", "position").may_lack_items().allowed_by(PERMISSION)
}

struct Replies {
    apis: Vec<Api>,
    apis_listing: Option<Failure>,
    domains: Vec<Domain>,
    domains_listing: Option<Failure>,
    certificates: Result<Vec<Value>, Failure>,
    account: Result<Value, Failure>,
}

struct Domain {
    domain: Value,
    mappings: Read,
}

struct Api {
    api: Value,
    stages: Result<Vec<Stage>, Failure>,
    /// None where it was not asked for.
    draft: Option<Read>,
    /// The validators of the draft, where it stands in for an export.
    validators: Option<Read>,
}

/// An API with its stages, before anything else of it is read.
struct Listed {
    api: Value,
    stages: Result<Vec<Value>, Failure>,
}

pub(super) async fn collect(reader: &Reader) -> Outcome {
    let replies = fetch(reader).await;
    let stages = replies.apis.iter().map(|api| api.stages.as_ref().err().cloned());
    let listings =
        [replies.apis_listing.clone(), replies.domains_listing.clone()].into_iter().chain(stages).collect();
    Outcome { resources: normalise::normalise(&reader.place, &reader.redactor, replies), listings }
}

async fn fetch(reader: &Reader) -> Replies {
    let page = |name: &str| Request::get(&[name]).query("limit", PAGE);
    let (apis, domains, certificates, account) = tokio::join!(
        reader.list(&APIS, None, page("restapis")),
        reader.list(&DOMAINS, None, page("domainnames")),
        reader.list(&CERTIFICATES, None, page("clientcertificates")),
        reader.call(&GET_ACCOUNT, None, Request::get(&["account"])),
    );
    let at_once = reader.limits.concurrency;
    let stages = apis.items.into_iter().map(|api| fetch_stages(reader, api));
    let listed: Vec<Option<Listed>> = iter(stages).buffer_unordered(at_once).collect().await;
    let listed: Vec<Listed> = listed.into_iter().flatten().collect();
    let drafts = drafts(&listed, CALLS_OF_A_REGION + domains.items.len());
    let details = listed.into_iter().map(|listed| {
        let wanted = text(&listed.api, "/id").is_some_and(|id| drafts.contains(id));
        fetch_api(reader, listed, wanted)
    });
    let details: Vec<Option<Api>> = iter(details).buffer_unordered(at_once).collect().await;
    let mappings = domains.items.into_iter().map(|domain| fetch_domain(reader, domain));
    Replies {
        apis: details.into_iter().flatten().collect(),
        apis_listing: apis.failure,
        domains: iter(mappings).buffer_unordered(at_once).collect().await,
        domains_listing: domains.failure,
        certificates: certificates.whole(),
        account,
    }
}

/// None where the API was deleted after it had been listed.
async fn fetch_stages(reader: &Reader, api: Value) -> Option<Listed> {
    let id = text(&api, "/id")?;
    let stages = Request::get(&["restapis", id, "stages"]);
    match reader.call(&GET_STAGES, Some(&uid(reader, id)), stages).await {
        Err(failure) if failure.class == Class::NotFound => None,
        reply => Some(Listed { api, stages: reply.map(|stages| elements(&stages, "/item").to_vec()) }),
    }
}

/// The APIs whose drafts are read beside what is deployed: as many as leave the average below its limit, with the
/// calls that are made anyway, those with fewer stages first, because an API with several is meant to differ between
/// them. At least one, so that the one API of a small account is among them.
fn drafts(listed: &[Listed], anyway: usize) -> BTreeSet<String> {
    let exports =
        |listed: &Listed| listed.stages.iter().flatten().map(deployment).collect::<BTreeSet<_>>().len();
    let spent = anyway + listed.len() + listed.iter().map(exports).sum::<usize>();
    let left = (listed.len() * TENTHS_OF_CALLS / 10).saturating_sub(spent).max(1);
    let mut deployed: Vec<(usize, &str)> = listed
        .iter()
        .map(|listed| (exports(listed), text(&listed.api, "/id").unwrap_or_default()))
        .filter(|(exports, _)| *exports > 0)
        .collect();
    deployed.sort_unstable();
    deployed.into_iter().take(left).map(|(_, id)| id.to_owned()).collect()
}

/// None where the API was deleted after its stages had been listed.
async fn fetch_api(reader: &Reader, listed: Listed, wanted: bool) -> Option<Api> {
    let id = text(&listed.api, "/id")?;
    let uid = uid(reader, id);
    let stages = match listed.stages {
        Ok(stages) => {
            let export = |about, name: String| async move { export(reader, id, &about, &name).await };
            Ok(deployed::fetch(reader, &listed.api, &uid, stages, export).await)
        }
        Err(failure) => Err(failure),
    };
    let refused = stages.iter().flatten().any(|stage| stage.deployed.is_err());
    let part = |name: &str| Request::get(&["restapis", id, name]).query("limit", PAGE);
    let mut draft = None;
    if wanted || refused {
        let methods = part("resources").query("embed", "methods");
        let resources = reader.list(&RESOURCES, Some(&uid), methods).await.whole();
        if resources.as_ref().is_err_and(|failure| failure.class == Class::NotFound) {
            return None;
        }
        draft = Some(items("item", resources));
    }
    let mut validators = None;
    if refused {
        let listing = reader.list(&VALIDATORS, Some(&uid), part("requestvalidators")).await;
        validators = Some(items("item", listing.whole()));
    }
    Some(Api { stages, draft, validators, api: listed.api })
}

/// What is deployed at a stage.
async fn export(reader: &Reader, id: &str, about: &Uid, stage: &str) -> Read {
    let request = Request::get(&["restapis", id, "stages", stage, "exports", "oas30"]);
    let document = reader.call(&GET_EXPORT, Some(about), request.query("extensions", EXTENSIONS)).await?;
    openapi(&GET_EXPORT, document).map(Some)
}

/// What the listings tell of the revision of what is deployed at a stage: the deployment, when the stage was changed
/// last, what a canary gets instead, and everything that is said of its API.
pub(super) fn revision(api: &Value, stage: &Value) -> Option<String> {
    let changed = stage.get("lastUpdatedDate").filter(|date| !date.is_null())?.to_string();
    let canary = stage.get("canarySettings").map(Value::to_string).unwrap_or_default();
    let rest = format!("{canary} {api}");
    carry::revision(&[text(stage, "/deploymentId"), Some(&changed), Some(&rest)])
}

/// The document, if it is one of OpenAPI 3: nothing can be told from any other.
pub(super) fn openapi(action: &Action, document: Value) -> Result<Value, Failure> {
    let is_openapi = text(&document, "/openapi").is_some_and(|version| version.starts_with("3."));
    if is_openapi && document.get("paths").is_some_and(Value::is_object) {
        Ok(document)
    } else {
        Err(Failure::malformed(action, "the export is not a document of OpenAPI 3"))
    }
}

/// The APIs behind a custom domain. Only the newer call knows the HTTP APIs of a regional one; only the older
/// one knows edge-optimised and private domains, and the latter by their id as well.
async fn fetch_domain(reader: &Reader, domain: Value) -> Domain {
    let Some(name) = text(&domain, "/domainName") else { return Domain { domain, mappings: Ok(None) } };
    let uid = Uid::from(reader.place.gateway_arn(&format!("/domainnames/{name}")));
    let types = elements(&domain, "/endpointConfiguration/types");
    let mappings = if types.iter().any(|kind| kind.as_str() == Some("REGIONAL")) {
        let request = Request::get(&["v2", "domainnames", name, "apimappings"]);
        items("items", reader.list(&API_MAPPINGS, Some(&uid), request).await.whole())
    } else {
        let mut request = Request::get(&["domainnames", name, "basepathmappings"]).query("limit", PAGE);
        if let Some(id) = text(&domain, "/domainNameId") {
            request = request.query("domainNameId", id);
        }
        items("item", reader.list(&BASE_PATHS, Some(&uid), request).await.whole())
    };
    // A domain that was deleted meanwhile maps nothing.
    let gone = mappings.as_ref().is_err_and(|failure| failure.class == Class::NotFound);
    Domain { domain, mappings: if gone { Ok(None) } else { mappings } }
}

/// The facet of a listing: its items under the provider's key, also where there are none.
pub(super) fn items(key: &str, listed: Result<Vec<Value>, Failure>) -> Read {
    listed.map(|items| Some(json!({ key: items })))
}

fn uid(reader: &Reader, id: &str) -> Uid {
    Uid::from(reader.place.gateway_arn(&format!("/restapis/{id}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(id: &str, deployments: &[&str]) -> Listed {
        let stage = |id: &&str| json!({"stageName": format!("stage-{id}"), "deploymentId": id});
        Listed { api: json!({ "id": id }), stages: Ok(deployments.iter().map(stage).collect()) }
    }

    #[test]
    fn drafts_are_read_as_far_as_the_calls_go() {
        let one: Vec<Listed> = (0..10).map(|n| listed(&n.to_string(), &["d"])).collect();
        assert_eq!(drafts(&one, 0).into_iter().collect::<Vec<_>>(), ["0", "1", "2", "3", "4", "5"]);
        let mixed: Vec<Listed> =
            (0..100).map(|n| listed(&format!("{n:02}"), if n < 50 { &["a", "b"] } else { &["a"] })).collect();
        let drafts = drafts(&mixed, 4);
        assert_eq!(drafts.len(), 6);
        assert!(drafts.iter().all(|id| id.as_str() >= "50"), "those with one stage: {drafts:?}");
    }

    #[test]
    fn a_small_account_has_a_draft_and_nothing_deployed_has_none() {
        let few = [listed("busy", &["a", "b", "c"]), listed("idle", &[])];
        assert_eq!(drafts(&few, 4).into_iter().collect::<Vec<_>>(), ["busy"]);
        assert_eq!(drafts(&[listed("shared", &["a", "a"])], 4).len(), 1);
    }

    #[test]
    fn what_is_not_openapi_tells_nothing() {
        assert!(openapi(&GET_EXPORT, json!({"openapi": "3.0.1", "paths": {}})).is_ok());
        for other in [json!({"swagger": "2.0", "paths": {}}), json!({"openapi": "3.0.1"}), json!({})] {
            assert_eq!(openapi(&GET_EXPORT, other).unwrap_err().class, Class::Malformed);
        }
    }
}
