//! Comparing an answer with the recorded one.

use std::collections::BTreeMap;

use sandbox::Response;
use serde_json::{Map, Value};

/// What stands for what: each recorded id or value and ours.
#[derive(Debug, Default)]
pub(crate) struct Names(BTreeMap<String, String>);

impl Names {
    /// Remembers that `ours` stands for `recorded`.
    pub(crate) fn learn(&mut self, recorded: &str, ours: &str) {
        self.0.insert(recorded.to_owned(), ours.to_owned());
    }

    /// A text of a recorded request, with our ids in it.
    pub(crate) fn translate(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (recorded, ours) in &self.0 {
            if text.contains(recorded.as_str()) {
                text = text.replace(recorded.as_str(), ours);
            }
        }
        text
    }
}

/// The differences between an answer and the recorded one, and what is to be learned from it. `shuffled` says that
/// the list in it was in the order of random ids.
pub(crate) fn differences(recorded: &Value, ours: &Response, shuffled: bool, names: &mut Names) -> Vec<String> {
    let mut found = Vec::new();
    let status = recorded["status"].as_u64().unwrap_or_default();
    if status != u64::from(ours.status) {
        found.push(format!("status: {status}, ours {} {}", ours.status, ours.body));
        return found;
    }
    let content_type = recorded["content_type"].as_str().unwrap_or_default();
    let cookie = |text: &str| Value::from(text.split(';').next().unwrap_or_default().trim_start_matches("token="));
    let recorded_cookie = recorded["headers"]["set-cookie"].as_str().map_or(Value::Null, cookie);
    let our_cookie = ours.cookie.as_deref().map_or(Value::Null, cookie);
    compare("set-cookie", &recorded_cookie, &our_cookie, names, &mut found);
    let summarised = recorded.get("body_summary").is_some();
    if !summarised && content_type != ours.content_type {
        found.push(format!("content type: {content_type:?}, ours {:?}", ours.content_type));
    }
    if summarised {
        summary(recorded, &ours.value(), &mut found);
        return found;
    }
    let body =
        if ours.content_type.starts_with("application/json") { ours.value() } else { Value::String(ours.body.clone()) };
    let (mut recorded, mut body) = (recorded["body"].clone(), body);
    if let Some(listed) = recorded.get("data") {
        let ids = |list: &Value| -> Vec<Value> {
            list.as_array().into_iter().flatten().map(|item| item["id"].clone()).collect()
        };
        compare(".data[].id", &Value::Array(ids(listed)), &Value::Array(ids(&body["data"])), names, &mut found);
        return found;
    }
    if recorded.get("choices").is_some() {
        // What the upstream said is the recorder's own.
        for name in ["model", "extra_fields"] {
            compare(&format!(".{name}"), &recorded[name], &body[name], names, &mut found);
        }
        return found;
    }
    if shuffled {
        sort_lists(&mut recorded);
        sort_lists(&mut body);
    }
    compare("", &recorded, &body, names, &mut found);
    found
}

fn compare(path: &str, recorded: &Value, ours: &Value, names: &mut Names, found: &mut Vec<String>) {
    match (recorded, ours) {
        (Value::Object(recorded), Value::Object(ours)) => objects(path, recorded, ours, names, found),
        (Value::Array(recorded), Value::Array(ours)) if recorded.len() == ours.len() => {
            for (index, (recorded, ours)) in recorded.iter().zip(ours).enumerate() {
                compare(&format!("{path}[{index}]"), recorded, ours, names, found);
            }
        }
        (Value::Number(one), Value::Number(other)) if one.as_f64() == other.as_f64() => {}
        (Value::String(recorded), Value::String(ours)) if same_text(path, recorded, ours, names) => {}
        (recorded, ours) if recorded == ours => {}
        (recorded, ours) => found.push(format!("{path}: {recorded}, ours {ours}")),
    }
}

