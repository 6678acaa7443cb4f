//! GuardDuty: whether it watches a region, and which of its protections are on.
//!
//! One resource a region, whether GuardDuty is on or not, so that its absence can be judged. At most two calls a
//! region: an account has one detector there.

use nephoscope_model::Resource;

use super::Scope;
use super::api::{Action, Api, List};
use super::client::Reader;
use super::failure::Failure;
use super::place::{Outcome, Place, Read, put, tag, without};
use super::quota;
use super::request::Request;
use super::volatile::Path;

pub(super) const SCOPE: Scope = Scope::Regional;
pub(super) const ACTIONS: &[&Action] = &[&DETECTORS.action, &GET_DETECTOR];
pub(super) const VOLATILE: &[Path] = &[];

static API: Api = Api::rest_json("GuardDuty", "guardduty", &quota::GUARDDUTY);
static DETECTORS: List = API.list("guardduty:ListDetectors", "detectorIds").paged("nextToken", "nextToken");
static GET_DETECTOR: Action = API.action("guardduty:GetDetector");

pub(super) async fn collect(reader: &Reader) -> Outcome {
    let detector = fetch(reader).await;
    let listings = vec![detector.as_ref().err().cloned()];
    Outcome { resources: vec![normalise(&reader.place, detector)], listings }
}

async fn fetch(reader: &Reader) -> Read {
    let ids = reader.list(&DETECTORS, None, Request::get(&["detector"])).await.whole()?;
    let Some(id) = ids.first() else { return Ok(None) };
    let id = id.as_str().ok_or_else(|| Failure::malformed(&DETECTORS.action, "an id is not a text"))?;
    let detector = reader.call(&GET_DETECTOR, None, Request::get(&["detector", id])).await?;
    Ok(Some(detector))
}

fn normalise(place: &Place, mut detector: Read) -> Resource {
    let name = format!("GuardDuty in {}", place.region);
    let mut resource = place.resource("aws.guardduty.detector", &place.arn("guardduty", "detector"), &name);
    if let Ok(Some(detector)) = &mut detector {
        tag(&mut resource, detector.get("tags"));
        without(detector, "tags");
    }
    put(&mut resource, "detector", detector);
    resource
}

#[cfg(test)]
mod tests {
    use nephoscope_model::Facet;
    use serde_json::json;

    use super::*;
    use crate::aws::failure::Class;

    #[test]
    fn a_region_without_a_detector_is_a_resource_all_the_same() {
        let place = Place::example("guardduty");
        let none = normalise(&place, Ok(None));
        assert_eq!(none.uid.as_str(), "arn:aws:guardduty:eu-west-1:123456789012:detector");
        assert_eq!(none.facets["detector"], Facet::Absent);

        let detector = json!({"status": "ENABLED", "tags": {"team": "security"}, "features": []});
        let some = normalise(&place, Ok(Some(detector)));
        assert_eq!(some.uid, none.uid, "switching it on is a change of the same resource");
        assert_eq!(some.tags["team"], "security");
        assert_eq!(some.facets["detector"], Facet::Known(json!({"status": "ENABLED", "features": []})));

        let denied = Failure::new(&GET_DETECTOR, Class::Denied, "AccessDeniedException", "no");
        assert!(normalise(&place, Err(denied)).facets["detector"].unreadable().is_some());
    }
}
