//! A target of the configuration, or one that the environment's credentials reach: which options its provider takes.

use std::collections::BTreeMap;
use std::path::PathBuf;

use nephoscope_collect::{
    Asking, AwsOptions, AzureAuth, AzureCloud, AzureOptions, Budgets, FnOptions, GcpOptions, Limits,
    OrganizationOptions, RegionChoice,
};
use nephoscope_model::ident::UnknownName;
use nephoscope_model::{AccountId, Provider, Region, ServiceName, TargetName};
use nephoscope_scan::schedule::Schedule;
use nephoscope_scan::{Target, TargetAccess};
use serde::Deserialize;
use toml::Spanned;

use super::span;
use crate::failure::Failure;

/// `[[target]]` as written. Which keys a target may have depends on its provider; [`TargetSection::misplaced`] says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetSection {
    pub name: Spanned<String>,
    provider: Spanned<String>,
    endpoint_url: Option<String>,
    services: Option<Vec<String>>,
    tier: Option<Spanned<String>>,
    schedule: Option<Spanned<String>>,
    timezone: Option<Spanned<String>>,
    window: Option<Spanned<String>>,
    jitter: Option<Spanned<String>>,
    /// Accounts, subscriptions or projects to leave out.
    exclude: Option<Vec<String>>,

    profile: Option<String>,
    role_arn: Option<String>,
    external_id: Option<String>,
    external_id_file: Option<PathBuf>,
    regions: Option<Regions>,
    organization: Option<OrganizationSection>,
    #[serde(default)]
    account_regions: BTreeMap<String, Regions>,

    cloud: Option<Spanned<String>>,
    auth: Option<Spanned<String>>,
    tenant: Option<String>,
    client_id: Option<String>,
    client_secret_file: Option<PathBuf>,
    subscriptions: Option<Vec<String>>,
    management_group: Option<String>,

    impersonate: Option<String>,
    quota_project: Option<String>,
    projects: Option<Vec<String>>,
    parent: Option<String>,

    api_url: Option<String>,
    context: Option<String>,
    token_file: Option<PathBuf>,
    server_facts: Option<PathBuf>,
    probe: Option<bool>,
    resolve_images: Option<bool>,
}

/// `organization = {…}` of a target.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct OrganizationSection {
    role_name: Spanned<String>,
    #[serde(default)]
    exclude: Vec<String>,
    #[serde(default)]
    ous: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Regions {
    Word(String),
    Names(Vec<String>),
}

/// What all targets of a configuration have in common.
pub struct Shared<'a> {
    /// The share of each published quota.
    pub budget: f64,
    /// How long and how often a call is tried.
    pub limits: Limits,
    /// Targets of one account share its quotas.
    pub budgets: &'a Budgets,
    /// Makes a mistake at a place of the file readable.
    pub refuse: &'a dyn Fn(usize, String, &str) -> Failure,
}

/// Stands in for the installation's redaction key until the store, which keeps it, is known; `Target::arm` replaces it.
const UNARMED: [u8; 32] = [0; 32];

/// The target called `name` that the environment's credentials reach; none where no provider is called so.
pub fn ambient(
    name: &str,
    regions: &[String],
    services: &[String],
    budget: f64,
    limits: Limits,
) -> Option<Target> {
    let services = services.iter().map(|name| ServiceName::from(name.as_str())).collect();
    let asking = Asking { services, budget, limits, ..Asking::new(UNARMED) };
    let access = match name.parse().ok()? {
        Provider::Aws => {
            let regions = match regions {
                [] => RegionChoice::Configured,
                [all] if all == "all" => RegionChoice::All,
                names => RegionChoice::Named(names.iter().map(|name| Region::from(name.as_str())).collect()),
            };
            TargetAccess::Aws(Box::new(AwsOptions { regions, asking, ..AwsOptions::new(UNARMED) }))
        }
        Provider::Azure => {
            TargetAccess::Azure(Box::new(AzureOptions { asking, ..AzureOptions::new(UNARMED) }))
        }
        Provider::Gcp => TargetAccess::Gcp(Box::new(GcpOptions { asking, ..GcpOptions::new(UNARMED) })),
        Provider::Fn => TargetAccess::Fn(Box::new(FnOptions { asking, ..FnOptions::new(UNARMED) })),
    };
    Some(Target { name: TargetName::from(name), access, schedule: None })
}

