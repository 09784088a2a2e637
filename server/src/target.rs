//! The Bifrost gateway: the calls of `bifrost::Endpoint` and no others.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Bytes;
use bifrost::{Answer, Endpoint};
use hyper::Method;
use hyper::header::{AUTHORIZATION, HeaderName};
use litellm::Secret;
use serde_json::Value;
use zeroize::Zeroizing;

use crate::practice::Practice;
use crate::settings::{Network, TargetSettings};
use crate::upstream::{Ask, Loss, Outgoing, TOTAL, Upstream};

/// Where the gateway's answers come from.
#[derive(Debug)]
pub(crate) enum Target {
    /// A running gateway.
    Gateway(Box<Upstream>),
    /// The practice gateway.
    Practice(Arc<Practice>),
}

/// A call that is ready to be sent.
#[derive(Debug)]
pub(crate) enum Prepared {
    /// To a running gateway.
    Request(Box<Outgoing>),
    /// To the practice gateway.
    Practice { method: bifrost::Method, path: String, query: BTreeMap<String, String>, body: Option<Bytes> },
}

impl Target {
    /// A running gateway.
    pub(crate) fn gateway(settings: TargetSettings, network: Network) -> Self {
        let setup = HeaderName::from_static("x-bifrost-setup-token");
        let login = settings.authorization.map(|secret| (AUTHORIZATION, secret));
        let credentials: Vec<(HeaderName, Secret)> =
            login.into_iter().chain(settings.setup_token.map(|secret| (setup, secret))).collect();
        Self::Gateway(Box::new(Upstream::new(settings.url, network, credentials, &settings.masked)))
    }

    /// How the page calls it.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Gateway(upstream) => upstream.name().to_owned(),
            Self::Practice(practice) => practice.gateway_name(),
        }
    }

    /// Makes one call. `body` has its secrets filled in.
    pub(crate) async fn call(
        &self,
        endpoint: Endpoint,
        params: &BTreeMap<String, String>,
        query: &BTreeMap<String, String>,
        body: Option<&Value>,
    ) -> Result<Answer, Loss> {
        self.send(self.prepare(endpoint, params, query, body)?).await
    }

    /// A call made ready, so that nothing is left to do but to send it. `body` has its secrets filled in.
    pub(crate) fn prepare(
        &self,
        endpoint: Endpoint,
        params: &BTreeMap<String, String>,
        query: &BTreeMap<String, String>,
        body: Option<&Value>,
    ) -> Result<Prepared, Loss> {
        let path = endpoint.path(params).map_err(|missing| Loss::NotSent(format!("{missing}.")))?;
        if body.is_some() && !takes_body(endpoint) {
            return Err(Loss::NotSent(format!("The call {} takes no body.", endpoint.id())));
        }
        let body = body.map(bytes);
        match self {
            Self::Gateway(upstream) => {
                // The list of models is asked to prove that a caller without a key is refused.
                let anonymous = endpoint == Endpoint::ModelList;
                let ask = Ask { method: verb(endpoint), path: &path, query, body, anonymous, key: None, total: TOTAL };
                upstream.request(ask).map(Box::new).map(Prepared::Request)
            }
            Self::Practice(_) => Ok(Prepared::Practice { method: endpoint.method(), path, query: query.clone(), body }),
        }
    }

    /// Sends a call that was made ready.
    pub(crate) async fn send(&self, prepared: Prepared) -> Result<Answer, Loss> {
        match (self, prepared) {
            (Self::Gateway(upstream), Prepared::Request(request)) => {
                upstream.carry_out(*request).await.map(|reply| reply.answer)
            }
            (Self::Practice(practice), Prepared::Practice { method, path, query, body }) => {
                Ok(practice.call(method, &path, &query, body.as_deref()))
            }
            _ => Err(Loss::NotSent("The call was made ready for another gateway.".to_owned())),
        }
    }
}

impl Target {
    /// Asks the inference route with a virtual key and nothing else: for its list of models, or for a short answer of
    /// a model.
    pub(crate) async fn ask(&self, key: &Secret, model: Option<&str>) -> Result<Answer, Loss> {
        let Self::Gateway(upstream) = self else {
            return Err(Loss::NotSent("The practice gateway is not asked with keys.".to_owned()));
        };
        let body = model.map(|model| {
            let message = serde_json::json!([{ "role": "user", "content": "ping" }]);
            bytes(&serde_json::json!({ "model": model, "messages": message, "max_tokens": 16 }))
        });
        let (method, path) = match body {
            Some(_) => (Method::POST, "/v1/chat/completions"),
            None => (Method::GET, "/v1/models"),
        };
        let query = BTreeMap::new();
        let ask = Ask { method, path, query: &query, body, anonymous: true, key: Some(key), total: TOTAL };
        upstream.send(ask).await.map(|reply| reply.answer)
    }
}

fn takes_body(endpoint: Endpoint) -> bool {
    matches!(endpoint.method(), bifrost::Method::Post | bifrost::Method::Put)
}

/// The body as it is sent; wiped when the connection has let go of it.
fn bytes(body: &Value) -> Bytes {
    Bytes::from_owner(Zeroizing::new(serde_json::to_vec(body).unwrap_or_default()))
}

fn verb(endpoint: Endpoint) -> Method {
    match endpoint.method() {
        bifrost::Method::Get => Method::GET,
        bifrost::Method::Post => Method::POST,
        bifrost::Method::Put => Method::PUT,
        bifrost::Method::Delete => Method::DELETE,
    }
}
