//! The configuration file: read once, checked whole, with the place of every mistake.

mod target;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nephoscope_collect::{Budgets, Limits};
use nephoscope_scan::Target;
use serde::Deserialize;
use toml::Spanned;

use self::target::{Shared, TargetSection, ambient, target};
use crate::failure::Failure;

/// The name that is looked for beside the caller.
const FILE_NAME: &str = "nephoscope.toml";

/// What the file says; nothing where there is no file.
#[derive(Debug, Default)]
pub struct Config {
    /// Where it was read from.
    pub path: Option<PathBuf>,
    /// What it says.
    pub file: File,
    /// The targets, ready to scan.
    pub targets: Vec<Target>,
    /// How long and how often a call is tried.
    pub limits: Limits,
}

/// The file as written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// Where history is kept.
    pub store: Option<String>,
    /// `[serve]`.
    #[serde(default)]
    pub serve: ServeSection,
    /// `[scan]`.
    #[serde(default)]
    pub scan: ScanSection,
    /// `[[target]]`.
    #[serde(default)]
    target: Vec<Spanned<TargetSection>>,
}

/// `[serve]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServeSection {
    /// Address to listen on.
    pub listen: Option<SocketAddr>,
}

/// `[scan]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScanSection {
    /// Share of each published quota.
    pub budget: Option<f64>,
    /// Share of shards that must be read whole.
    pub min_coverage: Option<f64>,
    /// Longest time to connect.
    pub connect_timeout: Option<Spanned<String>>,
    /// Longest time for one try of a call.
    pub read_timeout: Option<Spanned<String>>,
    /// Longest time for a call, with its tries and the waits between them.
    pub call_timeout: Option<Spanned<String>>,
    /// The most time that one shard may lose to calls that fail.
    pub shard_timeout: Option<Spanned<String>>,
    /// Most tries of a call.
    pub tries: Option<u32>,
}

/// The share of each published quota that is used when nothing else is said.
pub const DEFAULT_BUDGET: f64 = 0.5;

impl Config {
    /// Reads the file named, or the first of the default places that exists.
    pub fn load(named: Option<&Path>) -> Result<Self, Failure> {
        let path = match named {
            Some(path) => Some(path.to_owned()),
            None => default_places().into_iter().find(|place| place.exists()),
        };
        let Some(path) = path else { return Ok(Self::default()) };
        let text = std::fs::read_to_string(&path).map_err(|error| {
            Failure::usage(
                format!("read configuration {}: {error}", path.display()),
                "check the path and its permissions",
            )
        })?;
        Self::parse(&path, &text)
    }

    fn parse(path: &Path, text: &str) -> Result<Self, Failure> {
        let file: File = toml::from_str(text).map_err(|error| {
            let place = error.span().map_or(0, |span| span.start);
            at(path, text, place, error.message(), &nearest(error.message()))
        })?;
        let refuse = |place: usize, message: String, help: &str| at(path, text, place, &message, help);

        let budget = file.scan.budget.unwrap_or(DEFAULT_BUDGET);
        for (key, share) in [("budget", file.scan.budget), ("min_coverage", file.scan.min_coverage)] {
            if share.is_some_and(|share| !(share > 0.0 && share <= 1.0)) {
                let place = text.find(key).unwrap_or(0);
                return Err(refuse(
                    place,
                    format!("`{key}` is a share"),
                    "give a number above 0 and at most 1",
                ));
            }
        }
        let limits = limits(&file.scan, &refuse)?;
        let mut names = BTreeSet::new();
        let mut targets = Vec::new();
        // Targets of one account share its quotas.
        let budgets = Budgets::default();
        for section in &file.target {
            let section = section.get_ref();
            if !names.insert(section.name.get_ref().clone()) {
                let message = format!("target `{}` is configured twice", section.name.get_ref());
                return Err(refuse(section.name.span().start, message, "give each target a name of its own"));
            }
            let shared = Shared { budget, limits, budgets: &budgets, refuse: &refuse };
            targets.push(target(section, &shared)?);
        }
        Ok(Self { path: Some(path.to_owned()), file, targets, limits })
    }

    /// The share of each published quota that scans use.
    pub fn budget(&self) -> f64 {
        self.file.scan.budget.unwrap_or(DEFAULT_BUDGET)
    }

    /// The target called `name` that the environment's credentials reach; none where no provider is called so.
    pub fn ambient(
        &self,
        name: &str,
        regions: &[String],
        services: &[String],
        budget: f64,
    ) -> Option<Target> {
        ambient(name, regions, services, budget, self.limits)
    }
}

/// How long and how often a call is tried, as far as the file says.
fn limits(section: &ScanSection, refuse: &dyn Fn(usize, String, &str) -> Failure) -> Result<Limits, Failure> {
    let mut limits = Limits::default();
    let fields = [
        (&section.connect_timeout, &mut limits.connect),
        (&section.read_timeout, &mut limits.attempt),
        (&section.call_timeout, &mut limits.call),
        (&section.shard_timeout, &mut limits.shard),
    ];
    for (text, field) in fields {
        if let Some(text) = text {
            *field = span(text, refuse)?;
        }
    }
    limits.tries = section.tries.unwrap_or(limits.tries).max(1);
    Ok(limits)
}

