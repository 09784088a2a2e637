//! Entries of `model_list`, and which of them the running proxy drops without a word.
//! Source: `reference/litellm.md` 4.3; types as LiteLLM 1.101.6 checks them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

use model::{Code, Finding};
use pyyaml::{Entry, Node, Value as Yaml};

use super::environment::{REFERENCE, Variables};
use super::{Paths, names, place, template};
use crate::fields::{Builder, Keeping};
use crate::object::Dropped;
use crate::provider::{self, Rule};
use crate::{Kind, SourceKind};

/// What other sections say that decides about deployments.
#[derive(Debug, Default)]
pub(super) struct Around<'a> {
    pub(super) variables: Variables,
    /// The values of the credentials by name.
    pub(super) credentials: BTreeMap<&'a str, &'a Node>,
    /// The providers that handlers of the owner's own serve.
    pub(super) handlers: BTreeSet<String>,
    /// Whether everything goes to another LiteLLM.
    pub(super) through_proxy: bool,
}

/// Reads one entry into the object under construction; says what is wrong with it.
pub(super) fn read(
    file: &Arc<str>,
    item: &Node,
    mut builder: Builder<'_>,
    around: &Around<'_>,
    paths: &mut Paths,
    findings: &mut Vec<Finding>,
) -> crate::Object {
    let params = item.get("litellm_params");
    for entry in item.entries() {
        let Some(key) = entry.key.as_text() else { continue };
        match key {
            "litellm_params" | "model_info" => paths.put_entries(&mut builder, key, &entry.value, file),
            // Copied into `litellm_params` when LiteLLM loads the file.
            "rpm" | "tpm" if params.and_then(|params| params.get(key)).is_none() => {
                let path = format!("litellm_params.{key}");
                builder.put(path, entry.value.to_json(), Keeping::Plain, place(file, &entry.value));
            }
            _ => {
                builder.put(key, entry.value.to_json(), Keeping::Plain, place(file, &entry.value));
                findings.extend(names::beside(key, place(file, &entry.key)));
            }
        }
    }
    for section in ["litellm_params", "model_info"] {
        for entry in item.get(section).map(Node::entries).unwrap_or_default() {
            let Some(name) = entry.key.as_text() else { continue };
            findings.extend(names::of_deployment(section, name, place(file, &entry.key)));
        }
    }
    let mut object = builder.finish();
    let mut checker = Checker { file, item, around, findings, dropped: None };
    checker.check();
    object.dropped = checker.dropped;
    object
}

/// The object of an entry, still empty.
pub(super) fn builder<'k>(
    kept: &'k mut BTreeMap<model::SecretId, crate::Kept>,
    id: String,
    file: &Arc<str>,
    item: &Node,
) -> Builder<'k> {
    let within = |section: &str| item.get(section).map_or(0, |map| map.entries().len());
    let fields = item.entries().len() + within("litellm_params") + within("model_info");
    Builder::new(kept, Kind::Deployment, id, SourceKind::ConfigFile, place(file, item)).with_room_for(fields)
}

/// A configured `model_info.id`; else the group's name, numbered from the second of a group on. LiteLLM's own id
/// of such a deployment is a hash over resolved values, which differs from host to host.
pub(super) fn id(item: &Node, name: &str, count: usize) -> String {
    let configured = item.get("model_info").and_then(|info| info.get("id"));
    match configured.map(|node| &node.value) {
        Some(Yaml::Text(id) | Yaml::Int(id)) => id.clone(),
        _ if count == 1 => name.to_owned(),
        _ => format!("{name}#{count}"),
    }
}

/// What an entry needs for LiteLLM to start with it; says what is missing.
pub(super) fn complete<'n>(
    file: &Arc<str>,
    item: &'n Node,
    findings: &mut Vec<Finding>,
) -> Option<(&'n str, &'n Node)> {
    let name = item.get("model_name").and_then(Node::as_text);
    let params = item.get("litellm_params");
    let model = params.and_then(|params| params.get("model")).and_then(Node::as_text);
    if let (Some(name), Some(params), Some(_)) = (name, params, model) {
        let is_info = |entry: &&Entry| entry.key.as_text() == Some("model_info") && entry.value.value == Yaml::Null;
        if let Some(info) = item.entries().iter().find(is_info) {
            let message = "an empty model_info keeps LiteLLM from starting";
            findings.push(
                Finding::error(Code::new("config.deployment"), name, message)
                    .at(place(file, &info.key))
                    .hint("leave the line out"),
            );
        }
        return Some((name, params));
    }
    let message = "an entry of model_list needs a text as its model_name, and litellm_params with a text as its model; \
                   LiteLLM does not start with it";
    findings.push(Finding::error(Code::new("config.deployment"), "model_list", message).at(place(file, item)));
    None
}

