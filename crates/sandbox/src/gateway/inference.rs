//! Inference, as far as access goes.

use model::Moment;
use serde_json::json;

use super::State;
use super::reply::{Outcome, ok};
use crate::Request;

impl State {
    /// The value of the virtual key that a request carries, if it carries one.
    pub(super) fn virtual_key_value(&self, request: &Request) -> Option<String> {
        let _ = self;
        request.header_value("x-bf-vk").map(str::to_owned)
    }

    /// `GET /v1/models`.
    pub(super) fn list_models(&self, _request: &Request, _now: Moment) -> Outcome {
        let _ = self;
        ok(&json!({ "data": [] }))
    }

    /// `POST /v1/chat/completions`.
    pub(super) fn complete_chat(&self, _request: &Request, _now: Moment) -> Outcome {
        let _ = self;
        ok(&json!({}))
    }
}
