//! The server: reads a request, lets it go wrong if it is told to, else answers from the estate.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::answer::Answer;
use crate::http::{self, Request};
use crate::misbehaviour::{Fault, Misbehaviour};
use crate::provider::{Asked, Provider};
use crate::quota::{Admission, Quotas};

/// A running provider that shows an estate; it ends when it is dropped.
#[derive(Debug)]
pub struct Server<E> {
    address: SocketAddr,
    inner: Arc<Inner<E>>,
    serving: JoinHandle<()>,
}

#[derive(Debug)]
struct Inner<E> {
    estate: Mutex<E>,
    misbehaviour: Mutex<Misbehaviour>,
    quotas: Quotas,
    calls: AtomicU64,
    seen: Mutex<Seen>,
    attempts: Mutex<HashMap<String, u64>>,
}

/// What was asked for.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Calls by name (`lambda:GetPolicy`), however they ended.
    pub calls: BTreeMap<String, u64>,
    /// Calls that were refused as too many, by name.
    pub throttled: BTreeMap<String, u64>,
    /// Calls that nothing here knows an answer for; they were answered with an empty object, or as not found where
    /// the provider's own description knows no such address.
    pub unknown: BTreeMap<String, u64>,
    /// Method and address of each call in the order of arrival, where the provider is asked by address.
    pub lines: Vec<String>,
}

impl Seen {
    /// All calls together.
    pub fn total(&self) -> u64 {
        self.calls.values().sum()
    }
}

impl<E: Provider> Server<E> {
    /// Starts on a free port of the loopback.
    pub async fn start(estate: E, misbehaviour: Misbehaviour) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("the loopback has free ports");
        let address = listener.local_addr().expect("a bound socket has an address");
        let inner = Arc::new(Inner {
            estate: Mutex::new(estate),
            misbehaviour: Mutex::new(misbehaviour),
            quotas: Quotas::default(),
            calls: AtomicU64::new(0),
            seen: Mutex::default(),
            attempts: Mutex::default(),
        });
        let shared = Arc::clone(&inner);
        let serving = tokio::spawn(async move {
            loop {
                let Ok((stream, _)) = listener.accept().await else { continue };
                tokio::spawn(serve(stream, Arc::clone(&shared)));
            }
        });
        Self { address, inner, serving }
    }

    /// Where to call it.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What was asked for so far.
    pub fn seen(&self) -> Seen {
        self.inner.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Forgets what was asked for, and begins to count anew.
    pub fn forget(&self) {
        *self.inner.seen.lock().unwrap_or_else(PoisonError::into_inner) = Seen::default();
        self.inner.attempts.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.inner.calls.store(0, Ordering::Relaxed);
    }

    /// Behaves differently from now on.
    pub fn misbehave(&self, misbehaviour: Misbehaviour) {
        *self.inner.misbehaviour.lock().unwrap_or_else(PoisonError::into_inner) = misbehaviour;
    }

    /// Shows another estate from now on: the next night.
    pub fn show(&self, estate: E) {
        *self.inner.estate.lock().unwrap_or_else(PoisonError::into_inner) = estate;
    }
}

impl<E> Drop for Server<E> {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn serve<E: Provider>(mut stream: TcpStream, inner: Arc<Inner<E>>) {
    let mut kept = Vec::new();
    while let Ok(Some(request)) = http::read(&mut stream, &mut kept).await {
        match answer(&mut stream, &inner, &request).await {
            Ok(true) => {}
            Ok(false) | Err(_) => return,
        }
    }
}

/// Answers one request; false where the connection is over.
async fn answer<E: Provider>(
    stream: &mut TcpStream,
    inner: &Inner<E>,
    request: &Request,
) -> io::Result<bool> {
    let call = E::call(request);
    let nth = inner.calls.fetch_add(1, Ordering::Relaxed);
    let attempt = {
        let mut attempts = inner.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        let attempt = attempts.entry(call.identity()).or_default();
        *attempt += 1;
        *attempt - 1
    };
    let (fault, latency, quotas) = {
        let misbehaviour = inner.misbehaviour.lock().unwrap_or_else(PoisonError::into_inner);
        (misbehaviour.of(&call, nth, attempt).cloned(), misbehaviour.latency, misbehaviour.quotas)
    };
    let limit = E::limit(&call).filter(|_| quotas);
    let admission = limit.as_ref().map(|limit| inner.quotas.take(limit));
    let fault = match (admission, &limit) {
        (Some(Admission::Refused(wait)), Some(limit)) => {
            Some(Fault::Throttled(limit.told.then(|| wait.ceil().max(1.0) as u64)))
        }
        _ => fault,
    };
    {
        let mut seen = inner.seen.lock().unwrap_or_else(PoisonError::into_inner);
        *seen.calls.entry(call.name()).or_default() += 1;
        seen.lines.extend(call.line());
        if matches!(fault, Some(Fault::Throttled(_))) {
            *seen.throttled.entry(call.name()).or_default() += 1;
        }
    }
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
    let true_answer = || {
        let estate = inner.estate.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = estate.answer(&call).unwrap_or_else(|| {
            let mut seen = inner.seen.lock().unwrap_or_else(PoisonError::into_inner);
            *seen.unknown.entry(call.name()).or_default() += 1;
            E::unknown(&call)
        });
        E::dressed(&call, answer, admission)
    };
    let Some(fault) = fault else {
        send(stream, &true_answer()).await?;
        return Ok(true);
    };
    match fault {
        Fault::Late(delay) => {
            tokio::time::sleep(delay).await;
            send(stream, &true_answer()).await?;
        }
        Fault::Silence => {
            // Longer than any client waits; the connection is dropped when the cloud is.
            tokio::time::sleep(Duration::from_secs(3600)).await;
            return Ok(false);
        }
        Fault::Reset => {
            stream.set_zero_linger()?;
            return Ok(false);
        }
        Fault::CutOff => {
            let answer = true_answer();
            let half = &answer.body.as_bytes()[..answer.body.len() / 2];
            http::write_with_length(stream, 200, &[], half, answer.body.len().max(2)).await?;
            stream.shutdown().await?;
            return Ok(false);
        }
        Fault::Oversized => {
            http::write_with_length(stream, 200, &[], b"{\"a\":\"", 1 << 40).await?;
            let chunk = vec![b'a'; 1 << 20];
            while stream.write_all(&chunk).await.is_ok() {}
            return Ok(false);
        }
        Fault::RepeatedToken | Fault::NextElsewhere | Fault::Changed(..) => {
            send(stream, &E::bent(&call, true_answer(), &fault)).await?;
        }
        other => {
            let refusal = {
                let estate = inner.estate.lock().unwrap_or_else(PoisonError::into_inner);
                estate.fault(&call, &other)
            };
            send(stream, &E::dressed(&call, refusal, admission)).await?;
        }
    }
    Ok(true)
}

async fn send(stream: &mut TcpStream, answer: &Answer) -> io::Result<()> {
    http::write(stream, answer.status, &answer.headers, answer.body.as_bytes()).await
}
