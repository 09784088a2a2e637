//! What leads somewhere has to lead there: ids, names, providers, keys. Source: `reference/bifrost-api.md` 8.4, 13.3,
//! 6.1; the loader of 1.5.16, which makes owners before budgets, and keys before what names them.

use std::collections::{BTreeMap, BTreeSet};

use model::{Code, Finding};
use serde_json::Value;

use crate::{Capability, Version, standard};

/// What a custom provider may be built on (`reference/bifrost-api.md` 3.2).
pub(super) const BASES: &[&str] = &["anthropic", "bedrock", "cohere", "gemini", "openai", "huggingface", "replicate"];

/// The block without which a key of that provider is refused (`reference/bifrost-api.md` 8.3).
const BLOCKS: &[(&str, &str)] = &[
    ("azure", "azure_key_config"),
    ("vertex", "vertex_key_config"),
    ("vllm", "vllm_key_config"),
    ("ollama", "ollama_key_config"),
    ("sgl", "sgl_key_config"),
];

/// Providers whose keys need no value (`reference/bifrost-api.md` 2.3).
const NO_VALUE: &[&str] = &["azure", "bedrock", "bedrock_mantle", "ollama", "sgl", "vertex", "vllm", "databricks"];

/// Every reference that leads nowhere, and every name or id that stands twice.
pub(super) fn check(file: &Value, version: &Version) -> Vec<Finding> {
    let mut checker = Checker { file, version, index: Index::of(file), findings: Vec::new() };
    checker.providers();
    checker.once("customers", &["id", "name"]);
    checker.once("teams", &["id", "name"]);
    checker.once("virtual_keys", &["id", "name", "value"]);
    for list in ["budgets", "rate_limits", "model_configs", "routing_rules", "pricing_overrides"] {
        checker.once(list, &["id"]);
    }
    checker.budgets();
    checker.rate_limits();
    checker.owners();
    checker.virtual_keys();
    checker.model_configs();
    checker.rules();
    checker.overrides();
    checker.findings
}

/// The ids of a file.
struct Index<'a> {
    providers: BTreeSet<&'a str>,
    /// Key id to provider.
    keys: BTreeMap<&'a str, &'a str>,
    /// Provider and key name.
    key_names: BTreeSet<(&'a str, &'a str)>,
    /// List and id.
    ids: BTreeSet<(&'static str, &'a str)>,
    mcp_clients: BTreeSet<&'a str>,
}

const LISTS: [&str; 5] = ["budgets", "rate_limits", "customers", "teams", "virtual_keys"];

impl<'a> Index<'a> {
    fn of(file: &'a Value) -> Self {
        let mut index = Self {
            providers: BTreeSet::new(),
            keys: BTreeMap::new(),
            key_names: BTreeSet::new(),
            ids: BTreeSet::new(),
            mcp_clients: BTreeSet::new(),
        };
        for (name, provider) in providers(file) {
            index.providers.insert(name);
            for key in items(provider, "keys") {
                index.keys.extend(text(key, "id").map(|id| (id, name)));
                index.key_names.extend(text(key, "name").map(|key| (name, key)));
            }
        }
        for list in LISTS {
            index.ids.extend(governed(file, list).filter_map(|item| Some((list, text(item, "id")?))));
        }
        let clients = file.get("mcp").map(|mcp| items(mcp, "client_configs")).into_iter().flatten();
        index.mcp_clients.extend(clients.filter_map(|client| text(client, "name")));
        index
    }
}

struct Checker<'a> {
    file: &'a Value,
    version: &'a Version,
    index: Index<'a>,
    findings: Vec<Finding>,
}

impl<'a> Checker<'a> {
    fn wrong(&mut self, place: impl Into<String>, what: impl Into<String>) {
        self.findings.push(Finding::error(Code::new("file.reference"), place, what));
    }

