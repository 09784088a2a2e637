//! Model lists: `*` stands alone, and no name twice in any case (`reference/bifrost-api.md` 3.6).

use super::expression::Expression;

/// What makes an entry an expression, from 2.2 on.
const EXPRESSION: &str = "regex:";

/// The expression of an entry; the gateway does not look at case, and holds it against the whole name.
fn expression(entry: &str) -> Option<&str> {
    entry.strip_prefix(EXPRESSION)
}

/// Whether an entry is an expression that takes the name.
pub(super) fn takes(entry: &str, name: &str) -> bool {
    expression(entry).and_then(Expression::read).is_some_and(|expression| expression.is_whole(name, true))
}

/// Refuses a list that mixes `*` with names or repeats one, or holds an expression that is none.
pub(super) fn check(list: &[String]) -> Result<(), String> {
    for text in list.iter().filter_map(|entry| expression(entry)) {
        if text.is_empty() || text == "*" || Expression::read(text).is_none() {
            return Err(format!("invalid model pattern '{text}'"));
        }
    }
    if list.len() > 1 && list.iter().any(|entry| entry == "*") {
        return Err("wildcard '*' cannot be used with other values in the whitelist".to_owned());
    }
    let mut seen: Vec<String> = Vec::new();
    for entry in list {
        if seen.contains(&entry.to_lowercase()) {
            return Err(format!("duplicate value '{entry}' in whitelist"));
        }
        seen.push(entry.to_lowercase());
    }
    Ok(())
}

/// Whether the list is `["*"]`.
pub(super) fn is_all(list: &[String]) -> bool {
    matches!(list, [one] if one == "*")
}
