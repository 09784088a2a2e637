//! Model lists: `*` stands alone, and no name twice in any case (`reference/bifrost-api.md` 3.6).

/// Refuses a list that mixes `*` with names or repeats one.
pub(super) fn check(list: &[String]) -> Result<(), String> {
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
