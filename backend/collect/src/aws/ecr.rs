//! ECR: the repositories that functions run from, and the images in use with what scans found in them.
//!
//! One call for a thousand repositories, one for how 25 of them are scanned, and for each its policy, what it keeps,
//! and its images in use.

use std::collections::{BTreeMap, BTreeSet};

use futures::StreamExt;
use nephoscope_model::{RelationName, Resource, Uid};
use serde_json::{Value, json};

use super::Scope;
use super::api::{Action, Api, List};
use super::client::Reader;
use super::failure::{Class, Failure};
use super::place::{Outcome, Place, Read, put, relate, text};
use super::request::Request;
use super::volatile::Path;
use super::{policy, quota};

pub(super) const SCOPE: Scope = Scope::Named;
pub(super) const ACTIONS: &[&Action] =
    &[&REPOSITORIES.action, &GET_SCANNING, &GET_POLICY, &GET_LIFECYCLE, &IMAGES.action];
/// When an image was last pulled, which each new instance of a function does.
pub(super) const VOLATILE: &[Path] = &["images/imageDetails/*/lastRecordedPullTime"];

static API: Api =
    Api::json("ECR", "api.ecr", "1.1", "AmazonEC2ContainerRegistry_V20150921", &quota::ECR).signed_as("ecr");
static REPOSITORIES: List =
    API.list("ecr:DescribeRepositories", "repositories").paged("nextToken", "nextToken");
static GET_SCANNING: Action = API.action("ecr:BatchGetRepositoryScanningConfiguration");
static GET_POLICY: Action = API.action("ecr:GetRepositoryPolicy");
static GET_LIFECYCLE: Action = API.action("ecr:GetLifecyclePolicy");
static IMAGES: List = API.list("ecr:DescribeImages", "imageDetails").paged("nextToken", "nextToken");

/// As many scanning configurations as one call gives.
const BATCH: usize = 25;
/// As many images as one call may be asked for.
const MOST_IMAGES: usize = 100;

struct Repository {
    repository: Value,
    policy: Read,
    lifecycle: Read,
    images: Read,
}

/// Scanning configurations by the repository's ARN.
type Scanning = Result<BTreeMap<String, Value>, Failure>;

pub(super) async fn collect(reader: &Reader) -> Outcome {
    let named = repositories(reader.named("ecr"), reader.place.account.as_str());
    if named.is_empty() {
        return Outcome { resources: Vec::new(), listings: Vec::new() };
    }
    // All of them: asking for some by name fails whole where one of these is gone.
    let listed = reader.list(&REPOSITORIES, None, Request::call().field("maxResults", 1000)).await;
    let own = listed.items.into_iter().filter_map(|repository| {
        let images = named.get(text(&repository, "/repositoryName")?)?.clone();
        Some((repository, images))
    });
    let own: Vec<(Value, BTreeSet<String>)> = own.collect();
    let names = own.iter().filter_map(|(repository, _)| text(repository, "/repositoryName"));
    let scanning = scanning(reader, names.map(str::to_owned).collect()).await;
    let read = own.into_iter().map(|(repository, images)| fetch(reader, repository, images));
    let read: Vec<Option<Repository>> =
        futures::stream::iter(read).buffer_unordered(reader.limits.concurrency).collect().await;
    let read = read.into_iter().flatten();
    let resources = read.filter_map(|repository| normalise(&reader.place, repository, &scanning)).collect();
    Outcome { resources, listings: vec![listed.failure] }
}

/// Names of repositories with the digests or tags of their images in use, from ARNs such as
/// `arn:aws:ecr:eu-west-1:123456789012:repository/shop/cart@sha256:…`.
fn repositories(arns: Vec<&str>, account: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for arn in arns {
        let mut parts = arn.splitn(6, ':').skip(4);
        let own = parts.next() == Some(account);
        let Some(path) = parts.next().and_then(|rest| rest.strip_prefix("repository/")).filter(|_| own)
        else {
            continue;
        };
        let (name, image) = match path.split_once('@').or_else(|| path.split_once(':')) {
            Some((name, image)) => (name, Some(image)),
            None => (path, None),
        };
        found.entry(name.to_owned()).or_default().extend(image.map(str::to_owned));
    }
    found
}

async fn scanning(reader: &Reader, names: Vec<String>) -> Scanning {
    let mut found = BTreeMap::new();
    for batch in names.chunks(BATCH) {
        let request = Request::call().field("repositoryNames", json!(batch));
        let mut reply = reader.call(&GET_SCANNING, None, request).await?;
        let Some(Value::Array(configurations)) = reply.get_mut("scanningConfigurations").map(Value::take)
        else {
            return Err(Failure::malformed(&GET_SCANNING, "the answer has no `scanningConfigurations`"));
        };
        let with_arn = |one: Value| Some((text(&one, "/repositoryArn")?.to_owned(), one));
        found.extend(configurations.into_iter().filter_map(with_arn));
    }
    Ok(found)
}

