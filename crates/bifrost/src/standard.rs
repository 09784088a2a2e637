//! The providers a gateway has by itself.

use crate::Version;

/// The release that every gateway Gangway plans for has reached.
const FIRST: &str = "1.5.0-0";

/// The providers a gateway has by itself, and the release each came in (`reference/bifrost-api.md` 3.1).
const STANDARD: &[(&str, &str)] = &[
    ("anthropic", FIRST),
    ("azure", FIRST),
    ("bedrock", FIRST),
    ("bedrock_mantle", "1.6.3"),
    ("cerebras", FIRST),
    ("cohere", FIRST),
    ("databricks", "2.1.0"),
    ("deepseek", "1.6.3"),
    ("elevenlabs", FIRST),
    ("fireworks", FIRST),
    ("gemini", FIRST),
    ("github-copilot", "2.1.0"),
    ("groq", FIRST),
    ("huggingface", FIRST),
    ("mistral", FIRST),
    ("nebius", FIRST),
    ("ollama", FIRST),
    ("opencode-go", "1.5.14"),
    ("opencode-zen", "1.5.14"),
    ("openai", FIRST),
    ("openrouter", FIRST),
    ("parasail", FIRST),
    ("perplexity", FIRST),
    ("replicate", FIRST),
    ("runway", FIRST),
    ("sgl", FIRST),
    ("vertex", FIRST),
    ("vllm", FIRST),
    ("xai", FIRST),
];

/// Whether a gateway of that version has the provider by itself; no custom one may have its name.
pub fn is_standard(name: &str, version: &Version) -> bool {
    let since = STANDARD.iter().find(|(standard, _)| *standard == name).map(|(_, since)| *since);
    since.is_some_and(|since| since.parse().is_ok_and(|since: Version| *version >= since))
}

/// Whether every gateway has it: such a name is split off a model's name whether the provider is set up or not, and a
/// request for one that is not fails (recorded in topic 21 as `unconfigured-prefix`).
pub fn is_always_standard(name: &str) -> bool {
    STANDARD.iter().any(|(standard, since)| *standard == name && *since == FIRST)
}
