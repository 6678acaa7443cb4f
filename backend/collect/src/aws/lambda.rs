//! Lambda: functions with who may call them, from where, with how much concurrency and with which signature.
//!
//! Two calls a function (policy and reserved concurrency), the rest in bulk, and three shortcuts:
//! - `ListFunctions` with all versions tells which functions have published versions; only those are asked for
//!   aliases. An alias of `$LATEST` alone, which routes nowhere else than the function itself, is not seen.
//! - Function URLs are asked for only where a statement of the resource policy speaks of
//!   `lambda:InvokeFunctionUrl`, where that policy could not be read, or where aliases (which have policies of
//!   their own) exist or could not be read. Without such a statement only principals of the same account, by
//!   their own permissions, could call a URL: the facet is absent then.
//! - Reserved concurrency is not asked for where the account settings show that nothing is reserved at all.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_lambda::types::FunctionVersion;
use futures::StreamExt;
use nephoscope_model::{RelationName, Resource, Uid};
use serde_json::{Value, json};

use super::Scope;
use super::client::{Action, Reader};
use super::failure::{Class, Failure};
use super::pages::List;
use super::place::{Outcome, Place, Read, elements, put, relate, text, unqualified_function};
use super::volatile::Path;
use super::{policy, quota};
use crate::redact::Redactor;

pub(super) const SCOPE: Scope = Scope::Regional;
pub(super) const ACTIONS: &[&Action] = &[
    &GET_ACCOUNT_SETTINGS,
    &FUNCTIONS.action,
    &GET_POLICY,
    &URLS.action,
    &GET_CONCURRENCY,
    &ALIASES.action,
    &MAPPINGS.action,
    &SIGNING_CONFIGS.action,
    &SIGNED_FUNCTIONS.action,
];
/// Usage grows with every deployment of any function. A function that is idle changes its state, and with it
/// its revision. Event source mappings report each batch, and are touched by every change of their own state.
pub(super) const VOLATILE: &[Path] = &[
    "settings/AccountUsage",
    "config/RevisionId",
    "config/State",
    "config/StateReason",
    "config/StateReasonCode",
    "config/LastUpdateStatus",
    "config/LastUpdateStatusReason",
    "config/LastUpdateStatusReasonCode",
    "event_sources/EventSourceMappings/*/LastModified",
    "event_sources/EventSourceMappings/*/LastProcessingResult",
];

static GET_ACCOUNT_SETTINGS: Action = Action::new("lambda:GetAccountSettings", &quota::LAMBDA);
static GET_POLICY: Action = Action::new("lambda:GetPolicy", &quota::LAMBDA_POLICY);
static GET_CONCURRENCY: Action = Action::new("lambda:GetFunctionConcurrency", &quota::LAMBDA);
static FUNCTIONS: List = list("lambda:ListFunctions", "Functions");
static URLS: List = list("lambda:ListFunctionUrlConfigs", "FunctionUrlConfigs");
static ALIASES: List = list("lambda:ListAliases", "Aliases");
static MAPPINGS: List = list("lambda:ListEventSourceMappings", "EventSourceMappings");
static SIGNING_CONFIGS: List = list("lambda:ListCodeSigningConfigs", "CodeSigningConfigs");
static SIGNED_FUNCTIONS: List = list("lambda:ListFunctionsByCodeSigningConfig", "FunctionArns");

const fn list(api: &'static str, items: &'static str) -> List {
    List { action: Action::new(api, &quota::LAMBDA), items, token: "NextMarker", may_lack_items: false }
}

struct Replies {
    settings: Result<Value, Failure>,
    mappings: Result<Vec<Value>, Failure>,
    signing: Signing,
    functions: Vec<Function>,
    listing: Option<Failure>,
}

struct Function {
    config: Value,
    policy: Read,
    url: Read,
    concurrency: Read,
    aliases: Read,
}

/// Which code signing configuration each function has.
struct Signing {
    by_function: BTreeMap<String, Value>,
    /// Why it is not known for the other functions, where that is so.
    failure: Option<Failure>,
}

pub(super) async fn collect(reader: &Reader) -> Outcome {
    let replies = fetch(reader).await;
    let listings = vec![replies.listing.clone()];
    Outcome { resources: normalise(&reader.place, &reader.redactor, replies), listings }
}

