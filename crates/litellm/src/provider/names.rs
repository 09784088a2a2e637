//! Bare model names. LiteLLM looks them up in a price map it downloads at start-up, so what resolves depends on
//! the day; this is the map of 1.109.1, and what the maps of 1.53.1 and 1.75.0 knew besides.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use super::Rule;

/// The provider of a name without a provider's prefix.
pub(super) fn by_name(model: &str) -> Option<(&'static str, Rule)> {
    if model.contains("ft:gpt-4") || model.contains("ft:gpt-3.5-turbo") || model.starts_with("gpt-image") {
        return Some(("openai", Rule::Pattern));
    }
    if let Some(found) = NAMES.get(model) {
        return Some(*found);
    }
    // An id of Bedrock behind a region is the id.
    if let Some((region, id)) = model.split_once('.')
        && REGIONS.contains(&region)
        && let Some(found @ ("bedrock", _)) = NAMES.get(id)
    {
        return Some(*found);
    }
    by_pattern(model).map(|provider| (provider, Rule::Pattern))
}

/// The names of a provider's models that today's price map knows, without a prefix.
pub(super) fn of(provider: &str) -> impl Iterator<Item = &'static str> {
    let own = move |(known, _): &(&str, &str)| known.strip_prefix('@').unwrap_or(known) == provider;
    lines().filter(own).flat_map(|(_, names)| names.split(' '))
}

/// Whether Cohere serves it by its chat interface.
pub(super) fn is_cohere_chat(name: &str) -> bool {
    NAMES.get(name) == Some(&("cohere_chat", Rule::BareName))
}

/// Whether Anthropic serves it by its old interface for texts.
pub(super) fn is_anthropic_text(name: &str) -> bool {
    matches!(name, "claude-2" | "claude-instant-1")
}

/// Whether the price map lists it under `mistral/`.
pub(super) fn is_mistral(name: &str) -> bool {
    MISTRAL.contains(name)
}

static MISTRAL: LazyLock<BTreeSet<&str>> = LazyLock::new(|| {
    let list = lines().find_map(|(provider, names)| (provider == "@mistral").then_some(names));
    list.unwrap_or_default().split(' ').collect()
});

/// The provider a name was probably meant for: names people write bare though LiteLLM wants a prefix.
pub(super) fn likely(model: &str) -> Option<&'static str> {
    let lower = model.to_ascii_lowercase();
    let by_prefix = lower.split_once('/').and_then(|(prefix, _)| super::slugs().find(|slug| *slug == prefix));
    by_prefix.or_else(|| LIKELY.iter().find(|(start, _)| lower.starts_with(start)).map(|(_, provider)| *provider))
}

const LIKELY: &[(&str, &str)] = &[
    ("together/", "together_ai"),
    ("togetherai/", "together_ai"),
    ("fireworks/", "fireworks_ai"),
    ("vertex/", "vertex_ai"),
    ("google/", "gemini"),
    ("x-ai/", "xai"),
    ("nvidia/", "nvidia_nim"),
    ("claude", "anthropic"),
    ("codestral", "mistral"),
    ("command", "cohere_chat"),
    ("deepseek", "deepseek"),
    ("gemini", "gemini"),
    ("gpt", "openai"),
    ("grok", "xai"),
    ("kimi", "moonshot"),
    ("magistral", "mistral"),
    ("ministral", "mistral"),
    ("mistral", "mistral"),
    ("moonshot", "moonshot"),
    ("o1", "openai"),
    ("o3", "openai"),
    ("o4", "openai"),
    ("sonar", "perplexity"),
];

/// What Bedrock puts in front of an id for inference across regions.
const REGIONS: [&str; 8] = ["us", "eu", "apac", "au", "jp", "global", "us-gov", "in"];

/// One provider a line, then its names: as it stands by today's map, after `-` by older ones only, after `@`
/// names of models behind a prefix.
fn lines() -> impl Iterator<Item = (&'static str, &'static str)> {
    include_str!("names.txt").lines().filter_map(|line| line.split_once(' '))
}

static NAMES: LazyLock<BTreeMap<&'static str, (&'static str, Rule)>> = LazyLock::new(|| {
    let mut names = BTreeMap::new();
    for (provider, list) in lines().filter(|(provider, _)| !provider.starts_with('@')) {
        let found = provider.strip_prefix('-').map_or((provider, Rule::BareName), |old| (old, Rule::RetiredName));
        for name in list.split(' ') {
            names.entry(name).or_insert(found);
        }
    }
    names
});

fn by_pattern(model: &str) -> Option<&'static str> {
    let lower = model.to_ascii_lowercase();
    // A name with the 64-digit version of a model of Replicate's.
    if model.split(':').nth(1).is_some_and(|version| version.len() == 64) {
        Some("replicate")
    } else if model == "*" {
        Some("openai")
    } else if model.starts_with("amazon_nova") {
        Some("amazon_nova")
    } else if is_bedrock_claude(&lower) {
        Some("bedrock")
    } else if is_claude(&lower) {
        Some("anthropic")
    } else if matches!(lower.as_str(), "jev-latest" | "jev-preview" | "jev-1.13.0" | "jev-1.14.0") {
        Some("typesafe")
    } else {
        None
    }
}

/// `anthropic.claude-...`, behind one segment of letters and dashes or none.
fn is_bedrock_claude(lower: &str) -> bool {
    let Some((before, _)) = lower.split_once("anthropic.claude-") else { return false };
    let region = before.strip_suffix('.');
    before.is_empty()
        || region.is_some_and(|region| {
            !region.is_empty() && region.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
        })
}

/// `claude-WORD-N`, then `-N` or `.N`, then `-` and a date of eight digits; the last two as they like.
fn is_claude(lower: &str) -> bool {
    let Some((word, rest)) = lower.strip_prefix("claude-").and_then(|rest| rest.split_once('-')) else { return false };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let dated = rest.rsplit_once('-').filter(|(_, date)| date.len() == 8 && digits(date)).map(|(version, _)| version);
    let is_version = |text: &str| {
        digits(text) || text.split_once(['-', '.']).is_some_and(|(major, minor)| digits(major) && digits(minor))
    };
    let is_word = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase());
    is_word && (is_version(rest) || dated.is_some_and(is_version))
}
