//! The data table: search, facets, sorting, paging, and rows that open. What it shows is chosen by
//! `state::sheet::select`; what is chosen lives in the address.

use std::sync::Arc;

use leptos::ev::MouseEvent;
use leptos::prelude::*;
use report::words;

use crate::host::{address, page, task};
use crate::state::sheet::{Column, Facet, Row, SIZES, Selected, order, select};
use crate::state::{Filter, Sheet, Store};
use crate::ui::{cell, empty};

/// A table of a sheet.
#[component]
pub(crate) fn DataTable(
    /// What the table holds, for its caption.
    caption: &'static str,
    /// What a row is called: `operation`.
    noun: &'static str,
    /// The rows.
    #[prop(into)]
    sheet: Signal<Arc<Sheet>>,
    /// Whether rows open.
    #[prop(default = true)]
    opens: bool,
) -> impl IntoView {
    let store = Store::here();
    let filter = Memo::new(move |_| store.place.with(|place| sheet.with(|sheet| Filter::read(&place.query, sheet))));
    let open = Memo::new(move |_| store.place.with(|place| place.fragment.clone()));
    let sort = Memo::new(move |_| filter.with(|filter| filter.sort));
    let order = Memo::new(move |_| sheet.with(|sheet| order(sheet, sort.get())));
    let selected = Memo::new(move |_| {
        sheet.with(|sheet| {
            order.with(|order| filter.with(|filter| open.with(|open| select(sheet, order, filter, open))))
        })
    });
    let rows = Rows { shown: RwSignal::new(CHUNKS), turn: RwSignal::new(0) };
    // A memo, so that the frame stays (and with it focus and scrolling) while rows come and go.
    let filled = Memo::new(move |_| {
        (sheet.with(|sheet| sheet.rows.is_empty()), selected.with(|selected| selected.matching == 0))
    });
    view! {
        <div class="sheet">
        <div class="tools" role="search">
            <label class="search">
                <span class="hidden">{format!("Search {}", words::plural(2, noun))}</span>
                <input
                    id="search"
                    type="search"
                    placeholder="Search"
                    autocomplete="off"
                    spellcheck="false"
                    prop:value=move || store.place.with(|place| place.query.get("q").to_owned())
                    on:input=move |event| {
                        let typed = event_target_value(&event);
                        rows.change(move || address::set_query(store, &[("q", &typed), ("page", "")]));
                    }
                />
            </label>
            {move || sheet.with(|sheet| sheet.facets.iter().enumerate().map(|(at, facet)| {
                facet_select(store, rows, at, facet, filter, selected)
            }).collect::<Vec<_>>())}
            <p class="counted" aria-live="polite">{move || counted(sheet, selected, noun)}</p>
            {move || filter.with(Filter::narrows).then(|| view! {
                <button type="button" class="small" on:click=move |_| clear(store, sheet)>"Show all"</button>
            })}
        </div>
        {move || match filled.get() {
            (true, _) => empty("Nothing here", "There is nothing of this kind.", ()),
            (_, true) => empty("Nothing matches", "No row matches this search and these filters.", ()),
            (false, false) => frame(store, rows, caption, sheet, filter, selected, open, opens),
        }}
        {move || pager(store, selected, filter)}
        </div>
    }
    .into_any()
}

fn counted(sheet: Signal<Arc<Sheet>>, selected: Memo<Selected>, noun: &'static str) -> String {
    let (all, matching) = (sheet.with(|sheet| sheet.rows.len()), selected.with(|selected| selected.matching));
    if all == matching {
        return words::counted(all, noun);
    }
    format!("{} of {}", words::number(matching), words::counted(all, noun))
}

fn clear(store: Store, sheet: Signal<Arc<Sheet>>) {
    let mut pairs = vec![("q", ""), ("page", "")];
    sheet.with_untracked(|sheet| pairs.extend(sheet.facets.iter().map(|facet| (facet.key, ""))));
    address::set_query(store, &pairs);
}

fn facet_select(
    store: Store,
    rows: Rows,
    at: usize,
    facet: &Facet,
    filter: Memo<Filter>,
    selected: Memo<Selected>,
) -> AnyView {
    let key = facet.key;
    let options: Vec<AnyView> = facet
        .words
        .iter()
        .enumerate()
        .map(|(index, (word, name))| {
            let (word, name, value) = (word.clone(), name.clone(), word.clone());
            let chosen = move || filter.with(|filter| filter.facets.get(at).is_some_and(|chosen| *chosen == word));
            let count = move || selected.with(|selected| selected.counts.get(at)?.get(index).copied()).unwrap_or(0);
            view! {
                <option value=value prop:selected=chosen>{move || format!("{name} ({})", words::number(count()))}</option>
            }
            .into_any()
        })
        .collect();
    let title = facet.title;
    view! {
        <label class="facet">
            <span>{title}</span>
            <select on:change=move |event| {
                let chosen = event_target_value(&event);
                rows.change(move || address::set_query(store, &[(key, &chosen), ("page", "")]));
            }>
                <option value="">"All"</option>
                {options}
            </select>
        </label>
    }
    .into_any()
}

/// How many rows are put on the page in one piece of work.
const CHUNK: usize = 25;
/// How many pieces the largest page has.
const CHUNKS: usize = SIZES[SIZES.len() - 1] / CHUNK;

/// Puts rows on the page piece by piece, so that whoever types never waits for all of them.
#[derive(Clone, Copy)]
struct Rows {
    /// How many pieces are shown.
    shown: RwSignal<usize>,
    /// Counts the changes: a newer one makes an older one stop.
    turn: RwSignal<u32>,
}

