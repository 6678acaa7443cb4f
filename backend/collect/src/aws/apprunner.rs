//! App Runner: services with their environment redacted.
//!
//! One call a service beside the listing, which tells no settings.

use futures::StreamExt;
use nephoscope_model::{RelationName, Resource, Uid};
use serde_json::Value;

use super::Scope;
use super::api::{Action, Api, List};
use super::client::Reader;
use super::failure::Class;
use super::place::{Outcome, Place, Read, object_at, put, relate, text};
use super::quota;
use super::request::Request;
use super::volatile::Path;
use crate::redact::Redactor;

pub(super) const SCOPE: Scope = Scope::Regional;
pub(super) const ACTIONS: &[&Action] = &[&SERVICES.action, &GET_SERVICE];
pub(super) const VOLATILE: &[Path] = &[];

static API: Api =
    Api::json("AppRunner", "apprunner", "1.0", "AppRunner", &quota::APPRUNNER).in_some_regions();
static SERVICES: List = API.list("apprunner:ListServices", "ServiceSummaryList");
static GET_SERVICE: Action = API.action("apprunner:DescribeService");

/// Where a service that comes from an image, and one that comes from code, keep their variables.
const VARIABLES: &[&str] = &[
    "/SourceConfiguration/ImageRepository/ImageConfiguration/RuntimeEnvironmentVariables",
    "/SourceConfiguration/CodeRepository/CodeConfiguration/CodeConfigurationValues/RuntimeEnvironmentVariables",
];

pub(super) async fn collect(reader: &Reader) -> Outcome {
    let listed = reader.list_where_offered(&SERVICES, Request::call()).await;
    let services = listed.items.into_iter().map(|summary| fetch(reader, summary));
    let services: Vec<Option<Resource>> =
        futures::stream::iter(services).buffer_unordered(reader.limits.concurrency).collect().await;
    Outcome { resources: services.into_iter().flatten().collect(), listings: vec![listed.failure] }
}

/// None where the service is deleted, or was deleted after it had been listed.
async fn fetch(reader: &Reader, summary: Value) -> Option<Resource> {
    let arn = text(&summary, "/ServiceArn")?;
    if text(&summary, "/Status") == Some("DELETED") {
        return None;
    }
    let uid = Uid::from(arn);
    let answer = reader.call(&GET_SERVICE, Some(&uid), Request::call().field("ServiceArn", arn)).await;
    let service = match answer {
        Err(failure) if failure.class == Class::NotFound => return None,
        Err(failure) => Err(failure),
        Ok(answer) => object_at(&GET_SERVICE, answer, "Service").map(Some),
    };
    let name = text(&summary, "/ServiceName").unwrap_or(arn);
    Some(normalise(&reader.place, &reader.redactor, arn, name, service))
}

fn normalise(place: &Place, redactor: &Redactor, arn: &str, name: &str, service: Read) -> Resource {
    let mut resource = place.resource("aws.apprunner.service", arn, name);
    let service = service.map(|read| {
        read.map(|mut service| {
            for variables in VARIABLES {
                redactor.redact_map(&mut service, variables);
            }
            service
        })
    });
    if let Ok(Some(service)) = &service {
        relate(
            &mut resource,
            RelationName::ExecutesAs,
            text(service, "/InstanceConfiguration/InstanceRoleArn"),
        );
        relate(&mut resource, RelationName::EncryptedBy, text(service, "/EncryptionConfiguration/KmsKey"));
    }
    put(&mut resource, "service", service);
    resource
}

#[cfg(test)]
mod tests {
    use nephoscope_model::Facet;
    use serde_json::json;

    use super::*;

    #[test]
    fn variables_are_redacted_wherever_the_service_comes_from() {
        let (place, redactor) = (Place::example("apprunner"), Redactor::new([1; 32]));
        let variables = json!({"RuntimeEnvironmentVariables": {"TOKEN": "CANARY"},
            "RuntimeEnvironmentSecrets": {"KEY": "arn:aws:secretsmanager:eu-west-1:1:secret:k"}});
        for source in [
            json!({"ImageRepository": {"ImageConfiguration": variables}}),
            json!({"CodeRepository": {"CodeConfiguration": {"CodeConfigurationValues": variables}}}),
        ] {
            let service = json!({"SourceConfiguration": source, "EncryptionConfiguration": {"KmsKey": "k"}});
            let resource = normalise(&place, &redactor, "arn", "shop", Ok(Some(service)));
            let Facet::Known(service) = &resource.facets["service"] else { panic!("{resource:?}") };
            assert!(!service.to_string().contains("CANARY"), "{service}");
            assert!(service.to_string().contains(":secret:k"), "where a secret is kept is no secret");
            assert_eq!(resource.relations[0].to.as_str(), "k");
        }
    }
}
