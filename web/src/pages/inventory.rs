//! Inventory: everything that was read, with its origin; secrets by the name of their slot only.

use std::sync::Arc;

use inventory::{Conflict, Entity, Inventory as Found};
use leptos::prelude::*;
use litellm::{Field, Held};
use model::{Finding, Masked, SourceId};
use plan::Plan;
use report::words;

use crate::pages::plan::{objects, read_again};
use crate::state::about::About;
use crate::state::{Place, Query, Sheet, Station, Store, Tone, opening, sheets};
use crate::ui::{
    DataTable, Detail, Figure, badge, empty, facts, findings_list, notice, path, place, places, summary_bar,
};

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
    let sheet = Signal::stored(Arc::new(sheets::inventory(inventory)));
    let tried = store.keys.with_untracked(Vec::len);
    let sealed = opening::sentence(&inventory.opening, tried).filter(|(tone, _)| *tone != Tone::Ok);
    let conflicts = inventory.conflicts.len();
    let details = Arc::clone(inventory);
    view! {
        {sealed.map(|(tone, sentence)| notice(tone, "Secrets.", sentence))}
        {summary(inventory.entities.len(), kinds)}
        {(conflicts > 0).then(|| notice(
            Tone::Warn,
            "Sources disagree.",
            format!("On {} two sources differ; each row says which one won.", words::counted(conflicts, "field")),
        ))}
        {findings(&inventory.findings)}
        <div class="split" class:opened=move || is_open(store)>
            <div>{table(sheet)}</div>
            {move || detail(store, &details)}
        </div>
    }
    .into_any()
}

fn restored(store: Store, plan: Arc<Plan>) -> AnyView {
    let kinds = sheets::count_kinds(plan.objects.iter().map(|object| object.kind.as_str()));
    let sheet = Signal::stored(Arc::new(sheets::objects(&plan)));
    view! {
        {notice(
            Tone::Warn,
            "This page was loaded again.",
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

/// Findings, folded when there are many.
pub(crate) fn findings(findings: &[model::Finding]) -> AnyView {
    if findings.is_empty() {
        return ().into_any();
    }
    let errors = findings.iter().filter(|finding| finding.severity == model::Severity::Error).count();
    let title = words::counted(findings.len(), "finding");
    let open = errors > 0 || findings.len() <= 3;
    view! {
        <details class="card folded" open=open>
            <summary>
                <h2>{title}</h2>
                {(errors > 0).then(|| badge(Tone::Bad, "✗", &words::counted(errors, "error")))}
            </summary>
            {findings_list(findings)}
        </details>
    }
    .into_any()
}

fn detail(store: Store, inventory: &Arc<Found>) -> Option<AnyView> {
    let anchor = store.place.with(|place| place.fragment.clone());
    let id = SourceId::new(anchor.strip_prefix("object-")?);
    let entity = inventory.entities.get(&id)?;
    let about = About::new(inventory);
    let notes: Vec<Finding> = about.findings(&id, entity).into_iter().cloned().collect();
    let kind = words::source_kind(entity.object.kind.word());
    let facts = facts(vec![
        ("Id", view! { <code>{id.to_string()}</code> }.into_any()),
        ("Seen in", sheets::seen_in(entity).into_any()),
        ("Read from", places(&entity.origins, Some(&id))),
    ]);
    let (title, count) = (entity.name.clone(), words::counted(entity.object.fields.len(), "field"));
    let (disagreements, fields) = (disagreements(about.conflicts(&id)), fields(&id, entity));
    Some(
        view! {
            <Detail title=title kind=kind>
                {facts}
                {disagreements}
                {(!notes.is_empty()).then(|| view! { <h3>{words::counted(notes.len(), "finding")}</h3>{findings_list(&notes)} })}
                <h3>{count}</h3>
                {fields}
            </Detail>
        }
        .into_any(),
    )
}

fn disagreements(conflicts: &[Conflict]) -> AnyView {
    let items: Vec<AnyView> = conflicts
        .iter()
        .map(|conflict| {
            view! {
                <li>
                    <code>{conflict.field.clone()}</code>": "
                    <code>{conflict.won.value.clone()}</code>" at "
                    {place(&conflict.won.origin, Some(&conflict.object))}" wins over "
                    <code>{conflict.lost.value.clone()}</code>" at "
                    {place(&conflict.lost.origin, Some(&conflict.object))}". "
                    {conflict.why.sentence()}
                </li>
            }
            .into_any()
        })
        .collect();
    if items.is_empty() {
        return ().into_any();
    }
    view! { <h3>"Sources disagree"</h3><ul class="plain">{items}</ul> }.into_any()
}

fn fields(id: &SourceId, entity: &Entity) -> AnyView {
    let rows: Vec<AnyView> = entity.object.fields.iter().map(|(name, field)| field_row(id, name, field)).collect();
    view! {
        <div class="scroll" tabindex="0" role="region" aria-label="Fields">
            <table class="accounting">
                <caption class="hidden">"Fields and where each was read"</caption>
                <thead><tr><th scope="col">"Field"</th><th scope="col">"Value"</th><th scope="col">"Read from"</th></tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn field_row(id: &SourceId, name: &str, field: &Field) -> AnyView {
    let value = match &field.held {
        Held::Plain(value) => view! { <code class="value">{report::body::text(value)}</code> }.into_any(),
        Held::Secret(slot) => view! {
            <span class="mask">{Masked.to_string()}</span>
            <span class="of">"secret " <code>{slot.to_string()}</code></span>
        }
        .into_any(),
    };
    view! {
        <tr>
            <th scope="row">{path(name)}</th>
            <td>{value}</td>
            <td>{place(&field.origin, Some(id))}</td>
        </tr>
    }
    .into_any()
}
