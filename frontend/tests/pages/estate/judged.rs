//! What was judged: findings, score, drift and trend.

use nephoscope_model::api::{
    FindingDetail, FindingInterval, FindingList, Fix, GroupHead, Overview, SeverityCounts, TrendPoint,
};
use nephoscope_model::drift::{ChangeKind, Drift, FindingChange, ResourceChange};
use nephoscope_model::finding::{Evidence, Exposure, Finding, LastKnown, State, Status};
use nephoscope_model::score::{Cap, Part, Score};
use nephoscope_model::{FindingKey, Points, Provider, Severity, Unreadable};
use serde_json::{Value, json};

use super::*;

fn finding_of(
    line: &Line,
    resource: usize,
    status: Status,
    points: i128,
    evidence: (&str, Value),
) -> Finding {
    let (name, kind, region) = NAMES[resource];
    let uid = uid(name, kind, region);
    let exposure = resource_row(resource).exposure;
    let unreadable = match status {
        Status::Unknown => vec![Unreadable {
            facet: "policy".into(),
            api: "lambda:GetPolicy".into(),
            error: "AccessDeniedException".into(),
            permission: Some("lambda:GetPolicy".into()),
        }],
        _ => vec![],
    };
    Finding {
        key: FindingKey::of(&line.0.into(), &uid),
        check: line.0.into(),
        title: line.1.into(),
        severity: line.2,
        status,
        state: if points > 200 { State::New } else { State::Open },
        muted: false,
        provider: Provider::Aws,
        account: account(),
        region: region.into(),
        service: kind.split('.').nth(1).unwrap().into(),
        kind: kind.into(),
        resource: uid,
        name: name.into(),
        evidence: if status == Status::Unknown {
            vec![]
        } else {
            vec![Evidence { path: evidence.0.into(), found: evidence.1 }]
        },
        carried: if status == Status::Pass { [].into() } else { [("url".to_owned(), night(26))].into() },
        unreadable,
        last_known: None,
        exposure: exposure.factor(),
        reachable: exposure,
        points: if status == Status::Fail { hundredths(points) } else { Points::zero() },
        first_seen: if points > 200 { night(29) } else { night(3) },
        last_seen: night(29),
        scan: scan_id(29),
        concerns: check_of(line).concerns,
        frameworks: check_of(line).frameworks,
    }
}

pub fn finding_rows() -> Vec<Finding> {
    let mut muted = finding_of(&CHECKS[4], 2, Status::Fail, 70, ("stage.accessLogSettings", Value::Null));
    muted.muted = true;
    vec![
        finding_of(&CHECKS[0], 0, Status::Fail, 290, ("url.AuthType", json!("NONE"))),
        finding_of(&CHECKS[0], 1, Status::Fail, 70, ("url.AuthType", json!("NONE"))),
        finding_of(
            &CHECKS[1],
            0,
            Status::Fail,
            140,
            (
                "facts.grants",
                json!([{"sid": "Everything", "effect": "Allow", "actions": ["*"], "resources": ["*"]}]),
            ),
        ),
        finding_of(
            &CHECKS[1],
            5,
            Status::Fail,
            80,
            (
                "facts.grants",
                json!([{"sid": "Everything", "effect": "Allow", "actions": ["*"], "resources": ["*"]}]),
            ),
        ),
        finding_of(&CHECKS[2], 0, Status::Fail, 12, ("facts.runtime.deprecation_date", json!("2024-10-14"))),
        finding_of(&CHECKS[3], 5, Status::Unknown, 0, ("", Value::Null)),
        finding_of(&CHECKS[4], 6, Status::Unknown, 0, ("", Value::Null)),
        muted,
        finding_of(&CHECKS[5], 4, Status::Fail, 1, ("group.retentionInDays", Value::Null)),
    ]
}

pub fn findings_of_checkout() -> Vec<Finding> {
    vec![
        finding_of(&CHECKS[0], 0, Status::Fail, 290, ("url.AuthType", json!("NONE"))),
        finding_of(
            &CHECKS[1],
            0,
            Status::Fail,
            140,
            ("facts.grants", json!([{"sid": "Everything", "actions": ["*"]}])),
        ),
        finding_of(&CHECKS[2], 0, Status::Fail, 12, ("facts.runtime.deprecation_date", json!("2024-10-14"))),
        finding_of(&CHECKS[3], 0, Status::Unknown, 0, ("", Value::Null)),
        finding_of(&CHECKS[6], 0, Status::Pass, 0, ("config.TracingConfig.Mode", json!("Active"))),
    ]
}

