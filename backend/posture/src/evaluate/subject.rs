//! One resource as conditions see it: facets by name, `facts`, `resource` and `now`.

use std::fmt;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use cel::common::traits::{Container, Indexer};
use cel::common::types::{CelNull, CelString, MAP_TYPE, Type};
use cel::common::value::{CowVal, Val};
use cel::context::VariableResolver;
use cel::{Context, ExecutionError, Program};
use jiff::Timestamp;
use nephoscope_model::{Facet, Fact, Facts, Resource, Unreadable};
use serde_json::{Value, json};

use super::condition::{Selection, slot};
use super::paths::{Lookup, Step};
use super::values::view;

static NULL: CelNull = CelNull;
static MAP: Type = MAP_TYPE;

/// The instant of a scan as conditions read it.
pub(super) struct Instant(Box<dyn Val>);

impl Instant {
    pub fn of(instant: Timestamp, root: &Context<'_, '_>) -> Self {
        let text = format!("timestamp('{instant}')");
        let value = Program::compile(&text).ok().and_then(|program| {
            let value: Box<dyn Val> = program.execute(root).ok()?.try_into().ok()?;
            Some(value)
        });
        // CEL knows the years 1 to 9999 and so does our clock; outside of them no date can be compared.
        Self(value.unwrap_or_else(|| Box::new(NULL)))
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One resource as conditions see it. It remembers what it was asked for and could not give.
pub(super) struct Subject<'a> {
    resource: &'a Resource,
    facts: Derived<'a>,
    instant: &'a Instant,
    /// What conditions select, and the values once they have: made for the first condition that asks, kept for the rest.
    selections: &'a [Selection],
    slots: Vec<OnceLock<Option<Box<dyn Val + 'a>>>>,
    /// The resource's own fields as JSON, made when the first condition asks.
    fields: OnceLock<Value>,
}

impl<'a> Subject<'a> {
    pub fn of(
        resource: &'a Resource,
        facts: &'a Facts,
        instant: &'a Instant,
        selections: &'a [Selection],
        missed: &'a Missed,
    ) -> Self {
        let slots = selections.iter().map(|_| OnceLock::new()).collect();
        let facts = Derived { facts, missed };
        Self { resource, facts, instant, selections, slots, fields: OnceLock::new() }
    }

    /// What was asked for and could not be given.
    pub fn missed(&self) -> &Missed {
        self.facts.missed
    }

    /// The value that paths under `root` start from; none where it could not be read.
    pub fn root(&self, root: &str, first: Option<&str>) -> Option<Rooted<'_>> {
        match (root, first) {
            ("resource", _) => Some(Rooted::Whole(self.fields())),
            ("facts", None) => None,
            ("facts", Some(fact)) => self.facts.find(fact).ok().map(Rooted::Fact),
            (facet, _) => self.facet(facet).ok().map(Rooted::Whole),
        }
    }

    /// What stands at a path: null where a key is missing, nothing where it could not be read.
    pub fn find(&self, path: &Lookup) -> Option<Value> {
        let first = path.steps.first().and_then(Step::key);
        let (start, steps) = match self.root(&path.root, first)? {
            Rooted::Whole(value) => (value, &path.steps[..]),
            Rooted::Fact(value) => (value, &path.steps[1..]),
        };
        let found = steps.iter().try_fold(start, |value, step| step.of(value));
        Some(found.cloned().unwrap_or_default())
    }

    fn fields(&self) -> &Value {
        self.fields.get_or_init(|| fields(self.resource))
    }

    /// The facet's value, null where the provider said that there is none.
    fn facet(&self, name: &str) -> Result<&'a Value, Missing<'a>> {
        match self.resource.facets.get(name) {
            Some(Facet::Known(value)) => Ok(value),
            Some(Facet::Absent) => Ok(&Value::Null),
            Some(Facet::Unreadable(reason)) => Err(Missing::Reasons(std::slice::from_ref(reason))),
            None => Err(Missing::NotCollected),
        }
    }

    /// What a selection leads to; nothing where a key is missing, or where it could not be read, which is noted.
    fn select(&self, selection: &Selection) -> Option<&'a Value> {
        let (found, name, keys) = match (selection.root.as_str(), selection.keys.split_first()) {
            ("facts", Some((fact, keys))) => (self.facts.find(fact), fact, keys),
            (facet, _) => (self.facet(facet), &selection.root, &selection.keys[..]),
        };
        match found {
            Ok(value) => walk(value, keys),
            Err(missing) => {
                self.missed().remember(missing, name);
                None
            }
        }
    }

    fn slot<'b>(&'b self, position: usize) -> Option<CowVal<'b, 'b>> {
        let (slot, selection) = self.slots.get(position).zip(self.selections.get(position))?;
        if selection.root == "resource" {
            return walk(self.fields(), &selection.keys).map(view);
        }
        match slot.get_or_init(|| self.select(selection).map(|value| view(value).into_owned())) {
            Some(value) => Some(CowVal::Borrowed(value.as_ref())),
            // Every condition that asks misses it.
            None => self.select(selection).map(view),
        }
    }
}

