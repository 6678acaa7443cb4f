//! What guards and deploys functions: trails and stores, spending alerts, tags, stacks, with a failure beside each.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[expect(dead_code, reason = "the other tests and the bench use more of it")]
mod shop;

use nephoscope_model::{Facet, Region, RelationName, Resource};
use serde_json::{Value, json};
use shop::{ACCOUNT, Shop, arn, related, resource, unread};

const STORE: &str = "arn:aws:cloudtrail:eu-west-1:111122223333:eventdatastore/1";
const ALERTS: &str = "arn:aws:budgets::111122223333:alerts";
const TAGS: &str = "arn:aws:tag:eu-west-1:111122223333:resources";
const BUCKET: &str = "arn:aws:s3:::shop-uploads";

fn known(resources: Vec<Resource>, uid: &str, name: &str) -> Value {
    shop::known(&listed(resources), uid, name)
}

/// The facets for which the fact is unknown.
fn unknown(shop: &Shop, uid: &str, name: &str) -> Vec<String> {
    shop::unknown(shop, uid, name).iter().map(|reason| reason.split(' ').next().unwrap().to_owned()).collect()
}

/// A shop in which every service that is asked for was listed.
fn listed(resources: Vec<Resource>) -> Shop {
    let mut shop = Shop::with(resources);
    let model = shop.coverage[0].clone();
    for service in [
        "appsync",
        "cloudformation",
        "dynamodb",
        "ecr",
        "events",
        "secretsmanager",
        "sns",
        "sqs",
        "stepfunctions",
    ] {
        let mut row = model.clone();
        row.shard.service = service.into();
        row.shard.region = Region::from("eu-west-1");
        shop.coverage.push(row);
    }
    shop
}

fn function() -> Resource {
    resource(
        "aws.lambda.function",
        &arn(1),
        json!({"config": {"Runtime": "python3.13"}, "policy": null, "url": null}),
    )
}

fn store(status: &str, fields: Value) -> Resource {
    let selectors = json!([{"FieldSelectors": fields}]);
    let store = json!({"Status": status, "MultiRegionEnabled": true, "AdvancedEventSelectors": selectors});
    resource("aws.cloudtrail.store", STORE, json!({ "store": store }))
}

fn data_events(kind: &str) -> Value {
    json!([{"Field": "eventCategory", "Equals": ["Data"]}, {"Field": "resources.type", "Equals": [kind]}])
}

#[test]
fn stores_record_as_trails_do() {
    let recorded = |store: Resource| known(vec![function(), store], &arn(1), "invocations_recorded");
    let lambda = data_events("AWS::Lambda::Function");
    assert_eq!(recorded(store("ENABLED", lambda.clone())), true);
    assert_eq!(recorded(store("STOPPED_INGESTION", lambda)), false);
    assert_eq!(recorded(store("ENABLED", data_events("AWS::S3::Object"))), false);
    let hidden = unread(store("ENABLED", json!([])), "store");
    assert_eq!(unknown(&listed(vec![function(), hidden]), &arn(1), "invocations_recorded"), ["store"]);
}

#[test]
fn objects_are_recorded_where_a_selector_covers_the_whole_bucket() {
    let bucket = || {
        resource("aws.s3.bucket", BUCKET, json!({"location": {"BucketRegion": "eu-west-1"}, "policy": null}))
    };
    let recorded = |recorder: Resource| known(vec![bucket(), recorder], BUCKET, "objects_recorded");
    let trail = |everywhere: bool, home: &str, selector: Value| {
        let uid = format!("arn:aws:cloudtrail:{home}:{ACCOUNT}:trail/main");
        let facets = json!({"trail": {"IsMultiRegionTrail": everywhere, "HomeRegion": home},
            "status": {"IsLogging": true}, "selectors": {"EventSelectors": [selector]}});
        resource("aws.cloudtrail.trail", &uid, facets)
    };
    let basic = |kind: &str, value: &str| json!({"ReadWriteType": kind, "DataResources": [{"Type": "AWS::S3::Object", "Values": [value]}]});
    for value in ["arn:aws:s3", "arn:aws:s3:::", "arn:aws:s3:::shop-uploads/"] {
        assert_eq!(recorded(trail(true, "eu-west-1", basic("All", value))), true, "{value}");
        assert_eq!(recorded(trail(true, "eu-west-1", basic("ReadOnly", value))), false, "{value}");
    }
    assert_eq!(recorded(trail(false, "eu-west-1", basic("WriteOnly", "arn:aws:s3"))), true);
    assert_eq!(recorded(trail(false, "us-east-1", basic("WriteOnly", "arn:aws:s3"))), false);
    for value in ["arn:aws:s3:::shop-uploads/images/", "arn:aws:s3:::shop/"] {
        assert_eq!(recorded(trail(true, "eu-west-1", basic("All", value))), false, "{value}");
    }
    let starting = |prefix: &str| {
        let mut fields = data_events("AWS::S3::Object");
        fields.as_array_mut().unwrap().push(json!({"Field": "resources.ARN", "StartsWith": [prefix]}));
        store("ENABLED", fields)
    };
    assert_eq!(recorded(starting("arn:aws:s3:::shop-uploads/")), true);
    assert_eq!(recorded(starting("arn:aws:s3:::shop-uploads/images/")), false);
    assert_eq!(
        unknown(&listed(vec![bucket()]).unlisted("cloudtrail"), BUCKET, "objects_recorded"),
        ["cloudtrail"]
    );
}

