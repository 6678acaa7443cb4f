//! Function apps and their slots, the plans that they run on, and the certificates that they serve.
//!
//! Settings stand behind an action that also gives their values, so only the tier of code reads them; of those that the
//! platform itself knows, [`connections`] keeps what kind of value they have.

mod connections;

use nephoscope_model::{Facet, RelationName, Resource};
use serde_json::{Map, Value};

use super::insights::diagnostics;
use super::kind::{Detail, Kind, NEXT, Source, any};
use super::quota::READS;
use crate::normalise::{relate, text, without};
use crate::purpose::Tier;
use crate::redact::Redactor;
use crate::rest::{Action, List};

const VERSION: &str = "2025-05-01";

static CONFIG: Action = Action::new("Microsoft.Web/sites/config/read", &READS).version(VERSION);
static PUBLISHING: List = Action::new("Microsoft.Web/sites/basicPublishingCredentialsPolicies/read", &READS)
    .version(VERSION)
    .list("value", NEXT);
static FUNCTIONS: List =
    Action::new("Microsoft.Web/sites/functions/read", &READS).version(VERSION).list("value", NEXT);
static ENDPOINTS: List = Action::new("Microsoft.Web/sites/privateEndpointConnections/read", &READS)
    .version(VERSION)
    .list("value", NEXT);
static SETTINGS: Action =
    Action::new("Microsoft.Web/sites/config/list/action", &READS).version(VERSION).tier(Tier::Code);
static REFERENCES: List = Action::new("Microsoft.Web/sites/config/configreferences/read", &READS)
    .allowed_by("Microsoft.Web/sites/config/read")
    .version(VERSION)
    .tier(Tier::Code)
    .list("value", NEXT);

static SLOT_CONFIG: Action = Action::new("Microsoft.Web/sites/slots/config/read", &READS).version(VERSION);
static SLOT_PUBLISHING: List =
    Action::new("Microsoft.Web/sites/slots/basicPublishingCredentialsPolicies/read", &READS)
        .version(VERSION)
        .list("value", NEXT);
static SLOT_FUNCTIONS: List =
    Action::new("Microsoft.Web/sites/slots/functions/read", &READS).version(VERSION).list("value", NEXT);
static SLOT_ENDPOINTS: List =
    Action::new("Microsoft.Web/sites/slots/privateEndpointConnections/read", &READS)
        .version(VERSION)
        .list("value", NEXT);
static SLOT_SETTINGS: Action =
    Action::new("Microsoft.Web/sites/slots/config/list/action", &READS).version(VERSION).tier(Tier::Code);
static SLOT_REFERENCES: List = Action::new("Microsoft.Web/sites/slots/config/configreferences/read", &READS)
    .allowed_by("Microsoft.Web/sites/slots/config/read")
    .version(VERSION)
    .tier(Tier::Code)
    .list("value", NEXT);

pub(super) const KINDS: &[Kind] = &[
    Kind {
        kind: "azure.functions.app",
        facet: "site",
        source: Source::Graph { type_: "Microsoft.Web/sites", keep: is_function_app },
        details: &[
            Detail::one("config", &CONFIG, "/config/web"),
            Detail::one("auth", &CONFIG, "/config/authsettingsV2"),
            Detail::all("publishing", &PUBLISHING, "/basicPublishingCredentialsPolicies"),
            Detail::all("functions", &FUNCTIONS, "/functions"),
            Detail::all("private_endpoints", &ENDPOINTS, "/privateEndpointConnections")
                .when(can_have_endpoints),
            diagnostics("diagnostics"),
            Detail::all("references", &REFERENCES, "/config/configreferences/appsettings"),
            Detail::post("settings", &SETTINGS, "/config/appsettings/list"),
            Detail::post("connection_strings", &SETTINGS, "/config/connectionstrings/list"),
        ],
        normalise: site,
    },
    Kind {
        kind: "azure.functions.slot",
        facet: "site",
        source: Source::Graph { type_: "Microsoft.Web/sites/slots", keep: is_function_app },
        details: &[
            Detail::one("config", &SLOT_CONFIG, "/config/web"),
            Detail::one("auth", &SLOT_CONFIG, "/config/authsettingsV2"),
            Detail::all("publishing", &SLOT_PUBLISHING, "/basicPublishingCredentialsPolicies"),
            Detail::all("functions", &SLOT_FUNCTIONS, "/functions"),
            Detail::all("private_endpoints", &SLOT_ENDPOINTS, "/privateEndpointConnections")
                .when(endpoints_decide),
            diagnostics("diagnostics"),
            Detail::all("references", &SLOT_REFERENCES, "/config/configreferences/appsettings"),
            Detail::post("settings", &SLOT_SETTINGS, "/config/appsettings/list"),
            Detail::post("connection_strings", &SLOT_SETTINGS, "/config/connectionstrings/list"),
        ],
        normalise: site,
    },
    Kind {
        kind: "azure.functions.plan",
        facet: "plan",
        source: Source::Graph { type_: "Microsoft.Web/serverfarms", keep: any },
        details: &[],
        normalise: plan,
    },
    Kind {
        kind: "azure.functions.certificate",
        facet: "certificate",
        source: Source::Graph { type_: "Microsoft.Web/certificates", keep: any },
        details: &[],
        normalise: certificate,
    },
];

