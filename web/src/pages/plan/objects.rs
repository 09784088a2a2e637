//! One source object: what became of it, and the choice to leave it out.

use std::sync::Arc;

use leptos::prelude::*;
use model::SourceId;
use plan::Plan;
use report::words;

use super::operation::links;
use crate::host::task;
use crate::state::{Store, flow, sheets};
use crate::ui::{Detail, cell, facts, field_table, places};

/// The panel of the open object; nothing where none is open.
pub(crate) fn detail(store: Store, plan: &Arc<Plan>) -> Option<AnyView> {
    let anchor = store.place.with(|place| place.fragment.clone());
    let id = SourceId::new(anchor.strip_prefix("object-")?);
    let object = plan.objects.iter().find(|object| object.id == id)?;
    let shared = Arc::clone(plan);
    let wanted = id.clone();
    let json = Callback::new(move |()| {
        let object = shared.objects.iter().find(|object| object.id == wanted);
        object.and_then(|object| serde_json::to_string_pretty(object).ok()).unwrap_or_default()
    });
    let mut pairs = vec![("Fate", cell(&sheets::fate_badge(object.fate)))];
    if !object.note.is_empty() {
        pairs.push(("Note", object.note.clone().into_any()));
    }
    if !object.ops.is_empty() {
        pairs.push(("Goes into", links(store, &object.ops)));
    }
    pairs.push(("Read from", places(&object.origins, Some(&object.id))));
    if RENAMED.contains(&object.kind.as_str()) {
        pairs.push(("Name on the gateway", rename(store, id.clone(), &object.name)));
    }
    pairs.push(("Leave out", leave_out(store, id)));
    let (title, kind) = (object.name.clone(), words::source_kind(&object.kind));
    let (none, fields) = (object.fields.is_empty(), field_table(&object.fields));
    Some(
        view! {
            <Detail title=title kind=kind json=json>
                {facts(pairs)}
                {(!none).then(|| view! { <h3>"Fields that no operation accounts for"</h3> })}
                {fields}
            </Detail>
        }
        .into_any(),
    )
}

/// The kinds that have a name of their own on the gateway.
const RENAMED: [&str; 4] = ["virtual_key", "team", "organization", "user"];

/// The choice of another name; an empty one is the old one.
fn rename(store: Store, id: SourceId, own: &str) -> AnyView {
    let chosen = {
        let id = id.clone();
        move || store.choices.with(|choices| choices.rename.get(&id).cloned().unwrap_or_default())
    };
    let change = move |event: leptos::ev::Event| {
        let name = event_target_value(&event).trim().to_owned();
        store.choices.update(|choices| {
            if name.is_empty() {
                choices.rename.remove(&id);
            } else {
                choices.rename.insert(id.clone(), name);
            }
        });
        task::spawn(flow::replan(store));
    };
    let disabled = move || store.inventory.with(Option::is_none);
    view! {
        <input id="rename" type="text" aria-label="Name on the gateway" placeholder=own.to_owned() prop:value=chosen disabled=disabled on:change=change />
    }
    .into_any()
}

/// The choice to leave one object out.
fn leave_out(store: Store, id: SourceId) -> AnyView {
    let chosen = {
        let id = id.clone();
        move || store.choices.with(|choices| choices.leave_out.contains(&id))
    };
    let change = move |event: leptos::ev::Event| {
        let out = event_target_checked(&event);
        store.choices.update(|choices| {
            if out {
                choices.leave_out.insert(id.clone());
            } else {
                choices.leave_out.remove(&id);
            }
        });
        task::spawn(flow::replan(store));
    };
    let disabled = move || store.inventory.with(Option::is_none);
    view! {
        <label class="check">
            <input type="checkbox" prop:checked=chosen disabled=disabled on:change=change />
            "Do not move this object"
        </label>
    }
    .into_any()
}
