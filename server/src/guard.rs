//! Who is let in: decided on the head of a request, before any route is looked at.
//!
//! Every web page in the browser can send requests to a port of this machine, and with a name of its own that
//! leads here it even looks like ours. So: the Host must be one of ours to the letter, every call needs the token
//! that was printed once, and what a browser says about the origin of a call must be us.

use std::sync::Mutex;
use std::time::Duration;

use axum::http::header::{AUTHORIZATION, CONTENT_LENGTH, HOST, ORIGIN};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use subtle::ConstantTimeEq;
use tokio::time::Instant;
use wire::{KeepPlan, Route as _, code};

use crate::hex::hex;
use crate::journal::MAX_PLAN;
use crate::refuse::Refused;

/// The largest request body, in bytes, but for that of a plan to keep.
const MAX_BODY: usize = 4 << 20;

/// Wrong tokens that are answered without delay.
const FREE_TRIES: u32 = 10;

/// Afterwards one wrong token in this time.
const TRY_EVERY: Duration = Duration::from_secs(1);

/// The rules of the door.
#[derive(Debug)]
pub(crate) struct Guard {
    hosts: Vec<String>,
    token: Token,
    tries: Mutex<Tries>,
}

impl Guard {
    /// A guard that knows itself under these `host:port` names.
    pub(crate) fn new(hosts: Vec<String>, token: Token) -> Self {
        Self { hosts, token, tries: Mutex::new(Tries { wrong: 0, last: None }) }
    }

    /// Size, Host, verb, then, below `/api`, token and origin.
    pub(crate) fn admit(&self, head: &Parts) -> Result<(), Refused> {
        size(head.uri.path(), &head.headers)?;
        self.host(head)?;
        if head.method != Method::GET && head.method != Method::POST {
            let message = "This relay answers GET and POST only.";
            return Err(Refused::request(StatusCode::METHOD_NOT_ALLOWED, message));
        }
        if is_api(head.uri.path()) {
            self.token(&head.headers)?;
            origin(&head.headers)?;
        }
        Ok(())
    }

    fn host(&self, head: &Parts) -> Result<(), Refused> {
        // A request line with a whole URL in it is meant for a proxy, and would outrank the Host header.
        let absolute = head.uri.authority().is_some() || head.uri.scheme().is_some();
        let named = sole(&head.headers, &HOST).and_then(|host| host.to_str().ok());
        if !absolute && named.is_some_and(|host| self.hosts.iter().any(|ours| ours == host)) {
            return Ok(());
        }
        let refused = Refused::new(StatusCode::FORBIDDEN, code::HOST, "This relay does not serve that name.");
        Err(refused.hint("Open the link the relay printed, or start it with --allow-host NAME:PORT."))
    }

    fn token(&self, headers: &HeaderMap) -> Result<(), Refused> {
        let unauthorized = |message: &str| {
            let refused = Refused::new(StatusCode::UNAUTHORIZED, code::TOKEN, message);
            refused.hint("Open the link the relay printed when it was started.")
        };
        if !headers.contains_key(AUTHORIZATION) {
            return Err(unauthorized("This call needs the token of the relay."));
        }
        let given = sole(headers, &AUTHORIZATION).and_then(|value| value.as_bytes().strip_prefix(b"Bearer "));
        if given.is_some_and(|given| self.token.is(given)) {
            return Ok(());
        }
        if self.too_many() {
            let message = "Too many wrong tokens; one a second is looked at.";
            return Err(Refused::new(StatusCode::TOO_MANY_REQUESTS, code::TOKEN, message));
        }
        Err(unauthorized("That is not the token of this relay."))
    }

    /// Counts a wrong token. The right one is never held up, so that nobody can shut the person out by guessing.
    fn too_many(&self) -> bool {
        let mut tries = self.tries.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let now = Instant::now();
        let early = tries.last.is_some_and(|last| now.duration_since(last) < TRY_EVERY);
        tries.wrong = tries.wrong.saturating_add(1);
        if tries.wrong > FREE_TRIES && early {
            return true;
        }
        tries.last = Some(now);
        false
    }
}

