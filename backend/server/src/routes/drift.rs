//! `/api/v1/drift`.

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use nephoscope_answer::drift_between;
use nephoscope_model::api::ErrorBody;
use nephoscope_model::drift::Drift;
use nephoscope_model::query::AsOf;

use crate::Server;
use crate::params::{Checks, InView, Places};
use crate::refusal::Refusal;
use crate::request::with_own;

/// Changes given at most.
const CHANGES: u32 = 500;

/// What changed between two moments: verdicts and resources, the worse first.
#[utoipa::path(get, path = "/api/v1/drift", tag = "posture",
    params(
        ("from" = String, Query, description = "The earlier date, instant or scan."),
        ("to" = Option<String>, Query, description = "The later one; `as_of` where none is given."),
        InView, Places, Checks,
    ),
    responses((status = 200, body = Drift), (status = 400, body = ErrorBody)))]
pub async fn drift_fetch(
    State(server): State<Server>,
    RawQuery(query): RawQuery,
) -> Result<Json<Drift>, Refusal> {
    let (to, query) = with_own(query, "to")?;
    let to = to.map_or(Ok(query.as_of), |text| text.parse::<AsOf>())?;
    let missing = || {
        let help = "give a date such as 2026-11-13, an RFC 3339 instant, or the id of a scan";
        Refusal::new(StatusCode::BAD_REQUEST, "bad_query", "`from` is missing", help)
    };
    let from = query.from.ok_or_else(missing)?;
    let targets = &query.filter.targets;
    let (from, to) = (server.library.sight(targets, &from).await?, server.library.sight(targets, &to).await?);
    Ok(Json(drift_between(&from, &to, &query.filter, CHANGES).await?))
}
