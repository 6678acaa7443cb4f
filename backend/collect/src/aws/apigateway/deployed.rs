//! Stages with what is deployed there, of REST and HTTP APIs alike.

use std::collections::BTreeMap;

use nephoscope_model::Uid;
use serde_json::Value;

use super::super::carry::Events;
use super::super::client::Reader;
use super::super::failure::Class;
use super::super::place::{Read, text};
use super::revision;

/// A stage, and the document of what it answers with.
pub(in crate::aws) struct Stage {
    pub stage: Value,
    pub deployed: Read,
}

/// The stages of `api` with what `export` says of each, given its uid and name. Each deployment is exported once. A
/// stage that is gone is left out.
/// What is deployed stays as it is until something else is: it is carried over until then.
pub(in crate::aws) async fn fetch<F>(
    reader: &Reader,
    api: &Value,
    uid: &Uid,
    stages: Vec<Value>,
    export: impl Fn(Uid, String) -> F,
) -> Vec<Stage>
where
    F: Future<Output = Read>,
{
    let mut exported: BTreeMap<String, Read> = BTreeMap::new();
    let mut found = Vec::new();
    for stage in stages {
        let Some(name) = text(&stage, "/stageName").map(str::to_owned) else { continue };
        let key = deployment(&stage).to_owned();
        let about = Uid::from(format!("{uid}/stages/{name}"));
        if let Some([deployed]) =
            reader.kept(&about, revision(api, &stage), Events::Needless).carry(["deployed"])
        {
            found.push(Stage { stage, deployed });
            continue;
        }
        let deployed = match exported.get(&key) {
            Some(known) => known.clone(),
            None => match export(about, name).await {
                Err(failure) if failure.class == Class::NotFound => continue,
                deployed => deployed,
            },
        };
        exported.insert(key, deployed.clone());
        found.push(Stage { stage, deployed });
    }
    found
}

/// What stages share that were deployed together; a stage without a deployment stands for itself.
pub(super) fn deployment(stage: &Value) -> &str {
    text(stage, "/deploymentId").or_else(|| text(stage, "/stageName")).unwrap_or_default()
}
