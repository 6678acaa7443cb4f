//! `nephoscope findings`: the findings of the store under the dashboard's filters.

use std::process::ExitCode;

use nephoscope_answer::{FindingExport, finding_list};
use nephoscope_model::query::{Group, ListQuery, MAX_LIMIT};

use crate::args::{List, ListFormat};
use crate::commands::summary::{row, write_csv, write_jsonl};
use crate::context::{Context, query};
use crate::failure::Outcome;
use crate::print::{print, print_table, say, table};

/// Runs the command.
pub async fn list(context: &Context, list: &List) -> Outcome {
    let query = ListQuery { group: Group::Nothing, ..query(&list.filters)? };
    let library = context.library()?;
    let out = || std::io::stdout().lock();
    match list.format {
        ListFormat::Csv => write_csv(out(), FindingExport::begin(&library, &query).await?).await?,
        ListFormat::Jsonl => write_jsonl(out(), FindingExport::begin(&library, &query).await?).await?,
        ListFormat::Json => {
            let mut export = FindingExport::begin(&library, &query).await?;
            let mut open = "[\n";
            loop {
                let page = export.next_page().await?;
                if page.is_empty() {
                    break;
                }
                for finding in &page {
                    let text = serde_json::to_string(finding).map_err(std::io::Error::from)?;
                    print(&format!("{open}{text}"))?;
                    open = ",\n";
                }
            }
            print(if open == ",\n" { "\n]\n" } else { "[]\n" })?;
        }
        ListFormat::Table => {
            let page = finding_list(
                &library.sight_of(&query).await?,
                &ListQuery { limit: Some(MAX_LIMIT), ..query },
            )
            .await?;
            let mut rows = table(&["status", "severity", "check", "resource", "found"]);
            for finding in &page.findings {
                rows.add_row(row(finding));
            }
            print_table(&rows)?;
            let shown = page.findings.len() as u64;
            if shown < page.total {
                say(format_args!("{shown} of {}; --format jsonl or csv gives all of them", page.total));
            }
            if page.total == 0 {
                let why = match page.verdicts {
                    0 => "nothing was judged in this scope; `nephoscope scan` reads it",
                    _ => "nothing matches",
                };
                say(why);
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}
