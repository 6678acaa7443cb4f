//! From a check file to a check that can run; everything that a person can get wrong is found here.

use std::collections::BTreeSet;

use cel::Program;
use nephoscope_model::check::Remediation;
use nephoscope_model::{Check, CheckId, Concern, Kind, Provider, Severity};
use serde_saphyr::Spanned;

use crate::check_file::{CheckFile, RemediationFile};
use crate::condition::{self, Condition};
use crate::error::CatalogueError;
use crate::example::{Example, Expect, example};
use crate::framework::Controls;
use crate::kind::{RESOURCE_FIELDS, Readable, kinds, names};
use crate::source::SourceFile;
use crate::yaml::{Faults, named, parse};

const LONGEST_TITLE: usize = 100;

/// A check with its machinery.
#[derive(Debug)]
pub struct CompiledCheck {
    /// What it says, why it matters and what to do.
    pub check: Check,
    /// When it speaks at all; always where there is none.
    pub applies: Option<Program>,
    /// What decides PASS or FAIL.
    pub passes: Program,
    /// Facets that the conditions read, sorted.
    pub facets: Vec<String>,
    /// Facts that the conditions read, sorted.
    pub facts: Vec<String>,
    /// Its tests.
    pub examples: Vec<Example>,
}

/// A check with the places of the names that must be unique in the catalogue.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub compiled: CompiledCheck,
    pub id: Spanned<String>,
    pub aliases: Vec<Spanned<String>>,
}

/// Reads one check file.
pub(crate) fn load(file: &SourceFile, controls: &Controls) -> Result<Loaded, Vec<CatalogueError>> {
    let parsed: CheckFile = parse(file).map_err(|error| vec![error])?;
    let mut faults = Faults::new(file);
    identity(&parsed, file, &mut faults);
    texts(&parsed, &mut faults);
    let severity = named::<Severity>(&parsed.severity, &mut faults);
    let concerns: Vec<Concern> = parsed.concerns.iter().filter_map(|name| named(name, &mut faults)).collect();
    unique(&parsed.concerns, &mut faults);
    frameworks(&parsed.frameworks, controls, &mut faults);

    // Without a kind nobody knows what the conditions may read, so the rest would only be noise.
    let Some((provider, kind, readable)) = kind(&parsed.resource, &mut faults) else {
        return Err(faults.found);
    };
    let applies = parsed.applies.as_ref().map(|text| compile(text, &kind, readable, &mut faults));
    let passes = compile(&parsed.passes, &kind, readable, &mut faults);
    evidence(&parsed.evidence, &kind, readable, &mut faults);
    let reads = Reads::of([applies.as_ref().and_then(Option::as_ref), passes.as_ref()]);
    let decided = passes.is_some() && applies.as_ref().is_none_or(Option::is_some);
    if decided && !reads.anything {
        let cause =
            "the conditions read neither a facet nor a fact nor the resource, so they say the same of all";
        faults.at(&parsed.passes.referenced, cause);
    }
    let place = parsed.examples.referenced;
    let examples: Vec<Option<Example>> = parsed
        .examples
        .value
        .into_iter()
        .map(|file_example| example(file_example, &kind, readable, &file.text, &mut faults))
        .collect();
    let examples: Option<Vec<Example>> = examples.into_iter().collect();
    if let Some(examples) = &examples {
        let unknown = !reads.facets.is_empty() || !reads.facts.is_empty();
        for missing in missing(examples, applies.is_some(), unknown) {
            faults.at(&place, missing);
        }
    }

    let (Some(passes), Some(severity), Some(examples), true) =
        (passes, severity, examples, faults.found.is_empty())
    else {
        return Err(faults.found);
    };
    let facets: Vec<String> = reads.facets.into_iter().collect();
    let check = Check {
        id: CheckId::from(parsed.id.value.as_str()),
        title: parsed.title.value,
        severity,
        provider,
        service: service(file, &kind),
        kind,
        concerns,
        frameworks: parsed.frameworks.into_iter().map(|name| name.value).collect(),
        description: trimmed(&parsed.description),
        risk: trimmed(&parsed.risk),
        remediation: remediation(parsed.remediation),
        applies: parsed.applies.as_ref().map_or_else(|| "true".to_owned(), trimmed),
        passes: trimmed(&parsed.passes),
        evidence: parsed.evidence.value.into_iter().map(|path| path.value).collect(),
        reads: facets.clone(),
        aliases: parsed.aliases.iter().map(|alias| CheckId::from(alias.value.as_str())).collect(),
        deprecated: parsed.deprecated.as_ref().map(trimmed),
    };
    let compiled = CompiledCheck {
        check,
        applies: applies.flatten().map(|condition| condition.program),
        passes: passes.program,
        facets,
        facts: reads.facts.into_iter().collect(),
        examples,
    };
    Ok(Loaded { compiled, id: parsed.id, aliases: parsed.aliases })
}

