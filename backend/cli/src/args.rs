//! What can be typed. The doc comments here are the help texts and the manual page.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use nephoscope_model::Severity;

/// Posture of serverless estates: scan, judge, and see what drifts.
#[derive(Debug, Parser)]
#[command(
    name = "nephoscope",
    version,
    propagate_version = true,
    arg_required_else_help = true,
    max_term_width = 100
)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

/// Options that every command takes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// Configuration file; by default `nephoscope.toml` here, then in the user's configuration folder.
    #[arg(long, global = true, env = "NEPHOSCOPE_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Where history is kept [default: sqlite:nephoscope.db].
    #[arg(long, global = true, env = "NEPHOSCOPE_STORE", value_name = "URL")]
    pub store: Option<String>,
    /// Folder with further checks of your own; may be repeated.
    #[arg(long, global = true, value_name = "DIR")]
    pub checks: Vec<PathBuf>,
    /// Colours on a terminal.
    #[arg(long, global = true, value_enum, default_value_t, env = "NEPHOSCOPE_COLOR")]
    pub color: Color,
    /// Say less; only errors.
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Say more; twice for debugging.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// How log lines look on standard error.
    #[arg(long, global = true, value_enum, default_value_t, env = "NEPHOSCOPE_LOG_FORMAT")]
    pub log_format: LogFormat,
}

/// Colours on a terminal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    #[default]
    Auto,
    Always,
    Never,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    #[default]
    Text,
    Json,
}

/// How a list is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ListFormat {
    /// Aligned columns for a person.
    #[default]
    Table,
    /// One JSON document.
    Json,
    /// One JSON document per line, streamed.
    Jsonl,
    /// Comma-separated values; no cell becomes a formula.
    Csv,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Collect, evaluate, store; print a summary
    Scan(Scan),
    /// Dashboard, API and schedule in one process
    Serve(Serve),
    /// The sample estate with its history in a store of its own, then serve
    Demo(Serve),
    /// List findings from the store; FAIL and UNKNOWN unless --status says otherwise
    Findings(List),
    /// List resources from the store, or show one
    #[command(args_conflicts_with_subcommands = true)]
    Resources(Resources),
    /// Score with its range, caps and debt
    Score(Score),
    /// What changed between two dates or scans
    Drift(Drift),
    /// Compliance report of one framework
    Report(Report),
    /// The catalogue of checks
    #[command(subcommand)]
    Checks(Checks),
    /// The frameworks that checks bear on
    #[command(subcommand)]
    Frameworks(Frameworks),
    /// Portable snapshot files: evaluate anywhere, without credentials
    #[command(subcommand)]
    Snapshot(Snapshot),
    /// The least-privilege role that a scan needs, generated from what is read
    Permissions(Permissions),
    /// What the configuration names, and what its credentials may read
    #[command(subcommand)]
    Targets(Targets),
    /// The configuration that applies
    #[command(subcommand)]
    Config(Config),
    /// Completions for a shell, on standard output
    Completions {
        /// Which shell.
        shell: Shell,
    },
    /// The manual page, on standard output
    Man,
}

#[derive(Debug, Args)]
pub struct Scan {
    /// Targets by name, or `aws` for the ambient credentials; all configured ones where none is named.
    pub targets: Vec<String>,
    /// Evaluate a snapshot file in place of a cloud.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["targets", "region", "service"])]
    pub from: Option<PathBuf>,
    /// Regions of the ambient target, or `all`; by default the configured one.
    #[arg(long, value_delimiter = ',', value_name = "REGION")]
    pub region: Vec<String>,
    /// Only these services.
    #[arg(long, value_delimiter = ',', value_name = "SERVICE")]
    pub service: Vec<String>,
    /// Report only checks that match, such as `aws-lambda-*`; every check is evaluated and stored all the same.
    #[arg(long, value_delimiter = ',', value_name = "PATTERN")]
    pub check: Vec<String>,
    /// Count and time the calls, and read nothing but listings; with `--format json` as a document. Nothing is stored.
    #[arg(long, conflicts_with_all = ["from", "check", "fail_on", "min_coverage"])]
    pub plan: bool,
    /// Share of each published API quota that is used, above 0 and at most 1 [default: 0.5].
    #[arg(long, value_name = "SHARE")]
    pub budget: Option<f64>,
    /// Also write findings in these formats.
    #[arg(long, value_delimiter = ',', value_enum, value_name = "FORMAT")]
    pub format: Vec<ScanFormat>,
    /// Folder for the formats; `-` for standard output.
    #[arg(long, value_name = "DIR|-", default_value = "-", requires = "format")]
    pub output: PathBuf,
    /// Exit with 3 where a finding of this severity or worse fails.
    #[arg(long, value_name = "SEVERITY")]
    pub fail_on: Option<Severity>,
    /// Exit with 4 where less than this share of shards was read whole.
    #[arg(long, value_name = "SHARE")]
    pub min_coverage: Option<f64>,
    /// Exit with 0 whatever was found; failures of the tool itself stay failures.
    #[arg(long)]
    pub exit_zero: bool,
}

