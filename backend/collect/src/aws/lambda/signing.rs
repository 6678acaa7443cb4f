//! Which code signing configuration each function has, read from the configurations: few accounts have more than a
//! handful.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::client::Reader;
use super::super::failure::{Class, Failure};
use super::super::place::{Read, text, unqualified_function};
use super::super::request::Request;
use super::{SIGNED_FUNCTIONS, SIGNING_CONFIGS};

/// Which code signing configuration each function has.
#[derive(Default)]
pub(super) struct Signing {
    pub by_function: BTreeMap<String, Value>,
    /// Why it is not known for the other functions, where that is so.
    pub failure: Option<Failure>,
}

impl Signing {
    /// The configuration of the function with this unqualified ARN.
    pub(super) fn of(&self, arn: &str) -> Read {
        match (self.by_function.get(arn), &self.failure) {
            (Some(config), _) => Ok(Some(config.clone())),
            (None, None) => Ok(None),
            (None, Some(failure)) => Err(failure.clone()),
        }
    }
}

pub(super) async fn fetch(reader: &Reader) -> Signing {
    let configs = Request::get(&["2020-04-22", "code-signing-configs"]);
    let configs = reader.list(&SIGNING_CONFIGS, None, configs).await;
    let mut signing = Signing { by_function: BTreeMap::new(), failure: configs.failure };
    for config in configs.items {
        let Some(arn) = text(&config, "/CodeSigningConfigArn").map(str::to_owned) else { continue };
        let functions = Request::get(&["2020-04-22", "code-signing-configs", &arn, "functions"]);
        let functions = reader.list(&SIGNED_FUNCTIONS, None, functions).await;
        let value = json!({"CodeSigningConfigArn": arn, "CodeSigningConfig": config});
        for function in functions.items.iter().filter_map(Value::as_str).filter_map(unqualified_function) {
            signing.by_function.insert(function.to_owned(), value.clone());
        }
        // A configuration that was deleted meanwhile signs nothing.
        let failure = functions.failure.filter(|failure| failure.class != Class::NotFound);
        signing.failure = signing.failure.or(failure);
    }
    signing
}
