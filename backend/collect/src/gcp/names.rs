//! Names that services give in more than one way, by the number of a project or by its id, and by their last part alone;
//! and addresses that name more than where something is.

use nephoscope_model::{Resource, Uid};

/// Names the resource `//host/projects/PROJECT/rest` by the id of its project, whatever the service said.
pub(super) fn by_project(resource: &mut Resource, host: &str, rest: &str) {
    resource.uid = Uid::from(format!("//{host}/projects/{}/{rest}", resource.account));
    resource.name = rest.rsplit('/').next().unwrap_or_default().to_owned();
}

/// What stands after the project in `//host/projects/PROJECT/rest`, or all after the host where it is no name of a
/// project's.
pub(super) fn rest(resource: &Resource) -> &str {
    let name = resource.uid.as_str().trim_start_matches('/');
    let name = name.split_once('/').map_or(name, |(_, name)| name);
    let within = name.strip_prefix("projects/").and_then(|name| name.split_once('/'));
    within.map_or(name, |(_, rest)| rest)
}

/// An address without the user that it names, and that user: `ada:word` of `https://ada:word@host/path`.
pub(super) fn without_user(address: &str) -> (String, Option<&str>) {
    let (scheme, rest) = match address.split_once("://") {
        Some((scheme, rest)) => (format!("{scheme}://"), rest),
        None => (String::new(), address),
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    match rest[..end].rsplit_once('@') {
        Some((user, host)) => (format!("{scheme}{host}{}", &rest[end..]), Some(user)),
        None => (address.to_owned(), None),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::gcp::sample;

    #[test]
    fn a_user_is_taken_out_of_an_address() {
        assert_eq!(
            without_user("https://ada:word@host/a@b"),
            ("https://host/a@b".to_owned(), Some("ada:word"))
        );
        assert_eq!(without_user("https://host/a@b"), ("https://host/a@b".to_owned(), None));
        assert_eq!(without_user("ada@host"), ("host".to_owned(), Some("ada")));
    }

    #[test]
    fn a_number_becomes_an_id() {
        let mut secret = sample::resource("gcp.secretmanager.secret", "secret", json!({}));
        secret.uid = Uid::from("//secretmanager.googleapis.com/projects/100200300/secrets/database");
        let rest = rest(&secret).to_owned();
        assert_eq!(rest, "secrets/database");
        by_project(&mut secret, "secretmanager.googleapis.com", &rest);
        assert_eq!(secret.uid.as_str(), "//secretmanager.googleapis.com/projects/shop/secrets/database");
        assert_eq!(secret.name, "database");
        secret.uid = Uid::from("//logging.googleapis.com/errors");
        assert_eq!(super::rest(&secret), "errors");
    }
}
