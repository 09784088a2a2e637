//! The expressions of rules, as far as a migration writes them: comparisons of the model and the provider, joined by
//! `&&`, and prefixes (`reference/bifrost-api.md` 6.2).

use serde_json::Value;

/// What a rule waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Condition(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    ModelIs(String),
    ModelIsNot(String),
    ModelStarts(String),
    ModelIsNone(Vec<String>),
    ProviderIs(String),
    Unread,
}

impl Condition {
    /// An empty expression always holds.
    pub(super) fn read(text: &str) -> Self {
        let text = text.trim();
        if text.is_empty() || text == "true" {
            return Self(Vec::new());
        }
        Self(pieces(text).into_iter().map(part).collect())
    }

    /// The one model it waits for.
    pub(super) fn name(&self) -> Option<&str> {
        self.0.iter().find_map(|part| match part {
            Part::ModelIs(name) => Some(name.as_str()),
            _ => None,
        })
    }

    /// Whether it holds; `None` where a part of it cannot be read and the rest does.
    pub(super) fn holds(&self, model: &str, provider: Option<&str>) -> Option<bool> {
        let mut unread = false;
        for part in &self.0 {
            let holds = match part {
                Part::ModelIs(name) => name == model,
                Part::ModelIsNot(name) => name != model,
                Part::ModelStarts(prefix) => model.starts_with(prefix.as_str()),
                Part::ModelIsNone(names) => names.iter().all(|name| name != model),
                Part::ProviderIs(name) => name == provider.unwrap_or_default(),
                Part::Unread => {
                    unread = true;
                    true
                }
            };
            if !holds {
                return Some(false);
            }
        }
        (!unread).then_some(true)
    }
}

/// The text between `&&`s that stand outside quotes.
fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let (mut start, mut quoted, mut escaped) = (0, false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '&' if !quoted && text[at..].starts_with("&&") && at >= start => {
                pieces.push(text[start..at].trim());
                start = at + 2;
            }
            _ => {}
        }
    }
    pieces.push(text.get(start..).unwrap_or_default().trim());
    pieces
}

fn part(text: &str) -> Part {
    let after = |name: &str, sign: &str| {
        let rest = text.strip_prefix(name)?.trim_start().strip_prefix(sign)?.trim();
        quoted(rest)
    };
    if let Some(name) = after("model", "==") {
        Part::ModelIs(name)
    } else if let Some(name) = after("model", "!=") {
        Part::ModelIsNot(name)
    } else if let Some(name) = after("provider", "==") {
        Part::ProviderIs(name)
    } else if let Some(prefix) =
        text.strip_prefix("model.startsWith(").and_then(|rest| quoted(rest.strip_suffix(')')?.trim()))
    {
        Part::ModelStarts(prefix)
    } else if let Some(prefix) = text
        .strip_prefix("model.matches(")
        .and_then(|rest| quoted(rest.strip_suffix(')')?.trim()))
        .and_then(|expression| start(&expression))
    {
        Part::ModelStarts(prefix)
    } else if let Some(names) =
        text.strip_prefix("!(model in ").and_then(|rest| serde_json::from_str(rest.strip_suffix(')')?.trim()).ok())
    {
        Part::ModelIsNone(names)
    } else {
        Part::Unread
    }
}

/// How names begin that an expression `^text.*` finds; `None` for expressions of another form.
fn start(expression: &str) -> Option<String> {
    let text = expression.strip_prefix('^')?.strip_suffix(".*")?;
    let (mut start, mut escaped) = (String::new(), false);
    for c in text.chars() {
        let is_sign = !c.is_alphanumeric() && !"-_/: @,=~#%&\"'<>!;`".contains(c);
        if escaped {
            start.push(Some(c).filter(|c| !c.is_alphanumeric())?);
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if is_sign {
            return None;
        } else {
            start.push(c);
        }
    }
    (!escaped).then_some(start)
}

/// The text of one literal in double quotes and nothing else.
fn quoted(text: &str) -> Option<String> {
    serde_json::from_str::<Value>(text).ok()?.as_str().map(str::to_owned)
}
