//! Connect: give the sources, the keys that open their secrets, and the gateway.

mod practice;
mod reading;
mod relay;
mod salt;
mod sources;
mod target;

use leptos::prelude::*;
use report::words;
use web_sys::File;

use crate::host::{address, files, task};
use crate::state::{Held, Relay, Station, Store, flow};
use crate::ui::FileDrop;

/// The station.
#[component]
pub(crate) fn Connect() -> impl IntoView {
    let store = Store::here();
    view! {
        <header class="head">
            <h1 id="station" tabindex="-1">"Connect"</h1>
            <p class="lead">
                "Give what your LiteLLM proxy holds. Nothing is written anywhere before you have seen the plan and pressed Apply."
            </p>
        </header>
        <div class="ways">
            {practice::section(store)}
            {files_section(store)}
            {relay::section(store)}
        </div>
        {move || sources::section(store)}
        <div class="ways">
            {salt::section(store)}
            {target::section(store)}
        </div>
        {move || next(store)}
    }
    .into_any()
}

fn files_section(store: Store) -> AnyView {
    view! {
        <section class="card way" aria-labelledby="files-title">
            <h2 id="files-title">"Your files"</h2>
            <p>
                "config.yaml, saved answers of the LiteLLM API as JSON, a pg_dump text of its database, a Gangway snapshot. Several at once; each is recognised by its content."
            </p>
            <FileDrop on_files=Callback::new(move |files| take(store, files)) />
            <p class="muted">"They are read in this tab and sent nowhere."</p>
        </section>
    }
    .into_any()
}

/// Reads files and runs the line.
fn take(store: Store, given: Vec<File>) {
    if given.is_empty() {
        return;
    }
    task::spawn(async move {
        store.busy.set(Some("Reading"));
        let (held, unread) = files::read(given).await;
        let names: Vec<String> = held.iter().map(|held| name(held).to_owned()).collect();
        store.hold(held, |old| matches!(old, Held::File { relayed: false, name, .. } if names.contains(name)));
        flow::reread(store).await;
        let said = if unread.is_empty() { format!("{} read.", names.join(", ")) } else { unread.join(" ") };
        store.say(said);
    });
}

fn name(held: &Held) -> &str {
    match held {
        Held::File { name, .. } => name,
        Held::Answer(answer) => &answer.name,
        Held::Gaps(_) => "LiteLLM proxy",
        Held::Rows(_) => "database",
    }
}

fn next(store: Store) -> Option<AnyView> {
    let plan = store.plan.get()?;
    let offline = store.relay.with(|relay| matches!(relay, Relay::Absent | Relay::Down(_)));
    let what = format!(
        "{} read, {} planned.",
        words::counted(plan.objects.len(), "source object"),
        words::counted(plan.ops.len(), "operation"),
    );
    let then = if offline { " Offline: you can plan and report." } else { "" };
    Some(
        view! {
            <div class="next">
                <p>{what}{then}</p>
                <button type="button" on:click=move |_| address::go(store, Station::Plan)>"Go to the plan"</button>
                <button type="button" class="primary" on:click=move |_| address::go(store, Station::Inventory)>
                    "See the inventory"
                </button>
            </div>
        }
        .into_any(),
    )
}
