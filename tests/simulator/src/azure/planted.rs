//! An estate as a test plants it, held against what Azure publishes of itself.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::groups::Group;
use super::{AzureEstate, PAGE, TENANT, documents, read, type_of};
use crate::description::Wrong;

const PARTS: &[&str] = &["tenant", "subscriptions", "managementGroups", "resources"];

impl AzureEstate {
    /// An estate as a test plants it:
    ///
    /// ```json
    /// {"tenant"?: "…", "subscriptions": ["<guid>" or a subscription as the API gives it],
    ///  "managementGroups"?: [{"name": "root", "parent"?: "…", "subscriptions"?: ["<guid>"]}],
    ///  "resources": [bodies of the resource manager, each with its `id`]}
    /// ```
    ///
    /// What is read with POST stands at the address without `/list`: `…/config/appsettings`. What is a resource without
    /// `location` is not in Resource Graph. Refused where a body has what Azure does not publish for its id.
    pub fn planted(planted: &Value) -> Result<Self, Wrong> {
        let mut wrong = Vec::new();
        let list = |name: &str| planted[name].as_array().map(Vec::as_slice).unwrap_or_default();
        for name in planted.as_object().into_iter().flatten().map(|(name, _)| name) {
            if !PARTS.contains(&name.as_str()) {
                wrong.push(format!("azure.{name}: an estate has {}", PARTS.join(", ")));
            }
        }
        let tenant = planted["tenant"].as_str().unwrap_or(TENANT).to_owned();
        let subscriptions: Vec<Value> =
            list("subscriptions").iter().map(|one| subscription(one, &tenant)).collect();
        let document = documents().iter().find(|one| one.name == "Microsoft.Resources.subscriptions");
        let document = document.expect("the data of this crate describes subscriptions");
        let one = document.read("GET", &["subscriptions", "x"]).expect("a subscription can be read");
        for given in &subscriptions {
            let at = format!("azure.subscriptions.{}", given["subscriptionId"].as_str().unwrap_or("?"));
            document.check(given, &one.kind, &at, &mut wrong);
        }
        let mut groups = Vec::new();
        for given in list("managementGroups") {
            match Group::of(given) {
                Some(group) => groups.push(group),
                None => wrong.push(format!(
                    "azure.managementGroups: a group has name, parent, subscriptions: {given}"
                )),
            }
        }
        let (resources, types) = (BTreeMap::new(), BTreeMap::new());
        let mut estate = Self { tenant, page: PAGE, subscriptions, groups, resources, types };
        for resource in list("resources") {
            estate.plant(resource, &mut wrong);
        }
        if wrong.is_empty() { Ok(estate) } else { Err(Wrong(wrong)) }
    }

    fn plant(&mut self, resource: &Value, wrong: &mut Vec<String>) {
        let Some(id) = resource["id"].as_str() else {
            wrong.push(format!("azure: a resource without an id: {resource}"));
            return;
        };
        let path: Vec<&str> = id.split('/').filter(|segment| !segment.is_empty()).collect();
        let short = id.rsplit_once("/providers/").map_or(id, |(_, short)| short);
        let at = format!("azure {short}");
        if let ["subscriptions", subscription, ..] = path.as_slice()
            && self.subscription(subscription).is_none()
        {
            wrong.push(format!("{at}: there is no subscription {subscription}"));
        }
        check(resource, &path, &at, wrong);
        let (type_, _) = type_of(&path);
        let said = resource["type"].as_str().unwrap_or(&type_);
        // A few settings say a type that is shorter than their address.
        if !said.eq_ignore_ascii_case(&type_)
            && !type_.to_ascii_lowercase().starts_with(&said.to_ascii_lowercase())
        {
            wrong.push(format!("{at}.type: by its id it is a {type_}, and not a {said}"));
        }
        let last = path.last().copied().unwrap_or_default();
        let name = resource["name"].as_str().unwrap_or(last);
        if !name.rsplit('/').next().unwrap_or(name).eq_ignore_ascii_case(last) {
            wrong.push(format!("{at}.name: by its id it is {last}, and not {name}"));
        }
        let id = id.to_ascii_lowercase();
        self.types.entry(type_.to_ascii_lowercase()).or_default().insert(id.clone());
        if self.resources.insert(id, resource.clone()).is_some() {
            wrong.push(format!("{at}: there is another one of this id"));
        }
    }
}

/// Holds a body against the description of the read that serves its id.
fn check(resource: &Value, path: &[&str], at: &str, wrong: &mut Vec<String>) {
    let with_list: Vec<&str> = path.iter().copied().chain(["list"]).collect();
    let reads =
        [("GET", path), ("POST", path), ("POST", with_list.as_slice()), ("GET", with_list.as_slice())];
    let one = reads.into_iter().filter_map(|(method, path)| read(method, path));
    let mut one = one.filter(|(document, read)| document.items(&read.kind).is_none());
    if let Some((document, read)) = one.next() {
        return document.check(resource, &read.kind, at, wrong);
    }
    let parent = path.split_last().map(|(_, parent)| parent).unwrap_or_default();
    match read("GET", parent).and_then(|(document, read)| Some((document, document.items(&read.kind)?.1))) {
        Some((document, item)) => document.check(resource, item, at, wrong),
        None => wrong.push(format!("{at}: no read of the published descriptions serves this id")),
    }
}

fn subscription(planted: &Value, tenant: &str) -> Value {
    let Some(id) = planted.as_str() else { return planted.clone() };
    json!({
        "id": format!("/subscriptions/{id}"), "subscriptionId": id, "tenantId": tenant, "displayName": id,
        "state": "Enabled", "authorizationSource": "RoleBased", "managedByTenants": [],
        "subscriptionPolicies":
            {"locationPlacementId": "Public_2014-09-01", "quotaId": "PayAsYouGo_2014-09-01", "spendingLimit": "Off"},
    })
}
