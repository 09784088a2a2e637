//! Taking an apply back through the relay: worked out and shown first, done only when told to.

use std::sync::Arc;

use ::apply::{End, Event, Journal, Refused, Step, Undo, UndoEngine, UndoOptions};
use leptos::prelude::*;
use plan::Plan;
use wire::{Lock, LockJournal, UnlockJournal};

use crate::host::drive::{journal, record, send, sleep, stop_was_asked};
use crate::host::relay::call;
use crate::host::{clock, kept, observe, random, storage};
use crate::state::Store;
use crate::state::undo::TakingBack;

/// Reads journal and gateway and shows what would be done. Changes nothing.
pub(crate) async fn look(store: Store, keep_door: bool) {
    store.taking_back.set(TakingBack::Reading);
    store.say("Working out what can be taken back.");
    store.taking_back.set(match worked_out(store, keep_door).await {
        Ok((undo, _, _)) => TakingBack::Shown(Arc::new(undo)),
        Err(why) => TakingBack::Refused(why),
    });
}

/// Does what was shown. Where it would be something else by now, that is shown instead.
pub(crate) async fn take_back(store: Store, keep_door: bool) {
    let TakingBack::Shown(shown) = store.taking_back.get_untracked() else { return };
    stop_was_asked();
    let holder = storage::holder(random::holder);
    if let Err(error) = call::<LockJournal>(&Lock { holder: holder.clone() }).await {
        return store.taking_back.set(TakingBack::Refused(error.words()));
    }
    let state = match worked_out(store, keep_door).await {
        Ok((undo, journal, target)) if undo == *shown => carry_out(store, &shown, journal, &target, &holder).await,
        Ok((undo, ..)) => {
            store.say("The gateway has changed meanwhile: this is what would be done now.");
            TakingBack::Shown(Arc::new(undo))
        }
        Err(why) => TakingBack::Refused(why),
    };
    // A lock that cannot be given back is said when the next apply asks for it.
    let _ = call::<UnlockJournal>(&Lock { holder }).await;
    store.taking_back.set(state);
}

/// Asks it to stop after the call under way; acknowledged at once.
pub(crate) fn stop(store: Store) {
    super::drive::ask_to_stop();
    store.taking_back.update(|state| {
        if let TakingBack::Going { stopping, .. } = state {
            *stopping = true;
        }
    });
    store.say("Stopping: finishing 1 call.");
}

async fn worked_out(store: Store, keep_door: bool) -> Result<(Undo, Journal, String), String> {
    let target = store.status().and_then(|status| status.target).ok_or("No gateway is connected.")?.name;
    let journal = journal().await?;
    let plan = plan_of(store, &journal)
        .await?
        .ok_or("The plan of this apply is not in this tab, and not beside the journal.")?;
    let observed = observe::observe(|_| ()).await?;
    let refused = |refused: Refused| format!("{refused} {}", refused.hints().join(" "));
    let undo = ::apply::undo(&plan, &journal, &target, &observed, UndoOptions { keep_door }).map_err(refused)?;
    Ok((undo, journal, target))
}

/// The plan that the journal belongs to: this tab's, or the one that the relay kept. Else the one that is shown, which is
/// then refused by name.
async fn plan_of(store: Store, journal: &Journal) -> Result<Option<Arc<Plan>>, String> {
    let shown = store.plan.get_untracked();
    let known = [store.applied.get_untracked(), store.stopped.get_untracked(), shown.clone()];
    let is_its = |plan: &Plan| journal.is_of(&::apply::fingerprint(plan));
    if let Some(known) = known.into_iter().flatten().find(|plan| is_its(plan)) {
        return Ok(Some(known));
    }
    let kept = kept::plan_of(is_its).await?;
    if kept.is_some() {
        store.applied.set(kept.clone());
    }
    Ok(kept.or(shown))
}

async fn carry_out(store: Store, undo: &Arc<Undo>, journal: Journal, target: &str, holder: &str) -> TakingBack {
    let mut engine = UndoEngine::new(Undo::clone(undo), journal, target, random::seed());
    let outcome = loop {
        if stop_was_asked() {
            engine.on(Event::Cancel, clock::now());
        }
        tell(store, undo, &engine);
        let event = match engine.step(clock::now()) {
            Step::Record(line) => record(holder, line).await,
            // An undo sends no secrets: what it puts back keeps those the gateway has.
            Step::Call(id, call) => send(id, call, |_| None).await,
            Step::Sleep(millis) => {
                sleep(millis).await;
                Event::Slept
            }
            Step::Done(outcome) => break outcome,
        };
        engine.on(event, clock::now());
    };
    store.journal.set(Some(Arc::new(engine.journal().clone())));
    let results = engine.results().clone();
    if outcome.end == End::Finished {
        // The keys that were handed out are gone with what was taken back.
        store.issued.set(Arc::default());
    }
    store.say("Taking back ended.");
    TakingBack::Ended { undo: Arc::clone(undo), end: outcome.end, note: outcome.note, results }
}

fn tell(store: Store, undo: &Arc<Undo>, engine: &UndoEngine) {
    let (done, _) = engine.progress();
    let told = store.taking_back.with_untracked(|state| match state {
        TakingBack::Going { done, stopping, .. } => Some((*done, *stopping)),
        _ => None,
    });
    if told.is_none_or(|(before, _)| before != done) {
        let stopping = told.is_some_and(|(_, stopping)| stopping);
        store.taking_back.set(TakingBack::Going { undo: Arc::clone(undo), done, stopping });
    }
}
