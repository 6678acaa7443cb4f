//! Facts about identities and role assignments of Azure, with a failure beside each success.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[expect(dead_code, reason = "the other tests and the bench use more of it")]
mod shop;

use nephoscope_model::{Facet, Provider, Resource, ServiceName};
use serde_json::{Value, json};
use shop::{Shop, fact, known, resource, unknown, unread};

const SUBSCRIPTION: &str = "/subscriptions/s";
const GROUP: &str = "/subscriptions/s/resourcegroups/shop";
const APP: &str = "/subscriptions/s/resourcegroups/shop/providers/microsoft.web/sites/orders";
const SLOT: &str = "/subscriptions/s/resourcegroups/shop/providers/microsoft.web/sites/orders/slots/staging";
const WORKFLOW: &str = "/subscriptions/s/resourcegroups/shop/providers/microsoft.logic/workflows/nightly";
const ACCOUNT: &str = "/subscriptions/s/resourcegroups/shop/providers/microsoft.storage/storageaccounts/code";
const IDENTITY: &str =
    "/subscriptions/s/resourcegroups/shop/providers/microsoft.managedidentity/userassignedidentities/one";

const OWNER: &str = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635";
const CONTRIBUTOR: &str = "b24988ac-6180-42a0-ab88-20f7382dd24c";
const ACCESS_ADMINISTRATOR: &str = "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9";
const ROLE_ADMINISTRATOR: &str = "f58310d9-a9f6-439a-9e8d-f62e7b41a168";

/// A subscription with these resources, in which everything was listed.
fn subscription(resources: Vec<Resource>) -> Shop {
    let mut shop = Shop::with(resources);
    shop.coverage.truncate(1);
    shop.coverage[0].shard.provider = Provider::Azure;
    for service in ["authorization", "containerapps", "logic", "web"] {
        let mut row = shop.coverage[0].clone();
        row.shard.service = ServiceName::from(service);
        shop.coverage.push(row);
    }
    for held in &mut shop.resources {
        let mut open = held.resource.open().into_owned();
        open.provider = Provider::Azure;
        held.resource = open.into();
    }
    shop
}

/// An app whose identity is the principal `app`.
fn app() -> Resource {
    site("azure.functions.app", APP, json!({"type": "SystemAssigned", "principalId": "APP"}))
}

fn site(kind: &str, uid: &str, identity: Value) -> Resource {
    let deployment = json!({"deployment": {"storage": {"type": "blobContainer", "value": "https://code.blob.core.windows.net/packages"}}});
    let site = json!({"id": uid, "identity": identity, "properties": {"functionAppConfig": deployment}});
    resource(
        kind,
        uid,
        json!({"site": site, "connections": {"AzureWebJobsStorage": {"kind": "identity", "account": "code"}}}),
    )
}

/// A workflow whose identity is the principal `workflow`.
fn workflow() -> Resource {
    let workflow = json!({"id": WORKFLOW, "identity": {"type": "SystemAssigned", "principalId": "workflow"}, "properties": {}});
    resource("azure.logic.workflow", WORKFLOW, json!({"workflow": workflow}))
}

fn identity() -> Resource {
    let identity = json!({"id": IDENTITY, "properties": {"principalId": "ONE"}});
    resource(
        "azure.identity.userassigned",
        IDENTITY,
        json!({"identity": identity, "federated": {"value": []}}),
    )
}

/// The storage account that the app's packages are in.
fn storage() -> Resource {
    resource("azure.storage.account", ACCOUNT, json!({"account": {"id": ACCOUNT, "properties": {}}}))
}

/// `principal` has the role over `scope`.
fn assignment(principal: &str, role: &str, scope: &str) -> Resource {
    let uid = format!("{scope}/providers/microsoft.authorization/roleassignments/{principal}-{role}");
    let properties = json!({
        "principalId": principal, "scope": scope,
        "roleDefinitionId": format!("/subscriptions/s/providers/Microsoft.Authorization/roleDefinitions/{role}"),
    });
    resource(
        "azure.authorization.assignment",
        &uid,
        json!({"assignment": {"id": uid, "properties": properties}}),
    )
}

