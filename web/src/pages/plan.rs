//! Plan: what will be done, why, and what becomes of everything that was read.

mod choices;
mod export;
pub(crate) mod objects;
mod operation;

use std::sync::Arc;

use leptos::prelude::*;
use model::{Finding, OpId};
use plan::{Fidelity, Plan as Made, Verdict};
use report::words;

use crate::host::{address, download, page, proxy, task};
use crate::pages::inventory::is_open;
use crate::pages::of_plan;
use crate::state::{Before, Place, Query, Station, Store, Tone, sheets};
use crate::ui::{self, DataTable, Figure, empty, findings_list, notice, summary_bar};

/// What is said of a plan that the relay kept.
pub(crate) const BEGUN: &str = "An apply was begun elsewhere and not finished.";

/// The station.
#[component]
pub(crate) fn Plan() -> impl IntoView {
    let lead = "What will be done to the gateway, and what becomes of every field. Nothing has been written.";
    of_plan(Store::here(), "Plan", lead, shown)
}

fn shown(store: Store, plan: &Arc<Made>) -> AnyView {
    view! {
        {verdict(plan)}
        {move || store.restored.get().then(|| kept(store))}
        {move || store.unkept.get().then(|| notice(
            Tone::Warn,
            "Too large to keep.",
            "This plan does not fit into the tab's storage, so a reload starts over. Download plan.json to keep it.",
        ))}
        {move || store.before.with(before)}
        <div class="summaries">{operations(plan)}{fields(plan)}{access(plan)}</div>
        {choices::section(store, plan)}
        {downloads(plan)}
        {export::section(store, plan)}
        {tabs(store, plan)}
    }
    .into_any()
}

/// The line that a reload costs the secrets, with the way to get them back.
pub(crate) fn kept(store: Store) -> AnyView {
    let (title, what) = if store.shows_relays() {
        (BEGUN, "The relay kept its plan. Secrets are not kept: read the same sources again to go on with it.")
    } else {
        ("This plan was kept over a reload.", "Secrets are not kept: read the sources again to apply.")
    };
    let text = view! {
        <p>{what}</p>
        {read_again(store)}
    };
    notice(Tone::Warn, title, text)
}

/// Reads again what the relay is connected to; files a person has to give again.
pub(crate) fn read_again(store: Store) -> AnyView {
    let relayed = store
        .status()
        .is_some_and(|status| status.source.is_some() || status.database.is_some() || status.config_file.is_some());
    let again = move |_| {
        address::go(store, Station::Connect);
        if relayed {
            task::spawn(proxy::read_everything(store));
        }
    };
    let label = if relayed { "Read the sources again" } else { "Give the files again" };
    view! { <button type="button" id="read-again" on:click=again>{label}</button> }.into_any()
}

/// Whether it may be applied, in one sentence.
fn verdict(plan: &Made) -> AnyView {
    let (tone, title) = match (plan.applyable, plan.complete) {
        (true, true) => (Tone::Ok, "Ready."),
        (true, false) => (Tone::Warn, "Ready, with gaps."),
        (false, _) => (Tone::Bad, "Not applyable."),
    };
    let reasons = report::words::refusals(plan);
    let sentence = words::verdict_sentence(plan);
    let items: Vec<AnyView> = reasons.iter().map(|reason| view! { <li>{reason.clone()}</li> }.into_any()).collect();
    let text = view! {
        <p id="verdict">{sentence}</p>
        {(items.len() > 1).then(|| view! {
            <details><summary>"All reasons"</summary><ul>{items}</ul></details>
        })}
        <p class="muted">{format!("For Bifrost {}, from {}.", plan.made.target_version, words::counted(plan.made.sources.len(), "source"))}</p>
    };
    notice(tone, title, text)
}

/// What is not known of earlier applies.
fn before(before: &Before) -> AnyView {
    if let Some(why) = &before.failed {
        return notice(Tone::Bad, "Planned without the earlier applies.", why.clone());
    }
    if before.notes.is_empty() {
        return ().into_any();
    }
    let notes: Vec<AnyView> = before.notes.iter().map(|note| view! { <li>{note.clone()}</li> }.into_any()).collect();
    notice(Tone::Warn, "Not every earlier apply is known.", view! { <ul class="plain">{notes}</ul> })
}

fn figure(tone: Tone, symbol: &'static str, count: usize, word: &str, key: &str, value: &str, tab: &str) -> Figure {
    let mut query = Query::default();
    query.set(key, value);
    query.set("tab", tab);
    let href = Place { station: Station::Plan, query, fragment: String::new() }.href();
    Figure { tone, symbol, count, word: word.to_owned(), href: Some(href) }
}

fn operations(plan: &Made) -> AnyView {
    let summary = &plan.summary;
    let of = |tone, symbol, count, word: &str| figure(tone, symbol, count, word, "action", word, "");
    summary_bar(
        "Operations",
        vec![
            of(Tone::New, "+", summary.create, "create"),
            of(Tone::Warn, "~", summary.change, "change"),
            of(Tone::Quiet, "=", summary.same, "same"),
            of(Tone::Quiet, "-", summary.skip, "skip"),
        ],
    )
}

