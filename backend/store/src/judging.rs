//! Judging as the store asks for it: resource by resource, while it writes.

use std::collections::BTreeMap;

use nephoscope_model::finding::{Evaluation, Judged, Verdict};
use nephoscope_model::{AccountId, CheckId, Severity, Uid};

/// What judging one account gives. An [`Evaluation`] is one that is whole in memory.
pub trait Judging: Sync {
    /// The account.
    fn account(&self) -> &AccountId;

    /// The checks that run, sorted by id.
    fn checks(&self) -> &[CheckId];

    /// The severity of each check, in the same order.
    fn severities(&self) -> &[Severity];

    /// How many resources there are to judge.
    fn resources(&self) -> usize;

    /// The resource at a position.
    fn uid(&self, position: usize) -> &Uid;

    /// What was derived of the resource at a position, and its verdicts by check; or why it could not be judged.
    ///
    /// Asked once for each position, in any order and on several threads.
    fn judge(&self, position: usize) -> Result<(Judged, Vec<Verdict>), String>;

    /// How often each check did not apply. Asked at the end.
    fn not_applicable(&self) -> BTreeMap<CheckId, u64>;
}

impl Judging for Evaluation {
    fn account(&self) -> &AccountId {
        &self.account
    }

    fn checks(&self) -> &[CheckId] {
        &self.checks
    }

    fn severities(&self) -> &[Severity] {
        &self.severities
    }

    fn resources(&self) -> usize {
        self.resources.len()
    }

    fn uid(&self, position: usize) -> &Uid {
        &self.resources[position].uid
    }

    fn judge(&self, position: usize) -> Result<(Judged, Vec<Verdict>), String> {
        let first = self.verdicts.partition_point(|verdict| (verdict.resource as usize) < position);
        let mine = self.verdicts[first..].iter().take_while(|verdict| verdict.resource as usize == position);
        Ok((self.resources[position].clone(), mine.cloned().collect()))
    }

    fn not_applicable(&self) -> BTreeMap<CheckId, u64> {
        self.not_applicable.clone()
    }
}