    fn providers(&mut self) {
        let (mut ids, mut names) = (BTreeSet::new(), BTreeSet::new());
        for (name, provider) in providers(self.file) {
            let place = super::check::join("providers", name);
            if name.chars().any(char::is_uppercase) {
                self.wrong(
                    &place,
                    "the gateway writes names of providers small, so what names this one would not find it",
                );
            }
            match (standard::is_standard(name, self.version), provider.get("custom_provider_config")) {
                (true, Some(_)) => self.wrong(&place, "a provider the gateway has by itself cannot be a custom one"),
                (false, None) => {
                    self.wrong(&place, "the gateway has no provider of this name, and it is no custom one");
                }
                _ => {}
            }
            let keyless =
                provider.pointer("/custom_provider_config/is_key_less").and_then(Value::as_bool) == Some(true);
            let none = items(provider, "keys").next().is_none();
            if keyless != none {
                let what =
                    if none { "a provider with keys needs at least one" } else { "a provider without keys has one" };
                self.wrong(&place, what);
            }
            for (at, key) in items(provider, "keys").enumerate() {
                self.key(&format!("{place}.keys[{at}]"), name, key, (&mut ids, &mut names));
            }
        }
    }

    fn key(
        &mut self,
        place: &str,
        provider: &str,
        key: &'a Value,
        (ids, names): (&mut BTreeSet<&'a str>, &mut BTreeSet<&'a str>),
    ) {
        if !text(key, "id").is_none_or(|id| ids.insert(id)) {
            self.wrong(place, "another key has this id");
        }
        if !text(key, "name").is_none_or(|name| names.insert(name)) {
            self.wrong(place, "another key has this name, and names of keys are unique over all providers");
        }
        if let Some((_, block)) = BLOCKS.iter().find(|(of, _)| *of == provider)
            && key.get(*block).is_none()
        {
            self.wrong(place, format!("a key of {provider} needs {block}"));
        }
        if text(key, "value").is_none_or(str::is_empty) && !NO_VALUE.contains(&provider) {
            self.wrong(place, "a key of this provider needs a value");
        }
        self.aliases(place, key);
    }

    /// Names of aliases are unique without regard to case, and served only where `models` has them.
    fn aliases(&mut self, place: &str, key: &Value) {
        let aliases = key.get("aliases").and_then(Value::as_object).into_iter().flatten();
        let served: BTreeSet<&str> = items(key, "models").filter_map(Value::as_str).collect();
        let mut seen = BTreeSet::new();
        for (name, target) in aliases {
            if !seen.insert(name.to_lowercase()) || name.trim() != name {
                self.wrong(place, format!("the alias {name} stands twice, or has a blank at its end"));
            }
            if target.is_object() && !self.version.has(Capability::AliasObjects) {
                self.wrong(place, format!("this gateway takes no object for the alias {name}"));
            }
            if !served.contains("*") && !served.contains(name.as_str()) {
                self.wrong(place, format!("the alias {name} is not among the models, so nobody could call it"));
            }
        }
    }

