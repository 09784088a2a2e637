//! Inference, as far as access and limits go: who is let through to which provider, model and key. The completion only
//! names what was asked.

use std::collections::BTreeMap;

use model::Moment;
use serde_json::{Value, json};

use super::State;
use super::body::{Body, Shape};
use super::cel::{self, Scene};
use super::providers;
use super::reply::{Outcome, Refusal};
use super::state::{Key, Rule, VirtualKey};
use crate::{Request, Response};

const SHAPE: &[(&str, Shape)] = &[("model", Shape::Text), ("fallbacks", Shape::List(&Shape::Any))];

/// A provider and a model; the provider is not known yet for a bare name.
#[derive(Clone, Debug, PartialEq)]
struct Aim {
    provider: Option<String>,
    model: String,
    /// The key a rule pins.
    key_id: Option<String>,
}

/// Why a request is not served.
struct Denial {
    status: u16,
    /// The `type` of the error, where it has one.
    kind: Option<&'static str>,
    message: String,
    /// Whether the text is in `error.error` as well.
    doubled: bool,
    /// Whether the upstream was reached, with this key.
    reached: Option<String>,
}

/// What was served.
struct Served<'a> {
    key: Option<&'a Key>,
    aim: Aim,
}

impl State {
    /// `POST /v1/chat/completions`.
    #[expect(clippy::unnecessary_wraps, reason = "it is what a handler returns")]
    pub(super) fn complete_chat(&mut self, request: &Request, now: Moment) -> Outcome {
        let (answer, booked) = self.chat(request, now);
        if let Some((aim, key)) = booked {
            self.spend(aim.provider.as_deref().unwrap_or_default(), &aim.model, key.as_deref(), now);
        }
        Ok(answer)
    }

    /// The answer to a chat, and of one that is served who is to be charged for what.
    fn chat(&self, request: &Request, now: Moment) -> (Response, Option<(Aim, Option<String>)>) {
        let refused = |denial: &Denial, aim: &Aim| (denial.answer(aim, "chat_completion"), None);
        let body = Body::read(&request.body, SHAPE).unwrap_or_default();
        let asked = self.split(&body.text_or_empty("model"));
        let key = match self.caller(request, now) {
            Ok(key) => key,
            Err(denial) => return refused(&denial, &asked),
        };
        let (aim, rule) = self.route_by_rules(asked, key, request);
        if let Some(denial) = self.key_required(key) {
            return refused(&denial, &aim);
        }
        let fallbacks = match rule.filter(|rule| !rule.fallbacks.is_empty()) {
            Some(rule) => rule.fallbacks.clone(),
            None => body.texts("fallbacks").unwrap_or_default(),
        };
        let Some(aim) = self.find_provider(&aim, key) else { return (self.unresolved(&aim), None) };
        let (served, first) = match self.serve(&aim, key, now) {
            Ok(served) => (served, None),
            Err(denial) => match self.fall_back(&aim, key, &fallbacks, now) {
                Some(served) => (served, Some(&aim)),
                None => return refused(&denial, &aim),
            },
        };
        (self.completion(&served, first), Some((served.aim.clone(), key.map(|key| key.id.clone()))))
    }

    /// `GET /v1/models`: what the caller sees, by provider.
    #[expect(clippy::unnecessary_wraps, reason = "it is what a handler returns")]
    pub(super) fn list_models(&self, request: &Request, now: Moment) -> Outcome {
        let key = self.caller(request, now).and_then(|key| self.key_required(key).map_or(Ok(key), Err));
        let key = match key {
            Ok(key) => key,
            Err(denial) => {
                let provider = self.providers.keys().next().cloned();
                let aim = Aim { provider, model: String::new(), key_id: None };
                return Ok(denial.answer(&aim, "list_models"));
            }
        };
        let mut data = Vec::new();
        for provider in self.providers.keys() {
            let configs: Option<Vec<_>> =
                key.map(|key| key.provider_configs.iter().filter(|config| config.provider == *provider).collect());
            for model in self.listed(provider).unwrap_or_default() {
                let seen = configs.as_ref().is_none_or(|all| all.iter().any(|config| self.allows(config, &model)));
                if seen {
                    data.push(json!({ "id": format!("{provider}/{model}") }));
                }
            }
        }
        let extra = json!({ "request_type": "list_models", "routing_info": {}, "latency": 0, "chunk_index": 0 });
        Ok(Response::json(200, &json!({ "data": data, "extra_fields": extra })))
    }

