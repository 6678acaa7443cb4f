//! The file that declares what the API does not tell: who asks for credentials in front, from where the server is
//! reached, and how it was started.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::contexts::refused;
use crate::error::CollectError;
use crate::redact::{Redactor, host, scrub};

/// What the file may say. Whatever it leaves out stays unknown.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ServerFacts {
    authentication: BTreeMap<Door, String>,
    reach: Option<Reach>,
    tls: Option<bool>,
    trusted_registries: Option<Vec<String>>,
    server: Option<Node>,
    runner: Option<Node>,
}

/// What callers come in through.
#[derive(Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "lowercase")]
enum Door {
    Api,
    Triggers,
    Invoke,
    Metrics,
}

/// From where the server is reached.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Reach {
    Internet,
    Internal,
}

/// How one kind of node was started.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Node {
    /// Every variable of the server that is set.
    environment: Option<BTreeMap<String, Setting>>,
    privileged: Option<bool>,
    docker_socket: Option<bool>,
    port_open: Option<bool>,
}

/// A variable; numbers and flags are written without quotes too.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Setting {
    Text(String),
    Number(i64),
    Flag(bool),
}

/// Variables whose values say how the server works and hold no secret.
const PLAIN: &[&str] = &[
    "FN_API_CORS_HEADERS",
    "FN_API_CORS_ORIGINS",
    "FN_DISABLE_DEBUG_USER_LOGS",
    "FN_DISABLE_READONLY_ROOTFS",
    "FN_DISABLE_UNPRIVILEGED_CONTAINERS",
    "FN_DOCKER_NETWORKS",
    "FN_GRPC_PORT",
    "FN_LOG_LEVEL",
    "FN_MAX_FS_SIZE_MB",
    "FN_MAX_PIDS",
    "FN_MAX_REQUEST_SIZE",
    "FN_MAX_RESPONSE_SIZE",
    "FN_MAX_TOTAL_CPU_MCPUS",
    "FN_MAX_TOTAL_MEMORY_BYTES",
    "FN_NODE_TYPE",
    "FN_PORT",
    "FN_REQUEST_BODY_READ_TIMEOUT",
    "FN_REQUEST_HEADER_READ_TIMEOUT",
    "FN_RESPONSE_WRITE_TIMEOUT",
];

/// Variables that hold an address, of which scheme and host are kept.
const ADDRESSES: &[&str] = &["FN_JAEGER_URL", "FN_PUBLIC_LB_URL", "FN_ZIPKIN_URL"];

/// Reads the file: JSON where its name ends so, else TOML.
pub(super) fn read(path: &Path, redactor: &Redactor) -> Result<Value, CollectError> {
    let help =
        "the page on Fn Project says what the file may hold; leave `server_facts` out to scan without it";
    let unread = |why: &str| refused(format!("read the server facts in {}", path.display()), help, why);
    let text = fs::read_to_string(path).map_err(|error| unread(&error.to_string()))?;
    let facts = match path.extension().is_some_and(|ending| ending == "json") {
        true => serde_json::from_str(&text).map_err(|error| error.to_string()),
        false => toml::from_str(&text).map_err(|error| located(&text, &error)),
    };
    Ok(normalise(facts.map_err(|why| unread(&why))?, redactor))
}

/// The parser's message with the line, but without the line's text, in which a secret may stand.
fn located(text: &str, error: &toml::de::Error) -> String {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    format!("line {}: {}", before.matches('\n').count() + 1, error.message())
}

fn normalise(facts: ServerFacts, redactor: &Redactor) -> Value {
    let mut declared = Map::new();
    if !facts.authentication.is_empty() {
        let doors = facts.authentication.into_iter().map(|(door, who)| {
            let who = who.trim().to_ascii_lowercase();
            (name(&door).to_owned(), Value::from(scrub(&who)))
        });
        declared.insert("authentication".to_owned(), Value::Object(doors.collect()));
    }
    let reach = facts.reach.map(|reach| match reach {
        Reach::Internet => json!("internet"),
        Reach::Internal => json!("internal"),
    });
    let server = facts.server.map(|node| node_facts(node, redactor));
    // A server that leaves running functions to others says so; any other one is its own runner.
    let leaves_running = server.as_ref().and_then(|server| server.pointer("/environment/FN_NODE_TYPE"));
    let leaves_running = matches!(leaves_running.and_then(Value::as_str), Some("api" | "lb"));
    let own = if leaves_running { None } else { server.clone() };
    let runner = facts.runner.map(|node| node_facts(node, redactor)).or(own);
    for (name, value) in [
        ("reach", reach),
        ("tls", facts.tls.map(Value::from)),
        ("trusted_registries", facts.trusted_registries.map(Value::from)),
        ("server", server),
        ("runner", runner),
    ] {
        if let Some(value) = value {
            declared.insert(name.to_owned(), value);
        }
    }
    Value::Object(declared)
}

fn name(door: &Door) -> &'static str {
    match door {
        Door::Api => "api",
        Door::Triggers => "triggers",
        Door::Invoke => "invoke",
        Door::Metrics => "metrics",
    }
}

fn node_facts(node: Node, redactor: &Redactor) -> Value {
    let mut facts = Map::new();
    if let Some(environment) = node.environment {
        let kept = environment.into_iter().map(|(name, setting)| {
            let value = match setting {
                Setting::Text(text) => text,
                Setting::Number(number) => number.to_string(),
                Setting::Flag(flag) => flag.to_string(),
            };
            let kept = variable(&name, &value, redactor);
            (name, kept)
        });
        facts.insert("environment".to_owned(), Value::Object(kept.collect()));
    }
    for (name, flag) in [
        ("privileged", node.privileged),
        ("docker_socket", node.docker_socket),
        ("port_open", node.port_open),
    ] {
        if let Some(flag) = flag {
            facts.insert(name.to_owned(), Value::from(flag));
        }
    }
    Value::Object(facts)
}

