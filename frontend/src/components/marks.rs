//! Marks that carry meaning by shape and word as well as by colour.

use jiff::Timestamp;
use leptos::prelude::*;
use nephoscope_model::coverage::CoverageState;
use nephoscope_model::finding::{Exposure, State, Status};
use nephoscope_model::framework::ControlStatus;
use nephoscope_model::{AccountId, Severity};

use crate::wording;

/// Letter, shape and colour of a severity.
pub fn severity(severity: Severity) -> AnyView {
    let letter = match severity {
        Severity::Critical => "C",
        Severity::High => "H",
        Severity::Medium => "M",
        Severity::Low => "L",
        Severity::Informational => "I",
    };
    let class = format!("sev {severity}");
    view! {
        <span class=class title=severity.as_str()>
            <span aria-hidden="true">{letter}</span>
            <span class="hidden">{severity.as_str()}</span>
        </span>
    }
    .into_any()
}

/// Shape, word and colour of a status.
pub fn status(status: Status) -> AnyView {
    let class = match status {
        Status::Fail => "status fail",
        Status::Unknown => "status unknown",
        Status::Pass => "status pass",
        Status::Manual => "status manual",
    };
    view! { <span class=class>{status.as_str()}</span> }.into_any()
}

/// A status that may not exist: a resource or check that came or went.
pub fn status_or(status_then: Option<Status>, otherwise: &'static str) -> AnyView {
    match status_then {
        Some(known) => status(known),
        None => view! { <span class="status none">{otherwise}</span> }.into_any(),
    }
}

/// Shape, word and colour of a control's status.
pub fn control(status: ControlStatus) -> AnyView {
    let class = match status {
        ControlStatus::Fail => "status fail",
        ControlStatus::Unknown => "status unknown",
        ControlStatus::Pass => "status pass",
        ControlStatus::Manual => "status manual",
        ControlStatus::NotApplicable | ControlStatus::NotCovered => "status none",
    };
    view! { <span class=class>{status.label()}</span> }.into_any()
}

/// The word for a state; only what is new is marked.
pub fn state(state: State) -> AnyView {
    let class = match state {
        State::New => "chip new",
        State::Open | State::Resolved => "chip",
    };
    view! { <span class=class>{state.as_str()}</span> }.into_any()
}

/// Who can reach a resource, with a mark where that is everybody or unknown.
pub fn exposure(exposure: Exposure) -> AnyView {
    let class = match exposure {
        Exposure::Internet => "reach internet",
        Exposure::CrossAccount => "reach across",
        Exposure::Unknown => "reach unknown",
        Exposure::Internal => "reach internal",
    };
    view! { <span class=class>{exposure.label()}</span> }.into_any()
}

/// Shape, word and colour of how much was read.
pub fn coverage(state: CoverageState) -> AnyView {
    let class = format!("coverage-mark {state}");
    view! {
        <span class="coverage-word">
            <span class=class aria-hidden="true"></span>
            {state.as_str()}
        </span>
    }
    .into_any()
}

/// A moment that programs can read too.
pub fn time(instant: Timestamp) -> AnyView {
    view! { <time datetime=instant.to_string()>{wording::moment(instant)}</time> }.into_any()
}

/// A day that programs can read too; the full moment is its title.
pub fn day(instant: Timestamp) -> AnyView {
    view! {
        <time datetime=instant.to_string() title=wording::moment(instant)>
            {wording::date(instant)}
        </time>
    }
    .into_any()
}

/// An account, shortened; the full one is its title.
pub fn account(account: &AccountId) -> AnyView {
    let short = wording::short_account(account);
    if short == account.as_str() {
        return view! { <span>{short}</span> }.into_any();
    }
    view! {
        <span title=account.to_string()>
            <span aria-hidden="true">{short}</span>
            <span class="hidden">{account.to_string()}</span>
        </span>
    }
    .into_any()
}

/// A bar of `parts`, each a class and a count, out of `whole`. Decoration beside numbers that say the same.
pub fn bar(parts: &[(&'static str, u64)], whole: u64) -> AnyView {
    let mut left = 0.0;
    let rects = parts.iter().filter(|(_, count)| *count > 0 && whole > 0).map(|(class, count)| {
        let width = *count as f64 / whole as f64 * 100.0;
        let x = format!("{left:.2}%");
        left += width;
        view! { <rect class=*class x=x y="0" width=format!("{width:.2}%") height="8"></rect> }
    });
    let rects = rects.collect_view();
    view! {
        <svg class="bar" height="8" aria-hidden="true" focusable="false">
            <rect class="bar-ground" x="0" y="0" width="100%" height="8"></rect>
            {rects}
        </svg>
    }
    .into_any()
}
