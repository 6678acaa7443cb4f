//! S3: the buckets that something names, with who may reach them, and the account's own bar to the public.
//!
//! One call for ten thousand buckets tells which of the named ones are this account's and where each lives; then six for
//! each, and a seventh for Amazon's verdict on its policy where it has one. Buckets that nothing names are not read.

use std::collections::{BTreeMap, BTreeSet};

use futures::StreamExt;
use nephoscope_model::{Region, RelationName, Resource, Uid};
use serde_json::{Value, json};

use super::Scope;
use super::api::{Action, Api, List, Xml};
use super::client::Reader;
use super::failure::{Class, Failure};
use super::place::{Outcome, Place, Read, elements, put, relate, text, unqualified_function};
use super::quota;
use super::request::Request;
use super::volatile::Path;

pub(super) const SCOPE: Scope = Scope::GlobalNamed;
pub(super) const ACTIONS: &[&Action] = &[
    &BUCKETS.action,
    &GET_ACCOUNT_BLOCK,
    &GET_POLICY,
    &GET_POLICY_STATUS,
    &GET_BLOCK,
    &GET_ENCRYPTION,
    &GET_NOTIFICATION,
    &GET_VERSIONING,
    &GET_LOGGING,
];
pub(super) const VOLATILE: &[Path] = &[];

static API: Api = Api::rest_xml("S3", "s3", &quota::S3);
static CONTROL: Api = Api::rest_xml("S3 Control", "s3-control", &quota::S3).signed_as("s3");

static BUCKETS: List = API
    .list("s3:ListBuckets", "Buckets")
    .allowed_by("s3:ListAllMyBuckets")
    .paged("ContinuationToken", "continuation-token")
    .reads(Xml { lists: &["Buckets"], texts: &["Name"], repeated: &[], numbers: &[] });
static GET_ACCOUNT_BLOCK: Action =
    CONTROL.action("s3:GetPublicAccessBlock").allowed_by("s3:GetAccountPublicAccessBlock");
static GET_POLICY: Action = API.action("s3:GetBucketPolicy");
static GET_POLICY_STATUS: Action = API.action("s3:GetBucketPolicyStatus");
static GET_BLOCK: Action =
    API.action("s3:GetBucketPublicAccessBlock").allowed_by("s3:GetBucketPublicAccessBlock");
static GET_ENCRYPTION: Action = API
    .action("s3:GetBucketEncryption")
    .allowed_by("s3:GetEncryptionConfiguration")
    .reads(Xml { repeated: &["Rule"], lists: &[], numbers: &[], texts: &[] });
static GET_NOTIFICATION: Action =
    API.action("s3:GetBucketNotificationConfiguration").allowed_by("s3:GetBucketNotification").reads(Xml {
        repeated: &[
            "TopicConfiguration",
            "QueueConfiguration",
            "CloudFunctionConfiguration",
            "Event",
            "FilterRule",
        ],
        texts: &["Id", "Value"],
        lists: &[],
        numbers: &[],
    });
static GET_VERSIONING: Action = API.action("s3:GetBucketVersioning");
static GET_LOGGING: Action = API.action("s3:GetBucketLogging").reads(Xml {
    texts: &["TargetPrefix"],
    repeated: &["Grant"],
    lists: &[],
    numbers: &[],
});

/// The largest page. A listing without a size leaves the regions out.
const PAGE: i32 = 10_000;

struct Bucket {
    name: String,
    region: String,
    policy: Read,
    policy_status: Read,
    block: Read,
    encryption: Read,
    notification: Read,
    versioning: Read,
    logging: Read,
}

pub(super) async fn collect(reader: &Reader) -> Outcome {
    let account = reader.place.account.as_str();
    let request = Request::get(&["v20180820", "configuration", "publicAccessBlock"]).about_account(account);
    let block = configured(reader.call(&GET_ACCOUNT_BLOCK, None, request).await);
    let mut resources = vec![settings(&reader.place, block)];
    let named = buckets(reader.named("s3"));
    if named.is_empty() {
        return Outcome { resources, listings: Vec::new() };
    }
    let listed = reader.list(&BUCKETS, None, Request::get(&[]).query("max-buckets", PAGE)).await;
    let own = listed.items.iter().filter_map(|bucket| {
        let name = text(bucket, "/Name").filter(|name| named.contains(*name))?;
        Some((name.to_owned(), text(bucket, "/BucketRegion").map(str::to_owned)))
    });
    let own: BTreeMap<String, Option<String>> = own.collect();
    let read = own.into_iter().map(|(name, region)| fetch(reader, name, region));
    let read: Vec<Option<Bucket>> =
        futures::stream::iter(read).buffer_unordered(reader.limits.concurrency).collect().await;
    resources.extend(read.into_iter().flatten().map(|bucket| normalise(&reader.place, bucket)));
    Outcome { resources, listings: vec![listed.failure] }
}

