//! Which provider of the gateway a deployment goes to.

use std::collections::BTreeSet;

use bifrost::{Capability, Version};
use inventory::Entity;
use litellm::provider::Resolved;
use model::ProviderName;

use super::account::Settings;
use super::dialect::{self, Dialect};
use super::{NotPlaced, Served};
use crate::draft::slug;

/// LiteLLM's provider word and the gateway's (`reference/bifrost-api.md` 3.1, 11.1).
const STANDARD: &[(&str, &str)] = &[
    ("openai", "openai"),
    ("text-completion-openai", "openai"),
    ("anthropic", "anthropic"),
    ("anthropic_text", "anthropic"),
    ("azure", "azure"),
    ("azure_text", "azure"),
    ("bedrock", "bedrock"),
    ("vertex_ai", "vertex"),
    ("vertex_ai_beta", "vertex"),
    ("gemini", "gemini"),
    ("mistral", "mistral"),
    ("groq", "groq"),
    ("cohere", "cohere"),
    ("cohere_chat", "cohere"),
    ("ollama", "ollama"),
    ("ollama_chat", "ollama"),
    ("hosted_vllm", "vllm"),
    ("openrouter", "openrouter"),
    ("perplexity", "perplexity"),
    ("cerebras", "cerebras"),
    ("elevenlabs", "elevenlabs"),
    ("huggingface", "huggingface"),
    ("nebius", "nebius"),
    ("parasail", "parasail"),
    ("replicate", "replicate"),
    ("runwayml", "runway"),
    ("xai", "xai"),
    ("fireworks_ai", "fireworks"),
    ("deepseek", "deepseek"),
    ("databricks", "databricks"),
];

/// Standard providers that older gateways do not have (`reference/bifrost-api.md` 3.1).
const SINCE: &[(&str, Capability)] =
    &[("fireworks", Capability::Fireworks), ("deepseek", Capability::DeepSeek), ("databricks", Capability::Databricks)];

/// Providers whose keys hold the address (`reference/bifrost-api.md` 3.5).
const ADDRESS_IN_KEY: &[&str] = &["azure", "ollama", "vllm", "databricks"];

/// The public bases of providers that LiteLLM's data names otherwise than the gateway does.
const PUBLIC_BASES: &[(&str, &str)] = &[
    ("openai", "https://api.openai.com"),
    ("anthropic", "https://api.anthropic.com"),
    ("mistral", "https://api.mistral.ai"),
];

/// Routes of LiteLLM that stand in front of a Bedrock model id (`reference/litellm.md` 5.2).
const ROUTES: &[&str] = &["converse/", "invoke/", "converse_like/"];

/// A provider of the gateway, as one deployment wants it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Its name.
    pub(crate) name: ProviderName,
    /// The base type of a custom provider; `None` for a standard one.
    pub(crate) custom: Option<&'static str>,
    /// The base URL of a custom provider.
    pub(crate) base_url: Option<String>,
    /// The path in front of `/chat/completions` where it is not `/v1`.
    pub(crate) path: Option<String>,
    /// Whether the base is an address of a private network.
    pub(crate) private: bool,
}

impl Place {
    /// Whether both want the same of the provider.
    pub(crate) fn is_compatible(&self, other: &Self) -> bool {
        self == other
    }
}

/// What decides about the place.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wanted<'a> {
    /// LiteLLM's word for the provider.
    pub(crate) word: &'a str,
    /// The deployment's own base.
    pub(crate) base: Option<&'a str>,
    /// What it is for (`model_info.mode`).
    pub(crate) mode: Option<&'a str>,
    /// The account's part of an address (`tenant_id`).
    pub(crate) tenant: Option<&'a str>,
    /// The upstream model.
    pub(crate) model: &'a str,
}

impl<'a> Wanted<'a> {
    /// What a deployment wants.
    pub(crate) fn by(entity: &'a Entity, base: Option<&'a str>, resolved: &'a Resolved) -> Self {
        let tenant = ["predibase_tenant_id", "tenant_id"]
            .into_iter()
            .find_map(|name| entity.object.text(&format!("litellm_params.{name}")));
        let mode = entity.object.text("model_info.mode");
        Self { word: &resolved.provider, base, mode, tenant, model: &resolved.model }
    }
}

