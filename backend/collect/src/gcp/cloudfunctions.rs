//! Cloud Functions of both generations, and who may do what with them.
//!
//! The inventory has the generations under two types. Where it does not answer, v2 lists both.

mod first;

use nephoscope_model::{Facet, RelationName, Resource};

use super::kind::{Ask, Kind, Source};
use super::{edges, names, quota};
use crate::normalise::{elements, text};
use crate::redact::Redactor;
use crate::rest::{Action, List, Pages};

const HOST: &str = "cloudfunctions.googleapis.com";
const PATH: &str = "/v2/projects/{project}/locations/-/functions";

static FUNCTIONS: List = Action::new("cloudfunctions.functions.list", &quota::FUNCTIONS)
    .at(HOST)
    .list("functions", Pages::Token { reply: "nextPageToken", request: "pageToken" });
static POLICY: Action = Action::new("cloudfunctions.functions.getIamPolicy", &quota::FUNCTIONS).at(HOST);

pub(super) const KINDS: &[Kind] = &[
    functions("cloudfunctions.googleapis.com/Function"),
    functions("cloudfunctions.googleapis.com/CloudFunction"),
];

const fn functions(type_: &'static str) -> Kind {
    Kind {
        kind: "gcp.functions.function",
        facet: "config",
        host: HOST,
        source: Source::Assets { type_, list: Some(&FUNCTIONS), path: PATH },
        policy: Some(Ask::One(&POLICY, "/v2/{name}:getIamPolicy?options.requestedPolicyVersion=3")),
        details: &[],
        normalise,
    }
}

fn normalise(function: &mut Resource, redactor: &Redactor) {
    let rest = names::rest(function).to_owned();
    names::by_project(function, HOST, &rest);
    let Some(Facet::Known(config)) = function.facets.get_mut("config") else { return };
    if first::is_first(config) {
        *config = first::in_second_words(config);
    }
    redactor.redact_map(config, "/serviceConfig/environmentVariables");
    redactor.redact_map(config, "/buildConfig/environmentVariables");
    // Signed, and so a key to the archive for as long as it holds.
    if let Some(storage) = config.pointer_mut("/buildConfig/source/storageSource") {
        crate::normalise::without(storage, "sourceUploadUrl");
    }
    crate::normalise::without(config, "sourceToken");
    let config = config.clone();
    let named = |pointer: &str| text(&config, pointer);
    edges::executes_as(function, named("/serviceConfig/serviceAccountEmail"));
    let edge = [
        (RelationName::RunsIn, "run.googleapis.com", named("/serviceConfig/service")),
        (RelationName::RunsIn, "vpcaccess.googleapis.com", named("/serviceConfig/vpcConnector")),
        (RelationName::EncryptedBy, "cloudkms.googleapis.com", named("/kmsKeyName")),
        (RelationName::RunsImage, "artifactregistry.googleapis.com", named("/buildConfig/dockerRepository")),
        (RelationName::TriggeredBy, "eventarc.googleapis.com", named("/eventTrigger/trigger")),
        (RelationName::TriggeredBy, "pubsub.googleapis.com", named("/eventTrigger/pubsubTopic")),
    ];
    for (relation, host, name) in edge {
        edges::to(function, relation, host, name);
    }
    for filter in elements(&config, "/eventTrigger/eventFilters") {
        if text(filter, "/attribute") == Some("bucket") {
            edges::to(function, RelationName::TriggeredBy, "storage.googleapis.com", text(filter, "/value"));
        }
    }
}

#[cfg(test)]
mod tests {
    use nephoscope_model::secret::Redacted;
    use serde_json::{Value, json};

    use super::*;
    use crate::gcp::sample::resource;

    fn normalised(config: Value) -> (Resource, Value) {
        let mut function = resource("gcp.functions.function", "config", config);
        normalise(&mut function, &Redactor::new([1; 32]));
        let config = function.facets["config"].value().cloned().unwrap();
        (function, config)
    }

    #[test]
    fn values_are_redacted_before_anything_else() {
        let (_, config) = normalised(json!({
            "environment": "GEN_2",
            "serviceConfig": {"environmentVariables": {"DB_PASSWORD": "CANARY-hunter2-9f"}},
            "buildConfig": {
                "environmentVariables": {"NPM_TOKEN": "CANARYx7Gh2kQ9zLmN4pR"},
                "source": {"storageSource": {"bucket": "b", "sourceUploadUrl": "https://x/?Signature=CANARY"}},
                "sourceToken": "CANARY",
            },
        }));
        assert!(
            !config.to_string().contains("CANARY-") && !config.to_string().contains("CANARYx"),
            "{config}"
        );
        assert!(!config.to_string().contains("Signature"), "{config}");
        let password = &config["serviceConfig"]["environmentVariables"]["DB_PASSWORD"];
        assert_eq!(Redacted::from_value(password).unwrap().detector.as_deref(), Some("password"));
    }

    #[test]
    fn the_first_generation_is_redacted_too() {
        let (_, config) = normalised(json!({
            "name": "projects/shop/locations/europe-west1/functions/f",
            "status": "ACTIVE",
            "environmentVariables": {"DB_PASSWORD": "CANARY-hunter2-9f"},
            "httpsTrigger": {"url": "https://example.test/f"},
        }));
        assert!(!config.to_string().contains("CANARY"), "{config}");
        assert_eq!(config["environment"], "GEN_1");
    }

    #[test]
    fn edges_lead_to_what_the_function_names() {
        let (function, _) = normalised(json!({
            "environment": "GEN_2",
            "kmsKeyName": "projects/shop/locations/europe-west1/keyRings/k/cryptoKeys/f",
            "buildConfig": {"dockerRepository": "projects/shop/locations/europe-west1/repositories/gcf-artifacts"},
            "serviceConfig": {
                "service": "projects/shop/locations/europe-west1/services/f",
                "serviceAccountEmail": "orders@other.iam.gserviceaccount.com",
                "vpcConnector": "",
            },
            "eventTrigger": {
                "trigger": "projects/shop/locations/europe-west1/triggers/t",
                "eventFilters": [{"attribute": "bucket", "value": "uploads"}, {"attribute": "type", "value": "x"}],
            },
        }));
        let edges: Vec<String> =
            function.relations.iter().map(|edge| format!("{} {}", edge.name, edge.to)).collect();
        assert_eq!(
            edges,
            [
                "executes_as //iam.googleapis.com/projects/other/serviceAccounts/orders@other.iam.gserviceaccount.com",
                "runs_in //run.googleapis.com/projects/shop/locations/europe-west1/services/f",
                "encrypted_by //cloudkms.googleapis.com/projects/shop/locations/europe-west1/keyRings/k/cryptoKeys/f",
                "runs_image //artifactregistry.googleapis.com/projects/shop/locations/europe-west1/repositories/gcf-artifacts",
                "triggered_by //eventarc.googleapis.com/projects/shop/locations/europe-west1/triggers/t",
                "triggered_by //storage.googleapis.com/uploads",
            ]
        );
        let unread = |mut function: Resource| {
            function.facets.insert("config".to_owned(), Facet::Absent);
            normalise(&mut function, &Redactor::new([1; 32]));
            function.relations.len()
        };
        assert_eq!(
            unread(resource("gcp.functions.function", "config", json!({}))),
            0,
            "nothing to read, no edge"
        );
    }
}
