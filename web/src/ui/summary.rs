//! The summary bar.

use leptos::prelude::*;
use report::words;

use crate::state::Tone;
use crate::ui::badge::tone_name;

/// One figure of a summary.
pub(crate) struct Figure {
    /// Its colour.
    pub(crate) tone: Tone,
    /// Its symbol.
    pub(crate) symbol: &'static str,
    /// The count.
    pub(crate) count: usize,
    /// What is counted.
    pub(crate) word: String,
    /// Where a click leads, if anywhere.
    pub(crate) href: Option<String>,
}

/// A group of figures with a name.
pub(crate) fn summary_bar(title: &'static str, figures: Vec<Figure>) -> AnyView {
    let items: Vec<AnyView> = figures.into_iter().map(figure).collect();
    view! {
        <section class="summary" aria-label=title>
            <h2>{title}</h2>
            <ul>{items}</ul>
        </section>
    }
    .into_any()
}

fn figure(figure: Figure) -> AnyView {
    let inner = view! {
        <span class="symbol" aria-hidden="true">{figure.symbol}</span>
        <span class="count">{words::number(figure.count)}</span>
        <span class="word">{figure.word}</span>
    };
    let tone = if figure.count == 0 { "none" } else { tone_name(figure.tone) };
    match figure.href {
        Some(href) => view! { <li data-tone=tone><a href=href>{inner}</a></li> }.into_any(),
        None => view! { <li data-tone=tone><span>{inner}</span></li> }.into_any(),
    }
}
