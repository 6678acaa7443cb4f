//! `/compliance`, its reports, and `/api/v1/frameworks`.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use nephoscope_model::api::{ErrorBody, FrameworkList};
use nephoscope_model::framework::Compliance;
use nephoscope_model::query::ListQuery;
use nephoscope_report::{compliance_csv, compliance_html, compliance_json};

use crate::Server;
use crate::frame::Framed;
use crate::params::{InView, Places};
use crate::refusal::{PageRefusal, Refusal};
use crate::request::{ApiQuery, PageQuery};

/// The frameworks.
pub async fn list_page(
    State(server): State<Server>,
    PageQuery(query): PageQuery,
) -> Result<Response, PageRefusal> {
    let sight = server.library.sight_of(&query).await?;
    let body = nephoscope_answer::framework_list(&sight, &query.filter).await?;
    let framed = Framed::new(&server, "/compliance", &query, &sight).await?;
    Ok(framed.render(|page| nephoscope_frontend::frameworks(page, &body)))
}

/// One framework as a page; with `.html`, `.csv` or `.json` behind its name, as a report to keep.
pub async fn page(
    State(server): State<Server>,
    Path(name): Path<String>,
    PageQuery(query): PageQuery,
) -> Result<Response, PageRefusal> {
    let known = |id: &str| server.library.catalogue.frameworks().iter().any(|framework| framework.id == id);
    if let Some((id, format)) = name.rsplit_once('.').filter(|(id, _)| known(id)) {
        return Ok(report(&server, id, format, &query).await?);
    }
    if !known(&name) {
        return Err(PageRefusal::not_found("framework", &name));
    }
    let sight = server.library.sight_of(&query).await?;
    let body = nephoscope_answer::compliance_fetch(&sight, &name, &query.filter).await?;
    let framed = Framed::new(&server, &format!("/compliance/{name}"), &query, &sight).await?;
    Ok(framed.render(|page| nephoscope_frontend::framework(page, &body)))
}

async fn report(server: &Server, id: &str, format: &str, query: &ListQuery) -> Result<Response, Refusal> {
    let sight = server.library.sight_of(query).await?;
    let (head, compliance) = nephoscope_answer::report_fetch(&sight, id, &query.filter).await?;
    let mut bytes = Vec::new();
    let (media, written) = match format {
        "html" => ("text/html; charset=utf-8", compliance_html(&mut bytes, &head, &compliance)),
        "csv" => ("text/csv; charset=utf-8", compliance_csv(&mut bytes, &head, &compliance)),
        "json" => ("application/json", compliance_json(&mut bytes, &head, &compliance)),
        other => return Err(Refusal::not_found("report format", other)),
    };
    written.map_err(|error| {
        let help = "this is a defect: report it with the framework and the date";
        Refusal::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "report",
            format!("failed to write the report: {error}"),
            help,
        )
    })?;
    // The report carries its own style, which the pages' policy forbids: it is a file to keep, not a page.
    let disposition = format!("attachment; filename=\"{id}-{}.{format}\"", head.as_of.strftime("%Y-%m-%d"));
    Ok(([(CONTENT_TYPE, media.to_owned()), (CONTENT_DISPOSITION, disposition)], bytes).into_response())
}

/// Every framework and how many of its controls are met.
#[utoipa::path(get, path = "/api/v1/frameworks", tag = "compliance",
    params(InView, Places),
    responses((status = 200, body = FrameworkList), (status = 400, body = ErrorBody)))]
pub async fn framework_list(
    State(server): State<Server>,
    ApiQuery(query): ApiQuery,
) -> Result<Json<FrameworkList>, Refusal> {
    let sight = server.library.sight_of(&query).await?;
    Ok(Json(nephoscope_answer::framework_list(&sight, &query.filter).await?))
}

/// One framework, control by control.
#[utoipa::path(get, path = "/api/v1/frameworks/{id}", tag = "compliance",
    params(("id" = String, Path, description = "The framework's id, such as `aws-fsbp`."), InView, Places),
    responses((status = 200, body = Compliance), (status = 400, body = ErrorBody)))]
pub async fn compliance_fetch(
    State(server): State<Server>,
    Path(id): Path<String>,
    ApiQuery(query): ApiQuery,
) -> Result<Json<Compliance>, Refusal> {
    let sight = server.library.sight_of(&query).await?;
    Ok(Json(nephoscope_answer::compliance_fetch(&sight, &id, &query.filter).await?))
}
