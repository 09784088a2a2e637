//! `config.yaml` as LiteLLM reads it, as objects with a line and a column for every field.
//! Source: `reference/litellm.md` 4.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::{Code, Finding, Origin, SecretId};
use pyyaml::{Node, Value as Yaml};

mod deployment;
mod environment;
mod include;
mod names;
mod router;
pub(crate) mod template;

use crate::fields::{Builder, Keeping};
use crate::reading::Kept;
use crate::{Kind, Object, SourceKind};
use deployment::Around;
use environment::{Leftovers, Variables};
pub use environment::{REFERENCE, referred};
pub(crate) use include::{Doc, Merged, Part, mains, merge};
pub use names::names_read;
use router::{Check, Names};

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

/// Whether a section is read as objects or settings of a kind of their own, and not as a whole.
pub fn is_object_section(name: &str) -> bool {
    !OTHERS.contains(&name)
}

/// Sections whose texts may hold braces of their own.
const TEXTS: &[&str] = &["prompts", "guardrails", "policies", "agents", "agent_list"];

/// The files that a `config.yaml` wants beside it, as the paths written in its `include` (`reference/litellm.md` 4.1):
/// relative to its own folder, else to that of the main file. Nothing for a file that is no YAML.
pub fn wanted_files(name: &str, bytes: &[u8]) -> Vec<String> {
    const WORD: &[u8] = b"include";
    // Most files include nothing, and parsing costs.
    if !bytes.windows(WORD.len()).any(|window| window == WORD) {
        return Vec::new();
    }
    let root = pyyaml::load(name, bytes).root;
    root.iter().flat_map(include::wanted).map(|(path, _)| path.to_owned()).collect()
}

/// Reads a configuration, its included files merged in, into objects.
pub(crate) fn read(
    parts: &[Part<'_>],
    kept: &mut BTreeMap<SecretId, Kept>,
    findings: &mut Vec<Finding>,
) -> Vec<Object> {
    let Some(Part { file, .. }) = parts.first() else { return Vec::new() };
    let around = around(parts, findings);
    let names = names_of(parts);
    let (seen, paths, objects) = (BTreeMap::new(), Paths::default(), Vec::new());
    let mut reader = Reader { file, kept, findings, around, names, seen, paths, objects };
    for part in parts {
        reader.part(part);
    }
    reader.secret_manager(parts);
    reader.objects
}

/// Whether the tree is a LiteLLM configuration at all: some section of it must be one LiteLLM reads.
pub(crate) fn is_config(root: &Node) -> bool {
    root.entries().iter().filter_map(|entry| entry.key.as_text()).any(|name| names::is_read("top", name))
}

/// The place of a value.
pub(crate) fn place(file: &Arc<str>, node: &Node) -> Origin {
    Origin::file(Arc::clone(file), node.at.line, node.at.column)
}

/// The value of a setting of a section.
fn setting<'a>(parts: &[Part<'a>], section: &str, name: &str) -> Option<&'a Node> {
    parts.iter().filter(|part| part.section == section).find_map(|part| part.entry.value.get(name))
}

fn around<'a>(parts: &[Part<'a>], findings: &mut Vec<Finding>) -> Around<'a> {
    let lists = parts.iter().filter(|part| part.section == "credential_list");
    let credentials = lists
        .flat_map(|part| part.entry.value.items())
        .filter_map(|item| Some((item.get("credential_name")?.as_text()?, item.get("credential_values")?)));
    let handlers = setting(parts, "litellm_settings", "custom_provider_map").map(Node::items).unwrap_or_default();
    let through_proxy = setting(parts, "litellm_settings", "use_litellm_proxy");
    Around {
        variables: Variables::read(parts, findings),
        credentials: credentials.collect(),
        handlers: handlers.iter().filter_map(|item| item.get("provider")?.as_text()).map(str::to_owned).collect(),
        through_proxy: through_proxy.is_some_and(|node| node.value == Yaml::Bool(true)),
    }
}

