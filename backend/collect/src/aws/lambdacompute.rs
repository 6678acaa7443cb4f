//! What Lambda runs beside its functions and under them: capacity providers, MicroVM images, and the settings with
//! which MicroVMs run from them.
//!
//! One call for the capacity providers, one for the images and one for the MicroVMs; then one for each image, which
//! brings its active version, and one for each MicroVM that runs. A MicroVM lives for hours: it is not a resource of
//! its own, but what was asked for when it was started is kept with its image, once for all that are alike. Where a
//! region does not offer one of these, there are none.

use std::collections::{BTreeMap, BTreeSet};

use futures::StreamExt;
use nephoscope_model::{RelationName, Resource, Uid};
use serde_json::{Map, Value, json};

use super::Scope;
use super::api::{Action, Api, List};
use super::client::Reader;
use super::failure::{Class, Failure};
use super::place::{Outcome, Place, Read, elements, put, relate, tag, text};
use super::quota;
use super::request::Request;
use super::volatile::Path;
use crate::redact::Redactor;

pub(super) const SCOPE: Scope = Scope::Regional;
pub(super) const ACTIONS: &[&Action] =
    &[&PROVIDERS.action, &IMAGES.action, &GET_VERSION, &MICROVMS.action, &GET_MICROVM];
/// States, and when something was last touched by the service itself.
pub(super) const VOLATILE: &[Path] =
    &["provider/State", "image/state", "version/state", "version/stateReason"];

static FUNCTIONS: Api = Api::rest_json("Lambda", "lambda", &quota::LAMBDA);
static API: Api = Api::rest_json("Lambda Microvms", "lambda", &quota::LAMBDA).in_some_regions();
static PROVIDERS: List =
    FUNCTIONS.list("lambda:ListCapacityProviders", "CapacityProviders").paged("NextMarker", "Marker");
static IMAGES: List = API.list("lambda:ListMicrovmImages", "items").paged("nextToken", "nextToken");
static MICROVMS: List = API.list("lambda:ListMicrovms", "items").paged("nextToken", "nextToken");
static GET_VERSION: Action = API.action("lambda:GetMicrovmImageVersion");
static GET_MICROVM: Action = API.action("lambda:GetMicrovm");

const VERSION: &str = "2025-09-09";
/// More MicroVMs of one image than this are not asked for one by one.
const MOST: usize = 500;
/// What is asked for when a MicroVM is started, and differs between those of one image.
const SETTINGS: [&str; 6] = [
    "imageVersion",
    "executionRoleArn",
    "ingressNetworkConnectors",
    "egressNetworkConnectors",
    "idlePolicy",
    "maximumDurationInSeconds",
];

pub(super) async fn collect(reader: &Reader) -> Outcome {
    let (providers, images, microvms) = tokio::join!(
        reader.list_where_offered(&PROVIDERS, Request::get(&["2025-11-30", "capacity-providers"])),
        reader.list_where_offered(&IMAGES, Request::get(&[VERSION, "microvm-images"])),
        reader.list_where_offered(&MICROVMS, Request::get(&[VERSION, "microvms"]))
    );
    let listings = vec![providers.failure, images.failure];
    let mut running = by_image(microvms.items);
    let asked = images.items.into_iter().map(|image| {
        let own = text(&image, "/imageArn").and_then(|arn| running.remove(arn)).unwrap_or_default();
        let own = microvms.failure.clone().map_or(Ok(own), Err);
        fetch_image(reader, image, own)
    });
    let images: Vec<Option<Image>> =
        futures::stream::iter(asked).buffer_unordered(reader.limits.concurrency).collect().await;
    let images = images.into_iter().flatten();
    let images = images.filter_map(|image| normalise(&reader.place, &reader.redactor, image));
    let providers = providers.items.into_iter().filter_map(|item| provider(&reader.place, item));
    Outcome { resources: providers.chain(images).collect(), listings }
}

struct Image {
    image: Value,
    version: Read,
    running: Read,
}

/// The ids of MicroVMs that have not ended, by the ARN of their image.
fn by_image(microvms: Vec<Value>) -> BTreeMap<String, Vec<String>> {
    let mut by_image: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let ended = |microvm: &Value| matches!(text(microvm, "/state"), Some("TERMINATING" | "TERMINATED"));
    for microvm in microvms.iter().filter(|microvm| !ended(microvm)) {
        if let (Some(image), Some(id)) = (text(microvm, "/imageArn"), text(microvm, "/microvmId")) {
            by_image.entry(image.to_owned()).or_default().push(id.to_owned());
        }
    }
    by_image
}

/// None where the image was deleted after it had been listed.
async fn fetch_image(reader: &Reader, image: Value, running: Result<Vec<String>, Failure>) -> Option<Image> {
    let arn = text(&image, "/imageArn")?;
    let uid = Uid::from(arn);
    let version: Read = match text(&image, "/latestActiveImageVersion") {
        None => Ok(None),
        Some(version) => {
            let asked = Request::get(&[VERSION, "microvm-images", arn, "versions", version]);
            match reader.call(&GET_VERSION, Some(&uid), asked).await {
                Ok(version) => Ok(Some(version)),
                Err(failure) if failure.class == Class::NotFound => return None,
                Err(failure) => Err(failure),
            }
        }
    };
    let running = match running {
        Ok(ids) => settings(reader, &uid, &ids).await,
        Err(failure) => Err(failure),
    };
    Some(Image { image, version, running })
}

