//! Telling what an answer is from what it looks like.

use serde_json::{Map, Value};

use crate::tables::table;

/// What an answer turned out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// `/v2/model/info` or `/model/info`.
    Models,
    /// `/credentials`.
    Credentials,
    /// `/organization/list`.
    Organizations,
    /// `/v2/team/list` or `/team/list`; where the list is.
    Teams(&'static str),
    /// `/team/info`.
    Team,
    /// `/user/list`.
    Users,
    /// `/key/list`.
    Keys,
    /// `/budget/list`.
    Budgets,
    /// `/customer/list`.
    Customers,
    /// `/tag/list`.
    Tags,
    /// `/v1/access_group`.
    AccessGroups,
    /// `/v2/guardrails/list` or the older one.
    Guardrails,
    /// `/v1/mcp/server`.
    McpServers,
    /// `/config/pass_through_endpoint`.
    PassThrough,
    /// `/get/config/callbacks`.
    Callbacks,
    /// `/project/list`.
    Projects,
    /// `/prompts/list`.
    Prompts,
    /// `/search_tools/list`.
    SearchTools,
    /// `/vector_store/list`.
    VectorStores,
    /// `/key/info`.
    Key,
    /// `/v1/agents`.
    Agents,
    /// `/policies/list`.
    Policies,
    /// `/policies/attachments/list`.
    PolicyAttachments,
    /// `/config/list?config_type=general_settings`.
    GeneralSettings,
    /// A section of settings of which the answer shows the values: the section, where they are.
    Values(Section),
    /// An answer that tells the proxy's version.
    Version(String),
    /// A known answer that holds no configuration.
    Nothing,
    /// The proxy refused; its own words.
    Refused(String),
}

/// Settings that come as `values` or `current_values`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Section {
    /// `/router/settings`.
    Router,
    /// `/cache/settings`.
    Cache,
    /// `/get/sso_settings`.
    Sso,
    /// `/get/ui_settings`.
    Ui,
    /// `/get/internal_user_settings`.
    UserDefaults,
    /// `/get/default_team_settings`.
    TeamDefaults,
}

/// Lists by the keys their entries have: every key of a row has to be there.
const ENTRIES: &[(&[&str], Shape)] = &[
    (&["organization_id", "organization_alias", "budget_id"], Shape::Organizations),
    (&["project_id"], Shape::Projects),
    (&["team_id", "members_with_roles"], Shape::Teams("")),
    (&["access_group_id", "access_group_name"], Shape::AccessGroups),
    (&["server_id", "transport"], Shape::McpServers),
    (&["user_id", "blocked", "allowed_model_region"], Shape::Customers),
    (&["budget_id", "max_budget"], Shape::Budgets),
    (&["name", "models", "model_info"], Shape::Tags),
    (&["name", "description"], Shape::Tags),
    (&["agent_id", "agent_name"], Shape::Agents),
    (&["field_name", "field_value", "stored_in_db"], Shape::GeneralSettings),
];

/// Objects by the keys they have.
const ENVELOPES: &[(&[&str], Shape)] = &[
    (&["team_id", "team_info"], Shape::Team),
    (&["key", "info"], Shape::Key),
    (&["success", "credentials"], Shape::Credentials),
    (&["keys", "total_count"], Shape::Keys),
    (&["teams", "total"], Shape::Teams("/teams")),
    (&["users", "total"], Shape::Users),
    (&["guardrails"], Shape::Guardrails),
    (&["endpoints"], Shape::PassThrough),
    (&["status", "callbacks", "router_settings"], Shape::Callbacks),
    (&["prompts"], Shape::Prompts),
    (&["search_tools"], Shape::SearchTools),
    (&["object", "data", "total_count"], Shape::VectorStores),
    (&["access_groups"], Shape::Nothing),
    (&["aliases", "total_count"], Shape::Nothing),
    (&["has_license"], Shape::Nothing),
    (&["current_values", "routing_strategy_descriptions"], Shape::Values(Section::Router)),
    (&["current_values", "redis_type_descriptions"], Shape::Values(Section::Cache)),
    (&["fields", "current_values"], Shape::Nothing),
    (&["field_schema"], Shape::Nothing),
    (&["policies", "total_count"], Shape::Policies),
    (&["attachments", "total_count"], Shape::PolicyAttachments),
    (&["status", "db"], Shape::Nothing),
];

