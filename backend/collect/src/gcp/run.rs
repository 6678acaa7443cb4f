//! Cloud Run: services, jobs and worker pools, who may call them, and which old revisions still answer.

mod container;
mod knative;

use nephoscope_model::{Facet, RelationName, Resource};
use serde_json::Value;

use super::kind::{Ask, Detail, Kind, Source, always};
use super::{edges, names, quota};
use crate::normalise::{elements, tag, text, without};
use crate::redact::Redactor;
use crate::rest::{Action, List, Pages};

const HOST: &str = "run.googleapis.com";
const TOKEN: Pages = Pages::Token { reply: "nextPageToken", request: "pageToken" };

static SERVICES: List = Action::new("run.services.list", &quota::RUN).at(HOST).list("services", TOKEN);
static SERVICE_POLICY: Action = Action::new("run.services.getIamPolicy", &quota::RUN).at(HOST);
static REVISIONS: List = Action::new("run.revisions.list", &quota::RUN).at(HOST).list("revisions", TOKEN);
static JOBS: List = Action::new("run.jobs.list", &quota::RUN).at(HOST).list("jobs", TOKEN);
static JOB_POLICY: Action = Action::new("run.jobs.getIamPolicy", &quota::RUN).at(HOST);
static POOLS: List = Action::new("run.workerpools.list", &quota::RUN).at(HOST).list("workerPools", TOKEN);
static POOL_POLICY: Action = Action::new("run.workerpools.getIamPolicy", &quota::RUN).at(HOST);

const POLICY: &str = "/v2/{name}:getIamPolicy?options.requestedPolicyVersion=3";

pub(super) const KINDS: &[Kind] = &[
    Kind {
        kind: "gcp.run.service",
        facet: "service",
        host: HOST,
        source: Source::Assets {
            type_: "run.googleapis.com/Service",
            list: Some(&SERVICES),
            path: "/v2/projects/{project}/locations/{location}/services",
        },
        policy: Some(Ask::One(&SERVICE_POLICY, POLICY)),
        details: &[
            Detail::new("revisions", Ask::All(&REVISIONS, "/v2/{name}/revisions")).when(has_old_revisions)
        ],
        normalise: |resource, redactor| normalise(resource, "service", redactor),
    },
    Kind {
        kind: "gcp.run.job",
        facet: "job",
        host: HOST,
        source: Source::Assets {
            type_: "run.googleapis.com/Job",
            list: Some(&JOBS),
            path: "/v2/projects/{project}/locations/{location}/jobs",
        },
        policy: Some(Ask::One(&JOB_POLICY, POLICY)),
        details: &[],
        normalise: |resource, redactor| normalise(resource, "job", redactor),
    },
    Kind {
        kind: "gcp.run.workerpool",
        facet: "pool",
        host: HOST,
        source: Source::Assets {
            type_: "run.googleapis.com/WorkerPool",
            list: Some(&POOLS),
            path: "/v2/projects/{project}/locations/{location}/workerPools",
        },
        policy: Some(Ask::One(&POOL_POLICY, POLICY)),
        details: &[],
        normalise: |resource, redactor| normalise(resource, "pool", redactor),
    },
];

/// Whether a revision other than the latest one answers, so that its age matters.
fn has_old_revisions(service: &Resource) -> bool {
    let Some(Facet::Known(service)) = service.facets.get("service") else { return always(service) };
    let short = |name: &str| name.rsplit('/').next().unwrap_or_default().to_owned();
    let latest =
        text(service, "/latestReadyRevision").or_else(|| text(service, "/status/latestReadyRevisionName"));
    let latest = latest.map(short);
    let targets = elements(service, "/traffic").iter().chain(elements(service, "/spec/traffic"));
    targets
        .filter_map(|target| text(target, "/revision").or_else(|| text(target, "/revisionName")))
        .any(|revision| !revision.is_empty() && Some(short(revision)) != latest)
}

fn normalise(resource: &mut Resource, facet: &str, redactor: &Redactor) {
    let rest = names::rest(resource).to_owned();
    names::by_project(resource, HOST, &rest);
    let name = format!("projects/{}/{rest}", resource.account);
    let Some(Facet::Known(config)) = resource.facets.get_mut(facet) else { return };
    if knative::is_knative(config) {
        *config = match facet {
            "job" => knative::job(config, &name),
            "pool" => knative::pool(config, &name),
            _ => knative::service(config, &name),
        };
    }
    let template = if facet == "job" { "/template/template" } else { "/template" };
    container::redact(config, &format!("{template}/containers"), redactor);
    redactor.redact_map(config, "/buildConfig/environmentVariables");
    for annotations in ["/annotations", &format!("{template}/annotations")] {
        if let Some(annotations) = config.pointer_mut(annotations) {
            // A copy of the whole, with values that were not redacted.
            without(annotations, "kubectl.kubernetes.io/last-applied-configuration");
        }
    }
    without(config, "etag");
    let config = config.clone();
    tag(resource, config.get("labels"));
    let named = |field: &str| text(&config, &format!("{template}/{field}"));
    edges::executes_as(resource, named("serviceAccount"));
    edges::to(resource, RelationName::EncryptedBy, "cloudkms.googleapis.com", named("encryptionKey"));
    let connector = named("vpcAccess/connector");
    edges::to(resource, RelationName::RunsIn, "vpcaccess.googleapis.com", connector);
    for container in elements(&config, &format!("{template}/containers")) {
        edges::runs_image(resource, text(container, "/image"));
    }
    if let Some(Facet::Known(revisions)) = resource.facets.get_mut("revisions") {
        shorten(revisions);
    }
}

