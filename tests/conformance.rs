//! The simulated AWS answers in the shape in which moto does: it may say less, and nothing that moto does not know.
//!
//! Both are asked the same. moto is made by others and follows the published models, so that a field that was only
//! imagined here, and a parser that was written for it, do not confirm each other.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};

use nephoscope_simulator::{Cloud, Estate, Misbehaviour};
use serde_json::{Map, Value, json};
use tokio::runtime::Runtime;

use crate::moto::{Moto, REGION};

/// Fields whose objects have names of the user's own.
const FREE: [&str; 4] = ["Variables", "variables", "Tags", "methodSettings"];

/// What AWS documents of a function's configuration and of a stage, and moto lacks: operation and path.
const BEYOND_MOTO: &[(&str, &str)] = &[
    ("GetFunction", ".Configuration.LoggingConfig"),
    ("GetFunction", ".Configuration.LoggingConfig.LogFormat"),
    ("GetFunction", ".Configuration.LoggingConfig.LogGroup"),
    ("GetFunction", ".Configuration.RevisionId"),
    ("GetStages", ".item[].createdDate"),
    ("GetStages", ".item[].lastUpdatedDate"),
    ("ListFunctions", ".Functions[].LoggingConfig"),
    ("ListFunctions", ".Functions[].LoggingConfig.LogFormat"),
    ("ListFunctions", ".Functions[].LoggingConfig.LogGroup"),
    ("ListFunctions", ".Functions[].RevisionId"),
];

/// One of the two, and how to ask it.
struct Stand {
    address: SocketAddr,
}

/// Types by path; the items of a list are one.
type Shape = BTreeMap<String, BTreeSet<&'static str>>;

impl Stand {
    /// Asks a service, and gives its answer. `target` is the header of the JSON protocols.
    fn ask(&self, service: &str, method: &str, path: &str, target: &str, body: &str) -> Value {
        let (reply, answer) = self.try_ask(service, method, path, target, body);
        answer.unwrap_or_else(|| panic!("{service} {method} {path} {target}: {reply}"))
    }

    /// Asks a service, and gives its reply, and what it answers unless it refuses.
    fn try_ask(
        &self,
        service: &str,
        method: &str,
        path: &str,
        target: &str,
        body: &str,
    ) -> (String, Option<Value>) {
        let credential = format!("testing/20261121/{REGION}/{service}/aws4_request");
        // A body says what it is; where there is none, moto is led astray by a type.
        let media = match (method, target) {
            ("GET", _) => "",
            (_, "") => "Content-Type: application/x-www-form-urlencoded\r\n",
            _ => "Content-Type: application/x-amz-json-1.1\r\n",
        };
        let target = if target.is_empty() { String::new() } else { format!("X-Amz-Target: {target}\r\n") };
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\
             Authorization: AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=none\r\n\
             {target}{media}Content-Length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        );
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let mut reply = String::new();
        stream.read_to_string(&mut reply).unwrap();
        let (head, body) = reply.split_once("\r\n\r\n").unwrap();
        let status = head.split_whitespace().nth(1).unwrap();
        let answer = match status {
            "200" if body.starts_with('<') => Some(of_xml(body)),
            "200" => {
                Some(serde_json::from_str(body).unwrap_or_else(|error| panic!("{path}: {error}: {body}")))
            }
            _ => None,
        };
        (reply, answer)
    }

    /// The shapes of all operations, by their names.
    fn shapes(&self) -> BTreeMap<&'static str, Shape> {
        let mut shapes: BTreeMap<&'static str, Shape> = BTreeMap::new();
        let mut note = |operation: &'static str, answer: &Value| {
            note_shape(answer, "", shapes.entry(operation).or_default());
        };
        let text = |value: &Value, field: &str| value[field].as_str().unwrap().to_owned();

        let form = |action: &str, version: &str| format!("Action={action}&Version={version}");
        for (operation, service, version) in [
            ("GetCallerIdentity", "sts", "2011-06-15"),
            ("GetAccountAuthorizationDetails", "iam", "2010-05-08"),
        ] {
            note(operation, &self.ask(service, "POST", "/", "", &form(operation, version)));
        }
        for (operation, service, target) in [
            ("DescribeLogGroups", "logs", "Logs_20140328.DescribeLogGroups"),
            ("DescribeTrails", "cloudtrail", "CloudTrail_20131101.DescribeTrails"),
        ] {
            note(operation, &self.ask(service, "POST", "/", target, "{}"));
        }

        let functions = self.ask("lambda", "GET", "/2015-03-31/functions", "", "");
        note("ListFunctions", &functions);
        for function in functions["Functions"].as_array().unwrap() {
            let path = format!("/2015-03-31/functions/{}", text(function, "FunctionName"));
            note("GetFunction", &self.ask("lambda", "GET", &path, "", ""));
            if let (_, Some(policy)) = self.try_ask("lambda", "GET", &format!("{path}/policy"), "", "") {
                note("GetPolicy", &policy);
            }
        }

        let apis = self.ask("apigateway", "GET", "/restapis", "", "");
        note("GetRestApis", &apis);
        for api in apis["item"].as_array().unwrap() {
            let path = format!("/restapis/{}/stages", text(api, "id"));
            note("GetStages", &self.ask("apigateway", "GET", &path, "", ""));
        }
        shapes
    }
}

