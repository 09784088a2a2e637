//! Lists: everything without parameters, pages of 25 (at most 100) with any (topic 14).

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::reply::Refusal;

/// A page that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) limit: usize,
    pub(super) offset: usize,
}

/// Reads `limit` and `offset`; `None` where none of `triggers` is in the query, which means everything.
pub(super) fn read(query: &BTreeMap<String, String>, triggers: &[&str]) -> Result<Option<Page>, Refusal> {
    let limit = number(query, "limit")?;
    let offset = number(query, "offset")?;
    let asked = |name: &&str| query.get(*name).is_some_and(|value| !value.is_empty());
    if limit.is_none() && offset.is_none() && !triggers.iter().any(asked) {
        return Ok(None);
    }
    let limit = match limit {
        None | Some(0) => 25,
        Some(limit) => limit.min(100),
    };
    Ok(Some(Page { limit, offset: offset.unwrap_or_default() }))
}

/// The answer of a list: `{name, count, total_count, limit, offset}`. `items` are all that match.
pub(super) fn answer<T>(name: &str, items: &[T], page: Option<Page>, mut show: impl FnMut(&T) -> Value) -> Value {
    let page_or_all = page.unwrap_or(Page { limit: items.len(), offset: 0 });
    let shown: Vec<Value> = items.iter().skip(page_or_all.offset).take(page_or_all.limit).map(&mut show).collect();
    let mut answer = Map::new();
    answer.insert("count".to_owned(), json!(shown.len()));
    answer.insert("total_count".to_owned(), json!(items.len()));
    answer.insert("limit".to_owned(), json!(page_or_all.limit));
    answer.insert("offset".to_owned(), json!(page_or_all.offset));
    answer.insert(name.to_owned(), Value::Array(shown));
    Value::Object(answer)
}

/// Whether a name matches `search`: it contains it, in any case.
pub(super) fn matches(query: &BTreeMap<String, String>, name: &str) -> bool {
    query.get("search").is_none_or(|search| name.to_lowercase().contains(&search.to_lowercase()))
}

/// Whether a column has the value that the query asks for, if it asks.
pub(super) fn filtered(query: &BTreeMap<String, String>, parameter: &str, column: Option<&str>) -> bool {
    query.get(parameter).is_none_or(|wanted| wanted.is_empty() || column == Some(wanted.as_str()))
}

fn number(query: &BTreeMap<String, String>, name: &str) -> Result<Option<usize>, Refusal> {
    let Some(text) = query.get(name).filter(|text| !text.is_empty()) else { return Ok(None) };
    let value: i64 = text.parse().map_err(|_| Refusal::bad(format!("Invalid {name} parameter: must be a number")))?;
    usize::try_from(value)
        .map(Some)
        .map_err(|_| Refusal::bad(format!("Invalid {name} parameter: must be non-negative")))
}
