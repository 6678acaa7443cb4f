//! App Engine: whom the application's firewall lets in, and what stands behind it.

use nephoscope_model::finding::Exposure;
use nephoscope_model::{Fact, Resource};
use serde_json::Value;

use crate::derive::map::Map;
use crate::derive::reach::Reach;
use crate::derive::reading::{Reading, elements, fact, reason, required, text};

/// The facts of an application.
pub(super) fn facts(application: &Resource) -> Vec<(&'static str, Fact)> {
    vec![("open_firewall", fact(is_open(application)))]
}

/// How far applications are reached: by everybody, unless firewall, ingress or Identity-Aware Proxy stand in between.
pub(super) fn expose(map: &Map<'_>, reaches: &mut [Reach]) {
    for &position in map.kind("gcp.appengine.application") {
        reaches[position] = reach(&map.open(position), map);
        let reach = reaches[position].clone();
        for &version in map.kind("gcp.appengine.version") {
            let version_serves = required(&map.open(version), "version")
                .map(|version| text(version, "servingStatus") != Some("STOPPED"));
            reaches[version] = match version_serves {
                Ok(true) => reach.clone(),
                Ok(false) => Reach::default(),
                Err(doubts) => Err(doubts).into(),
            };
        }
    }
}

fn reach(application: &Resource, map: &Map<'_>) -> Reach {
    let open = required(application, "application").and_then(|config| {
        let serving = !matches!(text(config, "servingStatus"), Some("USER_DISABLED" | "SYSTEM_DISABLED"));
        if !serving || !is_open(application)? || !takes_traffic(map)? {
            return Ok(Exposure::Internal);
        }
        match config.pointer("/iap/enabled").and_then(Value::as_bool) {
            // Whom Identity-Aware Proxy lets in is in a policy of its own.
            Some(true) => Err(reason("iap", "NotCollected")),
            Some(false) | None => Ok(Exposure::Internet),
        }
    });
    open.into()
}

/// Whether a service of the application takes requests from everywhere. One whose settings say nothing does.
fn takes_traffic(map: &Map<'_>) -> Reading<bool> {
    let mut doubts = Vec::new();
    let services = map.kind("gcp.appengine.service");
    for &position in services {
        match required(&map.open(position), "service") {
            Ok(service) => {
                let ingress = service.pointer("/networkSettings/ingressTrafficAllowed");
                let ingress = ingress.and_then(Value::as_str).unwrap_or_default();
                if !ingress.starts_with("INGRESS_TRAFFIC_ALLOWED_INTERNAL") {
                    return Ok(true);
                }
            }
            Err(reasons) => doubts.extend(reasons),
        }
    }
    if services.is_empty() {
        map.listed("appengine", None)?;
    }
    if doubts.is_empty() { Ok(false) } else { Err(doubts) }
}

/// Whether the first rule that speaks of every address lets it in. Without any such rule App Engine does.
fn is_open(application: &Resource) -> Reading<bool> {
    let rules = elements(application, "firewall", "ingressRules")?;
    let everybody =
        rules.iter().filter(|rule| matches!(text(rule, "sourceRange"), Some("*" | "0.0.0.0/0" | "::/0")));
    let first = everybody.min_by_key(|rule| rule.get("priority").and_then(Value::as_i64).unwrap_or(i64::MAX));
    Ok(first.is_none_or(|rule| text(rule, "action") != Some("DENY")))
}
