//! Holds every format to the same sample report and the same findings, text for text.
//!
//! Where a difference is meant, the text that the failing test prints replaces the file.

use nephoscope_model::finding::LastKnown;
use nephoscope_model::framework::{
    CheckCounts, Compliance, Control, ControlCounts, ControlResult, ControlStatus, Framework, ReportHead,
};
use nephoscope_model::{
    CheckId, Concern, Evidence, Exposure, Finding, FindingKey, Kind, Points, Provider, Region, ScanId,
    ServiceName, Severity, State, Status, Uid, Unreadable,
};
use nephoscope_report::{
    FORMATS, FindingsCsv, FindingsJsonl, Format, compliance_csv, compliance_html, compliance_json,
};
use serde_json::{Value, json};

fn head() -> ReportHead {
    ReportHead {
        title: "Serverless Ten".to_owned(),
        as_of: "2026-11-16T02:06:41Z".parse().expect("an instant"),
        scope: "sandbox, web-shop".to_owned(),
        scans: vec![ScanId::from("20261116T020000Z-1f3a9c2e"), ScanId::from("20261116T020000Z-77b0d145")],
        catalogue: "4be1c0de5a11f00d".to_owned(),
        product_version: "0.1.0".to_owned(),
    }
}

fn check(id: &str, title: &str, severity: Severity, [fail, unknown, pass]: [u64; 3]) -> CheckCounts {
    CheckCounts { check: CheckId::from(id), title: title.to_owned(), severity, pass, fail, unknown }
}

fn control(id: &str, title: &str, status: ControlStatus, checks: Vec<CheckCounts>) -> ControlResult {
    let manual = (status == ControlStatus::Manual)
        .then(|| "Ask who is on call, and when they were last called.".to_owned());
    ControlResult { control: Control { id: id.to_owned(), title: title.to_owned(), manual }, status, checks }
}

/// One control of every status.
fn compliance() -> Compliance {
    let controls = vec![
        control(
            "T-1",
            "Functions know their callers",
            ControlStatus::Fail,
            vec![
                check(
                    "aws-lambda-url-auth-none",
                    "Function URL requires authentication",
                    Severity::Critical,
                    [2, 0, 5],
                ),
                check(
                    "aws-lambda-policy-public",
                    "Only known principals may invoke the function",
                    Severity::Critical,
                    [0, 3, 34],
                ),
            ],
        ),
        control(
            "T-2",
            "Calls can be followed",
            ControlStatus::Unknown,
            vec![check("aws-lambda-tracing-off", "Function traces its calls", Severity::Low, [0, 1, 36])],
        ),
        control(
            "T-3",
            "Rights are narrow",
            ControlStatus::Pass,
            vec![check(
                "aws-lambda-role-admin",
                "Execution role is no administrator",
                Severity::Critical,
                [0, 0, 37],
            )],
        ),
        control("T-4", "Somebody answers at night", ControlStatus::Manual, Vec::new()),
        control(
            "T-5",
            "Agents call few tools",
            ControlStatus::NotApplicable,
            vec![check(
                "aws-bedrock-agent-tool-open",
                "Only one agent may invoke the function",
                Severity::High,
                [0, 0, 0],
            )],
        ),
        control("T-6", "Packages are known", ControlStatus::NotCovered, Vec::new()),
    ];
    let framework = Framework {
        id: "serverless-ten".to_owned(),
        title: "Serverless Ten".to_owned(),
        version: "2".to_owned(),
        description: "What goes wrong first.".to_owned(),
        source: "https://frameworks.example/serverless-ten".to_owned(),
        controls: controls.iter().map(|result| result.control.clone()).collect(),
    };
    let summary =
        ControlCounts { fail: 1, unknown: 1, pass: 1, manual: 1, not_applicable: 1, not_covered: 1 };
    Compliance { framework, controls, summary }
}

/// A name that tries everything: markup, quotes, line ends, a formula, and text that reads backwards.
const HOSTILE: &str =
    "=HYPERLINK(\"https://attacker.example\")</style><script>alert('1')</script>,\r\n\u{202e}gnp.exe";

