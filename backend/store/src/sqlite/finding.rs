//! Findings: listed in order, fetched by key, and as they were.

use std::cmp::Reverse;
use std::collections::HashSet;

use jiff::Timestamp;
use nephoscope_model::api::FindingInterval;
use nephoscope_model::finding::Detail;
use nephoscope_model::query::Filter;
use nephoscope_model::{FindingKey, ScanId, State, Uid};
use rusqlite::{CachedStatement, OptionalExtension};

use super::document::DocumentReader;
use super::fault::{Fault, Sql};
use super::reading::ReadingReader;
use super::resource::{debts, find, uid_of};
use super::sieve::{BucketCode, Place, Sieve, state};
use super::view::{Look, Moment};
use super::{Reader, code, cursor};
use crate::{BucketKey, FindingOrder, FindingRow, Page, StoreError, View};

/// Resources without a matching verdict after which it pays to ask the buckets which resources have one.
const PATIENCE: usize = 256;

/// The number by which the resource of a key is found: the first eight bytes of the uid's digest, and of the key.
pub(super) fn uid_number(uid: &Uid) -> i64 {
    let mut first = [0; 8];
    first.copy_from_slice(&blake3::hash(uid.as_str().as_bytes()).as_bytes()[..8]);
    i64::from_be_bytes(first)
}

fn number_of(key: &FindingKey) -> Option<i64> {
    let first = u64::from_str_radix(key.as_str().get(..16)?, 16).ok()?;
    Some(i64::from_be_bytes(first.to_be_bytes()))
}

/// One page of findings.
pub(super) fn list(
    reader: &Reader<'_>,
    view: &View,
    filter: &Filter,
    order: &FindingOrder,
    cursor: Option<&str>,
    limit: u32,
) -> Sql<Page<FindingRow>> {
    let mut sieve = Sieve::new(reader, view, filter)?;
    let (places, next) = match order {
        FindingOrder::Buckets(buckets) => {
            let fingerprint = cursor::fingerprint("findings by bucket", filter)?;
            let after = cursor::read(&fingerprint, cursor)?;
            let refuse = || Fault::from(StoreError::Cursor { cursor: cursor.unwrap_or_default().to_owned() });
            let mut found = by_bucket(reader, &mut sieve, buckets, after, limit, refuse)?;
            let next = cursor::cut(&mut found, limit, |([check, status, exposure], last)| {
                cursor::write(&fingerprint, &[*check, *status, *exposure, last.resource])
            });
            (found.into_iter().map(|(_, place)| place).collect::<Vec<_>>(), next)
        }
        FindingOrder::Resources(buckets) => {
            let fingerprint = cursor::fingerprint("findings by resource", filter)?;
            let after = cursor::read(&fingerprint, cursor)?;
            let mut found = by_resource(reader, &mut sieve, buckets, after, limit)?;
            let next = cursor::cut(&mut found, limit, |(debt, severity, last)| {
                cursor::write(&fingerprint, &[*debt, last.resource, *severity, last.check])
            });
            (found.into_iter().map(|(_, _, place)| place).collect(), next)
        }
    };
    let mut composer = Composer::new(reader, view)?;
    let rows = places.into_iter().map(|place| composer.seen(&sieve.look, place)).collect::<Sql<_>>()?;
    Ok(Page { rows, next })
}

/// Up to one row more than `limit`, bucket after bucket, by uid within each.
fn by_bucket(
    reader: &Reader<'_>,
    sieve: &mut Sieve<'_>,
    buckets: &[BucketKey],
    after: Option<[i64; 4]>,
    limit: u32,
    refuse: impl FnOnce() -> Fault,
) -> Sql<Vec<(BucketCode, Place)>> {
    let want = limit as usize + 1;
    let resources = reader.order()?;
    let codes: Vec<BucketCode> = buckets.iter().filter_map(|bucket| sieve.code(bucket)).collect();
    let mut start = 0;
    let mut last = None;
    if let Some([check, status, exposure, resource]) = after {
        start = codes.iter().position(|code| *code == [check, status, exposure]).ok_or_else(refuse)?;
        last = Some(resources.rank(resource));
    }
    let mut found = Vec::new();
    for bucket in codes.into_iter().skip(start) {
        let rows = sieve.bucket(bucket)?;
        let mut ranked: Vec<(u32, Place)> =
            rows.into_iter().map(|place| (resources.rank(place.resource), place)).collect();
        if let Some(last) = last.take() {
            ranked.retain(|(rank, _)| *rank > last);
        }
        let missing = want - found.len();
        if ranked.len() > missing {
            ranked.select_nth_unstable_by_key(missing, |(rank, _)| *rank);
            ranked.truncate(missing);
        }
        ranked.sort_unstable_by_key(|(rank, _)| *rank);
        found.extend(ranked.into_iter().map(|(_, place)| (bucket, place)));
        if found.len() == want {
            break;
        }
    }
    Ok(found)
}