/// The names of the buckets in ARNs of buckets and of objects in them.
fn buckets(arns: Vec<&str>) -> BTreeSet<String> {
    let names = arns.into_iter().filter_map(|arn| arn.splitn(6, ':').nth(5)?.split('/').next());
    names.filter(|name| !name.is_empty() && !name.contains(['*', '?'])).map(str::to_owned).collect()
}

/// None where the bucket was deleted after it had been listed.
async fn fetch(reader: &Reader, name: String, region: Option<String>) -> Option<Bucket> {
    // Stand-ins for S3 list buckets without their region, and do not mind which one they are asked in.
    let region = region.unwrap_or_else(|| reader.sdk.region().map_or("us-east-1", AsRef::as_ref).to_owned());
    let uid = Uid::from(arn(&reader.place, &name));
    let ask = async |action: &'static Action, part: &str| {
        let request = Request::get(&[name.as_str()]).in_region(&region).query(part, "");
        reader.call(action, Some(&uid), request).await
    };
    let policy = ask(&GET_POLICY, "policy").await;
    if policy.as_ref().is_err_and(|failure| failure.error == "NoSuchBucket") {
        return None;
    }
    let policy = configured(policy);
    let policy_status = match &policy {
        Ok(None) => Ok(None),
        Ok(Some(_)) | Err(_) => configured(ask(&GET_POLICY_STATUS, "policyStatus").await),
    };
    let (block, encryption, notification, versioning, logging) = tokio::join!(
        ask(&GET_BLOCK, "publicAccessBlock"),
        ask(&GET_ENCRYPTION, "encryption"),
        ask(&GET_NOTIFICATION, "notification"),
        ask(&GET_VERSIONING, "versioning"),
        ask(&GET_LOGGING, "logging")
    );
    let (block, encryption) = (configured(block), configured(encryption));
    let (notification, versioning, logging) =
        (configured(notification), configured(versioning), configured(logging));
    Some(Bucket { name, region, policy, policy_status, block, encryption, notification, versioning, logging })
}

/// What was never configured is answered as not found by some calls, and as an empty document by others.
fn configured(reply: Result<Value, Failure>) -> Read {
    match reply {
        Ok(reply) => Ok(reply.as_object().is_some_and(|fields| !fields.is_empty()).then_some(reply)),
        Err(failure) if failure.class == Class::NotFound => Ok(None),
        Err(failure) => Err(failure),
    }
}

fn arn(place: &Place, bucket: &str) -> String {
    format!("arn:{}:s3:::{bucket}", place.partition)
}

fn settings(place: &Place, block: Read) -> Resource {
    let uid = format!("arn:{}:s3::{}:account-settings", place.partition, place.account);
    let mut settings = place.resource("aws.s3.settings", &uid, "S3 settings");
    put(&mut settings, "public_access_block", block);
    settings
}

fn normalise(place: &Place, bucket: Bucket) -> Resource {
    let Bucket { name, region, policy, policy_status, block, encryption, notification, versioning, logging } =
        bucket;
    let mut resource = place.resource("aws.s3.bucket", &arn(place, &name), &name);
    if let Ok(Some(notification)) = &notification {
        for (list, field) in [
            ("/CloudFunctionConfiguration", "/CloudFunction"),
            ("/QueueConfiguration", "/Queue"),
            ("/TopicConfiguration", "/Topic"),
        ] {
            for target in elements(notification, list).iter().filter_map(|one| text(one, field)) {
                let target = unqualified_function(target).unwrap_or(target);
                relate(&mut resource, RelationName::Invokes, Some(target));
            }
        }
    }
    if let Ok(Some(encryption)) = &encryption {
        let there = Place { region: Region::from(region.as_str()), ..place.clone() };
        for rule in elements(encryption, "/Rule") {
            let key = there.key_arn(text(rule, "/ApplyServerSideEncryptionByDefault/KMSMasterKeyID"));
            relate(&mut resource, RelationName::EncryptedBy, key.as_deref());
        }
    }
    put(&mut resource, "location", Ok(Some(json!({ "BucketRegion": region }))));
    put(&mut resource, "policy", policy);
    put(&mut resource, "policy_status", policy_status);
    put(&mut resource, "public_access_block", block);
    put(&mut resource, "encryption", encryption);
    put(&mut resource, "notification", notification);
    put(&mut resource, "versioning", versioning);
    put(&mut resource, "logging", logging);
    resource
}

