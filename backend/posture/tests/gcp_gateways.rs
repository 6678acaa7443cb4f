//! Gateways of Google Cloud: who is let in and what stands behind, with a failure beside each success.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[expect(dead_code, reason = "the other tests use more of it")]
mod gcp;
#[expect(dead_code, reason = "the other tests and the bench use more of it")]
mod shop;

use gcp::{function, function_uid, invoker, project, resource, service, service_uid};
use nephoscope_model::Resource;
use nephoscope_model::finding::Exposure::{Internal, Internet, Unknown};
use serde_json::{Value, json};
use shop::{exposure, known, unknown, unread};

const CONFIG: &str =
    "//apigateway.googleapis.com/projects/111122223333/locations/global/apis/edge/configs/v1";
const GATEWAY: &str =
    "//apigateway.googleapis.com/projects/111122223333/locations/europe-west1/gateways/edge";

fn config(document: Value) -> Resource {
    let documents = json!({"documents": [{"path": "openapi.yaml", "document": document}]});
    resource("gcp.apigateway.config", CONFIG, json!({"config": {}, "openapi": documents}))
}

fn gateway() -> Resource {
    // Google names the project by its number here and by its id there.
    let served = "projects/100200300/locations/global/apis/edge/configs/v1";
    resource("gcp.apigateway.gateway", GATEWAY, json!({"gateway": {"apiConfig": served}, "policy": null}))
}

/// A document with one GET before the service, locked by these schemes.
fn locked(security: Value) -> Value {
    let backend = json!({"address": "https://web-abc.a.run.app/orders"});
    let get = json!({"security": security, "x-google-backend": backend});
    json!({
        "swagger": "2.0",
        "paths": {"/orders": {"get": get, "options": {"security": []}}},
        "security": [{"users": []}],
        "securityDefinitions": {
            "key": {"type": "apiKey", "name": "key", "in": "query"},
            "users": {"type": "oauth2", "x-google-issuer": "https://issuer.example"},
            "google": {"type": "oauth2", "x-google-issuer": "https://accounts.google.com"},
        },
    })
}

/// A service that lets in the gateway alone.
fn private() -> Resource {
    service(json!({}), invoker("serviceAccount:gateway@111122223333.iam.gserviceaccount.com"))
}

#[test]
fn operations_are_open_locked_or_keyed() {
    let of = |security: Value, name: &str| {
        known(&project(vec![config(locked(security)), gateway()]), CONFIG, name)
    };
    let get = json!([{"path": "/orders", "method": "GET", "backend": "https://web-abc.a.run.app/orders"}]);
    assert_eq!(of(json!([]), "open_operations"), get, "and the preflight does not count");
    assert_eq!(
        of(json!([{"users": []}, {}]), "open_operations"),
        get,
        "an empty alternative asks for nothing"
    );
    for security in [json!([{"key": []}]), json!([{"users": []}]), json!([{"users": [], "key": []}])] {
        assert_eq!(of(security, "open_operations"), json!([]));
    }
    assert_eq!(of(json!([{"key": []}]), "key_only_operations"), get);
    assert_eq!(of(json!([{"users": [], "key": []}]), "key_only_operations"), json!([]));
    let shared = json!([{"scheme": "google", "issuer": "https://accounts.google.com"}]);
    assert_eq!(of(json!([{"google": []}]), "shared_issuers"), shared);
    assert_eq!(of(json!([{"users": []}]), "shared_issuers"), json!([]));
    assert_eq!(of(json!([]), "gateways"), json!([GATEWAY]));

    let mut inherits = locked(json!([]));
    inherits["paths"]["/orders"]["get"].as_object_mut().unwrap().remove("security");
    let shop = project(vec![config(inherits), gateway()]);
    assert_eq!(known(&shop, CONFIG, "open_operations"), json!([]), "what the document asks for in general");

    let unheard = project(vec![config(locked(json!([{"unheard": []}]))), gateway()]);
    assert_eq!(unknown(&unheard, CONFIG, "open_operations"), ["openapi Malformed"]);
    let hidden = project(vec![unread(config(json!({})), "openapi"), gateway()]);
    assert_eq!(unknown(&hidden, CONFIG, "key_only_operations"), ["openapi AccessDeniedException"]);
    let veiled = project(vec![config(locked(json!([]))), unread(gateway(), "gateway")]);
    assert_eq!(unknown(&veiled, CONFIG, "gateways"), ["gateway AccessDeniedException"]);
    let idle = project(vec![config(locked(json!([])))]);
    assert_eq!(known(&idle, CONFIG, "gateways"), json!([]));
    assert_eq!(unknown(&idle.unlisted("apigateway"), CONFIG, "gateways"), ["apigateway NotListed"]);
}