/// The same with a condition.
fn conditional(mut assignment: Resource) -> Resource {
    let Some(Facet::Known(value)) = assignment.facets.get_mut("assignment") else { panic!("assignment") };
    value["properties"]["condition"] = json!("@Resource[Microsoft.Storage/x:name] StringEquals 'y'");
    assignment
}

/// A role called like its GUID.
fn role(name: &str, permissions: Value) -> Resource {
    let uid = format!("/providers/microsoft.authorization/roledefinitions/{name}");
    let properties = json!({"roleName": name, "permissions": [permissions]});
    resource(
        "azure.authorization.definition",
        &uid,
        json!({"definition": {"id": uid, "properties": properties}}),
    )
}

fn privileged(resources: Vec<Resource>) -> Value {
    known(&subscription(resources), APP, "privileged")
}

#[test]
fn who_administers_a_group_or_more_is_privileged() {
    for (role, scope, expected) in [
        (OWNER, SUBSCRIPTION, true),
        (CONTRIBUTOR, GROUP, true),
        (CONTRIBUTOR, "/providers/Microsoft.Management/managementGroups/corp", true),
        (ACCESS_ADMINISTRATOR, "/", true),
        (OWNER, ACCOUNT, false),
    ] {
        assert_eq!(privileged(vec![app(), assignment("app", role, scope)]), expected, "{role} {scope}");
    }
    assert_eq!(privileged(vec![app(), assignment("somebody", OWNER, SUBSCRIPTION)]), false);
    assert_eq!(privileged(vec![app()]), false);
}

#[test]
fn what_a_role_is_called_does_not_matter() {
    let custom = |actions: Value, taken_back: Value| {
        let role = role("custom", json!({"actions": actions, "notActions": taken_back}));
        privileged(vec![app(), assignment("app", "custom", GROUP), role])
    };
    assert_eq!(custom(json!(["*"]), json!([])), true);
    assert_eq!(custom(json!(["*"]), json!(["*/write", "*/action"])), false, "a reader");
    assert_eq!(custom(json!(["Microsoft.Authorization/roleAssignments/*"]), json!([])), true);
    assert_eq!(custom(json!(["Microsoft.Authorization/roleDefinitions/write"]), json!([])), true);
    let assign = "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action";
    assert_eq!(custom(json!(["Microsoft.Web/sites/*", assign]), json!([])), true, "borrows an identity");
    assert_eq!(custom(json!(["Microsoft.Web/sites/*"]), json!([])), false);
    assert_eq!(custom(json!(["*/read"]), json!([])), false);
}

#[test]
fn a_condition_limits_which_roles_are_given_away() {
    let access = || assignment("app", ROLE_ADMINISTRATOR, GROUP);
    assert_eq!(privileged(vec![app(), access()]), true);
    assert_eq!(privileged(vec![app(), conditional(access())]), false);
    let defines = assignment("app", ACCESS_ADMINISTRATOR, GROUP);
    assert_eq!(privileged(vec![app(), conditional(defines)]), true, "may still rewrite the roles themselves");
    assert_eq!(privileged(vec![app(), conditional(assignment("app", OWNER, GROUP))]), true, "all the rest");
}

