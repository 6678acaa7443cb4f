//! An estate of any size, made from a seed: function apps over subscriptions, at fixed shares with something wrong.

use serde_json::{Value, json};

use super::AzureEstate;

impl AzureEstate {
    /// So many subscriptions, and so many function apps over all of them, each with its settings, policies, functions
    /// and plan; every tenth subscription has a vault and a storage account.
    pub fn seeded(seed: u64, subscriptions: usize, sites: usize) -> Self {
        let ids: Vec<String> = (0..subscriptions).map(|number| id(seed, number)).collect();
        let mut resources = Vec::new();
        for (number, subscription) in ids.iter().enumerate() {
            let group = format!("/subscriptions/{subscription}/resourceGroups/shop");
            resources.push(plan(&group));
            if number % 10 == 0 {
                resources.push(vault(&group, number, seed));
                resources.push(account(&group, number, seed));
            }
        }
        for number in 0..sites {
            let group = format!("/subscriptions/{}/resourceGroups/shop", ids[number % subscriptions.max(1)]);
            resources.extend(site(&group, number, seed));
        }
        Self::planted(&json!({"subscriptions": ids, "resources": resources}))
            .expect("what is made here is made after the published descriptions")
    }
}

fn id(seed: u64, number: usize) -> String {
    format!("{:08x}-0000-4000-8000-{number:012x}", seed & 0xffff_ffff)
}

fn plan(group: &str) -> Value {
    json!({
        "id": format!("{group}/providers/Microsoft.Web/serverfarms/plan"), "name": "plan",
        "type": "Microsoft.Web/serverfarms", "kind": "functionapp", "location": "West Europe",
        "sku": {"name": "Y1", "tier": "Dynamic", "size": "Y1", "family": "Y", "capacity": 0},
        "properties": {"status": "Ready", "reserved": true, "zoneRedundant": false, "numberOfSites": 20},
    })
}

fn site(group: &str, number: usize, seed: u64) -> Vec<Value> {
    let name = format!("app-{number:05}");
    let site = format!("{group}/providers/Microsoft.Web/sites/{name}");
    let runtime = if number % 20 == 3 { "Python|3.7" } else { "Python|3.12" };
    let setting = |last: &str, properties: Value| {
        json!({"id": format!("{site}/config/{last}"), "name": last, "type": "Microsoft.Web/sites/config",
            "properties": properties})
    };
    let signs_in = number.is_multiple_of(3);
    let publishing = |last: &str| {
        json!({"id": format!("{site}/basicPublishingCredentialsPolicies/{last}"), "name": last,
            "type": "Microsoft.Web/sites/basicPublishingCredentialsPolicies",
            "properties": {"allow": number % 5 == 2}})
    };
    let level = if number % 4 == 1 { "anonymous" } else { "function" };
    vec![
        json!({
            "id": site, "name": name, "type": "Microsoft.Web/sites", "kind": "functionapp,linux",
            "location": "West Europe", "tags": {"team": format!("team-{}", number % 7)},
            "identity": {"type": "SystemAssigned", "tenantId": super::TENANT, "principalId": id(seed ^ 1, number)},
            "properties": {
                "state": "Running", "enabled": true, "reserved": true, "httpsOnly": number % 10 != 4,
                "clientCertEnabled": false, "clientCertMode": "Required", "publicNetworkAccess": "Enabled",
                "hostNames": [format!("{name}.azurewebsites.net")],
                "defaultHostName": format!("{name}.azurewebsites.net"),
                "enabledHostNames":
                    [format!("{name}.azurewebsites.net"), format!("{name}.scm.azurewebsites.net")],
                "serverFarmId": format!("{group}/providers/Microsoft.Web/serverfarms/plan"),
                "virtualNetworkSubnetId": null, "keyVaultReferenceIdentity": "SystemAssigned",
                "siteConfig": {"linuxFxVersion": runtime, "functionAppScaleLimit": 200, "http20Enabled": true},
            },
        }),
        setting(
            "web",
            json!({
                "linuxFxVersion": runtime, "minTlsVersion": if number % 10 == 7 { "1.0" } else { "1.2" },
                "scmMinTlsVersion": "1.2", "ftpsState": "FtpsOnly", "http20Enabled": true,
                "remoteDebuggingEnabled": number % 50 == 9, "publicNetworkAccess": "Enabled", "alwaysOn": false,
                "httpLoggingEnabled": true, "detailedErrorLoggingEnabled": true, "vnetRouteAllEnabled": false,
                "cors": {"allowedOrigins": [if number % 25 == 5 { "*" } else { "https://shop.example.test" }],
                    "supportCredentials": false},
                "ipSecurityRestrictions":
                    [{"ipAddress": "Any", "action": "Allow", "priority": 2_147_483_647, "name": "Allow all"}],
                "scmIpSecurityRestrictionsUseMain": false, "use32BitWorkerProcess": false,
            }),
        ),
        setting(
            "authsettingsV2",
            json!({
                "platform": {"enabled": signs_in, "runtimeVersion": "~1"},
                "globalValidation": {"requireAuthentication": signs_in,
                    "unauthenticatedClientAction": if signs_in { "Return401" } else { "AllowAnonymous" }},
                "httpSettings": {"requireHttps": true},
            }),
        ),
        setting(
            "appsettings",
            json!({
                "FUNCTIONS_EXTENSION_VERSION": "~4", "FUNCTIONS_WORKER_RUNTIME": "python",
                "DB_PASSWORD": format!("CANARY-{seed}-{number}"),
            }),
        ),
        publishing("ftp"),
        publishing("scm"),
        json!({
            "id": format!("{site}/functions/hello"), "name": format!("{name}/hello"),
            "type": "Microsoft.Web/sites/functions",
            "properties": {"language": "python", "isDisabled": false,
                "config": {"bindings": [{"type": "httpTrigger", "direction": "in", "name": "request",
                    "authLevel": level, "methods": ["get"]}]}},
        }),
    ]
}

fn vault(group: &str, number: usize, seed: u64) -> Value {
    json!({
        "id": format!("{group}/providers/Microsoft.KeyVault/vaults/vault-{number}"), "name": format!("vault-{number}"),
        "type": "Microsoft.KeyVault/vaults", "location": "westeurope",
        "properties": {"tenantId": super::TENANT, "sku": {"family": "A", "name": "standard"},
            "enableRbacAuthorization": !(number + seed as usize).is_multiple_of(20), "enableSoftDelete": true,
            "vaultUri": format!("https://vault-{number}.vault.azure.net/"), "publicNetworkAccess": "Enabled"},
    })
}

fn account(group: &str, number: usize, seed: u64) -> Value {
    json!({
        "id": format!("{group}/providers/Microsoft.Storage/storageAccounts/store{number}"),
        "name": format!("store{number}"), "type": "Microsoft.Storage/storageAccounts", "kind": "StorageV2",
        "location": "westeurope", "sku": {"name": "Standard_LRS", "tier": "Standard"},
        "properties": {"supportsHttpsTrafficOnly": true, "minimumTlsVersion": "TLS1_2",
            "allowBlobPublicAccess": (number + seed as usize).is_multiple_of(20), "allowSharedKeyAccess": true,
            "publicNetworkAccess": "Enabled", "networkAcls": {"bypass": "AzureServices", "defaultAction": "Allow"}},
    })
}