/// What a scan writes besides its summary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ScanFormat {
    /// One document: scan, score, coverage, counts, findings.
    Json,
    /// One finding per line.
    Jsonl,
    /// One finding per row.
    Csv,
}

#[derive(Debug, Args)]
pub struct Serve {
    /// Address to listen on; loopback only, until sign-in exists [default: 127.0.0.1:8080].
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: Option<SocketAddr>,
}

/// The filters of the dashboard. Several values of one option are alternatives, repeated or comma-separated.
#[derive(Clone, Debug, Default, Args)]
pub struct Filters {
    #[arg(long, value_name = "NAME")]
    pub target: Vec<String>,
    #[arg(long, value_name = "NAME")]
    pub provider: Vec<String>,
    #[arg(long, value_name = "ID")]
    pub account: Vec<String>,
    #[arg(long, value_name = "NAME")]
    pub region: Vec<String>,
    #[arg(long, value_name = "NAME")]
    pub service: Vec<String>,
    #[arg(long, value_name = "KIND")]
    pub kind: Vec<String>,
    /// Check ids; `*` stands for any text.
    #[arg(long, value_name = "PATTERN")]
    pub check: Vec<String>,
    #[arg(long, value_name = "SEVERITY")]
    pub severity: Vec<String>,
    /// PASS, FAIL, UNKNOWN, MANUAL or all.
    #[arg(long, value_name = "STATUS")]
    pub status: Vec<String>,
    /// new, open or resolved.
    #[arg(long, value_name = "STATE")]
    pub state: Vec<String>,
    /// internet, cross_account, unknown or internal.
    #[arg(long, value_name = "WHO")]
    pub exposure: Vec<String>,
    #[arg(long, value_name = "NAME")]
    pub concern: Vec<String>,
    /// A framework, or `framework/control`.
    #[arg(long, value_name = "NAME")]
    pub framework: Vec<String>,
    /// Text within the resource's name or identifier.
    #[arg(long, value_name = "TEXT")]
    pub query: Option<String>,
    /// A date, an RFC 3339 instant or a scan's id.
    #[arg(long, value_name = "DATE|SCAN")]
    pub as_of: Option<String>,
}

#[derive(Debug, Args)]
pub struct List {
    #[command(flatten)]
    pub filters: Filters,
    /// How the list is printed.
    #[arg(long, value_enum, default_value_t)]
    pub format: ListFormat,
}

#[derive(Debug, Args)]
pub struct Resources {
    #[command(subcommand)]
    pub command: Option<ResourcesCommand>,
    #[command(flatten)]
    pub list: List,
}

#[derive(Debug, Subcommand)]
pub enum ResourcesCommand {
    /// Facets, facts, relations and findings of one resource, as JSON
    Show {
        /// The provider's identifier, such as an ARN.
        uid: String,
        /// A date, an RFC 3339 instant or a scan's id.
        #[arg(long, value_name = "DATE|SCAN")]
        as_of: Option<String>,
    },
}

#[derive(Debug, Args)]
pub struct Score {
    #[command(flatten)]
    pub filters: Filters,
    /// List every part.
    #[arg(long)]
    pub explain: bool,
    /// Table or json.
    #[arg(long, value_enum, default_value_t)]
    pub format: ObjectFormat,
}

/// How one thing is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ObjectFormat {
    #[default]
    Table,
    Json,
}