#[test]
fn what_was_not_read_is_not_taken_for_nothing() {
    let alone = subscription(vec![app()]);
    for name in
        ["grants", "privileged", "escalations", "wide", "self_modifying", "blinds_logs", "code_writers"]
    {
        assert!(matches!(fact(&alone, APP, name), nephoscope_model::Fact::Known(_)), "{name}");
        let hidden = alone.clone().unlisted("authorization");
        assert_eq!(unknown(&hidden, APP, name), ["authorization NotListed"], "{name}");
    }
    // A witness is enough for what one witness decides.
    let owner = subscription(vec![app(), assignment("app", OWNER, GROUP)]).unlisted("authorization");
    assert_eq!(known(&owner, APP, "privileged"), true);
    assert!(!unknown(&owner, APP, "grants").is_empty());

    // Of a role that was not read nobody knows what it allows, though everybody knows what an owner may do.
    let unclear = subscription(vec![app(), assignment("app", "custom", GROUP)]);
    assert_eq!(unknown(&unclear, APP, "privileged"), ["definition NotCollected"]);
    let hidden = subscription(vec![unread(app(), "site")]);
    assert!(!unknown(&hidden, APP, "privileged").is_empty());
    let blind = subscription(vec![app(), unread(assignment("app", OWNER, GROUP), "assignment")]);
    assert!(!unknown(&blind, APP, "privileged").is_empty());
}

#[test]
fn who_has_no_identity_holds_nothing() {
    for nothing in [Value::Null, json!({"type": "None"})] {
        let bare = subscription(vec![site("azure.functions.app", APP, nothing)]).unlisted("authorization");
        assert_eq!(known(&bare, APP, "grants"), json!([]));
        assert_eq!(known(&bare, APP, "privileged"), false);
    }
}

#[test]
fn a_grant_says_what_how_far_and_for_whom() {
    let reader = role("reads", json!({"actions": ["*/Read"], "dataActions": ["Microsoft.Storage/x/Read"]}));
    let shop = subscription(vec![app(), assignment("App", "reads", GROUP), reader]);
    let grants = known(&shop, APP, "grants");
    assert_eq!(
        grants,
        json!([{
            "principal": "app", "role": "reads", "role_name": "reads", "scope": GROUP, "level": "resource_group",
            "actions": ["*/read"], "not_actions": [], "data_actions": ["microsoft.storage/x/read"], "not_data_actions": [],
            "condition": null, "admin": false,
        }])
    );
}

#[test]
fn user_assigned_identities_count_and_are_seen_when_shared() {
    let assigned = json!({"type": "UserAssigned", "userAssignedIdentities": {IDENTITY.to_uppercase(): {"clientId": "c"}}});
    let with_one = |uid: &str, kind: &str| site(kind, uid, assigned.clone());
    let both = vec![
        with_one(APP, "azure.functions.app"),
        with_one(SLOT, "azure.functions.slot"),
        identity(),
        assignment("one", OWNER, SUBSCRIPTION),
    ];
    let shop = subscription(both.clone());
    assert_eq!(known(&shop, APP, "privileged"), true, "looked up by the identity");
    assert_eq!(known(&shop, IDENTITY, "privileged"), true);
    assert_eq!(known(&shop, IDENTITY, "users"), json!([APP, SLOT]));
    assert_eq!(known(&shop, APP, "identity_sharers"), json!([]), "a slot is the same application");
    assert_eq!(unknown(&shop.clone().unlisted("logic"), APP, "identity_sharers"), ["logic NotListed"]);

    let other = format!("{APP}-2");
    let sharing = [both.clone(), vec![with_one(&other, "azure.functions.app")]].concat();
    assert_eq!(known(&subscription(sharing), APP, "identity_sharers"), json!([other]));

    // An identity of another subscription that its bearer does not describe is not known.
    let foreign = subscription(vec![with_one(APP, "azure.functions.app")]);
    assert_eq!(unknown(&foreign, APP, "privileged"), ["identity NotCollected"]);
}

#[test]
fn roles_over_the_data_of_a_whole_subscription_are_wide() {
    let blobs =
        || role("blobs", json!({"dataActions": ["Microsoft.Storage/storageAccounts/blobServices/*"]}));
    let wide = |assignment: Resource| known(&subscription(vec![app(), assignment, blobs()]), APP, "wide");
    assert_eq!(
        wide(assignment("app", "blobs", SUBSCRIPTION)),
        json!([{"role_name": "blobs", "scope": SUBSCRIPTION}])
    );
    assert_eq!(wide(assignment("app", "blobs", GROUP)), json!([]));
    assert_eq!(wide(conditional(assignment("app", "blobs", SUBSCRIPTION))), json!([]));
    let telemetry = role("metrics", json!({"dataActions": ["Microsoft.Insights/Telemetry/Write"]}));
    let measuring = subscription(vec![app(), assignment("app", "metrics", SUBSCRIPTION), telemetry]);
    assert_eq!(known(&measuring, APP, "wide"), json!([]), "what it measures is its own");
}

