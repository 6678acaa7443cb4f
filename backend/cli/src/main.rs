//! The binary `nephoscope`: arguments in, exit code out. What a command does is in `commands/`.

#![warn(
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "the macros panic where nobody can be written to; `print` does not"
)]

mod args;
mod commands;
mod config;
mod context;
mod failure;
mod print;

use std::process::ExitCode;

use args::{Cli, Command, LogFormat};
use clap::{CommandFactory, Parser};
use config::Config;
use context::Context;
use failure::{Failure, Outcome};
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let code = error.exit_code();
            // Help and version go to standard output and end well; mistakes end with 2.
            let _ = error.print();
            return ExitCode::from(u8::try_from(code).unwrap_or(failure::code::USAGE));
        }
    };
    start_log(&cli);
    let ended = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::tool(error, "the system gave no threads; try again with less load"))
        .and_then(|runtime| runtime.block_on(run(cli)));
    match ended {
        Ok(code) => code,
        Err(failure) => failure.print(),
    }
}

async fn run(cli: Cli) -> Outcome {
    let Cli { global, command } = cli;
    match command {
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "nephoscope", &mut script);
            print::print(&String::from_utf8_lossy(&script))?;
            return Ok(ExitCode::SUCCESS);
        }
        Command::Man => {
            clap_mangen::Man::new(Cli::command()).render(&mut std::io::stdout())?;
            return Ok(ExitCode::SUCCESS);
        }
        Command::Checks(args::Checks::Schema) => return commands::checks::schema(),
        Command::Permissions(asked) => return commands::permissions::permissions(&asked),
        _ => {}
    }
    let config = Config::load(global.config.as_deref())?;
    let context = Context { global, config };
    match command {
        Command::Scan(scan) => commands::scan::run(&context, &scan).await,
        Command::Serve(serve) => commands::serve::serve(&context, &serve).await,
        Command::Demo(serve) => commands::serve::demo(&context, &serve).await,
        Command::Findings(list) => commands::findings::list(&context, &list).await,
        Command::Resources(resources) => match &resources.command {
            Some(args::ResourcesCommand::Show { uid, as_of }) => {
                commands::resources::show(&context, uid, as_of.as_deref()).await
            }
            None => commands::resources::list(&context, &resources.list).await,
        },
        Command::Score(score) => commands::score::score(&context, &score).await,
        Command::Drift(drift) => commands::score::drift(&context, &drift).await,
        Command::Report(report) => commands::report::report(&context, &report).await,
        Command::Checks(checks) => commands::checks::run(&context, &checks),
        Command::Frameworks(frameworks) => commands::checks::frameworks(&context, &frameworks),
        Command::Snapshot(snapshot) => commands::snapshot::run(&context, &snapshot).await,
        Command::Targets(command) => commands::targets::run(&context, &command).await,
        Command::Config(command) => commands::config::run(&context, &command),
        Command::Completions { .. } | Command::Man | Command::Permissions(_) => Ok(ExitCode::SUCCESS),
    }
}

/// Log lines go to standard error. The SDKs' own crates stay at warnings: their debug lines may hold request bodies.
fn start_log(cli: &Cli) {
    let ours = match (cli.global.quiet, cli.global.verbose) {
        (true, _) => "error",
        (false, 0) => "warn",
        (false, 1) => "info",
        (false, _) => "debug",
    };
    let filter = EnvFilter::new(format!(
        "error,nephoscope={ours},{}",
        OUR_CRATES.map(|c| format!("{c}={ours}")).join(",")
    ));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(|| print::Aside)
        .log_internal_errors(false);
    match cli.global.log_format {
        LogFormat::Text => builder.with_target(false).with_ansi(context::colour(cli.global.color)).init(),
        LogFormat::Json => builder.json().init(),
    }
}

/// The crates whose log lines follow `-v`.
const OUR_CRATES: [&str; 4] =
    ["nephoscope_collect", "nephoscope_scan", "nephoscope_server", "nephoscope_store"];