pub fn findings() -> FindingList {
    let groups = [0, 1, 2, 3, 4, 5].map(|index: usize| GroupHead {
        key: CHECKS[index].0.into(),
        title: CHECKS[index].1.into(),
        severity: CHECKS[index].2,
        count: CHECKS[index].5[0] + CHECKS[index].5[1],
        points: hundredths(CHECKS[index].6),
    });
    FindingList {
        total: 135,
        verdicts: 286,
        findings: finding_rows(),
        groups: groups.to_vec(),
        next: Some("bmV4dA".into()),
        facets: vec![
            facet(
                "status",
                "Status",
                &[("FAIL", "Fail", 91, true), ("UNKNOWN", "Unknown", 44, true), ("PASS", "Pass", 151, false)],
            ),
            facet(
                "severity",
                "Severity",
                &[
                    ("critical", "Critical", 2, false),
                    ("high", "High", 67, false),
                    ("medium", "Medium", 12, false),
                    ("low", "Low", 23, false),
                    ("informational", "Informational", 31, false),
                ],
            ),
            facet(
                "state",
                "State",
                &[("new", "new", 6, false), ("open", "open", 129, false), ("resolved", "resolved", 0, false)],
            ),
            facet(
                "exposure",
                "Reachable",
                &[
                    ("internet", "from the internet", 7, false),
                    ("cross_account", "across accounts", 4, false),
                    ("unknown", "not known", 12, false),
                    ("internal", "only inside the account", 112, false),
                ],
            ),
            facet(
                "region",
                "Region",
                &[
                    ("eu-west-1", "eu-west-1", 70, false),
                    ("eu-central-1", "eu-central-1", 21, false),
                    ("eu-west-3", "eu-west-3", 30, false),
                    ("global", "global", 8, false),
                    ("us-east-1", "us-east-1", 2, false),
                    ("us-west-2", "us-west-2", 1, false),
                    ("eu-north-1", "eu-north-1", 1, false),
                    ("ap-south-1", "ap-south-1", 1, false),
                    ("sa-east-1", "sa-east-1", 1, false),
                ],
            ),
            facet(
                "account",
                "Account",
                &[("447100000912", "447100000912", 101, false), ("812000003377", "812000003377", 34, false)],
            ),
            facet(
                "concern",
                "Concern",
                &[
                    ("access-control", "Access control", 38, false),
                    ("api-security", "API security", 14, false),
                    ("event-data-visibility", "Event visibility", 26, false),
                ],
            ),
        ],
    }
}

pub fn finding(status: Status) -> FindingDetail {
    let mut finding = match status {
        Status::Unknown => finding_rows().remove(5),
        _ => finding_rows().remove(0),
    };
    finding.status = status;
    if status == Status::Unknown {
        finding.last_known = Some(LastKnown { status: Status::Pass, since: night(26) });
    }
    let interval = |status, day, to: Option<i64>| FindingInterval {
        status,
        scan: scan_id(day),
        from: night(day),
        to: to.map(night),
    };
    FindingDetail {
        check: Some(check_of(&CHECKS[if status == Status::Unknown { 3 } else { 0 }])),
        history: vec![
            interval(status, 29, None),
            interval(Status::Pass, 14, Some(29)),
            interval(Status::Fail, 11, Some(14)),
            interval(Status::Pass, 0, Some(11)),
        ],
        others_failing: 1,
        finding,
    }
}

pub fn score() -> Score {
    let mut lost: Vec<Part> = CHECKS
        .iter()
        .map(|line| Part {
            check: line.0.into(),
            severity: line.2,
            failing: line.5[0],
            decided: line.5[0] + line.5[2],
            unknown: line.5[1],
            points: hundredths(line.6),
            unit: hundredths(line.6),
        })
        .collect();
    let sum: Points = lost.iter().map(|part| part.points.clone()).sum();
    let rest = hundredths(2810) - sum;
    lost.push(Part {
        check: "aws-apigateway-method-open".into(),
        severity: Severity::High,
        failing: 6,
        decided: 9,
        unknown: 0,
        points: rest,
        unit: Points::zero(),
    });
    lost.sort_by(|a, b| b.points.cmp(&a.points));
    Score {
        posture: Some(tenths(719)),
        low: Some(tenths(690)),
        high: Some(tenths(736)),
        reported: Some(tenths(690)),
        cap: Some(Cap::CriticalFromInternet),
        debt: 1946,
        decided: 242,
        unknown: 44,
        parts: lost,
    }
}

