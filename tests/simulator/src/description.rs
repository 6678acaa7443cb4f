//! What the providers publish of their own answers: addresses, field names and types, and estates held against them.
//!
//! `data/*.json` holds the facts, written by `tools/descriptions.py` for the kinds that `data/kinds.csv` lists.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Map, Value};

/// What is wrong with an estate: one line for each field, type or address that the provider does not have.
#[derive(Clone, PartialEq, Eq)]
pub struct Wrong(pub Vec<String>);

impl fmt::Debug for Wrong {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "an estate that its provider could not have:\n{}", self.0.join("\n"))
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, formatter)
    }
}

impl std::error::Error for Wrong {}

/// One published document: an API in one version.
#[derive(Debug)]
pub(crate) struct Document {
    pub name: String,
    /// The newest version, where the API is asked for by version.
    pub version: String,
    /// The host that answers; empty where one host answers for all.
    pub host: String,
    pub reads: Vec<Read>,
    models: BTreeMap<String, Type>,
}

/// One way to read.
#[derive(Debug)]
pub(crate) struct Read {
    pub method: String,
    pub path: Pattern,
    /// What is answered.
    pub kind: Type,
    /// The operation's own name; empty where it has none.
    pub name: String,
    /// The parameters that may be asked with, where that is published.
    pub asked: Vec<String>,
    /// Whether it takes `-` for every location, as only a few listings say.
    pub anywhere: bool,
}

/// The address of a read, in parts.
#[derive(Debug)]
pub(crate) struct Pattern(Vec<Part>);

#[derive(Debug)]
enum Part {
    /// This text.
    Text(String),
    /// Any text, with this text behind it in the same segment: the verb of `{name}:getIamPolicy`.
    Any(String),
    /// One segment or several: a whole identifier.
    Many,
}

/// The type of a value, as the documents write it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Type {
    Text,
    Whole,
    Number,
    Bool,
    Anything,
    OneOf(Vec<String>),
    List(Box<Type>),
    Map(Box<Type>),
    Model(String),
    Fields(BTreeMap<String, Type>),
}

impl Document {
    /// Reads the documents of a data file.
    pub(crate) fn all(text: &str) -> Vec<Self> {
        let documents: Vec<Value> = serde_json::from_str(text).expect("the data of this crate is JSON");
        documents.iter().map(Self::of).collect()
    }

    fn of(document: &Value) -> Self {
        let text = |name: &str| document[name].as_str().unwrap_or_default().to_owned();
        let list = |name: &str| document[name].as_array().map(Vec::as_slice).unwrap_or_default();
        let models = document["models"].as_object().into_iter().flatten();
        Self {
            name: text("name"),
            version: text("version"),
            host: text("host"),
            reads: list("reads").iter().map(Read::of).collect(),
            models: models.map(|(name, fields)| (name.clone(), Type::of(fields))).collect(),
        }
    }

    /// The read that serves an address, and the one with the fewest placeholders where several do.
    pub(crate) fn read(&self, method: &str, path: &[&str]) -> Option<&Read> {
        let fits = self.reads.iter().filter(|read| read.method == method && read.path.fits(path));
        fits.min_by_key(|read| read.path.placeholders())
    }

    /// The type of the items, and the field that holds them, where this is the type of a list.
    pub(crate) fn items<'a>(&'a self, kind: &'a Type) -> Option<(&'a str, &'a Type)> {
        match kind {
            Type::List(item) => Some(("value", item)),
            Type::Model(name) => {
                let Some(Type::Fields(fields)) = self.models.get(name) else { return None };
                let paged = ["nextLink", "nextPageToken", "next_cursor"]
                    .iter()
                    .any(|next| fields.contains_key(*next));
                let mut lists = fields.iter().filter_map(|(field, kind)| match kind {
                    Type::List(item) if matches!(**item, Type::Model(_)) => Some((field.as_str(), &**item)),
                    _ => None,
                });
                // A few lists have no pages: then everything but the list is a mere label of it.
                let bare = fields.iter().all(|(_, kind)| matches!(kind, Type::List(_) | Type::Text));
                lists.next().filter(|_| paged || bare)
            }
            _ => None,
        }
    }

    /// Adds a line to `wrong` for everything in `value` that the type does not allow.
    pub(crate) fn check(&self, value: &Value, kind: &Type, at: &str, wrong: &mut Vec<String>) {
        let mut wanted = |what: &str| wrong.push(format!("{at}: {what} is wanted, and not {value}"));
        match (kind, value) {
            // Azure and Fn write null for what is not set; Google leaves it out, and nothing of it can be null.
            (Type::Anything, _) => {}
            (_, Value::Null) if self.host.is_empty() => {}
            (Type::Text, Value::String(_))
            | (Type::Bool, Value::Bool(_))
            | (Type::Number, Value::Number(_)) => {}
            (Type::Whole, Value::Number(number)) if number.is_i64() || number.is_u64() => {}
            (Type::OneOf(values), Value::String(text)) => {
                // Azure writes its own values in any case.
                let same = |value: &String| match self.host.as_str() {
                    "" => value.eq_ignore_ascii_case(text),
                    _ => value == text,
                };
                if !values.iter().any(same) {
                    wanted(&format!("one of {}", values.join(", ")));
                }
            }
            (Type::OneOf(values), Value::Number(number)) if values.contains(&number.to_string()) => {}
            (Type::List(item), Value::Array(items)) => {
                for (position, value) in items.iter().enumerate() {
                    self.check(value, item, &format!("{at}[{position}]"), wrong);
                }
            }
            (Type::Map(item), Value::Object(fields)) => {
                for (name, value) in fields {
                    self.check(value, item, &format!("{at}.{name}"), wrong);
                }
            }
            (Type::Model(name), Value::Object(fields)) => match self.models.get(name) {
                Some(Type::Fields(known)) => self.check_fields(fields, known, name, at, wrong),
                _ => wrong.push(format!("{at}: the data of this crate has no model {name}")),
            },
            (Type::Fields(known), Value::Object(fields)) => {
                self.check_fields(fields, known, "its part", at, wrong);
            }
            (Type::Text, _) => wanted("a text"),
            (Type::Whole, _) => wanted("a whole number"),
            (Type::Number, _) => wanted("a number"),
            (Type::Bool, _) => wanted("true or false"),
            (Type::OneOf(values), _) => wanted(&format!("one of {}", values.join(", "))),
            (Type::List(_), _) => wanted("a list"),
            (Type::Map(_) | Type::Fields(_), _) => wanted("an object"),
            (Type::Model(name), _) => wanted(&format!("an object ({name})")),
        }
    }

    fn check_fields(
        &self,
        fields: &Map<String, Value>,
        known: &BTreeMap<String, Type>,
        model: &str,
        at: &str,
        wrong: &mut Vec<String>,
    ) {
        for (name, value) in fields {
            match known.get(name) {
                Some(kind) => self.check(value, kind, &format!("{at}.{name}"), wrong),
                None => wrong.push(format!("{at}.{name}: {model} of {} has no such field", self.name)),
            }
        }
    }
}

