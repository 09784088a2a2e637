//! The plan as files to start a new gateway from.

use std::sync::Arc;

use inventory::{Opened, Vault};
use leptos::prelude::*;
use model::Finding;
use plan::Plan;
use plan::export::{Export, Files, TokenSeed};
use report::words;

use crate::host::{download, random};
use crate::state::Store;
use crate::ui::findings_list;

/// What can be downloaded.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Piece {
    Config,
    Template,
    Values,
    NewKeys,
}

/// The section: when to use which road, and the files.
pub(super) fn section(store: Store, plan: &Arc<Plan>) -> AnyView {
    let told: RwSignal<Vec<Finding>> = RwSignal::new(Vec::new());
    let seed: RwSignal<Option<[u8; 32]>> = RwSignal::new(None);
    let ready = move || store.vault.with(Option::is_some);
    let button = |piece: Piece, label: &'static str, id: &'static str| {
        let plan = Arc::clone(plan);
        let click = move |_| {
            let Some(vault) = store.vault.get_untracked() else { return };
            told.set(save(piece, &plan, &vault, seed.get_untracked()));
        };
        view! {
            <button type="button" class="small" id=id disabled=move || !ready() on:click=click>{label}</button>
        }
        .into_any()
    };
    let config = button(Piece::Config, "config.json", "export-config");
    let template = button(Piece::Template, "env.template", "export-template");
    let values = button(Piece::Values, "values.env, with secrets", "export-values");
    let keys = button(Piece::NewKeys, "new keys, to hand out", "export-keys");
    let make_keys = move |event: leptos::ev::Event| {
        seed.set(event_target_checked(&event).then(random::bytes).flatten());
    };
    view! {
        <details class="card folded" id="export">
            <summary><h2>"Start a new gateway from files"</h2></summary>
            <p>{words::roads(plan)}</p>
            {move || (!ready()).then(|| view! { <p class="muted">"Secrets are not kept over a reload: read the sources again to export."</p> })}
            <label class="check">
                <input type="checkbox" id="export-new-keys" disabled=move || !ready() prop:checked=move || seed.get().is_some() on:change=make_keys />
                <span>"Make up the new keys now, so that they can be handed out before the start. They stand in values.env."</span>
            </label>
            <p class="actions">{config}{template}{values}<span hidden=move || seed.get().is_none()>{keys}</span></p>
            <p class="muted">"config.json and env.template hold no secret. Give values.env to the gateway's environment and keep it nowhere else."</p>
            {move || { let told = told.get(); (!told.is_empty()).then(|| findings_list(&told)) }}
        </details>
    }
    .into_any()
}

/// Saves one of the files, and gives what a person has to know about them.
fn save(piece: Piece, plan: &Plan, vault: &Vault<Opened>, seed: Option<[u8; 32]>) -> Vec<Finding> {
    let seed = seed.map(TokenSeed::new);
    let Export { files, findings } = plan::export::export(plan, vault, seed.as_ref());
    if let Some(files) = files {
        offer(piece, plan, &files, vault);
    }
    findings
}

fn offer(piece: Piece, plan: &Plan, files: &Files, vault: &Vault<Opened>) {
    match piece {
        Piece::Config => download::save("config.json", "application/json", &files.config),
        Piece::Template => download::save("env.template", "text/plain", &files.template()),
        Piece::Values => download::save("values.env", "text/plain", files.values(vault).expose()),
        Piece::NewKeys => {
            let text = report::handover::tokens_csv(&files.hand_over(plan));
            download::save("gangway-new-keys.csv", "text/csv", &text);
        }
    }
}
