//! What the resource manager and Resource Graph answer, and what an estate may not say.

use serde_json::{Value, json};

use super::arm::versions_are_dates;
use super::kql::Query;
use crate::address::changed;
use crate::client::{Reply, get, send};
use crate::{AZURE_TENANT, AzureEstate, AzureServer, Fault, Misbehaviour};

const SUBSCRIPTION: &str = "34adfa4f-cedf-4dc0-ba29-b6d1a69ab301";
const SITE: &str = "/subscriptions/34adfa4f-cedf-4dc0-ba29-b6d1a69ab301/resourceGroups/shop/providers/Microsoft.Web/sites/orders";
const MANAGER: [(&str, &str); 2] =
    [("x-original-host", "management.azure.com"), ("authorization", "Bearer simulated")];

fn shop() -> Value {
    json!({
        "subscriptions": [SUBSCRIPTION],
        "managementGroups": [{"name": "root"}, {"name": "shops", "parent": "root", "subscriptions": [SUBSCRIPTION]}],
        "resources": [
            {"id": SITE, "name": "orders", "type": "Microsoft.Web/sites", "kind": "functionapp,linux",
                "location": "West Europe", "properties": {"httpsOnly": false, "state": "Running"}},
            {"id": format!("{SITE}/config/web"), "properties": {"minTlsVersion": "1.0"}},
            {"id": format!("{SITE}/config/appsettings"), "properties": {"DB_PASSWORD": "CANARY"}},
            {"id": format!("{SITE}/functions/a"), "properties": {"language": "python"}},
            {"id": format!("{SITE}/functions/b"), "properties": {"language": "python"}},
            {"id": format!("{SITE}/functions/c"), "properties": {"language": "python"}},
            {"id": format!("{SITE}/providers/Microsoft.Insights/diagnosticSettings/all"),
                "properties": {"logs": [{"category": "FunctionAppLogs", "enabled": true}]}},
            {"id": "/providers/Microsoft.Authorization/roleDefinitions/b24988ac-6180-42a0-ab88-20f7382dd24c",
                "properties": {"roleName": "Contributor", "permissions": [{"actions": ["*"]}]}},
            {"id": format!("{SITE}/providers/Microsoft.Authorization/roleAssignments/00000000-0000-4000-8000-000000000001"),
                "properties": {"principalId": "00000000-0000-4000-8000-0000000000aa"}},
            {"id": format!("/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleAssignments/00000000-0000-4000-8000-000000000002"),
                "properties": {"principalId": "00000000-0000-4000-8000-0000000000bb"}},
            {"id": format!("/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Security/pricings/AppServices"),
                "properties": {"pricingTier": "Free"}},
        ],
    })
}

async fn started(misbehaviour: Misbehaviour) -> AzureServer {
    AzureServer::start(AzureEstate::planted(&shop()).unwrap(), misbehaviour).await
}

async fn read(server: &AzureServer, path: &str) -> Reply {
    let mark = if path.contains('?') { '&' } else { '?' };
    get(&server.endpoint(), &format!("{path}{mark}api-version=2020-05-01"), &MANAGER).await
}

async fn asked(server: &AzureServer, query: &str, options: Value) -> Reply {
    let body = json!({"query": query, "subscriptions": [SUBSCRIPTION], "options": options}).to_string();
    let path = "/providers/Microsoft.ResourceGraph/resources?api-version=2021-03-01";
    send(&server.endpoint(), "POST", path, &MANAGER, &body).await
}

fn names(list: &Value) -> Vec<&str> {
    list.as_array()
        .unwrap()
        .iter()
        .map(|item| item["id"].as_str().unwrap().rsplit('/').next().unwrap())
        .collect()
}