    /// No two items of a list share one of the fields.
    fn once(&mut self, list: &'static str, fields: &[&'static str]) {
        for field in fields {
            let mut seen = BTreeSet::new();
            let file = self.file;
            for (at, item) in governed(file, list).enumerate() {
                if !text(item, field).is_none_or(|value| seen.insert(value)) {
                    self.wrong(format!("governance.{list}[{at}].{field}"), format!("another one has this {field}"));
                }
            }
        }
    }

    /// Whether that list has an item of that id; a finding where it has not.
    fn leads(&mut self, place: &str, item: &Value, field: &str, list: &'static str) {
        if let Some(id) = text(item, field)
            && !self.index.ids.contains(&(list, id))
        {
            self.wrong(format!("{place}.{field}"), format!("there is no {id} in {list}"));
        }
    }

    /// A budget belongs to one owner: it names it, or the owner names it.
    fn budgets(&mut self) {
        let mut named: BTreeMap<&str, usize> = BTreeMap::new();
        for list in ["customers", "model_configs", "providers"] {
            for item in governed(self.file, list) {
                let several = items(item, "budget_ids").filter_map(Value::as_str);
                for id in text(item, "budget_id").into_iter().chain(several) {
                    *named.entry(id).or_default() += 1;
                }
            }
        }
        for (at, budget) in governed(self.file, "budgets").enumerate() {
            let place = format!("governance.budgets[{at}]");
            let owners = [("virtual_key_id", "virtual_keys"), ("team_id", "teams"), ("customer_id", "customers")];
            let mut count = text(budget, "id").and_then(|id| named.get(id)).copied().unwrap_or(0);
            for (field, list) in owners {
                count += usize::from(budget.get(field).is_some());
                self.leads(&place, budget, field, list);
            }
            if count != 1 {
                self.wrong(place, format!("a budget belongs to one owner; this one has {count}"));
            }
        }
    }

    /// A rate limit has one owner, and every limit a period.
    fn rate_limits(&mut self) {
        let mut owners: BTreeMap<&str, usize> = BTreeMap::new();
        let configs = governed(self.file, "virtual_keys").flat_map(|key| items(key, "provider_configs"));
        let lists = ["customers", "teams", "virtual_keys", "model_configs", "providers"];
        for item in lists.into_iter().flat_map(|list| governed(self.file, list)).chain(configs) {
            owners.entry(text(item, "rate_limit_id").unwrap_or_default()).and_modify(|n| *n += 1).or_insert(1);
        }
        for (at, limit) in governed(self.file, "rate_limits").enumerate() {
            let place = format!("governance.rate_limits[{at}]");
            let count = text(limit, "id").and_then(|id| owners.get(id)).copied().unwrap_or(0);
            if count != 1 {
                self.wrong(&place, format!("a rate limit belongs to one owner; this one has {count}"));
            }
            for what in ["token", "request"] {
                let has = |end: &str| limit.get(format!("{what}_{end}")).is_some();
                if has("max_limit") != has("reset_duration") {
                    self.wrong(&place, format!("a limit on {what}s needs its period, and a period its limit"));
                }
            }
        }
    }

    fn owners(&mut self) {
        for (at, customer) in governed(self.file, "customers").enumerate() {
            let place = format!("governance.customers[{at}]");
            if customer.get("budgets").is_some() && customer.get("budget_id").is_some() {
                self.wrong(&place, "a customer has budgets or budget_id, not both");
            }
            self.leads(&place, customer, "budget_id", "budgets");
            self.leads(&place, customer, "rate_limit_id", "rate_limits");
        }
        for (at, team) in governed(self.file, "teams").enumerate() {
            let place = format!("governance.teams[{at}]");
            self.leads(&place, team, "customer_id", "customers");
            self.leads(&place, team, "rate_limit_id", "rate_limits");
        }
    }

    fn virtual_keys(&mut self) {
        for (at, key) in governed(self.file, "virtual_keys").enumerate() {
            let place = format!("governance.virtual_keys[{at}]");
            if key.get("team_id").is_some() && key.get("customer_id").is_some() {
                self.wrong(&place, "a virtual key belongs to a team or to a customer, not to both");
            }
            self.leads(&place, key, "team_id", "teams");
            self.leads(&place, key, "customer_id", "customers");
            self.leads(&place, key, "rate_limit_id", "rate_limits");
            if let Some(value) = text(key, "value")
                && !value.starts_with(super::VALUE_PREFIX)
                && !value.starts_with("env.")
            {
                self.wrong(&place, "a value that does not start with sk-bf- would be replaced by another");
            }
            let mut providers = BTreeSet::new();
            for (at, config) in items(key, "provider_configs").enumerate() {
                self.provider_config(&format!("{place}.provider_configs[{at}]"), config, &mut providers);
            }
            for (at, config) in items(key, "mcp_configs").enumerate() {
                if !text(config, "mcp_client_name").is_none_or(|name| self.index.mcp_clients.contains(name)) {
                    self.wrong(format!("{place}.mcp_configs[{at}]"), "there is no MCP client of this name");
                }
            }
        }
    }

    fn provider_config(&mut self, place: &str, config: &'a Value, seen: &mut BTreeSet<&'a str>) {
        let Some(provider) = text(config, "provider") else { return };
        if !seen.insert(provider) {
            self.wrong(place, format!("{provider} stands here twice"));
        }
        if !self.index.providers.contains(provider) {
            self.wrong(place, format!("there is no provider {provider}"));
        }
        self.leads(place, config, "rate_limit_id", "rate_limits");
        for id in items(config, "key_ids").filter_map(Value::as_str).filter(|id| *id != "*") {
            match self.index.keys.get(id) {
                None => self.wrong(place, format!("there is no provider key {id}; a name is no id here")),
                Some(of) if *of != provider => self.wrong(place, format!("the key {id} is of {of}, not of {provider}")),
                Some(_) => {}
            }
        }
        // Empty means none where version is 2; what is meant as none has no entry at all.
        for list in ["allowed_models", "key_ids"] {
            if items(config, list).next().is_none() {
                self.wrong(place, format!("{list} is empty: leave the provider out to grant nothing of it"));
            }
        }
    }

    fn model_configs(&mut self) {
        let mut seen = BTreeSet::new();
        for (at, config) in governed(self.file, "model_configs").enumerate() {
            let place = format!("governance.model_configs[{at}]");
            let of = |field| text(config, field).unwrap_or_default();
            let scope = if of("scope").is_empty() { "global" } else { of("scope") };
            if !seen.insert((scope, of("scope_id"), of("model_name"), of("provider"))) {
                self.wrong(&place, "another one has the same model, provider and scope");
            }
            if (scope == "global") == config.get("scope_id").is_some() {
                self.wrong(&place, "scope and scope_id go together");
            }
            if scope == "virtual_key" {
                self.leads(&place, config, "scope_id", "virtual_keys");
            }
            self.leads(&place, config, "budget_id", "budgets");
            self.leads(&place, config, "rate_limit_id", "rate_limits");
            for id in items(config, "budget_ids").filter_map(Value::as_str) {
                if !self.index.ids.contains(&("budgets", id)) {
                    self.wrong(&place, format!("there is no {id} in budgets"));
                }
            }
        }
    }

    /// Priorities are unique in a scope on every version; targets and fallbacks need a provider that is there.
    fn rules(&mut self) {
        let (mut priorities, mut names) = (BTreeSet::new(), BTreeSet::new());
        for (at, rule) in governed(self.file, "routing_rules").enumerate() {
            let place = format!("governance.routing_rules[{at}]");
            let scope = text(rule, "scope").unwrap_or("global");
            let of = text(rule, "scope_id").unwrap_or_default();
            if !priorities.insert((scope, of, rule.get("priority").and_then(Value::as_i64))) {
                self.wrong(&place, "another rule of this scope has this priority");
            }
            if !names.insert((scope, of, text(rule, "name"))) {
                self.wrong(&place, "another rule of this scope has this name");
            }
            match scope {
                "global" => {}
                _ if of.is_empty() => self.wrong(&place, "a scope needs its scope_id"),
                "team" => self.leads(&place, rule, "scope_id", "teams"),
                "customer" => self.leads(&place, rule, "scope_id", "customers"),
                _ => self.leads(&place, rule, "scope_id", "virtual_keys"),
            }
            self.targets(&place, rule);
            for way in items(rule, "fallbacks").filter_map(Value::as_str) {
                let provider = way.split_once('/').map(|(provider, _)| provider);
                if !provider.is_some_and(|provider| self.index.providers.contains(provider)) {
                    self.wrong(&place, format!("the fallback {way} names no provider that is there"));
                }
            }
        }
    }

    fn targets(&mut self, place: &str, rule: &Value) {
        let sum: f64 = items(rule, "targets").filter_map(|target| target.get("weight")?.as_f64()).sum();
        if (sum - 1.0).abs() > 0.001 {
            self.wrong(place, format!("the weights of the targets have to add up to 1, not to {sum:.4}"));
        }
        for target in items(rule, "targets") {
            let provider = text(target, "provider");
            if !provider.is_none_or(|provider| self.index.providers.contains(provider)) {
                self.wrong(place, format!("there is no provider {}", provider.unwrap_or_default()));
            }
            if let Some(name) = text(target, "provider_key_name")
                && !self.index.key_names.contains(&(provider.unwrap_or_default(), name))
            {
                self.wrong(place, format!("there is no key {name} of this provider"));
            }
        }
    }

    fn overrides(&mut self) {
        for (at, item) in governed(self.file, "pricing_overrides").enumerate() {
            let place = format!("governance.pricing_overrides[{at}]");
            self.leads(&place, item, "virtual_key_id", "virtual_keys");
            if !text(item, "provider_id").is_none_or(|provider| self.index.providers.contains(provider)) {
                self.wrong(&place, "there is no provider of this name");
            }
            let name = text(item, "provider_key_name");
            if !name.is_none_or(|name| self.index.key_names.iter().any(|(_, known)| *known == name)) {
                self.wrong(&place, "there is no provider key of this name");
            }
        }
    }
}

fn providers(file: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let map = file.get("providers").and_then(Value::as_object).into_iter().flatten();
    map.map(|(name, provider)| (name.as_str(), provider))
}

fn governed<'a>(file: &'a Value, list: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    file.get("governance").and_then(|governance| governance.get(list)?.as_array()).into_iter().flatten()
}

fn items<'a>(object: &'a Value, list: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    object.get(list).and_then(Value::as_array).into_iter().flatten()
}

fn text<'a>(object: &'a Value, field: &str) -> Option<&'a str> {
    object.get(field)?.as_str()
}
