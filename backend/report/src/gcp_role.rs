//! The role that a scan of Google Cloud needs, as a role file for `gcloud` and as Terraform.
//!
//! The same permissions give the same bytes: the files are meant to be reviewed, and compared between versions.

use std::fmt::Write;

use serde_json::json;

const TITLE: &str = "Nephoscope Reader";
const DESCRIPTION: &str = "Read-only role for Nephoscope, the posture scanner for serverless estates";

/// The role as JSON, as the IAM API takes it.
pub fn gcp_role(permissions: &[&str]) -> String {
    let role = json!({
        "title": TITLE,
        "description": DESCRIPTION,
        "stage": "GA",
        "includedPermissions": permissions,
    });
    format!("{role:#}\n")
}

/// The role as the file of `gcloud iam roles create nephoscope --organization=ORGANIZATION --file=FILE`.
pub fn gcp_gcloud(permissions: &[&str]) -> String {
    let mut file = format!("title: {TITLE}\ndescription: {DESCRIPTION}\nstage: GA\nincludedPermissions:\n");
    for permission in permissions {
        writeln!(file, "- {permission}").expect("writing into a text does not fail");
    }
    file
}

/// Terraform with the role and who has it, in an organization.
pub fn gcp_terraform(permissions: &[&str]) -> String {
    let mut list = String::new();
    for permission in permissions {
        writeln!(list, "    \"{permission}\",").expect("writing into a text does not fail");
    }
    format!(
        r#"# {DESCRIPTION}.

variable "organization" {{
  type        = string
  description = "Number of the organization whose projects are scanned."
}}

variable "member" {{
  type        = string
  description = "Who scans, such as serviceAccount:nephoscope@PROJECT.iam.gserviceaccount.com."
}}

resource "google_organization_iam_custom_role" "nephoscope" {{
  org_id      = var.organization
  role_id     = "nephoscope"
  title       = "{TITLE}"
  description = "{DESCRIPTION}"
  stage       = "GA"
  permissions = [
{list}  ]
}}

resource "google_organization_iam_member" "nephoscope" {{
  org_id = var.organization
  role   = google_organization_iam_custom_role.nephoscope.name
  member = var.member
}}
"#
    )
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn every_form_includes_exactly_the_permissions() {
        let permissions = ["cloudasset.assets.listResource", "run.services.list"];
        let role: Value = serde_json::from_str(&gcp_role(&permissions)).unwrap();
        assert_eq!(role["includedPermissions"], json!(permissions));
        let listed = |text: &str, before: &str, after: &str| -> Vec<String> {
            let lines = text.lines().filter_map(|line| line.strip_prefix(before)?.strip_suffix(after));
            lines.map(str::to_owned).collect()
        };
        assert_eq!(listed(&gcp_gcloud(&permissions), "- ", ""), permissions);
        assert_eq!(listed(&gcp_terraform(&permissions), "    \"", "\","), permissions);
    }
}
