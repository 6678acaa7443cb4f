//! Conditions that cannot be compiled, or that would never be true or false.

use crate::{Folder, GOOD, GOOD_PATH, causes_with, faults_with};

const PASSES: &str = "passes: url.AuthType != \"NONE\"";

fn causes(condition: &str) -> Vec<String> {
    causes_with(PASSES, &format!("passes: {condition}"))
}

/// One fault of a condition that stands in line 8 from column 9 on.
fn cause(condition: &str) -> String {
    let causes = causes(condition);
    assert_eq!(causes.len(), 1, "{causes:?}");
    causes.concat()
}

#[test]
fn a_fault_within_a_block_is_shown_in_its_own_line() {
    let block = "passes: |\n  // Signed callers only.\n  url.AuthType != \"NONE\"\n    && url.Cors == )";
    assert_eq!(
        faults_with(PASSES, block),
        "aws/lambda/url-auth-none.yaml:11:20: `)` stands where a value should stand
  11 |     && url.Cors == )
     |                    ^"
    );
    let folded = "passes: >-\n  url.AuthType != \"NONE\"\n  && polcy.Statement.size() == 0";
    assert_eq!(
        faults_with(PASSES, folded),
        "aws/lambda/url-auth-none.yaml:10:6: `polcy` is not a facet of aws.lambda.function; known are alias_policies, aliases, async, code, code_signing, concurrency, config, event_sources, loaders, policy, provisioned, recursion, runtime_management, tags, url, urls, versions, besides `facts`, `resource` and `now`
  10 |   && polcy.Statement.size() == 0
     |      ^"
    );
}

#[test]
fn syntax_is_told_in_plain_words() {
    assert_eq!(cause("url.AuthType ="), "8:22: `=` is not CEL; write `==` to compare");
    assert_eq!(cause("url.AuthType =="), "8:24: the condition ends where a value should stand");
    assert_eq!(cause("(url.AuthType == \"NONE\""), "8:32: `)` is missing");
    assert_eq!(cause("url != null and true"), "8:21: `and` stands where an operator or the end should stand");
    assert_eq!(cause("url.AuthType != \"NONE"), "8:25: this text is never closed");
    assert_eq!(cause("'url.AuthType == \"it''s\" )'"), "8:34: `)` is one too many");
    assert_eq!(cause("''"), "8:9: the condition ends where a value should stand");
    assert_eq!(cause("has(url)"), "8:13: invalid argument to has() macro");
}

#[test]
fn only_names_that_mean_something_are_taken() {
    let known = "known are alias_policies, aliases, async, code, code_signing, concurrency, config, event_sources, loaders, policy, provisioned, recursion, runtime_management, tags, url, urls, versions, besides `facts`, `resource` and `now`";
    assert_eq!(
        cause("Url.AuthType == \"NONE\""),
        format!("8:9: `Url` is not a facet of aws.lambda.function; {known}")
    );
    assert_eq!(
        causes("a.b == c"),
        [
            format!("8:9: `a` is not a facet of aws.lambda.function; {known}"),
            format!("8:16: `c` is not a facet of aws.lambda.function; {known}")
        ]
    );
    assert_eq!(
        cause("url.Cors.exists(c, c == d)"),
        format!("8:33: `d` is not a facet of aws.lambda.function; {known}")
    );
    assert_eq!(
        cause("facts.grant.size() == 0"),
        "8:9: `grant` is not a fact of aws.lambda.function; known are asynchronous, exposure, foreign_layers, grants, insights, invocations_recorded, may_log, network, role, runtime, secrets, unchanged_days, zones"
    );
    assert_eq!(
        cause("resource.owner == \"me\""),
        "8:9: `owner` is not a field of `resource`; known are account, kind, name, region, tags, uid"
    );
    assert_eq!(cause("facts[\"grants\"] == []"), "8:9: facts are read one by one, as `facts.NAME`");
    assert_eq!(cause("resource != null"), "8:9: the resource is read field by field, as `resource.NAME`");
    assert_eq!(cause("url.Cors.any(c, c)"), format!("8:21: `any` is not a function of conditions"));
    assert_eq!(
        cause("url.AuthType.matches(\"(\")"),
        "8:30: this is not a regular expression: unclosed group"
    );
    assert_eq!(
        cause("url.Cors.exists(policy, policy == 1)"),
        "8:24: the variable `policy` hides what conditions read under that name"
    );
}

#[test]
fn facts_are_not_tested_for() {
    assert_eq!(
        cause("has(facts.runtime) && url != null"),
        "8:13: `has(facts.runtime)` would take an unknown fact for a missing one; every fact of the kind exists, so read it"
    );
    let inside = GOOD.replace(PASSES, "passes: has(facts.runtime.successor)");
    let catalogue = Folder::of(&[(GOOD_PATH, &inside)]).load().unwrap();
    assert_eq!(catalogue.checks()[0].facts, ["runtime"], "within a fact, fields can be tested for");
}

#[test]
fn a_condition_reads_something() {
    let text = causes_with(
        "applies: url != null\npasses: url.AuthType != \"NONE\"",
        "passes: now > timestamp(\"2026-01-01T00:00:00Z\")",
    );
    assert_eq!(
        text,
        ["7:9: the conditions read neither a facet nor a fact nor the resource, so they say the same of all"]
    );
}