fn identity(parsed: &CheckFile, file: &SourceFile, faults: &mut Faults<'_>) {
    let path = file.relative.strip_suffix(".yaml").unwrap_or(&file.relative);
    let expected = path.replace('/', "-");
    let id = &parsed.id.value;
    if *id != expected {
        faults.at(&parsed.id.referenced, format!("the id is the path with dashes: `{expected}`, not `{id}`"));
    }
    for name in std::iter::once(&parsed.id).chain(&parsed.aliases) {
        let whole = name.value.split('-').all(|part| !part.is_empty());
        let letters = name.value.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        if !whole || !letters {
            let cause =
                format!("`{}` is not an id: lower-case letters, digits and single dashes", name.value);
            faults.at(&name.referenced, cause);
        }
    }
}

fn texts(parsed: &CheckFile, faults: &mut Faults<'_>) {
    let title = &parsed.title;
    let length = title.value.chars().count();
    if length > LONGEST_TITLE {
        let cause = format!("the title has {length} characters; at most {LONGEST_TITLE} fit");
        faults.at(&title.referenced, cause);
    }
    let first = title.value.split_whitespace().next().unwrap_or_default();
    if first.eq_ignore_ascii_case("ensure") {
        faults
            .at(&title.referenced, "the title states what holds when the check passes; leave out \"Ensure\"");
    }
    if title.value.trim_end().ends_with('.') {
        faults.at(&title.referenced, "the title ends without a full stop");
    }
    let texts = [
        ("title", Some(title)),
        ("description", Some(&parsed.description)),
        ("risk", Some(&parsed.risk)),
        ("remediation text", Some(&parsed.remediation.text)),
        ("reason why the check is deprecated", parsed.deprecated.as_ref()),
    ];
    for (what, text) in texts {
        if let Some(text) = text.filter(|text| text.value.trim().is_empty()) {
            faults.at(&text.referenced, format!("the {what} is empty"));
        }
    }
}

fn unique(list: &[Spanned<String>], faults: &mut Faults<'_>) {
    let mut seen = BTreeSet::new();
    for name in list {
        if !seen.insert(&name.value) {
            faults.at(&name.referenced, format!("`{}` is listed twice", name.value));
        }
    }
}

fn frameworks(list: &[Spanned<String>], controls: &Controls, faults: &mut Faults<'_>) {
    for name in list {
        if let Err(cause) = controls.find(&name.value) {
            faults.at(&name.referenced, cause);
        }
    }
    unique(list, faults);
}

fn kind(name: &Spanned<String>, faults: &mut Faults<'_>) -> Option<(Provider, Kind, &'static Readable)> {
    let provider = name.value.split('.').next().and_then(|provider| provider.parse().ok());
    let Some((provider, readable)) = provider.zip(kinds().get(&name.value)) else {
        let cause = format!("`{}` is not a kind of resource; known are {}", name.value, names(kinds()));
        faults.at(&name.referenced, cause);
        return None;
    };
    Some((provider, Kind::from(name.value.as_str()), readable))
}