pub fn trend() -> Vec<TrendPoint> {
    let postures = [
        771, 773, 773, 776, 776, 782, 782, 785, 785, 785, 779, 779, 787, 791, 791, 791, 793, 793, 790, 790,
        755, 755, 760, 764, 764, 764, 762, 762, 781, 719,
    ];
    let points = postures.into_iter().enumerate().map(|(day, posture)| {
        let (below, above) = match day {
            17..=18 => (52, 37),
            29 => (29, 17),
            _ => (4, 3),
        };
        TrendPoint {
            scan: scan_id(day as i64),
            target: target(),
            at: night(day as i64),
            posture: Some(tenths(posture)),
            low: Some(tenths(posture - below)),
            high: Some(tenths(posture + above)),
            reported: Some(tenths(posture.min(690))),
            debt: 1736 + day as u64,
            unknown: if below > 10 { 44 } else { 2 },
        }
    });
    points.collect()
}

pub fn drift() -> Drift {
    let change = |line: &Line, resource: usize, before, after| {
        let (name, kind, region) = NAMES[resource];
        let uid = uid(name, kind, region);
        FindingChange {
            key: FindingKey::of(&line.0.into(), &uid),
            check: line.0.into(),
            title: line.1.into(),
            severity: line.2,
            resource: uid,
            name: name.into(),
            kind: kind.into(),
            provider: Provider::Aws,
            account: account(),
            region: region.into(),
            exposure: resource_row(resource).exposure,
            before,
            after,
        }
    };
    let resource = |index: usize, kind_of, facets: &[&str]| {
        let (name, kind, region) = NAMES[index];
        ResourceChange {
            uid: uid(name, kind, region),
            name: name.into(),
            kind: kind.into(),
            provider: Provider::Aws,
            account: account(),
            region: region.into(),
            change: kind_of,
            facets: facets.iter().map(|f| (*f).to_owned()).collect(),
        }
    };
    Drift {
        from: at("2026-11-13T02:41:00Z"),
        to: at("2026-11-16T02:41:07Z"),
        posture_from: Some(tenths(781)),
        posture_to: Some(tenths(719)),
        findings: vec![
            change(&CHECKS[0], 0, Some(Status::Pass), Some(Status::Fail)),
            change(&CHECKS[1], 5, Some(Status::Pass), Some(Status::Fail)),
            change(&CHECKS[3], 6, Some(Status::Pass), Some(Status::Unknown)),
            change(&CHECKS[4], 2, None, Some(Status::Fail)),
            change(&CHECKS[2], 1, Some(Status::Fail), Some(Status::Pass)),
            change(&CHECKS[5], 4, Some(Status::Fail), None),
        ],
        resources: vec![
            resource(0, ChangeKind::Changed, &["config", "url"]),
            resource(5, ChangeKind::Added, &[]),
            resource(2, ChangeKind::Removed, &[]),
        ],
        truncated: false,
    }
}

pub fn overview() -> Overview {
    let severity =
        |severity, [fail, unknown, pass]: [u64; 3]| SeverityCounts { severity, fail, unknown, pass };
    let fix = |line: &Line, exposure, remedy: &str| Fix {
        check: line.0.into(),
        title: line.1.into(),
        severity: line.2,
        failing: line.5[0],
        points: hundredths(line.6),
        exposure,
        remediation: remedy.into(),
    };
    Overview {
        as_of: Some(at("2026-11-16T02:41:07Z")),
        scans: vec![summary(29)],
        coverage: coverage(),
        score: score(),
        trend: trend(),
        severities: vec![
            severity(Severity::Critical, [2, 0, 5]),
            severity(Severity::High, [24, 43, 83]),
            severity(Severity::Medium, [11, 1, 4]),
            severity(Severity::Low, [23, 0, 40]),
            severity(Severity::Informational, [31, 0, 19]),
        ],
        drift: Some(drift()),
        fixes: vec![
            fix(
                &CHECKS[0],
                Exposure::Internet,
                "Require IAM authentication on the function URL, or delete the URL and put an API with an authorizer in front.",
            ),
            fix(
                &CHECKS[1],
                Exposure::Internal,
                "Replace AdministratorAccess with a policy of the actions that the function calls.",
            ),
            fix(
                &CHECKS[2],
                Exposure::Internet,
                "Move the function to a runtime that still receives updates.",
            ),
            fix(&CHECKS[4], Exposure::Internal, "Send access logs of the stage to a log group."),
            fix(
                &CHECKS[3],
                Exposure::CrossAccount,
                "Restrict the principal of the statement, or add a condition on the source account.",
            ),
        ],
        resources: 152,
    }
}
