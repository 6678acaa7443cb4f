//! What a request asks for: the query of a list, read strictly.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use nephoscope_model::query::{AsOf, ListQuery, QueryError};

use crate::refusal::{PageRefusal, Refusal};

/// The parameters of a list for an API handler.
#[derive(Debug)]
pub struct ApiQuery(pub ListQuery);

/// The parameters of a list for a page.
#[derive(Debug)]
pub struct PageQuery(pub ListQuery);

impl<S: Send + Sync> FromRequestParts<S> for ApiQuery {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        Ok(Self(read(parts)?))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for PageQuery {
    type Rejection = PageRefusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, PageRefusal> {
        Ok(Self(read(parts)?))
    }
}

fn read(parts: &Parts) -> Result<ListQuery, QueryError> {
    let pairs = pairs(parts.uri.query().unwrap_or_default());
    ListQuery::from_pairs(pairs.iter().map(|(key, value)| (key.as_str(), value.as_str())))
}

/// The parameters of a list, and the one parameter `own` that an address has beside them.
pub fn with_own(query: Option<String>, own: &str) -> Result<(Option<String>, ListQuery), QueryError> {
    let all = pairs(&query.unwrap_or_default());
    let (mine, rest): (Vec<_>, Vec<_>) = all.into_iter().partition(|(key, _)| key == own);
    let query = ListQuery::from_pairs(rest.iter().map(|(key, value)| (key.as_str(), value.as_str())))?;
    Ok((mine.into_iter().map(|(_, value)| value).rfind(|value| !value.is_empty()), query))
}

/// The decoded parameters of a query string.
fn pairs(query: &str) -> Vec<(String, String)> {
    form_urlencoded::parse(query.as_bytes())
        .map(|(key, value)| (key.into_owned(), value.into_owned()))
        .collect()
}

/// The moment that a query names, as its parameter would be written; none for the latest.
pub fn as_of_text(as_of: &AsOf) -> Option<String> {
    (*as_of != AsOf::Latest).then(|| as_of.to_string())
}
