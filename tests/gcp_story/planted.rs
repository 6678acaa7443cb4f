//! The planted estate: a project in which everything is made well, and one with copies of it that have faults, each with
//! the checks that it fails.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use nephoscope_simulator::GoogleEstate;
use serde_json::{Map, Value, json};

/// The project in which everything is as it should be, and its number.
const SHOP: [&str; 2] = ["shop", "111111111111"];
/// The project that nobody cares for.
const ATTIC: [&str; 2] = ["attic", "222222222222"];
/// Families of which every copy fails something: they stand in the attic only.
const NEVER_WELL: [&str; 2] = ["key", "older"];

/// Resources by check.
pub type Found = BTreeMap<String, BTreeSet<String>>;

/// Bodies by address, as `run/v2/projects/shop/locations/europe-west1/services/front`, and what is wrong with them.
#[derive(Clone, Debug, Default)]
pub struct Planted {
    pub resources: BTreeMap<String, Value>,
    /// APIs that are switched off: host and project.
    pub disabled: Vec<(&'static str, &'static str)>,
    /// What must fail, by check.
    pub fails: Found,
}

impl Planted {
    /// A project with everything as it should be.
    pub fn careful() -> Self {
        let families = read(include_str!("careful.json"), SHOP[0]);
        let well =
            families.as_object().unwrap().iter().filter(|(name, _)| !NEVER_WELL.contains(&name.as_str()));
        let resources = well.flat_map(|(_, family)| family.as_object().unwrap().clone());
        Self { resources: resources.collect(), ..Self::default() }
    }

    /// The same, and beside it a project with at least one fault for every check.
    pub fn careless() -> Self {
        let (mut planted, families) = (Self::careful(), read(include_str!("careful.json"), SHOP[0]));
        for fault in read(include_str!("careless.json"), ATTIC[0]).as_array().unwrap() {
            planted.plant(&families, fault);
        }
        planted
    }

    /// What these functions and services need, with a function that is made well: few calls, for stories of what goes
    /// wrong on the way.
    pub fn part(copies: &[&str]) -> Self {
        let families = read(include_str!("careful.json"), SHOP[0]);
        let named =
            ["company", "project", "ground", "orders"].map(|name| families[name].as_object().unwrap());
        let mut planted =
            Self { resources: named.into_iter().flatten().map(owned).collect(), ..Self::default() };
        for fault in read(include_str!("careless.json"), ATTIC[0]).as_array().unwrap() {
            let mut names = fault["renamed"].as_object().into_iter().flatten().map(|(_, name)| name);
            if ["project", "ground"].contains(&fault["of"].as_str().unwrap())
                || names.any(|name| copies.contains(&name.as_str().unwrap()))
            {
                planted.plant(&families, fault);
            }
        }
        planted
    }

    pub fn estate(&self) -> GoogleEstate {
        let project = |[id, number]: [&str; 2]| json!({"projectId": id, "name": format!("projects/{number}"), "parent": "folders/77", "state": "ACTIVE"});
        let named =
            |address: &str| self.resources.keys().any(|one| one.contains(&format!("/projects/{address}/")));
        let projects: Vec<Value> =
            [SHOP, ATTIC].into_iter().filter(|[id, _]| named(id)).map(project).collect();
        let resources = self.resources.iter().map(|(address, body)| {
            let (host, path) = address.split_once('/').unwrap();
            json!({"host": format!("{host}.googleapis.com"), "path": format!("/{path}"), "body": named_as(address, body)})
        });
        let disabled: Vec<Value> =
            self.disabled.iter().map(|(host, project)| json!({"host": host, "project": project})).collect();
        let resources: Vec<Value> = resources.collect();
        let planted = json!({"projects": projects, "resources": resources, "disabled": disabled});
        GoogleEstate::planted(&planted).unwrap_or_else(|wrong| panic!("{wrong:#?}"))
    }

    /// Copies a family into the attic under other names, and does to the copy what the fault says.
    fn plant(&mut self, families: &Value, fault: &Value) {
        let fields = |name: &str| fault[name].as_object().into_iter().flatten();
        let mut text = families[fault["of"].as_str().unwrap()].to_string();
        for (from, to) in [(SHOP[0], ATTIC[0]), (SHOP[1], ATTIC[1])] {
            text = text.replace(from, to);
        }
        for (from, to) in fields("renamed") {
            text = text.replace(from, to.as_str().unwrap());
        }
        let mut copies: BTreeMap<String, Value> = serde_json::from_str(&text).unwrap();
        for ending in fault["gone"].as_array().into_iter().flatten() {
            let before = copies.len();
            copies.retain(|address, _| !ends(address, ending.as_str().unwrap()));
            assert_eq!(copies.len() + 1, before, "one resource ends with {ending}");
        }
        for (ending, changes) in fields("set") {
            let mut meant = copies.iter_mut().filter(|(address, _)| ends(address, ending));
            let (_, copy) =
                meant.next().unwrap_or_else(|| panic!("no resource of the copy ends with {ending}"));
            assert!(meant.next().is_none(), "one resource ends with {ending}");
            for (pointer, value) in changes.as_object().unwrap() {
                put(copy, pointer, value.clone());
            }
        }
        copies.extend(fields("added").map(owned));
        for (address, body) in copies {
            assert!(self.resources.insert(address.clone(), body).is_none(), "{address} is planted twice");
        }
        for (resource, checks) in fields("fails") {
            for check in checks.as_array().unwrap() {
                let failing = self.fails.entry(format!("gcp-{}", check.as_str().unwrap())).or_default();
                failing.insert(resource.clone());
            }
        }
    }
}

