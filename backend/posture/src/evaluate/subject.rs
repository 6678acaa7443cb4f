//! One resource as conditions see it: facets by name, `facts`, `resource` and `now`.

use std::fmt;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use cel::common::traits::{Container, Indexer};
use cel::common::types::{CelNull, CelString, MAP_TYPE, Type};
use cel::common::value::{CowVal, Val};
use cel::context::VariableResolver;
use cel::{Context, ExecutionError, Program};
use jiff::Timestamp;
use nephoscope_model::{Fact, Facet, Facts, Resource, Unreadable};
use serde_json::{Value, json};

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
    /// The resource's own fields as JSON, made when the first condition asks.
    fields: OnceLock<Value>,
}

impl<'a> Subject<'a> {
    pub fn of(
        resource: &'a Resource,
        facts: &'a Facts,
        instant: &'a Instant,
        missed: &'a Missed,
    ) -> Self {
        Self { resource, facts: Derived { facts, missed }, instant, fields: OnceLock::new() }
    }

    /// What was asked for and could not be given.
    pub fn missed(&self) -> &Missed {
        self.facts.missed
    }

    /// The value that paths under `root` start from; none where it could not be read.
    pub fn root(&self, root: &str, first: Option<&str>) -> Option<Rooted<'_>> {
        match root {
            "resource" => Some(Rooted::Whole(self.fields())),
            "facts" => match self.facts.facts.get(first?)? {
                Fact::Known(value) => Some(Rooted::Fact(value)),
                Fact::Unknown(_) => None,
            },
            facet => match self.resource.facets.get(facet)? {
                Facet::Known(value) => Some(Rooted::Whole(value)),
                Facet::Absent => Some(Rooted::Whole(&Value::Null)),
                Facet::Unreadable(_) => None,
            },
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

    fn variable<'b>(&'b self, name: &str) -> Option<CowVal<'b, 'b>> {
        // Selections arrive whole first, as `config.VpcConfig.VpcId`. Walking there at once saves every step between;
        // where the walk ends early, CEL asks again for less and finds the missing key itself.
        let (root, path) = name.split_once('.').map_or((name, None), |(root, path)| (root, Some(path)));
        match root {
            "facts" => match path {
                None => Some(CowVal::Borrowed(&self.facts)),
                Some(path) => {
                    let (fact, path) = path.split_once('.').map_or((path, None), |(f, p)| (f, Some(p)));
                    match self.facts.facts.get(fact)? {
                        Fact::Known(value) => walk(value, path),
                        Fact::Unknown(_) => None,
                    }
                }
            },
            "resource" => walk(self.fields(), path),
            "now" => path.is_none().then(|| CowVal::Borrowed(self.instant.0.as_ref())),
            facet => match self.resource.facets.get(facet) {
                Some(Facet::Known(value)) => walk(value, path),
                Some(Facet::Absent) if path.is_none() => Some(CowVal::Borrowed(&NULL)),
                Some(Facet::Absent) => None,
                Some(Facet::Unreadable(reason)) => {
                    self.missed().remember(reason.clone());
                    None
                }
                None => {
                    self.missed().remember(not_collected(facet));
                    None
                }
            },
        }
    }
}

/// Where a path starts: at a whole document, or at a fact, whose name was its first step.
pub(super) enum Rooted<'a> {
    Whole(&'a Value),
    Fact(&'a Value),
}

fn walk<'b>(value: &'b Value, path: Option<&str>) -> Option<CowVal<'b, 'b>> {
    let mut steps = path.into_iter().flat_map(|path| path.split('.'));
    steps.try_fold(value, |value, key| value.as_object()?.get(key)).map(view)
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

fn not_collected(name: &str) -> Unreadable {
    Unreadable {
        facet: name.to_owned(),
        api: String::new(),
        error: "NotCollected".to_owned(),
        permission: None,
    }
}

impl VariableResolver for Subject<'_> {
    fn resolve<'b>(&'b self, variable: &str) -> Option<CowVal<'b, 'b>> {
        self.variable(variable)
    }
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

    fn remember(&self, reason: Unreadable) {
        self.reasons().push(reason);
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
    fn find(&self, key: &dyn Val) -> Result<&'a Value, ExecutionError> {
        let Some(name) = key.downcast_ref::<CelString<'_>>() else {
            let got = key.get_type().name().to_owned();
            return Err(ExecutionError::UnexpectedType { got, want: "string".to_owned() });
        };
        let name = name.inner();
        match self.facts.get(name) {
            Some(Fact::Known(value)) => return Ok(value),
            Some(Fact::Unknown(reasons)) => {
                for reason in reasons {
                    self.missed.remember(reason.clone());
                }
            }
            None => self.missed.remember(not_collected(&format!("facts.{name}"))),
        }
        Err(ExecutionError::undeclared_reference(name))
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
        self.find(key).map(view)
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
        self.find(key).map(|_| true)
    }
}
