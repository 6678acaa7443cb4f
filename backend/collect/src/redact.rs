//! Replaces values that may be secrets before anything else sees them. What stands in their place is
//! `model::secret::Redacted`, from which the value cannot be had back.

use std::borrow::Cow;
use std::fmt;

use nephoscope_model::secret::{REDACTED_KEY, Redacted};
use serde_json::Value;

use crate::detect;

/// Redacts with the installation's own key, so that equal values can be recognised within it and nowhere else.
#[derive(Clone)]
pub struct Redactor {
    key: [u8; 32],
}

impl Redactor {
    /// A redactor whose tags are keyed with `key`.
    pub fn new(key: [u8; 32]) -> Self {
        Self { key }
    }

    /// What is kept of `value`, which stood under `name`.
    pub fn redact(&self, name: &str, value: &str) -> Redacted {
        let tag = blake3::keyed_hash(&self.key, value.as_bytes()).to_hex();
        Redacted {
            detector: detect::detect(name, value).map(str::to_owned),
            length: length_class(value.chars().count()).to_owned(),
            tag: tag[..16].to_owned(),
        }
    }

    /// Redacts every value of the map at `pointer` (such as `/Environment/Variables`), keeping its keys.
    pub(crate) fn redact_map(&self, facet: &mut Value, pointer: &str) {
        match facet.pointer_mut(pointer) {
            None | Some(Value::Null) => {}
            // What was redacted in an earlier scan and carried over is ours, and complete.
            Some(redacted) if Redacted::from_value(redacted).is_some() => {}
            Some(Value::Object(variables)) => {
                let given = variables.iter_mut().filter(|(_, value)| Redacted::from_value(value).is_none());
                for (name, value) in given {
                    *value = self.redact(name, &text(value)).to_value();
                }
            }
            // Not a map: whatever it is, it may hold the values that were expected in one.
            Some(other) => *other = self.redact("", &text(other)).to_value(),
        }
    }

    /// Redacts, anywhere in `value`, the texts that a detector recognises, by their look or by the name of their key.
    /// All other texts stay.
    pub(crate) fn redact_recognised(&self, value: &mut Value) {
        self.redact_under("", value);
    }

    /// Parses the JSON text at `pointer`, which is what somebody is sent, and redacts what is recognised in it. A text
    /// that is not JSON stays one.
    pub(crate) fn redact_payload(&self, facet: &mut Value, pointer: &str) {
        let Some(payload) = facet.pointer_mut(pointer) else { return };
        if let Some(parsed) = payload.as_str().and_then(parse_payload) {
            *payload = parsed;
        }
        self.redact_recognised(payload);
    }

