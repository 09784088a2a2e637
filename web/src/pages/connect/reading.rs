//! Reading the running proxy: watched read by read, stopped, and asked again for what did not come.

use leptos::prelude::*;
use litellm::fetch::{Fetch, Gap, Part, PartState, Why};
use report::words;

use crate::host::{proxy, task};
use crate::state::{Cell, ReadState, Source, Store, Tone};
use crate::ui::cell;

/// What stands below the proxy; nothing before it was read.
pub(super) fn section(store: Store) -> AnyView {
    // Memos, so that a button keeps the focus while answers come in.
    let reading =
        Memo::new(move |_| store.reads.with(|reads| matches!(reads.get(&Source::Proxy), Some(ReadState::Reading(..)))));
    let begun = Memo::new(move |_| store.fetch.with(Option::is_some));
    view! {
        {move || if reading.get() { under_way(store) } else { over(store) }}
        {move || begun.get().then(|| parts(store))}
    }
    .into_any()
}

fn under_way(store: Store) -> AnyView {
    let stopping = RwSignal::new(false);
    let stop = move |_| {
        stopping.set(true);
        proxy::stop(store);
    };
    let now = move || store.fetch.with(|fetch| fetch.as_ref().map(Fetch::now)).unwrap_or_default();
    view! {
        <p class="line">
            <button type="button" class="small" id="stop-reading" disabled=stopping on:click=stop>
                {move || if stopping.get() { "Stopping" } else { "Stop" }}
            </button>
            <span class="muted">{now}</span>
        </p>
    }
    .into_any()
}

/// Ask again for what is missing, ask for what was left out.
fn over(store: Store) -> AnyView {
    let gaps = store.fetch.with(|fetch| fetch.as_ref().map(|fetch| fetch.fetched().gaps)).unwrap_or_default();
    let again = gaps.iter().filter(|gap| gap.again()).count();
    let left_out = gaps.iter().find_map(|gap| match gap.why {
        Why::NotAsked { requests, .. } => Some(requests),
        _ => None,
    });
    let missing: Vec<AnyView> = gaps.iter().filter(|gap| gap.incomplete()).map(missing).collect();
    view! {
        {(!missing.is_empty()).then(|| view! { <ul id="missing" aria-label="What did not come">{missing}</ul> })}
        {(again > 0 || left_out.is_some()).then(|| view! {
            <p class="line">
                {(again > 0).then(|| view! {
                    <button type="button" id="read-missing" on:click=move |_| task::spawn(proxy::read_missing(store))>
                        "Read again what is missing"
                    </button>
                })}
                {left_out.map(|requests| view! {
                    <button type="button" id="read-every-object" on:click=move |_| task::spawn(proxy::read_every_object(store))>
                        {format!("Read the rest too ({requests} requests)")}
                    </button>
                })}
            </p>
        })}
    }
    .into_any()
}

fn missing(gap: &Gap) -> AnyView {
    view! { <li><code>{gap.name.clone()}</code>" "{gap.finding().message}</li> }.into_any()
}

/// Each kind of read and how it stands, folded.
fn parts(store: Store) -> AnyView {
    let parts = Memo::new(move |_| store.fetch.with(|fetch| fetch.as_ref().map(Fetch::parts)).unwrap_or_default());
    let title = move || {
        parts.with(|parts| {
            let done: usize = parts.iter().map(|part| part.done).sum();
            let of: usize = parts.iter().map(|part| part.of).sum();
            format!("{} of {}", words::number(done), words::counted(of, "request"))
        })
    };
    let items = move || parts.with(|parts| parts.iter().map(part).collect::<Vec<_>>());
    view! {
        <details id="parts">
            <summary>{title}</summary>
            <ul class="parts">{items}</ul>
        </details>
    }
    .into_any()
}

fn part(part: &Part) -> AnyView {
    let (tone, symbol, word) = match part.state {
        PartState::Reading => (Tone::New, "…", "Reading"),
        PartState::Waiting => (Tone::Quiet, "·", "Waiting"),
        PartState::Done => (Tone::Ok, "✓", "Read"),
        PartState::Missing => (Tone::Warn, "!", "Missing"),
    };
    view! { <li>{cell(&Cell::Badge(tone, symbol, word))}" "{part.words()}</li> }.into_any()
}
