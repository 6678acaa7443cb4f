//! The sentence at the top of each page: what happened, computed from what the page shows.

use nephoscope_model::api::{
    CheckList, CheckRow, ErrorBody, FindingDetail, FindingList, FrameworkList, Overview, ResourceDetail,
    ResourceList, ScanDetail, ScanList,
};
use nephoscope_model::drift::FindingChange;
use nephoscope_model::finding::Status;
use nephoscope_model::framework::Compliance;
use nephoscope_model::query::ListQuery;
use nephoscope_model::scan::{CoverageRow, ScanState};
use nephoscope_model::{CoverageState, Points, Severity};

use crate::address::active_filters;
use crate::wording::{capital, count, moment, since, thousands};

/// A page's title as a sentence, and the line beside it that says why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Headline {
    /// What happened.
    pub title: String,
    /// Why, or out of what; empty where there is nothing to add.
    pub lead: String,
}

fn say(title: impl Into<String>, lead: impl Into<String>) -> Headline {
    Headline { title: title.into(), lead: lead.into() }
}

/// Better or worse, and since when.
pub fn overview(body: &Overview) -> Headline {
    if body.as_of.is_none() {
        let running = body.scans.iter().any(|scan| scan.state == ScanState::Running);
        return if running {
            say("The first scan is under way", "what it finds is shown here once it has ended")
        } else {
            say("Nothing has been scanned yet", "scan a target to see its posture")
        };
    }
    let Some(posture) = &body.score.posture else {
        let unknown = count(body.score.unknown, "verdict is", "verdicts are");
        return say("Nothing could be judged", format!("{unknown} unknown"));
    };
    let Some(drift) = &body.drift else {
        let lead =
            format!("{} in scope; there is no earlier scan to compare with", resources(body.resources));
        return say(format!("Posture stands at {} of 100", posture.rounded(1)), lead);
    };
    let when = since(drift.from, drift.to);
    let lead = cause(&drift.findings, drift.truncated);
    let Some(before) = &drift.posture_from else {
        return say(format!("Posture stands at {} of 100", posture.rounded(1)), lead);
    };
    let difference = drift.posture_to.as_ref().unwrap_or(posture).clone() - before.clone();
    let size =
        if difference.is_negative() { Points::zero() - difference.clone() } else { difference.clone() };
    match size.rounded(1).as_str() {
        "0.0" if drift.findings.is_empty() => {
            say(format!("Nothing changed since {when}"), format!("posture stands at {}", posture.rounded(1)))
        }
        "0.0" => say(format!("Posture held at {} since {when}", posture.rounded(1)), lead),
        size => {
            let verb = if difference.is_negative() { "fell" } else { "rose" };
            let unit = if size == "1.0" { "point" } else { "points" };
            say(format!("Posture {verb} {size} {unit} since {when}"), lead)
        }
    }
}

/// What moved the posture most: the first change for the worse, else what was fixed.
fn cause(changes: &[FindingChange], truncated: bool) -> String {
    let worse: Vec<_> = changes.iter().filter(|change| change.is_worse()).collect();
    let fixed =
        changes.iter().filter(|c| c.before == Some(Status::Fail) && c.after != Some(Status::Fail)).count()
            as u64;
    let fixed = (fixed > 0)
        .then(|| format!("{} no longer {}", thousands(fixed), if fixed == 1 { "fails" } else { "fail" }));
    let worst = worse.first().map(|change| match change.after {
        Some(Status::Unknown) => format!("{} can no longer be told for {}", change.title, change.name),
        _ => format!("{} fails “{}”", change.name, change.title),
    });
    let more = worse.len().saturating_sub(1) as u64;
    // A list that was cut says how many at least.
    let least = if truncated { "at least " } else { "" };
    let more = (more > 0).then(|| format!("{least}{} more got worse", thousands(more)));
    let parts: Vec<String> = worst.into_iter().chain(more).chain(fixed).collect();
    if parts.is_empty() { "no verdict changed for the worse".to_owned() } else { parts.join(", ") }
}

