//! Folders, files and fields that cannot be loaded.

use std::path::PathBuf;

use nephoscope_catalogue::{Catalogue, CatalogueErrors};

use crate::{FRAMEWORK, Folder, GOOD, GOOD_PATH, causes_with, faults_with};

#[test]
fn a_fault_is_shown_where_it_stands() {
    assert_eq!(
        faults_with("severity: critical", "severity: info"),
        "aws/lambda/url-auth-none.yaml:3:11: `info` is not a severity; known are critical, high, medium, low, informational
  3 | severity: info
    |           ^"
    );
}

#[test]
fn every_fault_of_every_file_is_told() {
    let one = GOOD.replace("critical", "grave").replace("url.AuthType,", "uri.AuthType,");
    let two = GOOD.replace("risk: Anybody who knows the address can invoke the function.", "risk: ''");
    let folder = Folder::of(&[(GOOD_PATH, &one), ("acme/a.yaml", &two), ("acme/b.yaml", "id: [")]);
    assert_eq!(
        folder.faults(),
        "acme/a.yaml:1:5: the id is the path with dashes: `acme-a`, not `aws-lambda-url-auth-none`
  1 | id: aws-lambda-url-auth-none
    |     ^
acme/a.yaml:11:7: the risk is empty
  11 | risk: ''
     |       ^
acme/b.yaml:1:5: a text is expected here
  1 | id: [
    |     ^
aws/lambda/url-auth-none.yaml:3:11: `grave` is not a severity; known are critical, high, medium, low, informational
  3 | severity: grave
    |           ^
aws/lambda/url-auth-none.yaml:9:12: `uri` is not a facet of aws.lambda.function; known are alias_policies, aliases, async, code, code_signing, concurrency, config, event_sources, loaders, policy, provisioned, recursion, runtime_management, tags, url, urls, versions, besides `facts` and `resource`
  9 | evidence: [uri.AuthType, url.FunctionUrl]
    |            ^"
    );
}

#[test]
fn the_form_is_closed() {
    let fields = "id, title, severity, resource, concerns, frameworks, applies, passes, evidence, description, risk, remediation, examples, aliases, deprecated";
    assert_eq!(
        causes_with("risk:", "rsk:"),
        [format!("11:1: unknown field `rsk`, expected one of {fields}")]
    );
    assert_eq!(
        causes_with("  text: Set", "  txt: Set"),
        ["13:3: unknown field `txt`, expected one of text, cli, terraform"]
    );
    assert_eq!(causes_with("severity: critical\n", ""), ["14:1: missing field `severity`"]);
    assert_eq!(
        causes_with("title: Function", "id: x\ntitle: Function"),
        ["2:1: duplicate mapping key: id not allowed here"]
    );
    assert_eq!(
        causes_with("[api-security, access-control]", "api-security"),
        ["5:11: a list is expected here"]
    );
    assert_eq!(
        causes_with("title: Function URL", "title: Function: URL"),
        ["2:16: mapping values are not allowed in this context"]
    );
    assert_eq!(causes_with("risk: Anybody", "---\nrisk: Anybody"), ["10:1: missing field `risk`"]);
}

#[test]
fn names_are_held_to_what_there_is() {
    assert_eq!(
        causes_with("[api-security,", "[api,"),
        [
            "5:12: `api` is not a concern; known are access-control, api-security, data-protection, denial-of-service, event-data-visibility, function-vulnerabilities, governance, resilience, third-party-dependencies"
        ]
    );
    assert_eq!(causes_with("access-control]", "api-security]"), ["5:26: `api-security` is listed twice"]);
    let unknown = causes_with("resource: aws.lambda.function", "resource: aws.lamda.function");
    let [unknown] = unknown.as_slice() else { panic!("{unknown:?}") };
    let expected = "4:11: `aws.lamda.function` is not a kind of resource; known are aws.account, ";
    assert!(unknown.starts_with(expected) && unknown.contains(", aws.lambda.function, "), "{unknown}");
    assert_eq!(
        causes_with("owasp-serverless-top10/SAS-2", "owasp/SAS-2"),
        ["6:14: `owasp` is not a framework; known are owasp-serverless-top10"]
    );
    assert_eq!(causes_with("SAS-2]", "SAS-99]"), ["6:14: `owasp-serverless-top10` has no control `SAS-99`"]);
    assert_eq!(
        causes_with("owasp-serverless-top10/SAS-2", "SAS-2"),
        ["6:14: `SAS-2` is not a control; write it as in `aws-fsbp/Lambda.1`"]
    );
}

#[test]
fn titles_and_texts_have_their_rules() {
    let title = "Function URL requires authentication";
    assert_eq!(
        causes_with(title, "Ensure that the URL is safe"),
        ["2:8: the title states what holds when the check passes; leave out \"Ensure\""]
    );
    assert_eq!(causes_with(title, "The URL is safe."), ["2:8: the title ends without a full stop"]);
    assert_eq!(causes_with(title, &"x".repeat(101)), ["2:8: the title has 101 characters; at most 100 fit"]);
    assert_eq!(causes_with(title, "' '"), ["2:8: the title is empty"]);
    assert_eq!(
        causes_with("The authentication type of the function's URL.", "''"),
        ["10:14: the description is empty"]
    );
    assert_eq!(
        causes_with("Set the authentication type to AWS_IAM.", "\"\""),
        ["13:9: the remediation text is empty"]
    );
    assert_eq!(
        causes_with("risk: Anybody who knows the address can invoke the function.", "risk:"),
        ["11:5: a value is missing here"]
    );
}

#[test]
fn ids_are_paths_and_mean_one_check() {
    assert_eq!(
        causes_with("id: aws-lambda-url-auth-none", "id: aws-lambda-url-open"),
        ["1:5: the id is the path with dashes: `aws-lambda-url-auth-none`, not `aws-lambda-url-open`"]
    );
    assert_eq!(
        causes_with("examples:", "aliases: [aws-lambda--Url]\nexamples:"),
        ["15:11: `aws-lambda--Url` is not an id: lower-case letters, digits and single dashes"]
    );
    let other = GOOD
        .replace("id: aws-lambda-url-auth-none", "id: acme-a\naliases: [aws-lambda-url-auth-none, acme-old]");
    let third = GOOD.replace("id: aws-lambda-url-auth-none", "id: acme-b\naliases: [acme-old]");
    let folder = Folder::of(&[(GOOD_PATH, GOOD), ("acme/a.yaml", &other), ("acme/b.yaml", &third)]);
    assert_eq!(
        folder.faults(),
        "acme/a.yaml:2:11: `aws-lambda-url-auth-none` is an id or an alias of aws/lambda/url-auth-none.yaml already
  2 | aliases: [aws-lambda-url-auth-none, acme-old]
    |           ^
acme/b.yaml:2:11: `acme-old` is an id or an alias of acme/a.yaml already
  2 | aliases: [acme-old]
    |           ^"
    );
    let twin = Folder::of(&[(GOOD_PATH, GOOD)]);
    std::fs::remove_dir_all(twin.path().join("frameworks")).unwrap();
    let first = Folder::of(&[(GOOD_PATH, GOOD)]);
    let errors = Catalogue::from_folders(&[first.path(), twin.path()]).unwrap_err();
    let expected = format!(
        "{twin}/{GOOD_PATH}:1:5: `aws-lambda-url-auth-none` is the id of {first}/{GOOD_PATH} already\n  1 | id: aws-lambda-url-auth-none\n    |     ^",
        twin = twin.path().display(),
        first = first.path().display(),
    );
    assert_eq!(errors.to_string(), expected);
}

#[test]
fn evidence_names_what_there_is() {
    assert_eq!(
        causes_with("url.FunctionUrl]", "facts.grant]"),
        [
            "9:26: `facts.grant` names no fact of aws.lambda.function; known are asynchronous, exposure, foreign_layers, grants, insights, invocations_recorded, may_log, network, role, runtime, secrets, unchanged_days, zones"
        ]
    );
    assert_eq!(
        causes_with("url.FunctionUrl]", "resource.owner]"),
        [
            "9:26: `resource.owner` names no field of `resource`; known are account, kind, name, region, tags, uid"
        ]
    );
    assert_eq!(
        causes_with("url.FunctionUrl]", "url..x]"),
        ["9:26: `url..x` is not a path: names with a full stop between them"]
    );
    assert_eq!(
        causes_with("[url.AuthType, url.FunctionUrl]", "[]"),
        ["9:11: a finding needs evidence: name at least one path"]
    );
}

#[test]
fn frameworks_have_their_rules() {
    let path = "frameworks/owasp-serverless-top10.yaml";
    let broken = FRAMEWORK
        .replace("SAS-1", "SAS-2")
        .replace("https://example.com", "see")
        .replace("Read the code.", "''");
    let folder = Folder::of(&[(GOOD_PATH, GOOD), (path, &broken)]);
    assert_eq!(
        folder.faults(),
        "frameworks/owasp-serverless-top10.yaml:5:9: the source is the address where the framework is published
  5 | source: see/top10
    |         ^
frameworks/owasp-serverless-top10.yaml:8:10: the control `SAS-2` is listed twice
  8 |   - {id: SAS-2, title: Event data is checked, manual: ''}
    |          ^
frameworks/owasp-serverless-top10.yaml:8:55: the text of a manual control is empty
  8 |   - {id: SAS-2, title: Event data is checked, manual: ''}
    |                                                       ^"
    );
    folder.write(path, &FRAMEWORK.replace("id: owasp-serverless-top10", "id: top10"));
    assert!(folder.faults().starts_with(
        "frameworks/owasp-serverless-top10.yaml:1:5: the id is the name of the file: `owasp-serverless-top10`, not `top10`\n"
    ));
}

#[test]
fn folders_have_their_rules() {
    let faults = |errors: CatalogueErrors| errors.to_string();
    let nowhere = PathBuf::from("/nowhere/checks");
    let errors = Catalogue::from_folders(std::slice::from_ref(&nowhere)).unwrap_err();
    assert_eq!(faults(errors), "read /nowhere/checks: No such file or directory (os error 2)");
    assert!(
        Catalogue::load(&[nowhere]).is_err(),
        "a missing folder is an error beside the built-in checks too"
    );
    let folder = Folder::of(&[("acme/a.yml", GOOD)]);
    assert_eq!(folder.faults(), "load acme/a.yml: checks end in `.yaml`; rename the file");
    std::fs::remove_dir_all(folder.path().join("frameworks")).unwrap();
    std::fs::write(folder.path().join("acme/a.yml"), "").unwrap();
    std::fs::rename(folder.path().join("acme/a.yml"), folder.path().join("acme/a.txt")).unwrap();
    assert_eq!(folder.faults(), "load FOLDER: it holds no file that ends in `.yaml`");
    std::fs::write(folder.path().join("latin.yaml"), b"id: \xe9").unwrap();
    assert_eq!(folder.faults(), "load latin.yaml: it is not UTF-8 text");
}
