//! Security Hub: whether it is on in a region, and which standards it holds the account to.
//!
//! One resource a region, whether Security Hub is on or not; two calls, or one where it is off.

use nephoscope_model::Resource;
use serde_json::json;

use super::Scope;
use super::api::{Action, Api, List};
use super::client::Reader;
use super::failure::Class;
use super::place::{Outcome, Place, Read, put};
use super::quota;
use super::request::Request;
use super::volatile::Path;

pub(super) const SCOPE: Scope = Scope::Regional;
pub(super) const ACTIONS: &[&Action] = &[&DESCRIBE_HUB, &STANDARDS.action];
pub(super) const VOLATILE: &[Path] = &[];

static API: Api = Api::rest_json("SecurityHub", "securityhub", &quota::SECURITYHUB);
static DESCRIBE_HUB: Action = API.action("securityhub:DescribeHub");
static STANDARDS: List = API.list("securityhub:GetEnabledStandards", "StandardsSubscriptions");

pub(super) async fn collect(reader: &Reader) -> Outcome {
    let hub = match reader.call(&DESCRIBE_HUB, None, Request::get(&["accounts"])).await {
        Ok(hub) => Ok(Some(hub)),
        Err(failure) if is_off(&failure.error, failure.class) => {
            // That it is off is an answer.
            reader.log.forget(&failure);
            Ok(None)
        }
        Err(failure) => Err(failure),
    };
    let standards = match &hub {
        Ok(None) => Ok(None),
        Ok(Some(_)) | Err(_) => {
            let standards = reader.list(&STANDARDS, None, Request::post(&["standards", "get"])).await.whole();
            standards.map(|standards| Some(json!({ "StandardsSubscriptions": standards })))
        }
    };
    let listings = vec![hub.as_ref().err().cloned()];
    Outcome { resources: vec![normalise(&reader.place, hub, standards)], listings }
}

/// An account that is not subscribed is told so by an error of its own; others are refused for other reasons.
fn is_off(error: &str, class: Class) -> bool {
    error == "InvalidAccessException" || class == Class::NotFound
}

fn normalise(place: &Place, hub: Read, standards: Read) -> Resource {
    let name = format!("Security Hub in {}", place.region);
    let mut resource = place.resource("aws.securityhub.hub", &place.arn("securityhub", "hub/default"), &name);
    put(&mut resource, "hub", hub);
    put(&mut resource, "standards", standards);
    resource
}

#[cfg(test)]
mod tests {
    use nephoscope_model::Facet;

    use super::*;

    #[test]
    fn off_is_an_answer_and_denied_is_none() {
        assert!(is_off("InvalidAccessException", Class::Other));
        assert!(is_off("ResourceNotFoundException", Class::NotFound));
        assert!(!is_off("AccessDeniedException", Class::Denied));
        let off = normalise(&Place::example("securityhub"), Ok(None), Ok(None));
        assert_eq!(off.facets["hub"], Facet::Absent);
        assert_eq!(off.name, "Security Hub in eu-west-1");
    }
}