#[test]
fn backends_quotas_and_version_three() {
    let of = |document: Value, name: &str| known(&project(vec![config(document), gateway()]), CONFIG, name);
    assert_eq!(of(locked(json!([])), "unsigned_backends"), json!([]));
    let mut silent = locked(json!([]));
    silent["paths"]["/orders"]["get"]["x-google-backend"]["disable_auth"] = json!(true);
    assert_eq!(of(silent, "unsigned_backends")[0]["path"], "/orders");
    let mut plain = locked(json!([]));
    plain["paths"]["/orders"]["get"]["x-google-backend"]["address"] = json!("HTTP://web.example");
    assert_eq!(of(plain, "unsigned_backends")[0]["backend"], "HTTP://web.example");

    assert_eq!(of(locked(json!([])), "quota"), false);
    let mut limited = locked(json!([]));
    limited["x-google-management"] = json!({"quota": {"limits": [{"name": "reads"}]}});
    assert_eq!(of(limited, "quota"), true);
    let grpc = resource("gcp.apigateway.config", CONFIG, json!({"config": {}, "openapi": null}));
    assert_eq!(known(&project(vec![grpc, gateway()]), CONFIG, "quota"), Value::Null);

    let google = json!({"type": "oauth2", "x-google-auth": {"issuer": "https://accounts.google.com"}});
    let backends = json!({"web": {"address": "https://web.example", "disableAuth": true}});
    let third = json!({
        "openapi": "3.0.4",
        "paths": {"/a": {"post": {"security": [{"google": []}], "x-google-backend": "web"}}},
        "components": {"securitySchemes": {"google": google}},
        "x-google-api-management": {"backends": backends},
    });
    assert_eq!(of(third.clone(), "shared_issuers")[0]["scheme"], "google");
    assert_eq!(of(third.clone(), "unsigned_backends")[0]["method"], "POST");
    let mut dangling = third;
    dangling["paths"]["/a"]["post"]["x-google-backend"] = json!("unheard");
    let broken = project(vec![config(dangling), gateway()]);
    assert_eq!(unknown(&broken, CONFIG, "unsigned_backends"), ["openapi Malformed"]);
}

#[test]
fn strangers_come_through_open_operations() {
    let of = |resources: Vec<Resource>, uid: &str| exposure(&project(resources), uid);
    let open = || vec![private(), config(locked(json!([]))), gateway()];
    for uid in [CONFIG, GATEWAY, &service_uid()] {
        assert_eq!(of(open(), uid), Internet, "{uid}");
    }
    let locked_up = || vec![private(), config(locked(json!([{"users": []}]))), gateway()];
    for uid in [CONFIG, GATEWAY, &service_uid()] {
        assert_eq!(of(locked_up(), uid), Internal, "{uid}");
    }
    let idle = vec![private(), config(locked(json!([])))];
    assert_eq!(of(idle, &service_uid()), Internal, "no gateway serves it");
    let above = vec![private(), function(json!({}), Value::Null), config(locked(json!([]))), gateway()];
    assert_eq!(of(above, &function_uid()), Internet, "what is beneath a function is the function");

    let unread_config = || unread(config(json!({})), "openapi");
    assert_eq!(of(vec![private(), unread_config(), gateway()], &service_uid()), Unknown);
    let veiled = || vec![private(), config(locked(json!([]))), unread(gateway(), "gateway")];
    for uid in [CONFIG, GATEWAY, &service_uid()] {
        assert_eq!(of(veiled(), uid), Unknown, "which config the gateway serves is not known: {uid}");
    }
    let nobody = vec![service(json!({}), Value::Null), unread_config(), gateway()];
    assert_eq!(of(nobody, &service_uid()), Internal, "no gateway is let in");
    let unlisted = project(vec![private()]).unlisted("apigateway");
    assert_eq!(unknown(&unlisted, &service_uid(), "exposure"), ["apigateway NotListed"]);
}

#[test]
fn backends_can_be_called_past_the_gateway() {
    let with = |service: Resource| project(vec![service, config(locked(json!([]))), gateway()]);
    let of = |service: Resource| known(&with(service), CONFIG, "open_backends");
    assert_eq!(of(service(json!({}), invoker("allUsers"))), json!([service_uid()]));
    assert_eq!(of(private()), json!([]), "the gateway itself does not count");
    let elsewhere = project(vec![config(locked(json!([]))), gateway()]);
    assert_eq!(known(&elsewhere, CONFIG, "open_backends"), json!([]), "another project's");
    assert_eq!(unknown(&elsewhere.unlisted("run"), CONFIG, "open_backends"), ["run NotListed"]);
    let hidden = with(unread(service(json!({}), Value::Null), "policy"));
    assert_eq!(unknown(&hidden, CONFIG, "open_backends"), ["policy AccessDeniedException"]);
}
