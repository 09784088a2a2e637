//! One operation in full.

use std::collections::BTreeSet;
use std::sync::Arc;

use bifrost::Kind;
use leptos::prelude::*;
use model::OpId;
use plan::{Action, Choices, Op, Plan};
use report::body;
use report::words;

use super::op_link;
use crate::host::task;
use crate::state::{Cell, Store, flow, sheets};
use crate::ui::{self, Detail, cell, facts, field_table, places};

/// The panel of the open op; nothing where none is open.
pub(super) fn detail(store: Store, plan: &Arc<Plan>) -> Option<AnyView> {
    let anchor = store.place.with(|place| place.fragment.clone());
    let id = OpId::new(anchor.strip_prefix("op-")?);
    let op = plan.op(&id)?;
    let shared = Arc::clone(plan);
    let json = Callback::new(move |()| {
        shared.op(&id).and_then(|op| serde_json::to_string_pretty(op).ok()).unwrap_or_default()
    });
    let action = sheets::action_badge(op.action);
    let mut pairs = vec![("Action", cell(&action)), ("Reason", op.reason.clone().into_any())];
    if !op.after_ops.is_empty() {
        pairs.push(("After", links(store, &op.after_ops)));
    }
    if let Some(id) = &op.target_id {
        pairs.push(("Id on the gateway", cell(&Cell::Code(id.clone()))));
    }
    pairs.push(("Read from", places(&op.origins, None)));
    // A key of this name is there and was not made by Gangway.
    let taken = plan.choices.take_over.contains(&op.id);
    if taken || (op.kind == Kind::VirtualKey && op.action == Action::Skip && op.before.is_some()) {
        pairs.push(("Take over", take_over(store, op.id.clone())));
    }
    let alone = plan.choices.leave_alone.contains(&op.id);
    if alone || (op.action == Action::Change && MAY_STAY.contains(&op.kind)) {
        pairs.push(("Leave as it is", leave_alone(store, op.id.clone())));
    }
    let (title, kind, count) =
        (op.name.clone(), op.kind.title().to_owned(), words::counted(op.fields.len(), "source field"));
    let (values, fields) = (values(op), field_table(&op.fields));
    Some(
        view! {
            <Detail title=title kind=kind json=json>
                {facts(pairs)}
                {values}
                <h3>{count}</h3>
                {fields}
            </Detail>
        }
        .into_any(),
    )
}

/// What may stay as it is where it differs.
const MAY_STAY: [Kind; 3] = [Kind::Provider, Kind::Customer, Kind::Team];

/// The choice to make the key that is there the moved one.
fn take_over(store: Store, id: OpId) -> AnyView {
    let sentence = "Make the key that is there this one: whoever holds its value may call what the plan says";
    choice(store, id, sentence, |choices| &choices.take_over, |choices| &mut choices.take_over)
}

/// The choice to write nothing to what is there.
fn leave_alone(store: Store, id: OpId) -> AnyView {
    let sentence = "Write nothing to it: its budgets, limits and settings stay its own";
    choice(store, id, sentence, |choices| &choices.leave_alone, |choices| &mut choices.leave_alone)
}

/// Whether an op is in one of the sets of the choices.
fn choice(
    store: Store,
    id: OpId,
    sentence: &'static str,
    read: fn(&Choices) -> &BTreeSet<OpId>,
    write: fn(&mut Choices) -> &mut BTreeSet<OpId>,
) -> AnyView {
    let chosen = {
        let id = id.clone();
        move || store.choices.with(|choices| read(choices).contains(&id))
    };
    let change = move |event: leptos::ev::Event| {
        let wanted = event_target_checked(&event);
        store.choices.update(|choices| {
            if wanted {
                write(choices).insert(id.clone());
            } else {
                write(choices).remove(&id);
            }
        });
        task::spawn(flow::replan(store));
    };
    let disabled = move || store.inventory.with(Option::is_none);
    view! {
        <label class="check">
            <input type="checkbox" prop:checked=chosen disabled=disabled on:change=change />
            {sentence}
        </label>
    }
    .into_any()
}

/// Links to ops.
pub(super) fn links(store: Store, ids: &[OpId]) -> AnyView {
    let items: Vec<AnyView> = ids.iter().map(|id| view! { <li>{op_link(store, id)}</li> }.into_any()).collect();
    view! { <ul class="plain">{items}</ul> }.into_any()
}

/// Before and after.
fn values(op: &Op) -> AnyView {
    let lines: Vec<(&'static str, String, Option<String>, Option<String>)>;
    let mut unchanged = 0;
    let title = match op.action {
        Action::Create => {
            let all = op.after.as_deref().map(body::lines).unwrap_or_default();
            lines = all.into_iter().map(|(path, text)| ("+", path, None, Some(text))).collect();
            "What is sent"
        }
        Action::Change => {
            let (changes, same) = body::changes(op);
            unchanged = same;
            let symbol = |change: &body::Change| match (&change.before, &change.after) {
                (None, _) => "+",
                (Some(_), None) => "-",
                (Some(_), Some(_)) => "~",
            };
            lines =
                changes.into_iter().map(|change| (symbol(&change), change.path, change.before, change.after)).collect();
            "Before and after"
        }
        Action::Same | Action::Skip => {
            let all = op.before.as_ref().map(body::lines).unwrap_or_default();
            lines = all.into_iter().map(|(path, text)| ("=", path, Some(text), None)).collect();
            "What is there"
        }
    };
    if lines.is_empty() && unchanged == 0 {
        return ().into_any();
    }
    let rows: Vec<AnyView> =
        lines.into_iter().map(|(symbol, path, before, after)| line(symbol, &path, before, after)).collect();
    view! {
        <h3>{title}</h3>
        <div class="scroll" tabindex="0" role="region" aria-label=title>
            <table class="diff">
                <caption class="hidden">{title}</caption>
                <thead class="hidden"><tr><th scope="col">"Field"</th><th scope="col">"Value"</th></tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
        {(unchanged > 0).then(|| view! { <p class="muted">{format!("{} unchanged", words::counted(unchanged, "field"))}</p> })}
    }
    .into_any()
}

fn line(symbol: &'static str, path: &str, before: Option<String>, after: Option<String>) -> AnyView {
    let word = match symbol {
        "+" => "added",
        "-" => "removed",
        "~" => "changed",
        _ => "there",
    };
    let both = before.is_some() && after.is_some();
    view! {
        <tr data-change=word>
            <th scope="row">
                <span class="symbol" aria-hidden="true">{symbol}</span>
                <span class="hidden">{word}" "</span>
                {ui::path(path)}
            </th>
            <td>
                {before.map(|text| if both {
                    view! { <del><code>{text}</code></del> }.into_any()
                } else {
                    view! { <code>{text}</code> }.into_any()
                })}
                {both.then_some(" → ")}
                {after.map(|text| if both {
                    view! { <ins><code>{text}</code></ins> }.into_any()
                } else {
                    view! { <code>{text}</code> }.into_any()
                })}
            </td>
        </tr>
    }
    .into_any()
}
