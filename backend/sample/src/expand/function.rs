//! One function: its configuration as ListFunctions gives it, and what other calls say of it.

use nephoscope_model::{RelationName, Resource};
use serde_json::{Value, json};

use super::{Facets, relations, resource, set, tags, variables};
use crate::entries::{Account, Function, FunctionUrl, Permission};
use crate::place::Place;

pub(super) fn function(place: Place<'_>, account: &Account, entry: &Function) -> Resource {
    let arn = place.function(&entry.name);
    let config = config(place, entry, &arn);
    let url = entry.url.as_ref().map(|url| url_config(place, entry, url, &arn));
    let tags = tags(account, entry.team.as_ref());
    let facets = Facets::default()
        .maybe("loaders", None)
        .maybe("policy", resource_policy(place, entry, &arn))
        .maybe("urls", url.clone().map(|url| json!({ "FunctionUrlConfigs": [url] })))
        .maybe("url", url)
        .known("code", code(place, entry))
        .maybe("tags", (!tags.is_empty()).then(|| json!({ "Tags": tags })))
        .maybe(
            "runtime_management",
            entry.runtime.as_ref().map(|_| json!({ "FunctionArn": arn, "UpdateRuntimeOn": "Auto" })),
        )
        .maybe("alias_policies", None)
        .maybe("versions", versions(entry, &config, &arn))
        .maybe("provisioned", None)
        .maybe("async", None)
        .maybe("recursion", None)
        .known("config", config)
        .maybe("concurrency", entry.concurrency.map(|count| json!({ "ReservedConcurrentExecutions": count })))
        .maybe("code_signing", entry.signed.then(|| code_signing(place)))
        .maybe("aliases", aliases(place, entry, &arn))
        .maybe("event_sources", event_sources(place, entry, &arn));
    let mut edges = vec![
        (RelationName::ExecutesAs, place.role("/", &entry.role)),
        (RelationName::LogsTo, place.log_group(&log_group_name(&entry.name))),
    ];
    edges.extend(entry.key.iter().map(|key| (RelationName::EncryptedBy, place.arn(&format!("kms:{key}")))));
    edges.extend(entry.layers.iter().map(|layer| (RelationName::UsesLayer, layer_arn(place, layer))));
    edges.extend(entry.triggers.iter().map(|source| (RelationName::TriggeredBy, place.arn(source))));
    edges.extend(entry.dead_letter.iter().map(|queue| (RelationName::WritesTo, place.arn(queue))));
    let mut function = resource(place, "aws.lambda.function", arn, place.named(&entry.name), facets);
    function.tags = tags;
    function.relations = relations(edges);
    function
}

/// The group that a function's lines go to, before the repetition's own suffix.
pub(super) fn log_group_name(function: &str) -> String {
    format!("/aws/lambda/{function}")
}

/// Bytes of the deployment package: some number that stays the same.
fn code_size(place: Place<'_>, entry: &Function) -> u64 {
    match entry.runtime {
        Some(_) => 180_000 + place.number(&["size", &entry.name], 24_000_000),
        None => 0,
    }
}

fn config(place: Place<'_>, entry: &Function, arn: &str) -> Value {
    let group = place.named(&log_group_name(&entry.name));
    let mut config = json!({
        "FunctionName": place.named(&entry.name),
        "FunctionArn": arn,
        "Role": place.role("/", &entry.role),
        "CodeSize": code_size(place, entry),
        "Description": entry.about,
        "Timeout": entry.timeout,
        "MemorySize": entry.memory,
        "LastModified": format!("{}.000+0000", place.time(entry.modified, &entry.name)),
        "CodeSha256": place.base64_digest(&["code", &entry.name, entry.runtime.as_deref().unwrap_or("image")]),
        "Version": "$LATEST",
        "TracingConfig": { "Mode": if entry.tracing { "Active" } else { "PassThrough" } },
        "PackageType": if entry.runtime.is_some() { "Zip" } else { "Image" },
        "Architectures": ["arm64"],
        "EphemeralStorage": { "Size": 512 },
        "SnapStart": { "ApplyOn": "None", "OptimizationStatus": "Off" },
        "LoggingConfig": { "LogFormat": "JSON", "ApplicationLogLevel": "INFO", "SystemLogLevel": "WARN", "LogGroup": group },
    });
    set(&mut config, "Runtime", entry.runtime.as_ref().map(|runtime| json!(runtime)));
    set(&mut config, "Handler", entry.runtime.as_deref().map(|runtime| json!(handler(runtime, &entry.name))));
    set(&mut config, "KMSKeyArn", entry.key.as_ref().map(|key| json!(place.arn(&format!("kms:{key}")))));
    let dead_letter = entry.dead_letter.as_ref().map(|queue| json!({ "TargetArn": place.arn(queue) }));
    set(&mut config, "DeadLetterConfig", dead_letter);
    let environment = || json!({ "Variables": variables(place, &entry.name, &entry.variables) });
    set(&mut config, "Environment", (!entry.variables.is_empty()).then(environment));
    set(&mut config, "VpcConfig", entry.network.then(|| network(place)));
    let layer = |layer: &String| json!({ "Arn": layer_arn(place, layer), "CodeSize": 1_048_576 + place.number(&[layer], 8_000_000) });
    let layers = || entry.layers.iter().map(layer).collect();
    set(&mut config, "Layers", (!entry.layers.is_empty()).then(layers));
    config
}

