//! The routes of the gateway, as one table per part.

use model::Moment;
use serde_json::json;

use super::State;
use super::reply::{Outcome, ok};
use crate::{Release, Request};

/// What answers a request.
pub(super) struct Route<'a> {
    /// Whether it asks for the administrator's credentials once there are any.
    guarded: bool,
    handler: Handler<'a>,
}

type Handler<'a> = Box<dyn FnOnce(&mut State) -> Outcome + 'a>;

impl Route<'_> {
    /// Answers.
    pub(super) fn run(self, state: &mut State, request: &Request) -> Outcome {
        if self.guarded {
            state.check_admin(request)?;
        }
        (self.handler)(state)
    }
}

/// The route of a request, if there is one. What is not found is not guarded either (topic 16).
pub(super) fn find<'a>(release: Release, request: &'a Request, path: &'a [&'a str], now: Moment) -> Option<Route<'a>> {
    if let Some(handler) = public(release, request, path, now) {
        // Where credentials are wanted for everything, what it takes to show them is still open.
        let open = matches!(path, ["health"] | ["api", "session", ..]);
        return Some(Route { guarded: release.guards_everything() && !open, handler });
    }
    let handler = match path {
        ["api", "providers", _, "keys", ..] | ["api", "governance", "pricing-overrides", ..] if !release.has_keys() => {
            None
        }
        ["api", "routing", "rules", rest @ ..] if release.renames_rules() => rules(request, rest, now),
        ["api", "governance", "routing-rules", rest @ ..] => rules(request, rest, now),
        ["api", "governance", rest @ ..] => governance(release, request, rest, now),
        ["api", rest @ ..] => management(request, rest, now),
        _ => None,
    };
    handler.map(|handler| Route { guarded: true, handler })
}

fn to<'a>(handler: impl FnOnce(&mut State) -> Outcome + 'a) -> Handler<'a> {
    Box::new(handler)
}

fn public<'a>(release: Release, request: &'a Request, path: &[&str], now: Moment) -> Option<Handler<'a>> {
    Some(match (request.method.as_str(), path) {
        ("GET", ["health"]) => to(|_| ok(&json!({ "components": { "db_pings": "ok" }, "status": "ok" }))),
        ("GET", ["api", "version"]) => to(|state| ok(&json!(state.release.version()))),
        ("GET", ["api", "session", "is-auth-enabled"]) => to(move |state| state.session_state(request)),
        ("POST", ["api", "session", "login"]) => to(move |state| state.login(request)),
        ("POST", ["api", "session", "logout"]) => to(move |state| state.logout(request)),
        ("POST", ["api", "session", "setup"]) if release.locks() => to(move |state| state.set_up(request)),
        ("GET", ["api", "governance", "virtual-keys", "quota"]) if release.has_keys() => {
            to(move |state| state.quota(request))
        }
        ("GET", ["v1", "models"]) => to(move |state| state.list_models(request, now)),
        ("GET", ["openai", "v1", "models"]) => to(move |state| state.list_models(request, now)),
        (
            "POST",
            ["v1" | "openai" | "litellm" | "langchain" | "pydanticai", "chat", "completions"]
            | ["openai" | "litellm" | "langchain" | "pydanticai", "v1", "chat", "completions"],
        ) => to(move |state| state.complete_chat(request, now)),
        _ => return None,
    })
}

fn management<'a>(request: &'a Request, path: &'a [&'a str], now: Moment) -> Option<Handler<'a>> {
    let (body, query) = (&request.body, &request.query);
    Some(match (request.method.as_str(), path) {
        ("GET", ["proxy-config"]) => to(|state| {
            let mut shown = json!({
                "enabled": false, "type": "http", "url": "",
                "enable_for_scim": false, "enable_for_inference": false, "enable_for_api": false,
            });
            if state.release.has_keys() {
                shown["timeout"] = json!(0);
            }
            ok(&shown)
        }),
        ("GET", ["config"]) => to(move |state| state.get_settings(query)),
        ("PUT", ["config"]) => to(move |state| state.put_settings(request)),
        ("GET", ["keys"]) => to(move |state| state.list_all_keys()),
        ("GET", ["providers"]) => to(move |state| state.list_providers()),
        ("POST", ["providers"]) => to(move |state| state.create_provider(body)),
        ("GET", ["providers", provider]) => to(move |state| state.get_provider(provider)),
        ("PUT", ["providers", provider]) => to(move |state| state.update_provider(provider, body)),
        ("DELETE", ["providers", provider]) => to(move |state| state.delete_provider(provider)),
        ("GET", ["providers", provider, "keys"]) => to(move |state| state.list_keys(provider)),
        ("POST", ["providers", provider, "keys"]) => to(move |state| state.create_key(provider, body)),
        ("GET", ["providers", provider, "keys", id]) => to(move |state| state.get_key(provider, id)),
        ("PUT", ["providers", provider, "keys", id]) => to(move |state| state.update_key(provider, id, body)),
        ("DELETE", ["providers", provider, "keys", id]) => to(move |state| state.delete_key(provider, id)),
        ("GET", ["mcp", "clients"]) => to(move |state| state.list_mcp_clients(query)),
        ("POST", ["mcp", "client"]) => to(move |state| state.create_mcp_client(body, now)),
        ("PUT", ["mcp", "client", id]) => to(move |state| state.update_mcp_client(id, body, now)),
        ("POST", ["mcp", "client", id, "reconnect"]) => to(move |state| state.reconnect_mcp_client(id)),
        ("DELETE", ["mcp", "client", id]) => to(move |state| state.delete_mcp_client(id)),
        _ => return None,
    })
}