/// How many need attention, out of how many.
pub fn findings(query: &ListQuery, body: &FindingList) -> Headline {
    let verdicts = count(body.verdicts, "verdict", "verdicts");
    let narrowed = is_narrowed(query);
    match (body.total, body.verdicts, narrowed) {
        (0, 0, _) => say("Nothing has been judged yet", "findings appear when a scan has ended"),
        (0, _, false) => say(format!("Nothing fails: all {verdicts} pass"), "and nothing was left unread"),
        (0, _, true) => say("Nothing matches this filter", format!("out of {verdicts}")),
        (total, _, narrowed) => {
            let statuses: Vec<_> =
                query.filter.effective_statuses().iter().map(|s| s.as_str().to_lowercase()).collect();
            let verb = match (narrowed, total) {
                (false, 1) => "needs attention",
                (false, _) => "need attention",
                (true, 1) => "matches",
                (true, _) => "match",
            };
            let title = format!("{} {verb}", count(total, "finding", "findings"));
            say(title, format!("of {verdicts}; {}", statuses.join(" or ")))
        }
    }
}

/// The verdict as a sentence.
pub fn finding(body: &FindingDetail) -> Headline {
    let (name, title) = (&body.finding.name, &body.finding.title);
    let sentence = match body.finding.status {
        Status::Fail => format!("{name} fails “{title}”"),
        Status::Unknown => format!("Nobody can tell whether {name} passes “{title}”"),
        Status::Pass => format!("{name} passes “{title}”"),
        Status::Manual => format!("A person has to decide “{title}” for {name}"),
    };
    say(sentence, "")
}

/// How many there are, and how many are open.
pub fn inventory(query: &ListQuery, body: &ResourceList) -> Headline {
    let narrowed = is_narrowed(query);
    if body.total == 0 {
        return if narrowed {
            say("Nothing matches this filter", "")
        } else {
            say("No resource has been seen yet", "resources appear when a scan has ended")
        };
    }
    let exposure = body.facets.iter().find(|facet| facet.key == "exposure");
    let open = exposure.and_then(|facet| facet.values.iter().find(|value| value.value == "internet"));
    // Without the facet nobody counted, and that is not none.
    let open = exposure.map(|_| open.map_or(0, |value| value.count));
    let title = match (narrowed, open) {
        (true, _) => {
            format!("{} {}", resources(body.total), if body.total == 1 { "matches" } else { "match" })
        }
        (false, None) => resources(body.total),
        (false, Some(0)) => format!("{}, none reachable from the internet", resources(body.total)),
        (false, Some(open)) => {
            format!("{}, {} reachable from the internet", resources(body.total), thousands(open))
        }
    };
    say(title, "")
}

/// How the resource fares.
pub fn resource(body: &ResourceDetail) -> Headline {
    let name = &body.row.name;
    let fails: Vec<_> = body.findings.iter().filter(|f| f.status == Status::Fail).collect();
    let unknown = body.findings.iter().filter(|f| f.status == Status::Unknown).count() as u64;
    let passes = body.findings.iter().filter(|f| f.status == Status::Pass).count() as u64;
    let grave = fails.iter().filter(|f| f.severity == Severity::Critical).count() as u64;
    let title = match (fails.len() as u64, unknown, passes) {
        (0, 0, 0) => format!("No check speaks about {name}"),
        (0, 0, passes) => format!("{name} passes {}", all_of(passes, "check", "checks")),
        (0, unknown, _) => format!("{name} could not be judged by {}", count(unknown, "check", "checks")),
        (failing, _, _) => {
            let grave = match grave {
                0 => String::new(),
                grave if grave == failing && failing == 1 => ", a critical one".to_owned(),
                grave => format!(", {} of them critical", thousands(grave)),
            };
            format!("{name} fails {}{grave}", count(failing, "check", "checks"))
        }
    };
    say(title, "")
}

/// How the latest scan went.
pub fn scans(body: &ScanList) -> Headline {
    let Some(latest) = body.scans.first() else {
        return say("Nothing has been scanned yet", "start a scan below, or configure a schedule");
    };
    let (planned, whole) = (latest.shards_planned, latest.shards_complete);
    let began = moment(latest.started);
    match latest.state {
        ScanState::Running => say(format!("{} is being scanned", latest.target), format!("since {began}")),
        ScanState::Failed => say(
            format!("The latest scan of {} failed", latest.target),
            latest.failure.clone().unwrap_or(began),
        ),
        ScanState::Finished if planned == whole => {
            say(format!("The latest scan of {} read everything", latest.target), began)
        }
        ScanState::Finished => say(
            format!(
                "The latest scan of {} read {} of {planned} shards whole",
                latest.target,
                thousands(whole)
            ),
            began,
        ),
    }
}

