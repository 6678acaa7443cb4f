//! What is asked of the store: the same query in a URL, on the command line and through the API.
//!
//! [`ListQuery::from_pairs`] and [`ListQuery::to_pairs`] are inverse to each other, so that every view can be shared as an address.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::check::{Concern, Severity};
use crate::finding::{Exposure, State, Status};
use crate::ident::{AccountId, Kind, Provider, Region, ScanId, ServiceName, TargetName, UnknownName};

/// Rows on a page, unless asked otherwise.
pub const DEFAULT_LIMIT: u32 = 50;
/// Rows on a page at most.
pub const MAX_LIMIT: u32 = 500;

/// At which moment of history to look.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum AsOf {
    /// The last finished scan of each target.
    #[default]
    Latest,
    /// The last scan of each target finished at or before this instant.
    At(Timestamp),
    /// As that scan left its target; other targets as at its end.
    Scan(ScanId),
}

/// Which findings or resources. An empty list does not restrict; several values of one list are alternatives.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filter {
    /// Targets by name.
    pub targets: Vec<TargetName>,
    /// Providers.
    pub providers: Vec<Provider>,
    /// Accounts.
    pub accounts: Vec<AccountId>,
    /// Regions.
    pub regions: Vec<Region>,
    /// Services.
    pub services: Vec<ServiceName>,
    /// Kinds of resource.
    pub kinds: Vec<Kind>,
    /// Check ids; `*` stands for any text.
    pub checks: Vec<String>,
    /// Severities.
    pub severities: Vec<Severity>,
    /// Statuses; empty means FAIL and UNKNOWN, all four mean all.
    pub statuses: Vec<Status>,
    /// States.
    pub states: Vec<State>,
    /// Who can reach the resource.
    pub exposures: Vec<Exposure>,
    /// Concerns.
    pub concerns: Vec<Concern>,
    /// Frameworks, or `framework/control`.
    pub frameworks: Vec<String>,
    /// Text within the resource's name or uid, without regard to case.
    pub query: Option<String>,
}

/// How rows are put together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Group {
    /// By check.
    #[default]
    Check,
    /// By resource.
    Resource,
    /// Not at all.
    Nothing,
}

/// What comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sort {
    /// What is worth most points; for resources, the greatest debt.
    #[default]
    Points,
    /// The worst severity.
    Severity,
    /// Names in alphabetical order: of checks for findings, of resources for resources.
    Name,
}

/// One page of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListQuery {
    /// Which rows.
    pub filter: Filter,
    /// How rows are put together.
    pub group: Group,
    /// What comes first.
    pub sort: Sort,
    /// Where the page begins: the `next` of the page before.
    pub cursor: Option<String>,
    /// Rows on the page; [`DEFAULT_LIMIT`] where none is given, at most [`MAX_LIMIT`].
    pub limit: Option<u32>,
    /// At which moment.
    pub as_of: AsOf,
    /// The earlier moment that changes are counted from; the scan before where none is given.
    pub from: Option<AsOf>,
}

/// A query that cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// A parameter that does not exist.
    #[error("`{0}` is not a parameter; known are {known}", known = KEYS.join(", "))]
    UnknownKey(String),
    /// A value outside a closed set.
    #[error(transparent)]
    UnknownName(#[from] UnknownName),
    /// A number, date or other value that does not parse.
    #[error("`{value}` is not a valid {key}: {expected}")]
    Invalid {
        /// The parameter.
        key: &'static str,
        /// What was given.
        value: String,
        /// What would be understood.
        expected: &'static str,
    },
}

/// Every parameter of a list, in the order in which addresses carry them.
pub const KEYS: [&str; 20] = [
    "target",
    "provider",
    "account",
    "region",
    "service",
    "kind",
    "check",
    "severity",
    "status",
    "state",
    "exposure",
    "concern",
    "framework",
    "query",
    "group",
    "sort",
    "cursor",
    "limit",
    "as_of",
    "from",
];

impl ListQuery {
    /// Reads parameters; a parameter may be repeated or hold several values separated by commas. Empty values are ignored.
    pub fn from_pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, QueryError> {
        let mut query = Self::default();
        for (key, value) in pairs {
            query.read(key, value.trim())?;
        }
        Ok(query)
    }

