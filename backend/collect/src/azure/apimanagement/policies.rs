//! Policies of API Management: XML as a tree of elements, without what is secret in it.

use nephoscope_model::Facet;
use roxmltree::{Document, Node};
use serde_json::{Map, Value};

use super::super::expressions::{self, is_expression, recognised};
use crate::failure::Failure;
use crate::redact::Redactor;
use crate::rest::Action;

/// Headers and parameters that are credentials, whatever their values look like.
const CREDENTIALS: &[&str] = &[
    "api-key",
    "authorization",
    "code",
    "cookie",
    "ocp-apim-subscription-key",
    "proxy-authorization",
    "x-api-key",
    "x-functions-key",
];

/// Elements whose text is a key.
const KEYS: &[&str] = &["decryption-keys", "issuer-signing-keys"];

/// The policy in the facet, which is the reply about one, as a tree.
pub(super) fn parse_facet(facet: &mut Facet, name: &str, action: &Action, redactor: &Redactor) {
    let Facet::Known(reply) = facet else { return };
    let document =
        reply.pointer("/properties/value").and_then(Value::as_str).and_then(|text| parse(text, redactor));
    *facet = match document {
        Some(document) => Facet::Known(document),
        None => Failure::malformed(action, "the policy is not XML").facet(name),
    };
}

/// The fragments in the facet, which is a list of replies, each as a tree.
pub(super) fn parse_fragments(facet: &mut Facet, name: &str, action: &Action, redactor: &Redactor) {
    let Facet::Known(list) = facet else { return };
    for reply in list.get_mut("value").and_then(Value::as_array_mut).into_iter().flatten() {
        let value = reply.pointer_mut("/properties/value");
        let document = value.as_ref().and_then(|value| value.as_str()).and_then(|text| parse(text, redactor));
        match (value, document) {
            (Some(value), Some(document)) => *value = document,
            _ => {
                *facet = Failure::malformed(action, "a fragment is not XML").facet(name);
                return;
            }
        }
    }
}

/// The document element as `{"name", "attributes", "text", "children"}`; none where the text is no XML.
fn parse(text: &str, redactor: &Redactor) -> Option<Value> {
    let document = Document::parse(text).ok()?;
    Some(element(document.root_element(), Surroundings::default(), redactor))
}

/// What the elements around one say of its text.
#[derive(Clone, Copy, Default)]
struct Surroundings<'a> {
    /// What the nearest element with a name is called: the header whose value this is.
    called: Option<&'a str>,
    /// Whatever stands here is secret.
    secret: bool,
}

fn element<'a>(node: Node<'a, 'a>, around: Surroundings<'a>, redactor: &Redactor) -> Value {
    let name = node.tag_name().name();
    let called = node.attribute("name").or(around.called);
    let credential = called.is_some_and(|called| CREDENTIALS.contains(&called.to_ascii_lowercase().as_str()));
    let secret = around.secret
        || KEYS.contains(&name)
        // What a header is checked against lets its holder in.
        || name == "check-header"
        || (credential && matches!(name, "set-header" | "set-query-parameter"));
    let mut attributes = Map::new();
    for attribute in node.attributes() {
        let kept = recognised(redactor, attribute.name(), attribute.value());
        attributes
            .insert(attribute.name().to_owned(), kept.unwrap_or_else(|| Value::from(attribute.value())));
    }
    let inner = Surroundings { called, secret };
    let children = node.children().filter(Node::is_element).map(|child| element(child, inner, redactor));
    let mut fields = Map::from_iter([
        ("name".to_owned(), Value::from(name)),
        ("attributes".to_owned(), Value::Object(attributes)),
        ("children".to_owned(), children.collect()),
    ]);
    let text: String =
        node.children().filter_map(|child| if child.is_text() { child.text() } else { None }).collect();
    let text = text.trim();
    if !text.is_empty() {
        fields.insert("text".to_owned(), kept_text(text, called.unwrap_or(name), secret, redactor));
    }
    Value::Object(fields)
}

/// Bodies that a policy makes up are often JSON, in which a secret has a name.
fn kept_text(text: &str, name: &str, secret: bool, redactor: &Redactor) -> Value {
    if secret && !is_expression(text) {
        return redactor.redact(name, text).to_value();
    }
    match serde_json::from_str::<Value>(text) {
        Ok(mut body @ (Value::Object(_) | Value::Array(_))) => {
            expressions::redact(redactor, name, &mut body);
            body
        }
        Ok(_) | Err(_) => recognised(redactor, name, text).unwrap_or_else(|| Value::from(text)),
    }
}

