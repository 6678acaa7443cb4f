//! What a scan could judge and what not, the permissions that it lacked, and what restores them.

use std::fmt::Display;

use leptos::prelude::*;
use nephoscope_model::Provider;
use nephoscope_model::api::{MissingPermission, MissingPermissions, ScanDetail, ServiceJudged};
use nephoscope_model::query::encode;

use super::code;
use super::table::{number, table, text};
use crate::wording::{self, capital, count, thousands};

/// Names that are listed before the rest is counted.
const NAMED: usize = 3;

/// How much was decided, and of each service that was not read whole, how much of it.
pub fn judged(body: &ScanDetail) -> AnyView {
    let (foggy, clear): (Vec<_>, Vec<_>) =
        body.services.iter().partition(|service| service.whole < service.shards || service.unknown > 0);
    let rows = foggy.iter().map(|service| row(body, service)).collect_view();
    let columns = [
        text("Service"),
        text("Shards whole"),
        number("Decided"),
        number("Unknown"),
        text("Not judged at all"),
    ];
    let rest = (!clear.is_empty()).then(|| {
        let words = count(clear.len() as u64, "more service was", "more services were");
        view! { <p class="quiet">{format!("{words} read whole, and every check decided.")}</p> }
    });
    view! {
        <p>{sentence(body)}</p>
        {table("Services that were not judged whole", &columns, view! { <tbody>{rows}</tbody> }.into_any())}
        {rest}
    }
    .into_any()
}

fn sentence(body: &ScanDetail) -> String {
    let scan = &body.scan;
    let decided = count(scan.pass + scan.fail, "verdict was decided", "verdicts were decided");
    let unknown = match (scan.unknown, body.missing.undecided) {
        (0, _) => "none is unknown".to_owned(),
        (unknown, None | Some(0)) => format!("{} unknown", is(unknown)),
        (unknown, Some(lacking)) if lacking == unknown => {
            format!("{} unknown, for want of a permission", is(unknown))
        }
        (unknown, Some(lacking)) => {
            format!("{} unknown, {} of them only for want of a permission", is(unknown), thousands(lacking))
        }
    };
    let unlisted: Vec<&ServiceJudged> =
        body.services.iter().filter(|service| service.listed < service.shards).collect();
    let hidden = match unlisted.as_slice() {
        [] => String::new(),
        some => {
            let names = some_of(some.iter().map(|service| &service.service), "services");
            format!(" Of {names} not everything could be listed: what was not has no verdict at all.")
        }
    };
    format!("{}; {unknown}.{hidden}", capital(&decided))
}

fn is(number: u64) -> String {
    if number == 1 { "1 is".to_owned() } else { format!("{} are", thousands(number)) }
}

fn row(body: &ScanDetail, service: &ServiceJudged) -> AnyView {
    let id = encode(body.scan.id.as_str());
    let name = service.service.to_string();
    let address = format!("/findings?as_of={id}&status=UNKNOWN&service={}", encode(&name));
    let unknown = match service.unknown {
        0 => view! { "0" }.into_any(),
        some => view! { <a class="link" href=address>{thousands(some)}</a> }.into_any(),
    };
    let hidden = match service.shards - service.listed {
        0 => String::new(),
        all if all == service.shards => "all that could not be listed".to_owned(),
        some => format!("what {} could not list", count(some, "shard", "shards")),
    };
    view! {
        <tr>
            <th scope="row">{name}</th>
            <td>{format!("{} of {}", service.whole, service.shards)}</td>
            <td class="num">{thousands(service.decided)}</td>
            <td class="num">{unknown}</td>
            <td>{hidden}</td>
        </tr>
    }
    .into_any()
}

/// Each permission with what it leaves unknown, and the statement that restores them.
pub fn permissions(missing: &MissingPermissions) -> AnyView {
    let rows = missing.permissions.iter().map(permission).collect_view();
    let columns = [
        text("Permission"),
        number("Leaves unknown"),
        number("Refused"),
        text("Services"),
        text("Regions"),
        text("What the provider says"),
    ];
    let policy = missing.policy.as_ref().map(|policy| {
        let words = "Add this statement to the role that scans, and scan again.";
        view! {
            <p>{words}</p>
            {code::command("Smallest IAM policy that restores them", &format!("{policy:#}"))}
        }
    });
    let others = Provider::ALL.into_iter().filter(|provider| *provider != Provider::Aws);
    let lists = others.filter_map(|provider| names(missing, provider)).collect_view();
    view! {
        {table("Missing permissions", &columns, view! { <tbody>{rows}</tbody> }.into_any())}
        {policy}
        {lists}
    }
    .into_any()
}

fn permission(missing: &MissingPermission) -> AnyView {
    let unknown = missing.unknown.map_or_else(|| "–".to_owned(), thousands);
    let checks: Vec<&str> = missing.checks.iter().map(|check| check.as_str()).collect();
    let checks = match checks.len() {
        0 => None,
        all => Some(
            view! { <p class="small" title=checks.join("\n")>{count(all as u64, "check", "checks")}</p> },
        ),
    };
    let unlisted = (!missing.unlisted.is_empty()).then(|| {
        let names = some_of(missing.unlisted.iter(), "services");
        view! { <p class="small">{format!("not all of {names} is listed")}</p> }
    });
    let forbidden = missing.forbidden.then(|| {
        let words = "A policy denies or bounds it: allowing it does not help before that is lifted.";
        view! { <p class="small">{words}</p> }
    });
    let trust = missing.is_trust().then(|| {
        let words = "Make the role in each account, and let it trust who scans.";
        view! { <p class="small">{words}</p> }
    });
    view! {
        <tr>
            <th scope="row"><code class="copy">{missing.permission.clone()}</code></th>
            <td class="num">{unknown}{checks}</td>
            <td class="num">{thousands(missing.refused)}</td>
            <td>{some_of(missing.services.iter(), "services")}{unlisted}</td>
            <td>{some_of(missing.regions.iter(), "regions")}</td>
            <td class="break">
                {missing.errors.join(", ")}
                <p class="small">{wording::cut(&missing.message, 240)}</p>
                {forbidden}
                {trust}
            </td>
        </tr>
    }
    .into_any()
}

/// The permissions of a provider as text: what they go into has a form of its own in each.
fn names(missing: &MissingPermissions, provider: Provider) -> Option<AnyView> {
    let names = missing.permissions.iter().filter(|one| one.provider == provider && one.is_addable());
    let mut names: Vec<&str> = names.map(|one| one.permission.as_str()).collect();
    names.sort_unstable();
    let label = format!("{} permissions to add", provider.label());
    (!names.is_empty()).then(|| code::command(&label, &names.join("\n")))
}

/// `a, b and c`; of more than a few, their number.
fn some_of<T: Display>(items: impl ExactSizeIterator<Item = T>, many: &str) -> String {
    if items.len() > NAMED {
        return format!("{} {many}", items.len());
    }
    let mut names: Vec<String> = items.map(|item| item.to_string()).collect();
    match names.pop() {
        Some(last) if !names.is_empty() => format!("{} and {last}", names.join(", ")),
        last => last.unwrap_or_default(),
    }
}