impl Rows {
    /// Makes a change that chooses other rows: what was typed stands first, then the first rows come, then the others.
    fn change(self, change: impl FnOnce() + 'static) {
        let turn = self.turn.get_untracked().wrapping_add(1);
        self.turn.set(turn);
        let stale = move || self.turn.try_get_untracked() != Some(turn);
        task::spawn(async move {
            task::breathe().await;
            if stale() {
                return;
            }
            self.shown.set(1);
            change();
            for shown in 2..=CHUNKS {
                task::breathe().await;
                if stale() {
                    return;
                }
                self.shown.set(shown);
            }
        });
    }
}

#[expect(clippy::too_many_arguments, reason = "the signals of one table, taken apart once")]
fn frame(
    store: Store,
    pieces: Rows,
    caption: &'static str,
    sheet: Signal<Arc<Sheet>>,
    filter: Memo<Filter>,
    selected: Memo<Selected>,
    open: Memo<String>,
    opens: bool,
) -> AnyView {
    let head = sheet.with_untracked(|sheet| {
        let headings = sheet.columns.iter().enumerate();
        headings.map(|(at, column)| heading(store, pieces, at, *column, filter)).collect::<Vec<_>>()
    });
    let piece = move |at: usize| {
        // Rows that stay the same are not made again.
        let rows = Memo::new(move |_| {
            let shown = pieces.shown.get() > at;
            selected.with(|selected| selected.rows.chunks(CHUNK).nth(at).filter(|_| shown).map(<[usize]>::to_vec))
        });
        let filled = move || {
            sheet.with(|sheet| {
                rows.with(|rows| {
                    let rows = rows.iter().flatten().filter_map(|at| sheet.rows.get(*at));
                    rows.map(|row| table_row(sheet, row, open, opens)).collect::<Vec<_>>()
                })
            })
        };
        view! { <tbody>{filled}</tbody> }.into_any()
    };
    let body: Vec<AnyView> = (0..CHUNKS).map(piece).collect();
    let click = move |event: MouseEvent| {
        let Some((anchor, link)) = page::row_of(&event).filter(|_| opens) else { return };
        if link && (event.ctrl_key() || event.meta_key() || event.shift_key()) {
            return;
        }
        event.prevent_default();
        address::open(store, &anchor);
        if link {
            page::focus_later("detail");
        }
    };
    view! {
        <div class="scroll" tabindex="0" role="region" aria-label=caption>
            <table class="data" on:click=click>
                <caption class="hidden">{caption}</caption>
                <thead><tr>{head}</tr></thead>
                {body}
            </table>
        </div>
    }
    .into_any()
}

fn heading(store: Store, rows: Rows, at: usize, column: Column, filter: Memo<Filter>) -> AnyView {
    let sorted =
        Memo::new(move |_| filter.with(|filter| filter.sort.filter(|(column, _)| *column == at).map(|(_, d)| d)));
    let aria = move || match sorted.get() {
        Some(true) => "descending",
        Some(false) => "ascending",
        None => "none",
    };
    let sort = move |_| {
        let next = match sorted.get_untracked() {
            None => at.to_string(),
            Some(false) => format!("-{at}"),
            Some(true) => String::new(),
        };
        rows.change(move || address::set_query(store, &[("sort", &next), ("page", "")]));
    };
    view! {
        <th scope="col" class:number=column.number aria-sort=aria>
            <button type="button" class="sort" on:click=sort>{column.title}</button>
        </th>
    }
    .into_any()
}

fn table_row(sheet: &Sheet, row: &Row, open: Memo<String>, opens: bool) -> AnyView {
    let cells: Vec<AnyView> = row
        .cells
        .iter()
        .enumerate()
        .map(|(at, content)| {
            let label = sheet.columns.get(at).map_or("", |column| column.title);
            let number = sheet.columns.get(at).is_some_and(|column| column.number);
            if at == sheet.head {
                let inner = if opens { row_link(row, cell(content)) } else { cell(content) };
                view! { <th scope="row" data-label=label>{inner}</th> }.into_any()
            } else {
                view! { <td data-label=label class:number=number>{cell(content)}</td> }.into_any()
            }
        })
        .collect();
    let id = row.id.clone();
    let current = move || open.with(|open| *open == id);
    view! { <tr id=row.id.clone() class:current=current class:opens=opens>{cells}</tr> }.into_any()
}

fn row_link(row: &Row, content: AnyView) -> AnyView {
    view! { <a href=format!("#{}", row.id) data-row=row.id.clone()>{content}</a> }.into_any()
}

fn pager(store: Store, selected: Memo<Selected>, filter: Memo<Filter>) -> Option<AnyView> {
    let (page, pages, matching) = selected.with(|selected| (selected.page, selected.pages, selected.matching));
    if matching <= SIZES[0] {
        return None;
    }
    let go = move |page: usize| address::set_query(store, &[("page", &(page + 1).to_string())]);
    let size = filter.with(|filter| filter.size);
    let sizes: Vec<AnyView> = SIZES
        .into_iter()
        .map(|choice| view! { <option value=choice selected=choice == size>{choice}</option> }.into_any())
        .collect();
    Some(
        view! {
            <nav class="pager" aria-label="Pages">
                <button type="button" disabled=page == 0 on:click=move |_| go(page - 1)>"Previous"</button>
                <span>{format!("Page {} of {pages}", page + 1)}</span>
                <button type="button" disabled=page + 1 >= pages on:click=move |_| go(page + 1)>"Next"</button>
                <label>
                    "Rows a page "
                    <select on:change=move |event| {
                        address::set_query(store, &[("size", &event_target_value(&event)), ("page", "")]);
                    }>{sizes}</select>
                </label>
            </nav>
        }
        .into_any(),
    )
}