fn objects(
    path: &str,
    recorded: &Map<String, Value>,
    ours: &Map<String, Value>,
    names: &mut Names,
    found: &mut Vec<String>,
) {
    for (name, recorded) in recorded {
        let here = format!("{path}.{name}");
        if matches!(name.as_str(), "latency" | "upstream_latency") {
            continue;
        }
        match ours.get(name) {
            None => found.push(format!("{here}: {recorded}, ours absent")),
            Some(ours) => compare(&here, recorded, ours, names, found),
        }
    }
    for (name, ours) in ours.iter().filter(|(name, _)| !recorded.contains_key(*name)) {
        found.push(format!("{path}.{name}: absent, ours {ours}"));
    }
}

/// Whether two texts say the same: made-up ids and values stand for each other, times and hashes are opaque.
fn same_text(path: &str, recorded: &str, ours: &str, names: &mut Names) -> bool {
    if path.ends_with(".config_hash") {
        return true;
    }
    if recorded == ours {
        return true;
    }
    if is_time(recorded) && !path.ends_with(".expires_at") {
        return is_time(ours);
    }
    if let Some(known) = names.0.get(recorded) {
        return known == ours;
    }
    if made_up(recorded) && made_up(ours) {
        names.learn(recorded, ours);
        return true;
    }
    // A sentence with ids in it.
    let ((recorded, theirs), (ours, own)) = (without_ids(recorded), without_ids(ours));
    recorded == ours
        && theirs.len() == own.len()
        && theirs.iter().zip(own).all(|(one, other)| {
            let known = names.0.entry((*one).to_owned()).or_insert_with(|| other.to_owned());
            known == other
        })
}

/// A sentence with its ids taken out, and the ids; nothing is taken out of a text without any.
fn without_ids(text: &str) -> (String, Vec<&str>) {
    let (ids, words): (Vec<&str>, Vec<&str>) = text.split([':', ' ']).partition(|word| made_up(word));
    (words.join(" "), ids)
}

/// A UUID, or the value of a virtual key.
fn made_up(text: &str) -> bool {
    let uuid = text.strip_prefix("sk-bf-").unwrap_or(text);
    let groups: Vec<&str> = uuid.split('-').collect();
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && uuid.chars().all(|c| c == '-' || c.is_ascii_hexdigit())
}

fn is_time(text: &str) -> bool {
    text.starts_with("20") && text.parse::<model::Moment>().is_ok() && text.contains('T')
}

/// Sorts every list of the answer by what is not made up.
fn sort_lists(body: &mut Value) {
    for list in body.as_object_mut().into_iter().flat_map(Map::values_mut).filter_map(Value::as_array_mut) {
        list.sort_by_cached_key(|item| {
            let field = |name: &str| item[name].as_str().unwrap_or_default().to_owned();
            (field("scope_name"), field("model_name"), field("provider"))
        });
    }
}

/// Long lists were recorded by their counts and the names of the first and the last.
fn summary(recorded: &Value, ours: &Value, found: &mut Vec<String>) {
    let summary = &recorded["body_summary"];
    if summary.get("error").is_some() {
        compare("", summary, ours, &mut Names::default(), found);
        return;
    }
    let list = summary["list"].as_str().unwrap_or("budgets");
    let items = ours[list].as_array().cloned().unwrap_or_default();
    let mut check = |name: &str, recorded: &Value, ours: &Value| {
        if recorded.as_f64() != ours.as_f64() || recorded.as_str() != ours.as_str() {
            found.push(format!("{name}: {recorded}, ours {ours}"));
        }
    };
    for name in ["count", "limit", "offset", "total_count"] {
        if let Some(recorded) = summary.get(name) {
            check(name, recorded, &ours[name]);
        }
    }
    check("items", &summary["items"], &serde_json::json!(items.len()));
    let name_of = |item: Option<&Value>| {
        item.map_or(Value::Null, |item| item.get("name").or(item.get("model_name")).cloned().unwrap_or_default())
    };
    if recorded.get("first").is_some() {
        check("first", &recorded["first"], &name_of(items.first()));
        check("last", &recorded["last"], &name_of(items.last()));
    }
}
