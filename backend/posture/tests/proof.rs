//! A check that is wrong about itself is told so.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![expect(clippy::disallowed_methods, reason = "a catalogue is loaded from files")]

use std::path::Path;

use nephoscope_catalogue::{Catalogue, CompiledCheck};
use nephoscope_posture::evaluate::prove;

const REST: &str = "
id: aws-lambda-trial
title: Trial holds
severity: low
resource: aws.lambda.function
concerns: [governance]
evidence: [config.Timeout]
description: Looks.
risk: Some.
remediation: {text: Do.}
";

/// What `prove` says of a check with these conditions and examples.
fn prove_trial(conditions: &str) -> Vec<String> {
    let folder =
        Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("proof-{:?}", std::thread::current().id()));
    let file = folder.join("aws/lambda/trial.yaml");
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(&file, format!("{REST}{conditions}")).unwrap();
    let catalogue = Catalogue::from_folders(&[folder]).unwrap();
    let check: &CompiledCheck = catalogue.find("aws-lambda-trial").unwrap();
    prove(check).iter().map(ToString::to_string).collect()
}

#[test]
fn a_sound_check_has_nothing_against_it() {
    let failures = prove_trial(
        "passes: has(config.Timeout) && config.Timeout <= 30
examples:
  - {name: short, expect: pass, config: {Timeout: 3}}
  - {name: long, expect: fail, config: {Timeout: 900}}
  - {name: unread, expect: unknown, config: !unreadable AccessDenied}
",
    );
    assert_eq!(failures, [""; 0]);
}

#[test]
fn an_example_that_gives_another_verdict_is_told() {
    let failures = prove_trial(
        "passes: config.Timeout <= 30
examples:
  - {name: short, expect: fail, config: {Timeout: 3}}
  - {name: none, expect: pass, config: {}}
  - {name: unread, expect: unknown, config: !unreadable AccessDenied}
",
    );
    assert_eq!(
        failures,
        [
            "aws-lambda-trial, example `short`: expected fail, but the verdict is pass",
            "aws-lambda-trial, example `none`: expected pass, but the verdict is unknown (NoSuchKey of config.Timeout)",
        ]
    );
}

#[test]
fn a_path_that_never_matters_is_told() {
    let failures = prove_trial(
        "passes: config.Timeout <= 30 && (config.Handler == 'main' || config.Handler != 'main')
examples:
  - {name: short, expect: pass, config: {Timeout: 3, Handler: main}}
  - {name: long, expect: fail, config: {Timeout: 900, Handler: main}}
  - {name: unread, expect: unknown, config: !unreadable AccessDenied}
",
    );
    assert_eq!(
        failures,
        [
            "aws-lambda-trial, `config.Handler`: no change there moves the verdict of any example; show one that does, or do not read it"
        ]
    );
}

#[test]
fn an_example_that_is_decided_without_what_it_cannot_read_is_told() {
    let failures = prove_trial(
        "passes: size(config.Layers) == 0 || facts.foreign_layers.all(l, l.account == '111122223333') || config.Timeout > 3
examples:
  - {name: no layers, expect: pass, config: {Layers: [], Timeout: 3}, facts: {foreign_layers: []}}
  - {name: stranger, expect: fail, config: {Layers: [x], Timeout: 3}, facts: {foreign_layers: [{account: '1'}]}}
  - {name: unread, expect: unknown, config: !unreadable AccessDenied, facts: {foreign_layers: []}}
",
    );
    assert_eq!(failures.len(), 1, "{failures:?}");
    assert!(failures[0].contains("`unread`: expected unknown, but the verdict is pass"), "{failures:?}");
}
