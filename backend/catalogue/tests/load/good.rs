//! What a folder without fault gives.

use std::collections::BTreeMap;

use nephoscope_catalogue::{Catalogue, Expect, RESOURCE_FIELDS, kinds, matches, root_context, schema};
use nephoscope_model::{Concern, Facet, Fact, Provider, Severity, Unreadable};
use serde_json::json;

use crate::{FRAMEWORK, Folder, GOOD, GOOD_PATH};

#[test]
fn a_check_is_what_its_file_says() {
    let catalogue = Folder::of(&[(GOOD_PATH, GOOD)]).load().unwrap();
    let compiled = catalogue.find("aws-lambda-url-auth-none").unwrap();
    let check = &compiled.check;
    assert_eq!(check.title, "Function URL requires authentication");
    assert_eq!((check.severity, check.provider), (Severity::Critical, Provider::Aws));
    assert_eq!((check.service.as_str(), check.kind.as_str()), ("lambda", "aws.lambda.function"));
    assert_eq!(check.concerns, [Concern::ApiSecurity, Concern::AccessControl]);
    assert_eq!(check.frameworks, ["owasp-serverless-top10/SAS-2"]);
    assert_eq!((check.applies.as_str(), check.passes.as_str()), ("url != null", "url.AuthType != \"NONE\""));
    assert_eq!(check.evidence, ["url.AuthType", "url.FunctionUrl"]);
    assert_eq!(check.remediation.terraform, None);
    assert_eq!(compiled.facets, ["url"]);
    assert_eq!(check.reads, ["url"]);
    assert!(compiled.facts.is_empty());
    let expects: Vec<Expect> = compiled.examples.iter().map(|example| example.expect).collect();
    assert_eq!(expects, [Expect::Pass, Expect::Fail, Expect::NotApplicable, Expect::Unknown]);
    assert_eq!(compiled.examples[0].facets["url"], Facet::Known(json!({"AuthType": "AWS_IAM"})));
    assert_eq!(compiled.examples[2].facets["url"], Facet::Absent);
    let reason = Unreadable {
        facet: "url".to_owned(),
        api: "example".to_owned(),
        error: "AccessDenied".to_owned(),
        permission: None,
    };
    assert_eq!(compiled.examples[3].facets["url"], Facet::Unreadable(reason));
}

#[test]
fn conditions_run() {
    let catalogue = Folder::of(&[(GOOD_PATH, GOOD)]).load().unwrap();
    let compiled = &catalogue.checks()[0];
    let root = root_context();
    let mut context = root.new_inner_scope();
    let url = BTreeMap::from([("AuthType".to_owned(), "NONE".to_owned())]);
    context.add_variable("url", url).unwrap();
    assert_eq!(compiled.applies.as_ref().unwrap().execute(&context), Ok(true.into()));
    assert_eq!(compiled.passes.execute(&context), Ok(false.into()));
    assert!(compiled.passes.execute(&root).is_err(), "what is not declared is an error, not false");
}

