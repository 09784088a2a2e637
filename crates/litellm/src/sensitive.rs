//! Which values are secrets, by name and by shape. When in doubt a value is a secret: the cost is a mask on the
//! page, the other way round it is a leak.

use std::borrow::Cow;

/// Segments of a name that mark a secret: LiteLLM's own masker's list (`reference/litellm.md` 1.5).
const SEGMENTS: &[&str] = &[
    "password",
    "secret",
    "key",
    "token",
    "auth",
    "authorization",
    "cookie",
    "credential",
    "credentials",
    "private",
    "certificate",
    "fingerprint",
    "webhook",
    "dsn",
];

/// Names that hold such a segment and are no secrets.
const HARMLESS: &[&str] = &[
    "litellm_credential_name",
    "credential_name",
    "credential_id",
    "key_management_system",
    "key_management_settings",
    "litellm_key_header_name",
    "user_api_key_cache_ttl",
    "custom_key_generate",
    "custom_auth",
    "infer_model_from_keys",
    "key_alias",
    "key_name",
    "key_type",
    "key_alias_pattern",
    "auth_type",
    "primary_secret_name",
    "enable_jwt_auth",
    "enable_oauth2_auth",
    "key_generation_settings",
    "default_key_generate_params",
    "upperbound_key_generate_params",
    "aws_web_identity_token",
    "token_url",
    "authorization_url",
    "token_exchange_endpoint",
    "token_exchange_profile",
    "subject_token_type",
    "key_rotation_at",
    "byok_api_key_help_url",
    "delegate_auth_to_upstream",
];

/// Names that are secrets though no segment says so.
const SECRET_NAMES: &[&str] = &["database_url", "redis_url", "alert_to_webhook_url", "connection_string"];

/// Maps whose values are secrets whatever their names are: headers, the environment of an MCP server, addresses to
/// post to. LiteLLM encrypts some of them as a whole since 1.102 and keeps the rest in clear (`reference/litellm.md` 2.6).
const SECRET_MAPS: &[&str] =
    &["extra_headers", "static_headers", "default_headers", "headers", "env", "alert_to_webhook_url"];

/// Whether the last part of a field's path names a secret, or it stands in a map of secrets.
pub fn is_sensitive(path: &str) -> bool {
    let (above, name) = path.rsplit_once('.').unwrap_or(("", path));
    let name = lower(name);
    // A list below such a name holds names of headers, not their values.
    if name.bytes().all(|byte| byte.is_ascii_digit()) {
        return is_list_of_secrets(above);
    }
    if above.split('.').any(|part| SECRET_MAPS.contains(&part)) {
        return true;
    }
    let mut segments = name.split(['_', '-']);
    let by_segment = segments.any(|segment| SEGMENTS.contains(&segment)) && !name.contains("cost");
    (by_segment || SECRET_NAMES.contains(&&*name)) && !HARMLESS.contains(&&*name)
}

fn lower(name: &str) -> Cow<'_, str> {
    let upper = name.bytes().any(|byte| byte.is_ascii_uppercase());
    if upper { Cow::Owned(name.to_ascii_lowercase()) } else { Cow::Borrowed(name) }
}

/// `api_keys: [a, b]`: the name in the plural. Names of one word (`keys`, `tokens`) mostly list names.
pub(crate) fn is_list_of_secrets(path: &str) -> bool {
    let name = lower(path.rsplit_once('.').map_or(path, |(_, name)| name));
    let Some((_, last)) = name.rsplit_once(['_', '-']) else {
        return ["passwords", "secrets", "credentials"].contains(&&*name);
    };
    name != "hosted_keys" && SEGMENTS.contains(&last.strip_suffix('s').unwrap_or(last))
}

/// Whether the API shows a mask in place of the value (`reference/litellm.md` 1.5, 1.6): it must never be taken
/// for the secret itself.
pub fn is_masked(text: &str) -> bool {
    text.contains("****")
        || text == "REDACTED_BY_LITELM"
        || (!text.is_empty() && text.bytes().all(|b| b == b'*') && text != "*")
}

/// Whether a value looks like a secret whatever its name: the shapes of well-known keys and headers.
pub fn looks_like_a_secret(text: &str) -> bool {
    const PREFIXES: &[&str] =
        &["sk-", "pk-lf-", "Bearer ", "bearer ", "Basic ", "ghp_", "xoxb-", "hf_", "gsk_", "AKIA", "-----BEGIN"];
    // Most texts have no colon, and looking for one is quick.
    let has_credentials = text.contains(':')
        && text.split_once("://").is_some_and(|(_, rest)| {
            rest.split(['/', '?']).next().is_some_and(|authority| authority.contains('@') && authority.contains(':'))
        });
    has_credentials || (text.len() > 12 && PREFIXES.iter().any(|prefix| text.starts_with(prefix)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_hold_secrets() {
        for name in [
            "api_key",
            "litellm_params.api_key",
            "aws_secret_access_key",
            "aws_session_token",
            "azure_ad_token",
            "client_secret",
            "vertex_credentials",
            "extra_headers.Authorization",
            "general_settings.master_key",
            "database_url",
            "cache_params.password",
            "x-api-key",
            "litellm_params.extra_headers.X-Tenant",
            "static_headers.X-Custom",
            "env.REGION",
            "alert_to_webhook_url.budget_alerts",
            "litellm_params.api_keys.0",
            "auth.client-secrets.12",
            "passwords.1",
        ] {
            assert!(is_sensitive(name), "{name}");
        }
        for name in [
            "model",
            "api_base",
            "litellm_credential_name",
            "max_tokens",
            "input_cost_per_token",
            "tenant_id",
            "client_id",
            "aws_region_name",
            "vertex_project",
            "key_alias",
            "tokens",
            "extra_headers.0",
            "headers",
            "policy.keys.0",
            "assigned_key_ids.0",
            "hosted_keys.0",
            "access_groups.0",
        ] {
            assert!(!is_sensitive(name), "{name}");
        }
    }

    #[test]
    fn shapes_that_give_a_secret_away() {
        for text in ["Bearer abcdefghijklm", "sk-key-platform-0001", "postgresql://u:p@host/db", "-----BEGIN X-----"] {
            assert!(looks_like_a_secret(text), "{text}");
        }
        for text in ["sk-...0001", "https://api.openai.com/v1", "gpt-4o", "none"] {
            assert!(!looks_like_a_secret(text), "{text}");
        }
    }
}
