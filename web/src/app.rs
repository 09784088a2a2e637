//! The frame around the stations: header, outlet, footer, help, and the keys.

use std::sync::Arc;

use leptos::ev::{self, KeyboardEvent};
use leptos::prelude::*;
use wire::{GetStatus, Nothing};

use crate::host::relay::{CallError, call};
use crate::host::{address, drive, page, storage, task, token};
use crate::pages::{apply::Apply, connect::Connect, inventory::Inventory, plan::Plan, report::Report};
use crate::state::run::Running;
use crate::state::undo::TakingBack;
use crate::state::{Place, Relay, Station, Store, Tone, warm};
use crate::ui::{StationLine, ThemeSwitch, badge, close, place_dialog};

/// The console.
#[component]
pub(crate) fn App() -> impl IntoView {
    // The token leaves the address bar before anything else happens.
    let linked = token::take();
    let store = Store::new(address::here());
    // One address for each station, whatever the link was.
    page::replace(&store.place.with_untracked(Place::href));
    provide_context(store);
    address::follow(store);
    restore(store);
    task::spawn(find_relay(store, linked));
    task::spawn(warm::warm(store));
    let shortcuts = RwSignal::new(storage::shortcuts());
    window_event_listener(ev::keydown, move |event| key(store, shortcuts, &event));
    // The browser asks; an apply that is left goes on from the journal, but nobody leaves one by mistake.
    window_event_listener(ev::beforeunload, move |event| {
        if writes(store) {
            event.prevent_default();
        }
    });
    window_event_listener(ev::pagehide, move |_| {
        if writes(store) {
            drive::leave();
        }
    });
    page::remove("boot");
    page::title(&format!("{} · Gangway", store.place.get_untracked().station.title()));
    let station = Memo::new(move |_| store.place.with(|place| place.station));
    view! {
        <a class="skip" href="#main" on:click=move |event| {
            event.prevent_default();
            page::focus("station");
        }>"Skip to the content"</a>
        {header(store)}
        <main id="main">
            {move || match station.get() {
                Station::Connect => view! { <Connect /> }.into_any(),
                Station::Inventory => view! { <Inventory /> }.into_any(),
                Station::Plan => view! { <Plan /> }.into_any(),
                Station::Apply => view! { <Apply /> }.into_any(),
                Station::Report => view! { <Report /> }.into_any(),
            }}
        </main>
        {footer(store, shortcuts)}
        {place_dialog(store)}
        <p class="hidden" role="status" id="said">{move || store.said.get()}</p>
    }
    .into_any()
}

/// Whether something is being written to the gateway, or taken back.
fn writes(store: Store) -> bool {
    store.running.with_untracked(|running| matches!(running, Running::Going { .. }))
        || store.taking_back.with_untracked(|state| matches!(state, TakingBack::Going { .. }))
}

fn header(store: Store) -> AnyView {
    view! {
        <header class="top">
            <p class="brand">"Gangway"<span class="hidden">": LiteLLM to Bifrost"</span></p>
            <StationLine />
            <div class="side">
                <span id="mode">{move || mode(store)}</span>
                <ThemeSwitch />
            </div>
        </header>
    }
    .into_any()
}

/// What stands behind the page.
fn mode(store: Store) -> AnyView {
    match store.relay.get() {
        Relay::Looking => badge(Tone::Quiet, "…", "Looking for the relay"),
        Relay::Absent => badge(Tone::Quiet, "○", "Offline"),
        Relay::Down(_) => badge(Tone::Warn, "!", "Offline: the relay is down"),
        Relay::Up(status) if status.practice.is_some() => badge(Tone::New, "●", "Practice"),
        Relay::Up(_) => badge(Tone::Ok, "●", "Relay"),
    }
}

fn footer(store: Store, shortcuts: RwSignal<bool>) -> AnyView {
    let version = move || store.status().map_or_else(|| env!("CARGO_PKG_VERSION").to_owned(), |status| status.gangway);
    view! {
        <footer class="bottom">
            <p>"Gangway "{version}". Secrets stay in this tab's memory."</p>
            <button type="button" class="small" id="help-button" on:click=move |_| page::open_dialog("help")>"Help and keys"</button>
        </footer>
        <dialog id="help" aria-labelledby="help-title">
            <h2 id="help-title">"Help"</h2>
            <p>
                "Connect your sources, read the inventory, read the plan, apply it, keep the report. Nothing is written to the gateway before you press Apply."
            </p>
            <dl class="keys">
                <div><dt><kbd>"1"</kbd>" to "<kbd>"5"</kbd></dt><dd>"go to a station"</dd></div>
                <div><dt><kbd>"/"</kbd></dt><dd>"search"</dd></div>
                <div><dt><kbd>"j"</kbd>" "<kbd>"k"</kbd></dt><dd>"next and previous row"</dd></div>
                <div><dt><kbd>"Enter"</kbd></dt><dd>"open the row"</dd></div>
                <div><dt><kbd>"Esc"</kbd></dt><dd>"close the panel or dialog"</dd></div>
                <div><dt><kbd>"?"</kbd></dt><dd>"this help"</dd></div>
            </dl>
            <label class="check">
                <input type="checkbox" prop:checked=move || shortcuts.get() on:change=move |event| {
                    let on = event_target_checked(&event);
                    shortcuts.set(on);
                    storage::keep_shortcuts(on);
                } />
                "Single-key shortcuts"
            </label>
            <p class="actions">
                <button type="button" class="primary" on:click=move |_| page::close_dialog("help")>"Close"</button>
            </p>
        </dialog>
    }
    .into_any()
}

/// The keys that work everywhere.
fn key(store: Store, shortcuts: RwSignal<bool>, event: &KeyboardEvent) {
    if event.key() == "Escape"
        && store.place.with_untracked(|place| !place.fragment.is_empty())
        && !page::dialog_is_open()
    {
        return close(store);
    }
    if !shortcuts.get_untracked() || page::is_taken(event) {
        return;
    }
    let pressed = event.key();
    match pressed.as_str() {
        "/" => page::focus_search(),
        "?" => page::open_dialog("help"),
        "j" | "k" => {
            let open = store.place.with_untracked(|place| place.fragment.clone());
            if let Some(anchor) = page::step_row(pressed == "j", &open)
                && !open.is_empty()
            {
                address::open(store, &anchor);
            }
        }
        "1" | "2" | "3" | "4" | "5" => {
            let at = pressed.parse::<usize>().unwrap_or(1) - 1;
            address::go(store, Station::ALL[at]);
        }
        _ => return,
    }
    event.prevent_default();
}

/// What a reload kept.
fn restore(store: Store) {
    if let Some(plan) = storage::kept_plan() {
        store.choices.set(plan.choices.clone());
        store.plan.set(Some(Arc::new(plan)));
        store.restored.set(true);
    }
}

/// Asks the relay who it is. Without a link from a relay nothing is sent at all.
async fn find_relay(store: Store, linked: bool) {
    if !linked {
        return store.relay.set(Relay::Absent);
    }
    match call::<GetStatus>(&Nothing {}).await {
        Ok(status) => {
            store.relay.set(Relay::Up(Box::new(status)));
            drive::read_journal(store).await;
        }
        Err(error @ CallError::Refused(..)) => {
            store.relay.set(Relay::Down(format!("{} Open the link that gangway serve printed last.", error.words())));
        }
        Err(error) => store.relay.set(Relay::Down(error.words())),
    }
}
