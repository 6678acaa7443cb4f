//! Files that are written while they are sent: memory holds one page of findings.

use std::io::{self, Write};

use axum::body::Body;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use nephoscope_answer::FindingExport;
use nephoscope_model::Finding;
use nephoscope_report::{FindingsCsv, FindingsJsonl};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

/// Bytes gathered before they are sent.
const CHUNK: usize = 64 * 1024;

/// How findings are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FindingFormat {
    /// One row per finding.
    Csv,
    /// One JSON document per line.
    Jsonl,
}

/// Sends every finding of an export.
pub fn findings(export: FindingExport, format: FindingFormat) -> Response {
    let (sender, receiver) = mpsc::channel(2);
    let handle = Handle::current();
    tokio::task::spawn_blocking(move || {
        let out = Chunks { sender: sender.clone(), buffer: Vec::with_capacity(CHUNK) };
        let written = match format {
            FindingFormat::Csv => csv(&handle, export, out),
            FindingFormat::Jsonl => jsonl(&handle, export, out),
        };
        if let Err(error) = written {
            // The head is sent already: a broken stream tells the reader that the file is not whole.
            tracing::error!("the export broke off: {error}");
            let _ = sender.blocking_send(Err(error));
        }
    });
    let (media, name) = match format {
        FindingFormat::Csv => ("text/csv; charset=utf-8", "attachment; filename=\"findings.csv\""),
        FindingFormat::Jsonl => ("application/jsonl", "attachment; filename=\"findings.jsonl\""),
    };
    let headers = [(CONTENT_TYPE, media), (CONTENT_DISPOSITION, name)];
    (headers, Body::from_stream(ReceiverStream::new(receiver))).into_response()
}

fn csv(handle: &Handle, mut export: FindingExport, out: Chunks) -> io::Result<()> {
    let mut writer = FindingsCsv::new(out)?;
    each(handle, &mut export, |finding| writer.write(finding))?;
    writer.finish()?.flush()
}

fn jsonl(handle: &Handle, mut export: FindingExport, out: Chunks) -> io::Result<()> {
    let mut writer = FindingsJsonl::new(out);
    each(handle, &mut export, |finding| writer.write(finding))?;
    writer.finish()?.flush()
}

fn each(
    handle: &Handle,
    export: &mut FindingExport,
    mut write: impl FnMut(&Finding) -> io::Result<()>,
) -> io::Result<()> {
    loop {
        let page = handle.block_on(export.next_page()).map_err(io::Error::other)?;
        if page.is_empty() {
            return Ok(());
        }
        page.iter().try_for_each(&mut write)?;
    }
}

/// Gathers what is written and sends it in pieces.
struct Chunks {
    sender: mpsc::Sender<io::Result<Vec<u8>>>,
    buffer: Vec<u8>,
}

impl Write for Chunks {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= CHUNK {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let gone = |_| io::Error::new(io::ErrorKind::BrokenPipe, "the reader went away");
        self.sender.blocking_send(Ok(std::mem::take(&mut self.buffer))).map_err(gone)
    }
}
