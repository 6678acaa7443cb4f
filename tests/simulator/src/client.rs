//! As much of a client as the tests of this crate need.

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// What came back.
#[derive(Debug)]
pub(crate) struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub text: String,
    /// The body as JSON; null where it is none.
    pub body: Value,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

pub(crate) async fn get(endpoint: &str, path: &str, headers: &[(&str, &str)]) -> Reply {
    send(endpoint, "GET", path, headers, "").await
}

pub(crate) async fn send(
    endpoint: &str,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Reply {
    let address = endpoint.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).await.expect("the server listens");
    let mut request =
        format!("{method} {path} HTTP/1.1\r\nhost: {address}\r\ncontent-length: {}\r\n", body.len());
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    stream.write_all(format!("{request}\r\n{body}").as_bytes()).await.expect("the server reads");
    let mut bytes = Vec::new();
    let mut chunk = [0; 16 << 10];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let pair =
                |line: &str| line.split_once(": ").map(|(name, value)| (name.to_owned(), value.to_owned()));
            let headers: Vec<(String, String)> = head.lines().filter_map(pair).collect();
            let told = headers.iter().find(|(name, _)| name == "content-length");
            let length: Option<usize> = told.and_then(|(_, length)| length.parse().ok());
            if Some(body.len()) == length {
                let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
                let json = serde_json::from_str(body).unwrap_or(Value::Null);
                return Reply { status, headers, text: body.to_owned(), body: json };
            }
        }
        let read = stream.read(&mut chunk).await.expect("the server answers");
        assert!(read > 0, "the connection ended within {text:?}");
        bytes.extend_from_slice(&chunk[..read]);
    }
}
