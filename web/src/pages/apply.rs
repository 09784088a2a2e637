//! Apply: say what will happen, do it, show how far it is, and hand out the new keys.

mod keys;
mod undo;

use std::sync::Arc;

use leptos::prelude::*;
use plan::{Action, Plan};
use report::words;

use crate::host::{address, drive, task};
use crate::pages::of_plan;
use crate::pages::plan::read_again;
use crate::state::run::{Check, Running, elapsed, ending, left, locked, waits};
use crate::state::undo::TakingBack;
use crate::state::{Relay, Sheet, Station, Store, Target, Tone, sheets};
use crate::ui::{DataTable, notice};

/// The station.
#[component]
pub(crate) fn Apply() -> impl IntoView {
    let lead = "The plan, and only the plan. Every write is recorded first and read back afterwards.";
    let store = Store::here();
    let planless = Memo::new(move |_| store.plan.with(Option::is_none));
    view! {
        {of_plan(store, "Apply", lead, shown)}
        {move || planless.get().then(|| without_plan(store))}
    }
}

/// A tab without a plan can still take back what the journal holds.
fn without_plan(store: Store) -> AnyView {
    let listed = Memo::new(move |_| store.taking_back.with(|state| state.undo().is_some()));
    let keep_door = RwSignal::new(false);
    view! {
        {move || undo::section(store, keep_door)}
        {move || listed.get().then(|| undo::table(store))}
    }
    .into_any()
}

fn shown(store: Store, plan: &Arc<Plan>) -> AnyView {
    let begun =
        Memo::new(move |_| store.running.with(|running| !matches!(running, Running::Idle | Running::Refused(_))));
    // While an undo is looked at, it stands in the place of the apply.
    let back = Memo::new(move |_| store.taking_back.with(|state| *state != TakingBack::None));
    let listed = Memo::new(move |_| store.taking_back.with(|state| state.undo().is_some()));
    let keep_door = RwSignal::new(false);
    let (first, second, third) = (Arc::clone(plan), Arc::clone(plan), Arc::clone(plan));
    view! {
        {move || store.beside.get().map(|why| notice(Tone::Warn, "The plan of the apply:", why))}
        {move || if begun.get() || back.get() { ().into_any() } else { before(store, &first) }}
        {move || if back.get() { ().into_any() } else { state(store, &second, keep_door) }}
        {move || undo::section(store, keep_door)}
        {move || keys::section(store)}
        {move || if back.get() { ().into_any() } else { again(store) }}
        {move || if listed.get() { undo::table(store) } else { operations(store, Arc::clone(&third)) }}
    }
    .into_any()
}

/// Before the first write: what will happen, and the button.
fn before(store: Store, plan: &Arc<Plan>) -> AnyView {
    let writes = plan.writes().count();
    let reasons = hindrances(store, plan);
    let target = store.status().and_then(|status| status.target).map_or_else(String::new, |target| target.name);
    let stopped = store.stopped.get();
    let unfinished = stopped.as_ref().is_some_and(|stopped| stopped == plan);
    let other = stopped.filter(|_| !unfinished);
    let label = if unfinished {
        format!("Go on applying to {target}")
    } else {
        format!("Apply to {target}: create {}, change {}", plan.summary.create, plan.summary.change)
    };
    let ready = reasons.is_empty();
    let why = match <[String; 1]>::try_from(reasons) {
        Ok([reason]) => view! { <p id="hindrances">{reason}</p> }.into_any(),
        Err(reasons) => {
            let items: Vec<AnyView> =
                reasons.into_iter().map(|reason| view! { <li>{reason}</li> }.into_any()).collect();
            view! { <ul id="hindrances">{items}</ul> }.into_any()
        }
    };
    view! {
        {other.map(|other| earlier(store, &other, plan))}
        <section class="card" aria-labelledby="before-title">
            <h2 id="before-title">"What will happen"</h2>
            <p>{paragraph(plan, writes)}</p>
            {unfinished.then(|| notice(
                Tone::Warn,
                "There is an unfinished run of this plan.",
                "It goes on where it stopped: what is done is not done again, and what is unknown is looked up first.",
            ))}
            {(!ready).then(|| notice(Tone::Bad, "It cannot be applied now.", why))}
            {move || store.restored.get().then(|| read_again(store))}
            {ready.then(|| view! {
                <button type="button" class="primary large" id="apply" on:click=move |_| task::spawn(drive::apply(store))>
                    {label}
                </button>
            })}
        </section>
    }
    .into_any()
}

