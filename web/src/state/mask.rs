//! Masking the text of a file before it is shown. When in doubt it is masked: the cost is a line that says less, the
//! other way round it is a leak. Four nets, each enough for most secrets: the places the reader took a secret from,
//! the secrets themselves, names of secrets, and shapes of secrets.

use std::ops::Range;

use litellm::sensitive::{is_sensitive, looks_like_a_secret};
use model::Masked;

/// Where the reader found a secret; counted from 1, in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slot {
    /// The line.
    pub(crate) line: usize,
    /// The column its value begins at.
    pub(crate) column: usize,
}

/// Secrets shorter than this are not searched for as text: they would be found in every second word. Their places
/// and names still mask them.
const SHORTEST: usize = 4;

/// The lines of a range (counted from 1; what lies outside the text is left out), masked.
pub(crate) fn mask(text: &str, range: Range<usize>, slots: &[Slot], known: &[&str]) -> Vec<String> {
    let known: Vec<&str> = known
        .iter()
        .flat_map(|secret| secret.lines().chain(std::iter::once(*secret)))
        .map(str::trim)
        .filter(|part| part.len() >= SHORTEST)
        .collect();
    let mut slots = slots.to_vec();
    slots.sort_by_key(|slot| slot.line);
    let mut below = None;
    let mut masked = Vec::new();
    // From the top, because only that tells whether a line goes on with a secret of the line before.
    for (at, line) in text.lines().enumerate().take_while(|(at, _)| at + 1 < range.end) {
        let mut spans = Vec::new();
        let shown = range.contains(&(at + 1));
        below = continued(line, below, &mut spans);
        below = named(line, &mut spans).or(below);
        let first = slots.partition_point(|slot| slot.line <= at);
        for slot in slots[first..].iter().take_while(|slot| slot.line == at + 1) {
            let begin = line.char_indices().nth(slot.column.saturating_sub(1)).map_or(line.len(), |(at, _)| at);
            let end = if shown { value_end(line, begin, &known) } else { line.len() };
            spans.push(begin..end);
            below = reaching(line, end).or(below);
        }
        if shown {
            for secret in &known {
                spans.extend(line.match_indices(secret).map(|(at, found)| at..at + found.len()));
            }
            shaped(line, &mut spans);
            commented(line, &mut spans);
            masked.push(covered(line, spans));
        }
    }
    masked
}

/// A secret that may go on below its line.
#[derive(Clone, Copy)]
struct Below {
    /// Lines that are set in further than this belong to it.
    column: usize,
    /// Whether all of them are masked; else only those that have no name of their own.
    all: bool,
}

/// Masks a line that goes on with a secret; says whether the next one may.
fn continued(line: &str, below: Option<Below>, spans: &mut Vec<Range<usize>>) -> Option<Below> {
    let below = below?;
    let content = line.trim_start();
    if content.is_empty() {
        return Some(below);
    }
    let indent = line.len() - content.len();
    let item = content.starts_with("- ") && !below.all && indent == below.column;
    if indent <= below.column && !item {
        return None;
    }
    if below.all || !names(content).any(|_| true) {
        spans.push(indent..line.len());
    }
    Some(below)
}

/// Masks values whose name says that they are secrets.
fn named(line: &str, spans: &mut Vec<Range<usize>>) -> Option<Below> {
    let mut below = None;
    for (_, after) in names(line).filter(|(name, _)| is_sensitive(name)) {
        let value = line[after..].trim_start();
        let begin = line.len() - value.len();
        // A mapping or the place in the environment: what is in it has names of its own.
        if value.starts_with('{') || value.trim_matches(['"', '\'']).starts_with("os.environ/") {
            continue;
        }
        if value.is_empty() || value.starts_with(['#', '&']) {
            below = Some(Below { column: key_column(line), all: false });
            continue;
        }
        let inside = line[..after].contains(['{', '[']) || line[..after].trim_start().starts_with('"');
        let end = if inside { flow_end(line, begin) } else { line.len() };
        spans.push(begin..end);
        below = reaching(line, end).or(below);
    }
    below
}

