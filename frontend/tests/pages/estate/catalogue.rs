//! Checks and frameworks.

use nephoscope_model::api::{CheckList, CheckRow, FrameworkList, FrameworkRow};
use nephoscope_model::check::{Check, Concern, Remediation, Severity};
use nephoscope_model::framework::{
    CheckCounts, Compliance, Control, ControlCounts, ControlResult, ControlStatus, Framework,
};
use nephoscope_model::{Points, Provider};

use super::{facet, hundredths};

pub const URL_AUTH: &str = "aws-lambda-url-auth-none";
pub const ROLE_ADMIN: &str = "aws-lambda-role-admin";
pub const RUNTIME: &str = "aws-lambda-runtime-end-of-life";
pub const POLICY: &str = "aws-lambda-policy-public";
pub const ACCESS_LOG: &str = "aws-apigateway-stage-access-log-missing";
pub const RETENTION: &str = "aws-logs-group-retention-missing";
pub const TRACING: &str = "aws-lambda-tracing-off";

/// Id, title, severity, service, kind, and FAIL, UNKNOWN, PASS, points in hundredths.
pub type Line = (&'static str, &'static str, Severity, &'static str, &'static str, [u64; 3], i128);

pub const CHECKS: [Line; 7] = [
    (
        URL_AUTH,
        "Function URL requires authentication",
        Severity::Critical,
        "lambda",
        "aws.lambda.function",
        [2, 0, 5],
        360,
    ),
    (
        ROLE_ADMIN,
        "Execution role has no administrator access",
        Severity::High,
        "lambda",
        "aws.lambda.function",
        [9, 0, 41],
        220,
    ),
    (
        RUNTIME,
        "Runtime still receives security updates",
        Severity::High,
        "lambda",
        "aws.lambda.function",
        [14, 0, 36],
        170,
    ),
    (
        POLICY,
        "Resource policy admits no stranger",
        Severity::High,
        "lambda",
        "aws.lambda.function",
        [1, 43, 6],
        90,
    ),
    (
        ACCESS_LOG,
        "Stage writes an access log",
        Severity::Medium,
        "apigateway",
        "aws.apigateway.stage",
        [11, 1, 4],
        110,
    ),
    (
        RETENTION,
        "Log group deletes its lines some day",
        Severity::Low,
        "logs",
        "aws.logs.group",
        [23, 0, 40],
        20,
    ),
    (
        TRACING,
        "Function records traces",
        Severity::Informational,
        "lambda",
        "aws.lambda.function",
        [31, 0, 19],
        0,
    ),
];

pub fn check_of(line: &Line) -> Check {
    let (id, title, severity, service, kind, _, _) = *line;
    Check {
        id: id.into(),
        title: title.into(),
        severity,
        provider: Provider::Aws,
        service: service.into(),
        kind: kind.into(),
        concerns: vec![Concern::ApiSecurity, Concern::AccessControl],
        frameworks: vec!["owasp-serverless-top10/SAS-2".into(), "aws-fsbp/Lambda.1".into()],
        description: "Reads the authentication type of the function's own address.\n\nA function URL is an HTTPS address of its own, beside any gateway. With the type NONE, Lambda asks nobody who they are before it runs the function.".into(),
        risk: "Anybody who learns or guesses the address runs the code with the permissions of its role, as often as they like, at your cost.".into(),
        remediation: Remediation {
            text: "Require IAM authentication on the function URL, or delete the URL and put an API with an authorizer in front.".into(),
            cli: Some("aws lambda update-function-url-config \\\n  --function-name checkout \\\n  --auth-type AWS_IAM".into()),
            terraform: Some("resource \"aws_lambda_function_url\" \"checkout\" {\n  function_name      = aws_lambda_function.checkout.function_name\n  authorization_type = \"AWS_IAM\"\n}".into()),
        },
        applies: "url != null".into(),
        passes: "url.AuthType != \"NONE\"".into(),
        evidence: vec!["url.AuthType".into(), "url.FunctionUrl".into()],
        reads: vec!["url".into()],
        aliases: vec!["aws-lambda-public-url".into()],
        deprecated: None,
    }
}

