//! Cloud Scheduler: what is called by the clock, in whose name, and what the call carries.

use nephoscope_model::{Facet, RelationName, Resource};
use serde_json::{Map, Value};

use super::kind::{Kind, Source};
use super::{base64, edges, names, quota};
use crate::normalise::{text, without};
use crate::redact::Redactor;
use crate::rest::{Action, List, Pages};

const HOST: &str = "cloudscheduler.googleapis.com";

static JOBS: List = Action::new("cloudscheduler.jobs.list", &quota::OTHERS)
    .at(HOST)
    .list("jobs", Pages::Token { reply: "nextPageToken", request: "pageToken" });

pub(super) const KINDS: &[Kind] = &[Kind {
    kind: "gcp.scheduler.job",
    facet: "job",
    host: HOST,
    source: Source::Assets {
        type_: "cloudscheduler.googleapis.com/Job",
        list: Some(&JOBS),
        path: "/v1/projects/{project}/locations/{location}/jobs",
    },
    policy: None,
    details: &[],
    normalise,
}];

/// What every run changes.
const VOLATILE: [&str; 3] = ["lastAttemptTime", "scheduleTime", "status"];

fn normalise(job: &mut Resource, redactor: &Redactor) {
    let Some(Facet::Known(config)) = job.facets.get_mut("job") else { return };
    for field in VOLATILE {
        without(config, field);
    }
    for target in ["httpTarget", "appEngineHttpTarget"] {
        redactor.redact_map(config, &format!("/{target}/headers"));
        decode(config, &format!("/{target}/body"), redactor);
    }
    redactor.redact_map(config, "/pubsubTarget/attributes");
    decode(config, "/pubsubTarget/data", redactor);
    let parameters = parameters(config, redactor);
    let config = config.clone();
    for pointer in ["/httpTarget/oauthToken/serviceAccountEmail", "/httpTarget/oidcToken/serviceAccountEmail"]
    {
        edges::executes_as(job, text(&config, pointer));
    }
    edges::to(job, RelationName::WritesTo, "pubsub.googleapis.com", text(&config, "/pubsubTarget/topicName"));
    job.facets.insert("parameters".to_owned(), parameters.map_or(Facet::Absent, Facet::Known));
}

/// Puts what is sent in place of its Base64: its JSON without what is recognised as a secret; anything else is redacted
/// whole.
fn decode(config: &mut Value, pointer: &str, redactor: &Redactor) {
    let Some(body) = config.pointer_mut(pointer) else { return };
    let Some(encoded) = body.as_str() else { return };
    let plain = base64::decode(encoded).and_then(|bytes| String::from_utf8(bytes).ok());
    let plain = plain.unwrap_or_else(|| encoded.to_owned());
    match serde_json::from_str::<Value>(&plain) {
        Ok(parsed) if parsed.is_object() || parsed.is_array() => {
            *body = parsed;
            redactor.redact_recognised(body);
        }
        _ => *body = redactor.redact("body", &plain).to_value(),
    }
}

/// Takes parameters and user out of the address, for keys stand there too; none where there are none.
fn parameters(config: &mut Value, redactor: &Redactor) -> Option<Value> {
    let address = config.pointer_mut("/httpTarget/uri")?;
    let (bare, query) = address.as_str()?.split_once('?').unwrap_or((address.as_str()?, ""));
    let given = query.split('&').filter(|pair| !pair.is_empty());
    let pairs = given.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let (bare, user) = names::without_user(bare);
    let pairs =
        pairs.chain(user.map(|user| ("password", user.split_once(':').map_or(user, |(_, word)| word))));
    let redacted: Map<String, Value> =
        pairs.map(|(name, value)| (name.to_owned(), redactor.redact(name, value).to_value())).collect();
    *address = Value::from(bare);
    (!redacted.is_empty()).then_some(Value::Object(redacted))
}

#[cfg(test)]
mod tests {
    use nephoscope_model::secret::Redacted;
    use serde_json::json;

