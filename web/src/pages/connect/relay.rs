//! What the relay is connected to.

use leptos::prelude::*;
use litellm::endpoint::SIDE_EFFECT;
use wire::Status;

use crate::host::{proxy, task};
use crate::pages::connect::reading;
use crate::state::{ReadState, Relay, Source, Store, Tone};
use crate::ui::{badge, notice};

/// The section.
pub(super) fn section(store: Store) -> AnyView {
    view! {
        <section class="card way" aria-labelledby="relay-title">
            <h2 id="relay-title">"Through the relay"</h2>
            {move || match store.relay.get() {
                Relay::Looking => view! { <p class="muted">"Asking the relay…"</p> }.into_any(),
                Relay::Absent => absent(),
                Relay::Down(why) => notice(Tone::Warn, "The relay does not answer.", why),
                Relay::Up(status) => connected(store, &status),
            }}
        </section>
    }
    .into_any()
}

fn absent() -> AnyView {
    view! {
        <p>
            "This page was opened without a relay, so it is offline: your files become a plan and a report here, and nothing is sent."
        </p>
        <p class="muted">
            "To read a running proxy or to apply a plan, start " <code>"gangway serve"</code>
            " beside your gateway and open the link it prints."
        </p>
    }
    .into_any()
}

fn connected(store: Store, status: &Status) -> AnyView {
    let name = |upstream: &Option<wire::Upstream>| upstream.as_ref().map(|upstream| upstream.name.clone());
    let rows = [
        (Source::Proxy, "LiteLLM proxy", name(&status.source), "LITELLM_URL"),
        (Source::Database, "Its database", name(&status.database), "LITELLM_DB_URL"),
        (Source::ConfigFile, "config.yaml", status.config_file.clone(), "LITELLM_CONFIG"),
        (Source::Gateway, "Bifrost gateway", name(&status.target), "BIFROST_URL"),
    ];
    let any = rows.iter().any(|(_, _, name, _)| name.is_some());
    let rows: Vec<AnyView> =
        rows.into_iter().map(|(source, title, name, variable)| row(store, source, title, name, variable)).collect();
    let notes: Vec<AnyView> = status.notes.iter().map(|note| notice(Tone::Warn, "Note.", note.clone())).collect();
    let practice = status.practice.is_some();
    view! {
        <ul class="upstreams">{rows}</ul>
        {notes}
        {(any && !practice).then(|| view! {
            <button
                type="button"
                class="primary"
                id="read-everything"
                disabled=move || store.busy.get().is_some() || is_reading(store)
                on:click=move |_| task::spawn(proxy::read_everything(store))
            >
                {move || if store.reads.with(std::collections::BTreeMap::is_empty) { "Read everything" } else { "Read everything again" }}
            </button>
        })}
    }
    .into_any()
}

fn is_reading(store: Store) -> bool {
    store.reads.with(|reads| reads.values().any(|state| matches!(state, ReadState::Reading(..))))
}

fn row(store: Store, source: Source, title: &'static str, name: Option<String>, variable: &'static str) -> AnyView {
    let there = name.is_some();
    let known = Memo::new(move |_| store.reads.with(|reads| reads.get(&source).cloned()));
    // The proxy is asked again read by read.
    let again = move || {
        let failed = known.with(|known| matches!(known, Some(ReadState::Failed(_))));
        (failed && source != Source::Proxy).then(|| {
            view! {
                <button type="button" class="small" on:click=move |_| task::spawn(proxy::read_one(store, source))>
                    "Read again"
                </button>
            }
        })
    };
    let name = match name {
        Some(name) => view! { <code>{name}</code> }.into_any(),
        None => view! { <span class="muted">"not connected: " <code>{variable}</code></span> }.into_any(),
    };
    view! {
        <li>
            <div><strong>{title}</strong>{name}</div>
            {there.then(|| view! { <div class="state">{move || known.with(|known| state(known.as_ref()))}{again}</div> })}
            {(there && source == Source::Proxy).then(|| view! {
                <p class="muted">{SIDE_EFFECT}</p>
                {reading::section(store)}
            })}
        </li>
    }
    .into_any()
}

fn state(state: Option<&ReadState>) -> AnyView {
    match state {
        None => badge(Tone::Quiet, "·", "Not read yet"),
        Some(ReadState::Reading(done, total)) => {
            let total = (*total > 0).then_some(*total);
            view! {
                <progress max=total value=total.map(|_| *done) aria-label="Reading"></progress>
                <span class="muted">{match total {
                    Some(total) => format!("{done} of {total}"),
                    None => format!("{done} read"),
                }}</span>
            }
            .into_any()
        }
        Some(ReadState::Done(what)) => view! { {badge(Tone::Ok, "✓", "Read")} <span>{what.clone()}</span> }.into_any(),
        Some(ReadState::Partial(what)) => {
            view! { {badge(Tone::Warn, "!", "Read in part")} <span>{what.clone()}</span> }.into_any()
        }
        Some(ReadState::Failed(why)) => {
            view! { {badge(Tone::Bad, "✗", "Not read")} <span role="alert">{why.clone()}</span> }.into_any()
        }
    }
}
