//! The line itself, one turn after the other: read, gather, open, plan. Between two steps the browser gets to
//! paint; a newer turn makes an older one stop.

use std::sync::Arc;

use bifrost::Observed;
use inventory::{Candidate, gather};
use leptos::prelude::*;
use litellm::Input;

use crate::host::{clock, storage, task};
use crate::state::recognised::seen;
use crate::state::{Held, Store, Target};

/// Something was given: read all of it again.
pub(crate) async fn reread(store: Store) {
    let turn = begin(store, "Reading");
    task::breathe().await;
    if stale(store, turn) {
        return;
    }
    let held = store.held.get_untracked();
    if held.is_empty() {
        store.gathered.set(None);
        store.seen.set(None);
        store.inventory.set(None);
        store.vault.set(None);
        store.busy.set(None);
        return;
    }
    clock::mark("gangway:given");
    let inputs: Vec<Input<'_>> = held.iter().map(Held::input).collect();
    let reading = litellm::read(&inputs);
    let names = held.iter().filter_map(|held| match held {
        Held::File { name, .. } => Some(name.as_str()),
        Held::Answer(_) | Held::Gaps(_) | Held::Rows(_) => None,
    });
    store.seen.set(Some(Arc::new(seen(&reading, names))));
    drop(held);
    task::breathe().await;
    if stale(store, turn) {
        return;
    }
    store.gathered.set(Some(Arc::new(gather(reading))));
    open(store, turn).await;
}

/// Another key was given: open again.
pub(crate) async fn reopen(store: Store) {
    let turn = begin(store, "Opening");
    open(store, turn).await;
}

/// Another target or choice: plan again.
pub(crate) async fn replan(store: Store) {
    let turn = begin(store, "Planning");
    plan(store, turn).await;
}

/// The keys to try: those given by hand, and the master key where a source shows it.
pub(crate) fn candidates(store: Store) -> Vec<Candidate> {
    let mut keys = store.keys.get_untracked();
    let master = store.seen.with_untracked(|seen| seen.as_ref().and_then(|seen| seen.master.clone()));
    keys.extend(master.map(|secret| Candidate { name: "master key".to_owned(), secret }));
    keys
}

fn begin(store: Store, what: &'static str) -> u32 {
    store.busy.set(Some(what));
    store.turn.update(|turn| *turn += 1);
    store.turn.get_untracked()
}

fn stale(store: Store, turn: u32) -> bool {
    store.turn.get_untracked() != turn
}

async fn open(store: Store, turn: u32) {
    store.busy.set(Some("Opening"));
    task::breathe().await;
    if stale(store, turn) {
        return;
    }
    let Some(gathered) = store.gathered.get_untracked() else { return store.busy.set(None) };
    let (inventory, vault) = gathered.open(&candidates(store));
    store.inventory.set(Some(Arc::new(inventory)));
    store.vault.set(Some(Arc::new(vault)));
    clock::mark("gangway:opened");
    plan(store, turn).await;
}

async fn plan(store: Store, turn: u32) {
    store.busy.set(Some("Planning"));
    task::breathe().await;
    if stale(store, turn) {
        return;
    }
    let (Some(inventory), Some(vault)) = (store.inventory.get_untracked(), store.vault.get_untracked()) else {
        return store.busy.set(None);
    };
    let (observed, earlier) = match store.target.get_untracked() {
        Target::Read(observed) => (observed, store.before.get_untracked().earlier),
        // Nothing was applied to a gateway that is not there.
        Target::Chosen(version) => (Arc::new(Observed::fresh(version)), Arc::default()),
    };
    let choices = store.choices.get_untracked();
    let plan = Arc::new(plan::plan_after(&inventory, &vault, &observed, &choices, clock::now(), &earlier));
    store.plan.set(Some(Arc::clone(&plan)));
    clock::mark("gangway:planned");
    store.restored.set(false);
    store.busy.set(None);
    task::breathe().await;
    if !stale(store, turn) {
        // A plan whose apply was not finished is the one a reload needs most.
        let kept = store.stopped.get_untracked().unwrap_or(plan);
        store.unkept.set(!storage::keep_plan(&kept));
    }
}
