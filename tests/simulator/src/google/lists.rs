//! Lists: the bodies that stand one segment below an address, with `-` for any place where the service takes it.

use std::collections::BTreeSet;
use std::ops::{Bound, Range};

use serde_json::{Map, Value, json};

use super::{GoogleEstate, fault};
use crate::address::Call;
use crate::answer::Answer;
use crate::description::is_name;
use crate::misbehaviour::Fault;

/// Places that every service has.
const PLACES: [&str; 2] = ["europe-west1", "us-central1"];

impl GoogleEstate {
    /// The page of the list at an address that is asked for, its items under `field`.
    pub(super) fn list(&self, call: &Call, field: &str, key: &str) -> Answer {
        let (list, _) = key.split_once(':').unwrap_or((key, ""));
        if list.ends_with("/locations") {
            let places = self.places(list);
            return self.page(call, field, places.len(), |range| places[range].to_vec());
        }
        let owner = list.rsplit_once('/').map_or("", |(owner, _)| owner);
        if !self.stands(owner) {
            return fault::answer(call, &Fault::Vanished);
        }
        let keys: Vec<&str> = self.below(list).filter(|key| self.is_wanted(call, key)).collect();
        self.page(call, field, keys.len(), |range| {
            keys[range].iter().filter_map(|key| self.body(key)).collect()
        })
    }

    /// A page with the items of a range, which is all that is made of a list.
    fn page(
        &self,
        call: &Call,
        field: &str,
        count: usize,
        items: impl FnOnce(Range<usize>) -> Vec<Value>,
    ) -> Answer {
        let range = match self.range(call, count) {
            Ok(range) => range,
            Err(answer) => return answer,
        };
        let mut body = json!({});
        let end = range.end;
        // Google leaves out what is empty.
        if !range.is_empty() {
            body[field] = Value::from(items(range));
        }
        if end < count {
            body["nextPageToken"] = json!(format!("page-{end}"));
        }
        Answer::json(&body)
    }

    /// False for what the parameters of a listing leave out: of another project, parent or state.
    fn is_wanted(&self, call: &Call, key: &str) -> bool {
        let parameter = |name: &str| call.parameter(name).filter(|value| !value.is_empty());
        let words = parameter("query").unwrap_or_default().split_whitespace();
        let mut parents =
            words.filter_map(|word| word.strip_prefix("parent:").or(word.strip_prefix("parent=")));
        let parent = parameter("parent").or_else(|| parents.next());
        let state = parameter("filter").and_then(|filter| filter.strip_prefix("state:"));
        let project = parameter("project").and_then(|name| self.project(name));
        if (parent, state, project) == (None, None, None) {
            return true;
        }
        let body = self.body(key).unwrap_or_default();
        let has = |name: &str, wanted: &str| body[name].as_str() == Some(wanted);
        parent.is_none_or(|parent| has("parent", parent))
            && state.is_none_or(|state| has("state", state))
            && project.is_none_or(|project| {
                body["projectNumber"].is_null() || has("projectNumber", &project.number)
            })
    }

    /// The keys of what stands one segment below.
    fn below<'a>(&'a self, list: &'a str) -> impl Iterator<Item = &'a str> {
        let fixed = list.find("/-").map_or(list, |end| &list[..end]);
        let wanted: Vec<&str> = list.split('/').collect();
        let keys =
            self.bodies.range::<str, _>((Bound::Included(fixed), Bound::Unbounded)).map(|(key, _)| &**key);
        keys.take_while(move |key| key.starts_with(fixed)).filter(move |key| {
            let mut segments = key.split('/');
            let above =
                wanted.iter().all(|part| segments.next().is_some_and(|own| *part == "-" || *part == own));
            above && segments.next().is_some_and(is_name) && segments.next().is_none()
        })
    }

    /// True where something planted is what a list belongs to, or is nothing that has to be planted.
    fn stands(&self, owner: &str) -> bool {
        let last_but_one = owner.rsplit('/').nth(1).unwrap_or_default();
        // A version, a project, a place, a scope of Compute: none of these is a resource of the service.
        let free = [
            "projects",
            "locations",
            "regions",
            "zones",
            "folders",
            "organizations",
            "billingAccounts",
            "apps",
            "namespaces",
        ];
        owner.contains("/-")
            || free.contains(&last_but_one)
            || owner.split('/').count() <= 3
            || owner.ends_with("/global")
            || owner.ends_with("/firewall")
            || owner.starts_with("iam.googleapis.com/v2/")
            || self.bodies.contains_key(owner)
    }

    /// The places of a service, below `…/locations`: some that every service has, and those in which there is something,
    /// whichever version of the service has it.
    fn places(&self, list: &str) -> Vec<Value> {
        let mut names = BTreeSet::from(PLACES);
        if let [host, _, "projects", project, _] = list.split('/').collect::<Vec<_>>()[..] {
            let keys = self.bodies.range(format!("{host}/")..).map(|(key, _)| key.as_str());
            names.extend(keys.take_while(|key| key.split('/').next() == Some(host)).filter_map(|key| {
                let mut below = key.split('/').skip(2);
                let same = below.next() == Some("projects")
                    && below.next() == Some(project)
                    && below.next() == Some("locations");
                below.next().filter(|_| same)
            }));
        }
        let relative = list.splitn(3, '/').nth(2).unwrap_or_default();
        names
            .into_iter()
            .map(|name| json!({"name": format!("{relative}/{name}"), "locationId": name}))
            .collect()
    }

    /// What Compute has of a kind in all of its regions, by place; none for every other address.
    pub(super) fn aggregated(&self, key: &str) -> Option<Value> {
        let (project, kind) = key.split_once("/aggregated/")?;
        let mut places = Map::new();
        let keys = self.bodies.range(format!("{project}/")..).take_while(|(key, _)| key.starts_with(project));
        for (own, _) in keys {
            let segments: Vec<&str> = own[project.len() + 1..].split('/').collect();
            let place = match segments.as_slice() {
                ["global", of, _] if *of == kind => "global".to_owned(),
                [scope @ ("regions" | "zones"), name, of, _] if *of == kind => format!("{scope}/{name}"),
                _ => continue,
            };
            let items = places.entry(place).or_insert_with(|| json!({kind: []}));
            if let (Some(items), Some(body)) = (items[kind].as_array_mut(), self.body(own)) {
                items.push(body);
            }
        }
        Some(Value::Object(places))
    }
}
