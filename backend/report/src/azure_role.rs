//! The role that a scan of Azure needs, as a role definition for the command line, as Bicep and as Terraform.
//!
//! The same actions give the same bytes: the files are meant to be reviewed, and compared between versions.

use std::fmt::Write;

use serde_json::json;

/// The role definition that allows `actions`, for `az role definition create --role-definition @FILE`.
pub fn azure_definition(actions: &[String]) -> String {
    let definition = json!({
        "Name": "Nephoscope Reader",
        "IsCustom": true,
        "Description": DESCRIPTION,
        "Actions": actions,
        "NotActions": [],
        "DataActions": [],
        "NotDataActions": [],
        "AssignableScopes": ["/providers/Microsoft.Management/managementGroups/MANAGEMENT_GROUP"],
    });
    format!("{definition:#}\n")
}

const DESCRIPTION: &str = "Read-only role for Nephoscope, the posture scanner for serverless estates";

/// A Bicep file with the role and its assignment, to be deployed to a management group.
pub fn azure_bicep(actions: &[String]) -> String {
    let list = lines(actions, "        '", "'");
    format!(
        r#"// {DESCRIPTION}.
targetScope = 'managementGroup'

@description('Object id of the service principal or managed identity that scans.')
param principalId string

resource role 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {{
  name: guid(managementGroup().id, 'nephoscope')
  properties: {{
    roleName: 'Nephoscope Reader'
    description: '{DESCRIPTION}'
    type: 'CustomRole'
    permissions: [
      {{
        actions: [
{list}        ]
        notActions: []
      }}
    ]
    assignableScopes: [
      managementGroup().id
    ]
  }}
}}

resource assignment 'Microsoft.Authorization/roleAssignments@2022-04-01' = {{
  name: guid(managementGroup().id, principalId, 'nephoscope')
  properties: {{
    roleDefinitionId: role.id
    principalId: principalId
    principalType: 'ServicePrincipal'
  }}
}}
"#
    )
}

/// Terraform with the role and its assignment.
pub fn azure_terraform(actions: &[String]) -> String {
    let list = lines(actions, "      \"", "\",");
    format!(
        r#"# {DESCRIPTION}.

variable "scope" {{
  type        = string
  description = "What is scanned: the id of a management group or subscription."
}}

variable "principal_id" {{
  type        = string
  description = "Object id of the service principal or managed identity that scans."
}}

resource "azurerm_role_definition" "nephoscope" {{
  name        = "Nephoscope Reader"
  description = "{DESCRIPTION}"
  scope       = var.scope

  permissions {{
    actions = [
{list}    ]
    not_actions = []
  }}

  assignable_scopes = [var.scope]
}}

resource "azurerm_role_assignment" "nephoscope" {{
  scope              = var.scope
  role_definition_id = azurerm_role_definition.nephoscope.role_definition_resource_id
  principal_id       = var.principal_id
}}
"#
    )
}

fn lines(actions: &[String], before: &str, after: &str) -> String {
    let mut list = String::new();
    for action in actions {
        writeln!(list, "{before}{action}{after}").expect("writing into a text does not fail");
    }
    list
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn every_form_allows_exactly_the_actions() {
        let actions = ["Microsoft.Web/sites/config/read".to_owned(), "Microsoft.Web/sites/read".to_owned()];
        let definition: Value = serde_json::from_str(&azure_definition(&actions)).unwrap();
        assert_eq!(definition["Actions"], json!(actions));
        let listed = |text: &str, before: &str, after: &str| -> Vec<String> {
            let lines = text.lines().filter_map(|line| line.strip_prefix(before)?.strip_suffix(after));
            lines.filter(|line| line.contains('/')).map(str::to_owned).collect()
        };
        assert_eq!(listed(&azure_bicep(&actions), "        '", "'"), actions);
        assert_eq!(listed(&azure_terraform(&actions), "      \"", "\","), actions);
    }
}
