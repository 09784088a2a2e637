//! Places: where a value was read, and what stands there, masked.

use leptos::prelude::*;
use model::{Masked, Origin, SourceId};

use crate::host::page;
use crate::state::Store;
use crate::state::excerpt::{Excerpt, Line, Shown, Sources, excerpt};
use crate::ui::path;

/// A place something was read at; pressed, it shows what stands there. `of` is the object that is looked at.
pub(crate) fn place(origin: &Origin, of: Option<&SourceId>) -> AnyView {
    let text = origin.to_string();
    if matches!(origin, Origin::Whole { .. }) {
        return view! { <code class="origin">{text}</code> }.into_any();
    }
    let store = Store::here();
    let wanted = (origin.clone(), of.cloned());
    let open = move |event: leptos::ev::MouseEvent| {
        event.stop_propagation();
        store.looking.set(Some(wanted.clone()));
        page::open_dialog("place");
    };
    view! {
        <button type="button" class="origin" title="Show what stands there, masked" on:click=open>
            <code>{text}</code>
        </button>
    }
    .into_any()
}

/// Places something was read at.
pub(crate) fn places(origins: &[Origin], of: Option<&SourceId>) -> AnyView {
    if origins.is_empty() {
        return view! { <span class="zero">"nowhere: made by the plan"</span> }.into_any();
    }
    let items: Vec<AnyView> = origins.iter().map(|origin| view! { <li>{place(origin, of)}</li> }.into_any()).collect();
    view! { <ul class="plain">{items}</ul> }.into_any()
}

/// The dialog that shows a place; what it showed is gone from the page once it is closed.
pub(crate) fn place_dialog(store: Store) -> AnyView {
    let shown = move || store.looking.get().map(|(origin, of)| look(store, &origin, of.as_ref()));
    let title = move || store.looking.with(|looking| looking.as_ref().map(|(origin, _)| origin.to_string()));
    view! {
        <dialog id="place" class="wide" aria-labelledby="place-title" on:close=move |_| store.looking.set(None)>
            <header>
                <h2 id="place-title">{title}</h2>
                <button type="button" class="close" on:click=move |_| page::close_dialog("place")>"Close"</button>
            </header>
            {shown}
        </dialog>
    }
    .into_any()
}

fn look(store: Store, origin: &Origin, of: Option<&SourceId>) -> AnyView {
    let (held, keys) = (store.held.get_untracked(), store.keys.get_untracked());
    let (Some(gathered), Some(inventory), Some(vault)) =
        (store.gathered.get_untracked(), store.inventory.get_untracked(), store.vault.get_untracked())
    else {
        return view! { <p>"Sources are not kept over a reload: read them again to see this place."</p> }.into_any();
    };
    let keys = keys.iter().map(|key| key.secret.expose()).collect();
    let sources = Sources { held: &held, gathered: &gathered, inventory: &inventory, vault: &vault, keys };
    match excerpt(&sources, origin, of) {
        Excerpt::Lines(lines) => file_lines(lines),
        Excerpt::Fields(fields) => field_rows(fields),
        Excerpt::Gone(why) => view! { <p>{why}</p> }.into_any(),
    }
}

fn file_lines(lines: Vec<Line>) -> AnyView {
    let first = lines.first().map_or(1, |line| line.number);
    let items: Vec<AnyView> = lines
        .into_iter()
        .map(|line| view! { <li aria-current=line.here.then_some("true")><code>{line.text}</code></li> }.into_any())
        .collect();
    view! {
        <ol class="lines" start=first.to_string() tabindex="0">{items}</ol>
        <p class="muted">"Secrets, and what could be one, are masked."</p>
    }
    .into_any()
}

fn field_rows(fields: Vec<Shown>) -> AnyView {
    let rows: Vec<AnyView> = fields
        .into_iter()
        .map(|field| {
            let value = match field.value {
                Some(text) => view! { <code class="value">{text}</code> }.into_any(),
                None => view! { <span class="mask">{Masked.to_string()}</span> }.into_any(),
            };
            view! {
                <tr aria-current=field.here.then_some("true")><th scope="row">{path(&field.name)}</th><td>{value}</td></tr>
            }
            .into_any()
        })
        .collect();
    view! {
        <div class="scroll" tabindex="0" role="region" aria-labelledby="place-title">
            <table class="accounting"><tbody>{rows}</tbody></table>
        </div>
        <p class="muted">"As this one source shows it. Secrets are masked; empty fields and masks of LiteLLM's own are left out."</p>
    }
    .into_any()
}