/// An apply of an earlier plan was stopped: the way to finish it.
fn earlier(store: Store, plan: &Plan, fresh: &Plan) -> AnyView {
    let locked = store.vault.with(|vault| vault.as_ref().map(|vault| locked(plan, vault)));
    let counted = words::counted(plan.writes().count(), "object");
    let what = if store.relays.get() {
        format!(
            "Another tab or command began an apply ({counted}) that was not finished, and the relay kept its plan. "
        )
    } else {
        format!("An apply of an earlier plan ({counted}) was not finished. ")
    };
    let way = match locked {
        None => view! { <p>"Secrets are not kept: read the sources again first."</p> }.into_any(),
        Some(_) if !fresh.has_sources_of(plan) => view! { <p id="other-sources">{OTHER_SOURCES}</p> }.into_any(),
        Some(0) => view! {
            <button type="button" class="primary" id="go-on" on:click=move |_| task::spawn(drive::go_on(store))>
                "Go on with it"
            </button>
        }
        .into_any(),
        Some(locked) => view! {
            <p id="waits">{waits(locked)}</p>
            <button type="button" on:click=move |_| address::go(store, Station::Connect)>"Give the salt key"</button>
        }
        .into_any(),
    };
    let text = view! {
        <p>
            {what}
            "Going on with it looks up what became of each object first, and shows the keys it made."
        </p>
        {way}
    };
    notice(Tone::Warn, "Unfinished.", text)
}

/// Why an apply cannot be gone on with: what has changed since might let somebody in who is shut out by now.
const OTHER_SOURCES: &str = "It cannot go on now: LiteLLM has changed since it began, or other sources were given. Give the same sources to go on with it, or apply the plan of now: the journal is put aside, and gangway tokens gives the keys that were made by then.";

fn paragraph(plan: &Plan, writes: usize) -> String {
    let count = |kind| plan.writes().filter(|op| op.kind == kind).count();
    let parts: Vec<String> = bifrost::Kind::ALL
        .into_iter()
        .filter(|kind| count(*kind) > 0)
        .map(|kind| match kind {
            bifrost::Kind::ClientConfig => "the gateway's settings".to_owned(),
            // Lower case, but "MCP client" keeps its capitals.
            bifrost::Kind::McpClient => words::counted(count(kind), kind.title()),
            _ => words::counted(count(kind), &kind.title().to_lowercase()),
        })
        .collect();
    if writes == 0 {
        return "Nothing: the gateway is as the plan wants it. Applying reads it back and says so.".to_owned();
    }
    format!(
        "{} are written in the order of the plan: {}. Nothing is deleted. An object of the same name that differs is left alone and named. You can stop at any time; applying again goes on from there. The last operation closes the gateway to callers without a key.",
        words::counted(writes, "object"),
        parts.join(", ")
    )
}

/// What stands in the way, in words.
fn hindrances(store: Store, plan: &Plan) -> Vec<String> {
    let mut reasons = words::refusals(plan);
    match store.relay.get() {
        Relay::Up(status) if status.target.is_none() => {
            reasons.push("No gateway is connected: start the relay with BIFROST_URL.".to_owned());
        }
        Relay::Up(_) => {
            if !store.restored.get() && !matches!(store.target.get(), Target::Read(_)) {
                reasons.push(
                    "The gateway was not read: read it on Connect, so that the plan fits what is there.".to_owned(),
                );
            }
            reasons.extend(store.before.with(|before| before.failed.clone()));
        }
        Relay::Looking => reasons.push("The relay has not answered yet.".to_owned()),
        Relay::Absent => reasons.push("This page is offline: open the link that gangway serve prints.".to_owned()),
        Relay::Down(why) => reasons.push(why),
    }
    if store.restored.get() {
        let reason = if store.shows_relays() {
            "Secrets are not kept beside the journal: read the same sources again."
        } else {
            "Secrets are not kept over a reload: read the sources again."
        };
        reasons.push(reason.to_owned());
    }
    let sealed =
        store.inventory.with(|inventory| inventory.as_ref().map_or(0, |inventory| inventory.opening.failed.len()));
    if sealed > 0 && !plan.applyable {
        reasons
            .push(format!("{} could not be opened: give the salt key on Connect.", words::counted(sealed, "secret")));
    }
    reasons
}

