//! Facts and exposure of Fn Project: what the API shows, what is declared, what strangers were answered.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;

use jiff::Timestamp;
use nephoscope_model::finding::Exposure;
use nephoscope_model::scan::CoverageRow;
use nephoscope_model::{
    AccountId, Coverage, CoverageState, Facet, Fact, Kind, Provider, Region, Relation, RelationName,
    Resource, ServiceName, ShardKey, TargetName, Uid, Unreadable,
};
use nephoscope_posture::derive::{DerivedResource, derive};
use nephoscope_posture::{Estate, EstateResource};
use serde_json::{Value, json};

const SERVER: &str = "fn://fn.example.com";
const APP: &str = "fn://fn.example.com/apps/A";
const CHARGE: &str = "fn://fn.example.com/fns/C";
const AUDIT: &str = "fn://fn.example.com/fns/D";
const TRIGGER: &str = "fn://fn.example.com/triggers/T";

/// A server at `url` with an app of two functions, one of which has a trigger; services in `denied` were not listed.
struct Place {
    url: &'static str,
    credentials: &'static str,
    declared: Value,
    probe: Value,
    trigger_probe: Value,
    denied: &'static [&'static str],
}

impl Default for Place {
    fn default() -> Self {
        let (declared, probe, trigger_probe) = (Value::Null, Value::Null, Value::Null);
        Self {
            url: "https://fn.example.com",
            credentials: "token",
            declared,
            probe,
            trigger_probe,
            denied: &[],
        }
    }
}

impl Place {
    fn derive(&self, uid: &str) -> DerivedResource {
        let (scheme, host) = self.url.split_once("://").unwrap();
        let address =
            json!({"url": self.url, "scheme": scheme, "host": host, "credentials": self.credentials});
        let function = |id: &str, image: &str, config: Value| {
            json!({
                "id": id, "app_id": "A", "image": image, "config": config,
                "annotations": {"fnproject.io/fn/invokeEndpoint": format!("{}/invoke/{id}", self.url)},
            })
        };
        let redacted =
            |detector: Value| json!({"$redacted": {"detector": detector, "length": "17-32", "tag": "9f86"}});
        let app = json!({
            "config": {"DB_PASSWORD": redacted(json!("password")), "LOG_LEVEL": redacted(Value::Null)},
            "annotations": {"example.com/token": redacted(json!("github-token")), "example.com/owner": "pay"},
        });
        let trigger = json!({
            "type": "http", "source": "/charge",
            "annotations": {"fnproject.io/trigger/httpEndpoint": format!("{}/t/pay/charge", self.url)},
        });
        let charge = function("C", "registry.example.com:5000/pay/charge:0.0.3", json!({}));
        let audit =
            function("D", "acme/audit@sha256:2c26", json!({"KEY": redacted(json!("secret-by-name"))}));
        let mut resources = vec![
            resource(
                "fn.server",
                SERVER,
                &[],
                [("address", address), ("declared", self.declared.clone()), ("probe", self.probe.clone())],
            ),
            resource("fn.app", APP, &[], [("app", app)]),
            resource(
                "fn.function",
                CHARGE,
                &[(RelationName::PartOf, APP)],
                [("fn", charge), ("probe", Value::Null)],
            ),
            resource(
                "fn.function",
                AUDIT,
                &[(RelationName::PartOf, APP)],
                [("fn", audit), ("probe", Value::Null)],
            ),
            resource(
                "fn.trigger",
                TRIGGER,
                &[(RelationName::PartOf, APP), (RelationName::Invokes, CHARGE)],
                [("trigger", trigger), ("probe", self.trigger_probe.clone())],
            ),
        ];
        resources.sort_by(|a, b| a.resource.uid().cmp(b.resource.uid()));
        let coverage: Vec<CoverageRow> = ["apps", "fns", "triggers"].map(|service| self.row(service)).into();
        let estate = Estate {
            account: AccountId::from("fn.example.com"),
            resources: &resources,
            coverage: &coverage,
            instant: instant(),
            last_known: &BTreeMap::new(),
        };
        let position = resources.iter().position(|held| held.resource.uid().as_str() == uid).unwrap();
        derive(&estate).resources.swap_remove(position)
    }

