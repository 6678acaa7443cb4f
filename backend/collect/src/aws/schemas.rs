//! EventBridge Schemas: the account's own registries and who else may use them.
//!
//! One call for a hundred registries, and one for each registry's policy.

use futures::StreamExt;
use nephoscope_model::{Resource, Uid};
use serde_json::Value;

use super::Scope;
use super::api::{Action, Api, List};
use super::client::Reader;
use super::failure::Class;
use super::place::{Outcome, Place, Read, put, tag, text};
use super::request::Request;
use super::volatile::Path;
use super::{policy, quota};

pub(super) const SCOPE: Scope = Scope::Regional;
pub(super) const ACTIONS: &[&Action] = &[&REGISTRIES.action, &GET_POLICY];
pub(super) const VOLATILE: &[Path] = &[];

static API: Api = Api::rest_json("schemas", "schemas", &quota::SCHEMAS).in_some_regions();
static REGISTRIES: List = API.list("schemas:ListRegistries", "Registries").paged("NextToken", "nextToken");
static GET_POLICY: Action = API.action("schemas:GetResourcePolicy");

const PAGE: i32 = 100;

pub(super) async fn collect(reader: &Reader) -> Outcome {
    let request = Request::get(&["v1", "registries"]).query("scope", "LOCAL").query("limit", PAGE);
    let listed = reader.list(&REGISTRIES, None, request).await;
    let registries = listed.items.into_iter().map(|item| registry(reader, item));
    let registries: Vec<Option<Resource>> =
        futures::stream::iter(registries).buffer_unordered(reader.limits.concurrency).collect().await;
    Outcome { resources: registries.into_iter().flatten().collect(), listings: vec![listed.failure] }
}

async fn registry(reader: &Reader, registry: Value) -> Option<Resource> {
    let (arn, name) = (text(&registry, "/RegistryArn")?, text(&registry, "/RegistryName")?);
    // The registries of AWS itself have no account, and no policy of ours.
    if arn.split(':').nth(4) != Some(reader.place.account.as_str()) {
        return None;
    }
    let request = Request::get(&["v1", "policy"]).query("registryName", name);
    let policy = match reader.call(&GET_POLICY, Some(&Uid::from(arn)), request).await {
        Ok(reply) => policy_of(&reply),
        Err(failure) if failure.class == Class::NotFound => Ok(None),
        Err(failure) => Err(failure),
    };
    Some(normalise(&reader.place, registry, policy))
}

/// The document comes as text, as the model has it, or as the object that the text stands for.
fn policy_of(reply: &Value) -> Read {
    match reply.get("Policy") {
        Some(document @ Value::Object(_)) => Ok(Some(document.clone())),
        _ => policy::read(&GET_POLICY, text(reply, "/Policy")),
    }
}

fn normalise(place: &Place, registry: Value, policy: Read) -> Resource {
    let arn = text(&registry, "/RegistryArn").unwrap_or_default().to_owned();
    let name = text(&registry, "/RegistryName").unwrap_or(&arn).to_owned();
    let mut resource = place.resource("aws.schemas.registry", &arn, &name);
    let tags = registry.get("tags").or_else(|| registry.get("Tags"));
    tag(&mut resource, tags);
    put(&mut resource, "registry", Ok(Some(registry)));
    put(&mut resource, "policy", policy);
    resource
}

#[cfg(test)]
mod tests {
    use nephoscope_model::Facet;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_registry_with_and_without_a_policy() {
        let document = json!({"Statement": []});
        for reply in [json!({"Policy": document.to_string()}), json!({"Policy": document})] {
            assert_eq!(policy_of(&reply).unwrap(), Some(document.clone()));
        }
        assert!(policy_of(&json!({"Policy": "<html>"})).is_err());
        let registry = json!({"RegistryArn": "arn:aws:schemas:eu-west-1:123456789012:registry/shop", "RegistryName": "shop"});
        let found = normalise(&Place::example("schemas"), registry, Ok(None));
        assert_eq!((found.name.as_str(), &found.facets["policy"]), ("shop", &Facet::Absent));
    }
}