/// What is kept of a variable.
fn variable(name: &str, value: &str, redactor: &Redactor) -> Value {
    match name {
        "FN_DB_URL" => Value::from(database(value)),
        _ if PLAIN.contains(&name) => Value::from(scrub(value.trim())),
        _ if ADDRESSES.contains(&name) => Value::from(host(value.trim())),
        _ => redactor.redact(name, value).to_value(),
    }
}

/// The address of a database without its user, its password and those parameters that say nothing of TLS.
fn database(address: &str) -> String {
    let (address, parameters) = address.trim().split_once('?').unwrap_or((address.trim(), ""));
    let Some((scheme, rest)) = address.split_once("://") else { return "unknown://".to_owned() };
    let place = rest.rsplit('@').next().unwrap_or_default();
    let about_tls = |parameter: &&str| parameter.starts_with("tls=") || parameter.starts_with("sslmode=");
    let parameters: Vec<&str> = parameters.split('&').filter(about_tls).collect();
    let mark = if parameters.is_empty() { "" } else { "?" };
    format!("{scheme}://{place}{mark}{}", parameters.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn declared(text: &str, ending: &str) -> Result<Value, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(format!("facts.{ending}"));
        fs::write(&path, text).unwrap();
        read(&path, &Redactor::new([7; 32])).map_err(|error| match error {
            CollectError::Refused { cause, .. } => cause.to_string(),
            other => other.to_string(),
        })
    }

    #[test]
    fn the_whole_file() {
        let text = r#"
            reach = "internet"
            tls = true
            trusted_registries = ["registry.example.com/pay"]
            [authentication]
            api = "Gateway"
            triggers = "none"
            [server]
            privileged = false
            docker_socket = true
            [server.environment]
            FN_LOG_LEVEL = "info"
            FN_MAX_PIDS = 50
            FN_DISABLE_READONLY_ROOTFS = true
            FN_DB_URL = "mysql://fn:p@ss/w@tcp(db.example.com:3306)/fn?tls=true&x=y"
            FN_ZIPKIN_URL = "http://user:hunter2@zipkin:9411/api/v2/spans"
            FN_HARBOUR_KEY = "hunter2-hunter2-hunter2"
        "#;
        let declared = declared(text, "toml").unwrap();
        assert!(
            !declared.to_string().contains("hunter2") && !declared.to_string().contains("p@ss"),
            "{declared}"
        );
        assert_eq!(declared["authentication"], json!({"api": "gateway", "triggers": "none"}));
        assert_eq!(declared["reach"], "internet");
        let environment = &declared["server"]["environment"];
        assert_eq!(environment["FN_DB_URL"], "mysql://tcp(db.example.com:3306)/fn?tls=true");
        assert_eq!(environment["FN_ZIPKIN_URL"], "http://zipkin:9411");
        assert_eq!(
            (&environment["FN_MAX_PIDS"], &environment["FN_DISABLE_READONLY_ROOTFS"]),
            (&json!("50"), &json!("true"))
        );
        assert!(environment["FN_HARBOUR_KEY"].get("$redacted").is_some(), "{environment}");
        assert_eq!(declared["runner"], declared["server"], "it runs functions itself");
    }

    #[test]
    fn runners_of_their_own_are_not_made_up() {
        let api = declared(r#"{"server": {"environment": {"FN_NODE_TYPE": "api"}}}"#, "json").unwrap();
        assert_eq!(api.get("runner"), None);
        let both = declared("[server.environment]\nFN_NODE_TYPE = 'api'\n[runner]\nport_open = true", "toml");
        assert_eq!(both.unwrap()["runner"], json!({"port_open": true}));
        assert_eq!(declared("", "toml").unwrap(), json!({}), "nothing declared");
    }

    #[test]
    fn slips_are_named_with_their_line() {
        for (text, ending, expected) in [
            ("tls = true\nreech = \"internet\"", "toml", "line 2"),
            ("reach = \"hunter2\"", "toml", "line 1"),
            ("[authentication]\napi2 = \"none\"", "toml", "line 2"),
            ("[server]\nenvironment = \"hunter2\"", "toml", "line 2"),
            ("{\"tls\": ", "json", "EOF"),
        ] {
            let error = declared(text, ending).unwrap_err();
            assert!(error.contains(expected), "{text}: {error}");
        }
        assert!(read(Path::new("/nowhere/facts.toml"), &Redactor::new([7; 32])).is_err());
    }

    #[test]
    fn databases_without_their_users() {
        for (given, kept) in [
            ("sqlite3:///data/fn.db", "sqlite3:///data/fn.db"),
            ("postgres://fn:a:b@db/fn?sslmode=disable&password=x", "postgres://db/fn?sslmode=disable"),
            ("hunter2", "unknown://"),
        ] {
            assert_eq!(database(given), kept);
        }
    }

    #[test]
    fn the_page_shows_a_file_that_can_be_read() {
        let page = include_str!("../../../../docs/providers/fn.md");
        let blocks = page.split("```toml\n").skip(1).filter_map(|block| block.split_once("```"));
        let example =
            blocks.map(|(block, _)| block).find(|block| block.contains("[authentication]")).unwrap();
        let declared = declared(example, "toml").unwrap();
        for name in ["authentication", "reach", "tls", "trusted_registries", "server", "runner"] {
            assert!(declared.get(name).is_some(), "{name}");
        }
        assert_eq!(declared["runner"]["port_open"], false);
    }
}