/// How one scan went.
pub fn scan(body: &ScanDetail) -> Headline {
    let scan = &body.scan;
    let began = moment(scan.started);
    match scan.state {
        ScanState::Running => say(format!("{} is being scanned", scan.target), format!("since {began}")),
        ScanState::Failed => {
            say(format!("This scan of {} failed", scan.target), scan.failure.clone().unwrap_or(began))
        }
        ScanState::Finished => {
            let Shards { whole, total, off } = Shards::of(&body.coverage);
            let off = off.map(|off| format!("; {off}")).unwrap_or_default();
            match (total, total - whole) {
                (0, _) => say("This scan had nothing to read", began),
                (_, 0) => say(
                    format!("This scan read {}", all_of(total, "shard", "shards")),
                    format!("{began}{off}"),
                ),
                (_, missing) => {
                    let shards = count(missing, "shard", "shards");
                    say(
                        format!("{shards} could not be read whole"),
                        format!("of {}; {began}{off}", thousands(total)),
                    )
                }
            }
        }
    }
}

/// How many checks fail somewhere.
pub fn checks(query: &ListQuery, body: &CheckList) -> Headline {
    let total = body.checks.len() as u64;
    let narrowed = is_narrowed(query);
    if total == 0 {
        return say(if narrowed { "Nothing matches this filter" } else { "The catalogue is empty" }, "");
    }
    let failing = body.checks.iter().filter(|row| row.counts.fail > 0).count() as u64;
    let unknown =
        body.checks.iter().filter(|row| row.counts.fail == 0 && row.counts.unknown > 0).count() as u64;
    let checks = count(total, "check", "checks");
    let lead = match unknown {
        0 => format!("catalogue {}", body.catalogue),
        unknown => {
            format!("{} could not be decided everywhere; catalogue {}", thousands(unknown), body.catalogue)
        }
    };
    match failing {
        0 => say(format!("None of {checks} fails anywhere"), lead),
        failing if failing == total => {
            say(format!("{} fail somewhere", capital(&all_of(total, "check", "checks"))), lead)
        }
        1 => say(format!("1 of {checks} fails somewhere"), lead),
        failing => say(format!("{} of {checks} fail somewhere", thousands(failing)), lead),
    }
}

/// How one check fares.
pub fn check(row: &CheckRow) -> Headline {
    let title = &row.check.title;
    let (fail, unknown, pass) = (row.counts.fail, row.counts.unknown, row.counts.pass);
    let sentence = match (fail, unknown, pass) {
        (0, 0, 0) => format!("“{title}” has nothing to judge here"),
        (0, 0, pass) => format!("“{title}” holds on {}", all_of(pass, "resource", "resources")),
        (0, unknown, _) => format!("“{title}” could not be decided on {}", resources(unknown)),
        (fail, _, _) => format!("“{title}” fails on {}", resources(fail)),
    };
    say(sentence, "")
}

/// How all frameworks together are met.
pub fn frameworks(body: &FrameworkList) -> Headline {
    let failing: u64 = body.frameworks.iter().map(|row| row.counts.fail).sum();
    let unknown: u64 = body.frameworks.iter().map(|row| row.counts.unknown).sum();
    if body.frameworks.is_empty() {
        return say("The catalogue has no framework", "");
    }
    let frameworks = format!("in {}", count(body.frameworks.len() as u64, "framework", "frameworks"));
    let lead = if unknown == 0 {
        String::new()
    } else {
        format!("{} could not be told", count(unknown, "control", "controls"))
    };
    match failing {
        0 => say(format!("No control fails {frameworks}"), lead),
        1 => say(format!("1 control fails {frameworks}"), lead),
        failing => say(format!("{} controls fail {frameworks}", thousands(failing)), lead),
    }
}