struct Checker<'c> {
    file: &'c Arc<str>,
    item: &'c Node,
    around: &'c Around<'c>,
    findings: &'c mut Vec<Finding>,
    dropped: Option<Dropped>,
}

impl<'c> Checker<'c> {
    fn check(&mut self) {
        for entry in self.item.get("litellm_params").map(Node::entries).unwrap_or_default() {
            self.value(entry);
        }
        self.limits_beside();
        self.tier();
        self.environment();
        self.provider();
    }

    /// Values LiteLLM takes for wrong, and then leaves the deployment out.
    fn value(&mut self, entry: &Entry) {
        let Some(name) = entry.key.as_text() else { return };
        if name == "api_key" && is_blank(&entry.value) {
            self.findings.push(
                Finding::info(
                    Code::new("config.empty_key"),
                    name,
                    "api_key is empty; LiteLLM takes the key from the provider's usual variable of its environment",
                )
                .at(place(self.file, &entry.key)),
            );
        }
        let Some(wanted) = wrong(name, &entry.value) else { return };
        let given = match &entry.value.value {
            Yaml::Date(_) => "an unquoted date".to_owned(),
            _ => kind(&entry.value),
        };
        let field = format!("litellm_params.{name}");
        self.drops(
            &entry.value,
            name,
            &format!("{name} is {given}, where LiteLLM wants {wanted}"),
            "mend the value in config.yaml if the deployment is wanted",
            Dropped::WrongType { field },
        );
    }

    /// Limits beside `litellm_params` are copied without a look at them.
    fn limits_beside(&mut self) {
        for entry in self.item.entries() {
            let Some(name @ ("rpm" | "tpm")) = entry.key.as_text() else { continue };
            if let Some(wanted) = wrong(name, &entry.value) {
                let given = kind(&entry.value);
                let message = format!("{name} is {given}, where LiteLLM wants {wanted}; it does not count as a limit");
                let finding = Finding::warning(Code::new("config.limit"), name, message);
                self.findings.push(finding.at(place(self.file, &entry.value)));
            }
        }
    }

    fn tier(&mut self) {
        let tier = self.item.get("model_info").and_then(|info| info.get("tier"));
        let Some(tier) = tier.filter(|tier| tier.value != Yaml::Null) else { return };
        if !matches!(tier.as_text(), Some("free" | "paid")) {
            let dropped = Dropped::WrongType { field: "model_info.tier".to_owned() };
            let message = "tier is neither free nor paid";
            self.drops(tier, "tier", message, "leave the line out if the deployment is wanted", dropped);
        }
    }

    /// `supported_environments` against `LITELLM_ENVIRONMENT`.
    fn environment(&mut self) {
        let list = self.item.get("model_info").and_then(|info| info.get("supported_environments"));
        let Some(list) = list.filter(|list| !list.items().is_empty()) else { return };
        match self.around.variables.get("LITELLM_ENVIRONMENT") {
            Some(running) if list.items().iter().any(|item| item.as_text() == Some(running)) => {}
            Some(running) => {
                let message = format!("supported_environments does not name {running}, which this proxy runs as");
                let hint = "leave it out, or plan the move of the other environment with its own file";
                self.drops(list, "supported_environments", &message, hint, Dropped::OtherEnvironment);
            }
            None => self.findings.push(
                Finding::warning(
                    Code::new("config.environment"),
                    "supported_environments",
                    "whether the proxy has this deployment depends on its LITELLM_ENVIRONMENT, which is not known here; \
                     it is moved",
                )
                .at(place(self.file, list))
                .hint("connect the running proxy to see which deployments it has"),
            ),
        }
    }

    fn provider(&mut self) {
        let Some(model) = self.own("model") else { return };
        if self.around.through_proxy || self.flag("use_litellm_proxy") || !is_settled(model) {
            return;
        }
        let named = self.own("litellm_credential_name");
        let credential = named.and_then(|name| self.around.credentials.get(name)).copied();
        let setting = |name: &str| {
            self.own(name).or_else(|| credential.and_then(|values| values.get(name)).and_then(Node::as_text))
        };
        let (word, base) = (setting("custom_llm_provider"), setting("api_base").or_else(|| setting("base_url")));
        let handled = |word: &str| self.around.handlers.contains(word);
        if word.is_some_and(handled) || model.split_once('/').is_some_and(|(prefix, _)| handled(prefix)) {
            return;
        }
        let unknown = (named.is_some() && credential.is_none()) || base.is_some_and(|base| !is_settled(base));
        let node = self.item.get("litellm_params").and_then(|params| params.get("model")).unwrap_or(self.item);
        match provider::resolve(model, word, base) {
            Ok(found) if found.rule == Rule::RetiredName => self.findings.push(
                Finding::warning(
                    Code::new("config.retired_name"),
                    model,
                    format!(
                        "only price maps of older LiteLLM releases know the bare name {model}; a proxy that loads \
                         today's map drops this deployment"
                    ),
                )
                .at(place(self.file, node))
                .hint(format!("write {}/{model}, or leave the deployment out", found.provider)),
            ),
            Err(_) if unknown => {}
            Err(unresolved) => {
                let base = if base.is_some() { ", and none by its api_base" } else { "" };
                let message = format!("LiteLLM finds no provider for {model}{base}");
                let hint = match unresolved.likely {
                    Some(likely) => format!("if it is wanted, name the provider: {likely}/..."),
                    None => "if it is wanted, name the provider: openai/... for servers that speak its API".to_owned(),
                };
                self.drops(node, model, &message, &hint, Dropped::NoProvider);
            }
            Ok(_) => {}
        }
    }

