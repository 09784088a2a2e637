//! Two sources disagree: both sides as they may be shown, and why one of them won.

use std::fmt;

use litellm::sensitive::{is_sensitive, looks_like_a_secret};
use litellm::{Held, SourceKind};
use model::{Code, Finding, Masked, Origin, SourceId};
use serde_json::Value;

/// The most characters of a value that are shown.
const SHOWN: usize = 120;

/// Two sources disagree on a field.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Conflict {
    /// Which object.
    pub object: SourceId,
    /// Which field; a setting inside a map that is merged key by key is named by its path.
    pub field: String,
    /// The side that is used.
    pub won: Side,
    /// The side that is not.
    pub lost: Side,
    /// Why.
    pub why: Why,
}

/// One side of a conflict.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Side {
    /// Where it stands.
    pub origin: Origin,
    /// In which source.
    pub source: SourceKind,
    /// The value as it may be shown: short, and without any secret in it.
    pub value: String,
}

/// Why one side wins. Source: `reference/litellm.md` 1.13, 4.1, 4.5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// Settings of a proxy of 1.103 or later.
    FileSince1103,
    /// Settings of a proxy before 1.103.
    DatabaseBefore1103,
    /// Settings of a proxy of which nobody said the version.
    VersionUnknown,
    /// `store_model_in_db` is asked of the database, then of the environment, then of the file.
    StoredFirst,
    /// Two pass-through endpoints of one path in lists that are merged.
    PassThroughMerged,
    /// A named credential of the database is laid over the file's of the same name.
    CredentialStored,
    /// A deployment of the database takes the place of the file's of the same id.
    DeploymentStored,
    /// Any other object that both hold.
    FileOverDatabase,
    /// The API shows less than the database holds, and later or earlier.
    DatabaseOverApi,
    /// The API shows what became of what the file says.
    FileOverApi,
    /// The same source was read twice, with different results.
    ReadTwice,
}

impl Why {
    /// The reason in a sentence.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::FileSince1103 => "From 1.103 on, a setting of the file wins over the database.",
            Self::DatabaseBefore1103 => "Before 1.103, a setting of the database wins over the file.",
            Self::VersionUnknown => {
                "The version of the proxy is not known: the file is taken, as releases from 1.103 on do."
            }
            Self::StoredFirst => {
                "LiteLLM asks the database for this setting first, then the environment, then the file."
            }
            Self::PassThroughMerged => {
                "Lists of pass-through endpoints are merged; this path is in both, and goes by the rule for settings."
            }
            Self::CredentialStored => "A stored credential is laid over the file's of the same name.",
            Self::DeploymentStored => "A stored deployment takes the place of the file's of the same id.",
            Self::FileOverDatabase => "The file and the database hold the same object: the file is taken.",
            Self::DatabaseOverApi => "The database knows more than the API: what it holds is taken.",
            Self::FileOverApi => "The API shows what became of the file's value; what the file says is taken.",
            Self::ReadTwice => "This was read twice with different values: the one read last is taken.",
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sentence())
    }
}

/// What a person has to know of a conflict.
pub(crate) fn finding(conflict: &Conflict) -> Finding {
    let (won, lost) = (&conflict.won, &conflict.lost);
    Finding::warning(
        Code::new("inventory.conflict"),
        conflict.object.as_str(),
        format!(
            "{} is {} here and {} at {}; {} is used",
            conflict.field, won.value, lost.value, lost.origin, won.value
        ),
    )
    .at(won.origin.clone())
    .hint(conflict.why.sentence())
}

/// A value as it may be shown. `path` is the field's: what its name gives away as a secret is masked whatever it is.
pub(crate) fn shown(path: &str, held: &Held) -> String {
    let text = match held {
        Held::Secret(_) => return Masked.to_string(),
        Held::Plain(Value::String(text)) if secret(path, text) => return Masked.to_string(),
        Held::Plain(Value::String(text)) => text.clone(),
        Held::Plain(value) => masked(path, value).to_string(),
    };
    if text.chars().count() <= SHOWN {
        return text;
    }
    let start: String = text.chars().take(SHOWN - 1).collect();
    format!("{start}…")
}

/// A nested value with every secret in it masked.
fn masked(path: &str, value: &Value) -> Value {
    match value {
        _ if is_slot(value) => Value::from(Masked.to_string()),
        Value::Object(map) => {
            let inner = map.iter().map(|(key, inner)| (key.clone(), masked(&format!("{path}.{key}"), inner)));
            Value::Object(inner.collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(|item| masked(path, item)).collect()),
        Value::String(text) if secret(path, text) => Value::from(Masked.to_string()),
        other => other.clone(),
    }
}

fn secret(path: &str, text: &str) -> bool {
    is_sensitive(path) || looks_like_a_secret(text)
}

/// The place of a secret inside a nested value.
pub(crate) fn is_slot(value: &Value) -> bool {
    value.as_object().is_some_and(|map| map.len() == 1 && map.contains_key("$secret"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(path: &str, value: Value, expected: &str) {
        assert_eq!(shown(path, &Held::Plain(value)), expected);
    }

    #[test]
    fn values_are_shown_short_and_without_secrets() {
        check("num_retries", json!(3), "3");
        check("routing_strategy", json!("least-busy"), "least-busy");
        check("master_key", json!("short"), "••••••••");
        check("anything", json!("sk-1234567890123"), "••••••••");
        check(
            "a",
            json!({"b": {"$secret": "slot/name"}, "c": 1, "password": "x"}),
            r#"{"b":"••••••••","c":1,"password":"••••••••"}"#,
        );
        check("extra_headers", json!([{"Authorization": "Basic x"}]), r#"[{"Authorization":"••••••••"}]"#);
        check("long", json!("é".repeat(500)), &format!("{}…", "é".repeat(119)));
        assert_eq!(shown("x", &Held::Secret(model::SecretId::new("slot"))), "••••••••");
    }
}
