//! Values that may be secret: literal or taken from the environment of the gateway's host
//! (`reference/bifrost-api.md` 3.5).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::Release;

/// A value and where it comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Secret {
    pub(super) value: String,
    /// `env.NAME`, where it comes from the environment.
    pub(super) reference: Option<String>,
    /// Whether it was given at all.
    pub(super) given: bool,
}

impl Secret {
    /// Reads a string, or the object form of the release; another object is taken for the secret itself.
    pub(super) fn read(sent: Option<&Value>, environment: &BTreeMap<String, String>, release: Release) -> Self {
        let Some(sent) = sent.filter(|sent| !sent.is_null()) else { return Self::default() };
        let text = match sent {
            Value::String(text) => text.clone(),
            other => form(other, release).unwrap_or_else(|| other.to_string()),
        };
        match text.strip_prefix("env.") {
            None => Self { value: text, reference: None, given: true },
            Some(name) => {
                let value = environment.get(name).cloned().unwrap_or_default();
                Self { value, reference: Some(text.clone()), given: true }
            }
        }
    }

    /// Whether there is no value.
    pub(super) fn is_empty(&self) -> bool {
        self.value.is_empty()
    }

    /// As the API shows it: redacted.
    pub(super) fn show(&self, release: Release) -> Value {
        self.form(&redact(&self.value), release)
    }

    /// As the API shows the few values that it does not redact.
    pub(super) fn show_open(&self, release: Release) -> Value {
        self.form(&self.value, release)
    }

    /// The value itself, or the reference to it, for comparing end states.
    pub(super) fn canonical(&self) -> Value {
        json!(self.reference.as_ref().unwrap_or(&self.value))
    }

    /// The stored secret, where `self` is its redacted form sent back unchanged.
    pub(super) fn or_kept(self, stored: &Self) -> Self {
        let sent_back = self.reference.is_none() && !self.value.is_empty() && self.value == redact(&stored.value);
        if sent_back { stored.clone() } else { self }
    }

    fn form(&self, value: &str, release: Release) -> Value {
        match (&self.reference, release.is_second()) {
            (Some(reference), true) => json!({ "value": value, "ref": reference, "type": "env" }),
            (Some(reference), false) => json!({ "value": value, "env_var": reference, "from_env": true }),
            (None, true) => json!({ "value": value, "type": "plain_text" }),
            (None, false) => json!({ "value": value, "env_var": "", "from_env": false }),
        }
    }
}

/// The fields of the newer object form, in the order they are written in.
const NEWER: [&str; 3] = ["value", "ref", "type"];

/// The text of the object form: `{value, env_var, from_env}`, and `{value, ref, type}` from the second generation on.
fn form(sent: &Value, release: Release) -> Option<String> {
    let object = sent.as_object()?;
    let text = |name: &str| object.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    if object.contains_key("env_var") || object.contains_key("from_env") {
        return Some(text("env_var").or(text("value")).unwrap_or_default().to_owned());
    }
    if !object.contains_key("value") || !object.keys().all(|key| NEWER.contains(&key.as_str())) {
        return None;
    }
    if release.is_second() {
        return Some(text("ref").or(text("value")).unwrap_or_default().to_owned());
    }
    // The first generation takes the text of the object for the secret, its fields in the order they are written in.
    let fields = NEWER.iter().filter_map(|name| Some(format!("\"{name}\":{}", object.get(*name)?)));
    Some(format!("{{{}}}", fields.collect::<Vec<_>>().join(",")))
}

/// First four characters, 24 stars, last four; a short value is all stars.
fn redact(value: &str) -> String {
    let characters: Vec<char> = value.chars().collect();
    let count = characters.len();
    if count <= 8 {
        return "*".repeat(count);
    }
    let first: String = characters.iter().take(4).collect();
    let last: String = characters.iter().skip(count - 4).collect();
    format!("{first}{}{last}", "*".repeat(24))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(sent: &Value, first: &Value, second: &Value) {
        let environment = BTreeMap::from([("SET".to_owned(), "sk-from-env-0123".to_owned())]);
        for (release, expected) in [(Release::V1_5_16, first), (Release::V2_0_0_PRERELEASE3, second)] {
            assert_eq!(Secret::read(Some(sent), &environment, release).show(release), *expected, "{release}: {sent}");
        }
    }

    #[test]
    fn secrets_are_shown_redacted() {
        let stars = "*".repeat(24);
        check(
            &json!("sk-upstream-DDDD"),
            &json!({ "value": format!("sk-u{stars}DDDD"), "env_var": "", "from_env": false }),
            &json!({ "value": format!("sk-u{stars}DDDD"), "type": "plain_text" }),
        );
        check(
            &json!("env.SET"),
            &json!({ "value": format!("sk-f{stars}0123"), "env_var": "env.SET", "from_env": true }),
            &json!({ "value": format!("sk-f{stars}0123"), "ref": "env.SET", "type": "env" }),
        );
        check(
            &json!({ "value": "sk-obj2-AAAABBBBCCCC", "ref": "", "type": "plain_text" }),
            &json!({ "value": format!("{{\"va{stars}xt\"}}"), "env_var": "", "from_env": false }),
            &json!({ "value": format!("sk-o{stars}CCCC"), "type": "plain_text" }),
        );
        check(
            &json!("proj"),
            &json!({ "value": "****", "env_var": "", "from_env": false }),
            &json!({ "value": "****", "type": "plain_text" }),
        );
    }
}