    fn read(&mut self, key: &str, value: &str) -> Result<(), QueryError> {
        if value.is_empty() && KEYS.contains(&key) {
            return Ok(());
        }
        let filter = &mut self.filter;
        match key {
            "target" => extend(&mut filter.targets, value, |v| Ok(TargetName::from(v))),
            "provider" => extend(&mut filter.providers, value, |v| Ok(v.parse()?)),
            "account" => extend(&mut filter.accounts, value, |v| Ok(AccountId::from(v))),
            "region" => extend(&mut filter.regions, value, |v| Ok(Region::from(v))),
            "service" => extend(&mut filter.services, value, |v| Ok(ServiceName::from(v))),
            "kind" => extend(&mut filter.kinds, value, |v| Ok(Kind::from(v))),
            "check" => extend(&mut filter.checks, value, |v| Ok(v.to_owned())),
            "severity" => extend(&mut filter.severities, value, |v| Ok(v.parse()?)),
            "status" if value == "all" => {
                filter.statuses = Status::ALL.to_vec();
                Ok(())
            }
            "status" => extend(&mut filter.statuses, value, |v| Ok(v.parse()?)),
            "state" => extend(&mut filter.states, value, |v| Ok(v.parse()?)),
            "exposure" => extend(&mut filter.exposures, value, |v| Ok(v.parse()?)),
            "concern" => extend(&mut filter.concerns, value, |v| Ok(v.parse()?)),
            "framework" => extend(&mut filter.frameworks, value, |v| Ok(v.to_owned())),
            "query" => {
                filter.query = Some(value.to_owned());
                Ok(())
            }
            "group" => value.parse().map(|group| self.group = group).map_err(QueryError::from),
            "sort" => value.parse().map(|sort| self.sort = sort).map_err(QueryError::from),
            "cursor" => {
                self.cursor = Some(value.to_owned());
                Ok(())
            }
            "limit" => match value.parse() {
                Ok(limit @ 1..=MAX_LIMIT) => {
                    self.limit = Some(limit);
                    Ok(())
                }
                _ => Err(QueryError::Invalid {
                    key: "limit",
                    value: value.to_owned(),
                    expected: "a number from 1 to 500",
                }),
            },
            "as_of" => parse_moment("as_of", value).map(|as_of| self.as_of = as_of),
            "from" => parse_moment("from", value).map(|from| self.from = Some(from)),
            other => Err(QueryError::UnknownKey(other.to_owned())),
        }
    }

    /// The parameters that differ from the default, in the order of [`KEYS`].
    pub fn to_pairs(&self) -> Vec<(&'static str, String)> {
        let filter = &self.filter;
        let mut pairs = Vec::new();
        push(&mut pairs, "target", &filter.targets);
        push(&mut pairs, "provider", &filter.providers);
        push(&mut pairs, "account", &filter.accounts);
        push(&mut pairs, "region", &filter.regions);
        push(&mut pairs, "service", &filter.services);
        push(&mut pairs, "kind", &filter.kinds);
        push(&mut pairs, "check", &filter.checks);
        push(&mut pairs, "severity", &filter.severities);
        push(&mut pairs, "status", &filter.statuses);
        push(&mut pairs, "state", &filter.states);
        push(&mut pairs, "exposure", &filter.exposures);
        push(&mut pairs, "concern", &filter.concerns);
        push(&mut pairs, "framework", &filter.frameworks);
        pairs.extend(filter.query.iter().map(|text| ("query", text.clone())));
        if self.group != Group::default() {
            pairs.push(("group", self.group.as_str().to_owned()));
        }
        if self.sort != Sort::default() {
            pairs.push(("sort", self.sort.as_str().to_owned()));
        }
        pairs.extend(self.cursor.iter().map(|cursor| ("cursor", cursor.clone())));
        pairs.extend(self.limit.iter().map(|limit| ("limit", limit.to_string())));
        if self.as_of != AsOf::Latest {
            pairs.push(("as_of", self.as_of.to_string()));
        }
        pairs.extend(self.from.iter().map(|from| ("from", from.to_string())));
        pairs
    }

    /// The parameters as the part of an address after `?`; empty for the default query.
    pub fn to_query_string(&self) -> String {
        let pairs = self.to_pairs();
        let encoded = pairs.iter().map(|(key, value)| format!("{key}={}", encode(value)));
        encoded.collect::<Vec<_>>().join("&")
    }

    /// Rows on the page.
    pub fn page_size(&self) -> u32 {
        self.limit.unwrap_or(DEFAULT_LIMIT)
    }
}

impl Filter {
    /// The statuses meant: FAIL and UNKNOWN unless others are named.
    pub fn effective_statuses(&self) -> Vec<Status> {
        if self.statuses.is_empty() { vec![Status::Fail, Status::Unknown] } else { self.statuses.clone() }
    }
}

fn extend<T: PartialEq>(
    list: &mut Vec<T>,
    value: &str,
    parse: impl Fn(&str) -> Result<T, QueryError>,
) -> Result<(), QueryError> {
    for part in value.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let item = parse(part)?;
        if !list.contains(&item) {
            list.push(item);
        }
    }
    Ok(())
}

