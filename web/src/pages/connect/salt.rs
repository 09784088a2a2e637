//! The salt key: read once from the input, kept in memory, tried at once.

use inventory::{Candidate, Opening};
use leptos::prelude::*;
use litellm::Secret;

use crate::host::{page, task};
use crate::state::{Store, Tone, flow, opening};
use crate::ui::{notice, place};

/// How many values that did not open are named before the rest is counted.
const SHOWN: usize = 12;

/// The section.
pub(super) fn section(store: Store) -> AnyView {
    // Another wrong key changes nothing of the opening, and still has to be answered: so the keys count too.
    let sealed = move || {
        let tried = store.keys.with(Vec::len);
        let opening = store.inventory.with(|inventory| inventory.as_ref().map(|inventory| inventory.opening.clone()));
        opening.map(|opening| result(&opening, tried, &tried_names(store)))
    };
    view! {
        <section class="card" aria-labelledby="salt-title">
            <h2 id="salt-title">"Salt key"</h2>
            <p>
                "LiteLLM seals provider keys in its database with LITELLM_SALT_KEY. It is tried here, stays in this tab's memory, and is never sent."
            </p>
            <form class="line" on:submit=move |event| {
                event.prevent_default();
                give(store);
            }>
                <label class="hidden" for="salt-kind">"Which key"</label>
                <select id="salt-kind">
                    <option value="salt key">"Salt key"</option>
                    <option value="master key">"Master key"</option>
                    <option value="another key">"Another key"</option>
                </select>
                <label class="hidden" for="salt">"Key"</label>
                <input id="salt" type="password" autocomplete="off" spellcheck="false" placeholder="Type or paste the key" />
                <button type="submit">"Try it"</button>
            </form>
            {move || given(store)}
            <div role="status">{sealed}</div>
        </section>
    }
    .into_any()
}

/// Takes the key out of the input.
fn give(store: Store) {
    let text = page::take_input("salt");
    if text.is_empty() {
        store.say("Type or paste the key first.");
        return page::focus("salt");
    }
    let name = page::input_value("salt-kind");
    store.keys.update(|keys| {
        // A second salt key corrects the first; other keys add up.
        if name == "salt key" {
            keys.retain(|key| key.name != name);
        }
        let count = keys.iter().filter(|key| key.name.starts_with(&name)).count();
        let name = if count == 0 { name } else { format!("{name} {}", count + 1) };
        // LiteLLM takes a key as it is, with the blanks around it; a paste may bring blanks that are not in it.
        let bare = text.trim();
        if bare != text {
            keys.push(Candidate { name: name.clone(), secret: Secret::new(bare.to_owned()) });
        }
        keys.push(Candidate { name, secret: Secret::new(text) });
    });
    task::spawn(flow::reopen(store));
}

/// The keys given so far, by name.
fn given(store: Store) -> Option<AnyView> {
    let names: Vec<String> = store.keys.with(|keys| keys.iter().map(|key| key.name.clone()).collect());
    if names.is_empty() {
        return None;
    }
    let items: Vec<AnyView> = names
        .into_iter()
        .map(|name| {
            let label = format!("Forget the {name}");
            let forgotten = name.clone();
            let forget = move |_| {
                store.keys.update(|keys| keys.retain(|key| key.name != forgotten));
                task::spawn(flow::reopen(store));
            };
            view! {
                <li>
                    <span>{name}</span>
                    <span class="mask" aria-hidden="true">"••••••••"</span>
                    <button type="button" class="small" aria-label=label on:click=forget>"Forget"</button>
                </li>
            }
            .into_any()
        })
        .collect();
    Some(view! { <ul class="keys">{items}</ul> }.into_any())
}

/// The keys that are tried, each once: those given, and the master key where a source shows it.
fn tried_names(store: Store) -> Vec<String> {
    let mut names: Vec<String> = flow::candidates(store).into_iter().map(|key| key.name).collect();
    names.dedup();
    names
}

/// The result at once.
fn result(opening: &Opening, tried: usize, names: &[String]) -> AnyView {
    let Some((tone, sentence)) = opening::sentence(opening, tried) else {
        return view! { <p class="muted">"Nothing that was read is sealed: no salt key is needed."</p> }.into_any();
    };
    let title = match tone {
        Tone::Ok => "Opened.",
        Tone::Bad => "Wrong key.",
        Tone::New | Tone::Warn | Tone::Quiet if opening.opened_by.is_empty() => "Still sealed.",
        Tone::New | Tone::Warn | Tone::Quiet => "Partly right.",
    };
    let by_key: Vec<AnyView> = opening::by_key(opening, names)
        .into_iter()
        .map(|(name, opened)| view! { <li><strong>{name}</strong>": "{opened}</li> }.into_any())
        .collect();
    let failed: Vec<AnyView> =
        opening.failed.iter().take(SHOWN).map(|origin| view! { <li>{place(origin, None)}</li> }.into_any()).collect();
    let more = opening.failed.len().saturating_sub(SHOWN);
    let named = tried > 0 && !failed.is_empty();
    let text = view! {
        <p id="opening">{sentence}</p>
        {(!by_key.is_empty()).then(|| view! { <ul id="by-key">{by_key}</ul> })}
        {named.then(|| view! {
            <details>
                <summary>"Which did not open"</summary>
                <ul class="plain">{failed}</ul>
                {(more > 0).then(|| format!("and {more} more"))}
            </details>
        })}
    };
    notice(tone, title, text)
}
