//! A table as data, and the choosing of what it shows: search, facets, sorting, paging. Pure, so that the same
//! code is tested natively and holds its figure with 10,000 rows.

use crate::state::Query;

/// A column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Column {
    /// Its heading.
    pub(crate) title: &'static str,
    /// Whether it holds numbers, set right.
    pub(crate) number: bool,
}

/// How a cell is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cell {
    /// Words.
    Text(String),
    /// An identifier, in the fixed-width face.
    Code(String),
    /// A count.
    Count(usize),
    /// A mark with a symbol, readable without colour.
    Badge(Tone, &'static str, &'static str),
}

impl Cell {
    /// Its text, as it is searched and sorted.
    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Text(text) | Self::Code(text) => text,
            Self::Badge(_, _, word) => word,
            Self::Count(_) => "",
        }
    }
}

/// The colour of a mark; never its only meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    /// As wished.
    Ok,
    /// New.
    New,
    /// Look at it.
    Warn,
    /// Wrong.
    Bad,
    /// Nothing to see.
    Quiet,
}

/// A row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// Its anchor in the page: `op-virtual_key/prod`.
    pub(crate) id: String,
    /// One cell a column.
    pub(crate) cells: Vec<Cell>,
    /// What it belongs to, one word list for each facet of the sheet.
    pub(crate) facets: Vec<Vec<String>>,
    /// Everything that is searched, in lower case.
    pub(crate) haystack: String,
}

impl Row {
    /// A row whose cells are searched, and `more` with them.
    pub(crate) fn new(id: String, cells: Vec<Cell>, facets: Vec<Vec<String>>, more: &str) -> Self {
        let mut haystack = String::new();
        for cell in &cells {
            haystack.push_str(cell.text());
            haystack.push('\n');
        }
        haystack.push_str(more);
        Self { id, cells, facets, haystack: haystack.to_lowercase() }
    }
}

/// Something rows can be narrowed by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Facet {
    /// Its key in the address.
    pub(crate) key: &'static str,
    /// Its name.
    pub(crate) title: &'static str,
    /// Its words in order, each with its name.
    pub(crate) words: Vec<(String, String)>,
}

/// A table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sheet {
    /// The columns; the one at `head` names the row.
    pub(crate) columns: Vec<Column>,
    /// Which column names the row.
    pub(crate) head: usize,
    /// What it can be narrowed by.
    pub(crate) facets: Vec<Facet>,
    /// All rows.
    pub(crate) rows: Vec<Row>,
}

/// What is chosen of a sheet; lives in the address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Filter {
    /// Words that all have to occur.
    pub(crate) words: Vec<String>,
    /// For each facet the chosen word, or nothing.
    pub(crate) facets: Vec<String>,
    /// The sorted column and whether it descends.
    pub(crate) sort: Option<(usize, bool)>,
    /// The page, from 0; `None` is the page of the open row, or the first.
    pub(crate) page: Option<usize>,
    /// Rows a page.
    pub(crate) size: usize,
}

/// The sizes of a page.
pub(crate) const SIZES: [usize; 3] = [100, 200, 500];

impl Filter {
    /// Reads the filter of a sheet from the address.
    pub(crate) fn read(query: &Query, sheet: &Sheet) -> Self {
        let sort = query.get("sort");
        let (name, descends) = sort.strip_prefix('-').map_or((sort, false), |name| (name, true));
        let column = name.parse::<usize>().ok().filter(|column| *column < sheet.columns.len());
        let size = query.get("size").parse().ok().filter(|size| SIZES.contains(size));
        Self {
            words: query.get("q").to_lowercase().split_whitespace().map(ToOwned::to_owned).collect(),
            facets: sheet.facets.iter().map(|facet| query.get(facet.key).to_owned()).collect(),
            sort: column.map(|column| (column, descends)),
            page: query.get("page").parse::<usize>().ok().map(|page| page.saturating_sub(1)),
            size: size.unwrap_or(SIZES[0]),
        }
    }

    /// Whether anything is narrowed.
    pub(crate) fn narrows(&self) -> bool {
        !self.words.is_empty() || self.facets.iter().any(|word| !word.is_empty())
    }
}

/// What a filter leaves of a sheet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Selected {
    /// Indexes of the rows of this page, in order.
    pub(crate) rows: Vec<usize>,
    /// How many rows match on all pages.
    pub(crate) matching: usize,
    /// This page, from 0.
    pub(crate) page: usize,
    /// How many pages there are; at least one.
    pub(crate) pages: usize,
    /// For each facet, how many rows each of its words would leave, the other filters standing.
    pub(crate) counts: Vec<Vec<usize>>,
}