fn owned((address, body): (&String, &Value)) -> (String, Value) {
    (address.clone(), body.clone())
}

/// How a resource is called in what is expected: the last two parts of its uid.
pub fn label(uid: &str) -> String {
    let mut parts: Vec<&str> = uid.rsplit('/').take(2).collect();
    parts.reverse();
    parts.join("/")
}

/// What was planted to be secret.
pub fn canaries() -> BTreeSet<String> {
    let after = include_str!("careless.json").split("CANARY").skip(1);
    let ends = |rest: &str| rest.find(|one: char| one != '-' && !one.is_ascii_alphanumeric()).unwrap();
    after.map(|rest| format!("CANARY{}", &rest[..ends(rest)])).collect()
}

/// Puts a value at a pointer whose last part need not be there yet; null takes away what is there.
fn put(resource: &mut Value, pointer: &str, value: Value) {
    let (parent, last) = pointer.rsplit_once('/').unwrap();
    let parent = resource.pointer_mut(parent).unwrap_or_else(|| panic!("there is no {pointer}"));
    match (parent, value) {
        (Value::Array(items), value) => items[last.parse::<usize>().unwrap()] = value,
        (Value::Object(fields), Value::Null) => {
            fields.remove(last).unwrap_or_else(|| panic!("there is no {pointer}"));
        }
        (parent, value) => parent[last] = value,
    }
}

/// Whether an address ends with these parts.
fn ends(address: &str, ending: &str) -> bool {
    address.strip_suffix(ending).is_some_and(|before| before.ends_with('/'))
}

/// The body with the name that its API gives it, where it does not say one itself.
fn named_as(address: &str, body: &Value) -> Value {
    let (last, name) = (address.rsplit('/').next().unwrap(), address.splitn(3, '/').nth(2).unwrap());
    let mut body = body.clone();
    if let Some((project, email)) = name.split_once("/serviceAccounts/").filter(|(_, rest)| is_email(rest)) {
        let number =
            email.bytes().fold(1u64, |number, byte| number.wrapping_mul(31).wrapping_add(byte.into()));
        let own = json!({"email": email, "uniqueId": format!("{number:021}"), "projectId": project.rsplit('/').next()});
        body.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
    }
    let own = match address.split('/').next().unwrap() {
        _ if body["name"].is_string()
            || last.contains(':')
            || last == "iam"
            || address.contains("ingressRules") =>
        {
            return body;
        }
        "compute" | "logging" | "storage" => last,
        _ => name,
    };
    body["name"] = json!(own);
    body
}

/// Whether it is the address of an account and nothing below it.
fn is_email(rest: &str) -> bool {
    rest.ends_with("gserviceaccount.com")
}

/// Reads an estate in which a few words stand for what is long, encoded, or changes every day.
fn read(text: &str, project: &str) -> Value {
    let now = Timestamp::now();
    let day = |days: i64| (now + SignedDuration::from_hours(24 * days)).to_string();
    let words = [
        ("{L}", format!("projects/{project}/locations/europe-west1")),
        ("{C}", format!("https://www.googleapis.com/compute/v1/projects/{project}")),
        ("{digest}", "6ea6f4b2".repeat(8)),
        ("{old}", day(-400)),
        ("{recent}", day(-20)),
        ("{yesterday}", day(-1)),
        ("{later}", day(30)),
    ];
    let text = words.into_iter().fold(text.to_owned(), |text, (word, value)| text.replace(word, &value));
    encoded(serde_json::from_str(&text).unwrap())
}

/// Writes every `{"base64": …}` out.
fn encoded(value: Value) -> Value {
    match value {
        Value::Object(fields) if fields.len() == 1 && fields.contains_key("base64") => {
            Value::from(base64(fields["base64"].to_string().as_bytes()))
        }
        Value::Object(fields) => Value::Object(
            fields.into_iter().map(|(name, value)| (name, encoded(value))).collect::<Map<_, _>>(),
        ),
        Value::Array(items) => items.into_iter().map(encoded).collect(),
        other => other,
    }
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let letters = bytes.chunks(3).flat_map(|chunk| {
        let bits = (0..3).fold(0u32, |bits, at| bits << 8 | u32::from(chunk.get(at).copied().unwrap_or(0)));
        (0..4).map(move |at| match at <= chunk.len() {
            true => char::from(LETTERS[(bits >> (18 - 6 * at) & 63) as usize]),
            false => '=',
        })
    });
    letters.collect()
}
