//! Inventory: everything that was read, with its origin; secrets by the name of their slot only.

mod conflicts;
mod object;

use std::sync::Arc;

use inventory::{Gap, Inventory as Found};
use leptos::prelude::*;
use model::Severity;
use plan::Plan;
use report::words;

use crate::pages::plan::{BEGUN, objects, read_again};
use crate::state::{Place, Query, Sheet, Station, Store, Tone, opening, sheets};
use crate::ui::{self, DataTable, Figure, badge, empty, findings_list, notice, summary_bar};

/// The station.
#[component]
pub(crate) fn Inventory() -> impl IntoView {
    let store = Store::here();
    view! {
        <header class="head">
            <h1 id="station" tabindex="-1">"Inventory"</h1>
            <p class="lead">"What your LiteLLM proxy holds, joined from all sources. Every value knows where it was read."</p>
        </header>
        {move || match store.inventory.get() {
            Some(inventory) => found(store, &inventory),
            None => without(store),
        }}
    }
    .into_any()
}

/// The station while there is no inventory.
fn without(store: Store) -> AnyView {
    match (store.plan.get(), store.busy.get()) {
        (Some(plan), _) => restored(store, plan),
        (None, Some(what)) => view! { <p class="loading" role="status">{what}"…"</p> }.into_any(),
        (None, None) => nothing(),
    }
}

/// What stands on later stations while nothing was read.
pub(crate) fn nothing() -> AnyView {
    let link = view! { <p><a class="button primary" href=Station::Connect.path()>"Go to Connect"</a></p> };
    empty("Nothing was read yet", "Drop a config.yaml or read a running proxy on the first station.", link)
}

fn found(store: Store, inventory: &Arc<Found>) -> AnyView {
    let kinds = sheets::count_kinds(inventory.entities.values().map(|entity| entity.object.kind.word()));
    let tried = store.keys.with_untracked(Vec::len);
    let sealed = opening::sentence(&inventory.opening, tried).filter(|(tone, _)| *tone != Tone::Ok);
    let errors = inventory.findings.iter().filter(|finding| finding.severity == Severity::Error).count();
    let parts = [
        ("", "Objects", inventory.entities.len()),
        ("conflicts", "Sources disagree", inventory.conflicts.len()),
        ("findings", "Findings", inventory.findings.len()),
    ];
    let shown = ui::tab(store);
    let parted = Arc::clone(inventory);
    view! {
        {sealed.map(|(tone, sentence)| notice(tone, "Secrets.", sentence))}
        {(errors > 0).then(|| notice(
            Tone::Bad,
            "Not all of it could be used.",
            ui::tab_link(store, "findings", format!("See {}", words::counted(errors, "error"))),
        ))}
        {gaps(&inventory.gaps)}
        {summary(inventory.entities.len(), kinds)}
        {ui::tabs(store, "Parts of the inventory", &parts)}
        {move || shown.with(|tab| part(store, &parted, tab))}
    }
    .into_any()
}

fn part(store: Store, inventory: &Arc<Found>, tab: &str) -> AnyView {
    let details = Arc::clone(inventory);
    match tab {
        "conflicts" => conflicts::part(store, inventory),
        "findings" if inventory.findings.is_empty() => {
            empty("No findings", "Nothing about what was read needs your attention.", ())
        }
        "findings" => findings_list(&inventory.findings),
        _ => {
            let sheet = Signal::stored(Arc::new(sheets::inventory(inventory)));
            view! {
                <div class="split" class:opened=move || is_open(store)>
                    <div>{table(sheet)}</div>
                    {move || object::detail(store, &details)}
                </div>
            }
            .into_any()
        }
    }
}

/// What is missing, what that means, and what would close it.
pub(crate) fn gaps(gaps: &[Gap]) -> AnyView {
    if gaps.is_empty() {
        return ().into_any();
    }
    let items: Vec<AnyView> = gaps
        .iter()
        .map(|gap| {
            let count = match gap.of {
                0 => "not known".to_owned(),
                of => format!("{} of {}", words::number(gap.count), words::number(of)),
            };
            view! {
                <li>
                    {badge(Tone::Warn, "?", &count)}
                    <div>
                        <p>{gap.means.clone()}</p>
                        <ul class="hints"><li>{gap.hint}</li></ul>
                    </div>
                </li>
            }
            .into_any()
        })
        .collect();
    view! {
        <section aria-labelledby="gaps-title">
            <h2 id="gaps-title">"What is missing"</h2>
            <ul class="findings gaps">{items}</ul>
        </section>
    }
    .into_any()
}

fn restored(store: Store, plan: Arc<Plan>) -> AnyView {
    let kinds = sheets::count_kinds(plan.objects.iter().map(|object| object.kind.as_str()));
    let sheet = Signal::stored(Arc::new(sheets::objects(&plan)));
    view! {
        {notice(
            Tone::Warn,
            if store.shows_relays() { BEGUN } else { "This page was loaded again." },
            view! {
                <p>"Values are not kept: these are the objects of the saved plan."</p>
                {read_again(store)}
            },
        )}
        {summary(plan.objects.len(), kinds)}
        <div class="split" class:opened=move || is_open(store)>
            <div>{table(sheet)}</div>
            {move || objects::detail(store, &plan)}
        </div>
    }
    .into_any()
}

fn table(sheet: Signal<Arc<Sheet>>) -> AnyView {
    view! { <DataTable caption="Objects of the LiteLLM deployment" noun="object" sheet=sheet /> }.into_any()
}

/// Whether a row is open.
pub(crate) fn is_open(store: Store) -> bool {
    store.place.with(|place| !place.fragment.is_empty())
}

fn summary(total: usize, kinds: Vec<(String, usize)>) -> AnyView {
    let figures = kinds.into_iter().map(|(kind, count)| {
        let mut query = Query::default();
        query.set("kind", &kind);
        let place = Place { station: Station::Inventory, query, fragment: String::new() };
        let word = words::plural(count, &words::source_kind(&kind));
        Figure { tone: Tone::Quiet, symbol: "", count, word, href: Some(place.href()) }
    });
    let all = Figure {
        tone: Tone::New,
        symbol: "",
        count: total,
        word: "objects".to_owned(),
        href: Some(Station::Inventory.path().to_owned()),
    };
    summary_bar("By kind", std::iter::once(all).chain(figures).collect())
}
