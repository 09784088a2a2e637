//! Reading the files a person gave.

use wasm_bindgen::JsCast as _;
use wasm_bindgen_futures::JsFuture;
use web_sys::{File, FileList, HtmlInputElement};

use crate::state::Held;

/// Files larger than this are not read at all: 64 MiB of text is no configuration.
const MOST: f64 = 64.0 * 1024.0 * 1024.0;

/// The files of a drop.
pub(crate) fn dropped(event: &leptos::ev::DragEvent) -> Option<FileList> {
    event.data_transfer()?.files()
}

/// The files of an input, which is emptied so that the same file can be chosen again.
pub(crate) fn chosen(event: &leptos::ev::Event) -> Vec<File> {
    let Some(input) = event.target().and_then(|target| target.dyn_into::<HtmlInputElement>().ok()) else {
        return Vec::new();
    };
    let files = input.files().map(|list| listed(&list)).unwrap_or_default();
    input.set_value("");
    files
}

/// A list as a vector.
pub(crate) fn listed(list: &FileList) -> Vec<File> {
    (0..list.length()).filter_map(|at| list.get(at)).collect()
}

/// Reads files to the end; a file that cannot be read is named.
pub(crate) async fn read(files: Vec<File>) -> (Vec<Held>, Vec<String>) {
    let (mut held, mut unread) = (Vec::new(), Vec::new());
    for file in files {
        let name = file.name();
        if file.size() > MOST {
            unread.push(format!("{name} is larger than 64 MiB and was not read."));
            continue;
        }
        match JsFuture::from(file.array_buffer()).await {
            Ok(buffer) => {
                let bytes = js_sys::Uint8Array::new(&buffer).to_vec();
                held.push(Held::File { name, bytes, relayed: false });
            }
            Err(_) => unread.push(format!("{name} could not be read.")),
        }
    }
    (held, unread)
}
