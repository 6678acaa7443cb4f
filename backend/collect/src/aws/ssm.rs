//! Systems Manager: which parameters there are and of which type. Never their values.
//!
//! One call for fifty parameters.

use nephoscope_model::{RelationName, Resource};
use serde_json::Value;

use super::Scope;
use super::api::{Action, Api, List};
use super::client::Reader;
use super::place::{Outcome, Place, put, relate, text};
use super::quota;
use super::request::Request;
use super::volatile::Path;

pub(super) const SCOPE: Scope = Scope::Regional;
pub(super) const ACTIONS: &[&Action] = &[&PARAMETERS.action];
pub(super) const VOLATILE: &[Path] = &[];

static API: Api = Api::json("SSM", "ssm", "1.1", "AmazonSSM", &quota::SSM);
static PARAMETERS: List = API.list("ssm:DescribeParameters", "Parameters");

/// The largest page.
const PAGE: i32 = 50;

pub(super) async fn collect(reader: &Reader) -> Outcome {
    let parameters = reader.list(&PARAMETERS, None, Request::call().field("MaxResults", PAGE)).await;
    let resources = parameters.items.into_iter().filter_map(|one| normalise(&reader.place, one)).collect();
    Outcome { resources, listings: vec![parameters.failure] }
}

fn normalise(place: &Place, parameter: Value) -> Option<Resource> {
    let name = text(&parameter, "/Name")?;
    // A name that is a path begins with the slash that stands between `parameter` and it.
    let uid = place.arn("ssm", &format!("parameter/{}", name.strip_prefix('/').unwrap_or(name)));
    let uid = text(&parameter, "/ARN").unwrap_or(&uid);
    let mut resource = place.resource("aws.ssm.parameter", uid, name);
    let key = place.key_arn(text(&parameter, "/KeyId"));
    relate(&mut resource, RelationName::EncryptedBy, key.as_deref());
    put(&mut resource, "parameter", Ok(Some(parameter)));
    Some(resource)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn parameters_are_named_by_path_or_plainly() {
        let place = Place::example("ssm");
        let uid = |name: &str| normalise(&place, json!({ "Name": name })).unwrap().uid;
        assert_eq!(uid("/shop/db").as_str(), "arn:aws:ssm:eu-west-1:123456789012:parameter/shop/db");
        assert_eq!(uid("db").as_str(), "arn:aws:ssm:eu-west-1:123456789012:parameter/db");
        assert!(normalise(&place, json!({})).is_none());
        let sealed = json!({"Name": "db", "Type": "SecureString", "KeyId": "alias/aws/ssm"});
        let sealed = normalise(&place, sealed).unwrap();
        assert_eq!(sealed.relations[0].to.as_str(), "arn:aws:kms:eu-west-1:123456789012:alias/aws/ssm");
    }
}
