//! Services, jobs and worker pools as Cloud Run v1 writes them, after Knative, put into the words of v2. The inventory
//! speaks v1, the service's own listings v2; they are judged in v2.
//!
//! <https://cloud.google.com/run/docs/reference/rest/v1/namespaces.services>

use serde_json::{Map, Value, json};

use crate::normalise::{elements, text};

/// True where v1 wrote it.
pub(super) fn is_knative(value: &Value) -> bool {
    value.get("apiVersion").is_some() && value.get("metadata").is_some()
}

/// A service; `name` is its full name.
pub(super) fn service(written: &Value, name: &str) -> Value {
    let mut service = common(written, name);
    let notes = annotations(written, "/metadata/annotations");
    let ingress = match notes.text("ingress") {
        Some("internal") => "INGRESS_TRAFFIC_INTERNAL_ONLY",
        Some("internal-and-cloud-load-balancing") => "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER",
        Some("none") => "INGRESS_TRAFFIC_NONE",
        // Without the annotation everything is let in.
        Some(_) | None => "INGRESS_TRAFFIC_ALL",
    };
    service["ingress"] = json!(ingress);
    let switches = [
        ("invoker-iam-disabled", "invokerIamDisabled"),
        ("default-url-disabled", "defaultUriDisabled"),
        ("iap-enabled", "iapEnabled"),
    ];
    for (note, field) in switches {
        if notes.text(note) == Some("true") {
            service[field] = json!(true);
        }
    }
    let limits = [
        ("minScale", "minInstanceCount"),
        ("maxScale", "maxInstanceCount"),
        ("manualInstanceCount", "manualInstanceCount"),
    ];
    service["scaling"] = numbers(&notes, &limits);
    service["template"] = revision(&written["spec"]["template"]);
    service["buildConfig"] = build(&notes);
    put(&mut service, "uri", text(written, "/status/url"));
    let latest = text(written, "/status/latestReadyRevisionName");
    let latest = latest.map(|latest| format!("{name}/revisions/{latest}"));
    put(&mut service, "latestReadyRevision", latest.as_deref());
    service["traffic"] = elements(written, "/spec/traffic").iter().map(target).collect();
    without_empty(service)
}

/// A job; `name` is its full name.
pub(super) fn job(written: &Value, name: &str) -> Value {
    let mut job = common(written, name);
    let execution = &written["spec"]["template"];
    let tasks = &execution["spec"]["template"]["spec"];
    let notes = annotations(execution, "/metadata/annotations");
    let mut task = pod(tasks, &notes);
    copy(tasks, "maxRetries", &mut task, "maxRetries");
    let mut template = json!({ "template": without_empty(task) });
    copy(&execution["spec"], "parallelism", &mut template, "parallelism");
    copy(&execution["spec"], "taskCount", &mut template, "taskCount");
    job["template"] = template;
    without_empty(job)
}

/// A worker pool; `name` is its full name.
pub(super) fn pool(written: &Value, name: &str) -> Value {
    let mut pool = common(written, name);
    pool["template"] = revision(&written["spec"]["template"]);
    without_empty(pool)
}

/// What services, jobs and worker pools have in common.
fn common(written: &Value, name: &str) -> Value {
    let notes = annotations(written, "/metadata/annotations");
    let mut common = json!({ "name": name, "binaryAuthorization": binary_authorization(&notes) });
    put(&mut common, "uid", text(written, "/metadata/uid"));
    put(&mut common, "createTime", text(written, "/metadata/creationTimestamp"));
    put(&mut common, "description", notes.text("description"));
    if let Some(labels) = written.pointer("/metadata/labels").and_then(Value::as_object) {
        let own = labels.iter().filter(|(label, _)| !is_of_the_system(label));
        common["labels"] = own.map(|(label, value)| (label.clone(), value.clone())).collect();
    }
    common
}

/// Labels in these namespaces are fields of their own in v2, which has no such labels.
/// <https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.services>
fn is_of_the_system(label: &str) -> bool {
    let namespace = label.split_once('/').map(|(namespace, _)| namespace);
    let system =
        ["autoscaling.knative.dev", "cloud.googleapis.com", "run.googleapis.com", "serving.knative.dev"];
    namespace.is_some_and(|namespace| system.contains(&namespace))
}

