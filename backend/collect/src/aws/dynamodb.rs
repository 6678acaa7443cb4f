//! DynamoDB: tables with their streams, policies, protection, backups, encryption and limits.
//!
//! One call for a hundred tables and three for each: its description, whether it can be restored, and its policy; a
//! fourth for the policy of its stream, where it has one. How tables scale is one listing for the whole region, made
//! only where a table has capacity of its own to scale; on-demand backups are another, made where there are tables.
//! Copies in other regions are tables there, and read there.

use std::collections::BTreeMap;

use futures::StreamExt;
use nephoscope_model::{RelationName, Resource, Uid};
use serde_json::{Value, json};

use super::Scope;
use super::api::{Action, Api, List};
use super::client::Reader;
use super::failure::{Class, Failure};
use super::place::{Outcome, Place, Read, elements, grouped, object_at, put, relate, text, without};
use super::request::Request;
use super::volatile::Path;
use super::{policy, quota};

pub(super) const SCOPE: Scope = Scope::Regional;
pub(super) const ACTIONS: &[&Action] =
    &[&TABLES.action, &DESCRIBE_TABLE, &DESCRIBE_BACKUPS, &GET_POLICY, &TARGETS.action, &ON_DEMAND.action];
/// Sizes, states, and what was scaled when. The window in which a table can be restored moves with the clock.
pub(super) const VOLATILE: &[Path] = &[
    "table/ItemCount",
    "table/TableSizeBytes",
    "table/TableStatus",
    "table/ProvisionedThroughput/LastDecreaseDateTime",
    "table/ProvisionedThroughput/LastIncreaseDateTime",
    "table/ProvisionedThroughput/NumberOfDecreasesToday",
    "table/GlobalSecondaryIndexes/*/IndexSizeBytes",
    "table/GlobalSecondaryIndexes/*/IndexStatus",
    "table/GlobalSecondaryIndexes/*/ItemCount",
    "table/GlobalSecondaryIndexes/*/ProvisionedThroughput/LastDecreaseDateTime",
    "table/GlobalSecondaryIndexes/*/ProvisionedThroughput/LastIncreaseDateTime",
    "table/GlobalSecondaryIndexes/*/ProvisionedThroughput/NumberOfDecreasesToday",
    "table/GlobalSecondaryIndexes/*/WarmThroughput",
    "table/LocalSecondaryIndexes/*/IndexSizeBytes",
    "table/LocalSecondaryIndexes/*/ItemCount",
    "table/Replicas/*/GlobalSecondaryIndexes/*/WarmThroughput",
    "table/Replicas/*/WarmThroughput",
    "table/WarmThroughput",
    "backups/PointInTimeRecoveryDescription/EarliestRestorableDateTime",
    "backups/PointInTimeRecoveryDescription/LatestRestorableDateTime",
    "on_demand_backups/BackupSummaries/*/BackupSizeBytes",
    "on_demand_backups/BackupSummaries/*/BackupStatus",
];

static API: Api = Api::json("DynamoDB", "dynamodb", "1.0", "DynamoDB_20120810", &quota::DYNAMODB);
static TABLES: List =
    API.list("dynamodb:ListTables", "TableNames").paged("LastEvaluatedTableName", "ExclusiveStartTableName");
static DESCRIBE_TABLE: Action = API.action("dynamodb:DescribeTable");
static DESCRIBE_BACKUPS: Action = API.action("dynamodb:DescribeContinuousBackups");
static GET_POLICY: Action = API.action("dynamodb:GetResourcePolicy");
static ON_DEMAND: List = API
    .list("dynamodb:ListBackups", "BackupSummaries")
    .paged("LastEvaluatedBackupArn", "ExclusiveStartBackupArn")
    .within(&quota::DYNAMODB_BACKUPS);

/// How many backups of a table are kept; it may have any number.
const NEWEST: usize = 100;

static SCALING: Api = Api::json(
    "Application Auto Scaling",
    "application-autoscaling",
    "1.1",
    "AnyScaleFrontendService",
    &quota::APPLICATION_AUTOSCALING,
);
static TARGETS: List = SCALING.list("application-autoscaling:DescribeScalableTargets", "ScalableTargets");

