//! The hand-over of the new keys. Their values are in memory; one at a time is shown, and only when asked for.

use std::sync::Arc;

use leptos::prelude::*;
use model::Masked;
use report::handover;
use report::words;

use crate::host::{download, page};
use crate::state::Store;
use crate::state::store::Issued;
use crate::ui::CopyButton;

/// The section; nothing while there are no new keys.
pub(super) fn section(store: Store) -> Option<AnyView> {
    let keys = store.issued.get();
    if keys.is_empty() {
        return None;
    }
    let shown = RwSignal::new(None::<usize>);
    let rows: Vec<AnyView> = keys.iter().enumerate().map(|(at, key)| row(at, key, shown)).collect();
    let all = Arc::clone(&keys);
    let save = move |_| {
        let rows: Vec<(String, String, String)> =
            all.iter().map(|key| (key.name.clone(), key.old.clone(), key.value.expose().to_owned())).collect();
        download::save("gangway-new-keys.csv", "text/csv", &handover::tokens_csv(&rows));
        page::close_dialog("save-keys");
        store.say("The new keys were saved as a file.");
    };
    Some(
        view! {
            <section class="card" aria-labelledby="keys-title">
                <h2 id="keys-title">"New keys to hand out"</h2>
                <p>
                    {format!("The gateway made {}. ", words::counted(keys.len(), "virtual key"))}
                    "Their values are only in this tab: hand them out before you close it, or look them up in the gateway later."
                </p>
                <button type="button" id="save-keys-button" on:click=move |_| page::open_dialog("save-keys")>"Download as CSV"</button>
                <dialog id="save-keys" aria-labelledby="save-keys-title">
                    <h2 id="save-keys-title">"This file holds the keys in clear"</h2>
                    <p>"Whoever has the file can use the gateway. Keep it where you keep secrets, and delete it when the keys are handed out."</p>
                    <p class="actions">
                        <button type="button" on:click=move |_| page::close_dialog("save-keys")>"Cancel"</button>
                        <button type="button" class="primary" id="save-keys-now" on:click=save>"Save the file"</button>
                    </p>
                </dialog>
                <div class="scroll" tabindex="0" role="region" aria-label="New keys">
                    <table class="data">
                        <caption class="hidden">"New keys"</caption>
                        <thead>
                            <tr>
                                <th scope="col">"Virtual key"</th>
                                <th scope="col">"In LiteLLM"</th>
                                <th scope="col">"New value"</th>
                                <th scope="col">"Actions"</th>
                            </tr>
                        </thead>
                        <tbody>{rows}</tbody>
                    </table>
                </div>
            </section>
        }
        .into_any(),
    )
}

fn row(at: usize, key: &Issued, shown: RwSignal<Option<usize>>) -> AnyView {
    let (value, copied) = (key.value.clone(), key.value.clone());
    let open = move || shown.get() == Some(at);
    view! {
        <tr>
            <th scope="row" data-label="Virtual key"><code>{key.name.clone()}</code></th>
            <td data-label="In LiteLLM">{key.old.clone()}</td>
            <td data-label="New value">
                <code class="mask">{move || if open() { value.expose().to_owned() } else { Masked.to_string() }}</code>
            </td>
            <td data-label="Actions" class="actions">
                <CopyButton label="Copy" text=Callback::new(move |()| copied.expose().to_owned()) />
                <button
                    type="button"
                    class="small"
                    aria-pressed=move || open().to_string()
                    on:click=move |_| shown.update(|shown| *shown = if *shown == Some(at) { None } else { Some(at) })
                >
                    {move || if open() { "Hide" } else { "Show" }}
                </button>
            </td>
        </tr>
    }
    .into_any()
}
