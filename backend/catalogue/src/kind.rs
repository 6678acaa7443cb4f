//! What conditions can read of each kind of resource: the vocabulary in `checks/data/kinds.yaml`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::error::CatalogueError;
use crate::source::{SourceFile, embedded_text};
use crate::yaml;

const PATH: &str = "data/kinds.yaml";

static KINDS: LazyLock<BTreeMap<String, Readable>> =
    LazyLock::new(|| read().expect("the table is inside the binary, and a test of this module reads it"));

/// The fields of `resource` in conditions.
pub const RESOURCE_FIELDS: [&str; 6] = ["account", "kind", "name", "region", "tags", "uid"];

/// What can be read of one kind of resource, each name with what stands there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Readable {
    /// Facets, read by their own name.
    pub facets: BTreeMap<String, String>,
    /// Facts, read as `facts.NAME`.
    #[serde(default)]
    pub facts: BTreeMap<String, String>,
}

/// Every kind that checks can be about.
pub fn kinds() -> &'static BTreeMap<String, Readable> {
    &KINDS
}

/// The names of `map` for a sentence that says what there is.
pub(crate) fn names<T>(map: &BTreeMap<String, T>) -> String {
    match map.is_empty() {
        true => "none".to_owned(),
        false => map.keys().map(String::as_str).collect::<Vec<_>>().join(", "),
    }
}

fn read() -> Result<BTreeMap<String, Readable>, CatalogueError> {
    yaml::parse(&SourceFile {
        shown: format!("checks/{PATH}"),
        relative: PATH.to_owned(),
        text: embedded_text(PATH).unwrap_or_default().to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use std::str::FromStr;

    use nephoscope_model::Provider;

    use super::*;

    #[test]
    fn the_table_is_whole() {
        let kinds = read().unwrap();
        assert!(kinds["aws.lambda.function"].facets.contains_key("url"));
        for (kind, readable) in &kinds {
            let provider = kind.split('.').next().unwrap();
            assert!(Provider::from_str(provider).is_ok(), "{kind}");
            for name in readable.facets.keys().chain(readable.facts.keys()) {
                assert!(name.chars().all(|c| c.is_ascii_lowercase() || c == '_'), "{kind} {name}");
                assert!(!["facts", "resource", "now"].contains(&name.as_str()), "{kind} {name}");
            }
        }
    }
}
