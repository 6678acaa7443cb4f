//! AWS Config: what its recorder takes down in a region, and whether it is running.
//!
//! One resource a region, whether there is a recorder or not, and two calls.

use nephoscope_model::{RelationName, Resource};
use serde_json::Value;

use super::Scope;
use super::api::{Action, Api};
use super::client::Reader;
use super::failure::Failure;
use super::place::{Outcome, Place, elements, put, relate, text};
use super::quota;
use super::request::Request;
use super::volatile::Path;

pub(super) const SCOPE: Scope = Scope::Regional;
pub(super) const ACTIONS: &[&Action] = &[&GET_RECORDERS, &GET_STATUSES];
/// Every delivery moves these. When somebody started or stopped the recorder stays.
pub(super) const VOLATILE: &[Path] = &[
    "statuses/ConfigurationRecordersStatus/*/lastStatus",
    "statuses/ConfigurationRecordersStatus/*/lastErrorCode",
    "statuses/ConfigurationRecordersStatus/*/lastErrorMessage",
    "statuses/ConfigurationRecordersStatus/*/lastStatusChangeTime",
];

static API: Api = Api::json("Config Service", "config", "1.1", "StarlingDoveService", &quota::CONFIG);
static GET_RECORDERS: Action = API.action("config:DescribeConfigurationRecorders");
static GET_STATUSES: Action = API.action("config:DescribeConfigurationRecorderStatus");

type Answer = Result<Value, Failure>;

pub(super) async fn collect(reader: &Reader) -> Outcome {
    let (recorders, statuses) = tokio::join!(
        reader.call(&GET_RECORDERS, None, Request::call()),
        reader.call(&GET_STATUSES, None, Request::call())
    );
    let listings = vec![recorders.as_ref().err().cloned(), statuses.as_ref().err().cloned()];
    Outcome { resources: vec![normalise(&reader.place, recorders, statuses)], listings }
}

fn normalise(place: &Place, recorders: Answer, statuses: Answer) -> Resource {
    let name = format!("AWS Config in {}", place.region);
    let uid = place.arn("config", "configuration-recorder");
    let mut resource = place.resource("aws.config.recorder", &uid, &name);
    for recorder in recorders.iter().flat_map(|answer| elements(answer, "/ConfigurationRecorders")) {
        relate(&mut resource, RelationName::ExecutesAs, text(recorder, "/roleARN"));
    }
    put(&mut resource, "recorders", recorders.map(Some));
    put(&mut resource, "statuses", statuses.map(Some));
    resource
}

#[cfg(test)]
mod tests {
    use nephoscope_model::Facet;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_region_without_a_recorder_is_a_resource_all_the_same() {
        let none = json!({"ConfigurationRecorders": []});
        let role = "arn:aws:iam::123456789012:role/config";
        let some = json!({"ConfigurationRecorders": [{"name": "default", "roleARN": role}]});
        let statuses = json!({"ConfigurationRecordersStatus": [{"name": "default", "recording": true}]});
        let place = Place::example("config");
        let off = normalise(&place, Ok(none.clone()), Ok(json!({})));
        let on = normalise(&place, Ok(some), Ok(statuses.clone()));
        assert_eq!(off.uid, on.uid);
        assert_eq!(off.facets["recorders"], Facet::Known(none));
        assert_eq!(on.facets["statuses"], Facet::Known(statuses));
        assert_eq!(on.relations[0].to.as_str(), role);
    }
}
