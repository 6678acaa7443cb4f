//! What need not be asked again: facets of the scan before that something proves unchanged.
//!
//! A facet is carried over where the listing names the same revisions as before; where no event speaks of the resource,
//! for what has no revision of its own; where it was really read less than a week ago; and where it is not the
//! resource's day of the week, on which all of it is read again whatever was proved. What could not be read is
//! always asked again.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use nephoscope_model::{Facet, Resource, Uid};

use super::client::Reader;
use super::place::Read;
use super::rehearsal::Purpose;
use crate::Previous;

/// The longest time that a facet is carried over.
pub(super) const LONGEST: SignedDuration = SignedDuration::from_hours(7 * 24);

/// CloudTrail tells of a call some minutes later, and clocks differ: what happened this long before a reading may not
/// have been in it.
pub(super) const OVERLAP: SignedDuration = SignedDuration::from_mins(30);

/// What is known from before, and what was made of it.
#[derive(Debug, Default)]
pub(super) struct Past {
    pub previous: Previous,
    /// When this scan began.
    pub instant: Timestamp,
    noted: Mutex<BTreeMap<Uid, Noted>>,
}

/// What goes with a resource beside its facets.
#[derive(Debug, Default)]
struct Noted {
    carried: BTreeMap<&'static str, Timestamp>,
    revision: Option<String>,
}

/// One resource of which facets may be carried over.
pub(super) struct Kept<'a> {
    past: &'a Past,
    uid: &'a Uid,
    proved: bool,
    changed: Option<Timestamp>,
}

impl Reader {
    /// What may be carried over of `uid`, whose listing names `revision`; none where it names too little to prove
    /// anything. `events` tells when the resource was changed last in a way that no revision shows; none where
    /// that is not known. What only the revision proves needs no events: [`unchanged`].
    pub(super) fn kept<'a>(&'a self, uid: &'a Uid, revision: Option<String>, events: Events) -> Kept<'a> {
        let same = revision.is_some() && self.past.previous.revision(uid) == revision.as_deref();
        if let Some(revision) = revision {
            self.past.note(uid, |noted| noted.revision = Some(revision));
        }
        let (told, changed) = match events {
            Events::Unknown => (false, None),
            Events::None => (true, None),
            Events::Last(at) => (true, Some(at)),
        };
        // A plan counts the most that a scan may take, and a probe is there to ask.
        Kept { past: &self.past, uid, proved: same && told && self.purpose == Purpose::Scan, changed }
    }
}

/// What events say of one resource since it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Events {
    /// Nobody could tell.
    Unknown,
    /// There were none, or none that matters.
    None,
    /// The last one happened then.
    Last(Timestamp),
}

impl Kept<'_> {
    /// These facets as they were, all or none of them.
    pub(super) fn carry<const N: usize>(&self, names: [&'static str; N]) -> Option<[Read; N]> {
        let mut facets = Vec::with_capacity(N);
        for name in names {
            facets.push(self.facet(name)?);
        }
        self.past.note(self.uid, |noted| {
            noted.carried.extend(names.into_iter().zip(facets.iter().map(|(_, read)| *read)));
        });
        let reads: Vec<Read> = facets.into_iter().map(|(value, _)| Ok(value)).collect();
        reads.try_into().ok()
    }

    fn facet(&self, name: &str) -> Option<(Option<serde_json::Value>, Timestamp)> {
        if !self.proved {
            return None;
        }
        let (facet, read) = self.past.previous.facet(self.uid, name)?;
        let value = match facet {
            Facet::Known(value) => Some(value),
            Facet::Absent => None,
            Facet::Unreadable(_) => return None,
        };
        let unchanged = self.changed.is_none_or(|changed| changed < read - OVERLAP);
        (unchanged && !is_due(self.uid, read, self.past.instant)).then_some((value, read))
    }
}

impl Past {
    fn note(&self, uid: &Uid, change: impl FnOnce(&mut Noted)) {
        let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        change(noted.entry(uid.clone()).or_default());
    }

    /// Writes down beside each resource what was carried over of it, and its revision.
    pub(super) fn settle(self, resources: &mut [Resource]) {
        let mut noted = self.noted.into_inner().unwrap_or_else(PoisonError::into_inner);
        for resource in resources {
            let Some(Noted { carried, revision }) = noted.remove(&resource.uid) else { continue };
            let carried = carried.into_iter().filter(|(name, _)| resource.facets.contains_key(*name));
            resource.carried = carried.map(|(name, read)| (name.to_owned(), read)).collect();
            resource.revision = revision;
        }
    }
}

/// True where a facet that was read then has to be read again, whatever says that it did not change.
pub(super) fn is_due(uid: &Uid, read: Timestamp, instant: Timestamp) -> bool {
    let turn = u64::from(blake3::hash(uid.as_str().as_bytes()).as_bytes()[0]) + 256 * 0;
    let today = day(instant);
    // A clock that was set back tells nothing of a facet's age.
    read > instant
        || instant.duration_since(read) >= LONGEST
        || (turn % 7 == today.rem_euclid(7).unsigned_abs() && day(read) < today)
}

/// Days since 1970.
fn day(instant: Timestamp) -> i64 {
    instant.as_second().div_euclid(24 * 60 * 60)
}

/// The digest of what a listing says of a revision; none where a part is missing. A new release reads everything
/// again, because it may keep more of what it reads.
pub(super) fn revision(parts: &[Option<&str>]) -> Option<String> {
    let mut hasher = blake3::Hasher::new();
    hasher.update(env!("CARGO_PKG_VERSION").as_bytes());
    for part in parts {
        let part = part.filter(|part| !part.is_empty())?;
        hasher.update(&(part.len() as u64).to_be_bytes()).update(part.as_bytes());
    }
    Some(hasher.finalize().to_hex()[..32].to_owned())
}