    /// Refuses a caller without a virtual key where one is required. The rules are applied before (topic 23).
    fn key_required(&self, key: Option<&VirtualKey>) -> Option<Denial> {
        let message = "virtual key is required. Provide a virtual key via the x-bf-vk header.";
        let missing = key.is_none() && self.settings.enforces_auth();
        missing.then(|| Denial::of(401, "virtual_key_required", message))
    }

    /// The virtual key of a request; `None` for a caller without one.
    fn caller(&self, request: &Request, now: Moment) -> Result<Option<&VirtualKey>, Denial> {
        let Some(value) = self.virtual_key_value(request) else { return Ok(None) };
        let Some(key) = self.virtual_keys.iter().find(|key| key.value == value) else {
            let message = "virtual key not found. The provided virtual key does not exist or has been revoked.";
            return Err(if self.release.speaks_of_access() {
                Denial::of(403, "access_not_found", message)
            } else {
                Denial::of(401, "virtual_key_not_found", message)
            });
        };
        match Self::shut(key, now) {
            Some(reason) if self.release.speaks_of_access() => Err(Denial::of(403, "access_blocked", reason)),
            Some(reason) => Err(Denial::of(403, "virtual_key_blocked", reason)),
            None => Ok(Some(key)),
        }
    }

    /// Splits a known provider's name off.
    fn split(&self, asked: &str) -> Aim {
        let known = asked.split_once('/').filter(|(provider, _)| {
            providers::is_standard(provider, self.release) || self.providers.contains_key(*provider)
        });
        match known {
            Some((provider, model)) => {
                Aim { provider: Some(provider.to_owned()), model: model.to_owned(), key_id: None }
            }
            None => Aim { provider: None, model: asked.to_owned(), key_id: None },
        }
    }

    /// Applies the routing rules: virtual key, team, customer, global; the first that holds wins, a chain rule goes
    /// round again. Of several targets the heaviest is taken, the first of equals.
    fn route_by_rules(&self, asked: Aim, key: Option<&VirtualKey>, request: &Request) -> (Aim, Option<&Rule>) {
        let mut aim = asked;
        let mut last = None;
        for _ in 0..10 {
            let Some(rule) = self.matching_rule(&aim, key, request) else { break };
            let mut heaviest = rule.targets.first();
            for target in &rule.targets {
                if heaviest.is_some_and(|best| target.weight > best.weight) {
                    heaviest = Some(target);
                }
            }
            if let Some(target) = heaviest {
                let provider = target.provider.clone().or(aim.provider);
                let model = target.model.clone().unwrap_or(aim.model);
                aim = Aim { provider, model, key_id: target.key_id.clone() };
            }
            last = Some(rule);
            if !rule.chain {
                break;
            }
        }
        (aim, last)
    }

    fn matching_rule(&self, aim: &Aim, key: Option<&VirtualKey>, request: &Request) -> Option<&Rule> {
        let scene = self.scene(aim, key, request);
        let team = key.and_then(|key| key.team_id.as_deref());
        let customer = self.customer_of(key);
        let scopes = [("virtual_key", key.map(|key| key.id.as_str())), ("team", team), ("customer", customer)];
        let scoped = scopes.into_iter().filter_map(|(scope, id)| Some((scope, Some(id?))));
        for (scope, id) in scoped.chain([("global", None)]) {
            let mut rules: Vec<&Rule> = self
                .rules
                .iter()
                .filter(|rule| rule.enabled && rule.scope == scope && rule.scope_id.as_deref() == id)
                .collect();
            rules.sort_by_key(|rule| rule.priority);
            if let Some(rule) = rules.into_iter().find(|rule| cel::holds(&rule.expression, &scene)) {
                return Some(rule);
            }
        }
        None
    }

    /// The customer of a virtual key: its own, or that of its team.
    fn customer_of<'a>(&'a self, key: Option<&'a VirtualKey>) -> Option<&'a str> {
        let key = key?;
        let of_team = || self.team(key.team_id.as_deref()?)?.customer_id.as_deref();
        key.customer_id.as_deref().or_else(of_team)
    }

