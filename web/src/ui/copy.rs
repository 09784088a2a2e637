//! A button that copies.

use leptos::prelude::*;

use crate::host::{clipboard, task};
use crate::state::Store;

/// Copies what `text` gives at that moment, and says so.
#[component]
pub(crate) fn CopyButton(
    /// What is on the button: `Copy link`.
    label: &'static str,
    /// What is copied.
    #[prop(into)]
    text: Callback<(), String>,
) -> impl IntoView {
    let store = Store::here();
    let copied = RwSignal::new(false);
    let copy = move |_| {
        task::spawn(async move {
            let done = clipboard::copy(&text.run(())).await;
            store.say(if done { "Copied." } else { "The browser did not allow copying." });
            copied.set(done);
            task::sleep(1500).await;
            copied.try_set(false);
        });
    };
    view! {
        <button type="button" class="small" on:click=copy>
            {move || if copied.get() { "Copied" } else { label }}
        </button>
    }
    .into_any()
}
