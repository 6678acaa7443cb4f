//! The parameters of lists as the API document describes them, each once; `model::query` is what reads them.
#![expect(dead_code, reason = "these structs are only described, never filled")]

use utoipa::IntoParams;

/// What is in view.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct InView {
    /// Targets by name. Every filter may be repeated or hold several values separated by commas.
    target: Option<String>,
    /// A date, an RFC 3339 instant or a scan's id; the latest scans where none is given.
    as_of: Option<String>,
}

/// The moment alone, for what stands under its own key.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AsOf {
    /// A date, an RFC 3339 instant or a scan's id; the latest scans where none is given.
    as_of: Option<String>,
}

/// Where resources are.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Places {
    /// aws, azure, gcp or fn.
    provider: Option<String>,
    /// Accounts.
    account: Option<String>,
    /// Regions, or `global`.
    region: Option<String>,
    /// Services, such as `lambda`.
    service: Option<String>,
    /// Kinds of resource, such as `aws.lambda.function`.
    kind: Option<String>,
}

/// Which checks.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Checks {
    /// Check ids; `*` stands for any text.
    check: Option<String>,
    /// Concerns, such as `api-security`.
    concern: Option<String>,
    /// Frameworks, or `framework/control`.
    framework: Option<String>,
}

/// How bad a failure is.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Severities {
    /// critical, high, medium, low or informational.
    severity: Option<String>,
}

/// What checks say.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Verdicts {
    /// FAIL, UNKNOWN, PASS, MANUAL or all.
    status: Option<String>,
    /// new, open or resolved.
    state: Option<String>,
}

/// Who can reach a resource.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Exposures {
    /// internet, cross_account, unknown or internal.
    exposure: Option<String>,
}

/// Text to look for.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Text {
    /// Text within names and identifiers; for checks, also within titles and descriptions.
    query: Option<String>,
}

/// How findings are put together.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Groups {
    /// check, resource or nothing.
    group: Option<String>,
}

/// What comes first.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Order {
    /// points, severity or name; resources know no order by severity.
    sort: Option<String>,
}

/// Which part of a list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Paging {
    /// The `next` of the page before.
    cursor: Option<String>,
    /// Rows on the page, 1 to 500; 50 where none is given.
    limit: Option<u32>,
}

/// What a view is compared with.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Compared {
    /// The earlier date, instant or scan; the scan before where none is given.
    from: Option<String>,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use nephoscope_model::query::KEYS;
    use serde_json::Value;

    #[test]
    fn every_parameter_of_a_list_is_described() {
        let document: Value = serde_json::from_str(&crate::router::openapi()).unwrap();
        let described = |path: &str| -> BTreeSet<String> {
            let list = document["paths"][path]["get"]["parameters"].as_array().unwrap();
            let own = list.iter().filter(|parameter| parameter["in"] == "query");
            own.map(|parameter| parameter["name"].as_str().unwrap().to_owned()).collect()
        };
        let known: BTreeSet<String> = KEYS.map(str::to_owned).into();
        let mut findings = described("/api/v1/findings");
        findings.extend(described("/api/v1/overview"));
        assert_eq!(findings, known);
        for path in ["/api/v1/resources", "/api/v1/checks", "/api/v1/score", "/api/v1/frameworks"] {
            assert!(described(path).is_subset(&known), "{path}");
        }
    }
}
