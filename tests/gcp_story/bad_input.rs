//! Answers that are none, or half: what is said of them, what coverage says, and that nothing passes or vanishes for it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;

use nephoscope_model::CoverageState;
use nephoscope_simulator::{Fault, FnEstate, FnServer, GoogleServer, Misbehaviour};
use serde_json::{Value, json};

use super::planted::{Planted, label};
use super::{Story, Verdicts, target, with_status};
use crate::wire::Wire;

const FEW: &str = "services = [\"cloudfunctions\", \"project\", \"run\", \"storage\"]\n";

/// A few functions, with the services that most of their verdicts need.
fn story(misbehaviour: Misbehaviour) -> Story {
    Story::of(&Planted::part(&["plain"]), misbehaviour, FEW)
}

/// Verdicts that are otherwise now: check and resource by status, or `gone`.
fn otherwise(story: &Story, before: &Verdicts) -> BTreeMap<String, BTreeSet<String>> {
    let after = story.verdicts();
    let mut changed: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (finding @ (check, resource), status) in before {
        let now = after.get(finding).map_or("gone", String::as_str);
        if now != status {
            changed.entry(now.to_owned()).or_default().insert(format!("{check} {}", label(resource)));
        }
    }
    changed
}

/// Something is changed in every answer of the inventory about resources.
fn changed(pointer: &str, new: Option<Value>) -> Misbehaviour {
    inventory(Fault::Changed(pointer.to_owned(), new))
}

fn inventory(fault: Fault) -> Misbehaviour {
    Misbehaviour::default().always("GET *contentType=RESOURCE*", fault)
}

#[test]
fn a_target_that_cannot_be_read_says_what_to_do_and_others_are_scanned() {
    let story = story(Misbehaviour::default());
    let of_fn = FnEstate::planted(&json!({
        "apps": [{"id": "A", "name": "pay"}],
        "fns": [{"id": "slow", "name": "slow", "app_id": "A", "image": "example.com/slow:1", "memory": 128, "timeout": 300,
            "idle_timeout": 30, "annotations": {"fnproject.io/fn/invokeEndpoint": "https://fn.example.com/invoke/slow"}}],
    }));
    let of_fn = of_fn.unwrap_or_else(|wrong| panic!("{wrong:?}"));
    let functions = story.runtime.block_on(FnServer::start(of_fn, Misbehaviour::default()));
    let page = Misbehaviour::default().always("*projects.search", Fault::Html);
    let page = story.runtime.block_on(GoogleServer::start(Planted::part(&[]).estate(), page));
    let beside = format!(
        "[[target]]\nname = \"functions\"\nprovider = \"fn\"\napi_url = \"https://fn.example.com\"\nendpoint_url = \"{}\"\n",
        functions.endpoint()
    );
    let all = [target("page", &page.endpoint()), target("web", &story.server.endpoint()), beside];
    story.program.write("nephoscope.toml", &all.concat());
    let scan = story.run(&["scan", "--budget", "1"]);
    assert_eq!(scan.code, Some(1), "{}", scan.stderr);
    for text in [
        "failed to reach the cloud of target `page`",
        "list the projects of Google Cloud",
        "a page or a redirection, which is not the API's answer",
        "help: check the network and `endpoint_url`, that the Cloud Resource Manager API is enabled",
    ] {
        assert!(scan.stderr.contains(text), "{}", scan.stderr);
    }
    let found = with_status(&story.verdicts(), "FAIL");
    for check in ["fn-timeout-max", "gcp-func-ingress-all"] {
        assert!(found.contains_key(check), "{check} is not found: the target was not scanned");
    }

    // Where there are no credentials, there is no metadata server either.
    let mut bare = story.program.command(&["scan", "functions", "web"]);
    bare.env("GCE_METADATA_HOST", "127.0.0.1:1");
    let scan = story.program.run_command(bare);
    assert_eq!(scan.code, Some(1), "{}", scan.stderr);
    for text in [
        "failed to reach the cloud of target `web`",
        "sign in to Google Cloud",
        "help: run `gcloud auth application-default login`, set GOOGLE_APPLICATION_CREDENTIALS, or give the machine a service account",
    ] {
        assert!(scan.stderr.contains(text), "{}", scan.stderr);
    }
}

