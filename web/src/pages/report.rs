//! Report: the whole story in one file, to keep, to print, to send.

use std::sync::Arc;

use ::report::words::{self, Words as _};
use ::report::{Left, Options, Run};
use apply::Journal;
use leptos::prelude::*;
use plan::{Fate, Plan};

use crate::host::download;
use crate::pages::inventory::nothing;
use crate::state::run::ending;
use crate::state::{Cell, Place, Query, Station, Store, Tone, sheets};
use crate::ui::{Figure, cell, empty, findings_list, notice, summary_bar};

/// How many things left to a person are shown here; the report has all.
const SHOWN: usize = 50;

/// How many names stand in a line itself.
const IN_LINE: usize = 4;

/// The station.
#[component]
pub(crate) fn Report() -> impl IntoView {
    let store = Store::here();
    view! {
        <header class="head">
            <h1 id="station" tabindex="-1">"Report"</h1>
            <p class="lead">"One file that reads without scripts and prints. It holds no secret."</p>
        </header>
        {move || match store.plan.get() {
            Some(plan) => shown(store, &plan, journal_of(store, &plan).as_ref()),
            None => nothing(),
        }}
    }
    .into_any()
}

/// The journal, if it is of this plan.
fn journal_of(store: Store, plan: &Plan) -> Option<Arc<Journal>> {
    let print = apply::fingerprint(plan);
    store.journal.get().filter(|journal| journal.opened().is_some_and(|(opened, _)| opened == print))
}

fn shown(store: Store, plan: &Arc<Plan>, journal: Option<&Arc<Journal>>) -> AnyView {
    let sentence = words::verdict_sentence(plan);
    let line = words::summary_line(plan);
    let end = journal.and_then(|journal| ending(plan, journal));
    let state = match end {
        Some((tone, title, sentence)) => notice(tone, &format!("{title}."), sentence),
        None if journal.is_some() => notice(Tone::Warn, "No end.", words::NO_END),
        None => notice(Tone::Quiet, "Not applied.", "This is the report of the plan; nothing was written."),
    };
    view! {
        {save(store, plan, journal)}
        {state}
        <section class="card" aria-labelledby="short-title">
            <h2 id="short-title">"In short"</h2>
            <p>{sentence}</p>
            <p class="muted">{line}</p>
            <p class="muted">{made(plan)}</p>
        </section>
        {journal.map(|journal| run_summary(plan, journal))}
        {fates(plan)}
        <h2>"Left to you"</h2>
        <div id="left">{left(&::report::left_to_you(plan), "Nothing is left to you", "Nothing needs a person.")}</div>
        <h2>"Not on the gateway"</h2>
        {left(&::report::without_counterpart(plan), "Nothing is left behind", "The gateway has a place for every object.")}
        <h2>"Findings"</h2>
        {if plan.findings.is_empty() {
            empty("No findings", "Nothing needs your attention.", ())
        } else {
            findings_list(&plan.findings)
        }}
    }
    .into_any()
}

fn made(plan: &Plan) -> String {
    let sources: Vec<&str> = plan.made.sources.iter().map(|source| source.what.as_str()).collect();
    format!("Gangway {}, for Bifrost {}. From {}.", plan.made.gangway, plan.made.target_version, sources.join("; "))
}

/// The downloads and the switch.
fn save(store: Store, plan: &Arc<Plan>, journal: Option<&Arc<Journal>>) -> AnyView {
    type Tell = fn(&Plan, Option<&Journal>, Options) -> String;
    let kinds: [(&str, &str, &str, Tell); 3] = [
        ("HTML report", "gangway-report.html", "text/html", ::report::html),
        ("Markdown", "gangway-report.md", "text/markdown", ::report::markdown),
        ("CSV", "gangway-report.csv", "text/csv", ::report::csv),
    ];
    let mut buttons: Vec<AnyView> = Vec::new();
    for (at, (label, name, media_type, tell)) in kinds.into_iter().enumerate() {
        let (plan, journal) = (Arc::clone(plan), journal.cloned());
        let class = if at == 0 { "primary" } else { "" };
        let click = move |_| {
            let options = Options { hide_names: store.hide.get_untracked() };
            download::save(name, media_type, &tell(&plan, journal.as_deref(), options));
        };
        buttons.push(view! { <button type="button" class=class on:click=click>{label}</button> }.into_any());
    }
    let data = data_buttons(store, plan, journal);
    view! {
        <section class="card" aria-labelledby="save-title">
            <h2 id="save-title">"Take it along"</h2>
            <label class="check">
                <input
                    id="hide-names"
                    type="checkbox"
                    prop:checked=move || store.hide.get()
                    on:change=move |event| store.hide.set(event_target_checked(&event))
                />
                "Hide names and e-mails, to share it with strangers"
            </label>
            <p class="actions">{buttons}</p>
            <p class="actions"><span class="muted">"Data"</span>{data}</p>
        </section>
    }
    .into_any()
}