/// The different settings with which MicroVMs run, in a fixed order.
async fn settings(reader: &Reader, image: &Uid, ids: &[String]) -> Read {
    if ids.len() > MOST {
        let many = format!("{} MicroVMs run, more than {MOST}", ids.len());
        return Err(Failure::new(&GET_MICROVM, Class::Other, "TooMany", &many));
    }
    let mut different = BTreeSet::new();
    for id in ids {
        match reader.call(&GET_MICROVM, Some(image), Request::get(&[VERSION, "microvms", id])).await {
            Ok(microvm) => different.insert(kept(&microvm).to_string()),
            Err(failure) if failure.class == Class::NotFound => continue,
            Err(failure) => return Err(failure),
        };
    }
    let different = different.iter().filter_map(|text| serde_json::from_str(text).ok());
    let different: Vec<Value> = different.collect();
    Ok((!different.is_empty()).then(|| json!({ "settings": different })))
}

fn kept(microvm: &Value) -> Value {
    let fields = SETTINGS.iter().filter_map(|name| Some(((*name).to_owned(), microvm.get(*name)?.clone())));
    Value::Object(fields.collect::<Map<_, _>>())
}

fn normalise(place: &Place, redactor: &Redactor, replies: Image) -> Option<Resource> {
    let Image { image, mut version, running } = replies;
    let arn = text(&image, "/imageArn")?.to_owned();
    let mut resource =
        place.resource("aws.lambda.microvm_image", &arn, text(&image, "/name").unwrap_or(&arn));
    if let Ok(Some(version)) = &mut version {
        redactor.redact_map(version, "/environmentVariables");
        tag(&mut resource, version.get("tags"));
        let group = text(version, "/logging/cloudWatch/logGroup");
        let group = group.map(|group| place.arn("logs", &format!("log-group:{group}")));
        relate(&mut resource, RelationName::LogsTo, group.as_deref());
        for connector in elements(version, "/egressNetworkConnectors").iter().filter_map(Value::as_str) {
            relate(&mut resource, RelationName::RunsIn, Some(connector));
        }
    }
    for settings in running.iter().flatten().flat_map(|running| elements(running, "/settings")) {
        relate(&mut resource, RelationName::ExecutesAs, text(settings, "/executionRoleArn"));
    }
    put(&mut resource, "image", Ok(Some(image)));
    put(&mut resource, "version", version);
    put(&mut resource, "running", running);
    Some(resource)
}

fn provider(place: &Place, provider: Value) -> Option<Resource> {
    let arn = text(&provider, "/CapacityProviderArn")?.to_owned();
    let name = arn.rsplit(':').next().unwrap_or(&arn).to_owned();
    let mut resource = place.resource("aws.lambda.capacity_provider", &arn, &name);
    relate(&mut resource, RelationName::EncryptedBy, text(&provider, "/KmsKeyArn"));
    let network = [("/VpcConfig/SubnetIds", "subnet"), ("/VpcConfig/SecurityGroupIds", "security-group")];
    for (pointer, kind) in network {
        for id in elements(&provider, pointer).iter().filter_map(Value::as_str) {
            relate(&mut resource, RelationName::RunsIn, Some(&place.arn("ec2", &format!("{kind}/{id}"))));
        }
    }
    put(&mut resource, "provider", Ok(Some(provider)));
    Some(resource)
}

#[cfg(test)]
mod tests {
    use nephoscope_model::Region;

    use super::*;

    #[test]
    fn microvms_that_ended_run_no_more() {
        let microvm = |id: &str, state: &str| json!({"microvmId": id, "imageArn": "i", "state": state});
        let listed = vec![microvm("a", "RUNNING"), microvm("b", "TERMINATED"), microvm("c", "SUSPENDED")];
        assert_eq!(by_image(listed)["i"], ["a", "c"]);
    }

    #[test]
    fn what_differs_between_microvms_that_are_alike_is_dropped() {
        let microvm = json!({"microvmId": "a", "endpoint": "x", "executionRoleArn": "r", "startedAt": 1});
        assert_eq!(kept(&microvm), json!({"executionRoleArn": "r"}));
    }

    #[test]
    fn an_image_keeps_no_value_of_a_variable() {
        let place = Place {
            partition: "aws".to_owned(),
            account: "123456789012".into(),
            region: Region::from("eu-west-1"),
            service: "lambdacompute".into(),
            caller: String::new(),
        };
        let image = Image {
            image: json!({"imageArn": "i", "name": "sandbox"}),
            version: Ok(Some(json!({
                "environmentVariables": {"A": "CANARY"}, "logging": {"cloudWatch": {"logGroup": "g"}},
            }))),
            running: Ok(Some(json!({"settings": [{"executionRoleArn": "r"}]}))),
        };
        let image = normalise(&place, &Redactor::new([1; 32]), image).unwrap();
        assert!(!serde_json::to_string(&image).unwrap().contains("CANARY"));
        let edges: Vec<&str> = image.relations.iter().map(|relation| relation.to.as_str()).collect();
        assert_eq!(edges, ["arn:aws:logs:eu-west-1:123456789012:log-group:g", "r"]);
    }
}
