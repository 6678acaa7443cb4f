//! What `nephoscope scan` tells of a scan: its summary, the formats asked for, and the exit code.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};

use nephoscope_answer::{FindingExport, Library, finding_list, scan_fetch, score_of};
use nephoscope_collect::floor::loads;
use nephoscope_model::api::{MissingPermissions, ScanDetail};
use nephoscope_model::query::{AsOf, Filter, ListQuery};
use nephoscope_model::scan::CoverageRow;
use nephoscope_model::score::Score;
use nephoscope_model::{CoverageState, Finding, Severity, Status};
use nephoscope_report::{FindingsCsv, FindingsJsonl, aws_restoring};
use serde_json::json;

use crate::args::{self, ScanFormat};
use crate::commands::plan::at_least;
use crate::commands::scan::Scanned;
use crate::context::Context;
use crate::failure::{Failure, code};
use crate::print::{print, print_table, say, table};

/// Prints one scan's summary, writes its formats, and gives its exit code.
pub async fn report(
    context: &Context,
    scan: &args::Scan,
    library: &Library,
    scanned: &Scanned,
    checks: &[String],
) -> Result<u8, Failure> {
    let id = &scanned.id;
    let Some(detail) = scan_fetch(library, id).await? else {
        return Err(Failure::tool(anyhow::anyhow!("scan {id} is not in the store"), "scan again"));
    };
    let filter = Filter {
        targets: vec![detail.scan.target.clone()],
        checks: checks.to_vec(),
        statuses: Status::ALL.to_vec(),
        ..Filter::default()
    };
    let query = ListQuery { filter, as_of: AsOf::Scan(id.clone()), ..ListQuery::default() };

    for format in &scan.format {
        write_format(scan, library, &detail, &query, *format).await?;
    }
    let to_stdout = !scan.format.is_empty() && scan.output.as_os_str() == "-";
    if !context.global.quiet && !to_stdout {
        summarise(library, &detail, &query, scanned.share).await?;
    }
    let short = |share: f64| covered(&detail.coverage) < share;
    if scan.min_coverage.or(context.config.file.scan.min_coverage).is_some_and(short) {
        say(format_args!("coverage {:.1} % is below the required share", 100.0 * covered(&detail.coverage)));
        return Ok(code::COVERAGE);
    }
    match scan.fail_on {
        Some(threshold) if fails_at(library, &query, threshold).await? => Ok(code::FINDINGS),
        _ => Ok(0),
    }
}

async fn fails_at(library: &Library, query: &ListQuery, threshold: Severity) -> Result<bool, Failure> {
    let mut failing = query.clone();
    failing.filter.statuses = vec![Status::Fail];
    failing.filter.severities = Severity::ALL.into_iter().filter(|severity| *severity >= threshold).collect();
    failing.limit = Some(1);
    Ok(finding_list(&library.sight_of(&failing).await?, &failing).await?.total > 0)
}

/// The share of shards that were read whole, 0 to 1; disabled regions do not count.
fn covered(coverage: &[CoverageRow]) -> f64 {
    let counted = coverage.iter().filter(|row| row.coverage.state != CoverageState::Disabled);
    let (mut all, mut whole) = (0_u32, 0_u32);
    for row in counted {
        all += 1;
        whole += u32::from(row.coverage.state == CoverageState::Complete);
    }
    if all == 0 { 1.0 } else { f64::from(whole) / f64::from(all) }
}

