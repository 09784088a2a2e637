//! A plan as `config.json` with the variables it refers to, for people who keep their gateway in Git, and for fleets
//! that are faster started from a file than made call by call.
//! Source: `reference/bifrost-api.md` 8, 13.7, 4.3. Policy: `design` 4.

mod objects;
mod values;

use std::collections::{BTreeMap, BTreeSet};

use bifrost::{Capability, Kind, Version};
use inventory::{Opened, Vault};
use model::{Code, Finding, OpId, Severity};
use serde_json::{Map, Value, json};

use crate::types::{Action, Plan};
pub use values::{Held, TokenSeed, Variable};

/// What a plan comes to as files.
#[derive(Debug)]
pub struct Export {
    /// The files; none where they would not start a gateway into what the plan says.
    pub files: Option<Files>,
    /// What a person has to know about them, and why there are none.
    pub findings: Vec<Finding>,
}

/// The files. Secrets are references in them; [`Files::values`] alone has what they stand for.
#[derive(Debug)]
pub struct Files {
    /// The text of `config.json`.
    pub config: String,
    /// What `config.json` refers to, in the order of the names.
    pub variables: Vec<Variable>,
}

/// Makes the files of a plan. With a seed, the virtual keys get values of their own beforehand, made from it; without,
/// the gateway makes them up when it starts.
pub fn export(plan: &Plan, vault: &Vault<Opened>, tokens: Option<&TokenSeed>) -> Export {
    let mut findings = refusals(plan);
    let Some(version) = plan.made.target_version.parse::<Version>().ok().filter(|_| findings.is_empty()) else {
        return Export { files: None, findings };
    };
    let mut writer = Writer::new(plan, vault, &version);
    for op in plan.ops.iter().filter(|op| op.action != Action::Skip) {
        if let Some(body) = &op.after {
            writer.op(op, body, tokens);
        }
    }
    let (file, variables, mut noticed) = writer.finish();
    findings.append(&mut noticed);
    findings.extend(bifrost::file::lint(&file, &version));
    findings.extend(not_carried(plan, tokens.is_some()));
    let usable = model::worst(&findings) != Some(Severity::Error);
    let files = usable.then(|| Files { config: pretty(&file), variables });
    Export { files, findings }
}

/// Why no file may be made of this plan.
fn refusals(plan: &Plan) -> Vec<Finding> {
    let refuse =
        |message: &str, hint: &str| Finding::error(Code::new("export.refused"), "config.json", message).hint(hint);
    let mut findings = Vec::new();
    if plan.made.target_version.parse::<Version>().is_err() {
        findings.push(refuse("the plan is for no version of the gateway", "give --target-version"));
    }
    if !plan.applyable {
        let message = "the plan may not be applied as it is, so no file is made of it either";
        findings.push(refuse(message, "read the errors among its findings, decide what is missing and plan again"));
    }
    let there = |op: &&crate::Op| op.target_id.is_some() && op.kind != Kind::ClientConfig;
    let count = plan.ops.iter().filter(there).count();
    if count > 0 {
        let message = format!(
            "the plan is for a gateway that holds {count} of these objects already; a start from a file would take \
             away the provider keys that are not in it"
        );
        findings.push(refuse(&message, "apply the plan, or plan for a new gateway with --target-version"));
    }
    findings
}

/// What no form of the gateway takes over.
fn not_carried(plan: &Plan, tokens: bool) -> Vec<Finding> {
    let keys = plan.ops.iter().filter(|op| op.kind == Kind::VirtualKey && op.after.is_some()).count();
    if keys == 0 {
        return Vec::new();
    }
    let values = if tokens {
        "the virtual keys get the new values of the values file"
    } else {
        "the gateway makes up the values of the virtual keys when it starts, and its dashboard shows them"
    };
    let say = |code: &'static str, message: String| Finding::info(Code::new(code), "config.json", message);
    vec![
        say(
            "export.tokens",
            format!(
                "LiteLLM's tokens cannot be kept: the gateway replaces every value that does not start with sk-bf-; {values}"
            ),
        ),
        say(
            "export.spend",
            "what was spent so far cannot be carried over: the gateway ignores current_usage in a file, so every \
             budget starts at zero"
                .to_owned(),
        ),
        say(
            "export.place",
            "put config.json into an empty app folder of the gateway and start it there; config_store names a \
             database file below the working directory, so write your own store there if you have one"
                .to_owned(),
        ),
    ]
}

