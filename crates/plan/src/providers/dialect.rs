//! Providers whose API is another's under one of its routes, though LiteLLM speaks to them in ways of its own, and the
//! addresses LiteLLM makes of the base a deployment states. Each row names the file of LiteLLM's that says so, read in
//! 1.101.6 and 1.110.2; bases of all other providers: `reference/litellm-openai-compatible.json`.

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

/// What stands behind the host of a Predibase deployment. LiteLLM itself asks `/generate` there
/// (`llms/predibase/chat/transformation.py`); below `/v1` Predibase answers as `OpenAI` does, by its own documentation.
const PREDIBASE: &str = "/{tenant}/deployments/v2/llms/{model}/v1";

/// LiteLLM's word, the modes it holds for (none: all), the dialect.
const DIALECTS: &[(&str, &[&str], Dialect)] = &[
    // llms/jina_ai/rerank/transformation.py
    ("jina_ai", &["rerank"], ranks(Some("https://api.jina.ai/v1"))),
    // llms/infinity/rerank/transformation.py, which asks as llms/cohere/rerank/transformation.py does
    ("infinity", &["rerank"], ranks(None)),
    // llms/infinity/embedding/transformation.py
    ("infinity", &["embedding"], speaks("openai", None)),
    // llms/voyage/embedding/transformation.py
    ("voyage", &["embedding"], speaks("openai", Some("https://api.voyageai.com/v1"))),
    // llms/recraft/image_generation/transformation.py
    ("recraft", &["image_generation"], speaks("openai", Some("https://external.api.recraft.ai/v1"))),
    // main.py, which sends it as llms/openai_like does: the path behind the base is /chat/completions
    ("maritalk", &[], speaks("openai", Some("https://chat.maritaca.ai/api"))),
    // llms/cloudflare/chat/transformation.py; the account is part of the base, and known to the environment alone
    ("cloudflare", &[], speaks("openai", None)),
    // llms/huggingface/chat/transformation.py: an endpoint of one's own answers as OpenAI does
    ("huggingface", &["chat"], speaks("openai", None)),
    (
        "predibase",
        &[],
        speaks("openai", Some("https://serving.app.predibase.com/{tenant}/deployments/v2/llms/{model}/v1")),
    ),
];

/// What cannot be moved whatever its base: LiteLLM's word, the modes, a part of the model's name, why.
const BARRED: &[(&str, &[&str], &str, &str)] = &[
    // llms/github_copilot/authenticator.py
    (
        "github_copilot",
        &[],
        "",
        "LiteLLM signs in to GitHub in a browser and keeps the token on its own host; there is no key to move",
    ),
    // provider_endpoints_support_backup.json: LiteLLM too only passes its routes through
    (
        "assemblyai",
        &["audio_transcription"],
        "",
        "AssemblyAI transcribes in jobs of its own API, which the gateway does not speak",
    ),
    // llms/voyage/embedding/transformation_contextual.py, transformation_multimodal.py
    ("voyage", &["embedding"], "context", "Voyage embeds chunks in context under a route of its own"),
    ("voyage", &["embedding"], "multimodal", "Voyage embeds pictures under a route of its own"),
    // llms/snowflake/chat/transformation.py
    ("snowflake", &[], "claude", "LiteLLM asks Snowflake for Claude in Anthropic's words, under a route of its own"),
];

fn fits(modes: &[&str], mode: Option<&str>) -> bool {
    modes.is_empty() || modes.contains(&mode.unwrap_or("chat"))
}

/// How to speak to a provider that the rules for all do not cover.
pub(crate) fn of(word: &str, mode: Option<&str>) -> Option<Dialect> {
    DIALECTS.iter().find(|(known, modes, _)| *known == word && fits(modes, mode)).map(|(.., dialect)| *dialect)
}

/// Why a model of a provider cannot be moved at all.
pub(crate) fn barred(word: &str, mode: Option<&str>, model: &str) -> Option<&'static str> {
    let named = |part: &str| model.to_ascii_lowercase().contains(part);
    let found = BARRED.iter().find(|(known, modes, part, _)| *known == word && fits(modes, mode) && named(part));
    found.map(|(.., why)| *why)
}

