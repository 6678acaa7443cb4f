//! The form of a check file, as people write it and as editors complete it.

use std::collections::BTreeMap;
use std::fmt;

use nephoscope_model::{Concern, Severity};
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::{self, Deserializer};
use serde_json::{Value, json};
use serde_saphyr::Spanned;

use crate::example::Expect;
use crate::kind::kinds;
use crate::untyped::Node;

/// One testable statement about one kind of resource, with the examples that prove it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Nephoscope check")]
pub(crate) struct CheckFile {
    /// The path of the file below its folder, with dashes: `aws/lambda/url-auth-none.yaml` is `aws-lambda-url-auth-none`.
    #[schemars(with = "String", regex(pattern = r"^[a-z0-9]+(-[a-z0-9]+)*$"))]
    pub id: Spanned<String>,
    /// What holds when the check passes, in at most 100 characters, without "Ensure" and without a full stop.
    #[schemars(with = "String", length(min = 1, max = 100))]
    pub title: Spanned<String>,
    /// How bad a failure is.
    #[schemars(with = "String", extend("enum" = Severity::ALL.map(Severity::as_str)))]
    pub severity: Spanned<String>,
    /// The kind of resource that the check judges.
    #[schemars(with = "String", extend("enum" = kinds().keys().collect::<Vec<_>>()))]
    pub resource: Spanned<String>,
    /// What people worry about that the check answers.
    #[schemars(with = "Vec<String>", extend("items" = json!({"enum": Concern::ALL.map(Concern::as_str)})))]
    pub concerns: Vec<Spanned<String>>,
    /// Framework controls that the check bears on, each as `framework/control`.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub frameworks: Vec<Spanned<String>>,
    /// When the check speaks at all, in CEL; always where it is left out.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub applies: Option<Spanned<String>>,
    /// What decides PASS or FAIL, in CEL.
    #[schemars(with = "String", length(min = 1))]
    pub passes: Spanned<String>,
    /// Paths shown as evidence, such as `url.AuthType`, `facts.grants` or `resource.tags`.
    #[schemars(with = "Vec<String>", length(min = 1))]
    pub evidence: Spanned<Vec<Spanned<String>>>,
    /// What is looked at.
    #[schemars(with = "String", length(min = 1))]
    pub description: Spanned<String>,
    /// What an attacker or an accident gains.
    #[schemars(with = "String", length(min = 1))]
    pub risk: Spanned<String>,
    /// What to do about a failure.
    pub remediation: RemediationFile,
    /// The tests of the check: at least one each that passes and fails, one that is unknown, and one that does not apply where `applies` is given.
    #[schemars(with = "Vec<ExampleFile>", length(min = 2))]
    pub examples: Spanned<Vec<Spanned<ExampleFile>>>,
    /// Earlier ids.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub aliases: Vec<Spanned<String>>,
    /// Why the check is retired, where it is.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub deprecated: Option<Spanned<String>>,
}

/// What to do about a failure.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RemediationFile {
    /// In the imperative.
    #[schemars(with = "String", length(min = 1))]
    pub text: Spanned<String>,
    /// A command line, where one exists.
    #[serde(default)]
    pub cli: Option<String>,
    /// A Terraform fragment, where one exists.
    #[serde(default)]
    pub terraform: Option<String>,
}

/// One input with the verdict that it gives. Every key that is not listed here is a facet:
/// the provider's JSON, `null` where there is none, `!unreadable CODE` where it could not be read.
#[derive(Debug, JsonSchema)]
pub(crate) struct ExampleFile {
    /// What is peculiar about the input.
    #[schemars(with = "String", length(min = 1))]
    pub name: Option<Spanned<String>>,
    /// The verdict.
    #[schemars(with = "String", extend("enum" = Expect::ALL.map(Expect::as_str)))]
    pub expect: Option<Spanned<String>>,
    /// Derived facts by name; `!unknown CODE` where a fact cannot be known.
    #[schemars(with = "Option<BTreeMap<String, Value>>")]
    pub facts: Vec<Entry>,
    /// The resource itself, where the conditions read it.
    #[schemars(with = "Option<ResourceFile>")]
    pub resource: Option<ResourceFile>,
    /// The instant of the scan, where the conditions read `now`.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub now: Option<Spanned<String>>,
    #[schemars(with = "BTreeMap<String, Value>", flatten)]
    pub facets: Vec<Entry>,
}

/// The resource of an example; what is left out gets a value that no check takes for anything special.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ResourceFile {
    /// The provider's full identifier.
    pub uid: Option<String>,
    /// The short name.
    pub name: Option<String>,
    /// The account, in quotes.
    pub account: Option<String>,
    /// The region, or `global`.
    pub region: Option<String>,
    /// The tags.
    pub tags: BTreeMap<String, String>,
}

/// A facet or a fact of an example.
#[derive(Debug)]
pub(crate) struct Entry {
    pub name: Spanned<String>,
    pub node: Node,
}

/// The JSON schema of a check file, for editors.
pub fn schema() -> Value {
    schemars::schema_for!(CheckFile).to_value()
}

impl<'de> Deserialize<'de> for ExampleFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ExampleVisitor)
    }
}

struct ExampleVisitor;

impl<'de> de::Visitor<'de> for ExampleVisitor {
    type Value = ExampleFile;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an example")
    }

    // By hand, for a derived `flatten` would lose tags and places.
    fn visit_map<A: de::MapAccess<'de>>(self, mut access: A) -> Result<ExampleFile, A::Error> {
        let (mut name, mut expect, mut resource, mut now) = (None, None, None, None);
        let (mut facts, mut facets) = (Entries::default(), Vec::new());
        while let Some(key) = access.next_key::<Spanned<String>>()? {
            match key.value.as_str() {
                "name" => name = Some(access.next_value()?),
                "expect" => expect = Some(access.next_value()?),
                "facts" => facts = access.next_value()?,
                "resource" => resource = Some(access.next_value()?),
                "now" => now = Some(access.next_value()?),
                _ => facets.push(Entry { node: access.next_value()?, name: key }),
            }
        }
        Ok(ExampleFile { name, expect, facts: facts.0, resource, now, facets })
    }
}

#[derive(Default)]
struct Entries(Vec<Entry>);

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EntriesVisitor)
    }
}

struct EntriesVisitor;

impl<'de> de::Visitor<'de> for EntriesVisitor {
    type Value = Entries;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("facts by name")
    }

    fn visit_map<A: de::MapAccess<'de>>(self, mut access: A) -> Result<Entries, A::Error> {
        let mut entries = Vec::new();
        while let Some((name, node)) = access.next_entry::<Spanned<String>, Node>()? {
            entries.push(Entry { name, node });
        }
        Ok(Entries(entries))
    }
}