/// Logic Apps of the standard plan are function apps as well, but their functions are workflows.
fn is_function_app(row: &Value) -> bool {
    let kind = text(row, "/kind").unwrap_or_default().to_ascii_lowercase();
    kind.split(',').any(|part| part == "functionapp") && !kind.split(',').any(|part| part == "workflowapp")
}

/// The Consumption plan offers no private endpoints.
fn can_have_endpoints(site: &Resource) -> bool {
    let row = site.facets.get("site").and_then(Facet::value);
    row.and_then(|row| text(row, "/properties/sku")) != Some("Dynamic")
}

/// Where nobody chose whether the public endpoint answers, a private one decides.
fn endpoints_decide(slot: &Resource) -> bool {
    let row = slot.facets.get("site").and_then(Facet::value);
    let said = row.and_then(|row| text(row, "/properties/publicNetworkAccess"));
    can_have_endpoints(slot) && said.is_none_or(str::is_empty)
}

/// Replaces what may be secret, and adds edges.
fn site(site: &mut Resource, redactor: &Redactor) {
    connections::describe(site);
    for (name, facet) in &mut site.facets {
        let Facet::Known(value) = facet else { continue };
        match name.as_str() {
            "site" => leave_out(value, &PASSING_OF_SITES),
            "config" => config(value, redactor),
            "auth" => redactor.redact_recognised(value),
            "functions" => functions(value, redactor),
            "settings" => settings(value, redactor),
            "connection_strings" => connection_strings(value, redactor),
            _ => {}
        }
    }
    edges(site);
}

/// What changes by itself, and the configuration, which is a facet of its own.
const PASSING_OF_SITES: [&str; 6] = [
    "availabilityState",
    "inProgressOperationId",
    "siteConfig",
    "slotSwapStatus",
    "suspendedTill",
    "usageState",
];

/// How many workers a plan has at the moment, and how many sites, which are resources of their own.
const PASSING_OF_PLANS: [&str; 3] = ["numberOfSites", "numberOfWorkers", "targetWorkerCount"];

/// Leaves out these properties.
fn leave_out(value: &mut Value, fields: &[&str]) {
    if let Some(properties) = value.get_mut("properties") {
        fields.iter().for_each(|field| without(properties, field));
    }
}

fn plan(plan: &mut Resource, _redactor: &Redactor) {
    if let Some(Facet::Known(value)) = plan.facets.get_mut("plan") {
        leave_out(value, &PASSING_OF_PLANS);
    }
}

fn config(config: &mut Value, redactor: &Redactor) {
    if let Some(properties) = config.get_mut("properties") {
        let secret =
            ["appSettings", "connectionStrings", "machineKey", "metadata", "publishingPassword", "push"];
        secret.into_iter().for_each(|field| without(properties, field));
    }
    redactor.redact_recognised(config);
}

/// Of a function stays what it is and how it is called: its files and what it was tested with are nobody's business.
fn functions(functions: &mut Value, redactor: &Redactor) {
    for function in functions.get_mut("value").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(properties) = function.get_mut("properties").and_then(Value::as_object_mut) {
            properties.retain(|name, _| KEPT_OF_FUNCTIONS.contains(&name.as_str()));
        }
    }
    redactor.redact_recognised(functions);
}

const KEPT_OF_FUNCTIONS: [&str; 4] = ["config", "invoke_url_template", "isDisabled", "language"];

fn settings(settings: &mut Value, redactor: &Redactor) {
    let references = references(settings);
    redactor.redact_map(settings, "/properties");
    if let Some(properties) = settings.get_mut("properties").and_then(Value::as_object_mut) {
        properties.extend(references);
    }
}

fn connection_strings(strings: &mut Value, redactor: &Redactor) {
    for (name, string) in strings.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten() {
        if let Some(value) = string.get_mut("value")
            && !value.as_str().is_some_and(connections::is_reference)
        {
            let redacted = redactor.redact(name, value.as_str().unwrap_or_default());
            *value = redacted.to_value();
        }
    }
}

/// The values that only say where a secret is.
fn references(settings: &Value) -> Map<String, Value> {
    let all = settings.get("properties").and_then(Value::as_object).into_iter().flatten();
    let found = all.filter(|(_, value)| value.as_str().is_some_and(connections::is_reference));
    found.map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn certificate(certificate: &mut Resource, _redactor: &Redactor) {
    if let Some(Facet::Known(value)) = certificate.facets.get_mut("certificate") {
        leave_out(value, &["cerBlob", "password", "pfxBlob"]);
    }
}

fn edges(site: &mut Resource) {
    let Some(row) = site.facets.get("site").and_then(Facet::value) else { return };
    let lower = |pointer: &str| text(row, pointer).map(str::to_ascii_lowercase);
    let places = [lower("/properties/serverFarmId"), lower("/properties/virtualNetworkSubnetId")];
    let identities = row.pointer("/identity/userAssignedIdentities").and_then(Value::as_object);
    let identities: Vec<String> =
        identities.into_iter().flatten().map(|(id, _)| id.to_ascii_lowercase()).collect();
    let parent = site.uid.as_str().split_once("/slots/").map(|(app, _)| app.to_owned());
    for place in places {
        relate(site, RelationName::RunsIn, place.as_deref());
    }
    for identity in identities {
        relate(site, RelationName::ExecutesAs, Some(&identity));
    }
    relate(site, RelationName::PartOf, parent.as_deref());
}

#[cfg(test)]
mod tests;
