//! What lies between the program and the stand-in for a cloud: counts calls, and answers chosen ones in its place.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// One request, as far as rules and counts look at it.
pub struct Request {
    pub method: String,
    /// Path and query.
    pub path: String,
    /// The header that names the action in the JSON protocols, or nothing.
    pub action: String,
    pub body: Vec<u8>,
    head: Vec<u8>,
}

impl Request {
    /// What a header says; nothing where there is none.
    pub fn header(&self, name: &str) -> &str {
        let head = std::str::from_utf8(&self.head).unwrap_or_default();
        let named =
            |line: &'_ &str| line.split_once(':').is_some_and(|(word, _)| word.eq_ignore_ascii_case(name));
        head.lines().find(named).and_then(|line| line.split_once(':')).map_or("", |(_, value)| value.trim())
    }
}

/// What is answered in place of the stand-in.
pub struct Answer {
    pub status: u16,
    /// `AccessDeniedException`, `ThrottlingException`, … as the REST and JSON protocols carry it.
    pub error: &'static str,
    pub body: String,
    /// What the server says of the time; nothing where it does not.
    pub date: Option<String>,
}

impl Answer {
    /// The reply of a service that does not allow a call.
    pub fn denied(message: &str) -> Self {
        Self::error(403, "AccessDeniedException", message)
    }

    pub fn error(status: u16, error: &'static str, message: &str) -> Self {
        let body = serde_json::json!({"__type": error, "Message": message}).to_string();
        Self { status, error, body, date: None }
    }

    /// The same, with what the server says of the time.
    pub fn at(self, date: String) -> Self {
        Self { date: Some(date), ..self }
    }
}

/// What became of a token that was revoked.
#[derive(Debug, Default)]
pub struct Revoked {
    calls: AtomicUsize,
    /// How often a token was asked for.
    pub asked: AtomicUsize,
    /// Calls that were refused for it.
    pub refused: AtomicUsize,
}

type Rule = dyn Fn(&Request) -> Option<Answer> + Send + Sync;

/// A listener that passes every call on, but for those that its rule answers. It lives as long as the test.
pub struct Wire {
    address: SocketAddr,
    calls: Arc<Mutex<BTreeMap<String, usize>>>,
}

impl Wire {
    /// Passes on what `rule` leaves.
    pub fn to(
        upstream: SocketAddr,
        rule: impl Fn(&Request) -> Option<Answer> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has a free port");
        let address = listener.local_addr().expect("a bound listener has an address");
        let calls: Arc<Mutex<BTreeMap<String, usize>>> = Arc::default();
        let rule: Arc<Rule> = Arc::new(rule);
        let counted = Arc::clone(&calls);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (rule, calls) = (Arc::clone(&rule), Arc::clone(&counted));
                // A caller that hangs up early is its own affair; the test sees it in its result.
                std::thread::spawn(move || serve(client, upstream, &*rule, &calls));
            }
        });
        Self { address, calls }
    }

    /// Revokes the first token after so many calls: all others are refused with `body` until there is a second one.
    pub fn revoking(upstream: SocketAddr, calls: usize, body: serde_json::Value) -> (Self, Arc<Revoked>) {
        let revoked = Arc::new(Revoked::default());
        let seen = Arc::clone(&revoked);
        let wire = Self::to(upstream, move |request| {
            let path = request.path.split('?').next().unwrap_or_default();
            if path.ends_with("/token") {
                seen.asked.fetch_add(1, Ordering::Relaxed);
                return None;
            }
            let is_late = seen.calls.fetch_add(1, Ordering::Relaxed) >= calls;
            (is_late && seen.asked.load(Ordering::Relaxed) == 1).then(|| {
                seen.refused.fetch_add(1, Ordering::Relaxed);
                Answer { body: body.to_string(), ..Answer::error(401, "Unauthorized", "") }
            })
        });
        (wire, revoked)
    }

    /// Where it listens, as `AWS_ENDPOINT_URL` wants it.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Calls so far by method and path, every name in the path replaced by `*`, or by action where a header names it.
    pub fn calls(&self) -> BTreeMap<String, usize> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many calls so far begin with `prefix`.
    pub fn count(&self, prefix: &str) -> usize {
        self.calls().iter().filter(|(call, _)| call.starts_with(prefix)).map(|(_, count)| count).sum()
    }
}

