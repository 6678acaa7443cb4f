//! The rooms of the house and who may enter which, compared with what the crates really say.
//!
//! The table is the one in ARCHITECTURE.md. A new edge is a design decision: it is made there, in its own commit.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Rooms whose source must not contain clock, files, environment or a runtime: the same input gives the same bytes.
const PURE: &[&str] = &["backend/model", "backend/posture", "backend/report", "frontend"];

#[test]
fn rooms_use_only_the_rooms_they_may() {
    let table = table();
    let mut wrong = Vec::new();
    for (room, uses) in edges() {
        match table.get(&room) {
            None => wrong.push(format!("room {room} is not in the table")),
            Some(Uses::All) => {}
            Some(Uses::These(allowed)) => {
                wrong.extend(uses.difference(allowed).map(|used| format!("{room} uses {used}")));
            }
        }
    }
    assert_none("edges that the table does not allow", wrong);
}

#[test]
fn every_edge_of_the_table_exists() {
    let edges = edges();
    let mut wrong = Vec::new();
    for (room, uses) in table() {
        match (edges.get(&room), uses) {
            (None, _) => wrong.push(format!("room {room} has no crate")),
            (Some(_), Uses::All) => {}
            (Some(real), Uses::These(allowed)) => {
                wrong.extend(allowed.difference(real).map(|unused| format!("{room} does not use {unused}")));
            }
        }
    }
    assert_none("rooms and edges of the table that the code does not have", wrong);
}

#[test]
fn every_module_says_what_it_is_for() {
    let silent = sources().into_iter().filter(|source| !source.text.starts_with("//!"));
    assert_none("modules that do not open with `//!`", silent.map(|source| source.path).collect());
}

#[test]
fn no_file_holds_two_subjects() {
    let long = sources().into_iter().filter(|source| source.text.lines().count() > 500);
    let long = long.map(|source| format!("{}: {} lines", source.path, source.text.lines().count()));
    assert_none("files over 500 lines", long.collect());
}

#[test]
fn every_subject_has_a_name() {
    let nameless = sources().into_iter().map(|source| source.path).filter(|path| {
        Path::new(path).iter().any(|part| {
            matches!(
                part.to_string_lossy().trim_end_matches(".rs"),
                "util" | "utils" | "helper" | "helpers" | "common"
            )
        })
    });
    assert_none("modules called utils, helpers or common", nameless.collect());
}

#[test]
fn no_product_code_unwraps() {
    let mut found = Vec::new();
    for source in sources() {
        if !source.path.contains("/src/")
            || source.path.contains("/tests/")
            || source.path.ends_with("tests.rs")
        {
            continue;
        }
        let product = source.text.split("#[cfg(test)]").next().unwrap_or_default();
        for (number, line) in product.lines().enumerate() {
            if line.contains(".unwrap()") && !line.trim_start().starts_with("//") {
                found.push(format!("{}:{}", source.path, number + 1));
            }
        }
    }
    assert_none("`unwrap` outside tests", found);
}

#[test]
fn pure_rooms_have_no_runtime() {
    const RUNTIMES: &[&str] =
        &["tokio", "futures", "async-trait", "rusqlite", "axum", "aws-config", "tracing"];
    let mut found = Vec::new();
    for package in packages() {
        let manifest = package["manifest_path"].as_str().unwrap_or_default();
        if !PURE.iter().any(|room| Path::new(manifest).ends_with(Path::new(room).join("Cargo.toml"))) {
            continue;
        }
        for (name, kind) in dependencies(&package) {
            if kind == "normal" && RUNTIMES.contains(&name.as_str()) {
                found.push(format!("{} uses {name}", package["name"].as_str().unwrap_or_default()));
            }
        }
    }
    assert_none("pure rooms with a runtime", found);
}

