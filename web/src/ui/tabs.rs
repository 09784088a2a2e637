//! The parts of a station, of which one is shown; which one stands in the address.

use leptos::prelude::*;
use report::words;

use crate::host::address;
use crate::state::{Place, Query, Store};

/// A part: its word in the address (empty for the first), its name, and how much is in it.
pub(crate) type Tab = (&'static str, &'static str, usize);

/// The part that is shown.
pub(crate) fn tab(store: Store) -> Memo<String> {
    Memo::new(move |_| store.place.with(|place| place.query.get("tab").to_owned()))
}

/// The place of a part of the station that is shown.
fn tab_place(store: Store, word: &str) -> Place {
    let mut query = Query::default();
    query.set("tab", word);
    Place { station: store.place.with_untracked(|place| place.station), query, fragment: String::new() }
}

/// A link to a part of the station that is shown.
pub(crate) fn tab_link(store: Store, word: &str, text: impl IntoView) -> AnyView {
    let place = tab_place(store, word);
    let (href, word, shown) = (place.href(), word.to_owned(), tab(store));
    let current = move || shown.with(|tab| *tab == word).then_some("true");
    let go = move |event: leptos::ev::MouseEvent| {
        event.prevent_default();
        address::go_to(store, place.clone());
    };
    view! { <a href=href aria-current=current on:click=go>{text.into_any()}</a> }.into_any()
}

/// Links to the parts of a station.
pub(crate) fn tabs(store: Store, label: &'static str, parts: &[Tab]) -> AnyView {
    let links: Vec<AnyView> = parts
        .iter()
        .map(|(word, name, count)| {
            let text = view! { {*name} " " <span class="count">{words::number(*count)}</span> };
            view! { <li>{tab_link(store, word, text)}</li> }.into_any()
        })
        .collect();
    view! { <nav class="tabs" aria-label=label><ul>{links}</ul></nav> }.into_any()
}
