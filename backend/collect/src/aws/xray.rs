//! X-Ray: how traces are encrypted in a region, and the groups they are sorted into.
//!
//! Two calls a region, both in bulk.

use nephoscope_model::{RelationName, Resource};
use serde_json::Value;

use super::Scope;
use super::api::{Action, Api, List};
use super::client::Reader;
use super::place::{Outcome, Place, Read, object_at, put, relate, text};
use super::quota;
use super::request::Request;
use super::volatile::Path;

pub(super) const SCOPE: Scope = Scope::Regional;
pub(super) const ACTIONS: &[&Action] = &[&GET_ENCRYPTION, &GROUPS.action];
pub(super) const VOLATILE: &[Path] = &[];

static API: Api = Api::rest_json("XRay", "xray", &quota::XRAY);
static GET_ENCRYPTION: Action = API.action("xray:GetEncryptionConfig");
static GROUPS: List = API.list("xray:GetGroups", "Groups");

pub(super) async fn collect(reader: &Reader) -> Outcome {
    let (encryption, groups) = tokio::join!(
        reader.call(&GET_ENCRYPTION, None, Request::post(&["EncryptionConfig"])),
        reader.list(&GROUPS, None, Request::post(&["Groups"]))
    );
    let encryption = encryption.and_then(encryption_of);
    let listings = vec![encryption.as_ref().err().cloned(), groups.failure];
    let settings = settings(&reader.place, encryption);
    let groups = groups.items.into_iter().filter_map(|item| group(&reader.place, item));
    Outcome { resources: std::iter::once(settings).chain(groups).collect(), listings }
}

fn encryption_of(answer: Value) -> Read {
    object_at(&GET_ENCRYPTION, answer, "EncryptionConfig").map(Some)
}

fn settings(place: &Place, encryption: Read) -> Resource {
    let name = format!("X-Ray in {}", place.region);
    let mut resource = place.resource("aws.xray.settings", &place.arn("xray", "encryption-config"), &name);
    if let Ok(Some(config)) = &encryption {
        let key = place.key_arn(text(config, "/KeyId"));
        relate(&mut resource, RelationName::EncryptedBy, key.as_deref());
    }
    put(&mut resource, "encryption", encryption);
    resource
}

fn group(place: &Place, group: Value) -> Option<Resource> {
    let arn = text(&group, "/GroupARN")?.to_owned();
    let mut resource = place.resource("aws.xray.group", &arn, text(&group, "/GroupName").unwrap_or(&arn));
    put(&mut resource, "group", Ok(Some(group)));
    Some(resource)
}

#[cfg(test)]
mod tests {
    use nephoscope_model::Facet;
    use serde_json::json;

    use super::*;

    #[test]
    fn settings_and_groups() {
        let place = Place::example("xray");
        let key = "arn:aws:kms:eu-west-1:123456789012:key/1";
        let config = json!({"Type": "KMS", "KeyId": key, "Status": "ACTIVE"});
        let resource = settings(&place, encryption_of(json!({"EncryptionConfig": config})));
        assert_eq!(resource.facets["encryption"], Facet::Known(config));
        assert_eq!(resource.relations[0].to.as_str(), key);
        assert!(encryption_of(json!({})).is_err());

        let arn = "arn:aws:xray:eu-west-1:123456789012:group/Default";
        let found = group(&place, json!({"GroupARN": arn, "GroupName": "Default"})).unwrap();
        assert_eq!((found.uid.as_str(), found.name.as_str()), (arn, "Default"));
    }
}
