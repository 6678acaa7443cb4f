//! Inspector: which kinds of resources it scans in a region.
//!
//! One resource a region, whether Inspector is on or not, and one call.

use nephoscope_model::Resource;
use serde_json::{Value, json};

use super::Scope;
use super::api::{Action, Api};
use super::client::Reader;
use super::failure::{Class, Failure};
use super::place::{Outcome, Place, Read, elements, put, text};
use super::quota;
use super::request::Request;
use super::volatile::Path;

pub(super) const SCOPE: Scope = Scope::Regional;
pub(super) const ACTIONS: &[&Action] = &[&GET_STATUS];
pub(super) const VOLATILE: &[Path] = &[];

static API: Api = Api::rest_json("Inspector2", "inspector2", &quota::INSPECTOR).in_some_regions();
static GET_STATUS: Action = API.action("inspector2:BatchGetAccountStatus");

pub(super) async fn collect(reader: &Reader) -> Outcome {
    let account = reader.place.account.as_str();
    let request = Request::post(&["status", "batch", "get"]).field("accountIds", json!([account]));
    let answer = reader.call(&GET_STATUS, None, request).await;
    let status = answer.and_then(|answer| status(&answer, account));
    let listings = vec![status.as_ref().err().cloned()];
    Outcome { resources: vec![normalise(&reader.place, status)], listings }
}

/// What the answer says of the account, which may also be that it cannot say.
fn status(answer: &Value, account: &str) -> Read {
    let of = |list: &str| {
        let mut entries = elements(answer, list).iter();
        entries.find(|entry| text(entry, "/accountId") == Some(account))
    };
    if let Some(status) = of("/accounts") {
        return Ok(Some(status.clone()));
    }
    let Some(failed) = of("/failedAccounts") else {
        return Err(Failure::malformed(&GET_STATUS, "the answer does not speak of the account"));
    };
    let error = text(failed, "/errorCode").unwrap_or("FailedAccount");
    let class = if error == "ACCESS_DENIED" { Class::Denied } else { Class::Other };
    Err(Failure::new(&GET_STATUS, class, error, text(failed, "/errorMessage").unwrap_or_default()))
}

fn normalise(place: &Place, status: Read) -> Resource {
    let name = format!("Inspector in {}", place.region);
    let mut resource = place.resource("aws.inspector.status", &place.arn("inspector2", "status"), &name);
    put(&mut resource, "status", status);
    resource
}

#[cfg(test)]
mod tests {
    use nephoscope_model::Facet;

    use super::*;

    #[test]
    fn the_account_is_found_among_the_answers() {
        let enabled = json!({"accountId": "1", "resourceState": {"lambda": {"status": "ENABLED"}}});
        let answer = json!({"accounts": [{"accountId": "2"}, enabled], "failedAccounts": []});
        let read = status(&answer, "1");
        assert_eq!(read.as_ref().ok().and_then(Option::as_ref), Some(&enabled));
        let resource = normalise(&Place::example("inspector2"), read);
        assert_eq!(resource.facets["status"], Facet::Known(enabled));
        assert_eq!(resource.name, "Inspector in eu-west-1");
    }

    #[test]
    fn an_account_that_failed_is_not_one_that_is_switched_off() {
        let failed = json!({"accountId": "1", "errorCode": "ACCESS_DENIED", "errorMessage": "no"});
        let failure = status(&json!({"accounts": [], "failedAccounts": [failed]}), "1").unwrap_err();
        assert_eq!((failure.class, failure.error.as_str()), (Class::Denied, "ACCESS_DENIED"));
        assert_eq!(failure.permission, Some("inspector2:BatchGetAccountStatus"));
        let failure = status(&json!({"accounts": []}), "1").unwrap_err();
        assert_eq!(failure.class, Class::Malformed);
    }
}
