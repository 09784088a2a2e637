//! Which provider LiteLLM sends a model to, and where that provider is. Source: `reference/litellm.md` 5,
//! `reference/litellm-openai-compatible.json`; checked against the resolver of 1.109.1 (`tests/provider.rs`).

mod endpoint;
mod facts;
mod names;

pub use facts::{Facts, facts, is_slug, slugs};

/// A provider that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// LiteLLM's name of the provider.
    pub provider: String,
    /// The model as it goes upstream, without the provider's prefix.
    pub model: String,
    /// What decided.
    pub rule: Rule,
}

/// What decides about a provider, in the order LiteLLM asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// `use_litellm_proxy`: everything goes to another LiteLLM.
    LitellmProxy,
    /// `azure/` and a name of Cohere's or Mistral's: sent to an OpenAI-compatible endpoint, the name kept whole.
    AzureStudio,
    /// `cohere/` or `anthropic/` and a name that another interface of theirs serves.
    OtherInterface,
    /// `custom_llm_provider`.
    Given,
    /// The text before the first slash.
    Prefix,
    /// The host of `api_base`.
    ApiBase,
    /// The price map of 1.109.1 knows the bare name.
    BareName,
    /// Only price maps of older releases know the bare name: today's proxy drops the deployment.
    RetiredName,
    /// The form of the bare name.
    Pattern,
}

/// No provider: the proxy logs an error and leaves the deployment out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("LiteLLM finds no provider for {model:?}")]
pub struct Unresolved {
    /// The model as configured.
    pub model: String,
    /// The provider it was probably meant for, for a hint; never to be used unasked.
    pub likely: Option<&'static str>,
}

/// Finds the provider of a deployment. Handlers of `custom_provider_map` are the caller's to look up where this
/// finds nothing.
pub fn resolve(model: &str, custom_llm_provider: Option<&str>, api_base: Option<&str>) -> Result<Resolved, Unresolved> {
    let given = custom_llm_provider.filter(|given| !given.is_empty());
    let api_base = api_base.filter(|base| !base.is_empty());
    if let Some(name) = model.strip_prefix("azure/")
        && (names::is_cohere_chat(name) || names::is_mistral(name))
    {
        return Ok(found("openai", model, Rule::AzureStudio));
    }
    if let Some((provider, name)) = other_interface(model, given) {
        return Ok(found(provider, name, Rule::OtherInterface));
    }
    // LiteLLM puts the given provider in front, unless it is there, and goes on as if it had been there.
    let prefixed = given.filter(|given| model.split('/').next() != Some(given)).map(|given| format!("{given}/{model}"));
    let full = prefixed.as_deref().unwrap_or(model);
    by_full_name(full, given, api_base).ok_or_else(|| {
        let likely = names::likely(model).or_else(|| facts::by_host(endpoint::host(api_base?)?));
        Unresolved { model: model.to_owned(), likely }
    })
}

/// The models of a provider that LiteLLM's price map knows by name: what it shows where a wildcard stands for them
/// (`reference/litellm.md` 1.5, 5.1). Not all it serves.
pub fn known_models(provider: &str) -> impl Iterator<Item = &'static str> {
    names::of(provider)
}

/// Where a deployment goes while the switch for another LiteLLM is on (`use_litellm_proxy`): there, whatever its name.
pub fn through_litellm_proxy(model: &str) -> Resolved {
    found("litellm_proxy", model.strip_prefix("litellm_proxy/").unwrap_or(model), Rule::LitellmProxy)
}

fn by_full_name(full: &str, given: Option<&str>, api_base: Option<&str>) -> Option<Resolved> {
    if let Some((prefix, rest)) = full.split_once('/')
        && facts::is_prefix(prefix)
    {
        // OpenRouter has models of its own, such as `openrouter/auto`, whose names keep the prefix.
        let own = given == Some("openrouter") && !rest.contains('/');
        let rule = if given.is_some() { Rule::Given } else { Rule::Prefix };
        return Some(found(prefix, if own { full } else { rest }, rule));
    }
    // A provider's name alone is an error in LiteLLM.
    if facts::is_slug(full) {
        return None;
    }
    if let Some(provider) = api_base.and_then(endpoint::provider) {
        // An address that leads to no provider of the list is an error too; bare names are not asked any more.
        return facts::is_prefix(provider).then(|| found(provider, full, Rule::ApiBase));
    }
    let (provider, rule) = names::by_name(full)?;
    Some(found(provider, full, rule))
}

fn found(provider: &str, model: &str, rule: Rule) -> Resolved {
    Resolved { provider: provider.to_owned(), model: model.to_owned(), rule }
}

/// Cohere's chat models and Anthropic's text models are served by interfaces with names of their own.
fn other_interface<'m>(model: &'m str, given: Option<&str>) -> Option<(&'static str, &'m str)> {
    let by_given = |provider: &str| if given == Some(provider) { Some(model) } else { None };
    let cohere =
        model.strip_prefix("cohere/").or_else(|| by_given("cohere")).filter(|name| names::is_cohere_chat(name));
    if let Some(name) = cohere {
        return Some(("cohere_chat", name));
    }
    let text = model.strip_prefix("anthropic/").or_else(|| by_given("anthropic"));
    text.filter(|name| names::is_anthropic_text(name)).map(|name| ("anthropic_text", name))
}