#[derive(Debug, Args)]
pub struct Drift {
    /// The earlier date, instant or scan.
    pub from: String,
    /// The later one; the latest where none is given.
    pub to: Option<String>,
    #[command(flatten)]
    pub filters: Filters,
    /// Table or json.
    #[arg(long, value_enum, default_value_t)]
    pub format: ObjectFormat,
}

#[derive(Debug, Args)]
pub struct Report {
    /// A framework, such as `aws-fsbp`; `nephoscope frameworks list` shows them.
    #[arg(id = "reported", value_name = "FRAMEWORK")]
    pub framework: String,
    #[command(flatten)]
    pub filters: Filters,
    /// How the report is written, to standard output.
    #[arg(long, value_enum, default_value_t)]
    pub format: ReportFormat,
}

/// How a compliance report is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// One page that needs nothing else; prints well.
    #[default]
    Html,
    /// One control × check per row.
    Csv,
    /// One document.
    Json,
}

#[derive(Debug, Subcommand)]
pub enum Checks {
    /// List checks
    List {
        /// Check ids; `*` stands for any text.
        pattern: Vec<String>,
        /// How the list is printed.
        #[arg(long, value_enum, default_value_t)]
        format: ListFormat,
    },
    /// Show one check
    Show {
        /// Its id.
        id: String,
    },
    /// Run the examples and mutations of every check, or of the checks in a folder
    Test {
        /// A folder of checks.
        dir: Option<PathBuf>,
    },
    /// The JSON schema of a check file
    Schema,
}

#[derive(Debug, Subcommand)]
pub enum Frameworks {
    /// List frameworks
    List,
    /// Show one framework with its controls
    Show {
        /// Its id, such as `aws-fsbp`.
        id: String,
    },
}

#[derive(Debug, Subcommand)]
pub enum Snapshot {
    /// Write what a scan gathered to a file
    Export {
        /// The file to write.
        file: PathBuf,
        /// The target; needed where the store has several.
        #[arg(long)]
        target: Option<String>,
        /// A date, an RFC 3339 instant or a scan's id.
        #[arg(long, value_name = "DATE|SCAN")]
        as_of: Option<String>,
    },
    /// Add a file's snapshot to the store, judged as of its own instant
    Import {
        /// The files to read, oldest first.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Say what a file holds, as JSON
    Show {
        /// The file to read.
        file: PathBuf,
    },
}

#[derive(Debug, Args)]
pub struct Permissions {
    /// Whose cloud.
    #[arg(value_enum, id = "cloud", value_name = "PROVIDER")]
    pub provider: ScannedProvider,
    /// How much may be read; each tier includes the ones before it.
    #[arg(long, value_enum, default_value_t)]
    pub tier: PermissionTier,
    /// How the role is written.
    #[arg(long, value_enum, default_value_t)]
    pub format: PermissionFormat,
}

/// The providers that grant permissions by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ScannedProvider {
    Aws,
    Azure,
    Gcp,
}

/// How much a role may read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum PermissionTier {
    /// How things are configured: what every scan reads.
    #[default]
    Metadata,
    /// Also what happened, from audit logs.
    Events,
    /// Also the code of functions and layers.
    Code,
}

/// How a role is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum PermissionFormat {
    /// The policy or role alone.
    #[default]
    Json,
    /// A template with the role, for a stack or a stack set of AWS.
    Cloudformation,
    /// A file with the role and its assignment, for a deployment of Azure.
    Bicep,
    /// A role file for Google Cloud's command line.
    Gcloud,
    /// The role as Terraform.
    Terraform,
}

#[derive(Debug, Subcommand)]
pub enum Targets {
    /// List what can be scanned
    List,
    /// Say what a target's credentials may not read, which checks that blinds, and the policy that restores them
    ///
    /// Every kind of call of a scan is tried about once; nothing is stored. Exits with 4 where a permission is missing.
    Test {
        /// A target by name, or `aws` for the ambient credentials; all configured ones where none is named.
        #[arg(id = "tested", value_name = "TARGET")]
        target: Option<String>,
        /// Table or json.
        #[arg(long, value_enum, default_value_t)]
        format: ObjectFormat,
    },
}

#[derive(Debug, Subcommand)]
pub enum Config {
    /// Say whether the configuration can be used
    Check,
    /// The values that apply, and where each comes from
    Show,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::Cli;

    #[test]
    fn arguments_do_not_contradict_each_other() {
        Cli::command().debug_assert();
    }
}
