//! Fn Project's API as a server of version 0.3.753 answers: lists in pages by cursor, and no authentication of its own.

mod seeded;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde_json::{Value, json};

use crate::address::{Call, changed};
use crate::answer::Answer;
use crate::description::{Document, Wrong};
use crate::http::Request;
use crate::misbehaviour::Fault;
use crate::provider::Provider;
use crate::quota::{Admission, Limit};

/// Pages of a list: their size where none is asked for, and the largest.
const PAGE: usize = 30;
const LARGEST_PAGE: usize = 100;

/// Apps, functions and triggers.
#[derive(Clone, Debug, Default)]
pub struct FnEstate {
    token: Option<String>,
    apps: BTreeMap<String, Value>,
    /// By id of the app, then by name.
    fns: BTreeMap<String, BTreeMap<String, Value>>,
    triggers: BTreeMap<String, BTreeMap<String, Value>>,
}

impl FnEstate {
    /// An estate as a test plants it: `{"token"?: …, "apps": […], "fns": […], "triggers": […]}`, each item as the API
    /// gives it. Refused where an item has what the API does not.
    pub fn planted(planted: &Value) -> Result<Self, Wrong> {
        let mut wrong = Vec::new();
        let mut estate = Self { token: planted["token"].as_str().map(str::to_owned), ..Self::default() };
        let Some(fields) = planted.as_object() else {
            return Err(Wrong(vec!["fn: an object is wanted".to_owned()]));
        };
        for name in
            fields.keys().filter(|name| !["token", "apps", "fns", "triggers"].contains(&name.as_str()))
        {
            wrong.push(format!("fn.{name}: an estate has token, apps, fns and triggers"));
        }
        for (list, path) in [("apps", "v2/apps/x"), ("fns", "v2/fns/x"), ("triggers", "v2/triggers/x")] {
            for item in fields.get(list).and_then(Value::as_array).into_iter().flatten() {
                let at = format!("fn.{list}.{}", item["name"].as_str().unwrap_or("?"));
                let parts: Vec<&str> = path.split('/').collect();
                let read = document().read("GET", &parts).expect("the carried description has all three");
                document().check(item, &read.kind, &at, &mut wrong);
                estate.plant(list, item, &at, &mut wrong);
            }
        }
        if wrong.is_empty() { Ok(estate) } else { Err(Wrong(wrong)) }
    }

    fn plant(&mut self, list: &str, item: &Value, at: &str, wrong: &mut Vec<String>) {
        let text = |name: &str| item[name].as_str().unwrap_or_default().to_owned();
        let (id, name, app) = (text("id"), text("name"), text("app_id"));
        if id.is_empty() || name.is_empty() {
            wrong.push(format!("{at}: an item has an id and a name"));
        }
        let place = match list {
            "apps" => &mut self.apps,
            _ if !self.apps.values().any(|known| known["id"] == app.as_str()) => {
                wrong.push(format!("{at}: no app has the id {app:?}"));
                return;
            }
            "fns" => self.fns.entry(app).or_default(),
            _ => self.triggers.entry(app).or_default(),
        };
        if place.insert(name, item.clone()).is_some() {
            wrong.push(format!("{at}: there is another one of this name"));
        }
    }

    fn list(&self, call: &Call, items: Option<&BTreeMap<String, Value>>) -> Answer {
        let size = call.parameter("per_page").and_then(|size| size.parse().ok()).filter(|size| *size > 0);
        let size = size.unwrap_or(PAGE).min(LARGEST_PAGE);
        let after = match call.parameter("cursor").filter(|cursor| !cursor.is_empty()).map(cursor_read) {
            Some(None) => return refusal(500, "internal server error"),
            Some(Some(after)) => Some(after),
            None => None,
        };
        let (name, function) = (call.parameter("name"), call.parameter("fn_id"));
        let asked = |item: &&Value| {
            name.is_none_or(|name| item["name"] == name) && function.is_none_or(|id| item["fn_id"] == id)
        };
        let rest = items.into_iter().flat_map(|items| match &after {
            Some(after) => {
                items.range::<str, _>((std::ops::Bound::Excluded(after.as_str()), std::ops::Bound::Unbounded))
            }
            None => items.range::<str, _>(..),
        });
        let page: Vec<&Value> = rest.map(|(_, item)| item).filter(asked).take(size).collect();
        let mut body = json!({"items": page});
        // A page that is full is not known to be the last one.
        if page.len() == size {
            let last = page.last().and_then(|item| item["name"].as_str()).unwrap_or_default();
            body["next_cursor"] = Value::from(cursor_of(last));
        }
        Answer::json(&body)
    }

    fn by_id(&self, list: &str, id: &str) -> Option<&Value> {
        let fits = |item: &&Value| item["id"] == id;
        match list {
            "apps" => self.apps.values().find(fits),
            "fns" => self.fns.values().flat_map(BTreeMap::values).find(fits),
            _ => self.triggers.values().flat_map(BTreeMap::values).find(fits),
        }
    }

    fn lists(&self, call: &Call, list: &str) -> Answer {
        let app = call.parameter("app_id").filter(|app| !app.is_empty());
        match (list, app) {
            ("apps", _) => self.list(call, Some(&self.apps)),
            ("fns", None) => refusal(400, "Missing AppID on Fn"),
            ("fns", Some(app)) => self.list(call, self.fns.get(app)),
            // The real server writes this error twice, so that the body is no JSON.
            (_, None) => {
                let once = refusal(400, "Missing App ID on Trigger");
                let body = format!("{}\n{}\n", once.body, once.body);
                Answer { body, ..once }
            }
            (_, Some(app)) => self.list(call, self.triggers.get(app)),
        }
    }
}

