//! `/api/v1/drift`.

use axum::Json;
use axum::extract::{RawQuery, State};
use nephoscope_answer::drift_between;
use nephoscope_model::api::ErrorBody;
use nephoscope_model::drift::Drift;
use nephoscope_model::query::{AsOf, ListQuery};

use crate::Server;
use crate::refusal::Refusal;
use crate::request::pairs;

/// Changes given at most.
const CHANGES: u32 = 500;

/// What changed between two moments: verdicts and resources, the worse first.
#[utoipa::path(get, path = "/api/v1/drift", tag = "posture",
    params(
        ("from" = String, Query, description = "The earlier date, instant or scan."),
        ("to" = Option<String>, Query, description = "The later one; the latest where none is given."),
        ("target" = Option<String>, Query, description = "Only this target; may be repeated."),
    ),
    responses((status = 200, body = Drift), (status = 400, body = ErrorBody)))]
pub async fn drift_fetch(
    State(server): State<Server>,
    RawQuery(query): RawQuery,
) -> Result<Json<Drift>, Refusal> {
    let (mut from, mut to, mut rest) = (None, AsOf::Latest, Vec::new());
    for (key, value) in pairs(&query.unwrap_or_default()) {
        match key.as_str() {
            "from" => from = Some(value.parse::<AsOf>()?),
            "to" => to = value.parse()?,
            _ => rest.push((key, value)),
        }
    }
    let query = ListQuery::from_pairs(rest.iter().map(|(key, value)| (key.as_str(), value.as_str())))?;
    let missing = || {
        let help = "give a date such as 2026-11-13, an RFC 3339 instant, or the id of a scan";
        Refusal::new(axum::http::StatusCode::BAD_REQUEST, "bad_query", "`from` is missing", help)
    };
    let from = from.ok_or_else(missing)?;
    Ok(Json(drift_between(&server.library, &query.filter, &from, &to, CHANGES).await?))
}