/// None where the repository was deleted after it had been listed.
async fn fetch(reader: &Reader, repository: Value, images: BTreeSet<String>) -> Option<Repository> {
    let name = text(&repository, "/repositoryName")?;
    let uid = Uid::from(text(&repository, "/repositoryArn")?);
    let named = || Request::call().field("repositoryName", name);
    let (policy, lifecycle) = tokio::join!(
        reader.call(&GET_POLICY, Some(&uid), named()),
        reader.call(&GET_LIFECYCLE, Some(&uid), named())
    );
    let is_gone = |reply: &Result<Value, Failure>| {
        reply.as_ref().is_err_and(|failure| failure.error == "RepositoryNotFoundException")
    };
    if is_gone(&policy) || is_gone(&lifecycle) {
        return None;
    }
    let document = |action, reply: Result<Value, Failure>, field: &str| match reply {
        Ok(reply) => policy::read(action, text(&reply, field)),
        Err(failure) if failure.class == Class::NotFound => Ok(None),
        Err(failure) => Err(failure),
    };
    let policy = document(&GET_POLICY, policy, "/policyText");
    let lifecycle = document(&GET_LIFECYCLE, lifecycle, "/lifecyclePolicyText");
    let images = fetch_images(reader, &uid, name, images).await;
    Some(Repository { policy, lifecycle, images, repository })
}

/// Absent where functions name the repository and not their image.
async fn fetch_images(reader: &Reader, uid: &Uid, repository: &str, images: BTreeSet<String>) -> Read {
    let mut details = Vec::new();
    let ids: Vec<Value> = images.iter().map(|image| image_id(image)).collect();
    for batch in ids.chunks(MOST_IMAGES) {
        let request = Request::call().field("repositoryName", repository).field("imageIds", json!(batch));
        match reader.list(&IMAGES, Some(uid), request).await.whole() {
            Ok(found) => details.extend(found),
            // One image of the batch is gone, although a function still runs from its own copy of it.
            Err(failure) if failure.class == Class::NotFound => {
                for id in batch {
                    let request =
                        Request::call().field("repositoryName", repository).field("imageIds", json!([id]));
                    match reader.list(&IMAGES, Some(uid), request).await.whole() {
                        Ok(found) => details.extend(found),
                        Err(failure) if failure.class == Class::NotFound => {}
                        Err(failure) => return Err(failure),
                    }
                }
            }
            Err(failure) => return Err(failure),
        }
    }
    details.sort_by_cached_key(|image| text(image, "/imageDigest").unwrap_or_default().to_owned());
    Ok((!details.is_empty()).then(|| json!({ "imageDetails": details })))
}

fn image_id(image: &str) -> Value {
    if image.starts_with("sha256:") { json!({ "imageDigest": image }) } else { json!({ "imageTag": image }) }
}

fn normalise(place: &Place, read: Repository, scanning: &Scanning) -> Option<Resource> {
    let Repository { repository, policy, lifecycle, images } = read;
    let arn = text(&repository, "/repositoryArn")?.to_owned();
    let name = text(&repository, "/repositoryName").unwrap_or(&arn).to_owned();
    let mut resource = place.resource("aws.ecr.repository", &arn, &name);
    let key = place.key_arn(text(&repository, "/encryptionConfiguration/kmsKey"));
    relate(&mut resource, RelationName::EncryptedBy, key.as_deref());
    let scanning = scanning.as_ref().map(|found| found.get(&arn).cloned()).map_err(Clone::clone);
    put(&mut resource, "repository", Ok(Some(repository)));
    put(&mut resource, "policy", policy);
    put(&mut resource, "lifecycle", lifecycle);
    put(&mut resource, "scanning", scanning);
    put(&mut resource, "images", images);
    Some(resource)
}

#[cfg(test)]
mod tests {
    use nephoscope_model::Facet;

    use super::*;

    #[test]
    fn repositories_are_named_with_or_without_an_image() {
        let arn = |account: &str, path: &str| format!("arn:aws:ecr:eu-west-1:{account}:repository/{path}");
        let arns = [
            arn("123456789012", "shop/cart@sha256:ab"),
            arn("123456789012", "shop/cart:live"),
            arn("123456789012", "plain"),
            arn("999999999999", "theirs"),
        ];
        let found = repositories(arns.iter().map(String::as_str).collect(), "123456789012");
        let images =
            |images: &[&str]| images.iter().map(|image| (*image).to_owned()).collect::<BTreeSet<_>>();
        let expected =
            [("plain".to_owned(), images(&[])), ("shop/cart".to_owned(), images(&["live", "sha256:ab"]))];
        assert_eq!(found, BTreeMap::from(expected));
        assert_eq!(image_id("sha256:ab"), json!({"imageDigest": "sha256:ab"}));
        assert_eq!(image_id("live"), json!({"imageTag": "live"}));
    }

    #[test]
    fn unread_scanning_is_not_the_same_as_none() {
        let repository = || Repository {
            repository: json!({"repositoryArn": "arn:r", "repositoryName": "shop"}),
            policy: Ok(None),
            lifecycle: Ok(None),
            images: Ok(None),
        };
        let facet = |scanning: Scanning| {
            normalise(&Place::example("ecr"), repository(), &scanning).unwrap().facets["scanning"].clone()
        };
        assert_eq!(facet(Ok(BTreeMap::new())), Facet::Absent);
        let configuration = json!({"repositoryArn": "arn:r", "scanOnPush": true});
        let found = BTreeMap::from([("arn:r".to_owned(), configuration.clone())]);
        assert_eq!(facet(Ok(found)), Facet::Known(configuration));
        let denied = Failure::new(&GET_SCANNING, Class::Denied, "AccessDeniedException", "no");
        assert!(facet(Err(denied)).unreadable().is_some());
    }
}