fn finding(name: &str, status: Status) -> Finding {
    let check = CheckId::from("aws-lambda-url-auth-none");
    let resource = Uid::from(format!("arn:aws:lambda:eu-west-1:447120260912:function:{name}"));
    let unknown = status == Status::Unknown;
    let unreadable = Unreadable {
        facet: "url".to_owned(),
        api: "lambda:ListFunctionUrlConfigs".to_owned(),
        error: "AccessDeniedException".to_owned(),
        permission: Some("lambda:ListFunctionUrlConfigs".to_owned()),
    };
    let since = "2026-11-15T02:00:00Z".parse().expect("an instant");
    Finding {
        key: FindingKey::of(&check, &resource),
        check,
        title: "Function URL requires authentication".to_owned(),
        severity: Severity::Critical,
        status,
        state: State::New,
        muted: false,
        provider: Provider::Aws,
        account: "447120260912".into(),
        region: Region::from("eu-west-1"),
        service: ServiceName::from("lambda"),
        kind: Kind::from("aws.lambda.function"),
        resource,
        name: name.to_owned(),
        evidence: vec![Evidence { path: "url.AuthType".to_owned(), found: json!("NONE") }],
        carried: [].into(),
        unreadable: if unknown { vec![unreadable] } else { Vec::new() },
        last_known: unknown.then_some(LastKnown { status: Status::Pass, since }),
        exposure: 4,
        reachable: Exposure::Internet,
        points: Points::ratio(21, 50).expect("not zero"),
        first_seen: since,
        last_seen: "2026-11-16T02:00:00Z".parse().expect("an instant"),
        scan: ScanId::from("20261116T020000Z-1f3a9c2e"),
        concerns: vec![Concern::AccessControl, Concern::ApiSecurity],
        frameworks: vec!["aws-fsbp/Lambda.1".to_owned()],
    }
}

fn findings() -> [Finding; 3] {
    [
        finding("checkout", Status::Fail),
        finding("login-callback", Status::Unknown),
        finding(HOSTILE, Status::Fail),
    ]
}

fn findings_csv(findings: &[Finding]) -> String {
    let mut writer = FindingsCsv::new(Vec::new()).expect("memory takes everything");
    findings.iter().try_for_each(|finding| writer.write(finding)).expect("memory takes everything");
    String::from_utf8(writer.finish().expect("memory takes everything")).expect("text")
}

fn findings_jsonl(findings: &[Finding]) -> String {
    let mut writer = FindingsJsonl::new(Vec::new());
    findings.iter().try_for_each(|finding| writer.write(finding)).expect("memory takes everything");
    String::from_utf8(writer.finish().expect("memory takes everything")).expect("text")
}

fn written(
    write: fn(&mut Vec<u8>, &ReportHead, &Compliance) -> std::io::Result<()>,
    compliance: &Compliance,
) -> String {
    let mut bytes = Vec::new();
    write(&mut bytes, &head(), compliance).expect("memory takes everything");
    String::from_utf8(bytes).expect("text")
}

fn html(compliance: &Compliance) -> String {
    written(|out, head, compliance| compliance_html(out, head, compliance), compliance)
}

fn csv(compliance: &Compliance) -> String {
    written(|out, head, compliance| compliance_csv(out, head, compliance), compliance)
}

/// Compares with a file of `tests/expected/`, whose lines end as on the reader's machine.
fn assert_expected(name: &str, expected: &str, actual: &str) {
    let actual = actual.replace("\r\n", "\n");
    assert!(
        expected.replace("\r\n", "\n") == actual,
        "tests/expected/{name} is not what is written now:\n{actual}"
    );
}

macro_rules! assert_expected {
    ($name:literal, $actual:expr) => {
        assert_expected($name, include_str!(concat!("expected/", $name)), $actual)
    };
}

#[test]
fn every_format_shows_the_same_compliance() {
    assert_expected!("compliance.html", &html(&compliance()));
    assert_expected!("compliance.csv", &csv(&compliance()));
    let json = written(|out, head, compliance| compliance_json(out, head, compliance), &compliance());
    assert_expected!("compliance.json", &json);
}

#[test]
fn every_format_shows_the_same_findings() {
    assert_expected!("findings.csv", &findings_csv(&findings()));
    assert_expected!("findings.jsonl", &findings_jsonl(&findings()));
}

#[test]
fn the_json_of_a_report_is_the_compliance_with_its_head() {
    let text = written(|out, head, compliance| compliance_json(out, head, compliance), &compliance());
    let document: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(serde_json::from_value::<Compliance>(document.clone()).unwrap(), compliance());
    assert_eq!(document["as_of"], "2026-11-16T02:06:41Z");
    assert_eq!(document["scans"].as_array().unwrap().len(), 2);
}

#[test]
fn lines_of_findings_are_findings() {
    let text = findings_jsonl(&findings());
    let read: Vec<Finding> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(read, findings());
}

#[test]
fn rows_of_findings_read_back_as_the_same_values_and_none_is_a_formula() {
    let text = findings_csv(&findings());
    let mut reader = csv_reader(&text);
    let columns: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 3);
    for (row, finding) in rows.iter().zip(findings()) {
        let object = serde_json::to_value(&finding).unwrap();
        for (column, value) in columns.iter().zip(row) {
            assert!(
                !value.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠']),
                "{column}: {value}"
            );
            let expected = match object.get(column) {
                None => Value::from(""),
                Some(Value::String(text)) if text == HOSTILE => Value::from(format!("'{text}")),
                Some(other) => other.clone(),
            };
            let value =
                if expected.is_string() { Value::from(value) } else { serde_json::from_str(value).unwrap() };
            assert_eq!(value, expected, "{column}");
        }
    }
    let fields = serde_json::to_value(&findings()[1]).unwrap();
    let fields: Vec<_> = fields.as_object().unwrap().keys().cloned().collect();
    let mut sorted = columns;
    sorted.sort();
    assert_eq!(sorted, fields, "every field of a finding has a column");
}

