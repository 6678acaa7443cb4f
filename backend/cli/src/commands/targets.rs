//! `nephoscope targets`: what can be scanned, and what its credentials may read.

use std::process::ExitCode;

use jiff::Timestamp;
use nephoscope_model::{Provider, TargetName};
use nephoscope_report::aws_policy;
use nephoscope_scan::probe::{ASSUME_ROLE, Missing, Probe};
use nephoscope_scan::{ScanError, Target};
use serde_json::{Value, json};

use crate::args::{ObjectFormat, Targets};
use crate::context::Context;
use crate::failure::{Failure, Outcome, code};
use crate::print::{print, print_json, print_table, say, table};

/// Runs the command.
pub async fn run(context: &Context, command: &Targets) -> Outcome {
    match command {
        Targets::List => list(context),
        Targets::Test { target, format } => test(context, target.as_deref(), *format).await,
    }
}

/// Lists what can be scanned.
fn list(context: &Context) -> Outcome {
    let mut rows = table(&["target", "provider", "schedule", "next due"]);
    let now = Timestamp::now();
    for target in &context.config.targets {
        let schedule = target.schedule.as_ref().map_or("by hand", |schedule| schedule.text());
        let due = target.next_due(now).map_or_else(|| "–".to_owned(), |due| due.to_string());
        rows.add_row([target.name.as_str(), target.provider().as_str(), schedule, &due]);
    }
    print_table(&rows)?;
    if context.config.targets.is_empty() {
        say("no target is configured; `nephoscope scan aws` scans what the ambient credentials reach");
    }
    Ok(ExitCode::SUCCESS)
}

/// Tries what a scan would read, and says what it may not.
async fn test(context: &Context, name: Option<&str>, format: ObjectFormat) -> Outcome {
    let catalogue = context.catalogue()?;
    let mut documents = Vec::new();
    let mut code = 0;
    for target in named(context, name)? {
        let probe = nephoscope_scan::probe(&target, &catalogue).await?;
        if !probe.missing.is_empty() {
            code = code::COVERAGE;
        }
        match format {
            ObjectFormat::Table => show(&target, &probe)?,
            ObjectFormat::Json => documents.push(document(&target, &probe)),
        }
        for (key, error) in &probe.failed {
            say(format_args!("not answered: {key} {} {}: {}", error.api, error.error, error.message));
        }
    }
    if format == ObjectFormat::Json {
        print_json(&json!({ "targets": documents }))?;
    }
    Ok(ExitCode::from(code))
}

fn named(context: &Context, name: Option<&str>) -> Result<Vec<Target>, Failure> {
    let configured = &context.config.targets;
    let ambient = |name: &str| context.config.ambient(name, &[], &[], context.config.budget());
    let Some(name) = name else {
        return Ok(if configured.is_empty() {
            ambient("aws").into_iter().collect()
        } else {
            configured.clone()
        });
    };
    let known = configured.iter().find(|target| target.name.as_str() == name).cloned();
    match known.or_else(|| ambient(name)) {
        Some(target) => Ok(vec![target]),
        None => {
            let known: Vec<&str> = configured.iter().map(|target| target.name.as_str()).collect();
            let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            Err(ScanError::UnknownTarget { target: TargetName::from(name), known }.into())
        }
    }
}

/// The most checks that are named of one permission.
const NAMED: usize = 5;

fn show(target: &Target, probe: &Probe) -> Result<(), Failure> {
    let mut text = format!("target {}: ", target.name);
    if probe.missing.is_empty() {
        text += "no permission is missing\n";
    } else {
        text += &format!("{} permissions are missing\n", probe.missing.len());
    }
    for (permission, missing) in &probe.missing {
        text += &format!("\n{permission}{}\n", place(probe, missing));
        for (api, error) in &missing.refusals {
            text += &format!("  {api} answers {error}\n");
        }
        if permission == ASSUME_ROLE {
            text += "  make the role there (`nephoscope permissions aws --format cloudformation`), and let it trust the caller\n";
        }
        if missing.is_forbidden {
            text += "  a policy denies it expressly: allowing it does not help before that is lifted\n";
        }
        text += &match missing.checks.len() {
            0 => "  blinds no check on what was looked at\n".to_owned(),
            1 => format!("  blinds 1 check: {}\n", first(missing)),
            count => format!("  blinds {count} checks: {}\n", first(missing)),
        };
    }
    let addable = probe.addable();
    match target.provider() {
        _ if addable.is_empty() => {}
        Provider::Aws => text += &format!("\nthis policy restores them:\n{}", aws_policy(&addable)),
        Provider::Azure | Provider::Gcp => {
            text +=
                &format!("\n`nephoscope permissions {}` prints a role that has them\n", target.provider());
        }
        // Its API knows no permissions.
        Provider::Fn => {}
    }
    if !probe.not_tried.is_empty() {
        text += "\nnot tried, because nothing was found to try them on:\n";
        for api in &probe.not_tried {
            text += &format!("  {api}\n");
        }
    }
    print(&text)
}

/// Where the permission is missing, unless it is everywhere.
fn place(probe: &Probe, missing: &Missing) -> String {
    match missing.accounts.len() {
        count if count == probe.accounts.len() => String::new(),
        count => {
            let some: Vec<&str> =
                missing.accounts.iter().take(NAMED).map(|account| account.as_str()).collect();
            let more = if count > NAMED { ", …" } else { "" };
            format!(" in {count} of {} accounts: {}{more}", probe.accounts.len(), some.join(", "))
        }
    }
}

fn first(missing: &Missing) -> String {
    let some: Vec<&str> = missing.checks.iter().take(NAMED).map(|check| check.as_str()).collect();
    let more = missing.checks.len().saturating_sub(NAMED);
    if more > 0 { format!("{} and {more} more", some.join(", ")) } else { some.join(", ") }
}

fn document(target: &Target, probe: &Probe) -> Value {
    let missing: Vec<Value> = probe
        .missing
        .iter()
        .map(|(permission, missing)| {
            let refusals: Vec<Value> =
                missing.refusals.iter().map(|(api, error)| json!({"api": api, "error": error})).collect();
            json!({
                "permission": permission, "accounts": missing.accounts, "refusals": refusals,
                "explicitly_denied": missing.is_forbidden, "checks": missing.checks,
            })
        })
        .collect();
    let failed: Vec<Value> =
        probe.failed.iter().map(|(key, error)| json!({"shard": key.to_string(), "error": error})).collect();
    let addable = probe.addable();
    let is_aws = target.provider() == Provider::Aws;
    let policy: Option<Value> =
        (is_aws && !addable.is_empty()).then(|| serde_json::from_str(&aws_policy(&addable)).ok()).flatten();
    json!({
        "target": target.name, "accounts": probe.accounts, "missing": missing, "policy": policy,
        "not_answered": failed, "not_tried": probe.not_tried,
    })
}
