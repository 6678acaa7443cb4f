//! Management groups, and the subscriptions below them.

use serde_json::{Value, json};

use crate::answer::Answer;
use crate::azure::AzureEstate;

/// A management group.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Group {
    pub name: String,
    /// The group above; none for the root.
    pub parent: Option<String>,
    pub subscriptions: Vec<String>,
}

const TYPE: &str = "Microsoft.Management/managementGroups";

impl Group {
    /// A group as a test plants it: `{"name": …, "parent"?: …, "subscriptions"?: […]}`.
    pub(super) fn of(planted: &Value) -> Option<Self> {
        let ids = planted["subscriptions"].as_array().into_iter().flatten();
        let fields = planted.as_object()?;
        let known = ["name", "parent", "subscriptions"];
        let group = Self {
            name: planted["name"].as_str()?.to_owned(),
            parent: planted["parent"].as_str().map(str::to_owned),
            subscriptions: ids.filter_map(|id| id.as_str().map(str::to_owned)).collect(),
        };
        fields.keys().all(|name| known.contains(&name.as_str())).then_some(group)
    }

    fn id(&self) -> String {
        format!("/providers/{TYPE}/{}", self.name)
    }
}

impl AzureEstate {
    /// What is answered below `/providers/Microsoft.Management/managementGroups`: the items of a list, or one group.
    pub(super) fn management(&self, rest: &[&str]) -> Option<Result<Vec<Value>, Answer>> {
        let info = |group: &Group| {
            json!({"id": group.id(), "type": TYPE, "name": group.name,
                "properties": {"tenantId": self.tenant, "displayName": group.name}})
        };
        let named = |name: &str| self.groups.iter().find(|group| group.name.eq_ignore_ascii_case(name));
        match rest {
            [] => Some(Ok(self.groups.iter().map(info).collect())),
            [name, ..] if named(name).is_none() => {
                let message = format!("Management group '{name}' was not found.");
                Some(Err(super::fault::refusal(404, "NotFound", &message)))
            }
            [name] => {
                let group = named(name)?;
                let mut whole = info(group);
                if let Some(parent) = group.parent.as_deref().and_then(named) {
                    whole["properties"]["details"] = json!({"parent": {"id": parent.id(), "name": parent.name, "displayName": parent.name}});
                }
                Some(Err(Answer::json(&whole)))
            }
            [name, list] if list.eq_ignore_ascii_case("descendants") => Some(Ok(self.below(named(name)?))),
            [name, list] if list.eq_ignore_ascii_case("subscriptions") => {
                let group = named(name)?;
                Some(Ok(group.subscriptions.iter().filter_map(|id| self.member(group, id)).collect()))
            }
            _ => None,
        }
    }

    fn below(&self, group: &Group) -> Vec<Value> {
        let mut found: Vec<Value> = Vec::new();
        for id in &group.subscriptions {
            let name = self.subscription(id).and_then(|known| known["displayName"].as_str()).unwrap_or(id);
            found.push(json!({"id": format!("/subscriptions/{id}"), "type": "/subscriptions", "name": id,
                "properties": {"displayName": name, "parent": {"id": group.id()}}}));
        }
        for child in self.groups.iter().filter(|child| child.parent.as_ref() == Some(&group.name)) {
            found.push(json!({"id": child.id(), "type": "/providers/Microsoft.Management/managementGroups",
                "name": child.name, "properties": {"displayName": child.name, "parent": {"id": group.id()}}}));
            found.extend(self.below(child));
        }
        found
    }

    fn member(&self, group: &Group, id: &str) -> Option<Value> {
        let known = self.subscription(id)?;
        Some(json!({
            "id": format!("{}/subscriptions/{id}", group.id()), "name": id, "type": format!("{TYPE}/subscriptions"),
            "properties": {"tenant": self.tenant, "displayName": known["displayName"], "state": known["state"],
                "parent": {"id": group.id()}},
        }))
    }
}