fn governance<'a>(release: Release, request: &'a Request, path: &'a [&'a str], now: Moment) -> Option<Handler<'a>> {
    let (body, query) = (&request.body, &request.query);
    Some(match (request.method.as_str(), path) {
        ("GET", ["customers"]) => to(move |state| state.list_customers(query)),
        ("POST", ["customers"]) => to(move |state| state.create_customer(body, now)),
        ("GET", ["customers", id]) => to(move |state| state.get_customer(id)),
        ("PUT", ["customers", id]) => to(move |state| state.update_customer(id, body, now)),
        ("DELETE", ["customers", id]) => to(move |state| state.delete_customer(id)),
        ("GET", ["teams"]) => to(move |state| state.list_teams(query)),
        ("POST", ["teams"]) => to(move |state| state.create_team(body, now)),
        ("GET", ["teams", id]) => to(move |state| state.get_team(id)),
        ("PUT", ["teams", id]) => to(move |state| state.update_team(id, body, now)),
        ("DELETE", ["teams", id]) => to(move |state| state.delete_team(id)),
        ("GET", ["virtual-keys"]) => to(move |state| state.list_virtual_keys(query)),
        ("POST", ["virtual-keys"]) => to(move |state| state.create_virtual_key(body, now)),
        ("GET", ["virtual-keys", id]) => to(move |state| state.get_virtual_key(id)),
        ("PUT", ["virtual-keys", id]) => to(move |state| state.update_virtual_key(id, body, now)),
        ("DELETE", ["virtual-keys", id]) => to(move |state| state.delete_virtual_key(id)),
        ("POST", ["virtual-keys", id, "rotate"]) if release.rotates() => {
            to(move |state| state.rotate_virtual_key(id, now))
        }
        ("GET", ["model-configs"]) => to(move |state| state.list_model_configs(query)),
        ("POST", ["model-configs"]) => to(move |state| state.create_model_config(body, now)),
        ("GET", ["model-configs", id]) => to(move |state| state.get_model_config(id)),
        ("PUT", ["model-configs", id]) => to(move |state| state.update_model_config(id, body, now)),
        ("DELETE", ["model-configs", id]) => to(move |state| state.delete_model_config(id)),
        ("GET", ["pricing-overrides"]) => to(move |state| state.list_overrides(query)),
        ("POST", ["pricing-overrides"]) => to(move |state| state.create_override(body, now)),
        ("PUT", ["pricing-overrides", id]) => to(move |state| state.update_override(id, body, now)),
        ("DELETE", ["pricing-overrides", id]) => to(move |state| state.delete_override(id)),
        ("GET", ["providers"]) => to(|state| state.list_provider_limits()),
        ("PUT", ["providers", provider]) => to(move |state| state.put_provider_limits(provider, body, now)),
        ("DELETE", ["providers", provider]) => to(move |state| state.delete_provider_limits(provider)),
        ("GET", ["budgets"]) => to(move |state| state.list_budgets()),
        ("GET", ["rate-limits"]) => to(move |state| state.list_rate_limits()),
        _ => return None,
    })
}

/// The routing rules, at either of their paths.
fn rules<'a>(request: &'a Request, path: &'a [&'a str], now: Moment) -> Option<Handler<'a>> {
    let (body, query) = (&request.body, &request.query);
    Some(match (request.method.as_str(), path) {
        ("GET", []) => to(move |state| state.list_rules(query)),
        ("POST", []) => to(move |state| state.create_rule(body, now)),
        ("GET", [id]) => to(move |state| state.get_rule(id)),
        ("PUT", [id]) => to(move |state| state.update_rule(id, body, now)),
        ("DELETE", [id]) => to(move |state| state.delete_rule(id)),
        _ => return None,
    })
}
