//! Data and messaging around functions, in the provider's own words, and what becomes of it.

use nephoscope_model::CoverageState;

use super::estate::xml;
use super::*;

const KEY: &str = "arn:aws:kms:eu-west-1:123456789012:key/1";
const TOPIC: &str = "arn:aws:sns:eu-west-1:123456789012:orders";
const REPOSITORY: &str = "arn:aws:ecr:eu-west-1:123456789012:repository/shop";
const DIGEST: &str = "sha256:0123";
const FILE_SYSTEM: &str = "arn:aws:elasticfilesystem:eu-west-1:123456789012:file-system/fs-1";
const ACCESS_POINT: &str = "arn:aws:elasticfilesystem:eu-west-1:123456789012:access-point/fsap-1";

/// What resources of other shards refer to.
pub(super) const NAMED: &[&str] = &[
    KEY,
    "arn:aws:kms:eu-west-1:123456789012:alias/shop",
    "arn:aws:kms:eu-west-1:123456789012:alias/aws/sqs",
    "arn:aws:kms:eu-west-1:999999999999:key/9",
    "arn:aws:s3:::shop",
    "arn:aws:s3:::shop/code.zip",
    "arn:aws:s3:::theirs",
    "arn:aws:ecr:eu-west-1:123456789012:repository/shop@sha256:0123",
    ACCESS_POINT,
];

/// The services that this file answers for.
pub(super) const SERVICES: &[&str] = &[
    "sqs",
    "sns",
    "dynamodb",
    "dax",
    "kinesis",
    "firehose",
    "secretsmanager",
    "ssm",
    "kms",
    "s3",
    "ecr",
    "efs",
];

/// The action behind a path and what follows it.
pub(super) fn action_of(parts: &[&str], query: &str) -> Option<&'static str> {
    Some(match (parts, query.split('=').next().unwrap_or_default()) {
        ([""], "max-buckets") => "ListBuckets",
        ([_], "policy") => "GetBucketPolicy",
        ([_], "policyStatus") => "GetBucketPolicyStatus",
        ([_], "publicAccessBlock") => "GetBucketPublicAccessBlock",
        ([_], "encryption") => "GetBucketEncryption",
        ([_], "notification") => "GetBucketNotificationConfiguration",
        ([_], "versioning") => "GetBucketVersioning",
        ([_], "logging") => "GetBucketLogging",
        (["v20180820", "configuration", "publicAccessBlock"], _) => "GetPublicAccessBlock",
        ([_, "access-points"], _) => "DescribeAccessPoints",
        ([_, "file-systems"], _) => "DescribeFileSystems",
        ([_, "file-systems", _, "policy"], _) => "DescribeFileSystemPolicy",
        ([_, "file-systems", _, "backup-policy"], _) => "DescribeBackupPolicy",
        _ => return None,
    })
}

fn policy() -> String {
    json!({"Version": "2012-10-17", "Statement": []}).to_string()
}

