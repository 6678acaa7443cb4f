//! Policy documents as grants: one shape for resource policies, trust policies and identity policies.
//!
//! A grant carries the statement as it was written, single values made lists, and what follows from it for this account:
//! whether it lets everybody in, which foreign accounts it names, whether a service's caller is pinned to its source,
//! and how much power it gives.
//!
//! Where AWS's semantics leave a doubt, the wider reading is taken: a condition counts as a restriction only where it
//! cannot hold for a stranger, and a Deny only where it certainly covers what the Allow gives.

mod condition;
mod deny;
mod glob;
mod identity;
mod power;
mod principal;
mod statement;
mod who;

use nephoscope_model::finding::Exposure;
use serde_json::{Value, json};

use crate::derive::reading::{Reading, malformed};
pub(super) use identity::{Extent, Identity};
use principal::Principal;
use statement::{Effect, Statement};
use who::Who;

/// One normalised statement and what follows from it.
#[derive(Clone, Debug)]
pub(super) struct Grant {
    statement: Statement,
    source: String,
    /// It lets everybody in.
    pub public: bool,
    /// False where a Deny or the identity's boundary leaves nothing of it.
    pub effective: bool,
    foreign_accounts: Vec<String>,
    services: Vec<String>,
    source_restricted: bool,
    admin: bool,
    service_wildcards: Vec<String>,
    /// Who can make use of it.
    pub reach: Exposure,
}

/// The grants of `document`, which was read from `facet`, in the document's order.
pub(super) fn grants(document: &Value, account: &str, source: &str, facet: &str) -> Reading<Vec<Grant>> {
    let statements = statement::statements(document).ok_or_else(|| malformed(facet))?;
    let denies: Vec<Statement> =
        statements.iter().filter(|statement| statement.effect == Effect::Deny).cloned().collect();
    let grants = statements.into_iter().map(|statement| Grant::of(statement, &denies, account, source));
    Ok(grants.collect())
}

impl Grant {
    fn of(statement: Statement, denies: &[Statement], account: &str, source: &str) -> Self {
        let mut grant = Self {
            source: source.to_owned(),
            public: false,
            effective: true,
            foreign_accounts: Vec::new(),
            services: Vec::new(),
            source_restricted: false,
            admin: false,
            service_wildcards: Vec::new(),
            reach: Exposure::Internal,
            statement,
        };
        grant.services = grant.statement.services();
        // A Deny gives nobody anything: whatever it names, it neither exposes nor empowers.
        if grant.statement.effect == Effect::Allow {
            grant.weigh(denies, account);
        }
        grant
    }

    fn weigh(&mut self, denies: &[Statement], account: &str) {
        let statement = &self.statement;
        let mut restraints = who::restraints(&statement.conditions);
        restraints.extend(denies.iter().filter_map(|deny| deny::restraint(deny, statement)));

        let everyone = statement.lets_everyone_in();
        self.public = everyone && restraints.is_empty();
        // Whoever a Deny leaves nobody of, it closes.
        self.effective = restraints.iter().all(|whos| !whos.is_empty());
        self.source_restricted = who::pins_source(&statement.conditions, &self.services)
            || denies.iter().any(|deny| deny::pins_source(deny, statement, &self.services));

        let named = statement.principals.iter().filter_map(|principal| principal.account.clone());
        let pinned = restraints.iter().flatten().filter_map(Who::account);
        let mut accounts: Vec<String> = named.collect();
        if everyone || !self.services.is_empty() {
            accounts.extend(pinned);
        }
        accounts.retain(|id| self.effective && id != account);
        accounts.sort();
        accounts.dedup();
        self.reach = match (everyone, accounts.is_empty()) {
            (true, _) => who::reach(&restraints, account),
            (false, false) => Exposure::CrossAccount,
            (false, true) => Exposure::Internal,
        };
        self.foreign_accounts = accounts;
        self.admin = power::is_admin(&self.statement);
        self.service_wildcards = power::service_wildcards(&self.statement);
    }

    /// True where the grant allows at least one action that matches `wanted`, such as `lambda:InvokeFunctionUrl`.
    pub fn allows(&self, wanted: &str) -> bool {
        self.statement.effect == Effect::Allow && self.statement.covers_action(wanted)
    }

    /// True where the grant allows anything besides what `except` names.
    pub fn allows_beyond(&self, except: &str) -> bool {
        self.statement.effect == Effect::Allow
            && (!self.statement.not_actions.is_empty()
                || self.statement.actions.iter().any(|action| !action.eq_ignore_ascii_case(except)))
    }

    /// True where the conditions hold for calls through the function's URL alone.
    pub fn is_for_url_only(&self) -> bool {
        self.statement.conditions.iter().any(|condition| {
            condition.is_flag("lambda:invokedviafunctionurl", true)
                || (condition.key == "lambda:functionurlauthtype"
                    && condition.is_positive()
                    && !condition.holds_without_key())
        })
    }

    /// True where it gives everything of the service that the action belongs to.
    pub fn gives_service_of(&self, action: &str) -> bool {
        let service = action.split(':').next().unwrap_or(action);
        self.admin || self.service_wildcards.iter().any(|given| given == service)
    }

    /// True where `service` is a principal.
    pub fn names_service(&self, service: &str) -> bool {
        self.statement.effect == Effect::Allow && self.services.iter().any(|named| named == service)
    }

    /// True where `service` is a principal, or everybody is.
    pub fn lets_in_service(&self, service: &str) -> bool {
        self.statement.effect == Effect::Allow
            && (self.statement.lets_everyone_in() || self.services.iter().any(|named| named == service))
    }
}

impl From<&Grant> for Value {
    fn from(grant: &Grant) -> Self {
        let statement = &grant.statement;
        let conditions: Vec<Value> = statement
            .conditions
            .iter()
            .map(|c| json!({"operator": c.operator, "key": c.key, "values": c.values}))
            .collect();
        let principals = |principals: &[Principal]| -> Vec<Value> {
            principals.iter().map(|p| json!({"type": p.kind, "id": p.id, "account": p.account})).collect()
        };
        json!({
            "sid": statement.sid,
            "effect": statement.effect.as_str(),
            "actions": statement.actions,
            "not_actions": statement.not_actions,
            "resources": statement.resources,
            "not_resources": statement.not_resources,
            "principals": principals(&statement.principals),
            "not_principals": principals(&statement.not_principals),
            "conditions": conditions,
            "source": grant.source,
            "public": grant.public,
            "effective": grant.effective,
            "foreign_accounts": grant.foreign_accounts,
            "services": grant.services,
            "source_restricted": grant.source_restricted,
            "admin": grant.admin,
            "service_wildcards": grant.service_wildcards,
        })
    }
}

/// The list of grants as a fact's value.
pub(super) fn to_value(grants: &[Grant]) -> Value {
    Value::Array(grants.iter().map(Value::from).collect())
}

#[cfg(test)]
mod tests;
