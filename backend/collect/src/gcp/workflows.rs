//! Workflows: the account they run as, what they log, and their source, parsed.

use nephoscope_model::{Facet, RelationName, Resource, Unreadable};
use serde_json::Value;

use super::kind::{Ask, Detail, Kind, Source};
use super::{edges, quota};
use crate::normalise::{text, without};
use crate::redact::Redactor;
use crate::rest::{Action, List, Pages};

const HOST: &str = "workflows.googleapis.com";

static WORKFLOWS: List = Action::new("workflows.workflows.list", &quota::OTHERS)
    .at(HOST)
    .list("workflows", Pages::Token { reply: "nextPageToken", request: "pageToken" });
/// Only here stands the source.
static WORKFLOW: Action = Action::new("workflows.workflows.get", &quota::OTHERS).at(HOST);

pub(super) const KINDS: &[Kind] = &[Kind {
    kind: "gcp.workflows.workflow",
    facet: "workflow",
    host: HOST,
    source: Source::Assets {
        type_: "workflows.googleapis.com/Workflow",
        list: Some(&WORKFLOWS),
        path: "/v1/projects/{project}/locations/{location}/workflows",
    },
    policy: None,
    details: &[Detail::new("definition", Ask::One(&WORKFLOW, "/v1/{name}"))],
    normalise,
}];

fn normalise(workflow: &mut Resource, redactor: &Redactor) {
    if let Some(Facet::Known(whole)) = workflow.facets.get_mut("definition") {
        let source = whole.get_mut("sourceContents").map(Value::take);
        let definition = source.as_ref().and_then(Value::as_str).and_then(|source| parse(source, redactor));
        let facet = definition.map_or_else(malformed, Facet::Known);
        workflow.facets.insert("definition".to_owned(), facet);
    }
    let Some(Facet::Known(config)) = workflow.facets.get_mut("workflow") else { return };
    without(config, "sourceContents");
    redactor.redact_map(config, "/userEnvVars");
    let config = config.clone();
    edges::to(
        workflow,
        RelationName::EncryptedBy,
        "cloudkms.googleapis.com",
        text(&config, "/cryptoKeyName"),
    );
    let account = text(&config, "/serviceAccount").and_then(|account| account.rsplit('/').next());
    edges::executes_as(workflow, account);
}

/// The source, YAML or JSON, without what is recognised as a secret; none where it is neither, for then nobody knows what
/// stands in it.
fn parse(source: &str, redactor: &Redactor) -> Option<Value> {
    let parsed = serde_json::from_str(source).ok().or_else(|| {
        let options = serde_saphyr::options! { strict_booleans: true, with_snippet: false };
        serde_saphyr::from_str_with_options::<Value>(source, options).ok()
    });
    let mut parsed = parsed.filter(Value::is_object)?;
    redactor.redact_recognised(&mut parsed);
    Some(parsed)
}

fn malformed() -> Facet {
    Facet::Unreadable(Unreadable {
        facet: "definition".to_owned(),
        api: WORKFLOW.api.to_owned(),
        error: "Malformed".to_owned(),
        permission: None,
    })
}

#[cfg(test)]
mod tests {
    use nephoscope_model::secret::Redacted;
    use serde_json::json;

    use super::*;
    use crate::gcp::sample::resource;

    const SOURCE: &str = "main:
  params: [input]
  steps:
    - pay:
        call: http.post
        args:
          url: ${input.url}
          headers:
            X-Api-Key: CANARYx7Gh2kQ9zLmN4pR
          body:
            amount: 5
            on: yes
";

    fn normalised(source: &str) -> Resource {
        let listed = json!({
            "serviceAccount": "projects/shop/serviceAccounts/flow@shop.iam.gserviceaccount.com",
            "userEnvVars": {"STAGE": "CANARY"}, "sourceContents": source,
        });
        let mut workflow = resource("gcp.workflows.workflow", "workflow", listed.clone());
        workflow.facets.insert("definition".to_owned(), Facet::Known(listed));
        normalise(&mut workflow, &Redactor::new([1; 32]));
        workflow
    }

    #[test]
    fn the_source_is_parsed_and_loses_its_secrets() {
        let workflow = normalised(SOURCE);
        let definition = workflow.facets["definition"].value().unwrap();
        let args = &definition["main"]["steps"][0]["pay"]["args"];
        assert_eq!(args["url"], "${input.url}");
        assert!(Redacted::from_value(&args["headers"]["X-Api-Key"]).unwrap().detector.is_some());
        assert_eq!(args["body"]["on"], "yes");
        let config = workflow.facets["workflow"].value().unwrap();
        assert!(!format!("{config}{definition}").contains("CANARY"));
        assert!(config.get("sourceContents").is_none());
        let account = "//iam.googleapis.com/projects/shop/serviceAccounts/flow@shop.iam.gserviceaccount.com";
        assert_eq!(workflow.relations[0].to.as_str(), account);
    }

    #[test]
    fn json_is_a_source_too_and_anything_else_is_none() {
        let json = normalised("{\"main\": {\"steps\": []}}");
        assert_eq!(json.facets["definition"].value().unwrap(), &json!({"main": {"steps": []}}));
        for broken in ["main: [", "CANARY", ""] {
            let workflow = normalised(broken);
            assert_eq!(workflow.facets["definition"].unreadable().unwrap().error, "Malformed", "{broken}");
        }
    }
}