#[test]
fn facts_and_all_that_examples_can_say_are_read() {
    let text = r#"
id: acme-owner
title: Internal functions that others can invoke have an owner
severity: low
resource: aws.lambda.function
concerns: []
aliases: [acme-tag-missing]
deprecated: Use the tag policy instead.
passes: |
  facts.grants.all(g, g.foreign_accounts.size() == 0)
    || (has(resource.tags.Owner) && now < timestamp("2027-01-01T00:00:00Z"))
evidence: [facts.grants, resource.tags.Owner]
description: |
  The owner tag.

  Only of functions that others can invoke.
risk: Nobody answers.
remediation: {text: Tag it.}
examples:
  - name: own account only
    expect: pass
    facts: {grants: [{sid: 'on', foreign_accounts: []}]}
  - name: owned
    expect: pass
    facts: {grants: [{foreign_accounts: ['012345678901']}]}
    resource: {name: pay, tags: {Owner: on}}
    now: 2026-11-16T02:00:00Z
  - name: nobody's
    expect: fail
    facts: {grants: [{foreign_accounts: ['012345678901']}]}
  - name: unread
    expect: unknown
    facts: {grants: !unknown AccessDeniedException}
"#;
    let catalogue = Folder::of(&[("acme/owner.yaml", text)]).load().unwrap();
    let compiled = catalogue.find("acme-tag-missing").unwrap();
    assert_eq!(compiled.check.id.as_str(), "acme-owner");
    assert_eq!(compiled.check.service, "acme");
    assert_eq!(compiled.check.applies, "true");
    assert!(compiled.applies.is_none());
    assert_eq!(compiled.check.description, "The owner tag.\n\nOnly of functions that others can invoke.");
    assert_eq!(compiled.check.deprecated.as_deref(), Some("Use the tag policy instead."));
    assert!(compiled.facets.is_empty());
    assert_eq!(compiled.facts, ["grants"]);
    let [own, owned, _, unread] = compiled.examples.as_slice() else { panic!("four examples") };
    assert_eq!(own.facts["grants"], Fact::Known(json!([{"sid": "on", "foreign_accounts": []}])));
    assert_eq!(own.now.to_string(), "2026-01-01T00:00:00Z");
    assert_eq!((owned.resource.name.as_str(), owned.resource.tags["Owner"].as_str()), ("pay", "on"));
    assert_eq!(owned.now.to_string(), "2026-11-16T02:00:00Z");
    assert!(matches!(&unread.facts["grants"], Fact::Unknown(why) if why[0].error == "AccessDeniedException"));
    let resource = owned.to_resource(&compiled.check.kind, compiled.check.provider);
    assert_eq!((resource.name.as_str(), resource.service.as_str()), ("pay", "lambda"));
}

#[test]
fn checks_are_sorted_and_the_digest_follows_the_files() {
    let other = GOOD.replace("aws-lambda-url-auth-none", "aws-lambda-a");
    let folder = Folder::of(&[(GOOD_PATH, GOOD), ("aws/lambda/a.yaml", &other), ("README.md", "no check")]);
    let catalogue = folder.load().unwrap();
    let ids: Vec<&str> = catalogue.checks().iter().map(|compiled| compiled.check.id.as_str()).collect();
    assert_eq!(ids, ["aws-lambda-a", "aws-lambda-url-auth-none"]);
    assert_eq!(catalogue.frameworks()[0].controls[0].id, "SAS-2", "controls keep the order of the file");
    let digest = catalogue.digest().to_owned();
    assert_eq!(digest.len(), 16);
    assert_eq!(folder.load().unwrap().digest(), digest);
    folder.write(GOOD_PATH, &GOOD.replace("severity: critical", "severity: high"));
    assert_ne!(folder.load().unwrap().digest(), digest);
    folder.write(GOOD_PATH, GOOD);
    folder.write("frameworks/owasp-serverless-top10.yaml", &FRAMEWORK.replace("Ten risks", "Risks"));
    assert_ne!(folder.load().unwrap().digest(), digest, "frameworks count as well");
}

#[test]
fn patterns_choose_checks() {
    assert!(matches("aws-lambda-*", "aws-lambda-url-auth-none"));
}

#[test]
fn the_schema_knows_the_form() {
    let schema = schema();
    assert_eq!(schema["additionalProperties"], json!(false));
    assert_eq!(schema["properties"]["severity"]["enum"][0], "critical");
    let known: Vec<&str> = kinds().keys().map(String::as_str).collect();
    assert_eq!(schema["properties"]["resource"]["enum"], json!(known));
    let required = schema["required"].as_array().unwrap();
    for field in
        ["id", "title", "severity", "resource", "concerns", "passes", "evidence", "description", "risk"]
    {
        assert!(required.contains(&json!(field)), "{field}");
    }
    assert!(!required.contains(&json!("applies")));
    let example = &schema["$defs"]["ExampleFile"];
    assert_eq!(example["properties"]["expect"]["enum"], json!(["pass", "fail", "not_applicable", "unknown"]));
    assert_eq!(RESOURCE_FIELDS.len(), 6);
}

#[test]
fn a_catalogue_can_be_shared_between_threads() {
    fn shared<T: Send + Sync>(_: &T) {}
    shared(&Folder::of(&[(GOOD_PATH, GOOD)]).load().unwrap());
    assert!(Catalogue::from_folders(&[]).unwrap().checks().is_empty());
}
