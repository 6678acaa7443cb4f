//! Text to read and to copy: commands, conditions, permissions, paragraphs.

use leptos::prelude::*;
use nephoscope_model::Unreadable;
use nephoscope_model::check::Remediation;

/// A block that is selected whole with one click.
pub fn block(label: &str, text: &str) -> AnyView {
    view! {
        <figure class="code">
            <figcaption>{label.to_owned()}</figcaption>
            <pre tabindex="0" role="region" aria-label=label.to_owned()>
                <code>{text.trim_end().to_owned()}</code>
            </pre>
        </figure>
    }
    .into_any()
}

/// Paragraphs, divided where the text has an empty line.
pub fn prose(text: &str) -> AnyView {
    let parts = text.split("\n\n").map(str::trim).filter(|part| !part.is_empty());
    let parts = parts.map(|part| view! { <p>{part.to_owned()}</p> }).collect_view();
    view! { <div class="prose">{parts}</div> }.into_any()
}

/// What to do, in words, on the command line and in Terraform.
pub fn remediation(remediation: &Remediation) -> AnyView {
    let cli = remediation.cli.as_ref().map(|text| block("Command line", text));
    let terraform = remediation.terraform.as_ref().map(|text| block("Terraform", text));
    view! {
        {prose(&remediation.text)}
        {cli}
        {terraform}
    }
    .into_any()
}

/// Each read that was missing, and the permission that would allow it.
pub fn unreadable(reasons: &[Unreadable]) -> AnyView {
    let items = reasons.iter().map(|reason| {
        let permission = reason.permission.as_ref().map(|permission| {
            view! {
                <p class="permission">
                    <span>"Permission to add"</span>
                    <code class="copy">{permission.clone()}</code>
                </p>
            }
        });
        view! {
            <li class="fogged">
                <p>
                    <code>{reason.facet.clone()}</code>
                    " could not be read: "
                    <code>{reason.api.clone()}</code>
                    " answered "
                    <code>{reason.error.clone()}</code>
                    "."
                </p>
                {permission}
            </li>
        }
    });
    let items = items.collect_view();
    view! { <ul class="unreadable">{items}</ul> }.into_any()
}