pub(super) fn answer(action: &str) -> Option<ResponseTemplate> {
    let body = match action {
        "ListQueues" => json!({"QueueUrls": ["https://sqs.eu-west-1.amazonaws.com/123456789012/orders"]}),
        "GetQueueAttributes" => {
            json!({"Attributes": {"Policy": policy(), "KmsMasterKeyId": KEY, "ApproximateNumberOfMessages": "3"}})
        }
        "ListTopics" | "GetTopicAttributes" | "ListSubscriptions" | "ListSubscriptionsByTopic" => {
            return Some(xml(&topics(action)));
        }
        "ListTables" => json!({"TableNames": ["shop"]}),
        "DescribeTable" => json!({"Table": {
            "TableName": "shop", "LatestStreamArn": "arn:stream", "StreamSpecification": {"StreamEnabled": true},
            "ItemCount": 3,
        }}),
        "GetResourcePolicy" => json!({"Policy": policy(), "ResourcePolicy": policy()}),
        "DescribeContinuousBackups" => {
            json!({"ContinuousBackupsDescription": {"ContinuousBackupsStatus": "ENABLED"}})
        }
        "DescribeScalableTargets" => json!({"ScalableTargets": []}),
        "ListBackups" => json!({"BackupSummaries": [backup("before-launch")]}),
        "DescribeClusters" => {
            json!({"Clusters": [{"ClusterName": "cache", "ClusterArn": "arn:aws:dax:eu-west-1:123456789012:cache/cache"}]})
        }
        "ListStreams" => json!({"StreamNames": ["clicks"], "HasMoreStreams": false}),
        "DescribeStreamSummary" => {
            json!({"StreamDescriptionSummary": {"StreamName": "clicks", "OpenShardCount": 4}})
        }
        "ListDeliveryStreams" => json!({"DeliveryStreamNames": ["clicks"], "HasMoreDeliveryStreams": false}),
        "DescribeDeliveryStream" => {
            let splunk =
                json!({"HECToken": "CANARY-token", "HECEndpoint": "https://splunk.example/CANARY-path"});
            json!({"DeliveryStreamDescription": {"Destinations": [{"SplunkDestinationDescription": splunk}]}})
        }
        "ListSecrets" => json!({"SecretList": [
            {"ARN": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-1", "Name": "db", "LastAccessedDate": 1},
        ]}),
        "DescribeParameters" => json!({"Parameters": [{"Name": "/shop/colour", "Type": "String"}]}),
        "DescribeKey" => json!({"KeyMetadata": {
            "Arn": KEY, "KeyManager": "CUSTOMER", "KeySpec": "SYMMETRIC_DEFAULT", "Origin": "AWS_KMS", "KeyState": "Enabled",
        }}),
        "GetKeyPolicy" => json!({"Policy": policy(), "PolicyName": "default"}),
        "GetKeyRotationStatus" => json!({"KeyRotationEnabled": true, "NextRotationDate": 1}),
        "GetBucketPolicy" => serde_json::from_str(&policy()).unwrap(),
        "ListBuckets" | "GetPublicAccessBlock" => return Some(xml(buckets(action))),
        action if action.starts_with("GetBucket") => return Some(xml(buckets(action))),
        "DescribeRepositories" => json!({"repositories": [
            {"repositoryArn": REPOSITORY, "repositoryName": "shop"},
            {"repositoryArn": format!("{REPOSITORY}-other"), "repositoryName": "shop-other"},
        ]}),
        "BatchGetRepositoryScanningConfiguration" => {
            json!({"scanningConfigurations": [{"repositoryArn": REPOSITORY, "scanOnPush": true}], "failures": []})
        }
        "GetRepositoryPolicy" => json!({"policyText": policy()}),
        "GetLifecyclePolicy" => json!({"lifecyclePolicyText": json!({"rules": []}).to_string()}),
        "DescribeImages" => json!({"imageDetails": [{"imageDigest": DIGEST, "lastRecordedPullTime": 1}]}),
        "DescribeAccessPoints" => json!({"AccessPoints": [
            {"AccessPointArn": ACCESS_POINT, "AccessPointId": "fsap-1", "FileSystemId": "fs-1"},
            {"AccessPointArn": "arn:other", "AccessPointId": "fsap-2", "FileSystemId": "fs-2"},
        ]}),
        "DescribeFileSystems" => json!({"FileSystems": [
            {"FileSystemArn": FILE_SYSTEM, "FileSystemId": "fs-1", "SizeInBytes": {"Value": 3}},
            {"FileSystemArn": "arn:other", "FileSystemId": "fs-2"},
        ]}),
        "DescribeFileSystemPolicy" => json!({"Policy": policy()}),
        "DescribeBackupPolicy" => json!({"BackupPolicy": {"Status": "ENABLED"}}),
        _ => return None,
    };
    Some(ResponseTemplate::new(200).set_body_json(body))
}

fn backup(name: &str) -> Value {
    json!({
        "TableName": "shop", "BackupArn": format!("arn:{name}"), "BackupName": name, "BackupType": "USER",
        "BackupStatus": "CREATING", "BackupSizeBytes": 3, "BackupCreationDateTime": 1.5,
    })
}

/// One topic that counts two subscriptions, of which the account's own listing knows one.
fn topics(action: &str) -> String {
    let subscription = |number: u8, owner: &str| {
        format!(
            "<member><SubscriptionArn>{TOPIC}:{number}</SubscriptionArn><Owner>{owner}</Owner><Protocol>https</Protocol>\
             <Endpoint>https://hooks.example/CANARY-path</Endpoint><TopicArn>{TOPIC}</TopicArn></member>"
        )
    };
    let (own, foreign) = (subscription(1, ACCOUNT), subscription(2, "999999999999"));
    let result = match action {
        "ListTopics" => format!("<Topics><member><TopicArn>{TOPIC}</TopicArn></member></Topics>"),
        "GetTopicAttributes" => format!(
            "<Attributes><entry><key>SubscriptionsConfirmed</key><value>2</value></entry>\
             <entry><key>Policy</key><value>{}</value></entry></Attributes>",
            policy()
        ),
        "ListSubscriptions" => format!("<Subscriptions>{own}</Subscriptions>"),
        _ => format!("<Subscriptions>{own}{foreign}</Subscriptions>"),
    };
    format!("<{action}Response><{action}Result>{result}</{action}Result></{action}Response>")
}

fn buckets(action: &str) -> &'static str {
    match action {
        "ListBuckets" => {
            "<ListAllMyBucketsResult><Buckets><Bucket><Name>shop</Name><BucketRegion>eu-central-1</BucketRegion></Bucket>\
             <Bucket><Name>unnamed</Name></Bucket></Buckets></ListAllMyBucketsResult>"
        }
        "GetBucketPolicyStatus" => "<PolicyStatus><IsPublic>false</IsPublic></PolicyStatus>",
        "GetBucketEncryption" => {
            "<ServerSideEncryptionConfiguration><Rule/></ServerSideEncryptionConfiguration>"
        }
        "GetBucketNotificationConfiguration" => "<NotificationConfiguration/>",
        "GetBucketVersioning" => {
            "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
        }
        "GetBucketLogging" => "<BucketLoggingStatus/>",
        _ => {
            "<PublicAccessBlockConfiguration><RestrictPublicBuckets>true</RestrictPublicBuckets>\
             </PublicAccessBlockConfiguration>"
        }
    }
}