/// The base that LiteLLM makes of the one a deployment states, before it puts the route behind it.
pub(crate) fn own_base(word: &str, mode: Option<&str>, base: &str) -> String {
    let bare = base.trim_end_matches('/');
    match (word, mode) {
        // Whatever path it states, /v1/rerank is asked.
        ("jina_ai", Some("rerank")) => format!("{}/v1", origin(bare)),
        // /v1/rerank is put behind it, unless it stands there.
        ("infinity", Some("rerank")) => format!("{}/v1", without(bare, "/v1/rerank")),
        ("infinity" | "voyage" | "jina_ai", Some("embedding")) => without(bare, "/embeddings").to_owned(),
        ("recraft", Some("image_generation")) => format!("{bare}/v1"),
        // Workers AI answers as OpenAI does under another path than its own API's.
        ("cloudflare", _) if bare.ends_with("/ai/run") => format!("{}/ai/v1", without(bare, "/ai/run")),
        // llms/snowflake/utils.py
        ("snowflake", _) => format!("{}/api/v2/cortex/v1", without(bare, "/api/v2")),
        ("predibase", _) => format!("{bare}{PREDIBASE}"),
        // /v1/chat/completions is put behind it, or what of it is missing.
        ("huggingface", _) => format!("{}/v1", without(without(bare, "/chat/completions"), "/v1")),
        _ => base.to_owned(),
    }
}

fn without<'b>(base: &'b str, end: &str) -> &'b str {
    base.strip_suffix(end).unwrap_or(base)
}

/// Scheme, host and port.
fn origin(base: &str) -> &str {
    let start = base.find("://").map_or(0, |at| at + 3);
    base[start..].find('/').map_or(base, |end| &base[..start + end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(word: &str, mode: Option<&str>, base: &str, expected: &str) {
        assert_eq!(own_base(word, mode, base), expected, "{word} {mode:?} {base}");
    }

    #[test]
    fn a_stated_base_becomes_what_litellm_makes_of_it() {
        check("jina_ai", Some("rerank"), "https://j.example/any/path", "https://j.example/v1");
        check("jina_ai", Some("rerank"), "https://j.example:8443", "https://j.example:8443/v1");
        check("jina_ai", Some("embedding"), "https://j.example/v1/embeddings", "https://j.example/v1");
        check("infinity", Some("rerank"), "https://i.example/", "https://i.example/v1");
        check("infinity", Some("rerank"), "https://i.example/v1/rerank", "https://i.example/v1");
        check("infinity", Some("embedding"), "https://i.example", "https://i.example");
        check("recraft", Some("image_generation"), "https://r.example", "https://r.example/v1");
        check("cloudflare", None, "https://c.example/accounts/1/ai/run/", "https://c.example/accounts/1/ai/v1");
        check(
            "snowflake",
            None,
            "https://a.snowflakecomputing.com",
            "https://a.snowflakecomputing.com/api/v2/cortex/v1",
        );
        check("snowflake", None, "https://a.example/api/v2/", "https://a.example/api/v2/cortex/v1");
        check("predibase", None, "https://p.example", "https://p.example/{tenant}/deployments/v2/llms/{model}/v1");
        check("huggingface", None, "https://h.example", "https://h.example/v1");
        check("huggingface", None, "https://h.example/v1/chat/completions", "https://h.example/v1");
        check("groq", None, "https://g.example/x/", "https://g.example/x/");
    }

    #[test]
    fn routes_of_their_own_are_barred() {
        let barred = |word, mode, model| barred(word, Some(mode), model).is_some();
        assert!(
            barred("voyage", "embedding", "voyage-context-3") && barred("voyage", "embedding", "voyage-multimodal-3")
        );
        assert!(!barred("voyage", "embedding", "voyage-3.5"));
        assert!(barred("snowflake", "chat", "claude-sonnet-4-5") && !barred("snowflake", "chat", "llama3.1-70b"));
        assert!(barred("github_copilot", "chat", "gpt-4o"));
    }
}
