//! A stand-in for AWS: moto, which speaks the real protocols over real HTTP, with an estate planted in it.
//!
//! `./run test` installs it at the version of `tools/requirements.txt`.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::architecture::root;

/// The region that the estate is planted in.
pub const REGION: &str = "eu-west-1";

/// A running stand-in; it ends with this value.
pub struct Moto {
    process: Child,
    pub address: SocketAddr,
}

impl Moto {
    /// Starts one and waits until it answers.
    pub fn start() -> Self {
        let address = free_address();
        let process = Command::new(python())
            .arg(root().join("tests/moto/server.py"))
            .arg(address.port().to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("server.py does not start: {error}"));
        let mut moto = Self { process, address };
        let deadline = Instant::now() + Duration::from_secs(60);
        while !answers(address) {
            if let Ok(Some(status)) = moto.process.try_wait() {
                panic!("moto on {address} ended by itself: {status}");
            }
            assert!(Instant::now() < deadline, "moto on {address} does not answer within a minute");
            std::thread::sleep(Duration::from_millis(100));
        }
        moto
    }

    /// Where it listens, as `AWS_ENDPOINT_URL` wants it.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Plants the estate of `tests/moto/seed.py` and says what was planted; see there for the document's form.
    pub fn plant(&self) -> Value {
        let output = Command::new(python())
            .arg(root().join("tests/moto/seed.py"))
            .args([&self.endpoint(), REGION])
            .output()
            .unwrap_or_else(|error| panic!("seed.py does not start: {error}"));
        assert!(output.status.success(), "seed.py failed: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).expect("seed.py prints one JSON document")
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        // Only fails where it has ended already, and then there is nothing left to end.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The interpreter of the virtual environment that `./run test` makes in the target folder, whichever that is.
fn python() -> PathBuf {
    let here = std::env::current_exe().expect("a test knows where it is");
    let target = here.ancestors().nth(3).expect("tests are built into target/PROFILE/deps");
    let python = target.join("tools/python/bin/python");
    assert!(python.exists(), "{} is missing: `./run tools` installs it", python.display());
    python
}

/// A loopback address that nobody listens on.
pub fn free_address() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has a free port");
    listener.local_addr().expect("a bound listener has an address")
}

fn answers(address: SocketAddr) -> bool {
    let ask = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1))?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        stream.write_all(b"GET /moto-api/data.json HTTP/1.0\r\nHost: localhost\r\n\r\n")?;
        let mut reply = String::new();
        stream.read_to_string(&mut reply)?;
        Ok(reply)
    };
    ask().is_ok_and(|reply| reply.split_whitespace().nth(1) == Some("200"))
}

#[test]
fn the_stand_in_starts_is_planted_and_ends() {
    let moto = Moto::start();
    let planted = moto.plant();
    assert_eq!(planted["functions"].as_object().map(serde_json::Map::len), Some(100));
    for (apis, least) in [("rest_apis", 10), ("http_apis", 5)] {
        assert!(planted[apis].as_object().is_some_and(|planted| planted.len() >= least), "{apis}");
    }
    let address = moto.address;
    drop(moto);
    assert!(TcpStream::connect(address).is_err(), "it still listens");
}
