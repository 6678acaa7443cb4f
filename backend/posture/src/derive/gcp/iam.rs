//! What service accounts may do in the project: their grants, and what follows from them.
//!
//! Rights count where they hold on the whole project and have no condition; the basic roles, which hold nearly
//! everything, are named apart. One readable witness suffices to say that an account has a power; that it has none needs
//! every policy from the project up to the organisation, and every role. Who is in a group nobody here can read.

use std::collections::{BTreeMap, BTreeSet};

use nephoscope_model::{Fact, Resource, Unreadable};
use serde_json::{Value, json};

use super::bindings::{Binding, Bindings};
use super::deny::Deny;
use super::escalations::WAYS;
use super::members;
use super::project::Project;
use super::roles::{self, Permissions, Roles};
use super::runners::{self, Runners};
use crate::derive::map::Map;
use crate::derive::reading::{Reading, fact, merged, named, reason, required};

/// Policies, roles and what runs in whose name.
pub(super) struct Iam {
    pub project: Project,
    pub bindings: Bindings,
    pub runners: Runners,
    roles: Roles,
    deny: Deny,
    /// Positions of bindings by the service account that they name.
    named: BTreeMap<String, Vec<usize>>,
    /// Positions of bindings to everybody or to sets of accounts.
    sets: Vec<usize>,
}

/// One role that an account has somewhere.
pub(super) struct Grant<'b> {
    pub binding: &'b Binding,
    /// What it permits of what facts ask for, without what is denied.
    pub permissions: Reading<Permissions>,
}

impl Grant<'_> {
    fn is_basic(&self) -> bool {
        roles::BASIC.contains(&self.binding.role.as_str())
    }

    fn holds_everywhere(&self) -> bool {
        self.binding.wide && !self.binding.is_conditional()
    }
}

impl Iam {
    pub fn of(map: &Map<'_>) -> Self {
        let project = Project::of(map);
        let bindings = Bindings::of(map, &project);
        let mut named: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        let mut sets = Vec::new();
        for (position, binding) in bindings.all.iter().enumerate() {
            let accounts: BTreeSet<String> =
                binding.members.iter().filter_map(|member| members::account(member)).collect();
            for account in accounts {
                named.entry(account).or_default().push(position);
            }
            let set = |member: &String| members::is_public(member) || member.starts_with("principalSet:");
            if binding.members.iter().any(set) {
                sets.push(position);
            }
        }
        let runners = Runners::of(map, &project);
        Self { runners, roles: Roles::of(map), deny: Deny::of(map), project, bindings, named, sets }
    }

