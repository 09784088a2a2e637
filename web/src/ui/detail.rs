//! The panel beside a table: one row in full.

use leptos::prelude::*;

use crate::host::{address, page};
use crate::state::Store;
use crate::ui::CopyButton;

/// The frame of the panel; Escape and the button close it and give the focus back to the row.
#[component]
pub(crate) fn Detail(
    /// What is shown.
    title: String,
    /// Of which kind it is.
    kind: String,
    /// The row as JSON, for copying.
    #[prop(optional)]
    json: Option<Callback<(), String>>,
    /// The content.
    children: Children,
) -> impl IntoView {
    let store = Store::here();
    let link = move || store.place.with_untracked(|place| format!("{}{}", page::origin(), place.href()));
    view! {
        <aside class="detail" aria-labelledby="detail">
            <header>
                <p class="kind">{kind}</p>
                <button type="button" class="close" on:click=move |_| close(store)>"Close"</button>
                <h2 id="detail" tabindex="-1">{title}</h2>
                <div class="actions">
                    <CopyButton label="Copy link" text=Callback::new(move |()| link()) />
                    {json.map(|json| view! { <CopyButton label="Copy as JSON" text=json /> })}
                </div>
            </header>
            {children()}
        </aside>
    }
    .into_any()
}

/// Closes the panel.
pub(crate) fn close(store: Store) {
    let anchor = store.place.with_untracked(|place| place.fragment.clone());
    address::open(store, "");
    page::focus_row_later(anchor);
}

/// A list of facts: name and value.
pub(crate) fn facts(pairs: Vec<(&'static str, AnyView)>) -> AnyView {
    let items: Vec<AnyView> = pairs
        .into_iter()
        .map(|(name, value)| view! { <div><dt>{name}</dt><dd>{value}</dd></div> }.into_any())
        .collect();
    view! { <dl class="facts">{items}</dl> }.into_any()
}