/// Requests of one connection, until the caller hangs up.
fn serve(
    client: TcpStream,
    upstream: SocketAddr,
    rule: &Rule,
    calls: &Mutex<BTreeMap<String, usize>>,
) -> std::io::Result<()> {
    client.set_read_timeout(Some(Duration::from_secs(120)))?;
    let mut writer = client.try_clone()?;
    let mut reader = BufReader::new(client);
    while let Some(request) = read(&mut reader)? {
        *calls.lock().unwrap_or_else(PoisonError::into_inner).entry(call(&request)).or_default() += 1;
        match rule(&request) {
            Some(answer) => write!(
                writer,
                "HTTP/1.1 {} -\r\nContent-Type: application/json\r\nx-amzn-ErrorType: {}\r\n{}Content-Length: {}\r\n\r\n{}",
                answer.status,
                answer.error,
                answer.date.map(|date| format!("Date: {date}\r\n")).unwrap_or_default(),
                answer.body.len(),
                answer.body
            )?,
            None => {
                pass_on(&request, upstream, &mut writer)?;
                // The stand-in closes after each reply, and so its end is the reply's end.
                return writer.shutdown(Shutdown::Both);
            }
        }
    }
    Ok(())
}

fn read(reader: &mut impl BufRead) -> std::io::Result<Option<Request>> {
    let mut head = Vec::new();
    let mut first = String::new();
    if reader.read_line(&mut first)? == 0 {
        return Ok(None);
    }
    head.extend_from_slice(first.as_bytes());
    let mut length = 0;
    let mut action = String::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 || line.trim().is_empty() {
            break;
        }
        let (name, value) = line.split_once(':').unwrap_or((&line, ""));
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().unwrap_or(0),
            "x-amz-target" => action = value.trim().to_owned(),
            // One request for each connection to the stand-in, whatever the caller keeps open.
            "connection" => continue,
            _ => {}
        }
        head.extend_from_slice(line.as_bytes());
    }
    head.extend_from_slice(b"Connection: close\r\n\r\n");
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let mut words = first.split_whitespace().map(str::to_owned);
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    Ok(Some(Request { method, path, action, body, head }))
}

fn pass_on(request: &Request, upstream: SocketAddr, client: &mut TcpStream) -> std::io::Result<()> {
    let mut server = TcpStream::connect(upstream)?;
    server.write_all(&request.head)?;
    server.write_all(&request.body)?;
    // A stand-in that keeps connections open sees that nothing follows, and closes this one after its reply.
    server.shutdown(Shutdown::Write)?;
    std::io::copy(&mut server, client)?;
    Ok(())
}

/// `GET /2015-03-31/functions/*/policy`, `CloudTrail_20131101.DescribeTrails`, `POST / ListRoles`.
fn call(request: &Request) -> String {
    if !request.action.is_empty() {
        return request.action.clone();
    }
    let path = request.path.split('?').next().unwrap_or_default();
    let known = |part: &&str| !part.is_empty();
    let mut parts = Vec::new();
    let mut name = false;
    for part in path.split('/').filter(known) {
        // Services put a collection's name before each name of a thing; versions lead with a digit.
        parts.push(if name { "*" } else { part });
        name = !name && !part.starts_with("20") && part != "v2";
    }
    let form = String::from_utf8_lossy(&request.body);
    let action = form.split('&').find_map(|pair| pair.strip_prefix("Action="));
    match action {
        Some(action) => format!("{} / {action}", request.method),
        None => format!("{} /{}", request.method, parts.join("/")),
    }
}

#[test]
fn calls_are_named_by_what_they_ask() {
    let request = |path: &str, action: &str, body: &str| Request {
        method: "GET".to_owned(),
        path: path.to_owned(),
        action: action.to_owned(),
        body: body.as_bytes().to_vec(),
        head: Vec::new(),
    };
    assert_eq!(
        call(&request("/2015-03-31/functions/a/policy?x=1", "", "")),
        "GET /2015-03-31/functions/*/policy"
    );
    assert_eq!(call(&request("/restapis/ab1/resources", "", "")), "GET /restapis/*/resources");
    assert_eq!(call(&request("/v2/apis/ab1/routes", "", "")), "GET /v2/apis/*/routes");
    assert_eq!(call(&request("/", "Logs_20140328.DescribeLogGroups", "")), "Logs_20140328.DescribeLogGroups");
    assert_eq!(call(&request("/", "", "Action=GetCallerIdentity&Version=1")), "GET / GetCallerIdentity");
}
