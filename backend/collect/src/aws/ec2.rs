//! EC2, only as far as functions run in it: their subnets with the routes out of them, their security groups, and
//! the endpoints of their networks.
//!
//! Four calls for up to two hundred of each, and none where no function is connected to a network. They ask by
//! filters: a subnet that was deleted would fail the whole call where it is asked for by its id.

use std::collections::{BTreeMap, BTreeSet};

use nephoscope_model::{RelationName, Resource};
use serde_json::{Value, json};

use super::Scope;
use super::api::{Action, Api, List, Xml};
use super::client::Reader;
use super::failure::{Class, Failure};
use super::pages::Listing;
use super::place::{Outcome, Place, Read, elements, put, relate, text};
use super::quota;
use super::request::Request;
use super::volatile::Path;

pub(super) const SCOPE: Scope = Scope::Named;
pub(super) const ACTIONS: &[&Action] = &[&SUBNETS.action, &ROUTES.action, &GROUPS.action, &ENDPOINTS.action];
/// How many addresses are free.
pub(super) const VOLATILE: &[Path] = &["subnet/availableIpAddressCount"];

static API: Api = Api::query("EC2", "ec2", "2016-11-15", &quota::EC2);
static SUBNETS: List = list("ec2:DescribeSubnets", "subnetSet");
static ROUTES: List = list("ec2:DescribeRouteTables", "routeTableSet");
static GROUPS: List = list("ec2:DescribeSecurityGroups", "securityGroupInfo");
static ENDPOINTS: List = list("ec2:DescribeVpcEndpoints", "vpcEndpointSet");

const fn list(name: &'static str, items: &'static str) -> List {
    API.list(name, items).paged("nextToken", "NextToken").reads(Xml {
        lists: &[
            "associationSet",
            "dnsEntrySet",
            "groupSet",
            "groups",
            "ipPermissions",
            "ipPermissionsEgress",
            "ipRanges",
            "ipv6CidrBlockAssociationSet",
            "ipv6Ranges",
            "networkInterfaceIdSet",
            "prefixListIds",
            "propagatingVgwSet",
            "routeSet",
            "routeTableIdSet",
            "routeTableSet",
            "securityGroupInfo",
            "subnetIdSet",
            "subnetSet",
            "tagSet",
            "vpcEndpointSet",
        ],
        numbers: &["availableIpAddressCount", "fromPort", "toPort"],
        // Names and values of a person's choosing, which may read `true`.
        texts: &["key", "value", "groupName", "groupDescription", "description", "policyDocument"],
        repeated: &[],
    })
}

/// The most values of one filter.
const VALUES: usize = 200;

/// The largest page.
const PAGE: i32 = 1000;

pub(super) async fn collect(reader: &Reader) -> Outcome {
    let named = reader.named("ec2");
    let ids = |kind: &str| -> Vec<String> {
        let prefix = reader.place.arn("ec2", &format!("{kind}/"));
        named.iter().filter_map(|arn| arn.strip_prefix(&prefix)).map(str::to_owned).collect()
    };
    let (subnets, groups) = tokio::join!(
        ask(reader, &SUBNETS, "subnet-id", ids("subnet")),
        ask(reader, &GROUPS, "group-id", ids("security-group"))
    );
    let networks: BTreeSet<&str> = subnets.items.iter().filter_map(|subnet| text(subnet, "/vpcId")).collect();
    let networks: Vec<String> = networks.into_iter().map(str::to_owned).collect();
    let (routes, endpoints) = tokio::join!(
        ask(reader, &ROUTES, "vpc-id", networks.clone()),
        ask(reader, &ENDPOINTS, "vpc-id", networks.clone())
    );
    let listings = vec![subnets.failure, groups.failure];
    let (routes, endpoints) = (routes.whole(), endpoints.whole());
    let place = &reader.place;
    let subnets = subnets.items.into_iter().filter_map(|item| subnet(place, item, &routes));
    let groups = groups.items.into_iter().filter_map(|item| group(place, item));
    let networks = networks.iter().map(|id| network(place, id, &endpoints));
    Outcome { resources: subnets.chain(groups).chain(networks).collect(), listings }
}

/// Everything whose `filter` is one of `values`, which is nothing where there are none.
async fn ask(reader: &Reader, list: &'static List, filter: &str, values: Vec<String>) -> Listing {
    let mut whole = Listing { items: Vec::new(), failure: None };
    for values in values.chunks(VALUES) {
        let mut request = Request::call().field("MaxResults", PAGE).field("Filter.1.Name", filter);
        for (position, value) in values.iter().enumerate() {
            request = request.field(&format!("Filter.1.Value.{}", position + 1), value.as_str());
        }
        let part = reader.list(list, None, request).await;
        whole.items.extend(part.items);
        whole.failure = whole.failure.or(part.failure);
    }
    whole
}

type Answer = Result<Vec<Value>, Failure>;

fn subnet(place: &Place, subnet: Value, routes: &Answer) -> Option<Resource> {
    let id = text(&subnet, "/subnetId")?;
    let mut resource = place.resource("aws.ec2.subnet", &place.arn("ec2", &format!("subnet/{id}")), id);
    let network = text(&subnet, "/vpcId").unwrap_or_default();
    relate(&mut resource, RelationName::PartOf, Some(&place.arn("ec2", &format!("vpc/{network}"))));
    let table = routes.as_ref().map_err(Clone::clone).and_then(|tables| table(tables, id, network));
    tags(&mut resource, &subnet);
    put(&mut resource, "route_table", table);
    put(&mut resource, "subnet", Ok(Some(subnet)));
    Some(resource)
}