fn handler(runtime: &str, name: &str) -> String {
    if runtime.starts_with("java") {
        "shop.lindenmarkt.Handler::handleRequest".to_owned()
    } else if runtime.starts_with("dotnet") {
        format!("Lindenmarkt.{0}::Lindenmarkt.{0}.Function::Handle", name.replace('-', "_"))
    } else if runtime.starts_with("python") {
        "app.handler".to_owned()
    } else if runtime.starts_with("provided") {
        "bootstrap".to_owned()
    } else {
        "index.handler".to_owned()
    }
}

fn network(place: Place<'_>) -> Value {
    let subnet = |zone: &str| format!("subnet-0{}", &place.uuid("subnet", zone).replace('-', "")[..16]);
    let id = |what: &str| place.uuid(what, "shop").replace('-', "")[..16].to_owned();
    json!({
        "SubnetIds": [subnet("a"), subnet("b"), subnet("c")],
        "SecurityGroupIds": [format!("sg-0{}", id("group"))],
        "VpcId": format!("vpc-0{}", id("vpc")),
        "Ipv6AllowedForDualStack": false,
    })
}

fn layer_arn(place: Place<'_>, layer: &str) -> String {
    if layer.starts_with("arn:") { layer.to_owned() } else { place.arn(&format!("lambda:layer:{layer}")) }
}

fn resource_policy(place: Place<'_>, entry: &Function, arn: &str) -> Option<Value> {
    let statement = |(position, permission): (usize, &Permission)| {
        let mut statement = grant(place, permission);
        statement["Sid"] = json!(sid(permission, position));
        statement["Effect"] = json!("Allow");
        statement["Resource"] = json!(arn);
        statement
    };
    let statements: Vec<Value> = entry.invoked_by.iter().enumerate().map(statement).collect();
    (!statements.is_empty())
        .then(|| json!({ "Version": "2012-10-17", "Id": "default", "Statement": statements }))
}

fn sid(permission: &Permission, position: usize) -> String {
    match permission {
        Permission::Url(auth) if auth == "NONE" => "FunctionURLAllowPublicAccess".to_owned(),
        Permission::Url(_) => format!("function-url-{position}"),
        Permission::Api(name) => format!("api-{name}-{position}"),
        Permission::Rule(name) => format!("rule-{name}"),
        Permission::Bucket(name) | Permission::BucketOfAnyAccount(name) => format!("bucket-{name}"),
        Permission::Topic(name) => format!("topic-{name}"),
        Permission::Service(_) => format!("service-{position}"),
        Permission::Account { id, .. } => format!("account-{id}"),
        Permission::Anyone(_) => format!("temporary-{position}"),
    }
}

/// Who may do what, as `aws lambda add-permission` writes it.
fn grant(place: Place<'_>, permission: &Permission) -> Value {
    let from = |service: &str, source: String| {
        json!({
            "Principal": { "Service": service },
            "Action": "lambda:InvokeFunction",
            "Condition": { "ArnLike": { "AWS:SourceArn": source } },
        })
    };
    match permission {
        Permission::Api(name) => {
            let source = place.arn(&format!("execute-api:{}/*/*", place.api_id(name)));
            from("apigateway.amazonaws.com", source)
        }
        Permission::Rule(name) => from("events.amazonaws.com", place.arn(&format!("events:rule/{name}"))),
        Permission::Topic(name) => from("sns.amazonaws.com", place.arn(&format!("sns:{name}"))),
        Permission::BucketOfAnyAccount(name) => from("s3.amazonaws.com", place.arn(&format!("s3:{name}"))),
        Permission::Bucket(name) => {
            let mut grant = from("s3.amazonaws.com", place.arn(&format!("s3:{name}")));
            grant["Condition"]["StringEquals"] = json!({ "AWS:SourceAccount": place.account });
            grant
        }
        Permission::Service(service) => {
            json!({ "Principal": { "Service": service }, "Action": "lambda:InvokeFunction" })
        }
        Permission::Account { id, action } => {
            json!({ "Principal": { "AWS": format!("arn:aws:iam::{id}:root") }, "Action": action })
        }
        Permission::Anyone(action) => json!({ "Principal": "*", "Action": action }),
        Permission::Url(auth) => {
            let principal = if auth == "NONE" { json!("*") } else { json!({ "AWS": place.arn("iam:root") }) };
            json!({
                "Principal": principal,
                "Action": "lambda:InvokeFunctionUrl",
                "Condition": { "StringEquals": { "lambda:FunctionUrlAuthType": auth } },
            })
        }
    }
}

