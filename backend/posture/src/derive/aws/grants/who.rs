//! Conditions that say who may come: by account, organisation, network, source or token.

use std::net::IpAddr;

use nephoscope_model::finding::Exposure;

use super::condition::Condition;
use super::glob;
use super::principal::is_account;

/// Whom one value of a condition pins a caller to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Who {
    /// One account.
    Account(String),
    /// The account that owns the resource, by a policy variable.
    Owner,
    /// An organisation, or a part of one.
    Organisation,
    /// A private network.
    Network,
    /// A narrow range of public addresses.
    Addresses,
    /// One resource whose identifier carries no account, such as a bucket.
    Thing,
    /// Whoever signs requests, or knows a token.
    Signed,
}

impl Who {
    /// The account, where it is one.
    pub fn account(&self) -> Option<String> {
        match self {
            Self::Account(id) => Some(id.clone()),
            Self::Owner
            | Self::Organisation
            | Self::Network
            | Self::Addresses
            | Self::Thing
            | Self::Signed => None,
        }
    }
}

/// For each condition that keeps strangers out: whom it still lets in.
pub(super) fn restraints(conditions: &[Condition]) -> Vec<Vec<Who>> {
    conditions.iter().filter_map(|condition| restraint(condition, conditions)).collect()
}

fn restraint(condition: &Condition, conditions: &[Condition]) -> Option<Vec<Who>> {
    let carried = !condition.holds_without_key() || conditions.iter().any(|c| c.demands(&condition.key));
    if condition.is_positive() && carried { pinned(condition) } else { None }
}

/// Whom the values pin a caller to; none where one of them leaves it open, for one value suffices to come in.
pub(super) fn pinned(condition: &Condition) -> Option<Vec<Who>> {
    condition.values.iter().map(|value| who(&condition.key, value)).collect()
}

/// Keys that say on whose behalf a service calls.
const SOURCE_KEYS: [&str; 6] = [
    "aws:sourcearn",
    "aws:sourceaccount",
    "aws:sourceowner",
    "aws:sourceorgid",
    "aws:sourceorgpaths",
    "lambda:eventsourcetoken",
];

/// True where the conditions pin the service's caller to its source.
pub(super) fn pins_source(conditions: &[Condition], services: &[String]) -> bool {
    conditions
        .iter()
        .filter(|condition| is_source(condition))
        .filter_map(|condition| restraint(condition, conditions))
        .any(|whos| suffices_as_source(&whos, services))
}

pub(super) fn is_source(condition: &Condition) -> bool {
    SOURCE_KEYS.contains(&condition.key.as_str())
}

/// A bucket's ARN names no account, and a deleted bucket's name can be taken by anybody: for S3 the owner has to be pinned.
pub(super) fn suffices_as_source(whos: &[Who], services: &[String]) -> bool {
    let bucket_may_move = services.iter().any(|service| service == "s3.amazonaws.com");
    whos.iter().all(|who| match who {
        Who::Account(_) | Who::Owner | Who::Organisation => true,
        Who::Thing | Who::Signed => !bucket_may_move,
        Who::Network | Who::Addresses => false,
    })
}

/// How far a statement for everybody reaches once every restraint holds.
pub(super) fn reach(restraints: &[Vec<Who>], account: &str) -> Exposure {
    let one = |who: &Who| match who {
        Who::Account(id) if id == account => Exposure::Internal,
        Who::Owner | Who::Network | Who::Thing => Exposure::Internal,
        Who::Account(_) | Who::Organisation | Who::Addresses | Who::Signed => Exposure::CrossAccount,
    };
    let all = restraints.iter().map(|whos| whos.iter().map(one).max().unwrap_or(Exposure::Internal));
    all.min().unwrap_or(Exposure::Internet)
}

