//! Which texts are names, and finding them again wherever they stand.

use std::collections::BTreeMap;
use std::ops::Bound;

use apply::{Entry, Journal};
use bifrost::Kind;
use model::Origin;
use plan::Plan;
use serde_json::Value;

use crate::words;

/// Names that are public anyway: Bifrost's own providers (`reference/bifrost-api.md` 3.1) and what everybody calls
/// these files and callers.
const PUBLIC: [&str; 41] = [
    "anthropic",
    "azure",
    "bedrock",
    "bedrock_mantle",
    "cerebras",
    "cohere",
    "databricks",
    "deepgram",
    "deepseek",
    "elevenlabs",
    "fireworks",
    "gemini",
    "github-copilot",
    "groq",
    "huggingface",
    "hume",
    "mistral",
    "nebius",
    "ollama",
    "openai",
    "opencode-go",
    "opencode-zen",
    "openrouter",
    "parasail",
    "perplexity",
    "replicate",
    "runware",
    "runway",
    "sarvam",
    "sgl",
    "typesafe",
    "vertex",
    "vllm",
    "wafer",
    "xai",
    "config.yaml",
    "config.json",
    "(no key)",
    "*",
    "client_config",
    "client",
];

/// Names shorter than this hide only where they are the whole text: "a" is in every sentence.
const SHORTEST_WITHIN: usize = 3;

/// What stands before the `@` of an e-mail address has at most so many characters (RFC 5321).
const LONGEST_LOCAL_PART: usize = 64;

/// Every name with its placeholder.
pub(super) struct Names {
    /// By the name in lower case.
    placeholders: BTreeMap<String, String>,
    counters: BTreeMap<String, usize>,
}

impl Names {
    /// Objects of the source first, so that a key on the gateway is called as the key it comes from.
    pub(super) fn collect(plan: &Plan, journal: Option<&Journal>) -> Self {
        let mut names = Self { placeholders: BTreeMap::new(), counters: BTreeMap::new() };
        names.objects(plan);
        names.ops(plan);
        for access in &plan.access {
            names.add("key", &[&access.virtual_key]);
            for name in access.only_source.iter().chain(&access.only_target) {
                names.add("model", &[name]);
            }
        }
        names.add("provider", &[&plan.choices.default_provider]);
        for id in &plan.choices.leave_out {
            let _ = names.behind_kind(id.as_str());
        }
        for (id, name) in &plan.choices.rename {
            let _ = names.behind_kind(id.as_str());
            names.add("name", &[name]);
        }
        for (own, name) in &plan.choices.rename_provider {
            names.add("provider", &[own]);
            names.add("provider", &[name]);
        }
        for from in plan.choices.map_provider.keys() {
            names.add("provider", &[from]);
        }
        for id in plan.choices.take_over.iter().chain(&plan.choices.leave_alone) {
            let _ = names.behind_kind(id.as_str());
        }
        for finding in &plan.findings {
            finding.origin.iter().for_each(|origin| names.origin(origin));
            names.quoted(&finding.subject);
        }
        for line in journal.iter().flat_map(|journal| &journal.lines) {
            names.entry(&line.entry);
        }
        names
    }

    fn objects(&mut self, plan: &Plan) {
        for object in &plan.objects {
            if is_vocabulary(&object.kind) {
                continue;
            }
            let tail = object.id.as_str().split_once('/').map_or(object.id.as_str(), |(_, tail)| tail);
            self.add(placeholder_word(&object.kind), &[tail, &object.name]);
        }
        for object in plan.objects.iter().filter(|object| !is_vocabulary(&object.kind)) {
            object.origins.iter().for_each(|origin| self.origin(origin));
            object.fields.iter().for_each(|field| self.origin(&field.origin));
        }
    }

    fn ops(&mut self, plan: &Plan) {
        for op in &plan.ops {
            if op.kind == Kind::ClientConfig {
                continue;
            }
            let word = words::kind_noun(op.kind);
            let tail = op.id.as_str().split_once('/').map_or(op.id.as_str(), |(_, tail)| tail);
            self.add(&word, &[&op.name, op.target_id.as_deref().unwrap_or(""), tail]);
        }
        for gone in &plan.gone {
            self.add(&words::kind_noun(gone.kind), &[&gone.name, &gone.target_id]);
        }
        for op in &plan.ops {
            op.origins.iter().for_each(|origin| self.origin(origin));
            for field in &op.fields {
                if self.behind_kind(field.object.as_str()) {
                    self.origin(&field.origin);
                }
            }
            op.before.iter().chain(op.after.as_deref()).for_each(|body| self.body(body));
        }
    }

