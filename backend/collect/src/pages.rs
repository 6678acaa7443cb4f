//! Turning the pages of a listing, with a stop where a provider goes round in circles.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::Value;

use crate::failure::{Asked, Failure};

/// What was listed, and why not all of it, where that is so.
#[derive(Debug)]
pub(crate) struct Listing {
    pub items: Vec<Value>,
    pub failure: Option<Failure>,
}

impl Listing {
    /// All items, or why not all of them could be listed.
    pub(crate) fn whole(self) -> Result<Vec<Value>, Failure> {
        match self.failure {
            None => Ok(self.items),
            Some(failure) => Err(failure),
        }
    }
}

/// Drops all but the first of the items at `pointer`.
pub(crate) fn keep_first(page: &mut Value, pointer: &str) {
    if let Some(Value::Array(items)) = page.pointer_mut(pointer) {
        items.truncate(1);
    }
}

/// The page tokens that were seen, as hashes: a token can be long, and there is one per page.
#[derive(Debug, Default)]
pub(crate) struct Tokens(HashSet<u64>);

/// No account has as many pages; an endpoint that invents a new token each time has.
const MOST_PAGES: usize = 100_000;

impl Tokens {
    /// Passes on the token of the next page, unless it was seen before.
    pub(crate) fn follow(
        &mut self,
        action: &impl Asked,
        next: Option<String>,
    ) -> Result<Option<String>, Failure> {
        let Some(token) = next else { return Ok(None) };
        let mut hasher = DefaultHasher::new();
        token.hash(&mut hasher);
        if !self.0.insert(hasher.finish()) {
            let message =
                format!("page {} names a page that was read before; stopped there", self.0.len() + 1);
            return Err(Failure::malformed(action, &message));
        }
        if self.0.len() >= MOST_PAGES {
            return Err(Failure::malformed(action, &format!("more than {MOST_PAGES} pages; stopped there")));
        }
        Ok(Some(token))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_the_first_item_is_kept() {
        let mut page = json!({"A": {"Items": [1, 2, 3]}, "Next": "t"});
        keep_first(&mut page, "/A/Items");
        keep_first(&mut page, "/Missing");
        assert_eq!(page, json!({"A": {"Items": [1]}, "Next": "t"}));
    }
}
