//! Deny statements that close what an Allow opens to everybody.
//!
//! Only the plain forms count: a Deny for everybody, or for everybody but named principals, whose conditions hold for
//! every stranger. Anything else is taken as leaving the door open.

use super::condition::Condition;
use super::glob;
use super::principal::Principal;
use super::statement::Statement;
use super::who::{self, Who};

/// Whom `deny` leaves of those that `allow` lets in; none where it does not certainly cover every stranger.
pub(super) fn restraint(deny: &Statement, allow: &Statement) -> Option<Vec<Who>> {
    if !covers(deny, allow) {
        return None;
    }
    if !deny.not_principals.is_empty() {
        return if deny.conditions.is_empty() { exempted(&deny.not_principals) } else { None };
    }
    if !deny.principals.iter().any(Principal::is_everyone) {
        return None;
    }
    let mut left = Vec::new();
    for condition in &deny.conditions {
        // The condition has to hold for strangers. Services of AWS itself may be spared, they are not strangers.
        if condition.is_negated() {
            left.extend(who::pinned(condition)?);
        } else if !spares_services(condition) {
            return None;
        }
    }
    Some(left)
}

/// True where `deny` turns away the services' calls on behalf of anybody but fixed sources.
pub(super) fn pins_source(deny: &Statement, allow: &Statement, services: &[String]) -> bool {
    let concerns = !services.is_empty()
        && services.iter().all(|service| {
            deny.principals.iter().any(|p| p.is_everyone() || (p.kind == "Service" && p.id == *service))
        });
    if !concerns || deny.conditions.is_empty() || !covers(deny, allow) {
        return false;
    }
    let mut pins = false;
    for condition in &deny.conditions {
        if condition.is_negated() && who::is_source(condition) {
            match who::pinned(condition) {
                Some(whos) if who::suffices_as_source(&whos, services) => pins = true,
                _ => return false,
            }
        } else if !condition.is_flag("aws:principalisawsservice", true) {
            return false;
        }
    }
    pins
}

/// True where everything that `allow` gives is within what `deny` takes.
pub(super) fn covers(deny: &Statement, allow: &Statement) -> bool {
    // The complement of a list is never compared: that would take the set of all actions.
    if !deny.not_actions.is_empty() || !deny.not_resources.is_empty() {
        return false;
    }
    let all = |patterns: &[String], wanted: &[String], inverted: bool| {
        if inverted {
            patterns.iter().any(|pattern| pattern == "*")
        } else {
            wanted.iter().all(|wanted| patterns.iter().any(|pattern| glob::matches(pattern, wanted)))
        }
    };
    let resources =
        deny.resources.is_empty() || all(&deny.resources, &allow.resources, !allow.not_resources.is_empty());
    all(&deny.actions, &allow.actions, !allow.not_actions.is_empty()) && resources
}

/// The principals that a Deny with `NotPrincipal` spares; none where everybody is spared.
fn exempted(principals: &[Principal]) -> Option<Vec<Who>> {
    principals
        .iter()
        .map(|principal| match &principal.account {
            Some(account) => Some(Who::Account(account.clone())),
            None if principal.is_everyone() => None,
            None => Some(Who::Thing),
        })
        .collect()
}

fn spares_services(condition: &Condition) -> bool {
    condition.is_flag("aws:principalisawsservice", false) || condition.is_flag("aws:viaawsservice", false)
}