#[test]
fn regions_without_functions_need_no_guard() {
    let uid = "arn:aws:guardduty:eu-west-1:111122223333:detector";
    let detector = || resource("aws.guardduty.detector", uid, json!({"detector": null}));
    assert_eq!(known(vec![detector(), function()], uid, "has_functions"), true);
    assert_eq!(known(vec![detector()], uid, "has_functions"), false);
    let mut elsewhere = function();
    elsewhere.region = Region::from("us-east-1");
    assert_eq!(known(vec![detector(), elsewhere], uid, "has_functions"), false);
    assert_eq!(unknown(&listed(vec![detector()]).unlisted("lambda"), uid, "has_functions"), ["lambda"]);
}

fn alerts(facets: Value) -> Resource {
    let mut alerts = resource("aws.budgets.alerts", ALERTS, facets);
    alerts.region = Region::global();
    alerts
}

fn budget(more: Value) -> Resource {
    let mut budget = json!({"BudgetName": "b", "BudgetType": "COST"});
    budget.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let alarm = json!([{"BudgetName": "b", "Notifications": [{"Threshold": 80.0}]}]);
    alerts(
        json!({"budgets": {"Budgets": [budget]}, "notifications": {"BudgetNotificationsForAccount": alarm},
        "monitors": {"AnomalyMonitors": []}, "subscriptions": {"AnomalySubscriptions": []}}),
    )
}

#[test]
fn budgets_cover_functions_or_not() {
    let found = |more: Value| known(vec![budget(more)], ALERTS, "spend_alerts");
    let service = |name: &str| json!({"Dimensions": {"Key": "SERVICE", "Values": [name]}});
    for covering in [
        json!({}),
        json!({"CostFilters": {"Service": ["Amazon DynamoDB", "AWS Lambda"]}}),
        json!({"CostFilters": {"LinkedAccount": [ACCOUNT]}}),
        json!({"FilterExpression": service("AWS Lambda")}),
        json!({"FilterExpression": {"Not": {"Dimensions": {"Key": "RECORD_TYPE", "Values": ["Credit"]}}}}),
        json!({"FilterExpression": {"Or": [service("Amazon EC2"), service("AWS Lambda")]}}),
        json!({"BudgetType": "USAGE", "CostFilters": {"Service": ["AWS Lambda"]}}),
    ] {
        assert_eq!(found(covering.clone()), json!([{"type": "budget", "name": "b"}]), "{covering}");
    }
    for other in [
        json!({"CostFilters": {"Service": ["Amazon EC2"]}}),
        json!({"CostFilters": {"TagKeyValue": ["user:app$shop"]}}),
        json!({"CostFilters": {"LinkedAccount": ["999999999999"]}}),
        json!({"FilterExpression": {"Not": service("AWS Lambda")}}),
        json!({"FilterExpression": {"And": [service("AWS Lambda"), {"Tags": {"Key": "app", "Values": ["shop"]}}]}}),
        json!({"BudgetType": "RI_UTILIZATION"}),
        json!({"BudgetName": "silent"}),
        json!({"TimePeriod": {"End": 1_700_000_000}}),
    ] {
        assert_eq!(found(other.clone()), json!([]), "{other}");
    }
}

#[test]
fn monitors_count_where_somebody_is_told() {
    let with = |monitor: Value, subscribers: Value| {
        let subscriptions = json!([{"MonitorArnList": ["m"], "Subscribers": subscribers}]);
        let facets = json!({"budgets": {"Budgets": []}, "notifications": {"BudgetNotificationsForAccount": []},
            "monitors": {"AnomalyMonitors": [monitor]}, "subscriptions": {"AnomalySubscriptions": subscriptions}});
        known(vec![alerts(facets)], ALERTS, "spend_alerts")
    };
    let services = json!({"MonitorArn": "m", "MonitorName": "all", "MonitorType": "DIMENSIONAL", "MonitorDimension": "SERVICE"});
    let told = json!([{"Type": "EMAIL", "Status": "CONFIRMED"}]);
    assert_eq!(with(services.clone(), told.clone()), json!([{"type": "anomaly_monitor", "name": "all"}]));
    assert_eq!(with(services.clone(), json!([])), json!([]));
    assert_eq!(with(services, json!([{"Type": "EMAIL", "Status": "DECLINED"}])), json!([]));
    let tagged = json!({"MonitorArn": "m", "MonitorName": "app", "MonitorType": "CUSTOM",
        "MonitorSpecification": {"Tags": {"Key": "app", "Values": ["shop"]}}});
    assert_eq!(with(tagged, told), json!([]));
}