    /// Whatever a body calls by name.
    fn body(&mut self, value: &Value) {
        match value {
            Value::Object(fields) => {
                for (key, item) in fields {
                    if let (Some(word), Some(text)) = (naming_field(key), item.as_str()) {
                        self.add(word, &[text]);
                    }
                    if key == "aliases"
                        && let Some(aliases) = item.as_object()
                    {
                        aliases.keys().for_each(|alias| self.add("model", &[alias]));
                    }
                    self.body(item);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.body(item)),
            _ => {}
        }
    }

    fn origin(&mut self, origin: &Origin) {
        match origin {
            Origin::File { file, .. } => self.add("file", &[file]),
            // "LiteLLM API" is no name; a file or an address may be.
            Origin::Whole { name } if name.contains(['.', '/', ':']) => self.add("source", &[name]),
            Origin::Row { row, .. } => self.add("row", &[row]),
            Origin::Whole { .. } | Origin::Endpoint { .. } => {}
        }
    }

    fn entry(&mut self, entry: &Entry) {
        match entry {
            Entry::Opened { target, .. } | Entry::UndoOpened { target, .. } | Entry::RemovalOpened { target, .. } => {
                self.add("gateway", &[target]);
            }
            Entry::Intent { op, target_id, before, .. } => {
                self.add("object", &[target_id.as_deref().unwrap_or("")]);
                let _ = self.behind_kind(op.as_str());
                if let Some(body) = before {
                    self.body(body);
                }
            }
            Entry::Outcome { op, target_id, .. } => {
                self.add("object", &[target_id.as_deref().unwrap_or("")]);
                let _ = self.behind_kind(op.as_str());
            }
            Entry::Verified { differences, .. } => {
                for difference in differences {
                    self.body(&difference.intended);
                    self.body(&difference.observed);
                }
            }
            Entry::UndoIntent { op, target_id, .. } => {
                self.add("object", &[target_id]);
                let _ = self.behind_kind(op.as_str());
            }
            Entry::UndoOutcome { op, .. } => {
                let _ = self.behind_kind(op.as_str());
            }
            Entry::Closed { .. } => {}
        }
    }

    /// What an id names; false if that is a word of LiteLLM's or Bifrost's own.
    fn behind_kind(&mut self, id: &str) -> bool {
        let id = id.strip_prefix(apply::GONE).unwrap_or(id);
        let Some((kind, tail)) = id.split_once('/') else { return true };
        if is_vocabulary(kind) {
            return false;
        }
        self.add(placeholder_word(kind), &[tail]);
        true
    }

    /// `virtual key "prod"`: what a subject puts in quotes is a name.
    fn quoted(&mut self, subject: &str) {
        for (at, part) in subject.split('"').enumerate() {
            if at % 2 == 1 {
                self.add("name", &[part]);
            }
        }
    }

    /// Names of one thing share a placeholder, except those that already have one. The first decides: an id stands
    /// for one thing only.
    fn add(&mut self, word: &str, same: &[&str]) {
        let new: Vec<String> = same
            .iter()
            .map(|name| name.trim().to_ascii_lowercase())
            .filter(|name| !name.is_empty() && !PUBLIC.contains(&name.as_str()))
            .collect();
        let known = new.first().and_then(|first| self.placeholders.get(first)).cloned();
        if new.iter().all(|name| self.placeholders.contains_key(name)) {
            return;
        }
        let placeholder = known.unwrap_or_else(|| {
            let counter = self.counters.entry(word.to_owned()).or_default();
            *counter += 1;
            format!("{word} {counter}")
        });
        for name in new {
            self.placeholders.entry(name).or_insert_with(|| placeholder.clone());
        }
    }

    /// The text with every name, e-mail address and host replaced.
    pub(super) fn text(&self, text: &str) -> String {
        let lower = text.to_ascii_lowercase();
        if let Some(whole) = self.placeholders.get(lower.trim()) {
            return whole.clone();
        }
        let mut shown = String::with_capacity(text.len());
        let mut at = 0;
        while at < text.len() {
            if let Some((length, replacement)) = self.starting(&lower, at) {
                shown.push_str(replacement);
                at += length;
                continue;
            }
            let next = lower[at..].chars().next().map_or(1, char::len_utf8);
            shown.push_str(&text[at..at + next]);
            at += next;
        }
        shown
    }

    /// What is to be replaced at `at`: its length and the replacement.
    fn starting(&self, lower: &str, at: usize) -> Option<(usize, &str)> {
        let rest = &lower[at..];
        let inside_word = at > 0 && lower.as_bytes()[at - 1].is_ascii_alphanumeric();
        if inside_word && rest.as_bytes()[0].is_ascii_alphanumeric() {
            return None;
        }
        if let Some(length) = address(rest) {
            return Some(self.known(&rest[..length]).map_or((length, "an e-mail"), |known| (length, known)));
        }
        if lower[..at].ends_with("://") {
            let length = rest.find(['/', '?', '#', '"', '\'', ' ', ',', ')', '>']).unwrap_or(rest.len());
            return (length > 0).then_some((length, "host"));
        }
        self.longest(rest)
    }

    fn known(&self, name: &str) -> Option<&str> {
        self.placeholders.get(name).map(String::as_str)
    }

    /// The longest name `rest` starts with that ends at the end of a word. In sorted order the longest prefix of a
    /// text is the greatest name not above it; a miss narrows the search to what both share.
    fn longest(&self, rest: &str) -> Option<(usize, &str)> {
        let mut bound = rest;
        while !bound.is_empty() {
            let (name, placeholder) =
                self.placeholders.range::<str, _>((Bound::Unbounded, Bound::Included(bound))).next_back()?;
            if bound.starts_with(name.as_str()) {
                if name.len() >= SHORTEST_WITHIN && ends_word(rest, name.len()) {
                    return Some((name.len(), placeholder));
                }
                bound = shorter(rest, name.len());
            } else {
                let shared = name.char_indices().zip(bound.chars()).find(|((_, a), b)| a != b);
                bound = &rest[..shared.map_or(name.len().min(bound.len()), |((at, _), _)| at)];
            }
        }
        None
    }
}

fn ends_word(rest: &str, length: usize) -> bool {
    let bytes = rest.as_bytes();
    let inside = bytes[length - 1].is_ascii_alphanumeric();
    !(inside && bytes.get(length).is_some_and(u8::is_ascii_alphanumeric))
}

/// `rest` up to one character less than `length`.
fn shorter(rest: &str, length: usize) -> &str {
    rest[..length].char_indices().next_back().map_or("", |(last, _)| &rest[..last])
}

/// The length of the e-mail address `rest` starts with.
fn address(rest: &str) -> Option<usize> {
    let part = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '%' | '+' | '-');
    let local = rest.char_indices().take(LONGEST_LOCAL_PART + 1);
    let at = local.into_iter().find(|(_, c)| !part(*c)).map(|(at, _)| at)?;
    if at == 0 || !rest[at..].starts_with('@') {
        return None;
    }
    let domain = &rest[at + 1..];
    let end = domain.find(|c: char| !(c.is_alphanumeric() || c == '.' || c == '-')).unwrap_or(domain.len());
    let domain = domain[..end].trim_end_matches('.');
    let (_, top) = domain.rsplit_once('.')?;
    (top.len() >= 2 && top.chars().all(char::is_alphabetic)).then_some(at + 1 + domain.len())
}

