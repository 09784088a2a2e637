//! Routing expressions. The check knows what the second generation was seen to refuse; the evaluation knows
//! comparisons of strings, which is what a migration writes (`reference/bifrost-api.md` 6.2).

use std::collections::BTreeMap;

use super::expression::Expression;

/// The names an expression may use.
const VARIABLES: &[&str] = &[
    "model",
    "provider",
    "request_type",
    "headers",
    "params",
    "virtual_key_id",
    "virtual_key_name",
    "team_id",
    "team_name",
    "customer_id",
    "customer_name",
    "user_id",
    "budget_used",
    "tokens_used",
    "request",
    "complexity_tier",
];

const EXPECTING: &str = "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, \
    BYTES, IDENTIFIER}";

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Name(String),
    Text(String),
    Number(f64),
    Sign(&'static str),
}

/// Refuses what the gateway refuses on write.
pub(super) fn check(expression: &str) -> Result<(), String> {
    if expression.trim().is_empty() || matches!(expression.trim(), "true" | "false") {
        return Ok(());
    }
    let problem = |column: usize, text: &str| {
        let dots = ".".repeat(column.saturating_sub(1));
        Err(format!("CEL compile error: ERROR: <input>:1:{column}: {text}\n | {expression}\n | {dots}^"))
    };
    let end = expression.chars().count() + 1;
    let Some(tokens) = tokens(expression) else { return problem(end, "Syntax error: token recognition error") };
    let calls = tokens.iter().any(|(token, _)| matches!(token, Token::Sign("(")));
    let operators = ["==", "!=", "<", ">", "<=", ">=", "&&", "||", "!", "in", "+"];
    let operator = tokens.iter().any(|(token, _)| match token {
        Token::Sign(sign) => operators.contains(sign),
        Token::Name(name) => name == "in",
        _ => false,
    });
    if !operator && !calls {
        return Err(format!("expression must contain at least one operator: {expression}"));
    }
    if matches!(tokens.last(), Some((Token::Sign(sign), _)) if !matches!(*sign, ")" | "]")) {
        return problem(end, &format!("Syntax error: mismatched input '<EOF>' expecting {EXPECTING}"));
    }
    for (index, (token, column)) in tokens.iter().enumerate() {
        let after = |sign| {
            index.checked_sub(1).and_then(|i| tokens.get(i)).is_some_and(|(token, _)| *token == Token::Sign(sign))
        };
        let before = |sign| tokens.get(index + 1).is_some_and(|(token, _)| *token == Token::Sign(sign));
        if let Token::Name(name) = token {
            let known = VARIABLES.contains(&name.as_str()) || matches!(name.as_str(), "true" | "false" | "null" | "in");
            if !known && !after(".") && !before("(") {
                return match column {
                    1 => problem(1, &format!("undeclared reference to '{name}' (in container '')")),
                    column => problem(*column, &format!("undeclared reference to '{name}' (in container '')")),
                };
            }
        }
    }
    Ok(())
}

/// What an expression can see of a request.
#[derive(Debug, Default)]
pub(super) struct Scene {
    /// The variables that are strings.
    pub(super) names: BTreeMap<&'static str, String>,
    /// The headers, by lower-case name.
    pub(super) headers: BTreeMap<String, String>,
}

/// Whether the expression holds. One that cannot be understood never does.
pub(super) fn holds(expression: &str, scene: &Scene) -> bool {
    if expression.trim().is_empty() {
        return true;
    }
    let Some(tokens) = tokens(expression) else { return false };
    let tokens: Vec<Token> = tokens.into_iter().map(|(token, _)| token).collect();
    let mut reader = Reader { tokens: &tokens, at: 0, scene };
    let value = reader.either();
    reader.at == tokens.len() && value == Some(Held::Flag(true))
}

/// A value while an expression is evaluated.
#[derive(Clone, Debug, PartialEq)]
enum Held {
    Flag(bool),
    Text(String),
    Number(f64),
    List(Vec<Held>),
}

struct Reader<'a> {
    tokens: &'a [Token],
    at: usize,
    scene: &'a Scene,
}

impl Reader<'_> {
    fn take(&mut self, sign: &str) -> bool {
        let found = matches!(self.tokens.get(self.at), Some(Token::Sign(next)) if *next == sign);
        self.at += usize::from(found);
        found
    }

    fn either(&mut self) -> Option<Held> {
        let mut left = self.both()?;
        while self.take("||") {
            let right = self.both()?;
            left = Held::Flag(flag(&left)? || flag(&right)?);
        }
        Some(left)
    }

    fn both(&mut self) -> Option<Held> {
        let mut left = self.relation()?;
        while self.take("&&") {
            let right = self.relation()?;
            left = Held::Flag(flag(&left)? && flag(&right)?);
        }
        Some(left)
    }

    fn relation(&mut self) -> Option<Held> {
        let left = self.unary()?;
        if self.take("==") {
            return Some(Held::Flag(left == self.unary()?));
        }
        if self.take("!=") {
            return Some(Held::Flag(left != self.unary()?));
        }
        if self.tokens.get(self.at) == Some(&Token::Name("in".to_owned())) {
            self.at += 1;
            let Held::List(items) = self.unary()? else { return None };
            return Some(Held::Flag(items.contains(&left)));
        }
        Some(left)
    }

    fn unary(&mut self) -> Option<Held> {
        if self.take("!") {
            let value = self.unary()?;
            return Some(Held::Flag(!flag(&value)?));
        }
        let mut value = self.primary()?;
        while self.take(".") {
            value = self.method(&value)?;
        }
        Some(value)
    }

    fn method(&mut self, subject: &Held) -> Option<Held> {
        let Some(Token::Name(name)) = self.tokens.get(self.at) else { return None };
        let name = name.clone();
        self.at += 1;
        let argument = if self.take("(") { self.either()? } else { return None };
        let (Held::Text(subject), Held::Text(argument)) = (subject, argument) else { return None };
        let value = match name.as_str() {
            "startsWith" => subject.starts_with(&argument),
            "endsWith" => subject.ends_with(&argument),
            "contains" => subject.contains(&argument),
            "matches" => Expression::read(&argument)?.is_in(subject),
            _ => return None,
        };
        self.take(")").then_some(Held::Flag(value))
    }

    fn primary(&mut self) -> Option<Held> {
        if self.take("(") {
            let value = self.either()?;
            return self.take(")").then_some(value);
        }
        if self.take("[") {
            let mut items = Vec::new();
            while !self.take("]") {
                items.push(self.either()?);
                self.take(",");
            }
            return Some(Held::List(items));
        }
        let token = self.tokens.get(self.at)?.clone();
        self.at += 1;
        match token {
            Token::Text(text) => Some(Held::Text(text)),
            Token::Number(number) => Some(Held::Number(number)),
            Token::Name(name) if name == "true" => Some(Held::Flag(true)),
            Token::Name(name) if name == "false" => Some(Held::Flag(false)),
            Token::Name(name) if name == "headers" && self.take("[") => {
                let Some(Held::Text(header)) = self.either() else { return None };
                let value = self.scene.headers.get(&header.to_lowercase()).cloned();
                self.take("]").then_some(Held::Text(value?))
            }
            Token::Name(name) => self.scene.names.get(name.as_str()).cloned().map(Held::Text),
            Token::Sign(_) => None,
        }
    }
}