#[test]
fn one_alert_that_was_read_is_enough() {
    let unread_monitors = unread(budget(json!({})), "monitors");
    assert_eq!(
        known(vec![unread_monitors], ALERTS, "spend_alerts"),
        json!([{"type": "budget", "name": "b"}])
    );
    let nothing_else = unread(budget(json!({"CostFilters": {"Service": ["Amazon EC2"]}})), "monitors");
    assert_eq!(unknown(&listed(vec![nothing_else]), ALERTS, "spend_alerts"), ["monitors"]);
    let unread_budgets = unread(budget(json!({})), "budgets");
    assert_eq!(unknown(&listed(vec![unread_budgets]), ALERTS, "spend_alerts"), ["budgets"]);
}

#[test]
fn what_carries_no_tag_of_somebodys_own_is_named() {
    let queue = "arn:aws:sqs:eu-west-1:111122223333:orders";
    let bus = "arn:aws:events:eu-west-1:111122223333:event-bus/default";
    let tags = |tags: Value| {
        let tagged = json!({"ResourceTagMappingList": [{"ResourceARN": queue, "Tags": tags}]});
        resource("aws.tagging.region", TAGS, json!({ "tagged": tagged }))
    };
    let estate = |tags: Resource| {
        vec![
            tags,
            resource("aws.sqs.queue", queue, json!({"attributes": {}})),
            resource("aws.events.bus", bus, json!({"bus": {}})),
        ]
    };
    let own = json!([{"Key": "owner", "Value": "shop"}]);
    assert_eq!(known(estate(tags(own.clone())), TAGS, "untagged"), json!([]));
    let given = json!([{"Key": "aws:cloudformation:stack-name", "Value": "shop"}]);
    assert_eq!(known(estate(tags(given)), TAGS, "untagged"), json!([queue]));
    assert_eq!(known(estate(tags(json!([]))), TAGS, "untagged"), json!([queue]));
    assert_eq!(unknown(&listed(estate(tags(own))).unlisted("sns"), TAGS, "untagged"), ["sns"]);
    assert_eq!(unknown(&listed(estate(unread(tags(json!([])), "tagged"))), TAGS, "untagged"), ["tagged"]);
}

#[test]
fn roles_know_the_stacks_that_are_deployed_with_them() {
    let uid = "arn:aws:iam::111122223333:role/deploy";
    let stack = "arn:aws:cloudformation:eu-west-1:111122223333:stack/shop/1";
    let role = || resource("aws.iam.role", uid, json!({"role": {"RolePolicyList": []}}));
    let deployed = related(
        resource("aws.cloudformation.stack", stack, json!({"stack": {}})),
        RelationName::ExecutesAs,
        uid,
    );
    let running = related(function(), RelationName::ExecutesAs, uid);
    assert_eq!(known(vec![role(), deployed, running], uid, "stacks"), json!([stack]));
    assert_eq!(known(vec![role()], uid, "stacks"), json!([]));
    assert_eq!(unknown(&listed(vec![role()]).unlisted("cloudformation"), uid, "stacks"), ["cloudformation"]);
}

#[test]
fn secrets_of_an_app_and_of_its_branches_are_one_list() {
    let uid = "arn:aws:amplify:eu-west-1:111122223333:apps/d1";
    let secret = json!({"$redacted": {"detector": "password", "length": "9-16", "tag": "ab"}});
    let app = |own: Value, branch: Value| {
        let branches = json!({"branches": [{"environmentVariables": branch}]});
        resource("aws.amplify.app", uid, json!({"app": {"environmentVariables": own}, "branches": branches}))
    };
    let found = known(vec![app(json!({}), json!({ "DB_PASSWORD": secret }))], uid, "secrets");
    assert_eq!(found[0]["path"], "branches.branches[0].environmentVariables.DB_PASSWORD");
    assert_eq!(known(vec![app(json!({}), json!({}))], uid, "secrets"), json!([]));
    let witness = unread(app(json!({ "DB_PASSWORD": secret }), json!({})), "branches");
    assert_eq!(known(vec![witness], uid, "secrets").as_array().unwrap().len(), 1);
    let hidden = unread(app(json!({}), json!({})), "branches");
    assert!(matches!(hidden.facets["branches"], Facet::Unreadable(_)));
    assert_eq!(unknown(&listed(vec![hidden]), uid, "secrets"), ["branches"]);
}