fn binary_authorization(notes: &Annotations<'_>) -> Value {
    let mut asked = json!({});
    match notes.text("binary-authorization") {
        Some("default") => asked["useDefault"] = json!(true),
        Some(policy) => asked["policy"] = json!(policy),
        None => {}
    }
    put(&mut asked, "breakglassJustification", notes.text("binary-authorization-breakglass"));
    asked
}

fn build(notes: &Annotations<'_>) -> Value {
    let mut build = json!({});
    let texts = [
        ("build-base-image", "baseImage"),
        ("build-function-target", "functionTarget"),
        ("build-image-uri", "imageUri"),
        ("build-name", "name"),
        ("build-service-account", "serviceAccount"),
        ("build-source-location", "sourceLocation"),
        ("build-worker-pool", "workerPool"),
    ];
    for (note, field) in texts {
        put(&mut build, field, notes.text(note));
    }
    if notes.text("build-enable-automatic-updates") == Some("true") {
        build["enableAutomaticUpdates"] = json!(true);
    }
    // What cannot be taken apart is redacted whole.
    if let Some(variables) = notes.text("build-environment-variables") {
        build["environmentVariables"] =
            serde_json::from_str(variables).unwrap_or_else(|_| Value::from(variables));
    }
    build
}

/// The template of a revision.
fn revision(template: &Value) -> Value {
    let notes = annotations(template, "/metadata/annotations");
    let mut revision = pod(&template["spec"], &notes);
    copy(&template["spec"], "containerConcurrency", &mut revision, "maxInstanceRequestConcurrency");
    let limits = [("minScale", "minInstanceCount"), ("maxScale", "maxInstanceCount")];
    revision["scaling"] = numbers(&notes, &limits);
    without_empty(revision)
}

/// What runs, and in whose name: the same for revisions and for tasks.
fn pod(spec: &Value, notes: &Annotations<'_>) -> Value {
    let secrets = notes.text("secrets").unwrap_or_default();
    let containers = elements(spec, "/containers").iter().map(|written| container(written, secrets));
    let mut pod = json!({
        "containers": containers.collect::<Value>(),
        "volumes": elements(spec, "/volumes").iter().map(|written| volume(written, secrets)).collect::<Value>(),
        "vpcAccess": vpc_access(notes),
    });
    put(&mut pod, "serviceAccount", text(spec, "/serviceAccountName"));
    put(&mut pod, "encryptionKey", notes.text("encryption-key"));
    let seconds = match &spec["timeoutSeconds"] {
        Value::Number(seconds) => Some(seconds.to_string()),
        Value::String(seconds) => Some(seconds.clone()),
        _ => None,
    };
    put(&mut pod, "timeout", seconds.map(|seconds| format!("{seconds}s")).as_deref());
    let environment = notes.text("execution-environment").map(str::to_ascii_uppercase);
    let environment = environment.map(|generation| format!("EXECUTION_ENVIRONMENT_{generation}"));
    put(&mut pod, "executionEnvironment", environment.as_deref());
    pod
}

fn container(written: &Value, secrets: &str) -> Value {
    let mut container = written.clone();
    let variables = elements(written, "/env").iter().map(|variable| {
        let mut named = json!({});
        put(&mut named, "name", text(variable, "/name"));
        put(&mut named, "value", text(variable, "/value"));
        if let Some(from) = variable.pointer("/valueFrom/secretKeyRef") {
            let secret = secret(text(from, "/name").unwrap_or_default(), secrets);
            named["valueSource"] =
                json!({"secretKeyRef": {"secret": secret, "version": text(from, "/key").unwrap_or_default()}});
        }
        named
    });
    container["env"] = variables.collect();
    without_empty(container)
}

fn volume(written: &Value, secrets: &str) -> Value {
    let Some(named) = text(written, "/secret/secretName") else { return written.clone() };
    let items = elements(written, "/secret/items").iter().map(|item| {
        let mut file = json!({});
        put(&mut file, "path", text(item, "/path"));
        put(&mut file, "version", text(item, "/key"));
        file
    });
    json!({
        "name": text(written, "/name").unwrap_or_default(),
        "secret": {"secret": secret(named, secrets), "items": items.collect::<Value>()},
    })
}

