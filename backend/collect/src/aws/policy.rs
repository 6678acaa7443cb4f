//! Policy documents that arrive as text inside other documents.

use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::api::Action;
use super::failure::Failure;
use super::place::Read;

/// Parses a policy that is embedded as JSON text.
pub(super) fn parse(text: &str) -> Option<Value> {
    let direct = serde_json::from_str::<Value>(text).ok();
    // API Gateway escapes the text once more than JSON asks for: `{\"Version\":…}`.
    let policy = direct.or_else(|| {
        let unescaped: String = serde_json::from_str(&format!("\"{text}\"")).ok()?;
        serde_json::from_str(&unescaped).ok()
    });
    policy.filter(Value::is_object)
}

/// The policy that `action` answered with as text: absent where there is none or an empty one.
pub(super) fn read(action: &Action, text: Option<&str>) -> Read {
    match text.map(str::trim) {
        None | Some("" | "{}") => Ok(None),
        Some(text) => match parse(text) {
            Some(document) => Ok(Some(document)),
            None => Err(Failure::malformed(action, "the policy is not JSON")),
        },
    }
}

/// Parses a policy as IAM sends it: JSON in URL encoding.
pub(super) fn parse_encoded(text: &str) -> Option<Value> {
    let decoded = percent_decode_str(text).decode_utf8().ok()?;
    parse(&decoded)
}

/// Replaces the policy text in the field `key` by its document; false where it cannot be parsed.
pub(super) fn parse_in_place(value: &mut Value, key: &str) -> bool {
    match value.get_mut(key) {
        None | Some(Value::Null | Value::Object(_)) => true,
        Some(Value::String(text)) if text.is_empty() => {
            if let Some(fields) = value.as_object_mut() {
                fields.remove(key);
            }
            true
        }
        Some(Value::String(text)) => match parse(text) {
            Some(document) => {
                value[key] = document;
                true
            }
            None => false,
        },
        Some(_) => false,
    }
}

/// True where a statement of `policy` speaks of `action`, by name, by wildcard or by exclusion.
pub(super) fn mentions(policy: &Value, action: &str) -> bool {
    one_or_many(policy.get("Statement")).any(|statement| {
        statement.get("NotAction").is_some()
            || one_or_many(statement.get("Action"))
                .filter_map(Value::as_str)
                .any(|pattern| matches_wildcard(&pattern.to_ascii_lowercase(), &action.to_ascii_lowercase()))
    })
}

fn one_or_many(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    let many = value.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let one = value.filter(|value| !value.is_array());
    many.iter().chain(one)
}

/// `*` stands for any text, `?` for one character.
fn matches_wildcard(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t) = (0, 0);
    // Where to go on after the last `*`: behind it in the pattern, and one character further in the text.
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p + 1, t));
                p += 1;
            }
            Some(&c) if c == b'?' || c == text[t] => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((after, from)) => {
                    star = Some((after, from + 1));
                    (p, t) = (after, from + 1);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|&c| c == b'*')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn parses_every_escaping() {
        let document = json!({"Version": "2012-10-17", "Statement": []});
        let text = document.to_string();
        assert_eq!(parse(&text), Some(document.clone()));
        assert_eq!(parse(&text.replace('"', "\\\"")), Some(document.clone()));
        let encoded =
            percent_encoding::utf8_percent_encode(&text, percent_encoding::NON_ALPHANUMERIC).to_string();
        assert_eq!(parse_encoded(&encoded), Some(document));
        assert_eq!(parse("{\"Version\":"), None);
        assert_eq!(parse("[]"), None);
    }

    #[test]
    fn mentions_by_name_wildcard_and_exclusion() {
        let action = "lambda:InvokeFunctionUrl";
        for actions in [
            json!("lambda:InvokeFunctionUrl"),
            json!(["s3:Get*", "lambda:Invoke*"]),
            json!("*"),
            json!("LAMBDA:*url"),
        ] {
            assert!(mentions(&json!({"Statement": {"Action": actions}}), action), "{actions}");
        }
        assert!(mentions(&json!({"Statement": [{"NotAction": "s3:*"}]}), action));
        for actions in
            [json!("lambda:InvokeFunction"), json!(["lambda:Get*"]), json!("lambda:InvokeFunctionUr?l")]
        {
            assert!(!mentions(&json!({"Statement": [{"Action": actions}]}), action), "{actions}");
        }
    }

    #[test]
    fn a_field_is_parsed_in_place() {
        let mut api = json!({"policy": "{\\\"Statement\\\":[]}"});
        assert!(parse_in_place(&mut api, "policy"));
        assert_eq!(api, json!({"policy": {"Statement": []}}));
        assert!(!parse_in_place(&mut json!({"policy": "<html>"}), "policy"));
        let mut none = json!({"policy": ""});
        assert!(parse_in_place(&mut none, "policy"));
        assert_eq!(none, json!({}));
    }
}