struct Table {
    name: String,
    table: Result<Value, Failure>,
    backups: Result<Value, Failure>,
    policy: Read,
    stream_policy: Read,
}

/// The targets of each table, by the name of the table.
type Targets = BTreeMap<String, Vec<Value>>;

/// The on-demand backups of one table.
#[derive(Default)]
struct Backups {
    count: usize,
    newest: Vec<Value>,
}

/// The on-demand backups of each table, by the name of the table.
type OnDemand = BTreeMap<String, Backups>;

pub(super) async fn collect(reader: &Reader) -> Outcome {
    let listed = reader.list(&TABLES, None, Request::call()).await;
    let tables = listed.items.into_iter().map(|name| fetch(reader, name));
    let tables: Vec<Option<Table>> =
        futures::stream::iter(tables).buffer_unordered(reader.limits.concurrency).collect().await;
    let tables: Vec<Table> = tables.into_iter().flatten().collect();
    let targets = if tables.iter().any(may_scale) {
        let request = Request::call().field("ServiceNamespace", "dynamodb");
        reader.list(&TARGETS, None, request).await.whole().map(by_table)
    } else {
        Ok(Targets::new())
    };
    let on_demand = if tables.is_empty() { Ok(OnDemand::new()) } else { list_backups(reader).await };
    let tables = tables.into_iter().map(|table| normalise(&reader.place, table, &targets, &on_demand));
    Outcome { resources: tables.collect(), listings: vec![listed.failure] }
}

/// None where the table was deleted after it had been listed.
async fn fetch(reader: &Reader, name: Value) -> Option<Table> {
    let name = name.as_str()?.to_owned();
    let uid = Uid::from(reader.place.arn("dynamodb", &format!("table/{name}")));
    let named = || Request::call().field("TableName", name.as_str());
    let (table, backups, policy) = tokio::join!(
        reader.call(&DESCRIBE_TABLE, Some(&uid), named()),
        reader.call(&DESCRIBE_BACKUPS, Some(&uid), named()),
        fetch_policy(reader, &uid, uid.as_str())
    );
    if table.as_ref().is_err_and(|failure| failure.class == Class::NotFound) {
        return None;
    }
    let table = table.and_then(|reply| object_at(&DESCRIBE_TABLE, reply, "Table"));
    let stream_policy = match &table {
        Ok(table) => match text(table, "/LatestStreamArn").filter(|_| is_streaming(table)) {
            Some(stream) => fetch_policy(reader, &uid, stream).await,
            None => Ok(None),
        },
        Err(failure) => Err(failure.clone()),
    };
    let backups =
        backups.and_then(|reply| object_at(&DESCRIBE_BACKUPS, reply, "ContinuousBackupsDescription"));
    Some(Table { name, table, backups, policy, stream_policy })
}

/// A stream stays readable for a day after it was switched off, but nobody new comes to it.
fn is_streaming(table: &Value) -> bool {
    table.pointer("/StreamSpecification/StreamEnabled") == Some(&Value::Bool(true))
}

