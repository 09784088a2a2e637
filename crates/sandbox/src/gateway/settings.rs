//! `/api/config` (topics 01, 13, 16).

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::State;
use super::body::{Body, Shape};
use super::reply::{Outcome, Refusal, ok};
use super::secret::Secret;
use super::state::{Admin, Settings};
use crate::{Release, Request};

const SHAPE: &[(&str, Shape)] = &[
    ("client_config", Shape::Fields(CLIENT)),
    ("framework_config", Shape::Map(&Shape::Any)),
    ("auth_config", Shape::Fields(AUTH)),
];

const AUTH: &[(&str, Shape)] = &[
    ("admin_username", Shape::Any),
    ("admin_password", Shape::Any),
    ("is_enabled", Shape::Flag),
    ("setup_token", Shape::Text),
];

const CLIENT: &[(&str, Shape)] = &[
    ("drop_excess_requests", Shape::Flag),
    ("initial_pool_size", Shape::Int),
    ("prometheus_labels", Shape::List(&Shape::Text)),
    ("enable_logging", Shape::Flag),
    ("disable_content_logging", Shape::Flag),
    ("retain_content_in_object_storage", Shape::Flag),
    ("allow_per_request_content_storage_override", Shape::Flag),
    ("allow_per_request_raw_override", Shape::Flag),
    ("allow_direct_keys", Shape::Flag),
    ("disable_db_pings_in_health", Shape::Flag),
    ("log_retention_days", Shape::Int),
    ("enforce_auth_on_inference", Shape::Flag),
    ("dual_credential_conflict_behavior", Shape::Text),
    ("allowed_origins", Shape::List(&Shape::Text)),
    ("allowed_headers", Shape::List(&Shape::Text)),
    ("max_request_body_size_mb", Shape::Int),
    ("enable_litellm_fallbacks", Shape::Flag),
    ("compat", Shape::Fields(COMPAT)),
    ("mcp_agent_depth", Shape::Int),
    ("mcp_tool_execution_timeout", Shape::Int),
    ("mcp_code_mode_binding_level", Shape::Text),
    ("mcp_tool_sync_interval", Shape::Int),
    ("mcp_disable_auto_tool_inject", Shape::Flag),
    ("mcp_enable_temp_token_auth", Shape::Flag),
    ("async_job_result_ttl", Shape::Int),
    ("hide_deleted_virtual_keys_in_filters", Shape::Flag),
    ("routing_chain_max_depth", Shape::Int),
    ("mcp_external_client_url", Shape::Any),
    ("mcp_external_server_url", Shape::Any),
    ("vk_rotation_cooldown", Shape::Any),
    ("whitelisted_routes", Shape::List(&Shape::Text)),
    ("mcp_server_auth_mode", Shape::Text),
    ("dump_errors_in_console_logs", Shape::Flag),
];

const COMPAT: &[(&str, Shape)] = &[
    ("convert_text_to_chat", Shape::Flag),
    ("convert_chat_to_responses", Shape::Flag),
    ("should_drop_params", Shape::Flag),
    ("should_convert_params", Shape::Flag),
];

/// Fields of the second generation.
const SECOND: &[&str] = &[
    "retain_content_in_object_storage",
    "dual_credential_conflict_behavior",
    "mcp_server_auth_mode",
    "dump_errors_in_console_logs",
];

/// Fields that 1.5.2 does not know yet, and the one that only it knows.
const NEWER: &[&str] = &["allow_direct_keys", "mcp_enable_temp_token_auth"];
const OLDER: &[&str] = &["mcp_external_server_url"];

/// The field of 1.4.19 that became `compat`, and those that came with 1.5.
const FOURTH: &[&str] = &["enable_litellm_fallbacks"];
const FIFTH: &[&str] = &[
    "allow_per_request_content_storage_override",
    "allow_per_request_raw_override",
    "compat",
    "mcp_disable_auto_tool_inject",
    "mcp_enable_temp_token_auth",
    "mcp_external_client_url",
    "routing_chain_max_depth",
];