    use super::*;
    use crate::gcp::sample::resource;

    fn normalised(facet: Value) -> Resource {
        let mut job = resource("gcp.scheduler.job", "job", facet);
        normalise(&mut job, &Redactor::new([1; 32]));
        job
    }

    #[test]
    fn a_call_loses_its_secrets_and_keeps_its_form() {
        // {"report": "daily", "password": "CANARY-2Hq8zz"}
        let body = "eyJyZXBvcnQiOiAiZGFpbHkiLCAicGFzc3dvcmQiOiAiQ0FOQVJZLTJIcTh6eiJ9";
        let job = normalised(json!({
            "httpTarget": {
                "uri": "https://hooks.example/run?key=AIzaSyCANARYCANARYCANARYCANARYCANARY12&day=1",
                "headers": {"Authorization": "Bearer CANARYx7Gh2kQ9zLmN4pR", "X-Day": "1"},
                "body": body,
                "oauthToken": {"serviceAccountEmail": "runner@shop.iam.gserviceaccount.com"},
            },
            "lastAttemptTime": "2026-11-20T00:00:00Z", "state": "ENABLED",
        }));
        let facet = job.facets["job"].value().unwrap();
        let all = format!("{facet}{}", job.facets["parameters"].value().unwrap());
        assert!(!all.contains("CANARY"), "{all}");
        assert_eq!(facet["httpTarget"]["uri"], "https://hooks.example/run");
        assert_eq!(facet["httpTarget"]["body"]["report"], "daily");
        assert!(facet.get("lastAttemptTime").is_none());
        let password = Redacted::from_value(&facet["httpTarget"]["body"]["password"]).unwrap();
        assert!(password.detector.is_some());
        let day = Redacted::from_value(&job.facets["parameters"].value().unwrap()["day"]).unwrap();
        assert_eq!(day.detector, None);
        let account =
            "//iam.googleapis.com/projects/shop/serviceAccounts/runner@shop.iam.gserviceaccount.com";
        assert_eq!(job.relations[0].to.as_str(), account);
    }

    #[test]
    fn a_password_in_an_address_is_none_of_ours() {
        let job = normalised(json!({"httpTarget": {"uri": "https://ada:CANARY-2Hq8zz@hooks.example/run"}}));
        let facet = job.facets["job"].value().unwrap();
        assert_eq!(facet["httpTarget"]["uri"], "https://hooks.example/run");
        let password = &job.facets["parameters"].value().unwrap()["password"];
        assert!(Redacted::from_value(password).unwrap().detector.is_some());
        let plain = normalised(json!({"httpTarget": {"uri": "https://hooks.example/a@b"}}));
        assert_eq!(plain.facets["job"].value().unwrap()["httpTarget"]["uri"], "https://hooks.example/a@b");
        assert_eq!(plain.facets["parameters"], Facet::Absent);
    }

    #[test]
    fn what_is_no_json_is_redacted_whole() {
        // user=ada&password=CANARY, and no Base64 at all.
        for body in ["dXNlcj1hZGEmcGFzc3dvcmQ9Q0FOQVJZ", "%%%CANARY"] {
            let job = normalised(json!({"appEngineHttpTarget": {"body": body}}));
            let facet = job.facets["job"].value().unwrap();
            assert!(Redacted::from_value(&facet["appEngineHttpTarget"]["body"]).is_some(), "{facet}");
            assert_eq!(job.facets["parameters"], Facet::Absent);
        }
    }

    #[test]
    fn a_message_goes_to_its_topic() {
        let job =
            normalised(json!({"pubsubTarget": {"topicName": "projects/shop/topics/beat", "data": "e30="}}));
        assert_eq!(job.relations[0].to.as_str(), "//pubsub.googleapis.com/projects/shop/topics/beat");
        assert_eq!(job.facets["job"].value().unwrap()["pubsubTarget"]["data"], json!({}));
    }
}