    /// Every role that the account has, in the order of the policies.
    pub fn grants(&self, email: &str) -> Vec<Grant<'_>> {
        let named = self.named.get(email).map_or(&[][..], Vec::as_slice);
        let mut positions: BTreeSet<usize> = named.iter().copied().collect();
        let sets = self.sets.iter().copied();
        positions.extend(sets.filter(|&position| self.bindings.all[position].includes(email, &self.project)));
        positions.into_iter().map(|position| self.grant(email, &self.bindings.all[position])).collect()
    }

    fn grant<'b>(&self, email: &str, binding: &'b Binding) -> Grant<'b> {
        let permissions = self.permissions(&binding.role).map(|mut permissions| {
            permissions.retain(|permission| !self.deny.takes(permission, email, &self.project));
            permissions
        });
        Grant { binding, permissions }
    }

    /// What a role permits of what facts ask for.
    pub fn permissions(&self, role: &str) -> Reading<Permissions> {
        self.roles.permissions(role)
    }

    /// Everything that the account is given, as facts called `grants` have it.
    fn grants_value(&self, email: &str) -> Reading<Value> {
        if !self.bindings.doubts.is_empty() {
            return Err(self.bindings.doubts.clone());
        }
        let grants = self.grants(email);
        let grants = grants.iter().map(|grant| {
            let named = grant
                .binding
                .members
                .iter()
                .find(|member| members::account(member).as_deref() == Some(email));
            let of = |member: &&String| members::includes(member, email, &self.project);
            let member = named.or_else(|| grant.binding.members.iter().find(of));
            json!({
                "member": member,
                "role": grant.binding.role,
                "scope": grant.binding.scope,
                "wide": grant.binding.wide,
                "permissions": grant.permissions.as_ref().ok(),
                "condition": grant.binding.condition,
                "public": member.is_some_and(|member| members::is_public(member)),
            })
        });
        Ok(Value::Array(grants.collect()))
    }

    /// The basic roles that the account has on the whole project.
    fn basic_roles(&self, email: &str) -> Reading<Vec<Value>> {
        let grants = self.grants(email);
        let basic = grants.iter().filter(|grant| grant.holds_everywhere() && grant.is_basic());
        let found: Vec<Value> =
            basic.map(|grant| json!({"role": grant.binding.role, "scope": grant.binding.scope})).collect();
        self.witnessed(found, Vec::new())
    }

    /// Which of `permissions` the account has on the whole project by other than basic roles, and by which.
    fn wide(&self, email: &str, permissions: &[&str]) -> Reading<Vec<Value>> {
        let mut found = Vec::new();
        let mut doubts = Vec::new();
        for grant in self.grants(email).iter().filter(|grant| grant.holds_everywhere() && !grant.is_basic()) {
            match &grant.permissions {
                Ok(held) => found.extend(permissions.iter().filter(|permission| held.contains(*permission)).map(
                    |permission| json!({"permission": permission, "role": grant.binding.role, "scope": grant.binding.scope}),
                )),
                Err(unread) => doubts.extend(unread.iter().cloned()),
            }
        }
        self.witnessed(found, doubts)
    }

    /// The ways to more rights that are open to the account.
    fn escalations(&self, email: &str) -> Reading<Vec<Value>> {
        let mut held = Permissions::new();
        let mut doubts = Vec::new();
        for grant in self.grants(email).into_iter().filter(Grant::holds_everywhere) {
            match grant.permissions {
                Ok(permissions) => held.extend(permissions),
                Err(unread) => doubts.extend(unread),
            }
        }
        let open =
            WAYS.iter().filter(|way| way.permissions.iter().all(|permission| held.contains(permission)));
        self.witnessed(open.map(|way| Value::from(way.name)).collect(), doubts)
    }

    /// Whether the account holds a basic role on the whole project, or has a way to the rights of who does.
    pub fn privileged(&self, email: &str) -> Reading<bool> {
        match (self.basic_roles(email), self.escalations(email)) {
            (Ok(basic), _) if !basic.is_empty() => Ok(true),
            (_, Ok(ways)) if !ways.is_empty() => Ok(true),
            (Ok(_), Ok(_)) => Ok(false),
            (basic, ways) => Err(merged(basic.err().into_iter().chain(ways.err()).flatten())),
        }
    }

    /// What was found; that nothing was found is only known without doubts.
    fn witnessed(&self, found: Vec<Value>, doubts: Vec<Unreadable>) -> Reading<Vec<Value>> {
        let doubts = merged(doubts.into_iter().chain(self.bindings.doubts.iter().cloned()));
        if found.is_empty() && !doubts.is_empty() { Err(doubts) } else { Ok(found) }
    }

    /// Whether the account can be used: `enabled`, `disabled`, `missing`, or `foreign` where another project has it.
    fn state(&self, email: &str, map: &Map<'_>) -> Reading<&'static str> {
        if !members::is_own(email, &self.project) {
            return match members::is_uncertain(&format!("serviceAccount:{email}"), &self.project) {
                true => Err(reason("project", "NotCollected")),
                false => Ok("foreign"),
            };
        }
        let Some(position) = map.position(&self.project.account_uid(email)) else {
            // Code runs as somebody: where no account at all was found, that one is missing proves nothing.
            if map.kind("gcp.iam.serviceaccount").is_empty() {
                return Err(reason("account", "NotCollected"));
            }
            return map.listed("iam", None).map(|()| "missing");
        };
        let resource = map.held(position).open_only(&["account"]);
        let account = required(&resource, "account")?;
        Ok(if account.get("disabled") == Some(&Value::Bool(true)) { "disabled" } else { "enabled" })
    }

    fn is_default(&self, email: &str) -> bool {
        email == self.project.default_appspot() || email.ends_with("-compute@developer.gserviceaccount.com")
    }

    /// The facts of something that runs or calls in the name of a service account.
    pub fn account_facts(&self, resource: &Resource, map: &Map<'_>) -> Vec<(&'static str, Fact)> {
        let account = runners::account(resource, &self.project);
        let of = |says: &dyn Fn(&str) -> Reading<Value>, without: Value| {
            fact(account.clone().and_then(|account| account.as_deref().map_or(Ok(without), says)))
        };
        vec![
            ("account", fact(account.clone().map(Value::from))),
            ("account_state", of(&|email| self.state(email, map).map(Value::from), Value::Null)),
            ("default_account", of(&|email| Ok(self.is_default(email).into()), json!(false))),
            ("grants", of(&|email| self.grants_value(email), json!([]))),
            ("basic_roles", of(&|email| self.basic_roles(email).map(Value::from), json!([]))),
            ("escalations", of(&|email| self.escalations(email).map(Value::from), json!([]))),
            ("privileged", of(&|email| self.privileged(email).map(Value::from), json!(false))),
        ]
    }

    /// The facts of a service account itself.
    pub fn facts(&self, resource: &Resource, map: &Map<'_>) -> Vec<(&'static str, Fact)> {
        let name = resource.uid.as_str().rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
        let email = name.as_str();
        let wide = |permissions: &[&str]| fact(self.wide(email, permissions));
        vec![
            ("grants", fact(self.grants_value(email))),
            ("basic_roles", fact(self.basic_roles(email))),
            ("escalations", fact(self.escalations(email))),
            ("privileged", fact(self.privileged(email))),
            ("functions", fact(self.runners.functions(email, map))),
            ("services", fact(self.runners.services(email, map))),
            ("impersonates", wide(roles::IMPERSONATES)),
            ("silences_logs", wide(roles::SILENCES_LOGS)),
            ("deploys", wide(roles::DEPLOYS)),
            ("reads_secrets", wide(roles::READS_SECRETS)),
            ("rules_buckets", wide(roles::RULES_BUCKETS)),
            ("rewrites", fact(self.rewrites(email, map))),
        ]
    }

    /// What runs in the name of another and privileged account, and whose code this account can replace.
    ///
    /// It needs the right to update the one and to act as the other, each on the whole project or on just that.
    fn rewrites(&self, email: &str, map: &Map<'_>) -> Reading<Value> {
        let grants = self.grants(email);
        // Who can act as nobody rewrites nothing, whatever else there may be.
        let acts = |grant: &Grant<'_>| {
            grant.permissions.as_ref().map_or(true, |held| held.contains(roles::IMPERSONATES[0]))
        };
        if self.bindings.are_whole() && !grants.iter().any(acts) {
            return Ok(json!([]));
        }
        let mut found = Vec::new();
        let mut doubts = self.runners.doubts().to_vec();
        for service in ["cloudfunctions", "run"] {
            doubts.extend(map.listed(service, None).err().unwrap_or_default());
        }
        for (account, positions) in self.runners.accounts().filter(|(account, _)| *account != email) {
            let acts = self.may(&grants, roles::IMPERSONATES[0], &self.project.account_uid(account));
            if acts == Ok(false) {
                continue;
            }
            for &position in positions {
                let held = map.held(position);
                let Some((_, update)) =
                    roles::REWRITES.iter().find(|(kind, _)| *kind == held.kind().as_str())
                else {
                    continue;
                };
                let all =
                    [acts.clone(), self.may(&grants, update, held.uid().as_str()), self.privileged(account)];
                if all.contains(&Ok(false)) {
                    continue;
                }
                let unread: Vec<Unreadable> = all.into_iter().filter_map(Result::err).flatten().collect();
                match unread.is_empty() {
                    true => found.push(held.uid().as_str()),
                    false => doubts.extend(unread),
                }
            }
        }
        found.sort_unstable();
        if found.is_empty() && !doubts.is_empty() { Err(merged(doubts)) } else { Ok(named(&found)) }
    }

    /// Whether the grants permit something on the whole project or on this resource.
    fn may(&self, grants: &[Grant<'_>], permission: &str, uid: &str) -> Reading<bool> {
        let mut doubts = self.bindings.doubts.clone();
        if let Err(unread) = self.bindings.on(uid).map(|_| ()) {
            doubts.extend(unread);
        }
        let here = |grant: &&Grant<'_>| {
            !grant.binding.is_conditional() && (grant.binding.wide || grant.binding.scope == uid)
        };
        for grant in grants.iter().filter(here) {
            match &grant.permissions {
                Ok(held) if held.contains(permission) => return Ok(true),
                Ok(_) => {}
                Err(unread) => doubts.extend(unread.iter().cloned()),
            }
        }
        if doubts.is_empty() { Ok(false) } else { Err(merged(doubts)) }
    }
}