fn names_of(parts: &[Part<'_>]) -> Names {
    let lists = parts.iter().filter(|part| part.section == "model_list");
    let groups = lists.flat_map(|part| part.entry.value.items()).filter_map(|item| item.get("model_name")?.as_text());
    let mut aliases = Vec::new();
    for section in ["router_settings", "litellm_settings"] {
        aliases.extend(setting(parts, section, "model_group_alias").map(Node::entries).unwrap_or_default());
    }
    let stored = setting(parts, "general_settings", "store_model_in_db");
    Names {
        groups: groups.map(str::to_owned).collect(),
        aliases: aliases.iter().filter_map(|entry| entry.key.as_text()).map(str::to_owned).collect(),
        database: stored.is_some_and(|node| node.value == Yaml::Bool(true)),
    }
}

struct Reader<'a> {
    file: &'a Arc<str>,
    kept: &'a mut BTreeMap<SecretId, Kept>,
    findings: &'a mut Vec<Finding>,
    around: Around<'a>,
    names: Names,
    /// How many deployments of each name there were.
    seen: BTreeMap<String, usize>,
    paths: Paths,
    objects: Vec<Object>,
}

impl<'a> Reader<'a> {
    fn part(&mut self, part: &Part<'a>) {
        self.file = part.file;
        let (name, entry) = (part.section, part.entry);
        if matches!(entry.value.value, Yaml::Null) {
            return;
        }
        if !names::is_read("top", name) {
            self.findings.extend(names::section(name, self.at(&entry.key)));
            return;
        }
        if !TEXTS.contains(&name) {
            Leftovers::new(self.file, self.findings).walk(name, &entry.value, false);
        }
        if name == "environment_variables" {
            return self.settings(name, &entry.value, Keeping::Secret);
        }
        let value = &*self.around.variables.fill(&entry.value);
        match name {
            "model_list" => self.deployments(value),
            "credential_list" => self.credentials(value),
            _ if SETTINGS.contains(&name) => self.settings(name, value, Keeping::Plain),
            _ => self.other(name, value),
        }
    }

    fn other(&mut self, name: &str, value: &Node) {
        if let Some((_, kind, key)) = LISTS.iter().find(|(section, ..)| *section == name) {
            self.list(*kind, key, value, name);
        } else if let Some((_, kind)) = MAPS.iter().find(|(section, _)| *section == name) {
            if !matches!(value.value, Yaml::Mapping(_)) {
                self.shape(value, name, "a map of names");
            }
            for item in value.entries() {
                let id = item.key.as_text().unwrap_or_default().to_owned();
                self.whole(*kind, id, &item.value);
            }
        } else if OTHERS.contains(&name) {
            self.whole(Kind::Section, name.to_owned(), value);
        }
    }

    fn deployments(&mut self, list: &Node) {
        for item in self.items(list, "model_list") {
            let Some((name, _)) = deployment::complete(self.file, item, self.findings) else { continue };
            let count = self.seen.entry(name.to_owned()).or_default();
            *count += 1;
            let builder = deployment::builder(self.kept, deployment::id(item, name, *count), self.file, item);
            self.objects.push(deployment::read(self.file, item, builder, &self.around, &mut self.paths, self.findings));
        }
    }

    fn credentials(&mut self, list: &Node) {
        for item in self.items(list, "credential_list") {
            let Some(name) = item.get("credential_name").and_then(Node::as_text) else {
                let message = "an entry of credential_list needs a text credential_name";
                let finding = Finding::error(Code::new("config.credential"), "credential_list", message);
                self.findings.push(finding.at(self.at(item)));
                continue;
            };
            let origin = self.at(item);
            let mut builder = Builder::new(self.kept, Kind::Credential, name, SourceKind::ConfigFile, origin);
            for entry in item.entries() {
                let Some(key) = entry.key.as_text() else { continue };
                if key == "credential_values" || key == "credential_info" {
                    self.paths.put_entries(&mut builder, key, &entry.value, self.file);
                } else {
                    builder.put(key, entry.value.to_json(), Keeping::Plain, place(self.file, &entry.value));
                }
            }
            self.objects.push(builder.finish());
        }
    }

