//! The first call, and the plan that follows from it.

use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, future};
use nephoscope_model::CoverageState;

use super::*;

async fn refused(answer: impl Fn() -> ResponseTemplate + Send + Sync + 'static) -> CollectError {
    let fake = Fake::start(move |_, _, _| Some(answer())).await;
    Aws::identify(options(Limits { tries: 2, ..quick() }), sdk(&fake.server.uri())).await.unwrap_err()
}

fn sts_error(status: u16, code: &str) -> ResponseTemplate {
    let body = format!(
        "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>for AKIAIOSFODNN7EXAMPLE</Message></Error></ErrorResponse>"
    );
    ResponseTemplate::new(status).set_body_raw(body, "text/xml")
}

#[tokio::test]
async fn the_identity_is_asked_once_and_becomes_the_account() {
    let fake = Fake::start(|_, _, _| None).await;
    let aws = Aws::identify(options(quick()), sdk(&fake.server.uri())).await.unwrap();
    assert_eq!(aws.account().as_str(), ACCOUNT);
    let shard = aws.collect(&key(Region::global(), "sts"), &Context::default()).await;
    let account = find(&shard, ACCOUNT);
    assert_eq!(account.uid.as_str(), "arn:aws:iam::123456789012:root");
    let arn = "arn:aws:sts::123456789012:assumed-role/nephoscope";
    assert_eq!(known(account, "identity"), &json!({"Account": ACCOUNT, "Arn": arn}));
    assert_eq!(shard.coverage.calls["sts:GetCallerIdentity"], 1);
    assert_eq!(fake.count("GetCallerIdentity"), 1);
}

#[tokio::test]
async fn each_way_to_fail_has_its_own_words_and_help() {
    let expired = refused(|| sts_error(403, "ExpiredToken")).await;
    assert!(matches!(expired, CollectError::ExpiredCredentials(_)), "{expired:?}");
    assert!(expired.help().contains("aws sso login"));
    for code in ["InvalidClientTokenId", "SignatureDoesNotMatch"] {
        let refused = refused(move || sts_error(403, code)).await;
        assert!(matches!(refused, CollectError::RefusedCredentials(_)), "{refused:?}");
        let cause = std::error::Error::source(&refused).unwrap().to_string();
        assert_eq!(cause, format!("{code}: for [aws-access-key]"));
    }
    for status in [200, 403, 501] {
        let page = refused(move || html(status)).await;
        assert!(matches!(page, CollectError::NotAws { .. }), "{page:?}");
        assert!(page.to_string().starts_with("talk to AWS at http://127.0.0.1:"), "{page}");
    }
    let broken = refused(|| sts_error(500, "InternalFailure")).await;
    assert!(matches!(broken, CollectError::Identity(_)), "{broken:?}");
    let down = Aws::identify(options(quick()), sdk("http://127.0.0.1:1")).await.unwrap_err();
    assert_eq!(down.to_string(), "reach http://127.0.0.1:1");
    assert!(down.help().contains("AWS_ENDPOINT_URL"));
}

#[tokio::test]
async fn without_credentials_there_is_a_hint_to_sign_in() {
    let none = sdk("http://127.0.0.1:1").into_builder();
    let sdk = none.credentials_provider(SharedCredentialsProvider::new(Nothing)).build();
    let error = Aws::identify(options(quick()), sdk).await.unwrap_err();
    assert!(matches!(error, CollectError::NoCredentials(_)), "{error:?}");
    assert_eq!(error.to_string(), "find AWS credentials");
}

#[tokio::test]
async fn budgets_and_services_are_checked_before_any_call() {
    for share in [0.0, -1.0, 1.5, f64::NAN] {
        let mut options = AwsOptions::new([0; 32]);
        options.asking.budget = share;
        assert!(matches!(Aws::connect(options).await, Err(CollectError::Budget { .. })), "{share}");
    }
    let mut options = AwsOptions::new([0; 32]);
    options.asking.services = vec![ServiceName::from("lambada")];
    let error = Aws::connect(options).await.unwrap_err();
    let text = error.to_string();
    assert!(text.starts_with("find the service `lambada`; known are lambda, iam, "), "{text}");
    assert!(text.contains(", sts, ") && text.contains(", cloudtrail, "), "{text}");
}

