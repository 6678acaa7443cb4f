//! What could and could not be read: a strip of shards, and the table behind it.

use std::collections::BTreeMap;

use leptos::prelude::*;
use nephoscope_model::api::Overview;
use nephoscope_model::coverage::{CollectionError, Coverage, CoverageState};
use nephoscope_model::scan::CoverageRow;
use nephoscope_model::snapshot::ShardKey;

use super::marks;
use super::table::{number, table, text};
use crate::address::{self, Scope};
use crate::{headline, wording};

/// Shards drawn one by one; above that, one mark stands for a region.
const MAX_MARKS: usize = 240;

/// The sentence and the strip on the overview.
pub fn summary(scope: &Scope, body: &Overview) -> AnyView {
    let sentence = headline::coverage(&body.coverage, body.resources, body.score.unknown);
    let unknown = scope.link("/findings", &[("status", "UNKNOWN")]);
    let unknown =
        (body.score.unknown > 0).then(|| view! { <a class="link" href=unknown>"See what is unknown"</a> });
    // Several scans are named beside what each of them read.
    let one = match &body.scans[..] {
        [scan] => Some(view! { <a class="link" href=address::scan(&scan.id)>"See the scan"</a> }),
        _ => None,
    };
    let (class, strip) = match one.is_some() {
        true => ("card coverage", by_region(&body.coverage)),
        false => ("card coverage many", by_target(body)),
    };
    view! {
        <section class=class aria-labelledby="coverage-title">
            <div class="coverage-words">
                <h2 id="coverage-title">{sentence.title}</h2>
                <p>
                    <span class="quiet">{sentence.lead}</span>
                </p>
                <p class="links">
                    {unknown}
                    {one}
                </p>
            </div>
            {strip}
        </section>
    }
    .into_any()
}

/// One line per target, with a mark per shard; the words are in the table of the scan's page.
fn by_target(body: &Overview) -> AnyView {
    let crowded = body.coverage.len() > MAX_MARKS;
    let lines = body.scans.iter().map(|scan| {
        let mut shards: Vec<&CoverageRow> =
            body.coverage.iter().filter(|row| row.target == scan.target).collect();
        shards.sort_by(|a, b| a.shard.cmp(&b.shard));
        let place = |row: &CoverageRow| {
            format!("{} {}", wording::short_account(&row.shard.account), row.shard.region)
        };
        let groups = regions(&shards, place);
        let marks = groups.iter().map(|(name, shards)| {
            view! { <span class="strip-group">{marks(name, shards, crowded)}</span> }
        });
        let marks = marks.collect_view();
        view! {
            <li>
                <a class="link" href=address::scan(&scan.id)>{scan.target.to_string()}</a>
                <span class="strip-marks" aria-hidden="true">{marks}</span>
                <span class="quiet">{whole(&shards)}</span>
            </li>
        }
    });
    let lines = lines.collect_view();
    view! { <ul class="strip-targets" aria-label="Shards by target">{lines}</ul> }.into_any()
}

/// One mark per shard, together by region.
fn by_region(rows: &[CoverageRow]) -> AnyView {
    let several = rows.iter().any(|row| row.shard.account != rows[0].shard.account);
    let name = |row: &CoverageRow| match several {
        true => format!("{} {}", wording::short_account(&row.shard.account), row.shard.region),
        false => row.shard.region.to_string(),
    };
    let rows: Vec<&CoverageRow> = rows.iter().collect();
    let crowded = rows.len() > MAX_MARKS;
    let groups = regions(&rows, name).into_iter().map(|(name, mut shards)| {
        shards.sort_by(|a, b| a.shard.cmp(&b.shard));
        let marks = marks(&name, &shards, crowded);
        view! {
            <li>
                <span class="strip-name">{name}</span>
                <span class="strip-marks" aria-hidden="true">{marks}</span>
                <span class="hidden">{whole(&shards)}</span>
            </li>
        }
    });
    let groups = groups.collect_view();
    view! { <ul class="strip" aria-label="Shards by region">{groups}</ul> }.into_any()
}

/// The shards by what `name` calls the place of each.
fn regions<'a>(
    rows: &[&'a CoverageRow],
    name: impl Fn(&CoverageRow) -> String,
) -> BTreeMap<String, Vec<&'a CoverageRow>> {
    let mut regions: BTreeMap<String, Vec<&CoverageRow>> = BTreeMap::new();
    for row in rows {
        regions.entry(name(row)).or_default().push(row);
    }
    regions
}

/// A mark for each shard; the worst one for all of them where there are too many to draw.
fn marks(name: &str, shards: &[&CoverageRow], crowded: bool) -> Vec<AnyView> {
    if crowded {
        let worst = shards.iter().map(|row| row.coverage.state).max_by_key(|state| gravity(*state));
        return worst.map(|state| mark(state, format!("{name}: {state}"))).into_iter().collect();
    }
    let each = shards.iter().map(|row| {
        let (service, state) = (&row.shard.service, row.coverage.state);
        let seen = wording::count(row.resources, "resource", "resources");
        mark(state, format!("{service} in {name}: {state}, {seen}"))
    });
    each.collect()
}

fn whole(shards: &[&CoverageRow]) -> String {
    let whole = shards.iter().filter(|row| row.coverage.state == CoverageState::Complete).count();
    format!("{whole} of {} shards whole", shards.len())
}

