//! Which language and which host a site runs, and until when they are supported.
//!
//! Plans on Linux and Flex Consumption say it in the site; on Windows it stands in app settings, which only the tier
//! with settings reads, and partly in what the host tells of the functions.

use jiff::Timestamp;
use nephoscope_model::Resource;
use serde_json::Value;

use super::properties;
use crate::derive::reading::{Reading, elements, malformed, merged, reason, required, text};
use crate::derive::runtime::life;

/// The life of the language stack as of `instant`; null for containers and custom handlers, which bring their own.
pub(super) fn runtime(site: &Resource, instant: Timestamp) -> Reading<Value> {
    Ok(match stack(site)? {
        Some(name) => life(site.provider, &name, instant),
        None => Value::Null,
    })
}

/// The life of the Functions host as of `instant`.
pub(super) fn host(site: &Resource, instant: Timestamp) -> Reading<Value> {
    // There is no other on Flex Consumption, and no setting for it.
    let version = if is_flex(site)? { "~4" } else { setting(site, "FUNCTIONS_EXTENSION_VERSION")? };
    let major: String = version.trim_start_matches('~').chars().take_while(char::is_ascii_digit).collect();
    if major.is_empty() {
        return Err(malformed("connections"));
    }
    Ok(life(site.provider, &format!("functions-host|~{major}"), instant))
}

/// Whether a .NET app runs inside the host; null for other languages.
pub(super) fn in_process(site: &Resource) -> Reading<Value> {
    Ok(match worker(site)?.as_deref() {
        Some("dotnet") => Value::Bool(true),
        Some("dotnet-isolated") => Value::Bool(false),
        Some(_) | None => Value::Null,
    })
}

/// The stack as the calendar of runtimes names it, as in `python|3.13`.
fn stack(site: &Resource) -> Reading<Option<String>> {
    if let Some((name, version)) = flex(site)? {
        return Ok(version.map(|version| format!("{name}|{version}")).filter(|_| name != "custom"));
    }
    let config = properties(site, "config")?;
    if let Some((name, version)) = linux(config) {
        return Ok((!is_own(&name)).then(|| format!("{name}|{version}")));
    }
    let Some(worker) = worker(site)? else { return Ok(None) };
    let said =
        |key: &str| text(config, key).filter(|said| !said.is_empty()).ok_or_else(|| malformed("config"));
    let version = match worker.as_str() {
        "java" => said("javaVersion")?.trim_start_matches("1.").split('.').next().unwrap_or_default(),
        "powershell" => said("powerShellVersion")?.trim_start_matches('~'),
        "node" => major(setting(site, "WEBSITE_NODE_DEFAULT_VERSION")?),
        "dotnet" | "dotnet-isolated" => match said("netFrameworkVersion")?.trim_start_matches('v') {
            // Whatever is not .NET Core is the one version of .NET Framework that Windows has.
            "4.0" => return Ok(Some("dotnetframework|4.8".to_owned())),
            version => version,
        },
        "custom" => return Ok(None),
        _ => return Err(malformed("connections")),
    };
    Ok(Some(format!("{worker}|{version}")))
}

/// The language worker, in lower case; none for containers.
fn worker(site: &Resource) -> Reading<Option<String>> {
    if let Some((name, _)) = flex(site)? {
        return Ok(Some(name.to_owned()));
    }
    if let Some((name, _)) = linux(properties(site, "config")?) {
        return Ok((!is_own(&name)).then_some(name));
    }
    match setting(site, "FUNCTIONS_WORKER_RUNTIME") {
        Ok(worker) => Ok(Some(worker.to_ascii_lowercase())),
        // The host tells the language of each function, and all of an app have the same.
        Err(doubts) => match told(site) {
            Ok(Some(worker)) => Ok(Some(worker.to_owned())),
            Ok(None) => Err(doubts),
            Err(more) => Err(merged(doubts.into_iter().chain(more))),
        },
    }
}

/// The worker that runs the first function whose language is told.
fn told(site: &Resource) -> Reading<Option<&'static str>> {
    let languages = elements(site, "functions", "value")?.iter();
    let languages = languages.filter_map(|function| function.pointer("/properties/language")?.as_str());
    Ok(languages.map(str::to_ascii_lowercase).find_map(|language| match language.as_str() {
        "dotnetassembly" | "csharp" | "fsharp" => Some("dotnet"),
        "dotnet-isolated" => Some("dotnet-isolated"),
        "java" => Some("java"),
        "powershell" => Some("powershell"),
        "node" | "javascript" | "typescript" => Some("node"),
        "custom" => Some("custom"),
        _ => None,
    }))
}

fn is_flex(site: &Resource) -> Reading<bool> {
    Ok(flex(site)?.is_some())
}

/// Name and version of the runtime of a site on Flex Consumption.
fn flex(site: &Resource) -> Reading<Option<(&str, Option<&str>)>> {
    let Some(config) = properties(site, "site")?.get("functionAppConfig").filter(|config| !config.is_null())
    else {
        return Ok(None);
    };
    let runtime = config.get("runtime").ok_or_else(|| malformed("site"))?;
    let name = text(runtime, "name").ok_or_else(|| malformed("site"))?;
    Ok(Some((name, text(runtime, "version").filter(|version| !version.is_empty()))))
}

/// Name and version of `linuxFxVersion`, as in `Python|3.13`.
fn linux(config: &Value) -> Option<(String, String)> {
    let (name, version) = text(config, "linuxFxVersion")?.split_once('|')?;
    let name = name.to_ascii_lowercase();
    let version = if is_own(&name) { version } else { version.split('-').next().unwrap_or(version) };
    Some((name, version.to_owned()))
}

/// The image or the handler is the customer's own.
fn is_own(name: &str) -> bool {
    matches!(name, "docker" | "compose" | "kube" | "sitecontainers" | "custom")
}

fn major(version: &str) -> &str {
    version.trim_start_matches('~').split('.').next().unwrap_or_default()
}

/// The value of a setting that holds nothing secret.
fn setting<'a>(site: &'a Resource, name: &str) -> Reading<&'a str> {
    let setting = required(site, "connections")?.get(name);
    setting.and_then(|setting| text(setting, "value")).ok_or_else(|| reason("connections", "NotSet"))
}
