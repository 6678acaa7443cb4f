//! REST APIs, stages and custom domains as resources.

use std::collections::BTreeSet;

use nephoscope_model::{Facet, RelationName, Resource};
use serde_json::Value;

use super::super::failure::Failure;
use super::super::place::{Place, Read, elements, log_group_arn, put, relate, tag, text};
use super::super::policy;
use super::export::{Reach, redact_draft, reduce};
use super::{APIS, Api, Domain, Replies, Stage};
use crate::redact::Redactor;

pub(super) fn normalise(place: &Place, redactor: &Redactor, replies: Replies) -> Vec<Resource> {
    let Replies { apis, domains, certificates, account, .. } = replies;
    let ids: BTreeSet<&str> = apis.iter().filter_map(|api| text(&api.api, "/id")).collect();
    let mut found: Vec<Resource> =
        domains.into_iter().filter_map(|domain| custom_domain(place, &ids, domain)).collect();
    let shared = Shared { place, redactor, certificates, limits: account.map(limits) };
    for api in apis {
        rest_api(&shared, api, &mut found);
    }
    found
}

/// What stages of all APIs need.
struct Shared<'a> {
    place: &'a Place,
    redactor: &'a Redactor,
    certificates: Result<Vec<Value>, Failure>,
    limits: Read,
}

/// How much all APIs of the account may be called together.
fn limits(account: Value) -> Option<Value> {
    account.get("throttleSettings").filter(|limits| limits.is_object()).cloned()
}

fn custom_domain(place: &Place, rest_apis: &BTreeSet<&str>, replies: Domain) -> Option<Resource> {
    let Domain { domain, mappings } = replies;
    let name = text(&domain, "/domainName")?.to_owned();
    let uid = place.gateway_arn(&format!("/domainnames/{name}"));
    let mut resource = place.resource("aws.apigateway.domain", &uid, &name);
    tag(&mut resource, domain.get("tags"));
    let listed = mappings.iter().flatten();
    let mapped = listed.flat_map(|mappings| [elements(mappings, "/item"), elements(mappings, "/items")]);
    for id in mapped.flatten().filter_map(|to| text(to, "/restApiId").or_else(|| text(to, "/apiId"))) {
        let family = if rest_apis.contains(id) { "restapis" } else { "apis" };
        let api = place.gateway_arn(&format!("/{family}/{id}"));
        relate(&mut resource, RelationName::Invokes, Some(&api));
    }
    put(&mut resource, "domain", Ok(Some(domain)));
    put(&mut resource, "mappings", mappings);
    Some(resource)
}

fn rest_api(shared: &Shared<'_>, replies: Api, found: &mut Vec<Resource>) {
    let Api { mut api, stages, draft, validators } = replies;
    let Some(id) = text(&api, "/id").map(str::to_owned) else { return };
    let uid = shared.place.gateway_arn(&format!("/restapis/{id}"));
    let mut resource =
        shared.place.resource("aws.apigateway.restapi", &uid, text(&api, "/name").unwrap_or(&id));
    tag(&mut resource, api.get("tags"));
    let parsed = policy::parse_in_place(&mut api, "policy");
    let api: Read = if parsed {
        Ok(Some(api))
    } else {
        Err(Failure::malformed(&APIS.action, "the resource policy of an API is not JSON"))
    };
    put(&mut resource, "api", api);
    if let Some(mut draft) = draft {
        if let Ok(Some(Value::Object(listed))) = &mut draft
            && let Some(Value::Array(resources)) = listed.get_mut("item")
        {
            redact_draft(resources, shared.redactor);
        }
        if let Ok(Some(draft)) = &draft {
            Reach::of_draft(draft).relate_to(&mut resource);
        }
        put(&mut resource, "resources", draft);
    }
    if let Some(validators) = validators {
        put(&mut resource, "validators", validators);
    }
    for stage in stages.into_iter().flatten() {
        if let Ok(Some(document)) = &stage.deployed {
            Reach::of_document(document).relate_to(&mut resource);
        }
        found.extend(deployed_stage(shared, &resource, stage));
    }
    found.push(resource);
}

fn deployed_stage(shared: &Shared<'_>, api: &Resource, replies: Stage) -> Option<Resource> {
    let Stage { mut stage, mut deployed } = replies;
    let name = text(&stage, "/stageName")?.to_owned();
    shared.redactor.redact_map(&mut stage, "/variables");
    let uid = format!("{}/stages/{name}", api.uid);
    let mut resource = shared.place.resource("aws.apigateway.stage", &uid, &format!("{}/{name}", api.name));
    tag(&mut resource, stage.get("tags"));
    relate(&mut resource, RelationName::PartOf, Some(api.uid.as_str()));
    relate(&mut resource, RelationName::FrontedBy, text(&stage, "/webAclArn"));
    let logs = text(&stage, "/accessLogSettings/destinationArn").and_then(log_group_arn);
    relate(&mut resource, RelationName::LogsTo, logs);
    if let Ok(Some(document)) = &mut deployed {
        reduce(document, shared.redactor);
    }
    // What stands in for a refused export goes with the stage, which is judged by it.
    let shared_facets: &[&str] =
        if deployed.is_err() { &["api", "resources", "validators"] } else { &["api"] };
    for name in shared_facets {
        if let Some(facet) = api.facets.get(*name) {
            resource.facets.insert((*name).to_owned(), facet.clone());
        }
    }
    let reach = match (&deployed, resource.facets.get("resources")) {
        (Ok(Some(document)), _) => Reach::of_document(document),
        (_, Some(Facet::Known(draft))) => Reach::of_draft(draft),
        _ => Reach::default(),
    };
    let roles: Vec<String> = reach.roles.iter().map(|role| (*role).to_owned()).collect();
    for role in &roles {
        relate(&mut resource, RelationName::ExecutesAs, Some(role));
    }
    put(&mut resource, "deployed", deployed);
    put(&mut resource, "certificate", certificate(shared, &stage));
    put(&mut resource, "limits", shared.limits.clone());
    put(&mut resource, "stage", Ok(Some(stage)));
    Some(resource)
}