fn push<T: fmt::Display>(pairs: &mut Vec<(&'static str, String)>, key: &'static str, values: &[T]) {
    pairs.extend(values.iter().map(|value| (key, value.to_string())));
}

/// Percent-encodes everything but the unreserved characters of RFC 3986, for a query value or a path segment.
pub fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte))
            }
            other => encoded.push_str(&format!("%{other:02X}")),
        }
    }
    encoded
}

impl Group {
    /// Every grouping.
    pub const ALL: [Self; 3] = [Self::Check, Self::Resource, Self::Nothing];

    /// The word in addresses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Check => "check",
            Self::Resource => "resource",
            Self::Nothing => "nothing",
        }
    }
}

impl Sort {
    /// Every order.
    pub const ALL: [Self; 3] = [Self::Points, Self::Severity, Self::Name];

    /// The word in addresses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Points => "points",
            Self::Severity => "severity",
            Self::Name => "name",
        }
    }
}

impl FromStr for Group {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        let found = Self::ALL.into_iter().find(|g| g.as_str() == text);
        found.ok_or_else(|| UnknownName::new("group", text, &Self::ALL.map(Self::as_str)))
    }
}

impl FromStr for Sort {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        let found = Self::ALL.into_iter().find(|s| s.as_str() == text);
        found.ok_or_else(|| UnknownName::new("sort", text, &Self::ALL.map(Self::as_str)))
    }
}

impl fmt::Display for AsOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Latest => f.write_str("latest"),
            Self::At(instant) => write!(f, "{instant}"),
            Self::Scan(id) => write!(f, "{id}"),
        }
    }
}

impl FromStr for AsOf {
    type Err = QueryError;

    /// `latest`, an RFC 3339 instant, a date (its last second in UTC), or the id of a scan.
    fn from_str(text: &str) -> Result<Self, QueryError> {
        if text.is_empty() || text == "latest" {
            return Ok(Self::Latest);
        }
        if let Ok(instant) = text.parse() {
            return Ok(Self::At(instant));
        }
        if let Ok(date) = text.parse::<Date>() {
            let end = date.at(23, 59, 59, 999_999_999).to_zoned(TimeZone::UTC);
            return end.map(|zoned| Self::At(zoned.timestamp())).map_err(|_| invalid_as_of(text));
        }
        let (stamp, digest) = text.split_once('-').ok_or_else(|| invalid_as_of(text))?;
        let is_scan = stamp.len() == 16 && stamp.ends_with('Z') && digest.len() == 8;
        if is_scan { Ok(Self::Scan(ScanId::from(text))) } else { Err(invalid_as_of(text)) }
    }
}

/// A moment under the name of the parameter that gave it.
fn parse_moment(key: &'static str, text: &str) -> Result<AsOf, QueryError> {
    text.parse().map_err(|error| match error {
        QueryError::Invalid { value, expected, .. } => QueryError::Invalid { key, value, expected },
        other => other,
    })
}

fn invalid_as_of(text: &str) -> QueryError {
    QueryError::Invalid {
        key: "as_of",
        value: text.to_owned(),
        expected: "a date such as 2026-11-16, an RFC 3339 instant, or the id of a scan",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_survives_the_way_through_an_address() {
        let pairs = [
            ("severity", "critical,high"),
            ("status", "FAIL"),
            ("region", "eu-west-1"),
            ("query", "check out & pay"),
            ("sort", "severity"),
            ("as_of", "2026-11-16"),
            ("from", "2026-11-13"),
        ];
        let query = ListQuery::from_pairs(pairs).unwrap();
        let again = query.to_pairs();
        let borrowed = again.iter().map(|(key, value)| (*key, value.as_str()));
        assert_eq!(ListQuery::from_pairs(borrowed), Ok(query.clone()));
        assert!(query.to_query_string().contains("query=check%20out%20%26%20pay"));
    }

    #[test]
    fn what_is_not_understood_is_named() {
        let refuse = |key, value| ListQuery::from_pairs([(key, value)]).unwrap_err().to_string();
        assert!(
            refuse("severty", "high").starts_with("`severty` is not a parameter; known are target, provider")
        );
        assert_eq!(
            refuse("severity", "hihg"),
            "`hihg` is not a severity; known are critical, high, medium, low, informational"
        );
        assert_eq!(refuse("limit", "0"), "`0` is not a valid limit: a number from 1 to 500");
        assert!(refuse("as_of", "yesterday-ish").contains("a date such as 2026-11-16"));
        assert!(refuse("from", "friday").starts_with("`friday` is not a valid from: a date such as"));
    }
}
