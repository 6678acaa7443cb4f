//! Layers of this account: who else may use them.
//!
//! One call for fifty layers, and one for the policy of each version that is looked at: the latest one of a layer,
//! and those that functions load. Older versions that nothing here loads are not asked for.

use std::collections::BTreeMap;

use futures::StreamExt;
use nephoscope_model::{Resource, Uid};
use serde_json::{Value, json};

use super::Scope;
use super::api::{Action, Api, List};
use super::client::Reader;
use super::failure::{Class, Failure};
use super::place::{Outcome, Place, Read, put, text};
use super::request::Request;
use super::volatile::Path;
use super::{policy, quota};

pub(super) const SCOPE: Scope = Scope::Named;
pub(super) const ACTIONS: &[&Action] = &[&LAYERS.action, &GET_POLICY];
pub(super) const VOLATILE: &[Path] = &[];

static API: Api = Api::rest_json("Lambda", "lambda", &quota::LAMBDA);
static LAYERS: List = API.list("lambda:ListLayers", "Layers").paged("NextMarker", "Marker");
static GET_POLICY: Action = API.action("lambda:GetLayerVersionPolicy");

pub(super) async fn collect(reader: &Reader) -> Outcome {
    let layers = reader.list(&LAYERS, None, Request::get(&["2018-10-31", "layers"])).await;
    let versions = versions(layers.items, &reader.named("lambda"));
    let asked = versions.into_iter().map(|(arn, layer)| version(reader, arn, layer));
    let versions: Vec<Option<Resource>> =
        futures::stream::iter(asked).buffer_unordered(reader.limits.concurrency).collect().await;
    Outcome { resources: versions.into_iter().flatten().collect(), listings: vec![layers.failure] }
}

/// The versions to look at, by ARN: the latest of each layer, and those that are in use.
fn versions(layers: Vec<Value>, named: &[&str]) -> BTreeMap<String, Value> {
    let in_use = named.iter().filter_map(|arn| {
        let (layer, version) = arn.rsplit_once(':')?;
        let name = layer.split_once(":layer:")?.1;
        let version = json!({"LayerVersionArn": arn, "Version": version.parse::<u64>().ok()?});
        Some(((*arn).to_owned(), json!({"LayerName": name, "LayerArn": layer, "Version": version})))
    });
    let latest = layers.into_iter().filter_map(|mut layer| {
        let version = layer.get_mut("LatestMatchingVersion").map(Value::take)?;
        let arn = text(&version, "/LayerVersionArn")?.to_owned();
        let (name, of) = (layer.get("LayerName")?, layer.get("LayerArn")?);
        let layer = json!({"LayerName": name, "LayerArn": of, "Latest": true, "Version": version});
        Some((arn, layer))
    });
    in_use.chain(latest).collect()
}

/// None where the version was deleted; functions that load it go on with their copy.
async fn version(reader: &Reader, arn: String, layer: Value) -> Option<Resource> {
    let (name, number) = (text(&layer, "/LayerName")?, layer.pointer("/Version/Version")?.to_string());
    let uid = Uid::from(arn.as_str());
    let asked = Request::get(&["2018-10-31", "layers", name, "versions", &number, "policy"]);
    let policy: Read = match reader.call(&GET_POLICY, Some(&uid), asked).await {
        Ok(answer) => match text(&answer, "/Policy").and_then(policy::parse) {
            Some(document) => Ok(Some(document)),
            None => Err(Failure::malformed(&GET_POLICY, "the policy is not JSON")),
        },
        Err(failure) if failure.class == Class::NotFound && says_gone(&failure) => return None,
        Err(failure) if failure.class == Class::NotFound => Ok(None),
        Err(failure) => Err(failure),
    };
    Some(normalise(&reader.place, &arn, layer, policy))
}

/// A missing policy is "not found" as well; only the message tells it from a missing version.
fn says_gone(failure: &Failure) -> bool {
    failure.message.starts_with("Layer version") && failure.message.contains("does not exist")
}

fn normalise(place: &Place, arn: &str, layer: Value, policy: Read) -> Resource {
    let name = arn.split_once(":layer:").map_or(arn, |(_, name)| name);
    let mut resource = place.resource("aws.lambda.layer", arn, name);
    put(&mut resource, "layer", Ok(Some(layer)));
    put(&mut resource, "policy", policy);
    resource
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAYER: &str = "arn:aws:lambda:eu-west-1:123456789012:layer:tools";

    #[test]
    fn the_latest_version_and_those_in_use_are_looked_at() {
        let (latest, used) = (format!("{LAYER}:7"), format!("{LAYER}:3"));
        let version = json!({"LayerVersionArn": latest, "Version": 7});
        let listed = json!({"LayerName": "tools", "LayerArn": LAYER, "LatestMatchingVersion": version});
        let function = "arn:aws:lambda:eu-west-1:123456789012:function:shop";
        let found = versions(vec![listed], &[&used, &latest, function]);
        assert_eq!(found.keys().collect::<Vec<_>>(), [&used, &latest]);
        assert_eq!(found[&used]["Version"]["Version"], 3);
        assert_eq!(found[&latest]["Latest"], true);
    }
}
