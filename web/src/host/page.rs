//! The document: focus, title, theme, dialogs, scrolling.

use leptos::ev::{KeyboardEvent, MouseEvent};
use wasm_bindgen::JsCast as _;
use web_sys::{Document, Element, HtmlDialogElement, HtmlElement, HtmlInputElement, Window};

fn window() -> Option<Window> {
    web_sys::window()
}

fn document() -> Option<Document> {
    window()?.document()
}

fn element(id: &str) -> Option<HtmlElement> {
    document()?.get_element_by_id(id)?.dyn_into().ok()
}

/// The fragment of the address with its `#`, as it stands there.
pub(crate) fn fragment() -> String {
    window().and_then(|window| window.location().hash().ok()).unwrap_or_default()
}

/// Takes the fragment out of the address and out of the history.
pub(crate) fn forget_fragment() {
    if let Some(window) = window() {
        let path = window.location().pathname().unwrap_or_else(|_| "/".to_owned());
        replace(&path);
    }
}

/// Path, search and fragment of the address.
pub(crate) fn address() -> (String, String, String) {
    let Some(window) = window() else { return Default::default() };
    let location = window.location();
    (
        location.pathname().unwrap_or_default(),
        location.search().unwrap_or_default(),
        location.hash().unwrap_or_default(),
    )
}

/// Origin of the page, for links.
pub(crate) fn origin() -> String {
    window().and_then(|window| window.location().origin().ok()).unwrap_or_default()
}

/// Goes to an address of this page.
pub(crate) fn push(href: &str) {
    if let Some(history) = window().and_then(|window| window.history().ok()) {
        // Fails only for another origin.
        let _ = history.push_state_with_url(&wasm_bindgen::JsValue::NULL, "", Some(href));
    }
}

/// Changes the address in place.
pub(crate) fn replace(href: &str) {
    if let Some(history) = window().and_then(|window| window.history().ok()) {
        // Fails only for another origin.
        let _ = history.replace_state_with_url(&wasm_bindgen::JsValue::NULL, "", Some(href));
    }
}

/// Sets the title.
pub(crate) fn title(text: &str) {
    if let Some(document) = document() {
        document.set_title(text);
    }
}

/// Sets the theme of the page: `auto` follows the system.
pub(crate) fn theme(theme: &str) {
    if let Some(root) = document().and_then(|document| document.document_element()) {
        // Fails only for an invalid name.
        let _ = root.set_attribute("data-theme", theme);
    }
}

/// Moves the focus to the element of that id.
pub(crate) fn focus(id: &str) {
    if let Some(element) = element(id) {
        // An element that cannot take the focus leaves it where it is.
        let _ = element.focus();
    }
}

/// Moves the focus once the page has been updated.
pub(crate) fn focus_later(id: &'static str) {
    leptos::prelude::request_animation_frame(move || focus(id));
}

/// Moves the focus to the row of that anchor once the page has been updated.
pub(crate) fn focus_row_later(anchor: String) {
    leptos::prelude::request_animation_frame(move || {
        let rows = rows();
        let at = rows.iter().find(|row| row.get_attribute("data-row").is_some_and(|row| row == anchor));
        if let Some(row) = at {
            let _ = row.focus();
        }
    });
}

/// Removes what stands in the page while it loads.
pub(crate) fn remove(id: &str) {
    if let Some(element) = element(id) {
        element.remove();
    }
}

/// Scrolls to the top.
pub(crate) fn scroll_to_top() {
    if let Some(window) = window() {
        window.scroll_to_with_x_and_y(0.0, 0.0);
    }
}

/// Opens a dialog.
pub(crate) fn open_dialog(id: &str) {
    if let Some(dialog) = element(id).and_then(|element| element.dyn_into::<HtmlDialogElement>().ok())
        && !dialog.open()
    {
        // Fails only if it is open already.
        let _ = dialog.show_modal();
    }
}

/// Closes a dialog.
pub(crate) fn close_dialog(id: &str) {
    if let Some(dialog) = element(id).and_then(|element| element.dyn_into::<HtmlDialogElement>().ok()) {
        dialog.close();
    }
}

/// Reads an input once and empties it.
pub(crate) fn take_input(id: &str) -> String {
    let Some(input) = element(id).and_then(|element| element.dyn_into::<HtmlInputElement>().ok()) else {
        return String::new();
    };
    let text = input.value();
    input.set_value("");
    text
}

/// The chosen value of a list.
pub(crate) fn input_value(id: &str) -> String {
    let list = element(id).and_then(|element| element.dyn_into::<web_sys::HtmlSelectElement>().ok());
    list.map(|list| list.value()).unwrap_or_default()
}

/// Puts a text into an input.
pub(crate) fn fill_input(id: &str, text: &str) {
    if let Some(input) = element(id).and_then(|element| element.dyn_into::<HtmlInputElement>().ok()) {
        input.set_value(text);
    }
}

/// Focuses the search of the page and selects its text.
pub(crate) fn focus_search() {
    if let Some(input) = element("search").and_then(|element| element.dyn_into::<HtmlInputElement>().ok()) {
        let _ = input.focus();
        input.select();
    }
}

/// Whether a key press belongs to something else: a text being typed, a list, an open dialog, a chord.
pub(crate) fn is_taken(event: &KeyboardEvent) -> bool {
    if event.ctrl_key() || event.meta_key() || event.alt_key() || event.default_prevented() {
        return true;
    }
    let in_field = event.target().and_then(|target| target.dyn_into::<Element>().ok()).is_some_and(|element| {
        element.matches("input:not([type=checkbox]), select, textarea, dialog *").unwrap_or(false)
    });
    in_field || dialog_is_open()
}

/// Whether a dialog is open.
pub(crate) fn dialog_is_open() -> bool {
    document().is_some_and(|document| matches!(document.query_selector("dialog[open]"), Ok(Some(_))))
}

/// The anchor of the table row that was clicked, and whether it was its link.
pub(crate) fn row_of(event: &MouseEvent) -> Option<(String, bool)> {
    let target = event.target()?.dyn_into::<Element>().ok()?;
    let row = target.closest("tbody tr").ok()??;
    let link = matches!(target.closest("a"), Ok(Some(_)));
    Some((row.id(), link))
}

/// Moves the focus by one row; gives the anchor of the row it came to.
pub(crate) fn step_row(down: bool, open: &str) -> Option<String> {
    let rows = rows();
    let active = document()?.active_element();
    let anchor = |row: &HtmlElement| row.get_attribute("data-row").unwrap_or_default();
    let here = rows
        .iter()
        .position(|row| active.as_ref().is_some_and(|active| row.is_same_node(Some(active))))
        .or_else(|| rows.iter().position(|row| !open.is_empty() && anchor(row) == open));
    let next = match (here, down) {
        (None, _) => 0,
        (Some(at), true) => (at + 1).min(rows.len().saturating_sub(1)),
        (Some(at), false) => at.saturating_sub(1),
    };
    let row = rows.get(next)?;
    let _ = row.focus();
    Some(anchor(row))
}

fn rows() -> Vec<HtmlElement> {
    let Some(Ok(list)) = document().map(|document| document.query_selector_all("[data-row]")) else {
        return Vec::new();
    };
    (0..list.length()).filter_map(|at| list.get(at)?.dyn_into().ok()).collect()
}
