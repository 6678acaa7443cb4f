//! Files that are written by the program and never edited: `just generate` rewrites them, and this test fails where
//! one differs from what it would write.

use crate::architecture::root;
use crate::coverage;
use crate::program::Program;

#[test]
fn generated_files_are_what_their_sources_say() {
    let write = std::env::var_os("NEPHOSCOPE_GENERATE").is_some();
    let mut stale = Vec::new();
    for (name, text) in files() {
        let path = root().join(name);
        if std::fs::read_to_string(&path).is_ok_and(|present| present == text) {
            continue;
        }
        if write {
            let folder = path.parent().expect("every generated file lies in a folder");
            std::fs::create_dir_all(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
            std::fs::write(&path, text).unwrap_or_else(|error| panic!("{name}: {error}"));
        } else {
            stale.push(name);
        }
    }
    assert!(stale.is_empty(), "run `just generate`, these files are out of date: {}", stale.join(", "));
}

/// Path in the repository, and content.
fn files() -> Vec<(&'static str, String)> {
    vec![
        ("checks/schema.json", printed(&["checks", "schema"])),
        ("docs/nephoscope.1", printed(&["man"])),
        ("docs/openapi.json", nephoscope_server::openapi()),
        ("docs/COVERAGE.md", coverage::document()),
        ("docs/permissions/aws.json", permissions("aws", "json")),
        ("docs/permissions/aws.cloudformation.json", permissions("aws", "cloudformation")),
        ("docs/permissions/aws.tf", permissions("aws", "terraform")),
        ("docs/permissions/azure.json", permissions("azure", "json")),
        ("docs/permissions/azure.bicep", permissions("azure", "bicep")),
        ("docs/permissions/azure.tf", permissions("azure", "terraform")),
        ("docs/permissions/gcp.json", permissions("gcp", "json")),
        ("docs/permissions/gcp.yaml", permissions("gcp", "gcloud")),
        ("docs/permissions/gcp.tf", permissions("gcp", "terraform")),
    ]
}

/// What the program prints.
fn printed(arguments: &[&str]) -> String {
    let run = Program::new().run(arguments);
    assert_eq!(run.code, Some(0), "{arguments:?}: {}", run.stderr);
    run.stdout
}

fn permissions(provider: &str, format: &str) -> String {
    printed(&["permissions", provider, "--format", format])
}
