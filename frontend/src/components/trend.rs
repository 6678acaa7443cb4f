//! The score over time: a line, the fog of what could not be read around it, and the nights that moved it.

use std::collections::BTreeMap;

use leptos::prelude::*;
use nephoscope_model::TargetName;
use nephoscope_model::api::TrendPoint;

use super::table::{number, table, text};
use crate::address::Scope;
use crate::islands::readout::{Readout, Stop};
use crate::wording;

mod plot;

use plot::{Plot, note_class};

/// The chart for wide and for narrow places, and the table behind both.
pub fn trend(scope: &Scope, points: &[TrendPoint]) -> AnyView {
    let drawn: Vec<&TrendPoint> = points.iter().filter(|point| point.posture.is_some()).collect();
    if drawn.len() < 2 {
        let words = match drawn.len() {
            0 => "No scan has ended with a score yet.",
            _ => "One scan so far. The line begins with the second.",
        };
        return view! { <p class="quiet">{words}</p> }.into_any();
    }
    let summary = summary(&drawn);
    view! {
        <div class="chart wide">{chart(scope, &drawn, &Plot::wide(&drawn), "wide", &summary)}</div>
        <div class="chart narrow">{chart(scope, &drawn, &Plot::narrow(&drawn), "narrow", &summary)}</div>
        <details class="more">
            <summary>"As a table"</summary>
            {rows(scope, points)}
        </details>
    }
    .into_any()
}

/// The chart in one sentence, for those who cannot see it.
fn summary(points: &[&TrendPoint]) -> String {
    let (Some(first), Some(last)) = (points.first(), points.last()) else { return String::new() };
    format!(
        "From {} on {} to {} on {}, over {}.",
        wording::points(first.posture.as_ref()),
        wording::day(first.at),
        wording::points(last.posture.as_ref()),
        wording::day(last.at),
        wording::count(points.len() as u64, "scan", "scans"),
    )
}

/// The points of each target, in order.
fn series<'a>(points: &[&'a TrendPoint]) -> BTreeMap<&'a TargetName, Vec<&'a TrendPoint>> {
    let mut series: BTreeMap<&TargetName, Vec<&TrendPoint>> = BTreeMap::new();
    for point in points {
        series.entry(&point.target).or_default().push(point);
    }
    series
}

fn chart(scope: &Scope, points: &[&TrendPoint], plot: &Plot, id: &str, summary: &str) -> AnyView {
    let series = series(points);
    let several = series.len() > 1;
    let grid = plot.ticks().into_iter().map(|(value, y)| {
        view! {
            <line class="gridline" x1=plot.left x2=plot.right() y1=y y2=y></line>
            <text class="tick" x=plot.left - 8.0 y=y + 4.0 text-anchor="end">{value.to_string()}</text>
        }
    });
    let grid = grid.collect_view();
    let dates = plot.dates(points).into_iter().map(|(words, x, anchor)| {
        view! { <text class="tick" x=x y=plot.height - 6.0 text-anchor=anchor>{words}</text> }
    });
    let dates = dates.collect_view();
    let last = |points: &Vec<&TrendPoint>| points.last().map(|last| plot.place(last).1);
    let mut ends: Vec<(usize, f64)> =
        series.values().enumerate().filter_map(|(index, points)| Some((index, last(points)?))).collect();
    plot::spread(&mut ends, plot.bottom());
    let lines = series.iter().enumerate().map(|(index, (target, points))| {
        let class = format!("series s{}", index % 4);
        let fog = (!several).then(|| view! { <path class="fog-area" d=plot.band(points)></path> });
        let label = ends.iter().find(|(of, _)| *of == index).map(|(_, y)| *y);
        let end = points.last().zip(label).map(|(last, y)| end(plot, last, y, several.then_some(*target)));
        view! {
            <g class=class>
                {fog}
                <path class="series-line" d=plot.line(points)></path>
                {end}
            </g>
        }
    });
    let lines = lines.collect_view();
    let notes = plot.notes(points).into_iter().map(|note| {
        view! {
            <g class=note_class(note.gain)>
                <line class="note-line" x1=note.x x2=note.x y1=plot.top y2=plot.bottom()></line>
                <text class="note-text" x=note.text_x y=plot.top + 10.0 text-anchor=note.anchor>{note.words}</text>
            </g>
        }
    });
    let notes = notes.collect_view();
    let stops = points.iter().map(|point| stop(scope, plot, point, several)).collect::<Vec<_>>();
    let (title_id, desc_id) = (format!("trend-title-{id}"), format!("trend-desc-{id}"));
    let readout = view! {
        <Readout label="Posture score by scan".to_owned() width=plot.width height=plot.height stops=stops />
    };
    let readout = readout.into_any();
    view! {
        <svg
            class="plot"
            viewBox=format!("0 0 {} {}", plot.width, plot.height)
            role="img"
            aria-labelledby=format!("{title_id} {desc_id}")
        >
            <title id=title_id.clone()>"Posture score after each scan"</title>
            <desc id=desc_id.clone()>{summary.to_owned()}</desc>
            {grid}
            {dates}
            {notes}
            {lines}
        </svg>
        {readout}
    }
    .into_any()
}

