//! The lists that come in pages (`reference/litellm.md` 1.4).

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::Response;

/// A paged list.
pub(super) struct List {
    path: &'static str,
    /// The file with all of it.
    pub(super) file: &'static str,
    /// Where the items are.
    items: &'static str,
    /// The parameter for the size of a page, its default and its cap.
    size: (&'static str, usize, Option<usize>),
    /// Where the answer says the page, how many items there are, and the size if it does.
    names: (&'static str, &'static str, Option<&'static str>),
}

const LISTS: &[List] = &[
    List {
        path: "/v2/model/info",
        file: "v2_model_info",
        items: "data",
        size: ("size", 50, None),
        names: ("current_page", "total_count", Some("size")),
    },
    List {
        path: "/v2/team/list",
        file: "v2_team_list",
        items: "teams",
        size: ("page_size", 10, Some(100)),
        names: ("page", "total", Some("page_size")),
    },
    List {
        path: "/user/list",
        file: "user_list",
        items: "users",
        size: ("page_size", 25, Some(100)),
        names: ("page", "total", Some("page_size")),
    },
    List {
        path: "/key/list",
        file: "key_list",
        items: "keys",
        size: ("size", 10, Some(100)),
        names: ("current_page", "total_count", None),
    },
];

/// The paged list at that path.
pub(super) fn list(path: &str) -> Option<&'static List> {
    LISTS.iter().find(|list| list.path == path)
}

impl List {
    /// One page of all there is.
    pub(super) fn answer(&self, all: &Value, query: &BTreeMap<String, String>) -> Response {
        let (parameter, default, cap) = self.size;
        let (page, size) = match (number(query, "page", 1, None), number(query, parameter, default, cap)) {
            (Ok(page), Ok(size)) => (page, size),
            (Err(refusal), _) | (_, Err(refusal)) => return refusal,
        };
        let mut items = all[self.items].as_array().cloned().unwrap_or_default();
        sort(&mut items, query);
        let total = items.len();
        let shown: Vec<Value> = items.into_iter().skip((page - 1).saturating_mul(size)).take(size).collect();
        let full = query.get("return_full_object").is_some_and(|value| value.eq_ignore_ascii_case("true"));
        let shown =
            if self.items == "keys" && !full { shown.iter().map(|key| key["token"].clone()).collect() } else { shown };
        let mut answer = Map::new();
        let (at, count, size_name) = self.names;
        answer.insert(self.items.to_owned(), Value::Array(shown));
        answer.insert(at.to_owned(), json!(page));
        answer.insert(count.to_owned(), json!(total));
        answer.insert("total_pages".to_owned(), json!(total.div_ceil(size)));
        if let Some(name) = size_name {
            answer.insert(name.to_owned(), json!(size));
        }
        Response::json(200, &Value::Object(answer))
    }
}

/// Sorts by a text field, as `sort_by` and `sort_order` say; without them the order is the recorded one.
fn sort(items: &mut [Value], query: &BTreeMap<String, String>) {
    let Some(field) = query.get("sort_by") else { return };
    items.sort_by_key(|item| item[field.as_str()].as_str().unwrap_or_default().to_owned());
    if query.get("sort_order").is_none_or(|order| order != "asc") {
        items.reverse();
    }
}

/// A positive number of the query; the proxy refuses others with a 422.
fn number(query: &BTreeMap<String, String>, name: &str, default: usize, cap: Option<usize>) -> Result<usize, Response> {
    let Some(text) = query.get(name) else { return Ok(default) };
    let refuse = |kind: &str, message: String, context: Value| {
        let mut detail = json!({ "type": kind, "loc": ["query", name], "msg": message, "input": text });
        if !context.is_null() {
            detail["ctx"] = context;
        }
        Err(Response::json(422, &json!({ "detail": [detail] })))
    };
    let Ok(value) = text.parse::<i64>() else {
        let message = "Input should be a valid integer, unable to parse string as an integer";
        return refuse("int_parsing", message.to_owned(), Value::Null);
    };
    let value = usize::try_from(value).unwrap_or_default();
    if value == 0 {
        return refuse(
            "greater_than_equal",
            "Input should be greater than or equal to 1".to_owned(),
            json!({ "ge": 1 }),
        );
    }
    match cap.filter(|cap| value > *cap) {
        Some(cap) => {
            refuse("less_than_equal", format!("Input should be less than or equal to {cap}"), json!({ "le": cap }))
        }
        None => Ok(value),
    }
}
