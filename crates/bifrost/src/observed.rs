//! The state of a gateway as read from it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::Kind;

/// A gateway as it was when it was read. Objects are kept as the gateway showed them, without the values of
/// virtual keys and without the copies of other objects that it nests in them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Observed {
    /// What `GET /api/version` said, without a leading `v`: `1.5.16`.
    pub version: String,
    /// `GET /api/config`, whole.
    pub config: Value,
    /// The providers.
    pub providers: Vec<Value>,
    /// The keys of each provider, by provider name.
    pub provider_keys: BTreeMap<String, Vec<Value>>,
    /// The customers.
    pub customers: Vec<Value>,
    /// The teams.
    pub teams: Vec<Value>,
    /// The virtual keys, their values removed.
    pub virtual_keys: Vec<Value>,
    /// The model configs, without the rows by which the gateway keeps the budgets of virtual keys.
    pub model_configs: Vec<Value>,
    /// The routing rules.
    pub routing_rules: Vec<Value>,
    /// The price overrides.
    pub pricing_overrides: Vec<Value>,
    /// The MCP clients.
    pub mcp_clients: Vec<Value>,
    /// Whether it has users (Enterprise).
    pub has_users: bool,
}

/// The id and the name of an object, as the gateway shows them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity {
    /// What later calls and other objects refer to it by.
    pub id: String,
    /// What it is found by: its name; of a model config `provider/model`, or `model` alone for every provider.
    pub name: String,
}

/// Fields that move by themselves: counters, times, states, generated hashes (`reference/bifrost-api.md` 2).
const MOVING: &[&str] = &[
    "config_hash",
    "created_at",
    "current_usage",
    "last_reset",
    "provider_status",
    "request_current_usage",
    "request_last_reset",
    "state",
    "status",
    "token_current_usage",
    "token_last_reset",
    "tools",
    "updated_at",
    "virtual_key_count",
    "vk_configs",
];

impl Observed {
    /// A gateway of that version with nothing in it: the target of a plan made without one.
    pub fn fresh(version: impl Into<String>) -> Self {
        let version = version.into();
        Self {
            version: version.strip_prefix('v').unwrap_or(&version).to_owned(),
            config: json!({ "client_config": {}, "is_db_connected": true }),
            ..Self::default()
        }
    }

    /// Whether somebody has to log in to change the gateway. The Enterprise edition has users for that
    /// (`reference/bifrost-api.md` 1.1).
    pub fn has_admin(&self) -> bool {
        self.has_users || self.config.pointer("/auth_config/is_enabled") == Some(&Value::Bool(true))
    }

    /// Every object of a kind with what it is known by. Users are not read.
    pub fn objects(&self, kind: Kind) -> Vec<(Identity, &Value)> {
        let listed: Vec<&Value> = match kind {
            Kind::Provider => self.providers.iter().collect(),
            Kind::ProviderKey => self.provider_keys.values().flatten().collect(),
            Kind::PricingOverride => self.pricing_overrides.iter().collect(),
            Kind::Customer => self.customers.iter().collect(),
            Kind::Team => self.teams.iter().collect(),
            Kind::McpClient => self.mcp_clients.iter().map(|client| client.get("config").unwrap_or(client)).collect(),
            Kind::VirtualKey => self.virtual_keys.iter().collect(),
            Kind::ModelConfig => self.model_configs.iter().collect(),
            Kind::RoutingRule => self.routing_rules.iter().collect(),
            Kind::ClientConfig => self.config.get("client_config").into_iter().collect(),
            Kind::User | Kind::TeamMember => Vec::new(),
        };
        listed.into_iter().filter_map(|object| Some((identity(kind, object)?, object))).collect()
    }

    /// The object of that name and its id. Names compare by case (`reference/bifrost-api.md` 2.0).
    pub fn find(&self, kind: Kind, name: &str) -> Option<(String, &Value)> {
        let named = |(found, object): (Identity, _)| (found.name == name).then_some((found.id, object));
        self.objects(kind).into_iter().find_map(named)
    }

    /// One text for one state: what a plan was made from is unchanged as long as this is. Counters, times and
    /// states that move by themselves are left out, and the order of lists of objects does not matter.
    pub fn fingerprint_text(&self) -> String {
        let sorted = |objects: &[Value], moving: &[&str]| {
            let mut texts: Vec<String> = objects.iter().map(|object| still(object, moving)).collect();
            texts.sort();
            format!("[{}]", texts.join(","))
        };
        // A provider's and a key's `description` is the last error of model discovery, not a person's words.
        let discovered: Vec<&str> = MOVING.iter().copied().chain(["description"]).collect();
        let keys = self.provider_keys.iter().map(|(name, keys)| (name.as_str(), sorted(keys, &discovered)));
        object([
            ("client_config", still(self.config.get("client_config").unwrap_or(&Value::Null), MOVING)),
            ("customers", sorted(&self.customers, MOVING)),
            ("has_users", self.has_users.to_string()),
            ("mcp_clients", sorted(&self.mcp_clients, MOVING)),
            ("model_configs", sorted(&self.model_configs, MOVING)),
            ("pricing_overrides", sorted(&self.pricing_overrides, MOVING)),
            ("provider_keys", object(keys)),
            ("providers", sorted(&self.providers, &discovered)),
            ("routing_rules", sorted(&self.routing_rules, MOVING)),
            ("teams", sorted(&self.teams, MOVING)),
            ("version", Value::from(self.version.as_str()).to_string()),
            ("virtual_keys", sorted(&self.virtual_keys, MOVING)),
        ])
    }
}