#[test]
fn what_azure_does_not_publish_is_refused() {
    assert!(versions_are_dates());
    AzureEstate::planted(&shop()).unwrap();
    AzureEstate::seeded(7, 3, 30);
    let wrong = |pointer: &str, value: Value| {
        let mut shop = shop();
        changed(&mut shop, pointer, Some(&value));
        AzureEstate::planted(&shop).unwrap_err().0.join("\n")
    };
    assert_eq!(
        wrong("/resources/0/properties/httpOnly", json!(true)),
        "azure Microsoft.Web/sites/orders.properties.httpOnly: SiteProperties of Microsoft.Web has no such field"
    );
    assert_eq!(
        wrong("/resources/0/properties/httpsOnly", json!("false")),
        "azure Microsoft.Web/sites/orders.properties.httpsOnly: true or false is wanted, and not \"false\""
    );
    assert!(
        wrong("/resources/0/properties/clientCertMode", json!("Never")).contains("one of Required, Optional")
    );
    assert!(
        wrong("/resources/1/id", json!(format!("{SITE}/settings/web"))).contains("no read of the published")
    );
    assert!(wrong("/resources/0/type", json!("Microsoft.Web/serverfarms")).contains("by its id it is a"));
    assert!(
        wrong("/resources/0/name", json!("payments")).contains("by its id it is orders, and not payments")
    );
    assert!(
        wrong("/resources/4/id", json!(format!("{SITE}/functions/a"))).contains("another one of this id")
    );
    assert!(
        wrong("/subscriptions/0", json!("00000000-0000-4000-8000-000000000009")).contains("no subscription")
    );
    assert!(wrong("/groups", json!([])).contains("an estate has tenant, subscriptions"));
}

#[tokio::test]
async fn resources_and_lists_are_read_by_address_in_any_case() {
    let server = started(Misbehaviour::default()).await;
    let site = read(&server, &SITE.to_ascii_uppercase().replace("/SUBSCRIPTIONS", "/subscriptions")).await;
    assert_eq!((site.status, &site.body["properties"]["httpsOnly"]), (200, &json!(false)));
    assert_eq!(read(&server, &format!("{SITE}/config/web")).await.body["properties"]["minTlsVersion"], "1.0");
    assert_eq!(names(&read(&server, &format!("{SITE}/functions")).await.body["value"]), ["a", "b", "c"]);
    let none = read(&server, &format!("{SITE}/privateEndpointConnections")).await;
    assert_eq!((none.status, &none.body["value"]), (200, &json!([])));
    for (path, code) in [
        (format!("{SITE}/config/authsettingsV2"), "ResourceNotFound"),
        (format!("{SITE}x/functions"), "ResourceNotFound"),
        (
            "/subscriptions/00000000-0000-4000-8000-000000000009/providers/Microsoft.Web/sites".to_owned(),
            "SubscriptionNotFound",
        ),
    ] {
        let reply = read(&server, &path).await;
        assert_eq!((reply.status, reply.body["error"]["code"].as_str()), (404, Some(code)), "{path}");
    }
    let all = read(&server, &format!("/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Web/sites")).await;
    assert_eq!(names(&all.body["value"]), ["orders"]);
    assert_eq!(server.seen().calls["Microsoft.Web/sites/functions/read"], 2);
    assert!(server.seen().unknown.is_empty());
    assert_eq!(read(&server, &format!("{SITE}/secretPlans")).await.status, 404);
    assert_eq!(server.seen().unknown.keys().collect::<Vec<_>>(), ["Microsoft.Web/sites/secretPlans/read"]);
}

#[tokio::test]
async fn what_hangs_on_a_scope_is_found_there_and_below() {
    let server = started(Misbehaviour::default()).await;
    let list = async |path: &str| {
        let body = read(&server, path).await.body;
        names(&body["value"]).into_iter().map(|name| name[name.len() - 3..].to_owned()).collect::<Vec<_>>()
    };
    let subscription = format!("/subscriptions/{SUBSCRIPTION}");
    let assignments = "providers/Microsoft.Authorization/roleAssignments";
    assert_eq!(list(&format!("{SITE}/providers/Microsoft.Insights/diagnosticSettings")).await, ["all"]);
    assert_eq!(list(&format!("{subscription}/{assignments}")).await, ["002", "001"]);
    assert_eq!(list(&format!("{subscription}/{assignments}?$filter=atScope()")).await, ["002"]);
    let of_one = format!(
        "{subscription}/{assignments}?$filter=principalId%20eq%20'00000000-0000-4000-8000-0000000000aa'"
    );
    assert_eq!(list(&of_one).await, ["001"]);
    assert_eq!(list(&format!("{SITE}/{assignments}")).await, ["002", "001"]);
    assert_eq!(
        list(&format!("{subscription}/providers/Microsoft.Authorization/roleDefinitions")).await,
        ["24c"]
    );
    assert_eq!(list(&format!("{subscription}/providers/Microsoft.Security/pricings")).await, ["ces"]);
    let below = read(&server, "/providers/Microsoft.Management/managementGroups/root/descendants").await;
    assert_eq!(names(&below.body["value"]), ["shops", SUBSCRIPTION]);
    assert!(server.seen().unknown.is_empty(), "{:?}", server.seen().unknown);
}

