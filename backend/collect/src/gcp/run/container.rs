//! What may be secret in containers.

use serde_json::Value;

use crate::redact::Redactor;

/// Redacts the containers at `pointer`: every value of a variable, and arguments that are recognised.
pub(super) fn redact(config: &mut Value, pointer: &str, redactor: &Redactor) {
    let Some(containers) = config.pointer_mut(pointer).and_then(Value::as_array_mut) else { return };
    for container in containers {
        for variable in container.get_mut("env").and_then(Value::as_array_mut).into_iter().flatten() {
            let name = variable.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
            if let Some(value) = variable.get_mut("value") {
                let given = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                *value = redactor.redact(&name, &given).to_value();
            }
        }
        for list in ["args", "command"] {
            if let Some(Value::Array(arguments)) = container.get_mut(list) {
                redact_arguments(arguments, redactor);
            }
        }
    }
}

/// An argument is named by itself, as in `--password=…`, or by the flag before it.
fn redact_arguments(arguments: &mut [Value], redactor: &Redactor) {
    let mut flag = String::new();
    for argument in arguments {
        let Some(text) = argument.as_str().map(str::to_owned) else { continue };
        let is_flag = text.starts_with('-');
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name, value),
            None if is_flag => ("", text.as_str()),
            None => (flag.as_str(), text.as_str()),
        };
        let named = redactor.redact(name.trim_start_matches('-'), value);
        let redacted = if named.detector.is_some() { named } else { redactor.redact("", &text) };
        if redacted.detector.is_some() {
            *argument = redacted.to_value();
        }
        flag = if is_flag && !text.contains('=') { text } else { String::new() };
    }
}

#[cfg(test)]
mod tests {
    use nephoscope_model::secret::Redacted;
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_redacted_and_names_stay() {
        let mut config = json!({"template": {"containers": [{
            "image": "i",
            "env": [
                {"name": "DB_PASSWORD", "value": "CANARY-hunter2-9f"},
                {"name": "STAGE", "value": "CANARY"},
                {"name": "KEY", "valueSource": {"secretKeyRef": {"secret": "key", "version": "1"}}},
            ],
            "args": ["--db-password=CANARY-hunter2-9f", "--db-password", "CANARY-hunter2-9f", "--verbose", "serve"],
            "command": ["/bin/app"],
        }]}});
        redact(&mut config, "/template/containers", &Redactor::new([1; 32]));
        assert!(!config.to_string().contains("CANARY"), "{config}");
        let container = &config["template"]["containers"][0];
        let detector = |value: &Value| Redacted::from_value(value).unwrap().detector;
        assert_eq!(detector(&container["env"][0]["value"]).as_deref(), Some("password"));
        assert_eq!(detector(&container["env"][1]["value"]), None);
        assert_eq!(container["env"][2]["valueSource"]["secretKeyRef"]["secret"], "key");
        assert_eq!(detector(&container["args"][0]).as_deref(), Some("password"));
        assert_eq!(container["args"][1], "--db-password");
        assert_eq!(detector(&container["args"][2]).as_deref(), Some("password"));
        assert_eq!((&container["args"][3], &container["args"][4]), (&json!("--verbose"), &json!("serve")));
        assert_eq!(container["command"], json!(["/bin/app"]));
    }

    #[test]
    fn what_is_not_there_stays_away() {
        let mut config = json!({"template": {}});
        redact(&mut config, "/template/containers", &Redactor::new([1; 32]));
        assert_eq!(config, json!({"template": {}}));
    }
}