    fn scene(&self, aim: &Aim, key: Option<&VirtualKey>, request: &Request) -> Scene {
        let team = key.and_then(|key| self.team(key.team_id.as_deref()?));
        let customer = self.customer_of(key).and_then(|id| self.customer(id));
        let names = BTreeMap::from([
            ("model", aim.model.clone()),
            ("provider", aim.provider.clone().unwrap_or_default()),
            ("request_type", "chat_completion".to_owned()),
            ("virtual_key_id", key.map(|key| key.id.clone()).unwrap_or_default()),
            ("virtual_key_name", key.map(|key| key.name.clone()).unwrap_or_default()),
            ("team_id", team.map(|team| team.id.clone()).unwrap_or_default()),
            ("team_name", team.map(|team| team.name.clone()).unwrap_or_default()),
            ("customer_id", customer.map(|customer| customer.id.clone()).unwrap_or_default()),
            ("customer_name", customer.map(|customer| customer.name.clone()).unwrap_or_default()),
        ]);
        Scene { names, headers: request.headers.clone() }
    }

    /// Says that no provider was found for a bare name.
    fn unresolved(&self, aim: &Aim) -> Response {
        if !self.release.tells_routing() {
            return Refusal::bad(format!(
                "provider is required in model field (format: provider/model) \u{2014} no providers found for model \
                 \"{}\" in model catalog to auto-resolve",
                aim.model
            ))
            .into();
        }
        let message = "could not auto resolve a provider for the request, please specify a provider explicitly";
        let denial = Denial { doubled: false, ..Denial::untyped(400, message) };
        denial.answer(aim, "chat_completion")
    }

    /// Finds the provider of a bare name: the heaviest entry of the virtual key that allows it, or without a key the
    /// first provider that lists it. The gateway draws by weight. 1.5.2 needs a weight to draw by, and without any
    /// goes on as if there were no key, which the checks that follow then refuse (topic 22).
    fn find_provider(&self, aim: &Aim, key: Option<&VirtualKey>) -> Option<Aim> {
        if aim.provider.is_some() {
            return Some(aim.clone());
        }
        let of_key = key.and_then(|key| self.heaviest_entry(key, &aim.model));
        let anywhere =
            || self.providers.keys().map(String::as_str).find(|provider| self.is_listed(provider, &aim.model));
        let found = match key {
            Some(key) if self.release.draws_without_weight() && !key.all_providers => of_key,
            _ => of_key.or_else(anywhere),
        };
        Some(Aim { provider: Some(found?.to_owned()), ..aim.clone() })
    }