#[test]
fn an_app_can_change_itself_where_its_role_reaches_it() {
    let sites = |actions: &str| role("sites", json!({"actions": [actions]}));
    let found = |assignment: Resource, actions: &str, uid: &str| {
        let slot =
            site("azure.functions.slot", SLOT, json!({"type": "SystemAssigned", "principalId": "slot"}));
        known(&subscription(vec![app(), slot, assignment, sites(actions)]), uid, "self_modifying")
    };
    let over = |scope: &str| json!([{"role_name": "sites", "scope": scope}]);
    assert_eq!(found(assignment("app", "sites", GROUP), "Microsoft.Web/sites/*", APP), over(GROUP));
    assert_eq!(found(assignment("app", "sites", APP), "Microsoft.Web/sites/config/write", APP), over(APP));
    assert_eq!(
        found(assignment("app", "sites", &format!("{APP}-2")), "Microsoft.Web/sites/*", APP),
        json!([])
    );
    assert_eq!(found(assignment("app", "sites", GROUP), "Microsoft.Web/sites/read", APP), json!([]));
    let slots = "Microsoft.Web/sites/slots/write";
    assert_eq!(found(assignment("slot", "sites", GROUP), slots, SLOT), over(GROUP));
    assert_eq!(found(assignment("slot", "sites", GROUP), "Microsoft.Web/sites/write", SLOT), json!([]));
}

#[test]
fn taking_records_away_is_blinding() {
    let role = |actions: &str| role("monitoring", json!({"actions": [actions]}));
    let found = |scope: &str, actions: &str| {
        known(
            &subscription(vec![app(), assignment("app", "monitoring", scope), role(actions)]),
            APP,
            "blinds_logs",
        )
    };
    let deleting = "microsoft.insights/diagnosticsettings/delete";
    assert_eq!(found(GROUP, "Microsoft.Insights/diagnosticSettings/delete"), json!([deleting]));
    assert_eq!(found(APP, "Microsoft.Insights/diagnosticSettings/delete"), json!([deleting]));
    assert_eq!(
        found(ACCOUNT, "Microsoft.Insights/diagnosticSettings/*"),
        json!([]),
        "records of something else"
    );
    assert_eq!(found(GROUP, "Microsoft.Insights/*/read"), json!([]));
}

#[test]
fn ways_to_the_rights_of_others_have_names() {
    let keys = role("keys", json!({"actions": ["Microsoft.Storage/storageAccounts/listKeys/action"]}));
    let shop = |scope: &str| subscription(vec![app(), assignment("app", "keys", scope), keys.clone()]);
    assert_eq!(known(&shop(GROUP), APP, "escalations"), json!(["storage-listkeys"]));
    assert_eq!(known(&shop(GROUP), APP, "privileged"), false);
    assert_eq!(known(&shop(ACCOUNT), APP, "escalations"), json!([]), "one account");
}

#[test]
fn weaker_workloads_that_reach_the_code_are_told() {
    let deploying = role("sites", json!({"actions": ["Microsoft.Web/sites/publish/action"]}));
    let both = |role: &str, scope: &str| {
        let all = [app(), workflow(), storage(), deploying.clone(), assignment("workflow", role, scope)];
        subscription(all.into())
    };
    assert_eq!(known(&both("sites", GROUP), APP, "code_writers"), json!([WORKFLOW]));
    assert_eq!(known(&both("sites", ACCOUNT), APP, "code_writers"), json!([]));
    assert_eq!(known(&both(OWNER, GROUP), APP, "code_writers"), json!([]), "who owns it needs no detour");
    let alone = both("sites", ACCOUNT);
    assert_eq!(
        unknown(&alone.clone().unlisted("containerapps"), APP, "code_writers"),
        ["containerapps NotListed"]
    );
    let own = subscription(vec![app(), deploying.clone(), assignment("app", "sites", GROUP)]);
    assert_eq!(known(&own, APP, "code_writers"), json!([]), "itself");
}