/// Finds the place of a provider word with an optional own base.
pub(crate) fn find(wanted: &Wanted<'_>, version: &Version) -> Result<Place, NotPlaced> {
    let Wanted { word, base, mode, .. } = *wanted;
    if let Some(why) = dialect::barred(word, mode, wanted.model) {
        return Err(NotPlaced::unsupported(why));
    }
    let standard = STANDARD.iter().find(|(source, _)| *source == word).map(|(_, target)| *target);
    let since = |name: &str| SINCE.iter().find(|(known, _)| *known == name).map(|(_, capability)| *capability);
    let standard = standard.filter(|name| since(name).is_none_or(|capability| version.has(capability)));
    let standard = standard.filter(|name| *name != "databricks" || base.is_some_and(is_workspace));
    let facts = litellm::provider::facts(word);
    if let Some(name) = standard {
        let in_key = ADDRESS_IN_KEY.contains(&name);
        let public = PUBLIC_BASES.iter().find(|(known, _)| *known == name).map(|(_, base)| *base);
        let known = facts.as_ref().and_then(|facts| facts.base_url);
        let is_default = |base: &str| [public, known].into_iter().flatten().any(|known| same_base(known, base));
        if in_key || base.is_none_or(is_default) {
            return Ok(Place {
                name: ProviderName::from(name),
                custom: None,
                base_url: None,
                path: None,
                private: false,
            });
        }
    }
    let dialect = dialect::of(word, mode);
    let base_type = match word {
        _ if let Some(dialect) = dialect => dialect.base_type,
        "anthropic" | "anthropic_text" => "anthropic",
        "gemini" => "gemini",
        "cohere" | "cohere_chat" => "cohere",
        _ => "openai",
    };
    let compatible = dialect.is_some()
        || base_type != "openai"
        || ["openai", "text-completion-openai"].contains(&word)
        || facts.as_ref().is_some_and(|facts| facts.openai_compatible);
    if !compatible {
        return Err(NotPlaced::unsupported(format!(
            "the gateway has no provider for {word}, and it does not speak OpenAI's API"
        )));
    }
    let url = address(wanted, dialect)?;
    let ranks = dialect.is_some_and(|dialect| dialect.ranks);
    custom(&Custom { word, own_base: base.is_some(), url: &url, base_type, ranks }, version)
}

/// Whether a base is that of a Databricks workspace, which a key can hold (`reference/bifrost-api.md` 3.5).
fn is_workspace(base: &str) -> bool {
    let path = base.split_once("://").map_or("?", |(_, rest)| rest.split_once('/').map_or("", |(_, path)| path));
    ["", "serving-endpoints"].contains(&path.trim_end_matches('/'))
}

/// The base of a custom provider: the deployment's own, else the provider's.
fn address(wanted: &Wanted<'_>, dialect: Option<Dialect>) -> Result<String, NotPlaced> {
    let word = wanted.word;
    let own = wanted.base.filter(|base| !base.starts_with(litellm::REFERENCE) && !base.contains("${"));
    let public = || litellm::provider::facts(word).and_then(|facts| facts.base_url).map(str::to_owned);
    let known = match (own, wanted.base) {
        (Some(base), _) => dialect::own_base(word, wanted.mode, base),
        (None, Some(reference)) => return Ok(reference.to_owned()),
        (None, None) => {
            let known = dialect.and_then(|dialect| dialect.base).map(str::to_owned).or_else(public);
            known
                .ok_or_else(|| NotPlaced::manual(format!("the base URL of {word} is not known; it has to be given")))?
        }
    };
    let mut url = known.replace("{model}", wanted.model);
    if let Some(tenant) = wanted.tenant.filter(|tenant| !tenant.starts_with(litellm::REFERENCE)) {
        url = url.replace("{tenant}", tenant);
    }
    if url.contains('{') {
        let why = format!("the base URL of {word} depends on the account ({known}); it has to be given");
        return Err(NotPlaced::manual(why).hint("write its account and its api_base into config.yaml and plan again"));
    }
    Ok(url)
}

/// A custom provider that is wanted.
struct Custom<'a> {
    word: &'a str,
    own_base: bool,
    url: &'a str,
    base_type: &'static str,
    ranks: bool,
}

