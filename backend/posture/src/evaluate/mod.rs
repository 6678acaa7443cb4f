//! Judging: every check on every resource of its kind, three-valued.
//!
//! Conditions read the provider's JSON in place (`values`), through one `subject` per resource that remembers what it
//! could not give; the `plain` ones among them need no values. What could not be read makes a verdict UNKNOWN with exactly
//! those `reasons`, unless the condition is decided without it. `prove` lets a check's own examples test it.

mod condition;
mod evidence;
mod paths;
mod plain;
mod proof;
mod reasons;
mod subject;
mod values;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use cel::common::ast::IdedExpr;
use cel::{Context, ExecutionError, Program, Value as CelValue};
use jiff::Timestamp;
use nephoscope_catalogue::{Catalogue, CompiledCheck, root_context};
use nephoscope_model::finding::{Detail, Evaluation, Judged, LastKnown, Verdict};
use nephoscope_model::scan::CoverageRow;
use nephoscope_model::{CheckId, Facts, FindingKey, Resource, Severity, Status, Unreadable};

use crate::Estate;
use crate::derive::Derived;
use condition::{Selection, Workshop};
pub use evidence::evidence;
use paths::Lookup;
use plain::Plain;
pub use proof::{ProofFailure, prove};
use subject::{Instant, Missed, Subject};

/// Judges every resource of `estate` by every check that is not retired.
///
/// The facts become part of the evaluation: hand over a [`Derived`] that is not needed any more, and they are not copied.
pub fn evaluate<'d>(
    estate: &Estate<'_>,
    derived: impl Into<Cow<'d, Derived>>,
    catalogue: &Catalogue,
) -> Evaluation {
    let derived = derived.into();
    let court = Court::of(catalogue, estate.instant);
    let mut not_applicable = vec![0u64; court.checks.len()];
    let mut verdicts = Vec::new();
    for (position, (held, derived)) in estate.resources.iter().zip(&derived.resources).enumerate() {
        let said = court.judge(estate, position, &held.resource.open(), &derived.facts);
        verdicts.extend(said.verdicts);
        for check in said.not_applicable {
            not_applicable[check as usize] += 1;
        }
    }

    let derived = derived.into_owned();
    let judged = estate.resources.iter().zip(derived.resources).map(|(held, derived)| Judged {
        uid: held.resource.uid().clone(),
        exposure: derived.exposure,
        facts: derived.facts,
    });
    Evaluation {
        account: estate.account.clone(),
        resources: judged.collect(),
        verdicts,
        not_applicable: court.counted(&not_applicable),
        checks: court.checks,
        severities: court.severities,
    }
}

/// The checks of a catalogue that are not retired, made ready for the resources of any estate.
pub struct Court<'c> {
    /// The checks, sorted by id.
    pub checks: Vec<CheckId>,
    /// The severity of each check, in the same order.
    pub severities: Vec<Severity>,
    plan: BTreeMap<&'c str, Plan<'c>>,
    root: Context<'static, 'static>,
    instant: Instant,
}

/// What the checks say of one resource.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// Sorted by check.
    pub verdicts: Vec<Verdict>,
    /// The positions of checks on its kind that do not apply to it.
    pub not_applicable: Vec<u32>,
}

impl fmt::Debug for Court<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Court").field("checks", &self.checks).finish_non_exhaustive()
    }
}

impl<'c> Court<'c> {
    /// Makes the checks of `catalogue` ready to judge as of `instant`.
    pub fn of(catalogue: &'c Catalogue, instant: Timestamp) -> Self {
        let checks: Vec<&CompiledCheck> =
            catalogue.checks().iter().filter(|check| check.check.deprecated.is_none()).collect();
        let mut root = root_context();
        let plan = plan(&checks, &mut root);
        Self {
            checks: checks.iter().map(|check| check.check.id.clone()).collect(),
            severities: checks.iter().map(|check| check.check.severity).collect(),
            plan,
            instant: Instant::of(instant, &root),
            root,
        }
    }

    /// Judges one resource, which is the one at `position`, by what was derived of it.
    pub fn judge(&self, estate: &Estate<'_>, position: usize, resource: &Resource, facts: &Facts) -> Said {
        let mut said = Said::default();
        let Some(plan) = self.plan.get(resource.kind.as_str()) else { return said };
        let missed = Missed::default();
        let subject = Subject::of(resource, facts, &self.instant, &plan.selections, &missed);
        let mut scope = self.root.new_inner_scope();
        scope.set_variable_resolver(&subject);
        for planned in &plan.checks {
            let judgement = match estate.resources[position].stale_since {
                None => judge(planned, &scope, &subject),
                Some(since) => stale(planned, &scope, &subject, resource, since, estate),
            };
            let check = number(planned.position);
            match judgement {
                Some((status, detail)) => {
                    said.verdicts.push(Verdict { resource: number(position), check, status, detail });
                }
                None => said.not_applicable.push(check),
            }
        }
        said
    }

    /// Counts by position of the check as counts by its id, without those that are nothing.
    pub fn counted(&self, counts: &[u64]) -> BTreeMap<CheckId, u64> {
        let counts = self.checks.iter().zip(counts).filter(|(_, count)| **count > 0);
        counts.map(|(check, count)| (check.clone(), *count)).collect()
    }
}

/// A status with its reasons; none where the check does not apply.
type Judgement = Option<(Status, Option<Box<Detail>>)>;

/// A check, made ready for every resource of its kind.
struct Planned<'c> {
    position: usize,
    check: &'c CompiledCheck,
    applies: Option<Condition<'c>>,
    passes: Condition<'c>,
    evidence: Vec<Lookup>,
}

