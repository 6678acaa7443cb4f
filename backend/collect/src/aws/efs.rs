//! EFS: the access points that functions mount, and the file systems behind them.
//!
//! One call for a hundred access points, one for a hundred file systems, and two for each file system: its policy, and
//! whether it is backed up.

use std::collections::BTreeSet;

use futures::StreamExt;
use nephoscope_model::{RelationName, Resource, Uid};
use serde_json::Value;

use super::Scope;
use super::api::{Action, Api, List};
use super::client::Reader;
use super::failure::{Class, Failure};
use super::place::{Outcome, Place, Read, object_at, put, relate, tag, text};
use super::request::Request;
use super::volatile::Path;
use super::{policy, quota};

pub(super) const SCOPE: Scope = Scope::Named;
pub(super) const ACTIONS: &[&Action] =
    &[&ACCESS_POINTS.action, &FILE_SYSTEMS.action, &GET_POLICY, &GET_BACKUP_POLICY];
/// Sizes and states.
pub(super) const VOLATILE: &[Path] = &[
    "access_point/LifeCycleState",
    "file_system/LifeCycleState",
    "file_system/NumberOfMountTargets",
    "file_system/SizeInBytes",
];

static API: Api = Api::rest_json("EFS", "elasticfilesystem", &quota::EFS);
static ACCESS_POINTS: List = API.list("elasticfilesystem:DescribeAccessPoints", "AccessPoints");
static FILE_SYSTEMS: List =
    API.list("elasticfilesystem:DescribeFileSystems", "FileSystems").paged("NextMarker", "Marker");
static GET_POLICY: Action = API.action("elasticfilesystem:DescribeFileSystemPolicy");
static GET_BACKUP_POLICY: Action = API.action("elasticfilesystem:DescribeBackupPolicy");

const VERSION: &str = "2015-02-01";
/// A page large enough for nearly every region.
const PAGE: i32 = 100;

struct FileSystem {
    file_system: Value,
    policy: Read,
    backup_policy: Read,
}

pub(super) async fn collect(reader: &Reader) -> Outcome {
    let named: BTreeSet<&str> = reader.named("elasticfilesystem").into_iter().collect();
    if named.is_empty() {
        return Outcome { resources: Vec::new(), listings: Vec::new() };
    }
    let points = Request::get(&[VERSION, "access-points"]).query("MaxResults", PAGE);
    let systems = Request::get(&[VERSION, "file-systems"]).query("MaxItems", PAGE);
    let (points, systems) =
        tokio::join!(reader.list(&ACCESS_POINTS, None, points), reader.list(&FILE_SYSTEMS, None, systems));
    let is_named = |one: &Value, field: &str| text(one, field).is_some_and(|arn| named.contains(arn));
    let used: Vec<Value> =
        points.items.into_iter().filter(|point| is_named(point, "/AccessPointArn")).collect();
    let behind: BTreeSet<&str> = used.iter().filter_map(|point| text(point, "/FileSystemId")).collect();
    let is_used = |system: &Value| {
        is_named(system, "/FileSystemArn")
            || text(system, "/FileSystemId").is_some_and(|id| behind.contains(id))
    };
    let systems_used: Vec<Value> = systems.items.into_iter().filter(is_used).collect();
    let read = systems_used.into_iter().map(|system| fetch(reader, system));
    let read: Vec<Option<FileSystem>> =
        futures::stream::iter(read).buffer_unordered(reader.limits.concurrency).collect().await;
    let place = &reader.place;
    let resources = used.into_iter().filter_map(|point| access_point(place, point));
    let systems_read = read.into_iter().flatten().filter_map(|system| file_system(place, system));
    let resources = resources.chain(systems_read).collect();
    Outcome { resources, listings: vec![points.failure, systems.failure] }
}

