//! Which accounts there are to read: what credentials see, and what the configuration makes of it.

use std::collections::{BTreeMap, BTreeSet};

use nephoscope_model::AccountId;
use serde_json::Value;

/// The accounts that were found.
#[derive(Debug, Default)]
pub(crate) struct Discovered {
    /// Those that are read, as they were listed.
    pub accounts: BTreeMap<AccountId, Value>,
    /// Those that are seen and no part of the scan: switched off for good, or elsewhere.
    pub outside: BTreeSet<AccountId>,
    /// The only ones that the configuration wants; all where it names none.
    only: BTreeSet<AccountId>,
    /// Those that the configuration leaves out.
    excluded: BTreeSet<AccountId>,
}

impl Discovered {
    /// Nothing found so far, of what the configuration wants.
    pub(crate) fn of(only: BTreeSet<AccountId>, excluded: BTreeSet<AccountId>) -> Self {
        Self { only, excluded, ..Self::default() }
    }

    /// Drops what the configuration leaves out.
    pub(crate) fn choose(&mut self) {
        let Self { accounts, only, excluded, .. } = self;
        accounts.retain(|id, _| (only.is_empty() || only.contains(id)) && !excluded.contains(id));
    }

    /// True where the account may still be there and wanted, though nothing tells of it.
    pub(crate) fn misses(&self, account: &AccountId) -> bool {
        self.only.is_empty()
            && ![&self.outside, &self.excluded].iter().any(|known| known.contains(account))
            && !self.accounts.contains_key(account)
    }
}
