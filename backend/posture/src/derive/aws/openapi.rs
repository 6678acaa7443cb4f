//! Exported OpenAPI documents: the methods that answer at a stage, and who is let in.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions.html>

use nephoscope_model::Resource;
use serde_json::Value;

use super::methods::{Integration, Lock, Method, flag};
use crate::derive::reading::{Reading, facet, list, malformed, text};

const INTEGRATION: &str = "x-amazon-apigateway-integration";
const ANY: &str = "x-amazon-apigateway-any-method";
const VALIDATOR: &str = "x-amazon-apigateway-request-validator";
const AUTHORIZER: &str = "x-amazon-apigateway-authorizer";
const VERBS: [&str; 8] = ["delete", "get", "head", "options", "patch", "post", "put", ANY];

/// What is deployed at the stage; none where the provider cannot export it.
pub(super) fn document(stage: &Resource) -> Reading<Option<&Value>> {
    facet(stage, "deployed")
}

/// Every method of every path, in the order of their names. `facet` is where the document was read.
pub(super) fn methods<'a>(document: &'a Value, facet: &str) -> Reading<Vec<Method<'a>>> {
    let paths = document.get("paths").and_then(Value::as_object).ok_or_else(|| malformed(facet))?;
    let mut methods = Vec::new();
    for (path, operations) in paths {
        let operations = operations.as_object().ok_or_else(|| malformed(facet))?;
        let shared = operations.get("parameters");
        for (verb, operation) in operations.iter().filter(|(verb, _)| VERBS.contains(&verb.as_str())) {
            methods.push(method(document, path, verb, operation, shared, facet)?);
        }
    }
    Ok(methods)
}

/// The authorizers, by the name under which methods refer to them.
pub(super) fn authorizers(document: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let schemes = document.pointer("/components/securitySchemes").and_then(Value::as_object);
    let schemes = schemes.into_iter().flatten();
    schemes.filter_map(|(name, scheme)| Some((name.as_str(), scheme.get(AUTHORIZER)?)))
}

/// The resource policy that was deployed.
pub(super) fn policy(document: &Value) -> Option<&Value> {
    document.get("x-amazon-apigateway-policy").filter(|policy| !policy.is_null())
}

fn method<'a>(
    document: &'a Value,
    path: &'a str,
    verb: &str,
    operation: &'a Value,
    shared: Option<&Value>,
    facet: &str,
) -> Reading<Method<'a>> {
    // An integration that several routes share stands beside them.
    let integration = operation.get(INTEGRATION).map(|own| match text(own, "$ref") {
        Some(reference) => {
            document.pointer(reference.trim_start_matches('#')).ok_or_else(|| malformed(facet))
        }
        None => Ok(own),
    });
    let integration = integration.transpose()?.map(|own| Integration::of(own, facet)).transpose()?;
    let has_some = |value: Option<&Value>| value.and_then(Value::as_array).is_some_and(|all| !all.is_empty());
    Ok(Method {
        path: if path == "/$default" { "$default" } else { path },
        verb: if verb == ANY { "ANY".to_owned() } else { verb.to_ascii_uppercase() },
        lock: lock(document, operation, facet)?,
        takes_input: path.contains('{')
            || has_some(shared)
            || has_some(operation.get("parameters"))
            || operation.get("requestBody").is_some(),
        validated: validated(document, operation),
        integration,
    })
}

/// The strongest of what is asked for. API Gateway asks for all that an operation names, not for one of it.
fn lock(document: &Value, operation: &Value, facet: &str) -> Reading<Lock> {
    let named = operation.pointer("/x-amazon-apigateway-auth/type").and_then(Value::as_str);
    let mut lock = named.map_or(Lock::None, |authorization| Lock::named(authorization, false));
    let own = if operation.get("security").is_some() { operation } else { document };
    for scheme in list(own, "security").iter().filter_map(Value::as_object).flat_map(|names| names.keys()) {
        let schemes = document.pointer("/components/securitySchemes");
        let scheme = schemes.and_then(|schemes| schemes.get(scheme)).ok_or_else(|| malformed(facet))?;
        lock = lock.max(locked_by(scheme));
    }
    Ok(lock)
}

