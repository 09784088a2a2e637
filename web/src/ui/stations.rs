//! The station line: where you are, and what is done.

use leptos::ev::MouseEvent;
use leptos::prelude::*;

use crate::host::address;
use crate::state::{Station, Store};

/// Five links in order; the current one is marked, finished ones say so.
#[component]
pub(crate) fn StationLine() -> impl IntoView {
    let items: Vec<AnyView> = Station::ALL.into_iter().enumerate().map(|(at, station)| item(at, station)).collect();
    view! { <nav aria-label="Stations"><ol class="stations">{items}</ol></nav> }.into_any()
}

fn item(at: usize, station: Station) -> AnyView {
    let store = Store::here();
    let current = Memo::new(move |_| store.place.with(|place| place.station == station));
    let done = Memo::new(move |_| is_done(store, station));
    let go = move |event: MouseEvent| {
        if !event.ctrl_key() && !event.meta_key() && !event.shift_key() {
            event.prevent_default();
            address::go(store, station);
        }
    };
    view! {
        <li class:current=current class:done=done>
            <a href=station.path() aria-current=move || current.get().then_some("step") on:click=go>
                <span class="number" aria-hidden="true">{at + 1}</span>
                <span class="name">{station.title()}</span>
                {move || done.get().then(|| view! { <span class="done-word">"done"</span> })}
            </a>
        </li>
    }
    .into_any()
}

/// Whether a station has its result.
fn is_done(store: Store, station: Station) -> bool {
    match station {
        Station::Connect => store.plan.with(Option::is_some),
        Station::Inventory => store.inventory.with(|inventory| {
            inventory
                .as_ref()
                .is_some_and(|inventory| inventory.opening.failed.is_empty() && !inventory.entities.is_empty())
        }),
        Station::Plan => store.plan.with(|plan| plan.as_ref().is_some_and(|plan| plan.applyable)),
        Station::Apply | Station::Report => store.applied(),
    }
}
