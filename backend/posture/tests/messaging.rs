//! Facts and exposure of queues, topics, tables, keys and buckets, with a failure beside each success.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[expect(dead_code, reason = "the other tests and the bench use more of it")]
mod shop;

use nephoscope_model::finding::Exposure;
use nephoscope_model::{RelationName, Resource, ServiceName};
use serde_json::{Value, json};
use shop::{ACCOUNT, Shop, arn, exposure, known, related, resource, unknown, unread};

const QUEUE: &str = "arn:aws:sqs:eu-west-1:111122223333:late";
const TOPIC: &str = "arn:aws:sns:eu-west-1:111122223333:orders";
const TABLE: &str = "arn:aws:dynamodb:eu-west-1:111122223333:table/shop";
const BUCKET: &str = "arn:aws:s3:::shop";
const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/1";

/// A shop with these resources in which queues and topics were listed as well.
fn shop(resources: Vec<Resource>) -> Shop {
    let mut shop = Shop::with(resources);
    for service in ["sqs", "sns"] {
        let mut row =
            shop.coverage.iter().find(|row| row.shard.service.as_str() == "lambda").unwrap().clone();
        row.shard.service = ServiceName::from(service);
        shop.coverage.push(row);
    }
    shop
}

fn policy(principal: Value) -> Value {
    json!({"Statement": [{"Effect": "Allow", "Principal": principal, "Action": "sqs:*", "Resource": "*"}]})
}

fn queue(policy: Value) -> Resource {
    resource("aws.sqs.queue", QUEUE, json!({"attributes": {}, "policy": policy}))
}

#[test]
fn a_queue_is_reached_as_far_as_its_policy_says() {
    let partner = json!({"AWS": "arn:aws:iam::444455556666:root"});
    assert_eq!(exposure(&shop(vec![queue(policy(json!("*")))]), QUEUE), Exposure::Internet);
    assert_eq!(exposure(&shop(vec![queue(policy(partner))]), QUEUE), Exposure::CrossAccount);
    assert_eq!(exposure(&shop(vec![queue(Value::Null)]), QUEUE), Exposure::Internal);
    let hidden = shop(vec![unread(queue(Value::Null), "policy")]);
    assert_eq!(exposure(&hidden, QUEUE), Exposure::Unknown);
    assert!(!unknown(&hidden, QUEUE, "grants").is_empty());
    assert_eq!(known(&shop(vec![queue(Value::Null)]), QUEUE, "grants"), json!([]));
}

#[test]
fn a_dead_letter_queue_knows_who_sends_to_it() {
    let sender = "arn:aws:sqs:eu-west-1:111122223333:orders";
    let source = resource("aws.sqs.queue", sender, json!({"attributes": {}, "policy": null}));
    let source = related(source, RelationName::WritesTo, QUEUE);
    let both = shop(vec![queue(Value::Null), source]);
    assert_eq!(known(&both, QUEUE, "dead_letters_of"), json!([sender]));
    assert_eq!(
        known(&both.clone().unlisted("lambda"), QUEUE, "dead_letters_of"),
        json!([sender]),
        "a witness"
    );

    let alone = shop(vec![queue(Value::Null)]);
    assert_eq!(known(&alone, QUEUE, "dead_letters_of"), json!([]));
    for service in ["sqs", "lambda"] {
        assert!(!unknown(&alone.clone().unlisted(service), QUEUE, "dead_letters_of").is_empty(), "{service}");
    }
}

#[test]
fn a_topic_knows_its_subscribers() {
    let topic = || resource("aws.sns.topic", TOPIC, json!({"attributes": {}, "policy": null}));
    let subscription = |facets: Value| {
        let one = resource("aws.sns.subscription", &format!("{TOPIC}:1"), facets);
        related(one, RelationName::PartOf, TOPIC)
    };
    let said = json!({"Protocol": "lambda", "Endpoint": arn(1), "Owner": ACCOUNT});
    let both = shop(vec![topic(), subscription(json!({ "subscription": said }))]);
    let expected = json!([{"uid": format!("{TOPIC}:1"), "protocol": "lambda", "endpoint": arn(1)}]);
    assert_eq!(known(&both, TOPIC, "subscribers"), expected);
    assert_eq!(known(&shop(vec![topic()]), TOPIC, "subscribers"), json!([]));
    assert!(!unknown(&both.unlisted("sns"), TOPIC, "subscribers").is_empty(), "there may be others");
    let hidden = unread(subscription(json!({"subscription": {}})), "subscription");
    assert!(!unknown(&shop(vec![topic(), hidden]), TOPIC, "subscribers").is_empty());
}

