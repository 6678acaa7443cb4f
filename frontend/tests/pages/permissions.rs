//! The page of a scan that was not permitted to read everything.

use nephoscope_frontend as pages;
use nephoscope_frontend::Page;
use nephoscope_model::Provider;
use nephoscope_model::api::{MissingPermissions, ScanDetail};
use nephoscope_model::scan::ScanState;

use super::estate;

fn page(body: &ScanDetail) -> String {
    let frame = estate::frame("/scans/x", "");
    pages::scan(&Page { frame: &frame, assets: &estate::assets() }, body)
}

#[test]
fn it_says_what_could_be_judged_what_not_and_what_restores_it() {
    let mut body = estate::scan(ScanState::Finished);
    body.missing.undecided = Some(40);
    let html = page(&body);
    assert!(html.contains(
        "242 verdicts were decided; 44 are unknown, 40 of them only for want of a permission. \
         Of apigateway and logs not everything could be listed: what was not has no verdict at all."
    ));
    assert!(html.contains("1 more service was read whole, and every check decided."));
    let unknown = format!("/findings?as_of={}&amp;status=UNKNOWN&amp;service=lambda", body.scan.id);
    assert!(html.contains(&unknown), "a service leads to what is unknown of it");
    assert!(html.contains("all that could not be listed") || html.contains("what 1 shard could not list"));
    assert!(html.contains("Smallest IAM policy that restores them"));
    assert!(html.contains("&quot;lambda:GetPolicy&quot;") || html.contains("\"lambda:GetPolicy\""));
    // What no permission would change is told apart, and told once.
    let (_, reasons) = html.split_once("What could not be read for another reason").unwrap();
    assert!(reasons.contains("ThrottlingException"));
}

#[test]
fn what_a_policy_does_not_help_is_said() {
    let mut body = estate::scan(ScanState::Finished);
    body.missing.permissions[0].forbidden = true;
    body.missing.permissions[1].permission = "sts:AssumeRole".into();
    body.missing.policy = None;
    let html = page(&body);
    assert!(html.contains("A policy denies or bounds it"));
    assert!(html.contains("let it trust who scans"));
    assert!(!html.contains("Smallest IAM policy"));
}

#[test]
fn permissions_of_other_providers_are_text() {
    let mut body = estate::scan(ScanState::Finished);
    body.missing.policy = None;
    for (one, (provider, name)) in body.missing.permissions.iter_mut().zip([
        (Provider::Azure, "Microsoft.Web/sites/config/list/action"),
        (Provider::Gcp, "cloudfunctions.functions.list"),
    ]) {
        (one.provider, one.permission) = (provider, name.into());
    }
    let html = page(&body);
    for provider in [Provider::Azure, Provider::Gcp] {
        assert!(html.contains(&format!("{} permissions to add", provider.label())));
    }
    assert!(!html.contains(&format!("{} permissions to add", Provider::Fn.label())));
}

#[test]
fn a_scan_that_read_everything_says_none_of_it() {
    let mut body = estate::scan(ScanState::Finished);
    body.missing = MissingPermissions { undecided: Some(0), ..MissingPermissions::default() };
    body.services.retain(|service| service.service.as_str() == "sqs");
    body.coverage.retain(|row| row.coverage.errors.is_empty());
    let html = page(&body);
    for words in ["What could be judged", "Missing permissions", "for another reason"] {
        assert!(!html.contains(words), "{words}");
    }
}
