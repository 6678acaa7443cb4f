//! App Engine: the application with its firewall, its services, and their versions.

use nephoscope_model::{Facet, RelationName, Resource};

use super::kind::{Ask, Detail, Kind, Source, as_it_is};
use super::{edges, quota};
use crate::normalise::{text, without};
use crate::redact::Redactor;
use crate::rest::{Action, List, Pages};

const HOST: &str = "appengine.googleapis.com";

static RULES: List = Action::new("appengine.applications.listFirewall", &quota::APPENGINE)
    .at(HOST)
    .allowed_by("appengine.applications.get")
    .list("ingressRules", Pages::Token { reply: "nextPageToken", request: "pageToken" });
static VERSION: Action = Action::new("appengine.versions.get", &quota::APPENGINE).at(HOST);

/// Found through the inventory alone, which also tells that there is no application, as in most projects.
const fn known_as(kind: &'static str, facet: &'static str, type_: &'static str) -> Kind {
    Kind {
        kind,
        facet,
        host: HOST,
        source: Source::Assets { type_, list: None, path: "" },
        policy: None,
        details: &[],
        normalise: as_it_is,
    }
}

pub(super) const KINDS: &[Kind] = &[
    Kind {
        details: &[Detail::new("firewall", Ask::All(&RULES, "/v1/{name}/firewall/ingressRules"))],
        normalise: application,
        ..known_as("gcp.appengine.application", "application", "appengine.googleapis.com/Application")
    },
    known_as("gcp.appengine.service", "service", "appengine.googleapis.com/Service"),
    Kind {
        // Handlers and variables are only shown of one version at a time, which then says all that the listing said.
        details: &[Detail::new("version", Ask::One(&VERSION, "/v1/{name}?view=FULL"))],
        normalise: version,
        ..known_as("gcp.appengine.version", "version", "appengine.googleapis.com/Version")
    },
];

fn application(resource: &mut Resource, _redactor: &Redactor) {
    if let Some(proxy) =
        resource.facets.get_mut("application").and_then(known).and_then(|app| app.get_mut("iap"))
    {
        without(proxy, "oauth2ClientSecret");
        without(proxy, "oauth2ClientSecretSha256");
    }
}

fn version(resource: &mut Resource, redactor: &Redactor) {
    let Some(version) = resource.facets.get_mut("version").and_then(known) else { return };
    for variables in ["/envVariables", "/buildEnvVariables", "/betaSettings"] {
        redactor.redact_map(version, variables);
    }
    // They change with every file that is served.
    without(version, "diskUsageBytes");
    let account = text(version, "/serviceAccount").map(str::to_owned);
    let connector = text(version, "/vpcAccessConnector/name").map(str::to_owned);
    edges::executes_as(resource, account.as_deref());
    edges::to(resource, RelationName::RunsIn, "vpcaccess.googleapis.com", connector.as_deref());
}

fn known(facet: &mut Facet) -> Option<&mut serde_json::Value> {
    match facet {
        Facet::Known(value) => Some(value),
        Facet::Absent | Facet::Unreadable(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::gcp::sample::resource;

    #[test]
    fn variables_of_versions_are_redacted() {
        let config = json!({
            "servingStatus": "SERVING",
            "serviceAccount": "web@shop.iam.gserviceaccount.com",
            "envVariables": {"DB_PASSWORD": "CANARY-hunter2-9f"},
            "buildEnvVariables": {"TOKEN": "CANARY"},
            "diskUsageBytes": "5",
        });
        let mut read = resource("gcp.appengine.version", "version", config);
        version(&mut read, &Redactor::new([1; 32]));
        let kept = read.facets["version"].value().unwrap();
        assert!(!kept.to_string().contains("CANARY") && kept.get("diskUsageBytes").is_none(), "{kept}");
        assert_eq!(read.relations.len(), 1);
        let mut unread = resource("gcp.appengine.version", "version", json!({}));
        unread.facets.insert("version".to_owned(), Facet::Absent);
        version(&mut unread, &Redactor::new([1; 32]));
        assert_eq!(unread.relations, []);
    }

    #[test]
    fn the_proxy_keeps_its_secret() {
        let mut read = resource(
            "gcp.appengine.application",
            "application",
            json!({"iap": {"enabled": true, "oauth2ClientSecretSha256": "CANARY"}}),
        );
        application(&mut read, &Redactor::new([1; 32]));
        assert_eq!(read.facets["application"].value().unwrap(), &json!({"iap": {"enabled": true}}));
    }
}
