//! A LiteLLM proxy that answers as recorded: a made-up company of two organizations, three teams and seven keys.

mod faulty;
mod paging;
mod recordings;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{Request, Response};
pub use faulty::{Fault, FaultyProxy, Keys};
use recordings::{RECORDINGS, Recording};

/// The key that may do everything on the recorded proxies.
const MASTER_KEY: &str = "sk-1234";

/// What the recorded databases were encrypted with.
const SALT_KEY: &str = "sk-salt-litellm-real-0001";

/// What is answered without a key.
const PUBLIC: &[&str] = &["/health/readiness", "/openapi.json"];

/// The answers that do not depend on the query, by path.
const PLAIN: &[(&str, &str)] = &[
    ("/health/readiness", "health_readiness"),
    ("/health/readiness/details", "health_readiness_details"),
    ("/health/license", "health_license"),
    ("/credentials", "credentials"),
    ("/organization/list", "organization_list"),
    ("/budget/list", "budget_list"),
    ("/customer/list", "customer_list"),
    ("/tag/list", "tag_list"),
    ("/v1/access_group", "v1_access_group"),
    ("/v2/guardrails/list", "v2_guardrails_list"),
    ("/v1/mcp/server", "v1_mcp_server"),
    ("/config/pass_through_endpoint", "config_pass_through_endpoint"),
    ("/get/config/callbacks", "get_config_callbacks"),
    ("/router/settings", "router_settings"),
    ("/prompts/list", "prompts_list"),
    ("/search_tools/list", "search_tools_list"),
    ("/vector_store/list", "vector_store_list"),
    ("/project/list", "project_list"),
    ("/v1/agents", "v1_agents"),
    ("/team/list", "team_list"),
    ("/guardrails/list", "guardrails_list"),
    ("/config/list", "config_list"),
    ("/cache/settings", "cache_settings"),
    ("/get/sso_settings", "get_sso_settings"),
    ("/get/ui_settings", "get_ui_settings"),
    ("/get/internal_user_settings", "get_internal_user_settings"),
    ("/get/default_team_settings", "get_default_team_settings"),
];

/// Made up after the reference, because the recorded companies have none of it (`reference/litellm.md` 1.4).
const MADE_UP: &[&str] = &["/policies/list", "/policies/attachments/list", "/openapi.json", "/model/info"];

/// A proxy. It holds nothing that changes: every request is a read.
#[derive(Clone, Copy, Debug)]
pub struct Proxy(&'static Recording);

impl Proxy {
    /// The practice company: 1.101.6, the last recorded release whose open build shows organizations.
    pub fn practice() -> Self {
        Self(&RECORDINGS[0])
    }

    /// The proxy of a recorded release: `1.101.6` or `1.108.7`.
    pub fn recorded(version: &str) -> Option<Self> {
        RECORDINGS.iter().find(|recording| recording.version == version).map(Self)
    }

    /// The release it plays.
    pub const fn version(&self) -> &'static str {
        self.0.version
    }

    /// The rows of its database, as `pg_dump --data-only --inserts` wrote them.
    pub const fn tables(&self) -> &'static str {
        self.0.tables
    }

    /// The `config.yaml` it was started with.
    pub const fn config_yaml(&self) -> &'static str {
        self.0.config_yaml
    }

    /// The salt key that opens its database.
    pub const fn salt_key(&self) -> &'static str {
        SALT_KEY
    }

    /// The key that may do everything.
    pub const fn master_key(&self) -> &'static str {
        MASTER_KEY
    }

    /// Answers a request.
    pub fn handle(&self, request: &Request) -> Response {
        if request.method != "GET" {
            return Response::json(405, &json!({ "detail": "Method Not Allowed" }));
        }
        let path = request.path.as_str();
        let known = PLAIN.iter().find(|(plain, _)| *plain == path).map(|(_, file)| *file);
        let paged = paging::list(path);
        let single = matches!(path, "/team/info" | "/key/info") || MADE_UP.contains(&path);
        if known.is_none() && paged.is_none() && !single {
            return Response::json(404, &json!({ "detail": "Not Found" }));
        }
        let recording = self.0;
        if let Err(refusal) = recording.check_key(request) {
            return refusal;
        }
        match (known, paged) {
            (Some("organization_list"), _) if recording.organizations_licensed => {
                Response::json(403, &recording.file("organization_list"))
            }
            (Some(file), _) => Response::json(200, &recording.file(file)),
            (None, Some(list)) => list.answer(&recording.file(list.file), &request.query),
            (None, None) => recording.single(path, request),
        }
    }
}

