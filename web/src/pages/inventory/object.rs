//! One object in full: where it was seen, what is known about it, and every field.

use std::sync::Arc;

use inventory::{Entity, Inventory as Found};
use leptos::prelude::*;
use litellm::{Field, Held};
use model::{Finding, Masked, SourceId};
use report::words;

use crate::pages::inventory::conflicts;
use crate::state::about::About;
use crate::state::{Store, sheets};
use crate::ui::{Detail, facts, findings_list, path, place, places};

/// The panel of the object that is open.
pub(super) fn detail(store: Store, inventory: &Arc<Found>) -> Option<AnyView> {
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
    let (disagreements, fields) = (conflicts::of_object(about.conflicts(&id)), fields(&id, entity));
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