    fn row(&self, service: &str) -> CoverageRow {
        let listed = !self.denied.contains(&service);
        let state = if listed { CoverageState::Complete } else { CoverageState::Denied };
        CoverageRow {
            target: TargetName::from("fn"),
            shard: ShardKey {
                provider: Provider::Fn,
                account: AccountId::from("fn.example.com"),
                region: Region::global(),
                service: ServiceName::from(service),
            },
            coverage: Coverage {
                state,
                calls: BTreeMap::new(),
                errors: Vec::new(),
                costs: Vec::new(),
                listed,
            },
            resources: 0,
            committed: instant(),
        }
    }

    fn known(&self, uid: &str, name: &str) -> Value {
        match self.derive(uid).facts[name].clone() {
            Fact::Known(value) => value,
            Fact::Unknown(reasons) => panic!("{name} is unknown: {reasons:?}"),
        }
    }

    fn unknown(&self, uid: &str, name: &str) -> Vec<String> {
        match self.derive(uid).facts[name].clone() {
            Fact::Known(value) => panic!("{name} is known: {value}"),
            Fact::Unknown(reasons) => reasons.iter().map(|r| format!("{} {}", r.facet, r.error)).collect(),
        }
    }
}

/// A resource with these facets; null stands for one that nobody declared or asked.
fn resource<const N: usize>(
    kind: &str,
    uid: &str,
    relations: &[(RelationName, &str)],
    facets: [(&str, Value); N],
) -> EstateResource {
    let facet = |name: &str, value: Value| match value {
        Value::Null => Facet::Unreadable(Unreadable {
            facet: name.to_owned(),
            api: String::new(),
            error: if name == "declared" { "NotDeclared" } else { "NotProbed" }.to_owned(),
            permission: None,
        }),
        value => Facet::Known(value),
    };
    let relations = relations.iter().map(|(name, to)| Relation { name: *name, to: Uid::from(*to) });
    let resource = Resource {
        uid: Uid::from(uid),
        kind: Kind::from(kind),
        provider: Provider::Fn,
        account: AccountId::from("fn.example.com"),
        region: Region::global(),
        service: ServiceName::from("apps"),
        name: uid.to_owned(),
        tags: BTreeMap::new(),
        facets: facets.into_iter().map(|(name, value)| (name.to_owned(), facet(name, value))).collect(),
        relations: relations.collect(),
        carried: BTreeMap::new(),
        revision: None,
    };
    EstateResource { resource: resource.into(), stale_since: None }
}

fn instant() -> Timestamp {
    "2026-11-16T02:00:00Z".parse().unwrap()
}

fn asks(api: &str, triggers: &str, invoke: &str) -> Value {
    json!({"authentication": {"api": api, "triggers": triggers, "invoke": invoke}})
}

#[test]
fn a_trigger_is_as_open_as_what_stands_in_front() {
    let open = Place { declared: asks("gateway", "none", "gateway"), ..Place::default() };
    assert_eq!(open.known(TRIGGER, "exposure"), "internet");
    assert_eq!(open.known(TRIGGER, "authenticated"), false);
    let guarded = Place { declared: asks("gateway", "gateway", "gateway"), ..Place::default() };
    assert_eq!(guarded.known(TRIGGER, "exposure"), "internal");
    let undeclared = Place::default();
    assert_eq!(undeclared.unknown(TRIGGER, "exposure"), ["declared NotDeclared", "probe NotProbed"]);
    assert_eq!(undeclared.derive(TRIGGER).exposure, Exposure::Unknown);
}

#[test]
fn what_strangers_were_answered_beats_what_is_declared() {
    let (gateway, none) = (asks("gateway", "gateway", "gateway"), asks("gateway", "none", "gateway"));
    let answered = |let_in: Value, declared: &Value| Place {
        trigger_probe: json!({"status": 404, "let_in": let_in}),
        declared: declared.clone(),
        ..Place::default()
    };
    assert_eq!(answered(json!(true), &gateway).known(TRIGGER, "exposure"), "internet");
    assert_eq!(answered(json!(true), &Value::Null).known(TRIGGER, "exposure"), "internet");
    assert_eq!(answered(json!(false), &Value::Null).known(TRIGGER, "exposure"), "internal");
    // Nobody denies what its owner admits.
    assert_eq!(answered(json!(false), &none).known(TRIGGER, "exposure"), "internet");
    assert_eq!(answered(Value::Null, &gateway).known(TRIGGER, "exposure"), "internal");
    let inconclusive = answered(Value::Null, &Value::Null).unknown(TRIGGER, "exposure");
    assert_eq!(inconclusive, ["declared NotDeclared", "probe Inconclusive"]);
}