    fn heaviest_entry<'a>(&self, key: &'a VirtualKey, model: &str) -> Option<&'a str> {
        let mut best: Option<(&str, f64)> = None;
        for config in key.provider_configs.iter().filter(|config| self.allows(config, model)) {
            if config.weight.is_none() && !self.release.draws_without_weight() {
                continue;
            }
            let weight = config.weight.unwrap_or_default();
            if best.is_none_or(|(_, heaviest)| weight > heaviest) {
                best = Some((&config.provider, weight));
            }
        }
        best.map(|(provider, _)| provider)
    }

    /// Lets the request through to a key, or not.
    fn serve(&self, aim: &Aim, key: Option<&VirtualKey>, now: Moment) -> Result<Served<'_>, Denial> {
        let provider = aim.provider.as_deref().unwrap_or_default();
        let Some(stored) = self.providers.get(provider) else {
            let named = if self.release.tells_routing() { format!(" {provider}") } else { String::new() };
            return Err(Denial::untyped(400, &format!("failed to get config for provider{named}: not found")));
        };
        let mut config = None;
        if let Some(key) = key {
            let entries: Vec<_> = key.provider_configs.iter().filter(|entry| entry.provider == provider).collect();
            if entries.is_empty() && !key.all_providers {
                let message = format!("Provider '{provider}' is not allowed for this virtual key");
                return Err(Denial::of(403, "provider_blocked", &message));
            }
            let entries_are_none = entries.is_empty();
            config = entries.into_iter().find(|entry| self.allows(entry, &aim.model));
            if config.is_none() && !(entries_are_none && key.all_providers) {
                let message = format!("Model '{}' is not allowed for this virtual key", aim.model);
                return Err(Denial::of(403, "model_blocked", &message));
            }
        }
        if let Some(reached) = self.limit_reached(provider, &aim.model, key, now) {
            return Err(Denial::of(reached.status, reached.kind, &reached.message));
        }
        let chosen = if stored.is_keyless() {
            None
        } else {
            let chosen = self.choose_key(provider, &aim.model, config, aim.key_id.as_deref());
            Some(chosen.map_err(|message| Denial::untyped(400, &message))?)
        };
        if self.catalogue.failing.contains(&aim.model) {
            let reached = chosen.map(|key| key.name.clone()).unwrap_or_default();
            return Err(Denial { reached: Some(reached), ..Denial::untyped(500, "upstream boom") });
        }
        Ok(Served { key: chosen, aim: aim.clone() })
    }

    /// The first fallback that is served; those outside the virtual key are passed over.
    fn fall_back(&self, aim: &Aim, key: Option<&VirtualKey>, fallbacks: &[String], now: Moment) -> Option<Served<'_>> {
        fallbacks.iter().find_map(|fallback| {
            let mut next = self.split(fallback);
            next.provider.as_ref()?;
            if next.model.is_empty() {
                next.model.clone_from(&aim.model);
            }
            self.serve(&next, key, now).ok()
        })
    }

    /// A completion that says who served it. `first` is what was aimed at, where a fallback served.
    fn completion(&self, served: &Served<'_>, first: Option<&Aim>) -> Response {
        let (aim, key_name) = (&served.aim, served.key.map(|key| key.name.as_str()).unwrap_or_default());
        let alias = served.key.and_then(|key| key.upstream_model(&aim.model));
        let upstream = alias.unwrap_or(&aim.model);
        let mut routing = json!({ "provider": aim.provider, "model": aim.model, "key": key_name });
        if let Some(alias) = alias {
            routing["resolved_key_alias"] = json!({ "model_id": alias });
        }
        if let Some(first) = first {
            routing["is_fallback"] = json!(true);
            routing["primary_provider"] = json!(first.provider);
            routing["primary_model"] = json!(first.model);
        }
        let mut extra = json!({
            "request_type": "chat_completion",
            "routing_info": routing,
            "provider": aim.provider,
            "original_model_requested": first.filter(|_| self.release.tells_routing()).unwrap_or(aim).model,
            "resolved_model_used": aim.model,
            "latency": 0,
            "chunk_index": 0,
        });
        if self.release.is_second() {
            extra["upstream_latency"] = json!(0);
        }
        let message = json!({ "role": "assistant", "content": format!("model={upstream} key={key_name}") });
        Response::json(
            200,
            &json!({
                "id": "chatcmpl-1",
                "choices": [{ "index": 0, "finish_reason": "stop", "message": message }],
                "created": 1,
                "model": upstream,
                "object": "chat.completion",
                "system_fingerprint": "",
                "usage": { "prompt_tokens": 1000, "completion_tokens": 1000, "total_tokens": 2000 },
                "extra_fields": extra,
            }),
        )
    }
}

impl Denial {
    fn of(status: u16, kind: &'static str, message: &str) -> Self {
        Self { status, kind: Some(kind), message: message.to_owned(), doubled: false, reached: None }
    }

    fn untyped(status: u16, message: &str) -> Self {
        Self { status, kind: None, message: message.to_owned(), doubled: true, reached: None }
    }

    fn answer(&self, aim: &Aim, request_type: &str) -> Response {
        let mut body = json!({
            "is_bifrost_error": false,
            "error": { "message": self.message },
            "extra_fields": { "routing_info": {}, "request_type": request_type },
        });
        if let Some(kind) = self.kind {
            body["type"] = json!(kind);
        }
        if self.kind.is_some() || self.reached.is_some() {
            body["status_code"] = json!(self.status);
        }
        let extra = &mut body["extra_fields"];
        if let Some(provider) = &aim.provider {
            extra["provider"] = json!(provider);
        }
        if !aim.model.is_empty() {
            extra["original_model_requested"] = json!(aim.model);
            extra["resolved_model_used"] = json!(aim.model);
        }
        if let Some(key) = &self.reached {
            extra["routing_info"] = json!({ "provider": aim.provider, "model": aim.model, "key": key });
            body["error"]["type"] = json!("server_error");
        } else if self.doubled {
            body["error"]["error"] = Value::String(self.message.clone());
        }
        Response::json(self.status, &body)
    }
}