async fn fetch_policy(reader: &Reader, uid: &Uid, arn: &str) -> Read {
    match reader.call(&GET_POLICY, Some(uid), Request::call().field("ResourceArn", arn)).await {
        Ok(reply) => policy::read(&GET_POLICY, text(&reply, "/Policy")),
        Err(failure) if failure.class == Class::NotFound => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// Tables that are paid by request have no capacity of their own. One that could not be described may have.
fn may_scale(table: &Table) -> bool {
    table.table.as_ref().map_or(true, |table| !is_paid_by_request(table))
}

fn is_paid_by_request(table: &Value) -> bool {
    text(table, "/BillingModeSummary/BillingMode") == Some("PAY_PER_REQUEST")
}

fn by_table(targets: Vec<Value>) -> Targets {
    // `table/NAME` or `table/NAME/index/NAME`.
    let mut by_table =
        grouped(targets, |target| text(target, "/ResourceId").and_then(|id| id.split('/').nth(1)));
    for targets in by_table.values_mut() {
        targets.iter_mut().for_each(|target| without(target, "PredictedCapacity"));
        let key = |target: &Value| {
            let field = |name| text(target, name).unwrap_or_default().to_owned();
            (field("/ResourceId"), field("/ScalableDimension"))
        };
        targets.sort_by_cached_key(key);
    }
    by_table
}

/// Those that people make. Those of AWS Backup are listed by that service, and what DynamoDB keeps by itself of a table
/// that was deleted expires by itself.
async fn list_backups(reader: &Reader) -> Result<OnDemand, Failure> {
    let mut by_table = OnDemand::new();
    let request = Request::call().field("BackupType", "USER");
    let keep = |backup| add_backup(&mut by_table, backup);
    match reader.list_each(&ON_DEMAND, None, request, keep).await {
        None => Ok(by_table),
        Some(failure) => Err(failure),
    }
}

fn add_backup(by_table: &mut OnDemand, backup: Value) {
    let is_there = text(&backup, "/BackupStatus") != Some("DELETED");
    if let Some(name) = text(&backup, "/TableName").filter(|_| is_there).map(str::to_owned) {
        let Backups { count, newest } = by_table.entry(name).or_default();
        *count += 1;
        let position = newest.partition_point(|kept| is_newer(kept, &backup));
        newest.insert(position, backup);
        newest.truncate(NEWEST);
    }
}

/// Of two that were made at once, the greater ARN stands for the newer.
fn is_newer(one: &Value, other: &Value) -> bool {
    let made = |backup: &Value| backup.get("BackupCreationDateTime").and_then(Value::as_f64).unwrap_or(0.0);
    let by_arn = || text(one, "/BackupArn").cmp(&text(other, "/BackupArn"));
    made(one).total_cmp(&made(other)).then_with(by_arn).is_gt()
}

fn normalise(
    place: &Place,
    read: Table,
    targets: &Result<Targets, Failure>,
    on_demand: &Result<OnDemand, Failure>,
) -> Resource {
    let Table { name, mut table, backups, policy, stream_policy } = read;
    let uid = place.arn("dynamodb", &format!("table/{name}"));
    let mut resource = place.resource("aws.dynamodb.table", &uid, &name);
    let own = targets.as_ref().map(|targets| targets.get(&name)).map_err(Clone::clone);
    if let Ok(table) = &mut table {
        let key = place.key_arn(text(table, "/SSEDescription/KMSMasterKeyArn"));
        relate(&mut resource, RelationName::EncryptedBy, key.as_deref());
        if matches!(own, Ok(Some(_))) {
            forget_capacity(table);
        }
    }
    let scaling = match &table {
        Ok(table) if is_paid_by_request(table) => Ok(None),
        Ok(_) | Err(_) => own.map(|own| own.map(|own| json!({ "ScalableTargets": own }))),
    };
    let facet = |own: &Backups| json!({ "BackupSummaries": own.newest, "count": own.count });
    let on_demand = on_demand.as_ref().map(|all| all.get(&name).map(facet)).map_err(Clone::clone);
    put(&mut resource, "table", table.map(Some));
    put(&mut resource, "backups", backups.map(Some));
    put(&mut resource, "on_demand_backups", on_demand);
    put(&mut resource, "policy", policy);
    put(&mut resource, "stream_policy", stream_policy);
    put(&mut resource, "scaling", scaling);
    resource
}

/// Where capacity scales by itself, what it is tonight is nobody's decision; the limits stand among the targets.
fn forget_capacity(table: &mut Value) {
    let indexes = elements(table, "/GlobalSecondaryIndexes").len();
    let holders = (0..indexes).map(|at| format!("/GlobalSecondaryIndexes/{at}"));
    for holder in holders.chain([String::new()]) {
        for field in ["ReadCapacityUnits", "WriteCapacityUnits"] {
            if let Some(throughput) = table.pointer_mut(&format!("{holder}/ProvisionedThroughput")) {
                without(throughput, field);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use nephoscope_model::Facet;

    use super::*;

    fn table(table: Value) -> Table {
        Table {
            name: "shop".to_owned(),
            table: Ok(table),
            backups: Ok(json!({"ContinuousBackupsStatus": "ENABLED"})),
            policy: Ok(None),
            stream_policy: Ok(None),
        }
    }

    fn facet(table: Table, targets: &Result<Targets, Failure>, name: &str) -> Facet {
        normalise(&Place::example("dynamodb"), table, targets, &Ok(OnDemand::new())).facets[name].clone()
    }

    #[test]
    fn capacity_that_scales_by_itself_is_not_kept() {
        let target = |id: &str| json!({"ResourceId": id, "ScalableDimension": "d", "MaxCapacity": 10});
        let targets =
            by_table(vec![target("table/shop/index/by-day"), target("table/shop"), target("table/other")]);
        let throughput = || json!({"ReadCapacityUnits": 5, "WriteCapacityUnits": 5, "Kept": 1});
        let scaled = json!({
            "ProvisionedThroughput": throughput(),
            "GlobalSecondaryIndexes": [{"ProvisionedThroughput": throughput()}],
        });
        let targets = Ok(targets);
        let kept = json!({
            "ProvisionedThroughput": {"Kept": 1},
            "GlobalSecondaryIndexes": [{"ProvisionedThroughput": {"Kept": 1}}],
        });
        assert_eq!(facet(table(scaled.clone()), &targets, "table"), Facet::Known(kept));
        let both = json!({"ScalableTargets": [target("table/shop"), target("table/shop/index/by-day")]});
        assert_eq!(facet(table(scaled.clone()), &targets, "scaling"), Facet::Known(both));
        assert_eq!(facet(table(scaled.clone()), &Ok(Targets::new()), "table"), Facet::Known(scaled));
    }

    #[test]
    fn an_unread_listing_of_targets_matters_only_where_there_is_something_to_scale() {
        let denied = || Err(Failure::new(&TARGETS.action, Class::Denied, "AccessDeniedException", "no"));
        let fixed = json!({"ProvisionedThroughput": {}});
        assert!(facet(table(fixed.clone()), &denied(), "scaling").unreadable().is_some());
        assert_eq!(facet(table(fixed), &Ok(Targets::new()), "scaling"), Facet::Absent);
        let paid = json!({"BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"}});
        assert_eq!(facet(table(paid), &denied(), "scaling"), Facet::Absent);
    }

    #[test]
    fn of_many_backups_the_newest_are_kept_and_all_are_counted() {
        let backup = |number: usize| {
            json!({
                "TableName": "shop", "BackupArn": format!("arn:{number:03}"), "BackupStatus": "AVAILABLE",
                // Two are made at once, at a time with a fraction.
                "BackupCreationDateTime": 1_800_000_000.5 + (number / 2) as f64,
            })
        };
        let mut deleted = backup(999);
        deleted["BackupStatus"] = json!("DELETED");
        let mut on_demand = OnDemand::new();
        // In an order that is nobody's.
        let numbers = (0..250).map(|number| number * 77 % 250);
        numbers.map(backup).chain([deleted]).for_each(|backup| add_backup(&mut on_demand, backup));
        let place = Place::example("dynamodb");
        let shop = normalise(&place, table(json!({})), &Ok(Targets::new()), &Ok(on_demand));
        let Facet::Known(kept) = &shop.facets["on_demand_backups"] else { panic!("known") };
        assert_eq!(kept["count"], 250);
        let newest: Vec<Value> = (150..250).rev().map(backup).collect();
        assert_eq!(kept["BackupSummaries"], json!(newest));
    }

    #[test]
    fn only_streams_that_run_are_asked_for_a_policy() {
        assert!(is_streaming(&json!({"StreamSpecification": {"StreamEnabled": true}})));
        assert!(!is_streaming(
            &json!({"LatestStreamArn": "arn:x", "StreamSpecification": {"StreamEnabled": false}})
        ));
        assert!(!is_streaming(&json!({"LatestStreamArn": "arn:x"})));
    }
}
