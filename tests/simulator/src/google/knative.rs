//! Cloud Run's resources as its version 1 writes them, after Knative: what version 2 has fields for stands in
//! annotations there. The inventory shows this form.
//!
//! <https://cloud.google.com/run/docs/reference/rest/v1/namespaces.services>

use serde_json::{Map, Value, json};

/// Switches of a service.
const SWITCHES: &[(&str, &str)] = &[
    ("invokerIamDisabled", "invoker-iam-disabled"),
    ("defaultUriDisabled", "default-url-disabled"),
    ("iapEnabled", "iap-enabled"),
];

/// How a service was built.
const BUILD: &[(&str, &str)] = &[
    ("baseImage", "build-base-image"),
    ("functionTarget", "build-function-target"),
    ("imageUri", "build-image-uri"),
    ("name", "build-name"),
    ("serviceAccount", "build-service-account"),
    ("sourceLocation", "build-source-location"),
    ("workerPool", "build-worker-pool"),
];

/// A resource of version 2 (`Service`, `Job`, `Revision`, `WorkerPool`) in the form of version 1; `number` is the
/// project's.
pub(super) fn written(resource: &Value, kind: &str, number: &str) -> Value {
    let name = resource["name"].as_str().unwrap_or_default();
    let place = name.split('/').nth(3).unwrap_or_default();
    let mut labels = resource["labels"].as_object().cloned().unwrap_or_default();
    labels.insert("cloud.googleapis.com/location".to_owned(), json!(place));
    let mut notes = Notes::of(resource);
    notes.add("description", &resource["description"]);
    let authorization = &resource["binaryAuthorization"];
    notes.add("binary-authorization", &authorization["policy"]);
    notes.add("binary-authorization-breakglass", &authorization["breakglassJustification"]);
    if authorization["useDefault"] == true {
        notes.add("binary-authorization", &json!("default"));
    }
    let spec = match kind {
        "Job" => json!({"template": execution(&resource["template"])}),
        "Revision" => of_revision(resource, &mut notes),
        _ => json!({"template": template(&resource["template"])}),
    };
    let space =
        if matches!(kind, "Service" | "Revision") { "serving.knative.dev" } else { "run.googleapis.com" };
    let mut whole = json!({"apiVersion": format!("{space}/v1"), "kind": kind, "spec": spec});
    if kind == "Service" {
        of_service(resource, &mut whole, &mut notes);
    }
    let mut metadata = json!({"name": name.rsplit('/').next(), "namespace": number, "labels": labels, "annotations": notes.0});
    copy(resource, "uid", &mut metadata, "uid");
    copy(resource, "createTime", &mut metadata, "creationTimestamp");
    whole["metadata"] = metadata;
    whole
}

fn of_service(service: &Value, whole: &mut Value, notes: &mut Notes) {
    notes.add(
        "ingress",
        &json!(match service["ingress"].as_str() {
            Some("INGRESS_TRAFFIC_INTERNAL_ONLY") => "internal",
            Some("INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER") => "internal-and-cloud-load-balancing",
            Some("INGRESS_TRAFFIC_NONE") => "none",
            _ => "all",
        }),
    );
    for (field, note) in SWITCHES {
        if service[*field] == true {
            notes.add(note, &json!("true"));
        }
    }
    let scaling = &service["scaling"];
    notes.add("minScale", &scaling["minInstanceCount"]);
    notes.add("maxScale", &scaling["maxInstanceCount"]);
    notes.add("manualInstanceCount", &scaling["manualInstanceCount"]);
    for (field, note) in BUILD {
        notes.add(note, &service["buildConfig"][*field]);
    }
    if service["buildConfig"]["enableAutomaticUpdates"] == true {
        notes.add("build-enable-automatic-updates", &json!("true"));
    }
    notes.add_text("build-environment-variables", &service["buildConfig"]["environmentVariables"]);
    notes.add_text("custom-audiences", &service["customAudiences"]);
    if let Some(traffic) = service["traffic"].as_array() {
        whole["spec"]["traffic"] = traffic.iter().map(target).collect();
    }
    let mut status = json!({});
    copy(service, "uri", &mut status, "url");
    for (field, name) in [
        ("latestReadyRevision", "latestReadyRevisionName"),
        ("latestCreatedRevision", "latestCreatedRevisionName"),
    ] {
        if let Some(revision) = service[field].as_str() {
            status[name] = json!(revision.rsplit('/').next());
        }
    }
    whole["status"] = status;
}