fn flag(value: &Held) -> Option<bool> {
    match value {
        Held::Flag(flag) => Some(*flag),
        _ => None,
    }
}

/// The tokens and the columns they start at; `None` where a text does not end or a character belongs nowhere.
fn tokens(expression: &str) -> Option<Vec<(Token, usize)>> {
    const SIGNS: [&str; 20] =
        ["==", "!=", "<=", ">=", "&&", "||", "<", ">", "!", "(", ")", "[", "]", "{", "}", ",", ".", "+", "-", "?"];
    let characters: Vec<char> = expression.chars().collect();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(&first) = characters.get(at) {
        let start = at;
        if first.is_whitespace() {
            at += 1;
            continue;
        }
        let token = if first == '"' || first == '\'' {
            let (text, end) = quoted(&characters, at)?;
            at = end;
            Token::Text(text)
        } else if first.is_alphabetic() || first == '_' {
            let name: String = characters.iter().skip(at).take_while(|c| c.is_alphanumeric() || **c == '_').collect();
            at += name.chars().count();
            Token::Name(name)
        } else if first.is_ascii_digit() {
            let digits: String = characters.iter().skip(at).take_while(|c| c.is_ascii_digit() || **c == '.').collect();
            at += digits.len();
            Token::Number(digits.parse().ok()?)
        } else {
            let sign = SIGNS
                .iter()
                .find(|sign| sign.chars().enumerate().all(|(index, c)| characters.get(at + index) == Some(&c)))?;
            at += sign.len();
            Token::Sign(sign)
        };
        found.push((token, start + 1));
    }
    Some(found)
}

fn quoted(characters: &[char], start: usize) -> Option<(String, usize)> {
    let quote = *characters.get(start)?;
    let mut text = String::new();
    let mut at = start + 1;
    loop {
        let character = *characters.get(at)?;
        at += 1;
        match character {
            '\\' => {
                let escaped = *characters.get(at)?;
                at += 1;
                text.push(match escaped {
                    'n' => '\n',
                    't' => '\t',
                    other => other,
                });
            }
            end if end == quote => return Some((text, at)),
            other => text.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_holds(expression: &str, expected: bool) {
        let scene = Scene {
            names: BTreeMap::from([("model", "my-gpt".to_owned()), ("team_name", "it's".to_owned())]),
            headers: BTreeMap::from([("x-tier".to_owned(), "gold".to_owned())]),
        };
        assert_eq!(holds(expression, &scene), expected, "for {expression}");
    }

    #[test]
    fn expressions_hold_for_what_they_name() {
        check_holds("", true);
        check_holds("true", true);
        check_holds(r#"model == "my-gpt""#, true);
        check_holds(r#"model == "MY-GPT""#, false);
        check_holds(r#"model != "x" && team_name == 'it\'s'"#, true);
        check_holds(r#"model in ["a", "my-gpt"]"#, true);
        check_holds(r#"model.startsWith("my-")"#, true);
        check_holds(r#"!(model.contains("gpt"))"#, false);
        check_holds(r#"model.matches("^my-.*") && !(model in ["my-other"])"#, true);
        check_holds(r#"model.matches("^my-.*") && !(model in ["my-gpt"])"#, false);
        check_holds(r#"headers["X-Tier"] == "gold" || false"#, true);
        check_holds("model ==", false);
        check_holds("nosuch == \"x\"", false);
        check_holds("model", false);
        check_holds("\"open", false);
    }

    #[track_caller]
    fn check_refused(expression: &str, expected: Option<&str>) {
        assert_eq!(check(expression).err().as_deref(), expected, "for {expression}");
    }

    #[test]
    fn expressions_are_refused_as_recorded() {
        check_refused("", None);
        check_refused("true", None);
        check_refused(r#"model.matches("^gpt-.*")"#, None);
        check_refused(r#"headers["x-tier"] == "gold""#, None);
        check_refused("model", Some("expression must contain at least one operator: model"));
        check_refused(
            "nosuch == \"x\"",
            Some(
                "CEL compile error: ERROR: <input>:1:1: undeclared reference to 'nosuch' (in container '')\n | nosuch == \"x\"\n | ^",
            ),
        );
    }
}
