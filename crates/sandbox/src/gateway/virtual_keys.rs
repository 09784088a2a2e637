//! Virtual keys: what is taken and what is refused (topic 04).

use std::collections::BTreeMap;

use model::Moment;
use serde_json::{Value, json};

use super::State;
use super::body::{Body, Shape};
use super::limits::{BUDGET, Draft, RATE_LIMIT, Wording};
use super::lists;
use super::paging::{self, Page};
use super::reply::{Outcome, Refusal, done, ok};
use super::state::{McpConfig, ProviderConfig, VirtualKey};
use crate::Release;

const SHAPE: &[(&str, Shape)] = &[
    ("name", Shape::Text),
    ("description", Shape::Text),
    ("provider_configs", Shape::List(&Shape::Fields(PROVIDER_CONFIG))),
    ("mcp_configs", Shape::List(&Shape::Fields(MCP_CONFIG))),
    ("team_id", Shape::Text),
    ("customer_id", Shape::Text),
    ("budgets", Shape::List(&BUDGET)),
    ("rate_limit", RATE_LIMIT),
    ("is_active", Shape::Flag),
    ("allow_all_providers", Shape::Flag),
    ("calendar_aligned", Shape::Flag),
    ("expires_at", Shape::Any),
];

const PROVIDER_CONFIG: &[(&str, Shape)] = &[
    ("id", Shape::Int),
    ("provider", Shape::Text),
    ("weight", Shape::Float),
    ("allowed_models", Shape::List(&Shape::Text)),
    ("blacklisted_models", Shape::List(&Shape::Text)),
    ("key_ids", Shape::List(&Shape::Text)),
    ("budgets", Shape::List(&BUDGET)),
    ("rate_limit", RATE_LIMIT),
];

const MCP_CONFIG: &[(&str, Shape)] =
    &[("id", Shape::Int), ("mcp_client_name", Shape::Text), ("tools_to_execute", Shape::List(&Shape::Text))];

const NAME_TAKEN: &str = "A virtual key with this name already exists";

/// An entry of `provider_configs` and the limits that come with it.
type Entry = (ProviderConfig, Draft);

impl State {
    /// `GET /api/governance/virtual-keys`.
    pub(super) fn list_virtual_keys(&self, query: &BTreeMap<String, String>) -> Outcome {
        let mut page = paging::read(query, &["search", "customer_id", "team_id", "sort_by", "order"])?;
        let mut found: Vec<&VirtualKey> = self
            .virtual_keys
            .iter()
            .filter(|key| paging::matches(query, &key.name))
            .filter(|key| paging::filtered(query, "customer_id", key.customer_id.as_deref()))
            .filter(|key| paging::filtered(query, "team_id", key.team_id.as_deref()))
            .collect();
        if query.get("sort_by").is_some_and(|column| column == "name") {
            found.sort_by(|one, other| one.name.cmp(&other.name));
        }
        if query.get("order").is_some_and(|order| order == "desc") {
            found.reverse();
        }
        let export = query.get("export").is_some_and(|export| export == "true");
        if export {
            page = Some(Page { limit: found.len(), offset: 0 });
        }
        let mut answer = paging::answer("virtual_keys", &found, page, |key| self.show_virtual_key(key, Depth::InList));
        if export {
            answer["limit"] = json!(0);
        }
        if page.is_none() && found.is_empty() && self.release.scopes_limits() {
            answer["virtual_keys"] = Value::Null;
        }
        ok(&answer)
    }

    /// `GET /api/governance/virtual-keys/{id}`.
    pub(super) fn get_virtual_key(&self, id: &str) -> Outcome {
        let key = self.virtual_key(id).ok_or_else(no_key)?;
        ok(&json!({ "virtual_key": self.show_virtual_key(key, Depth::Full) }))
    }