/// The target that a section describes.
pub fn target(section: &TargetSection, shared: &Shared<'_>) -> Result<Target, Failure> {
    let provider = parsed(&section.provider, shared)?;
    if let Some(key) = section.misplaced(provider) {
        let message = format!("`{key}` is no option of a target of {provider}");
        return Err((shared.refuse)(section.name.span().start, message, "remove it, or check the provider"));
    }
    let access = match provider {
        Provider::Aws => TargetAccess::Aws(Box::new(aws(section, shared)?)),
        Provider::Azure => TargetAccess::Azure(Box::new(azure(section, shared)?)),
        Provider::Gcp => TargetAccess::Gcp(Box::new(gcp(section, shared)?)),
        Provider::Fn => TargetAccess::Fn(Box::new(fn_project(section, shared)?)),
    };
    Ok(Target {
        name: TargetName::from(section.name.get_ref().as_str()),
        access,
        schedule: schedule(section, shared.refuse)?,
    })
}

impl TargetSection {
    /// A key that was given and that targets of `provider` do not have.
    fn misplaced(&self, provider: Provider) -> Option<&'static str> {
        use Provider::{Aws, Azure, Fn, Gcp};
        let given = [
            ("tier", self.tier.is_some(), &[Azure, Gcp][..]),
            ("exclude", self.exclude.is_some(), &[Azure, Gcp]),
            ("profile", self.profile.is_some(), &[Aws]),
            ("role_arn", self.role_arn.is_some(), &[Aws]),
            ("external_id", self.external_id.is_some(), &[Aws]),
            ("external_id_file", self.external_id_file.is_some(), &[Aws]),
            ("regions", self.regions.is_some(), &[Aws]),
            ("organization", self.organization.is_some(), &[Aws]),
            ("account_regions", !self.account_regions.is_empty(), &[Aws]),
            ("cloud", self.cloud.is_some(), &[Azure]),
            ("auth", self.auth.is_some(), &[Azure]),
            ("tenant", self.tenant.is_some(), &[Azure]),
            ("client_id", self.client_id.is_some(), &[Azure]),
            ("client_secret_file", self.client_secret_file.is_some(), &[Azure]),
            ("subscriptions", self.subscriptions.is_some(), &[Azure]),
            ("management_group", self.management_group.is_some(), &[Azure]),
            ("impersonate", self.impersonate.is_some(), &[Gcp]),
            ("quota_project", self.quota_project.is_some(), &[Gcp]),
            ("projects", self.projects.is_some(), &[Gcp]),
            ("parent", self.parent.is_some(), &[Gcp]),
            ("api_url", self.api_url.is_some(), &[Fn]),
            ("context", self.context.is_some(), &[Fn]),
            ("token_file", self.token_file.is_some(), &[Fn]),
            ("server_facts", self.server_facts.is_some(), &[Fn]),
            ("probe", self.probe.is_some(), &[Fn]),
            ("resolve_images", self.resolve_images.is_some(), &[Fn]),
        ];
        let mut misplaced = given.iter().filter(|(_, given, of)| *given && !of.contains(&provider));
        misplaced.next().map(|(key, ..)| *key)
    }
}

fn aws(section: &TargetSection, shared: &Shared<'_>) -> Result<AwsOptions, Failure> {
    let external_id = match (&section.external_id, &section.external_id_file) {
        (None, Some(file)) => Some(kept_in(file, "external_id_file", section, shared)?),
        (given, _) => given.clone(),
    };
    Ok(AwsOptions {
        profile: section.profile.clone(),
        role_arn: section.role_arn.clone(),
        external_id,
        regions: section.regions.as_ref().map_or(RegionChoice::Configured, choice),
        organization: organization(section, shared.refuse)?,
        asking: asking(section, shared)?,
    })
}

fn azure(section: &TargetSection, shared: &Shared<'_>) -> Result<AzureOptions, Failure> {
    let secret = section.client_secret_file.as_ref();
    Ok(AzureOptions {
        cloud: section.cloud.as_ref().map_or(Ok(AzureCloud::default()), |cloud| parsed(cloud, shared))?,
        auth: section.auth.as_ref().map_or(Ok(AzureAuth::default()), |auth| parsed(auth, shared))?,
        tenant: section.tenant.clone(),
        client_id: section.client_id.clone(),
        client_secret: secret.map(|file| kept_in(file, "client_secret_file", section, shared)).transpose()?,
        subscriptions: section.subscriptions.clone().unwrap_or_default(),
        management_group: section.management_group.clone(),
        exclude: section.exclude.clone().unwrap_or_default(),
        asking: asking(section, shared)?,
    })
}

fn gcp(section: &TargetSection, shared: &Shared<'_>) -> Result<GcpOptions, Failure> {
    Ok(GcpOptions {
        impersonate: section.impersonate.clone(),
        quota_project: section.quota_project.clone(),
        projects: section.projects.clone().unwrap_or_default(),
        parent: section.parent.clone(),
        exclude: section.exclude.clone().unwrap_or_default(),
        asking: asking(section, shared)?,
    })
}

