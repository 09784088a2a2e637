//! Patterns in lists of models: an entry `regex:` and an expression. The gateway compiles `(?i)^(?:EXPRESSION)$` and
//! holds it against the model's name; `*` keeps its meaning, and what is blocked is blocked. Source:
//! `reference/bifrost-api.md` 3.6, 6.4; pull request 7134 of the gateway, which is in 2.2.

/// What makes an entry a pattern.
pub const PREFIX: &str = "regex:";

/// What turns the gateway's disregard of case off.
const WITH_CASE: &str = "(?-i)";

/// Signs that mean something in an expression.
const SIGNS: &str = "\\.+*?()|[]{}^$";

/// The entry for names that begin with the first piece, end with the last, and have the others between them in their
/// order. Case counts: LiteLLM's patterns look at it.
pub fn entry(pieces: &[&str]) -> String {
    format!("{PREFIX}{WITH_CASE}{}", pieces.iter().map(|piece| escaped(piece)).collect::<Vec<_>>().join(".*"))
}

/// A text as an expression that means just it.
pub(crate) fn escaped(text: &str) -> String {
    let sign = |c: char| if is_sign(c) { format!("\\{c}") } else { c.to_string() };
    text.chars().map(sign).collect()
}

/// Whether a sign means something in an expression.
pub(crate) fn is_sign(c: char) -> bool {
    SIGNS.contains(c)
}

/// Whether an entry of a list lets the name pass. What cannot be read here lets everything pass: this side allows more.
pub fn takes(entry: &str, name: &str) -> bool {
    let Some(expression) = entry.strip_prefix(PREFIX) else { return false };
    read(expression).is_none_or(|pattern| pattern.takes(name))
}

/// Pieces of text with anything between them.
struct Pattern {
    pieces: Vec<String>,
    with_case: bool,
}

fn read(expression: &str) -> Option<Pattern> {
    let (with_case, rest) = match expression.strip_prefix(WITH_CASE) {
        Some(rest) => (true, rest),
        None => (false, expression),
    };
    let rest = rest.strip_prefix('^').unwrap_or(rest);
    let rest = rest.strip_suffix('$').filter(|rest| !rest.ends_with('\\')).unwrap_or(rest);
    let mut pieces = vec![String::new()];
    let mut signs = rest.chars().peekable();
    while let Some(c) = signs.next() {
        match c {
            '.' if signs.next_if_eq(&'*').is_some() => pieces.push(String::new()),
            '\\' => pieces.last_mut()?.push(signs.next().filter(|c| !c.is_alphanumeric())?),
            _ if is_sign(c) => return None,
            _ => pieces.last_mut()?.push(c),
        }
    }
    Some(Pattern { pieces, with_case })
}

impl Pattern {
    fn takes(&self, name: &str) -> bool {
        let fold = |text: &str| if self.with_case { text.to_owned() } else { text.to_lowercase() };
        let name = fold(name);
        let pieces: Vec<String> = self.pieces.iter().map(|piece| fold(piece)).collect();
        let Some((first, rest)) = pieces.split_first() else { return false };
        let Some((last, middle)) = rest.split_last() else { return name == *first };
        let Some(mut open) = name.strip_prefix(first.as_str()).and_then(|rest| rest.strip_suffix(last.as_str())) else {
            return false;
        };
        for piece in middle {
            let Some(at) = open.find(piece.as_str()) else { return false };
            open = &open[at + piece.len()..];
        }
        // A gap does not reach over the end of a line.
        !name.contains('\n')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_patterns_take() {
        let check =
            |entry: &str, name: &str, expected: bool| assert_eq!(takes(entry, name), expected, "{entry} {name}");
        check("regex:^gpt-4.*", "gpt-4o", true);
        check("regex:gpt-4.*", "GPT-4O", true);
        check("regex:(?-i)gpt-4.*", "GPT-4O", false);
        check("regex:gpt-4.*", "my-gpt-4o", false);
        check("regex:(?-i)gpt-4.*-mini", "gpt-4.1-mini", true);
        check("regex:(?-i)gpt-4.*-mini", "gpt-4.1-mini-x", false);
        check("regex:(?-i)gpt-4.*4-mini", "gpt-4-mini", false);
        check("regex:a.*b.*c", "axbxc", true);
        check("regex:a.*b.*c", "axcxb", false);
        check(r"regex:v\.1.*$", "v.1-x", true);
        check(r"regex:v\.1.*", "vx1", false);
        check("regex:(a|b)", "nobody-knows", true);
        check("gpt-4.*", "gpt-4o", false);
    }

    #[test]
    fn entries_take_what_they_are_made_for() {
        assert_eq!(entry(&["gpt-4.1", "-mini"]), r"regex:(?-i)gpt-4\.1.*-mini");
        assert!(takes(&entry(&["a+b", ""]), "a+bc") && !takes(&entry(&["a+b", ""]), "aabc"));
    }
}