/// The canonical text of an object without the fields that move.
fn still(value: &Value, moving: &[&str]) -> String {
    let mut text = String::new();
    write_canonical(value, moving, &mut text);
    text
}

/// The text of an object whose fields come in the order of their names.
fn object<'a>(fields: impl IntoIterator<Item = (&'a str, String)>) -> String {
    let mut text = String::from("{");
    for (name, value) in fields {
        if text.len() > 1 {
            text.push(',');
        }
        write_key(name, &mut text);
        text.extend([":", &value]);
    }
    text + "}"
}

/// What an object of that kind is known by, if it has both an id and a name.
pub fn identity(kind: Kind, object: &Value) -> Option<Identity> {
    let text = |key: &str| object.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    let known = |id: &str, name: &str| Some(Identity { id: id.to_owned(), name: name.to_owned() });
    match kind {
        Kind::Provider => text("name").and_then(|name| known(name, name)),
        Kind::McpClient => known(text("client_id")?, text("name")?),
        Kind::ModelConfig if text("scope").is_some_and(|scope| scope != "global") => {
            let (scope, owner, model) = (text("scope")?, text("scope_id")?, text("model_name")?);
            known(text("id")?, &format!("{scope} {owner}/{model}"))
        }
        Kind::ModelConfig => match (text("provider"), text("model_name")?) {
            (Some(provider), model) => known(text("id")?, &format!("{provider}/{model}")),
            (None, model) => known(text("id")?, model),
        },
        Kind::ClientConfig => object.is_object().then(|| known("client_config", "client_config"))?,
        Kind::ProviderKey
        | Kind::PricingOverride
        | Kind::Customer
        | Kind::Team
        | Kind::VirtualKey
        | Kind::RoutingRule
        | Kind::User
        | Kind::TeamMember => known(text("id")?, text("name")?),
    }
}

/// An object as it may be kept: a virtual key without its value, and nothing nested that belongs to another
/// object. The gateway nests whole owners with all *their* virtual keys, values included, and MCP clients with
/// their headers in clear (recorded on 1.5.16 and 2.0.0-prerelease3).
pub fn kept(kind: Kind, object: &Value) -> Value {
    taken(kind, object.clone())
}

/// [`kept`], of an object that nobody else needs.
pub fn taken(kind: Kind, mut object: Value) -> Value {
    let Some(fields) = object.as_object_mut() else { return object };
    match kind {
        Kind::VirtualKey => {
            fields.remove("value");
            for entry in fields.get_mut("provider_configs").and_then(Value::as_array_mut).into_iter().flatten() {
                for key in entry.get_mut("keys").and_then(Value::as_array_mut).into_iter().flatten() {
                    only(key, &["key_id", "name", "provider"]);
                }
            }
            for entry in fields.get_mut("mcp_configs").and_then(Value::as_array_mut).into_iter().flatten() {
                if let Some(client) = entry.get_mut("mcp_client") {
                    only(client, &["client_id", "name"]);
                }
            }
        }
        Kind::Customer | Kind::Team => {
            fields.remove("teams");
            fields.remove("virtual_keys");
        }
        _ => return object,
    }
    for owner in ["team", "customer"] {
        if let Some(nested) = fields.get_mut(owner) {
            only(nested, &["id", "name"]);
        }
    }
    object
}

/// Takes away all but some of the fields.
fn only(object: &mut Value, fields: &[&str]) {
    match object.as_object_mut() {
        Some(all) => all.retain(|key, _| fields.contains(&key.as_str())),
        None => *object = Value::Null,
    }
}

/// The value without the fields that move by themselves, at any depth.
pub fn settled(value: &Value) -> Value {
    without(value, MOVING)
}

fn without(value: &Value, moving: &[&str]) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.iter().map(|item| without(item, moving)).collect()),
        Value::Object(fields) => Value::Object(
            fields
                .iter()
                .filter(|(key, _)| !moving.contains(&key.as_str()))
                .map(|(key, value)| (key.clone(), without(value, moving)))
                .collect(),
        ),
        other => other.clone(),
    }
}

/// JSON without blanks and with sorted keys: equal values give equal bytes, whatever order a map keeps.
pub fn canonical(value: &Value) -> String {
    still(value, &[])
}

fn write_canonical(value: &Value, moving: &[&str], text: &mut String) {
    match value {
        Value::Object(fields) => {
            let kept = fields.iter().filter(|(key, _)| !moving.contains(&key.as_str()));
            let sorted: BTreeMap<&String, &Value> = kept.collect();
            text.push('{');
            for (place, (key, value)) in sorted.into_iter().enumerate() {
                if place > 0 {
                    text.push(',');
                }
                write_key(key, text);
                text.push(':');
                write_canonical(value, moving, text);
            }
            text.push('}');
        }
        Value::Array(items) => {
            text.push('[');
            for (place, item) in items.iter().enumerate() {
                if place > 0 {
                    text.push(',');
                }
                write_canonical(item, moving, text);
            }
            text.push(']');
        }
        other => text.push_str(&other.to_string()),
    }
}

