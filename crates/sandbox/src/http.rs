//! Requests and answers as data.

use std::collections::BTreeMap;

/// A request as it arrives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// The verb, in upper case.
    pub method: String,
    /// The path, percent-encoded, without the query.
    pub path: String,
    /// The query, decoded.
    pub query: BTreeMap<String, String>,
    /// The headers, by lower-case name.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: String,
}

impl Request {
    /// A request for `target`, a path with an optional query.
    pub fn new(method: &str, target: &str) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let query = query
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .map(|(name, value)| (decode(name), decode(value)))
            .collect();
        Self { method: method.to_owned(), path: path.to_owned(), query, ..Self::default() }
    }

    /// With a JSON body.
    #[must_use]
    pub fn json(mut self, body: &serde_json::Value) -> Self {
        self.body = body.to_string();
        self
    }

    /// With one header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.insert(name.to_ascii_lowercase(), value.to_owned());
        self
    }

    /// The value of a cookie.
    pub(crate) fn cookie(&self, name: &str) -> Option<&str> {
        let cookies = self.header_value("cookie")?.split(';').filter_map(|pair| pair.trim().split_once('='));
        cookies.into_iter().find(|(key, _)| *key == name).map(|(_, value)| value)
    }

    /// The value of a header.
    pub(crate) fn header_value(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// The segments of the path, decoded.
    pub(crate) fn segments(&self) -> Vec<String> {
        self.path.strip_prefix('/').unwrap_or(&self.path).split('/').map(decode).collect()
    }
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The media type, as the header has it; empty where there is none.
    pub content_type: String,
    /// The body.
    pub body: String,
    /// The cookie it sets, `name=value`.
    pub cookie: Option<String>,
}

impl Response {
    /// A JSON answer.
    pub(crate) fn json(status: u16, body: &serde_json::Value) -> Self {
        // A page of keys is long, and this is the quickest way to write it.
        let body = serde_json::to_string(body).unwrap_or_default();
        Self { status, content_type: "application/json".to_owned(), body, cookie: None }
    }

    /// An answer of another type.
    pub(crate) fn text(status: u16, content_type: &str, body: &str) -> Self {
        Self { status, content_type: content_type.to_owned(), body: body.to_owned(), cookie: None }
    }

    /// The same with a cookie.
    pub(crate) fn with_cookie(mut self, cookie: String) -> Self {
        self.cookie = Some(cookie);
        self
    }

    /// The body as JSON; null where it is none.
    pub fn value(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }
}

/// Undoes percent-encoding; what is no UTF-8 afterwards becomes the replacement character.
fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let escaped = match (first, tail) {
            (b'%', [high, low, after @ ..]) => hex(*high).zip(hex(*low)).map(|(high, low)| (high * 16 + low, after)),
            _ => None,
        };
        let (byte, after) = escaped.unwrap_or((first, tail));
        bytes.push(byte);
        rest = after;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(target: &str, segments: &[&str], query: &[(&str, &str)]) {
        let request = Request::new("GET", target);
        assert_eq!(request.segments(), segments, "segments of {target:?}");
        let expected: BTreeMap<_, _> = query.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        assert_eq!(request.query, expected, "query of {target:?}");
    }

    #[test]
    fn a_target_is_taken_apart() {
        check("/api/keys", &["api", "keys"], &[]);
        check("/api/providers/team%2Fllm?a=b%20c&d", &["api", "providers", "team/llm"], &[("a", "b c"), ("d", "")]);
        check("//api", &["", "api"], &[]);
        check("/100%", &["100%"], &[]);
        check("/%zz%C3%A9", &["%zzé"], &[]);
    }
}
