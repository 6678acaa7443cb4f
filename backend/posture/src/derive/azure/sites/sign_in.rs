//! Authentication by the platform, in front of the code.

use nephoscope_model::Resource;
use serde_json::{Value, json};

use super::properties;
use crate::derive::reading::{Reading, list, malformed, reason, text};

/// Whom the platform asks to sign in.
pub(super) struct SignIn<'a> {
    enabled: bool,
    required: bool,
    /// Paths without signing in that take in the functions as a whole.
    excluded: Vec<&'a str>,
    /// Users of any tenant of Entra ID may sign in; none where Entra ID is not asked.
    any_tenant: Option<bool>,
    /// Providers at which anybody can make an account.
    social: Vec<&'static str>,
}

const SOCIAL: [(&str, &str); 6] = [
    ("apple", "clientId"),
    ("facebook", "appId"),
    ("gitHub", "clientId"),
    ("google", "clientId"),
    ("legacyMicrosoftAccount", "clientId"),
    ("twitter", "consumerKey"),
];

impl<'a> SignIn<'a> {
    pub fn of(site: &'a Resource) -> Reading<Self> {
        let auth = properties(site, "auth")?;
        let platform = auth.get("platform").ok_or_else(|| malformed("auth"))?;
        let enabled = platform.get("enabled").and_then(Value::as_bool).ok_or_else(|| malformed("auth"))?;
        if !enabled {
            return Ok(Self { enabled, required: false, excluded: vec![], any_tenant: None, social: vec![] });
        }
        // Then all else stands in a file beside the code, which the API does not show.
        if text(platform, "configFilePath").is_some_and(|path| !path.is_empty()) {
            return Err(reason("auth", "ConfiguredInFile"));
        }
        let validation = auth.get("globalValidation").ok_or_else(|| malformed("auth"))?;
        let passes_on = text(validation, "unauthenticatedClientAction") == Some("AllowAnonymous");
        let asked = validation.get("requireAuthentication").and_then(Value::as_bool);
        let required = match (passes_on, asked) {
            (true, _) | (false, Some(false)) => false,
            (false, Some(true)) => true,
            (false, None) => return Err(malformed("auth")),
        };
        let excluded = list(validation, "excludedPaths").iter().filter_map(Value::as_str);
        let excluded = excluded.filter(|path| covers_functions(path)).collect();
        let providers = auth.get("identityProviders").unwrap_or(&Value::Null);
        let social = SOCIAL.into_iter().filter(|(name, id)| is_asked(providers, name, id));
        Ok(Self {
            enabled,
            required,
            excluded,
            any_tenant: any_tenant(providers),
            social: social.map(|(name, _)| name).collect(),
        })
    }

    /// Nobody gets to the functions without signing in.
    pub fn is_enforced(&self) -> bool {
        self.enabled && self.required && self.excluded.is_empty()
    }

    /// Strangers can sign in as well.
    pub fn admits_strangers(&self) -> bool {
        self.any_tenant == Some(true) || !self.social.is_empty()
    }

    pub fn to_value(&self) -> Value {
        json!({
            "enabled": self.enabled,
            "required": self.required,
            "excluded": self.excluded,
            "any_tenant": self.any_tenant,
            "social": self.social,
        })
    }
}

/// The path is the root of the functions or lies above it.
fn covers_functions(path: &str) -> bool {
    let path = path.trim().trim_end_matches('*').trim_end_matches('/');
    path.is_empty() || path.eq_ignore_ascii_case("/api")
}

fn is_asked(providers: &Value, name: &str, id: &str) -> bool {
    let Some(provider) = providers.get(name) else { return false };
    let on = provider.get("enabled") != Some(&Value::Bool(false));
    let registered = provider.get("registration").and_then(|registration| text(registration, id));
    on && registered.is_some_and(|id| !id.is_empty())
}

fn any_tenant(providers: &Value) -> Option<bool> {
    if !is_asked(providers, "azureActiveDirectory", "clientId") {
        return None;
    }
    let entra = &providers["azureActiveDirectory"];
    let issuer = entra.pointer("/registration/openIdIssuer").and_then(Value::as_str).unwrap_or_default();
    let segments = || issuer.split('/').map(str::to_ascii_lowercase);
    // An issuer that is left out is not looked at in tokens.
    let any = issuer.is_empty()
        || segments().any(|part| matches!(part.as_str(), "common" | "organizations" | "consumers"));
    // Users and groups are named by ids that belong to one tenant.
    let named = |pointer: &str| {
        entra.pointer(pointer).and_then(Value::as_array).is_some_and(|named| !named.is_empty())
    };
    let restricted = named("/validation/defaultAuthorizationPolicy/allowedPrincipals/identities")
        || named("/validation/defaultAuthorizationPolicy/allowedPrincipals/groups")
        || named("/validation/jwtClaimChecks/allowedGroups");
    Some(any && !restricted)
}