/// None where the file system was deleted after it had been listed.
async fn fetch(reader: &Reader, file_system: Value) -> Option<FileSystem> {
    let id = text(&file_system, "/FileSystemId")?;
    let uid = Uid::from(text(&file_system, "/FileSystemArn")?);
    let of = |part: &str| Request::get(&[VERSION, "file-systems", id, part]);
    let (policy, backup) = tokio::join!(
        reader.call(&GET_POLICY, Some(&uid), of("policy")),
        reader.call(&GET_BACKUP_POLICY, Some(&uid), of("backup-policy"))
    );
    if policy.as_ref().is_err_and(|failure| failure.error == "FileSystemNotFound") {
        return None;
    }
    let absent = |failure: Failure| if failure.class == Class::NotFound { Ok(None) } else { Err(failure) };
    let policy = match policy {
        Ok(reply) => policy::read(&GET_POLICY, text(&reply, "/Policy")),
        Err(failure) => absent(failure),
    };
    let backup_policy = match backup {
        Ok(reply) => object_at(&GET_BACKUP_POLICY, reply, "BackupPolicy").map(Some),
        Err(failure) => absent(failure),
    };
    Some(FileSystem { file_system, policy, backup_policy })
}

fn access_point(place: &Place, point: Value) -> Option<Resource> {
    let arn = text(&point, "/AccessPointArn")?.to_owned();
    let id = text(&point, "/AccessPointId").unwrap_or(&arn);
    let name = text(&point, "/Name").filter(|name| !name.is_empty()).unwrap_or(id).to_owned();
    let mut resource = place.resource("aws.efs.accesspoint", &arn, &name);
    let system =
        text(&point, "/FileSystemId").map(|id| place.arn("elasticfilesystem", &format!("file-system/{id}")));
    relate(&mut resource, RelationName::PartOf, system.as_deref());
    tag(&mut resource, point.get("Tags"));
    put(&mut resource, "access_point", Ok(Some(point)));
    Some(resource)
}

fn file_system(place: &Place, read: FileSystem) -> Option<Resource> {
    let FileSystem { file_system, policy, backup_policy } = read;
    let arn = text(&file_system, "/FileSystemArn")?.to_owned();
    let id = text(&file_system, "/FileSystemId").unwrap_or(&arn);
    let name = text(&file_system, "/Name").filter(|name| !name.is_empty()).unwrap_or(id).to_owned();
    let mut resource = place.resource("aws.efs.filesystem", &arn, &name);
    let key = place.key_arn(text(&file_system, "/KmsKeyId"));
    relate(&mut resource, RelationName::EncryptedBy, key.as_deref());
    tag(&mut resource, file_system.get("Tags"));
    put(&mut resource, "file_system", Ok(Some(file_system)));
    put(&mut resource, "policy", policy);
    put(&mut resource, "backup_policy", backup_policy);
    Some(resource)
}

#[cfg(test)]
mod tests {
    use nephoscope_model::Facet;
    use serde_json::json;

    use super::*;

    #[test]
    fn an_access_point_is_part_of_its_file_system() {
        let place = Place::example("efs");
        let point =
            json!({"AccessPointArn": "arn:p", "AccessPointId": "fsap-1", "FileSystemId": "fs-1", "Name": ""});
        let point = access_point(&place, point).unwrap();
        assert_eq!(point.name, "fsap-1");
        let arn = "arn:aws:elasticfilesystem:eu-west-1:123456789012:file-system/fs-1";
        assert_eq!(point.relations[0].to.as_str(), arn);
        let file_system = json!({"FileSystemArn": arn, "FileSystemId": "fs-1", "Encrypted": true, "KmsKeyId": "arn:k",
            "Tags": [{"Key": "team", "Value": "shop"}]});
        let read = FileSystem { file_system, policy: Ok(None), backup_policy: Ok(None) };
        let system = super::file_system(&place, read).unwrap();
        assert_eq!((system.uid.as_str(), system.tags["team"].as_str()), (arn, "shop"));
        assert_eq!((system.relations[0].to.as_str(), &system.facets["policy"]), ("arn:k", &Facet::Absent));
    }
}