/// Up to one row more than `limit`, with debt and severity: by debt, uid, severity and check.
fn by_resource(
    reader: &Reader<'_>,
    sieve: &mut Sieve<'_>,
    buckets: &[BucketKey],
    after: Option<[i64; 4]>,
    limit: u32,
) -> Sql<Vec<(i64, i64, Place)>> {
    let want = limit as usize + 1;
    let resources = reader.order()?;
    let codes: HashSet<BucketCode> = buckets.iter().filter_map(|bucket| sieve.code(bucket)).collect();
    let mut ranked: Vec<(Reverse<i64>, u32, i64)> = debts(reader, &sieve.look)?
        .into_iter()
        .map(|(resource, debt)| (Reverse(debt), resources.rank(resource), resource))
        .collect();
    let last = after.map(|[debt, resource, ..]| (Reverse(debt), resources.rank(resource)));
    if let Some(last) = last {
        ranked.retain(|(debt, rank, _)| (*debt, *rank) >= last);
    }
    ranked.sort_unstable();
    let mut candidates: Option<HashSet<i64>> = None;
    let mut misses = 0;
    let mut found = Vec::new();
    for (debt, rank, resource) in ranked {
        if candidates.as_ref().is_some_and(|candidates| !candidates.contains(&resource)) {
            continue;
        }
        let order = |severity: i64, check: i64| (Reverse(severity), reader.names.check_rank(check));
        let mut rows = sieve.resource(resource, &codes)?;
        if let Some([_, _, severity, check]) = after
            && last == Some((debt, rank))
        {
            rows.retain(|(of, place)| order(*of, place.check) > order(severity, check));
        }
        rows.sort_unstable_by_key(|(severity, place)| order(*severity, place.check));
        misses += usize::from(rows.is_empty());
        found.extend(rows.into_iter().map(|(severity, place)| (debt.0, severity, place)));
        if found.len() >= want {
            break;
        }
        if misses > PATIENCE && candidates.is_none() {
            let mut having = HashSet::new();
            for code in &codes {
                having.extend(sieve.bucket(*code)?.into_iter().map(|place| place.resource));
            }
            candidates = Some(having);
        }
    }
    found.truncate(want);
    Ok(found)
}

/// How many findings match, over all pages.
pub(super) fn count(reader: &Reader<'_>, view: &View, filter: &Filter, buckets: &[BucketKey]) -> Sql<u64> {
    let mut sieve = Sieve::new(reader, view, filter)?;
    let codes: HashSet<BucketCode> = buckets.iter().filter_map(|bucket| sieve.code(bucket)).collect();
    let mut count = 0;
    for code in codes {
        count += sieve.bucket(code)?.len() as u64;
    }
    Ok(count)
}

/// One finding, as it is in view or as it was last.
pub(super) fn fetch(reader: &Reader<'_>, view: &View, key: &FindingKey) -> Sql<Option<FindingRow>> {
    let look = Look::new(reader, view)?;
    let mut statement = reader.connection.prepare_cached(
        "SELECT valid_from, valid_to, place FROM verdict WHERE resource = ?1 AND check_id = ?2 ORDER BY valid_from DESC",
    )?;
    let mut gone = None;
    for (resource, check) in pairs_of(reader, key)? {
        let mut rows = statement.query([resource, check])?;
        while let Some(row) = rows.next()? {
            let (valid_from, valid_to, place): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let at = Place { resource, check, valid_from };
            if look.sees_past(place, valid_from, valid_to) {
                return Composer::new(reader, view)?.seen(&look, at).map(Some);
            }
            if gone.is_none() && look.sees(place, valid_from) {
                gone = Some(at);
            }
        }
    }
    gone.map(|at| Composer::new(reader, view)?.gone(&look, at)).transpose()
}

