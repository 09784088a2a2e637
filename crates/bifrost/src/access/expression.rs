//! The conditions of rules that Gangway writes, and their reading (`reference/bifrost-api.md` 6.2).

use serde_json::Value;

use crate::pattern::{escaped, is_sign};

/// Names that begin with a text, but for some.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Begins {
    /// How they begin.
    pub with: String,
    /// Those that are not meant.
    pub but: Vec<String>,
}

impl Begins {
    pub(super) fn takes(&self, name: &str) -> bool {
        name.starts_with(&self.with) && !self.but.iter().any(|but| but == name)
    }

    /// Writes the condition.
    pub fn expression(&self) -> String {
        let matches = format!("model.matches({})", Value::from(format!("^{}.*", escaped(&self.with))));
        if self.but.is_empty() {
            return matches;
        }
        let but = self.but.iter().map(|name| Value::from(name.as_str()).to_string()).collect::<Vec<_>>();
        format!("{matches} && !(model in [{}])", but.join(", "))
    }

    /// Reads a condition of this form.
    pub fn read(expression: &str) -> Option<Self> {
        let rest = expression.trim().strip_prefix("model.matches(")?;
        let mut texts = serde_json::Deserializer::from_str(rest).into_iter::<String>();
        let written = texts.next()?.ok()?;
        let rest = rest.get(texts.byte_offset()..)?.trim_start().strip_prefix(')')?.trim();
        let mut with = String::new();
        let mut signs = written.strip_prefix('^')?.strip_suffix(".*")?.chars();
        while let Some(c) = signs.next() {
            match c {
                '\\' => with.push(signs.next().filter(|c| !c.is_alphanumeric())?),
                c if is_sign(c) => return None,
                c => with.push(c),
            }
        }
        let but = match rest.strip_prefix("&&") {
            None if rest.is_empty() => Vec::new(),
            None => return None,
            Some(rest) => {
                let list = rest.trim().strip_prefix("!(model in ")?.strip_suffix(')')?;
                serde_json::from_str(list).ok()?
            }
        };
        Some(Self { with, but })
    }
}

/// Reads the names out of `model == "name" && provider == "name"`: the model's, and the provider's where there is one.
/// Other forms are `None`.
pub fn names_of_expression(expression: &str) -> Option<(String, Option<String>)> {
    if let Some(model) = model_of_expression(expression) {
        return Some((model, None));
    }
    let (model, provider) = expression.rsplit_once("&&")?;
    let provider = model_of_expression(&provider.trim().replacen("provider", "model", 1))?;
    Some((model_of_expression(model)?, Some(provider)))
}

/// Writes what a rule for a model, and for the provider that is split off its name, waits for.
pub fn expression_of_name(provider: Option<&str>, model: &str) -> String {
    match provider {
        Some(provider) => format!("{} && provider == {}", expression_of_model(model), Value::from(provider)),
        None => expression_of_model(model),
    }
}

/// Reads `model == "name"` out of a CEL expression; other forms are `None`.
pub fn model_of_expression(expression: &str) -> Option<String> {
    let quoted = expression.trim().strip_prefix("model")?.trim_start().strip_prefix("==")?.trim();
    let inner = quoted.strip_prefix('"')?.strip_suffix('"')?;
    serde_json::from_str::<Value>(&format!("\"{inner}\"")).ok()?.as_str().map(str::to_owned)
}

/// Writes `model == "name"` with its quotes and backslashes escaped.
pub fn expression_of_model(name: &str) -> String {
    format!("model == {}", Value::from(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_lead_back() {
        for name in ["gpt-4", "a \"b\" \\ c", "org/model"] {
            assert_eq!(model_of_expression(&expression_of_model(name)).as_deref(), Some(name));
        }
        assert_eq!(model_of_expression("model.startsWith(\"x\")"), None);
        for (provider, model) in [(None, "a"), (Some("openai"), "a && \"b\" == c"), (Some("x"), "y/z")] {
            let read = names_of_expression(&expression_of_name(provider, model));
            assert_eq!(read, Some((model.to_owned(), provider.map(str::to_owned))));
        }
        assert_eq!(names_of_expression("model == \"a\" && tokens_used > 5"), None);
        for (with, but) in [("a.b-", vec![]), ("x\"y(", vec!["x\"y(z".to_owned(), "x\"y(\\".to_owned()])] {
            let begins = Begins { with: with.to_owned(), but };
            assert_eq!(Begins::read(&begins.expression()), Some(begins.clone()), "{}", begins.expression());
        }
        for other in
            ["model.matches(\"^a.*b\")", "model.matches(\"a.*\")", "model.matches(\"^a.*\") && tokens_used > 5"]
        {
            assert_eq!(Begins::read(other), None, "{other}");
        }
    }
}
