//! Whom the network lets in to a site: public network access, and the ordered rules of access restrictions.

use std::net::IpAddr;

use nephoscope_model::Resource;
use serde_json::{Value, json};

use super::properties;
use crate::derive::reading::{Reading, elements, malformed, reason, text};

/// Each site has two doors with rules of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Door {
    Main,
    Deployment,
}

/// The widest circle that gets as far as the site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Admits {
    Nobody,
    /// Addresses, subnets or services that are named.
    Listed,
    /// One Front Door, known by its id.
    FrontDoor,
    /// Services that strangers can rent as well.
    Services,
    Everyone,
}

/// What the network lets in.
pub(super) struct Access<'a> {
    /// The public endpoint answers at all.
    pub public: bool,
    pub admits: Admits,
    /// How many rules there are besides one that speaks of everybody.
    rules: usize,
    /// Names of the service tags that are let in.
    tagged: Vec<&'a str>,
    /// Those of them that strangers can send from.
    shared: Vec<&'a str>,
}

/// Service tags whose addresses anybody can send requests from who rents the service.
const SHARED_TAGS: [&str; 8] = [
    "AzureCloud",
    "AppService",
    "AzureConnectors",
    "AzureContainerAppsService",
    "AzureFrontDoor.Backend",
    "AzureFrontDoor.FirstParty",
    "LogicApps",
    "PowerPlatformInfra",
];

impl<'a> Access<'a> {
    pub fn of(site: &'a Resource, door: Door) -> Reading<Self> {
        if !is_public(site)? {
            return Ok(Self {
                public: false,
                admits: Admits::Nobody,
                rules: 0,
                tagged: vec![],
                shared: vec![],
            });
        }
        let config = properties(site, "config")?;
        let (rules, default) = match door {
            Door::Deployment
                if config.get("scmIpSecurityRestrictionsUseMain") != Some(&Value::Bool(true)) =>
            {
                ("scmIpSecurityRestrictions", "scmIpSecurityRestrictionsDefaultAction")
            }
            Door::Main | Door::Deployment => {
                ("ipSecurityRestrictions", "ipSecurityRestrictionsDefaultAction")
            }
        };
        let rules = match config.get(rules) {
            None | Some(Value::Null) => &[],
            Some(Value::Array(rules)) => rules.as_slice(),
            Some(_) => return Err(malformed("config")),
        };
        Self::ruled(rules, text(config, default))
    }

    fn ruled(rules: &'a [Value], default: Option<&str>) -> Reading<Self> {
        let mut parsed = rules.iter().map(Rule::of).collect::<Reading<Vec<Rule<'_>>>>()?;
        // Rules of the same priority count in the order in which they are listed.
        parsed.sort_by_key(|rule| rule.priority);
        let mut access =
            Self { public: true, admits: Admits::Nobody, rules: 0, tagged: vec![], shared: vec![] };
        access.rules = parsed.iter().filter(|rule| !rule.is_for_all).count();
        let mut decided = false;
        for rule in parsed {
            match (rule.allows, decided) {
                (true, false) => {
                    access.admits = access.admits.max(rule.admits);
                    access.tagged.extend(rule.tag);
                    access.shared.extend(rule.tag.filter(|_| rule.admits == Admits::Services));
                    decided = rule.is_for_all;
                }
                (false, false) => decided = rule.is_for_all,
                (_, true) => {}
            }
        }
        if !decided {
            let open = match default {
                Some("Allow") => true,
                Some("Deny") => false,
                // Unless said otherwise, the first rule turns everybody else away.
                None => rules.is_empty(),
                Some(_) => return Err(malformed("config")),
            };
            access.admits = access.admits.max(if open { Admits::Everyone } else { Admits::Nobody });
        }
        Ok(access)
    }

    pub fn to_value(&self) -> Value {
        json!({
            "public": self.public,
            "admits": self.admits.as_str(),
            "rules": self.rules,
            "tagged": self.tagged,
            "shared": self.shared,
        })
    }
}

impl Admits {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Nobody => "nobody",
            Self::Listed => "listed",
            Self::FrontDoor => "front_door",
            Self::Services => "services",
            Self::Everyone => "everyone",
        }
    }
}