#[test]
fn weaker_workloads_that_reach_the_packages_are_told() {
    let blobs = role(
        "blobs",
        json!({"dataActions": ["Microsoft.Storage/storageAccounts/blobServices/containers/blobs/write"]}),
    );
    let keys = role("keys", json!({"actions": ["Microsoft.Storage/storageAccounts/listKeys/action"]}));
    let both = |assignment: Resource| {
        subscription(vec![app(), workflow(), storage(), blobs.clone(), keys.clone(), assignment])
    };
    assert_eq!(
        known(&both(assignment("workflow", "blobs", ACCOUNT)), APP, "storage_writers"),
        json!([WORKFLOW])
    );
    assert_eq!(
        known(&both(assignment("workflow", "keys", GROUP)), APP, "storage_writers"),
        json!([WORKFLOW])
    );
    let elsewhere = format!("{ACCOUNT}2");
    assert_eq!(known(&both(assignment("workflow", "blobs", &elsewhere)), APP, "storage_writers"), json!([]));
    let named = conditional(assignment("workflow", "blobs", ACCOUNT));
    assert_eq!(known(&both(named), APP, "storage_writers"), json!([]));

    // That nobody writes there takes knowing every account of the app.
    let mut silent = app();
    silent
        .facets
        .insert("connections".into(), Facet::Known(json!({"AzureWebJobsStorage": {"kind": "reference"}})));
    let with = |app: Resource| subscription(vec![app, storage()]);
    assert_eq!(unknown(&with(silent), APP, "storage_writers"), ["connections Redacted"]);
    let denied = ["connections AccessDeniedException"];
    assert_eq!(unknown(&with(unread(app(), "connections")), APP, "storage_writers"), denied);
    assert_eq!(unknown(&subscription(vec![app()]), APP, "storage_writers"), ["account NotCollected"]);
    let witnessed =
        [unread(app(), "connections"), workflow(), storage(), keys, assignment("workflow", "keys", GROUP)];
    assert_eq!(
        known(&subscription(witnessed.into()), APP, "storage_writers"),
        json!([WORKFLOW]),
        "its packages"
    );
}

#[test]
fn a_storage_account_knows_the_apps_that_stand_in_it() {
    let told = |connection: Value| {
        let mut app = app();
        app.facets.insert("site".into(), Facet::Known(json!({"properties": {}})));
        app.facets.insert("connections".into(), Facet::Known(json!({ "AzureWebJobsStorage": connection })));
        subscription(vec![app, storage()])
    };
    for shop in [
        subscription(vec![app(), storage()]),
        told(json!({"kind": "account_key", "account": "Code"})),
        told(json!({"kind": "url", "host": "https://code.blob.core.windows.net"})),
    ] {
        assert_eq!(known(&shop, ACCOUNT, "functions"), json!([APP]));
        assert_eq!(known(&shop.unlisted("web"), ACCOUNT, "functions"), json!([APP]), "a witness");
    }
    let none = subscription(vec![storage()]);
    assert_eq!(known(&none, ACCOUNT, "functions"), json!([]));
    assert_eq!(unknown(&none.unlisted("web"), ACCOUNT, "functions"), ["web NotListed"]);

    // Of its packages it tells; where the host stands it does not.
    let half = subscription(vec![unread(app(), "connections"), storage()]);
    assert_eq!(known(&half, ACCOUNT, "functions"), json!([APP]));

    // An app that does not say may stand in any account of its region.
    let silent = told(json!({"kind": "reference"}));
    assert!(!unknown(&silent, ACCOUNT, "functions").is_empty());
}
