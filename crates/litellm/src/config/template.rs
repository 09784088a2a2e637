//! What a template left in a value: LiteLLM expands none of it, so it is neither a setting nor a secret.
//! Source: `reference/litellm.md` 4.1, 7.

/// The first placeholder in a text, as a person would name it: `${OPENAI_API_KEY}`, `{{ .Values.key }}`,
/// `__API_KEY__`. A shell default (`${NAME:-sk-...}`) is left out of it, for it may be a secret.
pub fn placeholder(text: &str) -> Option<String> {
    // Most texts are none, and there are a hundred thousand of them.
    if !text.bytes().any(|byte| matches!(byte, b'{' | b'<')) && !text.trim_start().starts_with("__") {
        return None;
    }
    shell(text).or_else(|| between(text, "{{", "}}")).or_else(|| between(text, "{%", "%}")).or_else(|| whole(text))
}

/// `${NAME}` and `${NAME:-default}`.
fn shell(text: &str) -> Option<String> {
    let (_, rest) = text.split_once("${")?;
    let (inside, _) = rest.split_once('}')?;
    let name: String = inside.chars().take_while(|letter| letter.is_ascii_alphanumeric() || *letter == '_').collect();
    (!name.is_empty()).then(|| format!("${{{name}}}"))
}

fn between(text: &str, open: &str, close: &str) -> Option<String> {
    let (_, rest) = text.split_once(open)?;
    let (inside, _) = rest.split_once(close)?;
    // What stands in quotes may be a default, and a default may be a secret.
    let shown: String =
        inside.trim().chars().take_while(|letter| !matches!(letter, '"' | '\'' | '|')).take(60).collect();
    Some(format!("{open} {} {close}", shown.trim_end()))
}

/// `<%= name %>`, `<YOUR-KEY>`, `__NAME__`.
fn whole(text: &str) -> Option<String> {
    if let Some(found) = between(text, "<%", "%>") {
        return Some(found);
    }
    let text = text.trim();
    let inside = |open: &str, close: &str| text.strip_prefix(open)?.strip_suffix(close);
    let is_name = |inside: &&str| {
        !inside.is_empty()
            && inside.len() <= 60
            && inside.chars().all(|letter| letter.is_ascii_alphanumeric() || "_- .".contains(letter))
    };
    let upper = |inside: &&str| is_name(inside) && !inside.contains(|letter: char| letter.is_ascii_lowercase());
    let angle = inside("<", ">").filter(is_name);
    let found = angle.or_else(|| inside("__", "__").filter(upper));
    found.map(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::placeholder;

    #[test]
    fn placeholders_are_named_without_their_defaults() {
        #[track_caller]
        fn check(text: &str, expected: Option<&str>) {
            assert_eq!(placeholder(text).as_deref(), expected, "{text}");
        }
        check("${OPENAI_API_KEY}", Some("${OPENAI_API_KEY}"));
        check("${OPENAI_API_KEY:-sk-secret}", Some("${OPENAI_API_KEY}"));
        check("http://${HOST}:8000/v1", Some("${HOST}"));
        check("{{ .Values.openai.key }}", Some("{{ .Values.openai.key }}"));
        check("{{ key | default(\"sk-secret\") }}", Some("{{ key }}"));
        check("{% if prod %}sk-x{% endif %}", Some("{% if prod %}"));
        check("<%= ENV['KEY'] %>", Some("<% = ENV[ %>"));
        check("__OPENAI_API_KEY__", Some("__OPENAI_API_KEY__"));
        check("<your-api-key>", Some("<your-api-key>"));
        check("sk-proj-abc__def__ghi", None);
        check("os.environ/OPENAI_API_KEY", None);
        check("pa$$word{}", None);
        check("${}", None);
        check("", None);
    }
}
