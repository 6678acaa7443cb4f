//! Services, jobs and worker pools of Cloud Run: who may call them, what they hold, and what still answers.

use nephoscope_model::{Fact, Provider, Resource};
use serde_json::{Value, json};

use super::balancers::Product;
use super::callers::holders;
use super::functions::rights;
use super::images::outside;
use super::serving::{Serving, place_of};
use crate::derive::map::Map;
use crate::derive::reading::{Reading, elements, fact, list, malformed, required, text};
use crate::derive::runtime::life;
use crate::derive::secrets::secrets;

/// The facts of a service.
pub(super) fn service(
    position: usize,
    service: &Resource,
    map: &Map<'_>,
    serving: &Serving,
) -> Vec<(&'static str, Fact)> {
    let function = serving.function_of(position, service, map);
    vec![
        ("of_function", fact(function.map(Value::from))),
        ("invokers", fact(serving.callers_of_service(service, map).fact())),
        ("public_rights", fact(holders(service).map(|holders| Value::Array(rights(&holders, "service"))))),
        ("secrets", fact(secrets(service, "service"))),
        ("outside_images", fact(outside(service, "service", "/template/containers"))),
        ("old_revisions", fact(old_revisions(service))),
        ("fronts", fact(fronts(service, map, serving))),
        ("runtime", fact(runtime(service, map))),
    ]
}

/// The facts of a job.
pub(super) fn job(job: &Resource) -> Vec<(&'static str, Fact)> {
    vec![
        ("secrets", fact(secrets(job, "job"))),
        ("outside_images", fact(outside(job, "job", "/template/template/containers"))),
    ]
}

/// The facts of a worker pool.
pub(super) fn pool(pool: &Resource) -> Vec<(&'static str, Fact)> {
    vec![
        ("secrets", fact(secrets(pool, "pool"))),
        ("outside_images", fact(outside(pool, "pool", "/template/containers"))),
    ]
}

/// Revisions other than the latest one that still answer, by a share of the traffic or at an address of their own,
/// and when they were made.
fn old_revisions(service: &Resource) -> Reading<Value> {
    let config = required(service, "service")?;
    let latest = short(text(config, "latestReadyRevision").unwrap_or_default());
    let mut found = Vec::new();
    for target in list(config, "traffic") {
        let Some(revision) = text(target, "revision").map(short).filter(|name| !name.is_empty()) else {
            continue;
        };
        let percent = target.get("percent").and_then(Value::as_i64).unwrap_or_default();
        let tag = text(target, "tag").filter(|tag| !tag.is_empty());
        if revision == latest || (percent == 0 && tag.is_none()) {
            continue;
        }
        let known = elements(service, "revisions", "revisions")?;
        let meant = known.iter().find(|known| text(known, "name").map(short) == Some(revision));
        let created =
            meant.and_then(|meant| text(meant, "createTime")).ok_or_else(|| malformed("revisions"))?;
        found.push(json!({ "revision": revision, "percent": percent, "tag": tag, "created": created }));
    }
    Ok(Value::Array(found))
}

/// The uid and firewall of each load balancer with an address on the internet that leads to the service.
///
/// One with a firewall is a witness; that there is none is only known where all were listed and read.
fn fronts(service: &Resource, map: &Map<'_>, serving: &Serving) -> Reading<Value> {
    let fronts = serving.fronts(Product::Run, place_of(service), &service.name);
    let doubts = serving.balancers.front_doubts(map);
    if !fronts.iter().any(|front| front.firewall.is_some()) && !doubts.is_empty() {
        return Err(doubts);
    }
    Ok(fronts.iter().map(|front| json!({ "uid": front.uid, "firewall": front.firewall })).collect())
}

/// The life of the runtime that the service was built on, as functions are that are deployed as services; null where
/// its image was built elsewhere.
fn runtime(service: &Resource, map: &Map<'_>) -> Reading<Value> {
    let base = required(service, "service")?.pointer("/buildConfig/baseImage").and_then(Value::as_str);
    // `python313`, or the whole name of an image that ends in it.
    let name = base.map(short).map(|name| name.split([':', '@']).next().unwrap_or_default());
    Ok(match name.filter(|name| !name.is_empty()) {
        Some(name) => life(Provider::Gcp, name, map.estate.instant),
        None => Value::Null,
    })
}

/// The last part of a resource name.
fn short(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or_default()
}