    fn own(&self, name: &str) -> Option<&'c str> {
        self.item.get("litellm_params")?.get(name)?.as_text().filter(|text| !text.is_empty())
    }

    fn flag(&self, name: &str) -> bool {
        let value = self.item.get("litellm_params").and_then(|params| params.get(name));
        value.is_some_and(|node| node.value == Yaml::Bool(true))
    }

    fn drops(&mut self, node: &Node, subject: &str, message: &str, hint: &str, dropped: Dropped) {
        self.findings.push(
            Finding::warning(
                Code::new("config.dropped"),
                subject,
                format!("{message}; the running proxy drops this deployment without a word"),
            )
            .at(place(self.file, node))
            .hint(hint),
        );
        self.dropped.get_or_insert(dropped);
    }
}

/// Whether a text is what LiteLLM will use: no reference, and nothing left of a template.
fn is_settled(text: &str) -> bool {
    !text.starts_with(REFERENCE) && template::placeholder(text).is_none()
}

fn is_blank(node: &Node) -> bool {
    node.value == Yaml::Null || node.as_text() == Some("")
}

/// What LiteLLM wants in a field, if the value is not that.
fn wrong(name: &str, node: &Node) -> Option<&'static str> {
    if node.value == Yaml::Null || node.as_text().is_some_and(|text| text.starts_with(REFERENCE)) {
        return None;
    }
    let (fits, wanted) = match *TYPES.get(name)? {
        "text" => (node.as_text().is_some(), "a text"),
        "whole" => (is_whole(node), "a whole number"),
        "number" => (is_number(node), "a number"),
        "flag" => (is_flag(node), "true or false"),
        _ => (is_texts(node), "a list of texts"),
    };
    (!fits).then_some(wanted)
}

/// What kind of value LiteLLM takes for a parameter (`types.txt`: a kind a line, then the names).
static TYPES: LazyLock<BTreeMap<&str, &str>> = LazyLock::new(|| {
    let lines = include_str!("types.txt").lines().filter_map(|line| line.split_once(' '));
    lines.flat_map(|(kind, names)| names.split(' ').map(move |name| (name, kind))).collect()
});

/// A kind of value with its article.
pub(super) fn kind(node: &Node) -> String {
    let kind = node.kind();
    let article = if kind.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    format!("{article} {kind}")
}

fn is_flag(node: &Node) -> bool {
    const WORDS: [&str; 12] = ["true", "false", "yes", "no", "on", "off", "t", "f", "y", "n", "1", "0"];
    match &node.value {
        Yaml::Bool(_) => true,
        Yaml::Int(digits) => matches!(digits.as_str(), "0" | "1"),
        Yaml::Text(text) => WORDS.contains(&text.to_ascii_lowercase().as_str()),
        _ => false,
    }
}

fn is_texts(node: &Node) -> bool {
    matches!(&node.value, Yaml::Sequence(items) if items.iter().all(|item| item.as_text().is_some()))
}

fn is_whole(node: &Node) -> bool {
    match &node.value {
        Yaml::Int(_) | Yaml::Bool(_) => true,
        Yaml::Float(number) => number.fract() == 0.0,
        Yaml::Text(text) => {
            let digits = text.trim().trim_start_matches(['+', '-']);
            let digits =
                digits.split_once('.').filter(|(_, rest)| rest.bytes().all(|b| b == b'0')).map_or(digits, |d| d.0);
            digits.bytes().next().is_some_and(|first| first.is_ascii_digit())
                && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_')
        }
        _ => false,
    }
}

fn is_number(node: &Node) -> bool {
    match &node.value {
        Yaml::Int(_) | Yaml::Bool(_) | Yaml::Float(_) => true,
        Yaml::Text(text) => text.trim().parse::<f64>().is_ok(),
        _ => false,
    }
}