/// How one framework is met.
pub fn framework(body: &Compliance) -> Headline {
    let summary = body.summary;
    let decided = summary.fail + summary.unknown + summary.pass;
    let title = &body.framework.title;
    let manual =
        (summary.manual > 0).then(|| format!("{} for a person to decide", thousands(summary.manual)));
    let bare = (summary.not_covered > 0).then(|| format!("{} not covered", thousands(summary.not_covered)));
    let lead = manual.into_iter().chain(bare).collect::<Vec<_>>().join(", ");
    match (decided, summary.fail, summary.unknown) {
        (0, _, _) => say(format!("{title}: no control could be judged"), lead),
        (decided, 0, 0) => {
            say(format!("{title}: {} met", all_of(decided, "judged control is", "judged controls are")), lead)
        }
        (decided, 0, unknown) => say(
            format!(
                "{title}: {} of {} could not be told",
                thousands(unknown),
                count(decided, "control", "controls")
            ),
            lead,
        ),
        (decided, fail, _) if fail == decided => {
            let all = all_of(decided, "judged control", "judged controls");
            say(format!("{title}: {all} {}", if fail == 1 { "fails" } else { "fail" }), lead)
        }
        (decided, fail, _) => {
            let verb = if fail == 1 { "fails" } else { "fail" };
            say(
                format!(
                    "{title}: {} of {} {verb}",
                    thousands(fail),
                    count(decided, "judged control", "judged controls")
                ),
                lead,
            )
        }
    }
}

/// What went wrong with a request.
pub fn failure(status: u16, body: &ErrorBody) -> Headline {
    let title = match status {
        404 => "There is nothing at this address",
        400 | 422 => "This address could not be understood",
        403 | 421 => "This request was refused",
        409 => "This cannot be done now",
        408 | 503 | 504 => "This took too long",
        _ => "Something failed on our side",
    };
    say(title, capital(&body.message))
}

/// How much the scans in view could read, for the overview.
pub fn coverage(coverage: &[CoverageRow], resources_seen: u64, unknown: u64) -> Headline {
    let Shards { whole, total, off } = Shards::of(coverage);
    let seen = resources(resources_seen);
    let off = off.map(|off| format!("; {off}")).unwrap_or_default();
    if total == 0 {
        return say("Nothing was read", "no shard has been planned");
    }
    if whole == total {
        return say("Everything was read", format!("{}, {seen}{off}", all_of(total, "shard", "shards")));
    }
    let missing = total - whole;
    let title = match whole * 100 / total {
        95.. => "Nearly everything was read",
        60..95 => "Most was read, but not all",
        _ => "Much could not be read",
    };
    let permissions =
        coverage.iter().filter(|row| row.coverage.errors.iter().any(|e| e.permission.is_some())).count()
            as u64;
    let why = match permissions {
        0 => format!("{} not whole", count(missing, "shard is", "shards are")),
        n if n == missing => format!("{} a permission", count(n, "shard lacks", "shards lack")),
        n => format!(
            "{} not whole, {} for want of a permission",
            count(missing, "shard is", "shards are"),
            thousands(n)
        ),
    };
    let unknown = match unknown {
        0 => String::new(),
        unknown => format!("; {} unknown", count(unknown, "verdict is", "verdicts are")),
    };
    say(title, format!("{} of {} shards, {seen}; {why}{unknown}{off}", thousands(whole), thousands(total)))
}

/// Shards counted; those of a region or service that is switched off have nothing to read.
struct Shards {
    whole: u64,
    total: u64,
    off: Option<String>,
}

impl Shards {
    fn of(coverage: &[CoverageRow]) -> Self {
        let with = |state| coverage.iter().filter(|row| row.coverage.state == state).count() as u64;
        let off = with(CoverageState::Disabled);
        let words = (off > 0).then(|| format!("{} switched off", count(off, "more is", "more are")));
        Self { whole: with(CoverageState::Complete), total: coverage.len() as u64 - off, off: words }
    }
}

fn is_narrowed(query: &ListQuery) -> bool {
    !active_filters("", query).is_empty()
}

fn resources(number: u64) -> String {
    count(number, "resource", "resources")
}

/// `its only check`, `both checks`, `all 12 checks`.
fn all_of(number: u64, one: &str, many: &str) -> String {
    match number {
        1 => format!("the only {one}"),
        2 => format!("both {many}"),
        number => format!("all {} {many}", thousands(number)),
    }
}
