//! What the server answers, against what was observed of a real one.

use serde_json::{Value, json};

use crate::client::{Reply, get};
use crate::fnproject::{cursor_of, cursor_read};
use crate::{Fault, FnEstate, FnServer, Misbehaviour};

fn shop() -> Value {
    json!({
        "apps": [{"id": "A1", "name": "payments", "config": {"LOG_LEVEL": "info"}}, {"id": "A2", "name": "reports"}],
        "fns": [{"id": "F1", "name": "charge", "app_id": "A1", "image": "example.test/charge:1", "memory": 128}],
        "triggers": [{"id": "T1", "name": "pay", "app_id": "A1", "fn_id": "F1", "type": "http", "source": "/pay"}],
    })
}

async fn started(estate: FnEstate, misbehaviour: Misbehaviour) -> FnServer {
    FnServer::start(estate, misbehaviour).await
}

#[test]
fn a_cursor_is_the_name_in_base64_without_padding() {
    assert_eq!(cursor_of("page-04"), "cGFnZS0wNA");
    assert_eq!(cursor_read("cGFnZS0wNA").as_deref(), Some("page-04"));
    assert_eq!(cursor_read("notbase64!!"), None);
}

#[test]
fn what_the_api_does_not_have_is_refused() {
    assert!(FnEstate::planted(&shop()).is_ok());
    let with = |pointer: &str, value: Value| {
        let mut shop = shop();
        crate::address::changed(&mut shop, pointer, Some(&value));
        FnEstate::planted(&shop).unwrap_err().0.join("\n")
    };
    assert_eq!(
        with("/fns/0/runtime", json!("python")),
        "fn.fns.charge.runtime: Fn of swagger_v2 has no such field"
    );
    assert_eq!(
        with("/fns/0/memory", json!("128")),
        "fn.fns.charge.memory: a whole number is wanted, and not \"128\""
    );
    assert_eq!(with("/fns/0/app_id", json!("A9")), "fn.fns.charge: no app has the id \"A9\"");
    assert_eq!(with("/routes", json!([])), "fn.routes: an estate has token, apps, fns and triggers");
}

#[tokio::test]
async fn lists_are_paged_and_a_full_page_leads_to_an_empty_one() {
    let server = started(FnEstate::seeded(7, 60, 120), Misbehaviour::default()).await;
    let mut address = "/v2/apps".to_owned();
    let mut pages = Vec::new();
    loop {
        let Reply { status, body, .. } = get(&server.endpoint(), &address, &[]).await;
        assert_eq!(status, 200);
        pages.push(body["items"].as_array().unwrap().len());
        let Some(cursor) = body["next_cursor"].as_str() else { break };
        address = format!("/v2/apps?cursor={cursor}");
    }
    assert_eq!(pages, [30, 30, 0]);
    let of_one =
        get(&server.endpoint(), "/v2/fns?app_id=01SEED0007A000000000000003&per_page=1000", &[]).await;
    assert_eq!(of_one.body["items"].as_array().unwrap().len(), 2);
    assert_eq!(server.seen().calls["ListApps"], 3);
    assert_eq!(server.seen().lines.len(), 4);
}

#[tokio::test]
async fn errors_are_those_of_a_real_server() {
    let server = started(FnEstate::planted(&shop()).unwrap(), Misbehaviour::default()).await;
    let message = async |path: &str| {
        let reply = get(&server.endpoint(), path, &[]).await;
        (reply.status, reply.body["message"].as_str().unwrap_or(&reply.text).to_owned())
    };
    assert_eq!(message("/v2/fns").await, (400, "Missing AppID on Fn".to_owned()));
    assert_eq!(message("/v2/fns/nope").await, (404, "Fn not found".to_owned()));
    assert_eq!(message("/v2/apps?cursor=!").await, (500, "internal server error".to_owned()));
    assert_eq!(message("/v1/apps").await, (404, "Path not found: GET /v1/apps".to_owned()));
    assert_eq!(message("/v2/triggers").await.1.lines().count(), 2);
    assert_eq!(server.seen().unknown.keys().collect::<Vec<_>>(), ["GET /v1/apps"]);
}

#[tokio::test]
async fn a_token_is_wanted_where_one_was_planted() {
    let mut shop = shop();
    shop["token"] = json!("let me in");
    let server = started(FnEstate::planted(&shop).unwrap(), Misbehaviour::default()).await;
    assert_eq!(get(&server.endpoint(), "/v2/apps", &[]).await.status, 401);
    let bearer = [("authorization", "Bearer let me in")];
    assert_eq!(get(&server.endpoint(), "/v2/apps", &bearer).await.status, 200);
    assert_eq!(get(&server.endpoint(), "/version", &[]).await.body, json!({"version": "0.3.753"}));
}

#[tokio::test]
async fn it_misbehaves_on_order() {
    let server = started(FnEstate::planted(&shop()).unwrap(), Misbehaviour::default()).await;
    let told = async |fault: Fault| {
        server.misbehave(Misbehaviour::default().always("*/v2/apps*", fault));
        get(&server.endpoint(), "/v2/apps", &[]).await
    };
    assert!(told(Fault::Html).await.text.starts_with("<!DOCTYPE html>"));
    let throttled = told(Fault::Throttled(Some(3))).await;
    assert_eq!((throttled.status, throttled.header("retry-after")), (429, Some("3")));
    let first = told(Fault::RepeatedToken).await.body;
    let next = format!("/v2/apps?cursor={}", first["next_cursor"].as_str().unwrap());
    assert_eq!(get(&server.endpoint(), &next, &[]).await.body, first);
    let odd = told(Fault::Changed("/items/*/shape".to_owned(), Some(json!("GENERIC_Z80")))).await;
    assert_eq!(odd.body["items"][1]["shape"], "GENERIC_Z80");
    assert_eq!(
        get(&server.endpoint(), "/v2/fns?app_id=A1", &[]).await.status,
        200,
        "nothing else is touched"
    );
}
