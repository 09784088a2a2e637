//! What the user may decide, shown where it matters.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::sync::Arc;

use leptos::prelude::*;
use model::OpId;
use plan::{ExpiryChoice, Plan, UserChoice, WildcardChoice};
use report::words::Words as _;

use crate::host::task;
use crate::state::{Store, flow};

const EXPIRY: [ExpiryChoice; 3] = [ExpiryChoice::Inactive, ExpiryChoice::LeaveOut, ExpiryChoice::Open];
const USERS: [UserChoice; 2] = [UserChoice::Customers, UserChoice::Manual];
const WILDCARDS: [WildcardChoice; 3] = [WildcardChoice::Best, WildcardChoice::Names, WildcardChoice::Manual];

/// The section.
pub(super) fn section(store: Store, plan: &Arc<Plan>) -> AnyView {
    let (expires, partial) = (asks_for_expiry(plan), partial_sources(plan));
    let asks = expires || partial.iter().any(|name| !plan.choices.accept_partial.contains(name));
    let users = plan.objects.iter().any(|object| object.kind == "user");
    let disabled = move || store.inventory.with(Option::is_none);
    let out: Vec<AnyView> = plan.choices.leave_out.iter().map(|id| left_out(store, id)).collect();
    let none = out.is_empty();
    let renamed = pairs_of(store, &plan.choices.rename, "Keep its own name", |choices| &mut choices.rename);
    let mapped = pairs_of(store, &plan.choices.map_provider, "Do not map it", |choices| &mut choices.map_provider);
    let taken = set_of(store, &plan.choices.take_over, "Leave it alone", |choices| &mut choices.take_over);
    let alone = set_of(store, &plan.choices.leave_alone, "Change it", |choices| &mut choices.leave_alone);
    view! {
        <details class="card folded choices" open=asks>
            <summary><h2>"Choices"</h2>{asks.then(|| view! { <span class="badge" data-tone="bad">"a decision is missing"</span> })}</summary>
            <fieldset disabled=disabled>
                <legend class="hidden">"Choices"</legend>
                {partial.into_iter().map(|name| accept(store, name)).collect::<Vec<AnyView>>()}
                {(expires || plan.choices.expiring_keys.is_some()).then(|| expiry(store))}
                {users.then(|| user_choice(store))}
                {has_wildcards(plan).then(|| wildcard_choice(store))}
                {text(store, "default-provider", "Default provider", "For models whose provider LiteLLM itself would not name.",
                    |choices| &choices.default_provider, |choices, text| choices.default_provider = text)}
                {text(store, "budget-window", "Window of budgets that never reset", "In the gateway's form, such as 10Y.",
                    |choices| &choices.max_budget_period, |choices, text| choices.max_budget_period = text)}
                <div class="choice">
                    <p class="label">"Left out"</p>
                    {none.then(|| view! { <p class="muted">"Nothing. Open a source object to leave it out."</p> })}
                    <ul class="plain">{out}</ul>
                </div>
                {mapping(store)}
                {group("Renamed", renamed)}
                {group("Mapped providers", mapped)}
                {group("Taken over", taken)}
                {group("Left as they are", alone)}
            </fieldset>
        </details>
    }
    .into_any()
}

/// Whether a model's name is a pattern.
fn has_wildcards(plan: &Plan) -> bool {
    plan.objects.iter().any(|object| object.kind == "deployment" && object.name.contains('*'))
}

/// Whether the plan waits for the decision about keys with an expiry.
fn asks_for_expiry(plan: &Plan) -> bool {
    plan.choices.expiring_keys.is_none()
        && plan
            .findings
            .iter()
            .any(|finding| finding.code.as_str().contains("expir") && finding.severity == model::Severity::Error)
}

/// The sources of which only a part was read, by the names they are accepted under.
fn partial_sources(plan: &Plan) -> BTreeSet<String> {
    let partial = plan.findings.iter().filter(|finding| finding.code == plan::PARTIAL);
    partial.map(|finding| finding.subject.clone()).collect()
}

fn accept(store: Store, name: String) -> AnyView {
    let label = format!("Only a part of {name} was read");
    let chosen = {
        let name = name.clone();
        move || store.choices.with(|choices| choices.accept_partial.contains(&name))
    };
    let change = move |event: leptos::ev::Event| {
        let (wanted, name) = (event_target_checked(&event), name.clone());
        decide(store, move |choices| {
            if wanted {
                choices.accept_partial.insert(name);
            } else {
                choices.accept_partial.remove(&name);
            }
        });
    };
    view! {
        <fieldset class="choice partial">
            <legend>{label}</legend>
            <label class="check">
                <input type="checkbox" prop:checked=chosen on:change=change />
                "Plan without the rest: what was not read will be missing on the gateway."
            </label>
        </fieldset>
    }
    .into_any()
}

fn decide(store: Store, change: impl FnOnce(&mut plan::Choices)) {
    store.choices.update(change);
    task::spawn(flow::replan(store));
}

fn expiry(store: Store) -> AnyView {
    let items: Vec<AnyView> = EXPIRY
        .into_iter()
        .map(|choice| {
            let chosen = move || store.choices.with(|choices| choices.expiring_keys == Some(choice));
            radio(store, "expiring", choice.title(), choice.sentence(), chosen, move |choices| {
                choices.expiring_keys = Some(choice);
            })
        })
        .collect();
    view! {
        <fieldset class="choice" id="expiring-keys">
            <legend>"Keys with an expiry, which this gateway drops"</legend>
            {items}
        </fieldset>
    }
    .into_any()
}

