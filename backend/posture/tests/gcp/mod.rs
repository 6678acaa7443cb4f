//! A project of Google Cloud for tests.

use nephoscope_model::{Provider, Region, Resource, ServiceName};
use serde_json::{Value, json};

use crate::shop::{self, ACCOUNT, Shop};

pub const NUMBER: &str = "100200300";
pub const PLACE: &str = "projects/111122223333/locations/europe-west1";

/// A project with these resources besides itself, in which everything was listed.
pub fn project(resources: Vec<Resource>) -> Shop {
    with_policy(json!({}), resources)
}

pub fn with_policy(policy: Value, resources: Vec<Resource>) -> Shop {
    let services =
        json!({"services": [{"name": "projects/1/services/run.googleapis.com", "state": "ENABLED"}]});
    let facets = json!({
        "project": {"name": format!("projects/{NUMBER}"), "projectId": ACCOUNT},
        "policy": policy,
        "ancestors": {"policies": []},
        "services": services,
    });
    let mut all = vec![resource("gcp.project", "//cloudresourcemanager.googleapis.com/projects/p", facets)];
    all.extend(resources);
    let mut shop = Shop::with(all);
    let row = shop.coverage[0].clone();
    let services = [
        "cloudfunctions",
        "run",
        "apigateway",
        "apikeys",
        "appengine",
        "artifactregistry",
        "compute",
        "storage",
        "vpcaccess",
    ];
    let listed = services.map(|service| {
        let mut row = row.clone();
        row.shard.provider = Provider::Gcp;
        row.shard.service = ServiceName::from(service);
        row
    });
    shop.coverage = listed.to_vec();
    shop
}

/// The same without the project itself.
pub fn projectless(resources: Vec<Resource>) -> Shop {
    let mut shop = project(resources);
    shop.resources.retain(|held| held.resource.kind().as_str() != "gcp.project");
    shop
}

pub fn resource(kind: &str, uid: &str, facets: Value) -> Resource {
    Resource { provider: Provider::Gcp, region: Region::global(), ..shop::resource(kind, uid, facets) }
}

pub fn service_uid() -> String {
    format!("//run.googleapis.com/{PLACE}/services/web")
}

pub fn function_uid() -> String {
    format!("//cloudfunctions.googleapis.com/{PLACE}/functions/web")
}

/// A service with these fields besides its address and its image.
pub fn service(fields: Value, policy: Value) -> Resource {
    let mut service = json!({
        "ingress": "INGRESS_TRAFFIC_ALL",
        "uri": "https://web-abc.a.run.app",
        "template": {"containers": [{"image": format!("europe-west1-docker.pkg.dev/{ACCOUNT}/app/web:1")}]},
    });
    merge(&mut service, fields);
    resource(
        "gcp.run.service",
        &service_uid(),
        json!({"service": service, "policy": policy, "revisions": null}),
    )
}

/// A function of the second generation above the service, with these fields.
pub fn function(fields: Value, policy: Value) -> Resource {
    let mut config = json!({
        "environment": "GEN_2",
        "buildConfig": {"runtime": "python37"},
        "serviceConfig": {"service": format!("{PLACE}/services/web"), "ingressSettings": "ALLOW_ALL"},
    });
    merge(&mut config, fields);
    resource("gcp.functions.function", &function_uid(), json!({"config": config, "policy": policy}))
}

pub fn first_generation(fields: Value, policy: Value) -> Resource {
    let mut config = json!({"environment": "GEN_1", "url": format!("https://europe-west1-{ACCOUNT}.cloudfunctions.net/web")});
    merge(&mut config, fields);
    function(config, policy)
}

pub fn merge(into: &mut Value, fields: Value) {
    let Value::Object(fields) = fields else { return };
    for (name, value) in fields {
        match into.get_mut(&name) {
            Some(old) if old.is_object() && value.is_object() => merge(old, value),
            _ => into[name] = value,
        }
    }
}

pub fn given(role: &str, member: &str) -> Value {
    json!({"bindings": [{"role": role, "members": [member]}]})
}

pub fn invoker(member: &str) -> Value {
    given("roles/run.invoker", member)
}