/// A secret that reaches the end of its line may go on below it.
fn reaching(line: &str, end: usize) -> Option<Below> {
    (end == line.len()).then(|| Below { column: key_column(line), all: true })
}

/// The names on a line: what stands before `:` or `=`, with the place after that sign.
fn names(line: &str) -> impl Iterator<Item = (&str, usize)> {
    line.match_indices([':', '=']).filter_map(|(at, _)| {
        let before = line[..at].trim_end().trim_end_matches(['"', '\'']);
        let part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
        let begin =
            before.rfind(|c| !part(c)).map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8));
        let name = &before[begin..];
        (!name.is_empty()).then_some((name, at + 1))
    })
}

/// Where a value within braces or brackets ends: at its closing quote, or at what closes the entry.
fn flow_end(line: &str, begin: usize) -> usize {
    let value = &line[begin..];
    let end = match value.chars().next() {
        Some(quote @ ('"' | '\'')) => {
            let mut escaped = false;
            value.char_indices().skip(1).find_map(|(at, c)| {
                let closes = c == quote && !escaped;
                escaped = c == '\\' && !escaped;
                closes.then_some(at + 1)
            })
        }
        Some('[') => value.find(']').map(|at| at + 1),
        _ => value.find([',', '}', ']']),
    };
    begin + end.unwrap_or(value.len())
}

/// Where the value of a slot ends: where the secret does if it stands there as it is, else at the end of the line.
fn value_end(line: &str, begin: usize, known: &[&str]) -> usize {
    let value = &line[begin..];
    let open = value.trim_start_matches(['"', '\'']);
    let quotes = value.len() - open.len();
    let longest = known.iter().filter(|secret| open.starts_with(**secret)).map(|secret| secret.len()).max();
    longest.map_or(line.len(), |length| begin + quotes + length)
}

/// Masks what has the shape of a secret.
fn shaped(line: &str, spans: &mut Vec<Range<usize>>) {
    let mut begin = 0;
    let mut scheme = false;
    for token in line.split_inclusive(|c: char| c.is_whitespace() || "\"',{}[]()<>`=".contains(c)) {
        let bare = token.trim_end_matches(|c: char| c.is_whitespace() || "\"',{}[]()<>`=".contains(c));
        let value = scheme && !bare.is_empty();
        if value || looks_like_a_secret(bare) || (bare.len() > 3 && bare.starts_with("sk-")) {
            spans.push(begin..begin + bare.len());
        }
        scheme = bare.eq_ignore_ascii_case("bearer") || bare.eq_ignore_ascii_case("basic");
        begin += token.len();
    }
}

/// Masks a comment that speaks of secrets: nobody knows what is in it.
fn commented(line: &str, spans: &mut Vec<Range<usize>>) {
    let begin = if line.trim_start().starts_with('#') { line.find('#') } else { line.find(" #").map(|at| at + 1) };
    let Some(begin) = begin else { return };
    let comment = &line[begin + 1..];
    if comment.split(|c: char| !c.is_alphanumeric()).any(is_sensitive) {
        spans.push(begin + 1..line.len());
    }
}

/// The column of the first name on a line, past the dashes of a list.
fn key_column(line: &str) -> usize {
    line.len() - line.trim_start_matches([' ', '-', '\t']).len()
}