    /// `POST /api/governance/virtual-keys`. Nothing is stored of a request that is refused.
    pub(super) fn create_virtual_key(&mut self, text: &str, now: Moment) -> Outcome {
        let body = Body::read(text, SHAPE)?;
        let expires_at = expiry(&body, self.release, now)?;
        let name = body.text_or_empty("name");
        if name.is_empty() {
            return Err(Refusal::bad("Virtual key name is required"));
        }
        let (team_id, customer_id) = parents_of(&body)?;
        let draft = Draft::read(&body);
        draft.check(self.release, Wording::Capital)?;
        if self.virtual_keys.iter().any(|key| key.name == name) {
            return Err(if self.release.refuses_taken_names() {
                Refusal::new(409, NAME_TAKEN)
            } else {
                Refusal::failed("a record with this name already exists. Please use a different value")
            });
        }
        self.check_parents(team_id.as_deref(), customer_id.as_deref())?;
        let entries = self.read_entries(&body.objects("provider_configs").unwrap_or_default())?;
        let mcp = self.read_mcp(&body.objects("mcp_configs").unwrap_or_default())?;
        self.check_store(&draft, &entries)?;
        let key = VirtualKey {
            id: self.mint.uuid(),
            name,
            description: body.text_or_empty("description"),
            value: self.mint.virtual_key(),
            is_active: body.flag("is_active").unwrap_or(true),
            all_providers: body.flag("allow_all_providers") == Some(true) && self.release.opens_all_providers(),
            provider_configs: Vec::new(),
            mcp_configs: self.number_mcp(mcp),
            team_id,
            customer_id,
            calendar_aligned: body.flag("calendar_aligned") == Some(true),
            expires_at,
            file_limits: super::limits::Limits::default(),
            created: now,
            updated: now,
        };
        let (id, aligned) = (key.id.clone(), key.calendar_aligned);
        self.virtual_keys.push(key);
        self.set_key_limits(&id, None, &draft, true, now);
        self.replace_entries(&id, entries, true, now);
        self.align_key_limits(&id, aligned);
        self.answer_with(&id, "created")
    }

    /// `PUT /api/governance/virtual-keys/{id}`: what is left out stays.
    pub(super) fn update_virtual_key(&mut self, id: &str, text: &str, now: Moment) -> Outcome {
        let body = Body::read(text, SHAPE)?;
        let expires_at = if body.has("expires_at") { Some(expiry(&body, self.release, now)?) } else { None };
        let mut key = self.virtual_key(id).cloned().ok_or_else(no_key)?;
        move_key(&mut key, &body, self.release)?;
        let draft = Draft::read(&body);
        draft.check(self.release, Wording::Capital)?;
        if let Some(name) = body.text("name").filter(|name| !name.is_empty()) {
            name.clone_into(&mut key.name);
        }
        if self.virtual_keys.iter().any(|other| other.name == key.name && other.id != id) {
            return Err(if self.release.refuses_taken_names() {
                Refusal::new(409, NAME_TAKEN)
            } else {
                Refusal::bad(
                    "Failed to update virtual key: a record with this value already exists. Please use a different \
                     value",
                )
            });
        }
        self.check_parents(key.team_id.as_deref(), key.customer_id.as_deref())?;
        let entries = body.objects("provider_configs").map(|sent| self.read_entries(&sent)).transpose()?;
        let mcp = body.objects("mcp_configs").map(|sent| self.read_mcp(&sent)).transpose()?;
        self.check_store(&draft, entries.as_deref().unwrap_or_default())?;
        if let Some(description) = body.text("description") {
            description.clone_into(&mut key.description);
        }
        key.is_active = body.flag("is_active").unwrap_or(key.is_active);
        if self.release.opens_all_providers() {
            key.all_providers = body.flag("allow_all_providers").unwrap_or(key.all_providers);
        }
        key.calendar_aligned = body.flag("calendar_aligned").unwrap_or(key.calendar_aligned);
        key.expires_at = expires_at.unwrap_or(key.expires_at);
        if let Some(mcp) = mcp {
            key.mcp_configs = self.number_mcp(mcp);
        }
        key.updated = now;
        let aligned = key.calendar_aligned;
        if let Some(place) = self.virtual_keys.iter_mut().find(|other| other.id == id) {
            *place = key;
        }
        self.set_key_limits(id, None, &draft, false, now);
        if let Some(entries) = entries {
            self.replace_entries(id, entries, false, now);
        }
        self.align_key_limits(id, aligned);
        self.answer_with(id, "updated")
    }