/// A chain that finds nothing.
#[derive(Debug)]
struct Nothing;

impl ProvideCredentials for Nothing {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::ready(Err(CredentialsError::not_loaded_no_source()))
    }
}

async fn plan(fake: &Fake, change: impl FnOnce(&mut AwsOptions)) -> Result<Vec<String>, CollectError> {
    let mut options = options(quick());
    change(&mut options);
    let aws = Aws::identify(options, sdk(&fake.server.uri())).await.unwrap();
    Ok(aws.plan().await?.iter().map(|shard| format!("{}/{}", shard.region, shard.service)).collect())
}

fn named(regions: &[&str]) -> RegionChoice {
    RegionChoice::Named(regions.iter().map(|region| Region::from(*region)).collect())
}

#[tokio::test]
async fn the_plan_is_each_service_once_or_in_every_region() {
    let fake = Fake::start(|_, _, _| None).await;
    let configured = plan(&fake, |_| ()).await.unwrap();
    assert_eq!(configured[..2], ["eu-west-1/lambda", "global/iam"], "what takes longest comes first");
    let once = configured.iter().filter(|shard| shard.starts_with("global/")).count();
    let regional = configured.iter().filter(|shard| shard.starts_with("eu-west-1/")).count();
    assert_eq!((once + regional, once > 1), (configured.len(), true), "{configured:?}");
    let all = plan(&fake, |options| {
        options.regions = RegionChoice::All;
        options.asking.services = vec![ServiceName::from("lambda")];
    });
    assert_eq!(
        all.await.unwrap(),
        ["eu-new-7/lambda", "eu-west-1/lambda", "us-east-1/lambda"],
        "enabled ones only"
    );
    let some = plan(&fake, |options| {
        options.regions = named(&["us-east-1", "eu-west-1", "us-east-1"]);
        options.asking.services = vec![ServiceName::from("logs")];
    });
    assert_eq!(some.await.unwrap(), ["us-east-1/logs", "eu-west-1/logs"], "each once");
}

#[tokio::test]
async fn a_region_that_does_not_exist_is_refused_with_near_ones() {
    let fake = Fake::start(|_, _, _| None).await;
    let error =
        plan(&fake, |options| options.regions = named(&["eu-west-1", "eu-wset-1"])).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "find the region `eu-wset-1`; near it are eu-west-1, eu-west-2, eu-west-3, ca-west-1"
    );
    assert!(
        plan(&fake, |options| options.regions = named(&["eu-new-7"])).await.is_ok(),
        "the account knows it"
    );

    let mute = Fake::start(|action, _, _| (action == "ListRegions").then(|| html(404))).await;
    for (region, exists) in [("eu-wset-1", false), ("nowhere-1", false), ("eu-west-9", true), ("local", true)]
    {
        let planned = plan(&mute, |options| options.regions = named(&[region])).await;
        assert_eq!(planned.is_ok(), exists, "{region}");
    }
    let error = plan(&mute, |options| options.regions = RegionChoice::All).await.unwrap_err();
    assert!(matches!(error, CollectError::Regions(_)), "{error:?}");
}

#[tokio::test]
async fn a_shard_that_was_not_planned_is_not_collected() {
    let fake = Fake::start(|_, _, _| None).await;
    let aws = Aws::identify(options(quick()), sdk(&fake.server.uri())).await.unwrap();
    let mut foreign = key(Region::from("eu-west-1"), "lambda");
    foreign.account = "999999999999".into();
    for key in [foreign, key(Region::from("eu-west-1"), "minitel")] {
        let shard = aws.collect(&key, &Context::default()).await;
        assert_eq!((shard.coverage.state, shard.coverage.listed), (CoverageState::Failed, false));
        assert_eq!(shard.coverage.errors[0].error, "NotCollected");
    }
}

#[test]
fn options_do_not_print_what_is_secret() {
    let mut options = AwsOptions::new([42; 32]);
    options.external_id = Some("CANARY".to_owned());
    let text = format!("{options:?}");
    assert!(!text.contains("CANARY") && !text.contains("42"), "{text}");
}