async fn summarise(
    library: &Library,
    detail: &ScanDetail,
    query: &ListQuery,
    share: Option<f64>,
) -> Result<(), Failure> {
    let scan = &detail.scan;
    let sight = library.sight_of(query).await?;
    let score = score_of(&sight, &query.filter).await?;
    let mut text = format!("scan {} of target {}\n", scan.id, scan.target);
    let shards = detail.coverage.len();
    text += &format!(
        "  {} resources, {} of {shards} shards whole, {} calls\n",
        scan.resources, scan.shards_complete, scan.calls
    );
    text += &share.map(|share| pace(detail, share)).unwrap_or_default();
    text += &reported(&score);
    text += &format!("  {} pass, {} fail, {} unknown\n", scan.pass, scan.fail, scan.unknown);
    print(&text)?;

    let mut failing = query.clone();
    failing.filter.statuses = vec![Status::Fail, Status::Unknown];
    failing.limit = Some(10);
    let page = finding_list(&sight, &failing).await?;
    if !page.findings.is_empty() {
        let mut rows = table(&["status", "severity", "check", "resource", "found"]);
        for finding in &page.findings {
            rows.add_row(row(finding));
        }
        print("\n")?;
        print_table(&rows)?;
        let more = page.total.saturating_sub(page.findings.len() as u64);
        if more > 0 {
            print(&format!(
                "  and {more} more: `nephoscope findings` lists them, `nephoscope serve` shows them\n"
            ))?;
        }
    }
    print(&lacking(&detail.missing))?;
    for error in
        detail.coverage.iter().flat_map(|row| row.coverage.errors.iter().map(move |error| (row, error)))
    {
        let (row, error) = error;
        let permission = error.permission.as_ref().map(|name| format!("; allow {name}")).unwrap_or_default();
        say(format_args!(
            "not read: {} {} {} × {}{permission}",
            row.shard, error.api, error.error, error.count
        ));
    }
    for row in &detail.coverage {
        for cost in &row.coverage.costs {
            let allow =
                cost.permission.as_ref().map(|name| format!("; {name} would save calls")).unwrap_or_default();
            say(format_args!("all read again: {} {} {}{allow}", row.shard, cost.api, cost.error));
        }
    }
    Ok(())
}

/// The missing permissions with what each leaves unknown, and the policy that restores them.
fn lacking(missing: &MissingPermissions) -> String {
    if missing.permissions.is_empty() {
        return String::new();
    }
    let count = missing.permissions.len();
    let mut text = match (count, missing.undecided) {
        (1, None) => "\n1 permission is missing:\n".to_owned(),
        (_, None) => format!("\n{count} permissions are missing:\n"),
        (1, Some(verdicts)) => {
            format!("\n1 permission is missing; {verdicts} verdicts are unknown only for want of it:\n")
        }
        (_, Some(verdicts)) => {
            format!(
                "\n{count} permissions are missing; {verdicts} verdicts are unknown only for want of them:\n"
            )
        }
    };
    for one in missing.permissions.iter().take(LACKING) {
        let unknown = one.unknown.map(|unknown| format!(": {unknown} unknown")).unwrap_or_default();
        text += &format!("  {}{unknown}\n", one.permission);
        if !one.unlisted.is_empty() {
            let services: Vec<&str> = one.unlisted.iter().map(|service| service.as_str()).collect();
            text += &format!("    not everything is listed of {}\n", services.join(", "));
        }
        if one.forbidden {
            text += "    a policy denies or bounds it: allowing it does not help before that is lifted\n";
        }
    }
    if count > LACKING {
        text += &format!("  and {} more\n", count - LACKING);
    }
    if let Some(policy) = aws_restoring(&missing.permissions) {
        text += &format!("this policy restores them:\n{policy:#}\n");
    }
    text
}

/// The score, with what holds it and how far it is known.
fn reported(score: &Score) -> String {
    let (Some(reported), Some(posture), Some(low), Some(high)) =
        (&score.reported, &score.posture, &score.low, &score.high)
    else {
        return "  no score: nothing was decided\n".to_owned();
    };
    let name = match score.cap {
        Some(cap) => {
            format!("  score {}, held there while {}\n  posture", reported.rounded(1), cap.reason())
        }
        None => "  score".to_owned(),
    };
    let range = match low == high {
        true => "nothing is unknown".to_owned(),
        false => format!("between {} and {}", low.rounded(1), high.rounded(1)),
    };
    format!("{name} {}, {range}; risk debt {}\n", posture.rounded(1), score.debt)
}

/// How long the calls took, beside how long they had to take.
fn pace(detail: &ScanDetail, share: f64) -> String {
    let Some(last) = detail.coverage.iter().map(|row| row.committed).max() else { return String::new() };
    let seconds = last.duration_since(detail.scan.started).as_secs_f64();
    let loads = loads(detail.coverage.iter().map(|row| (&row.shard, &row.coverage)), share);
    format!("  read in {seconds:.1} s; the calls take {}\n", at_least(&loads, share))
}

/// The most missing permissions that are named one by one; the policy names them all.
const LACKING: usize = 10;

