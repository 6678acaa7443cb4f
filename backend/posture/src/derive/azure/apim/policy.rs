//! What the policies of an API amount to: the elements that are in force, from the operation's own up to the service's.
//!
//! A policy is a tree of elements `{"name", "attributes", "children"}` as it was collected. `<base />` stands for the
//! same section of the next wider scope; a scope without a policy hands on what the wider one says.

use std::collections::HashMap;

use serde_json::Value;

use crate::derive::reading::{Reading, list, reason, text};

/// Elements by which callers prove who they are, or from where they call.
const AUTHENTICATION: &[&str] =
    &["check-header", "ip-filter", "validate-azure-ad-token", "validate-client-certificate", "validate-jwt"];

/// Elements that bound how much one may call.
const LIMITS: &[&str] = &[
    "azure-openai-token-limit",
    "llm-token-limit",
    "quota",
    "quota-by-key",
    "rate-limit",
    "rate-limit-by-key",
];

/// Elements by which the gateway proves to a backend who it is.
const CREDENTIALS: &[&str] =
    &["authentication-basic", "authentication-certificate", "authentication-managed-identity"];

/// Headers and parameters that carry such a proof where a policy sets them.
const CREDENTIAL_NAMES: &[&str] =
    &["authorization", "code", "ocp-apim-subscription-key", "x-api-key", "x-functions-key"];

/// More fragments in one another than anybody would write; a circle of them ends here.
const DEEPEST: usize = 8;

/// The policy fragments of a service, by name in lower case.
pub(super) type Fragments = HashMap<String, Value>;

/// One element that is in force.
#[derive(Clone, Copy, Debug)]
pub(super) struct InForce<'a> {
    pub element: &'a Value,
    /// It runs only where a `choose` comes to it.
    pub conditional: bool,
}

/// The inbound elements in force under `scopes`, the narrowest first; none stands for a scope without a policy.
pub(super) fn inbound<'a>(
    scopes: &[Option<&'a Value>],
    fragments: &'a Reading<Fragments>,
) -> Reading<Vec<InForce<'a>>> {
    let mut walk = Walk { fragments, found: Vec::new() };
    walk.section(scopes, false)?;
    Ok(walk.found)
}

/// Where in the policies an element stands.
#[derive(Clone, Copy)]
struct Place<'w, 'a> {
    /// What `<base />` stands for here.
    wider: &'w [Option<&'a Value>],
    conditional: bool,
    /// In how many fragments.
    depth: usize,
}

struct Walk<'a> {
    fragments: &'a Reading<Fragments>,
    found: Vec<InForce<'a>>,
}

impl<'a> Walk<'a> {
    fn section(&mut self, scopes: &[Option<&'a Value>], conditional: bool) -> Reading<()> {
        let Some((narrowest, wider)) = scopes.split_first() else { return Ok(()) };
        let Some(policy) = *narrowest else { return self.section(wider, conditional) };
        let sections = children(policy).iter().filter(|section| name(section) == "inbound");
        let at = Place { wider, conditional, depth: 0 };
        sections.flat_map(children).try_for_each(|element| self.element(element, at))
    }

    fn element(&mut self, element: &'a Value, at: Place<'_, 'a>) -> Reading<()> {
        match name(element) {
            "base" => self.section(at.wider, at.conditional),
            "include-fragment" => {
                let fragments = self.fragments.as_ref().map_err(Vec::clone)?;
                let wanted = attribute(element, "fragment-id").unwrap_or_default().to_ascii_lowercase();
                let Some(fragment) = fragments.get(&wanted).filter(|_| at.depth < DEEPEST) else {
                    return Err(reason("fragments", "NoSuchFragment"));
                };
                self.elements(children(fragment), Place { depth: at.depth + 1, ..at })
            }
            "choose" => {
                let branch = Place { conditional: true, ..at };
                children(element).iter().try_for_each(|way| self.elements(children(way), branch))
            }
            "limit-concurrency" | "retry" | "wait" => self.elements(children(element), at),
            _ => {
                self.found.push(InForce { element, conditional: at.conditional });
                Ok(())
            }
        }
    }

    fn elements(&mut self, elements: &'a [Value], at: Place<'_, 'a>) -> Reading<()> {
        elements.iter().try_for_each(|element| self.element(element, at))
    }
}

impl<'a> InForce<'a> {
    pub fn name(&self) -> &'a str {
        name(self.element)
    }

