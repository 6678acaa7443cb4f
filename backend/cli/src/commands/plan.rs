//! `nephoscope scan --plan`: the calls of a scan by API family, and the time they take, before any detail is asked.

use std::process::ExitCode;

use nephoscope_collect::floor::{Load, floor, loads};
use nephoscope_model::{CollectionError, ShardKey};
use nephoscope_scan::{Plan, Target};
use serde_json::{Value, json};

use crate::args::{self, ScanFormat};
use crate::failure::{Failure, Outcome};
use crate::print::{print, print_json, print_table, say, table};

/// Plans each target and prints what it takes.
pub async fn plan(scan: &args::Scan, targets: &[Target]) -> Outcome {
    if scan.format.iter().any(|format| *format != ScanFormat::Json) {
        return Err(Failure::usage(
            "a plan is a table or JSON",
            "leave --format out, or give `--format json`",
        ));
    }
    let mut documents = Vec::new();
    for target in targets {
        let plan = nephoscope_scan::plan(target).await?;
        let loads = loads(plan.shards.iter().map(|(key, coverage)| (key, coverage)), plan.share);
        if scan.format.is_empty() {
            show(&plan, loads)?;
        } else {
            documents.push(document(&plan, &loads));
        }
        for (key, error) in unlisted(&plan) {
            let permission =
                error.permission.as_ref().map(|name| format!("; allow {name}")).unwrap_or_default();
            say(format_args!("not listed: {key} {} {}{permission}", error.api, error.error));
        }
    }
    if !scan.format.is_empty() {
        print_json(&json!({ "plans": documents }))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// A rate without digits that nobody needs: `15`, `1.67`.
fn rate(per_second: f64) -> String {
    format!("{per_second:.2}").trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn show(plan: &Plan, mut loads: Vec<Load>) -> Result<(), Failure> {
    loads.sort_by(|a, b| {
        let of = |load: &Load| (load.account.clone(), load.region.clone());
        of(a).cmp(&of(b)).then(b.seconds.total_cmp(&a.seconds)).then(a.family.cmp(b.family))
    });
    let mut rows = table(&["account", "region", "family", "calls", "a second", "share", "seconds"]);
    for load in &loads {
        rows.add_row([
            load.account.to_string(),
            load.region.to_string(),
            load.family.to_owned(),
            load.calls.to_string(),
            rate(load.per_second),
            plan.share.to_string(),
            format!("{:.1}", load.seconds),
        ]);
    }
    print_table(&rows)?;
    let calls: u64 = loads.iter().map(|load| load.calls).sum();
    let shards = plan.shards.len();
    print(&format!(
        "\nplan of target {}: at least {calls} calls in {shards} shards, {}\n  \
         listings were made, no detail was asked; what a detail names may take further calls\n",
        plan.target,
        at_least(&loads, plan.share),
    ))
}

/// `at least 65.7 s at 50 % of the quotas (lambda-policy in eu-west-1 of 123456789012)`.
pub fn at_least(loads: &[Load], share: f64) -> String {
    match floor(loads) {
        Some(longest) if longest.seconds > 0.0 => format!(
            "at least {:.1} s at {} % of the quotas ({} in {} of {})",
            longest.seconds,
            percent(share),
            longest.family,
            longest.region,
            longest.account
        ),
        _ => format!("no time at {} % of the quotas", percent(share)),
    }
}

/// Without the digits that binary fractions bring along.
fn percent(share: f64) -> f64 {
    (share * 1e4).round() / 100.0
}

fn document(plan: &Plan, loads: &[Load]) -> Value {
    let families: Vec<Value> = loads
        .iter()
        .map(|load| {
            json!({
                "account": load.account, "region": load.region, "family": load.family, "calls": load.calls,
                "per_second": load.per_second, "share": plan.share, "seconds": load.seconds,
            })
        })
        .collect();
    let not_listed: Vec<Value> =
        unlisted(plan).map(|(key, error)| json!({"shard": key.to_string(), "error": error})).collect();
    json!({
        "target": plan.target,
        "calls": loads.iter().map(|load| load.calls).sum::<u64>(),
        "seconds": floor(loads).map_or(0.0, |longest| longest.seconds),
        "share": plan.share,
        "families": families,
        "not_listed": not_listed,
    })
}

/// The listings that failed: what they hold is not in the plan.
fn unlisted(plan: &Plan) -> impl Iterator<Item = (&ShardKey, &CollectionError)> {
    plan.shards.iter().flat_map(|(key, coverage)| coverage.errors.iter().map(move |error| (key, error)))
}