/// Fields that came after the newest that was recorded.
const LATER: &[&str] = &["vk_rotation_cooldown", "whitelisted_routes"];

/// Fields that only a configuration from the database shows.
const STORED_ONLY: &[&str] = &["dual_credential_conflict_behavior", "mcp_external_client_url", "mcp_server_auth_mode"];

const NO_TOKEN: &str = "a valid setup token is required to create the initial admin account; configure setup_token in \
    config.json (or the BIFROST_SETUP_TOKEN env var) and pass it in this request";

impl Settings {
    /// As after a first start without a `client` section.
    pub(super) fn fresh(release: Release) -> Self {
        Self {
            client: Self::fresh_client(release),
            // 1.5.2 stores what it fills in at its first start.
            stored: !release.hides_defaults(),
            framework: framework(release),
            restart: None,
            admin: None,
        }
    }

    /// What a first start shows of the settings that nobody gave.
    pub(super) fn fresh_client(release: Release) -> Map<String, Value> {
        let mut client = defaults(release);
        if !release.hides_defaults() {
            return client;
        }
        for name in ["log_retention_days", "mcp_tool_sync_interval", "async_job_result_ttl"] {
            client.insert(name.to_owned(), json!(0));
        }
        client
    }

    /// Whether inference without a virtual key is refused.
    pub(super) fn enforces_auth(&self) -> bool {
        self.client.get("enforce_auth_on_inference") == Some(&json!(true))
    }

    /// The administrator, where the management API is locked.
    pub(super) fn enabled_admin(&self) -> Option<&Admin> {
        self.admin.as_ref().filter(|admin| admin.enabled)
    }
}

impl State {
    /// `GET /api/config`.
    pub(super) fn get_settings(&self, query: &BTreeMap<String, String>) -> Outcome {
        let from_db = query.get("from_db").is_some_and(|value| value == "true");
        let settings = &self.settings;
        let stored = settings.stored || from_db;
        let mut client = if stored && !settings.stored { defaults(self.release) } else { settings.client.clone() };
        client.retain(|name, value| {
            let shown = stored || !STORED_ONLY.contains(&name.as_str());
            shown && !(name == "allowed_origins" && value.is_null())
        });
        let restart = match &settings.restart {
            None => json!({ "required": false }),
            Some(reason) => json!({ "required": true, "reason": reason }),
        };
        let mut framework = settings.framework.clone();
        framework.insert("id".to_owned(), json!(i32::from(from_db)));
        let mut shown = json!({
            "client_config": client,
            "framework_config": framework,
            "is_cache_connected": false,
            "is_db_connected": true,
            "is_logs_connected": true,
            "restart_required": restart,
        });
        if self.release.knows_libraries() {
            shown["is_git_available"] = json!(true);
        }
        if self.release.is_second() {
            shown["is_object_storage_connected"] = json!(false);
        }
        if let Some(auth) = self.show_auth() {
            shown["auth_config"] = auth;
        }
        ok(&shown)
    }

    /// `PUT /api/config`: what is left out is reset, `compat` switches are turned on.
    pub(super) fn put_settings(&mut self, request: &Request) -> Outcome {
        let body = Body::read(&request.body, SHAPE).map_err(|_| unreadable(self.release))?;
        let client = body.object("client_config").unwrap_or_default();
        if client.int("log_retention_days").unwrap_or_default() < 1 {
            return Err(Refusal::bad("log_retention_days must be at least 1"));
        }
        let mut closes = false;
        if let Some(auth) = body.object("auth_config") {
            let first = self.settings.admin.is_none();
            self.settings.admin = self.admin_of(&auth, request)?.or(self.settings.admin.take());
            // Every session ends with a change of the administrator.
            self.sessions.clear();
            closes = first && self.settings.admin.is_some() && self.release.locks();
        }
        let before = self.settings.client.get("allowed_origins").cloned().unwrap_or_default();
        self.settings.client = merged(&self.settings.client, &client, self.release);
        self.settings.stored = true;
        if closes && client.get("enforce_auth_on_inference").is_none() {
            self.settings.client.insert("enforce_auth_on_inference".to_owned(), json!(true));
        }
        if self.settings.client.get("allowed_origins") != Some(&before) {
            self.settings.restart = Some(
                "Allowed origins settings have been updated. A restart is required for changes to take full effect."
                    .to_owned(),
            );
        }
        ok(&json!({ "message": "configuration updated successfully", "status": "success" }))
    }

