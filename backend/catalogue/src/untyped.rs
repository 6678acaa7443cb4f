//! Provider JSON written as YAML, with the two tags that say what could not be read.
//!
//! What a file leaves open between text and number is refused rather than guessed,
//! and a tag that means nothing is refused rather than dropped.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer};
use serde_json::{Map, Number, Value};
use serde_saphyr::{Location, Spanned, Tagged};

/// Tags that only say again what YAML would take the value for anyway.
const CORE: &str = "tag:yaml.org,2002:";

/// One value with its tag.
#[derive(Debug)]
pub(crate) struct Node {
    pub value: Value,
    /// The tag, such as `!unreadable`.
    pub tag: Option<String>,
    pub at: Location,
    /// What is wrong below it.
    pub faults: Vec<(Location, String)>,
    /// Where numbers stand, for the spelling decides whether they are ones.
    numbers: Vec<Location>,
}

impl Node {
    /// Everything that is wrong with the value, given the file that it stands in.
    pub fn faults(&self, source: &str) -> Vec<(Location, String)> {
        let mut faults = self.faults.clone();
        for at in &self.numbers {
            let span = at.span();
            let text = span.byte_offset().zip(span.byte_len()).and_then(|(start, len)| {
                let start = usize::try_from(start).ok()?;
                source.get(start..start + usize::try_from(len).ok()?)
            });
            if let Some(text) = text.filter(|text| is_doubtful(text)) {
                faults.push((
                    *at,
                    format!("`{text}` may be a text or a number; quote it, or write it plainly"),
                ));
            }
        }
        faults
    }
}

/// Numbers that JSON does not know: leading zeros (which account ids have), other bases, underscores.
fn is_doubtful(number: &str) -> bool {
    let digits = number.trim_start_matches(['-', '+']);
    let leading_zero = digits.len() > 1 && digits.starts_with('0') && !digits.starts_with("0.");
    leading_zero || number.starts_with('+') || number.contains('_')
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Spanned { value: Tagged(plain, tag), referenced: at, .. } =
            Spanned::<Tagged<Plain>>::deserialize(deserializer)?;
        let Plain { value, faults, mut numbers } = plain;
        if value.is_number() {
            numbers.push(at);
        }
        let tag = tag.filter(|tag| !tag.starts_with(CORE));
        Ok(Self { value, tag, at, faults, numbers })
    }
}

/// A value without its own tag.
#[derive(Default)]
struct Plain {
    value: Value,
    faults: Vec<(Location, String)>,
    numbers: Vec<Location>,
}

impl Plain {
    fn of(value: impl Into<Value>) -> Self {
        Self { value: value.into(), ..Self::default() }
    }

    /// Takes what a nested value is, and what is wrong with it.
    fn take(&mut self, node: Node) -> Value {
        self.faults.extend(node.faults);
        self.numbers.extend(node.numbers);
        if let Some(tag) = node.tag {
            let cause = match tag.as_str() {
                "!unreadable" => "only a whole facet can be `!unreadable`".to_owned(),
                "!unknown" => "only a whole fact can be `!unknown`".to_owned(),
                other => format!("the tag `{other}` means nothing here"),
            };
            self.faults.push((node.at, cause));
        }
        node.value
    }
}

impl<'de> Deserialize<'de> for Plain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PlainVisitor)
    }
}

struct PlainVisitor;

impl<'de> de::Visitor<'de> for PlainVisitor {
    type Value = Plain;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Plain, E> {
        Ok(Plain::of(Value::Null))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Plain, E> {
        Ok(Plain::of(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Plain, E> {
        Ok(Plain::of(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Plain, E> {
        Ok(Plain::of(value))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Plain, E> {
        let number = Number::from_f64(value).ok_or_else(|| E::custom("JSON has no such number"))?;
        Ok(Plain::of(Value::Number(number)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Plain, E> {
        Ok(Plain::of(value))
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, mut access: A) -> Result<Plain, A::Error> {
        let mut plain = Plain::default();
        let mut list = Vec::new();
        while let Some(node) = access.next_element::<Node>()? {
            list.push(plain.take(node));
        }
        Ok(Plain { value: Value::Array(list), ..plain })
    }

    fn visit_map<A: de::MapAccess<'de>>(self, mut access: A) -> Result<Plain, A::Error> {
        let mut plain = Plain::default();
        let mut map = Map::new();
        while let Some((key, node)) = access.next_entry::<String, Node>()? {
            map.insert(key, plain.take(node));
        }
        Ok(Plain { value: Value::Object(map), ..plain })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(yaml: &str) -> (Value, Vec<(u64, u64, String)>) {
        let options = serde_saphyr::options! { strict_booleans: true };
        let node: Node = serde_saphyr::from_str_with_options(yaml, options).unwrap();
        let faults = node.faults(yaml);
        let faults = faults.into_iter().map(|(at, cause)| (at.line(), at.column(), cause)).collect();
        (node.value, faults)
    }

    #[test]
    fn values_are_what_a_person_takes_them_for() {
        let yaml = "{a: no, b: 'true', c: true, d: 12, e: '12', f: 1.5, g: 12:30, h: 2026-01-01, i: , j: ~, k: [y, n], l: -3, m: 0.5, n: 0}";
        let value = json!({
            "a": "no", "b": "true", "c": true, "d": 12, "e": "12", "f": 1.5, "g": "12:30", "h": "2026-01-01",
            "i": null, "j": null, "k": ["y", "n"], "l": -3, "m": 0.5, "n": 0,
        });
        assert_eq!(read(yaml), (value, vec![]));
    }

    #[test]
    fn doubtful_numbers_are_refused() {
        let faults = read("a: [1,\n  012345678901, 0x1F, 1_000]\nb: {c: +1}").1;
        let text = |number| format!("`{number}` may be a text or a number; quote it, or write it plainly");
        let expected = [(2, 3, "012345678901"), (2, 17, "0x1F"), (2, 23, "1_000"), (3, 8, "+1")];
        assert_eq!(faults, expected.map(|(line, column, number)| (line, column, text(number))));
    }

    #[test]
    fn tags_are_kept_on_top_and_refused_below() {
        let node: Node = serde_saphyr::from_str("!unreadable AccessDenied").unwrap();
        assert_eq!((node.value, node.tag.as_deref()), (json!("AccessDenied"), Some("!unreadable")));
        let (value, faults) = read("a: !unreadable X\nb: !!str 12\nc: [!secret y]");
        assert_eq!(value, json!({"a": "X", "b": "12", "c": ["y"]}));
        let expected = [
            (1, 16, "only a whole facet can be `!unreadable`"),
            (3, 13, "the tag `!secret` means nothing here"),
        ];
        assert_eq!(faults, expected.map(|(line, column, cause)| (line, column, cause.to_owned())));
    }
}
