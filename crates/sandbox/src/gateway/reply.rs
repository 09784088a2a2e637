//! The forms of the gateway's answers.

use serde_json::{Value, json};

use crate::Response;

/// Why a request was refused: the status and the gateway's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) message: String,
}

/// What a handler comes to.
pub(super) type Outcome = Result<Response, Refusal>;

impl Refusal {
    pub(super) fn new(status: u16, message: impl Into<String>) -> Self {
        Self { status, message: message.into() }
    }

    pub(super) fn bad(message: impl Into<String>) -> Self {
        Self::new(400, message)
    }

    pub(super) fn missing(message: impl Into<String>) -> Self {
        Self::new(404, message)
    }

    pub(super) fn failed(message: impl Into<String>) -> Self {
        Self::new(500, message)
    }
}

impl From<Refusal> for Response {
    fn from(refusal: Refusal) -> Self {
        Self::json(
            refusal.status,
            &json!({
                "is_bifrost_error": false,
                "status_code": refusal.status,
                "error": { "message": refusal.message },
                "extra_fields": { "routing_info": {} },
            }),
        )
    }
}

/// The answer without `extra_fields.routing_info`, which older releases do not have.
pub(super) fn without_routing(response: Response) -> Response {
    let mut body = response.value();
    let told =
        body.get_mut("extra_fields").and_then(Value::as_object_mut).and_then(|extra| extra.remove("routing_info"));
    if told.is_some() { Response::json(response.status, &body) } else { response }
}

impl From<super::body::Unreadable> for Refusal {
    fn from(_: super::body::Unreadable) -> Self {
        Self::bad("Invalid JSON")
    }
}

/// A 200.
#[expect(clippy::unnecessary_wraps, reason = "it is what a handler returns")]
pub(super) fn ok(body: &Value) -> Outcome {
    Ok(Response::json(200, body))
}

/// A 200 of nothing but a message.
pub(super) fn done(message: &str) -> Outcome {
    ok(&json!({ "message": message }))
}

/// The dashboard, which answers every GET that nothing else does. A release embeds a real one.
pub(super) fn dashboard() -> Response {
    Response::text(200, "text/html; charset=utf-8", "<!doctype html><title>placeholder</title><p>placeholder ui\n")
}

/// What the router says to every other unknown call.
pub(super) fn not_allowed() -> Response {
    Response::text(405, "text/plain; charset=utf-8", "Method Not Allowed")
}
