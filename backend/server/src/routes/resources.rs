//! `/inventory` and `/api/v1/resources`.

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use nephoscope_model::Uid;
use nephoscope_model::api::{ErrorBody, ResourceDetail, ResourceList};
use nephoscope_model::query::AsOf;

use crate::Server;
use crate::frame::Framed;
use crate::refusal::{PageRefusal, Refusal};
use crate::request::{ApiQuery, PageQuery, pairs};

/// The list.
pub async fn list_page(
    State(server): State<Server>,
    PageQuery(query): PageQuery,
) -> Result<Response, PageRefusal> {
    let body = nephoscope_answer::resource_list(&server.library, &query).await?;
    let framed = Framed::new(&server, "/inventory", &query).await?;
    Ok(framed.render(|page| nephoscope_frontend::inventory(page, &query, &body)))
}

/// One resource.
pub async fn page(State(server): State<Server>, RawQuery(query): RawQuery) -> Result<Response, PageRefusal> {
    let (uid, as_of) = asked(query)?;
    let found = nephoscope_answer::resource_fetch(&server.library, &uid, &as_of).await?;
    let body = found.ok_or_else(|| PageRefusal::not_found("resource", uid.as_str()))?;
    let framed = Framed::plain(&server, "/inventory/resource", &as_of).await?;
    Ok(framed.render(|page| nephoscope_frontend::resource(page, &body)))
}

/// Resources of a scope, the greatest risk debt first unless `sort=name`.
#[utoipa::path(get, path = "/api/v1/resources", tag = "resources",
    params(
        ("target" = Option<String>, Query, description = "Targets by name. Every filter may be repeated or hold several values separated by commas."),
        ("provider" = Option<String>, Query, description = "aws, azure, gcp or fn."),
        ("account" = Option<String>, Query, description = "Accounts."),
        ("region" = Option<String>, Query, description = "Regions, or `global`."),
        ("service" = Option<String>, Query, description = "Services, such as `lambda`."),
        ("kind" = Option<String>, Query, description = "Kinds of resource, such as `aws.lambda.function`."),
        ("exposure" = Option<String>, Query, description = "internet, cross_account, unknown or internal."),
        ("query" = Option<String>, Query, description = "Text within the resource's name or identifier."),
        ("sort" = Option<String>, Query, description = "points or name."),
        ("cursor" = Option<String>, Query, description = "The `next` of the page before."),
        ("limit" = Option<u32>, Query, description = "Rows on the page, 1 to 500; 50 where none is given."),
        ("as_of" = Option<String>, Query, description = "A date, an RFC 3339 instant or a scan's id."),
    ),
    responses((status = 200, body = ResourceList), (status = 400, body = ErrorBody)))]
pub async fn resource_list(
    State(server): State<Server>,
    ApiQuery(query): ApiQuery,
) -> Result<Json<ResourceList>, Refusal> {
    Ok(Json(nephoscope_answer::resource_list(&server.library, &query).await?))
}

/// One resource with facets, facts, relations, findings and history.
#[utoipa::path(get, path = "/api/v1/resource", tag = "resources",
    params(
        ("uid" = String, Query, description = "The provider's identifier, such as an ARN."),
        ("as_of" = Option<String>, Query, description = "A date, an RFC 3339 instant or a scan's id."),
    ),
    responses((status = 200, body = ResourceDetail), (status = 404, body = ErrorBody)))]
pub async fn resource_fetch(
    State(server): State<Server>,
    RawQuery(query): RawQuery,
) -> Result<Json<ResourceDetail>, Refusal> {
    let (uid, as_of) = asked(query)?;
    let found = nephoscope_answer::resource_fetch(&server.library, &uid, &as_of).await?;
    found.map(Json).ok_or_else(|| Refusal::not_found("resource", uid.as_str()))
}

/// The resource asked for. An identifier holds slashes and colons: it stands in the query, not in the path.
fn asked(query: Option<String>) -> Result<(Uid, AsOf), Refusal> {
    let mut uid = None;
    let mut as_of = AsOf::Latest;
    for (key, value) in pairs(&query.unwrap_or_default()) {
        match key.as_str() {
            "uid" => uid = Some(Uid::from(value)),
            "as_of" => as_of = value.parse()?,
            _ => {}
        }
    }
    let missing = || {
        let help = "`/inventory` lists resources";
        Refusal::new(axum::http::StatusCode::BAD_REQUEST, "bad_query", "`uid` is missing", help)
    };
    Ok((uid.ok_or_else(missing)?, as_of))
}
