//! A sentence that has to be read, and a place where nothing is.

use leptos::prelude::*;

use crate::state::Tone;
use crate::ui::badge::tone_name;

/// A sentence in a box; `title` is its first, bold word or words.
pub(crate) fn notice(tone: Tone, title: &str, text: impl IntoView) -> AnyView {
    let role = if tone == Tone::Bad { Some("alert") } else { None };
    view! {
        <div class="notice" data-tone=tone_name(tone) role=role>
            <strong>{title.to_owned()}</strong>
            <div>{text.into_any()}</div>
        </div>
    }
    .into_any()
}

/// What stands where nothing is yet, with what to do about it.
pub(crate) fn empty(title: &str, text: &str, more: impl IntoView) -> AnyView {
    view! {
        <div class="empty">
            <h2>{title.to_owned()}</h2>
            <p>{text.to_owned()}</p>
            {more.into_any()}
        </div>
    }
    .into_any()
}