/// Whom one value of one key pins a caller to; none where strangers still satisfy it.
fn who(key: &str, value: &str) -> Option<Who> {
    let lower = value.to_ascii_lowercase();
    match key {
        "aws:sourceaccount"
        | "aws:principalaccount"
        | "aws:sourceowner"
        | "aws:vpceaccount"
        | "kms:calleraccount" => match lower.as_str() {
            "${aws:resourceaccount}" => Some(Who::Owner),
            _ => is_account(value).then(|| Who::Account(value.to_owned())),
        },
        "aws:resourceaccount" => (lower == "${aws:principalaccount}").then_some(Who::Owner),
        "aws:principalarn" | "aws:sourcearn" => arn(key, value),
        "aws:principalorgid" | "aws:sourceorgid" | "aws:vpceorgid" => {
            let fixed = is_fixed(value) || lower == "${aws:resourceorgid}";
            fixed.then_some(Who::Organisation)
        }
        "aws:resourceorgid" => (lower == "${aws:principalorgid}").then_some(Who::Organisation),
        "aws:principalorgpaths" | "aws:sourceorgpaths" | "aws:vpceorgpaths" => {
            let organisation =
                glob::fixed_prefix(value).split_once('/').map(|(organisation, _)| organisation);
            organisation.filter(|organisation| is_fixed(organisation)).map(|_| Who::Organisation)
        }
        "aws:sourcevpc" | "aws:sourcevpce" | "aws:sourcevpcarn" => is_fixed(value).then_some(Who::Network),
        "aws:sourceip" => is_narrow(value).then_some(Who::Addresses),
        // The part before the colon is the unique id of one role; the session's name after it may be anything.
        "aws:userid" => {
            (is_fixed(value) || is_fixed(glob::fixed_prefix(value).split_once(':')?.0)).then_some(Who::Thing)
        }
        "aws:principalservicename" => is_fixed(value).then_some(Who::Thing),
        "lambda:eventsourcetoken" => is_fixed(value).then_some(Who::Signed),
        "lambda:functionurlauthtype" => (value == "AWS_IAM").then_some(Who::Signed),
        _ => None,
    }
}

/// True for text without wildcard and without a policy variable, which the caller's own request might fill.
fn is_fixed(value: &str) -> bool {
    !value.is_empty() && !glob::is_pattern(value) && !value.contains("${")
}

fn arn(key: &str, value: &str) -> Option<Who> {
    let fields: Vec<&str> = value.splitn(6, ':').collect();
    let [_, _, service, _, account, resource] = fields[..] else {
        return is_fixed(value).then_some(Who::Thing);
    };
    if is_account(account) {
        return Some(Who::Account(account.to_owned()));
    }
    if account.eq_ignore_ascii_case("${aws:ResourceAccount}") {
        return Some(Who::Owner);
    }
    // Every principal has an account, so a pattern for one is open to a role of that name in any account.
    if key == "aws:principalarn" || !account.is_empty() || value.contains("${") {
        return None;
    }
    let names_thing = match service {
        "s3" => {
            let bucket = resource.split('/').next().unwrap_or(resource);
            is_fixed(bucket)
        }
        // `/restapis/ID/…`: the collection and the id have to stand before the wildcard.
        _ => {
            !glob::is_pattern(resource)
                || glob::fixed_prefix(resource).trim_start_matches('/').matches('/').count() >= 2
        }
    };
    (names_thing && !resource.is_empty()).then_some(Who::Thing)
}

/// True for one address or a range of them, unless it is so wide that AWS itself calls it public: beyond /8, and beyond
/// /32 for IPv6.
fn is_narrow(value: &str) -> bool {
    let (address, bits) = value.split_once('/').unwrap_or((value, ""));
    let Ok(address) = address.parse::<IpAddr>() else { return false };
    let (all, least): (u8, u8) = match address {
        IpAddr::V4(_) => (32, 8),
        IpAddr::V6(_) => (128, 32),
    };
    let bits = if bits.is_empty() { Ok(all) } else { bits.parse() };
    bits.is_ok_and(|bits| bits >= least)
}
