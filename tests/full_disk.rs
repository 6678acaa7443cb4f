//! A full disk: the text says what could not be written and what to do, and nothing is left half written.
//!
//! A limit on the size of files stands for the full disk, because it needs no rights and no disk of its own.
//! What SQLite says of a disk that is really full is held by the story of the store.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::process::Stdio;

use nephoscope_model::{CheckId, FindingKey, Uid};
use nephoscope_scan::snapshot_file::write_file;

use crate::nights;
use crate::program::Program;

/// The limit grows by this from one scan to the next: 128 kB in blocks of 512 bytes.
const STEP: u32 = 256;
/// More room than the scan needs, in the same blocks.
const ENOUGH: u32 = 150 * STEP;

const HELP: &str = "  help: the disk is full, or a quota or a limit on file sizes (`ulimit -f`) is reached, or the disk fails: make room and run it again: a scan goes on where it stopped";

#[test]
fn wherever_the_disk_is_full_the_scan_resumes_once_there_is_room() {
    let program = Program::new();
    nights::plant(&program);
    let scan =
        |store: &str| program.command(&["scan", "--from", nights::NEW, "--store", store, "--format", "json"]);
    let whole = program.run_command(scan("sqlite:whole.db"));
    assert_eq!(whole.code, Some(0), "{}", whole.stderr);

    let mut met = BTreeSet::new();
    let mut fitted = false;
    for limit in (0..ENOUGH).step_by(STEP as usize) {
        let store = format!("sqlite:{limit}.db");
        let arguments = ["scan", "--from", nights::NEW, "--store", &store, "--quiet"];
        let run = program.run_command(program.limited(limit, &arguments));
        if run.code == Some(0) {
            fitted = true;
            break;
        }
        let lines: Vec<&str> = run.stderr.lines().collect();
        let [first, cause @ .., help] = lines.as_slice() else { panic!("{limit}: {run:?}") };
        assert_eq!((run.code, run.stdout.as_str()), (Some(1), ""), "{limit}: {run:?}");
        let operation = first.strip_prefix("error: failed to ").expect("an error begins so");
        // The key for redaction is a file beside the store, and the first of the two.
        let key = operation.strip_suffix(&format!(" {limit}.db.key"));
        let place = format!(" the store {limit}.db");
        let operation = key.or(operation.strip_suffix(&place)).unwrap_or_else(|| panic!("{limit}: {run:?}"));
        met.insert(operation.trim_end_matches(" in").to_owned());
        let expected =
            if key.is_some() { "  cause: File too large (os error 27)" } else { "  cause: disk I/O error" };
        assert_eq!(cause.first(), Some(&expected), "{limit}: {run:?}");
        assert_eq!(*help, HELP, "{limit}");

        let resumed = program.run_command(scan(&store));
        assert_eq!(resumed.code, Some(0), "{limit}: {}", resumed.stderr);
        assert!(
            resumed.stdout == whole.stdout,
            "{limit}: a scan that met a full disk differs from one that did not"
        );
    }
    assert!(fitted, "no limit below {ENOUGH} blocks is enough");
    // Whether an evaluation meets a limit depends on how many shards were committed together; the store's story holds it.
    for operation in ["migrate", "commit a shard"] {
        assert!(met.contains(operation), "no limit was met while trying to {operation}, only {met:?}");
    }
    nights::assert_findings_once(&whole.stdout);
}

#[test]
fn an_export_that_does_not_fit() {
    let program = Program::new();
    nights::plant(&program);
    assert_eq!(program.run(&["scan", "--from", nights::NEW, "--quiet"]).code, Some(0));
    // Enough for what SQLite needs beside an open store, and too little for the findings.
    let mut command = program.limited(128, &["findings", "--status", "all", "--format", "jsonl"]);
    let path = program.folder().join("findings.jsonl");
    command.stdout(File::create(&path).unwrap()).stderr(Stdio::piped());
    let output = command.spawn().unwrap().wait_with_output().unwrap();
    let expected = "error: failed to write the output\n  cause: File too large (os error 27)\n  help: make room where the output goes, or send it elsewhere, and run it again: what was written is cut off\n";
    assert_eq!(
        (output.status.code(), String::from_utf8(output.stderr).unwrap().as_str()),
        (Some(1), expected)
    );
    assert_eq!(fs::metadata(&path).unwrap().len(), 128 * 512, "it wrote what fits");
}

#[test]
fn a_snapshot_that_does_not_fit_leaves_nothing_behind() {
    let program = Program::new();
    let mut night = nephoscope_sample::nights().unwrap().pop().unwrap();
    let mut resources = night.shards.iter_mut().flat_map(|shard| &mut shard.resources);
    // A tag that no compression makes small.
    let noise = (0..6_000_u32)
        .map(|number| FindingKey::of(&CheckId::from("noise"), &Uid::from(number.to_string())).to_string());
    resources.next().unwrap().tags.insert("noise".to_owned(), noise.collect());
    write_file(&program.folder().join(nights::NEW), &night.header, night.shards).unwrap();
    assert_eq!(program.run(&["scan", "--from", nights::NEW, "--quiet"]).code, Some(0));
    let listed = || {
        let entries = fs::read_dir(program.folder()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| !name.starts_with("nephoscope.db")).collect::<BTreeSet<String>>()
    };
    let before = listed();
    let whole = fs::metadata(program.folder().join(nights::NEW)).unwrap().len();
    // Enough for what SQLite needs beside an open store, and too little for the snapshot.
    let run = program.run_command(program.limited(128, &["snapshot", "export", "night.nepho"]));
    assert!(whole > 128 * 512, "the snapshot fits, with {whole} bytes");
    assert_eq!((run.code, run.stdout.as_str()), (Some(1), ""), "{run:?}");
    let first = "error: failed to write snapshot night.nepho\n  cause: File too large (os error 27)\n";
    assert!(run.stderr.starts_with(first), "{run:?}");
    assert_eq!(listed(), before, "nothing is left of it");
}

#[test]
fn a_complaint_that_nobody_can_read_is_no_crash() {
    let program = Program::new();
    let said = program.folder().join("said.txt");
    let mut command = program.limited(0, &["findings"]);
    let code = command.stdout(Stdio::null()).stderr(File::create(&said).unwrap()).status().unwrap().code();
    assert_eq!((code, fs::read_to_string(&said).unwrap().as_str()), (Some(1), ""));
}

#[test]
fn a_log_that_nobody_can_read_ends_no_scan() {
    let program = Program::new();
    nights::plant(&program);
    let scan = |store: &str, format: &str| {
        let store = format!("sqlite:{store}.db");
        let scan = ["scan", "--from", nights::NEW, "-vv", "--format", "json", "--store", &store];
        program.command(&[&scan[..], &["--log-format", format, "--min-coverage", "1"]].concat())
    };
    let heard = program.run_command(scan("heard", "text"));
    assert!(heard.stderr.contains("committed") && heard.stderr.contains("below the required share"));
    for format in ["text", "json"] {
        let unheard = scan(format, format).stderr(File::create("/dev/full").unwrap()).output().unwrap();
        assert_eq!((unheard.status.code(), heard.code), (Some(4), Some(4)));
        assert!(unheard.stdout == heard.stdout.as_bytes(), "{format}: not all of the result came out");
    }
}
