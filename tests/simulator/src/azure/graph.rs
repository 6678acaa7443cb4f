//! Resource Graph: rows of all subscriptions for one query, in pages.

use serde_json::{Value, json};

use super::kql::Query;
use super::{AzureEstate, fault, type_of};
use crate::address::Call;
use crate::answer::Answer;

/// The most rows of a page. <https://learn.microsoft.com/azure/governance/resource-graph/concepts/work-with-data>
const LARGEST_PAGE: usize = 1000;

pub(super) fn is_query(call: &Call) -> bool {
    let path = call.parts();
    let wanted = ["providers", "microsoft.resourcegraph", "resources"];
    path.len() == 3 && path.iter().zip(wanted).all(|(segment, wanted)| segment.eq_ignore_ascii_case(wanted))
}

impl AzureEstate {
    pub(super) fn query(&self, call: &Call) -> Answer {
        let body = call.json();
        let refused = |why: &str| {
            fault::refusal(
                400,
                "BadRequest",
                &format!("Please provide below info when asking for support: {why}"),
            )
        };
        let asked = match Query::of(body["query"].as_str().unwrap_or_default()) {
            Ok(query) => query,
            Err(why) => return refused(&format!("InvalidQuery, ParserFailure: {why}")),
        };
        let Some(rows) = self.rows(&asked.table, &body["subscriptions"]) else {
            return refused(&format!("InvalidQuery, UnknownTable: {}", asked.table));
        };
        let rows = asked.answer(rows);
        let options = &body["options"];
        if options["resultFormat"].as_str().is_some_and(|format| format != "objectArray") {
            return refused("this stand-in knows no format but objectArray");
        }
        let number = |value: &Value| value.as_u64().map(|number| number as usize);
        let start = options["$skipToken"].as_str().and_then(|token| token.strip_prefix("row-")?.parse().ok());
        let start = start.or_else(|| number(&options["$skip"])).unwrap_or(0).min(rows.len());
        let size = number(&options["$top"]).unwrap_or(LARGEST_PAGE).min(LARGEST_PAGE).min(self.graph_page());
        let end = (start + size).min(rows.len());
        let rest = end < rows.len();
        let cut = rest && !asked.names_ids();
        let mut answer = json!({
            "totalRecords": rows.len(), "count": end - start, "data": rows[start..end], "facets": [],
            "resultTruncated": if cut { "true" } else { "false" },
        });
        if rest && !cut {
            answer["$skipToken"] = json!(format!("row-{end}"));
        }
        Answer::json(&answer)
    }

    /// A listing's pages are as large as a test says, and those of Resource Graph too where that is fewer.
    fn graph_page(&self) -> usize {
        if self.page == super::PAGE { LARGEST_PAGE } else { self.page }
    }

    /// The rows of a table; none where there is no such table.
    fn rows(&self, table: &str, subscriptions: &Value) -> Option<Vec<Value>> {
        let named: Option<Vec<&str>> =
            subscriptions.as_array().map(|ids| ids.iter().filter_map(Value::as_str).collect());
        let asked = |id: &str| {
            let known = self.subscription(id).is_some();
            known && named.as_ref().is_none_or(|named| named.iter().any(|one| one.eq_ignore_ascii_case(id)))
        };
        let belongs = |id: &str, resource: &Value| {
            let type_ = type_of(&id.split('/').filter(|part| !part.is_empty()).collect::<Vec<_>>()).0;
            match table {
                "resources" => resource.get("location").is_some(),
                "authorizationresources" => type_.starts_with("microsoft.authorization/role"),
                "securityresources" => type_.starts_with("microsoft.security/"),
                _ => false,
            }
        };
        match table {
            "resources" | "authorizationresources" | "securityresources" => {
                let rows = self.resources.iter().filter(|(id, resource)| belongs(id, resource));
                let rows = rows.filter_map(|(id, resource)| {
                    let owner = id.strip_prefix("/subscriptions/").and_then(|rest| rest.split('/').next());
                    let seen = owner.is_none_or(asked);
                    seen.then(|| self.row(id, resource, owner.unwrap_or_default()))
                });
                Some(rows.collect())
            }
            "resourcecontainers" => {
                let ids =
                    self.subscriptions.iter().filter(|one| one["subscriptionId"].as_str().is_some_and(asked));
                let row = |one: &Value| {
                    json!({"id": one["id"], "name": one["displayName"], "subscriptionId": one["subscriptionId"],
                        "type": "microsoft.resources/subscriptions", "tenantId": self.tenant,
                        "properties": {"state": one["state"]}})
                };
                Some(ids.map(row).collect())
            }
            _ => None,
        }
    }

    fn row(&self, id: &str, resource: &Value, owner: &str) -> Value {
        let group = id.split_once("/resourcegroups/").and_then(|(_, rest)| rest.split('/').next());
        let type_ = resource["type"].as_str().map(str::to_ascii_lowercase);
        let type_ = type_
            .unwrap_or_else(|| type_of(&id.split('/').filter(|part| !part.is_empty()).collect::<Vec<_>>()).0);
        let name = resource["name"].as_str().or_else(|| resource["id"].as_str()?.rsplit('/').next());
        let text = |name: &str| resource[name].as_str().unwrap_or_default();
        json!({
            "id": resource["id"], "name": name, "type": type_, "tenantId": self.tenant, "kind": text("kind"),
            "location": text("location").to_ascii_lowercase().replace(' ', ""),
            "resourceGroup": group.unwrap_or_default(), "subscriptionId": owner, "managedBy": text("managedBy"),
            "sku": resource["sku"], "plan": resource["plan"], "properties": resource["properties"],
            "tags": resource["tags"], "identity": resource["identity"], "zones": resource["zones"],
            "extendedLocation": resource["extendedLocation"],
        })
    }
}
