//! Models and their providers, against what the resolver of LiteLLM 1.109.1 answered to the same questions
//! (`provider-1.109.1.tsv`: model, `custom_llm_provider`, `api_base`, provider, model upstream).

use litellm::provider::{Rule, facts, is_slug, resolve, slugs};

const RECORDED: &str = include_str!("provider-1.109.1.tsv");

/// Providers LiteLLM defines in a file and leaves out of its list; all others that it does not list end in an
/// error when the proxy adds the deployment.
const IN_FILE_ONLY: [&str; 7] = ["aihubmix", "crusoe", "empiriolabs", "gmi", "llamagate", "sarvam", "veniceai"];

#[test]
fn answers_as_the_resolver_does() {
    let mut retired = Vec::new();
    for line in RECORDED.lines() {
        let mut fields = line.split('\t');
        let mut field = || fields.next().unwrap_or_default();
        let (model, given, api_base, provider, upstream) = (field(), field(), field(), field(), field());
        let known = is_slug(provider) || IN_FILE_ONLY.contains(&provider);
        let expected = known.then_some((provider, upstream));
        let resolved = resolve(model, Some(given), Some(api_base)).ok();
        if let Some(old) = resolved.as_ref().filter(|resolved| resolved.rule == Rule::RetiredName) {
            assert_eq!(expected, None, "{line}");
            retired.push(format!("{model} -> {}", old.provider));
            continue;
        }
        let found = resolved.as_ref().map(|resolved| (resolved.provider.as_str(), resolved.model.as_str()));
        assert_eq!(found, expected, "{line}");
    }
    assert_eq!(RECORDED.lines().count(), 209);
    insta::assert_debug_snapshot!(retired, @r#"
    [
        "o1-mini -> openai",
        "chatgpt-4o-latest -> openai",
        "dall-e-3 -> openai",
        "claude-3-5-sonnet-20241022 -> anthropic",
        "claude-2 -> anthropic",
        "claude-2.1 -> anthropic",
        "claude-3-7-sonnet-latest -> anthropic",
        "gemini-1.5-pro -> vertex_ai",
        "text-bison -> vertex_ai",
        "command-r -> cohere_chat",
    ]
    "#);
}

#[test]
fn every_provider_is_found_by_its_prefix() {
    assert_eq!(slugs().count(), 187);
    for slug in slugs() {
        let by_prefix = resolve(&format!("{slug}/a/b"), None, None).expect(slug);
        assert_eq!(
            (by_prefix.provider.as_str(), by_prefix.model.as_str(), by_prefix.rule),
            (slug, "a/b", Rule::Prefix)
        );
        let given = resolve("a/b", Some(slug), None).expect(slug);
        assert_eq!((given.provider.as_str(), given.model.as_str(), given.rule), (slug, "a/b", Rule::Given));
        assert!(resolve(slug, None, None).is_err(), "{slug} alone");
        assert!(facts(slug).is_some(), "{slug}");
    }
    for slug in IN_FILE_ONLY {
        assert!(!is_slug(slug));
        assert_eq!(resolve(&format!("{slug}/x"), None, None).map(|found| found.provider).as_deref(), Ok(slug));
    }
}

#[test]
fn says_what_decided() {
    #[track_caller]
    fn check(model: &str, given: Option<&str>, api_base: Option<&str>, expected: Rule) {
        assert_eq!(resolve(model, given, api_base).map(|found| found.rule), Ok(expected), "for {model:?}");
    }
    check("azure/mistral-large-latest", None, None, Rule::AzureStudio);
    check("cohere/command-r-08-2024", None, None, Rule::OtherInterface);
    check("claude-2", Some("anthropic"), None, Rule::OtherInterface);
    check("my-model", Some("openai"), None, Rule::Given);
    check("openai/gpt-4o", None, Some("https://api.groq.com/openai/v1"), Rule::Prefix);
    check("my-model", None, Some("https://api.groq.com/openai/v1"), Rule::ApiBase);
    check("gpt-4o", None, None, Rule::BareName);
    check("gpt-4o", Some(""), Some(""), Rule::BareName);
    check("eu.amazon.nova-pro-v1:0", None, None, Rule::BareName);
    check("claude-3-5-sonnet-20241022", None, None, Rule::RetiredName);
    check("claude-opus-9", None, None, Rule::Pattern);
    check("*", None, None, Rule::Pattern);
}

#[test]
fn a_model_without_a_provider_gets_a_hint() {
    #[track_caller]
    fn check(model: &str, api_base: Option<&str>, expected: Option<&str>) {
        let unresolved = resolve(model, None, api_base).expect_err(model);
        assert_eq!(unresolved.likely, expected, "for {model:?}");
        assert_eq!(unresolved.to_string(), format!("LiteLLM finds no provider for {model:?}"));
    }
    check("OpenAI/gpt-4o", None, Some("openai"));
    check("deepseek-chat", None, Some("deepseek"));
    check("grok-2", None, Some("xai"));
    check("mistral-large-latest", None, Some("mistral"));
    check("my-model", Some("https://api.x.ai/v1"), Some("xai"));
    check("my-model", Some("http://localhost:8000/v1"), None);
    check("", None, None);
}

#[test]
fn facts_are_those_recorded() {
    let groq = facts("groq").expect("known");
    assert_eq!(groq.base_url, Some("https://api.groq.com/openai/v1"));
    assert_eq!((groq.api_key_env.as_slice(), groq.openai_compatible), (["GROQ_API_KEY"].as_slice(), true));
    let anthropic = facts("anthropic").expect("known");
    assert_eq!(anthropic.api_key_env, ["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"]);
    assert_eq!(anthropic.api_base_env, ["ANTHROPIC_API_BASE", "ANTHROPIC_BASE_URL"]);
    assert!(!anthropic.openai_compatible);
    assert_eq!(facts("hosted_vllm").expect("known").base_url, None);
    assert_eq!(facts("nobody"), None);
}