/// The token printed at the start: 64 hexadecimal digits, 256 bits.
pub(crate) struct Token(String);

impl Token {
    /// From 32 random bytes.
    pub(crate) fn new(random: [u8; 32]) -> Self {
        Self(hex(&random))
    }

    /// Its text, for the one link.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    fn is(&self, given: &[u8]) -> bool {
        self.0.as_bytes().ct_eq(given).into()
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(••••••••)")
    }
}

#[derive(Debug)]
struct Tries {
    wrong: u32,
    last: Option<Instant>,
}

/// Whether a path is the relay's own business. Paths are never decoded, so `/%61pi` is not.
pub(crate) fn is_api(path: &str) -> bool {
    path == "/api" || path.starts_with("/api/")
}

/// The header's value, if it is there exactly once.
fn sole<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a HeaderValue> {
    let mut values = headers.get_all(name).iter();
    values.next().filter(|_| values.next().is_none())
}

/// A browser says where a call comes from; a program says nothing.
fn origin(headers: &HeaderMap) -> Result<(), Refused> {
    let ours = |origin: &HeaderValue| {
        let origin = origin.to_str().unwrap_or_default();
        let host = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
        host.is_some_and(|host| headers.get(HOST).is_some_and(|named| named == host))
    };
    let site = HeaderName::from_static("sec-fetch-site");
    let from_us = !headers.contains_key(ORIGIN) || sole(headers, &ORIGIN).is_some_and(ours);
    let same_site = !headers.contains_key(&site)
        || sole(headers, &site).is_some_and(|value| value == "same-origin" || value == "none");
    if from_us && same_site {
        return Ok(());
    }
    Err(Refused::new(StatusCode::FORBIDDEN, code::HOST, "Only the relay's own page may call it from a browser."))
}

/// How large a body may be that is sent to a path, in bytes.
pub(crate) fn largest(path: &str) -> usize {
    if path == KeepPlan::PATH { MAX_PLAN } else { MAX_BODY }
}

fn size(path: &str, headers: &HeaderMap) -> Result<(), Refused> {
    let Some(length) = headers.get(CONTENT_LENGTH) else { return Ok(()) };
    let largest = largest(path);
    let length: Option<usize> = length.to_str().ok().and_then(|text| text.parse().ok());
    if length.is_some_and(|length| length <= largest) { Ok(()) } else { Err(too_large(largest)) }
}

/// The request is larger than the relay takes.
pub(crate) fn too_large(largest: usize) -> Refused {
    let message = format!("The request is larger than {} MiB.", largest >> 20);
    Refused::new(StatusCode::PAYLOAD_TOO_LARGE, code::TOO_LARGE, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn wrong_tokens_run_out_and_the_right_one_does_not() {
        let guard = Guard::new(vec!["localhost:1".to_owned()], Token::new([7; 32]));
        let status = |token: &str| {
            let request = axum::http::Request::get("/api/status")
                .header(HOST, "localhost:1")
                .header(AUTHORIZATION, format!("Bearer {token}"))
                .body(())
                .expect("a request");
            guard.admit(&request.into_parts().0).err().map(|refused| refused.status.as_u16())
        };
        let right = "07".repeat(32);
        for _ in 0..10 {
            assert_eq!(status("guess"), Some(401));
        }
        assert_eq!(status("guess"), Some(429));
        assert_eq!(status(&right), None);
        tokio::time::advance(Duration::from_millis(1001)).await;
        assert_eq!(status("guess"), Some(401));
        assert_eq!(status("guess"), Some(429));
        assert_eq!(status(&right), None);
    }

    #[test]
    fn a_token_shows_nothing_of_itself() {
        assert!(!format!("{:?}", Token::new([7; 32])).contains("07"));
    }
}