/// A custom provider: a readable name, and a base URL of which the gateway adds `/v1/…` itself.
fn custom(wanted: &Custom<'_>, version: &Version) -> Result<Place, NotPlaced> {
    let Custom { word, own_base, url, base_type, ranks } = *wanted;
    if url.starts_with(litellm::REFERENCE) || url.contains("${") {
        return Err(NotPlaced::manual(
            "its base URL is a reference to the environment, which the gateway does not take here",
        )
        .hint("write the URL itself into config.yaml and plan again"));
    }
    let Some((scheme, rest)) = url.split_once("://") else {
        return Err(NotPlaced::manual(format!("its base {url:?} is no URL")));
    };
    let (authority, path) = rest.split_once('/').map_or((rest, ""), |(authority, path)| (authority, path));
    let path = path.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
    let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
    // A gateway without the switch looks at no base URL (`reference/bifrost-api.md` 13.5).
    let private = is_private(host) && version.has(Capability::PrivateNetworkSwitch);
    let (base_path, own_path) = match path.strip_suffix("v1").map(|path| path.trim_end_matches('/')) {
        _ if ranks => ("", Some(if path.is_empty() { String::new() } else { format!("/{path}") })),
        Some(front) if front.is_empty() || path.ends_with("/v1") => (front, None),
        _ if base_type == "openai" => ("", Some(if path.is_empty() { String::new() } else { format!("/{path}") })),
        _ => (path, None),
    };
    let slash = if base_path.is_empty() { "" } else { "/" };
    // Two servers behind one host are two providers, so what tells them apart is in the name.
    let behind = match &own_path {
        Some(path) if path.is_empty() => "-root".to_owned(),
        Some(path) => path.clone(),
        None => format!("{slash}{base_path}"),
    };
    let model = if word == "predibase" { path.rsplit('/').nth(1).unwrap_or_default() } else { "" };
    let name = if own_base && ranks {
        slug(&format!("{}{behind}-rerank", authority.rsplit('@').next().unwrap_or(authority)))
    } else if ranks {
        slug(&format!("{word}-rerank"))
    } else if own_base {
        slug(&format!("{}{behind}", authority.rsplit('@').next().unwrap_or(authority)))
    } else {
        slug(&format!("{word}-{model}"))
    };
    Ok(Place {
        name: ProviderName::new(name),
        custom: Some(base_type),
        base_url: Some(format!("{scheme}://{authority}{slash}{base_path}")),
        path: own_path,
        private,
    })
}

/// Addresses of private networks; loopback is always allowed (`reference/bifrost-api.md` 2.2).
fn is_private(host: &str) -> bool {
    let numbers: Vec<u8> = host.split('.').filter_map(|part| part.parse().ok()).collect();
    match numbers[..] {
        [10, ..] | [192, 168, ..] => numbers.len() == 4,
        [172, second, ..] => numbers.len() == 4 && (16..32).contains(&second),
        _ => false,
    }
}

fn same_base(left: &str, right: &str) -> bool {
    let bare = |url: &str| url.trim_end_matches('/').trim_end_matches("/v1").trim_end_matches('/').to_ascii_lowercase();
    bare(left) == bare(right)
}

/// Whether the deployment gives a whole provider: `openai/*` to `openai/*`, or every name that nothing else has
/// (`*` to `openai/*`).
pub(crate) fn is_whole(entity: &Entity, resolved: &Resolved, place: &Place) -> bool {
    let name = entity.name.as_str();
    let every = name == "*" && entity.object.text("litellm_params.model") != Some("*");
    let prefix = name.strip_suffix("/*").filter(|prefix| !prefix.contains('*'));
    let own = prefix.is_some_and(|prefix| prefix == place.name.as_str() || prefix == resolved.provider);
    (every || own) && resolved.model == "*" && place.custom.is_none()
}

/// The model the gateway has to ask the provider for.
pub(crate) fn upstream_model(resolved: &Resolved) -> &str {
    let upstream = resolved.model.as_str();
    let routes = match resolved.provider.as_str() {
        "bedrock" => ROUTES,
        "replicate" => &["deployments/"],
        _ => &[],
    };
    routes.iter().find_map(|route| upstream.strip_prefix(route)).unwrap_or(upstream)
}

