//! How a scope meets a framework.

use nephoscope_model::Check;
use nephoscope_model::api::{FrameworkList, FrameworkRow};
use nephoscope_model::framework::{
    CheckCounts, Compliance, Control, ControlCounts, ControlResult, ControlStatus, Framework, ReportHead,
};
use nephoscope_model::query::Filter;
use nephoscope_store::Rollup;

use crate::checks::{counts_by_check, counts_of};
use crate::overview::scoped;
use crate::{AnswerError, Library, Result, Sight};

/// Every framework and how many of its controls are met.
pub async fn framework_list(sight: &Sight, filter: &Filter) -> Result<FrameworkList> {
    let library = &sight.library;
    let rollups = scoped(sight, filter).await?;
    let rows = library.catalogue.frameworks().iter().map(|framework| FrameworkRow {
        id: framework.id.clone(),
        title: framework.title.clone(),
        version: framework.version.clone(),
        counts: assess(library, framework, &rollups).summary,
    });
    Ok(FrameworkList { frameworks: rows.collect() })
}

/// One framework, control by control.
pub async fn compliance_fetch(sight: &Sight, id: &str, filter: &Filter) -> Result<Compliance> {
    let library = &sight.library;
    let known = library.catalogue.frameworks().iter().find(|framework| framework.id == id);
    let framework = known.ok_or_else(|| AnswerError::NoSuch { what: "framework", given: id.to_owned() })?;
    let rollups = scoped(sight, filter).await?;
    Ok(assess(library, framework, &rollups))
}

/// One framework, control by control, as a report to keep: with what it takes to compute it again.
pub async fn report_fetch(sight: &Sight, id: &str, filter: &Filter) -> Result<(ReportHead, Compliance)> {
    let compliance = compliance_fetch(sight, id, filter).await?;
    let entries = &sight.view.entries;
    let as_of = entries.iter().map(|entry| entry.finished).max().ok_or(AnswerError::NothingScanned)?;
    let targets: Vec<&str> = entries.iter().map(|entry| entry.target.as_str()).collect();
    let head = ReportHead {
        title: compliance.framework.title.clone(),
        as_of,
        scope: targets.join(", "),
        scans: entries.iter().map(|entry| entry.scan.clone()).collect(),
        catalogue: sight.library.catalogue.digest().to_owned(),
        product_version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    Ok((head, compliance))
}

fn assess(library: &Library, framework: &Framework, rollups: &[&Rollup]) -> Compliance {
    let counts = counts_by_check(rollups.iter().copied());
    let results = framework.controls.iter().map(|control| {
        let reference = format!("{}/{}", framework.id, control.id);
        let bears = |check: &&Check| check.deprecated.is_none() && check.frameworks.contains(&reference);
        let checks: Vec<CheckCounts> = library
            .catalogue
            .checks()
            .iter()
            .map(|compiled| &compiled.check)
            .filter(bears)
            .map(|check| counts_of(check, &counts))
            .collect();
        ControlResult { status: status_of(control, &checks), control: control.clone(), checks }
    });
    let controls: Vec<ControlResult> = results.collect();
    Compliance { framework: framework.clone(), summary: count(&controls), controls }
}

/// FAIL beats UNKNOWN beats PASS. A control for a person stays MANUAL even where checks help to decide it and none fails:
/// what they see is only a part of it.
fn status_of(control: &Control, checks: &[CheckCounts]) -> ControlStatus {
    let any = |count: fn(&CheckCounts) -> u64| checks.iter().any(|check| count(check) > 0);
    if any(|check| check.fail) {
        ControlStatus::Fail
    } else if any(|check| check.unknown) {
        ControlStatus::Unknown
    } else if control.manual.is_some() {
        ControlStatus::Manual
    } else if checks.is_empty() {
        ControlStatus::NotCovered
    } else if any(|check| check.pass) {
        ControlStatus::Pass
    } else {
        ControlStatus::NotApplicable
    }
}

fn count(controls: &[ControlResult]) -> ControlCounts {
    let mut counts = ControlCounts::default();
    for result in controls {
        let place = match result.status {
            ControlStatus::Fail => &mut counts.fail,
            ControlStatus::Unknown => &mut counts.unknown,
            ControlStatus::Pass => &mut counts.pass,
            ControlStatus::Manual => &mut counts.manual,
            ControlStatus::NotApplicable => &mut counts.not_applicable,
            ControlStatus::NotCovered => &mut counts.not_covered,
        };
        *place += 1;
    }
    counts
}

#[cfg(test)]
mod tests {
    use nephoscope_model::{CheckId, Severity};

    use super::*;

    fn check(pass: u64, fail: u64, unknown: u64) -> CheckCounts {
        CheckCounts {
            check: CheckId::from("aws-lambda-url-auth-none"),
            title: "Function URL requires authentication".to_owned(),
            severity: Severity::Critical,
            pass,
            fail,
            unknown,
        }
    }

    #[test]
    fn a_control_is_as_good_as_its_worst_check() {
        let control = Control { id: "Lambda.1".to_owned(), title: String::new(), manual: None };
        let manual = Control { manual: Some("Look at it.".to_owned()), ..control.clone() };
        assert_eq!(status_of(&control, &[check(9, 0, 0), check(9, 1, 1)]), ControlStatus::Fail);
        assert_eq!(status_of(&control, &[check(9, 0, 0), check(0, 0, 1)]), ControlStatus::Unknown);
        assert_eq!(status_of(&control, &[check(9, 0, 0), check(0, 0, 0)]), ControlStatus::Pass);
        assert_eq!(status_of(&control, &[check(0, 0, 0)]), ControlStatus::NotApplicable);
        assert_eq!(status_of(&control, &[]), ControlStatus::NotCovered);
        assert_eq!(status_of(&manual, &[check(9, 0, 0)]), ControlStatus::Manual);
        assert_eq!(status_of(&manual, &[check(9, 1, 0)]), ControlStatus::Fail);
    }
}