/// Reads `15m`, `4h`, `30s` and their like.
fn span(
    text: &Spanned<String>,
    refuse: &dyn Fn(usize, String, &str) -> Failure,
) -> Result<Duration, Failure> {
    let read = text.get_ref().parse::<jiff::SignedDuration>().ok().and_then(|span| span.try_into().ok());
    read.ok_or_else(|| {
        let message = format!("`{}` is not a duration", text.get_ref());
        refuse(text.span().start, message, "give a number with s, m or h, such as `15m`")
    })
}

fn default_places() -> Vec<PathBuf> {
    let folder = std::env::var_os("XDG_CONFIG_HOME").map(PathBuf::from);
    let home = std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".config"));
    let user = folder.or(home).map(|folder| folder.join("nephoscope").join(FILE_NAME));
    [Some(PathBuf::from(FILE_NAME)), user].into_iter().flatten().collect()
}

/// A mistake in the file, with its line.
fn at(path: &Path, text: &str, place: usize, message: &str, help: &str) -> Failure {
    let line = text[..place.min(text.len())].matches('\n').count() + 1;
    let message = message.lines().next().unwrap_or(message);
    Failure::usage(format!("configuration {}, line {line}: {message}", path.display()), help)
}

/// The known key nearest to an unknown one, read from the parser's own message.
fn nearest(message: &str) -> String {
    let mut quoted = message.split('`').skip(1).step_by(2);
    let unknown = quoted.next().filter(|_| message.starts_with("unknown field")).unwrap_or_default();
    let best = quoted.map(|known| (strsim::damerau_levenshtein(unknown, known), known)).min();
    match best {
        Some((distance, known)) if distance <= 3 => format!("did you mean `{known}`?"),
        _ => "`nephoscope config show` lists the keys that exist".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use nephoscope_collect::{AzureAuth, RegionChoice, Tier};
    use nephoscope_model::AccountId;
    use nephoscope_scan::TargetAccess;

    use super::*;

    fn refuse(text: &str) -> String {
        format!("{:?}", Config::parse(Path::new("nephoscope.toml"), text).unwrap_err())
    }

    #[test]
    fn a_whole_file_is_understood() {
        let text = r#"
            store = "sqlite:/var/lib/nephoscope/nephoscope.db"
            [serve]
            listen = "127.0.0.1:9000"
            [scan]
            budget = 0.25
            [[target]]
            name = "production"
            provider = "aws"
            role_arn = "arn:aws:iam::123456789012:role/nephoscope"
            regions = ["eu-west-1", "eu-central-1"]
            schedule = "0 2 * * *"
            timezone = "Europe/Berlin"
            window = "4h"
            jitter = "15m"
            [[target]]
            name = "sandbox"
            provider = "aws"
            regions = "all"
        "#;
        let config = Config::parse(Path::new("nephoscope.toml"), text).unwrap();
        assert_eq!(config.targets.len(), 2);
        let schedule = config.targets[0].schedule.as_ref().unwrap();
        assert_eq!(schedule.jitter, Duration::from_secs(900));
        assert_eq!(schedule.window, Duration::from_secs(4 * 3600));
        let TargetAccess::Aws(options) = &config.targets[1].access else { panic!("an AWS target") };
        assert!(matches!(options.regions, RegionChoice::All));
        assert_eq!(options.asking.budget, 0.25);
    }

    #[test]
    fn an_organization_is_understood() {
        let target = "[[target]]\nname = \"all\"\nprovider = \"aws\"\n";
        let text = format!(
            r#"{target}
            organization = {{role_name = "nephoscope", exclude = ["111111111111"], ous = ["ou-ab12-34567890"]}}
            regions = ["eu-west-1"]
            [target.account_regions]
            "222222222222" = ["us-east-1", "eu-west-1"]
            "333333333333" = "all"
            "#
        );
        let config = Config::parse(Path::new("nephoscope.toml"), &text).unwrap();
        let TargetAccess::Aws(options) = &config.targets[0].access else { panic!("an AWS target") };
        let organization = options.organization.as_ref().unwrap();
        assert_eq!(organization.role_name, "nephoscope");
        assert_eq!(organization.exclude.iter().map(AccountId::as_str).collect::<Vec<_>>(), ["111111111111"]);
        assert_eq!(organization.ous, ["ou-ab12-34567890"]);
        assert_eq!(organization.regions[&AccountId::from("333333333333")], RegionChoice::All);

        let role = refuse(&format!("{target}organization = {{role_name = \"arn:aws:iam::1:role/x\"}}\n"));
        assert!(role.contains("line 4: `arn:aws:iam::1:role/x` is not the name of a role"), "{role}");
        let named = "organization = {role_name = \"x\", exclude = [\"sandbox\"]}\n";
        let account = refuse(&format!("{target}{named}"));
        assert!(account.contains("`sandbox` is not an account"), "{account}");
        let alone = refuse(&format!("{target}[target.account_regions]\n\"222222222222\" = \"all\"\n"));
        assert!(alone.contains("`account_regions` is for the accounts of an `organization`"), "{alone}");
    }

    #[test]
    fn targets_of_every_provider_and_the_limits_of_calls_are_understood() {
        let text = r#"
            [scan]
            connect_timeout = "2s"
            read_timeout = "10s"
            call_timeout = "1m"
            shard_timeout = "5m"
            tries = 3
            [[target]]
            name = "azure"
            provider = "azure"
            cloud = "government"
            auth = "managed"
            management_group = "production"
            tier = "code"
            [[target]]
            name = "google"
            provider = "gcp"
            parent = "folders/7"
            exclude = ["sandbox"]
            [[target]]
            name = "fn"
            provider = "fn"
            api_url = "https://fn.example"
            probe = true
        "#;
        let config = Config::parse(Path::new("nephoscope.toml"), text).unwrap();
        let [azure, google, fn_project] = &config.targets[..] else { panic!("three targets") };
        let TargetAccess::Azure(options) = &azure.access else { panic!("an Azure target") };
        assert_eq!((options.auth, options.asking.tier), (AzureAuth::Managed, Tier::Code));
        assert_eq!(
            (options.asking.limits.attempt, options.asking.limits.tries),
            (Duration::from_secs(10), 3)
        );
        let TargetAccess::Gcp(options) = &google.access else { panic!("a Google Cloud target") };
        assert_eq!((options.parent.as_deref(), options.exclude.len()), (Some("folders/7"), 1));
        assert_eq!(options.asking.limits.call, Duration::from_secs(60));
        assert_eq!(options.asking.limits.shard, Duration::from_secs(300));
        let TargetAccess::Fn(options) = &fn_project.access else { panic!("a Fn target") };
        assert!(options.probe && options.asking.limits.connect == Duration::from_secs(2));
        for name in ["aws", "azure", "gcp", "fn"] {
            let ambient = config.ambient(name, &[], &[], config.budget()).unwrap();
            assert_eq!((ambient.provider().as_str(), ambient.share()), (name, Some(0.5)));
        }
        assert!(config.ambient("production", &[], &[], 0.5).is_none());
    }

    #[test]
    fn the_pages_show_configurations_that_can_be_read() {
        let folder = tempfile::tempdir().unwrap();
        for page in ["README.md", "docs/providers/aws.md", "docs/providers/azure.md", "docs/providers/gcp.md"]
        {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(page);
            let text = std::fs::read_to_string(path).unwrap();
            let blocks = text.split("```toml\n").skip(1).filter_map(|block| block.split_once("```"));
            let blocks: Vec<&str> = blocks.map(|(block, _)| block).collect();
            assert!(!blocks.is_empty(), "{page}");
            for block in blocks {
                let mut block = block.to_owned();
                for key in ["external_id_file", "client_secret_file"] {
                    let kept = folder.path().join(key);
                    std::fs::write(&kept, "kept").unwrap();
                    let lines = block.lines().map(|line| match line.starts_with(key) {
                        true => format!("{key} = \"{}\"\n", kept.display()),
                        false => format!("{line}\n"),
                    });
                    block = lines.collect();
                }
                let config = Config::parse(Path::new("nephoscope.toml"), &block).unwrap();
                assert!(!config.targets.is_empty(), "{page}: {block}");
            }
        }
    }

    #[test]
    fn mistakes_name_line_and_nearest_key() {
        let typo = refuse("[scan]\nbugdet = 0.5\n");
        assert!(typo.contains("configuration nephoscope.toml, line 2: unknown field `bugdet`"), "{typo}");
        assert!(typo.contains("did you mean `budget`?"), "{typo}");

        let target = "[[target]]\nname = \"a\"\nprovider = \"aws\"\n";
        let twice = refuse(&format!("{target}{target}"));
        assert!(twice.contains("line 5: target `a` is configured twice"), "{twice}");
        let cron = refuse(&format!("{target}schedule = \"0 25 * * *\"\n"));
        assert!(cron.contains("line 4: read schedule `0 25 * * *`"), "{cron}");
        let zone = refuse(&format!("{target}schedule = \"0 2 * * *\"\ntimezone = \"Europe/Berln\"\n"));
        assert!(zone.contains("line 5: read schedule `Europe/Berln`"), "{zone}");
        let share = refuse("[scan]\nbudget = 1.5\n");
        assert!(share.contains("line 2: `budget` is a share"), "{share}");
        let span = refuse("[scan]\nread_timeout = \"soon\"\n");
        assert!(span.contains("line 2: `soon` is not a duration"), "{span}");
        let misplaced = refuse("[[target]]\nname = \"a\"\nprovider = \"gcp\"\nregions = \"all\"\n");
        assert!(misplaced.contains("line 2: `regions` is no option of a target of gcp"), "{misplaced}");
        let cloud = refuse("[[target]]\nname = \"a\"\nprovider = \"azure\"\ncloud = \"moon\"\n");
        assert!(cloud.contains("line 4: `moon` is not a"), "{cloud}");
        let provider = refuse("[[target]]\nname = \"a\"\nprovider = \"asw\"\n");
        assert!(provider.contains("line 3: `asw` is not a provider"), "{provider}");
    }
}
