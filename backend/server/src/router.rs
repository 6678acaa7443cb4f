//! Every address of the server, and the document that describes the API.

use std::any::Any;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::DefaultBodyLimit;
use axum::http::{Response, StatusCode};
use axum::middleware::from_fn_with_state;
use axum::response::IntoResponse;
use axum::routing::get;
use tokio_util::sync::CancellationToken;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::timeout::TimeoutLayer;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::refusal::{PageRefusal, Refusal};
use crate::routes::{checks, compliance, drift, findings, overview, resources, scans};
use crate::{Server, assets, safety};

/// The largest body that is read: every body of ours is a form with one field or a small JSON document.
const BODY_LIMIT: usize = 64 * 1024;
/// The longest time that an answer may take to begin.
const TIME_LIMIT: Duration = Duration::from_secs(30);

#[derive(OpenApi)]
#[openapi(info(
    title = "Nephoscope",
    description = "Posture of serverless estates. Everything that a page shows is offered here; lists take the parameters of the dashboard's addresses.",
    license(name = "Apache-2.0", identifier = "Apache-2.0")
))]
struct Document;

fn api() -> OpenApiRouter<Server> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(overview::overview_fetch))
        .routes(routes!(overview::score_fetch))
        .routes(routes!(findings::finding_list))
        .routes(routes!(findings::finding_fetch))
        .routes(routes!(resources::resource_list))
        .routes(routes!(resources::resource_fetch))
        .routes(routes!(drift::drift_fetch))
        .routes(routes!(scans::scan_list, scans::scan_start))
        .routes(routes!(scans::scan_fetch))
        .routes(routes!(checks::check_list))
        .routes(routes!(checks::check_fetch))
        .routes(routes!(compliance::framework_list))
        .routes(routes!(compliance::compliance_fetch))
}

/// The OpenAPI document, as it is served and checked in.
pub fn openapi() -> String {
    let document = api().into_openapi();
    // The document is made of our own types, all of which are JSON.
    document.to_pretty_json().unwrap_or_default() + "\n"
}

/// The router of a server that listens on `address`.
pub fn router(server: Server, address: SocketAddr, stop: CancellationToken) -> Router {
    let (api, _) = api().split_for_parts();
    let pages = Router::new()
        .route("/", get(overview::page))
        .route("/findings", get(findings::list_page))
        .route("/findings.csv", get(findings::csv))
        .route("/findings.jsonl", get(findings::jsonl))
        .route("/findings/{key}", get(findings::page))
        .route("/inventory", get(resources::list_page))
        .route("/inventory/resource", get(resources::page))
        .route("/scans", get(scans::list_page).post(scans::start))
        .route("/scans/{id}", get(scans::page))
        .route("/checks", get(checks::list_page))
        .route("/checks/{id}", get(checks::page))
        .route("/compliance", get(compliance::list_page))
        .route("/compliance/{framework}", get(compliance::page))
        .route("/assets/{file}", get(assets::fetch))
        .route("/api/v1/openapi.json", get(|| async { ([("content-type", "application/json")], openapi()) }));
    let timed = pages
        .merge(api)
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, TIME_LIMIT))
        .layer(CompressionLayer::new());
    // Events last as long as the scan does: no time limit, no compression, and an end when the server stops.
    let events = Router::new().route("/scans/{id}/events", get(scans::events)).layer(axum::Extension(stop));
    timed
        .merge(events)
        .fallback(|uri: axum::http::Uri| async move {
            if uri.path().starts_with("/api/") {
                Refusal::not_found("address", uri.path()).into_response()
            } else {
                PageRefusal::not_found("page", uri.path()).into_response()
            }
        })
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(address, safety::guard))
        .with_state(server)
}

/// A handler that panicked is a defect of ours; the others go on.
fn panicked(panic: Box<dyn Any + Send + 'static>) -> Response<Body> {
    let words =
        panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    tracing::error!("a handler panicked: {}", words.unwrap_or("without a message"));
    let help = "this is a defect: report it with the address and the log line";
    PageRefusal(Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "panic", "the page could not be made", help))
        .into_response()
}
