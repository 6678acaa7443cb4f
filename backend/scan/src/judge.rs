//! Judging accounts: their documents stay packed in memory, and each resource is opened, derived, judged and stored
//! before the next one, on as many threads as the store has.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};

use futures::{StreamExt, TryStreamExt, stream};
use nephoscope_catalogue::Catalogue;
use nephoscope_model::finding::{Judged, Verdict};
use nephoscope_model::scan::CoverageRow;
use nephoscope_model::{AccountId, CheckId, FindingKey, ScanId, Severity, Status, Uid};
use nephoscope_posture::derive::Survey;
use nephoscope_posture::evaluate::Court;
use nephoscope_posture::{Estate, EstateResource};
use nephoscope_store::{Judging, OpenScan, Store, StoreError};
use tokio::runtime::{Handle, RuntimeFlavor};

use crate::ScanError;

/// A catalogue made ready to judge what was scanned at one instant.
pub(crate) fn court<'a>(catalogue: &'a Catalogue, open: &OpenScan) -> Result<Court<'a>, ScanError> {
    let court = blocking(|| calmly(|| Court::of(catalogue, open.scan.instant)));
    court.map_err(|cause| ScanError::Court { cause })
}

/// An account of which every shard is committed.
pub(crate) struct Case {
    pub(crate) account: AccountId,
    /// What its shards could read.
    coverage: Vec<CoverageRow>,
}

impl Case {
    pub(crate) async fn of(
        store: &dyn Store,
        open: &OpenScan,
        account: AccountId,
    ) -> Result<Self, ScanError> {
        let coverage = store.estate_coverage(&open.scan.id, &account).await?;
        Ok(Self { account, coverage })
    }

    /// How many resources were read.
    pub(crate) fn resources(&self) -> u64 {
        self.coverage.iter().map(|row| row.resources).sum()
    }
}

/// What is known of an account.
struct Known {
    case: Case,
    resources: Vec<EstateResource>,
    last_known: BTreeMap<FindingKey, Status>,
}

impl Known {
    async fn of(store: &dyn Store, scan: &ScanId, case: Case) -> Result<Self, ScanError> {
        let stored = store.estate_fetch(scan, &case.account).await?;
        let any_stale = stored.iter().any(|resource| resource.stale);
        let last_known = match any_stale {
            true => store.verdict_last_known(scan, &case.account).await?.into_iter().collect(),
            false => BTreeMap::new(),
        };
        let resources = stored.into_iter().map(|stored| EstateResource {
            resource: stored.resource.into(),
            stale_since: stored.stale.then_some(stored.last_read),
        });
        Ok(Self { case, resources: resources.collect(), last_known })
    }
}

/// Judges everything known of each account, for facts cross services and regions, and stores together what that gives.
pub(crate) async fn judge(
    store: &dyn Store,
    court: &Court<'_>,
    open: &OpenScan,
    cases: Vec<Case>,
) -> Result<(), ScanError> {
    let scan = &open.scan;
    let known = stream::iter(cases).then(|case| Known::of(store, &scan.id, case));
    let known: Vec<Known> = known.try_collect().await?;
    let estates = known.iter().map(|known| Estate {
        account: known.case.account.clone(),
        resources: &known.resources,
        coverage: &known.case.coverage,
        instant: scan.instant,
        last_known: &known.last_known,
    });
    let estates: Vec<Estate<'_>> = estates.collect();
    let bars = estates.iter().map(|estate| {
        let failed = |cause| ScanError::Evaluate { account: estate.account.clone(), cause };
        blocking(|| calmly(|| Bar::of(estate, court))).map_err(failed)
    });
    let bars: Vec<Bar<'_>> = bars.collect::<Result<_, _>>()?;
    let judgings: Vec<&dyn Judging> = bars.iter().map(|bar| bar as &dyn Judging).collect();
    match store.evaluation_insert(&scan.id, &judgings).await {
        Err(StoreError::Judge { account, cause }) => Err(ScanError::Evaluate { account, cause }),
        other => Ok(other?),
    }
}

/// An account before the court.
struct Bar<'a> {
    estate: &'a Estate<'a>,
    survey: Survey<'a>,
    court: &'a Court<'a>,
    /// By position of the check: how often it did not apply.
    not_applicable: Vec<AtomicU64>,
}

impl<'a> Bar<'a> {
    fn of(estate: &'a Estate<'a>, court: &'a Court<'a>) -> Self {
        let not_applicable = court.checks.iter().map(|_| AtomicU64::new(0)).collect();
        Self { estate, survey: Survey::of(estate), court, not_applicable }
    }
}

impl Judging for Bar<'_> {
    fn account(&self) -> &AccountId {
        &self.estate.account
    }

    fn checks(&self) -> &[CheckId] {
        &self.court.checks
    }

    fn severities(&self) -> &[Severity] {
        &self.court.severities
    }

    fn resources(&self) -> usize {
        self.estate.resources.len()
    }

    fn uid(&self, position: usize) -> &Uid {
        self.estate.resources[position].resource.uid()
    }

    fn judge(&self, position: usize) -> Result<(Judged, Vec<Verdict>), String> {
        calmly(|| {
            let resource = self.estate.resources[position].resource.open();
            let derived = self.survey.derive(position, &resource);
            let said = self.court.judge(self.estate, position, &resource, &derived.facts);
            for check in said.not_applicable {
                self.not_applicable[check as usize].fetch_add(1, Ordering::Relaxed);
            }
            let uid = resource.uid.clone();
            (Judged { uid, exposure: derived.exposure, facts: derived.facts }, said.verdicts)
        })
    }

    fn not_applicable(&self) -> BTreeMap<CheckId, u64> {
        let counts: Vec<u64> =
            self.not_applicable.iter().map(|count| count.load(Ordering::Relaxed)).collect();
        self.court.counted(&counts)
    }
}

/// Runs `work`; where it panics, gives the panic's words. A panic in judging must end its scan with the reason, not the server.
pub(crate) fn calmly<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| {
        let words = panic.downcast_ref::<String>().cloned();
        let words = words.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        words.unwrap_or_else(|| "it panicked without a message".to_owned())
    })
}

/// Runs what takes long without keeping other tasks from running.
fn blocking<T>(work: impl FnOnce() -> T) -> T {
    match Handle::try_current().map(|handle| handle.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        _ => work(),
    }
}

#[cfg(test)]
mod tests {
    use super::calmly;

    #[test]
    fn a_panic_becomes_its_words() {
        assert_eq!(calmly(|| 3), Ok(3));
        assert_eq!(calmly(|| panic!("check {} is broken", 7)), Err::<(), _>("check 7 is broken".to_owned()));
        assert_eq!(calmly(|| panic!("broken")), Err::<(), _>("broken".to_owned()));
    }
}
