//! `nephoscope resources`: the inventory, and one resource whole.

use std::process::ExitCode;

use nephoscope_answer::{resource_fetch, resource_list};
use nephoscope_model::Uid;
use nephoscope_model::api::ResourceRow;
use nephoscope_model::query::{AsOf, ListQuery, MAX_LIMIT};

use crate::args::{List, ListFormat};
use crate::context::{Context, query, refuse};
use crate::failure::{Failure, Outcome};
use crate::print::{print, print_json, print_table, table};

/// Lists the inventory.
pub async fn list(context: &Context, list: &List) -> Outcome {
    let mut query = ListQuery { limit: Some(MAX_LIMIT), ..query(&list.filters)? };
    let library = context.library()?;
    let sight = library.sight_of(&query).await?;
    let mut rows: Vec<ResourceRow> = Vec::new();
    loop {
        let page = resource_list(&sight, &query).await?;
        query.cursor = page.next;
        if list.format == ListFormat::Jsonl {
            for row in &page.resources {
                let line = serde_json::to_string(row).map_err(std::io::Error::from)?;
                print(&format!("{line}\n"))?;
            }
        } else {
            rows.extend(page.resources);
        }
        if query.cursor.is_none() {
            break;
        }
    }
    match list.format {
        ListFormat::Jsonl => {}
        ListFormat::Json => print_json(&rows)?,
        ListFormat::Csv => {
            nephoscope_report::resources_csv(std::io::stdout().lock(), &rows)?;
        }
        ListFormat::Table => {
            let mut out =
                table(&["kind", "name", "account", "region", "reachable", "debt", "failing", "unknown"]);
            for row in &rows {
                let failing: u64 = row.failing.values().sum();
                out.add_row([
                    row.kind.to_string(),
                    row.name.clone(),
                    row.account.to_string(),
                    row.region.to_string(),
                    row.exposure.label().to_owned(),
                    row.debt.to_string(),
                    failing.to_string(),
                    row.unknown.to_string(),
                ]);
            }
            print_table(&out)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints one resource.
pub async fn show(context: &Context, uid: &str, as_of: Option<&str>) -> Outcome {
    let as_of: AsOf = as_of.unwrap_or_default().parse().map_err(|error| refuse(&error))?;
    let library = context.library()?;
    let Some(detail) = resource_fetch(&library.sight(&[], &as_of).await?, &Uid::from(uid)).await? else {
        let help = "`nephoscope resources --query TEXT` finds identifiers";
        return Err(Failure::usage(format!("no resource `{uid}` in view"), help));
    };
    print_json(&detail)?;
    Ok(ExitCode::SUCCESS)
}