fn compile(
    text: &Spanned<String>,
    kind: &Kind,
    readable: &Readable,
    faults: &mut Faults<'_>,
) -> Option<Condition> {
    match condition::compile(&text.value, kind.as_str(), readable) {
        Ok(condition) => Some(condition),
        Err(found) => {
            for fault in found {
                faults.within(text, fault.offset, fault.cause);
            }
            None
        }
    }
}

/// What all conditions of a check read together.
#[derive(Default)]
struct Reads {
    facets: BTreeSet<String>,
    facts: BTreeSet<String>,
    anything: bool,
}

impl Reads {
    fn of<'a>(conditions: impl IntoIterator<Item = Option<&'a Condition>>) -> Self {
        let mut reads = Self::default();
        for condition in conditions.into_iter().flatten() {
            reads.facets.extend(condition.facets.iter().cloned());
            reads.facts.extend(condition.facts.iter().cloned());
            reads.anything |= condition.resource;
        }
        reads.anything |= !reads.facets.is_empty() || !reads.facts.is_empty();
        reads
    }
}

fn evidence(
    paths: &Spanned<Vec<Spanned<String>>>,
    kind: &Kind,
    readable: &Readable,
    faults: &mut Faults<'_>,
) {
    if paths.value.is_empty() {
        faults.at(&paths.referenced, "a finding needs evidence: name at least one path");
    }
    unique(&paths.value, faults);
    for path in &paths.value {
        let text = &path.value;
        let mut parts = text.split('.');
        let (first, second) = (parts.next().unwrap_or_default(), parts.next());
        let cause = if text.split('.').any(|part| part.trim().is_empty()) {
            format!("`{text}` is not a path: names with a full stop between them")
        } else {
            match (first, second) {
                ("facts", Some(fact)) if readable.facts.contains_key(fact) => continue,
                ("resource", Some(field)) if RESOURCE_FIELDS.contains(&field) => continue,
                ("facts", _) => {
                    let known = names(&readable.facts);
                    format!("`{text}` names no fact of {kind}; known are {known}")
                }
                ("resource", _) => {
                    let known = RESOURCE_FIELDS.join(", ");
                    format!("`{text}` names no field of `resource`; known are {known}")
                }
                (facet, _) if readable.facets.contains_key(facet) => continue,
                (other, _) => {
                    let known = names(&readable.facets);
                    format!(
                        "`{other}` is not a facet of {kind}; known are {known}, besides `facts` and `resource`"
                    )
                }
            }
        };
        faults.at(&path.referenced, cause);
    }
}

/// What the examples do not show though a check of its kind has to.
fn missing(examples: &[Example], applies: bool, unknown: bool) -> Vec<String> {
    let needed = [
        (Expect::Pass, true, "every check shows what passes"),
        (Expect::Fail, true, "every check shows what fails"),
        (Expect::NotApplicable, applies, "the check has `applies`, so it shows what it does not speak about"),
        (
            Expect::Unknown,
            unknown,
            "the check reads facets or facts, so it shows what happens when one cannot be read",
        ),
    ];
    let missing = needed
        .into_iter()
        .filter(|(expect, needed, _)| *needed && !examples.iter().any(|example| example.expect == *expect));
    missing.map(|(expect, _, why)| format!("no example has `expect: {expect}`; {why}")).collect()
}

/// The folder that the file stands in, or what the kind says where it stands in none.
fn service(file: &SourceFile, kind: &Kind) -> String {
    let folder = file.relative.rsplit('/').nth(1);
    folder.map_or_else(|| kind.service().to_owned(), str::to_owned)
}

fn remediation(file: RemediationFile) -> Remediation {
    let kept = |text: Option<String>| text.map(|text| text.trim_end().to_owned());
    Remediation { text: trimmed(&file.text), cli: kept(file.cli), terraform: kept(file.terraform) }
}

fn trimmed(text: &Spanned<String>) -> String {
    text.value.trim().to_owned()
}
