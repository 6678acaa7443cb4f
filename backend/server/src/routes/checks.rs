//! `/checks` and `/api/v1/checks`.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use nephoscope_model::api::{CheckList, CheckRow, ErrorBody};

use crate::Server;
use crate::frame::Framed;
use crate::params::{AsOf, Checks, InView, Order, Severities, Text};
use crate::refusal::{PageRefusal, Refusal};
use crate::request::{ApiQuery, PageQuery};

/// The list.
pub async fn list_page(
    State(server): State<Server>,
    PageQuery(query): PageQuery,
) -> Result<Response, PageRefusal> {
    let sight = server.library.sight_of(&query).await?;
    let body = nephoscope_answer::check_list(&sight, &query).await?;
    let framed = Framed::new(&server, "/checks", &query, &sight).await?;
    Ok(framed.render(|page| nephoscope_frontend::checks(page, &query, &body)))
}

/// One check.
pub async fn page(
    State(server): State<Server>,
    Path(id): Path<String>,
    PageQuery(query): PageQuery,
) -> Result<Response, PageRefusal> {
    let sight = server.library.sight(&[], &query.as_of).await?;
    let found = nephoscope_answer::check_fetch(&sight, &id).await?;
    let body = found.ok_or_else(|| PageRefusal::not_found("check", &id))?;
    let framed = Framed::plain(&server, &format!("/checks/{id}"), &query, &sight).await?;
    Ok(framed.render(|page| nephoscope_frontend::check(page, &body)))
}

/// The catalogue with what each check found.
#[utoipa::path(get, path = "/api/v1/checks", tag = "checks",
    params(InView, Checks, Severities, Text, Order),
    responses((status = 200, body = CheckList), (status = 400, body = ErrorBody)))]
pub async fn check_list(
    State(server): State<Server>,
    ApiQuery(query): ApiQuery,
) -> Result<Json<CheckList>, Refusal> {
    let sight = server.library.sight_of(&query).await?;
    Ok(Json(nephoscope_answer::check_list(&sight, &query).await?))
}

/// One check, by its id or an earlier one.
#[utoipa::path(get, path = "/api/v1/checks/{id}", tag = "checks",
    params(("id" = String, Path, description = "The check's id."), AsOf),
    responses((status = 200, body = CheckRow), (status = 404, body = ErrorBody)))]
pub async fn check_fetch(
    State(server): State<Server>,
    Path(id): Path<String>,
    ApiQuery(query): ApiQuery,
) -> Result<Json<CheckRow>, Refusal> {
    let sight = server.library.sight(&[], &query.as_of).await?;
    let found = nephoscope_answer::check_fetch(&sight, &id).await?;
    found.map(Json).ok_or_else(|| Refusal::not_found("check", &id))
}
