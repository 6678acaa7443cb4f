//! Recall over secrets and precision over what only looks like one.
//!
//! `corpus/secrets.tsv` has a detector, a name and a value in each line, `corpus/lookalikes.tsv` a name and a value.
//! All values were drawn at random or written for this purpose. A bar (`¦`) cuts each into pieces, so that no scanner
//! of this repository takes the files for a leak; `\n` stands for the end of a line.

use super::detect;

const SECRETS: &str = include_str!("corpus/secrets.tsv");
const LOOKALIKES: &str = include_str!("corpus/lookalikes.tsv");

fn value(written: &str) -> String {
    written.replace('¦', "").replace("\\n", "\n")
}

#[test]
fn every_secret_is_recognised_for_what_it_is() {
    let mut missed = Vec::new();
    let mut total = 0;
    for line in SECRETS.lines() {
        let [detector, name, written] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("a line has three columns: {line}")
        };
        total += 1;
        let found = detect(name, &value(written));
        if found != Some(detector) {
            missed.push(format!("{detector} as {found:?}: {name}={written}"));
        }
    }
    assert!(total >= 300, "{total} secrets");
    assert!(missed.is_empty(), "{} of {total} missed:\n{}", missed.len(), missed.join("\n"));
}

#[test]
fn nothing_that_only_looks_like_a_secret_is_taken_for_one() {
    let mut wrong = Vec::new();
    let mut total = 0;
    for line in LOOKALIKES.lines() {
        let (name, written) =
            line.split_once('\t').unwrap_or_else(|| panic!("a line has two columns: {line}"));
        total += 1;
        if let Some(found) = detect(name, &value(written)) {
            wrong.push(format!("{found}: {name}={written}"));
        }
    }
    assert!(total >= 300, "{total} look-alikes");
    assert!(wrong.is_empty(), "{} of {total} taken for secrets:\n{}", wrong.len(), wrong.join("\n"));
}
