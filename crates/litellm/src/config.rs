//! `config.yaml` as LiteLLM reads it, as objects with a line and a column for every field.
//! Source: `reference/litellm.md` 4.

use std::collections::BTreeMap;

use model::{Code, Finding, Origin, SecretId};
use pyyaml::{Entry, Node, Value as Yaml};

use crate::fields::{Builder, Keeping};
use crate::reading::Kept;
use crate::{Kind, Object, SourceKind};

/// The sections that become one object each.
const SETTINGS: &[&str] = &["litellm_settings", "router_settings", "general_settings"];

/// Lists of named things: section, kind, the field that names an entry.
const LISTS: &[(&str, Kind, &str)] = &[
    ("guardrails", Kind::Guardrail, "guardrail_name"),
    ("vector_store_registry", Kind::VectorStore, "vector_store_name"),
    ("search_tools", Kind::SearchTool, "search_tool_name"),
    ("prompts", Kind::Prompt, "prompt_id"),
    ("policy_attachments", Kind::PolicyAttachment, "policy"),
    ("agents", Kind::Agent, "agent_name"),
    ("agent_list", Kind::Agent, "agent_name"),
];

/// Maps of named things: section, kind.
const MAPS: &[(&str, Kind)] = &[("mcp_servers", Kind::McpServer), ("policies", Kind::Policy)];

/// Further sections LiteLLM reads (`reference/litellm.md` 4.2); carried whole.
const OTHERS: &[&str] = &[
    "mcp_tools",
    "sandbox_tools",
    "assistant_settings",
    "files_settings",
    "finetune_settings",
    "default_vertex_config",
    "callback_settings",
    "worker_registry",
];

/// Reads the tree of a `config.yaml` into objects.
pub(crate) fn read(
    file: &str,
    root: &Node,
    kept: &mut BTreeMap<SecretId, Kept>,
    findings: &mut Vec<Finding>,
) -> Vec<Object> {
    let mut reader = Reader { file, kept, findings, objects: Vec::new() };
    for entry in root.entries() {
        if let Some(name) = entry.key.as_text() {
            reader.section(name, entry);
        }
    }
    reader.objects
}

/// Whether the tree is a LiteLLM configuration at all: some section of it must be one LiteLLM reads.
pub(crate) fn is_config(root: &Node) -> bool {
    root.entries().iter().filter_map(|entry| entry.key.as_text()).any(is_section)
}

fn is_section(name: &str) -> bool {
    ["model_list", "credential_list", "environment_variables", "include"].contains(&name)
        || SETTINGS.contains(&name)
        || OTHERS.contains(&name)
        || LISTS.iter().any(|(section, ..)| *section == name)
        || MAPS.iter().any(|(section, _)| *section == name)
}

struct Reader<'a> {
    file: &'a str,
    kept: &'a mut BTreeMap<SecretId, Kept>,
    findings: &'a mut Vec<Finding>,
    objects: Vec<Object>,
}

