//! Security rules of databases and of storage for apps: who may read or write without any proof.

use nephoscope_model::Resource;
use serde_json::{Value, json};

use crate::derive::reading::{Reading, list, required, text};

/// The grants of the rules that hold for everybody: file, line, path and methods.
///
/// That everybody may read what one path holds can be meant, as for a catalogue of goods; that everybody may read all
/// there is, or write anything, cannot.
pub(super) fn open(resource: &Resource) -> Reading<Value> {
    let ruleset = required(resource, "ruleset")?;
    let files = ruleset.get("source").map_or(&[][..], |source| list(source, "files"));
    let mut found = Vec::new();
    for file in files {
        let name = text(file, "name").unwrap_or_default();
        found.extend(open_in(text(file, "content").unwrap_or_default()).into_iter().map(
            |grant| json!({"file": name, "line": grant.line, "path": grant.path, "methods": grant.methods}),
        ));
    }
    Ok(Value::Array(found))
}

#[derive(Debug, PartialEq, Eq)]
struct OpenGrant {
    line: usize,
    path: String,
    methods: Vec<String>,
}

const WRITES: [&str; 4] = ["write", "create", "update", "delete"];

fn open_in(content: &str) -> Vec<OpenGrant> {
    let content = without_comments(content);
    let mut found = Vec::new();
    // The paths of the matches that are open, each with the depth of braces at which it ends.
    let mut paths: Vec<(String, usize)> = Vec::new();
    let mut depth = 0;
    let mut line = 1;
    let mut statement = String::new();
    let mut begun = 1;
    for c in content.chars() {
        if statement.trim().is_empty() {
            begun = line;
        }
        match c {
            // Braces in paths are wildcards; those that open a block stand after a blank.
            '{' if statement.ends_with(char::is_whitespace) || statement.is_empty() => {
                depth += 1;
                if let Some(path) = statement.trim().strip_prefix("match ") {
                    paths.push((path.trim().to_owned(), depth));
                }
                statement.clear();
            }
            '}' if !statement.contains('{') => {
                paths.retain(|(_, opened)| *opened < depth);
                depth = depth.saturating_sub(1);
                statement.clear();
            }
            ';' => {
                let path: String = paths.iter().map(|(path, _)| path.as_str()).collect();
                found.extend(open_grant(&statement, path, begun));
                statement.clear();
            }
            '}' => {
                // The wildcard's own brace.
                let closed = statement.matches('}').count() + 1;
                statement.push('}');
                if closed > statement.matches('{').count() {
                    statement.clear();
                }
            }
            other => statement.push(other),
        }
        if c == '\n' {
            line += 1;
        }
    }
    found
}

fn open_grant(statement: &str, path: String, line: usize) -> Option<OpenGrant> {
    let rest = statement.trim().strip_prefix("allow ")?;
    let (methods, condition) = rest.split_once(':').unwrap_or((rest, "if true"));
    let condition: String = condition.split_whitespace().collect::<Vec<_>>().join(" ");
    if condition != "if true" {
        return None;
    }
    let methods: Vec<String> = methods.split(',').map(|method| method.trim().to_owned()).collect();
    let writes = methods.iter().any(|method| WRITES.contains(&method.as_str()));
    (writes || path.contains("=**}")).then_some(OpenGrant { line, path, methods })
}

fn without_comments(content: &str) -> String {
    let mut kept = String::new();
    let mut rest = content;
    while let Some(at) = rest.find("/*") {
        let (before, comment) = rest.split_at(at);
        kept.push_str(before);
        let end = comment.find("*/").map_or(comment.len(), |end| end + 2);
        // Lines keep their numbers.
        kept.extend(comment[..end].chars().filter(|c| *c == '\n'));
        rest = &comment[end..];
    }
    kept.push_str(rest);
    // A path never begins with two slashes.
    kept.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: &str = "rules_version = '2';
service cloud.firestore {
  match /databases/{database}/documents {
    // allow write: if true;
    match /goods/{good} {
      allow read: if true;
      allow write: if request.auth.token.admin == true;
    }
    match /orders/{order} {
      allow create, get: if true;
    }
    /* match /{x=**} { allow write; } */
    match /{document=**} {
      allow read: if
        true;
    }
  }
}
";

    #[test]
    fn open_are_writes_and_reads_of_everything() {
        let found = open_in(RULES);
        let said: Vec<(usize, &str)> = found.iter().map(|grant| (grant.line, grant.path.as_str())).collect();
        let root = "/databases/{database}/documents";
        assert_eq!(
            said,
            [(10, &*format!("{root}/orders/{{order}}")), (14, &*format!("{root}/{{document=**}}"))]
        );
        assert_eq!(found[0].methods, ["create", "get"]);
    }

    #[test]
    fn a_grant_without_a_condition_is_open_and_a_closed_one_is_not() {
        assert_eq!(open_in("match /a/{b} { allow write; }").len(), 1);
        assert!(open_in("match /{a=**} { allow read, write: if false; }").is_empty());
        assert!(open_in("match /{a=**} { allow read, write: if request.auth != null; }").is_empty());
        assert!(open_in("").is_empty());
    }
}
