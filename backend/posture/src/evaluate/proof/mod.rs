//! A check proves itself: its examples give what they expect, everything it reads matters, and what it cannot read never
//! passes unseen.

mod case;
mod mutation;

use std::collections::BTreeSet;
use std::fmt;

use nephoscope_catalogue::{CompiledCheck, Expect};
use nephoscope_model::CheckId;
use serde_json::Value;

use super::paths::{Path, Reads};
use case::{Bench, Case};

/// One thing that a check's own examples show to be wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ProofFailure {
    /// The check.
    pub check: CheckId,
    /// The example that shows it, where one does.
    pub example: Option<String>,
    /// The path or facet concerned, where there is one.
    pub path: Option<String>,
    /// What is wrong.
    pub cause: String,
}

impl fmt::Display for ProofFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.check)?;
        if let Some(example) = &self.example {
            write!(f, ", example `{example}`")?;
        }
        if let Some(path) = &self.path {
            write!(f, ", `{path}`")?;
        }
        write!(f, ": {}", self.cause)
    }
}

/// Tests `check` by its own examples. Empty where everything holds.
///
/// Mutations are only tried once every example gives what it expects, for before that they prove nothing.
pub fn prove(check: &CompiledCheck) -> Vec<ProofFailure> {
    let bench = Bench::of(check);
    let cases: Vec<Case> = check.examples.iter().map(|example| Case::of(example, check)).collect();
    let failures = unexpected(check, &bench, &cases);
    if !failures.is_empty() {
        return failures;
    }
    let programs = check.applies.iter().chain([&check.passes]).map(cel::Program::expression);
    let reads = Reads::of(programs);
    let mut failures = idle(check, &bench, &cases, &reads);
    failures.extend(overlooked(check, &bench, &cases, &reads));
    failures
}

/// Examples that do not give what they expect.
fn unexpected(check: &CompiledCheck, bench: &Bench<'_>, cases: &[Case]) -> Vec<ProofFailure> {
    let mut failures = Vec::new();
    for (example, case) in check.examples.iter().zip(cases) {
        let (verdict, reasons) = bench.judge(case);
        if verdict != example.expect {
            let mut cause = format!("expected {}, but the verdict is {verdict}", example.expect);
            for reason in reasons {
                cause.push_str(&format!(" ({} of {})", reason.error, reason.facet));
            }
            failures.push(failure(check, Some(&example.name), None, cause));
        }
    }
    failures
}

/// Paths that the conditions read although no change there moves any example to another decided verdict.
///
/// A change that only makes the verdict UNKNOWN shows that the path is touched, not that it matters.
fn idle(check: &CompiledCheck, bench: &Bench<'_>, cases: &[Case], reads: &Reads) -> Vec<ProofFailure> {
    let moves = |path: &Path| {
        let pool = pool(cases, path, &reads.literals);
        cases.iter().zip(&check.examples).any(|(case, example)| {
            variants(case, path, &pool).iter().any(|variant| {
                let (verdict, _) = bench.judge(variant);
                verdict != Expect::Unknown && verdict != example.expect
            })
        })
    };
    let idle = reads.paths.iter().filter(|path| !moves(path));
    let cause = "no change there moves the verdict of any example; show one that does, or do not read it";
    idle.map(|path| failure(check, None, Some(path.to_string()), cause.to_owned())).collect()
}

/// Facets and facts whose unreadability goes unnoticed although their value would matter.
fn overlooked(check: &CompiledCheck, bench: &Bench<'_>, cases: &[Case], reads: &Reads) -> Vec<ProofFailure> {
    let mut failures = Vec::new();
    let subjects: BTreeSet<&str> =
        reads.paths.iter().filter(|path| path.root != "resource").map(Path::subject).collect();
    for subject in subjects {
        let paths: Vec<&Path> = reads.paths.iter().filter(|path| path.subject() == subject).collect();
        for (case, example) in cases.iter().zip(&check.examples) {
            let Some(unread) = paths.first().and_then(|path| case.without(path)) else { continue };
            let (blind, _) = bench.judge(&unread);
            if blind == Expect::Unknown {
                continue;
            }
            // Decided without it, so no value that it could have had may say otherwise.
            let other =
                paths.iter().flat_map(|path| variants(case, path, &pool(cases, path, &reads.literals)));
            let other = other.map(|variant| bench.judge(&variant).0);
            if let Some(seen) = other.into_iter().find(|seen| *seen != Expect::Unknown && *seen != blind) {
                let cause = format!("unread, the verdict is {blind}, though read it can be {seen}");
                failures.push(failure(check, Some(&example.name), Some(subject.to_owned()), cause));
            }
        }
    }
    failures
}

/// Values worth trying at `path`: what stands there in any example, and what the conditions compare with.
fn pool(cases: &[Case], path: &Path, literals: &[Value]) -> Vec<Value> {
    let mut pool: Vec<Value> = Vec::new();
    let found = cases.iter().flat_map(|case| case.values(path));
    for value in found.chain(literals.iter().cloned()) {
        if !pool.contains(&value) {
            pool.push(value);
        }
    }
    pool
}

/// The case with every change at `path`, one at a time; none where the path starts at something unreadable.
fn variants(case: &Case, path: &Path, pool: &[Value]) -> Vec<Case> {
    let Some((root, steps)) = case.document(path) else { return Vec::new() };
    mutation::mutations(&root, steps, pool).into_iter().map(|value| case.with(path, value)).collect()
}

fn failure(
    check: &CompiledCheck,
    example: Option<&str>,
    path: Option<String>,
    cause: String,
) -> ProofFailure {
    ProofFailure { check: check.check.id.clone(), example: example.map(str::to_owned), path, cause }
}
