//! CodeBuild: projects, with whatever their environment reveals redacted.
//!
//! Names come in bulk, details a hundred at a time. The webhook's secret and its address, which carries a token, are
//! dropped; a build specification that is written into the project is redacted like a variable.

use futures::StreamExt;
use nephoscope_model::{RelationName, Resource};
use serde_json::{Value, json};

use super::Scope;
use super::api::{Action, Api, List};
use super::client::Reader;
use super::failure::Failure;
use super::place::{Outcome, Place, elements, put, relate, text, without};
use super::quota;
use super::request::Request;
use super::volatile::Path;
use crate::redact::Redactor;

pub(super) const SCOPE: Scope = Scope::Regional;
pub(super) const ACTIONS: &[&Action] = &[&NAMES.action, &GET_PROJECTS];
pub(super) const VOLATILE: &[Path] = &[];

static API: Api =
    Api::json("CodeBuild", "codebuild", "1.1", "CodeBuild_20161006", &quota::CODEBUILD).in_some_regions();
static NAMES: List = API.list("codebuild:ListProjects", "projects").paged("nextToken", "nextToken");
static GET_PROJECTS: Action = API.action("codebuild:BatchGetProjects");

/// The most projects that one call describes.
const BATCH: usize = 100;

pub(super) async fn collect(reader: &Reader) -> Outcome {
    let names = reader.list(&NAMES, None, Request::call()).await;
    let batches: Vec<Vec<Value>> = names.items.chunks(BATCH).map(<[Value]>::to_vec).collect();
    let batches = batches.into_iter().map(|names| fetch(reader, names));
    let batches: Vec<Result<Vec<Value>, Failure>> =
        futures::stream::iter(batches).buffer_unordered(reader.limits.concurrency).collect().await;
    let (mut resources, mut listings) = (Vec::new(), vec![names.failure]);
    for batch in batches {
        match batch {
            Ok(projects) => {
                let projects = projects.into_iter();
                resources.extend(projects.filter_map(|p| normalise(&reader.place, &reader.redactor, p)));
            }
            // Without its details nothing is known of a project, not even its ARN.
            Err(failure) => listings.push(Some(failure)),
        }
    }
    Outcome { resources, listings }
}

/// Projects that were deleted since they were listed are left out of the answer.
async fn fetch(reader: &Reader, names: Vec<Value>) -> Result<Vec<Value>, Failure> {
    let mut answer = reader.call(&GET_PROJECTS, None, Request::call().field("names", json!(names))).await?;
    match answer.get_mut("projects").map(Value::take) {
        Some(Value::Array(projects)) => Ok(projects),
        _ => Err(Failure::malformed(&GET_PROJECTS, "the answer has no list `projects`")),
    }
}

fn normalise(place: &Place, redactor: &Redactor, mut project: Value) -> Option<Resource> {
    let arn = text(&project, "/arn")?.to_owned();
    let mut resource = place.resource("aws.codebuild.project", &arn, text(&project, "/name").unwrap_or(&arn));
    relate(&mut resource, RelationName::ExecutesAs, text(&project, "/serviceRole"));
    let key = place.key_arn(text(&project, "/encryptionKey"));
    relate(&mut resource, RelationName::EncryptedBy, key.as_deref());
    for tag in elements(&project, "/tags") {
        if let (Some(key), Some(value)) = (text(tag, "/key"), text(tag, "/value")) {
            resource.tags.insert(key.to_owned(), value.to_owned());
        }
    }
    redact(redactor, &mut project);
    put(&mut resource, "project", Ok(Some(project)));
    Some(resource)
}

fn redact(redactor: &Redactor, project: &mut Value) {
    let variables = project.pointer_mut("/environment/environmentVariables").and_then(Value::as_array_mut);
    for variable in variables.into_iter().flatten() {
        // Variables of the other types name a parameter or a secret, and hold none.
        if !matches!(text(variable, "/type"), Some("PARAMETER_STORE" | "SECRETS_MANAGER")) {
            let name = text(variable, "/name").unwrap_or_default().to_owned();
            let value = text(variable, "/value").unwrap_or_default();
            variable["value"] = redactor.redact(&name, value).to_value();
        }
    }
    if let Some(source) = project.get_mut("source") {
        redact_specification(redactor, source);
    }
    for source in project.get_mut("secondarySources").and_then(Value::as_array_mut).into_iter().flatten() {
        redact_specification(redactor, source);
    }
    if let Some(webhook) = project.get_mut("webhook") {
        without(webhook, "secret");
        without(webhook, "payloadUrl");
    }
}

/// A specification is the path of a file, or the text itself.
fn redact_specification(redactor: &Redactor, source: &mut Value) {
    if let Some(specification) = source.get_mut("buildspec")
        && let Some(written) = specification.as_str().filter(|text| text.contains('\n') || text.contains('{'))
    {
        *specification = redactor.redact("buildspec", written).to_value();
    }
}

#[cfg(test)]
mod tests {
    use nephoscope_model::Facet;
    use nephoscope_model::secret::Redacted;

    use super::*;

    #[test]
    fn nothing_that_a_project_hides_is_kept() {
        let project = json!({
            "name": "build", "arn": "arn:aws:codebuild:eu-west-1:123456789012:project/build",
            "serviceRole": "arn:aws:iam::123456789012:role/build",
            "encryptionKey": "arn:aws:kms:eu-west-1:123456789012:alias/aws/s3",
            "tags": [{"key": "team", "value": "shop"}],
            "environment": {"environmentVariables": [
                {"name": "AWS_SECRET_ACCESS_KEY", "value": "CANARY", "type": "PLAINTEXT"},
                {"name": "NPM_TOKEN", "value": "/build/npm", "type": "PARAMETER_STORE"},
                {"name": "STAGE", "value": "CANARY"},
            ]},
            "source": {"buildspec": "version: 0.2\nCANARY"},
            "secondarySources": [{"buildspec": "ci/buildspec.yml"}],
            "webhook": {"url": "https://x.example", "payloadUrl": "https://CANARY", "secret": "CANARY"},
        });
        let resource = normalise(&Place::example("codebuild"), &Redactor::new([1; 32]), project).unwrap();
        let Facet::Known(project) = &resource.facets["project"] else { panic!("{resource:?}") };
        assert!(!project.to_string().contains("CANARY"), "{project}");
        let variables = &project["environment"]["environmentVariables"];
        assert!(Redacted::from_value(&variables[0]["value"]).is_some());
        assert_eq!(variables[1]["value"], "/build/npm");
        assert_eq!(project["secondarySources"][0]["buildspec"], "ci/buildspec.yml");
        assert_eq!(project["webhook"], json!({"url": "https://x.example"}));
        assert_eq!(resource.tags["team"], "shop");
        assert_eq!(resource.relations.len(), 2);
    }
}
