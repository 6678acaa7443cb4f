//! What Google's APIs and its inventory answer, and what an estate may not say.

use serde_json::{Value, json};

use crate::address::changed;
use crate::client::{Reply, get, send};
use crate::{Fault, GoogleEstate, GoogleServer, Misbehaviour};

const RUN: &str = "run.googleapis.com";
const SERVICE: &str = "/v2/projects/shop/locations/europe-west1/services";
const ASSETS: &str = "cloudasset.googleapis.com";

fn shop() -> Value {
    let service = |name: &str| {
        json!({"host": RUN, "path": format!("{SERVICE}/{name}"),
            "body": {"name": format!("{}/{name}", &SERVICE[4..]), "ingress": "INGRESS_TRAFFIC_ALL"}})
    };
    json!({
        "projects": [
            {"projectId": "shop", "name": "projects/100200300400", "parent": "folders/2", "state": "ACTIVE"}, "back",
        ],
        "resources": [
            service("api"), service("b"), service("c"),
            {"host": RUN, "path": format!("{SERVICE}/api:getIamPolicy"),
                "body": {"bindings": [{"role": "roles/run.invoker", "members": ["allUsers"]}]}},
            {"host": "cloudresourcemanager.googleapis.com", "path": "/v3/folders/2",
                "body": {"name": "folders/2", "parent": "organizations/3", "displayName": "shops"}},
            {"host": "storage.googleapis.com", "path": "/storage/v1/b/orders",
                "body": {"name": "orders", "location": "EU", "projectNumber": "100200300400"}},
            {"host": "compute.googleapis.com", "path": "/compute/v1/projects/shop/global/backendServices/web",
                "body": {"name": "web", "securityPolicy": "x"}},
            {"host": "iam.googleapis.com", "path": "/v1/projects/shop/serviceAccounts/a@shop.iam.gserviceaccount.com",
                "body": {"email": "a@shop.iam.gserviceaccount.com", "uniqueId": "117",
                    "name": "projects/shop/serviceAccounts/a@shop.iam.gserviceaccount.com"}},
            {"host": "iam.googleapis.com",
                "path": "/v1/projects/shop/serviceAccounts/a@shop.iam.gserviceaccount.com:getIamPolicy",
                "body": {"bindings": [{"role": "roles/iam.serviceAccountUser", "members": ["user:b@example.test"]}]}},
            {"host": "cloudtasks.googleapis.com", "path": "/v2/projects/shop/locations/europe-west1/queues/q",
                "body": {"name": "projects/shop/locations/europe-west1/queues/q", "state": "RUNNING"}},
        ],
        "disabled": [{"project": "back", "host": RUN}, "workflows.googleapis.com"],
    })
}

async fn started(misbehaviour: Misbehaviour) -> GoogleServer {
    GoogleServer::start(GoogleEstate::planted(&shop()).unwrap(), misbehaviour).await
}

async fn read(server: &GoogleServer, host: &str, path: &str) -> Reply {
    get(&server.endpoint(), path, &[("x-original-host", host), ("authorization", "Bearer simulated")]).await
}

fn reason(reply: &Reply) -> (u16, &str) {
    let error = &reply.body["error"];
    let older = error["errors"][0]["reason"].as_str();
    (
        reply.status,
        error["details"][0]["reason"].as_str().or(older).or(error["status"].as_str()).unwrap_or_default(),
    )
}

fn names(list: &Value) -> Vec<&str> {
    list.as_array()
        .unwrap()
        .iter()
        .map(|item| item["name"].as_str().unwrap().rsplit('/').next().unwrap())
        .collect()
}

