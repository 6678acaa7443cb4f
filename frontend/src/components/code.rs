//! Text to read and to copy: commands, conditions, permissions, paragraphs.

use leptos::prelude::*;
use nephoscope_model::Unreadable;
use nephoscope_model::check::Remediation;

use crate::islands::copy::Copy;

/// A block that is selected whole with one click.
pub fn block(label: &str, text: &str) -> AnyView {
    figure(label, text, None)
}

/// A block that is taken elsewhere: where scripts run, a button copies it.
pub fn command(label: &str, text: &str) -> AnyView {
    let (name, text) = (label.to_owned(), text.trim_end().to_owned());
    let copy = view! { <Copy label=name text=text.clone() /> }.into_any();
    figure(label, &text, Some(copy))
}

fn figure(label: &str, text: &str, copy: Option<AnyView>) -> AnyView {
    view! {
        <figure class="code">
            <figcaption>
                <span>{label.to_owned()}</span>
                {copy}
            </figcaption>
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
    let parts = parts.map(|part| view! { <p>{inline(part)}</p> }).collect_view();
    view! { <div class="prose">{parts}</div> }.into_any()
}

/// Text in which backticks mark code; a backtick without its partner stands for itself.
pub fn inline(text: &str) -> Vec<AnyView> {
    let parts: Vec<&str> = text.split('`').collect();
    let paired = if parts.len() % 2 == 1 { parts.len() } else { parts.len() - 1 };
    let marked =
        parts.iter().take(paired).enumerate().filter(|(_, part)| !part.is_empty()).map(|(index, part)| {
            let part = (*part).to_owned();
            if index % 2 == 1 { view! { <code>{part}</code> }.into_any() } else { part.into_any() }
        });
    let rest = parts.get(paired..).unwrap_or_default().iter().map(|part| format!("`{part}").into_any());
    marked.chain(rest).collect()
}

/// What to do, in words, on the command line and in Terraform.
pub fn remediation(remediation: &Remediation) -> AnyView {
    let cli = remediation.cli.as_ref().map(|text| command("Command line", text));
    let terraform = remediation.terraform.as_ref().map(|text| command("Terraform", text));
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
                    {answered(&reason.api, &reason.error)}
                </p>
                {permission}
            </li>
        }
    });
    let items = items.collect_view();
    view! { <ul class="unreadable">{items}</ul> }.into_any()
}

/// Which call answered what. Some reasons are our own, and no call made them.
fn answered(api: &str, error: &str) -> AnyView {
    if api.is_empty() {
        return view! { <code>{error.to_owned()}</code> }.into_any();
    }
    view! {
        <code>{api.to_owned()}</code>
        " answered "
        <code>{error.to_owned()}</code>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn html(text: &str) -> String {
        inline(text).into_iter().map(|part| part.to_html()).collect()
    }

    #[test]
    fn backticks_mark_code_in_pairs_only() {
        assert_eq!(html("Set it to `AWS_IAM` now."), "Set it to <code>AWS_IAM</code> now.");
        assert_eq!(html("One ` alone"), "One ` alone");
        assert_eq!(html("`a` and `b"), "<code>a</code> and `b");
        assert_eq!(html("`<b>`"), "<code>&lt;b&gt;</code>");
    }
}