#[tokio::test]
async fn what_management_groups_answer_is_as_published() {
    let server = started(Misbehaviour::default()).await;
    for path in ["", "/shops", "/root/descendants", "/shops/subscriptions"] {
        let path = format!("/providers/Microsoft.Management/managementGroups{path}");
        let body = read(&server, &path).await.body;
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let (document, read) = super::read("GET", &parts).unwrap();
        let mut wrong = Vec::new();
        match document.items(&read.kind) {
            Some((field, item)) => {
                let items = body[field].as_array().unwrap();
                items.iter().for_each(|one| document.check(one, item, &path, &mut wrong));
            }
            None => document.check(&body, &read.kind, &path, &mut wrong),
        }
        assert_eq!(wrong, Vec::<String>::new());
    }
}

#[tokio::test]
async fn pages_are_followed_by_address() {
    let estate = AzureEstate::planted(&shop()).unwrap().with_page_size(2);
    let server = AzureServer::start(estate, Misbehaviour::default()).await;
    let first = read(&server, &format!("{SITE}/functions")).await.body;
    assert_eq!(names(&first["value"]), ["a", "b"]);
    let next = first["nextLink"].as_str().unwrap();
    let path = next.strip_prefix("https://management.azure.com").unwrap();
    let second = get(&server.endpoint(), path, &MANAGER).await.body;
    assert_eq!((names(&second["value"]), second.get("nextLink")), (vec!["c"], None));

    let faults = |fault| Misbehaviour::default().always("GET */functions*", fault);
    server.misbehave(faults(Fault::NextElsewhere));
    let led_away = read(&server, &format!("{SITE}/functions")).await.body;
    assert!(led_away["nextLink"].as_str().unwrap().starts_with("https://management.example.test/"));
    server.misbehave(faults(Fault::RepeatedToken));
    let again = read(&server, &format!("{SITE}/functions")).await.body;
    let path = again["nextLink"].as_str().unwrap().strip_prefix("https://management.azure.com").unwrap();
    assert_eq!(get(&server.endpoint(), path, &MANAGER).await.body, again);
}

#[tokio::test]
async fn a_query_is_answered_in_pages_and_a_strange_one_is_refused() {
    let estate = AzureEstate::seeded(7, 2, 5).with_page_size(2);
    let ids = estate.subscriptions();
    let server = AzureServer::start(estate, Misbehaviour::default()).await;
    let query = "Resources | where type in~ ('microsoft.web/sites') and kind contains 'functionapp' \
                 | project id, name, location, subscriptionId | order by id asc";
    let mut found = Vec::new();
    let mut options = json!({"$top": 1000, "resultFormat": "objectArray"});
    loop {
        let body = json!({"query": query, "subscriptions": ids, "options": options}).to_string();
        let path = "/providers/Microsoft.ResourceGraph/resources?api-version=2021-03-01";
        let page = send(&server.endpoint(), "POST", path, &MANAGER, &body).await;
        assert_eq!((&page.body["totalRecords"], &page.body["resultTruncated"]), (&json!(5), &json!("false")));
        assert!(page.header("x-ms-user-quota-remaining").is_some());
        found.extend(page.body["data"].as_array().unwrap().clone());
        let Some(token) = page.body["$skipToken"].as_str() else { break };
        options["$skipToken"] = json!(token);
    }
    assert_eq!(found.len(), 5);
    assert_eq!(found[0].as_object().unwrap().len(), 4);
    assert_eq!(found[0]["location"], "westeurope");

    let server = started(Misbehaviour::default()).await;
    let whole = asked(&server, "Resources", json!({})).await.body;
    let (document, read) =
        super::read("POST", &["providers", "Microsoft.ResourceGraph", "resources"]).unwrap();
    let mut wrong = Vec::new();
    document.check(&whole, &read.kind, "graph", &mut wrong);
    assert_eq!(wrong, Vec::<String>::new());
    let cut = asked(&server, "Resources | project name", json!({"$top": 0})).await;
    assert_eq!(cut.body["resultTruncated"], "true", "without ids there are no pages");
    for strange in [
        "Resources | summarize count()",
        "Storms",
        "Resources | where type hasnt 'x'",
        "Resources | where (type == 'x'",
    ] {
        let refused = asked(&server, strange, json!({})).await;
        assert_eq!(refused.status, 400, "{strange}: {}", refused.text);
    }
}

