//! What an answer tells about the reading itself: which entries it has, how many there are in all, which budgets its
//! objects use.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Fetch, Own, Place, is_own_key};
use crate::endpoint::{Endpoint, Paging};

/// What is remembered of an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Facts {
    /// What tells its entries apart; an entry without it counts as one of its own.
    pub(super) ids: Vec<String>,
    /// How many entries there are on all pages, where it says so.
    pub(super) total: Option<u64>,
    /// Whether it lists only the hashes of keys, as releases before 1.60 do.
    pub(super) short_keys: bool,
}

impl Facts {
    pub(super) fn of(endpoint: &Endpoint, body: &Value) -> Self {
        let (items, key, total) = match (endpoint.paging, endpoint.id) {
            (Paging::Pages(pages), _) => (pages.items, pages.key, pages.total),
            (Paging::None, "teams_unpaged") => ("", "/team_id", ""),
            (Paging::None, "budgets") => ("", "/budget_id", ""),
            (Paging::None, _) => return Self::default(),
        };
        let list = if items.is_empty() { Some(body) } else { body.get(items) };
        let rows = list.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let id = |(at, row): (usize, &Value)| {
            let id = row.as_str().or_else(|| row.pointer(key).and_then(Value::as_str));
            id.map_or_else(|| format!("#{at}"), str::to_owned)
        };
        Self {
            ids: rows.iter().enumerate().map(id).collect(),
            total: body.get(total).and_then(Value::as_u64),
            short_keys: endpoint.id == "keys" && rows.first().is_some_and(Value::is_string),
        }
    }
}

impl Fetch {
    /// Takes from an answer what later requests depend on.
    pub(super) fn learn(&mut self, place: &Place, body: &Value) {
        match place.endpoint().id {
            "readiness" | "readiness_details" => self.learn_version(body.get("litellm_version")),
            "openapi" => self.learn_version(body.pointer("/info/version")),
            "key" if is_own_key(place) && body.get("info").is_some_and(Value::is_object) => {
                let user = body.pointer("/info/user_id").and_then(Value::as_str);
                self.own_user = user.map_or(Own::Nobody, |user| Own::User(user.to_owned()));
            }
            // All budgets are in there, whoever uses them.
            "budgets" => {}
            _ => budgets(body, &mut self.used_budgets),
        }
    }

    fn learn_version(&mut self, version: Option<&Value>) {
        if let Some(version) = version.and_then(Value::as_str).filter(|version| !version.is_empty()) {
            self.version.get_or_insert_with(|| version.to_owned());
        }
    }

    /// The minor number of a release 1.x; newer majors have everything.
    pub(super) fn minor(&self) -> Option<u16> {
        let version = self.version.as_deref()?.trim_start_matches('v');
        let mut parts = version.split('.');
        match parts.next()?.parse::<u16>().ok()? {
            0 => Some(0),
            1 => parts.next()?.parse().ok(),
            _ => Some(u16::MAX),
        }
    }
}

/// Every budget that something names: `budget_id`, and a team's `team_member_budget_id`.
fn budgets(value: &Value, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            for (name, inner) in map {
                match inner {
                    Value::String(id) if name.ends_with("budget_id") => {
                        into.insert(id.clone());
                    }
                    _ => budgets(inner, into),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| budgets(item, into)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