#[test]
fn a_private_address_is_internal_and_a_loopback_one_tells_nothing() {
    let none = asks("none", "none", "none");
    let private = Place { url: "http://10.0.0.8:8080", declared: none.clone(), ..Place::default() };
    assert_eq!(private.known(TRIGGER, "exposure"), "internal");
    let forwarded = Place { url: "http://localhost:8080", declared: none, ..Place::default() };
    assert_eq!(forwarded.unknown(TRIGGER, "exposure"), ["declared.reach NotDeclared"]);
    for (reach, expected) in [("internet", "internet"), ("internal", "internal")] {
        let declared = json!({"reach": reach, "authentication": {"triggers": "none"}});
        let placed = Place { url: "http://localhost:8080", declared, ..Place::default() };
        assert_eq!(placed.known(TRIGGER, "exposure"), expected);
    }
}

#[test]
fn a_function_is_reached_through_its_address_and_its_triggers() {
    let through_trigger = Place { declared: asks("gateway", "none", "gateway"), ..Place::default() };
    assert_eq!(through_trigger.known(CHARGE, "invoke_exposure"), "internal");
    assert_eq!(through_trigger.known(CHARGE, "exposure"), "internet");
    assert_eq!(through_trigger.known(AUDIT, "exposure"), "internal");
    assert_eq!(
        through_trigger.known(APP, "exposure"),
        "internet",
        "the app's configuration goes with the function"
    );
    let directly = Place { declared: asks("gateway", "gateway", "none"), ..Place::default() };
    assert_eq!(directly.known(AUDIT, "exposure"), "internet");

    let guarded = asks("gateway", "gateway", "gateway");
    let unlisted = Place { declared: guarded.clone(), denied: &["triggers"], ..Place::default() };
    assert_eq!(unlisted.unknown(AUDIT, "exposure"), ["triggers NotListed"]);
    let unlisted = Place { declared: guarded, denied: &["fns"], ..Place::default() };
    assert_eq!(unlisted.unknown(APP, "exposure"), ["fns NotListed"]);
}

#[test]
fn the_api_is_open_where_the_scan_was_let_in_without_credentials() {
    let stranger = |url| Place { url, credentials: "none", ..Place::default() };
    assert_eq!(stranger("https://fn.example.com").known(SERVER, "authenticated"), false);
    assert_eq!(stranger("https://fn.example.com").known(SERVER, "exposure"), "internet");
    assert_eq!(stranger("http://10.0.0.8:8080").known(SERVER, "exposure"), "internal");
    let forwarded = stranger("http://localhost:8080").unknown(SERVER, "authenticated");
    assert_eq!(forwarded, ["declared NotDeclared", "probe NotProbed"]);
    let refused = Place { denied: &["apps"], ..stranger("https://fn.example.com") };
    assert_eq!(refused.unknown(SERVER, "authenticated"), forwarded);

    let asked = |let_in: bool| json!({"api": {"status": 401, "let_in": let_in}});
    let closed = Place { probe: asked(false), ..Place::default() };
    assert_eq!(closed.known(SERVER, "authenticated"), true);
    let open = Place { probe: asked(true), declared: asks("gateway", "none", "none"), ..Place::default() };
    assert_eq!(open.known(SERVER, "authenticated"), false);
}

#[test]
fn metrics_are_closed_only_where_profiles_are_too() {
    let answered = |metrics: Value, debug: Value| Place {
        probe: json!({"metrics": {"let_in": metrics}, "debug": {"let_in": debug}}),
        ..Place::default()
    };
    assert_eq!(answered(json!(false), json!(false)).known(SERVER, "metrics_authenticated"), true);
    assert_eq!(answered(json!(false), json!(true)).known(SERVER, "metrics_authenticated"), false);
    assert_eq!(answered(json!(true), Value::Null).known(SERVER, "metrics_authenticated"), false);
    let half = answered(json!(false), Value::Null).unknown(SERVER, "metrics_authenticated");
    assert_eq!(half, ["declared NotDeclared", "probe Inconclusive"]);
    let declared = Place { declared: json!({"authentication": {"metrics": "none"}}), ..Place::default() };
    assert_eq!(declared.known(SERVER, "metrics_authenticated"), false);
}