    fn admin_of(&self, auth: &Body, request: &Request) -> Result<Option<Admin>, Refusal> {
        let text = |name: &str| Secret::read(auth.get(name), &self.environment, self.release).value;
        let enabled = auth.flag("is_enabled") == Some(true);
        let stored = self.settings.admin.as_ref();
        let username = text("admin_username");
        let password = match (text("admin_password"), stored) {
            (sent, Some(stored)) if sent.is_empty() || sent == "<redacted>" => stored.password.clone(),
            (sent, _) => sent,
        };
        if username.is_empty() || password.is_empty() {
            return if enabled { Err(Refusal::bad("auth username and password must be provided")) } else { Ok(None) };
        }
        if self.release.is_second() {
            check_password(&password)?;
            let token = auth.text("setup_token");
            if stored.is_none()
                && !self.is_setting_up(request)
                && (token.is_none() || token != self.setup_token.as_deref())
            {
                return Err(Refusal::new(403, NO_TOKEN));
            }
        }
        Ok(Some(Admin { username, password, enabled }))
    }

    fn show_auth(&self) -> Option<Value> {
        let admin = self.settings.admin.as_ref();
        let name = admin.map(|admin| admin.username.clone()).unwrap_or_default();
        let secret = |value: String| Secret { value, reference: None, given: true }.show_open(self.release);
        if !self.release.is_second() {
            let mut shown = json!({
                "admin_password": secret(if admin.is_some() { "<redacted>".to_owned() } else { String::new() }),
                "admin_username": secret(name),
                "is_enabled": admin.is_some_and(|admin| admin.enabled),
            });
            if self.release.spares_inference() {
                shown["disable_auth_on_inference"] = json!(!self.release.guards_everything());
            }
            return Some(shown);
        }
        admin.map(|admin| {
            json!({
                "admin_password": { "value": "<redacted>" },
                "admin_username": secret(name),
                "auth_type": "password",
                "is_enabled": admin.enabled,
            })
        })
    }
}

pub(super) fn unreadable(release: Release) -> Refusal {
    Refusal::bad(if release.is_second() {
        "Invalid request payload"
    } else {
        "Invalid request format: unexpected end of JSON input"
    })
}

fn check_password(password: &str) -> Result<(), Refusal> {
    let has = |test: fn(char) -> bool| password.chars().any(test);
    let wanted = [
        (password.chars().count() >= 12, "at least 12 characters"),
        (has(char::is_uppercase), "one uppercase letter"),
        (has(char::is_lowercase), "one lowercase letter"),
        (has(|c| c.is_ascii_digit()), "one number"),
        (has(|c| !c.is_alphanumeric()), "one special character"),
    ];
    let missing: Vec<&str> = wanted.iter().filter(|(met, _)| !met).map(|(_, what)| *what).collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(Refusal::bad(format!("auth password must include {}", missing.join(", "))))
}

