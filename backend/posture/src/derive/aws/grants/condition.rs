//! The conditions of a statement, and how their operators treat a key that the request does not carry.

use serde_json::Value;

use super::statement::texts;

/// One operator on one key: it holds where any of the values does. The conditions of a statement must all hold.
#[derive(Clone, Debug)]
pub(super) struct Condition {
    /// As it was written, such as `ForAnyValue:StringLike`.
    pub operator: String,
    /// In lower case, for keys do not mind theirs.
    pub key: String,
    /// As they were written.
    pub values: Vec<String>,
}

/// The conditions of a `Condition` element; none where it is not one.
pub(super) fn conditions(value: Option<&Value>) -> Option<Vec<Condition>> {
    let operators = match value {
        None | Some(Value::Null) => return Some(Vec::new()),
        Some(operators) => operators.as_object()?,
    };
    let mut conditions = Vec::new();
    for (operator, keys) in operators {
        for (key, values) in keys.as_object()? {
            let (operator, key) = (operator.clone(), key.to_ascii_lowercase());
            conditions.push(Condition { operator, key, values: texts(Some(values))? });
        }
    }
    Some(conditions)
}

/// Operators that hold only for the values they name.
const POSITIVE: [&str; 6] =
    ["stringequals", "stringequalsignorecase", "stringlike", "arnequals", "arnlike", "ipaddress"];

/// Operators that hold for everything but the values they name, and where the key is missing.
const NEGATED: [&str; 6] = [
    "stringnotequals",
    "stringnotequalsignorecase",
    "stringnotlike",
    "arnnotequals",
    "arnnotlike",
    "notipaddress",
];

impl Condition {
    /// The operator in lower case, without its prefix for several values and its suffix for missing keys.
    fn base(&self) -> String {
        let operator = self.operator.to_ascii_lowercase();
        let operator = operator.rsplit(':').next().unwrap_or_default();
        operator.strip_suffix("ifexists").unwrap_or(operator).to_owned()
    }

    fn has_prefix(&self, prefix: &str) -> bool {
        self.operator.split_once(':').is_some_and(|(given, _)| given.eq_ignore_ascii_case(prefix))
    }

    /// True where the operator holds only for the values, given that the request carries the key.
    pub fn is_positive(&self) -> bool {
        POSITIVE.contains(&self.base().as_str()) && !self.values.is_empty()
    }

    /// True where the operator holds for everything else, a missing key included.
    ///
    /// `ForAnyValue` does not: over no values there is none that differs.
    pub fn is_negated(&self) -> bool {
        NEGATED.contains(&self.base().as_str()) && !self.values.is_empty() && !self.has_prefix("ForAnyValue")
    }

    /// True where a request without the key satisfies the condition although its operator is positive:
    /// `…IfExists` says so, and `ForAllValues` holds over no values.
    pub fn holds_without_key(&self) -> bool {
        self.operator.to_ascii_lowercase().ends_with("ifexists") || self.has_prefix("ForAllValues")
    }

    /// True for `{"Null": {key: "false"}}`: the request has to carry the key.
    pub fn demands(&self, key: &str) -> bool {
        self.operator.eq_ignore_ascii_case("Null")
            && self.key == key
            && self.values.iter().all(|value| value.eq_ignore_ascii_case("false"))
    }

    /// True for a `Bool` on `key` that holds for `flag`, whether or not a missing key satisfies it too.
    pub fn is_flag(&self, key: &str, flag: bool) -> bool {
        let flag = if flag { "true" } else { "false" };
        self.key == key
            && self.base() == "bool"
            && !self.has_prefix("ForAnyValue")
            && self.values.iter().all(|value| value.eq_ignore_ascii_case(flag))
    }
}
