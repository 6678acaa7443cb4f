//! What all resources of one server share, and how one is made of what a listing says.

use std::collections::BTreeMap;

use nephoscope_model::{
    AccountId, Kind, PackedResource, Provider, Region, RelationName, Resource, ServiceName, Uid,
};
use serde_json::Value;

use crate::normalise::{put, relate, tag, text, tidy_one};
use crate::redact::Redactor;

/// Annotations that the server makes itself, and which are therefore nobody's labels.
const OWN: &str = "fnproject.io/";

/// Whose resources are made.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub account: AccountId,
}

/// One kind of what the API lists.
#[derive(Debug)]
pub(super) struct Listed {
    pub kind: &'static str,
    pub service: &'static str,
    pub facet: &'static str,
}

impl Place {
    /// The uid of the server.
    pub fn server(&self) -> Uid {
        Uid::from(format!("fn://{}", self.account))
    }

    /// The uid of what `service` lists under `id`.
    pub fn uid(&self, service: &str, id: &str) -> Uid {
        Uid::from(format!("fn://{}/{service}/{id}", self.account))
    }

    /// A resource without facets.
    pub fn resource(&self, kind: &str, service: &str, uid: Uid, name: &str) -> Resource {
        Resource {
            uid,
            kind: Kind::from(kind),
            provider: Provider::Fn,
            account: self.account.clone(),
            region: Region::global(),
            service: ServiceName::from(service),
            name: name.to_owned(),
            tags: BTreeMap::new(),
            facets: BTreeMap::new(),
            relations: Vec::new(),
            carried: BTreeMap::new(),
            revision: None,
        }
    }

    /// The resource that an item of a listing is, with everything redacted that may be a secret; none where the item has
    /// no id.
    pub fn normalise(&self, listed: &Listed, mut item: Value, redactor: &Redactor) -> Option<Resource> {
        let id = text(&item, "/id").filter(|id| !id.is_empty())?.to_owned();
        let name = text(&item, "/name").unwrap_or(&id).to_owned();
        redactor.redact_map(&mut item, "/config");
        if let Some(annotations) = item.pointer_mut("/annotations") {
            redactor.redact_recognised(annotations);
        }
        let mut resource = self.resource(listed.kind, listed.service, self.uid(listed.service, &id), &name);
        let labels = item.get("annotations").and_then(Value::as_object).into_iter().flatten();
        let labels = labels.filter(|(key, value)| value.is_string() && !key.starts_with(OWN));
        tag(&mut resource, Some(&labels.map(|(key, value)| (key.clone(), value.clone())).collect()));
        // An app belongs to the server, whatever else to its app.
        let parent = match text(&item, "/app_id") {
            Some(app) => self.uid("apps", app),
            None => self.server(),
        };
        relate(&mut resource, RelationName::PartOf, Some(parent.as_str()));
        let function = text(&item, "/fn_id").map(|function| self.uid("fns", function));
        relate(&mut resource, RelationName::Invokes, function.as_ref().map(Uid::as_str));
        put(&mut resource, listed.facet, Ok(Some(item)));
        Some(resource)
    }
}

/// The resource as it is kept. Functions come by the ten thousand, so each is packed as soon as it was read.
pub(super) fn packed(mut resource: Resource) -> PackedResource {
    tidy_one(&mut resource);
    resource.into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const FN: Listed = Listed { kind: "fn.function", service: "fns", facet: "fn" };

    fn normalised(item: Value) -> Option<Resource> {
        let place = Place { account: AccountId::from("fn.example.com") };
        place.normalise(&FN, item, &Redactor::new([7; 32]))
    }

    #[test]
    fn values_are_redacted_and_names_are_kept() {
        let function = normalised(json!({
            "id": "C", "name": "charge", "app_id": "A", "image": "acme/charge:1", "memory": 128,
            "config": {"LOG_LEVEL": "info", "API_KEY": "hunter2-hunter2-hunter2"},
            "annotations": {
                "example.com/owner": "pay", "example.com/token": "ghp_0123456789abcdefghijklmnopqrstuvwxyz",
                "fnproject.io/fn/invokeEndpoint": "https://fn.example.com/invoke/C",
            },
        }));
        let function = function.unwrap();
        let text = serde_json::to_string(&function).unwrap();
        assert!(!text.contains("hunter2") && !text.contains("ghp_") && !text.contains("\"info\""), "{text}");
        assert_eq!((function.uid.as_str(), function.name.as_str()), ("fn://fn.example.com/fns/C", "charge"));
        assert_eq!(function.relations[0].to.as_str(), "fn://fn.example.com/apps/A");
        assert_eq!(function.tags, BTreeMap::from([("example.com/owner".to_owned(), "pay".to_owned())]));
        let kept = function.facets["fn"].value().unwrap();
        assert_eq!(kept["config"]["LOG_LEVEL"]["$redacted"]["detector"], Value::Null);
        assert_eq!(kept["annotations"]["example.com/token"]["$redacted"]["detector"], "github-token");
        assert_eq!(kept["annotations"]["fnproject.io/fn/invokeEndpoint"], "https://fn.example.com/invoke/C");
    }

    #[test]
    fn odd_items_are_kept_as_they_are_and_those_without_an_id_are_none() {
        for config in [json!(null), json!({}), json!(["hunter2-hunter2"]), json!("hunter2-hunter2")] {
            let function = normalised(json!({"id": "C", "config": config})).unwrap();
            assert!(!serde_json::to_string(&function).unwrap().contains("hunter2"), "{config}");
            assert_eq!(function.name, "C");
        }
        for item in
            [json!({"name": "charge"}), json!({"id": ""}), json!({"id": 5}), json!("charge"), json!(null)]
        {
            assert!(normalised(item).is_none());
        }
    }
}