async fn fetch(reader: &Reader) -> Replies {
    let client = aws_sdk_lambda::Client::new(&reader.sdk);
    let settings = reader.json(&GET_ACCOUNT_SETTINGS, None, |capture| {
        client.get_account_settings().customize().interceptor(capture).send()
    });
    let mappings = reader.list(&MAPPINGS, None, |capture, token| {
        client.list_event_source_mappings().set_marker(token).customize().interceptor(capture).send()
    });
    let (settings, mappings, signing, (latest, versioned, listing)) =
        tokio::join!(settings, mappings, fetch_signing(reader, &client), fetch_functions(reader, &client));
    let ask_concurrency = !settings.as_ref().is_ok_and(nothing_is_reserved);
    let details = latest.into_iter().map(|config| {
        let has_versions = text(&config, "/FunctionName").is_some_and(|name| versioned.contains(name));
        // Where the listing broke off, the versions of a function may be on a page that was never read.
        let versions = match &listing {
            Some(failure) if !has_versions => Err(failure.clone()),
            _ => Ok(has_versions),
        };
        fetch_details(reader, &client, config, ask_concurrency, versions)
    });
    let functions: Vec<Option<Function>> =
        futures::stream::iter(details).buffer_unordered(reader.limits.concurrency).collect().await;
    let functions = functions.into_iter().flatten().collect();
    Replies { settings, mappings: mappings.whole(), signing, functions, listing }
}

/// Functions as they are now, and the names of those that have published versions.
async fn fetch_functions(
    reader: &Reader,
    client: &aws_sdk_lambda::Client,
) -> (Vec<Value>, BTreeSet<String>, Option<Failure>) {
    let (mut latest, mut versioned) = (Vec::new(), BTreeSet::new());
    let send = |capture, token| {
        let request = client.list_functions().function_version(FunctionVersion::All).set_marker(token);
        request.customize().interceptor(capture).send()
    };
    let keep = |config: Value| match text(&config, "/Version") {
        Some(version) if version != "$LATEST" => {
            versioned.extend(text(&config, "/FunctionName").map(str::to_owned));
        }
        _ => latest.push(config),
    };
    let failure = reader.list_each(&FUNCTIONS, None, send, keep).await;
    (latest, versioned, failure)
}