/// A secret of another project goes by an alias, which an annotation explains: `alias:projects/p/secrets/s,…`.
fn secret(name: &str, aliases: &str) -> String {
    let meant = aliases.split(',').filter_map(|alias| alias.trim().split_once(':'));
    let meant = meant.into_iter().find(|(alias, _)| *alias == name);
    meant.map_or(name, |(_, meant)| meant).to_owned()
}

fn vpc_access(notes: &Annotations<'_>) -> Value {
    let mut access = json!({});
    put(&mut access, "connector", notes.text("vpc-access-connector"));
    let egress = match notes.text("vpc-access-egress") {
        Some("all-traffic" | "all") => Some("ALL_TRAFFIC"),
        Some("private-ranges-only") => Some("PRIVATE_RANGES_ONLY"),
        Some(_) | None => None,
    };
    put(&mut access, "egress", egress);
    let interfaces = notes.text("network-interfaces");
    if let Some(interfaces) = interfaces.and_then(|text| serde_json::from_str::<Value>(text).ok()) {
        access["networkInterfaces"] = interfaces;
    }
    access
}

fn target(written: &Value) -> Value {
    let mut target = json!({});
    copy(written, "percent", &mut target, "percent");
    put(&mut target, "tag", text(written, "/tag"));
    match text(written, "/revisionName") {
        Some(revision) => {
            target["type"] = json!("TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION");
            target["revision"] = json!(revision);
        }
        None => target["type"] = json!("TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST"),
    }
    target
}

/// Annotations, in which v1 keeps what Knative has no fields for.
struct Annotations<'a>(Option<&'a Map<String, Value>>);

fn annotations<'a>(written: &'a Value, pointer: &str) -> Annotations<'a> {
    Annotations(written.pointer(pointer).and_then(Value::as_object))
}

impl<'a> Annotations<'a> {
    /// One of Cloud Run's own, or one of Knative's for scaling.
    fn text(&self, name: &str) -> Option<&'a str> {
        let annotations = self.0?;
        let found = ["run.googleapis.com/", "autoscaling.knative.dev/"]
            .iter()
            .find_map(|owner| annotations.get(&format!("{owner}{name}")));
        found?.as_str()
    }
}

/// The annotations that are numbers, under the fields that v2 has for them.
fn numbers(notes: &Annotations<'_>, names: &[(&str, &str)]) -> Value {
    let mut found = json!({});
    for (note, field) in names {
        if let Some(number) = notes.text(note).and_then(|number| number.parse::<i64>().ok()) {
            found[*field] = json!(number);
        }
    }
    found
}

fn put(to: &mut Value, field: &str, value: Option<&str>) {
    if let Some(value) = value {
        to[field] = Value::from(value);
    }
}

fn copy(from: &Value, field: &str, to: &mut Value, as_: &str) {
    if let Some(value) = from.get(field) {
        to[as_] = value.clone();
    }
}