#[tokio::test]
async fn each_is_read_whole_with_the_fewest_calls() {
    let fake = Fake::start(|_, _, _| None).await;
    // Service, resources, and calls.
    for (service, resources, calls) in [
        ("sqs", 1, 2),
        // The topic, its attributes, the account's subscriptions and, because there are more, the topic's.
        ("sns", 3, 4),
        // The listing, three calls about the table, one about its stream, and the region's scaling and backups.
        ("dynamodb", 1, 7),
        ("dax", 1, 1),
        ("kinesis", 1, 3),
        ("firehose", 1, 2),
        ("secretsmanager", 1, 2),
        ("ssm", 1, 1),
        // One key under two names: two descriptions, its policy and its rotation.
        ("kms", 1, 4),
        // The account's settings, the listing, and seven calls about the one bucket that is named and ours.
        ("s3", 2, 9),
        ("ecr", 1, 5),
        ("efs", 2, 4),
    ] {
        let shard = fake.collect(service).await;
        assert_eq!(shard.coverage.state, CoverageState::Complete, "{service}: {:?}", shard.coverage.errors);
        assert!(shard.coverage.listed, "{service}");
        assert_eq!(shard.resources.len(), resources, "{service}: {:?}", shard.resources);
        assert_eq!(
            shard.coverage.calls.values().sum::<u64>(),
            calls,
            "{service}: {:?}",
            shard.coverage.calls
        );
        for resource in &shard.resources {
            for (name, facet) in &resource.facets {
                assert!(facet.unreadable().is_none(), "{service}: {name} is {facet:?}");
            }
        }
    }
}