/// The last point with its value, and with its target where there are several; the words stand at the height `y`.
fn end(plot: &Plot, last: &TrendPoint, y: f64, target: Option<&TargetName>) -> AnyView {
    /// Letters of a target's name that have room beside the chart.
    const NAME: usize = 9;
    let (dot_x, dot_y) = plot.place(last);
    let value = wording::points(last.posture.as_ref());
    let named = |target: &TargetName| format!("{} {value}", wording::cut(target.as_str(), NAME));
    let words = target.map_or_else(|| value.clone(), named);
    let class = if target.is_some() { "series-end several" } else { "series-end" };
    view! {
        <circle class="series-dot" cx=dot_x cy=dot_y r="4"></circle>
        <text class=class x=plot.right() + 9.0 y=y + 5.0>{words}</text>
    }
    .into_any()
}

fn stop(scope: &Scope, plot: &Plot, point: &TrendPoint, several: bool) -> Stop {
    let (x, y) = plot.place(point);
    let target = if several { format!(" {}", point.target) } else { String::new() };
    let value = wording::points(point.posture.as_ref());
    let value = match (&point.low, &point.high) {
        (Some(low), Some(high)) if low != high => {
            format!("{value}, between {} and {}", low.rounded(1), high.rounded(1))
        }
        _ => format!("{value}, nothing unknown"),
    };
    let then = Scope { as_of: Some(point.scan.to_string()), from: None, target: scope.target.clone() };
    Stop { x, y, when: format!("{}{target}", wording::day(point.at)), value, address: then.link("/", &[]) }
}

fn rows(scope: &Scope, points: &[TrendPoint]) -> AnyView {
    let lines = points.iter().rev().map(|point| {
        let then = Scope { as_of: Some(point.scan.to_string()), from: None, target: scope.target.clone() };
        let range = format!("{} to {}", wording::points(point.low.as_ref()), wording::points(point.high.as_ref()));
        view! {
            <tr>
                <th scope="row" class="nowrap"><a href=then.link("/", &[])>{wording::moment(point.at)}</a></th>
                <td>{point.target.to_string()}</td>
                <td class="num">{wording::points(point.posture.as_ref())}</td>
                <td class="num nowrap">{range}</td>
                <td class="num">{wording::points(point.reported.as_ref())}</td>
                <td class="num">{wording::thousands(point.debt)}</td>
                <td class="num">{wording::thousands(point.unknown)}</td>
            </tr>
        }
    });
    let lines = lines.collect_view();
    let columns = [
        text("Scan"),
        text("Target"),
        number("Posture"),
        number("Range"),
        number("Reported"),
        number("Debt"),
        number("Unknown"),
    ];
    table("Posture score after each scan", &columns, view! { <tbody>{lines}</tbody> }.into_any())
}
