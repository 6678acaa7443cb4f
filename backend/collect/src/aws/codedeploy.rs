//! CodeDeploy: the deployment groups that shift traffic between versions of functions.
//!
//! Applications come in bulk, which tells those for Lambda from the rest; two calls for each of these.

use futures::StreamExt;
use nephoscope_model::{RelationName, Resource};
use serde_json::{Value, json};

use super::Scope;
use super::api::{Action, Api, List};
use super::client::Reader;
use super::failure::{Class, Failure};
use super::place::{Outcome, Place, put, relate, text};
use super::quota;
use super::request::Request;
use super::volatile::Path;

pub(super) const SCOPE: Scope = Scope::Regional;
pub(super) const ACTIONS: &[&Action] = &[&NAMES.action, &GET_APPLICATIONS, &GROUPS.action, &GET_GROUPS];
/// Every deployment moves these.
pub(super) const VOLATILE: &[Path] =
    &["group/lastSuccessfulDeployment", "group/lastAttemptedDeployment", "group/targetRevision"];

static API: Api = Api::json("CodeDeploy", "codedeploy", "1.1", "CodeDeploy_20141006", &quota::CODEDEPLOY);
static NAMES: List =
    API.list("codedeploy:ListApplications", "applications").paged("nextToken", "nextToken").may_lack_items();
static GET_APPLICATIONS: Action = API.action("codedeploy:BatchGetApplications");
static GROUPS: List = API
    .list("codedeploy:ListDeploymentGroups", "deploymentGroups")
    .paged("nextToken", "nextToken")
    .may_lack_items();
static GET_GROUPS: Action = API.action("codedeploy:BatchGetDeploymentGroups");

/// The most names of one batch.
const BATCH: usize = 100;

pub(super) async fn collect(reader: &Reader) -> Outcome {
    let names = reader.list(&NAMES, None, Request::call()).await;
    let mut listings = vec![names.failure];
    let mut applications = Vec::new();
    for names in names.items.chunks(BATCH) {
        let request = Request::call().field("applicationNames", json!(names));
        match batch(reader, &GET_APPLICATIONS, request, "applicationsInfo").await {
            Ok(found) => applications.extend(found),
            Err(failure) => listings.push(Some(failure)),
        }
    }
    let of_functions = applications.into_iter().filter_map(|application| {
        let is_ours = text(&application, "/computePlatform") == Some("Lambda");
        text(&application, "/applicationName").filter(|_| is_ours).map(str::to_owned)
    });
    let names: Vec<String> = of_functions.collect();
    let groups = names.into_iter().map(|name| fetch(reader, name));
    let groups: Vec<(Vec<Value>, Option<Failure>)> =
        futures::stream::iter(groups).buffer_unordered(reader.limits.concurrency).collect().await;
    let mut resources = Vec::new();
    for (groups, failure) in groups {
        resources.extend(groups.into_iter().filter_map(|item| group(&reader.place, item)));
        // An application that was deleted meanwhile has no groups.
        listings.extend(failure.filter(|failure| failure.class != Class::NotFound).map(Some));
    }
    Outcome { resources, listings }
}

async fn fetch(reader: &Reader, application: String) -> (Vec<Value>, Option<Failure>) {
    let of_application = || Request::call().field("applicationName", application.as_str());
    let names = reader.list(&GROUPS, None, of_application()).await;
    let (mut groups, mut failure) = (Vec::new(), names.failure);
    for names in names.items.chunks(BATCH) {
        let request = of_application().field("deploymentGroupNames", json!(names));
        match batch(reader, &GET_GROUPS, request, "deploymentGroupsInfo").await {
            Ok(found) => groups.extend(found),
            Err(refused) => failure = failure.or(Some(refused)),
        }
    }
    (groups, failure)
}

async fn batch(
    reader: &Reader,
    action: &'static Action,
    request: Request,
    items: &str,
) -> Result<Vec<Value>, Failure> {
    match reader.call(action, None, request).await?.get_mut(items).map(Value::take) {
        Some(Value::Array(items)) => Ok(items),
        _ => Err(Failure::malformed(action, &format!("the answer has no list `{items}`"))),
    }
}

fn group(place: &Place, group: Value) -> Option<Resource> {
    let application = text(&group, "/applicationName")?;
    let name = text(&group, "/deploymentGroupName")?;
    let name = format!("{application}/{name}");
    let uid = place.arn("codedeploy", &format!("deploymentgroup:{name}"));
    let mut resource = place.resource("aws.codedeploy.group", &uid, &name);
    relate(&mut resource, RelationName::ExecutesAs, text(&group, "/serviceRoleArn"));
    put(&mut resource, "group", Ok(Some(group)));
    Some(resource)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_named_after_its_application() {
        let role = "arn:aws:iam::123456789012:role/deploy";
        let info = json!({"applicationName": "shop", "deploymentGroupName": "live", "serviceRoleArn": role});
        let found = group(&Place::example("codedeploy"), info).unwrap();
        assert_eq!(found.uid.as_str(), "arn:aws:codedeploy:eu-west-1:123456789012:deploymentgroup:shop/live");
        assert_eq!((found.name.as_str(), found.relations[0].to.as_str()), ("shop/live", role));
    }
}
