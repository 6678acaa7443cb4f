//! The accounts of an organization, and the roles that lead into them.

use serde_json::{Value, json};

use crate::answer::Answer;
use crate::aws::estate::Estate;
use crate::aws::route::Call;

/// How many accounts stand on a page.
const PAGE: usize = 20;

impl Estate {
    /// As an organization of these accounts, all of which show the same estate; the last one is suspended.
    pub fn with_accounts(self, accounts: &[&str]) -> Self {
        Self { accounts: accounts.iter().map(|account| (*account).to_owned()).collect(), ..self }
    }

    pub(crate) fn organization(&self, call: &Call, operation: &str) -> Option<Answer> {
        match (operation, call.text("ParentId")) {
            ("ListAccounts", _) => {
                let start: usize = call.text("NextToken").and_then(|token| token.parse().ok()).unwrap_or(0);
                let end = (start + PAGE).min(self.accounts.len());
                let next = (end < self.accounts.len()).then(|| end.to_string());
                Some(Answer::json(&json!({"Accounts": self.listed(start..end), "NextToken": next})))
            }
            // The unit `ou-root` holds the first account and the unit `Shops`, which holds all others.
            ("ListAccountsForParent", Some("ou-root")) => {
                Some(Answer::json(&json!({"Accounts": self.listed(0..1)})))
            }
            ("ListAccountsForParent", Some("ou-shops")) => {
                Some(Answer::json(&json!({"Accounts": self.listed(1..self.accounts.len())})))
            }
            ("ListOrganizationalUnitsForParent", Some("ou-root")) => {
                Some(Answer::json(&json!({"OrganizationalUnits": [{"Id": "ou-shops", "Name": "Shops"}]})))
            }
            ("ListOrganizationalUnitsForParent", _) => {
                Some(Answer::json(&json!({"OrganizationalUnits": []})))
            }
            _ => None,
        }
    }

    fn listed(&self, range: std::ops::Range<usize>) -> Vec<Value> {
        let last = self.accounts.len().saturating_sub(1);
        range
            .filter_map(|position| Some((position, self.accounts.get(position)?)))
            .map(|(position, id)| {
                let status = if position == last { "SUSPENDED" } else { "ACTIVE" };
                json!({"Id": id, "Name": format!("account-{position}"), "Status": status})
            })
            .collect()
    }
}

/// Credentials of the account that the role belongs to: an access key that ends in its twelve digits.
pub(crate) fn assume_role(call: &Call) -> Option<Answer> {
    let role = call.text("RoleArn")?;
    let account = role.split(':').nth(4)?;
    Some(Answer::xml(format!(
        "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIA{account}</AccessKeyId>\
         <SecretAccessKey>CANARY</SecretAccessKey><SessionToken>CANARY</SessionToken>\
         <Expiration>2099-01-01T00:00:00Z</Expiration></Credentials><AssumedRoleUser>\
         <Arn>arn:aws:sts::{account}:assumed-role/nephoscope/nephoscope</Arn>\
         <AssumedRoleId>AROA:nephoscope</AssumedRoleId></AssumedRoleUser></AssumeRoleResult></AssumeRoleResponse>"
    )))
}
