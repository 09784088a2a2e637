//! Auto, light, dark.

use leptos::prelude::*;

use crate::host::{page, storage};

/// The switch in the header.
#[component]
pub(crate) fn ThemeSwitch() -> impl IntoView {
    let chosen = storage::theme();
    page::theme(&chosen);
    let set = move |event: leptos::ev::Event| {
        let theme = event_target_value(&event);
        page::theme(&theme);
        storage::keep_theme(&theme);
    };
    let options: Vec<AnyView> = [("auto", "Auto"), ("light", "Light"), ("dark", "Dark")]
        .into_iter()
        .map(|(theme, name)| view! { <option value=theme selected=theme == chosen>{name}</option> }.into_any())
        .collect();
    view! {
        <label class="theme">
            <span class="hidden">"Theme"</span>
            <select on:change=set>{options}</select>
        </label>
    }
    .into_any()
}
