//! One operation in full.

use std::sync::Arc;

use leptos::prelude::*;
use model::OpId;
use plan::{Action, Op, Plan};
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
    if taken || (op.kind == bifrost::Kind::VirtualKey && op.action == Action::Skip && op.before.is_some()) {
        pairs.push(("Take over", take_over(store, op.id.clone())));
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

/// The choice to make the key that is there the moved one.
fn take_over(store: Store, id: OpId) -> AnyView {
    let chosen = {
        let id = id.clone();
        move || store.choices.with(|choices| choices.take_over.contains(&id))
    };
    let change = move |event: leptos::ev::Event| {
        let taken = event_target_checked(&event);
        store.choices.update(|choices| {
            if taken {
                choices.take_over.insert(id.clone());
            } else {
                choices.take_over.remove(&id);
            }
        });
        task::spawn(flow::replan(store));
    };
    let disabled = move || store.inventory.with(Option::is_none);
    view! {
        <label class="check">
            <input type="checkbox" prop:checked=chosen disabled=disabled on:change=change />
            "Make the key that is there this one: whoever holds its value may call what the plan says"
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
            let all = op.after.as_ref().map(body::lines).unwrap_or_default();
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
