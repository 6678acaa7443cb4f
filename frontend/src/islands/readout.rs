//! Reading values off a chart: with the pointer, a finger or the arrow keys.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// One point of a chart, in the chart's own coordinates.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stop {
    /// From the left.
    pub x: f64,
    /// From the top.
    pub y: f64,
    /// When, in words.
    pub when: String,
    /// The value, in words.
    pub value: String,
    /// Where the whole view as of then is.
    pub address: String,
}

/// A layer over a chart of `width` by `height` that reads its stops out. It is a range input without a face,
/// so that pointer, finger and keyboard work as they do elsewhere; invisible until awake.
#[island]
pub fn Readout(label: String, width: f64, height: f64, stops: Vec<Stop>) -> impl IntoView {
    let alive = RwSignal::new(false);
    let here = RwSignal::new(None::<usize>);
    Effect::new(move |_| alive.set(true));
    let last = stops.len().saturating_sub(1);
    let stops = StoredValue::new(stops);
    let at = move |part: fn(&Stop) -> f64| {
        move || here.get().and_then(|i| stops.with_value(|s| s.get(i).map(part))).unwrap_or_default()
    };
    let read = move |part: fn(&Stop) -> String| {
        move || here.get().and_then(|i| stops.with_value(|s| s.get(i).map(part))).unwrap_or_default()
    };
    let spoken = move || {
        let index = here.get().unwrap_or(last);
        stops.with_value(|s| s.get(index).map(|stop| format!("{}: {}", stop.when, stop.value)))
    };
    let boxed = move || {
        let (x, y) = here
            .get()
            .and_then(|i| stops.with_value(|s| s.get(i).map(|stop| place(stop, width))))
            .unwrap_or_default();
        format!("translate({x:.1} {y:.1})")
    };
    view! {
        <div class="readout" hidden=move || !alive.get()>
            <svg
                class="readout-layer"
                viewBox=format!("0 0 {width} {height}")
                aria-hidden="true"
                class:on=move || here.get().is_some()
            >
                <line class="readout-line" x1=at(|s| s.x) x2=at(|s| s.x) y1="8" y2=height - 24.0></line>
                <circle class="readout-dot" cx=at(|s| s.x) cy=at(|s| s.y) r="4.5"></circle>
                <g transform=boxed>
                    <rect class="readout-box" width=BOX height="44" rx="6"></rect>
                    <text class="readout-when" x="12" y="18">{read(|s| s.when.clone())}</text>
                    <text class="readout-value" x="12" y="35">{read(|s| s.value.clone())}</text>
                </g>
            </svg>
            <input
                type="range"
                class="readout-input"
                min="0"
                max=last
                step="1"
                aria-label=label
                aria-valuetext=spoken
                prop:value=move || here.get().unwrap_or(last).to_string()
                on:input=move |event| {
                    if let Ok(index) = event_target_value(&event).parse() {
                        here.set(Some(index));
                    }
                }
                on:focus=move |_| here.update(|h| *h = h.or(Some(last)))
                on:blur=move |_| here.set(None)
                on:pointerleave=move |_| here.set(None)
                on:pointermove=move |event| here.set(nearest(&event, width, stops))
                on:keydown=move |event| {
                    if event.key() == "Enter" {
                        visit(here, stops);
                    }
                }
                on:pointerup=move |event| {
                    here.set(nearest(&event, width, stops));
                    if event.pointer_type() == "mouse" {
                        visit(here, stops);
                    }
                }
            />
        </div>
    }
}

/// How wide the box beside a stop is.
const BOX: f64 = 224.0;

/// Where the box beside a stop goes, so that it never leaves the chart.
fn place(stop: &Stop, width: f64) -> (f64, f64) {
    let right = stop.x + 12.0;
    let x = if right + BOX <= width { right } else { (stop.x - 12.0 - BOX).max(0.0) };
    (x, (stop.y - 56.0).max(2.0))
}

#[cfg(feature = "hydrate")]
fn nearest<E>(event: &E, width: f64, stops: StoredValue<Vec<Stop>>) -> Option<usize>
where
    E: AsRef<web_sys::MouseEvent>,
{
    use wasm_bindgen::JsCast;
    let event: &web_sys::MouseEvent = event.as_ref();
    let element: web_sys::Element = event.target()?.dyn_into().ok()?;
    let frame = element.get_bounding_client_rect();
    let x = (f64::from(event.client_x()) - frame.left()) / frame.width().max(1.0) * width;
    let distance = |stop: &Stop| (stop.x - x).abs();
    stops.with_value(|stops| {
        let pairs = stops.iter().enumerate();
        pairs.min_by(|a, b| distance(a.1).total_cmp(&distance(b.1))).map(|(index, _)| index)
    })
}

#[cfg(not(feature = "hydrate"))]
fn nearest<E>(_: &E, _: f64, _: StoredValue<Vec<Stop>>) -> Option<usize> {
    None
}

#[cfg(feature = "hydrate")]
fn visit(here: RwSignal<Option<usize>>, stops: StoredValue<Vec<Stop>>) {
    let address =
        here.get_untracked().and_then(|i| stops.with_value(|s| s.get(i).map(|s| s.address.clone())));
    if let Some(address) = address {
        super::browser::go(&address);
    }
}

#[cfg(not(feature = "hydrate"))]
fn visit(_: RwSignal<Option<usize>>, _: StoredValue<Vec<Stop>>) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_box_stays_within_the_chart() {
        let stop = |x, y| Stop { x, y, when: String::new(), value: String::new(), address: String::new() };
        assert_eq!(place(&stop(100.0, 100.0), 720.0), (112.0, 44.0));
        let (x, y) = place(&stop(700.0, 10.0), 720.0);
        assert!(x + BOX <= 700.0 && y >= 0.0);
        assert_eq!(place(&stop(150.0, 30.0), 320.0).0, 0.0);
    }
}
