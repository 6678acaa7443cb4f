//! Where the server is and what opens it: from the target, the environment, or the contexts of the `fn` command.

use std::fs;
use std::path::{Path, PathBuf};

use reqwest::Url;
use serde::Deserialize;

use super::options::FnOptions;
use crate::error::{Cause, CollectError};

/// The address of an API, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Base {
    pub scheme: String,
    pub host: String,
    pub port: Option<u16>,
    /// The path before `/v2`, without its last slash.
    pub path: String,
}

/// Where the server is, and what opens it.
#[derive(Clone)]
pub(super) struct Contact {
    pub base: Base,
    pub token: Option<String>,
}

/// A context as the `fn` command writes it; whatever else stands there is its own matter.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
struct Context {
    provider: Option<String>,
    api_url: Option<String>,
    token: Option<String>,
}

/// The settings of the `fn` command.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
struct Settings {
    current_context: Option<String>,
}

impl Base {
    /// Reads an address as the `fn` command does: without a scheme it is plain HTTP, and a version at its end is not
    /// part of it.
    pub fn of(text: &str) -> Result<Self, String> {
        let whole = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
        let url = Url::parse(&whole).map_err(|error| error.to_string())?;
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or("it names no host")?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err("it begins with neither http:// nor https://".to_owned());
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("it holds a user or a password; give a token instead".to_owned());
        }
        let path = url.path().trim_end_matches('/');
        let path = ["/v1", "/v2"].iter().find_map(|version| path.strip_suffix(version)).unwrap_or(path);
        let path = path.trim_end_matches('/').to_owned();
        Ok(Self { scheme: url.scheme().to_owned(), host: host.to_owned(), port: url.port(), path })
    }

    /// Host and port, as accounts and uids have them.
    pub fn authority(&self) -> String {
        match self.port {
            Some(port) => format!("{}:{port}", self.host),
            None => self.host.clone(),
        }
    }

    /// The address that paths are put after.
    pub fn url(&self) -> String {
        format!("{}://{}{}", self.scheme, self.authority(), self.path)
    }
}

