//! What is known of each provider: where it is, and which environment variables LiteLLM reads for it.

use std::collections::BTreeMap;
use std::sync::LazyLock;

/// What LiteLLM knows of a provider by itself. `api_key` and `api_base` of a deployment come first, then the
/// environment variables in their order, then the base URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Where its API is, if LiteLLM has a default; may hold placeholders such as `{region}`.
    pub base_url: Option<&'static str>,
    /// The environment variables that may hold its key.
    pub api_key_env: Vec<&'static str>,
    /// The environment variables that may hold its base URL.
    pub api_base_env: Vec<&'static str>,
    /// Whether it speaks OpenAI's protocol.
    pub openai_compatible: bool,
}

/// What is known of a provider, by LiteLLM's name for it.
pub fn facts(slug: &str) -> Option<&'static Facts> {
    PROVIDERS.get(slug).map(|provider| &provider.facts)
}

/// Whether a text is a provider's name in LiteLLM 1.109.1. Upper and lower case differ.
pub fn is_slug(text: &str) -> bool {
    PROVIDERS.get(text).is_some_and(|provider| provider.named)
}

/// The providers LiteLLM 1.109.1 names, in alphabetical order.
pub fn slugs() -> impl Iterator<Item = &'static str> {
    PROVIDERS.iter().filter(|(_, provider)| provider.named).map(|(slug, _)| *slug)
}

/// Whether a text before a slash names a provider: those of [`slugs`], and some more that LiteLLM defines in a
/// file and does not list.
pub(super) fn is_prefix(text: &str) -> bool {
    PROVIDERS.get(text).is_some_and(|provider| provider.named || provider.in_file)
}

/// The provider whose own API has that host.
pub(super) fn by_host(host: &str) -> Option<&'static str> {
    let has_host = |provider: &Provider| {
        // What has no certificate runs somewhere at home, under an address anything may have.
        let base = provider.facts.base_url.filter(|base| base.starts_with("https://"));
        let base = base.and_then(super::endpoint::host);
        base.is_some_and(|base| base.eq_ignore_ascii_case(host)) && provider.named
    };
    // Several names may share a host; the shortest is the plain one: `mistral`, not `text-completion-codestral`.
    PROVIDERS.iter().filter(|(_, provider)| has_host(provider)).map(|(slug, _)| *slug).min_by_key(|slug| slug.len())
}

struct Provider {
    facts: Facts,
    named: bool,
    in_file: bool,
}

/// One provider a line: name, marks (`o` speaks OpenAI's protocol, `j` defined in LiteLLM's file of providers,
/// `e` in its list), base URL, key variables, base variables.
static PROVIDERS: LazyLock<BTreeMap<&'static str, Provider>> = LazyLock::new(|| {
    include_str!("providers.txt")
        .lines()
        .map(|line| {
            let mut parts = line.split('|');
            let mut part = || parts.next().unwrap_or_default();
            let (slug, marks, base_url) = (part(), part(), part());
            let facts = Facts {
                base_url: (!base_url.is_empty()).then_some(base_url),
                api_key_env: part().split_ascii_whitespace().collect(),
                api_base_env: part().split_ascii_whitespace().collect(),
                openai_compatible: marks.contains('o'),
            };
            (slug, Provider { facts, named: marks.contains('e'), in_file: marks.contains('j') })
        })
        .collect()
});