/// While it runs, and how it ended.
fn state(store: Store, plan: &Arc<Plan>, keep_door: RwSignal<bool>) -> AnyView {
    match store.running.get() {
        Running::Idle => ended(store, plan, "", keep_door),
        Running::Starting => {
            view! { <p class="loading" role="status">"Taking the lock and reading the journal…"</p> }.into_any()
        }
        Running::Refused(why) => refused(store, why),
        Running::Ended(_, note) => ended(store, plan, &note, keep_door),
        Running::Going { since, now, done, total, current, verifying, stopping } => {
            let left = left(since, now, done, total).filter(|_| !verifying);
            let value = if verifying { None } else { Some(done) };
            view! {
                <section class="card running" aria-labelledby="running-title">
                    <h2 id="running-title">{if verifying { "Reading back" } else { "Applying" }}</h2>
                    <progress max=total.max(1) value=value aria-labelledby="running-title"></progress>
                    <p class="figures">
                        <strong>{format!("{} of {}", words::number(done), words::number(total))}</strong>
                        <span>{format!("{} elapsed", elapsed(since, now))}</span>
                        {left.map(|left| view! { <span>{format!("about {left} left")}</span> })}
                    </p>
                    <p class="current"><code>{current}</code></p>
                    <button type="button" id="stop" disabled=stopping on:click=move |_| drive::stop(store)>
                        {if stopping { "Stopping: finishing 1 call" } else { "Stop" }}
                    </button>
                </section>
            }
            .into_any()
        }
    }
}

fn refused(store: Store, why: String) -> AnyView {
    let old = why.contains("journal aside");
    let text = view! {
        <p id="refused">{why}</p>
        {old.then(|| view! {
            <button type="button" id="rotate" on:click=move |_| task::spawn(drive::rotate(store))>
                "Put the journal aside"
            </button>
        })}
    };
    notice(Tone::Bad, "Not begun.", text)
}

/// The honest end, from the journal.
fn ended(store: Store, plan: &Arc<Plan>, note: &str, keep_door: RwSignal<bool>) -> AnyView {
    let journal = store.journal.get();
    let of_this = |journal: &Arc<::apply::Journal>| journal.is_of(&::apply::fingerprint(plan));
    let Some(journal) = journal.filter(of_this).filter(|journal| !journal.is_undoing()) else { return ().into_any() };
    let Some((tone, title, sentence)) = ending(plan, &journal) else { return ().into_any() };
    let finished = tone == Tone::Ok;
    let text = view! {
        <p id="ending">{sentence}</p>
        {(!note.is_empty()).then(|| view! { <p>{note.to_owned()}</p> })}
        <p class="actions">
            {(!finished && store.vault.with(Option::is_some)).then(|| view! {
                <button type="button" class="primary" id="go-on" on:click=move |_| task::spawn(drive::apply(store))>
                    "Apply again: go on from there"
                </button>
            })}
            <button type="button" id="verify" on:click=move |_| task::spawn(drive::verify(store))>"Verify again"</button>
            <button type="button" on:click=move |_| address::go(store, Station::Report)>"Go to the report"</button>
            {undo::button(store, keep_door)}
        </p>
    };
    notice(tone, &format!("{title}."), text)
}

/// What verifying again gave.
fn again(store: Store) -> AnyView {
    match store.check.get() {
        Check::None => ().into_any(),
        Check::Reading => view! { <p class="loading" role="status">"Reading the gateway…"</p> }.into_any(),
        Check::Failed(why) => notice(Tone::Bad, "The gateway could not be read.", why),
        Check::Done(compared, differing) if differing.is_empty() => notice(
            Tone::Ok,
            "As planned.",
            format!("{} read back just now, none differs.", words::counted(compared, "object")),
        ),
        Check::Done(compared, differing) => {
            let items: Vec<AnyView> = differing
                .iter()
                .map(|op| view! { <li>{crate::pages::plan::op_link(store, op)}</li> }.into_any())
                .collect();
            let text = view! {
                <p>{format!("{} of {} read back just now differ from the plan.", differing.len(), words::counted(compared, "object"))}</p>
                <ul class="plain">{items}</ul>
                <button type="button" on:click=move |_| task::spawn(drive::plan_again(store))>"Plan again"</button>
            };
            notice(Tone::Warn, "Changed since.", text)
        }
    }
}

fn operations(store: Store, plan: Arc<Plan>) -> AnyView {
    let any = plan.ops.iter().any(|op| op.action != Action::Skip);
    let sheet = Signal::derive(move || -> Arc<Sheet> {
        Arc::new(store.journal.with(|journal| sheets::progress(&plan, journal.as_deref())))
    });
    if !any {
        return ().into_any();
    }
    view! {
        <h2>"Operations"</h2>
        <DataTable caption="Operations and how far each is" noun="operation" sheet=sheet opens=false />
    }
    .into_any()
}
