//! What an answer to a write means. Source: `reference/bifrost-api.md` 2.0, 13.3.

use bifrost::Answer;
use serde_json::Value;

use crate::lean::Lean;

/// The meaning of an answer to a write.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Reply {
    /// Carried out; the answer's body, without what a virtual key shows of other objects.
    Done(Value),
    /// Something is in the way already: 409, or one of the 500s that mean it.
    Exists(String),
    /// Not carried out, for now.
    Busy(String),
    /// It may have been carried out or not.
    Unclear(String),
    /// Not carried out, and the same again would not be either.
    Refused(String),
    /// The credentials are no longer good.
    Locked,
}

/// Reads an answer to a write.
pub(crate) fn read(answer: &Answer) -> Reply {
    // It is parsed once, and not all of it.
    if answer.is_success() {
        return answer.read().map_or_else(|| Reply::Unclear(words(answer)), |Lean(json)| Reply::Done(json));
    }
    let words = words(answer);
    let lower = answer.message().unwrap_or_default().to_lowercase();
    // Older versions say so with a 500 (13.3).
    let exists = ["already exists", "a record with this", "must be unique"].iter().any(|text| lower.contains(text));
    match answer.status {
        401 => Reply::Locked,
        409 => Reply::Exists(words),
        400 | 500 if exists => Reply::Exists(words),
        429 => Reply::Busy(words),
        408 | 425 | 500.. => Reply::Unclear(words),
        _ => Reply::Refused(words),
    }
}

/// The gateway's own words, short, and without what it may echo of the body that was sent: its JSON errors quote
/// some 30 characters around the fault (recorded on 1.5.16), and these may be of a secret.
pub(crate) fn words(answer: &Answer) -> String {
    let Some(message) = answer.message() else {
        let kind = if answer.content_type.is_empty() { "no type" } else { &answer.content_type };
        return format!("answered {} ({kind})", answer.status);
    };
    let quoted = ["\n", " with value", "Invalid JSON:"].iter().filter_map(|mark| message.find(mark)).min();
    let whole = match quoted {
        Some(at) if message[at..].starts_with("Invalid JSON:") => format!("{}Invalid JSON", &message[..at]),
        Some(at) => message[..at].to_owned(),
        None => message,
    };
    let plain: Vec<&str> = whole.split_whitespace().map(|word| if word.contains("sk-") { "…" } else { word }).collect();
    format!("{}: {}", answer.status, plain.join(" ").chars().take(240).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(status: u16, content_type: &str, body: &str, expected: &str) {
        let answer = Answer { status, content_type: content_type.to_owned(), body: body.to_owned() };
        assert_eq!(format!("{:?}", read(&answer)), expected);
    }

    fn error(message: &str) -> String {
        serde_json::json!({"is_bifrost_error": false, "error": {"message": message}}).to_string()
    }

    #[test]
    fn every_kind_of_answer_has_one_meaning() {
        let json = "application/json";
        check(201, json, "{\"a\":1}", "Done(Object {\"a\": Number(1)})");
        check(200, "text/html", "<!doctype html>", "Unclear(\"answered 200 (text/html)\")");
        check(200, json, "{\"virtual_key\": {\"id", "Unclear(\"answered 200 (application/json)\")");
        check(
            409,
            json,
            &error("A team with this name already exists"),
            "Exists(\"409: A team with this name already exists\")",
        );
        let taken = "a record with this name already exists. Please use a different value";
        check(500, json, &error(taken), &format!("Exists(\"500: {taken}\")"));
        check(500, json, &error("database is locked"), "Unclear(\"500: database is locked\")");
        check(502, "text/html", "<h1>Bad gateway</h1>", "Unclear(\"answered 502 (text/html)\")");
        check(503, json, &error("busy"), "Unclear(\"503: busy\")");
        check(429, json, &error("slow down"), "Busy(\"429: slow down\")");
        check(401, json, &error("Unauthorized"), "Locked");
        check(405, "text/plain", "Method Not Allowed", "Refused(\"answered 405 (text/plain)\")");
        check(400, json, &error("invalid provider name: nope"), "Refused(\"400: invalid provider name: nope\")");
    }

    #[test]
    fn nothing_that_was_sent_is_quoted() {
        let echo = "Invalid JSON: Mismatch type schemas.WhiteList with value string \"at index 50: \n\n\t-wt\", \"mod";
        check(400, "application/json", &error(echo), "Refused(\"400: Invalid JSON\")");
        check(400, "application/json", &error("bad key sk-abc in x"), "Refused(\"400: bad key … in x\")");
    }
}