#[cfg(test)]
mod tests {
    use nephoscope_model::secret::Redacted;
    use serde_json::json;

    use super::*;
    use crate::budget::Family;

    static FAMILY: Family = Family { name: "test", per_second: 1.0, burst: 1 };
    static ACTION: Action = Action::new("Test/policies/read", &FAMILY);

    fn parsed(text: &str) -> Value {
        parse(text, &Redactor::new([7; 32])).unwrap()
    }

    #[test]
    fn a_policy_is_a_tree() {
        let text = "<policies>\n <inbound>\n <base />\n <!-- password: hunter2 --><validate-jwt header-name=\"Authorization\">\
            <audiences><audience>api://orders</audience></audiences></validate-jwt></inbound></policies>";
        let leaf = |name: &str| json!({"name": name, "attributes": {}, "children": []});
        let mut audience = leaf("audience");
        audience["text"] = json!("api://orders");
        let mut audiences = leaf("audiences");
        audiences["children"] = json!([audience]);
        let jwt = json!({"name": "validate-jwt", "attributes": {"header-name": "Authorization"}, "children": [audiences]});
        let mut inbound = leaf("inbound");
        inbound["children"] = json!([leaf("base"), jwt]);
        let mut policies = leaf("policies");
        policies["children"] = json!([inbound]);
        assert_eq!(parsed(text), policies);
    }

    #[test]
    fn secrets_do_not_stay() {
        let text = r#"<policies><inbound>
            <authentication-basic username="shop" password="CANARY-hunter2" />
            <set-header name="X-Functions-Key"><value>CANARY1</value></set-header>
            <set-header name="Authorization"><value>Bearer {{backend-token}}</value></set-header>
            <set-header name="X-Stage"><value>live</value></set-header>
            <check-header name="X-Shop"><value>CANARY2</value></check-header>
            <validate-jwt><issuer-signing-keys><key>CANARY3</key></issuer-signing-keys></validate-jwt>
            <send-request><set-body>{"client_secret": "CANARY-kd82jf02ms8f", "scope": "all"}</set-body></send-request>
            <choose><when condition="@(context.Request.Method == &quot;GET&quot;)" /></choose>
            </inbound></policies>"#;
        let policy = parsed(text);
        assert!(!policy.to_string().contains("CANARY"), "{policy}");
        let inbound = &policy["children"][0]["children"];
        assert_eq!(inbound[0]["attributes"]["username"], "shop");
        assert!(Redacted::from_value(&inbound[0]["attributes"]["password"]).is_some());
        assert_eq!(inbound[2]["children"][0]["text"], "Bearer {{backend-token}}");
        assert_eq!(inbound[3]["children"][0]["text"], "live");
        assert_eq!(inbound[6]["children"][0]["text"]["scope"], "all");
        assert_eq!(
            inbound[7]["children"][0]["attributes"]["condition"],
            "@(context.Request.Method == \"GET\")"
        );
    }

    #[test]
    fn what_is_no_xml_is_not_read() {
        let redactor = Redactor::new([7; 32]);
        let raw = r#"<policies><inbound><when condition="@(x == "y")" /></inbound></policies>"#;
        for value in [json!(raw), json!(""), json!(null)] {
            let mut facet = Facet::Known(json!({"properties": {"format": "rawxml", "value": value}}));
            parse_facet(&mut facet, "policy", &ACTION, &redactor);
            assert_eq!(facet.unreadable().unwrap().error, "Malformed");
            let mut fragments = Facet::Known(json!({"value": [{"properties": {"value": value}}]}));
            parse_fragments(&mut fragments, "fragments", &ACTION, &redactor);
            assert_eq!(fragments.unreadable().unwrap().error, "Malformed");
        }
        let mut absent = Facet::Absent;
        parse_facet(&mut absent, "policy", &ACTION, &redactor);
        assert_eq!(absent, Facet::Absent);
        let sign_in =
            json!({"name": "sign-in", "properties": {"value": "<fragment><validate-jwt /></fragment>"}});
        let mut fragments = Facet::Known(json!({"value": [sign_in]}));
        parse_fragments(&mut fragments, "fragments", &ACTION, &redactor);
        let document = &fragments.value().unwrap()["value"][0]["properties"]["value"];
        assert_eq!(document["children"][0]["name"], "validate-jwt");
    }
}