/// Resources and checks behind a key: one per account that has the uid.
fn pairs_of(reader: &Reader<'_>, key: &FindingKey) -> Sql<Vec<(i64, i64)>> {
    let Some(number) = number_of(key) else { return Ok(Vec::new()) };
    let mut statement = reader.connection.prepare_cached("SELECT id, uid FROM resource WHERE digest = ?1")?;
    let mut rows = statement.query([number])?;
    let mut pairs = Vec::new();
    while let Some(row) = rows.next()? {
        let (resource, uid) = (row.get(0)?, Uid::from(row.get::<_, String>(1)?));
        let mut checks = reader.names.checks();
        pairs.extend(
            checks.find(|(_, check)| FindingKey::of(check, &uid) == *key).map(|(id, _)| (resource, id)),
        );
    }
    Ok(pairs)
}

/// Every status a finding has had, latest first.
pub(super) fn history(reader: &Reader<'_>, key: &FindingKey) -> Sql<Vec<FindingInterval>> {
    let mut statement = reader.connection.prepare_cached(
        "SELECT verdict.status, verdict.valid_from, verdict.valid_to, scan.name, scan.instant, ended.instant
         FROM verdict JOIN step ON step.sequence = verdict.valid_from JOIN scan ON scan.id = step.scan
         LEFT JOIN step AS last ON last.sequence = verdict.valid_to LEFT JOIN scan AS ended ON ended.id = last.scan
         WHERE verdict.resource = ?1 AND verdict.check_id = ?2 ORDER BY verdict.valid_from",
    )?;
    let mut intervals = Vec::<FindingInterval>::new();
    for (resource, check) in pairs_of(reader, key)? {
        let mut ended_at = None;
        let mut rows = statement.query([resource, check])?;
        while let Some(row) = rows.next()? {
            let status = code::status(row.get(0)?)?;
            let to = row.get::<_, Option<i64>>(5)?.map(code::instant);
            // Rows of one status follow each other where evidence or exposure changed.
            let goes_on = ended_at == Some(row.get::<_, i64>(1)?);
            ended_at = Some(row.get::<_, i64>(2)?);
            match intervals.last_mut().filter(|last| goes_on && last.status == status) {
                Some(last) => last.to = to,
                None => intervals.push(FindingInterval {
                    status,
                    scan: ScanId::from(row.get::<_, String>(3)?),
                    from: code::instant(row.get(4)?),
                    to,
                }),
            }
        }
    }
    intervals.reverse();
    Ok(intervals)
}

/// Every verdict on one resource, worst first.
pub(super) fn list_of(reader: &Reader<'_>, view: &View, uid: &Uid) -> Sql<Vec<FindingRow>> {
    let look = Look::new(reader, view)?;
    let Some(version) = find(reader, &look, uid)? else { return Ok(Vec::new()) };
    let mut statement = reader.connection.prepare_cached(
        "SELECT check_id, valid_from, valid_to, place FROM verdict WHERE resource = ?1 ORDER BY check_id",
    )?;
    let mut composer = Composer::new(reader, view)?;
    let mut found = Vec::new();
    let mut rows = statement.query([version.resource])?;
    while let Some(row) = rows.next()? {
        let (check, valid_from) = (row.get(0)?, row.get(1)?);
        if look.sees_past(row.get(3)?, valid_from, row.get(2)?) {
            found.push(composer.seen(&look, Place { resource: version.resource, check, valid_from })?);
        }
    }
    found.sort_by(|one, other| {
        let worst = |row: &FindingRow| (row.status, Reverse(row.severity), Reverse(row.exposure));
        worst(one).cmp(&worst(other)).then_with(|| one.check.cmp(&other.check))
    });
    Ok(found)
}

/// Makes findings of verdict rows.
pub(super) struct Composer<'r> {
    reader: &'r Reader<'r>,
    view: &'r View,
    documents: DocumentReader<'r>,
    readings: ReadingReader<'r>,
    verdict: CachedStatement<'r>,
    name: CachedStatement<'r>,
    began: CachedStatement<'r>,
    last: CachedStatement<'r>,
}

