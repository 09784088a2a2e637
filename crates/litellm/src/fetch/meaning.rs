//! What an answer means: usable, worth asking again, or a refusal of some kind. Source: `reference/litellm.md` 1.1.

use serde_json::Value;

use super::gap::Why;
use crate::endpoint::{Endpoint, Role};

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// An answer came.
    Answer {
        /// Its HTTP status.
        status: u16,
        /// Its `Retry-After`, in seconds.
        retry_after: Option<u32>,
        /// Its body.
        body: String,
    },
    /// None came.
    Lost {
        /// How it was lost.
        how: Lost,
        /// In words, for people.
        words: String,
    },
}

/// How an answer was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lost {
    /// Nobody could be reached.
    Unreachable,
    /// The connection broke, or took too long.
    Broken,
    /// The answer was larger than is taken.
    TooLarge,
}

/// What an event means for what was asked.
pub(super) enum Meaning {
    /// An answer to use.
    Fine(Value, String),
    /// Ask again, unless it was asked often enough; then it is that.
    Again(Why, Option<u32>),
    /// There is no such path.
    NoPath,
    /// What was asked for is gone: an object that a list still showed.
    Gone,
    /// It is missing for good.
    Missing(Why),
}

/// Reads an event.
pub(super) fn meaning(endpoint: &Endpoint, event: Event) -> Meaning {
    match event {
        Event::Lost { how: Lost::TooLarge, words } => Meaning::Missing(Why::Down(words)),
        Event::Lost { words, .. } => Meaning::Again(Why::Down(words), None),
        Event::Answer { status, retry_after, body } => match serde_json::from_str::<Value>(trimmed(&body)) {
            Ok(value) if (200..300).contains(&status) => match said(&value) {
                // LiteLLM never sends an error with a 200; what stands in front of it may.
                Some(words) => Meaning::Missing(Why::Failed(status, with_colon(&words))),
                None => Meaning::Fine(value, body),
            },
            Ok(value) => refusal(endpoint, status, retry_after, &said(&value).unwrap_or_default()),
            Err(_) => not_json(status, retry_after, &body),
        },
    }
}

fn trimmed(body: &str) -> &str {
    body.trim_start_matches('\u{feff}')
}

fn not_json(status: u16, retry_after: Option<u32>, body: &str) -> Meaning {
    match status {
        429 | 502 | 503 | 504 => Meaning::Again(Why::Failed(status, String::new()), retry_after),
        300..=399 => Meaning::Missing(Why::NotJson(format!("a redirect ({status})"))),
        _ if trimmed(body).trim_start().starts_with('<') => {
            Meaning::Missing(Why::NotJson(format!("a web page (status {status})")))
        }
        200..=299 => Meaning::Missing(Why::NotJson(format!("something that is not JSON (status {status})"))),
        404 => Meaning::NoPath,
        401 => Meaning::Missing(Why::WrongKey("status 401".to_owned())),
        403 => Meaning::Missing(Why::Forbidden("status 403".to_owned())),
        _ => Meaning::Missing(Why::Failed(status, String::new())),
    }
}

fn refusal(endpoint: &Endpoint, status: u16, retry_after: Option<u32>, words: &str) -> Meaning {
    let lower = words.to_ascii_lowercase();
    let has = |parts: &[&str]| parts.iter().any(|part| lower.contains(part));
    match status {
        429 | 502 | 503 | 504 => Meaning::Again(Why::Failed(status, with_colon(words)), retry_after),
        // By text, not by status: it is 400 on some paths and 500 on others (`reference/litellm.md` 1.1).
        400..=599 if has(NO_DATABASE) => Meaning::Missing(Why::NoDatabase),
        403 if endpoint.id == "organizations" && has(&["enterprise"]) => Meaning::Missing(Why::Licence),
        401 if has(RIGHTS) => Meaning::Missing(Why::Forbidden(first_sentence(words))),
        401 => Meaning::Missing(Why::WrongKey(first_sentence(words))),
        403 => Meaning::Missing(Why::Forbidden(first_sentence(words))),
        404 if endpoint.role == Role::Each => Meaning::Gone,
        404 => Meaning::NoPath,
        _ => Meaning::Missing(Why::Failed(status, with_colon(words))),
    }
}

/// How LiteLLM says that it has no database.
const NO_DATABASE: &[&str] = &[
    "db not connected",
    "database not connected",
    "no db connected",
    "no database connected",
    "not connected to a database",
    "not connected to db",
    "connect a database",
    "prisma_client is none",
    "prisma client not initialized",
];

/// How LiteLLM says, with a 401, that the key is known and may not do this.
const RIGHTS: &[&str] =
    &["only proxy admin", "your role", "role=", "not allowed to call this route", "not allowed to access"];

/// The proxy's words in an error body: `{"error":{"message"}}`, `{"detail":…}` (`reference/litellm.md` 1.1).
fn said(body: &Value) -> Option<String> {
    let map = body.as_object()?;
    if map.len() > 2 {
        return None;
    }
    let said = map.get("error").or_else(|| map.get("detail"))?;
    let inner = said.get("message").or_else(|| said.get("error")).unwrap_or(said);
    Some(inner.as_str().map_or_else(|| inner.to_string(), str::to_owned))
}

/// The first sentence: what follows may repeat the key that was sent, or its hash.
fn first_sentence(words: &str) -> String {
    words.split(". ").next().unwrap_or_default().chars().take(200).collect()
}

fn with_colon(words: &str) -> String {
    if words.is_empty() { String::new() } else { format!(": {}", first_sentence(words)) }
}