#[test]
fn any_origin_by_declaration_or_by_answer() {
    let environment = |origins: &str| json!({"server": {"environment": {"FN_API_CORS_ORIGINS": origins}}});
    let declared = |declared: Value| Place { declared, ..Place::default() };
    assert_eq!(declared(environment("https://a.example.com, *")).known(SERVER, "any_origin"), true);
    assert_eq!(declared(environment("https://a.example.com")).known(SERVER, "any_origin"), false);
    assert_eq!(declared(json!({"server": {"environment": {}}})).known(SERVER, "any_origin"), false);
    let undeclared = declared(json!({"tls": true})).unknown(SERVER, "any_origin");
    assert_eq!(undeclared, ["declared.server.environment NotDeclared", "probe NotProbed"]);
    let answered = |allowed: Value| Place {
        probe: json!({"preflight": {"origin": "https://stranger.invalid", "allow_origin": allowed}}),
        ..Place::default()
    };
    assert_eq!(answered(json!("*")).known(SERVER, "any_origin"), true);
    assert_eq!(answered(json!("https://stranger.invalid")).known(SERVER, "any_origin"), true);
    assert_eq!(answered(Value::Null).known(SERVER, "any_origin"), false);
}

#[test]
fn plain_addresses_are_those_without_tls_on_other_machines() {
    assert_eq!(Place::default().known(SERVER, "plain_addresses"), json!([]));
    let plain = Place { url: "http://fn.example.com:8080", ..Place::default() };
    assert_eq!(plain.known(SERVER, "plain_addresses"), json!(["http://fn.example.com:8080"]));
    let forwarded = Place { url: "http://localhost:8080", ..Place::default() };
    assert_eq!(forwarded.unknown(SERVER, "plain_addresses"), ["declared NotDeclared"]);
    for (tls, expected) in [(true, json!([])), (false, json!(["http://localhost:8080"]))] {
        let declared =
            Place { url: "http://localhost:8080", declared: json!({ "tls": tls }), ..Place::default() };
        assert_eq!(declared.known(SERVER, "plain_addresses"), expected);
    }
    let unlisted = Place { denied: &["triggers"], ..Place::default() };
    assert_eq!(unlisted.unknown(SERVER, "plain_addresses"), ["triggers NotListed"]);
}

#[test]
fn secrets_of_settings_and_of_labels_are_told_apart() {
    let paths = |uid: &str, fact: &str| -> Vec<String> {
        let found = Place::default().known(uid, fact);
        found.as_array().unwrap().iter().map(|secret| secret["path"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(paths(APP, "secrets"), ["app.config.DB_PASSWORD"]);
    assert_eq!(paths(APP, "annotation_secrets"), [r#"app.annotations["example.com/token"]"#]);
    assert_eq!(paths(AUDIT, "secrets"), ["fn.config.KEY"]);
    assert!(paths(CHARGE, "secrets").is_empty());
}

#[test]
fn images_are_taken_apart_and_compared_with_what_is_trusted() {
    let place = Place {
        declared: json!({"trusted_registries": ["registry.example.com:5000/pay/", "hub.docker.com/acm"]}),
        ..Place::default()
    };
    let charge = json!({
        "registry": "registry.example.com:5000", "repository": "pay/charge", "tag": "0.0.3", "digest": null, "pinned": false,
    });
    assert_eq!(place.known(CHARGE, "image"), charge);
    assert_eq!(place.known(CHARGE, "trusted_registry"), true);
    let audit = json!({
        "registry": "docker.io", "repository": "acme/audit", "tag": null, "digest": "sha256:2c26", "pinned": true,
    });
    assert_eq!(place.known(AUDIT, "image"), audit);
    assert_eq!(place.known(AUDIT, "trusted_registry"), false, "`acm` is not `acme`");
    for trusted in ["acme", "docker.io", "index.docker.io/acme", "docker.io/acme/audit"] {
        let place = Place { declared: json!({ "trusted_registries": [trusted] }), ..Place::default() };
        assert_eq!(place.known(AUDIT, "trusted_registry"), true, "{trusted}");
    }
    assert_eq!(Place::default().unknown(AUDIT, "trusted_registry"), ["declared NotDeclared"]);
}

#[test]
fn an_app_knows_which_of_its_functions_are_triggered() {
    assert_eq!(Place::default().known(APP, "triggered"), 1);
    assert_eq!(Place::default().known(APP, "untriggered"), 1);
    let unlisted = Place { denied: &["triggers"], ..Place::default() };
    assert_eq!(unlisted.unknown(APP, "triggered"), ["triggers NotListed"]);
}