    /// `DELETE /api/governance/virtual-keys/{id}`.
    pub(super) fn delete_virtual_key(&mut self, id: &str) -> Outcome {
        let index = self.virtual_keys.iter().position(|key| key.id == id).ok_or_else(no_key)?;
        self.virtual_keys.remove(index);
        self.model_configs.remove(id);
        done("Virtual key deleted successfully")
    }

    /// `POST /api/governance/virtual-keys/{id}/rotate`.
    pub(super) fn rotate_virtual_key(&mut self, id: &str, now: Moment) -> Outcome {
        let value = self.mint.virtual_key();
        let key = self.virtual_keys.iter_mut().find(|key| key.id == id).ok_or_else(no_key)?;
        (key.value, key.updated) = (value, now);
        self.answer_with(id, "rotated")
    }

    fn answer_with(&self, id: &str, what: &str) -> Outcome {
        let key = self.virtual_key(id).ok_or_else(no_key)?;
        ok(&json!({
            "message": format!("Virtual key {what} successfully"),
            "virtual_key": self.show_virtual_key(key, Depth::Full),
        }))
    }

    pub(super) fn check_parents(&self, team: Option<&str>, customer: Option<&str>) -> Result<(), Refusal> {
        let lost =
            team.is_some_and(|id| self.team(id).is_none()) || customer.is_some_and(|id| self.customer(id).is_none());
        if lost { Err(Refusal::failed("FOREIGN KEY constraint failed")) } else { Ok(()) }
    }

    fn check_store(&self, draft: &Draft, entries: &[Entry]) -> Result<(), Refusal> {
        let mut drafts = std::iter::once(draft).chain(entries.iter().map(|(_, draft)| draft));
        match drafts.find_map(|draft| draft.store_error(self.release)) {
            None => Ok(()),
            Some(problem) => Err(Refusal::failed(problem)),
        }
    }

    fn read_entries(&self, sent: &[Body]) -> Result<Vec<Entry>, Refusal> {
        sent.iter().map(|entry| self.read_entry(entry)).collect()
    }

    fn read_entry(&self, sent: &Body) -> Result<Entry, Refusal> {
        let provider = sent.text_or_empty("provider");
        if !self.providers.contains_key(&provider) {
            return Err(Refusal::bad(format!("invalid provider name: {provider}")));
        }
        let list = |name: &str| {
            let list = sent.texts(name).unwrap_or_default();
            lists::check(&list)
                .map_err(|problem| Refusal::bad(format!("invalid {name} for provider {provider}: {problem}")))?;
            Ok::<_, Refusal>(list)
        };
        let (allowed_models, mut blacklisted, key_ids) =
            (list("allowed_models")?, list("blacklisted_models")?, list("key_ids")?);
        if !self.release.knows_blacklists() {
            blacklisted.clear();
        }
        let draft = Draft::read(sent);
        draft.check(self.release, Wording::Capital)?;
        let all_keys = lists::is_all(&key_ids);
        let key_ids = if all_keys { Vec::new() } else { key_ids };
        let known = key_ids.iter().filter(|id| self.key(id).is_some()).count();
        if known < key_ids.len() {
            let wanted = key_ids.len();
            return Err(Refusal::failed(format!(
                "some keys not found for provider {provider}: expected {wanted}, found {known}"
            )));
        }
        let id = sent.int("id").and_then(|id| u64::try_from(id).ok()).unwrap_or_default();
        let weight = sent.float("weight");
        Ok((ProviderConfig { id, provider, weight, allowed_models, blacklisted, all_keys, key_ids }, draft))
    }

