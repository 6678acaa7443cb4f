//! Examples as they are judged, and the same with something changed.

use std::collections::BTreeMap;

use cel::Context;
use jiff::Timestamp;
use nephoscope_catalogue::{CompiledCheck, Example, Expect, root_context};
use nephoscope_model::{AccountId, Facet, Fact, Facts, Region, Resource, Status, Uid, Unreadable};
use serde_json::Value;

use super::super::paths::{Path, Step};
use super::super::subject::{Instant, Missed, Subject, fields};
use super::super::{Plan, judge, plan};
use super::mutation;

/// A check, ready to judge any number of cases.
pub(super) struct Bench<'c> {
    plan: Option<Plan<'c>>,
    root: Context<'static, 'static>,
}

impl<'c> Bench<'c> {
    pub fn of(check: &'c CompiledCheck) -> Self {
        let mut root = root_context();
        let plan = plan(&[check], &mut root).into_values().next();
        Self { plan, root }
    }

    /// What the check says of `case`, with the reasons where it cannot tell.
    pub fn judge(&self, case: &Case) -> (Expect, Vec<Unreadable>) {
        let Some(Plan { selections, checks }) = &self.plan else {
            return (Expect::NotApplicable, Vec::new());
        };
        let instant = Instant::of(case.now, &self.root);
        let missed = Missed::default();
        let subject = Subject::of(&case.resource, &case.facts, &instant, selections, &missed);
        let mut scope = self.root.new_inner_scope();
        scope.set_variable_resolver(&subject);
        match checks.first().and_then(|check| judge(check, &scope, &subject)) {
            None => (Expect::NotApplicable, Vec::new()),
            Some((status, detail)) => {
                let verdict = match status {
                    Status::Pass => Expect::Pass,
                    Status::Fail => Expect::Fail,
                    Status::Unknown | Status::Manual => Expect::Unknown,
                };
                (verdict, detail.map(|detail| detail.unreadable).unwrap_or_default())
            }
        }
    }
}

/// One input of a check.
#[derive(Clone)]
pub(super) struct Case {
    resource: Resource,
    facts: Facts,
    now: Timestamp,
}

impl Case {
    pub fn of(example: &Example, check: &CompiledCheck) -> Self {
        let resource = example.to_resource(&check.check.kind, check.check.provider);
        Self { resource, facts: example.facts.clone(), now: example.now }
    }

    /// The document that `path` starts in, null for an absent facet, and the steps within it; none where it is unread.
    pub fn document<'p>(&self, path: &'p Path) -> Option<(Value, &'p [Step])> {
        match path.root.as_str() {
            "resource" => Some((fields(&self.resource), &path.steps)),
            "facts" => match self.facts.get(path.subject())? {
                Fact::Known(value) => Some((value.clone(), &path.steps[1..])),
                Fact::Unknown(_) => None,
            },
            facet => match self.resource.facets.get(facet)? {
                Facet::Known(value) => Some((value.clone(), &path.steps)),
                Facet::Absent => Some((Value::Null, &path.steps)),
                Facet::Unreadable(_) => None,
            },
        }
    }

    /// Every value that stands at `path`.
    pub fn values(&self, path: &Path) -> Vec<Value> {
        self.document(path).map(|(root, steps)| mutation::values(&root, steps)).unwrap_or_default()
    }

    /// The case with another document at the start of `path`.
    pub fn with(&self, path: &Path, document: Value) -> Self {
        let mut case = self.clone();
        match path.root.as_str() {
            "resource" => case.describe(&document),
            "facts" => {
                case.facts.insert(path.subject().to_owned(), Fact::Known(document));
            }
            facet => {
                let facet_value = if document.is_null() { Facet::Absent } else { Facet::Known(document) };
                case.resource.facets.insert(facet.to_owned(), facet_value);
            }
        }
        case
    }

    /// The case with the facet or fact of `path` unreadable; none where it is so already.
    pub fn without(&self, path: &Path) -> Option<Self> {
        self.document(path)?;
        let subject = path.subject().to_owned();
        let reason = Unreadable {
            facet: subject.clone(),
            api: "example".to_owned(),
            error: "AccessDenied".to_owned(),
            permission: None,
        };
        let mut case = self.clone();
        if path.root == "facts" {
            case.facts.insert(subject, Fact::Unknown(vec![reason]));
        } else {
            case.resource.facets.insert(subject, Facet::Unreadable(reason));
        }
        Some(case)
    }

    /// Takes over fields of the resource itself, as far as they are of the kind that a resource has.
    fn describe(&mut self, document: &Value) {
        let text = |key: &str| document.get(key).and_then(Value::as_str).unwrap_or_default();
        self.resource.uid = Uid::from(text("uid"));
        self.resource.name = text("name").to_owned();
        self.resource.account = AccountId::from(text("account"));
        self.resource.region = Region::from(text("region"));
        let tags = document.get("tags").and_then(Value::as_object);
        let text = |(key, value): (&String, &Value)| Some((key.clone(), value.as_str()?.to_owned()));
        self.resource.tags =
            tags.map(|tags| tags.iter().filter_map(text).collect::<BTreeMap<_, _>>()).unwrap_or_default();
    }
}
