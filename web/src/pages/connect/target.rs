//! What the plan is made for: the gateway the relay knows, or a version chosen by hand.

use bifrost::version;
use leptos::prelude::*;

use crate::host::{proxy, task};
use crate::state::{ReadState, Source, Store, Target, Tone, flow};
use crate::ui::badge;

/// The section.
pub(super) fn section(store: Store) -> AnyView {
    view! {
        <section class="card" aria-labelledby="target-title">
            <h2 id="target-title">"Gateway"</h2>
            {move || match store.status().and_then(|status| status.target) {
                Some(upstream) => known(store, &upstream.name),
                None => chosen(store),
            }}
        </section>
    }
    .into_any()
}

fn known(store: Store, name: &str) -> AnyView {
    let version = move || match store.target.get() {
        Target::Read(observed) => badge(Tone::Ok, "✓", &format!("Bifrost {}", observed.version)),
        Target::Chosen(_) => badge(Tone::Quiet, "·", "Not read yet"),
    };
    let reading = move || store.reads.with(|reads| matches!(reads.get(&Source::Gateway), Some(ReadState::Reading(..))));
    let read = move |_| {
        task::spawn(async move {
            proxy::read_gateway(store).await;
            flow::replan(store).await;
        });
    };
    view! {
        <div class="line">
            <code>{name.to_owned()}</code>
            {version}
            <button type="button" class="small" disabled=reading on:click=read>
                {move || if matches!(store.target.get(), Target::Read(_)) { "Read it again" } else { "Read it" }}
            </button>
        </div>
        <p class="muted">"The plan compares with what is there. Reading changes nothing."</p>
    }
    .into_any()
}

fn chosen(store: Store) -> AnyView {
    let options: Vec<AnyView> = version::CHOICES
        .iter()
        .rev()
        .map(|choice| {
            let selected =
                move || store.target.with(|target| matches!(target, Target::Chosen(version) if version == choice));
            view! { <option value=*choice prop:selected=selected>{*choice}</option> }.into_any()
        })
        .collect();
    let choose = move |event: leptos::ev::Event| {
        store.target.set(Target::Chosen(event_target_value(&event)));
        task::spawn(flow::replan(store));
    };
    view! {
        <p>"No gateway is connected. The plan is made for an empty one of this version; it can be read and kept, not applied."</p>
        <label class="facet">
            <span>"Bifrost version"</span>
            <select id="version" on:change=choose>{options}</select>
        </label>
    }
    .into_any()
}
