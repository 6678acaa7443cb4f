//! What stands at a check's evidence paths.

use cel::Context;
use jiff::Timestamp;
use nephoscope_model::{Check, Evidence, Facts, Resource};

use super::paths::Lookup;
use super::subject::{Instant, Missed, Subject};

/// What stands at the evidence paths of `check` now: for a PASS, whose evidence is not stored because it can be read again.
pub fn evidence(check: &Check, resource: &Resource, facts: &Facts) -> Vec<Evidence> {
    let paths: Vec<Lookup> = check.evidence.iter().map(|path| Lookup::parse(path)).collect();
    // No evidence path reads the instant.
    let instant = Instant::of(Timestamp::UNIX_EPOCH, &Context::default());
    let missed = Missed::default();
    found(&paths, &Subject::of(resource, facts, &instant, &[], &missed))
}

/// What stands at the paths, as far as it could be read; a key that is not there is null.
pub(super) fn found(paths: &[Lookup], subject: &Subject<'_>) -> Vec<Evidence> {
    let found = |path: &Lookup| Some(Evidence { path: path.text.clone(), found: subject.find(path)? });
    paths.iter().filter_map(found).collect()
}