fn fields(plan: &Made) -> AnyView {
    let summary = &plan.summary;
    let of = |tone, symbol, count, fidelity: Fidelity| {
        figure(tone, symbol, count, fidelity.word(), "fidelity", fidelity.word(), "")
    };
    summary_bar(
        "Fields",
        vec![
            of(Tone::Ok, "=", summary.exact, Fidelity::Exact),
            of(Tone::Warn, "≈", summary.approximate, Fidelity::Approximate),
            of(Tone::Warn, "☞", summary.manual, Fidelity::Manual),
            of(Tone::Bad, "×", summary.unsupported - summary.history, Fidelity::Unsupported),
            figure(Tone::Quiet, "·", summary.history, words::HISTORY, "fidelity", words::HISTORY, ""),
        ],
    )
}

fn access(plan: &Made) -> AnyView {
    let count = |verdict| plan.access.iter().filter(|access| access.verdict == verdict).count();
    let of = |tone, symbol, verdict: Verdict, word: &str| {
        figure(tone, symbol, count(verdict), word, "verdict", word, "access")
    };
    summary_bar(
        "Access",
        vec![
            of(Tone::Ok, "=", Verdict::Equal, "equal"),
            of(Tone::Warn, "<", Verdict::Narrower, "narrower"),
            of(Tone::Bad, ">", Verdict::Wider, "wider"),
        ],
    )
}

fn downloads(plan: &Arc<Made>) -> AnyView {
    type Tell = fn(&Made) -> String;
    const OPTIONS: report::Options = report::Options { hide_names: false };
    let kinds: [(&str, &str, &str, Tell); 4] = [
        ("plan.json", "gangway-plan.json", "application/json", |plan| report::plan_json(plan)),
        ("HTML", "gangway-plan.html", "text/html", |plan| report::html(plan, None, OPTIONS)),
        ("Markdown", "gangway-plan.md", "text/markdown", |plan| report::markdown(plan, None, OPTIONS)),
        ("CSV", "gangway-plan.csv", "text/csv", |plan| report::csv(plan, None, OPTIONS)),
    ];
    let buttons: Vec<AnyView> = kinds
        .into_iter()
        .map(|(label, name, media_type, tell)| {
            let plan = Arc::clone(plan);
            view! {
                <button type="button" class="small" on:click=move |_| download::save(name, media_type, &tell(&plan))>
                    {label}
                </button>
            }
            .into_any()
        })
        .collect();
    view! { <div class="downloads" role="group" aria-label="Downloads"><span class="muted">"Download"</span>{buttons}</div> }
        .into_any()
}

fn tabs(store: Store, plan: &Arc<Made>) -> AnyView {
    let mut parts = vec![
        ("", "Operations", plan.ops.len()),
        ("access", "Access", plan.access.len()),
        ("objects", "Source objects", plan.objects.len()),
        ("findings", "Findings", plan.findings.len()),
    ];
    if !plan.gone.is_empty() {
        parts.push(("gone", "No longer in LiteLLM", plan.gone.len()));
    }
    let shown = ui::tab(store);
    let plan = Arc::clone(plan);
    view! {
        {ui::tabs(store, "Parts of the plan", &parts)}
        {move || shown.with(|tab| part(store, &plan, tab))}
    }
    .into_any()
}

fn part(store: Store, plan: &Arc<Made>, tab: &str) -> AnyView {
    let shared = Arc::clone(plan);
    match tab {
        "access" => {
            let sheet = Signal::stored(Arc::new(sheets::access(plan)));
            view! {
                <p class="muted">"Who may call what, compared name by name for each key: a plan that would give anybody more is refused."</p>
                <DataTable caption="Access of each virtual key" noun="key" sheet=sheet opens=false />
            }
            .into_any()
        }
        "objects" => {
            let sheet = Signal::stored(Arc::new(sheets::objects(plan)));
            view! {
                <div class="split" class:opened=move || is_open(store)>
                    <div><DataTable caption="What became of each source object" noun="object" sheet=sheet /></div>
                    {move || objects::detail(store, &shared)}
                </div>
            }
            .into_any()
        }
        "gone" => gone(plan),
        "findings" if plan.findings.is_empty() => {
            empty("No findings", "Nothing about this plan needs your attention.", ())
        }
        "findings" => findings_list(&plan.findings),
        _ => {
            let sheet = Signal::stored(Arc::new(sheets::operations(plan)));
            view! {
                <div class="split" class:opened=move || is_open(store)>
                    <div><DataTable caption="Operations of the plan" noun="operation" sheet=sheet /></div>
                    {move || operation::detail(store, &shared)}
                </div>
            }
            .into_any()
        }
    }
}

/// What earlier applies made and LiteLLM no longer has, in the words of the command.
fn gone(plan: &Made) -> AnyView {
    let told: Vec<Finding> =
        plan.findings.iter().filter(|finding| finding.code == plan::delta::GONE).cloned().collect();
    view! {
        <p class="muted">"Made by Gangway, and asked for by nothing in LiteLLM any more. It stays: nothing is removed from this page."</p>
        {findings_list(&told)}
    }
    .into_any()
}

/// A link to an op on this station.
pub(crate) fn op_link(store: Store, id: &OpId) -> AnyView {
    let place = Place { station: Station::Plan, query: Query::default(), fragment: sheets::op_anchor(id) };
    let href = place.href();
    let go = move |event: leptos::ev::MouseEvent| {
        event.prevent_default();
        address::go_to(store, place.clone());
        page::focus_later("detail");
    };
    view! { <a href=href on:click=go><code>{id.to_string()}</code></a> }.into_any()
}