    /// Replaces the entries of a key, matched by their id. A new entry starts without budgets, but takes over the
    /// rate limit that the key has at its provider (topic 04, update-provider-configs-without-ids).
    fn replace_entries(&mut self, id: &str, entries: Vec<Entry>, creating: bool, now: Moment) {
        let before = self.virtual_key(id).map(|key| key.provider_configs.clone()).unwrap_or_default();
        for old in &before {
            if !entries.iter().any(|(entry, _)| entry.provider == old.provider) {
                self.drop_key_limits(id, Some(&old.provider));
            }
        }
        let mut configs = Vec::with_capacity(entries.len());
        for (mut entry, draft) in entries {
            let kept = before.iter().any(|old| old.id == entry.id);
            if !kept {
                entry.id = self.mint.row("provider_config");
                if !self.release.scopes_limits() {
                    self.drop_key_limits(id, Some(&entry.provider));
                }
            }
            let draft = if kept { draft } else { draft.with_budgets_named() };
            self.set_key_limits(id, Some(&entry.provider), &draft, creating, now);
            configs.push(entry);
        }
        if let Some(key) = self.virtual_keys.iter_mut().rev().find(|key| key.id == id) {
            key.provider_configs = configs;
        }
    }

    fn read_mcp(&self, sent: &[Body]) -> Result<Vec<(u64, Vec<String>)>, Refusal> {
        let mut seen: Vec<String> = Vec::new();
        for config in sent {
            let name = config.text_or_empty("mcp_client_name");
            if seen.contains(&name) {
                return Err(Refusal::bad(format!("duplicate mcp_client_name: {name}")));
            }
            seen.push(name);
        }
        sent.iter()
            .zip(seen)
            .map(|(config, name)| {
                let client = self.mcp_clients.iter().find(|client| client.name == name);
                let client = client.ok_or_else(|| Refusal::failed("failed to get MCP client: not found"))?;
                Ok((client.row, config.texts("tools_to_execute").unwrap_or_default()))
            })
            .collect()
    }

    pub(super) fn number_mcp(&mut self, configs: Vec<(u64, Vec<String>)>) -> Vec<McpConfig> {
        configs
            .into_iter()
            .map(|(client_row, tools)| McpConfig { id: self.mint.row("mcp_config"), client_row, tools })
            .collect()
    }
}

/// How much of its surroundings a virtual key shows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Depth {
    /// The customer with its teams and keys.
    Full,
    /// The customer alone.
    InList,
}

pub(super) fn parents_of(body: &Body) -> Result<(Option<String>, Option<String>), Refusal> {
    let id = |name: &str| body.text(name).map(str::to_owned);
    match (id("team_id"), id("customer_id")) {
        (Some(_), Some(_)) => Err(Refusal::bad("VirtualKey cannot be attached to both Team and Customer")),
        parents => Ok(parents),
    }
}

/// Moves a key to another parent; null and `""` take it away, and so does nothing at all in 1.5.2.
fn move_key(key: &mut VirtualKey, body: &Body, release: Release) -> Result<(), Refusal> {
    let given = |name: &str| body.text(name).filter(|id| !id.is_empty()).map(str::to_owned);
    let (team, customer) = (given("team_id"), given("customer_id"));
    match (&team, &customer) {
        (Some(_), Some(_)) => {
            return Err(Refusal::bad("VirtualKey cannot be attached to both Team and Customer"));
        }
        (Some(_), None) => key.customer_id = None,
        (None, Some(_)) => key.team_id = None,
        (None, None) => {}
    }
    let keeps = release.keeps_parents();
    if body.has("team_id") || !keeps {
        key.team_id = team;
    }
    if body.has("customer_id") || !keeps {
        key.customer_id = customer;
    }
    Ok(())
}

/// The expiry of a request, as sent: unknown to the first generation; in the second it has to be a time to come.
fn expiry(body: &Body, release: Release, now: Moment) -> Result<Option<String>, Refusal> {
    let Some(sent) = body.get("expires_at").filter(|_| release.is_second()) else { return Ok(None) };
    let text = sent.as_str().ok_or_else(|| Refusal::bad("Invalid JSON"))?;
    if text.is_empty() {
        return Ok(None);
    }
    let zoned =
        text.contains('T') && (text.ends_with('Z') || text.get(19..).is_some_and(|rest| rest.contains(['+', '-'])));
    match text.parse::<Moment>() {
        Ok(moment) if zoned && moment > now => Ok(Some(text.to_owned())),
        Ok(_) if zoned => Err(Refusal::bad("expires_at must be a future timestamp")),
        _ => Err(Refusal::bad("Invalid JSON")),
    }
}

fn no_key() -> Refusal {
    Refusal::missing("Virtual key not found")
}
