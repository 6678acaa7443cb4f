//! Two nights of the sample estate as snapshot files, beside the program that reads them.

use nephoscope_scan::snapshot_file::write_file;
use serde_json::Value;

use crate::program::Program;

/// The shop's first night.
pub const OLD: &str = "old.nepho";
/// Its last, four weeks later: much differs, and not all could be read.
pub const NEW: &str = "new.nepho";

/// Writes both files into the program's folder.
pub fn plant(program: &Program) {
    let mut nights = nephoscope_sample::nights().unwrap();
    nights.retain(|night| night.header.target.as_str() == "web-shop");
    for (name, night) in [(OLD, nights.remove(0)), (NEW, nights.pop().unwrap())] {
        write_file(&program.folder().join(name), &night.header, night.shards).unwrap();
    }
}

/// Holds that a scan's document has findings, each once.
pub fn assert_findings_once(document: &str) {
    let document: Value = serde_json::from_str(document).unwrap();
    let findings = document["findings"].as_array().unwrap();
    let mut keys: Vec<&str> = findings.iter().map(|finding| finding["key"].as_str().unwrap()).collect();
    keys.sort_unstable();
    keys.dedup();
    assert!(
        keys.len() > 500 && keys.len() == findings.len(),
        "{} findings, {} keys",
        findings.len(),
        keys.len()
    );
}