/// The object without fields that say nothing, which v2 leaves out.
fn without_empty(mut value: Value) -> Value {
    if let Some(fields) = value.as_object_mut() {
        fields.retain(|_, field| match field {
            Value::Object(fields) => !fields.is_empty(),
            Value::Array(items) => !items.is_empty(),
            Value::Null => false,
            Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
        });
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &str = "projects/shop/locations/europe-west1/services/web";

    #[test]
    fn a_service_is_said_as_v2_says_it() {
        let written = json!({
            "apiVersion": "serving.knative.dev/v1",
            "kind": "Service",
            "metadata": {
                "name": "web",
                "namespace": "100200300400",
                "uid": "u1",
                "creationTimestamp": "2026-05-01T00:00:00Z",
                "labels": {"team": "shop", "cloud.googleapis.com/location": "europe-west1"},
                "annotations": {
                    "run.googleapis.com/ingress": "internal-and-cloud-load-balancing",
                    "run.googleapis.com/invoker-iam-disabled": "true",
                    "run.googleapis.com/binary-authorization": "default",
                    "run.googleapis.com/maxScale": "50",
                },
            },
            "spec": {
                "template": {
                    "metadata": {"annotations": {
                        "autoscaling.knative.dev/maxScale": "20",
                        "run.googleapis.com/vpc-access-egress": "all-traffic",
                        "run.googleapis.com/network-interfaces": "[{\"network\":\"main\"}]",
                        "run.googleapis.com/encryption-key": "projects/shop/locations/l/keyRings/k/cryptoKeys/f",
                        "run.googleapis.com/secrets": "db:projects/900/secrets/db-pass",
                    }},
                    "spec": {
                        "serviceAccountName": "web@shop.iam.gserviceaccount.com",
                        "timeoutSeconds": 300,
                        "containers": [{
                            "image": "europe-docker.pkg.dev/shop/app/web:1",
                            "env": [
                                {"name": "STAGE", "value": "live"},
                                {"name": "DB", "valueFrom": {"secretKeyRef": {"name": "db", "key": "3"}}},
                            ],
                        }],
                    },
                },
                "traffic": [{"percent": 100, "latestRevision": true}, {"tag": "old", "revisionName": "web-00001"}],
            },
            "status": {"url": "https://web.example.test", "latestReadyRevisionName": "web-00007"},
        });
        assert!(is_knative(&written));
        assert_eq!(
            service(&written, NAME),
            json!({
                "name": NAME,
                "uid": "u1",
                "createTime": "2026-05-01T00:00:00Z",
                "labels": {"team": "shop"},
                "ingress": "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER",
                "invokerIamDisabled": true,
                "binaryAuthorization": {"useDefault": true},
                "scaling": {"maxInstanceCount": 50},
                "uri": "https://web.example.test",
                "latestReadyRevision": format!("{NAME}/revisions/web-00007"),
                "traffic": [
                    {"percent": 100, "type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST"},
                    {"tag": "old", "revision": "web-00001", "type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION"},
                ],
                "template": {
                    "serviceAccount": "web@shop.iam.gserviceaccount.com",
                    "timeout": "300s",
                    "encryptionKey": "projects/shop/locations/l/keyRings/k/cryptoKeys/f",
                    "scaling": {"maxInstanceCount": 20},
                    "vpcAccess": {"egress": "ALL_TRAFFIC", "networkInterfaces": [{"network": "main"}]},
                    "containers": [{
                        "image": "europe-docker.pkg.dev/shop/app/web:1",
                        "env": [
                            {"name": "STAGE", "value": "live"},
                            {"name": "DB", "valueSource": {"secretKeyRef": {"secret": "projects/900/secrets/db-pass", "version": "3"}}},
                        ],
                    }],
                },
            })
        );
    }

    #[test]
    fn what_v1_leaves_out_is_open() {
        let bare = json!({"apiVersion": "serving.knative.dev/v1", "metadata": {}, "spec": {}});
        assert_eq!(service(&bare, NAME), json!({"name": NAME, "ingress": "INGRESS_TRAFFIC_ALL"}));
        let overridden = json!({"metadata": {"annotations": {
            "run.googleapis.com/binary-authorization": "projects/shop/platforms/cloudRun/strict",
            "run.googleapis.com/binary-authorization-breakglass": "outage",
            "run.googleapis.com/ingress": "internal",
        }}});
        let service = service(&overridden, NAME);
        assert_eq!(service["ingress"], "INGRESS_TRAFFIC_INTERNAL_ONLY");
        assert_eq!(
            service["binaryAuthorization"],
            json!({"policy": "projects/shop/platforms/cloudRun/strict", "breakglassJustification": "outage"})
        );
    }

    #[test]
    fn jobs_and_pools_are_said_as_v2_says_them() {
        let task = json!({
            "containers": [{"image": "i", "args": ["--all"]}],
            "serviceAccountName": "job@shop.iam.gserviceaccount.com",
            "timeoutSeconds": "3600",
            "maxRetries": 0,
        });
        let written = json!({"apiVersion": "run.googleapis.com/v1", "metadata": {}, "spec": {"template": {"spec": {
            "parallelism": 2, "taskCount": 10, "template": {"spec": task},
        }}}});
        assert_eq!(
            job(&written, "projects/shop/locations/l/jobs/nightly")["template"],
            json!({
                "parallelism": 2,
                "taskCount": 10,
                "template": {
                    "containers": [{"image": "i", "args": ["--all"]}],
                    "serviceAccount": "job@shop.iam.gserviceaccount.com",
                    "timeout": "3600s",
                    "maxRetries": 0,
                },
            })
        );
        let written = json!({"spec": {"template": {"spec": {"containers": [{"image": "i"}]}}}});
        let pool = pool(&written, "projects/shop/locations/l/workerPools/p");
        assert_eq!(pool["template"], json!({"containers": [{"image": "i"}]}));
    }
}
