//! `/inventory` and `/api/v1/resources`.

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use nephoscope_model::Uid;
use nephoscope_model::api::{ErrorBody, ResourceDetail, ResourceList};
use nephoscope_model::query::ListQuery;

use crate::Server;
use crate::frame::Framed;
use crate::params::{AsOf, Exposures, InView, Order, Paging, Places, Text};
use crate::refusal::{PageRefusal, Refusal};
use crate::request::{ApiQuery, PageQuery, with_own};

/// The list.
pub async fn list_page(
    State(server): State<Server>,
    PageQuery(query): PageQuery,
) -> Result<Response, PageRefusal> {
    let sight = server.library.sight_of(&query).await?;
    let body = nephoscope_answer::resource_list(&sight, &query).await?;
    let framed = Framed::new(&server, "/inventory", &query, &sight).await?;
    Ok(framed.render(|page| nephoscope_frontend::inventory(page, &query, &body)))
}

/// One resource.
pub async fn page(State(server): State<Server>, RawQuery(query): RawQuery) -> Result<Response, PageRefusal> {
    let (uid, query) = asked(query)?;
    let sight = server.library.sight(&[], &query.as_of).await?;
    let found = nephoscope_answer::resource_fetch(&sight, &uid).await?;
    let body = found.ok_or_else(|| PageRefusal::not_found("resource", uid.as_str()))?;
    let framed = Framed::plain(&server, "/inventory/resource", &query, &sight).await?;
    Ok(framed.render(|page| nephoscope_frontend::resource(page, &body)))
}

/// Resources of a scope, the greatest risk debt first unless `sort=name`.
#[utoipa::path(get, path = "/api/v1/resources", tag = "resources",
    params(InView, Places, Exposures, Text, Order, Paging),
    responses((status = 200, body = ResourceList), (status = 400, body = ErrorBody)))]
pub async fn resource_list(
    State(server): State<Server>,
    ApiQuery(query): ApiQuery,
) -> Result<Json<ResourceList>, Refusal> {
    let sight = server.library.sight_of(&query).await?;
    Ok(Json(nephoscope_answer::resource_list(&sight, &query).await?))
}

/// One resource with facets, facts, relations, findings and history.
#[utoipa::path(get, path = "/api/v1/resource", tag = "resources",
    params(("uid" = String, Query, description = "The provider's identifier, such as an ARN."), AsOf),
    responses((status = 200, body = ResourceDetail), (status = 404, body = ErrorBody)))]
pub async fn resource_fetch(
    State(server): State<Server>,
    RawQuery(query): RawQuery,
) -> Result<Json<ResourceDetail>, Refusal> {
    let (uid, query) = asked(query)?;
    let sight = server.library.sight(&[], &query.as_of).await?;
    let found = nephoscope_answer::resource_fetch(&sight, &uid).await?;
    found.map(Json).ok_or_else(|| Refusal::not_found("resource", uid.as_str()))
}

/// The resource asked for. An identifier holds slashes and colons: it stands in the query, not in the path.
fn asked(query: Option<String>) -> Result<(Uid, ListQuery), Refusal> {
    let (uid, query) = with_own(query, "uid")?;
    let missing = || {
        let help = "`/inventory` lists resources";
        Refusal::new(StatusCode::BAD_REQUEST, "bad_query", "`uid` is missing", help)
    };
    Ok((Uid::from(uid.ok_or_else(missing)?), query))
}