/// Which fields of a body hold a name, and of what.
fn naming_field(field: &str) -> Option<&'static str> {
    Some(match field {
        "name" | "alias" | "key_alias" | "team_alias" | "user_alias" | "client_name" | "provider_name" => "name",
        "description" => "description",
        "email" | "user_email" => "e-mail",
        "id" => "object",
        field if field.ends_with("_id") || field.ends_with("_name") || field.ends_with("_email") => "object",
        _ => return None,
    })
}

/// Kinds whose ids are field names of LiteLLM's and Bifrost's own.
fn is_vocabulary(kind: &str) -> bool {
    matches!(kind, "settings" | "section" | "client_config")
}

/// A deployment is known by its model name, a key on either side is a key.
fn placeholder_word(kind: &str) -> &str {
    match kind {
        "deployment" | "model_aliases" => "model",
        "virtual_key" | "deprecated_key" => "key",
        "mcp_server" => "MCP server",
        "end_user" => "end user",
        "mcp_oauth_client" => "MCP OAuth client",
        "mcp_toolset" => "MCP toolset",
        "jwt_key_mapping" => "JWT mapping",
        "access_group" | "access_group_budget" => "access group",
        "budget_window" => "budget window",
        "user_credential" => "credential",
        "subscription_account" => "subscription",
        "team_membership" | "organization_membership" => "membership",
        "object_permission" => "permission",
        "pass_through" => "route",
        other => other,
    }
}
