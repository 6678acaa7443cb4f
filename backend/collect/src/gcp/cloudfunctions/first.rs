//! Functions of the first generation as Cloud Functions v1 writes them, put into the words of v2, in which both
//! generations are judged.
//!
//! <https://cloud.google.com/functions/docs/reference/rest/v1/projects.locations.functions>

use serde_json::{Map, Value, json};

use crate::normalise::text;

/// True where v1 wrote it: v2 has no status, and v1 no generation.
pub(super) fn is_first(function: &Value) -> bool {
    function.get("environment").is_none() && function.get("serviceConfig").is_none()
}

/// What v2 would say of it.
pub(super) fn in_second_words(function: &Value) -> Value {
    let mut written = json!({
        "environment": "GEN_1",
        "buildConfig": renamed(function, BUILD),
        "serviceConfig": renamed(function, SERVICE),
    });
    for (from, to) in FUNCTION {
        carry(function, from, &mut written, to);
    }
    if let Some(bucket) = text(function, "/sourceArchiveUrl").and_then(|url| url.strip_prefix("gs://")) {
        let (bucket, object) = bucket.split_once('/').unwrap_or((bucket, ""));
        written["buildConfig"]["source"] = json!({"storageSource": {"bucket": bucket, "object": object}});
    }
    let seconds = text(function, "/timeout").and_then(|timeout| timeout.strip_suffix('s'));
    if let Some(seconds) = seconds.and_then(|seconds| seconds.parse::<f64>().ok()) {
        written["serviceConfig"]["timeoutSeconds"] = json!(seconds.ceil() as i64);
    }
    if let Some(megabytes) = function.get("availableMemoryMb").and_then(Value::as_i64) {
        written["serviceConfig"]["availableMemory"] = json!(format!("{megabytes}M"));
    }
    if let Some(trigger) = function.get("eventTrigger") {
        written["eventTrigger"] = event_trigger(trigger);
    }
    written
}

/// Pointers in v1, and the fields of v2 that say the same.
type Names = &'static [(&'static str, &'static str)];

const FUNCTION: Names = &[
    ("/name", "name"),
    ("/description", "description"),
    ("/kmsKeyName", "kmsKeyName"),
    ("/labels", "labels"),
    ("/status", "state"),
    ("/updateTime", "updateTime"),
    ("/httpsTrigger/url", "url"),
];
const BUILD: Names = &[
    ("/automaticUpdatePolicy", "automaticUpdatePolicy"),
    ("/buildEnvironmentVariables", "environmentVariables"),
    ("/buildServiceAccount", "serviceAccount"),
    ("/buildWorkerPool", "workerPool"),
    ("/dockerRegistry", "dockerRegistry"),
    ("/dockerRepository", "dockerRepository"),
    ("/entryPoint", "entryPoint"),
    ("/onDeployUpdatePolicy", "onDeployUpdatePolicy"),
    ("/runtime", "runtime"),
];
const SERVICE: Names = &[
    ("/environmentVariables", "environmentVariables"),
    ("/httpsTrigger/securityLevel", "securityLevel"),
    ("/httpsTrigger/url", "uri"),
    ("/ingressSettings", "ingressSettings"),
    ("/maxInstances", "maxInstanceCount"),
    ("/minInstances", "minInstanceCount"),
    ("/secretEnvironmentVariables", "secretEnvironmentVariables"),
    ("/secretVolumes", "secretVolumes"),
    ("/serviceAccountEmail", "serviceAccountEmail"),
    ("/vpcConnector", "vpcConnector"),
    ("/vpcConnectorEgressSettings", "vpcConnectorEgressSettings"),
];

fn renamed(function: &Value, names: Names) -> Value {
    let mut written = Value::Object(Map::new());
    for (from, to) in names {
        carry(function, from, &mut written, to);
    }
    written
}

fn carry(function: &Value, from: &str, written: &mut Value, to: &str) {
    if let Some(value) = function.pointer(from) {
        written[to] = value.clone();
    }
}

/// What starts the function. v1 names one resource where v2 has a topic or a filter.
fn event_trigger(trigger: &Value) -> Value {
    let resource = text(trigger, "/resource").unwrap_or_default();
    let retries = trigger.pointer("/failurePolicy/retry").is_some_and(|retry| !retry.is_null());
    let mut written = json!({
        "eventType": text(trigger, "/eventType").unwrap_or_default(),
        "retryPolicy": if retries { "RETRY_POLICY_RETRY" } else { "RETRY_POLICY_DO_NOT_RETRY" },
    });
    if let Some(service) = text(trigger, "/service") {
        written["service"] = json!(service);
    }
    match resource.split('/').collect::<Vec<_>>()[..] {
        ["projects", _, "topics", _] => written["pubsubTopic"] = json!(resource),
        ["projects", _, "buckets", bucket] => {
            written["eventFilters"] = json!([{"attribute": "bucket", "value": bucket}]);
        }
        _ => written["eventFilters"] = json!([{"attribute": "resource", "value": resource}]),
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_v1_says_is_said_as_v2_says_it() {
        let function = json!({
            "name": "projects/shop/locations/europe-west1/functions/old",
            "status": "ACTIVE",
            "runtime": "nodejs16",
            "timeout": "60s",
            "availableMemoryMb": 256,
            "serviceAccountEmail": "shop@appspot.gserviceaccount.com",
            "ingressSettings": "ALLOW_ALL",
            "maxInstances": 3000,
            "environmentVariables": {"STAGE": "live"},
            "buildEnvironmentVariables": {"TOKEN": "x"},
            "sourceArchiveUrl": "gs://sources/old.zip",
            "httpsTrigger": {"securityLevel": "SECURE_OPTIONAL", "url": "https://example.test/old"},
        });
        assert!(is_first(&function));
        let written = in_second_words(&function);
        assert!(!is_first(&written));
        assert_eq!(
            written,
            json!({
                "name": "projects/shop/locations/europe-west1/functions/old",
                "environment": "GEN_1",
                "state": "ACTIVE",
                "url": "https://example.test/old",
                "buildConfig": {
                    "runtime": "nodejs16",
                    "environmentVariables": {"TOKEN": "x"},
                    "source": {"storageSource": {"bucket": "sources", "object": "old.zip"}},
                },
                "serviceConfig": {
                    "timeoutSeconds": 60,
                    "availableMemory": "256M",
                    "serviceAccountEmail": "shop@appspot.gserviceaccount.com",
                    "ingressSettings": "ALLOW_ALL",
                    "maxInstanceCount": 3000,
                    "environmentVariables": {"STAGE": "live"},
                    "securityLevel": "SECURE_OPTIONAL",
                    "uri": "https://example.test/old",
                },
            })
        );
    }

    #[test]
    fn triggers_name_topics_and_buckets() {
        let of = |resource: &str, retry: Value| {
            event_trigger(&json!({"eventType": "e", "resource": resource, "failurePolicy": {"retry": retry}}))
        };
        assert_eq!(of("projects/shop/topics/jobs", json!({}))["pubsubTopic"], "projects/shop/topics/jobs");
        assert_eq!(of("projects/shop/topics/jobs", json!({}))["retryPolicy"], "RETRY_POLICY_RETRY");
        let bucket = of("projects/_/buckets/uploads", Value::Null);
        assert_eq!(bucket["eventFilters"], json!([{"attribute": "bucket", "value": "uploads"}]));
        assert_eq!(bucket["retryPolicy"], "RETRY_POLICY_DO_NOT_RETRY");
    }
}
