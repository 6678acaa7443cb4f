//! `nephoscope checks` and `nephoscope frameworks`: the catalogue, and whether it proves itself.

use std::path::Path;
use std::process::ExitCode;

use nephoscope_catalogue::{Catalogue, CompiledCheck, matches};
use nephoscope_posture::evaluate::prove;
use serde_json::{Value, json};

use crate::args::{Checks, Frameworks, ListFormat};
use crate::context::Context;
use crate::failure::{Failure, Outcome, code};
use crate::print::{print, print_json, print_table, say, table};

/// Runs `checks`.
pub fn run(context: &Context, command: &Checks) -> Outcome {
    match command {
        Checks::List { pattern, format } => list(&*context.catalogue()?, pattern, *format),
        Checks::Show { id } => show(&*context.catalogue()?, id),
        Checks::Test { dir } => test(context, dir.as_deref()),
        Checks::Schema => schema(),
    }
}

/// Prints the JSON schema of a check file; it needs no catalogue, so that it helps where one is broken.
pub fn schema() -> Outcome {
    print_json(&nephoscope_catalogue::schema())?;
    Ok(ExitCode::SUCCESS)
}

fn list(catalogue: &Catalogue, patterns: &[String], format: ListFormat) -> Outcome {
    let asked = |compiled: &&CompiledCheck| {
        patterns.is_empty() || patterns.iter().any(|pattern| matches(pattern, compiled.check.id.as_str()))
    };
    let checks: Vec<&CompiledCheck> = catalogue.checks().iter().filter(asked).collect();
    if checks.is_empty() && !patterns.is_empty() {
        let message = format!("no check matches {}", patterns.join(", "));
        return Err(Failure::usage(
            message,
            "`nephoscope checks list` shows all of them; `*` stands for any text",
        ));
    }
    let rows: Vec<Value> = checks.iter().map(|compiled| brief(compiled)).collect();
    match format {
        ListFormat::Json => print_json(&rows)?,
        ListFormat::Jsonl => rows.iter().try_for_each(|row| print(&format!("{row}\n")))?,
        ListFormat::Csv => nephoscope_report::checks_csv(
            std::io::stdout().lock(),
            checks.iter().map(|compiled| &compiled.check),
        )?,
        ListFormat::Table => {
            let mut out = table(&["severity", "check", "title"]);
            for compiled in &checks {
                let check = &compiled.check;
                out.add_row([check.severity.to_string(), check.id.to_string(), check.title.clone()]);
            }
            print_table(&out)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// What a program needs of a check to choose it.
fn brief(compiled: &CompiledCheck) -> Value {
    let check = &compiled.check;
    json!({
        "id": check.id,
        "title": check.title,
        "severity": check.severity,
        "provider": check.provider,
        "service": check.service,
        "kind": check.kind,
        "concerns": check.concerns,
        "frameworks": check.frameworks,
        "deprecated": check.deprecated,
    })
}

fn show(catalogue: &Catalogue, id: &str) -> Outcome {
    let Some(compiled) = catalogue.find(id) else {
        let names = catalogue.checks().iter().map(|known| known.check.id.as_str());
        let near = names.min_by_key(|known| strsim::damerau_levenshtein(known, id)).unwrap_or_default();
        return Err(Failure::usage(format!("no check `{id}`"), format!("did you mean `{near}`?")));
    };
    let check = &compiled.check;
    let mut text = format!("{}\n{}\n\n", check.title, check.id);
    let concerns: Vec<&str> = check.concerns.iter().map(|concern| concern.label()).collect();
    for (label, value) in [
        ("severity", check.severity.to_string()),
        ("resource", check.kind.to_string()),
        ("concerns", concerns.join(", ")),
        ("frameworks", check.frameworks.join(", ")),
        ("applies", check.applies.clone()),
        ("passes", check.passes.clone()),
        ("reads", check.reads.join(", ")),
    ] {
        text += &format!("{label:<11} {}\n", value.trim().replace('\n', "\n            "));
    }
    text += &format!(
        "\n{}\n\nRisk\n{}\n\nRemediation\n{}\n",
        check.description, check.risk, check.remediation.text
    );
    for (label, code) in
        [("Command line", &check.remediation.cli), ("Terraform", &check.remediation.terraform)]
    {
        if let Some(code) = code {
            text += &format!("\n{label}\n{}\n", code.trim_end());
        }
    }
    print(&text)?;
    Ok(ExitCode::SUCCESS)
}

fn test(context: &Context, dir: Option<&Path>) -> Outcome {
    let folders: Vec<_> =
        dir.map(Path::to_owned).into_iter().chain(context.global.checks.iter().cloned()).collect();
    let help = "each line names file, line and column; `nephoscope checks schema` says what a file may hold";
    let builtin = Catalogue::load(&[]).map_err(|errors| Failure::usage(errors.to_string(), help))?;
    let catalogue = Catalogue::load(&folders).map_err(|errors| Failure::usage(errors.to_string(), help))?;
    let own = |compiled: &&CompiledCheck| dir.is_none() || builtin.find(compiled.check.id.as_str()).is_none();
    let (mut checks, mut examples, mut failures) = (0, 0, 0);
    for compiled in catalogue.checks().iter().filter(own) {
        checks += 1;
        examples += compiled.examples.len();
        for failure in prove(compiled) {
            failures += 1;
            say(format_args!("{}: {failure}", compiled.check.id));
        }
    }
    print(&format!("{checks} checks, {examples} examples, {failures} failures\n"))?;
    Ok(ExitCode::from(if failures == 0 { 0 } else { code::FAILED }))
}

/// Runs `frameworks`.
pub fn frameworks(context: &Context, command: &Frameworks) -> Outcome {
    let catalogue = context.catalogue()?;
    match command {
        Frameworks::List => {
            let mut out = table(&["framework", "version", "controls", "title"]);
            for framework in catalogue.frameworks() {
                let controls = framework.controls.len().to_string();
                out.add_row([&framework.id, &framework.version, &controls, &framework.title]);
            }
            print_table(&out)?;
        }
        Frameworks::Show { id } => {
            let Some(framework) = catalogue.frameworks().iter().find(|known| known.id == *id) else {
                let help = "`nephoscope frameworks list` shows what there is";
                return Err(Failure::usage(format!("no framework `{id}`"), help));
            };
            let mut out = table(&["control", "title", "checks"]);
            for control in &framework.controls {
                let reference = format!("{}/{}", framework.id, control.id);
                let bears = |c: &&CompiledCheck| c.check.frameworks.contains(&reference);
                let checks = catalogue.checks().iter().filter(bears).map(|c| c.check.id.as_str());
                let checks = checks.collect::<Vec<_>>().join(", ");
                let shown =
                    if checks.is_empty() && control.manual.is_some() { "manual".to_owned() } else { checks };
                out.add_row([&control.id, &control.title, &shown]);
            }
            print(&format!("{}, {}\n{}\n\n", framework.title, framework.version, framework.description))?;
            print_table(&out)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
