//! The practice company, where the relay has one.

use leptos::prelude::*;

use crate::host::{page, proxy, task};
use crate::state::Store;
use crate::ui::CopyButton;

/// The section; nothing outside practice mode.
pub(super) fn section(store: Store) -> impl IntoView {
    move || {
        let practice = store.status()?.practice?;
        let key = practice.salt_key.clone();
        let (copied, filled) = (key.clone(), key.clone());
        let reading = move || store.busy.get().is_some();
        Some(
            view! {
                <section class="card way accent" aria-labelledby="practice-title">
                    <h2 id="practice-title">"The practice company"</h2>
                    <p>
                        <strong>{practice.company}</strong>
                        " is a made-up company with a LiteLLM proxy, its database and an empty Bifrost gateway, all in the relay's memory. Do the whole move with it; nothing can go wrong."
                    </p>
                    <button
                        type="button"
                        class="primary"
                        id="use-practice"
                        disabled=reading
                        on:click=move |_| task::spawn(proxy::read_everything(store))
                    >
                        "Use the practice company"
                    </button>
                    <p class="muted">"Its salt key is published:"</p>
                    <p class="keyline">
                        <code>{key}</code>
                        <CopyButton label="Copy" text=Callback::new(move |()| copied.clone()) />
                        <button type="button" class="small" id="fill-salt" on:click=move |_| {
                            page::fill_input("salt", &filled);
                            page::focus("salt");
                        }>"Fill it in"</button>
                    </p>
                </section>
            }
            .into_any(),
        )
    }
}