#[test]
fn a_token_that_ends_midway_leaves_the_rest_unknown() {
    let story = story(Misbehaviour::default());
    story.scan();
    let before = story.verdicts();
    story.server.misbehave(Misbehaviour::default().always("*getIamPolicy", Fault::ExpiredCredentials));
    let scan = story.scan();
    assert!(scan.stderr.contains("resourcemanager.projects.getIamPolicy UNAUTHENTICATED"), "{}", scan.stderr);
    let expected = ["attic/project", "shop/project"].map(|shard| (shard.to_owned(), CoverageState::Partial));
    assert_eq!(story.unread(), expected.into());
    let changed = otherwise(&story, &before);
    assert_eq!(changed.keys().collect::<Vec<_>>(), ["UNKNOWN"], "{changed:#?}");
    for check in
        ["gcp-audit-exempted-members", "gcp-func-source-bucket-writers", "gcp-sa-separation-of-duties"]
    {
        assert!(changed["UNKNOWN"].iter().any(|finding| finding.starts_with(check)), "{check}: {changed:#?}");
    }
}

#[test]
fn a_token_that_is_revoked_midway_is_asked_for_again_and_nothing_is_missed() {
    let story = story(Misbehaviour::default());
    story.scan();
    let before = story.verdicts();
    let ended =
        json!({"error": {"code": 401, "message": "Invalid Credentials", "status": "UNAUTHENTICATED"}});
    let address = story.server.endpoint().trim_start_matches("http://").parse().unwrap();
    let (wire, revoked) = Wire::revoking(address, 12, ended);
    story.program.write("nephoscope.toml", &format!("{}{FEW}", target("web", &wire.endpoint())));
    let mut command = story.program.command(&["scan", "--budget", "1", "--min-coverage", "1"]);
    command.env("GCE_METADATA_HOST", wire.endpoint().trim_start_matches("http://"));
    let scan = story.program.run_command(command);
    assert_eq!(scan.code, Some(0), "{}", scan.stderr);
    assert!(revoked.refused.load(Ordering::Relaxed) > 0, "the scan was over before the token was revoked");
    assert_eq!(revoked.asked.load(Ordering::Relaxed), 2, "one token for all calls that were refused");
    assert_eq!((otherwise(&story, &before), story.unread()), (BTreeMap::new(), BTreeMap::new()));
}

#[test]
fn a_token_endpoint_that_is_busy_is_asked_again() {
    let busy = Misbehaviour::default().first_tries("metadata", 2, Fault::Throttled(Some(1)));
    let story = story(busy);
    story.scan();
    assert!(story.server.seen().throttled["metadata"] >= 2, "{:?}", story.server.seen().throttled);
    assert_eq!(story.unread(), BTreeMap::new());
}

#[test]
fn what_the_inventory_says_in_words_that_nobody_knows_does_not_pass() {
    let story = story(Misbehaviour::default());
    story.scan();
    let before = story.verdicts();
    story
        .server
        .misbehave(changed("/assets/*/resource/data/serviceConfig/ingressSettings", Some(json!("SIDEWAYS"))));
    story.scan();
    let strange = otherwise(&story, &before);
    assert_eq!(
        strange,
        [("FAIL".to_owned(), BTreeSet::from(["gcp-func-ingress-all functions/orders".to_owned()]))].into()
    );

    story.server.misbehave(changed("/assets/*/resource/data/serviceConfig", None));
    story.scan();
    let missing = otherwise(&story, &before);
    assert!(!missing.contains_key("PASS") && !missing.contains_key("FAIL"), "{missing:#?}");
    for check in ["func-env-secret", "func-ingress-all", "func-public-invoker", "func-secret-foreign"] {
        assert!(
            missing["UNKNOWN"].contains(&format!("gcp-{check} functions/plain")),
            "{check}: {missing:#?}"
        );
    }

    // What has no name is not taken for gone.
    story.server.misbehave(changed("/assets/*/name", None));
    let scan = story.scan();
    assert!(scan.stderr.contains("cloudasset.assets.listResource Malformed"), "{}", scan.stderr);
    let unread = story.unread();
    assert_eq!(unread["attic/cloudfunctions"], CoverageState::Partial, "{unread:?}");
    let nameless = otherwise(&story, &before);
    assert!(!nameless.contains_key("PASS") && !nameless.contains_key("FAIL"), "{nameless:#?}");
    assert!(nameless["UNKNOWN"].contains("gcp-func-ingress-all functions/plain"), "{nameless:#?}");
}

#[test]
fn an_inventory_that_cannot_be_read_costs_calls_and_no_verdict() {
    let story = story(Misbehaviour::default());
    story.scan();
    let before = story.verdicts();
    for fault in [Fault::RepeatedToken, Fault::Html, Fault::CutOff] {
        story.server.misbehave(inventory(fault));
        let scan = story.scan();
        assert!(scan.stderr.contains("all read again: gcp/attic/global/cloudfunctions"), "{}", scan.stderr);
        assert_eq!(otherwise(&story, &before), BTreeMap::new());
    }
    let costs = &story.coverage()["attic/cloudfunctions"].costs;
    assert!(costs.iter().any(|cost| cost.message.contains("broke off")), "{costs:?}");
}