impl Reader<'_> {
    fn section(&mut self, name: &str, entry: &Entry) {
        if matches!(entry.value.value, Yaml::Null) {
            return;
        }
        match name {
            "model_list" => self.deployments(&entry.value),
            "credential_list" => self.credentials(&entry.value),
            "environment_variables" => self.settings(name, &entry.value, Keeping::Secret),
            "include" => self.include(entry),
            _ if SETTINGS.contains(&name) => self.settings(name, &entry.value, Keeping::Plain),
            _ => self.other(name, entry),
        }
    }

    fn other(&mut self, name: &str, entry: &Entry) {
        if let Some((_, kind, key)) = LISTS.iter().find(|(section, ..)| *section == name) {
            self.list(*kind, key, &entry.value);
        } else if let Some((_, kind)) = MAPS.iter().find(|(section, _)| *section == name) {
            for item in entry.value.entries() {
                let id = item.key.as_text().unwrap_or_default().to_owned();
                self.whole(*kind, id, &item.value, "");
            }
        } else if OTHERS.contains(&name) {
            self.whole(Kind::Section, name.to_owned(), &entry.value, "");
        } else {
            self.findings.push(
                Finding::info(
                    Code::new("config.unknown_section"),
                    name,
                    format!("LiteLLM does not read a section called {name}; it has no effect there and is not moved"),
                )
                .at(self.at(&entry.key)),
            );
        }
    }

    fn include(&mut self, entry: &Entry) {
        self.findings.push(
            Finding::warning(
                Code::new("config.include"),
                self.file,
                "this file includes others, which this version of Gangway does not follow",
            )
            .at(self.at(&entry.key))
            .hint("give the included files as well, each as its own config file"),
        );
    }

    fn deployments(&mut self, list: &Node) {
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        for item in self.items(list, "model_list") {
            let name = item.get("model_name").and_then(Node::as_text);
            let params = item.get("litellm_params");
            let (Some(name), Some(params)) = (name, params) else {
                self.findings.push(
                    Finding::error(
                        Code::new("config.deployment"),
                        "model_list",
                        "an entry of model_list needs a text model_name and a litellm_params map; LiteLLM would not start with it",
                    )
                    .at(self.at(item)),
                );
                continue;
            };
            let count = seen.entry(name.to_owned()).or_default();
            *count += 1;
            let id = deployment_id(item, name, *count);
            self.deployment(item, id, params);
        }
    }

    fn deployment(&mut self, item: &Node, id: String, params: &Node) {
        let file = self.file;
        let at = |node: &Node| Origin::file(file, node.at.line, node.at.column);
        let mut builder = Builder::new(self.kept, Kind::Deployment, id, SourceKind::ConfigFile, at(item));
        for entry in item.entries() {
            let Some(key) = entry.key.as_text() else { continue };
            if key == "litellm_params" || key == "model_info" {
                put_entries(&mut builder, key, &entry.value, &at);
            } else {
                builder.put(key, &entry.value.to_json(), Keeping::Plain, at(&entry.value));
            }
        }
        self.objects.push(builder.finish());
        check_types(file, params, self.findings);
    }

    fn credentials(&mut self, list: &Node) {
        for item in self.items(list, "credential_list") {
            let Some(name) = item.get("credential_name").and_then(Node::as_text) else {
                self.findings.push(
                    Finding::error(
                        Code::new("config.credential"),
                        "credential_list",
                        "an entry of credential_list needs a text credential_name",
                    )
                    .at(self.at(item)),
                );
                continue;
            };
            let file = self.file;
            let at = |node: &Node| Origin::file(file, node.at.line, node.at.column);
            let mut builder = Builder::new(self.kept, Kind::Credential, name, SourceKind::ConfigFile, at(item));
            for entry in item.entries() {
                let Some(key) = entry.key.as_text() else { continue };
                if key == "credential_values" || key == "credential_info" {
                    put_entries(&mut builder, key, &entry.value, &at);
                } else {
                    builder.put(key, &entry.value.to_json(), Keeping::Plain, at(&entry.value));
                }
            }
            self.objects.push(builder.finish());
        }
    }

    /// A settings section: one object, one field per setting. Pass-through endpoints are objects of their own.
    fn settings(&mut self, name: &str, map: &Node, keeping: Keeping) {
        let file = self.file;
        let at = |node: &Node| Origin::file(file, node.at.line, node.at.column);
        let mut builder = Builder::new(self.kept, Kind::Settings, name, SourceKind::ConfigFile, at(map));
        for entry in map.entries() {
            let Some(key) = entry.key.as_text() else { continue };
            if key == "pass_through_endpoints" {
                continue;
            }
            builder.put(key, &entry.value.to_json(), keeping, at(&entry.value));
        }
        self.objects.push(builder.finish());
        if let Some(endpoints) = map.get("pass_through_endpoints") {
            self.list(Kind::PassThrough, "path", endpoints);
        }
    }

    fn list(&mut self, kind: Kind, key: &str, list: &Node) {
        for (index, item) in list.items().iter().enumerate() {
            let id = item.get(key).and_then(Node::as_text).map_or_else(|| format!("{}", index + 1), str::to_owned);
            self.whole(kind, id, item, "");
        }
    }

    /// An object whose fields are the entries of a map.
    fn whole(&mut self, kind: Kind, id: String, map: &Node, prefix: &str) {
        let file = self.file;
        let at = |node: &Node| Origin::file(file, node.at.line, node.at.column);
        let mut builder = Builder::new(self.kept, kind, id, SourceKind::ConfigFile, at(map));
        if map.entries().is_empty() {
            builder.put("value", &map.to_json(), Keeping::Plain, at(map));
        } else {
            put_entries(&mut builder, prefix, map, &at);
        }
        self.objects.push(builder.finish());
    }

    fn items<'n>(&mut self, node: &'n Node, section: &str) -> &'n [Node] {
        if !matches!(node.value, Yaml::Sequence(_)) {
            self.findings.push(
                Finding::error(
                    Code::new("config.shape"),
                    section,
                    format!("{section} has to be a list, but it is a {}", node.kind()),
                )
                .at(self.at(node)),
            );
        }
        node.items()
    }

    fn at(&self, node: &Node) -> Origin {
        Origin::file(self.file, node.at.line, node.at.column)
    }
}

fn put_entries(builder: &mut Builder<'_>, prefix: &str, map: &Node, at: &impl Fn(&Node) -> Origin) {
    for entry in map.entries() {
        let Some(name) = entry.key.as_text() else { continue };
        let path = if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") };
        builder.put(&path, &entry.value.to_json(), Keeping::Plain, at(&entry.value));
    }
}

/// A configured `model_info.id`; else the group's name, numbered from the second of a group on. LiteLLM's own id
/// of such a deployment is a hash over resolved values, which differs from host to host.
fn deployment_id(item: &Node, name: &str, count: usize) -> String {
    let configured = item.get("model_info").and_then(|info| info.get("id"));
    match configured.map(|node| &node.value) {
        Some(Yaml::Text(id) | Yaml::Int(id)) => id.clone(),
        _ if count == 1 => name.to_owned(),
        _ => format!("{name}#{count}"),
    }
}

/// Values that make LiteLLM drop a deployment without a word (`reference/litellm.md` 4.3).
fn check_types(file: &str, params: &Node, findings: &mut Vec<Finding>) {
    for entry in params.entries() {
        let Some(name) = entry.key.as_text() else { continue };
        let wrong = match (name, &entry.value.value) {
            ("api_version", Yaml::Date(_)) => "an unquoted date; LiteLLM drops this deployment",
            ("api_key", Yaml::Int(_)) => "a number; LiteLLM drops this deployment",
            ("tpm" | "rpm", Yaml::Text(text)) if text.parse::<u64>().is_err() => {
                "a text; LiteLLM drops this deployment"
            }
            ("tags", Yaml::Text(_)) => "a text, not a list; LiteLLM drops this deployment",
            _ => continue,
        };
        findings.push(
            Finding::warning(
                Code::new("config.dropped"),
                name,
                format!("{name} is {wrong}, so the running proxy does not have it"),
            )
            .at(Origin::file(file, entry.value.at.line, entry.value.at.column))
            .hint("quote the value in config.yaml, or leave the deployment out"),
        );
    }
}