/// Chooses the rows to show.
pub(crate) fn select(sheet: &Sheet, filter: &Filter, open: &str) -> Selected {
    let mut counts: Vec<Vec<usize>> = sheet.facets.iter().map(|facet| vec![0; facet.words.len()]).collect();
    let mut rows = Vec::new();
    for (index, row) in sheet.rows.iter().enumerate() {
        if !filter.words.iter().all(|word| row.haystack.contains(word.as_str())) {
            continue;
        }
        let misses: Vec<usize> = (0..sheet.facets.len()).filter(|at| !belongs(row, filter, *at)).collect();
        for (at, facet) in sheet.facets.iter().enumerate() {
            if misses.iter().all(|miss| *miss == at) {
                for (word, count) in facet.words.iter().zip(&mut counts[at]) {
                    *count += usize::from(row.facets.get(at).is_some_and(|has| has.contains(&word.0)));
                }
            }
        }
        if misses.is_empty() {
            rows.push(index);
        }
    }
    sort(sheet, filter, &mut rows);
    let matching = rows.len();
    let pages = matching.div_ceil(filter.size.max(1)).max(1);
    let of_open = || rows.iter().position(|index| sheet.rows[*index].id == open).map(|at| at / filter.size.max(1));
    let page = filter.page.or_else(of_open).unwrap_or(0).min(pages - 1);
    let rows = rows.into_iter().skip(page * filter.size).take(filter.size).collect();
    Selected { rows, matching, page, pages, counts }
}

fn belongs(row: &Row, filter: &Filter, at: usize) -> bool {
    let wanted = filter.facets.get(at).map_or("", String::as_str);
    wanted.is_empty() || row.facets.get(at).is_some_and(|words| words.iter().any(|word| word == wanted))
}

/// Sorts by the chosen column; rows that are equal there keep the order of the sheet.
fn sort(sheet: &Sheet, filter: &Filter, rows: &mut [usize]) {
    let Some((column, descends)) = filter.sort else { return };
    let cell = |index: usize| sheet.rows[index].cells.get(column);
    rows.sort_by(|left, right| {
        let order = match (cell(*left), cell(*right)) {
            (Some(Cell::Count(left)), Some(Cell::Count(right))) => left.cmp(right),
            (left, right) => left.map(Cell::text).cmp(&right.map(Cell::text)),
        };
        if descends { order.reverse() } else { order }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet() -> Sheet {
        let columns = vec![Column { title: "Name", number: false }, Column { title: "Fields", number: true }];
        let words = |words: [&str; 2]| words.map(|word| (word.to_owned(), word.to_owned())).to_vec();
        let facets = vec![
            Facet { key: "action", title: "Action", words: words(["create", "same"]) },
            Facet { key: "kind", title: "Kind", words: words(["team", "key"]) },
        ];
        let row = |name: &str, count, action: &str, kind: &str| {
            let cells = vec![Cell::Text(name.to_owned()), Cell::Count(count)];
            Row::new(
                format!("op-{name}"),
                cells,
                vec![vec![String::from(action)], vec![String::from(kind)]],
                "config.yaml:3:1",
            )
        };
        let rows = vec![
            row("Platform", 12, "create", "team"),
            row("laptop", 3, "create", "key"),
            row("robot", 40, "same", "key"),
        ];
        Sheet { columns, head: 0, facets, rows }
    }

    #[track_caller]
    fn check(query: &str, expected: &str) {
        let sheet = sheet();
        let filter = Filter::read(&Query::read(query), &sheet);
        let selected = select(&sheet, &filter, "");
        let names: Vec<&str> = selected.rows.iter().map(|row| sheet.rows[*row].cells[0].text()).collect();
        assert_eq!(format!("{} of {} {:?}", names.join(" "), selected.matching, selected.counts), expected, "{query}");
    }

    #[test]
    fn narrows_and_counts_what_each_word_would_leave() {
        check("", "Platform laptop robot of 3 [[2, 1], [1, 2]]");
        check("q=PLAT", "Platform of 1 [[1, 0], [1, 0]]");
        check("q=config+l", "Platform laptop robot of 3 [[2, 1], [1, 2]]");
        check("action=create", "Platform laptop of 2 [[2, 1], [1, 1]]");
        check("action=same&kind=team", " of 0 [[1, 0], [0, 1]]");
        check("q=nothing", " of 0 [[0, 0], [0, 0]]");
    }

    #[test]
    fn sorts_numbers_as_numbers_and_words_as_words() {
        check("sort=1", "laptop Platform robot of 3 [[2, 1], [1, 2]]");
        check("sort=-1", "robot Platform laptop of 3 [[2, 1], [1, 2]]");
        check("sort=-0", "robot laptop Platform of 3 [[2, 1], [1, 2]]");
        check("sort=9", "Platform laptop robot of 3 [[2, 1], [1, 2]]");
    }

    #[test]
    fn pages_hold_the_open_row() {
        let mut sheet = sheet();
        sheet.rows = (0..250)
            .map(|n| Row::new(format!("op-{n}"), vec![Cell::Text(n.to_string()), Cell::Count(n)], vec![], ""))
            .collect();
        let page = |query: &str, open: &str| {
            let selected = select(&sheet, &Filter::read(&Query::read(query), &sheet), open);
            (selected.page, selected.pages, selected.rows.first().copied(), selected.rows.len())
        };
        assert_eq!(page("", ""), (0, 3, Some(0), 100));
        assert_eq!(page("", "op-201"), (2, 3, Some(200), 50));
        assert_eq!(page("page=2", "op-201"), (1, 3, Some(100), 100));
        assert_eq!(page("page=99", ""), (2, 3, Some(200), 50));
        assert_eq!(page("size=500", ""), (0, 1, Some(0), 250));
        assert_eq!(page("size=7", ""), (0, 3, Some(0), 100));
    }
}
