//! CodeArtifact: domains with their keys, and repositories with the packages whose name may come from two sides.
//!
//! Domains and repositories come in bulk. One call a repository asks only for packages that may both be published
//! here and be taken from elsewhere, of which a repository in good order has none.

use futures::StreamExt;
use nephoscope_model::{RelationName, Resource, Uid};
use serde_json::{Value, json};

use super::Scope;
use super::api::{Action, Api, List};
use super::client::Reader;
use super::failure::Class;
use super::place::{Outcome, Place, Read, put, relate, text};
use super::quota;
use super::request::Request;
use super::volatile::Path;

pub(super) const SCOPE: Scope = Scope::Regional;
pub(super) const ACTIONS: &[&Action] = &[&DOMAINS.action, &REPOSITORIES.action, &PACKAGES.action];
pub(super) const VOLATILE: &[Path] = &[];

static API: Api = Api::rest_json("codeartifact", "codeartifact", &quota::CODEARTIFACT).in_some_regions();
static DOMAINS: List = API.list("codeartifact:ListDomains", "domains").paged("nextToken", "nextToken");
static REPOSITORIES: List =
    API.list("codeartifact:ListRepositories", "repositories").paged("nextToken", "next-token");
static PACKAGES: List = API.list("codeartifact:ListPackages", "packages").paged("nextToken", "next-token");

/// The largest page of repositories and packages.
const PAGE: i32 = 1000;

pub(super) async fn collect(reader: &Reader) -> Outcome {
    let (domains, repositories) = tokio::join!(
        reader.list_where_offered(&DOMAINS, Request::post(&["v1", "domains"])),
        reader.list_where_offered(&REPOSITORIES, asking(&["v1", "repositories"]))
    );
    let fetched = repositories.items.into_iter().map(|repository| fetch(reader, repository));
    let fetched: Vec<Option<Resource>> =
        futures::stream::iter(fetched).buffer_unordered(reader.limits.concurrency).collect().await;
    let own = domains.items.into_iter().filter_map(|item| domain(&reader.place, item));
    let resources = own.chain(fetched.into_iter().flatten()).collect();
    Outcome { resources, listings: vec![repositories.failure, domains.failure] }
}

/// These are sent as POST with everything in the address, the token of the next page included.
fn asking(segments: &[&str]) -> Request {
    Request::post(segments).query("max-results", PAGE)
}

/// None where the repository was deleted after it had been listed.
async fn fetch(reader: &Reader, listed: Value) -> Option<Resource> {
    let uid = Uid::from(text(&listed, "/arn")?);
    let request = asking(&["v1", "packages"])
        .query("domain", text(&listed, "/domainName")?)
        .query("domain-owner", text(&listed, "/domainOwner")?)
        .query("repository", text(&listed, "/name")?)
        .query("publish", "ALLOW")
        .query("upstream", "ALLOW");
    let mixed: Read = match reader.list(&PACKAGES, Some(&uid), request).await.whole() {
        Err(failure) if failure.class == Class::NotFound => return None,
        Ok(packages) => Ok(Some(json!({ "packages": packages }))),
        Err(failure) => Err(failure),
    };
    repository(&reader.place, listed, mixed)
}

fn repository(place: &Place, listed: Value, mixed: Read) -> Option<Resource> {
    let arn = text(&listed, "/arn")?.to_owned();
    let name = text(&listed, "/name").unwrap_or(&arn).to_owned();
    let mut resource = place.resource("aws.codeartifact.repository", &arn, &name);
    let part = (text(&listed, "/domainOwner"), text(&listed, "/domainName"));
    if let (Some(owner), Some(domain)) = part {
        let domain = format!("arn:{}:codeartifact:{}:{owner}:domain/{domain}", place.partition, place.region);
        relate(&mut resource, RelationName::PartOf, Some(&domain));
    }
    put(&mut resource, "repository", Ok(Some(listed)));
    put(&mut resource, "mixed_packages", mixed);
    Some(resource)
}

fn domain(place: &Place, domain: Value) -> Option<Resource> {
    let arn = text(&domain, "/arn")?.to_owned();
    let mut resource =
        place.resource("aws.codeartifact.domain", &arn, text(&domain, "/name").unwrap_or(&arn));
    relate(&mut resource, RelationName::EncryptedBy, text(&domain, "/encryptionKey"));
    put(&mut resource, "domain", Ok(Some(domain)));
    Some(resource)
}

#[cfg(test)]
mod tests {
    use nephoscope_model::Facet;

    use super::*;

    #[test]
    fn repositories_belong_to_domains_that_have_keys() {
        let place = Place::example("codeartifact");
        let arn = "arn:aws:codeartifact:eu-west-1:123456789012:domain/shop";
        let key = "arn:aws:kms:eu-west-1:123456789012:key/1";
        let found = domain(&place, json!({"arn": arn, "name": "shop", "encryptionKey": key})).unwrap();
        assert_eq!((found.uid.as_str(), found.relations[0].to.as_str()), (arn, key));

        let listed = json!({"arn": "arn:aws:codeartifact:eu-west-1:123456789012:repository/shop/npm",
            "name": "npm", "domainName": "shop", "domainOwner": "123456789012"});
        let none = json!({"packages": []});
        let found = repository(&place, listed, Ok(Some(none.clone()))).unwrap();
        assert_eq!(found.relations[0].to.as_str(), arn);
        assert_eq!(found.facets["mixed_packages"], Facet::Known(none));
    }
}
