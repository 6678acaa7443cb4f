//! The planted estate: families of resources that are made well, and copies of them with faults, each with the checks
//! that it fails.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use nephoscope_simulator::{AZURE_TENANT, AzureEstate};
use serde_json::{Value, json};

/// The subscription of everything that is not planted in the other one.
pub const SHOP: &str = "3c7a1e52-6e0d-4b7f-9c21-d5a4e0b7f310";
/// A subscription that nobody cares for.
pub const OFFICE: &str = "b9d72e04-51c8-4a36-8f1e-0c6a93d2b745";

/// Resources by check.
pub type Found = BTreeMap<String, BTreeSet<String>>;

/// An estate as [`AzureEstate::planted`] takes it, and what is wrong with it.
#[derive(Clone, Debug, Default)]
pub struct Planted {
    pub resources: Vec<Value>,
    /// What must fail, by check.
    pub fails: Found,
}

impl Planted {
    /// Everything as it should be.
    pub fn careful() -> Self {
        let families = families();
        let resources = families.as_object().unwrap().values().flat_map(|all| all.as_array().unwrap());
        Self { resources: resources.cloned().collect(), fails: Found::new() }
    }

    /// Everything as it should be, and beside it at least one fault for every check.
    pub fn careless() -> Self {
        let (mut planted, families) = (Self::careful(), families());
        for fault in read(include_str!("careless.json")).as_array().unwrap() {
            planted.plant(&families, fault);
        }
        planted
    }

    /// A function app that is made well and what it needs, and these copies: few calls, for stories of what goes wrong
    /// on the way.
    pub fn part(copies: &[&str]) -> Self {
        let families = families();
        let named = ["ground", "orders", "safe"].map(|name| families[name].as_array().unwrap());
        let mut planted =
            Self { resources: named.into_iter().flatten().cloned().collect(), fails: Found::new() };
        for fault in read(include_str!("careless.json")).as_array().unwrap() {
            let mut names = fault["renamed"].as_object().unwrap().values();
            if names.any(|name| copies.contains(&name.as_str().unwrap())) {
                planted.plant(&families, fault);
            }
        }
        planted
    }

    /// The estate, in the subscriptions of the shop and the office.
    pub fn estate(&self) -> AzureEstate {
        self.estate_in(&[subscription(SHOP, "shop", "Enabled"), subscription(OFFICE, "office", "Enabled")])
    }

    /// The estate in these subscriptions, the first of which is in the root group; the office is in the group below.
    pub fn estate_in(&self, subscriptions: &[Value]) -> AzureEstate {
        let first = &subscriptions[0]["subscriptionId"];
        let groups = json!([
            {"name": "root", "subscriptions": [first]}, {"name": "back", "parent": "root", "subscriptions": [OFFICE]},
        ]);
        let planted =
            json!({"subscriptions": subscriptions, "managementGroups": groups, "resources": self.resources});
        AzureEstate::planted(&planted).unwrap_or_else(|wrong| panic!("{wrong:#?}"))
    }

    /// The same in another subscription than the shop's.
    pub fn moved(&self, subscription: &str) -> Self {
        let resources = Value::from(self.resources.clone()).to_string().replace(SHOP, subscription);
        Self { resources: serde_json::from_str(&resources).unwrap(), fails: self.fails.clone() }
    }

    /// What resources of this type are called in what is expected.
    pub fn labels_of(&self, type_: &str) -> BTreeSet<String> {
        let of_type = self.resources.iter().filter(|one| one["type"] == type_);
        of_type.map(|one| label(&one["id"].as_str().unwrap().to_lowercase())).collect()
    }

    /// Copies a family under other names, and does to the copy what the fault says.
    fn plant(&mut self, families: &Value, fault: &Value) {
        let fields = |name: &str| fault[name].as_object().into_iter().flatten();
        let list = |name: &str| fault[name].as_array().into_iter().flatten();
        let mut text = families[fault["of"].as_str().unwrap()].to_string();
        for (from, to) in fields("renamed") {
            text = text.replace(from, to.as_str().unwrap());
        }
        let mut copies: Vec<Value> = serde_json::from_str(&text).unwrap();
        for ending in list("gone") {
            let before = copies.len();
            copies.retain(|copy| !copy["id"].as_str().unwrap().ends_with(ending.as_str().unwrap()));
            assert_eq!(copies.len() + 1, before, "one resource ends with {ending}");
        }
        for (ending, changes) in fields("set") {
            let ends = |copy: &&mut Value| copy["id"].as_str().unwrap().ends_with(&format!("/{ending}"));
            let copy = if ending.is_empty() { copies.first_mut() } else { copies.iter_mut().find(ends) };
            let copy = copy.unwrap_or_else(|| panic!("no resource of the copy ends with {ending}"));
            for (pointer, value) in changes.as_object().unwrap() {
                put(copy, pointer, value.clone());
            }
        }
        copies.extend(list("added").cloned());
        copies.extend(list("grants").enumerate().map(|(number, grant)| assignment(number, grant)));
        if fault["in"] == "office" {
            copies = serde_json::from_str(&Value::from(copies).to_string().replace(SHOP, OFFICE)).unwrap();
        }
        self.resources.extend(copies);
        for (resource, checks) in fields("fails") {
            for check in checks.as_array().unwrap() {
                let failing = self.fails.entry(format!("azure-{}", check.as_str().unwrap())).or_default();
                failing.insert(resource.to_lowercase());
            }
        }
    }
}

