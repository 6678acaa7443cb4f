//! As much of HTTP/1.1 as it takes to ask for pages on one connection and to tell when the first byte comes.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// A connection that is kept from one request to the next.
pub struct Client {
    address: String,
    reader: BufReader<TcpStream>,
}

impl Client {
    pub fn connect(address: &str) -> Self {
        let stream = TcpStream::connect(address).expect("the server answers");
        // A request is one small write: it must not wait for others to join it.
        stream.set_nodelay(true).expect("a connection can be set up");
        Self { address: address.to_owned(), reader: BufReader::new(stream) }
    }

    /// Asks for a page, and gives the time until its first byte. The page is read to its end, and must be there.
    pub fn first_byte(&mut self, path: &str) -> Duration {
        let request = format!("GET {path} HTTP/1.1\r\nhost: {}\r\n\r\n", self.address);
        let begun = Instant::now();
        self.reader.get_mut().write_all(request.as_bytes()).expect("the request is sent");
        assert!(!self.reader.fill_buf().expect("the answer begins").is_empty(), "{path}: hung up");
        let time = begun.elapsed();
        let status = self.line();
        assert!(status.starts_with("http/1.1 200"), "{path}: {status}");
        self.skip_body();
        time
    }

    /// The next line in small letters, for names of headers come in any.
    fn line(&mut self) -> String {
        let mut line = String::new();
        self.reader.read_line(&mut line).expect("the answer goes on");
        line.trim_end().to_ascii_lowercase()
    }

    fn skip_body(&mut self) {
        let (mut length, mut chunked) = (0, false);
        loop {
            let header = self.line();
            match header.split_once(':') {
                Some(("content-length", value)) => {
                    length = value.trim().parse().expect("a length is a number")
                }
                Some(("transfer-encoding", value)) => chunked = value.trim() == "chunked",
                Some(_) => {}
                None => break,
            }
        }
        if !chunked {
            return self.skip(length);
        }
        loop {
            let size = u64::from_str_radix(&self.line(), 16).expect("a chunk begins with its size");
            self.skip(size);
            self.line();
            if size == 0 {
                return;
            }
        }
    }

    fn skip(&mut self, bytes: u64) {
        let skipped = std::io::copy(&mut (&mut self.reader).take(bytes), &mut std::io::sink());
        assert_eq!(skipped.expect("the answer goes on"), bytes, "the answer was cut off");
    }
}
