//! Edges that many kinds have: the account they run as, the key and the repository that they name.

use nephoscope_model::{RelationName, Resource};

use crate::normalise::relate;

/// Code runs as the service account with this address.
pub(super) fn executes_as(resource: &mut Resource, email: Option<&str>) {
    let Some(email) = email.filter(|email| email.contains('@')) else { return };
    // The project of an account stands in its address, but for the ones that Google makes.
    let domain = email.split_once('@').map_or("", |(_, domain)| domain);
    let project = domain.strip_suffix(".iam.gserviceaccount.com").unwrap_or(resource.account.as_str());
    let uid = format!("//iam.googleapis.com/projects/{project}/serviceAccounts/{email}");
    relate(resource, RelationName::ExecutesAs, Some(&uid));
}

/// The resource has an edge to what `host` calls `name`.
pub(super) fn to(resource: &mut Resource, relation: RelationName, host: &str, name: Option<&str>) {
    let uid = name.filter(|name| !name.is_empty()).map(|name| format!("//{host}/{name}"));
    relate(resource, relation, uid.as_deref());
}

/// The resource runs an image of a repository of Artifact Registry.
pub(super) fn runs_image(resource: &mut Resource, image: Option<&str>) {
    let name = image.and_then(repository);
    to(resource, RelationName::RunsImage, "artifactregistry.googleapis.com", name.as_deref());
}

/// The repository of an image: `projects/shop/locations/europe/repositories/app` of
/// `europe-docker.pkg.dev/shop/app/web:1`.
fn repository(image: &str) -> Option<String> {
    let mut parts = image.split('/');
    let location = parts.next()?.strip_suffix("-docker.pkg.dev")?;
    let project = parts.next()?;
    // A project of a domain stands in two parts: `example.com/shop`.
    let project = match project.contains('.') {
        true => format!("{project}:{}", parts.next()?),
        false => project.to_owned(),
    };
    let repository = parts.next()?.split(['@', ':']).next()?;
    Some(format!("projects/{project}/locations/{location}/repositories/{repository}"))
}