/// A subscription in this state, which has a name of its own.
pub fn subscription(id: &str, name: &str, state: &str) -> Value {
    json!({
        "id": format!("/subscriptions/{id}"), "subscriptionId": id, "tenantId": AZURE_TENANT, "displayName": name,
        "state": state, "authorizationSource": "RoleBased", "managedByTenants": [],
        "subscriptionPolicies":
            {"locationPlacementId": "Public_2014-09-01", "quotaId": "PayAsYouGo_2014-09-01", "spendingLimit": "Off"},
    })
}

/// How a resource is called in what is expected: the end of its uid, or the name of its subscription.
pub fn label(uid: &str) -> String {
    match uid {
        _ if uid == format!("/subscriptions/{SHOP}") => "shop".to_owned(),
        _ if uid == format!("/subscriptions/{OFFICE}") => "office".to_owned(),
        _ => {
            let (_, end) = uid.rsplit_once("/providers/").unwrap_or(("", uid));
            end.split_once('/').map_or(end, |(_, end)| end).to_owned()
        }
    }
}

/// What was planted to be secret.
pub fn canaries() -> BTreeSet<String> {
    let texts = [include_str!("careful.json"), include_str!("careless.json")];
    let after = texts.into_iter().flat_map(|text| text.split("CANARY").skip(1));
    let ends = |rest: &str| rest.find(|one: char| one != '-' && !one.is_ascii_lowercase()).unwrap();
    let mut found: BTreeSet<String> = after.map(|rest| format!("CANARY{}", &rest[..ends(rest)])).collect();
    found.insert(SECRET.to_owned());
    found
}

/// The secret that the scanner itself signs in with.
pub const SECRET: &str = "CANARY-own-secret";

fn families() -> Value {
    read(include_str!("careful.json"))
}

/// Reads an estate in which a few words stand for what is long or changes every day.
fn read(text: &str) -> Value {
    let now = Timestamp::now();
    let day = |days: i64| (now + SignedDuration::from_hours(24 * days)).to_string();
    let group = format!("/subscriptions/{SHOP}/resourceGroups/shop/providers");
    let words = [
        ("{S}", format!("/subscriptions/{SHOP}")),
        ("{R}", group),
        ("{T}", AZURE_TENANT.to_owned()),
        ("{recent}", day(-30)),
        ("{soon}", day(10)),
        ("{later}", day(300)),
    ];
    let text = words.into_iter().fold(text.to_owned(), |text, (word, value)| text.replace(word, &value));
    serde_json::from_str(&text).unwrap()
}

/// Puts a value at a pointer whose last part need not be there yet.
pub fn put(resource: &mut Value, pointer: &str, value: Value) {
    let (parent, last) = pointer.rsplit_once('/').unwrap();
    let parent = resource.pointer_mut(parent).unwrap_or_else(|| panic!("there is no {pointer}"));
    match parent {
        Value::Array(items) => items[last.parse::<usize>().unwrap()] = value,
        _ => parent[last] = value,
    }
}

fn assignment(number: usize, grant: &Value) -> Value {
    let text = |name: &str| grant[name].as_str().unwrap();
    let name = format!("{}-{number}", text("to"));
    json!({
        "id": format!("{}/providers/Microsoft.Authorization/roleAssignments/{name}", text("at")), "name": name,
        "type": "Microsoft.Authorization/roleAssignments",
        "properties": {
            "roleDefinitionId":
                format!("/subscriptions/{SHOP}/providers/Microsoft.Authorization/roleDefinitions/{}", text("role")),
            "principalId": text("to"), "principalType": "ServicePrincipal", "scope": text("at"),
        },
    })
}