#[tokio::test]
async fn what_changes_by_itself_is_left_out() {
    let fake = Fake::start(|_, _, _| None).await;
    for service in SERVICES {
        let text = serde_json::to_string(&fake.collect(service).await.resources).unwrap();
        for field in [
            "ApproximateNumberOfMessages",
            "SubscriptionsConfirmed",
            "ItemCount",
            "BackupSizeBytes",
            "BackupStatus",
            "OpenShardCount",
            "NextRotationDate",
            "lastRecordedPullTime",
            "SizeInBytes",
        ] {
            assert!(!text.contains(field), "{service} keeps {field}");
        }
    }
}

#[tokio::test]
async fn nothing_is_asked_about_what_nothing_names() {
    let fake = Fake::start(|_, _, _| None).await;
    let mut aws = Aws::identify(options(quick()), sdk(&fake.server.uri())).await.unwrap();
    aws.account = ACCOUNT.into();
    for (service, calls) in [("kms", 0), ("ecr", 0), ("efs", 0), ("s3", 1)] {
        let region = if service == "s3" { Region::global() } else { Region::from("eu-west-1") };
        let shard = aws.collect(&key(region, service), &Context::default()).await;
        assert_eq!(
            shard.coverage.calls.values().sum::<u64>(),
            calls,
            "{service}: {:?}",
            shard.coverage.calls
        );
        assert_eq!(shard.coverage.state, CoverageState::Complete, "{service}");
    }
}

#[tokio::test]
async fn refused_details_are_unreadable_and_name_the_permission() {
    // Service, action, the resource's name, its facet, and the permission.
    let cases = [
        ("sqs", "GetQueueAttributes", "orders", "policy", "sqs:GetQueueAttributes"),
        ("sns", "GetTopicAttributes", "orders", "policy", "sns:GetTopicAttributes"),
        ("dynamodb", "DescribeTable", "shop", "stream_policy", "dynamodb:DescribeTable"),
        ("dynamodb", "GetResourcePolicy", "shop", "policy", "dynamodb:GetResourcePolicy"),
        (
            "dynamodb",
            "DescribeScalableTargets",
            "shop",
            "scaling",
            "application-autoscaling:DescribeScalableTargets",
        ),
        ("dynamodb", "ListBackups", "shop", "on_demand_backups", "dynamodb:ListBackups"),
        ("kinesis", "GetResourcePolicy", "clicks", "policy", "kinesis:GetResourcePolicy"),
        ("firehose", "DescribeDeliveryStream", "clicks", "stream", "firehose:DescribeDeliveryStream"),
        ("secretsmanager", "GetResourcePolicy", "db", "policy", "secretsmanager:GetResourcePolicy"),
        ("kms", "GetKeyPolicy", "1", "policy", "kms:GetKeyPolicy"),
        ("s3", "GetBucketPolicy", "shop", "policy", "s3:GetBucketPolicy"),
        ("s3", "GetBucketEncryption", "shop", "encryption", "s3:GetEncryptionConfiguration"),
        ("ecr", "GetLifecyclePolicy", "shop", "lifecycle", "ecr:GetLifecyclePolicy"),
        ("efs", "DescribeFileSystemPolicy", "fs-1", "policy", "elasticfilesystem:DescribeFileSystemPolicy"),
    ];
    for (service, refused, name, facet, permission) in cases {
        let fake = Fake::start(move |action, _, _| {
            (action == refused).then(|| error(403, "AccessDeniedException", "no"))
        });
        let shard = fake.await.collect(service).await;
        assert_eq!(shard.coverage.state, CoverageState::Partial, "{service} {refused}");
        assert!(shard.coverage.listed, "{service} {refused}");
        let unread = unreadable(find(&shard, name), facet);
        assert_eq!(unread.permission.as_deref(), Some(permission), "{service} {refused}");
    }
}