/// None where the function was deleted after it had been listed.
async fn fetch_details(
    reader: &Reader,
    client: &aws_sdk_lambda::Client,
    config: Value,
    ask_concurrency: bool,
    has_versions: Result<bool, Failure>,
) -> Option<Function> {
    let name = text(&config, "/FunctionName")?;
    let uid = Uid::from(unqualified_function(text(&config, "/FunctionArn")?)?);
    let policy = reader.json(&GET_POLICY, Some(&uid), |capture| {
        client.get_policy().function_name(name).customize().interceptor(capture).send()
    });
    let policy: Read = match policy.await {
        Ok(answer) => match text(&answer, "/Policy").and_then(policy::parse) {
            Some(document) => Ok(Some(document)),
            None => Err(Failure::malformed(&GET_POLICY, "the policy is not JSON")),
        },
        Err(failure) if is_gone(&failure) => return None,
        Err(failure) if failure.class == Class::NotFound => Ok(None),
        Err(failure) => Err(failure),
    };
    let concurrency: Read = if ask_concurrency {
        let answer = reader.json(&GET_CONCURRENCY, Some(&uid), |capture| {
            client.get_function_concurrency().function_name(name).customize().interceptor(capture).send()
        });
        match answer.await {
            Ok(answer) => {
                Ok(answer.get("ReservedConcurrentExecutions").is_some_and(|n| !n.is_null()).then_some(answer))
            }
            Err(failure) if failure.class == Class::NotFound => return None,
            Err(failure) => Err(failure),
        }
    } else {
        Ok(None)
    };
    let aliases: Read = match has_versions {
        Ok(false) => Ok(None),
        Err(failure) => Err(failure),
        Ok(true) => {
            let listing = reader.list(&ALIASES, Some(&uid), |capture, token| {
                let request = client.list_aliases().function_name(name).set_marker(token);
                request.customize().interceptor(capture).send()
            });
            match listing.await.whole() {
                Ok(aliases) => Ok((!aliases.is_empty()).then(|| json!({ "Aliases": aliases }))),
                Err(failure) if failure.class == Class::NotFound => return None,
                Err(failure) => Err(failure),
            }
        }
    };
    let may_have_url = match (&policy, &aliases) {
        (Err(_), _) | (_, Err(_) | Ok(Some(_))) => true,
        (Ok(Some(policy)), Ok(None)) => policy::mentions(policy, "lambda:InvokeFunctionUrl"),
        (Ok(None), Ok(None)) => false,
    };
    let url: Read = if may_have_url {
        let listing = reader.list(&URLS, Some(&uid), |capture, token| {
            client
                .list_function_url_configs()
                .function_name(name)
                .set_marker(token)
                .customize()
                .interceptor(capture)
                .send()
        });
        match listing.await.whole() {
            Ok(urls) => Ok(widest_url(urls)),
            Err(failure) if failure.class == Class::NotFound => return None,
            Err(failure) => Err(failure),
        }
    } else {
        Ok(None)
    };
    Some(Function { policy, url, concurrency, aliases, config })
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

/// One of a function's URLs: one that anybody may call before others, then the function's own before an alias's.
fn widest_url(mut urls: Vec<Value>) -> Option<Value> {
    urls.sort_by_cached_key(|url| {
        let arn = text(url, "/FunctionArn").unwrap_or_default().to_owned();
        let qualified = unqualified_function(&arn) != Some(&arn);
        (text(url, "/AuthType") != Some("NONE"), qualified, arn)
    });
    urls.into_iter().next()
}

/// Bulk: the configurations, then the functions of each. Few accounts have more than a handful.
async fn fetch_signing(reader: &Reader, client: &aws_sdk_lambda::Client) -> Signing {
    let configs = reader.list(&SIGNING_CONFIGS, None, |capture, token| {
        client.list_code_signing_configs().set_marker(token).customize().interceptor(capture).send()
    });
    let configs = configs.await;
    let mut signing = Signing { by_function: BTreeMap::new(), failure: configs.failure };
    for config in configs.items {
        let Some(arn) = text(&config, "/CodeSigningConfigArn").map(str::to_owned) else { continue };
        let functions = reader.list(&SIGNED_FUNCTIONS, None, |capture, token| {
            let request = client.list_functions_by_code_signing_config().code_signing_config_arn(&arn);
            request.set_marker(token).customize().interceptor(capture).send()
        });
        let functions = functions.await;
        let value = json!({"CodeSigningConfigArn": arn, "CodeSigningConfig": config});
        for function in functions.items.iter().filter_map(Value::as_str).filter_map(unqualified_function) {
            signing.by_function.insert(function.to_owned(), value.clone());
        }
        // A configuration that was deleted meanwhile signs nothing.
        let failure = functions.failure.filter(|failure| failure.class != Class::NotFound);
        signing.failure = signing.failure.or(failure);
    }
    signing
}

fn normalise(place: &Place, redactor: &Redactor, replies: Replies) -> Vec<Resource> {
    let mut settings =
        place.resource("aws.lambda.settings", &place.arn("lambda", "account-settings"), "Lambda settings");
    put(&mut settings, "settings", replies.settings.map(Some));
    let mappings = replies.mappings.map(by_function);
    let functions = replies.functions.into_iter();
    let functions = functions
        .filter_map(|function| normalise_function(place, redactor, function, &mappings, &replies.signing));
    std::iter::once(settings).chain(functions).collect()
}

fn by_function(mappings: Vec<Value>) -> BTreeMap<String, Vec<Value>> {
    let mut by_function: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for mapping in mappings {
        let function = text(&mapping, "/FunctionArn").and_then(unqualified_function).map(str::to_owned);
        if let Some(function) = function {
            by_function.entry(function).or_default().push(mapping);
        }
    }
    for mappings in by_function.values_mut() {
        mappings.sort_by_cached_key(|mapping| text(mapping, "/UUID").unwrap_or_default().to_owned());
    }
    by_function
}

fn normalise_function(
    place: &Place,
    redactor: &Redactor,
    function: Function,
    mappings: &Result<BTreeMap<String, Vec<Value>>, Failure>,
    signing: &Signing,
) -> Option<Resource> {
    let Function { mut config, policy, url, concurrency, aliases } = function;
    let arn = unqualified_function(text(&config, "/FunctionArn")?)?.to_owned();
    let name = text(&config, "/FunctionName")?.to_owned();
    config["FunctionArn"] = Value::from(arn.as_str());
    redactor.redact_map(&mut config, "/Environment/Variables");

    let mut resource = place.resource("aws.lambda.function", &arn, &name);
    relate(&mut resource, RelationName::ExecutesAs, text(&config, "/Role"));
    relate(&mut resource, RelationName::EncryptedBy, text(&config, "/KMSKeyArn"));
    relate(&mut resource, RelationName::WritesTo, text(&config, "/DeadLetterConfig/TargetArn"));
    for layer in elements(&config, "/Layers") {
        relate(&mut resource, RelationName::UsesLayer, text(layer, "/Arn"));
    }
    let default_group = format!("/aws/lambda/{name}");
    let group = text(&config, "/LoggingConfig/LogGroup").unwrap_or(&default_group);
    relate(&mut resource, RelationName::LogsTo, Some(&place.arn("logs", &format!("log-group:{group}"))));
    let own = mappings.as_ref().map(|mappings| mappings.get(&arn)).map_err(Clone::clone);
    for mapping in own.iter().copied().flatten().flatten() {
        relate(&mut resource, RelationName::TriggeredBy, text(mapping, "/EventSourceArn"));
    }
    let signed = match (signing.by_function.get(&arn), &signing.failure) {
        (Some(config), _) => Ok(Some(config.clone())),
        (None, None) => Ok(None),
        (None, Some(failure)) => Err(failure.clone()),
    };
    put(&mut resource, "config", Ok(Some(config)));
    put(&mut resource, "policy", policy);
    put(&mut resource, "url", url);
    put(&mut resource, "concurrency", concurrency);
    put(&mut resource, "aliases", aliases);
    put(&mut resource, "event_sources", own.map(|own| own.map(|own| json!({ "EventSourceMappings": own }))));
    put(&mut resource, "code_signing", signed);
    Some(resource)
}

#[cfg(test)]
mod tests {
    use nephoscope_model::{Facet, Region};

    use super::*;

    const ARN: &str = "arn:aws:lambda:eu-west-1:123456789012:function:shop";

    fn place() -> Place {
        Place {
            partition: "aws".to_owned(),
            account: "123456789012".into(),
            region: Region::from("eu-west-1"),
            service: "lambda".into(),
            caller: String::new(),
        }
    }

    fn denied(action: &'static Action) -> Failure {
        Failure::new(action, Class::Denied, "AccessDeniedException", "no")
    }

    fn replies() -> Replies {
        let config = json!({"FunctionName": "shop", "FunctionArn": format!("{ARN}:$LATEST"), "Environment": {"Variables": {"A": "CANARY"}}});
        let function =
            Function { config, policy: Ok(None), url: Ok(None), concurrency: Ok(None), aliases: Ok(None) };
        Replies {
            settings: Ok(json!({"AccountLimit": {}})),
            mappings: Ok(Vec::new()),
            signing: Signing { by_function: BTreeMap::new(), failure: None },
            functions: vec![function],
            listing: None,
        }
    }

    fn shop(replies: Replies) -> Resource {
        let resources = normalise(&place(), &Redactor::new([1; 32]), replies);
        resources.into_iter().find(|resource| resource.name == "shop").unwrap()
    }

    #[test]
    fn what_does_not_exist_is_absent_and_what_was_not_read_is_not() {
        let shop_with_nothing = shop(replies());
        assert_eq!(shop_with_nothing.uid.as_str(), ARN);
        for facet in ["policy", "url", "concurrency", "aliases", "event_sources", "code_signing"] {
            assert_eq!(shop_with_nothing.facets[facet], Facet::Absent, "{facet}");
        }
        assert!(!serde_json::to_string(&shop_with_nothing).unwrap().contains("CANARY"));

        let mut unread = replies();
        unread.mappings = Err(denied(&MAPPINGS.action));
        unread.signing.failure = Some(denied(&SIGNING_CONFIGS.action));
        unread.functions[0].policy = Err(denied(&GET_POLICY));
        let unread = shop(unread);
        for facet in ["policy", "event_sources", "code_signing"] {
            let reason = unread.facets[facet].unreadable().unwrap();
            assert_eq!(
                (reason.facet.as_str(), reason.permission.as_deref()),
                (facet, Some(reason.api.as_str()))
            );
        }
    }

    #[test]
    fn a_signed_function_is_known_even_where_other_configurations_are_not() {
        let mut replies = replies();
        replies.signing.by_function.insert(ARN.to_owned(), json!({"CodeSigningConfigArn": "c"}));
        replies.signing.failure = Some(denied(&SIGNED_FUNCTIONS.action));
        assert_eq!(shop(replies).facets["code_signing"], Facet::Known(json!({"CodeSigningConfigArn": "c"})));
    }

    #[test]
    fn the_widest_url_stands_for_all() {
        let url = |arn: &str, auth: &str| json!({"FunctionArn": arn, "AuthType": auth});
        let (own, alias) = (url(ARN, "AWS_IAM"), url(&format!("{ARN}:live"), "AWS_IAM"));
        let open = url(&format!("{ARN}:live"), "NONE");
        assert_eq!(widest_url(vec![alias, own.clone()]), Some(own.clone()));
        assert_eq!(widest_url(vec![own, open.clone()]), Some(open));
        assert_eq!(widest_url(Vec::new()), None);
    }

    #[test]
    fn reservations_are_told_from_the_account() {
        let limit = |all: Value, free: Value| json!({"AccountLimit": {"ConcurrentExecutions": all, "UnreservedConcurrentExecutions": free}});
        assert!(nothing_is_reserved(&limit(json!(1000), json!(1000))));
        assert!(!nothing_is_reserved(&limit(json!(1000), json!(900))));
        assert!(!nothing_is_reserved(&limit(Value::Null, Value::Null)), "unknown is not nothing");
    }
}
