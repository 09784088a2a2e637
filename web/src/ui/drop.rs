//! Giving files: by a button, by the keyboard, or by dropping them.

use leptos::ev::DragEvent;
use leptos::prelude::*;
use web_sys::File;

use crate::host::files;

/// A place to drop files on, with a button that opens the file dialog.
#[component]
pub(crate) fn FileDrop(
    /// What happens with the files.
    #[prop(into)]
    on_files: Callback<Vec<File>>,
) -> impl IntoView {
    let over = RwSignal::new(false);
    let drop = move |event: DragEvent| {
        event.prevent_default();
        over.set(false);
        if let Some(list) = files::dropped(&event) {
            on_files.run(files::listed(&list));
        }
    };
    let drag = move |event: DragEvent| {
        event.prevent_default();
        over.set(true);
    };
    view! {
        <div class="drop" class:over=over on:drop=drop on:dragover=drag on:dragleave=move |_| over.set(false)>
            <p>"Drop files here, or"</p>
            <label class="button">
                "Choose files"
                <input
                    id="files"
                    class="hidden"
                    type="file"
                    multiple
                    accept=".yaml,.yml,.json,.sql,.txt,.dump"
                    on:change=move |event| on_files.run(files::chosen(&event))
                />
            </label>
        </div>
    }
    .into_any()
}
