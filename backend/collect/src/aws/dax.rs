//! DAX: caches in front of tables, and how they are encrypted. One call for all clusters of a region.

use nephoscope_model::{RelationName, Resource};
use serde_json::Value;

use super::Scope;
use super::api::{Action, Api, List};
use super::client::Reader;
use super::place::{Outcome, Place, put, relate, text};
use super::quota;
use super::request::Request;
use super::volatile::Path;

pub(super) const SCOPE: Scope = Scope::Regional;
pub(super) const ACTIONS: &[&Action] = &[&CLUSTERS.action];
/// A node that is replaced or restarted passes through states and gets another address.
pub(super) const VOLATILE: &[Path] = &[
    "cluster/Status",
    "cluster/ActiveNodes",
    "cluster/NodeIdsToRemove",
    "cluster/Nodes/*/NodeCreateTime",
    "cluster/Nodes/*/NodeStatus",
    "cluster/Nodes/*/ParameterGroupStatus",
];

static API: Api = Api::json("DAX", "dax", "1.1", "AmazonDAXV3", &quota::DAX).in_some_regions();
static CLUSTERS: List = API.list("dax:DescribeClusters", "Clusters");

pub(super) async fn collect(reader: &Reader) -> Outcome {
    let clusters = reader.list(&CLUSTERS, None, Request::call()).await;
    let resources = clusters.items.into_iter().filter_map(|one| normalise(&reader.place, one)).collect();
    Outcome { resources, listings: vec![clusters.failure] }
}

fn normalise(place: &Place, cluster: Value) -> Option<Resource> {
    let arn = text(&cluster, "/ClusterArn")?.to_owned();
    let mut resource =
        place.resource("aws.dax.cluster", &arn, text(&cluster, "/ClusterName").unwrap_or(&arn));
    relate(&mut resource, RelationName::ExecutesAs, text(&cluster, "/IamRoleArn"));
    put(&mut resource, "cluster", Ok(Some(cluster)));
    Some(resource)
}

#[cfg(test)]
mod tests {
    use nephoscope_model::Facet;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_cluster_is_related_to_its_role() {
        let cluster = json!({"ClusterName": "cache", "ClusterArn": "arn:c", "IamRoleArn": "arn:r"});
        let resource = normalise(&Place::example("dax"), cluster.clone()).unwrap();
        assert_eq!((resource.name.as_str(), resource.relations[0].to.as_str()), ("cache", "arn:r"));
        assert_eq!(resource.facets["cluster"], Facet::Known(cluster));
        assert!(normalise(&Place::example("dax"), json!({"ClusterName": "cache"})).is_none());
    }
}
