//! The posture score: large, with its range, its cap, its debt and its exact parts.

use leptos::prelude::*;
use nephoscope_model::Points;
use nephoscope_model::score::Score;

use super::marks;
use super::table::{number, table, text};
use crate::address::Scope;
use crate::wording;

/// Parts that are named; the others are put together.
const NAMED_PARTS: usize = 12;

/// The score with everything that qualifies it.
pub fn score(scope: &Scope, score: &Score) -> AnyView {
    let (Some(posture), Some(low), Some(high)) = (&score.posture, &score.low, &score.high) else {
        return view! {
            <div class="score">
                <p class="score-large">"–"</p>
                <p class="quiet">"Nothing was decided, so there is no score."</p>
            </div>
        }
        .into_any();
    };
    let reported = score.reported.as_ref().unwrap_or(posture);
    let held = score.cap;
    let own = held.map(|_| format!("posture {}, ", posture.rounded(1))).unwrap_or_default();
    let range = if low == high {
        format!("{own}nothing is unknown")
    } else {
        format!("{own}between {} and {}", low.rounded(1), high.rounded(1))
    };
    let cap = held.map(|cap| {
        view! { <p class="score-cap">{format!("Reported as {} while {}", cap.limit(), cap.reason())}</p> }
    });
    view! {
        <div class="score">
            <p class="score-large">
                <span class="score-number">{reported.rounded(1)}</span>
                <span class="score-of">
                    <span>"of 100"</span>
                    <span>{range}</span>
                </span>
            </p>
            {cap}
            {gauge(score, posture, low, high)}
            <p class="score-debt">
                <span>"Risk debt "<b>{wording::thousands(score.debt)}</b></span>
                <span>{format!("{} decided", wording::count(score.decided, "verdict", "verdicts"))}</span>
                <span>{format!("{} unknown", wording::thousands(score.unknown))}</span>
            </p>
            {parts(scope, score, posture)}
        </div>
    }
    .into_any()
}

/// A line from 0 to 100: what is sure, the fog, and the cap.
fn gauge(score: &Score, posture: &Points, low: &Points, high: &Points) -> AnyView {
    let percent = |points: &Points| format!("{:.2}%", points.to_f64().clamp(0.0, 100.0));
    let fog = format!("{:.2}%", (high.to_f64() - low.to_f64()).clamp(0.0, 100.0));
    let fog = (low != high).then(|| {
        view! { <rect class="fog-area" x=percent(low) y="6" width=fog height="20"></rect> }
    });
    let cap = score.cap.map(|cap| {
        let x = format!("{}%", cap.limit());
        view! {
            <line class="gauge-cap" x1=x.clone() x2=x.clone() y1="2" y2="32"></line>
            <text class="gauge-label" x=x y="46" text-anchor="middle">{format!("cap {}", cap.limit())}</text>
        }
    });
    view! {
        <svg class="gauge" height="50" aria-hidden="true" focusable="false">
            <rect class="bar-ground" x="0" y="10" width="100%" height="12" rx="6"></rect>
            <rect class="gauge-sure" x="0" y="10" width=percent(posture) height="12" rx="6"></rect>
            {fog}
            <line class="gauge-here" x1=percent(posture) x2=percent(posture) y1="4" y2="28"></line>
            {cap}
            <text class="gauge-label" x="0" y="46">"0"</text>
            <text class="gauge-label" x="100%" y="46" text-anchor="end">"100"</text>
        </svg>
    }
    .into_any()
}

/// Where every lost point went: the parts and the posture add up to 100.
fn parts(scope: &Scope, score: &Score, posture: &Points) -> AnyView {
    let line = |part: &nephoscope_model::score::Part| {
        let failing = scope.link("/findings", &[("check", part.check.as_str()), ("status", "FAIL")]);
        view! {
            <tr>
                <th scope="row">
                    <span class="marked">
                        {marks::severity(part.severity)}
                        <a class="break" href=scope.check(&part.check)>{part.check.to_string()}</a>
                    </span>
                </th>
                <td class="num"><a href=failing>{wording::thousands(part.failing)}</a></td>
                <td class="num">{format!("−{}", part.points.rounded(2))}</td>
            </tr>
        }
    };
    let costly: Vec<_> = score.parts.iter().filter(|part| !part.points.is_zero()).collect();
    let named = costly.iter().take(NAMED_PARTS).map(|part| line(part)).collect_view();
    let others = costly.get(NAMED_PARTS..).unwrap_or_default();
    let rest = (!others.is_empty()).then(|| {
        let points: Points = others.iter().map(|part| part.points.clone()).sum();
        let failing: u64 = others.iter().map(|part| part.failing).sum();
        view! {
            <tr>
                <th scope="row">{wording::count(others.len() as u64, "other check", "other checks")}</th>
                <td class="num">{wording::thousands(failing)}</td>
                <td class="num">{format!("−{}", points.rounded(2))}</td>
            </tr>
        }
    });
    let body = view! {
        <tbody>
            {named}
            {rest}
            <tr class="sum">
                <th scope="row">"What remains of 100"</th>
                <td></td>
                <td class="num">{posture.rounded(2)}</td>
            </tr>
        </tbody>
    };
    let columns = [text("Check"), number("Failing"), number("Points")];
    view! {
        <details class="more">
            <summary>"How it is made up"</summary>
            {table("Points lost by check", &columns, body.into_any())}
        </details>
    }
    .into_any()
}
