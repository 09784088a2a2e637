//! The two readings of a `*`: in lists, where the rest is a regular expression that nobody escaped, and in the names
//! of deployments, where it is text (`reference/litellm.md` 4.4, 6.2; both as 1.101.6 answered).

use std::cmp::Reverse;

/// Characters that Python's `re.escape` puts a backslash before.
const ESCAPED: &str = "()[]{}?*+-|^$\\.&~# \t\n\r\u{b}\u{c}";

/// Whether an entry of a list lets the name pass: `*` is any text, and so do `.`, `+` and `?` mean what they mean in a
/// regular expression. An entry with other such characters in it matches nothing here: this side allows less.
pub fn allows(entry: &str, name: &str) -> bool {
    let Some(pieces) = pieces(entry) else { return false };
    // Which pieces may be next, after each character.
    let mut next = vec![false; pieces.len() + 1];
    next[0] = true;
    skip(&pieces, &mut next);
    for c in name.chars() {
        let mut after = vec![false; pieces.len() + 1];
        for (at, piece) in pieces.iter().enumerate().filter(|(at, piece)| next[*at] && piece.takes(c)) {
            after[at] |= piece.again;
            after[at + 1] = true;
        }
        skip(&pieces, &mut after);
        next = after;
    }
    next[pieces.len()]
}

/// One character of a regular expression, with how often it may stand.
struct Piece {
    /// The character, or any.
    one: Option<char>,
    /// It may be left out.
    optional: bool,
    /// It may be repeated.
    again: bool,
}

impl Piece {
    fn takes(&self, c: char) -> bool {
        self.one.map_or(c != '\n', |one| one == c)
    }
}

fn skip(pieces: &[Piece], next: &mut [bool]) {
    for (at, piece) in pieces.iter().enumerate() {
        if next[at] && piece.optional {
            next[at + 1] = true;
        }
    }
}

fn pieces(entry: &str) -> Option<Vec<Piece>> {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut quantified = true;
    let mut rest = entry.chars();
    while let Some(c) = rest.next() {
        match c {
            '*' => pieces.push(Piece { one: None, optional: true, again: true }),
            '?' | '+' if quantified => return None,
            '?' => pieces.last_mut()?.optional = true,
            '+' => pieces.last_mut()?.again = true,
            '.' => pieces.push(Piece { one: None, optional: false, again: false }),
            '\\' => {
                let plain = rest.next().filter(|c| !c.is_alphanumeric())?;
                pieces.push(Piece { one: Some(plain), optional: false, again: false });
            }
            '(' | ')' | '[' | ']' | '{' | '}' | '|' | '^' | '$' => return None,
            _ => pieces.push(Piece { one: Some(c), optional: false, again: false }),
        }
        quantified = matches!(c, '*' | '?' | '+');
    }
    Some(pieces)
}

/// The texts that the `*`s of a deployment's name stand for, if the name asked for begins so: the pattern need not
/// reach to its end, and each `*` takes as much as it can.
pub(crate) fn captured<'n>(pattern: &str, name: &'n str) -> Option<Vec<&'n str>> {
    let mut parts = pattern.split('*');
    let rest = name.strip_prefix(parts.next()?)?;
    let parts: Vec<&str> = parts.collect();
    let mut found = Vec::new();
    let mut end = rest.len();
    // From the right: the last place of each part leaves the parts before it the most room.
    let mut places = Vec::new();
    for part in parts.iter().rev() {
        let at = rest[..end].rfind(part)?;
        places.push((at, part.len()));
        end = at;
    }
    let mut begin = 0;
    for (at, length) in places.into_iter().rev() {
        found.push(rest.get(begin..at)?);
        begin = at + length;
    }
    Some(found)
}

/// The upstream model with what the pattern captured in place of its `*`s. More captures than `*`s: the name as asked.
pub(crate) fn substitute(pattern: &str, name: &str, upstream: &str) -> String {
    let wanted = upstream.matches('*').count();
    let captures = captured(pattern, name).unwrap_or_default();
    if wanted == 0 {
        return upstream.to_owned();
    }
    if captures.len() > wanted {
        return name.to_owned();
    }
    captures.into_iter().fold(upstream.to_owned(), |text, capture| text.replacen('*', capture, 1))
}

/// The order in which patterns are tried: the longest first, measured as the regular expression LiteLLM makes of it.
pub(crate) fn specificity(pattern: &str) -> Reverse<(usize, usize)> {
    let stars = pattern.matches('*').count();
    let escaped = pattern.chars().filter(|c| *c != '*' && ESCAPED.contains(*c)).count();
    let signs = pattern.chars().filter(|c| "+?\\^$|()".contains(*c)).count();
    Reverse((pattern.chars().count() + 3 * stars + escaped, 3 * stars + escaped + signs))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_regular_expressions() {
        let check =
            |entry: &str, name: &str, expected: bool| assert_eq!(allows(entry, name), expected, "{entry} {name}");
        check("openai/*", "openai/gpt-4o", true);
        check("openai/*", "xopenai/gpt-4o", false);
        check("vendor.x*", "vendorAx-1", true);
        check("al+pha*", "allpha", true);
        check("al+pha*", "apha", false);
        check("betas?*", "beta", true);
        check("*-tail", "opus-tailor", false);
        check("v*-1", "vendor-1-1", true);
        check(r"v\.1*", "v.1", true);
        check(r"v\.1*", "vx1", false);
        check("a[bc]*", "ab", false);
        check("*", "", true);
        check("a*", "a\n", false);
    }

    #[test]
    fn the_longest_expression_is_tried_first() {
        // As long as `a\.b(.*)\(c\)\+`, with as many signs as that has.
        assert_eq!(specificity("a.b*(c)+"), Reverse((15, 10)));
        assert_eq!(specificity("a*"), Reverse((5, 3)));
        assert_eq!(specificity("a*b*"), Reverse((10, 6)));
        assert_eq!(specificity("a-b"), Reverse((4, 1)));
        let mut all = ["*", "openai/*", "openai/gpt-*", "o*"];
        all.sort_by_key(|pattern| specificity(pattern));
        assert_eq!(all, ["openai/gpt-*", "openai/*", "o*", "*"]);
    }

    #[test]
    fn names_of_deployments_are_text_that_need_not_end() {
        let check = |pattern: &str, name: &str, expected: Option<&[&str]>| {
            assert_eq!(captured(pattern, name).as_deref(), expected, "{pattern} {name}");
        };
        check("openai/*", "openai/a/b", Some(&["a/b"]));
        check("vendor.*", "vendorAx", None);
        check("*-tail", "opus-tailor", Some(&["opus"]));
        check("*-x-*", "a-x-b-x-c", Some(&["a-x-b", "c"]));
        check("a*b", "a", None);
        check("aba*a", "aba", None);
        assert_eq!(substitute("p-*", "p-x", "openai/*"), "openai/x");
        assert_eq!(substitute("p-*", "p-x", "openai/fixed"), "openai/fixed");
        assert_eq!(substitute("p-*-*", "p-x-y", "openai/*"), "p-x-y");
        assert_eq!(substitute("p-*", "p-x", "openai/*/*"), "openai/x/*");
    }
}