impl Provider for FnEstate {
    type Call = Call;

    fn call(request: &Request) -> Call {
        Call::of(request, |call| match document().read(&call.method, &call.parts()) {
            Some(read) => read.name.clone(),
            None if call.path == "/version" => "GetVersion".to_owned(),
            None => format!("{} {}", call.method, call.path),
        })
    }

    fn limit(_: &Call) -> Option<Limit> {
        None
    }

    fn answer(&self, call: &Call) -> Option<Answer> {
        let parts = call.parts();
        match parts.as_slice() {
            [] => {
                return Some(Answer::json(
                    &json!({"goto": "https://github.com/fnproject/fn", "hello": "world!"}),
                ));
            }
            ["version"] => return Some(Answer::json(&json!({"version": "0.3.753"}))),
            _ if self.token.is_some() && self.token != call.bearer => {
                return Some(refusal(401, "Unauthorized"));
            }
            _ => {}
        }
        match parts.as_slice() {
            ["v2", list @ ("apps" | "fns" | "triggers"), rest @ ..] if rest.len() < 2 => {
                if call.method != "GET" {
                    return Some(refusal(405, &format!("Method not allowed: {} {}", call.method, call.path)));
                }
                let Some(id) = rest.first() else { return Some(self.lists(call, list)) };
                let missing = match *list {
                    "apps" => "App not found",
                    "fns" => "Fn not found",
                    _ => "Trigger not found",
                };
                Some(self.by_id(list, id).map_or_else(|| refusal(404, missing), Answer::json))
            }
            _ => None,
        }
    }

    fn unknown(call: &Call) -> Answer {
        refusal(404, &format!("Path not found: {} {}", call.method, call.path))
    }

    fn fault(&self, call: &Call, fault: &Fault) -> Answer {
        match fault {
            Fault::Throttled(after) => {
                let answer = refusal(429, "Too many requests");
                after.iter().fold(answer, |answer, seconds| answer.with_header("retry-after", seconds))
            }
            Fault::Denied | Fault::DeniedByOrganization | Fault::RegionDisabled => refusal(403, "Forbidden"),
            Fault::ExpiredCredentials => refusal(401, "Unauthorized"),
            Fault::ApiDisabled => Self::unknown(call),
            Fault::Refused(status, _, message) => refusal(*status, message),
            Fault::ServerError(status) => refusal(*status, "internal server error"),
            Fault::Malformed => Answer::malformed(),
            Fault::Html => Answer::html(),
            Fault::Vanished => refusal(404, "Fn not found"),
            Fault::Late(_)
            | Fault::Silence
            | Fault::Reset
            | Fault::CutOff
            | Fault::Oversized
            | Fault::RepeatedToken
            | Fault::NextElsewhere
            | Fault::Changed(..) => unreachable!("the server plays these on the connection"),
        }
    }

    fn bent(call: &Call, answer: Answer, fault: &Fault) -> Answer {
        let Ok(mut body) = serde_json::from_str::<Value>(&answer.body) else { return answer };
        match fault {
            Fault::RepeatedToken if body.get("items").is_some() => {
                // The cursor that was asked with, or at first one that leads to the beginning.
                let same = call.parameter("cursor").map_or_else(|| cursor_of(" "), str::to_owned);
                body["next_cursor"] = Value::from(same);
            }
            Fault::Changed(pointer, new) => changed(&mut body, pointer, new.as_ref()),
            _ => {}
        }
        Answer { body: body.to_string(), ..answer }
    }

    fn dressed(_: &Call, answer: Answer, _: Option<Admission>) -> Answer {
        answer
    }
}

fn refusal(status: u16, message: &str) -> Answer {
    Answer::json_with_status(status, &json!({"message": message}))
}

fn document() -> &'static Document {
    static DOCUMENTS: OnceLock<Vec<Document>> = OnceLock::new();
    let documents = DOCUMENTS.get_or_init(|| Document::all(include_str!("../../data/fn.json")));
    documents.first().expect("the data of this crate describes Fn in one document")
}

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// A name as a cursor: base64 for addresses, without padding.
fn cursor_of(name: &str) -> String {
    let mut cursor = String::new();
    for chunk in name.as_bytes().chunks(3) {
        let bits =
            chunk.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for position in 0..=chunk.len() {
            cursor.push(char::from(DIGITS[(bits >> (18 - 6 * position) & 63) as usize]));
        }
    }
    cursor
}

fn cursor_read(cursor: &str) -> Option<String> {
    let mut bytes = Vec::new();
    for chunk in cursor.as_bytes().chunks(4) {
        let digit = |byte: &u8| DIGITS.iter().position(|digit| digit == byte).map(|value| value as u32);
        let bits = chunk.iter().map(digit).try_fold(0u32, |bits, digit| Some(bits << 6 | digit?))?;
        let bits = bits << (6 * (4 - chunk.len()));
        bytes.extend(
            bits.to_be_bytes().into_iter().skip(1).take(chunk.len().checked_sub(1).filter(|n| *n > 0)?),
        );
    }
    String::from_utf8(bytes).ok()
}