/// The certificate by which the stage proves itself to backends.
fn certificate(shared: &Shared<'_>, stage: &Value) -> Read {
    let Some(id) = text(stage, "/clientCertificateId").filter(|id| !id.is_empty()) else { return Ok(None) };
    let listed = shared.certificates.as_ref().map_err(Clone::clone)?;
    Ok(listed.iter().find(|certificate| text(certificate, "/clientCertificateId") == Some(id)).cloned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::super::failure::Class;
    use super::super::GET_EXPORT;
    use super::*;

    const FUNCTION: &str = "arn:aws:lambda:eu-west-1:123456789012:function:shop";

    fn replies(deployed: Read, draft: Option<Read>) -> Replies {
        let stage = json!({"stageName": "prod", "variables": {"a": "CANARY"}, "clientCertificateId": "c1"});
        let api = json!({"id": "r1", "name": "orders", "policy": "{\"Statement\":[]}"});
        let stages = Ok(vec![Stage { stage, deployed }]);
        let mapping = json!({"items": [{"apiId": "r1"}, {"apiId": "h1"}]});
        Replies {
            apis: vec![Api { api, stages, draft, validators: None }],
            apis_listing: None,
            domains: vec![Domain {
                domain: json!({"domainName": "shop.example"}),
                mappings: Ok(Some(mapping)),
            }],
            domains_listing: None,
            certificates: Ok(vec![json!({"clientCertificateId": "c1", "expirationDate": 1_800_000_000})]),
            account: Ok(json!({"throttleSettings": {"burstLimit": 5000, "rateLimit": 10000.0}})),
        }
    }

    fn find<'a>(found: &'a [Resource], kind: &str) -> &'a Resource {
        found.iter().find(|resource| resource.kind.as_str() == kind).unwrap()
    }

    #[test]
    fn a_stage_is_what_is_deployed_there() {
        let integration = json!({"type": "aws_proxy", "uri": FUNCTION, "requestTemplates": {"a": "CANARY"}});
        let document = json!({"openapi": "3.0.1", "info": {}, "paths": {"/": {"get": {"x-amazon-apigateway-integration": integration}}}});
        let found = normalise(
            &Place::example("apigateway"),
            &Redactor::new([0; 32]),
            replies(Ok(Some(document)), None),
        );
        let (api, stage) = (find(&found, "aws.apigateway.restapi"), find(&found, "aws.apigateway.stage"));
        assert!(!serde_json::to_string(&found).unwrap().contains("CANARY"));
        assert_eq!(api.relations[0].to.as_str(), FUNCTION);
        assert!(!api.facets.contains_key("resources"), "nobody asked for the draft");
        assert!(stage.facets["deployed"].value().unwrap().get("info").is_none());
        assert_eq!(stage.facets["certificate"].value().unwrap()["expirationDate"], 1_800_000_000);
        assert_eq!(stage.facets["limits"].value().unwrap()["burstLimit"], 5000);
        assert_eq!(stage.facets["api"], api.facets["api"]);
        let mapped: Vec<&str> =
            find(&found, "aws.apigateway.domain").relations.iter().map(|edge| edge.to.as_str()).collect();
        let arn = |path: &str| format!("arn:aws:apigateway:eu-west-1::{path}");
        assert_eq!(mapped, [arn("/restapis/r1"), arn("/apis/h1")]);
    }

    #[test]
    fn the_draft_stands_in_for_a_refused_export() {
        let refused = Failure::new(&GET_EXPORT, Class::Denied, "AccessDeniedException", "no");
        let method = json!({"GET": {"authorizationType": "NONE", "methodIntegration": {"uri": FUNCTION}}});
        let draft = json!({"item": [{"path": "/", "resourceMethods": method}]});
        let replies = replies(Err(refused), Some(Ok(Some(draft.clone()))));
        let found = normalise(&Place::example("apigateway"), &Redactor::new([0; 32]), replies);
        let stage = find(&found, "aws.apigateway.stage");
        assert_eq!(stage.facets["deployed"].unreadable().unwrap().api, "apigateway:GetExport");
        assert_eq!(stage.facets["resources"], Facet::Known(draft));
        assert_eq!(find(&found, "aws.apigateway.restapi").relations[0].to.as_str(), FUNCTION);
    }
}
