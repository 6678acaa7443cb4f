//! Bad input gets a clear answer: each case holds the whole text and the exit code.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Stdio;
use std::sync::Mutex;
use std::thread;

use crate::moto::Moto;
use crate::program::{Program, Run};
use crate::wire::{Answer, Wire};

/// Exit code and standard error of a run.
fn refusal(run: &Run) -> (Option<i32>, &str) {
    (run.code, run.stderr.trim_end())
}

#[test]
fn no_credentials() {
    let run = Program::new().run(&["scan", "--region", "eu-west-1"]);
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(run.stderr.contains("find AWS credentials"), "{run:?}");
    assert!(run.stderr.contains("help: sign in with `aws sso login`"), "{run:?}");
}

#[test]
fn a_region_that_does_not_exist() {
    let moto = Moto::start();
    let run = Program::new().with_cloud(&moto.endpoint()).run(&["scan", "--region", "eu-wets-1"]);
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(run.stderr.contains("find the region `eu-wets-1`; near it are eu-west-1"), "{run:?}");
}

#[test]
fn regions_and_services_for_configured_targets() {
    let program = Program::new();
    program.write("nephoscope.toml", "[[target]]\nname = \"aws\"\nprovider = \"aws\"\n");
    let run = program.run(&["scan", "--service", "iam"]);
    let refused = "error: --region and --service do not apply to configured targets\n  help: set `regions` and `services` of a target in the configuration, or name the ambient credentials: `nephoscope scan aws`";
    assert_eq!(refusal(&run), (Some(2), refused));
    let named = program.run(&["scan", "aws", "--service", "iam"]);
    assert!(named.stderr.contains("--region and --service do not apply to target `aws`"), "{named:?}");
}

#[test]
fn an_endpoint_that_is_down() {
    // A port that was free a moment ago answers nobody.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let run = Program::new().with_cloud(&format!("http://127.0.0.1:{port}")).run(&["scan"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.stderr.contains(&format!("reach http://127.0.0.1:{port}")), "{run:?}");
    assert!(run.stderr.contains("help: check the network, the proxy and AWS_ENDPOINT_URL"), "{run:?}");
}

#[test]
fn an_endpoint_that_answers_html() {
    let endpoint = always("200 OK", "text/html", "<!doctype html><title>Sign in</title>");
    let run = Program::new().with_cloud(&endpoint).run(&["scan"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.stderr.contains("the answer is not an AWS API's"), "{run:?}");
}

#[test]
fn credentials_that_have_expired() {
    let body = "<ErrorResponse><Error><Type>Sender</Type><Code>ExpiredToken</Code>\
                <Message>The security token included in the request is expired</Message></Error></ErrorResponse>";
    let run = Program::new().with_cloud(&always("403 Forbidden", "text/xml", body)).run(&["scan"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.stderr.contains("sign in to AWS: the credentials have expired"), "{run:?}");
    assert!(run.stderr.contains("help: renew them, for example with `aws sso login`"), "{run:?}");
}

/// An endpoint that answers everything alike.
fn always(status: &'static str, media: &'static str, body: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut request = [0; 4096];
            // What is asked does not matter; a caller that hung up is its own affair.
            let _ = stream.read(&mut request);
            let length = body.len();
            let head =
                format!("HTTP/1.1 {status}\r\ncontent-type: {media}\r\ncontent-length: {length}\r\n\r\n");
            let _ = stream.write_all((head + body).as_bytes());
        }
    });
    endpoint
}

#[test]
fn an_endpoint_that_fails_half_the_time() {
    let moto = Moto::start();
    moto.plant();
    // Every request fails the first time and is answered the second: half of all calls, whatever runs beside them.
    let asked: Mutex<BTreeMap<String, usize>> = Mutex::default();
    let wire = Wire::to(moto.address, move |request| {
        let which = format!("{} {} {} {:?}", request.method, request.path, request.action, request.body);
        let mut asked = asked.lock().unwrap();
        let times = asked.entry(which).or_default();
        *times += 1;
        (*times % 2 == 1).then(|| Answer::error(500, "InternalFailure", "try again"))
    });
    let run =
        Program::new().with_cloud(&wire.endpoint()).run(&["scan", "--budget", "1", "--min-coverage", "1"]);
    assert_eq!(run.code, Some(0), "every call is answered at last, so that every shard is whole: {run:?}");
    assert!(!run.stderr.contains("not read:"), "{run:?}");
}

