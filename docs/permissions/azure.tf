# Read-only role for Nephoscope, the posture scanner for serverless estates.

variable "scope" {
  type        = string
  description = "What is scanned: the id of a management group or subscription."
}

variable "principal_id" {
  type        = string
  description = "Object id of the service principal or managed identity that scans."
}

resource "azurerm_role_definition" "nephoscope" {
  name        = "Nephoscope Reader"
  description = "Read-only role for Nephoscope, the posture scanner for serverless estates"
  scope       = var.scope

  permissions {
    actions = [
      "Microsoft.ApiManagement/service/apis/operations/policies/read",
      "Microsoft.ApiManagement/service/apis/operations/read",
      "Microsoft.ApiManagement/service/apis/policies/read",
      "Microsoft.ApiManagement/service/apis/read",
      "Microsoft.ApiManagement/service/backends/read",
      "Microsoft.ApiManagement/service/diagnostics/read",
      "Microsoft.ApiManagement/service/gateways/read",
      "Microsoft.ApiManagement/service/namedValues/read",
      "Microsoft.ApiManagement/service/policies/read",
      "Microsoft.ApiManagement/service/policyFragments/read",
      "Microsoft.ApiManagement/service/products/apis/read",
      "Microsoft.ApiManagement/service/products/policies/read",
      "Microsoft.ApiManagement/service/products/read",
      "Microsoft.ApiManagement/service/read",
      "Microsoft.ApiManagement/service/subscriptions/read",
      "Microsoft.ApiManagement/service/tenant/read",
      "Microsoft.App/containerApps/authConfigs/read",
      "Microsoft.App/containerApps/read",
      "Microsoft.App/managedEnvironments/read",
      "Microsoft.AppConfiguration/configurationStores/read",
      "Microsoft.Authorization/roleAssignments/read",
      "Microsoft.Authorization/roleDefinitions/read",
      "Microsoft.Consumption/budgets/read",
      "Microsoft.ContainerRegistry/registries/read",
      "Microsoft.DurableTask/schedulers/read",
      "Microsoft.EventGrid/domains/eventSubscriptions/read",
      "Microsoft.EventGrid/domains/read",
      "Microsoft.EventGrid/systemTopics/eventSubscriptions/read",
      "Microsoft.EventGrid/systemTopics/read",
      "Microsoft.EventGrid/topics/eventSubscriptions/read",
      "Microsoft.EventGrid/topics/read",
      "Microsoft.EventHub/namespaces/networkRuleSets/read",
      "Microsoft.EventHub/namespaces/read",
      "Microsoft.Insights/activityLogAlerts/read",
      "Microsoft.Insights/components/read",
      "Microsoft.Insights/diagnosticSettings/read",
      "Microsoft.KeyVault/vaults/read",
      "Microsoft.Logic/workflows/read",
      "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/read",
      "Microsoft.ManagedIdentity/userAssignedIdentities/read",
      "Microsoft.Management/managementGroups/descendants/read",
      "Microsoft.Network/FrontDoorWebApplicationFirewallPolicies/read",
      "Microsoft.Network/frontDoors/read",
      "Microsoft.ResourceGraph/resources/read",
      "Microsoft.Resources/subscriptions/read",
      "Microsoft.Security/pricings/read",
      "Microsoft.ServiceBus/namespaces/authorizationRules/read",
      "Microsoft.ServiceBus/namespaces/networkRuleSets/read",
      "Microsoft.ServiceBus/namespaces/read",
      "Microsoft.Storage/storageAccounts/read",
      "Microsoft.Web/certificates/read",
      "Microsoft.Web/serverfarms/read",
      "Microsoft.Web/sites/basicPublishingCredentialsPolicies/read",
      "Microsoft.Web/sites/config/read",
      "Microsoft.Web/sites/functions/read",
      "Microsoft.Web/sites/privateEndpointConnections/read",
      "Microsoft.Web/sites/read",
      "Microsoft.Web/sites/slots/basicPublishingCredentialsPolicies/read",
      "Microsoft.Web/sites/slots/config/read",
      "Microsoft.Web/sites/slots/functions/read",
      "Microsoft.Web/sites/slots/privateEndpointConnections/read",
      "Microsoft.Web/sites/slots/read",
      "Microsoft.Web/staticSites/functions/read",
      "Microsoft.Web/staticSites/read",
    ]
    not_actions = []
  }

  assignable_scopes = [var.scope]
}

resource "azurerm_role_assignment" "nephoscope" {
  scope              = var.scope
  role_definition_id = azurerm_role_definition.nephoscope.role_definition_resource_id
  principal_id       = var.principal_id
}
