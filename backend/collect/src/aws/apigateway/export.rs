//! Exported OpenAPI documents and the methods of drafts, reduced to what says who may call what, and with what behind.
//!
//! Models, documentation and example values are dropped. Templates and fixed values of requests may hold
//! credentials for a backend: they are redacted, while references to parts of a request stay readable.

use nephoscope_model::{RelationName, Resource};
use serde_json::{Map, Value, json};

use super::super::place::{elements, relate, text, unqualified_function};
use crate::redact::Redactor;

/// What a document is reduced to. `components` keeps its parts below, operations theirs.
const DOCUMENT: &[&str] = &["components", "openapi", "paths", "security", "servers"];
const COMPONENTS: &[&str] = &["securitySchemes", "x-amazon-apigateway-integrations"];
const OPERATION: &[&str] = &["parameters", "requestBody", "security"];

/// The extensions carry what API Gateway adds to the standard; these two only what it answers and documents.
const NOT_KEPT: &[&str] = &["x-amazon-apigateway-documentation", "x-amazon-apigateway-gateway-responses"];

const INTEGRATION: &str = "x-amazon-apigateway-integration";

/// Reduces and redacts an exported document.
pub(in crate::aws) fn reduce(document: &mut Value, redactor: &Redactor) {
    keep(document, DOCUMENT);
    if let Some(components) = document.get_mut("components") {
        keep(components, COMPONENTS);
        for integration in fields_at(components, "x-amazon-apigateway-integrations") {
            redact_integration(integration, redactor);
        }
    }
    for path in fields_at(document, "paths") {
        let Some(path) = path.as_object_mut() else { continue };
        for (verb, operation) in path.iter_mut() {
            if verb == "parameters" {
                reduce_parameters(operation);
                continue;
            }
            keep(operation, OPERATION);
            if let Some(parameters) = operation.get_mut("parameters") {
                reduce_parameters(parameters);
            }
            if let Some(body) = operation.get_mut("requestBody") {
                keep(body, &["required"]);
            }
            if let Some(integration) = operation.get_mut(INTEGRATION) {
                redact_integration(integration, redactor);
            }
        }
    }
}

/// Redacts the integrations of a draft's methods.
pub(super) fn redact_draft(resources: &mut [Value], redactor: &Redactor) {
    for resource in resources {
        for method in fields_at(resource, "resourceMethods") {
            if let Some(integration) = method.get_mut("methodIntegration") {
                redact_integration(integration, redactor);
            }
        }
    }
}

/// Redacts what an integration sends of its own accord. Its responses carry the headers that every caller sees.
pub(in crate::aws) fn redact_integration(integration: &mut Value, redactor: &Redactor) {
    redactor.redact_map(integration, "/requestTemplates");
    for (name, value) in fields(integration.get_mut("requestParameters")).into_iter().flatten() {
        match value.as_str() {
            Some(reference) if is_reference(reference) => {}
            Some(fixed) => *value = redactor.redact(name, fixed).to_value(),
            None => {}
        }
    }
    for responses in ["responses", "integrationResponses"] {
        for response in fields_at(integration, responses) {
            redactor.redact_map(response, "/responseTemplates");
        }
    }
}

/// True for `method.request.header.x` and `$request.header.x`; a fixed value stands in quotes, or is none of these.
fn is_reference(value: &str) -> bool {
    ["$", "method.", "route.", "integration.", "context.", "stageVariables."]
        .iter()
        .any(|start| value.starts_with(start))
}

/// What a gateway reaches for: functions by their unqualified ARNs, and the roles with which it calls services.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::aws) struct Reach<'a> {
    pub functions: Vec<&'a str>,
    pub roles: Vec<&'a str>,
}

impl<'a> Reach<'a> {
    /// Of the integrations of an exported document.
    pub(in crate::aws) fn of_document(document: &'a Value) -> Self {
        let operations = entries(document.get("paths")).flat_map(|path| entries(Some(path)));
        operations.filter_map(|operation| operation.get(INTEGRATION)).fold(Self::default(), Self::with)
    }

    /// Of the integrations of a draft's methods.
    pub(super) fn of_draft(resources: &'a Value) -> Self {
        let resources = elements(resources, "/item").iter();
        let methods = resources.flat_map(|resource| entries(resource.get("resourceMethods")));
        methods.filter_map(|method| method.get("methodIntegration")).fold(Self::default(), Self::with)
    }

    fn with(mut self, integration: &'a Value) -> Self {
        self.functions.extend(text(integration, "/uri").and_then(integrated_function));
        // `arn:aws:iam::*:user/*` passes the caller's own credentials on.
        self.roles.extend(text(integration, "/credentials").filter(|arn| arn.contains(":role/")));
        self
    }

