//! The role that a scan of AWS needs, as a policy, as a CloudFormation template and as Terraform.
//!
//! The same actions give the same bytes: the files are meant to be reviewed, and compared between versions.

use std::fmt::Write;

use nephoscope_model::Provider;
use nephoscope_model::api::MissingPermission;
use serde_json::json;

/// The name of the role and of its policy, unless the person who creates them says otherwise.
const NAME: &str = "nephoscope";

/// The IAM policy that allows `actions`, as JSON.
pub fn aws_policy(actions: &[&str]) -> String {
    format!("{:#}\n", policy(actions))
}

/// The smallest IAM policy that adds the permissions of AWS that were missing; none where it can add none.
pub fn aws_restoring(missing: &[MissingPermission]) -> Option<serde_json::Value> {
    let addable = missing.iter().filter(|one| one.provider == Provider::Aws && one.is_addable());
    let mut actions: Vec<&str> = addable.map(|one| one.permission.as_str()).collect();
    actions.sort_unstable();
    (!actions.is_empty()).then(|| policy(&actions))
}

fn policy(actions: &[&str]) -> serde_json::Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [{"Sid": "NephoscopeRead", "Effect": "Allow", "Action": actions, "Resource": "*"}],
    })
}

/// A CloudFormation template with the role: one account as a stack, an organisation as a stack set.
pub fn aws_cloudformation(actions: &[&str]) -> String {
    let template = json!({
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "Read-only role for Nephoscope, the posture scanner for serverless estates",
        "Parameters": {
            "TrustedPrincipal": {
                "Type": "String",
                "Description": "ARN of the role or account that scans, such as arn:aws:iam::123456789012:role/scanner",
                "AllowedPattern": "arn:aws[a-z-]*:(iam|sts)::[0-9]{12}:.+",
            },
            "ExternalId": {
                "Type": "String",
                "Description": "What the scanner has to name when it assumes the role; empty where it need not",
                "Default": "",
                "NoEcho": true,
            },
            "RoleName": {"Type": "String", "Default": NAME},
        },
        "Conditions": {"NamesExternalId": {"Fn::Not": [{"Fn::Equals": [{"Ref": "ExternalId"}, ""]}]}},
        "Resources": {
            "Role": {
                "Type": "AWS::IAM::Role",
                "Properties": {
                    "RoleName": {"Ref": "RoleName"},
                    "Description": "Read by Nephoscope",
                    "AssumeRolePolicyDocument": {
                        "Version": "2012-10-17",
                        "Statement": [{
                            "Effect": "Allow",
                            "Principal": {"AWS": {"Ref": "TrustedPrincipal"}},
                            "Action": "sts:AssumeRole",
                            "Condition": {"Fn::If": [
                                "NamesExternalId",
                                {"StringEquals": {"sts:ExternalId": {"Ref": "ExternalId"}}},
                                {"Ref": "AWS::NoValue"},
                            ]},
                        }],
                    },
                    "Policies": [{"PolicyName": NAME, "PolicyDocument": policy(actions)}],
                },
            },
        },
        "Outputs": {"RoleArn": {"Value": {"Fn::GetAtt": ["Role", "Arn"]}}},
    });
    format!("{template:#}\n")
}

/// Terraform with the role.
pub fn aws_terraform(actions: &[&str]) -> String {
    let mut list = String::new();
    for action in actions {
        writeln!(list, "      \"{action}\",").expect("writing into a text does not fail");
    }
    format!(
        r#"# Read-only role for Nephoscope, the posture scanner for serverless estates.

variable "trusted_principal" {{
  type        = string
  description = "ARN of the role or account that scans."
}}

variable "external_id" {{
  type        = string
  description = "What the scanner has to name when it assumes the role; null where it need not."
  default     = null
  sensitive   = true
}}

data "aws_iam_policy_document" "nephoscope_trust" {{
  statement {{
    actions = ["sts:AssumeRole"]
    principals {{
      type        = "AWS"
      identifiers = [var.trusted_principal]
    }}
    dynamic "condition" {{
      for_each = var.external_id == null ? [] : [var.external_id]
      content {{
        test     = "StringEquals"
        variable = "sts:ExternalId"
        values   = [condition.value]
      }}
    }}
  }}
}}

data "aws_iam_policy_document" "nephoscope_read" {{
  statement {{
    sid = "NephoscopeRead"
    actions = [
{list}    ]
    resources = ["*"]
  }}
}}

resource "aws_iam_role" "nephoscope" {{
  name               = "{NAME}"
  description        = "Read by Nephoscope"
  assume_role_policy = data.aws_iam_policy_document.nephoscope_trust.json
}}

resource "aws_iam_role_policy" "nephoscope_read" {{
  name   = "{NAME}"
  role   = aws_iam_role.nephoscope.id
  policy = data.aws_iam_policy_document.nephoscope_read.json
}}

output "role_arn" {{
  value = aws_iam_role.nephoscope.arn
}}
"#
    )
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    const ACTIONS: &[&str] = &["lambda:GetPolicy", "sqs:ListQueues"];

    #[test]
    fn what_no_policy_can_add_is_not_in_the_policy() {
        let missing = |provider: Provider, permission: &str, forbidden: bool| MissingPermission {
            provider,
            permission: permission.to_owned(),
            errors: Vec::new(),
            message: String::new(),
            refused: 1,
            accounts: Vec::new(),
            regions: Vec::new(),
            services: Vec::new(),
            unlisted: Vec::new(),
            forbidden,
            unknown: None,
            checks: Vec::new(),
        };
        let others = [
            missing(Provider::Aws, "sts:AssumeRole", false),
            missing(Provider::Aws, "kms:GetKeyPolicy", true),
            missing(Provider::Gcp, "run.services.list", false),
        ];
        assert_eq!(aws_restoring(&others), None);
        let addable = ["sqs:ListQueues", "lambda:GetPolicy"].map(|name| missing(Provider::Aws, name, false));
        let policy = aws_restoring(&[&others[..], &addable[..]].concat()).unwrap();
        assert_eq!(policy["Statement"][0]["Action"], json!(ACTIONS));
    }

    #[test]
    fn every_form_allows_exactly_the_actions() {
        let policy: Value = serde_json::from_str(&aws_policy(ACTIONS)).unwrap();
        assert_eq!(policy["Statement"][0]["Action"], json!(ACTIONS));
        let template: Value = serde_json::from_str(&aws_cloudformation(ACTIONS)).unwrap();
        let inline = &template["Resources"]["Role"]["Properties"]["Policies"][0]["PolicyDocument"];
        assert_eq!(inline, &policy);
        let terraform = aws_terraform(ACTIONS);
        let listed: Vec<&str> = terraform
            .lines()
            .skip_while(|line| !line.contains("NephoscopeRead"))
            .filter_map(|line| line.strip_prefix("      \"")?.strip_suffix("\","))
            .collect();
        assert_eq!(listed, ACTIONS);
    }
}
