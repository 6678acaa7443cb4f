//! The dashboard's own files, inside the binary.

use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use nephoscope_frontend::Assets;

use crate::refusal::PageRefusal;

/// One file with the address that carries its hash.
struct Asset {
    name: &'static str,
    address: &'static str,
    bytes: &'static [u8],
}

static ASSETS: &[Asset] = include!(concat!(env!("OUT_DIR"), "/assets.rs"));

fn address(name: &str) -> Option<String> {
    ASSETS.iter().find(|asset| asset.name == name).map(|asset| asset.address.to_owned())
}

/// Where pages find their files. Without the islands' files pages work all the same.
pub fn addresses() -> Assets {
    Assets {
        css: address("style.css").unwrap_or_default(),
        loader: address("loader.js").unwrap_or_default(),
        icon: address("icon.svg").unwrap_or_default(),
        script: address("nephoscope.js"),
        wasm: address("nephoscope_bg.wasm"),
    }
}

/// Sends one file; its content never changes under its address.
pub async fn fetch(Path(file): Path<String>) -> Response {
    let address = format!("/assets/{file}");
    let Some(asset) = ASSETS.iter().find(|asset| asset.address == address) else {
        return PageRefusal::not_found("file", &file).into_response();
    };
    let media = match asset.name.rsplit('.').next() {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("wasm") => "application/wasm",
        _ => "application/octet-stream",
    };
    let headers = [(CONTENT_TYPE, media), (CACHE_CONTROL, "public, max-age=31536000, immutable")];
    (headers, asset.bytes).into_response()
}
