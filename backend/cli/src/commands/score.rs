//! `nephoscope score` and `nephoscope drift`: the number, what it is made of, and what moved it.

use std::process::ExitCode;

use nephoscope_answer::{drift_between, score_of};
use nephoscope_model::Points;
use nephoscope_model::query::AsOf;

use crate::args::{self, ObjectFormat};
use crate::context::{Context, query, refuse};
use crate::failure::Outcome;
use crate::print::{print, print_json, print_table, say, table};

/// Changes listed at most; the rest is counted in the dashboard.
const CHANGES: u32 = 500;

/// Prints the score.
pub async fn score(context: &Context, args: &args::Score) -> Outcome {
    let query = query(&args.filters)?;
    let library = context.library()?;
    let score = score_of(&library.sight_of(&query).await?, &query.filter).await?;
    if args.format == ObjectFormat::Json {
        print_json(&score)?;
        return Ok(ExitCode::SUCCESS);
    }
    let shown = |points: &Option<Points>| points.as_ref().map_or_else(|| "–".to_owned(), |p| p.rounded(2));
    let mut text = match &score.reported {
        None => "no score: nothing was decided in this scope\n".to_owned(),
        Some(reported) => format!("score {} of 100\n", reported.rounded(2)),
    };
    if let Some(cap) = score.cap {
        text += &format!(
            "  posture {}, reported as {} while {}\n",
            shown(&score.posture),
            cap.limit(),
            cap.reason()
        );
    }
    text += &match score.low == score.high {
        true => "  nothing is unknown\n".to_owned(),
        false => format!("  between {} and {}\n", shown(&score.low), shown(&score.high)),
    };
    text += &format!("  risk debt {}, {} decided, {} unknown\n", score.debt, score.decided, score.unknown);
    print(&text)?;
    if args.explain {
        let mut rows = table(&["points", "exactly", "severity", "failing", "of", "unknown", "check"]);
        for part in &score.parts {
            rows.add_row([
                part.points.rounded(4),
                part.points.fraction(),
                part.severity.to_string(),
                part.failing.to_string(),
                part.decided.to_string(),
                part.unknown.to_string(),
                part.check.to_string(),
            ]);
        }
        print("\n")?;
        print_table(&rows)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints what changed.
pub async fn drift(context: &Context, args: &args::Drift) -> Outcome {
    let read = |text: &str| text.parse::<AsOf>().map_err(|error| refuse(&error));
    let (from, to) = (read(&args.from)?, read(args.to.as_deref().unwrap_or_default())?);
    let query = query(&args.filters)?;
    let library = context.library()?;
    let targets = &query.filter.targets;
    let (from, to) = (library.sight(targets, &from).await?, library.sight(targets, &to).await?);
    let drift = drift_between(&from, &to, &query.filter, CHANGES).await?;
    if args.format == ObjectFormat::Json {
        print_json(&drift)?;
        return Ok(ExitCode::SUCCESS);
    }
    let shown =
        |points: &Option<Points>| points.as_ref().map_or_else(|| "no score".to_owned(), |p| p.rounded(2));
    print(&format!(
        "from {} to {}: posture {} → {}\n\n",
        drift.from,
        drift.to,
        shown(&drift.posture_from),
        shown(&drift.posture_to)
    ))?;
    let mut rows = table(&["before", "now", "severity", "check", "resource"]);
    for change in &drift.findings {
        let word = |status: Option<nephoscope_model::Status>| {
            status.map_or("–", |status| status.as_str()).to_owned()
        };
        rows.add_row([
            word(change.before),
            word(change.after),
            change.severity.to_string(),
            change.check.to_string(),
            format!("{} ({})", change.name, change.region),
        ]);
    }
    print_table(&rows)?;
    let mut rows = table(&["resource", "kind", "region", "change", "facets"]);
    for change in &drift.resources {
        let word = match change.change {
            nephoscope_model::drift::ChangeKind::Added => "added",
            nephoscope_model::drift::ChangeKind::Removed => "removed",
            nephoscope_model::drift::ChangeKind::Changed => "changed",
        };
        rows.add_row([
            change.name.clone(),
            change.kind.to_string(),
            change.region.to_string(),
            word.to_owned(),
            change.facets.join(", "),
        ]);
    }
    print("\n")?;
    print_table(&rows)?;
    if drift.truncated {
        say(format_args!("the lists are cut at {CHANGES}; narrow them with filters"));
    }
    Ok(ExitCode::SUCCESS)
}