/// The table that the subnet is associated with, or else the main one of its network.
fn table(tables: &[Value], subnet: &str, network: &str) -> Read {
    let own = |table: &&Value| {
        elements(table, "/associationSet").iter().any(|one| text(one, "/subnetId") == Some(subnet))
    };
    let main = |table: &&Value| {
        text(table, "/vpcId") == Some(network)
            && elements(table, "/associationSet")
                .iter()
                .any(|one| one.get("main") == Some(&Value::Bool(true)))
    };
    let found = tables.iter().find(own).or_else(|| tables.iter().find(main));
    // Every subnet has one; that of a network which another account shares is not shown.
    let hidden =
        || Failure::new(&ROUTES.action, Class::Other, "NotShown", "the subnet's route table is not shown");
    found.cloned().map(Some).ok_or_else(hidden)
}

fn group(place: &Place, group: Value) -> Option<Resource> {
    let id = text(&group, "/groupId")?;
    let uid = place.arn("ec2", &format!("security-group/{id}"));
    let mut resource =
        place.resource("aws.ec2.securitygroup", &uid, text(&group, "/groupName").unwrap_or(id));
    tags(&mut resource, &group);
    put(&mut resource, "group", Ok(Some(group)));
    Some(resource)
}

fn network(place: &Place, id: &str, endpoints: &Answer) -> Resource {
    let mut resource = place.resource("aws.ec2.vpc", &place.arn("ec2", &format!("vpc/{id}")), id);
    let own = |endpoints: &Vec<Value>| -> Vec<Value> {
        endpoints.iter().filter(|endpoint| text(endpoint, "/vpcId") == Some(id)).cloned().collect()
    };
    let endpoints = endpoints.as_ref().map(own).map_err(Clone::clone);
    put(&mut resource, "endpoints", endpoints.map(|own| Some(json!({ "vpcEndpointSet": own }))));
    resource
}

fn tags(resource: &mut Resource, holder: &Value) {
    let pairs: BTreeMap<&str, &str> = elements(holder, "/tagSet")
        .iter()
        .filter_map(|tag| Some((text(tag, "/key")?, text(tag, "/value")?)))
        .collect();
    resource.tags.extend(pairs.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())));
}

#[cfg(test)]
mod tests {
    use nephoscope_model::Facet;

    use super::*;
    use crate::aws::xml;

    const SUBNET: &str = "<DescribeSubnetsResponse><requestId>7</requestId><subnetSet><item>
        <subnetId>subnet-1</subnetId><vpcId>vpc-1</vpcId><availabilityZone>eu-west-1a</availabilityZone>
        <availableIpAddressCount>251</availableIpAddressCount>
        <tagSet><item><key>team</key><value>true</value></item></tagSet></item></subnetSet></DescribeSubnetsResponse>";

    fn tables() -> Vec<Value> {
        vec![
            json!({"routeTableId": "rtb-main", "vpcId": "vpc-1", "associationSet": [{"main": true}]}),
            json!({"routeTableId": "rtb-2", "vpcId": "vpc-1", "associationSet": [{"main": false, "subnetId": "subnet-2"}]}),
        ]
    }

    #[test]
    fn subnets_have_their_own_table_or_the_main_one() {
        let place = Place::example("ec2");
        let reply = xml::to_json(SUBNET, "DescribeSubnets", SUBNETS.action.xml).unwrap();
        let one = reply["subnetSet"][0].clone();
        let found = subnet(&place, one, &Ok(tables())).unwrap();
        assert_eq!(found.uid.as_str(), "arn:aws:ec2:eu-west-1:123456789012:subnet/subnet-1");
        assert_eq!(found.relations[0].to.as_str(), "arn:aws:ec2:eu-west-1:123456789012:vpc/vpc-1");
        assert_eq!(found.facets["route_table"], Facet::Known(tables()[0].clone()));
        assert_eq!(found.tags["team"], "true");
        let two = json!({"subnetId": "subnet-2", "vpcId": "vpc-1"});
        let found = subnet(&place, two, &Ok(tables())).unwrap();
        assert_eq!(found.facets["route_table"], Facet::Known(tables()[1].clone()));
        let shared = json!({"subnetId": "subnet-3", "vpcId": "vpc-9"});
        assert!(subnet(&place, shared, &Ok(tables())).unwrap().facets["route_table"].unreadable().is_some());
    }

    #[test]
    fn rules_and_endpoints_are_lists() {
        let reply = "<DescribeSecurityGroupsResponse><securityGroupInfo><item><groupId>sg-1</groupId>
            <groupName>web</groupName><ipPermissions/><ipPermissionsEgress><item><ipProtocol>-1</ipProtocol>
            <groups/><ipRanges><item><cidrIp>0.0.0.0/0</cidrIp></item></ipRanges></item></ipPermissionsEgress>
            </item></securityGroupInfo></DescribeSecurityGroupsResponse>";
        let reply = xml::to_json(reply, "DescribeSecurityGroups", GROUPS.action.xml).unwrap();
        let found = group(&Place::example("ec2"), reply["securityGroupInfo"][0].clone()).unwrap();
        let Facet::Known(value) = &found.facets["group"] else { panic!("{found:?}") };
        assert_eq!(value["ipPermissions"], json!([]));
        assert_eq!(value["ipPermissionsEgress"][0]["ipRanges"], json!([{"cidrIp": "0.0.0.0/0"}]));

        let endpoints = vec![json!({"vpcId": "vpc-1", "serviceName": "s3"}), json!({"vpcId": "vpc-2"})];
        let found = network(&Place::example("ec2"), "vpc-1", &Ok(endpoints.clone()));
        assert_eq!(found.facets["endpoints"], Facet::Known(json!({"vpcEndpointSet": [endpoints[0]]})));
    }
}