fn data_buttons(store: Store, plan: &Arc<Plan>, journal: Option<&Arc<Journal>>) -> Vec<AnyView> {
    let button = |label: &'static str,
                  name: &'static str,
                  media_type: &'static str,
                  text: Box<dyn Fn() -> String + Send + Sync>| {
        view! { <button type="button" class="small" on:click=move |_| download::save(name, media_type, &text())>{label}</button> }.into_any()
    };
    let hidden = move |plan: &Plan, journal: Option<&Journal>| {
        let hide = store.hide.get_untracked();
        if hide { ::report::hide_names(plan, journal) } else { (plan.clone(), journal.cloned()) }
    };
    let shared = Arc::clone(plan);
    let json = move || ::report::plan_json(&hidden(&shared, None).0);
    let mut buttons = vec![button("plan.v1 JSON", "gangway-plan.json", "application/json", Box::new(json))];
    if let Some(journal) = journal {
        let (shared, lines) = (Arc::clone(plan), Arc::clone(journal));
        let json = move || {
            let (plan, journal) = hidden(&shared, Some(&lines));
            ::report::report_json(&plan, &journal.unwrap_or_default())
        };
        buttons.push(button("report.v1 JSON", "gangway-report.json", "application/json", Box::new(json)));
        let lines = Arc::clone(journal);
        buttons.push(button(
            "Journal",
            "gangway-journal.jsonl",
            "application/x-ndjson",
            Box::new(move || lines.text()),
        ));
    }
    buttons
}

fn run_summary(plan: &Plan, journal: &Journal) -> AnyView {
    let counts = Run::of(plan, journal).counts;
    let figure = |tone, symbol, count, word: &str| Figure { tone, symbol, count, word: word.to_owned(), href: None };
    summary_bar(
        "What happened",
        vec![
            figure(Tone::Ok, "+", counts.created, "created"),
            figure(Tone::Ok, "~", counts.changed, "changed"),
            figure(Tone::Quiet, "=", counts.same, "same"),
            figure(Tone::Ok, "✓", counts.verified, "read back as planned"),
            figure(Tone::Bad, "≠", counts.differing, "read back different"),
            figure(Tone::Warn, "!", counts.conflict + counts.blocked, "left alone or blocked"),
            figure(Tone::Bad, "✗", counts.failed, "failed"),
            figure(Tone::Warn, "·", counts.not_reached, "not reached"),
        ],
    )
}

fn fates(plan: &Plan) -> AnyView {
    let figures = [Fate::Moved, Fate::Folded, Fate::Skipped, Fate::Manual, Fate::Unsupported].map(|fate| {
        let count = plan.objects.iter().filter(|object| object.fate == fate).count();
        let mut query = Query::default();
        query.set("tab", "objects");
        query.set("fate", sheets::fate_word(fate));
        let href = Place { station: Station::Plan, query, fragment: String::new() }.href();
        let (tone, symbol) = match sheets::fate_badge(fate) {
            Cell::Badge(tone, symbol, _) => (tone, symbol),
            Cell::Text(_) | Cell::Code(_) | Cell::Count(_) => (Tone::Quiet, ""),
        };
        Figure { tone, symbol, count, word: fate.title().to_lowercase(), href: Some(href) }
    });
    summary_bar("Source objects", figures.into_iter().collect())
}

/// What does not arrive by itself, in the lines of the report.
fn left(lines: &[Left], none: &'static str, none_means: &'static str) -> AnyView {
    if lines.is_empty() {
        return empty(none, none_means, ());
    }
    let items: Vec<AnyView> = lines.iter().take(SHOWN).map(left_line).collect();
    let more = lines.len().saturating_sub(SHOWN);
    view! {
        <ul class="findings">{items}</ul>
        {(more > 0).then(|| view! { <p class="muted">{format!("and {more} more; the report has them all")}</p> })}
    }
    .into_any()
}

fn left_line(line: &Left) -> AnyView {
    let field = (!line.field.is_empty()).then(|| view! { " "<code>{line.field.clone()}</code> });
    let hints: Vec<AnyView> = line.hints.iter().map(|hint| view! { <li>{hint.clone()}</li> }.into_any()).collect();
    let is_short = line.count <= IN_LINE;
    let names = is_short.then(|| format!(" {}", line.names));
    let which = (!is_short).then(|| {
        view! { <details><summary>"Which"</summary><p class="muted">{line.names.clone()}</p></details> }
    });
    view! {
        <li>
            {cell(&sheets::fidelity_badge(line.fidelity))}
            <div>
                <p><strong>{line.whose.clone()}</strong>{names}{field}</p>
                <p>{line.note.clone()}</p>
                {(!hints.is_empty()).then(|| view! { <ul class="hints">{hints}</ul> })}
                {which}
            </div>
        </li>
    }
    .into_any()
}
