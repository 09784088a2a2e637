//! Providers whose API is another's under one of its routes, though LiteLLM speaks to them in ways of its own.
//! Each row is what the provider documents for its clients; which base LiteLLM uses: `reference/litellm.md` 5,
//! `reference/litellm-openai-compatible.json`.

/// How a provider is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dialect {
    /// The base type of the custom provider.
    pub(crate) base_type: &'static str,
    /// Where it is, when the deployment does not say; `{tenant}` and `{model}` are filled in.
    pub(crate) base: Option<&'static str>,
    /// Only to rank documents, under `/rerank` behind the base.
    pub(crate) ranks: bool,
}

const fn speaks(base_type: &'static str, base: Option<&'static str>) -> Dialect {
    Dialect { base_type, base, ranks: false }
}

const fn ranks(base: Option<&'static str>) -> Dialect {
    Dialect { base_type: "cohere", base, ranks: true }
}

/// LiteLLM's word, the modes it holds for (none: all), the dialect.
const DIALECTS: &[(&str, &[&str], Dialect)] = &[
    ("jina_ai", &["rerank"], ranks(Some("https://api.jina.ai/v1"))),
    ("infinity", &["rerank"], ranks(None)),
    ("infinity", &["embedding"], speaks("openai", None)),
    ("voyage", &["embedding"], speaks("openai", Some("https://api.voyageai.com/v1"))),
    ("recraft", &["image_generation"], speaks("openai", Some("https://external.api.recraft.ai/v1"))),
    ("maritalk", &[], speaks("openai", Some("https://chat.maritaca.ai/api"))),
    ("cloudflare", &[], speaks("openai", None)),
    (
        "predibase",
        &[],
        speaks("openai", Some("https://serving.app.predibase.com/{tenant}/deployments/v2/llms/{model}/v1")),
    ),
];

/// Providers that cannot be moved whatever their base: LiteLLM's word, the modes, why.
const BARRED: &[(&str, &[&str], &str)] = &[
    (
        "github_copilot",
        &[],
        "LiteLLM signs in to GitHub in a browser and keeps the token on its own host; there is no key to move",
    ),
    (
        "assemblyai",
        &["audio_transcription"],
        "AssemblyAI transcribes in jobs of its own API, which the gateway does not speak",
    ),
];

fn fits(modes: &[&str], mode: Option<&str>) -> bool {
    modes.is_empty() || mode.is_some_and(|mode| modes.contains(&mode))
}

/// How to speak to a provider that the rules for all do not cover.
pub(crate) fn of(word: &str, mode: Option<&str>) -> Option<Dialect> {
    DIALECTS.iter().find(|(known, modes, _)| *known == word && fits(modes, mode)).map(|(.., dialect)| *dialect)
}

/// Why a provider cannot be moved at all.
pub(crate) fn barred(word: &str, mode: Option<&str>) -> Option<&'static str> {
    BARRED.iter().find(|(known, modes, _)| *known == word && fits(modes, mode)).map(|(.., why)| *why)
}

/// The base of Cloudflare's own API, as a deployment may state it, is not that of the one that speaks `OpenAI`'s.
pub(crate) fn own_base(word: &str, base: &str) -> String {
    match base.trim_end_matches('/').strip_suffix("/ai/run") {
        Some(account) if word == "cloudflare" => format!("{account}/ai/v1"),
        _ => base.to_owned(),
    }
}
