"""Data and messaging around functions: queues, topics, tables, caches, streams, secrets, parameters, keys.

Whoever plants a queue, a topic, a table or a stream elsewhere plants a flawless one, or judges it there.
moto keeps no policy of a table's stream and no copies of a table, so that these have no story here. What it lacks of
the reads stands in data_reads.py.
"""

from ground import ACCOUNT, PARTNER, REGION, STRANGER, allow, canary, client, judge, policy, word

EVERYBODY, THE_PARTNER = {"Principal": "*"}, {"Principal": {"AWS": f"arn:aws:iam::{PARTNER}:root"}}
OWNER = {"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}}
HERE = f"{REGION}:{ACCOUNT}"


def plant_key(name, statement):
    return client("kms").create_key(Description=name, Policy=policy(statement))["KeyMetadata"]["Arn"]


def plant_keys():
    """A customer key for good use; and one that is open to everybody, which a queue uses."""
    key = plant_key("data", allow("kms:*", "*", **OWNER))
    client("kms").create_alias(AliasName="alias/data", TargetKeyId=key)
    judge("aws-kms-function-key-public", key, False)
    open_key = plant_key("open", allow("kms:*", "*", **EVERYBODY))
    judge("aws-kms-function-key-public", open_key, True)
    return key, open_key


def plant_queues(key, open_key):
    queues = client("sqs")
    late = f"arn:aws:sqs:{HERE}:orders-late"
    failures = '{"deadLetterTargetArn": "%s", "maxReceiveCount": 5}' % late
    plain_denied = {
        **allow("sqs:*", "*", **EVERYBODY),
        "Effect": "Deny",
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    from_topic = {"Principal": {"Service": "sns.amazonaws.com"}}
    from_topic["Condition"] = {"ArnEquals": {"aws:SourceArn": f"arn:aws:sns:{HERE}:orders"}}
    of_organisation = {**EVERYBODY, "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}}
    # Name, statements, attributes, and which checks fail.
    good = {"KmsMasterKeyId": "alias/data", "RedrivePolicy": failures}
    service_keys = {"SqsManagedSseEnabled": "true", "RedrivePolicy": failures}
    planted = [
        ("orders-late", [], {"KmsMasterKeyId": key}, []),
        ("orders", [allow("sqs:SendMessage", "*", **from_topic)], good, []),
        ("orders-open", [allow("sqs:SendMessage", "*", **EVERYBODY)], good, ["policy-public", "no-tls-policy"]),
        ("orders-shared", [allow("sqs:SendMessage", "*", **THE_PARTNER), plain_denied], good, ["cross-account"]),
        ("orders-family", [allow("sqs:SendMessage", "*", **of_organisation)], good, ["no-tls-policy"]),
        ("orders-owner", [allow("SQS:*", "*", **OWNER)], good, []),
        ("orders-handed-over", [allow("sqs:*", "*", **from_topic)], good, ["policy-wildcard-action"]),
        ("orders-clear", [], {"SqsManagedSseEnabled": "false", "RedrivePolicy": failures}, ["unencrypted"]),
        ("orders-service-key", [], service_keys, ["no-cmk"]),
        ("orders-aws-key", [], {"KmsMasterKeyId": "alias/aws/sqs", "RedrivePolicy": failures}, ["no-cmk"]),
        ("orders-open-key", [], {"KmsMasterKeyId": open_key, "RedrivePolicy": failures}, []),
        ("orders-dropped", [], {"KmsMasterKeyId": key}, ["no-dlq"]),
    ]
    for name, statements, attributes, flaws in planted:
        if statements:
            attributes = {**attributes, "Policy": policy(*statements)}
        queues.create_queue(QueueName=name, Attributes=attributes)
        uid = f"arn:aws:sqs:{HERE}:{name}"
        for check in ["policy-public", "cross-account", "unencrypted"]:
            judge(f"aws-sqs-{check}", uid, check in flaws)
        if statements:
            judge("aws-sqs-policy-wildcard-action", uid, "policy-wildcard-action" in flaws)
        if "unencrypted" not in flaws:
            judge("aws-sqs-no-cmk", uid, "no-cmk" in flaws)
        if name in ("orders-open", "orders-shared", "orders-family"):
            judge("aws-sqs-no-tls-policy", uid, "no-tls-policy" in flaws)
        if name != "orders-late":
            judge("aws-sqs-no-dlq", uid, "no-dlq" in flaws)


def plant_topics(key, function):
    topics = client("sns")
    log = {"LambdaFailureFeedbackRoleArn": f"arn:aws:iam::{ACCOUNT}:role/shop-writer"}
    planted = [
        ("orders", [], {"KmsMasterKeyId": key, **log}, []),
        ("orders-open", [allow("sns:Publish", "*", **EVERYBODY)], {"KmsMasterKeyId": key}, ["policy-public"]),
        ("orders-shared", [allow("sns:Subscribe", "*", **THE_PARTNER)], {"KmsMasterKeyId": key}, ["cross-account"]),
        ("orders-clear", [], {}, ["unencrypted"]),
        ("orders-aws-key", [], {"KmsMasterKeyId": "alias/aws/sns"}, ["no-cmk"]),
        ("orders-unseen", [], {"KmsMasterKeyId": "alias/data"}, ["delivery-log-off"]),
    ]
    arns = {}
    for name, statements, attributes, flaws in planted:
        if statements:
            attributes = {**attributes, "Policy": policy(*statements)}
        uid = arns[name] = topics.create_topic(Name=name)["TopicArn"]
        for attribute, value in attributes.items():
            topics.set_topic_attributes(TopicArn=uid, AttributeName=attribute, AttributeValue=value)
        for check in ["policy-public", "cross-account", "unencrypted"]:
            judge(f"aws-sns-{check}", uid, check in flaws)
        if "unencrypted" not in flaws:
            judge("aws-sns-no-cmk", uid, "no-cmk" in flaws)
        if name in ("orders", "orders-unseen"):
            judge("aws-sns-delivery-log-off", uid, "delivery-log-off" in flaws)

    hook = canary(word(24))
    for topic, protocol, endpoint, flaw in [
        ("orders", "lambda", function, ""),
        ("orders-unseen", "lambda", function, ""),
        ("orders", "https", f"https://hooks.shop.example/services/{hook}", ""),
        ("orders", "http", f"http://hooks.shop.example/services/{hook}", "http"),
        ("orders", "sqs", f"arn:aws:sqs:{REGION}:{STRANGER}:copies", "stranger"),
    ]:
        subscription = topics.subscribe(TopicArn=arns[topic], Protocol=protocol, Endpoint=endpoint)["SubscriptionArn"]
        if protocol.startswith("http"):
            judge("aws-sns-http-subscription", subscription, flaw == "http")
        judge("aws-sns-unknown-subscriber", subscription, flaw == "stranger")


def plant_tables(key):
    tables, scaling = client("dynamodb"), client("application-autoscaling")
    keys = {
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    }
    ceiling = {"OnDemandThroughput": {"MaxReadRequestUnits": 1000, "MaxWriteRequestUnits": 500}}
    on_demand = {"BillingMode": "PAY_PER_REQUEST", **ceiling}
    fixed = {"BillingMode": "PROVISIONED", "ProvisionedThroughput": {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}}
    sealed = {"SSESpecification": {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key}}
    read = "dynamodb:GetItem"
    # Name, capacity, statements, and which checks fail.
    planted = [
        ("shop", on_demand, [allow(read, "*", **OWNER)], []),
        ("shop-open", on_demand, [allow(read, "*", **EVERYBODY)], ["policy-public"]),
        ("shop-shared", on_demand, [allow(read, "*", **THE_PARTNER)], ["policy-cross-account"]),
        ("shop-lost", on_demand, [], ["pitr-off"]),
        ("shop-aws-key", on_demand, [], ["no-cmk"]),
        ("shop-loose", on_demand, [], ["deletion-protection-off"]),
        ("shop-endless", {"BillingMode": "PAY_PER_REQUEST"}, [], ["on-demand-uncapped"]),
        ("shop-stiff", fixed, [], ["no-autoscaling"]),
        ("shop-elastic", fixed, [], []),
    ]
    for name, capacity, statements, flaws in planted:
        uid = tables.create_table(
            TableName=name,
            DeletionProtectionEnabled="deletion-protection-off" not in flaws,
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
            **keys,
            **capacity,
            **({} if "no-cmk" in flaws else sealed),
        )["TableDescription"]["TableArn"]
        if "pitr-off" not in flaws:
            tables.update_continuous_backups(
                TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
            )
        if statements:
            tables.put_resource_policy(ResourceArn=uid, Policy=policy(*statements))
        for check in ["policy-public", "policy-cross-account", "pitr-off", "no-cmk", "deletion-protection-off"]:
            judge(f"aws-dynamodb-{check}", uid, check in flaws)
        check = "no-autoscaling" if capacity is fixed else "on-demand-uncapped"
        judge(f"aws-dynamodb-{check}", uid, check in flaws)
    for dimension in ["Read", "Write"]:
        scaling.register_scalable_target(
            ServiceNamespace="dynamodb",
            ResourceId="table/shop-elastic",
            ScalableDimension=f"dynamodb:table:{dimension}CapacityUnits",
            MinCapacity=5,
            MaxCapacity=50,
        )


def plant_caches():
    caches = client("dax")
    for name, nodes, sealed, transit, flaws in [
        ("cache", 3, True, "TLS", []),
        ("cache-clear", 3, False, "TLS", ["unencrypted"]),
        ("cache-plain", 3, True, "NONE", ["no-tls"]),
        ("cache-alone", 1, True, "TLS", ["single-az"]),
    ]:
        caches.create_cluster(
            ClusterName=name,
            NodeType="dax.t3.small",
            ReplicationFactor=nodes,
            IamRoleArn=f"arn:aws:iam::{ACCOUNT}:role/shop-writer",
            SSESpecification={"Enabled": sealed},
            ClusterEndpointEncryptionType=transit,
        )
        # A cluster of moto gets ready by being looked at.
        while caches.describe_clusters(ClusterNames=[name])["Clusters"][0]["Status"] != "available":
            pass
        for check in ["unencrypted", "no-tls", "single-az"]:
            judge(f"aws-dax-{check}", f"arn:aws:dax:{HERE}:cache/{name}", check in flaws)


def plant_streams(key, function):
    streams, functions = client("kinesis"), client("lambda")
    late = {"OnFailure": {"Destination": f"arn:aws:sqs:{HERE}:orders-late"}}
    bounded = {"MaximumRetryAttempts": 3, "MaximumRecordAgeInSeconds": 3600, "BisectBatchOnFunctionError": True}
    for name, encrypted, hours, triggers, flaws in [
        ("clicks", key, 168, True, []),
        ("clicks-clear", None, 168, False, ["unencrypted"]),
        ("clicks-aws-key", "alias/aws/kinesis", 24, False, ["no-cmk"]),
        ("clicks-short", key, 24, True, ["short-retention"]),
    ]:
        streams.create_stream(StreamName=name, ShardCount=1)
        if encrypted:
            streams.start_stream_encryption(StreamName=name, EncryptionType="KMS", KeyId=encrypted)
        if hours > 24:
            streams.increase_stream_retention_period(StreamName=name, RetentionPeriodHours=hours)
        uid = f"arn:aws:kinesis:{HERE}:stream/{name}"
        judge("aws-kinesis-unencrypted", uid, "unencrypted" in flaws)
        if encrypted:
            judge("aws-kinesis-no-cmk", uid, "no-cmk" in flaws)
        if triggers:
            mapping = {"EventSourceArn": uid, "StartingPosition": "LATEST", "DestinationConfig": late, **bounded}
            functions.create_event_source_mapping(FunctionName=function, **mapping)
            judge("aws-kinesis-short-retention", uid, "short-retention" in flaws)


def plant_deliveries(key):
    deliveries, storage = client("firehose"), client("s3")
    storage.create_bucket(Bucket="shop-clicks", CreateBucketConfiguration={"LocationConstraint": REGION})
    storage.put_bucket_versioning(Bucket="shop-clicks", VersioningConfiguration={"Status": "Enabled"})
    target = {"RoleARN": f"arn:aws:iam::{ACCOUNT}:role/shop-writer", "BucketARN": "arn:aws:s3:::shop-clicks"}
    common = [{"AttributeName": "key", "AttributeValue": canary(word(32))}]
    endpoint = {
        "EndpointConfiguration": {"Url": f"https://logs.shop.example/v1/{canary(word(24))}", "Name": "logs"},
        "RequestConfiguration": {"CommonAttributes": common},
        "S3Configuration": target,
    }
    owned, own = {"KeyType": "AWS_OWNED_CMK"}, {"KeyType": "CUSTOMER_MANAGED_CMK", "KeyARN": key}
    for name, encrypted, flaws in [
        ("clicks", own, []),
        ("clicks-clear", None, ["unencrypted"]),
        ("clicks-aws-key", owned, ["no-cmk"]),
    ]:
        destination = {"ExtendedS3DestinationConfiguration": target}
        if name == "clicks":
            destination = {"HttpEndpointDestinationConfiguration": endpoint}
        deliveries.create_delivery_stream(DeliveryStreamName=name, DeliveryStreamType="DirectPut", **destination)
        if encrypted:
            deliveries.start_delivery_stream_encryption(
                DeliveryStreamName=name, DeliveryStreamEncryptionConfigurationInput=encrypted
            )
        uid = f"arn:aws:firehose:{HERE}:deliverystream/{name}"
        judge("aws-firehose-unencrypted", uid, "unencrypted" in flaws)
        if encrypted:
            judge("aws-firehose-no-cmk", uid, "no-cmk" in flaws)


def plant_secrets(key):
    secrets = client("secretsmanager")
    rotated = {"AutomaticallyAfterDays": 30}
    # Name, days since it was made, days since it was read, key, rotation, statement, and which checks fail.
    planted = [
        ("shop/database", 10, 0, key, rotated, None, []),
        ("shop/unturned", 10, 0, key, None, None, ["rotation-off"]),
        ("shop/stuck", 80, 0, key, rotated, None, ["rotation-failing"]),
        ("shop/old", 200, 3, key, None, None, ["rotation-off", "stale"]),
        ("shop/forgotten", 200, 120, key, None, None, ["rotation-off", "stale", "unused"]),
        ("shop/never", 200, None, key, None, None, ["rotation-off", "stale", "unused"]),
        ("shop/aws-key", 10, 0, None, rotated, None, ["no-cmk"]),
        ("shop/open", 10, 0, key, rotated, EVERYBODY, ["policy-public"]),
        ("shop/reader", 10, 0, key, rotated, OWNER, []),
    ]
    for name, made, read, sealed, rotation, who, flaws in planted:
        days = {"made-days-ago": made} | ({} if read is None else {"read-days-ago": read})
        uid = secrets.create_secret(
            Name=name,
            SecretString=canary(word(28)),
            Tags=[{"Key": key, "Value": str(value)} for key, value in days.items()],
            **({"KmsKeyId": sealed} if sealed else {}),
        )["ARN"]
        if rotation:
            secrets.rotate_secret(SecretId=uid, RotationRules=rotation)
            judge("aws-secret-rotation-failing", uid, "rotation-failing" in flaws)
        if who:
            statement = allow("secretsmanager:GetSecretValue", "*", **who)
            secrets.put_resource_policy(SecretId=uid, ResourcePolicy=policy(statement))
        for check in ["rotation-off", "stale", "no-cmk", "policy-public"]:
            judge(f"aws-secret-{check}", uid, check in flaws)
        if made > 90:
            judge("aws-secret-unused", uid, "unused" in flaws)


def plant_parameters():
    parameters = client("ssm")
    for name, kind, plain in [
        ("/shop/db-password", "SecureString", False),
        ("/shop/partner/apiKey", "String", True),
        ("STRIPE_SECRET_KEY", "String", True),
        ("/shop/token/url", "String", None),
        ("/shop/colour", "String", None),
    ]:
        parameters.put_parameter(Name=name, Type=kind, Value=canary(word(20)))
        if plain is not None:
            uid = f"arn:aws:ssm:{HERE}:parameter/{name.removeprefix('/')}"
            judge("aws-ssm-param-plain-secret", uid, plain)


def plant():
    key, open_key = plant_keys()
    function = f"arn:aws:lambda:{HERE}:function:stock-sync"
    plant_queues(key, open_key)
    plant_topics(key, function)
    plant_tables(key)
    plant_caches()
    plant_streams(key, function)
    plant_deliveries(key)
    plant_secrets(key)
    plant_parameters()
