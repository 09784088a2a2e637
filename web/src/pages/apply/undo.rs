//! The way back: what taking the apply back would do, and the button that does it.

use std::sync::Arc;

use ::apply::{Journal, Undo};
use leptos::prelude::*;
use report::words;

use crate::host::{drive, task, undo};
use crate::state::undo::{TakingBack, announced, ended, sheet};
use crate::state::{Sheet, Store, Tone};
use crate::ui::{DataTable, notice};

/// Everything about it.
pub(super) fn section(store: Store, keep_door: RwSignal<bool>) -> AnyView {
    match store.taking_back.get() {
        TakingBack::None => begin(store, keep_door),
        TakingBack::Reading => {
            view! { <p class="loading" role="status">"Reading the journal and the gateway…"</p> }.into_any()
        }
        TakingBack::Refused(why) => notice(
            Tone::Bad,
            "It cannot be taken back.",
            view! {
                <p id="undo-refused">{why}</p>
                <button type="button" on:click=move |_| store.taking_back.set(TakingBack::None)>"Back"</button>
            },
        ),
        TakingBack::Shown(undo) => shown(store, &undo, keep_door),
        TakingBack::Going { undo, done, stopping } => going(store, undo.items.len(), done, stopping),
        TakingBack::Ended { undo, end, note, results } => {
            let (tone, title, sentence) = ended(&undo, end, &results);
            let text = view! {
                <p id="undone">{sentence}</p>
                {(!note.is_empty()).then(|| view! { <p>{note}</p> })}
                <p class="actions">
                    {(tone != Tone::Ok).then(|| view! {
                        <button type="button" on:click=move |_| look(store, keep_door)>"Take it back again"</button>
                    })}
                    <button type="button" id="plan-anew" on:click=move |_| plan_anew(store)>"Read the gateway and plan again"</button>
                </p>
            };
            notice(tone, title, text)
        }
    }
}

/// The button that asks what would be done.
pub(super) fn button(store: Store, keep_door: RwSignal<bool>) -> AnyView {
    view! {
        <button type="button" id="take-back" on:click=move |_| look(store, keep_door)>"Take it back…"</button>
    }
    .into_any()
}

/// Every object of it.
pub(super) fn table(store: Store) -> AnyView {
    let sheet = Signal::derive(move || -> Arc<Sheet> {
        Arc::new(store.taking_back.with(|state| match state.undo() {
            Some(undo) => sheet(undo, state.results()),
            None => Sheet::default(),
        }))
    });
    view! {
        <h2>"What is taken back"</h2>
        <DataTable caption="What is taken back, and how far each is" noun="object" sheet=sheet opens=false />
    }
    .into_any()
}

/// What the journal holds can be taken back in any tab: an undo that was cut off is gone on with, and an apply of another
/// plan than the one shown is offered.
fn begin(store: Store, keep_door: RwSignal<bool>) -> AnyView {
    let Some(journal) = store.journal.get() else { return ().into_any() };
    if journal.is_undoing() {
        let text = view! {
            <p>"Taking the apply back was begun and not finished. What is left is worked out anew and shown first."</p>
            <button type="button" class="primary" id="take-back" on:click=move |_| look(store, keep_door)>"Go on taking it back…"</button>
        };
        return notice(Tone::Warn, "Half taken back.", text);
    }
    let shown = |journal: &Journal| {
        store.plan.with(|plan| plan.as_ref().is_some_and(|plan| journal.is_of(&::apply::fingerprint(plan))))
    };
    if journal.is_unfinished() || journal.outcomes().is_empty() || shown(&journal) {
        return ().into_any();
    }
    let text = view! {
        <p>"The journal holds an apply of another plan than the one shown here. It can be taken back as long as its plan is beside it."</p>
        {button(store, keep_door)}
    };
    notice(Tone::Quiet, "Applied before.", text)
}

fn shown(store: Store, undo: &Arc<Undo>, keep_door: RwSignal<bool>) -> AnyView {
    let opens = undo.items.iter().any(|item| item.opens_the_door) || keep_door.get_untracked();
    let idle = undo.is_empty();
    let changed = move |event: leptos::ev::Event| {
        keep_door.set(event_target_checked(&event));
        look(store, keep_door);
    };
    let take = move |_| task::spawn(undo::take_back(store, keep_door.get_untracked()));
    view! {
        <section class="card" aria-labelledby="undo-title">
            <h2 id="undo-title">"Taking it back"</h2>
            <p id="undo-announced">{announced(undo)}</p>
            <p>
                "Nothing was changed yet. Removed is only what the journal proves that this apply made and nobody changed since. "
                "The keys that were handed out stop working."
            </p>
            {opens.then(|| view! {
                <label class="check">
                    <input type="checkbox" prop:checked=move || keep_door.get() on:change=changed />
                    "Go on refusing calls without a key, although they were served before"
                </label>
            })}
            <p class="actions">
                {(!idle).then(|| view! {
                    <button type="button" class="primary" id="take-back-now" on:click=take>"Take it back"</button>
                })}
                <button type="button" on:click=move |_| store.taking_back.set(TakingBack::None)>"Leave it as it is"</button>
            </p>
        </section>
    }
    .into_any()
}

fn going(store: Store, total: usize, done: usize, stopping: bool) -> AnyView {
    view! {
        <section class="card running" aria-labelledby="undo-running">
            <h2 id="undo-running">"Taking back"</h2>
            <progress max=total.max(1) value=done aria-labelledby="undo-running"></progress>
            <p class="figures"><strong>{format!("{} of {}", words::number(done), words::number(total))}</strong></p>
            <button type="button" id="stop" disabled=stopping on:click=move |_| undo::stop(store)>
                {if stopping { "Stopping: finishing 1 call" } else { "Stop" }}
            </button>
        </section>
    }
    .into_any()
}

fn look(store: Store, keep_door: RwSignal<bool>) {
    task::spawn(undo::look(store, keep_door.get_untracked()));
}

/// The journal of what was taken back is put aside, and a plan made for the gateway as it is.
fn plan_anew(store: Store) {
    store.taking_back.set(TakingBack::None);
    task::spawn(async move {
        drive::rotate(store).await;
        drive::plan_again(store).await;
    });
}
