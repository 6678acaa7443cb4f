//! Framework files: which controls there are. Which check bears on one is said by the check.

use std::collections::{BTreeMap, BTreeSet};

use nephoscope_model::framework::{Control, Framework};
use serde::Deserialize;
use serde_saphyr::Spanned;

use crate::error::CatalogueError;
use crate::kind::names;
use crate::source::SourceFile;
use crate::yaml::{Faults, parse};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FrameworkFile {
    id: Spanned<String>,
    title: Spanned<String>,
    version: String,
    description: Spanned<String>,
    source: Spanned<String>,
    controls: Spanned<Vec<ControlFile>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ControlFile {
    id: Spanned<String>,
    title: Spanned<String>,
    #[serde(default)]
    manual: Option<Spanned<String>>,
}

/// The controls that checks can name.
#[derive(Debug, Default)]
pub(crate) struct Controls {
    known: BTreeMap<String, BTreeSet<String>>,
    /// Frameworks whose file is broken: their controls are not known, which is no fault of the checks.
    broken: BTreeSet<String>,
}

impl Controls {
    pub fn add(&mut self, framework: &Framework) {
        let controls = framework.controls.iter().map(|control| control.id.clone()).collect();
        self.known.insert(framework.id.clone(), controls);
    }

    pub fn add_broken(&mut self, file: &SourceFile) {
        self.broken.insert(file.stem().to_owned());
    }

    pub fn has(&self, framework: &str) -> bool {
        self.known.contains_key(framework)
    }

    /// Why `framework/control` names nothing, where that is so.
    pub fn find(&self, name: &str) -> Result<(), String> {
        let Some((framework, control)) = name.split_once('/') else {
            return Err(format!("`{name}` is not a control; write it as in `aws-fsbp/Lambda.1`"));
        };
        if self.broken.contains(framework) {
            return Ok(());
        }
        match self.known.get(framework) {
            None => Err(format!("`{framework}` is not a framework; known are {}", names(&self.known))),
            Some(controls) if controls.contains(control) => Ok(()),
            Some(_) => Err(format!("`{framework}` has no control `{control}`")),
        }
    }
}

/// Reads one framework file.
pub(crate) fn load(file: &SourceFile) -> Result<Framework, Vec<CatalogueError>> {
    let parsed: FrameworkFile = parse(file).map_err(|error| vec![error])?;
    let mut faults = Faults::new(file);
    let expected = file.stem();
    if parsed.id.value != expected {
        let cause = format!("the id is the name of the file: `{expected}`, not `{}`", parsed.id.value);
        faults.at(&parsed.id.referenced, cause);
    }
    for (what, text) in [("title", &parsed.title), ("description", &parsed.description)] {
        filled(what, text, &mut faults);
    }
    if !parsed.source.value.starts_with("https://") {
        faults.at(&parsed.source.referenced, "the source is the address where the framework is published");
    }
    if parsed.controls.value.is_empty() {
        faults.at(&parsed.controls.referenced, "the framework has no controls");
    }
    let mut seen = BTreeSet::new();
    for control in &parsed.controls.value {
        filled("control's id", &control.id, &mut faults);
        filled("control's title", &control.title, &mut faults);
        if let Some(manual) = &control.manual {
            filled("text of a manual control", manual, &mut faults);
        }
        if !seen.insert(&control.id.value) {
            faults.at(&control.id.referenced, format!("the control `{}` is listed twice", control.id.value));
        }
    }
    if !faults.found.is_empty() {
        return Err(faults.found);
    }
    let controls = parsed.controls.value.into_iter().map(|control| Control {
        id: control.id.value,
        title: control.title.value,
        manual: control.manual.map(|manual| manual.value),
    });
    Ok(Framework {
        id: parsed.id.value,
        title: parsed.title.value,
        version: parsed.version,
        description: parsed.description.value,
        source: parsed.source.value,
        controls: controls.collect(),
    })
}

fn filled(what: &str, text: &Spanned<String>, faults: &mut Faults<'_>) {
    if text.value.trim().is_empty() {
        faults.at(&text.referenced, format!("the {what} is empty"));
    }
}
