//! `nephoscope config`: what applies, and where it comes from.

use std::process::ExitCode;

use crate::args::Config;
use crate::context::Context;
use crate::failure::Outcome;
use crate::print::{print, print_table, table};

/// Runs `config`. A file that cannot be used has ended the process before this.
pub fn run(context: &Context, command: &Config) -> Outcome {
    let config = &context.config;
    let place = config.path.as_ref().map_or_else(|| "no file".to_owned(), |path| path.display().to_string());
    match command {
        Config::Check => print(&format!("{place}: {} targets, no mistake found\n", config.targets.len()))?,
        Config::Show => {
            let file = &config.file;
            let mut rows = table(&["key", "value", "from"]);
            let store_from = match (&context.global.store, &file.store) {
                (Some(_), _) => "--store or NEPHOSCOPE_STORE",
                (None, Some(_)) => place.as_str(),
                (None, None) => "default",
            };
            rows.add_row(["store", context.store_url(), store_from]);
            let from = |given: bool| if given { place.as_str() } else { "default" };
            let listen =
                file.serve.listen.map_or_else(|| "127.0.0.1:8080".to_owned(), |listen| listen.to_string());
            rows.add_row(["serve.listen", &listen, from(file.serve.listen.is_some())]);
            let budget = config.budget().to_string();
            rows.add_row(["scan.budget", &budget, from(file.scan.budget.is_some())]);
            let coverage =
                file.scan.min_coverage.map_or_else(|| "not required".to_owned(), |share| share.to_string());
            rows.add_row(["scan.min_coverage", &coverage, from(file.scan.min_coverage.is_some())]);
            let limits = &config.limits;
            let spans = [
                ("scan.connect_timeout", limits.connect, file.scan.connect_timeout.is_some()),
                ("scan.read_timeout", limits.attempt, file.scan.read_timeout.is_some()),
                ("scan.call_timeout", limits.call, file.scan.call_timeout.is_some()),
                ("scan.shard_timeout", limits.shard, file.scan.shard_timeout.is_some()),
            ];
            for (key, span, given) in spans {
                rows.add_row([key, &format!("{}s", span.as_secs_f64()), from(given)]);
            }
            rows.add_row(["scan.tries", &limits.tries.to_string(), from(file.scan.tries.is_some())]);
            for target in &config.targets {
                rows.add_row(["target", target.name.as_str(), &place]);
            }
            print_table(&rows)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
