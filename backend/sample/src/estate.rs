//! Reads the estate's files and applies what `nights.yaml` says of one night.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::entries::{Account, Domain, Function, HttpApi, LogGroup, LogPolicy, Policy, RestApi, Role, Trail};
use crate::error::SampleError;

/// What stands under one `target/region` of the files, on one night.
#[derive(Clone, Debug, Default)]
pub(crate) struct Entries {
    pub(crate) functions: Vec<Function>,
    pub(crate) roles: Vec<Role>,
    pub(crate) policies: Vec<Policy>,
    pub(crate) rest_apis: Vec<RestApi>,
    pub(crate) http_apis: Vec<HttpApi>,
    pub(crate) domains: Vec<Domain>,
    pub(crate) log_groups: Vec<LogGroup>,
    pub(crate) log_policies: Vec<LogPolicy>,
    pub(crate) trails: Vec<Trail>,
}

/// The whole estate on one night, by `target/region`.
pub(crate) type Estate = BTreeMap<String, Entries>;

/// The files as written, before any change.
#[derive(Clone, Debug)]
pub(crate) struct Files {
    pub(crate) accounts: BTreeMap<String, Account>,
    written: BTreeMap<&'static str, BTreeMap<String, Vec<Value>>>,
}

/// Something that was otherwise for some nights.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Change {
    pub(crate) title: String,
    /// The first night that sees it; the first of all unless said.
    pub(crate) from: Option<Date>,
    /// The first night that no longer sees it; none unless said.
    pub(crate) until: Option<Date>,
    #[serde(rename = "in")]
    place: String,
    file: String,
    names: Vec<String>,
    /// What differs, as a JSON merge patch (RFC 7396) of the entry.
    #[serde(default)]
    patch: Value,
    /// True where the entry is not there at all.
    #[serde(default)]
    absent: bool,
}

const FILES: [(&str, &str); 9] = [
    ("functions", include_str!("../estate/functions.yaml")),
    ("roles", include_str!("../estate/roles.yaml")),
    ("policies", include_str!("../estate/policies.yaml")),
    ("rest-apis", include_str!("../estate/rest-apis.yaml")),
    ("http-apis", include_str!("../estate/http-apis.yaml")),
    ("domains", include_str!("../estate/domains.yaml")),
    ("log-groups", include_str!("../estate/log-groups.yaml")),
    ("log-policies", include_str!("../estate/log-policies.yaml")),
    ("trails", include_str!("../estate/trails.yaml")),
];

impl Files {
    pub(crate) fn read() -> Result<Self, SampleError> {
        let accounts = parse("accounts", include_str!("../estate/accounts.yaml"))?;
        let written = FILES
            .into_iter()
            .map(|(name, text)| Ok((name, parse(name, text)?)))
            .collect::<Result<_, SampleError>>()?;
        let files = Self { accounts, written };
        for place in files.written.values().flat_map(BTreeMap::keys) {
            files.find_place(place)?;
        }
        Ok(files)
    }

    /// The account and region of a place such as `web-shop/eu-west-1`.
    pub(crate) fn find_place<'a>(&'a self, place: &'a str) -> Result<(&'a Account, &'a str), SampleError> {
        let refuse = || SampleError::FindPlace { place: place.to_owned() };
        let (target, region) = place.split_once('/').ok_or_else(refuse)?;
        let account = self.accounts.get(target).ok_or_else(refuse)?;
        let known = region == "global" || account.regions.iter().any(|known| known == region);
        known.then_some((account, region)).ok_or_else(refuse)
    }

    /// The estate as it was on the night of `date`.
    pub(crate) fn on(&self, date: Date, changes: &[Change]) -> Result<Estate, SampleError> {
        let mut written = self.written.clone();
        for change in changes {
            // A change outside of its nights is looked up too, so that a misspelt name never hides.
            apply(&mut written, change, change.holds_on(date))?;
        }
        let mut estate = Estate::new();
        for (file, places) in &written {
            for (place, values) in places {
                let entries = estate.entry(place.clone()).or_default();
                match *file {
                    "functions" => entries.functions = read_all(file, place, values)?,
                    "roles" => entries.roles = read_all(file, place, values)?,
                    "policies" => entries.policies = read_all(file, place, values)?,
                    "rest-apis" => entries.rest_apis = read_all(file, place, values)?,
                    "http-apis" => entries.http_apis = read_all(file, place, values)?,
                    "domains" => entries.domains = read_all(file, place, values)?,
                    "log-groups" => entries.log_groups = read_all(file, place, values)?,
                    "log-policies" => entries.log_policies = read_all(file, place, values)?,
                    _ => entries.trails = read_all(file, place, values)?,
                }
            }
        }
        Ok(estate)
    }
}