#[test]
fn rows_end_as_rfc_4180_says() {
    for text in [findings_csv(&findings()[..1]), csv(&compliance())] {
        assert!(text.ends_with("\r\n"));
        assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
    }
}

#[test]
fn no_finding_still_gives_a_row_of_names() {
    assert!(findings_csv(&[]).starts_with("key,check,title,severity,status,"));
    assert_eq!(findings_csv(&[]).lines().count(), 1);
    assert_eq!(findings_jsonl(&[]), "");
}

#[test]
fn hostile_text_stays_text_in_every_report() {
    let mut hostile = compliance();
    hostile.framework.title = HOSTILE.to_owned();
    hostile.framework.source = "javascript:alert(1)".to_owned();
    hostile.controls[0].control.title = HOSTILE.to_owned();
    hostile.controls[0].checks[0].title = "\" onmouseover=\"alert(1)".to_owned();
    hostile.controls[3].control.manual = Some("<img src=x onerror=alert(1)>".to_owned());
    let html = html(&hostile);
    assert!(!html.contains("<script") && !html.contains("<img") && !html.contains("href=\"javascript"));
    assert_eq!(html.matches("</style>").count(), 1);
    assert!(html.contains("&lt;script&gt;") && html.contains("&quot; onmouseover=&quot;alert(1)"));
    let text = csv(&hostile);
    let formulas = csv_reader(&text)
        .records()
        .map(Result::unwrap)
        .filter(|row| row.iter().any(|cell| cell.starts_with('=')))
        .count();
    assert_eq!(formulas, 0);
}

#[test]
fn the_document_asks_no_other_host_and_runs_nothing() {
    let html = html(&compliance());
    for asking in ["<script", "<link", "<img", "src=", "url(", "@import", "style=\"", "<iframe"] {
        assert!(!html.contains(asking), "{asking}");
    }
    let links: Vec<_> =
        html.match_indices("href=\"").map(|(at, _)| html[at + 6..].split('"').next().unwrap()).collect();
    assert_eq!(links, ["https://frameworks.example/serverless-ten"], "followed only when clicked");
    assert!(html.contains("default-src 'none'"));
}

#[test]
fn the_first_sentence_says_what_came_out() {
    let sentence = |[fail, unknown, pass]: [u64; 3]| {
        let mut compliance = compliance();
        compliance.summary = ControlCounts { fail, unknown, pass, ..ControlCounts::default() };
        let html = html(&compliance);
        html.split("<p class=\"verdict\">").nth(1).unwrap().split("</p>").next().unwrap().to_owned()
    };
    assert_eq!(sentence([3, 0, 5]), "3 of 8 decided controls fail.");
    assert_eq!(sentence([3, 2, 5]), "3 of 8 decided controls fail; 2 more could not be read whole.");
    assert_eq!(sentence([0, 2, 5]), "No control fails; 5 are met, 2 could not be read whole.");
    assert_eq!(sentence([0, 0, 5]), "All 5 decided controls are met.");
    assert_eq!(sentence([0, 0, 0]), "No control could be decided by a check.");
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    assert_eq!(html(&compliance()), html(&compliance()));
    assert_eq!(csv(&compliance()), csv(&compliance()));
}

#[test]
fn every_file_has_a_format_with_a_name_and_a_media_type() {
    let files: Vec<&str> = FORMATS.iter().map(|(file, _)| *file).collect();
    assert_eq!(
        files,
        [
            "checks_csv",
            "compliance_csv",
            "compliance_html",
            "compliance_json",
            "findings_csv",
            "findings_jsonl",
            "resources_csv"
        ]
    );
    for (file, format) in FORMATS {
        assert!(file.ends_with(format.as_str()), "{file}");
    }
    for format in Format::ALL {
        assert_eq!(format.as_str().parse(), Ok(format));
    }
    assert_eq!(
        "pdf".parse::<Format>().unwrap_err().to_string(),
        "`pdf` is not a format; known are html, csv, json, jsonl"
    );
}

#[test]
fn a_writer_that_takes_nothing_is_an_error_and_not_a_panic() {
    struct Full;
    impl std::io::Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::Error::from(std::io::ErrorKind::StorageFull))
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let kind = |result: std::io::Result<()>| result.unwrap_err().kind();
    let full = std::io::ErrorKind::StorageFull;
    assert_eq!(kind(compliance_html(Full, &head(), &compliance())), full);
    assert_eq!(kind(compliance_csv(Full, &head(), &compliance())), full);
    assert_eq!(kind(compliance_json(Full, &head(), &compliance())), full);
    let mut writer = FindingsCsv::new(Full).unwrap();
    writer.write(&findings()[0]).unwrap();
    assert_eq!(writer.finish().map(drop).unwrap_err().kind(), full);
}

fn csv_reader(text: &str) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new().from_reader(text.as_bytes())
}