/// `{values, field_schema}` by the keys of its values.
const VALUES: &[(&[&str], Shape)] = &[
    (&["google_client_id", "microsoft_client_id"], Shape::Values(Section::Sso)),
    (&["disable_model_add_for_internal_users"], Shape::Values(Section::Ui)),
    (&["user_role", "max_budget", "budget_duration"], Shape::Values(Section::UserDefaults)),
    (&["tpm_limit", "rpm_limit", "max_budget"], Shape::Values(Section::TeamDefaults)),
];

/// Recognises an answer, or says `None`.
pub(crate) fn recognise(body: &Value) -> Option<Shape> {
    match body {
        Value::Array(items) => match items.first() {
            None => Some(Shape::Nothing),
            Some(Value::Object(first)) => find(ENTRIES, first),
            Some(_) => None,
        },
        Value::Object(map) => envelope(map),
        _ => None,
    }
}

fn envelope(map: &Map<String, Value>) -> Option<Shape> {
    if let Some(version) = map.get("litellm_version").and_then(Value::as_str) {
        return Some(Shape::Version(version.to_owned()));
    }
    if map.contains_key("openapi")
        && let Some(version) = map.get("info").and_then(|info| info.get("version")).and_then(Value::as_str)
    {
        return Some(Shape::Version(version.to_owned()));
    }
    if let Some(words) = refusal(map) {
        return Some(Shape::Refused(words));
    }
    if map.get("data").is_some_and(|row| row.get("litellm_params").is_some()) {
        return Some(Shape::Models);
    }
    if let Some(Value::Array(rows)) = map.get("data") {
        let is_model = |row: &Value| row.get("litellm_params").is_some() && row.get("model_name").is_some();
        if rows.first().is_some_and(is_model) || (rows.is_empty() && map.contains_key("total_pages")) {
            return Some(Shape::Models);
        }
    }
    if let Some(Value::Object(values)) = map.get("values") {
        return Some(find(VALUES, values).unwrap_or(Shape::Nothing));
    }
    find(ENVELOPES, map)
}

fn find(table: &[(&[&str], Shape)], map: &Map<String, Value>) -> Option<Shape> {
    table.iter().find(|(keys, _)| keys.iter().all(|key| map.contains_key(*key))).map(|(_, shape)| shape.clone())
}

/// The proxy's words in an error body: `{"error":{"message"}}`, `{"detail":…}` (`reference/litellm.md` 1.1).
fn refusal(map: &Map<String, Value>) -> Option<String> {
    let said = map.get("error").or_else(|| map.get("detail"))?;
    if map.len() > 2 {
        return None;
    }
    let inner = said.get("message").or_else(|| said.get("error")).unwrap_or(said);
    let words = inner.as_str().map_or_else(|| inner.to_string(), str::to_owned);
    // The first sentence: what follows may repeat the key that was sent, or its hash.
    let first = words.split(". ").next().unwrap_or_default();
    Some(first.chars().take(200).collect())
}

/// Whether a key of `model_info` is the deployment's own, and not one of the 190 price and capability fields the
/// API copies in from LiteLLM's price map (`reference/litellm.md` 1.5).
pub(crate) fn is_own_model_info(key: &str) -> bool {
    const OWN: &[&str] = &[
        "id",
        "db_model",
        "base_model",
        "mode",
        "tier",
        "access_groups",
        "team_id",
        "team_public_model_name",
        "blocked",
        "created_at",
        "created_by",
        "updated_at",
        "updated_by",
        "description",
        "discoverable",
        "access_windows",
        "supported_environments",
        "health_check_model",
        "enable_tag_filtering",
    ];
    OWN.contains(&key)
}

/// The fields of a key in `/key/list` that are the key's own, which are the columns of its table: the answer is
/// padded with its team's, user's and end user's, and calls its organization `org_id`.
pub(crate) fn own_key_fields(map: &Map<String, Value>) -> Map<String, Value> {
    let own: Vec<&str> = table("LiteLLM_VerificationToken").map(|table| table.columns().collect()).unwrap_or_default();
    map.iter()
        .map(|(key, value)| (if key == "org_id" { "organization_id" } else { key.as_str() }, value))
        .filter(|(key, _)| *key != "token" && (own.contains(key) || LINKED.contains(key)))
        .map(|(key, value)| (key.to_owned(), value.clone()))
        .collect()
}

/// Objects inside a key that become objects of their own.
const LINKED: &[&str] = &["litellm_budget_table", "object_permission"];
