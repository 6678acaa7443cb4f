//! XML replies as the JSON that the provider's own command line prints.

use roxmltree::{Document, Node};
use serde_json::{Map, Value};

use super::api::Xml;

/// What comes with every reply of the query protocol and is no part of it.
const METADATA: &[&str] = &["ResponseMetadata", "requestId"];

/// The reply as a JSON object, with fields that nobody declared; none where the text is not XML.
pub(super) fn to_json(text: &str, action: &str, shape: Xml) -> Option<Value> {
    let document = Document::parse(text).ok()?;
    let root = document.root_element();
    // `<ListRolesResponse><ListRolesResult>…`: the query protocol wraps its replies twice.
    let result = format!("{action}Result");
    let inner = root.children().find(|child| child.has_tag_name_like(&result)).unwrap_or(root);
    match object(inner, shape) {
        Value::Object(mut fields) => {
            fields.retain(|name, _| !METADATA.contains(&name.as_str()));
            Some(Value::Object(fields))
        }
        // An element without children: `<LocationConstraint>eu-west-1</LocationConstraint>`.
        Value::String(text) if !text.is_empty() => {
            Some(Value::Object(Map::from_iter([(inner.tag_name().name().to_owned(), Value::from(text))])))
        }
        _ => Some(Value::Object(Map::new())),
    }
}

/// The code and the message of a refusal; empty where the reply does not say.
pub(super) fn refusal(text: &str) -> Option<(String, String)> {
    let document = Document::parse(text).ok()?;
    let error = document.descendants().find(|node| node.has_tag_name_like("Error"))?;
    let field = |name: &str| {
        let node = error.children().find(|node| node.has_tag_name_like(name));
        node.and_then(|node| node.text()).unwrap_or_default().to_owned()
    };
    Some((field("Code"), field("Message")))
}

fn object(node: Node<'_, '_>, shape: Xml) -> Value {
    let name = node.tag_name().name();
    let children: Vec<Node<'_, '_>> = node.children().filter(Node::is_element).collect();
    let is_list = shape.lists.contains(&name)
        || (!children.is_empty()
            && children.iter().all(|child| matches!(child.tag_name().name(), "member" | "item")));
    if is_list {
        return children.into_iter().map(|child| object(child, shape)).collect();
    }
    if children.is_empty() {
        return scalar(name, node.text().unwrap_or_default(), shape);
    }
    let mut fields = Map::new();
    for child in children {
        let name = child.tag_name().name();
        let value = object(child, shape);
        if shape.repeated.contains(&name) {
            match fields.entry(name).or_insert_with(|| Value::Array(Vec::new())) {
                Value::Array(items) => items.push(value),
                other => *other = value,
            }
        } else {
            fields.insert(name.to_owned(), value);
        }
    }
    // Grantees of S3 say in an attribute which kind of grantee they are.
    for attribute in node.attributes().filter(|attribute| attribute.name() == "type") {
        fields.insert("Type".to_owned(), Value::from(attribute.value()));
    }
    Value::Object(fields)
}

fn scalar(name: &str, text: &str, shape: Xml) -> Value {
    if shape.texts.contains(&name) {
        return Value::from(text);
    }
    if shape.numbers.contains(&name) {
        let number = text.trim().parse::<i64>().map(Value::from);
        return number
            .or_else(|_| text.trim().parse::<f64>().map(Value::from))
            .unwrap_or_else(|_| Value::from(text));
    }
    match text {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        text => Value::from(text),
    }
}

trait LocalName {
    fn has_tag_name_like(&self, name: &str) -> bool;
}

impl LocalName for Node<'_, '_> {
    /// By the local name: namespaces differ between versions of an API, and mean nothing here.
    fn has_tag_name_like(&self, name: &str) -> bool {
        self.is_element() && self.tag_name().name() == name
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_reply_of_the_query_protocol() {
        let text = r#"<ListRolesResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/">
          <ListRolesResult><IsTruncated>false</IsTruncated>
            <Roles><member><RoleName>true-north</RoleName><MaxSessionDuration>3600</MaxSessionDuration>
              <Tags/><Path>/</Path></member></Roles></ListRolesResult>
          <ResponseMetadata><RequestId>7</RequestId></ResponseMetadata></ListRolesResponse>"#;
        let shape = Xml { numbers: &["MaxSessionDuration"], lists: &["Tags"], ..Xml::default() };
        let role = json!({"RoleName": "true-north", "MaxSessionDuration": 3600, "Tags": [], "Path": "/"});
        assert_eq!(to_json(text, "ListRoles", shape), Some(json!({"IsTruncated": false, "Roles": [role]})));
    }

    #[test]
    fn a_reply_of_the_path_protocol() {
        let text = r#"<?xml version="1.0"?><NotificationConfiguration>
          <CloudFunctionConfiguration><Id>a</Id><Event>s3:ObjectCreated:*</Event></CloudFunctionConfiguration>
          </NotificationConfiguration>"#;
        let shape = Xml { repeated: &["CloudFunctionConfiguration", "Event"], ..Xml::default() };
        let one = json!({"Id": "a", "Event": ["s3:ObjectCreated:*"]});
        assert_eq!(to_json(text, "x", shape), Some(json!({"CloudFunctionConfiguration": [one]})));
        assert_eq!(to_json("<Empty/>", "x", shape), Some(json!({})));
        assert_eq!(to_json("<Place>eu</Place>", "x", shape), Some(json!({"Place": "eu"})));
        assert_eq!(to_json("{\"not\": 1}", "x", shape), None);
        assert_eq!(to_json("<cut><off>", "x", shape), None);
    }

    #[test]
    fn escapes_and_marked_text_are_read() {
        let text = "<R><GetResult><Attributes>\n<entry><key>Policy</key><value>{&quot;a&quot;:&#xA;&lt;1&amp;2&gt;}</value></entry>\
            <entry><key>Note</key><value><![CDATA[<b>true</b>]]></value></entry></Attributes></GetResult></R>";
        let shape = Xml { lists: &["Attributes"], texts: &["value"], ..Xml::default() };
        let entries = json!([
            {"key": "Policy", "value": "{\"a\":\n<1&2>}"},
            {"key": "Note", "value": "<b>true</b>"},
        ]);
        assert_eq!(to_json(text, "Get", shape), Some(json!({"Attributes": entries})));
    }

    #[test]
    fn refusals_of_every_dialect() {
        let query =
            "<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>";
        let s3 = "<Error><Code>NoSuchBucket</Code><Message>gone</Message></Error>";
        let ec2 = "<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message/></Error></Errors></Response>";
        let pair = |code: &str, message: &str| Some((code.to_owned(), message.to_owned()));
        assert_eq!(refusal(query), pair("AccessDenied", "no"));
        assert_eq!(refusal(s3), pair("NoSuchBucket", "gone"));
        assert_eq!(refusal(ec2), pair("UnauthorizedOperation", ""));
        assert_eq!(refusal("Forbidden"), None);
    }
}
