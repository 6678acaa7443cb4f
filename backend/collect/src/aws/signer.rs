//! Signer: the profiles that code is signed with, cancelled ones included, in one bulk read.

use nephoscope_model::Resource;
use serde_json::Value;

use super::Scope;
use super::api::{Action, Api, List};
use super::client::Reader;
use super::place::{Outcome, Place, put, tag, text};
use super::quota;
use super::request::Request;
use super::volatile::Path;

pub(super) const SCOPE: Scope = Scope::Regional;
pub(super) const ACTIONS: &[&Action] = &[&PROFILES.action];
pub(super) const VOLATILE: &[Path] = &[];

static API: Api = Api::rest_json("signer", "signer", &quota::SIGNER).in_some_regions();
static PROFILES: List =
    API.list("signer:ListSigningProfiles", "profiles").paged("nextToken", "nextToken").may_lack_items();

pub(super) async fn collect(reader: &Reader) -> Outcome {
    // A configuration may go on trusting a profile that was cancelled.
    let request = Request::get(&["signing-profiles"]).query("includeCanceled", true);
    let listed = reader.list_where_offered(&PROFILES, request).await;
    let resources = listed.items.into_iter().filter_map(|item| profile(&reader.place, item)).collect();
    Outcome { resources, listings: vec![listed.failure] }
}

fn profile(place: &Place, profile: Value) -> Option<Resource> {
    let arn = text(&profile, "/arn")?.to_owned();
    let mut resource =
        place.resource("aws.signer.profile", &arn, text(&profile, "/profileName").unwrap_or(&arn));
    tag(&mut resource, profile.get("tags"));
    put(&mut resource, "profile", Ok(Some(profile)));
    Some(resource)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_profile_is_known_by_its_arn() {
        let arn = "arn:aws:signer:eu-west-1:123456789012:/signing-profiles/shop";
        let listed =
            json!({"arn": arn, "profileName": "shop", "status": "Canceled", "tags": {"team": "shop"}});
        let found = profile(&Place::example("signer"), listed).unwrap();
        assert_eq!(
            (found.uid.as_str(), found.name.as_str(), found.tags["team"].as_str()),
            (arn, "shop", "shop")
        );
        assert!(profile(&Place::example("signer"), json!({"profileName": "shop"})).is_none());
    }
}
