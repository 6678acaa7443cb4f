//! Where a shard's resources live, and how they are put together from what was read.

use std::collections::BTreeMap;

use nephoscope_model::secret::REDACTED_KEY;
use nephoscope_model::{
    AccountId, Facet, Kind, Provider, Region, Relation, RelationName, Resource, ServiceName, Uid,
};
use serde_json::Value;

use super::api::Action;
use super::failure::Failure;
use crate::redact::{scrub, sweep};

/// The account, region and service of a shard.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// `aws`, `aws-cn`, `aws-us-gov`, …: the second part of every ARN.
    pub partition: String,
    pub account: AccountId,
    pub region: Region,
    pub service: ServiceName,
    /// The ARN of whoever asks.
    pub caller: String,
}

/// What one call said of one resource: a value, that there is none, or a failure.
pub(super) type Read = Result<Option<Value>, Failure>;

/// What a service file found.
pub(super) struct Outcome {
    pub resources: Vec<Resource>,
    /// One entry per listing, the main one first; none where it was read to its end.
    pub listings: Vec<Option<Failure>>,
}

impl Place {
    /// A resource without facets.
    pub(super) fn resource(&self, kind: &str, uid: &str, name: &str) -> Resource {
        Resource {
            uid: Uid::from(uid),
            kind: Kind::from(kind),
            provider: Provider::Aws,
            account: self.account.clone(),
            region: self.region.clone(),
            service: self.service.clone(),
            name: name.to_owned(),
            tags: BTreeMap::new(),
            facets: BTreeMap::new(),
            relations: Vec::new(),
            carried: BTreeMap::new(),
            revision: None,
        }
    }

    /// The ARN of something of `service` in this region and account.
    pub(super) fn arn(&self, service: &str, rest: &str) -> String {
        format!("arn:{}:{service}:{}:{}:{rest}", self.partition, self.region, self.account)
    }

    /// Where the tests of service files put what they normalise.
    #[cfg(test)]
    pub(super) fn example(service: &str) -> Self {
        Self {
            partition: "aws".to_owned(),
            account: AccountId::from("123456789012"),
            region: Region::from("eu-west-1"),
            service: ServiceName::from(service),
            caller: String::new(),
        }
    }

    /// The ARN of the KMS key that is named by its ARN, its id or an alias.
    pub(super) fn key_arn(&self, named: Option<&str>) -> Option<String> {
        match named? {
            "" => None,
            arn if arn.starts_with("arn:") => Some(arn.to_owned()),
            alias if alias.starts_with("alias/") => Some(self.arn("kms", alias)),
            id => Some(self.arn("kms", &format!("key/{id}"))),
        }
    }

    /// The ARN of an API Gateway path, which names no account.
    pub(super) fn gateway_arn(&self, path: &str) -> String {
        format!("arn:{}:apigateway:{}::{path}", self.partition, self.region)
    }
}

/// The object that a reply holds under `field`, without which it is not the reply that the API promises.
pub(super) fn object_at(action: &Action, mut reply: Value, field: &str) -> Result<Value, Failure> {
    match reply.get_mut(field).map(Value::take) {
        Some(object @ Value::Object(_)) => Ok(object),
        _ => Err(Failure::malformed(action, &format!("the answer has no object `{field}`"))),
    }
}

/// Leaves out a field, which stands elsewhere or must not be kept.
pub(super) fn without(value: &mut Value, field: &str) {
    if let Some(fields) = value.as_object_mut() {
        fields.remove(field);
    }
}

/// The facet called `name` for what was read.
pub(super) fn facet(name: &str, read: Read) -> Facet {
    match read {
        Ok(Some(value)) => Facet::Known(value),
        Ok(None) => Facet::Absent,
        Err(failure) => failure.facet(name),
    }
}

/// Adds a facet.
pub(super) fn put(resource: &mut Resource, name: &str, read: Read) {
    resource.facets.insert(name.to_owned(), facet(name, read));
}

/// Adds an edge to what is named, if anything is.
pub(super) fn relate(resource: &mut Resource, name: RelationName, to: Option<&str>) {
    if let Some(to) = to.filter(|to| !to.is_empty()) {
        resource.relations.push(Relation { name, to: Uid::from(to) });
    }
}

/// Adds tags that the provider gives as a map, or as a list of keys and values.
pub(super) fn tag(resource: &mut Resource, tags: Option<&Value>) {
    let plain = |value: &Value| value.as_str().map(str::to_owned).unwrap_or_else(|| value.to_string());
    match tags {
        Some(Value::Object(tags)) => {
            resource.tags.extend(tags.iter().map(|(key, value)| (key.clone(), plain(value))));
        }
        Some(Value::Array(tags)) => {
            let pair = |tag: &Value| Some((text(tag, "/Key")?.to_owned(), plain(tag.get("Value")?)));
            resource.tags.extend(tags.iter().filter_map(pair));
        }
        Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) | None => {}
    }
}

