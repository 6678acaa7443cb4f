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
use serde_json::Value;

use super::client::Reader;
use super::place::Read;
use crate::Previous;
use crate::purpose::Purpose;

/// The longest time that a facet is carried over.
const LONGEST: SignedDuration = SignedDuration::from_hours(7 * 24);

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
    /// True where the revision is the one of before.
    same: bool,
    events: Events,
}

impl Reader {
    /// What may be carried over of `uid`. Its listing names `revision`, none where that is too little to prove anything;
    /// `events` tell what no revision shows. A resource whose revision shows everything has no such events.
    pub(super) fn kept<'a>(&'a self, uid: &'a Uid, revision: Option<String>, events: Events) -> Kept<'a> {
        let same = revision.is_some() && self.past.previous.revision(uid) == revision.as_deref();
        if let Some(revision) = revision {
            self.past.note(uid, |noted| noted.revision = Some(revision));
        }
        // A plan counts the most that a scan may take, and a probe is there to ask.
        Kept { past: &self.past, uid, same: same && self.purpose == Purpose::Scan, events }
    }
}

/// What events say of one resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Events {
    /// Nobody could tell.
    Unknown,
    /// The revision shows everything.
    Needless,
    /// All since `start` were looked at; the last one that changed the resource, if any did.
    Since { start: Timestamp, last: Option<Timestamp> },
}

impl Events {
    /// True where nothing changed what was read then.
    fn none_since(self, read: Timestamp) -> bool {
        match self {
            Self::Unknown => false,
            Self::Needless => true,
            Self::Since { start, last } => {
                let certain = read - OVERLAP;
                start <= certain && last.is_none_or(|last| last < certain)
            }
        }
    }
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

    /// A facet as it was, where there was one.
    pub(super) fn carry_known(&self, name: &'static str) -> Option<Value> {
        self.facet(name).and_then(|(value, _)| value)?;
        let [read] = self.carry([name])?;
        read.ok().flatten()
    }

    /// The first of these facets, where all are as they were; else what `ask` says.
    pub(super) async fn or<E, const N: usize>(
        &self,
        names: [&'static str; N],
        ask: impl Future<Output = Result<Read, E>>,
    ) -> Result<Read, E> {
        match self.carry(names).and_then(|reads| reads.into_iter().next()) {
            Some(read) => Ok(read),
            None => ask.await,
        }
    }

    fn facet(&self, name: &str) -> Option<(Option<Value>, Timestamp)> {
        if !self.same {
            return None;
        }
        let (facet, read) = self.past.previous.facet(self.uid, name)?;
        let value = match facet {
            Facet::Known(value) => Some(value),
            Facet::Absent => None,
            Facet::Unreadable(_) => return None,
        };
        (self.events.none_since(read) && !is_due(self.uid, read, self.past.instant)).then_some((value, read))
    }
}

impl Past {
    fn note(&self, uid: &Uid, change: impl FnOnce(&mut Noted)) {
        let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        change(noted.entry(uid.clone()).or_default());
    }

    /// Writes down beside a resource what was carried over of it, and its revision.
    pub(super) fn settle(&self, resource: &mut Resource) {
        let noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner).remove(&resource.uid);
        let Some(Noted { carried, revision }) = noted else { return };
        let carried = carried.into_iter().filter(|(name, _)| resource.facets.contains_key(*name));
        resource.carried = carried.map(|(name, read)| (name.to_owned(), read)).collect();
        resource.revision = revision;
    }
}

/// True where a facet that was read then has to be read again, whatever says that it did not change.
pub(super) fn is_due(uid: &Uid, read: Timestamp, instant: Timestamp) -> bool {
    let today = day(instant);
    // A clock that was set back tells nothing of a facet's age.
    let is_old = read > instant || instant.duration_since(read) >= LONGEST;
    is_old || (weekday_of(uid) == today.rem_euclid(7) && day(read) < today)
}

/// The day of the week on which all of a resource is read again: a seventh of an estate each night.
fn weekday_of(uid: &Uid) -> i64 {
    let hash = blake3::hash(uid.as_str().as_bytes());
    hash.as_bytes()[..4].iter().fold(0, |number, byte| (number * 256 + i64::from(*byte)) % 7)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn night(number: i64) -> Timestamp {
        let second_of_night = 1_795_399_200 + number * 24 * 60 * 60;
        Timestamp::from_second(second_of_night).unwrap()
    }

    #[test]
    fn everything_is_read_again_once_a_week_a_seventh_each_night() {
        let uids: Vec<Uid> = (0..700).map(|number| Uid::from(format!("arn:{number}"))).collect();
        let due =
            |uid: &Uid| (1..=7).filter(|number| is_due(uid, night(0), night(*number))).collect::<Vec<_>>();
        let mut shares = [0; 8];
        for uid in &uids {
            // The seventh night is a week later, on which everything is due that was not read since.
            let nights = due(uid);
            assert!(matches!(nights[..], [_, 7] | [7]), "{nights:?}");
            shares[nights[0] as usize] += 1;
            assert!(!is_due(uid, night(0), night(0)), "what was read today is not read again today");
        }
        assert!(shares[1..].iter().all(|share| (60..=140).contains(share)), "{shares:?}");
    }

    #[test]
    fn what_is_older_than_a_week_or_from_the_future_is_read_again() {
        let uid = Uid::from("arn");
        assert!(is_due(&uid, night(0), night(9)));
        assert!(is_due(&uid, night(1), night(0)));
    }

    #[test]
    fn events_prove_only_what_lies_after_their_beginning() {
        let since = |start, last| Events::Since { start: night(start), last };
        let hour = SignedDuration::from_hours(1);
        assert!(since(1, None).none_since(night(2)));
        assert!(!since(1, None).none_since(night(1)), "what happened shortly before was not looked up");
        assert!(since(1, Some(night(2) - hour)).none_since(night(2)));
        assert!(
            !since(1, Some(night(2) - hour / 4)).none_since(night(2)),
            "it may not have been told in time"
        );
        assert!(!since(1, Some(night(2) + hour)).none_since(night(2)));
        assert!(!Events::Unknown.none_since(night(2)) && Events::Needless.none_since(night(2)));
    }

    #[test]
    fn a_revision_needs_all_of_its_parts() {
        assert_eq!(revision(&[Some("a"), None]), None);
        assert_eq!(revision(&[Some("a"), Some("")]), None);
        assert_ne!(revision(&[Some("a"), Some("bc")]), revision(&[Some("ab"), Some("c")]));
        assert_eq!(revision(&[Some("a")]).map(|digest| digest.len()), Some(32));
    }
}
