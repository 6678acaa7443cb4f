//! The button that copies a command; where scripts do not run, the text beside it is selected whole with one click.

use leptos::prelude::*;

/// A button that puts `text` on the clipboard. Invisible until awake, and where the browser keeps the clipboard to itself.
#[island]
pub fn Copy(label: String, text: String) -> impl IntoView {
    let alive = RwSignal::new(false);
    let said = RwSignal::new(Said::Nothing);
    #[cfg(feature = "hydrate")]
    if window().is_secure_context() {
        Effect::new(move |_| alive.set(true));
    }
    view! {
        <button
            type="button"
            class="copy-button"
            hidden=move || !alive.get()
            on:click=move |_| copy(&text, said)
        >
            "Copy"
            <span class="hidden">{format!(" {label}")}</span>
        </button>
        <span class="copy-said" role="status">
            {move || said.get().words()}
        </span>
    }
}

/// What became of the last click.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(feature = "hydrate"), expect(dead_code, reason = "only the browser copies"))]
enum Said {
    Nothing,
    Copied,
    Refused,
}

impl Said {
    fn words(self) -> &'static str {
        match self {
            Self::Nothing => "",
            Self::Copied => "Copied",
            Self::Refused => "The browser refused: select the text instead",
        }
    }
}

#[cfg(not(feature = "hydrate"))]
fn copy(_: &str, _: RwSignal<Said>) {}

#[cfg(feature = "hydrate")]
fn copy(text: &str, said: RwSignal<Said>) {
    use std::time::Duration;

    /// Long enough to be read.
    const PAUSE: Duration = Duration::from_secs(2);

    let written = window().navigator().clipboard().write_text(text);
    super::browser::settle(&written, move |worked| {
        said.set(if worked { Said::Copied } else { Said::Refused });
        set_timeout(move || said.set(Said::Nothing), PAUSE);
    });
}