#[test]
fn whose_key_it_is_follows_from_its_name_or_from_the_key() {
    let with = |key: &str| related(queue(Value::Null), RelationName::EncryptedBy, key);
    let of = |key: &str| known(&shop(vec![with(key)]), QUEUE, "customer_key");
    assert_eq!(of("arn:aws:kms:eu-west-1:111122223333:alias/aws/sqs"), json!(false));
    assert_eq!(of("arn:aws:kms:eu-west-1:111122223333:alias/shop"), json!(true));
    assert_eq!(of("arn:aws:kms:eu-west-1:444455556666:key/1"), json!(true), "shared by another account");
    assert_eq!(known(&shop(vec![queue(Value::Null)]), QUEUE, "customer_key"), json!(false));

    let key =
        |manager: &str| resource("aws.kms.key", KEY, json!({"key": {"KeyManager": manager}, "policy": null}));
    assert_eq!(known(&shop(vec![with(KEY), key("CUSTOMER")]), QUEUE, "customer_key"), json!(true));
    assert_eq!(known(&shop(vec![with(KEY), key("AWS")]), QUEUE, "customer_key"), json!(false));
    assert!(!unknown(&shop(vec![with(KEY)]), QUEUE, "customer_key").is_empty(), "nobody asked whose it is");
    assert!(!unknown(&shop(vec![with(KEY), unread(key("AWS"), "key")]), QUEUE, "customer_key").is_empty());
    let hidden = unread(queue(Value::Null), "attributes");
    assert!(!unknown(&shop(vec![hidden]), QUEUE, "customer_key").is_empty(), "the queue may name a key");
}

#[test]
fn a_table_is_reached_through_its_stream_as_well() {
    let table = |policy: Value, stream: Value| {
        let facets =
            json!({"table": {}, "backups": {}, "scaling": null, "policy": policy, "stream_policy": stream});
        resource("aws.dynamodb.table", TABLE, facets)
    };
    let through_stream = shop(vec![table(Value::Null, policy(json!("*")))]);
    assert_eq!(exposure(&through_stream, TABLE), Exposure::Internet);
    assert_eq!(known(&through_stream, TABLE, "grants")[0]["source"], "stream_policy");
    let both = shop(vec![table(policy(json!({"AWS": ACCOUNT})), policy(json!("*")))]);
    assert_eq!(known(&both, TABLE, "grants").as_array().unwrap().len(), 2);
    let hidden = shop(vec![unread(table(Value::Null, Value::Null), "stream_policy")]);
    assert!(!unknown(&hidden, TABLE, "grants").is_empty());
    assert_eq!(exposure(&hidden, TABLE), Exposure::Unknown);
}

#[test]
fn a_bar_to_the_public_closes_a_bucket_whose_policy_is_open() {
    let bucket = |policy: Value, block: Value| {
        resource("aws.s3.bucket", BUCKET, json!({"policy": policy, "public_access_block": block}))
    };
    let settings = |block: Value| {
        resource(
            "aws.s3.settings",
            "arn:aws:s3::111122223333:account-settings",
            json!({ "public_access_block": block }),
        )
    };
    let barred = || json!({"RestrictPublicBuckets": true});
    let lax = || json!({"RestrictPublicBuckets": false, "BlockPublicPolicy": true});
    let open = || policy(json!("*"));
    let of = |bucket: Resource, settings: Resource| exposure(&shop(vec![bucket, settings]), BUCKET);
    assert_eq!(of(bucket(open(), Value::Null), settings(Value::Null)), Exposure::Internet);
    assert_eq!(of(bucket(open(), lax()), settings(lax())), Exposure::Internet, "blocks only new policies");
    assert_eq!(of(bucket(open(), barred()), settings(Value::Null)), Exposure::Internal);
    assert_eq!(of(bucket(open(), Value::Null), settings(barred())), Exposure::Internal);
    let shared = policy(json!({"AWS": ["*", "444455556666"]}));
    assert_eq!(
        of(bucket(shared, barred()), settings(lax())),
        Exposure::Internal,
        "one statement, wholly barred"
    );
    let partner = policy(json!({"AWS": "444455556666"}));
    assert_eq!(of(bucket(partner, barred()), settings(barred())), Exposure::CrossAccount);
    let hidden = unread(bucket(open(), Value::Null), "public_access_block");
    assert_eq!(of(hidden.clone(), settings(barred())), Exposure::Internal, "one bar suffices");
    assert_eq!(of(hidden, settings(lax())), Exposure::Unknown);
    assert_eq!(of(unread(bucket(Value::Null, lax()), "policy"), settings(lax())), Exposure::Unknown);
}