    /// A settings section: one object, one field per setting. Pass-through endpoints are objects of their own.
    fn settings(&mut self, name: &str, map: &Node, keeping: Keeping) {
        if !matches!(map.value, Yaml::Mapping(_)) {
            return self.shape(map, name, "a map of settings");
        }
        let origin = self.at(map);
        let mut builder = Builder::new(self.kept, Kind::Settings, name, SourceKind::ConfigFile, origin);
        for entry in map.entries() {
            let Some(key) = entry.key.as_text() else { continue };
            if keeping == Keeping::Plain {
                self.findings.extend(names::setting(name, key, place(self.file, &entry.key)));
            }
            if key != "pass_through_endpoints" {
                builder.put(key, entry.value.to_json(), keeping, place(self.file, &entry.value));
            }
        }
        self.objects.push(builder.finish());
        if keeping == Keeping::Plain && name != "general_settings" {
            Check { file: self.file, names: &self.names, findings: self.findings }.settings(map);
        }
        if let Some(endpoints) = map.get("pass_through_endpoints") {
            self.list(Kind::PassThrough, "path", endpoints, "pass_through_endpoints");
        }
    }

    fn list(&mut self, kind: Kind, key: &str, list: &Node, section: &str) {
        for (index, item) in self.items(list, section).iter().enumerate() {
            let id = item.get(key).and_then(Node::as_text).map_or_else(|| format!("{}", index + 1), str::to_owned);
            self.whole(kind, id, item);
        }
    }

    /// An object whose fields are the entries of a map.
    fn whole(&mut self, kind: Kind, id: String, map: &Node) {
        let mut builder = Builder::new(self.kept, kind, id, SourceKind::ConfigFile, place(self.file, map));
        if map.entries().is_empty() {
            builder.put("value", map.to_json(), Keeping::Plain, place(self.file, map));
        } else {
            self.paths.put_entries(&mut builder, "", map, self.file);
        }
        self.objects.push(builder.finish());
    }

    /// References are looked up in the secret manager first, where there is one.
    fn secret_manager(&mut self, parts: &[Part<'_>]) {
        let Some(node) = setting(parts, "general_settings", "key_management_system") else { return };
        let Some(system) = node.as_text() else { return };
        let mut unheard = Vec::new();
        let mut references = 0;
        for part in parts {
            let mut leftovers = Leftovers::new(part.file, &mut unheard);
            leftovers.walk(part.section, &part.entry.value, false);
            references += leftovers.references;
        }
        self.findings.push(
            Finding::warning(
                Code::new("config.secret_manager"),
                "key_management_system",
                format!(
                    "LiteLLM looks the {references} os.environ/ references of this file up in {system} first; they are \
                     no secrets themselves, and their values are not in the file"
                ),
            )
            .at(place(
                parts.iter().find(|part| part.section == "general_settings").map_or(self.file, |part| part.file),
                node,
            ))
            .hint("give the gateway the values under the same names in its environment"),
        );
    }

    fn items<'n>(&mut self, node: &'n Node, section: &str) -> &'n [Node] {
        if !matches!(node.value, Yaml::Sequence(_)) {
            self.shape(node, section, "a list");
        }
        node.items()
    }

    fn shape(&mut self, node: &Node, section: &str, wanted: &str) {
        let message = format!("{section} has to be {wanted}, but it is {}", deployment::kind(node));
        self.findings.push(Finding::error(Code::new("config.shape"), section, message).at(self.at(node)));
    }

    fn at(&self, node: &Node) -> Origin {
        place(self.file, node)
    }
}

/// The paths of fields, by what stands before the last dot and behind it. There are few of them and many fields: each
/// is one text for all.
#[derive(Debug, Default)]
pub(crate) struct Paths(BTreeMap<String, BTreeMap<String, Arc<str>>>);

impl Paths {
    /// A field for each entry of a map.
    pub(crate) fn put_entries(&mut self, builder: &mut Builder<'_>, prefix: &str, map: &Node, file: &Arc<str>) {
        for entry in map.entries() {
            let Some(name) = entry.key.as_text() else { continue };
            builder.put(self.path(prefix, name), entry.value.to_json(), Keeping::Plain, place(file, &entry.value));
        }
    }

    fn path(&mut self, prefix: &str, name: &str) -> Arc<str> {
        if let Some(path) = self.0.get(prefix).and_then(|names| names.get(name)) {
            return Arc::clone(path);
        }
        let path: Arc<str> = if prefix.is_empty() { name.into() } else { format!("{prefix}.{name}").into() };
        self.0.entry(prefix.to_owned()).or_default().insert(name.to_owned(), Arc::clone(&path));
        path
    }
}
