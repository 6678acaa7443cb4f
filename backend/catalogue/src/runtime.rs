//! When function runtimes reach their end: the table in `checks/data/runtimes.yaml`.

use std::sync::LazyLock;

use jiff::civil::Date;
use nephoscope_model::Provider;
use serde::Deserialize;

use crate::error::CatalogueError;
use crate::source::{SourceFile, embedded_text};
use crate::yaml;

const PATH: &str = "data/runtimes.yaml";

static RUNTIMES: LazyLock<Vec<Runtime>> =
    LazyLock::new(|| read().expect("the table is inside the binary, and a test of this module reads it"));

/// One runtime of one provider and the days on which it ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Runtime {
    /// Whose runtime it is.
    pub provider: Provider,
    /// The provider's identifier, such as `python3.9`, `python39` or `python|3.9`.
    pub runtime: String,
    /// The name for people; the identifier where there is no other.
    pub label: String,
    /// The first day without security patches; none where no day is set.
    pub deprecation_date: Option<Date>,
    /// The first day on which new functions are refused.
    pub block_create_date: Option<Date>,
    /// The first day on which functions cannot be updated any more.
    pub block_update_date: Option<Date>,
    /// How exactly the provider says it.
    pub precision: Precision,
    /// What to move to.
    pub successor: Option<String>,
    /// Where the dates come from.
    pub source: String,
    /// What is peculiar about them.
    pub note: Option<String>,
}

/// How exactly a provider names the end of a runtime.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// By the day.
    #[default]
    Day,
    /// By the month; a day of it stands in the table.
    Month,
}

/// Every runtime of every provider, in the order of the table.
pub fn runtimes() -> &'static [Runtime] {
    &RUNTIMES
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    provider: Provider,
    source: String,
    #[serde(default)]
    note: Option<String>,
    runtimes: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    runtime: String,
    #[serde(default)]
    label: Option<String>,
    #[serde(default)]
    deprecation_date: Option<Date>,
    #[serde(default)]
    block_create_date: Option<Date>,
    #[serde(default)]
    block_update_date: Option<Date>,
    #[serde(default)]
    precision: Precision,
    #[serde(default)]
    successor: Option<String>,
    #[serde(default)]
    note: Option<String>,
}

fn read() -> Result<Vec<Runtime>, CatalogueError> {
    let file = SourceFile {
        shown: format!("checks/{PATH}"),
        relative: PATH.to_owned(),
        text: embedded_text(PATH).unwrap_or_default().to_owned(),
    };
    let groups: Vec<Group> = yaml::parse(&file)?;
    Ok(groups.into_iter().flat_map(rows).collect())
}

fn rows(group: Group) -> impl Iterator<Item = Runtime> {
    let Group { provider, source, note, runtimes } = group;
    runtimes.into_iter().map(move |row| Runtime {
        provider,
        label: row.label.unwrap_or_else(|| row.runtime.clone()),
        runtime: row.runtime,
        deprecation_date: row.deprecation_date,
        block_create_date: row.block_create_date,
        block_update_date: row.block_update_date,
        precision: row.precision,
        successor: row.successor,
        source: source.clone(),
        note: row.note.or_else(|| note.clone()),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use jiff::civil::date;

    use super::*;

    #[test]
    fn the_table_is_whole() {
        let runtimes = read().unwrap();
        let of = |provider| runtimes.iter().filter(|r| r.provider == provider).count();
        assert_eq!([of(Provider::Aws), of(Provider::Gcp), of(Provider::Azure)], [54, 53, 44]);
        let names: BTreeSet<_> = runtimes.iter().map(|r| (r.provider, &r.runtime)).collect();
        assert_eq!(names.len(), runtimes.len(), "no runtime is listed twice");
        for runtime in &runtimes {
            let known = |name: &String| names.contains(&(runtime.provider, name));
            assert!(runtime.successor.as_ref().is_none_or(known), "{runtime:?} names an unknown successor");
        }
    }

    #[test]
    fn dates_and_notes_are_read() {
        let python = runtimes().iter().find(|r| r.runtime == "python3.9").unwrap();
        assert_eq!(python.deprecation_date, Some(date(2025, 12, 15)));
        assert_eq!(python.block_create_date, Some(date(2027, 2, 1)));
        assert_eq!(python.block_update_date, Some(date(2027, 3, 3)));
        assert_eq!(python.successor.as_deref(), Some("python3.14"));
        let java = runtimes().iter().find(|r| r.runtime == "java|21").unwrap();
        assert_eq!((java.precision, java.label.as_str()), (Precision::Month, "Java 21"));
    }
}
