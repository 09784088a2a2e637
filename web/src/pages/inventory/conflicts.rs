//! Where sources disagree: both values side by side, which one is used, and why.

use std::sync::Arc;

use inventory::{Conflict, Inventory as Found, Side};
use leptos::prelude::*;
use model::SourceId;
use report::words;

use crate::host::address;
use crate::pages::inventory::is_open;
use crate::state::{Place, Query, Station, Store, sheets};
use crate::ui::{DataTable, Detail, empty, path, place};

/// The list of all conflicts.
pub(super) fn part(store: Store, inventory: &Arc<Found>) -> AnyView {
    if inventory.conflicts.is_empty() {
        return empty("No conflicts", "Where several sources show the same object, they agree on every field.", ());
    }
    let sheet = Signal::stored(Arc::new(sheets::conflicts(inventory)));
    let details = Arc::clone(inventory);
    view! {
        <p class="muted">"Two sources show the same field with different values. The one that LiteLLM itself would use is used; each row says why."</p>
        <div class="split" class:opened=move || is_open(store)>
            <div><DataTable caption="Fields on which sources disagree" noun="conflict" sheet=sheet /></div>
            {move || detail(store, &details)}
        </div>
    }
    .into_any()
}

/// The conflicts of one object, for its panel.
pub(super) fn of_object(conflicts: &[Conflict]) -> AnyView {
    if conflicts.is_empty() {
        return ().into_any();
    }
    view! { <h3>"Sources disagree"</h3>{sides(conflicts)} }.into_any()
}

fn detail(store: Store, inventory: &Arc<Found>) -> Option<AnyView> {
    let anchor = store.place.with(|place| place.fragment.clone());
    let at: usize = anchor.strip_prefix(sheets::CONFLICT)?.parse().ok()?;
    let conflict = inventory.conflicts.get(at)?;
    let entity = inventory.entities.get(&conflict.object);
    let name = entity.map_or_else(|| conflict.object.to_string(), |entity| entity.name.clone());
    let kind = entity.map_or_else(String::new, |entity| words::source_kind(entity.object.kind.word()));
    let table = sides(std::slice::from_ref(conflict));
    let link = object_link(store, &conflict.object);
    Some(view! { <Detail title=name kind=kind>{table}<p>{link}</p></Detail> }.into_any())
}

fn object_link(store: Store, id: &SourceId) -> AnyView {
    let place = Place { station: Station::Inventory, query: Query::default(), fragment: sheets::object_anchor(id) };
    let href = place.href();
    let go = move |event: leptos::ev::MouseEvent| {
        event.prevent_default();
        address::go_to(store, place.clone());
    };
    view! { <a href=href on:click=go>"The whole object"</a> }.into_any()
}

fn sides(conflicts: &[Conflict]) -> AnyView {
    let rows: Vec<AnyView> = conflicts
        .iter()
        .map(|conflict| {
            view! {
                <tr>
                    <th scope="row">{path(&conflict.field)}</th>
                    <td>{side(&conflict.won, &conflict.object)}</td>
                    <td>{side(&conflict.lost, &conflict.object)}</td>
                </tr>
                <tr class="why"><td colspan="3">{conflict.why.sentence()}</td></tr>
            }
            .into_any()
        })
        .collect();
    view! {
        <div class="scroll" tabindex="0" role="region" aria-label="Both values">
            <table class="accounting sides">
                <caption class="hidden">"Both values, and why one is used"</caption>
                <thead>
                    <tr><th scope="col">"Field"</th><th scope="col">"✓ Used"</th><th scope="col">"× Not used"</th></tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn side(side: &Side, object: &SourceId) -> AnyView {
    view! {
        <code class="value">{side.value.clone()}</code>
        <span class="of">{sheets::source_name(side.source)}", "{place(&side.origin, Some(object))}</span>
    }
    .into_any()
}
