//! A running scan, live: what has been committed, as the server tells it.

use leptos::prelude::*;
use nephoscope_model::api::ScanEvent;

/// How far the scan is, and the shards that came in since the page was opened.
#[derive(Clone, Debug, Default, PartialEq)]
struct Live {
    planned: u64,
    done: u64,
    /// What the scan does now, in words.
    note: String,
    /// Shards since the page was opened, latest first.
    rows: Vec<Row>,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Row {
    shard: String,
    state: String,
    resources: u64,
    calls: u64,
}

/// Follows the events at `events`; asks for the page again when the scan has ended.
#[island]
pub fn Progress(events: String, planned: u64, done: u64) -> impl IntoView {
    let live = RwSignal::new(Live { planned, done, note: reading(done, planned), rows: Vec::new() });
    #[cfg(feature = "hydrate")]
    follow(&events, live);
    #[cfg(not(feature = "hydrate"))]
    let _ = events;
    view! {
        <div class="progress">
            <p role="status" class="progress-note">{move || live.with(|l| l.note.clone())}</p>
            <progress
                aria-label="Shards committed"
                max=move || live.with(|l| l.planned.max(1)).to_string()
                value=move || live.with(|l| l.done).to_string()
            ></progress>
            <ul class="progress-rows">
                {move || {
                    live.with(|l| l.rows.clone())
                        .into_iter()
                        .map(|row| {
                            view! {
                                <li>
                                    <span class={format!("coverage-mark {}", row.state)} aria-hidden="true"></span>
                                    <span class="break">{row.shard}</span>
                                    <span class="num">
                                        {format!("{}, {} resources, {} calls", row.state, row.resources, row.calls)}
                                    </span>
                                </li>
                            }
                        })
                        .collect_view()
                }}
            </ul>
        </div>
    }
}

fn reading(done: u64, planned: u64) -> String {
    if planned == 0 {
        "Planning what to read.".to_owned()
    } else {
        format!("{done} of {planned} shards are read.")
    }
}

/// What the page shows after an event.
#[cfg_attr(not(any(feature = "hydrate", test)), expect(dead_code, reason = "only the browser hears events"))]
fn apply(live: &mut Live, event: ScanEvent) {
    /// Rows that stay in sight.
    const KEPT: usize = 8;
    match event {
        ScanEvent::Planned { shards } => {
            live.planned = shards;
            live.note = reading(live.done, shards);
        }
        ScanEvent::ShardDone { shard, state, resources, calls, done, planned } => {
            live.planned = planned;
            live.done = done;
            live.note = reading(done, planned);
            live.rows.insert(0, Row { shard, state, resources, calls });
            live.rows.truncate(KEPT);
        }
        ScanEvent::Evaluating { account } => live.note = format!("Judging account {account}."),
        ScanEvent::Ended { state, failure } => {
            let why = failure.map(|text| format!(": {text}")).unwrap_or_default();
            live.note = format!("The scan {state}{why}");
        }
    }
}

#[cfg(feature = "hydrate")]
fn follow(address: &str, live: RwSignal<Live>) {
    use super::browser::{listen, reload};
    use std::time::Duration;
    use web_sys::{Event, EventSource, MessageEvent};

    /// Long enough to read that it ended.
    const PAUSE: Duration = Duration::from_millis(600);
    /// The name of the event if the server gives none, and the names it may give.
    const NAMES: [&str; 5] = ["message", "planned", "shard_done", "evaluating", "ended"];

    let Ok(source) = EventSource::new(address) else { return };
    for name in NAMES {
        let closing = source.clone();
        listen(&source, name, move |message: MessageEvent| {
            let text = message.data().as_string().unwrap_or_default();
            let Ok(event) = serde_json::from_str::<ScanEvent>(&text) else { return };
            let ended = matches!(event, ScanEvent::Ended { .. });
            live.update(|l| apply(l, event));
            if ended {
                closing.close();
                set_timeout(reload, PAUSE);
            }
        });
    }
    let broken = source.clone();
    listen(&source, "error", move |_: Event| {
        if broken.ready_state() == EventSource::CLOSED {
            // The server has nothing more to say of this scan: the page as it is now says how it ended.
            set_timeout(reload, PAUSE * 5);
        } else {
            live.update(|l| l.note = "The connection was lost; trying again.".to_owned());
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_move_the_meter_and_keep_the_latest_shards_in_sight() {
        let mut live = Live::default();
        apply(&mut live, ScanEvent::Planned { shards: 12 });
        assert_eq!(live.note, "0 of 12 shards are read.");
        for done in 1..=10 {
            apply(
                &mut live,
                ScanEvent::ShardDone {
                    shard: format!("aws/1/eu-west-1/s{done}"),
                    state: "complete".to_owned(),
                    resources: 3,
                    calls: 4,
                    done,
                    planned: 12,
                },
            );
        }
        assert_eq!((live.done, live.rows.len()), (10, 8));
        assert_eq!(live.rows[0].shard, "aws/1/eu-west-1/s10");
        let failure = Some("the store is full".to_owned());
        apply(&mut live, ScanEvent::Ended { state: "failed".to_owned(), failure });
        assert_eq!(live.note, "The scan failed: the store is full");
    }
}