/// A condition, made ready for every resource of its kind.
struct Condition<'c> {
    written: &'c Program,
    plain: Option<Plain>,
    ready: IdedExpr,
}

/// The checks of one kind, and what their conditions select.
struct Plan<'c> {
    selections: Vec<Selection>,
    checks: Vec<Planned<'c>>,
}

/// The checks by kind, in the catalogue's order; `root` learns the functions that they call.
fn plan<'c>(checks: &[&'c CompiledCheck], root: &mut Context<'_, '_>) -> BTreeMap<&'c str, Plan<'c>> {
    let mut kinds: BTreeMap<&str, Vec<(usize, &CompiledCheck)>> = BTreeMap::new();
    for (position, check) in checks.iter().enumerate() {
        kinds.entry(check.check.kind.as_str()).or_default().push((position, check));
    }
    let mut workshop = Workshop::default();
    let mut plan = BTreeMap::new();
    for (kind, checks) in kinds {
        let ready = |(position, check): (usize, &'c CompiledCheck)| Planned {
            position,
            check,
            applies: check.applies.as_ref().map(|written| Condition::of(written, &mut workshop)),
            passes: Condition::of(&check.passes, &mut workshop),
            evidence: check.check.evidence.iter().map(|path| Lookup::parse(path)).collect(),
        };
        let checks = checks.into_iter().map(ready).collect();
        plan.insert(kind, Plan { checks, selections: workshop.selections() });
    }
    workshop.equip(root);
    plan
}

/// There are fewer than four billion resources in an account, and fewer checks.
fn number(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(u32::MAX)
}

fn judge(planned: &Planned<'_>, scope: &Context<'_, '_>, subject: &Subject<'_>) -> Judgement {
    let decided = match applies(planned, scope, subject) {
        Ok(false) => return None,
        Ok(true) => planned.passes.holds(scope, subject),
        Err(unreadable) => Err(unreadable),
    };
    let (status, unreadable) = match decided {
        Ok(true) => return Some((Status::Pass, None)),
        Ok(false) => (Status::Fail, Vec::new()),
        Err(unreadable) => (Status::Unknown, unreadable),
    };
    let evidence = evidence::found(&planned.evidence, subject);
    Some((status, Some(Box::new(Detail { evidence, unreadable, last_known: None }))))
}

fn applies(
    planned: &Planned<'_>,
    scope: &Context<'_, '_>,
    subject: &Subject<'_>,
) -> Result<bool, Vec<Unreadable>> {
    planned.applies.as_ref().map_or(Ok(true), |condition| condition.holds(scope, subject))
}

impl<'c> Condition<'c> {
    fn of(written: &'c Program, workshop: &mut Workshop) -> Self {
        let expression = written.expression();
        Self { written, plain: Plain::of(expression), ready: workshop.ready(expression) }
    }

    /// What the condition says, or why it says nothing. Where debug assertions are on, as in tests, CEL is asked of
    /// everything and has to say the same.
    fn holds(&self, scope: &Context<'_, '_>, subject: &Subject<'_>) -> Result<bool, Vec<Unreadable>> {
        let Some(decided) = self.plain.as_ref().and_then(|plain| plain.decide(subject)) else {
            return self.ask(scope, subject);
        };
        debug_assert_eq!(self.ask(scope, subject), Ok(decided), "{:?}", self.plain);
        Ok(decided)
    }

    /// What CEL says.
    fn ask(&self, scope: &Context<'_, '_>, subject: &Subject<'_>) -> Result<bool, Vec<Unreadable>> {
        subject.missed().forget();
        let error = match CelValue::resolve_val(&self.ready, scope) {
            Ok(value) => match value.downcast_ref::<cel::common::types::CelBool>() {
                Some(value) => return Ok(*value.inner()),
                None => ExecutionError::UnexpectedType {
                    got: value.get_type().name().to_owned(),
                    want: "bool".to_owned(),
                },
            },
            Err(error) => error,
        };
        Err(reasons::of(&error, self.written, subject))
    }
}

/// A resource that was not listed this time may have changed, so that no old value decides anything.
/// Only that a check did not apply to it is taken to hold still.
fn stale(
    planned: &Planned<'_>,
    scope: &Context<'_, '_>,
    subject: &Subject<'_>,
    resource: &Resource,
    since: Timestamp,
    estate: &Estate<'_>,
) -> Judgement {
    if applies(planned, scope, subject) == Ok(false) {
        return None;
    }
    let key = FindingKey::of(&planned.check.check.id, &resource.uid);
    let last_known = estate.last_known.get(&key);
    let detail = Detail {
        evidence: Vec::new(),
        unreadable: vec![not_listed(resource, estate.coverage)],
        last_known: last_known.map(|&status| LastKnown { status, since }),
    };
    Some((Status::Unknown, Some(Box::new(detail))))
}

/// Why a resource was not listed: what its shard says of itself.
fn not_listed(resource: &Resource, coverage: &[CoverageRow]) -> Unreadable {
    let shard = coverage.iter().find(|row| {
        row.shard.provider == resource.provider
            && row.shard.account == resource.account
            && row.shard.region == resource.region
            && row.shard.service == resource.service
    });
    let error = shard.and_then(|row| row.coverage.errors.first());
    Unreadable {
        facet: "listing".to_owned(),
        api: error.map(|error| error.api.clone()).unwrap_or_default(),
        error: "NotListed".to_owned(),
        permission: error.and_then(|error| error.permission.clone()),
    }
}
