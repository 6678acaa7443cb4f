//! Bedrock agents: the functions that their action groups hand to a model.
//!
//! One call an agent lists its action groups, as its draft has them; one a group tells what carries it out.

use futures::StreamExt;
use nephoscope_model::{RelationName, Resource, Uid};
use serde_json::{Value, json};

use super::Scope;
use super::api::{Action, Api, List};
use super::client::Reader;
use super::failure::{Class, Failure};
use super::place::{Outcome, Place, elements, object_at, put, relate, text, unqualified_function, without};
use super::quota;
use super::request::Request;
use super::volatile::Path;

pub(super) const SCOPE: Scope = Scope::Regional;
pub(super) const ACTIONS: &[&Action] = &[&AGENTS.action, &GROUPS.action, &GET_GROUP];
pub(super) const VOLATILE: &[Path] = &[];

static API: Api = Api::rest_json("Bedrock Agent", "bedrock-agent", &quota::BEDROCK_AGENT)
    .signed_as("bedrock")
    .in_some_regions();
static AGENTS: List = API.list("bedrock:ListAgents", "agentSummaries").paged("nextToken", "nextToken");
static GROUPS: List =
    API.list("bedrock:ListAgentActionGroups", "actionGroupSummaries").paged("nextToken", "nextToken");
static GET_GROUP: Action = API.action("bedrock:GetAgentActionGroup");

/// The version that is being edited, which every agent has.
const DRAFT: &str = "DRAFT";

pub(super) async fn collect(reader: &Reader) -> Outcome {
    let request = Request::post(&["agents", ""]).field("maxResults", 1000);
    let agents = reader.list_where_offered(&AGENTS, request).await;
    let resources = agents.items.into_iter().map(|agent| fetch(reader, agent));
    let resources: Vec<Option<Resource>> =
        futures::stream::iter(resources).buffer_unordered(reader.limits.concurrency).collect().await;
    Outcome { resources: resources.into_iter().flatten().collect(), listings: vec![agents.failure] }
}

/// None where the agent was deleted after it had been listed.
async fn fetch(reader: &Reader, agent: Value) -> Option<Resource> {
    let id = text(&agent, "/agentId")?.to_owned();
    let uid = Uid::from(reader.place.arn("bedrock", &format!("agent/{id}")));
    let groups = match fetch_groups(reader, &uid, &id).await {
        Err(failure) if failure.class == Class::NotFound => return None,
        groups => groups,
    };
    Some(normalise(&reader.place, &uid, agent, groups))
}

async fn fetch_groups(reader: &Reader, uid: &Uid, agent: &str) -> Result<Vec<Value>, Failure> {
    let path = ["agents", agent, "agentversions", DRAFT, "actiongroups", ""];
    let listed =
        reader.list(&GROUPS, Some(uid), Request::post(&path).field("maxResults", 1000)).await.whole()?;
    let mut groups = Vec::new();
    for id in listed.iter().filter_map(|group| text(group, "/actionGroupId")) {
        let path = ["agents", agent, "agentversions", DRAFT, "actiongroups", id, ""];
        match reader.call(&GET_GROUP, Some(uid), Request::get(&path)).await {
            Ok(answer) => groups.push(object_at(&GET_GROUP, answer, "agentActionGroup")?),
            Err(failure) if failure.class == Class::NotFound => {}
            Err(failure) => return Err(failure),
        }
    }
    Ok(groups)
}

fn normalise(place: &Place, uid: &Uid, agent: Value, groups: Result<Vec<Value>, Failure>) -> Resource {
    let name = text(&agent, "/agentName").unwrap_or(uid.as_str()).to_owned();
    let mut resource = place.resource("aws.bedrock.agent", uid.as_str(), &name);
    put(&mut resource, "agent", Ok(Some(agent)));
    let groups = groups.map(|mut groups| {
        for group in &mut groups {
            // The text of a schema describes what a function does, at length; nothing is judged by it.
            without(group, "apiSchema");
            without(group, "functionSchema");
        }
        Some(json!({ "actionGroups": groups }))
    });
    for group in groups.iter().flatten().flat_map(|groups| elements(groups, "/actionGroups")) {
        let function = text(group, "/actionGroupExecutor/lambda").and_then(unqualified_function);
        relate(&mut resource, RelationName::Invokes, function);
    }
    put(&mut resource, "action_groups", groups);
    resource
}

#[cfg(test)]
mod tests {
    use nephoscope_model::Facet;

    use super::*;

    #[test]
    fn an_agent_invokes_the_functions_of_its_groups() {
        let function = "arn:aws:lambda:eu-west-1:123456789012:function:refund";
        let uid = Uid::from("arn:aws:bedrock:eu-west-1:123456789012:agent/A1");
        let executor = json!({"lambda": format!("{function}:live")});
        let groups = vec![
            json!({"actionGroupName": "refunds", "actionGroupExecutor": executor, "apiSchema": {"payload": "…"}}),
            json!({"actionGroupName": "asks", "actionGroupExecutor": {"customControl": "RETURN_CONTROL"}}),
        ];
        let agent = json!({"agentId": "A1", "agentName": "helper"});
        let found = normalise(&Place::example("bedrockagent"), &uid, agent, Ok(groups));
        let edges: Vec<&str> = found.relations.iter().map(|relation| relation.to.as_str()).collect();
        assert_eq!(edges, [function]);
        let Facet::Known(groups) = &found.facets["action_groups"] else { panic!("{found:?}") };
        assert!(groups["actionGroups"][0].get("apiSchema").is_none());
    }
}
