//! Functions of both generations: who may call them, what they hold, and what their code comes from and goes to.

use nephoscope_model::{Fact, Provider, Resource};
use serde_json::{Value, json};

use super::callers::{Holder, holders, is_project};
use super::images;
use super::serving::{Serving, is_first_generation, is_set};
use crate::derive::map::Map;
use crate::derive::reading::{Reading, fact, list, malformed, reason, required, text};
use crate::derive::runtime::life;
use crate::derive::secrets::secrets;

/// Roles that let one publish to a topic.
const PUBLISHING: [&str; 5] =
    ["roles/pubsub.publisher", "roles/pubsub.editor", "roles/pubsub.admin", "roles/editor", "roles/owner"];
/// Roles that let one put objects into a bucket.
const WRITING: [&str; 9] = [
    "roles/storage.objectCreator",
    "roles/storage.objectUser",
    "roles/storage.objectAdmin",
    "roles/storage.admin",
    "roles/storage.legacyBucketWriter",
    "roles/storage.legacyBucketOwner",
    "roles/storage.legacyObjectOwner",
    "roles/editor",
    "roles/owner",
];

/// The facts of a function.
pub(super) fn facts(
    position: usize,
    function: &Resource,
    map: &Map<'_>,
    serving: &Serving,
) -> Vec<(&'static str, Fact)> {
    vec![
        ("invokers", fact(serving.callers_of_function(position, function, map).fact())),
        ("invoker_check", fact(invoker_check(position, function, map, serving))),
        ("public_rights", fact(public_rights(position, function, map, serving))),
        ("runtime", fact(runtime(function, map))),
        ("secrets", fact(part(function, "buildConfig").and_then(|_| env_secrets(function)))),
        ("foreign_secrets", fact(foreign_secrets(function, serving))),
        ("connector", fact(connector(function, map))),
        ("repository", fact(images::repository_of(function, map, serving))),
        ("source_bucket", fact(source_bucket(function, map))),
        ("open_sources", fact(open_sources(function, map))),
        ("dead_letters", fact(dead_letters(function, map))),
    ]
}

/// How it is built or run, which every function says: where it is left out, nobody knows what it would say.
fn part<'f>(function: &'f Resource, name: &str) -> Reading<&'f Value> {
    required(function, "config")?.get(name).ok_or_else(|| malformed("config"))
}

fn service_config(function: &Resource) -> Reading<&Value> {
    part(function, "serviceConfig")
}

/// What looks like a secret in the variables of builds and of the function itself.
fn env_secrets(function: &Resource) -> Reading<Value> {
    service_config(function).and_then(|_| secrets(function, "config"))
}

/// False where everybody may call because the service beneath asks nobody for permission.
fn invoker_check(position: usize, function: &Resource, map: &Map<'_>, serving: &Serving) -> Reading<bool> {
    match serving.service_of(position) {
        Some(service) => {
            let service = map.held(service).open_only(&["service"]);
            Ok(!is_set(required(&service, "service")?, "invokerIamDisabled"))
        }
        None if is_first_generation(function)? => Ok(true),
        // Which service is beneath is said here only.
        None => service_config(function).and_then(|_| map.listed("run", None).map(|()| true)),
    }
}

/// Roles beyond calling that everybody has on the function or on the service beneath it.
fn public_rights(position: usize, function: &Resource, map: &Map<'_>, serving: &Serving) -> Reading<Value> {
    let service = serving.service_of(position).map(|service| map.held(service).open_only(&["policy"]));
    let own = ("function", holders(function));
    let beneath = service.as_deref().map(|service| ("service", holders(service)));
    let (mut found, mut doubts) = (Vec::new(), Vec::new());
    for (on, holders) in [Some(own), beneath].into_iter().flatten() {
        match holders {
            Ok(holders) => found.extend(rights(&holders, on)),
            Err(reasons) => doubts.extend(reasons),
        }
    }
    // One witness suffices, but that there are none takes both policies.
    if found.is_empty() && !doubts.is_empty() { Err(doubts) } else { Ok(Value::Array(found)) }
}

/// What everybody may do beyond calling.
pub(super) fn rights(holders: &[Holder], on: &str) -> Vec<Value> {
    let beyond = holders.iter().filter(|holder| holder.is_public() && !holder.only_calls());
    beyond.map(|holder| holder.to_value(on)).collect()
}

/// The life of the runtime; null for functions that were built from an image of their own.
fn runtime(function: &Resource, map: &Map<'_>) -> Reading<Value> {
    let build = part(function, "buildConfig")?;
    Ok(match text(build, "runtime").filter(|name| !name.is_empty()) {
        Some(name) => life(Provider::Gcp, name, map.estate.instant),
        None => Value::Null,
    })
}

/// Secrets that the function is given and that lie in another project.
fn foreign_secrets(function: &Resource, serving: &Serving) -> Reading<Value> {
    let service = service_config(function)?;
    let mounted = ["secretEnvironmentVariables", "secretVolumes"].map(|key| list(service, key));
    let mut found = Vec::new();
    for secret in mounted.into_iter().flatten() {
        // Without a project it is the function's own.
        let project = text(secret, "projectId").unwrap_or_default();
        if !project.is_empty() && !is_project(project, &serving.project)? {
            found.push(json!({ "project": project, "secret": text(secret, "secret") }));
        }
    }
    Ok(Value::Array(found))
}

