//! Applying through the relay: a loop with one match, no decisions. The engine says what to do next.

use std::cell::Cell;
use std::sync::Arc;

use ::apply::{BrokenChain, CallId, Engine, Event, Journal, Loss, Outcome, Phase, Printed, Step};
use bifrost::Call;
use inventory::{Opened, Vault};
use leptos::prelude::*;
use litellm::Secret;
use model::{Moment, OpId, SecretId};
use plan::Plan;
use wire::{AppendJournal, AppendLine, GetJournal, Lock, LockJournal, Nothing, RotateJournal, UnlockJournal, code};

use crate::host::relay::{CallError, ask_leaving, call};
use crate::host::{clock, kept, observe, random, storage, task};
use crate::state::run::{Check, Running};
use crate::state::store::Issued;
use crate::state::undo::TakingBack;
use crate::state::{Store, flow};

/// How often the page is told about progress, in milliseconds.
const TELL: i64 = 150;

thread_local! {
    static STOP: Cell<bool> = const { Cell::new(false) };
}

/// Applies the plan, or takes it up again.
pub(crate) async fn apply(store: Store) {
    let (Some(plan), Some(vault), Some(status)) =
        (store.plan.get_untracked(), store.vault.get_untracked(), store.status())
    else {
        return;
    };
    let Some(target) = status.target else { return };
    STOP.set(false);
    store.applied.set(Some(Arc::clone(&plan)));
    store.taking_back.set(TakingBack::None);
    store.check.set(Check::None);
    store.running.set(Running::Starting);
    store.say("Starting.");
    let holder = storage::holder(random::holder);
    if let Err(error) = call::<LockJournal>(&Lock { holder: holder.clone() }).await {
        return store.running.set(Running::Refused(error.words()));
    }
    let ended = run(store, &plan, &vault, &target.name, &holder).await;
    // A lock that cannot be given back is said when the next apply asks for it.
    let _ = call::<UnlockJournal>(&Lock { holder }).await;
    match ended {
        Ok(outcome) => {
            // As the next tab sees it.
            let unfinished =
                store.journal.with_untracked(|journal| journal.as_ref().is_some_and(|now| now.is_unfinished()));
            store.stopped.set(unfinished.then_some(plan));
            store.relays.set(false);
            let said = if outcome.note.is_empty() { "The apply ended.".to_owned() } else { outcome.note.clone() };
            store.say(said);
            store.running.set(Running::Ended(outcome.end, outcome.note));
        }
        Err(why) => store.running.set(Running::Refused(why)),
    }
}

/// Gives the lock back while the tab goes away, so that the next one need not wait until this one counts as gone.
pub(crate) fn leave() {
    ask_leaving::<UnlockJournal>(&Lock { holder: storage::holder(random::holder) });
}

/// Asks the apply to stop after the call under way; acknowledged at once.
pub(crate) fn stop(store: Store) {
    ask_to_stop();
    store.running.update(|running| {
        if let Running::Going { stopping, .. } = running {
            *stopping = true;
        }
    });
    store.say("Stopping: finishing 1 call.");
}

/// The next turn of the loop under way ends it.
pub(super) fn ask_to_stop() {
    STOP.set(true);
}

/// Whether somebody asked; asked once, it is forgotten.
pub(super) fn stop_was_asked() -> bool {
    STOP.replace(false)
}

/// Reads the journal from the relay into the store.
pub(crate) async fn read_journal(store: Store) {
    if let Ok(journal) = journal().await
        && !journal.lines.is_empty()
    {
        let is_its = |plan: &Plan| journal.is_of(&::apply::fingerprint(plan));
        if journal.is_unfinished() {
            match store.plan.get_untracked().filter(|plan| is_its(plan)) {
                Some(plan) => store.stopped.set(Some(plan)),
                // A tab that has it not is given it. What is being taken back is not gone on with.
                None if !journal.is_undoing() => kept::take_up(store, is_its).await,
                None => {}
            }
        }
        store.journal.set(Some(Arc::new(journal)));
    }
}

/// Goes on with the plan whose apply was not finished, for as long as LiteLLM is as it was.
pub(crate) async fn go_on(store: Store) {
    if let Some(plan) = store.stopped.get_untracked()
        && store.plan.with_untracked(|fresh| fresh.as_ref().is_some_and(|fresh| fresh.has_sources_of(&plan)))
    {
        store.plan.set(Some(plan));
        apply(store).await;
    }
}

/// Puts a finished journal aside.
pub(crate) async fn rotate(store: Store) {
    match call::<RotateJournal>(&Nothing {}).await {
        Ok(_) => {
            store.journal.set(None);
            store.stopped.set(None);
            store.relays.set(false);
            store.running.set(Running::Idle);
        }
        Err(error) => store.running.set(Running::Refused(error.words())),
    }
}

/// Reads the gateway again and compares it with the plan; changes nothing.
pub(crate) async fn verify(store: Store) {
    let (Some(plan), Some(journal)) = (store.plan.get_untracked(), store.journal.get_untracked()) else { return };
    store.check.set(Check::Reading);
    store.check.set(match observe::observe(|_| ()).await {
        Ok(observed) => {
            let found = ::apply::verify(&plan, &journal, &observed);
            let differing: Vec<OpId> =
                found.iter().filter(|(_, differences)| !differences.is_empty()).map(|(op, _)| op.clone()).collect();
            Check::Done(found.len(), differing)
        }
        Err(why) => Check::Failed(why),
    });
}

