//! The tagging API: the tags of queues, topics, tables, buses, workflows, GraphQL APIs, image repositories and
//! secrets of a region, in bulk.
//!
//! One call for a hundred resources that carry tags, in place of one call for each resource. What carries none is
//! not listed, so that it takes the other services' listings to know of it.

use nephoscope_model::Resource;
use serde_json::{Value, json};

use super::Scope;
use super::api::{Action, Api, List};
use super::client::Reader;
use super::failure::Failure;
use super::place::{Outcome, Place, put, text};
use super::quota;
use super::request::Request;
use super::volatile::Path;

pub(super) const SCOPE: Scope = Scope::Regional;
pub(super) const ACTIONS: &[&Action] = &[&RESOURCES.action];
pub(super) const VOLATILE: &[Path] = &[];

static API: Api = Api::json(
    "Resource Groups Tagging API",
    "tagging",
    "1.1",
    "ResourceGroupsTaggingAPI_20170126",
    &quota::TAGGING,
);
static RESOURCES: List =
    API.list("tag:GetResources", "ResourceTagMappingList").paged("PaginationToken", "PaginationToken");

/// The kinds of which no other read here tells the tags in bulk.
const TYPES: &[&str] = &[
    "appsync",
    "dynamodb:table",
    "ecr:repository",
    "events",
    "secretsmanager:secret",
    "sns",
    "sqs",
    "states:stateMachine",
];

/// The largest page.
const PAGE: i32 = 100;

pub(super) async fn collect(reader: &Reader) -> Outcome {
    let request = Request::call().field("ResourceTypeFilters", json!(TYPES)).field("ResourcesPerPage", PAGE);
    let tagged = reader.list(&RESOURCES, None, request).await.whole();
    let listings = vec![tagged.as_ref().err().cloned()];
    Outcome { resources: vec![normalise(&reader.place, tagged)], listings }
}

fn normalise(place: &Place, tagged: Result<Vec<Value>, Failure>) -> Resource {
    let name = format!("Tags in {}", place.region);
    let mut resource = place.resource("aws.tagging.region", &place.arn("tag", "resources"), &name);
    let tagged = tagged.map(|mut items| {
        // The listing comes in no order, and an order of its own would look like a change each night.
        items.sort_by_cached_key(|item| text(item, "/ResourceARN").unwrap_or_default().to_owned());
        for tags in items.iter_mut().filter_map(|item| item.get_mut("Tags")?.as_array_mut()) {
            tags.sort_by_cached_key(|tag| text(tag, "/Key").unwrap_or_default().to_owned());
        }
        Some(json!({ "ResourceTagMappingList": items }))
    });
    put(&mut resource, "tagged", tagged);
    resource
}

#[cfg(test)]
mod tests {
    use nephoscope_model::Facet;

    use super::*;

    #[test]
    fn tags_are_kept_in_order() {
        let tag = |key: &str| json!({"Key": key, "Value": "shop"});
        let item = |arn: &str, tags: Vec<Value>| json!({"ResourceARN": arn, "Tags": tags});
        let listed = vec![item("b", vec![tag("team"), tag("app")]), item("a", vec![])];
        let resource = normalise(&Place::example("tagging"), Ok(listed));
        let kept = vec![item("a", vec![]), item("b", vec![tag("app"), tag("team")])];
        let kept = json!({"ResourceTagMappingList": kept});
        assert_eq!(resource.facets["tagged"], Facet::Known(kept));
    }
}
