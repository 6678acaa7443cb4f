//! Who a statement is about.

use serde_json::Value;

use super::statement::texts;

/// One principal of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Principal {
    /// `*`, `AWS`, `Service`, `Federated` or `CanonicalUser`.
    pub kind: String,
    /// As it was written.
    pub id: String,
    /// The account it belongs to, where that can be told.
    pub account: Option<String>,
}

impl Principal {
    /// True where it stands for everybody, signed or not.
    pub fn is_everyone(&self) -> bool {
        self.id == "*"
    }
}

/// The principals of a `Principal` or `NotPrincipal` element; none where it is not one.
pub(super) fn principals(value: Option<&Value>) -> Option<Vec<Principal>> {
    match value {
        None | Some(Value::Null) => Some(Vec::new()),
        Some(Value::String(everyone)) => Some(vec![principal("*", everyone)]),
        Some(Value::Object(kinds)) => {
            let mut principals = Vec::new();
            for (kind, ids) in kinds {
                principals.extend(texts(Some(ids))?.iter().map(|id| principal(kind, id)));
            }
            Some(principals)
        }
        Some(Value::Array(_) | Value::Bool(_) | Value::Number(_)) => None,
    }
}

fn principal(kind: &str, id: &str) -> Principal {
    Principal { kind: kind.to_owned(), id: id.to_owned(), account: account(id) }
}

/// The account that `id` names: bare, or within an ARN.
pub(super) fn account(id: &str) -> Option<String> {
    let candidate = match id.strip_prefix("arn:") {
        Some(_) => id.split(':').nth(4)?,
        None => id,
    };
    is_account(candidate).then(|| candidate.to_owned())
}

/// True for twelve digits.
pub(super) fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}
