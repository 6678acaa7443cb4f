//! `/checks` and `/api/v1/checks`.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use nephoscope_model::api::{CheckList, CheckRow, ErrorBody};

use crate::Server;
use crate::frame::Framed;
use crate::refusal::{PageRefusal, Refusal};
use crate::request::{ApiQuery, PageQuery};

/// The list.
pub async fn list_page(
    State(server): State<Server>,
    PageQuery(query): PageQuery,
) -> Result<Response, PageRefusal> {
    let body = nephoscope_answer::check_list(&server.library, &query).await?;
    let framed = Framed::new(&server, "/checks", &query).await?;
    Ok(framed.render(|page| nephoscope_frontend::checks(page, &query, &body)))
}

/// One check.
pub async fn page(
    State(server): State<Server>,
    Path(id): Path<String>,
    PageQuery(query): PageQuery,
) -> Result<Response, PageRefusal> {
    let found = nephoscope_answer::check_fetch(&server.library, &id, &query.as_of).await?;
    let body = found.ok_or_else(|| PageRefusal::not_found("check", &id))?;
    let framed = Framed::plain(&server, &format!("/checks/{id}"), &query.as_of).await?;
    Ok(framed.render(|page| nephoscope_frontend::check(page, &body)))
}

/// The catalogue with what each check found.
#[utoipa::path(get, path = "/api/v1/checks", tag = "checks",
    params(
        ("check" = Option<String>, Query, description = "Check ids; `*` stands for any text."),
        ("severity" = Option<String>, Query, description = "critical, high, medium, low or informational."),
        ("concern" = Option<String>, Query, description = "Concerns, such as `api-security`."),
        ("framework" = Option<String>, Query, description = "Frameworks, or `framework/control`."),
        ("query" = Option<String>, Query, description = "Text within id, title or description."),
        ("sort" = Option<String>, Query, description = "points, severity or name."),
        ("as_of" = Option<String>, Query, description = "A date, an RFC 3339 instant or a scan's id."),
    ),
    responses((status = 200, body = CheckList), (status = 400, body = ErrorBody)))]
pub async fn check_list(
    State(server): State<Server>,
    ApiQuery(query): ApiQuery,
) -> Result<Json<CheckList>, Refusal> {
    Ok(Json(nephoscope_answer::check_list(&server.library, &query).await?))
}

/// One check, by its id or an earlier one.
#[utoipa::path(get, path = "/api/v1/checks/{id}", tag = "checks",
    params(("id" = String, Path, description = "The check's id.")),
    responses((status = 200, body = CheckRow), (status = 404, body = ErrorBody)))]
pub async fn check_fetch(
    State(server): State<Server>,
    Path(id): Path<String>,
    ApiQuery(query): ApiQuery,
) -> Result<Json<CheckRow>, Refusal> {
    let found = nephoscope_answer::check_fetch(&server.library, &id, &query.as_of).await?;
    found.map(Json).ok_or_else(|| Refusal::not_found("check", &id))
}
