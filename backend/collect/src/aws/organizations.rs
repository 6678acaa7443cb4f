//! AWS Organizations: which accounts there are to scan. Asked with the target's own credentials, which are those of the
//! management account or of a delegated administrator; the accounts themselves are read by `members.rs`.
//!
//! One call for twenty accounts; with organizational units two listings a unit.

use std::collections::{BTreeMap, BTreeSet};

use nephoscope_model::{AccountId, Region, ServiceName};
use serde_json::{Value, json};

use super::api::{Action, Api, Home, List};
use super::client::Reader;
use super::failure::Failure;
use super::place::text;
use super::request::Request;
use super::{Aws, RegionChoice, quota};
use crate::error::{Cause, CollectError};
use crate::purpose::Purpose;

/// What the target's own credentials are asked for besides. A role that is assumed needs none of it, so that the
/// generated read role does not allow it.
pub(super) const ACTIONS: &[&Action] =
    &[&ACCOUNTS.action, &ACCOUNTS_OF.action, &UNITS_OF.action, &ASSUME_ROLE];

static API: Api =
    Api::json("Organizations", "organizations", "1.1", "AWSOrganizationsV20161128", &quota::ORGANIZATIONS)
        .at(Home::FirstRegion);
static ACCOUNTS: List = API.list("organizations:ListAccounts", "Accounts");
static ACCOUNTS_OF: List = API.list("organizations:ListAccountsForParent", "Accounts");
static UNITS_OF: List = API.list("organizations:ListOrganizationalUnitsForParent", "OrganizationalUnits");

static STS: Api = Api::query("STS", "sts", "2011-06-15", &quota::STS);
/// Called by the SDK's provider of credentials.
pub(super) static ASSUME_ROLE: Action = STS.action("sts:AssumeRole");

/// Which accounts of an organization are read, and how.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrganizationOptions {
    /// The role that is assumed in each account.
    pub role_name: String,
    /// Accounts that are left out.
    pub exclude: BTreeSet<AccountId>,
    /// Only accounts of these organizational units, or of units below them; all where none is named.
    pub ous: Vec<String>,
    /// The regions of accounts that do not have the target's.
    pub regions: BTreeMap<AccountId, RegionChoice>,
}

/// An account of the organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Member {
    pub id: AccountId,
    /// The facet `organization` of the account: its name and where it stands.
    pub facet: Value,
}

/// The accounts that are active and not excluded, by id.
pub(super) async fn list(
    aws: &Aws,
    options: &OrganizationOptions,
) -> Result<BTreeMap<AccountId, Member>, CollectError> {
    let mut reader = aws.reader(&Region::global(), &ServiceName::from("organizations"));
    // All accounts, whatever is asked of each.
    reader.purpose = Purpose::Scan;
    let listed = match options.ous.is_empty() {
        true => reader.list(&ACCOUNTS, None, Request::call()).await.whole().map(without_units),
        false => below(&reader, &options.ous).await,
    };
    let read = reader.log.into_log();
    aws.log.lock().add_calls(&read);
    let listed = listed.map_err(|failure| {
        CollectError::Organization(Cause::new(&format!("{}: {}", failure.error, failure.message)))
    })?;
    let members = listed.iter().filter_map(|(account, path)| member(account, path.as_deref()));
    let members = members.filter(|member| !options.exclude.contains(&member.id));
    Ok(members.map(|member| (member.id.clone(), member)).collect())
}

/// An account as it was listed, and the names of the units that it was found in.
type Listed = (Value, Option<String>);

fn without_units(accounts: Vec<Value>) -> Vec<Listed> {
    accounts.into_iter().map(|account| (account, None)).collect()
}

/// The accounts of these units and of all units below them.
async fn below(reader: &Reader, ous: &[String]) -> Result<Vec<Listed>, Failure> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    let mut left: Vec<(String, String)> = ous.iter().map(|id| (id.clone(), id.clone())).collect();
    while let Some((id, path)) = left.pop() {
        // A unit may be named beside one that it lies in.
        if !seen.insert(id.clone()) {
            continue;
        }
        let of_parent = || Request::call().field("ParentId", id.as_str());
        let accounts = reader.list(&ACCOUNTS_OF, None, of_parent()).await.whole()?;
        found.extend(accounts.into_iter().map(|account| (account, Some(path.clone()))));
        for unit in reader.list(&UNITS_OF, None, of_parent()).await.whole()? {
            let Some(below) = text(&unit, "/Id") else { continue };
            let name = text(&unit, "/Name").unwrap_or(below);
            left.push((below.to_owned(), format!("{path}/{name}")));
        }
    }
    Ok(found)
}

/// None for an account that is suspended, being closed or not yet open: nobody can sign in to it.
fn member(account: &Value, path: Option<&str>) -> Option<Member> {
    let state = text(account, "/State").or_else(|| text(account, "/Status"));
    if state != Some("ACTIVE") {
        return None;
    }
    let id = AccountId::from(text(account, "/Id")?);
    let path = path.or_else(|| text(account, "/Paths/0")).map(|path| path.trim_end_matches('/'));
    let facet = json!({"Name": text(account, "/Name"), "Path": path});
    Some(Member { id, facet })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_active_accounts_are_members() {
        let active =
            json!({"Id": "111111111111", "Name": "shop", "Status": "ACTIVE", "Paths": ["o-1/r-1/ou-1/"]});
        let found = member(&active, None).unwrap();
        assert_eq!(found.facet, json!({"Name": "shop", "Path": "o-1/r-1/ou-1"}));
        assert_eq!(member(&active, Some("ou-1/Prod")).unwrap().facet["Path"], "ou-1/Prod");
        for gone in [
            json!({"Id": "1", "Status": "SUSPENDED"}),
            json!({"Id": "1", "State": "PENDING_CLOSURE", "Status": "ACTIVE"}),
            json!({"Id": "1"}),
        ] {
            assert_eq!(member(&gone, None), None, "{gone}");
        }
    }
}