/// The gateway's own name of a provider, where it has one.
pub(crate) fn standard_name(word: &str) -> Option<&'static str> {
    STANDARD.iter().find(|(source, _)| *source == word).map(|(_, target)| *target)
}

/// What the deployment's key serves by that name.
pub(crate) fn served(entity: &Entity, name: &str, resolved: &Resolved, settings: &Settings) -> Served {
    let upstream = upstream_model(resolved);
    Served {
        entry: name.to_owned(),
        upstream: (upstream != name).then(|| upstream.to_owned()),
        asks: BTreeSet::from([name.to_owned()]),
        deployments: BTreeSet::from([entity.object.id.clone()]),
        api_version: settings.api_version.clone(),
    }
}

/// Whether a field decides where the deployment goes, so that it falls with it.
pub(crate) fn decides(path: &str) -> bool {
    path == "model_name"
        || path.starts_with("litellm_params.aws_")
        || path.starts_with("litellm_params.azure_")
        || path.starts_with("litellm_params.vertex_")
        || [
            "model",
            "api_key",
            "api_base",
            "base_url",
            "api_version",
            "custom_llm_provider",
            "litellm_credential_name",
            "tenant_id",
            "client_id",
            "client_secret",
        ]
        .iter()
        .any(|name| path.strip_prefix("litellm_params.") == Some(*name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(word: &str, base: Option<&str>, expected: &str) {
        let version = "2.0.0-prerelease3".parse().unwrap();
        let shown = match find(&Wanted { word, base, ..Wanted::default() }, &version) {
            Ok(place) => format!(
                "{} {} {}{}",
                place.name,
                place.custom.unwrap_or("standard"),
                place.base_url.as_deref().unwrap_or("-"),
                place.path.map(|path| format!(" path {path:?}")).unwrap_or_default()
            ),
            Err(why) => why.why,
        };
        assert_eq!(shown, expected, "{word} {base:?}");
    }

    #[test]
    fn bases_reach_the_right_path() {
        check("openai", None, "openai standard -");
        check("openai", Some("https://api.openai.com/v1"), "openai standard -");
        check("openai", Some("http://127.0.0.1:9009/v1"), "127-0-0-1-9009 openai http://127.0.0.1:9009");
        check("openai", Some("http://127.0.0.1:9009/v1/"), "127-0-0-1-9009 openai http://127.0.0.1:9009");
        check("openai", Some("http://127.0.0.1:9009"), "127-0-0-1-9009-root openai http://127.0.0.1:9009 path \"\"");
        check(
            "openai",
            Some("https://h.example/api/paas/v4"),
            "h-example-api-paas-v4 openai https://h.example path \"/api/paas/v4\"",
        );
        check(
            "openai",
            Some("https://h.example/compatible-mode/v1"),
            "h-example-compatible-mode openai https://h.example/compatible-mode",
        );
        check("deepseek", None, "deepseek standard -");
        check(
            "deepseek",
            Some("https://deepseek.internal.example/v1"),
            "deepseek-internal-example openai https://deepseek.internal.example",
        );
        check("azure", Some("https://x.openai.azure.com/"), "azure standard -");
        check("sagemaker", None, "the gateway has no provider for sagemaker, and it does not speak OpenAI's API");
    }

    /// Of all providers LiteLLM names, none ends without a place or a reason.
    #[test]
    fn every_provider_of_litellm_has_a_place_or_a_reason() {
        let version = "2.0.0-prerelease3".parse().unwrap();
        let (mut standard, mut custom, mut reasons) = (0, 0, 0);
        for slug in litellm::provider::slugs() {
            match find(&Wanted { word: slug, ..Wanted::default() }, &version) {
                Ok(place) if place.custom.is_none() => standard += 1,
                Ok(place) => {
                    assert!(place.base_url.is_some_and(|url| url.contains("://") && !url.contains('{')), "{slug}");
                    custom += 1;
                }
                Err(why) => {
                    let told = why.why.contains(slug) || why.why.contains("base");
                    assert!(told || dialect::barred(slug, None, "").is_some(), "{slug}: {}", why.why);
                    reasons += 1;
                }
            }
        }
        assert_eq!((standard, custom, reasons), (29, 88, 70));
    }
}
