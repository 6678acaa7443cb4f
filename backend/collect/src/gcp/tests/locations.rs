//! Listings of services that know one location at a time.

use nephoscope_model::CoverageState;

use super::*;
use crate::gcp::kind::Source;
use crate::gcp::{SERVICES, locations};

const LOCATIONS: &str = "run.googleapis.com/v1/projects/shop/locations";
const PLACES: &str = "run.googleapis.com/v2/projects/shop/locations/";

/// A project without an inventory, with a service of Cloud Run in each of two locations, of which each page names one;
/// `answer` says what is otherwise.
async fn two_places(
    answer: impl Fn(&str) -> Option<ResponseTemplate> + Send + Sync + 'static,
) -> (MockServer, Asked) {
    hosts(move |address, request| {
        if let Some(answer) = answer(address) {
            return Some(answer);
        }
        let second = request.url.query_pairs().any(|(name, value)| name == "pageToken" && value == "b");
        let service = |place: &str| json!({"services": [{"name": format!("projects/shop/locations/{place}/services/web")}]});
        let body = match address {
            address if address.ends_with("/assets") => return Some(refusal(403, "PERMISSION_DENIED", "")),
            LOCATIONS if second => json!({"locations": [{"locationId": "us-central1"}]}),
            LOCATIONS => json!({"locations": [{"locationId": "europe-west1"}], "nextPageToken": "b"}),
            address if address.ends_with("/services") => {
                service(address.strip_prefix(PLACES)?.split('/').next()?)
            }
            _ => return None,
        };
        Some(ResponseTemplate::new(200).set_body_json(body))
    })
    .await
}

async fn scan_run(server: &MockServer) -> Shard {
    let gcp = connect(server, |options| options.asking.services = vec!["run".into()]).await.unwrap();
    scan(&gcp).await.remove("run").unwrap()
}

fn uids(shard: &Shard) -> Vec<&str> {
    shard.resources.iter().map(|resource| resource.uid.as_str()).collect()
}

#[tokio::test]
async fn each_location_is_listed_and_locations_are_asked_for_once() {
    let (server, asked) = two_places(|_| None).await;
    let shard = scan_run(&server).await;
    let expected = ["europe-west1", "us-central1"]
        .map(|place| format!("//run.googleapis.com/projects/shop/locations/{place}/services/web"));
    assert_eq!(uids(&shard), expected);
    assert_eq!((shard.coverage.state, shard.coverage.listed), (CoverageState::Complete, true));
    assert_eq!(
        shard.coverage.calls["run.locations.list"], 2,
        "two pages for services, jobs and pools together"
    );
    for list in ["run.services.list", "run.jobs.list", "run.workerpools.list"] {
        assert_eq!(shard.coverage.calls[list], 2, "{list}");
    }
    assert_eq!(calls(&asked, "/locations/-/"), 0);
}

#[tokio::test]
async fn where_the_inventory_answers_no_location_is_asked_for() {
    let (server, asked) = two_places(|address| {
        address.ends_with("/assets").then(|| ResponseTemplate::new(200).set_body_json(json!({})))
    })
    .await;
    let shard = scan_run(&server).await;
    assert!(shard.coverage.listed);
    assert_eq!(calls(&asked, "run.googleapis.com"), 0);
}

#[tokio::test]
async fn without_locations_nothing_is_listed() {
    let (server, asked) = two_places(|address| {
        (address == LOCATIONS).then(|| refusal(403, "PERMISSION_DENIED", "IAM_PERMISSION_DENIED"))
    })
    .await;
    let shard = scan_run(&server).await;
    assert_eq!((shard.coverage.state, shard.coverage.listed), (CoverageState::Denied, false));
    let errors: Vec<_> = shard.coverage.errors.iter().map(|error| error.permission.as_deref()).collect();
    assert_eq!(errors, [Some("run.locations.list")]);
    assert_eq!(calls(&asked, PLACES), 0);
    assert_eq!(calls(&asked, LOCATIONS), 1, "one refusal is enough");
    for kind in ["gcp.run.service", "gcp.run.job", "gcp.run.workerpool"] {
        assert!(crate::gcp::lists("run", "run.locations.list", kind), "{kind}");
    }
}

#[tokio::test]
async fn one_location_that_fails_leaves_the_others_and_the_listing_open() {
    let (server, _) = two_places(|address| {
        (address == format!("{PLACES}europe-west1/services")).then(|| refusal(500, "INTERNAL", ""))
    })
    .await;
    let shard = scan_run(&server).await;
    assert_eq!(uids(&shard), ["//run.googleapis.com/projects/shop/locations/us-central1/services/web"]);
    assert!(!shard.coverage.listed);
    assert_eq!(shard.coverage.errors[0].api, "run.services.list");
}

#[test]
fn every_path_with_a_location_has_a_host_that_lists_them() {
    let mut found = 0;
    for kind in SERVICES.iter().flat_map(|service| service.kinds) {
        let (Source::Assets { list: Some(list), path, .. } | Source::Listed { list, path }) = kind.source
        else {
            continue;
        };
        if path.contains(locations::LOCATION) {
            found += 1;
            let action = locations::action(list, path).unwrap_or_else(|| panic!("{}", kind.kind));
            assert_eq!(action.host, list.action.host);
        }
        // Only these document `-` for every location.
        let anywhere = ["gcp.functions.function", "gcp.logging.bucket"].contains(&kind.kind);
        assert!(!path.contains("/locations/-") || anywhere, "{}", kind.kind);
    }
    assert_eq!(found, 11);
}