/// Reads the gateway again and plans again: what is left to do.
pub(crate) async fn plan_again(store: Store) {
    match observe::observe_target(store, |_| ()).await {
        Ok(_) => {
            flow::replan(store).await;
            store.say("The gateway was read again and the plan made anew.");
        }
        Err(why) => store.say(why),
    }
}

/// The relay's journal.
pub(super) async fn journal() -> Result<Journal, String> {
    let text = call::<GetJournal>(&Nothing {}).await.map_err(|error| error.words())?.text;
    let broken = |error: BrokenChain| format!("{error}. {}", error.hints().join(" "));
    Journal::read(&text).map(|(journal, _)| journal).map_err(broken)
}

async fn run(
    store: Store,
    plan: &Arc<Plan>,
    vault: &Vault<Opened>,
    target: &str,
    holder: &str,
) -> Result<Outcome, String> {
    let journal = journal().await?;
    let refused = |refused: ::apply::Refused| format!("{refused} {}", refused.hints().join(" "));
    let mut engine = Engine::of(Printed::new(Arc::clone(plan)), journal, target, random::seed()).map_err(refused)?;
    // Before the first record, so that there is no unfinished journal without its plan.
    kept::keep(store, plan, holder).await?;
    let since = clock::now();
    let mut told = Moment::from_millis(0);
    loop {
        if stop_was_asked() {
            engine.on(Event::Cancel, clock::now());
        }
        let now = clock::now();
        if now.millis() - told.millis() >= TELL {
            told = now;
            tell(store, plan, &mut engine, since);
        }
        match engine.step(now) {
            Step::Record(line) => {
                let event = record(holder, line).await;
                engine.on(event, clock::now());
            }
            Step::Call(id, call) => {
                let secret = |slot: &SecretId| vault.sent(slot);
                let event = send(id, call, secret).await;
                engine.on(event, clock::now());
            }
            Step::Sleep(millis) => {
                sleep(millis).await;
                engine.on(Event::Slept, clock::now());
            }
            Step::Done(outcome) => {
                tell(store, plan, &mut engine, since);
                return Ok(outcome);
            }
        }
    }
}

/// Puts lines into the journal.
pub(super) async fn record(holder: &str, line: String) -> Event {
    let appended = call::<AppendJournal>(&AppendLine { holder: holder.to_owned(), line }).await;
    if appended.is_ok() { Event::Recorded } else { Event::RecordFailed }
}

/// Fills the secrets in at the last moment and sends.
pub(super) async fn send(id: CallId, call: Arc<Call>, secret: impl Fn(&SecretId) -> Option<String>) -> Event {
    let mut request = Arc::unwrap_or_clone(call);
    if let Some(body) = &request.body {
        match ::apply::fill(body, secret) {
            Ok(filled) => request.body = Some(filled),
            Err(::apply::MissingSecret(slot)) => return Event::Lost(id, Loss::NoSecret(slot)),
        }
    }
    match observe::send(&request).await {
        Ok(answer) => Event::Answer(id, answer),
        Err(error) => Event::Lost(id, loss(&error)),
    }
}

/// What the relay's refusal says about whether the gateway may have seen the call: at 504 it was sent.
fn loss(error: &CallError) -> Loss {
    match error {
        CallError::Refused(504, _) | CallError::Lost(_) => Loss::Unknown,
        CallError::Refused(_, refusal) if refusal.code == code::FAULT => Loss::Unknown,
        CallError::Refused(..) => Loss::NotSent,
    }
}

/// Waits in short pieces, so that Stop is heard.
pub(super) async fn sleep(millis: u64) {
    let mut left = millis;
    while left > 0 && !STOP.get() {
        let piece = left.min(100);
        task::sleep(u32::try_from(piece).unwrap_or(100)).await;
        left -= piece;
    }
}

/// Tells the page how far it is, and takes the new keys over.
fn tell(store: Store, plan: &Plan, engine: &mut Engine, since: Moment) {
    let issued: Vec<(OpId, String, Secret)> = engine.issued();
    if !issued.is_empty() {
        store.issued.update(|all| {
            let mut keys: Vec<Issued> = all.iter().cloned().collect();
            keys.extend(issued.into_iter().map(|(op, name, value)| Issued { old: old_name(plan, &op), name, value }));
            *all = Arc::new(keys);
        });
    }
    let progress = engine.progress();
    let current = match (&progress.current, progress.phase) {
        (Some((op, words)), _) => format!("{words} {op}"),
        (None, Phase::Verifying) => "reading everything back".to_owned(),
        (None, Phase::Reading | Phase::Applying | Phase::Done) => String::new(),
    };
    let (done, total, verifying) = (progress.done, progress.total, progress.phase == Phase::Verifying);
    let stopping = store.running.with_untracked(|running| matches!(running, Running::Going { stopping: true, .. }));
    store.running.set(Running::Going { since, now: clock::now(), done, total, current, verifying, stopping });
    store.journal.set(Some(Arc::new(engine.journal().clone())));
}

/// How LiteLLM knows the key that an op moves.
fn old_name(plan: &Plan, op: &OpId) -> String {
    let object = plan.objects.iter().find(|object| object.kind == "virtual_key" && object.ops.contains(op));
    object.map(|object| object.name.clone()).unwrap_or_default()
}