/// A line with its spans masked; each by the same mask, whatever its length.
fn covered(line: &str, mut spans: Vec<Range<usize>>) -> String {
    spans.retain(|span| span.start < span.end);
    spans.sort_by_key(|span| (span.start, span.end));
    let (mut text, mut at) = (String::new(), 0);
    for span in spans {
        if span.start > at || text.is_empty() {
            text.push_str(&line[at..span.start]);
            text.push_str(&Masked.to_string());
        }
        at = at.max(span.end);
    }
    text.push_str(&line[at..]);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, slots: &[(usize, usize)], known: &[&str], expected: &str) {
        let slots: Vec<Slot> = slots.iter().map(|(line, column)| Slot { line: *line, column: *column }).collect();
        let masked = mask(text, 1..usize::MAX, &slots, known).join("\n");
        assert_eq!(masked.replace("••••••••", "*"), expected, "{text}");
    }

    #[test]
    fn names_of_secrets_mask_their_values() {
        check("model: gpt-4o", &[], &[], "model: gpt-4o");
        check("  api_key: abc def # why", &[], &[], "  api_key: *");
        check("  - api_key: os.environ/OPENAI_API_KEY", &[], &[], "  - api_key: os.environ/OPENAI_API_KEY");
        check("{model: openai/gpt-4o, api_key: abc, rpm: 3}", &[], &[], "{model: openai/gpt-4o, api_key: *, rpm: 3}");
        check(r#"{"api_key":"a\"b,c","rpm":3}"#, &[], &[], r#"{"api_key":*,"rpm":3}"#);
        check(r#"    "password": "a, b","#, &[], &[], r#"    "password": *,"#);
        check("url: https://host/path?api_key=abc", &[], &[], "url: https://host/path?api_key=*");
        check("max_tokens: 100", &[], &[], "max_tokens: 100");
        check(
            "vertex_credentials: {type: x, private_key: y}",
            &[],
            &[],
            "vertex_credentials: {type: x, private_key: *}",
        );
        check("tokens:\n  - abc\n  - def\nmodel: x", &[], &[], "tokens:\n  - abc\n  - def\nmodel: x");
        check("secret:\n- abc\n- def\nmodel: x", &[], &[], "secret:\n*\n*\nmodel: x");
    }

    #[test]
    fn what_goes_on_below_is_masked_too() {
        check("private_key: |\n  one\n\n  two\nmodel: x", &[], &[], "private_key: *\n  *\n\n  *\nmodel: x");
        check("secret: \"one\n  two\"\nmodel: x", &[], &[], "secret: *\n  *\nmodel: x");
        check("- api_key: abc\n  model: x", &[], &[], "- api_key: *\n  model: x");
        check("password:\n    abc\nmodel: x", &[], &[], "password:\n    *\nmodel: x");
        check(
            "vertex_credentials:\n  type: x\n  private_key: y",
            &[],
            &[],
            "vertex_credentials:\n  type: x\n  private_key: *",
        );
    }

    #[test]
    fn places_the_reader_took_a_secret_from_are_masked() {
        check("FOO: bar baz", &[(1, 6)], &[], "FOO: *");
        check("FOO: bar baz", &[(1, 6)], &["bar baz"], "FOO: *");
        check("{FOO: bärbel, BAZ: x}", &[(1, 7)], &["bärbel"], "{FOO: *, BAZ: x}");
        check("FOO: |\n  one\n  two\nBAR: x", &[(1, 6)], &[], "FOO: *\n  *\n  *\nBAR: x");
        check("FOO: 1", &[(1, 99)], &[], "FOO: 1");
    }

    #[test]
    fn secrets_and_their_shapes_are_masked_anywhere() {
        check("alias: canary # canary", &[], &["canary"], "alias: * # *");
        check("one\n two\nthree", &[], &["one\ntwo four\n two"], "one\n two\nthree");
        check("first line\n  second line", &[], &["first line\nsecond line\n"], "*\n  *");
        check("x: [sk-abc, b]", &[], &[], "x: [*, b]");
        check("header: \"Bearer abcdef\"", &[], &[], "header: \"Bearer *\"");
        check("db: postgresql://u:p@host/db", &[], &[], "db: *");
        check("rpm: 3 # the password is hunter2", &[], &[], "rpm: 3 #*");
        check("# api_key: abc", &[], &[], "#*");
    }

    #[test]
    fn any_text_is_masked_without_a_panic() {
        for text in ["", ":", "=", "ä:", "key", "key:", "key: ö", "\"key\": \"", "- - key: '", "🗝key=🗝", "\t# key"]
        {
            let masked = mask(text, 1..9, &[Slot { line: 1, column: 2 }], &["ö", "🗝key"]);
            assert_eq!(masked.len(), text.lines().count(), "{text}");
        }
    }
}
