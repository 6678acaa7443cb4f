//! The examples of a check: its tests, and the best explanation of what it judges.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use nephoscope_model::ident::UnknownName;
use nephoscope_model::{AccountId, Facet, Fact, Facts, Kind, Provider, Region, Resource, Uid, Unreadable};
use serde_json::Value;
use serde_saphyr::{Location, Spanned};

use crate::check_file::{Entry, ExampleFile, ResourceFile};
use crate::kind::{Readable, names};
use crate::yaml::{Faults, named};

/// Who gave an example its values: it stands where a real reading names the API action.
const API: &str = "example";

/// One input with the verdict that it gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Example {
    /// What is peculiar about the input.
    pub name: String,
    /// The verdict.
    pub expect: Expect,
    /// The facets that the example gives; conditions see no others.
    pub facets: BTreeMap<String, Facet>,
    /// The facts that the example gives; conditions see no others.
    pub facts: Facts,
    /// The resource itself.
    pub resource: ExampleResource,
    /// The instant of the scan: the first moment of 2026 where the example does not say.
    pub now: Timestamp,
}

/// The resource of an example.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExampleResource {
    /// The provider's full identifier.
    pub uid: String,
    /// The short name.
    pub name: String,
    /// The account.
    pub account: String,
    /// The region.
    pub region: String,
    /// The tags.
    pub tags: BTreeMap<String, String>,
}

/// What an example says that its check says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Expect {
    /// The condition holds.
    Pass,
    /// The condition does not hold.
    Fail,
    /// The check does not speak about such a resource.
    NotApplicable,
    /// What was needed could not be read.
    Unknown,
}

impl Example {
    /// The example as a resource of `kind`, with its facets and without relations.
    pub fn to_resource(&self, kind: &Kind, provider: Provider) -> Resource {
        Resource {
            uid: Uid::from(self.resource.uid.as_str()),
            kind: kind.clone(),
            provider,
            account: AccountId::from(self.resource.account.as_str()),
            region: Region::from(self.resource.region.as_str()),
            service: kind.service().into(),
            name: self.resource.name.clone(),
            tags: self.resource.tags.clone(),
            facets: self.facets.clone(),
            relations: Vec::new(),
            carried: BTreeMap::new(),
            revision: None,
        }
    }
}

impl Expect {
    /// Every verdict that an example can expect.
    pub const ALL: [Self; 4] = [Self::Pass, Self::Fail, Self::NotApplicable, Self::Unknown];

    /// The word in check files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::NotApplicable => "not_applicable",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for Expect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Expect {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        let found = Self::ALL.into_iter().find(|expect| expect.as_str() == text);
        found.ok_or_else(|| UnknownName::new("verdict of an example", text, &Self::ALL.map(Self::as_str)))
    }
}

/// The example that `file` describes; none where something is wrong with it, which `faults` then says.
pub(crate) fn example(
    file: Spanned<ExampleFile>,
    kind: &Kind,
    readable: &Readable,
    source: &str,
    faults: &mut Faults<'_>,
) -> Option<Example> {
    let before = faults.found.len();
    let Spanned { value: file, referenced: at, .. } = file;
    let name = file.name.filter(|name| !name.value.trim().is_empty());
    if name.is_none() {
        faults.at(&at, "the example has no `name`");
    }
    if file.expect.is_none() {
        faults.at(&at, "the example does not say what to `expect`");
    }
    let expect = file.expect.and_then(|word| named::<Expect>(&word, faults));
    let now = match &file.now {
        None => Some(start_of_2026()),
        Some(now) => now.value.parse().map_err(|_| faults.at(&now.referenced, NO_TIMESTAMP)).ok(),
    };
    let mut facets = BTreeMap::new();
    for entry in file.facets {
        let name = entry.name.value.clone();
        if !readable.facets.contains_key(&name) {
            let known = names(&readable.facets);
            let cause = format!("`{name}` is not a facet of {kind}; known are {known}");
            faults.at(&entry.name.referenced, cause);
        }
        facets.insert(name, facet(entry, source, faults));
    }
    let mut facts = Facts::new();
    for entry in file.facts {
        let name = entry.name.value.clone();
        if !readable.facts.contains_key(&name) {
            let known = names(&readable.facts);
            faults.at(&entry.name.referenced, format!("`{name}` is not a fact of {kind}; known are {known}"));
        }
        facts.insert(name, fact(entry, source, faults));
    }
    if faults.found.len() > before {
        return None;
    }
    let resource = resource(file.resource.unwrap_or_default());
    Some(Example { name: name?.value, expect: expect?, facets, facts, resource, now: now? })
}

const NO_TIMESTAMP: &str = "this is not an instant; write it as in 2026-11-16T02:00:00Z";

fn start_of_2026() -> Timestamp {
    Timestamp::constant(1_767_225_600, 0)
}

fn facet(entry: Entry, source: &str, faults: &mut Faults<'_>) -> Facet {
    let Entry { name, node } = entry;
    report(node.faults(source), faults);
    match node.tag.as_deref() {
        None if node.value.is_null() => Facet::Absent,
        None => Facet::Known(node.value),
        Some("!unreadable") => {
            Facet::Unreadable(unreadable(&name.value, node.tag.as_deref(), &node.value, &node.at, faults))
        }
        Some(tag) => {
            let cause = format!("the tag `{tag}` means nothing for a facet; `!unreadable CODE` does");
            faults.at(&node.at, cause);
            Facet::Absent
        }
    }
}

fn fact(entry: Entry, source: &str, faults: &mut Faults<'_>) -> Fact {
    let Entry { name, node } = entry;
    report(node.faults(source), faults);
    match node.tag.as_deref() {
        None => Fact::Known(node.value),
        Some("!unknown") => {
            Fact::Unknown(vec![unreadable(&name.value, node.tag.as_deref(), &node.value, &node.at, faults)])
        }
        Some(tag) => {
            let cause = format!("the tag `{tag}` means nothing for a fact; `!unknown CODE` does");
            faults.at(&node.at, cause);
            Fact::Known(Value::Null)
        }
    }
}

fn report(found: Vec<(Location, String)>, faults: &mut Faults<'_>) {
    for (at, cause) in found {
        faults.at(&at, cause);
    }
}

fn unreadable(
    name: &str,
    tag: Option<&str>,
    code: &Value,
    at: &Location,
    faults: &mut Faults<'_>,
) -> Unreadable {
    let error = match code {
        Value::String(code) => code.clone(),
        Value::Number(code) => code.to_string(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
            let tag = tag.unwrap_or_default();
            faults.at(at, format!("`{tag}` needs an error code, as in `{tag} AccessDenied`"));
            String::new()
        }
    };
    Unreadable { facet: name.to_owned(), api: API.to_owned(), error, permission: None }
}

fn resource(file: ResourceFile) -> ExampleResource {
    ExampleResource {
        uid: file.uid.unwrap_or_else(|| "example".to_owned()),
        name: file.name.unwrap_or_else(|| "example".to_owned()),
        account: file.account.unwrap_or_else(|| "123456789012".to_owned()),
        region: file.region.unwrap_or_else(|| "eu-west-1".to_owned()),
        tags: file.tags,
    }
}