fn user_choice(store: Store) -> AnyView {
    let items: Vec<AnyView> = USERS
        .into_iter()
        .map(|choice| {
            let chosen = move || store.choices.with(|choices| choices.users == choice);
            radio(store, "users", choice.title(), choice.sentence(), chosen, move |choices| choices.users = choice)
        })
        .collect();
    view! {
        <fieldset class="choice"><legend>"Users, where the gateway has none"</legend>{items}</fieldset>
    }
    .into_any()
}

fn wildcard_choice(store: Store) -> AnyView {
    let items: Vec<AnyView> = WILDCARDS
        .into_iter()
        .map(|choice| {
            let chosen = move || store.choices.with(|choices| choices.wildcards == choice);
            radio(store, "wildcards", choice.title(), choice.sentence(), chosen, move |choices| {
                choices.wildcards = choice;
            })
        })
        .collect();
    view! {
        <fieldset class="choice"><legend>"Models whose name is a pattern, such as openai/*"</legend>{items}</fieldset>
    }
    .into_any()
}

fn radio(
    store: Store,
    name: &'static str,
    title: &'static str,
    sentence: &'static str,
    chosen: impl Fn() -> bool + Send + Sync + 'static,
    choose: impl Fn(&mut plan::Choices) + Copy + Send + Sync + 'static,
) -> AnyView {
    view! {
        <label class="check">
            <input type="radio" name=name prop:checked=chosen on:change=move |_| decide(store, choose) />
            <span><strong>{title}</strong>" "{sentence}</span>
        </label>
    }
    .into_any()
}

fn text(
    store: Store,
    id: &'static str,
    title: &'static str,
    sentence: &'static str,
    read: fn(&plan::Choices) -> &String,
    write: fn(&mut plan::Choices, String),
) -> AnyView {
    let set = move |event: leptos::ev::Event| {
        let text = event_target_value(&event).trim().to_owned();
        if !text.is_empty() {
            decide(store, |choices| write(choices, text));
        }
    };
    view! {
        <div class="choice">
            <label class="label" for=id>{title}</label>
            <input id=id type="text" prop:value=move || store.choices.with(|choices| read(choices).clone()) on:change=set />
            <p class="muted">{sentence}</p>
        </div>
    }
    .into_any()
}

/// A field that maps a provider onto one of the gateway's own.
fn mapping(store: Store) -> AnyView {
    let set = move |event: leptos::ev::Event| {
        let text = event_target_value(&event);
        if let Some((from, to)) = text.split_once('=') {
            let (from, to) = (from.trim().to_owned(), to.trim().to_owned());
            decide(store, move |choices| drop(choices.map_provider.insert(from, to)));
        }
    };
    view! {
        <div class="choice">
            <label class="label" for="map-provider">"Map a provider"</label>
            <input id="map-provider" type="text" placeholder="together_ai=openai" on:change=set />
            <p class="muted">"A provider of the gateway's own for models of one it does not know; their keys are sent there."</p>
        </div>
    }
    .into_any()
}

/// Choices of one sort; nothing where there are none.
fn group(title: &'static str, items: Vec<AnyView>) -> Option<AnyView> {
    (!items.is_empty()).then(|| {
        view! { <div class="choice"><p class="label">{title}</p><ul class="plain">{items}</ul></div> }.into_any()
    })
}

/// The pairs of a map, each with the way back.
fn pairs_of<K: Clone + Ord + Display + Send + Sync + 'static>(
    store: Store,
    pairs: &BTreeMap<K, String>,
    label: &'static str,
    of: fn(&mut plan::Choices) -> &mut BTreeMap<K, String>,
) -> Vec<AnyView> {
    let one = |(from, to): (&K, &String)| {
        let undo = from.clone();
        taken_back(store, format!("{from} → {to}"), label, move |choices| {
            of(choices).remove(&undo);
        })
    };
    pairs.iter().map(one).collect()
}

/// The ops of a set, each with the way back.
fn set_of(
    store: Store,
    ids: &BTreeSet<OpId>,
    label: &'static str,
    of: fn(&mut plan::Choices) -> &mut BTreeSet<OpId>,
) -> Vec<AnyView> {
    let one = |id: &OpId| {
        let undo = id.clone();
        taken_back(store, id.to_string(), label, move |choices| {
            of(choices).remove(&undo);
        })
    };
    ids.iter().map(one).collect()
}

/// A choice with the way back.
fn taken_back(
    store: Store,
    what: String,
    label: &'static str,
    undo: impl Fn(&mut plan::Choices) + Send + Sync + 'static,
) -> AnyView {
    let spoken = format!("{label}: {what}");
    view! {
        <li><code>{what}</code>" "<button type="button" class="small" aria-label=spoken on:click=move |_| decide(store, &undo)>{label}</button></li>
    }
    .into_any()
}

fn left_out(store: Store, id: &model::SourceId) -> AnyView {
    let label = format!("Move {id} after all");
    let name = id.to_string();
    let id = id.clone();
    let undo = move |_| {
        let id = id.clone();
        decide(store, move |choices| {
            choices.leave_out.remove(&id);
        });
    };
    view! {
        <li><code>{name}</code>" "<button type="button" class="small" aria-label=label on:click=undo>"Move it after all"</button></li>
    }
    .into_any()
}
