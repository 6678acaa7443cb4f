//! The resource manager: one resource by its id, and lists by where their items stand.

use serde_json::{Value, json};

use super::{AzureEstate, fault, read, type_of};
use crate::address::Call;
use crate::answer::Answer;

/// Types that a subscription lists wherever below it they stand.
const EVERYWHERE: &[&str] = &[
    "microsoft.authorization/roleassignments",
    "microsoft.authorization/roledefinitions",
    "microsoft.authorization/denyassignments",
    "microsoft.authorization/locks",
    "microsoft.eventgrid/eventsubscriptions",
];

/// Types that are listed with those of the scopes above.
const INHERITED: &[&str] = &[
    "microsoft.authorization/roleassignments",
    "microsoft.authorization/roledefinitions",
    "microsoft.authorization/denyassignments",
];

/// What is said to a request without a token, or without a version that there is.
pub(super) fn refused_at_the_door(call: &Call) -> Option<Answer> {
    if call.bearer.as_deref().unwrap_or_default().is_empty() {
        let message = "Authentication failed. The 'Authorization' header is missing.";
        let challenge = "Bearer authorization_uri=\"https://login.microsoftonline.com/common\"";
        let answer = fault::refusal(401, "AuthenticationFailed", message);
        return Some(answer.with_header("www-authenticate", challenge));
    }
    let Some(version) = call.parameter("api-version") else {
        let message = "The api-version query parameter (?api-version=) is required for all requests.";
        return Some(fault::refusal(400, "MissingApiVersionParameter", message));
    };
    let bytes = version.as_bytes();
    let is_date = bytes.len() >= 10
        && bytes[..10].iter().enumerate().all(|(position, byte)| match position {
            4 | 7 => *byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    if !is_date || !matches!(&version[10..], "" | "-preview") {
        let message = format!("The api-version '{version}' is invalid.");
        return Some(fault::refusal(400, "InvalidApiVersionParameter", &message));
    }
    let (document, _) = read(&call.method, &call.parts())?;
    // What is newer than the newest that is known was never published.
    (version[..10] > document.version[..10]).then(|| {
        let (type_, _) = type_of(&call.parts());
        let message = format!(
            "No registered resource provider found for API version '{version}' for type '{type_}'. The newest is '{}'.",
            document.version
        );
        fault::refusal(400, "NoRegisteredProviderFound", &message)
    })
}

impl AzureEstate {
    /// What the resource manager says; none where no published read has such an address.
    pub(super) fn manage(&self, call: &Call) -> Option<Answer> {
        let path = call.parts();
        let same = |segment: &str, other: &str| segment.eq_ignore_ascii_case(other);
        match path.as_slice() {
            [one] if same(one, "subscriptions") => return Some(self.page(call, self.subscriptions.clone())),
            [one] if same(one, "tenants") => {
                let tenant = json!({"id": format!("/tenants/{}", self.tenant), "tenantId": self.tenant});
                return Some(self.page(call, vec![tenant]));
            }
            [one, space, groups, rest @ ..]
                if same(one, "providers")
                    && same(space, "Microsoft.Management")
                    && same(groups, "managementGroups")
                    && !rest.iter().any(|segment| same(segment, "providers")) =>
            {
                return Some(match self.management(rest)? {
                    Ok(items) => self.page(call, items),
                    Err(answer) => answer,
                });
            }
            [one, id, rest @ ..] if same(one, "subscriptions") => {
                let Some(known) = self.subscription(id) else {
                    let message = format!("The subscription '{id}' could not be found.");
                    return Some(fault::refusal(404, "SubscriptionNotFound", &message));
                };
                if rest.is_empty() {
                    return Some(Answer::json(known));
                }
            }
            _ => {}
        }
        self.read(call, &path)
    }

    fn read(&self, call: &Call, path: &[&str]) -> Option<Answer> {
        let key = format!("/{}", path.join("/")).to_ascii_lowercase();
        let (document, read) = read(&call.method, path)?;
        let planted = self.resources.get(&key).or_else(|| {
            let without = key.strip_suffix("/list")?;
            self.resources.get(without)
        });
        if let Some(resource) = planted {
            return Some(Answer::json(resource));
        }
        let is_list = document.items(&read.kind).is_some();
        if !is_list || call.method != "GET" || !self.has_owner(&key) {
            return Some(fault::not_found(call));
        }
        Some(self.page(call, self.listed(call, &key)))
    }

    /// True where what a list belongs to exists.
    fn has_owner(&self, list: &str) -> bool {
        let Some((scope, rest)) = list.rsplit_once("/providers/") else { return true };
        let nested = rest.split('/').count() > 2;
        let owner = if nested { list.rsplit_once('/').map_or("", |(owner, _)| owner) } else { scope };
        if !owner.contains("/providers/") || owner.starts_with("/providers/microsoft.management/") {
            return true;
        }
        // Settings of an app are read below a word that is no resource: `config/configreferences`.
        self.resources.contains_key(owner)
            || owner.rsplit_once("/config/").is_some_and(|(app, _)| self.resources.contains_key(app))
    }

    /// The items of the list with this address.
    fn listed(&self, call: &Call, list: &str) -> Vec<Value> {
        let (type_, _) = type_of(&call.parts());
        let type_ = type_.to_ascii_lowercase();
        let scope = list.rsplit_once("/providers/").map_or("", |(scope, _)| scope);
        let of_subscription = scope.strip_prefix("/subscriptions/").is_some_and(|id| !id.contains('/'));
        let of_group = scope.rsplit_once("/resourcegroups/").is_some_and(|(_, name)| !name.contains('/'));
        let filter = call.parameter("$filter").unwrap_or_default();
        let here = |id: &str| {
            let Some((above, rest)) = id.rsplit_once("/providers/") else { return false };
            let direct = id.strip_prefix(list).is_some_and(|name| name.strip_prefix('/').is_some_and(is_one));
            let top = rest.split('/').count() == 3;
            let below = above.starts_with(&format!("{scope}/")) && !scope.is_empty();
            let everywhere = EVERYWHERE.contains(&type_.as_str());
            let plain = !above.contains("/providers/");
            let inherited = INHERITED.contains(&type_.as_str())
                && (scope.starts_with(&format!("{above}/"))
                    || above.is_empty()
                    || above.starts_with("/providers/"));
            let at_scope = filter.contains("atScope()") || filter.contains("atscope()");
            direct
                || inherited
                || (top
                    && below
                    && (of_subscription || of_group)
                    && (plain || everywhere)
                    && !(at_scope && everywhere))
        };
        let principal = filter.split_once("'").and_then(|(_, rest)| rest.split('\'').next());
        let wanted = |resource: &&Value| match principal {
            Some(id) if filter.contains("principalId") || filter.contains("assignedTo") => {
                resource["properties"]["principalId"].as_str().is_some_and(|own| own.eq_ignore_ascii_case(id))
            }
            _ => true,
        };
        let known = self.types.get(&type_).into_iter().flatten();
        let found = known.filter(|id| here(id)).map(|id| &self.resources[id]);
        found.filter(wanted).cloned().collect()
    }

    /// The page of a list that is asked for.
    fn page(&self, call: &Call, items: Vec<Value>) -> Answer {
        let start =
            call.parameter("$skiptoken").and_then(|token| token.parse().ok()).unwrap_or(0).min(items.len());
        let end = (start + self.page).min(items.len());
        let mut body = json!({"value": items[start..end]});
        if end < items.len() {
            let others = call.query.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("$skiptoken"));
            let others: String = others.map(|(name, value)| format!("{name}={value}&")).collect();
            let others = others.replace(' ', "%20").replace('\'', "%27");
            body["nextLink"] =
                json!(format!("https://{}{}?{others}%24skiptoken={end}", call.host, call.path));
        }
        Answer::json(&body)
    }
}

fn is_one(name: &str) -> bool {
    !name.is_empty() && !name.contains('/')
}

/// True where every document has a version that can be compared with.
#[cfg(test)]
pub(super) fn versions_are_dates() -> bool {
    super::documents()
        .iter()
        .all(|document| document.version.len() >= 10 && document.version.as_bytes()[4] == b'-')
}
