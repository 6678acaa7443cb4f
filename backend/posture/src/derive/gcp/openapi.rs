//! OpenAPI documents of API Gateway: the operations, what each asks of its callers, and where it sends them.
//!
//! <https://docs.cloud.google.com/api-gateway/docs/openapi-overview>, in version 2 and 3 of OpenAPI.

use nephoscope_model::Resource;
use serde_json::Value;

use crate::derive::reading::{Reading, elements, malformed, text};

const FACET: &str = "openapi";
const VERBS: [&str; 8] = ["delete", "get", "head", "options", "patch", "post", "put", "trace"];

/// The documents of the API config; none where it is made of gRPC services.
pub(super) fn documents(config: &Resource) -> Reading<Vec<&Value>> {
    let files = elements(config, FACET, "documents")?;
    files.iter().map(|file| file.get("document").ok_or_else(|| malformed(FACET))).collect()
}

/// One operation of a path.
pub(super) struct Operation<'a> {
    pub path: &'a str,
    pub verb: &'a str,
    /// Any of these sets of schemes lets a caller in; none where nothing is asked for.
    locks: Vec<Vec<Scheme<'a>>>,
    pub backend: Option<Backend<'a>>,
}

/// A way to prove who one is, by the name that operations use.
#[derive(Clone, Copy)]
pub(super) struct Scheme<'a> {
    pub name: &'a str,
    /// Whether a key is all that it asks for.
    is_key: bool,
    pub issuer: Option<&'a str>,
}

/// Where an operation sends its callers.
#[derive(Clone, Copy)]
pub(super) struct Backend<'a> {
    pub address: &'a str,
    /// Whether the gateway was told not to say who it is.
    pub unauthenticated: bool,
}

impl Operation<'_> {
    /// Whether nothing is asked for.
    pub fn is_open(&self) -> bool {
        self.locks.is_empty() || self.locks.iter().any(Vec::is_empty)
    }

    /// Whether a key alone lets a caller in.
    pub fn is_key_only(&self) -> bool {
        !self.is_open() && self.locks.iter().any(|lock| lock.iter().all(|scheme| scheme.is_key))
    }

    /// What browsers ask before the request itself. They never prove who they are at that point.
    pub fn is_preflight(&self) -> bool {
        self.verb == "options"
    }

    /// Every scheme that lets callers in.
    pub fn schemes(&self) -> impl Iterator<Item = &Scheme<'_>> {
        self.locks.iter().flatten()
    }
}

/// Every operation of the document, in the order of paths and verbs.
pub(super) fn operations(document: &Value) -> Reading<Vec<Operation<'_>>> {
    let paths = document.get("paths").and_then(Value::as_object).ok_or_else(|| malformed(FACET))?;
    let mut found = Vec::new();
    for (path, item) in paths {
        let item = item.as_object().ok_or_else(|| malformed(FACET))?;
        for (verb, operation) in item.iter().filter(|(verb, _)| VERBS.contains(&verb.as_str())) {
            let named = operation.get("x-google-backend").or_else(|| item.get("x-google-backend"));
            found.push(Operation {
                path,
                verb,
                locks: locks(document, operation)?,
                backend: backend(document, named.or_else(|| document.get("x-google-backend")))?,
            });
        }
    }
    Ok(found)
}

/// Whether the document limits how often anybody may call.
pub(super) fn has_quota(document: &Value) -> bool {
    let managements = ["/x-google-management/quota", "/x-google-api-management/quota"];
    let is_limited = |quota: &Value| match quota.get("limits").unwrap_or(quota) {
        Value::Array(limits) => !limits.is_empty(),
        Value::Object(limits) => !limits.is_empty(),
        _ => false,
    };
    managements.iter().filter_map(|pointer| document.pointer(pointer)).any(is_limited)
}

/// What the operation asks for, or else what the document asks for in general.
fn locks<'a>(document: &'a Value, operation: &'a Value) -> Reading<Vec<Vec<Scheme<'a>>>> {
    let Some(security) = operation.get("security").or_else(|| document.get("security")) else {
        return Ok(Vec::new());
    };
    let alternatives = security.as_array().ok_or_else(|| malformed(FACET))?;
    let lock = |alternative: &'a Value| {
        let names = alternative.as_object().ok_or_else(|| malformed(FACET))?.keys();
        names.map(|name| scheme(document, name)).collect()
    };
    alternatives.iter().map(lock).collect()
}

fn scheme<'a>(document: &'a Value, name: &'a str) -> Reading<Scheme<'a>> {
    let tables = ["/securityDefinitions", "/components/securitySchemes"];
    let mut tables = tables.iter().filter_map(|table| document.pointer(table));
    let definition = tables.find_map(|table| table.get(name)).ok_or_else(|| malformed(FACET))?;
    let issuer = text(definition, "x-google-issuer")
        .or_else(|| definition.pointer("/x-google-auth/issuer").and_then(Value::as_str));
    // A token can be declared as a key that stands in a header; its issuer gives it away.
    Ok(Scheme { name, is_key: text(definition, "type") == Some("apiKey") && issuer.is_none(), issuer })
}

/// The backend, written out or, since version 3, named.
fn backend<'a>(document: &'a Value, given: Option<&'a Value>) -> Reading<Option<Backend<'a>>> {
    let written = match given {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(name)) => {
            let named = document.pointer("/x-google-api-management/backends");
            named.and_then(|backends| backends.get(name)).ok_or_else(|| malformed(FACET))?
        }
        Some(written) => written,
    };
    // Without an address it only sets a deadline or a protocol.
    let Some(address) = text(written, "address") else { return Ok(None) };
    let flags = ["disable_auth", "disableAuth"];
    let unauthenticated =
        flags.iter().any(|flag| written.get(*flag).and_then(Value::as_bool).unwrap_or(false));
    Ok(Some(Backend { address, unauthenticated }))
}

/// The address without scheme, query and the slash at its end, for comparison with others.
pub(super) fn place(address: &str) -> &str {
    let place = address.split_once("://").map_or(address, |(_, rest)| rest);
    place.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/')
}

/// The hosts and prefixes of paths that a request to `place` may mean, the longest first.
pub(super) fn prefixes(place: &str) -> impl Iterator<Item = &str> {
    let cuts = place.match_indices('/').map(|(cut, _)| &place[..cut]);
    std::iter::once(place).chain(cuts.collect::<Vec<_>>().into_iter().rev())
}
