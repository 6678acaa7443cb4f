//! What the sample could not read on AWS on some nights, and what reading it would have cost.

mod reading;

use nephoscope_model::{CoverageState, Provider};
use nephoscope_sample::{Night, nights};
use reading::{dates, facet, night, of, span};
use serde_json::json;

#[test]
fn a_denied_listing_leaves_an_unlisted_shard_for_one_night() {
    let nights = of(nights().unwrap(), Provider::Aws);
    let lambda = |night: &Night| {
        night.shards.iter().find(|shard| shard.key.service.as_str() == "lambda").unwrap().clone()
    };
    let denied = dates(&nights, "sandbox", |night| lambda(night).coverage.state == CoverageState::Denied);
    assert_eq!(denied, ["11-07"]);
    let shard = lambda(night(&nights, "sandbox", "2026-11-07"));
    assert!(shard.resources.is_empty() && !shard.coverage.listed);
    assert_eq!(
        serde_json::to_value(&shard.coverage.errors).unwrap(),
        json!([{
            "api": "lambda:ListFunctions",
            "error": "AccessDeniedException",
            "message": "User: arn:aws:sts::812044193377:assumed-role/nephoscope-reader/nephoscope is not authorized to perform: lambda:ListFunctions on resource: * with an explicit deny in a service control policy",
            "permission": "lambda:ListFunctions",
            "count": 1,
        }])
    );
    assert!(lambda(night(&nights, "sandbox", "2026-11-08")).coverage.listed);
}

#[test]
fn denied_policies_are_unreadable_facets_with_the_permission_to_add() {
    let nights = of(nights().unwrap(), Provider::Aws);
    for name in ["gdpr-export", "warehouse-label", "warehouse-pick"] {
        let unread = dates(&nights, "web-shop", |night| {
            facet(night, "aws.lambda.function", name, "policy").unreadable().is_some()
        });
        assert_eq!(unread, span("11-14", None), "{name}");
    }
    let last = night(&nights, "web-shop", "2026-11-16");
    let shard =
        last.shards.iter().find(|s| s.key.to_string() == "aws/447120260912/eu-central-1/lambda").unwrap();
    assert_eq!((shard.coverage.state, shard.coverage.listed), (CoverageState::Partial, true));
    let [error] = shard.coverage.errors.as_slice() else {
        panic!("one error, not {:?}", shard.coverage.errors)
    };
    assert_eq!((error.permission.as_deref(), error.count), (Some("lambda:GetPolicy"), 3));
    assert_eq!(
        error.uid.as_ref().map(|uid| uid.as_str()),
        Some("arn:aws:lambda:eu-central-1:447120260912:function:gdpr-export")
    );
    assert!(!error.message.contains('{'), "{}", error.message);
}

#[test]
fn a_throttled_export_hides_what_is_deployed() {
    let nights = of(nights().unwrap(), Provider::Aws);
    let hidden = |name: &str| {
        let stage = "aws.apigateway.stage";
        dates(&nights, "web-shop", |night| facet(night, stage, name, "deployed").unreadable().is_some())
    };
    assert_eq!(hidden("storefront/live"), ["10-31"]);
    assert_eq!(hidden("storefront/preview"), ["10-31"]);
    assert!(hidden("payments/live").is_empty());
    let busy = night(&nights, "web-shop", "2026-10-31");
    let shard =
        busy.shards.iter().find(|s| s.key.to_string() == "aws/447120260912/eu-west-1/apigateway").unwrap();
    assert_eq!(shard.coverage.calls["apigateway:GetExport"], 4 + 2 * 7);
    assert_eq!(shard.coverage.errors[0].count, 2 * 8);
}

#[test]
fn calls_are_counted_as_a_scan_makes_them() {
    let nights = of(nights().unwrap(), Provider::Aws);
    let last = night(&nights, "web-shop", "2026-11-16");
    let shard =
        last.shards.iter().find(|s| s.key.to_string() == "aws/447120260912/eu-west-1/lambda").unwrap();
    let calls = serde_json::to_value(&shard.coverage.calls).unwrap();
    let expected = json!({
        "lambda:GetAccountSettings": 1,
        "lambda:GetFunction": 27,
        "lambda:GetRuntimeManagementConfig": 26,
        "lambda:ListProvisionedConcurrencyConfigs": 2,
        "lambda:GetPolicy": 27,
        "lambda:ListAliases": 2,
        "lambda:ListCodeSigningConfigs": 1,
        "lambda:ListEventSourceMappings": 1,
        "lambda:ListFunctionUrlConfigs": 3,
        "lambda:ListFunctions": 1,
        "lambda:ListFunctionsByCodeSigningConfig": 1,
    });
    assert_eq!(calls, expected);
}