/// A name in quotes; most have nothing in them that JSON writes in another way.
fn write_key(key: &str, text: &mut String) {
    if key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        text.extend(["\"", key, "\""]);
    } else {
        text.push_str(&Value::from(key).to_string());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gateway() -> Observed {
        Observed {
            providers: vec![json!({"name": "openai", "status": "success", "description": "dns"})],
            provider_keys: BTreeMap::from([
                ("azure".to_owned(), vec![json!({"id": "k2", "name": "azure-1"})]),
                ("openai".to_owned(), vec![json!({"id": "k1", "name": "main", "status": "success"})]),
            ]),
            virtual_keys: vec![json!({"id": "v1", "name": "app"}), json!({"id": "v2", "name": "App"})],
            model_configs: vec![
                json!({"id": "m1", "model_name": "gpt-4o", "provider": "openai"}),
                json!({"id": "m2", "model_name": "gpt-4o"}),
            ],
            mcp_clients: vec![json!({"config": {"client_id": "c1", "name": "docs"}, "state": "healthy"})],
            ..Observed::fresh("v1.5.16")
        }
    }

    #[track_caller]
    fn check(kind: Kind, name: &str, expected: Option<&str>) {
        let found = gateway().find(kind, name).map(|(id, _)| id);
        assert_eq!(found.as_deref(), expected, "for {kind:?} {name}");
    }

    #[test]
    fn objects_are_known_by_their_names() {
        check(Kind::Provider, "openai", Some("openai"));
        check(Kind::ProviderKey, "azure-1", Some("k2"));
        check(Kind::VirtualKey, "App", Some("v2"));
        check(Kind::ModelConfig, "openai/gpt-4o", Some("m1"));
        check(Kind::ModelConfig, "gpt-4o", Some("m2"));
        check(Kind::McpClient, "docs", Some("c1"));
        check(Kind::ClientConfig, "client_config", Some("client_config"));
        check(Kind::Team, "app", None);
        check(Kind::User, "app", None);
    }

    #[test]
    fn the_fingerprint_moves_only_with_what_a_person_changes() {
        let text = gateway().fingerprint_text();
        let same = |change: fn(&mut Observed)| {
            let mut other = gateway();
            change(&mut other);
            other.fingerprint_text() == text
        };
        assert!(same(|gateway| gateway.providers[0]["description"] = json!("another error")));
        assert!(same(|gateway| gateway.virtual_keys.reverse()));
        assert!(same(|gateway| gateway.virtual_keys[0]["updated_at"] = json!("2026-11-24T02:25:31Z")));
        assert!(same(|gateway| gateway.mcp_clients[0]["state"] = json!("error")));
        assert!(!same(|gateway| gateway.virtual_keys[0]["description"] = json!("new")));
        assert!(!same(|gateway| gateway.config["client_config"]["enforce_auth_on_inference"] = json!(true)));
        assert!(!same(|gateway| gateway.has_users = true));
    }

    #[test]
    fn the_fingerprint_is_canonical() {
        let mut gateway = gateway();
        gateway.provider_keys.insert("a \"b\"".to_owned(), vec![json!({"name": "z\u{1}", "id": 1, "weight": 0.5})]);
        gateway.version = "2 \"x\"".to_owned();
        let text = gateway.fingerprint_text();
        let value: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(text, canonical(&value));
        assert_eq!(value.as_object().map(serde_json::Map::len), Some(12));
        assert_eq!(value["provider_keys"]["a \"b\""][0]["weight"], json!(0.5));
    }

    #[test]
    fn no_virtual_key_value_is_kept() {
        let object = json!({"id": "v1", "name": "app", "value": "sk-bf-1", "team_id": "t1",
            "customer": {"id": "c1", "name": "acme", "virtual_keys": [{"value": "sk-bf-2"}]},
            "provider_configs": [{"provider": "openai", "keys": [{"id": 1, "key_id": "k1", "value": {"value": "s"}}]}],
            "mcp_configs": [{"mcp_client": {"client_id": "c", "name": "docs", "headers": {"Authorization": "b"}}}]});
        insta::assert_snapshot!(canonical(&kept(Kind::VirtualKey, &object)), @r#"{"customer":{"id":"c1","name":"acme"},"id":"v1","mcp_configs":[{"mcp_client":{"client_id":"c","name":"docs"}}],"name":"app","provider_configs":[{"keys":[{"key_id":"k1"}],"provider":"openai"}],"team_id":"t1"}"#);
        let owner = json!({"id": "c1", "name": "acme", "virtual_keys": [{"value": "sk-bf-2"}], "teams": []});
        assert_eq!(canonical(&kept(Kind::Customer, &owner)), r#"{"id":"c1","name":"acme"}"#);
    }
}