/// A key always comes in the same header; whatever else is named there has been told apart by its own extension.
fn locked_by(scheme: &Value) -> Lock {
    if scheme.get(AUTHORIZER).is_some() {
        return Lock::Authorizer;
    }
    match text(scheme, "x-amazon-apigateway-authtype") {
        Some(kind) if kind.eq_ignore_ascii_case("awsSigv4") => Lock::Signature,
        Some(_) => Lock::Authorizer,
        None if text(scheme, "name").is_some_and(|name| name.eq_ignore_ascii_case("x-api-key")) => Lock::Key,
        None => Lock::Authorizer,
    }
}

/// The operation's own validator, else the document's. None where it is named and not described.
fn validated(document: &Value, operation: &Value) -> Option<bool> {
    let Some(name) = text(operation, VALIDATOR).or_else(|| text(document, VALIDATOR)) else {
        return Some(false);
    };
    let validator = document.get("x-amazon-apigateway-request-validators")?.get(name)?;
    Some(flag(validator, "validateRequestBody") || flag(validator, "validateRequestParameters"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn one(operation: Value) -> Reading<(Lock, Option<bool>)> {
        let schemes = json!({
            "sigv4": {"type": "apiKey", "name": "Authorization", "x-amazon-apigateway-authtype": "awsSigv4"},
            "api_key": {"type": "apiKey", "name": "x-api-key", "in": "header"},
            "users": {"type": "apiKey", "name": "Authorization", "x-amazon-apigateway-authtype": "cognito_user_pools"},
            "tokens": {"type": "oauth2", "x-amazon-apigateway-authorizer": {"type": "jwt"}},
            "bare": {"type": "apiKey", "name": "Authorization", "in": "header"},
        });
        let document = json!({
            "paths": {"/a": {"get": operation}}, "components": {"securitySchemes": schemes},
            "x-amazon-apigateway-request-validators": {"body": {"validateRequestBody": true}, "none": {}},
        });
        methods(&document, "deployed").map(|methods| (methods[0].lock, methods[0].validated))
    }

    #[test]
    fn the_strongest_scheme_locks() {
        let lock = |security: Value| one(json!({ "security": security })).unwrap().0;
        assert_eq!(one(json!({})).unwrap().0, Lock::None);
        assert_eq!(lock(json!([])), Lock::None);
        assert_eq!(lock(json!([{"api_key": []}])), Lock::Key);
        assert_eq!(lock(json!([{"api_key": []}, {"sigv4": []}])), Lock::Signature);
        for name in ["users", "tokens", "bare"] {
            assert_eq!(lock(json!([{"api_key": []}, {name: ["orders"]}])), Lock::Authorizer, "{name}");
        }
        assert!(one(json!({"security": [{"unheard": []}]})).is_err());
        assert_eq!(one(json!({"x-amazon-apigateway-auth": {"type": "aws_iam"}})).unwrap().0, Lock::Signature);
        assert_eq!(one(json!({"x-amazon-apigateway-auth": {"type": "NONE"}})).unwrap().0, Lock::None);
    }

    #[test]
    fn a_validator_validates_what_it_says() {
        let of = |name: &str| one(json!({ VALIDATOR: name })).unwrap().1;
        assert_eq!((of("body"), of("none"), of("unheard")), (Some(true), Some(false), None));
        assert_eq!(one(json!({})).unwrap().1, Some(false));
    }

    #[test]
    fn routes_and_shared_integrations() {
        let shared = json!({"one": {"type": "aws_proxy", "uri": "arn:x"}});
        let document = json!({
            "paths": {
                "/$default": {ANY: {"isDefaultRoute": true, INTEGRATION: {"type": "http_proxy", "uri": "https://shop.example"}}},
                "/b": {"parameters": [{"name": "id"}], ANY: {INTEGRATION: {"$ref": "#/components/x-amazon-apigateway-integrations/one"}}},
            },
            "components": {"x-amazon-apigateway-integrations": shared},
        });
        let methods = methods(&document, "deployed").unwrap();
        let routes: Vec<(String, Option<&str>)> =
            methods.iter().map(|method| (method.route(), method.integration_kind())).collect();
        assert_eq!(
            routes,
            [("$default".to_owned(), Some("HTTP_PROXY")), ("ANY /b".to_owned(), Some("AWS_PROXY"))]
        );
        assert!(methods[1].takes_input && !methods[0].takes_input);
    }
}