/// The text at `pointer`.
pub(super) fn text<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    value.pointer(pointer).and_then(Value::as_str)
}

/// The elements of the list at `pointer`; none where there is no list.
pub(super) fn elements<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    value.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// A log group's ARN without the `:*` that means its streams.
pub(super) fn log_group_arn(arn: &str) -> Option<&str> {
    arn.contains(":log-group:").then(|| arn.strip_suffix(":*").unwrap_or(arn))
}

/// A function's ARN without its version or alias; none for what is not a function's ARN.
pub(super) fn unqualified_function(arn: &str) -> Option<&str> {
    let mut colons = arn.match_indices(':').map(|(at, _)| at);
    let is_function = arn.split(':').nth(5) == Some("function") && arn.split(':').nth(2) == Some("lambda");
    let end = colons.nth(6).unwrap_or(arn.len());
    let unqualified = &arn[..end];
    (is_function && arn.starts_with("arn:") && !unqualified.contains('$')).then_some(unqualified)
}

/// Sorts what was found, drops what a listing named twice, and cuts out secrets that stand where none should.
pub(super) fn tidy(mut resources: Vec<Resource>) -> Vec<Resource> {
    resources.sort_by(|a, b| a.uid.cmp(&b.uid));
    resources.dedup_by(|a, b| a.uid == b.uid);
    for resource in &mut resources {
        resource.relations.sort();
        resource.relations.dedup();
        for facet in resource.facets.values_mut() {
            match facet {
                Facet::Known(value) => {
                    drop_nulls(value);
                    sweep(value);
                }
                Facet::Absent | Facet::Unreadable(_) => {}
            }
        }
        for value in resource.tags.values_mut() {
            *value = scrub(value).into_owned();
        }
    }
    resources
}

/// Drops fields that are null: in AWS's protocols that means the same as leaving them out, and both occur.
fn drop_nulls(value: &mut Value) {
    match value {
        // What stands for a redacted value is ours, and complete.
        Value::Object(fields) if fields.contains_key(REDACTED_KEY) => {}
        Value::Object(fields) => {
            fields.retain(|_, field| !field.is_null());
            fields.values_mut().for_each(drop_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_nulls),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn tidied_resources_are_sorted_once_each_without_nulls_and_secrets() {
        let place = Place {
            partition: "aws".to_owned(),
            account: AccountId::from("123456789012"),
            region: Region::from("eu-west-1"),
            service: ServiceName::from("lambda"),
            caller: String::new(),
        };
        let mut first = place.resource("aws.lambda.function", "a", "a");
        let config = json!({"KMSKeyArn": null, "Layers": [{"Arn": "x", "More": null}], "Description": "AKIAIOSFODNN7EXAMPLE"});
        put(&mut first, "config", Ok(Some(config)));
        relate(&mut first, RelationName::LogsTo, Some("g"));
        relate(&mut first, RelationName::ExecutesAs, Some("r"));
        relate(&mut first, RelationName::LogsTo, Some("g"));
        relate(&mut first, RelationName::EncryptedBy, None);
        first.tags.insert("key".to_owned(), "AKIAIOSFODNN7EXAMPLE".to_owned());
        let second = place.resource("aws.lambda.function", "b", "b");
        let tidied = tidy(vec![second.clone(), first.clone(), second.clone()]);
        assert_eq!(tidied.iter().map(|resource| resource.uid.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        let config = json!({"Layers": [{"Arn": "x"}], "Description": "[aws-access-key]"});
        assert_eq!(tidied[0].facets["config"], Facet::Known(config));
        assert_eq!(tidied[0].tags["key"], "[aws-access-key]");
        let edges: Vec<&str> = tidied[0].relations.iter().map(|relation| relation.to.as_str()).collect();
        assert_eq!(edges, ["r", "g"]);
    }

    #[test]
    fn qualifiers_are_cut() {
        let plain = "arn:aws:lambda:eu-west-1:123456789012:function:shop";
        for arn in [plain, &format!("{plain}:$LATEST"), &format!("{plain}:live")] {
            assert_eq!(unqualified_function(arn), Some(plain));
        }
        let variable = "arn:aws:lambda:eu-west-1:123456789012:function:${stageVariables.name}";
        assert_eq!(unqualified_function(variable), None);
        assert_eq!(unqualified_function("arn:aws:sqs:eu-west-1:123456789012:queue"), None);
    }

    #[test]
    fn log_groups_lose_their_streams() {
        let group = "arn:aws:logs:eu-west-1:1:log-group:/aws/lambda/shop";
        assert_eq!(log_group_arn(&format!("{group}:*")), Some(group));
        assert_eq!(log_group_arn("arn:aws:firehose:eu-west-1:1:deliverystream/x"), None);
    }
}
