//! `/scans`, the events of a running one, and `/api/v1/scans`.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Extension, Form, Json};
use futures::stream::{self, Stream, StreamExt};
use jiff::Timestamp;
use nephoscope_model::api::{
    ErrorBody, MissingPermissions, ScanDetail, ScanEvent, ScanList, ScanRequest, ScanStarted, TargetRow,
};
use nephoscope_model::query::{AsOf, ListQuery};
use nephoscope_model::scan::{Origin, ScanState, ScanSummary};
use nephoscope_model::{Provider, ScanId, TargetName};
use nephoscope_report::aws_restoring;
use nephoscope_scan::runner::Running;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;

use crate::Server;
use crate::frame::Framed;
use crate::params::Paging;
use crate::refusal::{PageRefusal, Refusal};
use crate::request::{ApiQuery, PageQuery};

/// How often a silent stream shows that it is alive.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// The list.
pub async fn list_page(
    State(server): State<Server>,
    PageQuery(query): PageQuery,
) -> Result<Response, PageRefusal> {
    let body = list(&server, &query).await?;
    let sight = server.library.sight_of(&query).await?;
    let framed = Framed::new(&server, "/scans", &query, &sight).await?;
    Ok(framed.render(|page| nephoscope_frontend::scans(page, &body)))
}

/// One scan.
pub async fn page(State(server): State<Server>, Path(id): Path<String>) -> Result<Response, PageRefusal> {
    let body = fetch(&server, &id).await?;
    let sight = server.library.sight(&[], &AsOf::Latest).await?;
    let framed = Framed::plain(&server, &format!("/scans/{id}"), &ListQuery::default(), &sight).await?;
    Ok(framed.render(|page| nephoscope_frontend::scan(page, &body)))
}

/// Starts a scan from a form and shows it.
pub async fn start(
    State(server): State<Server>,
    Form(form): Form<BTreeMap<String, String>>,
) -> Result<Response, PageRefusal> {
    let missing = || {
        let help = "choose a target under Scans";
        Refusal::new(StatusCode::BAD_REQUEST, "bad_form", "the form names no target", help)
    };
    let target = form.get("target").filter(|name| !name.is_empty()).ok_or_else(missing)?;
    let id = server.runner.start(&TargetName::from(target.as_str()), Origin::Dashboard).await?;
    Ok(Redirect::to(&format!("/scans/{id}")).into_response())
}

/// Scans, latest first, and what can be scanned.
#[utoipa::path(get, path = "/api/v1/scans", tag = "scans",
    params(
        ("target" = Option<String>, Query, description = "Only scans of this target."),
        Paging,
    ),
    responses((status = 200, body = ScanList), (status = 400, body = ErrorBody)))]
pub async fn scan_list(
    State(server): State<Server>,
    ApiQuery(query): ApiQuery,
) -> Result<Json<ScanList>, Refusal> {
    Ok(Json(list(&server, &query).await?))
}

/// One scan with what each shard could read.
#[utoipa::path(get, path = "/api/v1/scans/{id}", tag = "scans",
    params(("id" = String, Path, description = "The scan's id.")),
    responses((status = 200, body = ScanDetail), (status = 404, body = ErrorBody)))]
pub async fn scan_fetch(
    State(server): State<Server>,
    Path(id): Path<String>,
) -> Result<Json<ScanDetail>, Refusal> {
    Ok(Json(fetch(&server, &id).await?))
}

/// Starts a scan; one that was left half done is taken up again.
#[utoipa::path(post, path = "/api/v1/scans", tag = "scans", request_body = ScanRequest,
    responses(
        (status = 202, body = ScanStarted),
        (status = 404, body = ErrorBody, description = "No such target."),
        (status = 409, body = ErrorBody, description = "It is being scanned already."),
    ))]
pub async fn scan_start(
    State(server): State<Server>,
    body: Result<Json<ScanRequest>, axum::extract::rejection::JsonRejection>,
) -> Result<(StatusCode, Json<ScanStarted>), Refusal> {
    let Json(request) = body.map_err(|rejection| {
        Refusal::new(
            rejection.status(),
            "bad_body",
            rejection.body_text(),
            "send {\"target\": \"NAME\"} as JSON",
        )
    })?;
    let id = server.runner.start(&request.target, Origin::Dashboard).await?;
    Ok((StatusCode::ACCEPTED, Json(ScanStarted { id })))
}