struct Rule<'a> {
    priority: i64,
    allows: bool,
    admits: Admits,
    /// It speaks of everybody, so that no rule after it counts.
    is_for_all: bool,
    tag: Option<&'a str>,
}

impl<'a> Rule<'a> {
    fn of(rule: &'a Value) -> Reading<Self> {
        let allows = match text(rule, "action") {
            None => true,
            Some(action) if action.eq_ignore_ascii_case("Allow") => true,
            Some(action) if action.eq_ignore_ascii_case("Deny") => false,
            Some(_) => return Err(malformed("config")),
        };
        let priority = rule.get("priority").and_then(Value::as_i64).unwrap_or(i64::from(i32::MAX));
        let subnet = text(rule, "vnetSubnetResourceId").is_some_and(|id| !id.is_empty());
        let addresses = text(rule, "ipAddress").unwrap_or_default();
        let is_tag = text(rule, "tag").is_some_and(|tag| tag.eq_ignore_ascii_case("ServiceTag"));
        let tag = is_tag.then_some(addresses);
        let admits = match tag {
            _ if subnet => Admits::Listed,
            Some(tag) => tagged(tag, rule),
            None if addresses.is_empty() => return Err(malformed("config")),
            None if addresses.split(',').any(is_everybody) => Admits::Everyone,
            None => Admits::Listed,
        };
        // A header narrows what is turned away; what is let in it does not narrow, since anybody can send one.
        let is_for_all = admits == Admits::Everyone && (allows || !has_headers(rule));
        Ok(Self { priority, allows, admits, is_for_all, tag })
    }
}

fn tagged(tag: &str, rule: &Value) -> Admits {
    let is = |name: &str| tag.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
    let front_door_id = rule.pointer("/headers/x-azure-fdid").and_then(Value::as_array);
    if is("Internet") {
        Admits::Everyone
    } else if is("AzureFrontDoor") && front_door_id.is_some_and(|ids| !ids.is_empty()) {
        Admits::FrontDoor
    } else if SHARED_TAGS.iter().any(|name| is(name)) {
        Admits::Services
    } else {
        Admits::Listed
    }
}

fn has_headers(rule: &Value) -> bool {
    rule.get("headers").and_then(Value::as_object).is_some_and(|headers| !headers.is_empty())
}

/// The range is all addresses, or so large a part of them that nobody can mean it as a list.
fn is_everybody(range: &str) -> bool {
    let range = range.trim();
    if range.eq_ignore_ascii_case("Any") {
        return true;
    }
    let Some((address, length)) = range.split_once('/') else { return false };
    let widest = match address.parse() {
        Ok(IpAddr::V4(_)) => 8,
        Ok(IpAddr::V6(_)) => 16,
        Err(_) => return false,
    };
    length.parse::<u8>().is_ok_and(|length| length < widest)
}

/// The public endpoint is switched on.
fn is_public(site: &Resource) -> Reading<bool> {
    let site_properties = properties(site, "site")?;
    let said = text(site_properties, "publicNetworkAccess").filter(|said| !said.is_empty());
    let said = match said {
        Some(said) => Some(said),
        // Some versions of the API say it here only.
        None => text(properties(site, "config")?, "publicNetworkAccess").filter(|said| !said.is_empty()),
    };
    let public = match said {
        Some(said) if said.eq_ignore_ascii_case("Disabled") => return Ok(false),
        Some(said) if said.eq_ignore_ascii_case("Enabled") => true,
        Some(_) => return Err(malformed("site")),
        // Where nobody ever chose, a private endpoint closes the public one.
        None => !elements(site, "private_endpoints", "value")?.iter().any(is_approved),
    };
    // Inside an environment of its own even the default endpoint may lead into a virtual network only.
    if public && site_properties.get("hostingEnvironmentProfile").is_some_and(|profile| !profile.is_null()) {
        return Err(reason("site", "AppServiceEnvironment"));
    }
    Ok(public)
}

fn is_approved(connection: &Value) -> bool {
    let status = connection.pointer("/properties/privateLinkServiceConnectionState/status");
    status.and_then(Value::as_str).is_some_and(|status| status.eq_ignore_ascii_case("Approved"))
}