/// What the database fills in.
fn defaults(release: Release) -> Map<String, Value> {
    let all = json!({
        "drop_excess_requests": false,
        "initial_pool_size": 5000,
        "prometheus_labels": [],
        "enable_logging": true,
        "disable_content_logging": false,
        "enable_litellm_fallbacks": false,
        "retain_content_in_object_storage": false,
        "allow_per_request_content_storage_override": false,
        "allow_per_request_raw_override": false,
        "allow_direct_keys": false,
        "disable_db_pings_in_health": false,
        "log_retention_days": 365,
        "enforce_auth_on_inference": release.locks(),
        "dual_credential_conflict_behavior": "prefer_idp",
        "allowed_origins": ["*"],
        "max_request_body_size_mb": 100,
        "compat": {
            "convert_text_to_chat": false,
            "convert_chat_to_responses": false,
            "should_drop_params": false,
            "should_convert_params": false,
        },
        "mcp_agent_depth": 10,
        "mcp_tool_execution_timeout": 30,
        "mcp_code_mode_binding_level": "server",
        "mcp_tool_sync_interval": 10,
        "mcp_disable_auto_tool_inject": false,
        "mcp_enable_temp_token_auth": false,
        "async_job_result_ttl": 3600,
        "hide_deleted_virtual_keys_in_filters": false,
        "routing_chain_max_depth": 10,
        "mcp_external_client_url": Secret::default().show(release),
        "vk_rotation_cooldown": "0s",
        "whitelisted_routes": [],
        "mcp_external_server_url": Secret::default().show(release),
        "mcp_server_auth_mode": "headers",
        "dump_errors_in_console_logs": false,
    });
    let mut fields = all.as_object().cloned().unwrap_or_default();
    let unknown: &[&[&str]] = match release {
        Release::V1_4_19 => &[SECOND, OLDER, LATER, FIFTH],
        Release::V1_5_2 => &[SECOND, NEWER, LATER, FOURTH],
        Release::V1_5_16 => &[SECOND, OLDER, LATER, FOURTH],
        Release::V2_0_0_PRERELEASE3 => &[OLDER, LATER, FOURTH],
        Release::V2_2_6 => &[OLDER, FOURTH],
    };
    fields.retain(|name, _| !unknown.iter().any(|names| names.contains(&name.as_str())));
    fields
}

/// What a PUT leaves: switches that are not sent are off, `enable_logging` and `compat` are on; numbers and texts
/// that are not sent stay, or take the database's default where they are zero; lists that are not sent are gone.
fn merged(before: &Map<String, Value>, sent: &Body, release: Release) -> Map<String, Value> {
    let mut after = Map::new();
    for (name, default) in defaults(release) {
        let given = sent.get(&name).cloned();
        let value = match default {
            Value::Bool(default) => {
                json!(given.and_then(|value| value.as_bool()).unwrap_or(default && name == "enable_logging"))
            }
            Value::Number(_) | Value::String(_) => given
                .filter(|value| *value != json!(0) && *value != json!(""))
                .or_else(|| before.get(&name).filter(|value| **value != json!(0)).cloned())
                .unwrap_or(default),
            Value::Array(_) if name == "prometheus_labels" || name == "whitelisted_routes" => {
                given.unwrap_or_else(|| json!([]))
            }
            Value::Array(_) => given.unwrap_or_default(),
            other if name == "compat" => {
                let switches = sent.object("compat").unwrap_or_default();
                let names = other.as_object().cloned().unwrap_or_default();
                names.into_iter().map(|(name, _)| (name.clone(), json!(switches.flag(&name).unwrap_or(true)))).collect()
            }
            other => given.unwrap_or(other),
        };
        after.insert(name, value);
    }
    after
}

fn framework(release: Release) -> Map<String, Value> {
    let mut framework = json!({
        "pricing_url": "file:///offline/pricing.json",
        "pricing_sync_interval": 86400,
        "model_parameters_url": "file:///offline/params.json",
        "mcp_library_url": "file:///offline/mcp.json",
        "mcp_library_sync_interval": 86400,
        "config_hash": "",
    });
    if !release.knows_libraries() {
        framework = json!({ "pricing_url": "/offline/pricing.json", "pricing_sync_interval": 86400 });
    }
    if release.is_second() {
        framework["live_models_sync_interval"] = json!(3600);
    }
    framework.as_object().cloned().unwrap_or_default()
}
