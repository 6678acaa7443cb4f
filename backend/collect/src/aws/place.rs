//! Where a shard's resources live, and how they are put together from what was read.

use std::collections::BTreeMap;

use nephoscope_model::{AccountId, Kind, Provider, Region, Resource, ServiceName, Uid};
use serde_json::Value;

use super::api::Action;
use super::failure::Failure;
pub(super) use crate::normalise::{Read, elements, put, relate, tag, text, without};

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

/// What a service file found.
pub(super) struct Outcome {
    pub resources: Vec<Resource>,
    /// One entry per listing, the main one first; none where it was read to its end.
    pub listings: Vec<Option<Failure>>,
}

/// Items by the name of what each belongs to; one that does not say belongs to nothing.
pub(super) fn grouped(
    items: Vec<Value>,
    owner: impl Fn(&Value) -> Option<&str>,
) -> BTreeMap<String, Vec<Value>> {
    let mut groups = BTreeMap::<String, Vec<Value>>::new();
    for item in items {
        if let Some(owner) = owner(&item).map(str::to_owned) {
            groups.entry(owner).or_default().push(item);
        }
    }
    groups
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

#[cfg(test)]
mod tests {
    use nephoscope_model::{Facet, RelationName};
    use serde_json::json;

    use super::*;
    use crate::normalise::{once_each, tidy_one};

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
        let mut tidied = vec![second.clone(), first.clone(), second.clone()];
        once_each(&mut tidied, |resource| &resource.uid);
        tidied.iter_mut().for_each(tidy_one);
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