fn target(target: &Value) -> Value {
    let mut written = json!({});
    copy(target, "percent", &mut written, "percent");
    copy(target, "tag", &mut written, "tag");
    match target["revision"].as_str() {
        Some(revision) => written["revisionName"] = json!(revision.rsplit('/').next()),
        None => written["latestRevision"] = json!(true),
    }
    written
}

/// The template of a revision.
fn template(template: &Value) -> Value {
    let mut notes = Notes::of(template);
    let spec = of_revision(template, &mut notes);
    let mut metadata = json!({"annotations": notes.0});
    copy(template, "labels", &mut metadata, "labels");
    copy(template, "revision", &mut metadata, "name");
    json!({"metadata": metadata, "spec": spec})
}

fn of_revision(revision: &Value, notes: &mut Notes) -> Value {
    let mut spec = pod(revision, notes);
    let seconds =
        revision["timeout"].as_str().and_then(|text| text.trim_end_matches('s').parse::<u64>().ok());
    if let Some(seconds) = seconds {
        spec["timeoutSeconds"] = json!(seconds);
    }
    copy(revision, "maxInstanceRequestConcurrency", &mut spec, "containerConcurrency");
    for (field, note) in [("minInstanceCount", "minScale"), ("maxInstanceCount", "maxScale")] {
        notes.add_as("autoscaling.knative.dev", note, &revision["scaling"][field]);
    }
    if revision["sessionAffinity"] == true {
        notes.add("sessionAffinity", &json!("true"));
    }
    spec
}

/// The template of an execution of a job.
fn execution(execution: &Value) -> Value {
    let task = &execution["template"];
    let mut notes = Notes::of(execution);
    let mut of_task = pod(task, &mut notes);
    if let Some(timeout) = task["timeout"].as_str() {
        of_task["timeoutSeconds"] = json!(timeout.trim_end_matches('s'));
    }
    copy(task, "maxRetries", &mut of_task, "maxRetries");
    let mut spec = json!({"template": {"spec": of_task}});
    copy(execution, "parallelism", &mut spec, "parallelism");
    copy(execution, "taskCount", &mut spec, "taskCount");
    json!({"metadata": {"annotations": notes.0}, "spec": spec})
}

/// What runs, and in whose name.
fn pod(template: &Value, notes: &mut Notes) -> Value {
    let list = |name: &str| template[name].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut secrets = Vec::new();
    let containers: Vec<Value> = list("containers").iter().map(|one| container(one, &mut secrets)).collect();
    let volumes: Vec<Value> = list("volumes").iter().filter_map(|one| volume(one, &mut secrets)).collect();
    let instances = list("volumes").iter().filter_map(|one| one["cloudSqlInstance"]["instances"].as_array());
    let instances: Vec<&str> = instances.flatten().filter_map(Value::as_str).collect();
    if !instances.is_empty() {
        notes.add("cloudsql-instances", &json!(instances.join(",")));
    }
    if !secrets.is_empty() {
        notes.add("secrets", &json!(secrets.join(",")));
    }
    let access = &template["vpcAccess"];
    notes.add("vpc-access-connector", &access["connector"]);
    match access["egress"].as_str() {
        Some("ALL_TRAFFIC") => notes.add("vpc-access-egress", &json!("all-traffic")),
        Some("PRIVATE_RANGES_ONLY") => notes.add("vpc-access-egress", &json!("private-ranges-only")),
        _ => {}
    }
    notes.add_text("network-interfaces", &access["networkInterfaces"]);
    notes.add("encryption-key", &template["encryptionKey"]);
    let environment = template["executionEnvironment"].as_str();
    let environment = environment.and_then(|name| name.strip_prefix("EXECUTION_ENVIRONMENT_"));
    if let Some(generation) = environment.filter(|generation| *generation != "UNSPECIFIED") {
        notes.add("execution-environment", &json!(generation.to_ascii_lowercase()));
    }
    let mut spec = json!({"containers": containers});
    if !volumes.is_empty() {
        spec["volumes"] = Value::from(volumes);
    }
    copy(template, "serviceAccount", &mut spec, "serviceAccountName");
    spec
}

