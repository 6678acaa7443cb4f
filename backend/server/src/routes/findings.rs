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
use crate::refusal::{PageRefusal, Refusal};
use crate::request::{ApiQuery, PageQuery};

/// The list.
pub async fn list_page(
    State(server): State<Server>,
    PageQuery(query): PageQuery,
) -> Result<Response, PageRefusal> {
    let body = nephoscope_answer::finding_list(&server.library, &query).await?;
    let framed = Framed::new(&server, "/findings", &query).await?;
    Ok(framed.render(|page| nephoscope_frontend::findings(page, &query, &body)))
}

/// One finding.
pub async fn page(
    State(server): State<Server>,
    Path(key): Path<String>,
    PageQuery(query): PageQuery,
) -> Result<Response, PageRefusal> {
    let found =
        nephoscope_answer::finding_fetch(&server.library, &FindingKey::from(key.as_str()), &query.as_of)
            .await?;
    let body = found.ok_or_else(|| PageRefusal::not_found("finding", &key))?;
    let framed = Framed::plain(&server, &format!("/findings/{key}"), &query.as_of).await?;
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
    params(
        ("target" = Option<String>, Query, description = "Targets by name. Every filter may be repeated or hold several values separated by commas."),
        ("provider" = Option<String>, Query, description = "aws, azure, gcp or fn."),
        ("account" = Option<String>, Query, description = "Accounts."),
        ("region" = Option<String>, Query, description = "Regions, or `global`."),
        ("service" = Option<String>, Query, description = "Services, such as `lambda`."),
        ("kind" = Option<String>, Query, description = "Kinds of resource, such as `aws.lambda.function`."),
        ("check" = Option<String>, Query, description = "Check ids; `*` stands for any text."),
        ("severity" = Option<String>, Query, description = "critical, high, medium, low or informational."),
        ("status" = Option<String>, Query, description = "FAIL, UNKNOWN, PASS, MANUAL or all."),
        ("state" = Option<String>, Query, description = "new, open or resolved."),
        ("exposure" = Option<String>, Query, description = "internet, cross_account, unknown or internal."),
        ("concern" = Option<String>, Query, description = "Concerns, such as `api-security`."),
        ("framework" = Option<String>, Query, description = "Frameworks, or `framework/control`."),
        ("query" = Option<String>, Query, description = "Text within the resource's name or identifier."),
        ("group" = Option<String>, Query, description = "check, resource or nothing."),
        ("sort" = Option<String>, Query, description = "points, severity or name."),
        ("cursor" = Option<String>, Query, description = "The `next` of the page before."),
        ("limit" = Option<u32>, Query, description = "Rows on the page, 1 to 500; 50 where none is given."),
        ("as_of" = Option<String>, Query, description = "A date, an RFC 3339 instant or a scan's id."),
    ),
    responses((status = 200, body = FindingList), (status = 400, body = ErrorBody)))]
pub async fn finding_list(
    State(server): State<Server>,
    ApiQuery(query): ApiQuery,
) -> Result<Json<FindingList>, Refusal> {
    Ok(Json(nephoscope_answer::finding_list(&server.library, &query).await?))
}

/// One finding with its check and its history.
#[utoipa::path(get, path = "/api/v1/findings/{key}", tag = "findings",
    params(
        ("key" = String, Path, description = "The finding's key."),
        ("as_of" = Option<String>, Query, description = "A date, an RFC 3339 instant or a scan's id."),
    ),
    responses((status = 200, body = FindingDetail), (status = 404, body = ErrorBody)))]
pub async fn finding_fetch(
    State(server): State<Server>,
    Path(key): Path<String>,
    ApiQuery(query): ApiQuery,
) -> Result<Json<FindingDetail>, Refusal> {
    let found =
        nephoscope_answer::finding_fetch(&server.library, &FindingKey::from(key.as_str()), &query.as_of)
            .await?;
    found.map(Json).ok_or_else(|| Refusal::not_found("finding", &key))
}