/// Holds an answer against the description of what is answered there.
fn as_published(host: &str, method: &str, path: &str, body: &Value) {
    let parts: Vec<&str> = path.split('/').collect();
    let (document, read) = super::read(host, method, &parts).unwrap();
    let mut wrong = Vec::new();
    document.check(body, &read.kind, path, &mut wrong);
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn what_google_does_not_publish_is_refused() {
    GoogleEstate::planted(&shop()).unwrap();
    GoogleEstate::seeded(7, 2, 30, 200);
    let wrong = |pointer: &str, value: Value| {
        let mut shop = shop();
        changed(&mut shop, pointer, Some(&value));
        GoogleEstate::planted(&shop).unwrap_err().0.join("\n")
    };
    let at = format!("google {RUN}{SERVICE}/api");
    assert_eq!(
        wrong("/resources/0/body/public", json!(true)),
        format!("{at}.public: GoogleCloudRunV2Service of run.v2 has no such field")
    );
    assert_eq!(
        wrong("/resources/0/body/labels", json!(["a"])),
        format!("{at}.labels: an object is wanted, and not [\"a\"]")
    );
    assert!(
        wrong("/resources/0/body/ingress", json!("ingress_traffic_all"))
            .contains("one of INGRESS_TRAFFIC_UNSPECIFIED")
    );
    assert!(wrong("/resources/0/body/description", Value::Null).contains("a text is wanted, and not null"));
    assert!(
        wrong("/resources/0/path", json!("/v9/projects/shop/services/x"))
            .contains("no read of the discovery")
    );
    assert!(
        wrong("/resources/1/path", json!(format!("{SERVICE}/api"))).contains("another one of this address")
    );
    assert!(
        wrong("/resources/0/body/name", json!("projects/shop/locations/europe-west1/services/x"))
            .contains("by its address")
    );
    assert!(wrong("/projects/0/projectId", json!("elsewhere")).contains("there is no project shop"));
    assert!(wrong("/tokens", json!([])).contains("an estate has projects, resources"));
}

#[tokio::test]
async fn resources_and_lists_are_read_by_host_and_path() {
    let server = started(Misbehaviour::default()).await;
    assert_eq!(read(&server, RUN, &format!("{SERVICE}/api")).await.body["ingress"], "INGRESS_TRAFFIC_ALL");
    let listed = read(&server, RUN, SERVICE).await;
    assert_eq!(names(&listed.body["services"]), ["api", "b", "c"]);
    let by_number = read(&server, RUN, "/v2/projects/100200300400/locations/europe-west1/services").await;
    assert_eq!(by_number.body, listed.body);
    let none = read(&server, RUN, "/v2/projects/shop/locations/europe-west1/jobs").await;
    assert_eq!((none.status, none.body), (200, json!({})), "what is empty is left out");
    assert_eq!(reason(&read(&server, RUN, &format!("{SERVICE}/none")).await), (404, "NOT_FOUND"));
    assert_eq!(read(&server, RUN, &format!("{SERVICE}/api/revisions")).await.body, json!({}));
    assert_eq!(reason(&read(&server, RUN, &format!("{SERVICE}/none/revisions")).await), (404, "NOT_FOUND"));
    let buckets = async |project: &str| {
        read(&server, "storage.googleapis.com", &format!("/storage/v1/b?project={project}")).await.body
    };
    assert_eq!(names(&buckets("shop").await["items"]), ["orders"]);
    assert_eq!(buckets("back").await, json!({}));
    let all =
        read(&server, "compute.googleapis.com", "/compute/v1/projects/shop/aggregated/backendServices").await;
    assert_eq!(names(&all.body["items"]["global"]["backendServices"]), ["web"]);
    assert_eq!(server.seen().calls["run.projects.locations.services.list"], 2);
    assert!(server.seen().unknown.is_empty(), "{:?}", server.seen().unknown);
    assert_eq!(read(&server, RUN, "/v7/services").await.status, 404);
    assert_eq!(server.seen().unknown.keys().collect::<Vec<_>>(), ["GET run.googleapis.com/v7/services"]);
    assert_eq!(
        read(&server, RUN, "/v2/projects/shop/locations/europe-west1/services?where=x").await.status,
        400
    );
}

#[tokio::test]
async fn services_have_locations_and_few_list_all_of_them_at_once() {
    let mut shop = shop();
    let function = "projects/shop/locations/asia-east1/functions/resize";
    let planted = json!({"host": "cloudfunctions.googleapis.com", "path": format!("/v2/{function}"),
        "body": {"name": function, "environment": "GEN_2"}});
    shop["resources"].as_array_mut().unwrap().push(planted);
    let job = "projects/shop/locations/africa-south1/jobs/j";
    let planted = json!({"host": RUN, "path": format!("/v2/{job}"), "body": {"name": job}});
    shop["resources"].as_array_mut().unwrap().push(planted);
    for bucket in ["europe-west1/buckets/audit", "global/buckets/_Default"] {
        let bucket = format!("projects/shop/locations/{bucket}");
        let planted = json!({"host": "logging.googleapis.com", "path": format!("/v2/{bucket}"),
            "body": {"name": bucket, "retentionDays": 30, "lifecycleState": "ACTIVE"}});
        shop["resources"].as_array_mut().unwrap().push(planted);
    }
    let server = GoogleServer::start(GoogleEstate::planted(&shop).unwrap(), Misbehaviour::default()).await;
    let places = async |host: &str, version: &str| {
        let path = format!("/{version}/projects/shop/locations");
        let body = read(&server, host, &path).await.body;
        as_published(host, "GET", path.trim_start_matches('/'), &body);
        let places = body["locations"].as_array().unwrap().clone();
        places.iter().map(|place| place["locationId"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let tasks = places("cloudtasks.googleapis.com", "v2").await;
    assert_eq!(tasks, ["europe-west1", "us-central1"], "some that every service has");
    let run = places(RUN, "v1").await;
    assert_eq!(run, ["africa-south1", "europe-west1", "us-central1"], "version 1 tells of version 2's");
    assert_eq!(read(&server, RUN, "/v2/projects/shop/locations").await.status, 404, "not published");
    for (host, list) in [
        (RUN, "/v2/projects/shop/locations/-/services"),
        (RUN, "/v2/projects/shop/locations/-/jobs"),
        (RUN, "/v2/projects/shop/locations/-/workerPools"),
        ("cloudtasks.googleapis.com", "/v2/projects/shop/locations/-/queues"),
        ("eventarc.googleapis.com", "/v1/projects/shop/locations/-/triggers"),
        ("artifactregistry.googleapis.com", "/v1/projects/shop/locations/-/repositories"),
    ] {
        assert_eq!(reason(&read(&server, host, list).await), (400, "INVALID_ARGUMENT"), "{host}{list}");
    }
    let all = read(&server, "cloudfunctions.googleapis.com", "/v2/projects/shop/locations/-/functions").await;
    assert_eq!(names(&all.body["functions"]), ["resize"]);
    let all = read(&server, "logging.googleapis.com", "/v2/projects/shop/locations/-/buckets").await;
    assert_eq!(names(&all.body["buckets"]), ["audit", "_Default"]);
    as_published("logging.googleapis.com", "GET", "v2/projects/shop/locations/-/buckets", &all.body);
}

#[tokio::test]
async fn policies_are_planted_or_empty() {
    let server = started(Misbehaviour::default()).await;
    let policy = async |name: &str| read(&server, RUN, &format!("{SERVICE}/{name}:getIamPolicy")).await;
    assert_eq!(policy("api").await.body["bindings"][0]["members"], json!(["allUsers"]));
    assert_eq!(policy("b").await.body, json!({"etag": "ACAB"}));
    assert_eq!(policy("none").await.status, 404);
    let accounts = read(&server, "iam.googleapis.com", "/v1/projects/shop/serviceAccounts").await;
    assert_eq!(
        names(&accounts.body["accounts"]),
        ["a@shop.iam.gserviceaccount.com"],
        "a policy is no account"
    );
    let by_number = read(&server, "iam.googleapis.com", "/v1/projects/shop/serviceAccounts/117").await;
    assert_eq!(by_number.body["email"], "a@shop.iam.gserviceaccount.com");
    let bucket = read(&server, "storage.googleapis.com", "/storage/v1/b/orders/iam").await;
    assert_eq!(bucket.body["kind"], "storage#policy");
}

#[tokio::test]
async fn projects_are_found_and_stand_below_folders() {
    let server = started(Misbehaviour::default()).await;
    let manager = "cloudresourcemanager.googleapis.com";
    let found = read(&server, manager, "/v3/projects:search").await;
    assert_eq!(found.body["projects"].as_array().unwrap().len(), 2);
    let below = read(&server, manager, "/v3/projects:search?query=parent:folders/2").await;
    assert_eq!(below.body["projects"][0]["projectId"], "shop");
    let folders = read(&server, manager, "/v3/folders?parent=organizations/3").await;
    assert_eq!(folders.body["folders"][0]["displayName"], "shops");
    let headers = [("x-original-host", manager), ("authorization", "Bearer simulated")];
    let above = send(&server.endpoint(), "POST", "/v1/projects/shop:getAncestry", &headers, "{}").await;
    let kinds: Vec<_> =
        above.body["ancestor"].as_array().unwrap().iter().map(|one| &one["resourceId"]["type"]).collect();
    assert_eq!(kinds, ["project", "folder", "organization"]);
    as_published(manager, "POST", "v1/projects/shop:getAncestry", &above.body);
    let billed = read(&server, "cloudbilling.googleapis.com", "/v1/projects/shop/billingInfo").await;
    assert_eq!(billed.body["projectId"], "shop");
    as_published("cloudbilling.googleapis.com", "GET", "v1/projects/shop/billingInfo", &billed.body);
}

#[tokio::test]
async fn the_inventory_shows_the_same_estate_and_is_as_published() {
    let server = started(Misbehaviour::default()).await;
    let list = async |path: &str| read(&server, ASSETS, path).await.body["assets"].clone();
    let all = list("/v1/projects/shop/assets?contentType=RESOURCE").await;
    let expected = ["shop", "web", "117", "orders", "api", "b", "c", "q"];
    let mut found = names(&all);
    found[0] = "shop";
    found.sort_unstable();
    let mut expected = expected.to_vec();
    expected.sort_unstable();
    assert_eq!(found, expected);
    as_published(ASSETS, "GET", "v1/projects/shop/assets", &json!({"assets": all}));

    let types = "assetTypes=run.googleapis.com/Service&assetTypes=storage.googleapis.com/Bucket";
    let some = list(&format!("/v1/projects/100200300400/assets?contentType=RESOURCE&{types}")).await;
    assert_eq!(names(&some), ["api", "b", "c", "orders"]);
    assert_eq!(
        some[0]["resource"]["data"]["apiVersion"], "serving.knative.dev/v1",
        "not the form of version 2"
    );
    assert_eq!(some[3]["resource"]["data"]["location"], "EU");
    assert_eq!(some[0]["ancestors"], json!(["projects/100200300400", "folders/2", "organizations/3"]));
    let policies = list("/v1/organizations/3/assets?contentType=IAM_POLICY").await;
    assert_eq!(names(&policies), ["117", "api"]);
    assert_eq!(policies[1]["iamPolicy"]["bindings"][0]["role"], "roles/run.invoker");
    let strange = read(&server, ASSETS, "/v1/projects/shop/assets?assetTypes=run.googleapis.com/Storm").await;
    assert_eq!(strange.status, 400);
}

#[test]
fn what_the_inventory_says_of_cloud_run_is_as_its_version_1_publishes_it() {
    let pod = json!({
        "serviceAccount": "a@shop.iam.gserviceaccount.com", "executionEnvironment": "EXECUTION_ENVIRONMENT_GEN2",
        "encryptionKey": "projects/shop/locations/l/keyRings/k/cryptoKeys/f", "timeout": "300s",
        "vpcAccess": {"egress": "ALL_TRAFFIC", "networkInterfaces": [{"network": "main"}]},
        "containers": [{
            "image": "europe-docker.pkg.dev/shop/app/web:1", "resources": {"limits": {"cpu": "1"}, "cpuIdle": true},
            "env": [{"name": "STAGE", "value": "live"}, {"name": "DB",
                "valueSource": {"secretKeyRef": {"secret": "projects/900/secrets/db", "version": "3"}}}],
            "volumeMounts": [{"name": "keys", "mountPath": "/keys"}],
        }],
        "volumes": [{"name": "keys", "secret": {"secret": "key", "items": [{"path": "a", "version": "1"}]}},
            {"name": "sql", "cloudSqlInstance": {"instances": ["shop:l:db"]}},
            {"name": "files", "gcs": {"bucket": "orders", "readOnly": true}}],
    });
    let mut template = pod.clone();
    template["scaling"] = json!({"maxInstanceCount": 20});
    let name = format!("{}/api", &SERVICE[4..]);
    let service = json!({
        "name": name, "ingress": "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER", "invokerIamDisabled": true,
        "binaryAuthorization": {"useDefault": true}, "labels": {"team": "shop"}, "uri": "https://api.example.test",
        "template": template, "traffic": [{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 100},
            {"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", "revision": "api-1", "tag": "old"}],
        "latestReadyRevision": format!("{name}/revisions/api-2"),
    });
    let job =
        json!({"name": "projects/shop/locations/l/jobs/j", "template": {"taskCount": 2, "template": pod}});
    as_published(RUN, "GET", "v2/projects/p/locations/l/services/s", &service);
    as_published(RUN, "GET", "v2/projects/p/locations/l/jobs/j", &job);
    let written = super::knative::written(&service, "Service", "100200300400");
    as_published(RUN, "GET", "apis/serving.knative.dev/v1/namespaces/p/services/s", &written);
    let notes = &written["metadata"]["annotations"];
    assert_eq!(notes["run.googleapis.com/ingress"], "internal-and-cloud-load-balancing");
    assert_eq!(notes["run.googleapis.com/invoker-iam-disabled"], "true");
    assert_eq!(notes["run.googleapis.com/binary-authorization"], "default");
    let template = &written["spec"]["template"];
    let notes = &template["metadata"]["annotations"];
    assert_eq!(notes["autoscaling.knative.dev/maxScale"], "20");
    assert_eq!(notes["run.googleapis.com/vpc-access-egress"], "all-traffic");
    assert_eq!(notes["run.googleapis.com/network-interfaces"], "[{\"network\":\"main\"}]");
    assert_eq!(notes["run.googleapis.com/secrets"], "db:projects/900/secrets/db");
    assert_eq!(notes["run.googleapis.com/cloudsql-instances"], "shop:l:db");
    assert_eq!(template["spec"]["timeoutSeconds"], 300);
    assert_eq!(
        template["spec"]["containers"][0]["env"][1]["valueFrom"]["secretKeyRef"],
        json!({"name": "db", "key": "3"})
    );
    assert_eq!(template["spec"]["volumes"].as_array().unwrap().len(), 2);
    assert_eq!(
        written["spec"]["traffic"],
        json!([{"percent": 100, "latestRevision": true}, {"tag": "old", "revisionName": "api-1"}])
    );
    assert_eq!(written["status"]["latestReadyRevisionName"], "api-2");
    let written = super::knative::written(&job, "Job", "100200300400");
    as_published(RUN, "GET", "apis/run.googleapis.com/v1/namespaces/p/jobs/j", &written);
    assert_eq!(written["spec"]["template"]["spec"]["taskCount"], 2);
}

#[tokio::test]
async fn pages_are_followed_by_token() {
    let server = GoogleServer::start(GoogleEstate::seeded(7, 1, 20, 100), Misbehaviour::default()).await;
    let mut found = Vec::new();
    let mut token = String::new();
    loop {
        let path = format!("/v1/projects/shop-7-0/assets?contentType=RESOURCE&pageSize=30&pageToken={token}");
        let page = read(&server, ASSETS, &path).await.body;
        found.push(page["assets"].as_array().unwrap().len());
        let Some(next) = page["nextPageToken"].as_str() else { break };
        token = next.to_owned();
    }
    assert_eq!(found, [30, 30, 30, 10]);
    assert_eq!(read(&server, ASSETS, "/v1/projects/shop-7-0/assets?pageToken=x").await.status, 400);
    server.misbehave(Misbehaviour::default().always("cloudasset.assets.list", Fault::RepeatedToken));
    let again = "/v1/projects/shop-7-0/assets?pageSize=30&pageToken=again";
    assert_eq!(read(&server, ASSETS, again).await.body["nextPageToken"], "again");
}

#[tokio::test]
async fn what_is_switched_off_is_not_what_is_denied() {
    let server = started(Misbehaviour::default()).await;
    let services = |project: &str| format!("/v2/projects/{project}/locations/europe-west1/services");
    assert_eq!(reason(&read(&server, RUN, &services("back")).await), (403, "SERVICE_DISABLED"));
    assert_eq!(read(&server, RUN, &services("shop")).await.status, 200);
    let flows =
        read(&server, "workflows.googleapis.com", "/v1/projects/shop/locations/us-central1/workflows").await;
    assert_eq!(reason(&flows), (403, "SERVICE_DISABLED"));
    assert_eq!(reason(&read(&server, RUN, &services("unseen")).await), (403, "CONSUMER_INVALID"));
    let faulty = async |fault: Fault, host: &str, path: &str| {
        server.misbehave(Misbehaviour::default().always("*", fault));
        let reply = read(&server, host, path).await;
        let (status, reason) = reason(&reply);
        (status, reason.to_owned())
    };
    let denied = |status: u16, reason: &str| (status, reason.to_owned());
    assert_eq!(faulty(Fault::Denied, RUN, &services("shop")).await, denied(403, "IAM_PERMISSION_DENIED"));
    assert_eq!(
        faulty(Fault::Throttled(None), RUN, &services("shop")).await,
        denied(429, "RATE_LIMIT_EXCEEDED")
    );
    assert_eq!(
        faulty(Fault::ExpiredCredentials, RUN, &services("shop")).await,
        denied(401, "ACCESS_TOKEN_EXPIRED")
    );
    let bucket = "/storage/v1/b/orders";
    let storage = "storage.googleapis.com";
    assert_eq!(faulty(Fault::ApiDisabled, storage, bucket).await, denied(403, "accessNotConfigured"));
    assert_eq!(faulty(Fault::Denied, storage, bucket).await, denied(403, "forbidden"));
}

#[tokio::test]
async fn tokens_are_given_and_a_machine_tells_of_itself() {
    let server = started(Misbehaviour::default()).await;
    assert_eq!(
        get(&server.endpoint(), &format!("{SERVICE}/api"), &[("x-original-host", RUN)]).await.status,
        401
    );
    let token = async |form: &str| send(&server.endpoint(), "POST", "/token", &[], form).await;
    assert_eq!(token("grant_type=refresh_token&refresh_token=x").await.body["access_token"], "simulated");
    let jwt = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=x";
    assert_eq!(token(jwt).await.status, 200);
    assert_eq!(token("grant_type=refresh_token").await.body["error"], "invalid_grant");
    let machine = "/computeMetadata/v1/instance/service-accounts/default/token";
    assert_eq!(get(&server.endpoint(), machine, &[]).await.status, 403);
    let flavour = [("metadata-flavor", "Google")];
    let told = get(&server.endpoint(), machine, &flavour).await;
    assert_eq!(
        (told.body["token_type"].as_str(), told.header("metadata-flavor")),
        (Some("Bearer"), Some("Google"))
    );
    assert_eq!(
        get(&server.endpoint(), "/computeMetadata/v1/project/project-id", &flavour).await.text,
        "shop"
    );
}

#[tokio::test]
async fn listings_of_assets_are_counted_by_the_minute() {
    let server = started(Misbehaviour::default().with_quotas()).await;
    let mut refused = 0;
    for _ in 0..110 {
        refused += u32::from(read(&server, ASSETS, "/v1/projects/shop/assets").await.status == 429);
    }
    assert!((5..=10).contains(&refused), "{refused} of 110 were refused");
    assert_eq!(
        read(&server, ASSETS, "/v1/projects/back/assets").await.status,
        200,
        "each project has its own"
    );
}