fn container(container: &Value, secrets: &mut Vec<String>) -> Value {
    let mut written = json!({});
    let same =
        ["args", "command", "image", "livenessProbe", "name", "ports", "readinessProbe", "startupProbe"];
    for field in same.into_iter().chain(["volumeMounts", "workingDir"]) {
        copy(container, field, &mut written, field);
    }
    if let Some(limits) = container["resources"].get("limits") {
        written["resources"] = json!({"limits": limits});
    }
    let variable = |variable: &Value| {
        let mut one = json!({"name": variable["name"]});
        copy(variable, "value", &mut one, "value");
        if let Some(from) = variable["valueSource"].get("secretKeyRef") {
            let name = named(from["secret"].as_str().unwrap_or_default(), secrets);
            let version = from["version"].as_str().unwrap_or("latest");
            one["valueFrom"] = json!({"secretKeyRef": {"name": name, "key": version}});
        }
        one
    };
    if let Some(variables) = container["env"].as_array() {
        written["env"] = variables.iter().map(variable).collect();
    }
    written
}

/// A volume; none for what is an annotation.
fn volume(volume: &Value, secrets: &mut Vec<String>) -> Option<Value> {
    let mut written = json!({"name": volume["name"]});
    if let Some(secret) = volume.get("secret") {
        let file =
            |item: &Value| json!({"path": item["path"], "key": item["version"].as_str().unwrap_or("latest")});
        let items = secret["items"].as_array().map(Vec::as_slice).unwrap_or_default();
        written["secret"] = json!({
            "secretName": named(secret["secret"].as_str().unwrap_or_default(), secrets),
            "items": items.iter().map(file).collect::<Vec<Value>>(),
        });
    } else if let Some(bucket) = volume.get("gcs") {
        let attributes = json!({"bucketName": bucket["bucket"]});
        written["csi"] = json!({"driver": "gcsfuse.run.googleapis.com", "volumeAttributes": attributes,
            "readOnly": bucket["readOnly"] == true});
    } else if let Some(share) = volume.get("nfs") {
        written["nfs"] = share.clone();
    } else if let Some(memory) = volume.get("emptyDir") {
        written["emptyDir"] = json!({"medium": "Memory"});
        copy(memory, "sizeLimit", &mut written["emptyDir"], "sizeLimit");
    } else {
        return None;
    }
    Some(written)
}

/// The name of a secret; one of another project goes by an alias, which an annotation explains.
fn named(secret: &str, aliases: &mut Vec<String>) -> String {
    let short = secret.rsplit('/').next().unwrap_or_default().to_owned();
    if !secret.contains('/') {
        return short;
    }
    let alias = format!("{short}:{secret}");
    if !aliases.contains(&alias) {
        aliases.push(alias);
    }
    short
}

/// Annotations.
struct Notes(Map<String, Value>);

impl Notes {
    /// Those that version 2 keeps as well: the user's own.
    fn of(resource: &Value) -> Self {
        Self(resource["annotations"].as_object().cloned().unwrap_or_default())
    }

    /// A text or number of Cloud Run's own.
    fn add(&mut self, name: &str, value: &Value) {
        self.add_as("run.googleapis.com", name, value);
    }

    fn add_as(&mut self, owner: &str, name: &str, value: &Value) {
        let text = match value {
            Value::Null => return,
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        self.0.insert(format!("{owner}/{name}"), Value::from(text));
    }

    /// JSON, as text.
    fn add_text(&mut self, name: &str, value: &Value) {
        if !value.is_null() {
            self.add(name, &json!(value.to_string()));
        }
    }
}

fn copy(from: &Value, field: &str, to: &mut Value, as_: &str) {
    if let Some(value) = from.get(field) {
        to[as_] = value.clone();
    }
}