pub fn counts_of(line: &Line) -> CheckCounts {
    let (id, title, severity, _, _, [fail, unknown, pass], _) = *line;
    CheckCounts { check: id.into(), title: title.into(), severity, pass, fail, unknown }
}

pub fn check_rows() -> Vec<CheckRow> {
    let row = |line: &Line| CheckRow {
        check: check_of(line),
        counts: counts_of(line),
        points: if line.6 == 0 { Points::zero() } else { hundredths(line.6) },
    };
    CHECKS.iter().map(row).collect()
}

pub fn checks() -> CheckList {
    CheckList {
        catalogue: "9f2c41d07b3ae815".into(),
        checks: check_rows(),
        facets: vec![
            facet(
                "severity",
                "Severity",
                &[
                    ("critical", "Critical", 1, false),
                    ("high", "High", 3, false),
                    ("medium", "Medium", 1, false),
                    ("low", "Low", 1, false),
                    ("informational", "Informational", 1, false),
                ],
            ),
            facet(
                "service",
                "Service",
                &[
                    ("lambda", "lambda", 5, false),
                    ("apigateway", "apigateway", 1, false),
                    ("logs", "logs", 1, false),
                ],
            ),
            facet(
                "concern",
                "Concern",
                &[
                    ("access-control", "Access control", 4, false),
                    ("api-security", "API security", 2, false),
                    ("governance", "Governance", 1, false),
                ],
            ),
        ],
    }
}

pub fn framework_list() -> FrameworkList {
    FrameworkList {
        frameworks: vec![
            FrameworkRow {
                id: "owasp-serverless-top10".into(),
                title: "OWASP Serverless Top 10".into(),
                version: "2018".into(),
                counts: ControlCounts {
                    fail: 4,
                    unknown: 1,
                    pass: 2,
                    manual: 2,
                    not_applicable: 0,
                    not_covered: 1,
                },
            },
            FrameworkRow {
                id: "aws-fsbp".into(),
                title: "AWS Foundational Security Best Practices".into(),
                version: "2026-06".into(),
                counts: ControlCounts {
                    fail: 6,
                    unknown: 2,
                    pass: 11,
                    manual: 0,
                    not_applicable: 3,
                    not_covered: 5,
                },
            },
        ],
    }
}

pub fn compliance() -> Compliance {
    let control = |id: &str, title: &str, manual: Option<&str>| Control {
        id: id.into(),
        title: title.into(),
        manual: manual.map(Into::into),
    };
    let result = |control, status, lines: &[usize]| ControlResult {
        control,
        status,
        checks: lines.iter().map(|index| counts_of(&CHECKS[*index])).collect(),
    };
    let controls = vec![
        result(
            control("SAS-1", "Untrusted events are validated before they reach code", None),
            ControlStatus::NotApplicable,
            &[],
        ),
        result(control("SAS-2", "Every way in asks who is there", None), ControlStatus::Fail, &[0, 3]),
        result(control("SAS-3", "Deployment settings leave nothing open", None), ControlStatus::Fail, &[2]),
        result(control("SAS-4", "Functions hold only the rights they need", None), ControlStatus::Fail, &[1]),
        result(control("SAS-5", "What happens is recorded and watched", None), ControlStatus::Fail, &[4, 5]),
        result(
            control(
                "SAS-6",
                "Third-party packages are known and current",
                Some("Look at the bill of materials of each function."),
            ),
            ControlStatus::Manual,
            &[],
        ),
        result(control("SAS-7", "Secrets are kept in a vault", None), ControlStatus::Pass, &[]),
        result(control("SAS-9", "Flows cannot be called out of order", None), ControlStatus::NotCovered, &[]),
    ];
    Compliance {
        framework: Framework {
            id: "owasp-serverless-top10".into(),
            title: "OWASP Serverless Top 10".into(),
            version: "2018".into(),
            description: "The ten ways in which serverless applications are most often broken, as seen by the OWASP project.".into(),
            source: "owasp.org/www-project-serverless-top-10".into(),
            controls: controls.iter().map(|result| result.control.clone()).collect(),
        },
        summary: framework_list().frameworks[0].counts,
        controls,
    }
}