    /// Whether callers have to prove something here. Which requests a policy refuses by hand cannot be told from its
    /// expression; that it refuses some as unauthorised is taken for authentication.
    pub fn authenticates(&self) -> bool {
        match self.name() {
            "ip-filter" => attribute(self.element, "action") == Some("allow"),
            "return-response" => {
                let status = children(self.element).iter().filter(|child| name(child) == "set-status");
                status
                    .filter_map(|status| attribute(status, "code"))
                    .any(|code| matches!(code, "401" | "403"))
            }
            other => AUTHENTICATION.contains(&other),
        }
    }

    pub fn limits(&self) -> bool {
        LIMITS.contains(&self.name())
    }

    /// Whether the gateway proves to the backend who it is.
    pub fn carries_credentials(&self) -> bool {
        match self.name() {
            "set-header" | "set-query-parameter" => attribute(self.element, "name")
                .is_some_and(|name| CREDENTIAL_NAMES.contains(&name.to_ascii_lowercase().as_str())),
            other => CREDENTIALS.contains(&other),
        }
    }

    /// Whether dropping the element takes a protection away.
    pub fn protects(&self) -> bool {
        self.authenticates() || self.limits()
    }
}

pub(super) fn name(element: &Value) -> &str {
    text(element, "name").unwrap_or_default()
}

pub(super) fn children(element: &Value) -> &[Value] {
    list(element, "children")
}

/// The attribute as it is written; none where it is left out or looked like a secret.
pub(super) fn attribute<'a>(element: &'a Value, name: &str) -> Option<&'a str> {
    element.get("attributes")?.get(name)?.as_str()
}

/// Whether the value is only known while a request is handled, or stands in a named value.
pub(super) fn is_computed(value: &str) -> bool {
    value.contains("{{") || value.trim_start().starts_with('@')
}

/// What an API reveals to pages of other origins: null without a `cors` element.
pub(super) fn cors<'a>(elements: impl Iterator<Item = InForce<'a>>) -> Reading<Value> {
    let mut origins: Vec<String> = Vec::new();
    let (mut present, mut credentials) = (false, false);
    for cors in elements.filter(|element| element.name() == "cors") {
        present = true;
        credentials |= attribute(cors.element, "allow-credentials")
            .is_some_and(|value| value.eq_ignore_ascii_case("true"));
        let allowed = children(cors.element).iter().filter(|child| name(child) == "allowed-origins");
        origins.extend(
            allowed
                .flat_map(children)
                .map(|origin| text(origin, "text").unwrap_or_default().trim().to_owned()),
        );
    }
    let any_origin = origins.iter().any(|origin| origin == "*");
    if !any_origin && origins.iter().any(|origin| is_computed(origin)) {
        return Err(reason("policy", "PolicyExpression"));
    }
    origins.sort();
    origins.dedup();
    Ok(match present {
        false => Value::Null,
        true => {
            serde_json::json!({ "origins": origins, "any_origin": any_origin, "credentials": credentials })
        }
    })
}

/// What is too permissive about an element that validates tokens, as the attribute or element that makes it so; none
/// where the element validates none.
pub(super) fn token_weaknesses(element: &Value) -> Option<Reading<Vec<&'static str>>> {
    let has = |wanted: &str| {
        children(element).iter().any(|child| name(child) == wanted && !children(child).is_empty())
    };
    let mut weaknesses = Vec::new();
    match name(element) {
        "validate-jwt" => {
            for switch in ["require-signed-tokens", "require-expiration-time"] {
                match attribute(element, switch) {
                    Some(value) if is_computed(value) => {
                        return Some(Err(reason("policy", "PolicyExpression")));
                    }
                    Some(value) if value.eq_ignore_ascii_case("false") => weaknesses.push(switch),
                    Some(_) | None => {}
                }
            }
            // The discovery document names the issuer as well.
            let discovered = children(element).iter().any(|child| name(child) == "openid-config");
            if !has("issuers") && !discovered {
                weaknesses.push("issuers");
            }
            if !has("audiences") && !has("required-claims") {
                weaknesses.push("audiences");
            }
        }
        "validate-azure-ad-token" => {
            if !has("audiences") && !has("client-application-ids") && !has("required-claims") {
                weaknesses.push("audiences");
            }
        }
        _ => return None,
    }
    Some(Ok(weaknesses))
}
