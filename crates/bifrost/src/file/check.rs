//! Holding a file against the table.

use model::{Code, Finding};
use serde_json::{Map, Value};

use super::schema::{FILE, Field, Need, PROVIDER, Shape};
use crate::{Version, window};

/// Every place that does not hold what it has to.
pub(super) fn check(file: &Value, version: &Version) -> Vec<Finding> {
    let mut checker = Checker { version, findings: Vec::new() };
    checker.value("", file, &Shape::Object(FILE));
    checker.findings
}

struct Checker<'a> {
    version: &'a Version,
    findings: Vec<Finding>,
}

impl Checker<'_> {
    fn wrong(&mut self, place: &str, what: impl Into<String>) {
        let place = if place.is_empty() { "config.json" } else { place };
        self.findings.push(Finding::error(Code::new("file.shape"), place, what));
    }

    fn value(&mut self, place: &str, value: &Value, shape: &Shape) {
        let whole = |least: i64| value.as_i64().is_some_and(|number| number >= least);
        let number = |fits: &dyn Fn(f64) -> bool| value.as_f64().is_some_and(fits);
        let (fits, wanted) = match shape {
            Shape::Any => return,
            Shape::Flag => (value.is_boolean(), "true or false".to_owned()),
            Shape::Text => (value.is_string(), "a text".to_owned()),
            Shape::Word => (value.as_str().is_some_and(|text| !text.is_empty()), "a text that is not empty".to_owned()),
            Shape::Secret => (value.as_str().is_some_and(|text| text != "env."), "a text, or env.NAME".to_owned()),
            Shape::OneOf(words) => {
                (value.as_str().is_some_and(|text| words.contains(&text)), format!("one of {}", words.join(", ")))
            }
            Shape::Period => (value.as_str().is_some_and(window::is_valid), "a period such as 30d".to_owned()),
            Shape::Whole(least) => (whole(*least), format!("a whole number, {least} or more")),
            Shape::Above(floor) => (number(&|n| n > *floor), format!("a number above {floor}")),
            Shape::Between(low, high) => {
                (number(&|n| n >= *low && n <= *high), format!("a number from {low} to {high}"))
            }
            Shape::Names => return self.names(place, value),
            Shape::List(inner) => return self.list(place, value, inner, 0),
            Shape::Some1(inner) => return self.list(place, value, inner, 1),
            Shape::Map(inner) => return self.map(place, value, inner),
            Shape::Object(fields) => return self.object(place, value, fields),
            Shape::Providers => return self.map(place, value, &Shape::Object(PROVIDER)),
        };
        if !fits {
            self.wrong(place, format!("this has to be {wanted}"));
        }
    }

    fn list(&mut self, place: &str, value: &Value, inner: &Shape, least: usize) {
        let Some(items) = value.as_array() else { return self.wrong(place, "this has to be a list") };
        if items.len() < least {
            self.wrong(place, "this list must not be empty");
        }
        for (index, item) in items.iter().enumerate() {
            self.value(&format!("{place}[{index}]"), item, inner);
        }
    }

    fn map(&mut self, place: &str, value: &Value, inner: &Shape) {
        let Some(fields) = value.as_object() else { return self.wrong(place, "this has to be an object") };
        for (name, field) in fields {
            self.value(&join(place, name), field, inner);
        }
    }

    fn object(&mut self, place: &str, value: &Value, table: &[Field]) {
        let Some(fields) = value.as_object() else { return self.wrong(place, "this has to be an object") };
        for (name, need, shape, since) in table {
            match fields.get(*name) {
                Some(field) => {
                    self.since(place, name, since);
                    self.value(&join(place, name), field, shape);
                }
                None if *need == Need::Required => self.wrong(place, format!("{name} is missing")),
                None => {}
            }
        }
        self.unknown(place, fields, table);
    }

    /// The gateway drops what it does not know without a word.
    fn unknown(&mut self, place: &str, fields: &Map<String, Value>, table: &[Field]) {
        for name in fields.keys().filter(|name| !table.iter().any(|(known, ..)| known == *name)) {
            self.wrong(place, format!("the gateway knows no {name} here, and would drop it without a word"));
        }
    }

    fn since(&mut self, place: &str, name: &str, since: &str) {
        if since.parse::<Version>().is_ok_and(|since| *self.version < since) {
            let version = self.version;
            self.wrong(place, format!("gateway {version} does not know {name} yet, and would drop it without a word"));
        }
    }

    /// `*` stands alone, and no name twice, whatever its case (`reference/bifrost-api.md` 3.6).
    fn names(&mut self, place: &str, value: &Value) {
        let Some(items) = value.as_array() else { return self.wrong(place, "this has to be a list of names") };
        let names: Option<Vec<&str>> = items.iter().map(Value::as_str).collect();
        let Some(names) = names else { return self.wrong(place, "this has to be a list of names") };
        if names.len() > 1 && names.contains(&"*") {
            self.wrong(place, "* has to stand alone");
        }
        let mut folded: Vec<String> = names.iter().map(|name| name.to_lowercase()).collect();
        folded.sort();
        if folded.windows(2).any(|pair| pair[0] == pair[1]) {
            self.wrong(place, "one name stands here twice");
        }
    }
}

/// The place of a field; names that hold a dot are put in quotes.
pub(super) fn join(place: &str, name: &str) -> String {
    let name = if name.contains(['.', '[']) { format!("\"{name}\"") } else { name.to_owned() };
    if place.is_empty() { name } else { format!("{place}.{name}") }
}