/// A file under construction.
struct Writer<'a> {
    version: &'a Version,
    ids: BTreeMap<&'a OpId, String>,
    /// Names of provider keys by their op.
    key_names: BTreeMap<&'a OpId, &'a str>,
    values: values::Values<'a>,
    client: Map<String, Value>,
    providers: Map<String, Value>,
    lists: BTreeMap<&'static str, Vec<Value>>,
    mcp_clients: Vec<Value>,
    findings: Vec<Finding>,
}

impl<'a> Writer<'a> {
    fn new(plan: &'a Plan, vault: &'a Vault<Opened>, version: &'a Version) -> Self {
        let written = || plan.ops.iter().filter(|op| op.after.is_some());
        Self {
            version,
            ids: written().map(|op| (&op.id, objects::id(op))).collect(),
            key_names: written()
                .filter(|op| op.kind == Kind::ProviderKey)
                .map(|op| (&op.id, op.name.as_str()))
                .collect(),
            values: values::Values::new(vault, host_variables(plan)),
            client: Map::new(),
            providers: Map::new(),
            lists: BTreeMap::new(),
            mcp_clients: Vec::new(),
            findings: Vec::new(),
        }
    }

    fn finish(self) -> (Value, Vec<Variable>, Vec<Finding>) {
        let mut file = json!({
            "$schema": bifrost::file::SCHEMA,
            "version": 2,
            "config_store": { "enabled": true, "type": "sqlite", "config": { "path": "./config.db" } },
            "logs_store": { "enabled": true, "type": "sqlite", "config": { "path": "./logs.db" } },
            "client": client(self.client),
            "providers": with_networks(self.providers, self.version),
        });
        if !self.lists.is_empty() {
            let lists = self.lists.into_iter().map(|(name, items)| (name.to_owned(), Value::Array(items)));
            file["governance"] = Value::Object(lists.collect());
        }
        if !self.mcp_clients.is_empty() {
            file["mcp"] = json!({ "client_configs": self.mcp_clients });
        }
        let variables = self.values.finish(&file);
        (file, variables, self.findings)
    }
}

/// What a gateway shows that was started without these settings, with the plan's laid over it: a section that is there
/// stands for itself, and a switch that is missing in it is off.
fn client(planned: Map<String, Value>) -> Value {
    let mut client =
        Map::from_iter([("enable_logging".to_owned(), json!(true)), ("log_retention_days".to_owned(), json!(365))]);
    let mut compat = json!({
        "convert_text_to_chat": false,
        "convert_chat_to_responses": false,
        "should_drop_params": false,
        "should_convert_params": false,
    });
    for (name, value) in planned {
        match (name.as_str(), value) {
            ("compat", Value::Object(switches)) => {
                for (switch, on) in switches {
                    compat[switch] = on;
                }
            }
            (_, value) => {
                client.insert(name, value);
            }
        }
    }
    client.insert("compat".to_owned(), compat);
    Value::Object(client)
}

/// What a call fills in for a provider without network settings, and a start does not
/// (recorded on 1.5.2, 1.5.16 and 2.0.0-prerelease3, topics 02 and 24).
fn with_networks(mut providers: Map<String, Value>, version: &Version) -> Map<String, Value> {
    let mut network = json!({
        "default_request_timeout_in_seconds": 300,
        "max_retries": 0,
        "retry_backoff_initial": 500,
        "retry_backoff_max": 5000,
        "stream_idle_timeout_in_seconds": 120,
        "max_conns_per_host": 5000,
    });
    if !version.has(Capability::LongTimeouts) {
        network["default_request_timeout_in_seconds"] = json!(30);
        network["stream_idle_timeout_in_seconds"] = json!(60);
    }
    if version.has(Capability::KeepAlive) {
        network["keep_alive_timeout_in_seconds"] = json!(30);
    }
    for provider in providers.values_mut().filter_map(Value::as_object_mut) {
        provider.entry("network_config").or_insert_with(|| network.clone());
    }
    providers
}

/// The variables that bodies name themselves, which the gateway's host has to have.
fn host_variables(plan: &Plan) -> BTreeSet<String> {
    plan.ops.iter().filter_map(|op| op.after.as_deref()).flat_map(bifrost::file::variables).collect()
}

fn pretty(file: &Value) -> String {
    // A value of strings, numbers and lists always has a text.
    let text = serde_json::to_string_pretty(file).unwrap_or_default();
    text + "\n"
}