/// One finding as a row: status, severity, check, resource, and what was found.
pub fn row(finding: &Finding) -> [String; 5] {
    let found = match (finding.evidence.first(), finding.unreadable.first()) {
        (_, Some(missing)) if finding.status == Status::Unknown => {
            format!("{}: {}", missing.api, missing.error)
        }
        (Some(evidence), _) => {
            let value = evidence.found.to_string();
            let short: String = value.chars().take(60).collect();
            let cut = if short.len() < value.len() { "…" } else { "" };
            format!("{} = {short}{cut}", evidence.path)
        }
        (None, _) => String::new(),
    };
    let place = format!("{} ({})", finding.name, finding.region);
    [finding.status.to_string(), finding.severity.to_string(), finding.check.to_string(), place, found]
}

async fn write_format(
    scan: &args::Scan,
    library: &Library,
    detail: &ScanDetail,
    query: &ListQuery,
    format: ScanFormat,
) -> Result<(), Failure> {
    let extension = match format {
        ScanFormat::Json => "json",
        ScanFormat::Jsonl => "jsonl",
        ScanFormat::Csv => "csv",
    };
    let out: Box<dyn Write + Send> = if scan.output.as_os_str() == "-" {
        Box::new(std::io::stdout())
    } else {
        let create = || {
            std::fs::create_dir_all(&scan.output)?;
            File::create(scan.output.join(format!("{}.{extension}", detail.scan.id)))
        };
        let file = create().map_err(|error| {
            let attempt =
                anyhow::Error::new(error).context(format!("write to folder {}", scan.output.display()));
            Failure::tool(attempt, "check that the folder can be written to")
        })?;
        Box::new(BufWriter::new(file))
    };
    match format {
        ScanFormat::Csv => write_csv(out, FindingExport::begin(library, query).await?).await,
        ScanFormat::Jsonl => write_jsonl(out, FindingExport::begin(library, query).await?).await,
        ScanFormat::Json => write_document(out, library, detail, query).await,
    }
}

/// Writes every finding of an export as CSV.
pub async fn write_csv(out: impl Write, mut export: FindingExport) -> Result<(), Failure> {
    let mut writer = FindingsCsv::new(out).map_err(Failure::from)?;
    loop {
        let page = export.next_page().await?;
        if page.is_empty() {
            return writer.finish().map(drop).map_err(Failure::from);
        }
        for finding in &page {
            writer.write(finding)?;
        }
    }
}

/// Writes every finding of an export, one JSON document per line.
pub async fn write_jsonl(out: impl Write, mut export: FindingExport) -> Result<(), Failure> {
    let mut writer = FindingsJsonl::new(out);
    loop {
        let page = export.next_page().await?;
        if page.is_empty() {
            return writer.finish().map(drop).map_err(Failure::from);
        }
        for finding in &page {
            writer.write(finding)?;
        }
    }
}

/// The one document of a scan; findings are written as they come, so that memory holds one page.
async fn write_document(
    mut out: impl Write,
    library: &Library,
    detail: &ScanDetail,
    query: &ListQuery,
) -> Result<(), Failure> {
    let score = score_of(&library.sight_of(query).await?, &query.filter).await?;
    let scan = &detail.scan;
    let counts: BTreeMap<&str, u64> =
        [("pass", scan.pass), ("fail", scan.fail), ("unknown", scan.unknown), ("resources", scan.resources)]
            .into();
    let missing =
        MissingPermissions { policy: aws_restoring(&detail.missing.permissions), ..detail.missing.clone() };
    let head = json!({
        "scan": scan, "score": score, "coverage": detail.coverage, "counts": counts,
        "services": detail.services, "missing": missing,
    });
    let head = head.to_string();
    // The closing brace comes after the findings.
    out.write_all(&head.as_bytes()[..head.len() - 1])?;
    out.write_all(b",\"findings\":[")?;
    let mut export = FindingExport::begin(library, query).await?;
    let mut first = true;
    loop {
        let page = export.next_page().await?;
        if page.is_empty() {
            break;
        }
        for finding in &page {
            out.write_all(if first { b"\n" } else { b",\n" })?;
            first = false;
            serde_json::to_writer(&mut out, finding).map_err(std::io::Error::from)?;
        }
    }
    out.write_all(b"\n]}\n")?;
    Ok(out.flush()?)
}
