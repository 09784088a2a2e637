//! Calls to the relay, typed by the route table both sides share.

use gloo_net::http::Request;
use web_sys::RequestInit;
use wire::{Method, Refusal, Route};

use crate::host::token;

/// Why a call to the relay gave no result.
#[derive(Clone, Debug)]
pub(crate) enum CallError {
    /// The relay refused, with a status and its words.
    Refused(u16, Refusal),
    /// Nothing usable came back; whether anything arrived is not known.
    Lost(String),
}

impl CallError {
    /// In one sentence with what to do.
    pub(crate) fn words(&self) -> String {
        match self {
            Self::Refused(_, refusal) if refusal.hints.is_empty() => refusal.message.clone(),
            Self::Refused(_, refusal) => format!("{} {}", refusal.message, refusal.hints.join(" ")),
            Self::Lost(what) => what.clone(),
        }
    }
}

/// Calls one route.
pub(crate) async fn call<R: Route>(body: &R::In) -> Result<R::Out, CallError> {
    let text = match R::METHOD {
        Method::Get => None,
        Method::Post => Some(serde_json::to_string(body).map_err(|error| CallError::Lost(error.to_string()))?),
    };
    let answer = send(R::PATH, text).await?;
    serde_json::from_str(&answer)
        .map_err(|_| CallError::Lost("The relay's answer cannot be read; is it another version?".to_owned()))
}

/// Not generic, so that it is in the binary once.
async fn send(path: &str, body: Option<String>) -> Result<String, CallError> {
    let lost = |_: gloo_net::Error| CallError::Lost("The relay does not answer. Is it still running?".to_owned());
    let response = request(path, body).map_err(lost)?.send().await.map_err(lost)?;
    let text = response.text().await.map_err(lost)?;
    if response.ok() {
        return Ok(text);
    }
    let status = response.status();
    let refusal = serde_json::from_str(&text).unwrap_or_else(|_| Refusal {
        code: "unknown".to_owned(),
        message: format!("The relay refused with status {status}."),
        hints: Vec::new(),
    });
    Err(CallError::Refused(status, refusal))
}

fn request(path: &str, body: Option<String>) -> Result<Request, gloo_net::Error> {
    let builder = if body.is_some() { Request::post(path) } else { Request::get(path) };
    let builder = match token::bearer() {
        Some(bearer) => builder.header("Authorization", &bearer),
        None => builder,
    };
    match body {
        Some(body) => builder.header("Content-Type", "application/json").body(body),
        None => builder.build(),
    }
}

/// Asks for something while the page goes away. The browser carries it on without the page, so nobody hears the answer.
pub(crate) fn ask_leaving<R: Route>(body: &R::In) {
    let request = serde_json::to_string(body).ok().and_then(|body| request(R::PATH, Some(body)).ok());
    let (Some(window), Some(request)) = (web_sys::window(), request) else { return };
    let options = RequestInit::new();
    // Not yet among the names that web-sys has.
    if js_sys::Reflect::set(&options, &"keepalive".into(), &true.into()).is_ok() {
        drop(window.fetch_with_request_and_init(&request.into(), &options));
    }
}
