//! CloudFormation: stacks with their protection, roles, parameters and outputs, in one bulk read.
//!
//! Values of parameters and outputs are redacted, except for the asterisks that stand for a hidden parameter and the
//! number that says which release of the CDK prepared the account.

use nephoscope_model::{RelationName, Resource};
use serde_json::Value;

use super::Scope;
use super::api::{Action, Api, List, Xml};
use super::client::Reader;
use super::place::{Outcome, Place, elements, put, relate, text, without};
use super::quota;
use super::request::Request;
use super::volatile::Path;
use crate::redact::Redactor;

pub(super) const SCOPE: Scope = Scope::Regional;
pub(super) const ACTIONS: &[&Action] = &[&STACKS.action, &LIST_STACKS];
/// When somebody last looked for drift; what was found stays.
pub(super) const VOLATILE: &[Path] = &["stack/DriftInformation/LastCheckTimestamp"];

static API: Api = Api::query("CloudFormation", "cloudformation", "2010-05-15", &quota::CLOUDFORMATION);
static STACKS: List = API.list("cloudformation:DescribeStacks", "Stacks").reads(Xml {
    lists: &[
        "Stacks",
        "Parameters",
        "Outputs",
        "Tags",
        "Capabilities",
        "NotificationARNs",
        "RollbackTriggers",
        "LastOperations",
    ],
    numbers: &["TimeoutInMinutes", "MonitoringTimeInMinutes"],
    // Names and values of a person's choosing, which may read `true`.
    texts: &[
        "StackName",
        "Description",
        "ParameterKey",
        "ParameterValue",
        "ResolvedValue",
        "OutputKey",
        "OutputValue",
        "ExportName",
        "Key",
        "Value",
        "StackStatusReason",
    ],
    repeated: &[],
});
/// Describing stacks without naming one needs this permission as well.
static LIST_STACKS: Action =
    API.action("cloudformation:DescribeStacks").allowed_by("cloudformation:ListStacks");

pub(super) async fn collect(reader: &Reader) -> Outcome {
    let listing = reader.list(&STACKS, None, Request::call()).await;
    let stacks = listing.items.into_iter();
    let resources = stacks.filter_map(|stack| normalise(&reader.place, &reader.redactor, stack)).collect();
    Outcome { resources, listings: vec![listing.failure] }
}

fn normalise(place: &Place, redactor: &Redactor, mut stack: Value) -> Option<Resource> {
    let arn = text(&stack, "/StackId")?.to_owned();
    let mut resource =
        place.resource("aws.cloudformation.stack", &arn, text(&stack, "/StackName").unwrap_or(&arn));
    relate(&mut resource, RelationName::ExecutesAs, text(&stack, "/RoleARN"));
    relate(&mut resource, RelationName::PartOf, text(&stack, "/ParentId"));
    for tag in elements(&stack, "/Tags") {
        if let (Some(key), Some(value)) = (text(tag, "/Key"), text(tag, "/Value")) {
            resource.tags.insert(key.to_owned(), value.to_owned());
        }
    }
    for entry in entries(&mut stack, "Parameters") {
        let name = text(entry, "/ParameterKey").unwrap_or_default().to_owned();
        // A parameter that is resolved elsewhere holds the name of the value, and the value beside it.
        let given = if entry.get("ResolvedValue").is_some() { "" } else { name.as_str() };
        redact(redactor, given, entry, "ParameterValue");
        redact(redactor, &name, entry, "ResolvedValue");
    }
    for entry in entries(&mut stack, "Outputs") {
        let name = text(entry, "/OutputKey").unwrap_or_default().to_owned();
        redact(redactor, &name, entry, "OutputValue");
    }
    without(&mut stack, "Tags");
    put(&mut resource, "stack", Ok(Some(stack)));
    Some(resource)
}

fn entries<'a>(stack: &'a mut Value, list: &str) -> impl Iterator<Item = &'a mut Value> {
    stack.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten()
}

fn redact(redactor: &Redactor, name: &str, entry: &mut Value, field: &str) {
    let Some(value) = entry.get_mut(field) else { return };
    let plain = value.as_str().unwrap_or_default();
    let is_hidden = !plain.is_empty() && plain.bytes().all(|byte| byte == b'*');
    let is_release =
        name == "BootstrapVersion" && plain.len() < 6 && plain.bytes().all(|b| b.is_ascii_digit());
    if !is_hidden && !is_release {
        *value = redactor.redact(name, plain).to_value();
    }
}

#[cfg(test)]
mod tests {
    use nephoscope_model::Facet;
    use nephoscope_model::secret::Redacted;
    use serde_json::json;

    use super::*;
    use crate::aws::xml;

    #[test]
    fn values_are_redacted_and_edges_drawn() {
        let place = Place::example("cloudformation");
        let stack = json!({
            "StackId": "arn:aws:cloudformation:eu-west-1:123456789012:stack/shop/1",
            "StackName": "shop",
            "RoleARN": "arn:aws:iam::123456789012:role/deploy",
            "ParentId": "arn:aws:cloudformation:eu-west-1:123456789012:stack/all/2",
            "Parameters": [
                {"ParameterKey": "DbPassword", "ParameterValue": "hunter2-CANARY"},
                {"ParameterKey": "Hidden", "ParameterValue": "****"},
                {"ParameterKey": "ApiPassword", "ParameterValue": "shop-api-CANARY", "ResolvedValue": "winter-CANARY"},
            ],
            "Outputs": [
                {"OutputKey": "BootstrapVersion", "OutputValue": "21"},
                {"OutputKey": "Url", "OutputValue": "https://CANARY.example"},
            ],
            "Tags": [{"Key": "team", "Value": "shop"}],
        });
        let resource = normalise(&place, &Redactor::new([1; 32]), stack).unwrap();
        let Facet::Known(stack) = &resource.facets["stack"] else { panic!("{resource:?}") };
        assert!(!stack.to_string().contains("CANARY"), "{stack}");
        let password = Redacted::from_value(&stack["Parameters"][0]["ParameterValue"]).unwrap();
        assert_eq!(password.detector.as_deref(), Some("password"));
        assert_eq!(stack["Parameters"][1]["ParameterValue"], "****");
        let detected = |field: &str| Redacted::from_value(&stack["Parameters"][2][field]).unwrap().detector;
        assert_eq!(detected("ParameterValue"), None, "where the value is kept is no secret");
        assert_eq!(detected("ResolvedValue").as_deref(), Some("password"));
        assert_eq!(stack["Outputs"][0]["OutputValue"], "21");
        assert_eq!(resource.tags["team"], "shop");
        assert!(stack.get("Tags").is_none());
        let edges: Vec<RelationName> = resource.relations.iter().map(|relation| relation.name).collect();
        assert_eq!(edges, [RelationName::ExecutesAs, RelationName::PartOf]);
    }

    #[test]
    fn an_empty_stack_has_empty_lists() {
        let reply = "<DescribeStacksResponse><DescribeStacksResult><Stacks><member>
            <StackId>arn</StackId><StackName>true</StackName><Outputs/><TimeoutInMinutes>5</TimeoutInMinutes>
            <EnableTerminationProtection>false</EnableTerminationProtection>
            </member></Stacks></DescribeStacksResult></DescribeStacksResponse>";
        let stack = json!({"StackId": "arn", "StackName": "true", "Outputs": [], "TimeoutInMinutes": 5,
            "EnableTerminationProtection": false});
        let read = xml::to_json(reply, "DescribeStacks", STACKS.action.xml);
        assert_eq!(read, Some(json!({"Stacks": [stack]})));
    }
}