impl<'r> Composer<'r> {
    pub(super) fn new(reader: &'r Reader<'r>, view: &'r View) -> Sql<Self> {
        let connection = reader.connection;
        Ok(Self {
            reader,
            view,
            documents: DocumentReader::new(connection)?,
            readings: ReadingReader::new(connection)?,
            verdict: connection.prepare_cached(
                "SELECT valid_to, status, exposure, severity, place, opened, document FROM verdict
                 WHERE resource = ?1 AND check_id = ?2 AND valid_from = ?3",
            )?,
            name: connection.prepare_cached(
                "SELECT name FROM version WHERE resource = ?1 AND valid_from <= ?2 ORDER BY valid_from DESC LIMIT 1",
            )?,
            began: connection.prepare_cached(
                "SELECT scan.instant FROM step JOIN scan ON scan.id = step.scan WHERE step.sequence = ?1",
            )?,
            last: connection.prepare_cached(
                "SELECT scan.name, scan.instant FROM scan JOIN target ON target.id = scan.target
                 WHERE target.name = ?1 AND state = 'finished' AND closed < ?2 ORDER BY closed DESC LIMIT 1",
            )?,
        })
    }

    /// The finding of a row that is in view.
    pub(super) fn seen(&mut self, look: &Look<'_>, at: Place) -> Sql<FindingRow> {
        Ok(self.compose(look, at)?.0)
    }

    /// The finding of a row that is over: as it was last, and resolved.
    pub(super) fn gone(&mut self, look: &Look<'_>, at: Place) -> Sql<FindingRow> {
        let (mut row, target, valid_to) = self.compose(look, at)?;
        let last = self.last.query_row(rusqlite::params![target, valid_to], |last| {
            Ok((ScanId::from(last.get::<_, String>(0)?), last.get(1)?))
        });
        // None where only a scan that failed ever saw it.
        if let Some((scan, instant)) = last.optional()? {
            (row.scan, row.last_seen) = (scan, code::instant(instant));
        }
        row.state = State::Resolved;
        Ok(row)
    }

    fn compose(&mut self, look: &Look<'_>, at: Place) -> Sql<(FindingRow, &'r str, i64)> {
        let names = &self.reader.names;
        let Place { resource, check, valid_from } = at;
        let mut rows = self.verdict.query([resource, check, valid_from])?;
        let row = rows.next()?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
        let (valid_to, status, exposure): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let (severity, place, opened): (i64, i64, i64) = (row.get(3)?, row.get(4)?, row.get(5)?);
        let detail: Option<i64> = row.get(6)?;
        drop(rows);
        let detail = detail.map_or_else(|| Ok(Detail::default()), |document| self.documents.get(document))?;
        let missing = |what: &str, id: i64| Fault::Damaged(format!("{what} {id} is missing").into());
        let moment: &Moment = look.at(place).ok_or_else(|| missing("place", place))?;
        let place = names.place(place).ok_or_else(|| missing("place", place))?;
        let check = names.check(check).ok_or_else(|| missing("check", check))?;
        let entry = &self.view.entries[moment.entry];
        let uid = uid_of(self.reader, resource)?;
        let row = FindingRow {
            key: FindingKey::of(check, &uid),
            check: check.clone(),
            severity: code::severity(severity)?,
            status: code::status(status)?,
            state: state(status, opened, moment),
            provider: place.provider,
            account: place.account.clone(),
            region: place.region.clone(),
            service: place.service.clone(),
            kind: place.kind.clone(),
            resource: uid,
            name: self.name.query_row([resource, moment.sequence], |row| row.get(0))?,
            exposure: code::exposure(exposure)?,
            detail,
            carried: self.readings.carried(resource, moment.sequence)?,
            first_seen: self
                .began
                .query_row([opened], |row| Ok::<Timestamp, _>(code::instant(row.get(0)?)))?,
            last_seen: entry.started,
            scan: entry.scan.clone(),
        };
        Ok((row, entry.target.as_str(), valid_to))
    }
}

#[cfg(test)]
mod tests {
    use nephoscope_model::CheckId;

    use super::*;

    #[test]
    fn a_finding_is_found_by_the_number_of_its_key() {
        for uid in ["arn:aws:lambda:eu-west-1:123456789012:function:checkout", "", "ü"] {
            let (check, uid) = (CheckId::from("aws-lambda-url-auth-none"), Uid::from(uid));
            assert_eq!(number_of(&FindingKey::of(&check, &uid)), Some(uid_number(&uid)));
        }
        assert_eq!(number_of(&FindingKey::from("not a key")), None);
    }
}