async fn list(server: &Server, query: &ListQuery) -> Result<ScanList, Refusal> {
    let target = query.filter.targets.first();
    let cursor = query.cursor.as_deref();
    let page = nephoscope_answer::scan_list(&server.library, target, cursor, query.page_size()).await?;
    let mut scans = page.rows;
    if cursor.is_none() {
        // A scan that is still connecting stands in no store yet.
        for (name, running) in server.runner.running() {
            if scans.iter().all(|scan| scan.id != running.id) && target.is_none_or(|target| *target == name) {
                scans.insert(0, connecting(&name, &running));
            }
        }
    }
    Ok(ScanList { scans, next: page.next, targets: targets(server).await? })
}

async fn targets(server: &Server) -> Result<Vec<TargetRow>, Refusal> {
    let now = Timestamp::now();
    let mut rows = Vec::new();
    for target in server.runner.targets() {
        rows.push(TargetRow {
            name: target.name.clone(),
            provider: target.provider(),
            schedule: target.schedule.as_ref().map(|schedule| schedule.text().to_owned()),
            next_due: target.next_due(now),
            last: None,
            can_start: true,
        });
    }
    for name in server.library.store.target_list().await? {
        if rows.iter().all(|row| row.name != name) {
            let row = TargetRow {
                name,
                provider: Provider::Aws,
                schedule: None,
                next_due: None,
                last: None,
                can_start: false,
            };
            rows.push(row);
        }
    }
    for row in &mut rows {
        row.last = nephoscope_answer::scan_list(&server.library, Some(&row.name), None, 1).await?.rows.pop();
    }
    rows.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(rows)
}

async fn fetch(server: &Server, id: &str) -> Result<ScanDetail, Refusal> {
    let key = ScanId::from(id);
    if let Some(mut detail) = nephoscope_answer::scan_fetch(&server.library, &key).await? {
        detail.missing.policy = aws_restoring(&detail.missing.permissions);
        return Ok(detail);
    }
    match server.runner.running_scan(&key) {
        Some((target, running)) => {
            let scan = connecting(&target, &running);
            let missing = MissingPermissions::default();
            Ok(ScanDetail { scan, coverage: Vec::new(), services: Vec::new(), missing })
        }
        None => Err(Refusal::not_found("scan", id)),
    }
}

/// A scan that has begun but knows no shard yet.
fn connecting(target: &TargetName, running: &Running) -> ScanSummary {
    ScanSummary {
        id: running.id.clone(),
        target: target.clone(),
        origin: running.origin,
        state: ScanState::Running,
        failure: None,
        started: running.started,
        finished: None,
        shards_planned: 0,
        shards_done: 0,
        shards_complete: 0,
        calls: 0,
        errors: 0,
        resources: 0,
        failing: BTreeMap::new(),
        pass: 0,
        fail: 0,
        unknown: 0,
        score: None,
        catalogue: None,
    }
}

/// The events of a running scan from its beginning; for one that has ended, its end.
pub async fn events(
    State(server): State<Server>,
    Path(id): Path<String>,
    Extension(stop): Extension<CancellationToken>,
) -> Result<Response, PageRefusal> {
    let key = ScanId::from(id.as_str());
    let running = server.runner.running_scan(&key);
    let (told, receiver) = match running {
        Some((_, running)) => {
            let (told, receiver) = running.progress.listen();
            (told, Some(receiver))
        }
        None => {
            let scan = fetch(&server, &id).await?.scan;
            (vec![ScanEvent::Ended { state: scan.state.as_str().to_owned(), failure: scan.failure }], None)
        }
    };
    let events = stream::iter(told).chain(following(receiver)).map(|event| Ok::<_, Infallible>(sse(&event)));
    let events = events.take_until(stop.cancelled_owned());
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(HEARTBEAT)).into_response())
}

/// What is told from now on, up to and including the end.
fn following(receiver: Option<Receiver<ScanEvent>>) -> impl Stream<Item = ScanEvent> {
    stream::unfold(receiver, |receiver| async move {
        let mut receiver = receiver?;
        loop {
            match receiver.recv().await {
                Ok(event @ ScanEvent::Ended { .. }) => return Some((event, None)),
                Ok(event) => return Some((event, Some(receiver))),
                // A listener that fell behind goes on with what comes; each event carries the whole count.
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return None,
            }
        }
    })
}

fn sse(event: &ScanEvent) -> Event {
    Event::default().json_data(event).unwrap_or_else(|error| Event::default().comment(error.to_string()))
}