#[cfg(test)]
mod tests {
    use nephoscope_model::Facet;

    use super::*;
    use crate::aws::xml;

    fn read(action: &Action, text: &str) -> Read {
        configured(Ok(xml::to_json(text, action.operation(), action.xml).unwrap()))
    }

    #[test]
    fn names_of_buckets_and_objects_mean_their_bucket() {
        let arns =
            vec!["arn:aws:s3:::shop", "arn:aws:s3:::shop/code.zip", "arn:aws:s3:::logs-*", "arn:aws:s3:::"];
        assert_eq!(buckets(arns), BTreeSet::from(["shop".to_owned()]));
    }

    #[test]
    fn replies_are_read_as_they_are_documented() {
        let listed = r#"<ListAllMyBucketsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Owner><ID>x</ID></Owner>
            <Buckets><Bucket><Name>true</Name><CreationDate>2026-01-01T00:00:00.000Z</CreationDate>
            <BucketRegion>eu-west-1</BucketRegion></Bucket></Buckets></ListAllMyBucketsResult>"#;
        let listed = xml::to_json(listed, "ListBuckets", BUCKETS.action.xml).unwrap();
        let bucket = &elements(&listed, "/Buckets")[0];
        assert_eq!((text(bucket, "/Name"), text(bucket, "/BucketRegion")), (Some("true"), Some("eu-west-1")));

        let block = "<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls>\
            <RestrictPublicBuckets>false</RestrictPublicBuckets></PublicAccessBlockConfiguration>";
        let block = read(&GET_BLOCK, block).unwrap();
        assert_eq!(block, Some(json!({"BlockPublicAcls": true, "RestrictPublicBuckets": false})));
        let never = "<VersioningConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"/>";
        assert_eq!(read(&GET_VERSIONING, never).unwrap(), None);
        let gone = Failure::new(&GET_POLICY, Class::NotFound, "NoSuchBucketPolicy", "none");
        assert_eq!(configured(Err(gone)).unwrap(), None);
    }

    #[test]
    fn a_bucket_is_related_to_what_it_calls_and_to_its_key() {
        let notification = "<NotificationConfiguration><CloudFunctionConfiguration><Id>1</Id>\
            <CloudFunction>arn:aws:lambda:eu-west-1:123456789012:function:resize:live</CloudFunction>\
            <Event>s3:ObjectCreated:*</Event></CloudFunctionConfiguration><QueueConfiguration>\
            <Queue>arn:aws:sqs:eu-west-1:123456789012:late</Queue></QueueConfiguration></NotificationConfiguration>";
        let encryption = "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault>\
            <SSEAlgorithm>aws:kms</SSEAlgorithm><KMSMasterKeyID>1-2</KMSMasterKeyID></ApplyServerSideEncryptionByDefault>\
            <BucketKeyEnabled>true</BucketKeyEnabled></Rule></ServerSideEncryptionConfiguration>";
        let bucket = Bucket {
            name: "shop".to_owned(),
            region: "eu-west-1".to_owned(),
            policy: Ok(None),
            policy_status: Ok(None),
            block: Err(Failure::new(&GET_BLOCK, Class::Denied, "AccessDenied", "no")),
            encryption: read(&GET_ENCRYPTION, encryption),
            notification: read(&GET_NOTIFICATION, notification),
            versioning: Ok(None),
            logging: Ok(None),
        };
        let mut place = Place::example("s3");
        place.region = Region::global();
        let bucket = normalise(&place, bucket);
        let edges: Vec<&str> = bucket.relations.iter().map(|relation| relation.to.as_str()).collect();
        assert_eq!(
            edges,
            [
                "arn:aws:lambda:eu-west-1:123456789012:function:resize",
                "arn:aws:sqs:eu-west-1:123456789012:late",
                "arn:aws:kms:eu-west-1:123456789012:key/1-2"
            ]
        );
        assert_eq!(bucket.facets["policy"], Facet::Absent);
        let unread = bucket.facets["public_access_block"].unreadable().unwrap();
        assert_eq!(unread.permission.as_deref(), Some("s3:GetBucketPublicAccessBlock"));
    }
}