fn url_config(place: Place<'_>, entry: &Function, url: &FunctionUrl, arn: &str) -> Value {
    let host = place.letters(&["url", &entry.name], 32);
    let opened = format!("{}.000000Z", url.opened);
    let mut config = json!({
        "FunctionUrl": format!("https://{host}.lambda-url.{}.on.aws/", place.region),
        "FunctionArn": arn,
        "CreationTime": opened,
        "LastModifiedTime": opened,
        "AuthType": url.auth,
        "InvokeMode": "BUFFERED",
    });
    let cors = || json!({ "AllowHeaders": ["content-type"], "AllowMethods": ["GET", "POST"], "AllowOrigins": url.origins, "MaxAge": 300 });
    set(&mut config, "Cors", (!url.origins.is_empty()).then(cors));
    config
}

/// The one code signing configuration of an account and region.
fn code_signing(place: Place<'_>) -> Value {
    let id = format!("csc-0{}", &place.uuid("signing", "shop").replace('-', "")[..16]);
    let arn = place.arn(&format!("lambda:code-signing-config:{id}"));
    json!({
        "CodeSigningConfigArn": arn,
        "CodeSigningConfig": {
            "CodeSigningConfigId": id,
            "CodeSigningConfigArn": arn,
            "Description": "Releases built by the delivery pipeline",
            "AllowedPublishers": {
                "SigningProfileVersionArns": [place.arn("signer:/signing-profiles/ShopRelease/Q7tWm2xKpA")],
            },
            "CodeSigningPolicies": { "UntrustedArtifactOnDeployment": "Enforce" },
            "LastModified": "2026-03-02T10:15:44.512Z",
        },
    })
}

fn aliases(place: Place<'_>, entry: &Function, arn: &str) -> Option<Value> {
    let alias = |(name, version): (&String, &String)| {
        json!({
            "AliasArn": format!("{arn}:{name}"),
            "Name": name,
            "FunctionVersion": version,
            "Description": "",
            "RevisionId": place.uuid("alias", &format!("{} {name} {version}", entry.name)),
        })
    };
    let aliases: Vec<Value> = entry.aliases.iter().map(alias).collect();
    (!aliases.is_empty()).then(|| json!({ "Aliases": aliases }))
}

/// The versions that aliases lead to, which were published from what the function is now.
fn versions(entry: &Function, config: &Value, arn: &str) -> Option<Value> {
    let mut numbers: Vec<&String> = entry.aliases.values().filter(|version| *version != "$LATEST").collect();
    numbers.sort();
    numbers.dedup();
    let version = |number: &&String| {
        let mut version = config.clone();
        version["Version"] = json!(number);
        version["FunctionArn"] = json!(format!("{arn}:{number}"));
        version
    };
    let versions: Vec<Value> = numbers.iter().map(version).collect();
    (!versions.is_empty()).then(|| json!({ "Versions": versions }))
}

/// Where the code comes from: Lambda's own store, or the account's registry for a container image.
fn code(place: Place<'_>, entry: &Function) -> Value {
    if entry.runtime.is_some() {
        return json!({ "RepositoryType": "S3" });
    }
    let repository = format!("{}.dkr.ecr.{}.amazonaws.com/{}", place.account, place.region, entry.name);
    let digest = place.number(&["image", &entry.name], u64::MAX);
    json!({
        "RepositoryType": "ECR",
        "ImageUri": format!("{repository}:live"),
        "ResolvedImageUri": format!("{repository}@sha256:{digest:064x}"),
    })
}

fn event_sources(place: Place<'_>, entry: &Function, arn: &str) -> Option<Value> {
    let mapping = |source: &String| {
        let id = place.uuid("mapping", &format!("{} {source}", entry.name));
        let mut mapping = json!({
            "UUID": id,
            "BatchSize": 10,
            "MaximumBatchingWindowInSeconds": 0,
            "EventSourceArn": place.arn(source),
            "FunctionArn": arn,
            "State": "Enabled",
            "StateTransitionReason": "USER_INITIATED",
            "FunctionResponseTypes": [],
            "EventSourceMappingArn": place.arn(&format!("lambda:event-source-mapping:{id}")),
        });
        // Only streams are read from a position, and only they can give up on a record.
        if !source.starts_with("sqs:") {
            mapping["StartingPosition"] = json!("LATEST");
            mapping["ParallelizationFactor"] = json!(1);
            mapping["MaximumRecordAgeInSeconds"] = json!(-1);
            mapping["BisectBatchOnFunctionError"] = json!(false);
            mapping["MaximumRetryAttempts"] = json!(-1);
            mapping["TumblingWindowInSeconds"] = json!(0);
        }
        mapping
    };
    let mappings: Vec<Value> = entry.triggers.iter().map(mapping).collect();
    (!mappings.is_empty()).then(|| json!({ "EventSourceMappings": mappings }))
}