/// Finds the server. What a target says comes before the environment, and that before the current context.
pub(super) fn contact(
    options: &FnOptions,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Contact, CollectError> {
    let token = options.token.clone().or_else(|| variable("FN_TOKEN"));
    let given = match (&options.api_url, &options.context) {
        (Some(url), _) => Some(url.clone()),
        (None, Some(_)) => None,
        (None, None) => variable("FN_API_URL"),
    };
    if let Some(url) = given {
        return Ok(Contact { base: base(&url)?, token });
    }
    let folder = match (&options.folder, variable("HOME")) {
        (Some(folder), _) => folder.clone(),
        (None, Some(home)) => PathBuf::from(home).join(".fn"),
        (None, None) => return Err(nowhere("the environment names no home folder")),
    };
    let name = match options.context.clone().or_else(|| variable("FN_CONTEXT")) {
        Some(name) => name,
        None => current(&folder)?,
    };
    let context: Context = read(&folder.join("contexts").join(format!("{name}.yaml")))?;
    if let Some(provider) = context.provider.as_deref().filter(|provider| provider.starts_with("oracle")) {
        return Err(refused(
            format!("use the context `{name}`"),
            "name a server of Fn Project itself; what runs Oracle Functions wants signed requests",
            &format!("its provider is `{provider}`"),
        ));
    }
    let url = context.api_url.ok_or_else(|| nowhere(&format!("the context `{name}` has no `api-url`")))?;
    // A token goes to the server that it was written down for, and to no other.
    Ok(Contact { base: base(&url)?, token: token.or(context.token).filter(|token| !token.is_empty()) })
}

/// The name of the current context.
fn current(folder: &Path) -> Result<String, CollectError> {
    let path = folder.join("config.yaml");
    if !path.exists() {
        return Err(nowhere(&format!("{} does not exist", path.display())));
    }
    let settings: Settings = read(&path)?;
    let name = settings.current_context.filter(|name| !name.is_empty());
    name.ok_or_else(|| nowhere(&format!("{} names no current context", path.display())))
}

fn read<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<T, CollectError> {
    let unread = |why: &str| {
        let help = "check the contexts with `fn list contexts`, or name the server by `api_url`";
        refused(format!("read {}", path.display()), help, why)
    };
    let text = fs::read_to_string(path).map_err(|error| unread(&error.to_string()))?;
    let options = serde_saphyr::options! { with_snippet: false };
    serde_saphyr::from_str_with_options(&text, options).map_err(|error| unread(&error.to_string()))
}

fn base(url: &str) -> Result<Base, CollectError> {
    let help = "give the address as `https://HOST` or `http://HOST:8080`";
    // The address itself is not repeated, for people put passwords there.
    Base::of(url).map_err(|why| refused("understand the address of the Fn API".to_owned(), help, &why))
}

fn nowhere(why: &str) -> CollectError {
    let help = "set `api_url` of the target or FN_API_URL, or choose a context with `fn use context NAME`";
    refused("find a Fn server".to_owned(), help, why)
}

pub(super) fn refused(attempted: String, help: &'static str, why: &str) -> CollectError {
    CollectError::Refused { attempted, help, cause: Cause::new(why) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_as_the_command_reads_them() {
        for (text, url, authority) in [
            ("localhost:8080", "http://localhost:8080", "localhost:8080"),
            ("https://FN.example.com/", "https://fn.example.com", "fn.example.com"),
            ("https://fn.example.com:443/v1", "https://fn.example.com", "fn.example.com"),
            ("http://10.0.0.8:8080/functions/v2/", "http://10.0.0.8:8080/functions", "10.0.0.8:8080"),
            ("http://[::1]:8080", "http://[::1]:8080", "[::1]:8080"),
        ] {
            let base = Base::of(text).unwrap();
            assert_eq!((base.url().as_str(), base.authority().as_str()), (url, authority), "{text}");
        }
        for text in ["", "ftp://fn.example.com", "https://user:hunter2@fn.example.com", "http://"] {
            assert!(Base::of(text).is_err(), "{text}");
        }
    }

    /// A folder of the command with two contexts.
    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        fs::create_dir(folder.path().join("contexts")).unwrap();
        write("config.yaml", "cli-version: 0.6.36\ncurrent-context: home\n");
        write("contexts/home.yaml", "api-url: http://localhost:8080\nprovider: default\nregistry: acme\n");
        write(
            "contexts/shop.yaml",
            "api-url: https://fn.example.com/v1\nprovider: default\ntoken: of-the-shop\n",
        );
        write("contexts/oracle.yaml", "api-url: https://functions.example.com\nprovider: oracle\n");
        write("contexts/broken.yaml", "api-url: [\n");
        folder
    }

    fn found(options: FnOptions, variables: &[(&str, &str)]) -> Result<(String, Option<String>), String> {
        let variable = |name: &str| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        let found = contact(&options, variable).map_err(|error| error.to_string())?;
        Ok((found.base.url(), found.token))
    }

    #[test]
    fn the_target_comes_before_the_environment_and_that_before_the_context() {
        let folder = folder();
        let options = || FnOptions { folder: Some(folder.path().to_owned()), ..FnOptions::new([7; 32]) };
        let named = |name: &str| FnOptions { context: Some(name.to_owned()), ..options() };
        let home = ("http://localhost:8080".to_owned(), None);
        assert_eq!(found(options(), &[]), Ok(home));
        let shop = ("https://fn.example.com".to_owned(), Some("of-the-shop".to_owned()));
        assert_eq!(found(options(), &[("FN_CONTEXT", "shop")]), Ok(shop.clone()));
        assert_eq!(found(named("shop"), &[("FN_API_URL", "http://elsewhere")]), Ok(shop));
        let elsewhere = |token: Option<&str>| Ok(("http://elsewhere".to_owned(), token.map(str::to_owned)));
        let environment = [("FN_API_URL", "http://elsewhere"), ("FN_CONTEXT", "shop")];
        assert_eq!(found(options(), &environment), elsewhere(None), "the shop's token stays with the shop");
        let url = FnOptions { api_url: Some("elsewhere".to_owned()), ..named("shop") };
        assert_eq!(found(url.clone(), &[("FN_TOKEN", "t")]), elsewhere(Some("t")));
        let own = FnOptions { token: Some("own".to_owned()), ..url };
        assert_eq!(found(own, &[("FN_TOKEN", "t")]), elsewhere(Some("own")));
    }

    #[test]
    fn what_is_wrong_with_contexts_is_said() {
        let folder = folder();
        let options = || FnOptions { folder: Some(folder.path().to_owned()), ..FnOptions::new([7; 32]) };
        let named = |name: &str| FnOptions { context: Some(name.to_owned()), ..options() };
        assert_eq!(found(named("oracle"), &[]), Err("use the context `oracle`".to_owned()));
        for name in ["missing", "broken"] {
            let error = found(named(name), &[]).unwrap_err();
            assert!(error.starts_with("read ") && error.ends_with(&format!("{name}.yaml")), "{error}");
        }
        let nowhere = FnOptions { folder: Some(folder.path().join("none")), ..options() };
        assert_eq!(found(nowhere, &[]), Err("find a Fn server".to_owned()));
        let secret =
            FnOptions { api_url: Some("https://user:hunter2@fn.example.com".to_owned()), ..options() };
        assert!(!format!("{:?}", contact(&secret, |_| None).err()).contains("hunter2"));
    }
}
