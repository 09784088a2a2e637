//! From the body of a call to what stands in the file. The two differ: ids are chosen here, budgets and rate limits
//! stand in lists of their own, and keys are pinned by name. What the file has no place for stays where it is, and the
//! lint says so.
//! Source: `reference/bifrost-api.md` 8.3, 8.4; for the links of budgets the loader of 1.5.16: those of teams and
//! virtual keys name their owner, a customer holds its own, a model config names its budgets.

use bifrost::hole::{self, Hole};
use bifrost::{Capability, Kind};
use model::{Code, Finding, OpId};
use serde_json::{Map, Value, json};

use super::Writer;
use super::values::{Held, TokenSeed};
use crate::draft::slug;
use crate::types::Op;

/// How many characters of a name an id repeats.
const READABLE: usize = 40;

/// The id of an object in the file: the same in every run, and readable.
pub(super) fn id(op: &Op) -> String {
    let mut tail = litellm::seal::sha256_hex(op.id.as_str());
    tail.truncate(12);
    let name: String = slug(&op.name).chars().take(READABLE).collect();
    if name.is_empty() { tail } else { format!("{name}-{tail}") }
}

impl Writer<'_> {
    /// Puts one object of the plan into the file.
    pub(super) fn op(&mut self, op: &Op, body: &Value, tokens: Option<&TokenSeed>) {
        let Value::Object(fields) = body else { return };
        let mut fields = fields.clone();
        if op.kind == Kind::Provider {
            self.header_secrets(op, &mut fields);
        }
        let filled = self.fill(op, &Value::Object(fields));
        let Value::Object(mut fields) = filled else { return };
        match op.kind {
            Kind::Provider => self.provider(&op.name, fields),
            Kind::ProviderKey => self.provider_key(op, fields),
            Kind::Customer => self.customer(op, fields),
            Kind::Team => self.team(op, fields),
            Kind::McpClient => self.mcp_client(op, fields),
            Kind::VirtualKey => self.virtual_key(op, fields, tokens),
            Kind::ModelConfig => self.model_config(&id(op), fields),
            Kind::RoutingRule => self.rule(op, fields),
            Kind::PricingOverride => self.pricing_override(op, fields),
            Kind::ClientConfig => {
                if let Some(Value::Object(settings)) = fields.remove_entry("client_config").map(|(_, value)| value) {
                    self.client.extend(settings);
                }
            }
            Kind::User | Kind::TeamMember => self.no_place(op),
        }
    }

    fn no_place(&mut self, op: &Op) {
        let message = format!("the file has no place for {} {}", op.kind.title(), op.name);
        self.findings.push(Finding::error(Code::new("export.no_place"), op.id.as_str(), message));
    }

    /// References filled in: ids of this file, and variables for secrets.
    fn fill(&mut self, op: &Op, body: &Value) -> Value {
        self.fill_at(op, "", body)
    }

    fn fill_at(&mut self, op: &Op, path: &str, value: &Value) -> Value {
        match (hole::read(value), value) {
            (Some(Hole::Ref(other)), _) => self.ids.get(&other).map_or_else(|| value.clone(), |id| json!(id)),
            (Some(Hole::Secret(secret)), _) => {
                let base = format!("{}_{}_{}", op.kind.id(), op.name, part_of(path));
                Value::from(self.values.secret(&secret, &base, what_for(op, path)))
            }
            (None, Value::Array(items)) => items.iter().map(|item| self.fill_at(op, path, item)).collect(),
            (None, Value::Object(fields)) => Value::Object(
                fields
                    .iter()
                    .map(|(name, field)| (name.clone(), self.fill_at(op, &format!("{path}.{name}"), field)))
                    .collect(),
            ),
            (None, other) => {
                if let Some(name) = other.as_str().and_then(|text| text.strip_prefix("env.")) {
                    self.values.uses(name, what_for(op, path));
                }
                other.clone()
            }
        }
    }

    /// Headers of a provider are plain texts in the file: a reference would be sent as it stands.
    fn header_secrets(&mut self, op: &Op, fields: &mut Map<String, Value>) {
        let network = fields.get_mut("network_config").and_then(Value::as_object_mut);
        let Some(headers) = network.and_then(|network| network.get_mut("extra_headers")?.as_object_mut()) else {
            return;
        };
        let held: Vec<String> = headers
            .iter()
            .filter(|(_, value)| {
                hole::read(value).is_some() || value.as_str().is_some_and(|text| text.starts_with("env."))
            })
            .map(|(name, _)| name.clone())
            .collect();
        for name in held {
            headers.remove(&name);
            self.findings.push(
                Finding::warning(
                    Code::new("export.header"),
                    op.id.as_str(),
                    format!("the header {name} of provider {} holds a secret, and the file takes no reference there, so it is left out", op.name),
                )
                .hint("set the header on the gateway once it has started, or apply the plan instead"),
            );
        }
    }

    fn provider(&mut self, name: &str, mut fields: Map<String, Value>) {
        fields.remove("provider");
        match self.providers.get_mut(name).and_then(Value::as_object_mut) {
            Some(there) => there.extend(fields),
            None => {
                self.providers.insert(name.to_owned(), Value::Object(fields));
            }
        }
    }

    fn provider_key(&mut self, op: &Op, mut fields: Map<String, Value>) {
        let provider = fields.remove("provider");
        let Some(provider) = provider.as_ref().and_then(Value::as_str) else { return self.no_place(op) };
        fields.insert("id".to_owned(), json!(id(op)));
        let provider = self.providers.entry(provider).or_insert_with(|| json!({}));
        if let Value::Object(provider) = provider {
            let keys = provider.entry("keys").or_insert_with(|| json!([]));
            if let Value::Array(keys) = keys {
                keys.push(Value::Object(fields));
            }
        }
    }

    fn push(&mut self, list: &'static str, item: Map<String, Value>) {
        self.lists.entry(list).or_default().push(Value::Object(item));
    }

    fn customer(&mut self, op: &Op, mut fields: Map<String, Value>) {
        let id = id(op);
        self.rate_limit(&id, &mut fields);
        if let Some(Value::Array(budgets)) = fields.remove("budgets") {
            let own = budgets.into_iter().map(|budget| with_id(&id, budget));
            fields.insert("budgets".to_owned(), own.collect());
        }
        if let Some(budget) = fields.remove("budget") {
            let budget = with_id(&id, budget);
            fields.insert("budget_id".to_owned(), budget["id"].clone());
            self.lists.entry("budgets").or_default().push(budget);
        }
        fields.insert("id".to_owned(), json!(id));
        self.push("customers", fields);
    }

    fn team(&mut self, op: &Op, mut fields: Map<String, Value>) {
        let id = id(op);
        self.rate_limit(&id, &mut fields);
        self.budgets_of(&id, "team_id", &mut fields);
        fields.insert("id".to_owned(), json!(id));
        self.push("teams", fields);
    }

    fn virtual_key(&mut self, op: &Op, mut fields: Map<String, Value>, tokens: Option<&TokenSeed>) {
        let id = id(op);
        self.rate_limit(&id, &mut fields);
        self.budgets_of(&id, "virtual_key_id", &mut fields);
        if self.version.has(Capability::ModelConfigScope) {
            for config in fields.get_mut("provider_configs").and_then(Value::as_array_mut).into_iter().flatten() {
                self.limits_at_provider(&id, config);
            }
        }
        if let Some(seed) = tokens {
            let held = Held::Token(op.name.clone(), seed.token(&op.id));
            let reference =
                self.values.variable(&format!("virtual_key_{}", op.name), format!("Virtual key {}", op.name), held);
            fields.insert("value".to_owned(), json!(reference));
        }
        fields.insert("id".to_owned(), json!(id));
        self.push("virtual_keys", fields);
    }

    /// Limits of a key at one provider, or on one model there, are model configs of that key, as the gateway itself
    /// keeps them (`reference/bifrost-api.md` 5).
    fn limits_at_provider(&mut self, key: &str, config: &mut Value) {
        let Value::Object(fields) = config else { return };
        let provider = fields.get("provider").cloned().unwrap_or_default();
        let mut wanted = Vec::new();
        let whole = ["budgets", "rate_limit"].into_iter().filter_map(|name| fields.remove_entry(name));
        let whole: Map<String, Value> = whole.collect();
        if !whole.is_empty() {
            wanted.push((json!("*"), whole));
        }
        if let Some(Value::Array(models)) = fields.remove("model_budgets") {
            for model in models {
                let Value::Object(mut model) = model else { continue };
                let name = model.remove("model_name").unwrap_or_default();
                wanted.push((name, model));
            }
        }
        for (model, mut limits) in wanted {
            let place =
                format!("{key}-{}-{}", provider.as_str().unwrap_or_default(), model.as_str().unwrap_or_default());
            limits.insert("model_name".to_owned(), model);
            limits.insert("provider".to_owned(), provider.clone());
            limits.insert("scope".to_owned(), json!("virtual_key"));
            limits.insert("scope_id".to_owned(), json!(key));
            self.model_config(&place, limits);
        }
    }

    fn model_config(&mut self, id: &str, mut fields: Map<String, Value>) {
        self.rate_limit(id, &mut fields);
        let several = fields.remove("budgets").into_iter().flat_map(|budgets| match budgets {
            Value::Array(budgets) => budgets,
            other => vec![other],
        });
        let budgets: Vec<Value> = several.chain(fields.remove("budget")).map(|budget| with_id(id, budget)).collect();
        let mut ids: Vec<Value> = budgets.iter().map(|budget| budget["id"].clone()).collect();
        match ids.pop() {
            // Releases that know no scope of a model config know no list of budgets either.
            Some(only) if ids.is_empty() && !self.version.has(Capability::ModelConfigScope) => {
                fields.insert("budget_id".to_owned(), only);
            }
            Some(last) => {
                ids.push(last);
                fields.insert("budget_ids".to_owned(), Value::Array(ids));
            }
            None => {}
        }
        if !budgets.is_empty() {
            self.lists.entry("budgets").or_default().extend(budgets);
        }
        fields.insert("id".to_owned(), json!(id));
        self.push("model_configs", fields);
    }

    fn rule(&mut self, op: &Op, mut fields: Map<String, Value>) {
        // Ids are filled in by now; the op says which key was meant.
        let meant = op.after.as_ref().and_then(|body| body.get("targets")?.as_array()).into_iter().flatten();
        let names: Vec<Option<&str>> = meant.map(|target| self.pinned(target.get("key_id")?)).collect();
        for (target, name) in fields.get_mut("targets").and_then(Value::as_array_mut).into_iter().flatten().zip(names) {
            if let (Some(name), Value::Object(target)) = (name, target) {
                target.remove("key_id");
                target.insert("provider_key_name".to_owned(), json!(name));
            }
        }
        fields.insert("id".to_owned(), json!(id(op)));
        self.push("routing_rules", fields);
    }

    fn pricing_override(&mut self, op: &Op, mut fields: Map<String, Value>) {
        let pinned = op.after.as_ref().and_then(|body| self.pinned(body.get("provider_key_id")?));
        if let Some(name) = pinned {
            let name = json!(name);
            fields.remove("provider_key_id");
            fields.insert("provider_key_name".to_owned(), name);
        }
        if let Some(patch) = fields.remove("patch") {
            fields.insert("pricing_patch".to_owned(), json!(patch.to_string()));
        }
        fields.insert("id".to_owned(), json!(id(op)));
        self.push("pricing_overrides", fields);
    }

    fn mcp_client(&mut self, op: &Op, mut fields: Map<String, Value>) {
        fields.insert("client_id".to_owned(), json!(id(op)));
        self.mcp_clients.push(Value::Object(fields));
    }

    /// The name of the provider key that a reference means.
    fn pinned(&self, reference: &Value) -> Option<&str> {
        let op: OpId = match hole::read(reference)? {
            Hole::Ref(op) => op,
            Hole::Secret(_) => return None,
        };
        self.key_names.get(&op).copied()
    }

    fn budgets_of(&mut self, owner: &str, link: &str, fields: &mut Map<String, Value>) {
        for budget in fields.remove("budgets").as_ref().and_then(Value::as_array).into_iter().flatten() {
            let mut budget = with_id(owner, budget.clone());
            budget[link] = json!(owner);
            self.lists.entry("budgets").or_default().push(budget);
        }
    }

    fn rate_limit(&mut self, owner: &str, fields: &mut Map<String, Value>) {
        let Some(Value::Object(mut limit)) = fields.remove("rate_limit") else { return };
        let id = bifrost::file::rate_limit_id(owner);
        limit.insert("id".to_owned(), json!(id));
        fields.insert("rate_limit_id".to_owned(), json!(id));
        self.push("rate_limits", limit);
    }
}

/// The field a value stands in; none for the value of a key itself.
fn part_of(path: &str) -> &str {
    path.rsplit('.').find(|part| !part.is_empty() && *part != "value").unwrap_or_default()
}

fn what_for(op: &Op, path: &str) -> String {
    match part_of(path) {
        "" => format!("{} {}", op.kind.title(), op.name),
        part => format!("{} {}, {part}", op.kind.title(), op.name),
    }
}

/// An owner has one budget for each period.
fn with_id(owner: &str, mut budget: Value) -> Value {
    let period = budget.get("reset_duration").and_then(Value::as_str).unwrap_or_default();
    let id = format!("{owner}-{period}");
    if let Value::Object(fields) = &mut budget {
        fields.insert("id".to_owned(), json!(id));
    }
    budget
}
