//! `/` and `/api/v1/overview`.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use nephoscope_answer::{overview, score_of};
use nephoscope_model::api::{ErrorBody, Overview};
use nephoscope_model::score::Score;

use crate::Server;
use crate::frame::Framed;
use crate::params::{Checks, Compared, InView, Places};
use crate::refusal::{PageRefusal, Refusal};
use crate::request::{ApiQuery, PageQuery};

/// The first page.
pub async fn page(
    State(server): State<Server>,
    PageQuery(query): PageQuery,
) -> Result<Response, PageRefusal> {
    let sight = server.library.sight_of(&query).await?;
    let body = overview(&sight, &query).await?;
    let framed = Framed::new(&server, "/", &query, &sight).await?;
    Ok(framed.render(|page| nephoscope_frontend::overview(page, &body)))
}

/// Coverage, score, trend, counts, changes and the best fixes of a scope.
#[utoipa::path(get, path = "/api/v1/overview", tag = "posture",
    params(InView, Places, Checks, Compared),
    responses((status = 200, body = Overview), (status = 400, body = ErrorBody)))]
pub async fn overview_fetch(
    State(server): State<Server>,
    ApiQuery(query): ApiQuery,
) -> Result<Json<Overview>, Refusal> {
    Ok(Json(overview(&server.library.sight_of(&query).await?, &query).await?))
}

/// The score of a scope with all its parts.
#[utoipa::path(get, path = "/api/v1/score", tag = "posture",
    params(InView, Places, Checks),
    responses((status = 200, body = Score), (status = 400, body = ErrorBody)))]
pub async fn score_fetch(
    State(server): State<Server>,
    ApiQuery(query): ApiQuery,
) -> Result<Json<Score>, Refusal> {
    Ok(Json(score_of(&server.library.sight_of(&query).await?, &query.filter).await?))
}
