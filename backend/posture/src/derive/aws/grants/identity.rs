//! What an identity may do: all its policies together, within its permissions boundary.
//!
//! A Deny counts where it has no conditions, and a boundary as far as it allows something without conditions. What the
//! organisation's own policies take away is not known here.

use super::Grant;
use super::deny;
use super::glob;
use super::power;
use super::statement::{Effect, Statement};

/// The grants of an identity, settled against each other and against its boundary.
#[derive(Clone, Debug)]
pub(in super::super) struct Identity {
    pub grants: Vec<Grant>,
    boundary: Option<Vec<Grant>>,
}

/// On how much an action is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in super::super) enum Extent {
    Nowhere,
    Somewhere,
    Everywhere,
}

impl Identity {
    pub fn of(mut grants: Vec<Grant>, boundary: Option<Vec<Grant>>) -> Self {
        let denies: Vec<Statement> =
            grants.iter().chain(boundary.iter().flatten()).filter_map(denied).cloned().collect();
        for grant in grants.iter_mut().filter(|grant| grant.statement.effect == Effect::Allow) {
            settle(grant, &denies, boundary.as_deref());
        }
        Self { grants, boundary }
    }

    /// True where a grant is as good as everything.
    pub fn is_admin(&self) -> bool {
        self.grants.iter().any(|grant| grant.admin || grant.service_wildcards.iter().any(|s| s == "iam"))
    }

    /// On how much `action` is allowed without conditions.
    pub fn extent(&self, action: &str) -> Extent {
        self.least(|grants| extent(grants, action, |statement| statement.conditions.is_empty()))
    }

    /// True where every role may be passed to `service`, such as `lambda.amazonaws.com`.
    pub fn passes_every_role_to(&self, service: &str) -> bool {
        let passes = |statement: &Statement| {
            statement.conditions.iter().all(|condition| {
                condition.key == "iam:passedtoservice"
                    && condition.is_positive()
                    && condition.values.iter().any(|value| glob::matches(value, service))
            })
        };
        self.least(|grants| extent(grants, "iam:PassRole", passes)) == Extent::Everywhere
    }

    /// True where `action` is allowed on one resource without conditions.
    pub fn may(&self, action: &str, resource: &str) -> bool {
        self.all(|grants| is_allowed(grants, action, resource, |statement| statement.conditions.is_empty()))
    }

    /// True where `action` may be allowed on one resource, given that every condition holds.
    pub fn might(&self, action: &str, resource: &str) -> bool {
        self.all(|grants| is_allowed(grants, action, resource, |_| true))
    }

    fn least(&self, of: impl Fn(&[Grant]) -> Extent) -> Extent {
        let within = self.boundary.as_deref().map_or(Extent::Everywhere, &of);
        of(&self.grants).min(within)
    }

    fn all(&self, of: impl Fn(&[Grant]) -> bool) -> bool {
        of(&self.grants) && self.boundary.as_deref().is_none_or(of)
    }
}

/// The statement, where it denies without conditions.
fn denied(grant: &Grant) -> Option<&Statement> {
    let statement = &grant.statement;
    (statement.effect == Effect::Deny && statement.conditions.is_empty()).then_some(statement)
}

/// Takes back from one Allow what Deny statements and the boundary leave nothing of.
fn settle(grant: &mut Grant, denies: &[Statement], boundary: Option<&[Grant]>) {
    let statement = &grant.statement;
    let bounds = |bound: &&Grant| bound.statement.effect == Effect::Allow;
    let overlaps = |bound: &Grant| power::overlap(&bound.statement, statement);
    let closed = denies.iter().any(|deny| deny::covers(deny, statement));
    if closed || boundary.is_some_and(|boundary| !boundary.iter().filter(bounds).any(overlaps)) {
        grant.effective = false;
        grant.admin = false;
        grant.service_wildcards.clear();
        return;
    }
    let kept = |service: &str| {
        let denied = denies.iter().any(|deny| power::takes_service(deny, service));
        let bounded = boundary.is_none_or(|boundary| {
            boundary.iter().any(|bound| bound.admin || bound.service_wildcards.iter().any(|s| s == service))
        });
        !denied && bounded
    };
    let within = boundary.is_none_or(|boundary| boundary.iter().any(|bound| bound.admin));
    if grant.admin && !(kept("iam") && within) {
        // Everything but identity management is the whole of the other services.
        grant.admin = false;
        grant.service_wildcards = power::SENSITIVE.iter().map(|service| (*service).to_owned()).collect();
    }
    grant.service_wildcards.retain(|service| kept(service));
}

fn extent(grants: &[Grant], action: &str, counts: impl Fn(&Statement) -> bool) -> Extent {
    let concerning = || grants.iter().filter(|grant| grant.statement.covers_action(action));
    let allows = concerning().filter(|grant| grant.statement.effect == Effect::Allow && grant.effective);
    let widest =
        allows.filter(|grant| counts(&grant.statement)).map(|grant| {
            match power::reaches_everything(&grant.statement, action) {
                true => Extent::Everywhere,
                false => Extent::Somewhere,
            }
        });
    let mut widest = widest.max().unwrap_or(Extent::Nowhere);
    for deny in concerning().filter_map(denied) {
        if !deny.not_resources.is_empty() {
            widest = widest.min(Extent::Somewhere);
        } else if power::reaches_everything(deny, action) {
            return Extent::Nowhere;
        }
    }
    widest
}

fn is_allowed(grants: &[Grant], action: &str, resource: &str, counts: impl Fn(&Statement) -> bool) -> bool {
    let on = |statement: &Statement| statement.covers_action(action) && statement.covers_resource(resource);
    let allowed = grants.iter().any(|grant| {
        grant.statement.effect == Effect::Allow && on(&grant.statement) && counts(&grant.statement)
    });
    allowed && !grants.iter().filter_map(denied).any(on)
}
