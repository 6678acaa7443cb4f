//! OpenAPI documents as API Gateway keeps them: files of JSON or YAML, in base64.

use serde_json::{Value, json};

use crate::gcp::base64;
use crate::redact::Redactor;

/// The documents of a config as it is read in full; none where it is made of gRPC services. An error where a file is
/// neither JSON nor YAML.
pub(super) fn documents(config: &Value, redactor: &Redactor) -> Result<Option<Value>, Unreadable> {
    let Some(files) = config.get("openapiDocuments").and_then(Value::as_array) else { return Ok(None) };
    let documents: Result<Vec<Value>, Unreadable> =
        files.iter().map(|file| document(file, redactor)).collect();
    Ok(Some(json!({ "documents": documents? })))
}

/// A file that could not be made out.
#[derive(Debug, PartialEq)]
pub(super) struct Unreadable;

fn document(file: &Value, redactor: &Redactor) -> Result<Value, Unreadable> {
    let contents = file.pointer("/document/contents").and_then(Value::as_str).ok_or(Unreadable)?;
    let text = base64::decode(contents).and_then(|bytes| String::from_utf8(bytes).ok()).ok_or(Unreadable)?;
    // JSON is YAML too, but its own reader is stricter about what a text is.
    let parsed = serde_json::from_str(&text).or_else(|_| {
        // Booleans are `true` and `false`: `no` is a text, as the gateway reads it.
        let options = serde_saphyr::options! { strict_booleans: true, with_snippet: false };
        serde_saphyr::from_str_with_options::<Value>(&text, options)
    });
    let mut parsed = parsed.ok().filter(Value::is_object).ok_or(Unreadable)?;
    redactor.redact_recognised(&mut parsed);
    let path = file.pointer("/document/path").and_then(Value::as_str);
    Ok(json!({ "path": path, "document": parsed }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(contents: &str) -> Result<Option<Value>, Unreadable> {
        let file = json!({"document": {"path": "openapi.yaml", "contents": contents}});
        documents(&json!({"openapiDocuments": [file]}), &Redactor::new([1; 32]))
    }

    #[test]
    fn files_are_json_or_yaml_in_base64() {
        // swagger: "2.0"\ninfo: {title: no}\npaths:\n  /a:\n    get: {security: []}\n
        let yaml = "c3dhZ2dlcjogIjIuMCIKaW5mbzoge3RpdGxlOiBub30KcGF0aHM6CiAgL2E6CiAgICBnZXQ6IHtzZWN1cml0eTogW119Cg==";
        let documents = of(yaml).unwrap().unwrap();
        let document = &documents["documents"][0];
        assert_eq!(document["path"], "openapi.yaml");
        assert_eq!(
            document["document"],
            json!({"swagger": "2.0", "info": {"title": "no"}, "paths": {"/a": {"get": {"security": []}}}})
        );
        // {"swagger":"2.0"}
        let json = of("eyJzd2FnZ2VyIjoiMi4wIn0=").unwrap().unwrap();
        assert_eq!(json["documents"][0]["document"], json!({"swagger": "2.0"}));
    }

    #[test]
    fn what_is_no_document_is_told() {
        // just a text
        assert_eq!(of("anVzdCBhIHRleHQ="), Err(Unreadable));
        assert_eq!(of("!"), Err(Unreadable));
        assert_eq!(documents(&json!({"grpcServices": []}), &Redactor::new([1; 32])), Ok(None));
    }

    #[test]
    fn secrets_in_documents_are_redacted() {
        // x-google-backend: {address: "https://x.example", password: CANARY-hunter2-9f}
        let contents = "eC1nb29nbGUtYmFja2VuZDoge2FkZHJlc3M6ICJodHRwczovL3guZXhhbXBsZSIsIHBhc3N3b3JkOiBDQU5BUlktaHVudGVyMi05Zn0K";
        let documents = of(contents).unwrap().unwrap().to_string();
        assert!(!documents.contains("CANARY") && documents.contains("x.example"), "{documents}");
    }
}
