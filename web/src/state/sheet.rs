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
    /// What it belongs to: for each facet of the sheet the words that fit, a bit each ([`Facet::bits`]).
    pub(crate) facets: Vec<u64>,
    /// Everything that is searched, in lower case.
    pub(crate) haystack: String,
}

impl Row {
    /// A row whose cells are searched, and `more` with them.
    pub(crate) fn new(id: String, cells: Vec<Cell>, facets: Vec<u64>, more: &str) -> Self {
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
    /// Its words in order, each with its name; at most 64.
    pub(crate) words: Vec<(String, String)>,
}

impl Facet {
    /// The bits of the words among them that the facet has.
    pub(crate) fn bits(&self, words: &[&str]) -> u64 {
        let has = |word: &(String, String)| words.contains(&word.0.as_str());
        self.words.iter().take(64).enumerate().fold(0, |bits, (at, word)| bits | u64::from(has(word)) << at)
    }
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

/// All rows in the order of the chosen column; rows that are equal there keep the order of the sheet. Worked out
/// once for an order, not for each key typed.
pub(crate) fn order(sheet: &Sheet, sort: Option<(usize, bool)>) -> Vec<usize> {
    let mut order: Vec<usize> = (0..sheet.rows.len()).collect();
    let Some((column, descends)) = sort else { return order };
    let keys: Vec<(usize, String)> = sheet
        .rows
        .iter()
        .map(|row| match row.cells.get(column) {
            Some(Cell::Count(count)) => (*count, String::new()),
            cell => (0, cell.map_or("", Cell::text).to_lowercase()),
        })
        .collect();
    order.sort_by(|left, right| {
        let order = keys[*left].cmp(&keys[*right]);
        if descends { order.reverse() } else { order }
    });
    order
}

/// Chooses the rows to show, of the rows in their order.
pub(crate) fn select(sheet: &Sheet, order: &[usize], filter: &Filter, open: &str) -> Selected {
    let mut counts: Vec<Vec<usize>> = sheet.facets.iter().map(|facet| vec![0; facet.words.len()]).collect();
    let wanted = |(facet, word): (&Facet, &String)| if word.is_empty() { u64::MAX } else { facet.bits(&[word]) };
    let wanted: Vec<u64> = sheet.facets.iter().zip(&filter.facets).map(wanted).collect();
    let mut rows = Vec::new();
    for index in order {
        let Some(row) = sheet.rows.get(*index) else { continue };
        if !filter.words.iter().all(|word| row.haystack.contains(word.as_str())) {
            continue;
        }
        // A row without any word of a facet fits as long as none is asked for.
        let misses = |at: usize| wanted[at] != u64::MAX && row.facets.get(at).is_none_or(|has| has & wanted[at] == 0);
        let missed = (0..wanted.len()).filter(|at| misses(*at)).count();
        for (at, counts) in counts.iter_mut().enumerate().filter(|(at, _)| missed == usize::from(misses(*at))) {
            let mut bits = row.facets.get(at).copied().unwrap_or(0);
            while bits != 0 {
                counts[bits.trailing_zeros() as usize] += 1;
                bits &= bits - 1;
            }
        }
        if missed == 0 {
            rows.push(*index);
        }
    }
    let matching = rows.len();
    let pages = matching.div_ceil(filter.size.max(1)).max(1);
    let of_open = || rows.iter().position(|index| sheet.rows[*index].id == open).map(|at| at / filter.size.max(1));
    let page = filter.page.or_else(of_open).unwrap_or(0).min(pages - 1);
    let rows = rows.into_iter().skip(page * filter.size).take(filter.size).collect();
    Selected { rows, matching, page, pages, counts }
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
            let bits = vec![facets[0].bits(&[action]), facets[1].bits(&[kind])];
            Row::new(format!("op-{name}"), cells, bits, "config.yaml:3:1")
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
        let selected = select(&sheet, &order(&sheet, filter.sort), &filter, "");
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
        check("sort=0", "laptop Platform robot of 3 [[2, 1], [1, 2]]");
        check("sort=-0", "robot Platform laptop of 3 [[2, 1], [1, 2]]");
        check("sort=9", "Platform laptop robot of 3 [[2, 1], [1, 2]]");
    }

    #[test]
    fn pages_hold_the_open_row() {
        let mut sheet = sheet();
        sheet.rows = (0..250)
            .map(|n| Row::new(format!("op-{n}"), vec![Cell::Text(n.to_string()), Cell::Count(n)], vec![], ""))
            .collect();
        let page = |query: &str, open: &str| {
            let selected = select(&sheet, &order(&sheet, None), &Filter::read(&Query::read(query), &sheet), open);
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