fn mark(state: CoverageState, title: String) -> AnyView {
    let class = format!("coverage-mark {state}");
    view! { <span class=class title=title></span> }.into_any()
}

/// The worse, the larger.
fn gravity(state: CoverageState) -> u8 {
    match state {
        CoverageState::Complete => 0,
        CoverageState::Disabled => 1,
        CoverageState::Partial => 2,
        CoverageState::Throttled => 3,
        CoverageState::Denied => 4,
        CoverageState::Failed => 5,
    }
}

/// The shards of one scan.
pub fn shards(rows: &[CoverageRow]) -> AnyView {
    let lines = rows.iter().map(|row| {
        let shard = &row.shard;
        let calls = row.coverage.calls.iter().map(|(api, count)| format!("{api} {count}"));
        let calls = calls.collect::<Vec<_>>().join("\n");
        view! {
            <tr>
                <th scope="row">{shard.service.to_string()}</th>
                <td class="nowrap">{shard.region.to_string()}</td>
                <td class="nowrap">{marks::account(&shard.account)}</td>
                <td>{marks::coverage(row.coverage.state)}</td>
                <td class="num">{wording::thousands(row.resources)}</td>
                <td class="num" title=calls>{wording::thousands(row.coverage.call_count())}</td>
                <td>{why(&row.coverage)}</td>
            </tr>
        }
    });
    let lines = lines.collect_view();
    let columns = [
        text("Service"),
        text("Region"),
        text("Account"),
        text("Read"),
        number("Resources"),
        number("Calls"),
        text("What was missing"),
    ];
    table("Shards of this scan", &columns, view! { <tbody>{lines}</tbody> }.into_any())
}

fn why(coverage: &Coverage) -> AnyView {
    let costs = coverage.costs.iter().map(|cost| {
        let spare = cost.permission.as_ref().unwrap_or(&cost.api);
        view! { <p class="quiet" title=cost.message.clone()>"all read again: "<code>{spare.clone()}</code>" would save calls"</p> }
    });
    let costs = costs.collect_view();
    view! { {missing(coverage)}{costs} }.into_any()
}

fn missing(coverage: &Coverage) -> AnyView {
    if coverage.errors.is_empty() {
        let words = match (coverage.state, coverage.listed) {
            (CoverageState::Disabled, _) => "switched off for this account",
            (_, true) => "",
            (_, false) => "not listed whole",
        };
        return view! { <span class="quiet">{words}</span> }.into_any();
    }
    let errors = coverage.errors.iter().map(|error| {
        let times = (error.count > 1).then(|| format!(" × {}", wording::thousands(error.count)));
        view! {
            <li>
                <code>{error.api.clone()}</code>
                " "
                <span>{format!("{}{}", error.error, times.unwrap_or_default())}</span>
            </li>
        }
    });
    let errors = errors.collect_view();
    view! { <ul class="plain">{errors}</ul> }.into_any()
}

/// What failed though no permission was missing, over all shards; none where nothing did.
pub fn errors(rows: &[CoverageRow]) -> Option<AnyView> {
    // The same failure in many shards is told once, with the first message.
    let mut failures: BTreeMap<(&str, &str), (&CollectionError, u64, Vec<&ShardKey>)> = BTreeMap::new();
    for row in rows {
        for error in row.coverage.errors.iter().filter(|error| error.permission.is_none()) {
            let failure =
                failures.entry((&error.api, &error.error)).or_insert_with(|| (error, 0, Vec::new()));
            failure.1 += error.count;
            failure.2.push(&row.shard);
        }
    }
    let items = failures.values().map(|(error, times, shards)| {
        let times = wording::count(*times, "time", "times");
        let place = match shards.as_slice() {
            [shard] => format!("{} {}", shard.service, shard.region),
            several => wording::count(several.len() as u64, "shard", "shards"),
        };
        let first =
            error.uid.as_ref().map(|uid| view! { <p class="quiet break">{format!("First on {uid}")}</p> });
        view! {
            <li class="fogged">
                <p>
                    <code>{error.api.clone()}</code>
                    " answered "
                    <code>{error.error.clone()}</code>
                    <span class="quiet">{format!(" {times} in {place}")}</span>
                </p>
                <p class="break">{error.message.clone()}</p>
                {first}
            </li>
        }
    });
    let items: Vec<_> = items.collect();
    (!items.is_empty()).then(|| view! { <ul class="unreadable">{items}</ul> }.into_any())
}

/// Calls by API action, over all shards, the most frequent first.
pub fn calls(rows: &[CoverageRow]) -> AnyView {
    let mut sums: BTreeMap<&str, u64> = BTreeMap::new();
    for (api, count) in rows.iter().flat_map(|row| &row.coverage.calls) {
        *sums.entry(api).or_default() += count;
    }
    let mut sums: Vec<_> = sums.into_iter().collect();
    sums.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    let lines = sums.into_iter().map(|(api, count)| {
        view! {
            <tr>
                <th scope="row"><code>{api.to_owned()}</code></th>
                <td class="num">{wording::thousands(count)}</td>
            </tr>
        }
    });
    let lines = lines.collect_view();
    table("Calls by API", &[text("API action"), number("Calls")], view! { <tbody>{lines}</tbody> }.into_any())
}