/// Keeps of each revision what tells how old it is and what runs in it.
fn shorten(revisions: &mut Value) {
    for revision in revisions.get_mut("revisions").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(fields) = revision.as_object_mut() {
            fields.retain(|field, _| ["name", "createTime", "containers"].contains(&field.as_str()));
        }
        for container in revision.get_mut("containers").and_then(Value::as_array_mut).into_iter().flatten() {
            if let Some(fields) = container.as_object_mut() {
                fields.retain(|field, _| ["name", "image"].contains(&field.as_str()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::gcp::sample::resource;

    fn service(config: Value) -> Resource {
        resource("gcp.run.service", "service", config)
    }

    #[test]
    fn services_are_redacted_and_related_in_either_words() {
        let container = json!({
            "image": "europe-docker.pkg.dev/shop/app/web:1",
            "env": [{"name": "DB_PASSWORD", "value": "CANARY-hunter2-9f"}],
        });
        let newer = json!({
            "etag": "e",
            "labels": {"team": "shop"},
            "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "CANARY", "note": "n"},
            "buildConfig": {"environmentVariables": {"NPM_TOKEN": "CANARY"}},
            "template": {
                "serviceAccount": "web@shop.iam.gserviceaccount.com",
                "containers": [container],
                "vpcAccess": {"connector": "projects/shop/locations/europe-west1/connectors/c1"},
            },
        });
        let older = json!({
            "apiVersion": "serving.knative.dev/v1",
            "metadata": {"labels": {"team": "shop"}, "annotations": {
                "kubectl.kubernetes.io/last-applied-configuration": "CANARY",
                "run.googleapis.com/build-environment-variables": "{\"NPM_TOKEN\": \"CANARY\"}",
            }},
            "spec": {"template": {
                "metadata": {"annotations": {"run.googleapis.com/vpc-access-connector": "projects/shop/locations/europe-west1/connectors/c1"}},
                "spec": {"serviceAccountName": "web@shop.iam.gserviceaccount.com", "containers": [container]},
            }},
        });
        for config in [newer, older] {
            let mut service = service(config);
            normalise(&mut service, "service", &Redactor::new([1; 32]));
            let config = service.facets["service"].value().unwrap();
            assert!(!config.to_string().contains("CANARY"), "{config}");
            assert_eq!(service.tags["team"], "shop");
            assert!(config.pointer("/buildConfig/environmentVariables/NPM_TOKEN").unwrap().is_object());
            let edges: Vec<String> =
                service.relations.iter().map(|edge| format!("{} {}", edge.name, edge.to)).collect();
            assert_eq!(
                edges,
                [
                    "executes_as //iam.googleapis.com/projects/shop/serviceAccounts/web@shop.iam.gserviceaccount.com",
                    "runs_in //vpcaccess.googleapis.com/projects/shop/locations/europe-west1/connectors/c1",
                    "runs_image //artifactregistry.googleapis.com/projects/shop/locations/europe/repositories/app",
                ]
            );
        }
    }

    #[test]
    fn jobs_keep_their_task_one_level_deeper() {
        let task = json!({"containers": [{"env": [{"name": "A", "value": "CANARY"}]}], "serviceAccount": "j@shop.iam.gserviceaccount.com"});
        let mut job = resource("gcp.run.job", "job", json!({"template": {"template": task}}));
        normalise(&mut job, "job", &Redactor::new([1; 32]));
        assert!(!job.facets["job"].value().unwrap().to_string().contains("CANARY"));
        assert_eq!(job.relations.len(), 1);
    }

    #[test]
    fn revisions_are_read_only_where_an_old_one_answers() {
        let latest = "projects/shop/locations/europe-west1/services/web/revisions/web-00007";
        let of = |traffic: Value| {
            has_old_revisions(&service(json!({"latestReadyRevision": latest, "traffic": traffic})))
        };
        assert!(!of(json!([])));
        assert!(!of(json!([{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 100}])));
        assert!(!of(json!([{"revision": "web-00007", "percent": 100}])));
        assert!(of(
            json!([{"revision": "web-00007", "percent": 100}, {"revision": "web-00001", "tag": "old"}])
        ));
        let older = json!({
            "status": {"latestReadyRevisionName": "web-00007"},
            "spec": {"traffic": [{"revisionName": "web-00003", "percent": 100}]},
        });
        assert!(has_old_revisions(&service(older)));
        let mut read = service(json!({}));
        let revision = json!({"name": latest, "createTime": "2026-01-01T00:00:00Z", "containers": [{"image": "i", "env": [{"name": "A", "value": "CANARY"}]}], "logUri": "x"});
        read.facets.insert("revisions".to_owned(), Facet::Known(json!({"revisions": [revision]})));
        normalise(&mut read, "service", &Redactor::new([1; 32]));
        assert_eq!(
            read.facets["revisions"].value().unwrap(),
            &json!({"revisions": [{"name": latest, "createTime": "2026-01-01T00:00:00Z", "containers": [{"image": "i"}]}]})
        );
    }
}
