//! Amplify: apps and their branches, with environments, build specifications and passwords redacted or dropped.
//!
//! Apps come in bulk with all that is set for them; one call an app lists its branches, which have variables of their
//! own.

use futures::StreamExt;
use nephoscope_model::{RelationName, Resource, Uid};
use serde_json::{Value, json};

use super::Scope;
use super::api::{Action, Api, List};
use super::client::Reader;
use super::failure::{Class, Failure};
use super::place::{Outcome, Place, put, relate, tag, text};
use super::quota;
use super::request::Request;
use super::volatile::Path;
use crate::redact::Redactor;

pub(super) const SCOPE: Scope = Scope::Regional;
pub(super) const ACTIONS: &[&Action] = &[&APPS.action, &BRANCHES.action];
/// Every deployment moves these.
pub(super) const VOLATILE: &[Path] = &[
    "app/productionBranch/lastDeployTime",
    "app/productionBranch/status",
    "app/productionBranch/thumbnailUrl",
    "branches/branches/*/activeJobId",
    "branches/branches/*/totalNumberOfJobs",
    "branches/branches/*/thumbnailUrl",
];

static API: Api = Api::rest_json("Amplify", "amplify", &quota::AMPLIFY).in_some_regions();
static APPS: List = API.list("amplify:ListApps", "apps").paged("nextToken", "nextToken");
static BRANCHES: List = API.list("amplify:ListBranches", "branches").paged("nextToken", "nextToken");

/// The largest page of branches.
const PAGE: i32 = 50;

pub(super) async fn collect(reader: &Reader) -> Outcome {
    let apps = reader.list_where_offered(&APPS, Request::get(&["apps"]).query("maxResults", 100)).await;
    let resources = apps.items.into_iter().map(|app| fetch(reader, app));
    let resources: Vec<Option<Resource>> =
        futures::stream::iter(resources).buffer_unordered(reader.limits.concurrency).collect().await;
    Outcome { resources: resources.into_iter().flatten().collect(), listings: vec![apps.failure] }
}

/// None where the app was deleted after it had been listed.
async fn fetch(reader: &Reader, app: Value) -> Option<Resource> {
    let uid = Uid::from(text(&app, "/appArn")?);
    let request = Request::get(&["apps", text(&app, "/appId")?, "branches"]).query("maxResults", PAGE);
    match reader.list(&BRANCHES, Some(&uid), request).await.whole() {
        Err(failure) if failure.class == Class::NotFound => None,
        branches => normalise(&reader.place, &reader.redactor, app, branches),
    }
}

fn normalise(
    place: &Place,
    redactor: &Redactor,
    mut app: Value,
    branches: Result<Vec<Value>, Failure>,
) -> Option<Resource> {
    let arn = text(&app, "/appArn")?.to_owned();
    let mut resource = place.resource("aws.amplify.app", &arn, text(&app, "/name").unwrap_or(&arn));
    tag(&mut resource, app.get("tags"));
    relate(&mut resource, RelationName::ExecutesAs, text(&app, "/computeRoleArn"));
    relate(&mut resource, RelationName::FrontedBy, text(&app, "/wafConfiguration/webAclArn"));
    redact(redactor, &mut app);
    if let Some(defaults) = app.get_mut("autoBranchCreationConfig") {
        redact(redactor, defaults);
    }
    put(&mut resource, "app", Ok(Some(app)));
    let branches = branches.map(|mut branches| {
        branches.iter_mut().for_each(|branch| redact(redactor, branch));
        Some(json!({ "branches": branches }))
    });
    put(&mut resource, "branches", branches);
    Some(resource)
}

/// Apps, branches and the defaults of new branches share these fields.
fn redact(redactor: &Redactor, holder: &mut Value) {
    redactor.redact_map(holder, "/environmentVariables");
    let specification = holder.get("buildSpec").and_then(Value::as_str);
    let specification = specification.map(|text| redactor.redact("buildSpec", text).to_value());
    if let Some(fields) = holder.as_object_mut() {
        fields.remove("basicAuthCredentials");
        if let Some(redacted) = specification {
            fields.insert("buildSpec".to_owned(), redacted);
        }
    }
}

#[cfg(test)]
mod tests {
    use nephoscope_model::Facet;

    use super::*;

    #[test]
    fn no_environment_is_kept() {
        let settings = json!({"environmentVariables": {"TOKEN": "CANARY"}, "buildSpec": "CANARY",
            "basicAuthCredentials": "CANARY", "stage": "PRODUCTION"});
        let mut app = settings.clone();
        app["appArn"] = json!("arn:aws:amplify:eu-west-1:123456789012:apps/d1");
        app["name"] = json!("shop");
        app["autoBranchCreationConfig"] = settings.clone();
        let place = Place::example("amplify");
        let resource = normalise(&place, &Redactor::new([1; 32]), app, Ok(vec![settings])).unwrap();
        for facet in ["app", "branches"] {
            let Facet::Known(value) = &resource.facets[facet] else { panic!("{resource:?}") };
            assert!(!value.to_string().contains("CANARY"), "{value}");
            assert!(value.to_string().contains("TOKEN"), "names stay");
        }
    }
}