fn fn_project(section: &TargetSection, shared: &Shared<'_>) -> Result<FnOptions, Failure> {
    let token = section.token_file.as_ref();
    Ok(FnOptions {
        api_url: section.api_url.clone(),
        context: section.context.clone(),
        token: token.map(|file| kept_in(file, "token_file", section, shared)).transpose()?,
        server_facts: section.server_facts.clone(),
        probe: section.probe.unwrap_or_default(),
        resolve_images: section.resolve_images.unwrap_or_default(),
        asking: asking(section, shared)?,
        ..FnOptions::new(UNARMED)
    })
}

/// A word of the file as what it names.
fn parsed<T: std::str::FromStr<Err = UnknownName>>(
    word: &Spanned<String>,
    shared: &Shared<'_>,
) -> Result<T, Failure> {
    let wrong =
        |error: UnknownName| (shared.refuse)(word.span().start, error.to_string(), "give one of them");
    word.get_ref().parse().map_err(wrong)
}

fn asking(section: &TargetSection, shared: &Shared<'_>) -> Result<Asking, Failure> {
    let default = Asking::new(UNARMED);
    Ok(Asking {
        services: section.services.iter().flatten().map(|name| ServiceName::from(name.as_str())).collect(),
        endpoint_url: section.endpoint_url.clone(),
        tier: section.tier.as_ref().map_or(Ok(default.tier), |tier| parsed(tier, shared))?,
        budget: shared.budget,
        budgets: shared.budgets.clone(),
        limits: shared.limits,
        ..default
    })
}

/// What a file of its own keeps out of the configuration.
fn kept_in(
    file: &PathBuf,
    key: &str,
    section: &TargetSection,
    shared: &Shared<'_>,
) -> Result<String, Failure> {
    let text = std::fs::read_to_string(file).map_err(|error| {
        let message = format!("read {key} {}: {error}", file.display());
        (shared.refuse)(section.name.span().start, message, "check the path and its permissions")
    })?;
    Ok(text.trim().to_owned())
}

fn choice(regions: &Regions) -> RegionChoice {
    match regions {
        Regions::Word(word) if word == "all" => RegionChoice::All,
        Regions::Word(name) => RegionChoice::Named(vec![Region::from(name.as_str())]),
        Regions::Names(names) => {
            RegionChoice::Named(names.iter().map(|name| Region::from(name.as_str())).collect())
        }
    }
}

fn organization(
    section: &TargetSection,
    refuse: &dyn Fn(usize, String, &str) -> Failure,
) -> Result<Option<OrganizationOptions>, Failure> {
    let place = section.name.span().start;
    let Some(organization) = &section.organization else {
        return match section.account_regions.is_empty() {
            true => Ok(None),
            false => Err(refuse(
                place,
                "`account_regions` is for the accounts of an `organization`".to_owned(),
                "give `regions`, or say which `organization`",
            )),
        };
    };
    let is_account = |id: &&String| id.len() == 12 && id.bytes().all(|digit| digit.is_ascii_digit());
    let mut accounts = organization.exclude.iter().chain(section.account_regions.keys());
    if let Some(wrong) = accounts.find(|id| !is_account(id)) {
        let message = format!("`{wrong}` is not an account");
        return Err(refuse(place, message, "an account of AWS is named by its twelve digits"));
    }
    let role = organization.role_name.get_ref();
    if role.is_empty() || role.starts_with("arn:") {
        let message = format!("`{role}` is not the name of a role");
        let help = "give the name that the role has in every account, with its path and without an ARN";
        return Err(refuse(organization.role_name.span().start, message, help));
    }
    Ok(Some(OrganizationOptions {
        role_name: role.trim_start_matches('/').to_owned(),
        exclude: organization.exclude.iter().map(|id| AccountId::from(id.as_str())).collect(),
        ous: organization.ous.clone(),
        regions: section
            .account_regions
            .iter()
            .map(|(id, regions)| (AccountId::from(id.as_str()), choice(regions)))
            .collect(),
    }))
}

fn schedule(
    section: &TargetSection,
    refuse: &dyn Fn(usize, String, &str) -> Failure,
) -> Result<Option<Schedule>, Failure> {
    let Some(cron) = &section.schedule else { return Ok(None) };
    let zone = section.timezone.as_ref().map_or("UTC", |zone| zone.get_ref());
    let mut schedule = Schedule::parse(cron.get_ref(), zone).map_err(|error| {
        let wrong_zone = Schedule::parse(cron.get_ref(), "UTC").is_ok();
        let place = section.timezone.as_ref().filter(|_| wrong_zone).unwrap_or(cron).span().start;
        refuse(place, error.to_string(), &error.help())
    })?;
    for (text, field) in [(&section.window, &mut schedule.window), (&section.jitter, &mut schedule.jitter)] {
        if let Some(text) = text {
            *field = span(text, refuse)?;
        }
    }
    Ok(Some(schedule))
}
