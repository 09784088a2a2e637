//! Keeping the address bar and the store's place in step.

use leptos::ev;
use leptos::prelude::*;

use crate::host::page;
use crate::state::{Place, Station, Store};

/// Where the page is, by the address bar.
pub(crate) fn here() -> Place {
    let (path, search, hash) = page::address();
    Place::read(&path, &search, &hash)
}

/// Follows back, forward and changed fragments.
pub(crate) fn follow(store: Store) {
    window_event_listener(ev::popstate, move |_| {
        let (was, now) = (store.place.get_untracked(), here());
        if was != now {
            store.place.set(now.clone());
            if was.station != now.station {
                arrived(now.station);
            }
        }
    });
}

/// Goes to a station and moves the focus to its heading.
pub(crate) fn go(store: Store, station: Station) {
    let place = Place { station, ..Place::default() };
    page::push(&place.href());
    store.place.set(place);
    arrived(station);
}

/// Goes to a place within the console.
pub(crate) fn go_to(store: Store, place: Place) {
    let moved = store.place.with_untracked(|was| was.station != place.station);
    page::push(&place.href());
    let station = place.station;
    store.place.set(place);
    if moved {
        arrived(station);
    }
}

/// Sets filters, without a step in the history for each key typed.
pub(crate) fn set_query(store: Store, pairs: &[(&str, &str)]) {
    store.place.update(|place| {
        for (key, value) in pairs {
            place.query.set(key, value);
        }
    });
    store.place.with_untracked(|place| page::replace(&place.href()));
}

/// Opens or closes a row.
pub(crate) fn open(store: Store, anchor: &str) {
    store.place.update(|place| anchor.clone_into(&mut place.fragment));
    store.place.with_untracked(|place| page::replace(&place.href()));
}

fn arrived(station: Station) {
    page::title(&format!("{} · Gangway", station.title()));
    page::scroll_to_top();
    page::focus_later("station");
}