fn note_shape(value: &Value, path: &str, shape: &mut Shape) {
    let kind = match value {
        // What is not there is not said in the same way by all.
        Value::Null => return,
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "text",
        Value::Array(items) => {
            items.iter().for_each(|item| note_shape(item, &format!("{path}[]"), shape));
            "list"
        }
        Value::Object(fields) => {
            let is_free = FREE.iter().any(|name| path.ends_with(&format!(".{name}")));
            for (name, field) in fields {
                let name = if is_free { "*" } else { name };
                note_shape(field, &format!("{path}.{name}"), shape);
            }
            "object"
        }
    };
    shape.entry(path.to_owned()).or_default().insert(kind);
}

/// A document of the query protocol as JSON: lists are elements with members, all else is text.
fn of_xml(text: &str) -> Value {
    fn of(node: roxmltree::Node<'_, '_>) -> Value {
        let children: Vec<_> = node.children().filter(roxmltree::Node::is_element).collect();
        match children.first() {
            None => node.text().filter(|text| !text.trim().is_empty()).map_or(Value::Null, Value::from),
            Some(first) if first.tag_name().name() == "member" => children.into_iter().map(of).collect(),
            Some(_) => {
                let fields =
                    children.into_iter().map(|child| (child.tag_name().name().to_owned(), of(child)));
                Value::Object(fields.collect::<Map<_, _>>())
            }
        }
    }
    let document = roxmltree::Document::parse(text).unwrap();
    let root = document.root_element();
    json!({ root.tag_name().name(): of(root) })
}

#[test]
fn the_simulated_cloud_says_nothing_that_moto_does_not_know() {
    let moto = Moto::start();
    moto.plant();
    let runtime = Runtime::new().unwrap();
    let estate = Estate::of_functions(45).with_rest_apis(3);
    let cloud = runtime.block_on(Cloud::start(estate, Misbehaviour::default()));
    let address = cloud.endpoint().trim_start_matches("http://").parse().unwrap();
    let simulated = Stand { address }.shapes();
    let true_ones = Stand { address: moto.address }.shapes();
    assert_eq!(simulated.keys().collect::<Vec<_>>(), true_ones.keys().collect::<Vec<_>>());

    // A field that moto has learned leaves the list: then it differs from what the list says.
    let mut differences = Vec::new();
    let mut compared = 0;
    for (operation, shape) in &simulated {
        for (path, kinds) in shape {
            compared += 1;
            let known = true_ones[operation].get(path);
            let is_beyond = BEYOND_MOTO.contains(&(*operation, path.as_str()));
            if is_beyond == known.is_some_and(|known| kinds.is_subset(known)) {
                let known = known.map(|known| format!("{known:?}")).unwrap_or_else(|| "nothing".to_owned());
                differences.push(format!("{operation} {path}: {kinds:?}, and moto has {known}"));
            }
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    assert!(compared > 60, "only {compared} fields were compared");
}