const SUBNET: &str = "arn:aws:ec2:eu-west-1:111122223333:subnet/subnet-";
const GROUP: &str = "arn:aws:ec2:eu-west-1:111122223333:security-group/sg-1";
const NETWORK: &str = "arn:aws:ec2:eu-west-1:111122223333:vpc/vpc-1";

fn connected(subnets: &[u8]) -> Resource {
    let named = subnets.iter().map(|number| format!("{SUBNET}{number}"));
    let function = named.fold(function(), |function, uid| related(function, RelationName::RunsIn, &uid));
    related(function, RelationName::RunsIn, GROUP)
}

fn subnet(number: u8, zone: &str, routes: Value) -> Resource {
    let facets = json!({"subnet": {"availabilityZone": zone}, "route_table": {"routeSet": routes}});
    related(resource("aws.ec2.subnet", &format!("{SUBNET}{number}"), facets), RelationName::PartOf, NETWORK)
}

fn surroundings(egress: Value) -> Vec<Resource> {
    let group = resource("aws.ec2.securitygroup", GROUP, json!({"group": {"ipPermissionsEgress": egress}}));
    let endpoints = json!([{"serviceName": "com.amazonaws.eu-west-1.s3", "state": "available"},
        {"serviceName": "com.amazonaws.eu-west-1.sqs", "state": "pending"}]);
    let network = resource("aws.ec2.vpc", NETWORK, json!({"endpoints": {"vpcEndpointSet": endpoints}}));
    vec![group, network]
}

fn route(to: &str, by: &str) -> Value {
    json!({"destinationCidrBlock": to, by: "x", "state": "active"})
}

#[test]
fn functions_know_their_zones() {
    let two = vec![connected(&[1, 2]), subnet(1, "a", json!([])), subnet(2, "b", json!([]))];
    assert_eq!(known(two, &arn(1), "zones"), json!(["a", "b"]));
    let same = vec![connected(&[1, 2]), subnet(1, "a", json!([])), subnet(2, "a", json!([]))];
    assert_eq!(known(same, &arn(1), "zones"), json!(["a"]));
    assert_eq!(known(vec![function()], &arn(1), "zones"), json!([]));
    let gone = listed(vec![connected(&[1, 2]), subnet(1, "a", json!([]))]);
    assert_eq!(unknown(&gone, &arn(1), "zones"), ["subnet"]);
}

#[test]
fn functions_reach_what_their_network_reaches() {
    let open = json!([{"ipProtocol": "-1", "ipRanges": [{"cidrIp": "0.0.0.0/0"}]}]);
    let narrow = json!([{"ipProtocol": "tcp", "toPort": 443, "ipRanges": [{"cidrIp": "0.0.0.0/0"}]}]);
    let reach = |routes: Value, egress: &Value| {
        let mut all = surroundings(egress.clone());
        all.extend([connected(&[1]), subnet(1, "a", routes)]);
        known(all, &arn(1), "network")
    };
    let s3 = json!(["com.amazonaws.eu-west-1.s3"]);
    let local = json!([route("10.0.0.0/16", "gatewayId")]);
    let closed = json!({"public_subnets": [], "internet": false, "open_groups": [], "endpoints": s3});
    assert_eq!(reach(local, &narrow), closed);
    let through = reach(json!([route("0.0.0.0/0", "natGatewayId")]), &open);
    assert_eq!(
        through,
        json!({"public_subnets": [], "internet": true, "open_groups": ["sg-1"], "endpoints": s3})
    );
    let gateway = json!([{"destinationCidrBlock": "0.0.0.0/0", "gatewayId": "igw-1", "state": "active"}]);
    let public = reach(gateway, &narrow);
    assert_eq!((&public["public_subnets"], &public["internet"]), (&json!(["subnet-1"]), &json!(false)));
    let dead = json!([{"destinationCidrBlock": "0.0.0.0/0", "natGatewayId": "nat-1", "state": "blackhole"}]);
    assert_eq!(reach(dead, &narrow), closed);

    assert_eq!(known(vec![function()], &arn(1), "network"), Value::Null);
    let mut hidden = surroundings(open);
    hidden.extend([connected(&[1]), unread(subnet(1, "a", json!([])), "route_table")]);
    assert_eq!(unknown(&listed(hidden), &arn(1), "network"), ["route_table"]);
}