impl Change {
    fn holds_on(&self, date: Date) -> bool {
        holds(self.from, self.until, date)
    }
}

/// True from `from` on, and before `until`.
pub(crate) fn holds(from: Option<Date>, until: Option<Date>, date: Date) -> bool {
    from.is_none_or(|from| from <= date) && until.is_none_or(|until| date < until)
}

pub(crate) fn parse<T: DeserializeOwned>(file: &'static str, text: &str) -> Result<T, SampleError> {
    serde_saphyr::from_str(text).map_err(|source| SampleError::ReadFile { file, source: Box::new(source) })
}

fn read_all<T: DeserializeOwned>(
    file: &'static str,
    place: &str,
    values: &[Value],
) -> Result<Vec<T>, SampleError> {
    let read = |value: &Value| {
        T::deserialize(value).map_err(|source| SampleError::ReadEntry {
            file,
            place: place.to_owned(),
            name: value["name"].as_str().unwrap_or("without a name").to_owned(),
            source,
        })
    };
    // Entries that a change took away stand as null until here, so that later changes still find their place.
    values
        .iter()
        .filter(|value| !value["name"].is_null() && !value["absent"].is_boolean())
        .map(read)
        .collect()
}

fn apply(
    written: &mut BTreeMap<&'static str, BTreeMap<String, Vec<Value>>>,
    change: &Change,
    now: bool,
) -> Result<(), SampleError> {
    for name in &change.names {
        let entries = written.get_mut(change.file.as_str()).and_then(|places| places.get_mut(&change.place));
        let entry =
            entries.and_then(|entries| entries.iter_mut().find(|entry| entry["name"] == name.as_str()));
        let Some(entry) = entry else {
            return Err(SampleError::FindEntry {
                title: change.title.clone(),
                file: change.file.clone(),
                place: change.place.clone(),
                name: name.clone(),
            });
        };
        if now && change.absent {
            entry["absent"] = Value::Bool(true);
        } else if now {
            merge(entry, &change.patch);
        }
    }
    Ok(())
}

/// A JSON merge patch: objects merge, null takes away, anything else replaces.
pub(crate) fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(fields) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    for (name, value) in fields {
        if value.is_null() {
            if let Some(object) = target.as_object_mut() {
                object.remove(name);
            }
        } else {
            merge(&mut target[name.as_str()], value);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_patch_merges_objects_replaces_the_rest_and_takes_away_null() {
        let mut entry = json!({"name": "x", "url": {"auth": "NONE"}, "list": [1], "gone": true});
        merge(&mut entry, &json!({"url": {"opened": "2026-11-15"}, "list": [2], "gone": null}));
        assert_eq!(entry, json!({"name": "x", "url": {"auth": "NONE", "opened": "2026-11-15"}, "list": [2]}));
    }

    #[test]
    fn a_change_of_nothing_is_refused_even_outside_of_its_nights() {
        let files = Files::read().unwrap();
        let change: Change = serde_json::from_value(json!({
            "title": "a slip", "from": "2030-01-01", "in": "web-shop/eu-west-1",
            "file": "functions", "names": ["chekout"], "absent": true,
        }))
        .unwrap();
        let error = files.on("2026-11-16".parse().unwrap(), &[change]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "apply the change `a slip`: there is no `chekout` in functions, web-shop/eu-west-1"
        );
    }
}
