//! The LiteLLM proxy: read, never written. There is no way through here to any verb but GET.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use hyper::Method;
use hyper::header::AUTHORIZATION;
use litellm::Secret;
use litellm::endpoint::Endpoint;

use crate::practice::Practice;
use crate::settings::{Network, SourceSettings};
use crate::upstream::{Ask, Loss, Reply, Upstream};

/// How long a read may take: the older list of teams took nine seconds for 125 of them (`reference/litellm.md` 1.7).
const TOTAL: Duration = Duration::from_mins(2);

/// Where LiteLLM's answers come from.
#[derive(Debug)]
pub(crate) enum Source {
    /// A running proxy.
    Proxy(Box<Upstream>),
    /// The practice company's.
    Practice(Arc<Practice>),
}

impl Source {
    /// A running proxy.
    pub(crate) fn proxy(settings: SourceSettings, network: Network) -> Self {
        let bearer = |key: &Secret| (AUTHORIZATION, Secret::new(format!("Bearer {}", key.expose())));
        let credentials = settings.master_key.iter().map(bearer).collect();
        let masked: Vec<Secret> = settings.master_key.into_iter().collect();
        Self::Proxy(Box::new(Upstream::new(settings.url, network, credentials, &masked)))
    }

    /// How the page calls it.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Proxy(upstream) => upstream.name().to_owned(),
            Self::Practice(_) => Practice::proxy_name(),
        }
    }

    /// Asks one of the reads. Query names that the endpoint does not list are refused.
    pub(crate) async fn read(&self, endpoint: &Endpoint, query: &BTreeMap<String, String>) -> Result<Reply, Loss> {
        if query.keys().any(|name| !endpoint.query.contains(&name.as_str())) {
            return Err(Loss::NotSent(format!("The read {} takes no such query.", endpoint.id)));
        }
        match self {
            Self::Proxy(upstream) => {
                let (method, path) = (Method::GET, endpoint.path);
                upstream.send(Ask { method, path, query, body: None, anonymous: false, key: None, total: TOTAL }).await
            }
            Self::Practice(practice) => Ok(Reply { answer: practice.read(endpoint.path, query), retry_after: None }),
        }
    }
}