#[tokio::test]
async fn what_was_never_configured_is_absent() {
    // Service, action, the code that says so, the resource's name and its facet.
    let cases = [
        ("dynamodb", "GetResourcePolicy", "PolicyNotFoundException", "shop", "policy"),
        ("kinesis", "GetResourcePolicy", "ResourceNotFoundException", "clicks", "policy"),
        ("s3", "GetBucketPolicy", "NoSuchBucketPolicy", "shop", "policy"),
        (
            "s3",
            "GetBucketPublicAccessBlock",
            "NoSuchPublicAccessBlockConfiguration",
            "shop",
            "public_access_block",
        ),
        ("s3", "GetBucketEncryption", "ServerSideEncryptionConfigurationNotFoundError", "shop", "encryption"),
        ("ecr", "GetRepositoryPolicy", "RepositoryPolicyNotFoundException", "shop", "policy"),
        ("ecr", "GetLifecyclePolicy", "LifecyclePolicyNotFoundException", "shop", "lifecycle"),
        ("ecr", "DescribeImages", "ImageNotFoundException", "shop", "images"),
        ("efs", "DescribeFileSystemPolicy", "PolicyNotFound", "fs-1", "policy"),
    ];
    for (service, action, code, name, facet) in cases {
        let fake = Fake::start(move |asked, _, _| (asked == action).then(|| error(404, code, "none")));
        let shard = fake.await.collect(service).await;
        assert_eq!(shard.coverage.state, CoverageState::Complete, "{service} {code}");
        assert_eq!(find(&shard, name).facets[facet], Facet::Absent, "{service} {code}");
    }
}

#[tokio::test]
async fn what_vanished_after_it_was_listed_is_gone() {
    let cases = [
        ("sqs", "GetQueueAttributes", "AWS.SimpleQueueService.NonExistentQueue"),
        ("sns", "GetTopicAttributes", "NotFound"),
        ("dynamodb", "DescribeTable", "ResourceNotFoundException"),
        ("kinesis", "DescribeStreamSummary", "ResourceNotFoundException"),
        ("firehose", "DescribeDeliveryStream", "ResourceNotFoundException"),
        ("secretsmanager", "GetResourcePolicy", "ResourceNotFoundException"),
        ("kms", "DescribeKey", "NotFoundException"),
        ("kms", "GetKeyPolicy", "NotFoundException"),
        ("s3", "GetBucketPolicy", "NoSuchBucket"),
        ("ecr", "GetRepositoryPolicy", "RepositoryNotFoundException"),
        ("efs", "DescribeFileSystemPolicy", "FileSystemNotFound"),
    ];
    let kind = |service: &str| match service {
        "sns" => "aws.sns.topic",
        "s3" => "aws.s3.bucket",
        "efs" => "aws.efs.filesystem",
        _ => "",
    };
    for (service, action, code) in cases {
        let fake = Fake::start(move |asked, _, _| (asked == action).then(|| error(404, code, "gone")));
        let shard = fake.await.collect(service).await;
        let left =
            shard.resources.iter().filter(|resource| resource.kind.as_str().starts_with(kind(service)));
        assert_eq!(left.count(), 0, "{service} {code}");
        assert_eq!(shard.coverage.state, CoverageState::Complete, "{service} {code}");
    }
}

#[tokio::test]
async fn an_alias_that_cannot_be_resolved_leaves_the_listing_open() {
    let fake = Fake::start(|action, _, _| {
        (action == "DescribeKey").then(|| error(400, "AccessDeniedException", "no"))
    });
    let shard = fake.await.collect("kms").await;
    assert!(!shard.coverage.listed, "the key behind the alias may be another one");
    assert_eq!(shard.coverage.state, CoverageState::Partial);
    // The key that was named itself is there, and nothing is known of what it is.
    assert!(unreadable(find(&shard, "1"), "key").permission.is_some());
}

