//! What may stand in a journal: nothing that opens anything.

use bifrost::compare::Difference;
use model::Masked;
use serde_json::Value;

/// Fields whose text is a secret wherever they stand, and objects of which every text is one
/// (`reference/bifrost-api.md` 3.3 to 3.5, 2.5, 2.14).
const SECRET: &[&str] = &[
    "access_key",
    "admin_password",
    "api_key",
    "arn",
    "auth_credentials",
    "authorization",
    "client_secret",
    "connection_string",
    "envs",
    "external_id",
    "extra_headers",
    "headers",
    "password",
    "private_key",
    "secret",
    "secret_key",
    "session_token",
    "setup_token",
    "token",
    "value",
];

/// A copy without secrets: the values of virtual keys, credentials, headers, and what stands before the `@` of an
/// address. What the gateway redacted already stays as it is, references to variables too.
pub fn redacted(value: &Value) -> Value {
    walk(value, false)
}

/// A difference as it may be written down.
pub(crate) fn difference(found: &Difference) -> Difference {
    let secret = found.path.split(['.', '[', ']']).any(is_secret);
    Difference {
        path: found.path.clone(),
        intended: walk(&found.intended, secret),
        observed: walk(&found.observed, secret),
    }
}

fn is_secret(key: &str) -> bool {
    SECRET.contains(&key.to_ascii_lowercase().as_str())
}

fn walk(value: &Value, secret: bool) -> Value {
    match value {
        Value::String(text) if secret && !is_harmless(text) => Value::String(Masked.to_string()),
        Value::String(text) if text.contains("sk-bf-") => Value::String(Masked.to_string()),
        Value::String(text) => Value::String(without_userinfo(text)),
        Value::Array(items) => Value::Array(items.iter().map(|item| walk(item, secret)).collect()),
        Value::Object(fields) => Value::Object(
            fields.iter().map(|(key, value)| (key.clone(), walk(value, inside(key, value, secret)))).collect(),
        ),
        other => other.clone(),
    }
}

/// Whether what stands under the key is secret. The type of a secret-capable field is not, nor the name of the
/// variable or slot that it refers to.
fn inside(key: &str, value: &Value, secret: bool) -> bool {
    let name = matches!(key, "type" | "ref" | "env_var" | "$secret" | "$ref") && value.is_string();
    !name && (secret || is_secret(key))
}

/// Empty, redacted by the gateway, or the name of a variable.
fn is_harmless(text: &str) -> bool {
    let stars = text.bytes().filter(|byte| *byte == b'*').count();
    let redacted = stars >= 24 || stars == text.len() || text == "<redacted>";
    redacted || text.starts_with("env.") || text.starts_with("vault.")
}

/// `https://user:password@host` without the middle.
fn without_userinfo(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else { return text.to_owned() };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    match authority.rfind('@') {
        Some(at) => format!("{scheme}://{Masked}@{}", &rest[at + 1..]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(value: &Value, expected: &str) {
        assert_eq!(redacted(value).to_string().replace(&Masked.to_string(), "…"), expected);
    }

    #[test]
    fn nothing_that_opens_anything_stays() {
        check(&json!({"name": "a", "value": "sk-bf-1"}), r#"{"name":"a","value":"…"}"#);
        check(&json!({"description": "was sk-bf-1"}), r#"{"description":"…"}"#);
        check(
            &json!({"value": {"value": "sk-1", "env_var": "", "from_env": false}}),
            r#"{"value":{"env_var":"","from_env":false,"value":"…"}}"#,
        );
        check(
            &json!({"value": {"value": "sk-u************************DDDD", "type": "plain_text"}}),
            r#"{"value":{"type":"plain_text","value":"sk-u************************DDDD"}}"#,
        );
        check(
            &json!({"value": {"value": "", "ref": "env.KEY", "type": "env"}}),
            r#"{"value":{"ref":"env.KEY","type":"env","value":""}}"#,
        );
        check(
            &json!({"network_config": {"extra_headers": {"X-Api": "s"}, "base_url": "https://u:p@h/v1"}}),
            r#"{"network_config":{"base_url":"https://…@h/v1","extra_headers":{"X-Api":"…"}}}"#,
        );
        check(
            &json!({"headers": {"Authorization": {"$secret": "mcp/docs"}}, "proxy_config": {"password": "p"}}),
            r#"{"headers":{"Authorization":{"$secret":"mcp/docs"}},"proxy_config":{"password":"…"}}"#,
        );
        let found = Difference {
            path: "network_config.extra_headers.X-Api".to_owned(),
            intended: json!("s"),
            observed: json!("t"),
        };
        assert_eq!(difference(&found).observed, json!(Masked.to_string()));
    }
}
