//! Answers that end a reading, in words.

use super::ObserveError;
use crate::{Answer, Endpoint};

/// Whether the answer means that the gateway does not let us in, and in which way.
pub(super) fn refusal(endpoint: Endpoint, answer: &Answer) -> Option<ObserveError> {
    // A list of thousands is not read for a message it does not hold.
    if !matches!(answer.status, 401 | 403) {
        return None;
    }
    let message = answer.message().unwrap_or_default();
    let lower = message.to_lowercase();
    match answer.status {
        401 if lower.contains("setup token") => Some(ObserveError::SetupLocked),
        401 => Some(ObserveError::Locked),
        403 if lower.contains("no setup token is set") => Some(ObserveError::SetupImpossible),
        403 if lower.contains("setup token") => Some(ObserveError::WrongSetupToken),
        403 => Some(ObserveError::Forbidden { endpoint: endpoint.id(), message }),
        _ => None,
    }
}

/// An answer without what it should hold.
pub(super) fn unusable(endpoint: Endpoint, answer: &Answer, key: &str) -> ObserveError {
    let what = match answer.message() {
        Some(message) => format!("{}, {message}", answer.status),
        None if answer.is_success() && answer.json().is_some() => format!("there is no {key} in it"),
        None => shape(answer),
    };
    ObserveError::Unusable { endpoint: endpoint.id(), what }
}

/// The outside of an answer in words: `200 text/html`.
pub(super) fn shape(answer: &Answer) -> String {
    let kind = if answer.content_type.is_empty() { "without a type" } else { answer.content_type.as_str() };
    format!("it answered {} {kind}", answer.status)
}