#[tokio::test]
async fn keys_of_aws_are_not_asked_for_their_policy() {
    let fake = Fake::start(|action, _, _| {
        let key = json!({"KeyMetadata": {"Arn": KEY, "KeyManager": "AWS"}});
        (action == "DescribeKey").then(|| ResponseTemplate::new(200).set_body_json(key))
    })
    .await;
    let shard = fake.collect("kms").await;
    assert_eq!(fake.count("GetKeyPolicy") + fake.count("GetKeyRotationStatus"), 0);
    assert_eq!(find(&shard, "1").facets["policy"], Facet::Absent);
}

#[tokio::test]
async fn scaling_is_not_asked_for_where_all_tables_are_paid_by_request() {
    let fake = Fake::start(|action, _, _| {
        let table = json!({"Table": {"BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"}}});
        (action == "DescribeTable").then(|| ResponseTemplate::new(200).set_body_json(table))
    })
    .await;
    let shard = fake.collect("dynamodb").await;
    assert_eq!(fake.count("DescribeScalableTargets"), 0);
    assert_eq!(find(&shard, "shop").facets["scaling"], Facet::Absent);
    assert_eq!(fake.count("GetResourcePolicy"), 1, "there is no stream");
}

#[tokio::test]
async fn on_demand_backups_are_listed_once_for_all_tables() {
    let fake = Fake::start(|action, before, request| {
        let body = match action {
            "ListTables" => json!({"TableNames": ["shop", "quiet"]}),
            "ListBackups" => {
                let asked: Value = serde_json::from_slice(&request.body).unwrap();
                assert!(asked.get("TableName").is_none(), "{asked}");
                let next = asked.get("ExclusiveStartBackupArn").cloned();
                assert_eq!(next, (before > 0).then(|| json!("arn:a")));
                let first = json!({"BackupSummaries": [backup("a")], "LastEvaluatedBackupArn": "arn:a"});
                if before == 0 { first } else { json!({"BackupSummaries": [backup("b")]}) }
            }
            _ => return None,
        };
        Some(ResponseTemplate::new(200).set_body_json(body))
    });
    let fake = fake.await;
    let shard = fake.collect("dynamodb").await;
    assert_eq!(shard.coverage.state, CoverageState::Complete, "{:?}", shard.coverage.errors);
    assert_eq!(fake.count("ListBackups"), 2);
    let backups = known(find(&shard, "shop"), "on_demand_backups");
    let kept = |name: &str| {
        let mut kept = backup(name);
        for field in ["BackupStatus", "BackupSizeBytes"] {
            kept.as_object_mut().unwrap().remove(field);
        }
        kept
    };
    assert_eq!(backups, &json!({"BackupSummaries": [kept("b"), kept("a")], "count": 2}));
    assert_eq!(find(&shard, "quiet").facets["on_demand_backups"], Facet::Absent);

    let without = Fake::start(|action, _, _| {
        let none = || ResponseTemplate::new(200).set_body_json(json!({"TableNames": []}));
        (action == "ListTables").then(none)
    });
    let without = without.await;
    without.collect("dynamodb").await;
    assert_eq!(without.count("ListBackups"), 0, "there is nothing that they could be of");
}

#[tokio::test]
async fn delivery_streams_beyond_the_page_leave_the_listing_open() {
    let fake = Fake::start(|action, _, _| {
        let page = json!({"DeliveryStreamNames": ["clicks"], "HasMoreDeliveryStreams": true});
        (action == "ListDeliveryStreams").then(|| ResponseTemplate::new(200).set_body_json(page))
    });
    let shard = fake.await.collect("firehose").await;
    assert!(!shard.coverage.listed);
    assert_eq!(shard.resources.len(), 1);
}
