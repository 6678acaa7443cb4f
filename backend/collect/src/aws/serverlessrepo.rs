//! The Serverless Application Repository: the account's own applications, and with whom they are shared.
//!
//! One call an application beside the listing.

use futures::StreamExt;
use nephoscope_model::{Resource, Uid};
use serde_json::Value;

use super::Scope;
use super::api::{Action, Api, List};
use super::client::Reader;
use super::failure::Class;
use super::place::{Outcome, Place, Read, put, text};
use super::quota;
use super::request::Request;
use super::volatile::Path;

pub(super) const SCOPE: Scope = Scope::Regional;
pub(super) const ACTIONS: &[&Action] = &[&APPLICATIONS.action, &GET_POLICY];
pub(super) const VOLATILE: &[Path] = &[];

static API: Api = Api::rest_json("ServerlessApplicationRepository", "serverlessrepo", &quota::SERVERLESSREPO);
static APPLICATIONS: List =
    API.list("serverlessrepo:ListApplications", "applications").paged("nextToken", "nextToken");
static GET_POLICY: Action = API.action("serverlessrepo:GetApplicationPolicy");

pub(super) async fn collect(reader: &Reader) -> Outcome {
    let request = Request::get(&["applications"]).query("maxItems", 100);
    let listed = reader.list_where_offered(&APPLICATIONS, request).await;
    let resources = listed.items.into_iter().map(|application| fetch(reader, application));
    let resources: Vec<Option<Resource>> =
        futures::stream::iter(resources).buffer_unordered(reader.limits.concurrency).collect().await;
    Outcome { resources: resources.into_iter().flatten().collect(), listings: vec![listed.failure] }
}

/// None where the application was deleted after it had been listed.
async fn fetch(reader: &Reader, application: Value) -> Option<Resource> {
    let arn = text(&application, "/applicationId")?;
    let request = Request::get(&["applications", arn, "policy"]);
    let policy = match reader.call(&GET_POLICY, Some(&Uid::from(arn)), request).await {
        Err(failure) if failure.class == Class::NotFound => return None,
        policy => policy.map(Some),
    };
    normalise(&reader.place, application, policy)
}

fn normalise(place: &Place, application: Value, policy: Read) -> Option<Resource> {
    let arn = text(&application, "/applicationId")?.to_owned();
    let name = text(&application, "/name").unwrap_or(&arn).to_owned();
    let mut resource = place.resource("aws.serverlessrepo.application", &arn, &name);
    put(&mut resource, "application", Ok(Some(application)));
    put(&mut resource, "policy", policy);
    Some(resource)
}

#[cfg(test)]
mod tests {
    use nephoscope_model::Facet;
    use serde_json::json;

    use super::*;

    #[test]
    fn an_application_carries_its_statements() {
        let arn = "arn:aws:serverlessrepo:eu-west-1:123456789012:applications/resize";
        let policy = json!({"statements": [{"actions": ["Deploy"], "principals": ["*"]}]});
        let listed = json!({"applicationId": arn, "name": "resize"});
        let found = normalise(&Place::example("serverlessrepo"), listed, Ok(Some(policy.clone()))).unwrap();
        assert_eq!((found.uid.as_str(), found.name.as_str()), (arn, "resize"));
        assert_eq!(found.facets["policy"], Facet::Known(policy));
    }
}
