//! The dashboard and the API over HTTP: each handler asks `answer`, then renders a page or a JSON body.
//!
//! One route file per noun, pages and API side by side. Nothing here knows clouds or how a verdict comes about.

mod assets;
mod export;
mod frame;
mod params;
mod refusal;
mod request;
mod router;
mod routes;
mod safety;

use std::io;

use axum::serve::ListenerExt;
use nephoscope_answer::Library;
use nephoscope_scan::Runner;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub use router::openapi;

/// What handlers share.
#[derive(Clone, Debug)]
pub struct Server {
    /// Where questions go.
    pub library: Library,
    /// Where scans are started and watched.
    pub runner: Runner,
}

impl Server {
    /// Serves until `stop` is cancelled, then lets the answers in hand be finished.
    pub async fn serve(self, listener: TcpListener, stop: CancellationToken) -> io::Result<()> {
        let address = listener.local_addr()?;
        let router = router::router(self, address, stop.clone());
        let listener = listener.tap_io(|stream| {
            // Small answers should not wait for a full packet; a socket that refuses works all the same.
            let _ = stream.set_nodelay(true);
        });
        axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned()).await
    }
}
