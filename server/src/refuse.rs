//! How the relay says no.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use wire::{Refusal, code};

/// A refusal with the status that fits it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    /// The status.
    pub(crate) status: StatusCode,
    /// What is said.
    pub(crate) refusal: Refusal,
}

impl Refused {
    /// A refusal of that kind.
    pub(crate) fn new(status: StatusCode, code: &str, message: impl Into<String>) -> Self {
        let refusal = Refusal { code: code.to_owned(), message: message.into(), hints: Vec::new() };
        Self { status, refusal }
    }

    /// With one more thing to do about it.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.refusal.hints.push(hint.into());
        self
    }

    /// The relay was started without that.
    pub(crate) fn not_configured(what: &str, how: &str) -> Self {
        let message = format!("This relay was started without {what}.");
        Self::new(StatusCode::NOT_FOUND, code::NOT_CONFIGURED, message).hint(how)
    }

    /// Not a request this relay knows.
    pub(crate) fn request(status: StatusCode, message: impl Into<String>) -> Self {
        Self::new(status, code::REQUEST, message)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (self.status, Json(self.refusal)).into_response()
    }
}
