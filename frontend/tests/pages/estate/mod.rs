//! A small estate of invented data, rich enough that every part of every page has something to draw.

mod catalogue;
mod judged;
mod read;

pub use catalogue::*;
pub use judged::*;
pub use read::*;

use std::collections::BTreeMap;

use jiff::Timestamp;
use nephoscope_frontend::Assets;
use nephoscope_model::api::{FilterFacet, FilterValue, Frame};
use nephoscope_model::{AccountId, Points, ScanId, TargetName};

pub const ACCOUNT: &str = "447100000912";

pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub fn night(day: i64) -> Timestamp {
    at("2026-10-18T02:00:11Z") + jiff::SignedDuration::from_hours(24 * day)
}

pub fn scan_id(day: i64) -> ScanId {
    ScanId::of(&target(), night(day))
}

pub fn target() -> TargetName {
    TargetName::from("production")
}

pub fn account() -> AccountId {
    AccountId::from(ACCOUNT)
}

pub fn tenths(number: i128) -> Points {
    Points::ratio(number, 10).unwrap()
}

pub fn hundredths(number: i128) -> Points {
    Points::ratio(number, 100).unwrap()
}

pub fn assets() -> Assets {
    Assets {
        css: "/assets/style.css".into(),
        loader: "/assets/loader.js".into(),
        script: Some("/assets/nephoscope.js".into()),
        wasm: Some("/assets/nephoscope_bg.wasm".into()),
        icon: "/assets/icon.svg".into(),
    }
}

pub fn frame(path: &str, query: &str) -> Frame {
    Frame {
        path: path.into(),
        query: query.into(),
        as_of: None,
        from: None,
        viewed_at: Some(at("2026-11-16T02:41:07Z")),
        targets: vec!["production".into(), "sandbox".into()],
        target: None,
        startable: vec!["production".into(), "sandbox".into()],
        running: None,
        counts: BTreeMap::from([
            ("/findings".into(), 1284),
            ("/inventory".into(), 152),
            ("/checks".into(), 47),
            ("/compliance".into(), 2),
        ]),
        version: "0.1.0".into(),
    }
}

pub fn facet(key: &str, label: &str, values: &[(&str, &str, u64, bool)]) -> FilterFacet {
    let values = values.iter().map(|(value, label, count, chosen)| FilterValue {
        value: (*value).into(),
        label: (*label).into(),
        count: *count,
        chosen: *chosen,
    });
    FilterFacet { key: key.into(), label: label.into(), values: values.collect() }
}