/// The connector that the function goes out through and its state, `MISSING` where there is no such connector; null
/// where it names none, and no state where the connector is another project's.
fn connector(function: &Resource, map: &Map<'_>) -> Reading<Value> {
    let named = text(service_config(function)?, "vpcConnector");
    let Some(name) = named.filter(|name| !name.is_empty()) else { return Ok(Value::Null) };
    let state = match map.position(&format!("//vpcaccess.googleapis.com/{name}")) {
        Some(position) => {
            let connector = map.open(position);
            let state = text(required(&connector, "connector")?, "state").unwrap_or("STATE_UNSPECIFIED");
            Some(state.to_owned())
        }
        None if name.starts_with(&format!("projects/{}/", map.estate.account)) => {
            map.listed("vpcaccess", None)?;
            Some("MISSING".to_owned())
        }
        None => None,
    };
    Ok(json!({ "name": name, "state": state }))
}

/// The bucket that the source lies in, what everybody may do with it, and whether its objects have no rights of their
/// own; null where the source is in no bucket of the project.
fn source_bucket(function: &Resource, map: &Map<'_>) -> Reading<Value> {
    let config = required(function, "config")?;
    let name = config.pointer("/buildConfig/source/storageSource/bucket").and_then(Value::as_str);
    let Some(name) = name.filter(|name| !name.is_empty()) else { return Ok(Value::Null) };
    let Some(position) = map.position(&format!("//storage.googleapis.com/{name}")) else {
        return map.listed("storage", None).map(|()| Value::Null);
    };
    let bucket = map.open(position);
    let config = required(&bucket, "bucket")?;
    let uniform = config.pointer("/iamConfiguration/uniformBucketLevelAccess/enabled");
    let prevented = config.pointer("/iamConfiguration/publicAccessPrevention").and_then(Value::as_str);
    let public: Vec<Value> = match prevented {
        Some("enforced") => Vec::new(),
        _ => {
            let holders = holders(&bucket)?;
            holders
                .iter()
                .filter(|holder| holder.is_public())
                .map(|holder| holder.to_value("bucket"))
                .collect()
        }
    };
    Ok(json!({
        "name": name,
        "public": public,
        "uniform": uniform.and_then(Value::as_bool).unwrap_or(false),
    }))
}

/// Topics and buckets that trigger the function and that everybody may write to.
fn open_sources(function: &Resource, map: &Map<'_>) -> Reading<Value> {
    let config = required(function, "config")?;
    let Some(trigger) = config.get("eventTrigger") else { return Ok(json!([])) };
    let topic = text(trigger, "pubsubTopic").map(|topic| format!("//pubsub.googleapis.com/{topic}"));
    let filters = list(trigger, "eventFilters").iter();
    let buckets = filters.filter(|filter| text(filter, "attribute") == Some("bucket"));
    let buckets = buckets.filter_map(|filter| text(filter, "value"));
    let buckets = buckets.map(|bucket| format!("//storage.googleapis.com/{bucket}"));
    let sources = topic.into_iter().map(|topic| (topic, PUBLISHING.as_slice()));
    let sources = sources.chain(buckets.map(|bucket| (bucket, WRITING.as_slice())));
    let (mut found, mut doubts) = (Vec::new(), Vec::new());
    for (uid, roles) in sources {
        let Some(position) = map.position(&uid) else {
            doubts.extend(reason("source", "NotCollected"));
            continue;
        };
        match holders(&map.held(position).open_only(&["policy"])) {
            Ok(holders) => {
                let open = holders.iter().filter(|holder| holder.is_public());
                let open = open.filter(|holder| roles.contains(&holder.role.as_str()));
                found.extend(
                    open.map(|holder| json!({ "uid": uid, "member": holder.member, "role": holder.role })),
                );
            }
            Err(reasons) => doubts.extend(reasons),
        }
    }
    if found.is_empty() && !doubts.is_empty() { Err(doubts) } else { Ok(Value::Array(found)) }
}

/// Whether events that fail again and again go to a dead letter topic; null where events are not tried again.
///
/// Functions of the first generation have no such path: they try for a week.
fn dead_letters(function: &Resource, map: &Map<'_>) -> Reading<Value> {
    let config = required(function, "config")?;
    let Some(trigger) = config.get("eventTrigger") else { return Ok(Value::Null) };
    if text(trigger, "retryPolicy") != Some("RETRY_POLICY_RETRY") {
        return Ok(Value::Null);
    }
    if is_first_generation(function)? {
        return Ok(Value::Bool(false));
    }
    let found = |uid: String, facet: &str| {
        map.position(&uid).map(|position| map.open(position)).ok_or_else(|| reason(facet, "NotCollected"))
    };
    let named = text(trigger, "trigger").ok_or_else(|| malformed("config"))?;
    let trigger = found(format!("//eventarc.googleapis.com/{named}"), "trigger")?;
    let transport = required(&trigger, "trigger")?.pointer("/transport/pubsub/subscription");
    let transport = transport.and_then(Value::as_str).ok_or_else(|| malformed("trigger"))?;
    let subscription = found(format!("//pubsub.googleapis.com/{transport}"), "subscription")?;
    let policy = required(&subscription, "subscription")?.get("deadLetterPolicy");
    Ok(Value::Bool(policy.is_some_and(|policy| !policy.is_null())))
}
