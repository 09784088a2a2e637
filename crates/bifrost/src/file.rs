//! `config.json`, the file a gateway may be started from: what may stand in it, and what the gateway does with a file
//! that is wrong. It neither checks the schema nor says what it drops, and one reference that leads nowhere keeps it
//! from starting, so a file is checked here before it is put in place.
//! Source: `reference/bifrost-api.md` 8, 13.7; the loader of 1.5.16.

mod check;
mod references;
mod schema;

use model::Finding;
use serde_json::Value;

use crate::Version;

/// Where the schema of the file is published (`reference/bifrost-api.md` 8).
pub const SCHEMA: &str = "https://www.getbifrost.ai/schema";

/// What a virtual key's value must start with to be kept (`reference/bifrost-api.md` 4.3).
pub const VALUE_PREFIX: &str = "sk-bf-";

/// The id that the rate limit of an owner has in a file of ours: rate limits do not say whose they are.
pub fn rate_limit_id(owner: &str) -> String {
    format!("{owner}-rate")
}

/// What is wrong with a file for a gateway of that version. An error keeps the gateway from starting, or makes it drop
/// what must not be dropped; the subject of a finding is the place in the file.
pub fn lint(file: &Value, version: &Version) -> Vec<Finding> {
    let mut faults = check::check(file, version);
    // What has the wrong shape leads nowhere in particular.
    if faults.is_empty() {
        faults = references::check(file, version);
    }
    faults
}

/// The names of environment variables a file refers to, in order, each once.
pub fn variables(file: &Value) -> Vec<String> {
    let mut names = std::collections::BTreeSet::new();
    collect(file, &mut names);
    names.into_iter().collect()
}

fn collect(value: &Value, names: &mut std::collections::BTreeSet<String>) {
    match value {
        Value::String(text) => names.extend(text.strip_prefix("env.").map(str::to_owned)),
        Value::Array(items) => items.iter().for_each(|item| collect(item, names)),
        Value::Object(fields) => fields.values().for_each(|field| collect(field, names)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests;