#[test]
fn pure_rooms_ban_clock_environment_and_files() {
    let missing = PURE.iter().filter(|room| {
        let text = std::fs::read_to_string(root().join(room).join("clippy.toml")).unwrap_or_default();
        !["std::time::SystemTime::now", "std::env::var", "std::fs::read"].iter().all(|ban| text.contains(ban))
    });
    assert_none(
        "pure rooms whose clippy.toml bans too little",
        missing.map(|room| room.to_string()).collect(),
    );
}

/// What a room may use.
enum Uses {
    All,
    These(BTreeSet<String>),
}

/// The table of rooms in ARCHITECTURE.md, without the rooms that hold no crate.
fn table() -> BTreeMap<String, Uses> {
    let text = std::fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md can be read");
    let rows = text.lines().filter_map(|line| {
        let cells: Vec<&str> = line.trim().trim_matches('|').split('|').map(str::trim).collect();
        let [place, _, uses] = cells.as_slice() else { return None };
        let folder = place.strip_prefix('`')?.strip_suffix('`')?;
        if !root().join(folder).join("Cargo.toml").exists() {
            return None;
        }
        let uses = match *uses {
            "all" => Uses::All,
            "–" => Uses::These(BTreeSet::new()),
            list => Uses::These(list.split(", ").map(str::to_owned).collect()),
        };
        Some((folder.rsplit('/').next().unwrap_or(folder).to_owned(), uses))
    });
    let table: BTreeMap<String, Uses> = rows.collect();
    assert!(table.len() > 10, "the table of ARCHITECTURE.md was read as {} rooms", table.len());
    table
}

/// The rooms, and for each the rooms whose crates it uses in its product code. Tests of a room may use more.
fn edges() -> BTreeMap<String, BTreeSet<String>> {
    let room = |name: &str| name.strip_prefix("nephoscope-").map(str::to_owned);
    packages()
        .iter()
        .filter_map(|package| {
            let name = room(package["name"].as_str()?)?;
            let uses = dependencies(package)
                .into_iter()
                .filter(|(_, kind)| kind == "normal" || kind == "build")
                .filter_map(|(used, _)| room(&used))
                .collect();
            Some((name, uses))
        })
        .collect()
}

/// Name and kind (`normal`, `dev`, `build`) of what a package uses.
fn dependencies(package: &Value) -> Vec<(String, String)> {
    let list = package["dependencies"].as_array().map(Vec::as_slice).unwrap_or_default();
    list.iter()
        .filter_map(|dependency| {
            let kind = dependency["kind"].as_str().unwrap_or("normal");
            Some((dependency["name"].as_str()?.to_owned(), kind.to_owned()))
        })
        .collect()
}

fn packages() -> Vec<Value> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .current_dir(root())
        .output()
        .expect("cargo runs: it started this test");
    assert!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo metadata prints JSON");
    let packages = metadata["packages"].as_array().cloned().unwrap_or_default();
    assert!(packages.len() > 10, "cargo metadata lists {} packages", packages.len());
    packages
}

struct Source {
    path: String,
    text: String,
}

/// Every Rust file of the repository, by path, each path relative to the root.
fn sources() -> Vec<Source> {
    let mut files = Vec::new();
    for folder in ["backend", "frontend", "tests", "tools"] {
        rust_files(&root().join(folder), &mut files);
    }
    assert!(files.len() > 20, "only {} Rust files found below {}", files.len(), root().display());
    files.sort();
    let relative = |file: &Path| file.strip_prefix(root()).unwrap_or(file).display().to_string();
    files
        .iter()
        .map(|file| Source {
            path: relative(file),
            text: std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display())),
        })
        .collect()
}

fn rust_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.expect("a folder that could be opened can be listed").path();
        match path.file_name().and_then(|name| name.to_str()) {
            Some("target" | "node_modules" | "dist" | "snapshots") => {}
            _ if path.is_dir() => rust_files(&path, files),
            _ if path.extension().is_some_and(|extension| extension == "rs") => files.push(path),
            _ => {}
        }
    }
}

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_path_buf).unwrap_or_default()
}

fn assert_none(what: &str, found: Vec<String>) {
    assert!(found.is_empty(), "{what}:\n  {}", found.join("\n  "));
}
