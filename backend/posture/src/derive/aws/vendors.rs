//! Accounts from which AWS and known vendors publish layers for everybody.
//!
//! A layer of one of these is a dependency like any other; a layer of any other foreign account is code of a stranger.

/// What is published, from which accounts; above each, where that is documented.
const PUBLISHERS: &[(&str, &[&str])] = &[
    // https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Lambda-Insights-extension-versions.html
    (
        "CloudWatch Lambda Insights",
        &[
            "580247275435",
            "012438385374",
            "033019950311",
            "194566237122",
            "285320876703",
            "339249233099",
            "352183217350",
            "439286490199",
            "488211338238",
            "519774774795",
            "732604637566",
            "891564319516",
        ],
    ),
    // https://docs.aws.amazon.com/systems-manager/latest/userguide/ps-integration-lambda-extensions.html
    (
        "AWS Parameters and Secrets extension",
        &[
            "015030872274",
            "044395824272",
            "070087711984",
            "127562683043",
            "129776340158",
            "133256977650",
            "133490724326",
            "176022468876",
            "177933569100",
            "187925254637",
            "200266452380",
            "287114880934",
            "287310001119",
            "317013901791",
            "325218067255",
            "345057560386",
            "427196147048",
            "490737872127",
            "524103009944",
            "576959938190",
            "590474943231",
            "665172237481",
            "738900069198",
            "768336418462",
            "772501565639",
            "780235371811",
            "832021897121",
            "858974508948",
            "933737806257",
            "997803712105",
        ],
    ),
    // https://docs.aws.amazon.com/appconfig/latest/userguide/appconfig-integration-lambda-extensions-versions.html
    (
        "AWS AppConfig agent extension",
        &[
            "027255383542",
            "039592058896",
            "066940009817",
            "282860088358",
            "359756378197",
            "434848589818",
            "436199621743",
            "493207061005",
            "630222743974",
            "646970417810",
            "728743619870",
            "758369105281",
            "826293736237",
            "958113053741",
            "980059726660",
        ],
    ),
    // https://docs.powertools.aws.dev/lambda/python/latest/getting-started/install/
    ("Powertools for AWS Lambda (Python, TypeScript)", &["017000801446", "094274105915"]),
    // https://aws-otel.github.io/docs/getting-started/lambda
    (
        "AWS Distro for OpenTelemetry, and CloudWatch Application Signals",
        &["901920570463", "615299751070", "888577020596"],
    ),
    // https://aws-sdk-pandas.readthedocs.io/en/stable/layers.html
    ("AWS SDK for pandas", &["336392948345"]),
    // https://docs.datadoghq.com/serverless/libraries_integrations/extension/
    ("Datadog", &["464622532012"]),
    // https://docs.dynatrace.com/docs/ingest-from/amazon-web-services/integrate-into-aws/aws-lambda-integration
    ("Dynatrace OneAgent", &["725887861453"]),
    // https://github.com/lumigo-io/lumigo-node/tree/master/layers
    ("Lumigo tracers", &["114300393969"]),
    // https://layers.newrelic-external.com/
    ("New Relic agents and extension", &["451483290750"]),
    // https://docs.sentry.io/platforms/javascript/guides/aws-lambda/install/layer/
    ("Sentry SDKs", &["943013980633"]),
];

/// True where `account` is one of theirs.
pub(super) fn publishes_layers(account: &str) -> bool {
    PUBLISHERS.iter().any(|(_, accounts)| accounts.contains(&account))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_well_formed_and_named_once() {
        let mut seen = std::collections::BTreeSet::new();
        for (layers, accounts) in PUBLISHERS {
            for account in *accounts {
                assert!(
                    account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit()),
                    "{layers}: {account}"
                );
                assert!(seen.insert(account), "{layers}: {account} is named twice");
            }
        }
    }

    #[test]
    fn strangers_are_not_vendors() {
        assert!(publishes_layers("580247275435"));
        assert!(!publishes_layers("111122223333"));
    }
}
