//! What keeps a loopback dashboard to the person before it: no foreign host, no cross-site write, a strict content policy.

use std::net::SocketAddr;

use axum::extract::{Request, State};
use axum::http::header::{
    CONTENT_SECURITY_POLICY, HOST, HeaderValue, ORIGIN, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::refusal::Refusal;

/// Only our own files; WebAssembly may be compiled, nothing may be evaluated, nobody may frame us.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self'; \
     connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Refuses requests that a foreign page or a rebound name sends, and sets the headers that every answer carries.
pub async fn guard(State(address): State<SocketAddr>, request: Request, next: Next) -> Response {
    let mut response = match refuse(address, request.method(), request.headers()) {
        Some(refusal) => refusal.into_response(),
        None => next.run(request).await,
    };
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
    response
}

fn refuse(address: SocketAddr, method: &Method, headers: &HeaderMap) -> Option<Refusal> {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    if !is_ours(host, address.port()) {
        let message = format!("this server does not answer for host `{host}`");
        let help = format!("open http://127.0.0.1:{}/", address.port());
        return Some(Refusal::new(StatusCode::MISDIRECTED_REQUEST, "foreign_host", message, help));
    }
    if method.is_safe() || is_same_origin(headers, host) {
        return None;
    }
    let message = "a page of another site tried to write here";
    Some(Refusal::new(StatusCode::FORBIDDEN, "cross_site", message, "do it from the dashboard itself"))
}

/// True for the names under which a loopback address is reached. A foreign name that resolves to it (DNS rebinding) is none of them.
fn is_ours(host: &str, port: u16) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, given)) if given == port.to_string() => name,
        _ if port == 80 => host,
        _ => return false,
    };
    let v6 = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
    let loopback = v6.unwrap_or(name).parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
    loopback || name == "localhost"
}

/// True for what a browser says it sends from our own pages, and for programs that are no browsers and say nothing.
fn is_same_origin(headers: &HeaderMap, host: &str) -> bool {
    if let Some(site) = headers.get("sec-fetch-site") {
        return site == "same-origin" || site == "none";
    }
    match headers.get(ORIGIN) {
        Some(origin) => origin.to_str().is_ok_and(|origin| origin == format!("http://{host}")),
        None => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_names_are_ours() {
        for host in ["127.0.0.1:8080", "localhost:8080", "[::1]:8080"] {
            assert!(is_ours(host, 8080), "{host}");
        }
        for host in [
            "",
            "localhost",
            "evil.example:8080",
            "127.0.0.1:8081",
            "127.0.0.1.evil.example:8080",
            "10.0.0.1:8080",
        ] {
            assert!(!is_ours(host, 8080), "{host}");
        }
    }

    #[test]
    fn a_write_from_another_site_is_refused() {
        let address = SocketAddr::from(([127, 0, 0, 1], 8080));
        let with = |pairs: &[(&'static str, &'static str)]| {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, HeaderValue::from_static("127.0.0.1:8080"));
            for (name, value) in pairs {
                headers.insert(*name, HeaderValue::from_static(value));
            }
            refuse(address, &Method::POST, &headers).map(|refusal| refusal.body.code)
        };
        assert_eq!(with(&[]), None);
        assert_eq!(with(&[("sec-fetch-site", "same-origin")]), None);
        assert_eq!(with(&[("origin", "http://127.0.0.1:8080")]), None);
        assert_eq!(with(&[("sec-fetch-site", "cross-site")]).as_deref(), Some("cross_site"));
        assert_eq!(with(&[("origin", "http://evil.example")]).as_deref(), Some("cross_site"));
        assert_eq!(with(&[("origin", "null")]).as_deref(), Some("cross_site"));
    }
}