#[test]
fn a_broken_configuration_key() {
    let program = Program::new();
    program.write("nephoscope.toml", "store = \"sqlite:a.db\"\n[scan]\nbugdet = 0.5\n");
    let expected = "error: configuration nephoscope.toml, line 3: unknown field `bugdet`, expected one of `budget`, `min_coverage`, `connect_timeout`, `read_timeout`, `call_timeout`, `shard_timeout`, `tries`\n  help: did you mean `budget`?";
    assert_eq!(refusal(&program.run(&["config", "check"])), (Some(2), expected));
}

#[test]
fn an_unwritable_store() {
    let program = Program::new();
    program.write("taken", "a file where a folder should be");
    let run = program.run(&["demo", "--listen", "127.0.0.1:0", "--store", "sqlite:taken/nephoscope.db"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.stderr.contains("taken/nephoscope.db"), "{run:?}");
    assert!(run.stderr.contains("help: "), "{run:?}");
}

#[test]
fn a_store_that_does_not_exist() {
    let run = Program::new().run(&["findings"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(
        run.stderr.contains("error: failed to open the store nephoscope.db: there is no such file"),
        "{run:?}"
    );
}

#[test]
fn a_second_server_and_a_port_in_use() {
    let program = Program::new();
    let serving = program.serve("demo");
    let second = program.run(&["serve", "--listen", "127.0.0.1:0", "--store", "sqlite:served.db"]);
    assert_eq!(second.code, Some(1), "{second:?}");
    assert!(second.stderr.contains("another nephoscope holds it"), "{second:?}");

    let taken = program.run(&["serve", "--listen", &serving.address, "--store", "sqlite:other.db"]);
    assert_eq!(taken.code, Some(1), "{taken:?}");
    assert!(taken.stderr.contains(&format!("listen on {}", serving.address)), "{taken:?}");
    assert!(taken.stderr.contains("help: another program has the port"), "{taken:?}");
    assert_eq!(serving.terminate(), Some(0));
}

#[test]
fn an_address_that_is_not_loopback() {
    let run = Program::new().run(&["serve", "--listen", "0.0.0.0:8080"]);
    let expected = "error: listen on 0.0.0.0:8080: only loopback addresses are served until sign-in exists\n  help: use 127.0.0.1 and reach it through an SSH tunnel or a proxy that signs in";
    assert_eq!(refusal(&run), (Some(2), expected));
}

#[test]
fn unknown_names() {
    let program = Program::new();
    let check = program.run(&["checks", "show", "aws-lambda-url-auth-non"]);
    let expected =
        "error: no check `aws-lambda-url-auth-non`\n  help: did you mean `aws-lambda-url-auth-none`?";
    assert_eq!(refusal(&check), (Some(2), expected));

    let target = program.run(&["scan", "prodution"]);
    let expected = "error: failed to scan target `prodution`: it is not configured; known are none\n  help: name a [[target]] of the configuration, or `aws` for the ambient credentials";
    assert_eq!(refusal(&target), (Some(2), expected));

    let severity = program.run(&["findings", "--severity", "hihg"]);
    let expected = "error: `hihg` is not a severity; known are critical, high, medium, low, informational\n  help: see `nephoscope help` for the values that are known";
    assert_eq!(refusal(&severity), (Some(2), expected));
}

#[test]
fn a_broken_check_file_leaves_no_partial_catalogue() {
    let program = Program::new();
    program.write("mine/url-open.yaml", "id: url-open\ntitle: Ensure nothing\npasses: url.AuthType ==\n");
    let run = program.run(&["checks", "list", "--checks", "mine"]);
    assert_eq!(run.code, Some(2), "{run:?}");
    assert_eq!(run.stdout, "");
    assert!(run.stderr.contains("mine/url-open.yaml:"), "{run:?}");
}

#[test]
fn a_reader_that_has_seen_enough() {
    let program = Program::new();
    let mut child = program.command(&["man"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!((child.wait().unwrap().code(), said.as_str()), (Some(0), ""));
}

#[test]
fn a_damaged_snapshot_file() {
    let program = Program::new();
    program.write("night.nepho", "not a snapshot");
    let run = program.run(&["scan", "--from", "night.nepho"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(
        run.stderr.contains("failed to read snapshot night.nepho, line 1: it is not a snapshot file"),
        "{run:?}"
    );
}