/// What stands below `value` at `keys`.
pub(super) fn walk<'v>(value: &'v Value, keys: &[String]) -> Option<&'v Value> {
    keys.iter().try_fold(value, |value, key| value.as_object()?.get(key))
}

impl VariableResolver for Subject<'_> {
    fn resolve<'b>(&'b self, variable: &str) -> Option<CowVal<'b, 'b>> {
        match variable {
            "facts" => Some(CowVal::Borrowed(&self.facts)),
            "resource" => Some(view(self.fields())),
            "now" => Some(CowVal::Borrowed(self.instant.0.as_ref())),
            _ => self.slot(slot(variable)?),
        }
    }
}

/// Where a path starts: at a whole document, or at a fact, whose name was its first step.
pub(super) enum Rooted<'a> {
    Whole(&'a Value),
    Fact(&'a Value),
}

/// What checks read as `resource`.
pub(super) fn fields(resource: &Resource) -> Value {
    json!({
        "uid": resource.uid.as_str(),
        "name": resource.name,
        "kind": resource.kind.as_str(),
        "account": resource.account.as_str(),
        "region": resource.region.as_str(),
        "tags": resource.tags,
    })
}

/// Why something cannot be given.
enum Missing<'a> {
    /// The provider would not say.
    Reasons(&'a [Unreadable]),
    /// Nobody asked.
    NotCollected,
}

/// What was asked for and could not be given. Values of CEL have to be `Sync`, hence the lock that nobody contends.
#[derive(Debug, Default)]
pub(super) struct Missed(Mutex<Vec<Unreadable>>);

impl Missed {
    /// Forgets everything, before the next condition.
    pub fn forget(&self) {
        self.reasons().clear();
    }

    /// Everything since the last [`Missed::forget`], each reason once.
    pub fn take(&self) -> Vec<Unreadable> {
        let mut missed = std::mem::take(&mut *self.reasons());
        missed.sort();
        missed.dedup();
        missed
    }

    fn remember(&self, missing: Missing<'_>, name: &str) {
        match missing {
            Missing::Reasons(reasons) => self.reasons().extend_from_slice(reasons),
            Missing::NotCollected => self.reasons().push(Unreadable {
                facet: name.to_owned(),
                api: String::new(),
                error: "NotCollected".to_owned(),
                permission: None,
            }),
        }
    }

    fn reasons(&self) -> MutexGuard<'_, Vec<Unreadable>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The facts as a CEL map from which unknown ones are missing, in a way that `has()` cannot take for an answer.
#[derive(Debug)]
struct Derived<'a> {
    facts: &'a Facts,
    missed: &'a Missed,
}

impl<'a> Derived<'a> {
    fn find(&self, name: &str) -> Result<&'a Value, Missing<'a>> {
        match self.facts.get(name) {
            Some(Fact::Known(value)) => Ok(value),
            Some(Fact::Unknown(reasons)) => Err(Missing::Reasons(reasons)),
            None => Err(Missing::NotCollected),
        }
    }

    fn at(&self, key: &dyn Val) -> Result<&'a Value, ExecutionError> {
        let Some(name) = key.downcast_ref::<CelString<'_>>() else {
            let got = key.get_type().name().to_owned();
            return Err(ExecutionError::UnexpectedType { got, want: "string".to_owned() });
        };
        self.find(name.inner()).map_err(|missing| {
            self.missed.remember(missing, name.inner());
            ExecutionError::undeclared_reference(name.inner())
        })
    }
}

impl Val for Derived<'_> {
    fn get_type(&self) -> &Type {
        &MAP
    }

    fn cel_type() -> &'static Type {
        &MAP
    }

    fn as_indexer<'b, 'w>(&'b self) -> Option<&'b (dyn Indexer + 'w)>
    where
        Self: 'w,
    {
        Some(self)
    }

    fn as_container(&self) -> Option<&dyn Container> {
        Some(self)
    }

    fn clone_as_boxed<'w>(&self) -> Box<dyn Val + 'w>
    where
        Self: 'w,
    {
        Box::new(Derived { facts: self.facts, missed: self.missed })
    }
}

impl Indexer for Derived<'_> {
    fn get<'b, 'w>(&'b self, key: &dyn Val) -> Result<CowVal<'b, 'w>, ExecutionError>
    where
        Self: 'w,
    {
        self.at(key).map(view)
    }

    fn steal<'w>(self: Box<Self>, key: &dyn Val) -> Result<Box<dyn Val + 'w>, ExecutionError>
    where
        Self: 'w,
    {
        self.get(key).map(CowVal::into_owned)
    }
}

impl Container for Derived<'_> {
    fn contains(&self, key: &dyn Val) -> Result<bool, ExecutionError> {
        self.at(key).map(|_| true)
    }
}