impl Recording {
    fn single(&self, path: &str, request: &Request) -> Response {
        match path {
            "/team/info" => self.team(request),
            "/key/info" => self.key(request),
            "/model/info" => Response::json(200, &self.expanded_models()),
            "/policies/list" => Response::json(200, &json!({ "policies": [], "total_count": 0 })),
            "/policies/attachments/list" => Response::json(200, &json!({ "attachments": [], "total_count": 0 })),
            _ => {
                let info = json!({ "title": "LiteLLM API", "version": self.version });
                Response::json(200, &json!({ "openapi": "3.1.0", "info": info, "paths": {} }))
            }
        }
    }

    /// As `/model/info` shows them: an alias as a row of its own, a wildcard as the models it matches, of which there
    /// are two here and hundreds in the recording.
    fn expanded_models(&self) -> Value {
        let stored = self.file("v2_model_info");
        let mut rows = Vec::new();
        for row in stored["data"].as_array().into_iter().flatten() {
            match row["model_name"].as_str().and_then(|name| name.strip_suffix('*')) {
                Some(prefix) => rows.extend(["model-a", "model-b"].map(|name| {
                    let mut row = row.clone();
                    row["model_name"] = json!(format!("{prefix}{name}"));
                    row["litellm_params"]["model"] = row["model_name"].clone();
                    row
                })),
                None => rows.push(row.clone()),
            }
        }
        let aliases = self.file("get_config_callbacks")["router_settings"]["model_group_alias"].clone();
        for (alias, group) in aliases.as_object().into_iter().flatten() {
            let targets: Vec<Value> = rows.iter().filter(|row| row["model_name"] == *group).cloned().collect();
            rows.extend(targets.into_iter().map(|mut row| {
                row["model_name"] = json!(alias);
                row
            }));
        }
        json!({ "data": rows })
    }

    fn team(&self, request: &Request) -> Response {
        let id = request.query.get("team_id").map(String::as_str).unwrap_or_default();
        let found = self.find("team_info_", |answer| answer["team_id"] == json!(id));
        found.unwrap_or_else(|| {
            let message = format!("{{'message': 'Team not found, passed team id: {id}.'}}");
            error(404, &message, "auth_error", "None")
        })
    }

    fn key(&self, request: &Request) -> Response {
        let asked = request.query.get("key").map(String::as_str).unwrap_or_default();
        let hash = if asked.starts_with("sk-") { sha256(asked) } else { asked.to_owned() };
        let found = self.find("key_info_", |answer| answer["key"] == json!(hash));
        found.unwrap_or_else(|| error(404, "{'message': 'Key not found in database'}", "auth_error", "None"))
    }

    fn find(&self, prefix: &str, test: impl Fn(&Value) -> bool) -> Option<Response> {
        let files = self.files.iter().filter(|(name, _)| name.starts_with(prefix));
        let mut answers = files.map(|(name, _)| self.file(name));
        answers.find(|answer| test(answer)).map(|answer| Response::json(200, &answer))
    }

    fn file(&self, name: &str) -> Value {
        let text = self.files.iter().find(|(file, _)| *file == name).map(|(_, text)| *text);
        text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    }

    fn check_key(&self, request: &Request) -> Result<(), Response> {
        if PUBLIC.contains(&request.path.as_str()) {
            return Ok(());
        }
        let header = request.header_value("authorization").or_else(|| request.header_value("x-litellm-api-key"));
        let key = header.map(|value| value.strip_prefix("Bearer ").unwrap_or(value)).unwrap_or_default();
        match key {
            "" => Err(error(401, "Authentication Error, No api key passed in.", "auth_error", "None")),
            MASTER_KEY => Ok(()),
            other => {
                let message = self.unknown_key.replace("{hash}", &sha256(other));
                Err(error(401, &message, "token_not_found_in_db", "key"))
            }
        }
    }
}

fn error(status: u16, message: &str, kind: &str, param: &str) -> Response {
    let error = json!({ "message": message, "type": kind, "param": param, "code": status.to_string() });
    Response::json(status, &json!({ "error": error }))
}

/// The hex SHA-256 of a key, which is all that LiteLLM keeps of it.
fn sha256(text: &str) -> String {
    use std::fmt::Write as _;
    Sha256::digest(text.as_bytes()).iter().fold(String::new(), |mut hex, byte| {
        // Writing to a string does not fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
