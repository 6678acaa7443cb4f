//! Examples that prove nothing, or that do not say what they mean.

use crate::{causes_with, faults_with};

const UNREAD: &str = "  - {name: unread, expect: unknown, url: !unreadable AccessDenied}\n";

#[test]
fn every_verdict_that_can_occur_is_shown() {
    assert_eq!(
        faults_with(UNREAD, ""),
        "aws/lambda/url-auth-none.yaml:16:3: no example has `expect: unknown`; the check reads facets or facts, so it shows what happens when one cannot be read
  16 |   - {name: signed, expect: pass, url: {AuthType: AWS_IAM}}
     |   ^"
    );
    assert_eq!(
        causes_with("expect: not_applicable", "expect: pass"),
        [
            "16:3: no example has `expect: not_applicable`; the check has `applies`, so it shows what it does not speak about"
        ]
    );
    assert_eq!(
        causes_with("expect: fail", "expect: pass"),
        ["16:3: no example has `expect: fail`; every check shows what fails"]
    );
    assert_eq!(
        causes_with("expect: pass", "expect: fail"),
        ["16:3: no example has `expect: pass`; every check shows what passes"]
    );
    assert_eq!(
        causes_with("expect: pass", "expect: ok"),
        ["16:28: `ok` is not a verdict of an example; known are pass, fail, not_applicable, unknown"]
    );
}

#[test]
fn examples_name_what_there_is() {
    assert_eq!(
        causes_with("expect: fail, url:", "expect: fail, uri:"),
        [
            "17:32: `uri` is not a facet of aws.lambda.function; known are alias_policies, aliases, async, code, code_signing, concurrency, config, event_sources, loaders, policy, provisioned, recursion, runtime_management, tags, url, urls, versions"
        ]
    );
    assert_eq!(
        causes_with("expect: fail, url:", "expect: fail, facts: {grant: []}, url:"),
        [
            "17:40: `grant` is not a fact of aws.lambda.function; known are asynchronous, exposure, foreign_layers, grants, insights, invocations_recorded, may_log, network, role, runtime, secrets, unchanged_days, zones"
        ]
    );
    assert_eq!(
        causes_with("expect: fail, url:", "expect: fail, resource: {owner: me}, url:"),
        ["17:43: unknown field `owner`, expected one of uid, name, account, region, tags"]
    );
    assert_eq!(
        causes_with("expect: fail, url:", "expect: fail, now: yesterday, url:"),
        ["17:37: this is not an instant; write it as in 2026-11-16T02:00:00Z"]
    );
    assert_eq!(causes_with("{name: open, ", "{"), ["17:5: the example has no `name`"]);
    assert_eq!(causes_with("name: open,", "name: '',"), ["17:5: the example has no `name`"]);
}

#[test]
fn values_say_what_they_are() {
    assert_eq!(
        causes_with("!unreadable AccessDenied", "!unreadable"),
        ["19:53: `!unreadable` needs an error code, as in `!unreadable AccessDenied`"]
    );
    assert_eq!(
        causes_with("!unreadable AccessDenied", "!denied AccessDenied"),
        ["19:50: the tag `!denied` means nothing for a facet; `!unreadable CODE` does"]
    );
    assert_eq!(
        causes_with("url: {AuthType: NONE}", "url: {AuthType: !unreadable X}"),
        ["17:60: only a whole facet can be `!unreadable`"]
    );
    assert_eq!(
        causes_with("url: {AuthType: NONE}", "url: {AuthType: 0123}"),
        ["17:48: `0123` may be a text or a number; quote it, or write it plainly"]
    );
    assert_eq!(
        causes_with("expect: fail, url:", "expect: fail, facts: {role: !unreadable X}, url:"),
        ["17:58: the tag `!unreadable` means nothing for a fact; `!unknown CODE` does"]
    );
}