impl Read {
    fn of(read: &Value) -> Self {
        let text = |position: usize| read[position].as_str().unwrap_or_default().to_owned();
        let asked = read[4].as_array().map(Vec::as_slice).unwrap_or_default();
        Self {
            method: text(0),
            path: Pattern::of(&text(1)),
            kind: Type::of(&read[2]),
            name: text(3),
            asked: asked.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            anywhere: read[5].as_bool().unwrap_or(false),
        }
    }
}

impl Pattern {
    fn of(path: &str) -> Self {
        let part = |(position, segment): (usize, &str)| {
            let Some((name, behind)) = segment.strip_prefix('{').and_then(|rest| rest.split_once('}')) else {
                return Part::Text(segment.to_owned());
            };
            // What stands first and for everything, as in `/{scope}/providers/…`, is a whole identifier.
            if position == 0 && !name.is_empty() { Part::Many } else { Part::Any(behind.to_owned()) }
        };
        Self(path.trim_matches('/').split('/').enumerate().map(part).collect())
    }

    /// True where the segments are such an address; upper and lower case are the same.
    pub(crate) fn fits(&self, path: &[&str]) -> bool {
        fits(&self.0, path)
    }

    pub(crate) fn placeholders(&self) -> (usize, usize) {
        let many = self.0.iter().filter(|part| matches!(part, Part::Many)).count();
        (many, self.0.iter().filter(|part| matches!(part, Part::Any(_))).count())
    }
}

fn fits(parts: &[Part], path: &[&str]) -> bool {
    match (parts.split_first(), path.split_first()) {
        (None, None) => true,
        (Some((Part::Many, rest)), _) => (0..=path.len()).any(|used| fits(rest, &path[used..])),
        (Some((Part::Text(text), rest)), Some((segment, others))) => {
            text.eq_ignore_ascii_case(segment) && fits(rest, others)
        }
        (Some((Part::Any(behind), rest)), Some((segment, others))) => {
            let named = match behind.as_str() {
                "" => is_name(segment),
                behind => segment.len() > behind.len() && segment.ends_with(behind),
            };
            named && fits(rest, others)
        }
        _ => false,
    }
}

/// True for a name without a verb behind it; the digest of an image is part of its name.
pub(crate) fn is_name(segment: &str) -> bool {
    !segment.contains(':') || segment.contains("@sha256:")
}

impl Type {
    fn of(kind: &Value) -> Self {
        match kind {
            Value::String(text) => Self::named(text),
            Value::Object(fields) => {
                Self::Fields(fields.iter().map(|(name, kind)| (name.clone(), Self::of(kind))).collect())
            }
            _ => Self::Anything,
        }
    }

    fn named(text: &str) -> Self {
        let inner = |text: &str| Box::new(Self::named(&text[1..text.len() - 1]));
        match text {
            "str" => Self::Text,
            "int" => Self::Whole,
            "float" => Self::Number,
            "bool" => Self::Bool,
            "any" => Self::Anything,
            list if list.starts_with('[') => Self::List(inner(list)),
            map if map.starts_with('{') => Self::Map(inner(map)),
            values if values.starts_with('=') => {
                Self::OneOf(values[1..].split('|').map(str::to_owned).collect())
            }
            model => Self::Model(model.to_owned()),
        }
    }
}
