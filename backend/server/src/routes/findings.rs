//! `/findings`, its exports, and `/api/v1/findings`.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use nephoscope_answer::FindingExport;
use nephoscope_model::FindingKey;
use nephoscope_model::api::{ErrorBody, FindingDetail, FindingList};

use crate::Server;
use crate::export::{self, FindingFormat};
use crate::frame::Framed;
use crate::params::{
    AsOf, Checks, Exposures, Groups, InView, Order, Paging, Places, Severities, Text, Verdicts,
};
use crate::refusal::{PageRefusal, Refusal};
use crate::request::{ApiQuery, PageQuery};

/// The list.
pub async fn list_page(
    State(server): State<Server>,
    PageQuery(query): PageQuery,
) -> Result<Response, PageRefusal> {
    let sight = server.library.sight_of(&query).await?;
    let body = nephoscope_answer::finding_list(&sight, &query).await?;
    let framed = Framed::new(&server, "/findings", &query, &sight).await?;
    Ok(framed.render(|page| nephoscope_frontend::findings(page, &query, &body)))
}

/// One finding.
pub async fn page(
    State(server): State<Server>,
    Path(key): Path<String>,
    PageQuery(query): PageQuery,
) -> Result<Response, PageRefusal> {
    let sight = server.library.sight(&[], &query.as_of).await?;
    let found = nephoscope_answer::finding_fetch(&sight, &FindingKey::from(key.as_str())).await?;
    let body = found.ok_or_else(|| PageRefusal::not_found("finding", &key))?;
    let framed = Framed::plain(&server, &format!("/findings/{key}"), &query, &sight).await?;
    Ok(framed.render(|page| nephoscope_frontend::finding(page, &body)))
}

/// Every finding of a query as CSV.
pub async fn csv(State(server): State<Server>, PageQuery(query): PageQuery) -> Result<Response, PageRefusal> {
    Ok(export::findings(FindingExport::begin(&server.library, &query).await?, FindingFormat::Csv))
}

/// Every finding of a query, one JSON document per line.
pub async fn jsonl(
    State(server): State<Server>,
    PageQuery(query): PageQuery,
) -> Result<Response, PageRefusal> {
    Ok(export::findings(FindingExport::begin(&server.library, &query).await?, FindingFormat::Jsonl))
}

/// Findings of a scope: FAIL and UNKNOWN unless `status` says otherwise.
#[utoipa::path(get, path = "/api/v1/findings", tag = "findings",
    params(InView, Places, Checks, Severities, Verdicts, Exposures, Text, Groups, Order, Paging),
    responses((status = 200, body = FindingList), (status = 400, body = ErrorBody)))]
pub async fn finding_list(
    State(server): State<Server>,
    ApiQuery(query): ApiQuery,
) -> Result<Json<FindingList>, Refusal> {
    let sight = server.library.sight_of(&query).await?;
    Ok(Json(nephoscope_answer::finding_list(&sight, &query).await?))
}

/// One finding with its check and its history.
#[utoipa::path(get, path = "/api/v1/findings/{key}", tag = "findings",
    params(("key" = String, Path, description = "The finding's key."), AsOf),
    responses((status = 200, body = FindingDetail), (status = 404, body = ErrorBody)))]
pub async fn finding_fetch(
    State(server): State<Server>,
    Path(key): Path<String>,
    ApiQuery(query): ApiQuery,
) -> Result<Json<FindingDetail>, Refusal> {
    let sight = server.library.sight(&[], &query.as_of).await?;
    let found = nephoscope_answer::finding_fetch(&sight, &FindingKey::from(key.as_str())).await?;
    found.map(Json).ok_or_else(|| Refusal::not_found("finding", &key))
}
