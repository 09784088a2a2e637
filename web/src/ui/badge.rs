//! Marks: a symbol and a word, colour only on top.

use leptos::prelude::*;
use report::words;

use crate::state::{Cell, Tone};

/// A mark.
pub(crate) fn badge(tone: Tone, symbol: &'static str, word: &str) -> AnyView {
    view! {
        <span class="badge" data-tone=tone_name(tone)>
            <span class="symbol" aria-hidden="true">{symbol}</span>
            {word.to_owned()}
        </span>
    }
    .into_any()
}

/// A cell of a table.
pub(crate) fn cell(cell: &Cell) -> AnyView {
    match cell {
        Cell::Text(text) => text.clone().into_any(),
        Cell::Code(text) => view! { <code>{text.clone()}</code> }.into_any(),
        Cell::Count(0) => view! { <span class="zero">"0"</span> }.into_any(),
        Cell::Count(count) => words::number(*count).into_any(),
        Cell::Badge(tone, symbol, word) => badge(*tone, symbol, word),
    }
}

/// A path of names, which may break where a person would break it.
pub(crate) fn path(text: &str) -> AnyView {
    let parts: Vec<AnyView> =
        text.split_inclusive(['.', '_', '[']).map(|part| view! { {part.to_owned()}<wbr /> }.into_any()).collect();
    view! { <code>{parts}</code> }.into_any()
}

/// The name of a tone in the style sheet.
pub(crate) const fn tone_name(tone: Tone) -> &'static str {
    match tone {
        Tone::Ok => "ok",
        Tone::New => "new",
        Tone::Warn => "warn",
        Tone::Bad => "bad",
        Tone::Quiet => "quiet",
    }
}