    pub(in crate::aws) fn relate_to(&self, resource: &mut Resource) {
        for function in &self.functions {
            relate(resource, RelationName::Invokes, Some(function));
        }
    }
}

/// The function that an integration's address invokes, without version or alias.
///
/// `arn:aws:apigateway:REGION:lambda:path/2015-03-31/functions/FUNCTION_ARN/invocations` in REST and WebSocket
/// APIs; HTTP APIs may name the function itself.
pub(in crate::aws) fn integrated_function(uri: &str) -> Option<&str> {
    let function = match uri.split_once("/functions/") {
        Some((_, rest)) => rest.strip_suffix("/invocations").unwrap_or(rest),
        None => uri,
    };
    unqualified_function(function)
}

fn entries(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    value.and_then(Value::as_object).into_iter().flat_map(Map::values)
}

fn fields(value: Option<&mut Value>) -> Option<impl Iterator<Item = (&String, &mut Value)>> {
    value.and_then(Value::as_object_mut).map(Map::iter_mut)
}

fn fields_at<'a>(value: &'a mut Value, key: &str) -> impl Iterator<Item = &'a mut Value> {
    fields(value.get_mut(key)).into_iter().flatten().map(|(_, value)| value)
}

/// Keeps these fields and the extensions.
fn keep(value: &mut Value, names: &[&str]) {
    if let Some(fields) = value.as_object_mut() {
        fields.retain(|name, _| {
            names.contains(&name.as_str()) || (name.starts_with("x-") && !NOT_KEPT.contains(&name.as_str()))
        });
    }
}

/// Name, place and need of each parameter.
fn reduce_parameters(parameters: &mut Value) {
    for parameter in parameters.as_array_mut().into_iter().flatten() {
        let of = |key: &str| parameter.get(key).cloned();
        *parameter = json!({ "name": of("name"), "in": of("in"), "required": of("required") });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROLE: &str = "arn:aws:iam::123456789012:role/gateway";

    #[test]
    fn a_document_keeps_who_may_call_what_and_no_values() {
        let function = "arn:aws:lambda:eu-west-1:123456789012:function:shop";
        let uri = format!(
            "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/{function}:live/invocations"
        );
        let mut document = json!({
            "openapi": "3.0.1", "info": {"version": "2026-01-01T00:00:00Z"},
            "components": {"schemas": {"Order": {"example": "CANARY"}}, "securitySchemes": {"sigv4": {"type": "apiKey"}}},
            "paths": {"/orders": {
                "parameters": [{"name": "shop", "in": "query", "schema": {"default": "CANARY"}}],
                "post": {
                    "summary": "CANARY", "security": [{"sigv4": []}], "responses": {"200": {"description": "CANARY"}},
                    "parameters": [{"name": "id", "in": "path", "required": true, "example": "CANARY"}],
                    "requestBody": {"required": true, "content": {"application/json": {"example": "CANARY"}}},
                    "x-amazon-apigateway-request-validator": "body",
                    "x-amazon-apigateway-integration": {
                        "type": "aws", "uri": uri, "credentials": ROLE,
                        "requestTemplates": {"application/json": "CANARY"},
                        "requestParameters": {
                            "integration.request.header.Authorization": "'CANARY'",
                            "integration.request.path.id": "method.request.path.id",
                        },
                        "responses": {"default": {
                            "responseTemplates": {"application/json": "CANARY"},
                            "responseParameters": {"method.response.header.Access-Control-Allow-Origin": "'*'"},
                        }},
                    },
                },
            }},
            "x-amazon-apigateway-policy": {"Statement": []},
            "x-amazon-apigateway-gateway-responses": {"DEFAULT_4XX": {"responseTemplates": {"a": "CANARY"}}},
        });
        reduce(&mut document, &Redactor::new([0; 32]));
        assert!(!document.to_string().contains("CANARY"), "{document}");
        assert_eq!(
            document.as_object().unwrap().keys().collect::<Vec<_>>(),
            ["components", "openapi", "paths", "x-amazon-apigateway-policy"]
        );
        let post = &document["paths"]["/orders"]["post"];
        assert_eq!(post["parameters"], json!([{"name": "id", "in": "path", "required": true}]));
        assert_eq!(post["requestBody"], json!({"required": true}));
        let integration = &post[INTEGRATION];
        assert_eq!(integration["requestParameters"]["integration.request.path.id"], "method.request.path.id");
        let origin = "method.response.header.Access-Control-Allow-Origin";
        assert_eq!(integration["responses"]["default"]["responseParameters"][origin], "'*'");
        let reach = Reach::of_document(&document);
        assert_eq!(reach, Reach { functions: vec![function], roles: vec![ROLE] });
    }
}