#[test]
fn conditions_mean_what_they_mean_in_the_original() {
    let rows = || {
        vec![
            json!({"id": "1", "type": "microsoft.web/sites", "kind": "functionapp,linux", "properties": {"state": "Running"}}),
            json!({"id": "2", "type": "microsoft.web/sites", "kind": "app", "properties": {"state": "Stopped"}}),
            json!({"id": "3", "type": "microsoft.keyvault/vaults", "kind": "", "properties": {}}),
        ]
    };
    for (condition, expected) in [
        ("type =~ 'Microsoft.Web/sites'", vec!["1", "2"]),
        ("type == 'Microsoft.Web/sites'", vec![]),
        (
            "type in~ ('microsoft.keyvault/vaults', 'microsoft.web/sites') and not(kind contains 'FUNCTION')",
            vec!["2", "3"],
        ),
        ("kind has 'app'", vec!["2"]),
        ("isnotempty(kind) and (properties.state != 'Stopped' or kind == 'x')", vec!["1"]),
        ("tolower(properties.state) !in ('running')", vec!["1", "2", "3"]),
        ("isempty(properties.state)", vec!["3"]),
    ] {
        let query = Query::of(&format!("Resources | where {condition}")).unwrap();
        assert_eq!(names(&Value::Array(query.answer(rows()))), expected, "{condition}");
    }
    let columns =
        Query::of("resources | project id, running = properties.state | sort by id desc | take 1").unwrap();
    assert_eq!(columns.answer(rows()), [json!({"id": "3", "running": null})]);
}

#[tokio::test]
async fn tokens_are_given_to_who_signs_in_rightly() {
    let server = started(Misbehaviour::default()).await;
    let token = async |tenant: &str, form: &str| {
        let host = [("x-original-host", "login.microsoftonline.com")];
        send(&server.endpoint(), "POST", &format!("/{tenant}/oauth2/v2.0/token"), &host, form).await
    };
    let right = "grant_type=client_credentials&client_id=a&client_secret=b&scope=https%3A%2F%2Fmanagement.azure.com%2F.default";
    assert_eq!(token(AZURE_TENANT, right).await.body["access_token"], "simulated");
    let assertion = "grant_type=client_credentials&client_id=a&client_assertion=x&client_assertion_type=\
                     urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer";
    assert_eq!(token(AZURE_TENANT, assertion).await.status, 200);
    let other = token("99999999-2222-4333-8444-555555555555", right).await;
    assert!(other.body["error_description"].as_str().unwrap().starts_with("AADSTS90002"));
    assert_eq!(token(AZURE_TENANT, "grant_type=client_credentials&client_id=a").await.status, 401);
    server.misbehave(Misbehaviour::default().always("token", Fault::ExpiredCredentials));
    assert!(token(AZURE_TENANT, right).await.body["error_description"].as_str().unwrap().contains("7000222"));

    let machine =
        "/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https%3A%2F%2Fmanagement.azure.com";
    assert_eq!(get(&server.endpoint(), machine, &[]).await.status, 400);
    let told = get(&server.endpoint(), machine, &[("metadata", "true")]).await.body;
    assert_eq!(told["resource"], "https://management.azure.com");
    assert!(told["expires_on"].is_string());
    let app = "/msi/token?api-version=2019-08-01&resource=https%3A%2F%2Fmanagement.azure.com";
    assert_eq!(get(&server.endpoint(), app, &[("x-identity-header", "x")]).await.status, 200);
}

