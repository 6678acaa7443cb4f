//! A framework as a document to print or to keep: complete in itself, without scripts, without requests.

use std::io::{self, Write};

use maud::{DOCTYPE, Markup, PreEscaped, html};
use nephoscope_model::framework::{
    CheckCounts, Compliance, ControlCounts, ControlResult, ControlStatus, ReportHead,
};

/// Nothing but the style below: even a name that got past the escaping could neither run nor fetch.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// Writes a compliance report as HTML.
pub fn compliance_html(mut out: impl Write, head: &ReportHead, compliance: &Compliance) -> io::Result<()> {
    out.write_all(document(head, compliance).into_string().as_bytes())?;
    out.write_all(b"\n")?;
    out.flush()
}

fn document(head: &ReportHead, compliance: &Compliance) -> Markup {
    let framework = &compliance.framework;
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (head.title) " · " (head.scope) " · " (head.as_of.strftime("%Y-%m-%d")) }
                style { (PreEscaped(include_str!("compliance.css"))) }
            }
            body {
                header {
                    p class="kicker" { "Compliance report" }
                    h1 { (head.title) }
                    p class="verdict" { (verdict(&compliance.summary)) }
                    p class="prose" { (framework.description) }
                }
                (origin(head, compliance))
                (summary(&compliance.summary))
                main {
                    h2 { "Controls" }
                    (controls(&compliance.controls))
                }
                (manual(&compliance.controls))
                (legend())
                footer {
                    p {
                        "Written by Nephoscope " (head.product_version)
                        ". The same scans and the same catalogue give this document again, byte for byte."
                    }
                }
            }
        }
    }
}

/// The outcome in one sentence.
fn verdict(counts: &ControlCounts) -> String {
    let decided = counts.fail + counts.pass;
    match (counts.fail, counts.unknown, counts.pass) {
        (0, 0, 0) => "No control could be decided by a check.".to_owned(),
        (0, 0, _) => format!("All {decided} decided controls are met."),
        (0, unknown, pass) => format!("No control fails; {pass} are met, {unknown} could not be read whole."),
        (fail, 0, _) => format!("{fail} of {decided} decided controls fail."),
        (fail, unknown, _) => {
            format!("{fail} of {decided} decided controls fail; {unknown} more could not be read whole.")
        }
    }
}

/// What the report is computed from.
fn origin(head: &ReportHead, compliance: &Compliance) -> Markup {
    let framework = &compliance.framework;
    html! {
        dl class="origin" {
            div { dt { "Framework" } dd { (framework.title) " (" code { (framework.id) } ")" } }
            div { dt { "Version" } dd { (framework.version) } }
            div { dt { "Published at" } dd class="break" { (source(&framework.source)) } }
            div { dt { "Scope" } dd { (head.scope) } }
            div {
                dt { "As of" }
                dd { time datetime=(head.as_of) { (head.as_of.strftime("%-d %B %Y, %H:%M UTC")) } }
            }
            div {
                dt { @if head.scans.len() == 1 { "Scan" } @else { "Scans" } }
                dd { @for scan in &head.scans { code { (scan) } " " } }
            }
            div { dt { "Catalogue" } dd { code { (head.catalogue) } } }
        }
    }
}

/// A link only where it leads to a page: the text comes from a file that anybody may have written.
fn source(source: &str) -> Markup {
    html! {
        @if source.starts_with("https://") { a href=(source) rel="noreferrer" { (source) } } @else { (source) }
    }
}

fn summary(counts: &ControlCounts) -> Markup {
    let total: u64 = ControlStatus::ALL.into_iter().map(|status| count_of(counts, status)).sum();
    html! {
        section class="summary" aria-label="Summary" {
            h2 { "Summary of " (total) @if total == 1 { " control" } @else { " controls" } }
            ul {
                @for status in ControlStatus::ALL {
                    li { b { (count_of(counts, status)) } " " (mark(status)) }
                }
            }
        }
    }
}

