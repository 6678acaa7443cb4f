//! Where log entries are kept and whom alerts tell: by the inventory, and by their own listings where it does not answer.

use super::*;

/// How a kind is asked for.
#[derive(Clone, Copy, PartialEq)]
struct Listed {
    service: &'static str,
    permission: &'static str,
    /// Where its service lists it, and under which field.
    address: &'static str,
    field: &'static str,
    asset_type: &'static str,
}

const BUCKETS: Listed = Listed {
    service: "logging",
    permission: "logging.buckets.list",
    address: "logging.googleapis.com/v2/projects/shop/locations/-/buckets",
    field: "buckets",
    asset_type: "logging.googleapis.com/LogBucket",
};
const CHANNELS: Listed = Listed {
    service: "monitoring",
    permission: "monitoring.notificationChannels.list",
    address: "monitoring.googleapis.com/v3/projects/shop/notificationChannels",
    field: "notificationChannels",
    asset_type: "monitoring.googleapis.com/NotificationChannel",
};

/// Two of each kind, as the service and the inventory give them, named by the number of the project.
fn items(of: Listed) -> [Value; 2] {
    match of == BUCKETS {
        true => ["global", "europe-west1"].map(|place| json!({"name": format!("projects/1/locations/{place}/buckets/_Default"), "retentionDays": 30, "lifecycleState": "ACTIVE"})),
        false => ["7", "8"].map(|id| json!({"name": format!("projects/1/notificationChannels/{id}"), "type": "webhook_tokenauth", "labels": {"url": "https://hooks.example/?auth_token=CANARY"}})),
    }
}

fn uids(of: Listed) -> [&'static str; 2] {
    match of == BUCKETS {
        true => [
            "//logging.googleapis.com/projects/shop/locations/europe-west1/buckets/_Default",
            "//logging.googleapis.com/projects/shop/locations/global/buckets/_Default",
        ],
        false => [
            "//monitoring.googleapis.com/projects/shop/notificationChannels/7",
            "//monitoring.googleapis.com/projects/shop/notificationChannels/8",
        ],
    }
}

/// The shard of a kind in a project whose inventory is refused, unless `answer` has one.
async fn shard(
    of: Listed,
    answer: impl Fn(&str, &Request) -> Option<ResponseTemplate> + Send + Sync + 'static,
) -> Shard {
    let (server, _) = hosts(move |address, request| {
        let refused = || address.ends_with("/assets").then(|| refusal(403, "PERMISSION_DENIED", ""));
        answer(address, request).or_else(refused)
    })
    .await;
    let gcp = connect(&server, |options| options.asking.services = vec![of.service.into()]).await.unwrap();
    scan(&gcp).await.remove(of.service).unwrap()
}

fn found(shard: &Shard) -> Vec<&str> {
    shard.resources.iter().map(|resource| resource.uid.as_str()).collect()
}

#[tokio::test]
async fn every_page_is_read() {
    for of in [BUCKETS, CHANNELS] {
        let shard = shard(of, move |address, request| {
            let second = request.url.query().is_some_and(|query| query.contains("pageToken=b"));
            let [one, other] = items(of);
            let body = match (address == of.address, second) {
                (true, false) => json!({(of.field): [one], "nextPageToken": "b"}),
                (true, true) => json!({(of.field): [other]}),
                (false, _) => return None,
            };
            Some(ResponseTemplate::new(200).set_body_json(body))
        })
        .await;
        assert_eq!(found(&shard), uids(of));
        assert_eq!((shard.coverage.state, shard.coverage.listed), (CoverageState::Complete, true));
        assert_eq!(shard.coverage.calls[of.permission], 2);
        assert!(!format!("{shard:?}").contains("CANARY"), "{shard:?}");
    }
}

#[tokio::test]
async fn the_inventory_has_them_under_the_same_names() {
    for of in [BUCKETS, CHANNELS] {
        let shard = shard(of, move |address, request| {
            let asks = |what: &str| request.url.query().is_some_and(|query| query.contains(what));
            let assets = items(of).map(|data| {
                let name = format!("//{}.googleapis.com/{}", of.service, data["name"].as_str().unwrap());
                json!({"name": name, "assetType": of.asset_type, "resource": {"data": data, "location": "global"}})
            });
            let body = match (address.ends_with("/assets"), asks("contentType=RESOURCE")) {
                (true, true) => json!({ "assets": assets }),
                (true, false) => json!({}),
                (false, _) => return None,
            };
            Some(ResponseTemplate::new(200).set_body_json(body))
        })
        .await;
        assert_eq!(found(&shard), uids(of));
        assert_eq!(shard.coverage.state, CoverageState::Complete);
        assert!(!shard.coverage.calls.contains_key(of.permission), "{:?}", shard.coverage.calls);
        assert!(!format!("{shard:?}").contains("CANARY"), "{shard:?}");
    }
}

#[tokio::test]
async fn none_is_an_answer() {
    for of in [BUCKETS, CHANNELS] {
        let shard = shard(of, |_, _| None).await;
        assert_eq!(found(&shard), Vec::<&str>::new());
        assert_eq!((shard.coverage.state, shard.coverage.listed), (CoverageState::Complete, true));
    }
}

#[tokio::test]
async fn a_refusal_is_said_and_leaves_the_others() {
    for of in [BUCKETS, CHANNELS] {
        let shard = shard(of, move |address, _| {
            (address == of.address).then(|| refusal(403, "PERMISSION_DENIED", "IAM_PERMISSION_DENIED"))
        })
        .await;
        assert_eq!((shard.coverage.state, shard.coverage.listed), (CoverageState::Partial, false));
        let errors = shard.coverage.errors.iter();
        let missing: Vec<_> = errors.map(|error| (error.api.as_str(), error.permission.as_deref())).collect();
        assert_eq!(missing, [(of.permission, Some(of.permission))]);
    }
}