#[tokio::test]
async fn the_door_is_shut_to_who_names_no_version_or_has_no_token() {
    let server = started(Misbehaviour::default()).await;
    let code = async |path: &str, headers: &[(&str, &str)]| {
        get(&server.endpoint(), path, headers).await.body["error"]["code"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    assert_eq!(code("/subscriptions?api-version=2022-12-01", &MANAGER[..1]).await, "AuthenticationFailed");
    assert_eq!(code("/subscriptions", &MANAGER).await, "MissingApiVersionParameter");
    assert_eq!(code("/subscriptions?api-version=latest", &MANAGER).await, "InvalidApiVersionParameter");
    assert_eq!(code("/subscriptions?api-version=2031-01-01", &MANAGER).await, "NoRegisteredProviderFound");
}

#[tokio::test]
async fn quotas_are_told_and_kept() {
    let server = started(Misbehaviour::default().with_quotas()).await;
    let path = format!("{SITE}/config/web");
    let first = read(&server, &path).await;
    assert_eq!(first.header("x-ms-ratelimit-remaining-subscription-reads"), Some("249"));
    let mut refused = None;
    for _ in 0..400 {
        let reply = read(&server, &path).await;
        if reply.status == 429 {
            refused = Some(reply);
            break;
        }
    }
    let refused = refused.expect("400 calls at once are more than 250");
    assert_eq!(refused.body["error"]["code"], "SubscriptionRequestsThrottled");
    assert!(refused.header("retry-after").is_some());
    assert_eq!(read(&server, "/subscriptions").await.status, 200, "the tenant has a bucket of its own");
    for left in (0..15).rev() {
        let page = asked(&server, "Resources | project id", json!({})).await;
        assert_eq!(page.header("x-ms-user-quota-remaining"), Some(left.to_string().as_str()));
    }
    let refused = asked(&server, "Resources | project id", json!({})).await;
    assert_eq!((refused.status, refused.header("x-ms-user-quota-resets-after")), (429, Some("00:00:05")));
    assert_eq!(refused.body["error"]["code"], "RateLimiting");
    assert!(server.seen().throttled["Microsoft.ResourceGraph/resources/read"] == 1);
}

#[tokio::test]
async fn it_misbehaves_by_permission_by_address_and_by_name() {
    let server = started(Misbehaviour::default()).await;
    let code = async |rules: Misbehaviour, path: &str| {
        server.misbehave(rules);
        let reply = read(&server, path).await;
        (reply.status, reply.body["error"]["code"].as_str().unwrap_or_default().to_owned())
    };
    let web = format!("{SITE}/config/web");
    let rules = || Misbehaviour::default();
    let ok = (200, String::new());
    assert_eq!(
        code(rules().always("Microsoft.Web/sites/config/read", Fault::Denied), &web).await.1,
        "AuthorizationFailed"
    );
    assert_eq!(code(rules().always("GET */CONFIG/*", Fault::Denied), &web).await.1, "AuthorizationFailed");
    assert_eq!(code(rules().about("*", "payments", Fault::Denied), &web).await, ok);
    assert_eq!(
        code(rules().about("*", "ORDERS", Fault::ApiDisabled), &web).await.1,
        "MissingSubscriptionRegistration"
    );
    assert_eq!(
        code(rules().always("*", Fault::ExpiredCredentials), &web).await,
        (401, "ExpiredAuthenticationToken".to_owned())
    );
    let told = Fault::Refused(403, "DisabledSubscription".to_owned(), "It is disabled.".to_owned());
    assert_eq!(code(rules().always("*", told), &web).await.1, "DisabledSubscription");
    server.forget();
    let twice = rules().first_tries("*", 2, Fault::Throttled(None));
    assert_eq!(code(twice.clone(), &web).await.0, 429);
    assert_eq!(code(twice.clone(), &web).await.0, 429);
    assert_eq!(code(twice, &web).await, ok);
    server.misbehave(rules().always("*", Fault::Changed("/properties/minTlsVersion".to_owned(), None)));
    assert_eq!(read(&server, &web).await.body["properties"], json!({}));
}

#[tokio::test]
async fn what_holds_secrets_is_asked_for_with_post() {
    let server = started(Misbehaviour::default()).await;
    let path = format!("{SITE}/config/appsettings/list?api-version=2024-11-01");
    let listed = send(&server.endpoint(), "POST", &path, &MANAGER, "{}").await;
    assert_eq!(listed.body["properties"]["DB_PASSWORD"], "CANARY");
    assert_eq!(server.seen().calls["Microsoft.Web/sites/config/list/action"], 1);
}