    fn redact_under(&self, name: &str, value: &mut Value) {
        match value {
            Value::Object(fields) if fields.contains_key(REDACTED_KEY) => {}
            Value::Object(fields) => {
                for (name, value) in fields.iter_mut() {
                    // In the States Language such a key holds the path to a value, not the value.
                    let name = if name.ends_with(".$") { "" } else { name };
                    self.redact_under(name, value);
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.redact_under(name, item)),
            Value::String(text) => {
                let redacted = self.redact(name, text);
                if redacted.detector.is_some() {
                    *value = redacted.to_value();
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Redactor")
    }
}

/// `text` with everything that is recognisably a secret cut out.
pub fn scrub(text: &str) -> Cow<'_, str> {
    detect::scrub(text)
}

/// An address without its path, query and user, which often hold a key: `https://example.com`.
pub(crate) fn host(address: &str) -> String {
    let (scheme, rest) = address.split_once("://").unwrap_or(("", address));
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    if scheme.is_empty() { host.to_owned() } else { format!("{scheme}://{host}") }
}

/// Scrubs every text in `value`: nobody should put a secret into a description or an address, but somebody will.
pub(crate) fn sweep(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Cow::Owned(scrubbed) = scrub(text) {
                *text = scrubbed;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(sweep),
        Value::Object(fields) => fields.values_mut().for_each(sweep),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The object or list that `text` is the JSON of.
fn parse_payload(text: &str) -> Option<Value> {
    let text = text.trim_start();
    if !text.starts_with(['{', '[']) {
        return None;
    }
    serde_json::from_str(text).ok()
}

fn text(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(text) => Cow::Borrowed(text),
        other => Cow::Owned(other.to_string()),
    }
}

fn length_class(characters: usize) -> &'static str {
    match characters {
        0 => "0",
        1..=8 => "1-8",
        9..=16 => "9-16",
        17..=32 => "17-32",
        33..=64 => "33-64",
        _ => "65+",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keeps_keys_and_never_values() {
        let mut config = json!({
            "Environment": {"Variables": {"STAGE": "production", "KEY": "AKIAIOSFODNN7EXAMPLE", "N": 5}},
            "Description": "rotate AKIAIOSFODNN7EXAMPLE",
        });
        Redactor::new([7; 32]).redact_map(&mut config, "/Environment/Variables");
        sweep(&mut config);
        let text = config.to_string();
        assert!(!text.contains("production") && !text.contains("AKIA"), "{text}");
        assert_eq!(config["Description"], "rotate [aws-access-key]");
        let key = Redacted::from_value(&config["Environment"]["Variables"]["KEY"]).unwrap();
        assert_eq!((key.detector.as_deref(), key.length.as_str()), (Some("aws-access-key"), "17-32"));
        let number = Redacted::from_value(&config["Environment"]["Variables"]["N"]).unwrap();
        assert_eq!((number.detector, number.length.as_str()), (None, "1-8"));
    }

    #[test]
    fn what_was_redacted_stays_as_it_is() {
        for variables in [json!({"KEY": "hunter2"}), json!(["hunter2"])] {
            let mut config = json!({ "Environment": { "Variables": variables } });
            let redactor = Redactor::new([7; 32]);
            redactor.redact_map(&mut config, "/Environment/Variables");
            let once = config.clone();
            redactor.redact_map(&mut config, "/Environment/Variables");
            assert_eq!(config, once);
        }
    }

    #[test]
    fn tags_are_equal_for_equal_values_within_an_installation_only() {
        let (ours, theirs) = (Redactor::new([1; 32]), Redactor::new([2; 32]));
        assert_eq!(ours.redact("A", "same").tag, ours.redact("B", "same").tag);
        assert_ne!(ours.redact("A", "same").tag, ours.redact("A", "other").tag);
        assert_ne!(ours.redact("A", "same").tag, theirs.redact("A", "same").tag);
        assert_eq!(format!("{ours:?}"), "Redactor");
    }

    #[test]
    fn what_is_not_a_map_is_redacted_whole() {
        let mut config = json!({"Environment": {"Variables": ["hunter2"]}});
        Redactor::new([0; 32]).redact_map(&mut config, "/Environment/Variables");
        assert!(Redacted::from_value(&config["Environment"]["Variables"]).is_some());
        let mut none = json!({"Environment": {}});
        Redactor::new([0; 32]).redact_map(&mut none, "/Environment/Variables");
        assert_eq!(none, json!({"Environment": {}}));
    }

    #[test]
    fn payloads_lose_what_is_recognised_and_nothing_else() {
        let inner = json!({"user": {"password": "CANARY-2Hq8"}}).to_string();
        let payload = json!({"table": "orders", "Payload": inner, "token": ["CANARYx7Gh2kQ9zLmN4pR"], "token.$": "$.token"});
        let mut facet = json!({"Input": payload.to_string(), "Template": "\"order <id>\""});
        let redactor = Redactor::new([1; 32]);
        redactor.redact_payload(&mut facet, "/Input");
        redactor.redact_payload(&mut facet, "/Template");
        redactor.redact_payload(&mut facet, "/Missing");
        assert!(!facet.to_string().contains("CANARY"), "{facet}");
        assert_eq!(facet["Input"]["table"], "orders");
        assert_eq!(facet["Input"]["token.$"], "$.token");
        assert_eq!(facet["Template"], "\"order <id>\"");
        assert!(Redacted::from_value(&facet["Input"]["Payload"]).unwrap().detector.is_some());
    }

    #[test]
    fn of_an_address_only_the_host_stays() {
        assert_eq!(host("https://user:pass@hooks.example:8443/key?key=key"), "https://hooks.example:8443");
        assert_eq!(host("https://hooks.example?key"), "https://hooks.example");
        assert_eq!(host("hooks.example/key"), "hooks.example");
        assert_eq!(host(""), "");
    }

    #[test]
    fn length_classes() {
        let classes = [0, 1, 8, 9, 16, 17, 32, 33, 64, 65].map(length_class);
        assert_eq!(classes, ["0", "1-8", "1-8", "9-16", "9-16", "17-32", "17-32", "33-64", "33-64", "65+"]);
    }
}
