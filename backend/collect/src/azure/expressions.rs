//! Redacting documents that people write by hand and that mix values with expressions: definitions of workflows,
//! policies of gateways.

use serde_json::Value;

use crate::redact::Redactor;

/// Redacts the texts that a detector recognises anywhere in `value`, which stands under `name`.
///
/// A value is called what it is the value of: `{"parameters": {"password": {"value": "…"}}}` holds a password, and so does
/// `{"name": "password", "value": "…"}`.
pub(super) fn redact(redactor: &Redactor, name: &str, value: &mut Value) {
    match value {
        Value::Object(fields) => {
            let called = fields.get("name").and_then(Value::as_str).unwrap_or(name).to_owned();
            for (key, field) in fields.iter_mut() {
                let inherits = matches!(key.as_str(), "value" | "defaultValue");
                redact(redactor, if inherits { &called } else { key }, field);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| redact(redactor, name, item)),
        Value::String(text) => {
            if let Some(redacted) = recognised(redactor, name, text) {
                *value = redacted;
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// What is kept of a text that looks like a secret. What an expression comes to is not known, so its name says nothing.
pub(super) fn recognised(redactor: &Redactor, name: &str, text: &str) -> Option<Value> {
    let redacted = redactor.redact(if is_expression(text) { "" } else { name }, text);
    redacted.detector.is_some().then(|| redacted.to_value())
}

/// `@parameters('password')`, `Bearer @{body('token')}`, `@(context.Variables["token"])`, `{{named-value}}`.
pub(super) fn is_expression(text: &str) -> bool {
    let text = text.trim();
    text.starts_with('@') || text.contains("@{") || text.contains("{{")
}

#[cfg(test)]
mod tests {
    use nephoscope_model::secret::Redacted;
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_called_what_they_are_the_value_of() {
        let mut document = json!({
            "parameters": {"dbPassword": {"type": "String", "value": "hunter2-hunter2"}, "stage": {"defaultValue": "production"}},
            "variables": [{"name": "password", "value": "hunter2-hunter2"}],
            "headers": {"key": "AKIAIOSFODNN7EXAMPLE"},
        });
        redact(&Redactor::new([7; 32]), "", &mut document);
        assert!(
            !document.to_string().contains("hunter2") && !document.to_string().contains("AKIA"),
            "{document}"
        );
        assert_eq!(document["parameters"]["stage"]["defaultValue"], "production");
        assert_eq!(document["variables"][0]["name"], "password");
        let password = Redacted::from_value(&document["parameters"]["dbPassword"]["value"]).unwrap();
        assert_eq!(password.detector.as_deref(), Some("password"));
    }

    #[test]
    fn expressions_are_no_secrets_unless_one_is_written_into_them() {
        let mut document = json!({
            "password": "@parameters('dbPassword')",
            "token": "Bearer @{body('Get_token')['access_token']}",
            "secret": "{{orders-function-key}}",
            "apiKey": "@concat('AKIAIOSFODNN7EXAMPLE', '')",
        });
        let before = document.clone();
        redact(&Redactor::new([7; 32]), "", &mut document);
        for kept in ["password", "token", "secret"] {
            assert_eq!(document[kept], before[kept]);
        }
        assert!(!document.to_string().contains("AKIA"), "{document}");
    }
}
