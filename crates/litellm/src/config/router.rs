//! Fallbacks, aliases, strategy and cache: shapes that LiteLLM refuses, or takes and never uses.
//! Source: `reference/litellm.md` 4.6, 4.7.

use std::collections::BTreeSet;
use std::sync::Arc;

use model::{Code, Finding};
use pyyaml::{Node, Value as Yaml};

use super::deployment::kind;
use super::{REFERENCE, place};

const STRATEGIES: &[&str] = &[
    "simple-shuffle",
    "least-busy",
    "latency-based-routing",
    "cost-based-routing",
    "usage-based-routing",
    "usage-based-routing-v2",
    "lar1",
];

const CACHES: &[&str] =
    &["redis", "local", "redis-semantic", "valkey-semantic", "s3", "gcs", "azure-blob", "qdrant-semantic", "disk"];

/// What the file says of names that clients may ask for.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// The names of deployments.
    pub(super) groups: BTreeSet<String>,
    /// The router's aliases.
    pub(super) aliases: BTreeSet<String>,
    /// Whether the database may hold more.
    pub(super) database: bool,
}

impl Names {
    fn has(&self, name: &str) -> bool {
        let fits = |pattern: &String| pattern.contains('*') && crate::access::captured(pattern, name).is_some();
        name == "*" || self.groups.contains(name) || self.aliases.contains(name) || self.groups.iter().any(fits)
    }
}

/// The checks of one settings section.
pub(super) struct Check<'a> {
    pub(super) file: &'a Arc<str>,
    pub(super) names: &'a Names,
    pub(super) findings: &'a mut Vec<Finding>,
}

impl Check<'_> {
    /// Looks at a section of settings.
    pub(super) fn settings(&mut self, map: &Node) {
        for name in ["fallbacks", "context_window_fallbacks", "content_policy_fallbacks"] {
            map.get(name).into_iter().for_each(|node| self.fallbacks(name, node));
        }
        if let Some(node) = map.get("default_fallbacks") {
            match &node.value {
                Yaml::Sequence(items) => items.iter().for_each(|item| self.target("default_fallbacks", item)),
                Yaml::Null => {}
                _ => self.shape(node, "default_fallbacks", "has to be a list of names"),
            }
        }
        map.get("model_group_alias").into_iter().for_each(|node| self.aliases(node));
        map.get("routing_strategy").into_iter().for_each(|node| self.strategy(node));
        self.cache(map);
    }

    fn fallbacks(&mut self, name: &str, list: &Node) {
        match &list.value {
            Yaml::Null => {}
            Yaml::Sequence(items) => items.iter().for_each(|item| self.fallback(name, item)),
            _ => self.shape(list, name, "has to be a list of maps with one name each"),
        }
    }

    fn fallback(&mut self, name: &str, item: &Node) {
        let [entry] = item.entries() else {
            return self.shape(item, name, "has to be a list of maps with one name each, and this is none");
        };
        let Yaml::Sequence(targets) = &entry.value.value else {
            return self.shape(&entry.value, name, "has to name its targets in a list");
        };
        if let Some(group) = entry.key.as_text().filter(|group| !self.names.has(group)) {
            self.never(&entry.key, name, group);
        }
        for target in targets {
            self.target(name, target);
        }
    }

    fn target(&mut self, name: &str, target: &Node) {
        let text = target.as_text().or_else(|| target.get("model").and_then(Node::as_text));
        match text {
            Some(group) if self.names.has(group) => {}
            Some(group) => self.never(target, name, group),
            None => self.shape(target, name, "has a target that is neither a name nor a map with a model"),
        }
    }

    fn never(&mut self, node: &Node, setting: &str, group: &str) {
        let but = if self.names.database { "; unless the database has it, " } else { ", so " };
        self.findings.push(
            Finding::warning(
                Code::new("config.fallback"),
                setting,
                format!("no deployment and no alias here is called {group}{but}this fallback never fires"),
            )
            .at(place(self.file, node)),
        );
    }

    fn aliases(&mut self, map: &Node) {
        if !matches!(map.value, Yaml::Mapping(_) | Yaml::Null) {
            return self.shape(map, "model_group_alias", "has to be a map of names");
        }
        for entry in map.entries() {
            let Some(alias) = entry.key.as_text() else { continue };
            let target = entry.value.as_text().or_else(|| entry.value.get("model").and_then(Node::as_text));
            let message = match target {
                None => format!(
                    "the alias {alias} leads to {}; LiteLLM only follows a name, or a map with a model",
                    kind(&entry.value)
                ),
                Some(target) if self.names.aliases.contains(target) && !self.names.groups.contains(target) => {
                    format!("the alias {alias} leads to the alias {target}; LiteLLM follows one alias, not two")
                }
                Some(target) if !self.names.has(target) && !self.names.database => {
                    format!("the alias {alias} leads to {target}, and no deployment is called that")
                }
                Some(_) if self.names.groups.contains(alias) => {
                    format!("the alias {alias} has the name of a deployment, which nobody reaches by it any more")
                }
                Some(_) => continue,
            };
            let finding = Finding::warning(Code::new("config.alias"), format!("alias {alias}"), message);
            self.findings.push(finding.at(place(self.file, &entry.value)));
        }
    }

    fn strategy(&mut self, node: &Node) {
        let known = node.as_text().is_some_and(|text| STRATEGIES.contains(&text) || text.starts_with(REFERENCE));
        if !known && !matches!(node.value, Yaml::Null) {
            self.findings.push(
                Finding::error(
                    Code::new("config.routing_strategy"),
                    "routing_strategy",
                    format!("LiteLLM knows no routing_strategy {} and does not start with it", node.to_json()),
                )
                .at(place(self.file, node))
                .hint(format!("it knows {}", STRATEGIES.join(", "))),
            );
        }
    }

    fn cache(&mut self, map: &Node) {
        let Some(cache) = map.get("cache").filter(|cache| cache.value == Yaml::Bool(true)) else { return };
        let params = map.get("cache_params").filter(|params| !params.entries().is_empty());
        let Some(params) = params else {
            self.findings.push(
                Finding::info(
                    Code::new("config.cache"),
                    "cache",
                    "the cache is on without cache_params: LiteLLM looks for a Redis in REDIS_HOST, REDIS_PORT and REDIS_PASSWORD",
                )
                .at(place(self.file, cache)),
            );
            return;
        };
        let Some((node, kind)) = params.get("type").and_then(|node| Some((node, node.as_text()?))) else { return };
        if !CACHES.contains(&kind) && !kind.starts_with(REFERENCE) {
            self.findings.push(
                Finding::warning(
                    Code::new("config.cache"),
                    "cache_params.type",
                    format!("LiteLLM has no cache of the type {kind}; nothing is cached"),
                )
                .at(place(self.file, node))
                .hint(format!("it has {}", CACHES.join(", "))),
            );
        }
    }

    fn shape(&mut self, node: &Node, subject: &str, message: &str) {
        self.findings.push(
            Finding::error(
                Code::new("config.shape"),
                subject,
                format!("{subject} {message} (here is {}); LiteLLM 1.109 does not start with it", kind(node)),
            )
            .at(place(self.file, node)),
        );
    }
}