fn count_of(counts: &ControlCounts, status: ControlStatus) -> u64 {
    match status {
        ControlStatus::Fail => counts.fail,
        ControlStatus::Unknown => counts.unknown,
        ControlStatus::Pass => counts.pass,
        ControlStatus::Manual => counts.manual,
        ControlStatus::NotApplicable => counts.not_applicable,
        ControlStatus::NotCovered => counts.not_covered,
    }
}

/// A status as shape, word and colour.
fn mark(status: ControlStatus) -> Markup {
    let class = match status {
        ControlStatus::Fail => "fail",
        ControlStatus::Unknown => "unknown",
        ControlStatus::Pass => "pass",
        ControlStatus::Manual => "manual",
        ControlStatus::NotApplicable => "none",
        ControlStatus::NotCovered => "uncovered",
    };
    html! { span class={ "status " (class) } { (status.label()) } }
}

fn controls(results: &[ControlResult]) -> Markup {
    html! {
        div class="scroll" tabindex="0" role="region" aria-label="Controls and their checks" {
            table {
                thead {
                    tr {
                        th scope="col" { "Control" }
                        th scope="col" { "Status" }
                        th scope="col" { "Check" }
                        th scope="col" { "Severity" }
                        th scope="col" class="number" { "Fail" }
                        th scope="col" class="number" { "Unknown" }
                        th scope="col" class="number" { "Pass" }
                    }
                }
                @for result in results { (control(result)) }
            }
        }
    }
}

/// One control as a group of rows, one for each of its checks.
fn control(result: &ControlResult) -> Markup {
    let rows = result.checks.len().max(1);
    html! {
        tbody {
            tr {
                th scope="rowgroup" rowspan=(rows) { span class="id" { (result.control.id) } " " (result.control.title) }
                td rowspan=(rows) { (mark(result.status)) }
                @match result.checks.first() {
                    Some(check) => (check_cells(check)),
                    None => td colspan="5" class="quiet" { (without_checks(result.status)) },
                }
            }
            @for check in result.checks.iter().skip(1) {
                tr { (check_cells(check)) }
            }
        }
    }
}

fn without_checks(status: ControlStatus) -> &'static str {
    match status {
        ControlStatus::Manual => "a person decides it: see below",
        ControlStatus::NotCovered => "no check of the catalogue bears on it",
        ControlStatus::Fail | ControlStatus::Unknown | ControlStatus::Pass | ControlStatus::NotApplicable => {
            ""
        }
    }
}

fn check_cells(check: &CheckCounts) -> Markup {
    html! {
        td { (check.title) " " code { (check.check) } }
        td { (check.severity) }
        td class={ "number" @if check.fail > 0 { " bad" } } { (check.fail) }
        td class="number" { (check.unknown) }
        td class="number" { (check.pass) }
    }
}

/// What is left for a person to look at.
fn manual(results: &[ControlResult]) -> Markup {
    let manual: Vec<_> = results
        .iter()
        .filter_map(|result| Some((&result.control, result.control.manual.as_ref()?)))
        .collect();
    html! {
        @if !manual.is_empty() {
            section {
                h2 { "For a person to decide" }
                dl class="by-hand" {
                    @for (control, text) in manual {
                        dt { span class="id" { (control.id) } " " (control.title) }
                        dd { (text) }
                    }
                }
            }
        }
    }
}

fn legend() -> Markup {
    let meanings = [
        (ControlStatus::Fail, "at least one resource does not meet one of its checks"),
        (
            ControlStatus::Unknown,
            "nothing that was read fails, but something that is needed could not be read",
        ),
        (ControlStatus::Pass, "every resource that its checks speak about was read and meets them"),
        (ControlStatus::Manual, "a person has to decide it"),
        (ControlStatus::NotApplicable, "its checks ran and found nothing that they speak about"),
        (ControlStatus::NotCovered, "no check bears on it: this report says nothing about it"),
    ];
    html! {
        section {
            h2 { "What the words mean" }
            dl class="legend" {
                @for (status, meaning) in meanings {
                    div { dt { (mark(status)) } dd { (meaning) } }
                }
            }
        }
    }
}
