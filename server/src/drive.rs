//! Carries out the engine's calls without a page: fills the secrets in at the last moment and sends.

use std::borrow::Cow;
use std::sync::Arc;

use bifrost::{Answer, Call};
use inventory::{Opened, Vault};
use litellm::Secret;
use serde_json::Value;

use crate::target::{Prepared, Target};
use crate::upstream::Loss;

/// The gateway as the headless commands speak to it.
#[derive(Debug)]
pub(crate) struct Driver {
    target: Arc<Target>,
}

impl Driver {
    /// A driver of that gateway.
    pub(crate) fn new(target: Target) -> Self {
        Self { target: Arc::new(target) }
    }

    /// The gateway's name, for the journal.
    pub(crate) fn target_name(&self) -> String {
        self.target.name()
    }

    /// Sends a call that has no body.
    pub(crate) async fn read(&self, call: &Call) -> Result<Answer, Loss> {
        self.target.call(call.endpoint, &call.params, &call.query, None).await
    }

    /// Asks the inference route with a virtual key.
    pub(crate) async fn ask(&self, key: &Secret, model: Option<&str>) -> Result<Answer, Loss> {
        self.target.ask(key, model).await
    }

    /// Sends a call whose body has no secrets to fill in. One that has is not sent.
    pub(crate) async fn bare(&self, call: &Call) -> Result<Answer, apply::Loss> {
        let body = call.body.as_ref().map(|body| apply::fill(body, |_| None)).transpose();
        let body = body.map_err(|apply::MissingSecret(slot)| apply::Loss::NoSecret(slot))?;
        self.target.call(call.endpoint, &call.params, &call.query, body.as_ref()).await.map_err(|loss| lost(&loss))
    }

    /// Sends a call with secrets that are in no vault.
    pub(crate) async fn fill_and_send(
        &self,
        call: &Call,
        secret: impl Fn(&model::SecretId) -> Option<String>,
    ) -> Result<Answer, Loss> {
        let body = call.body.as_ref().map(|body| apply::fill(body, secret)).transpose();
        let body =
            body.map_err(|apply::MissingSecret(slot)| Loss::NotSent(format!("The secret {slot} is not there.")))?;
        self.target.call(call.endpoint, &call.params, &call.query, body.as_ref()).await
    }

    /// Makes a call ready to be sent. A body with a hole that cannot be filled is not sent.
    pub(crate) fn prepare(&self, call: &Call, secrets: &Vault<Opened>) -> Result<Prepared, apply::Loss> {
        let body = call.body.as_ref().map(|body| filled(body, secrets)).transpose().map_err(|missing| {
            let apply::MissingSecret(slot) = missing;
            apply::Loss::NoSecret(slot)
        })?;
        self.target.prepare(call.endpoint, &call.params, &call.query, body.as_deref()).map_err(|loss| lost(&loss))
    }

    /// The gateway, for what sends to it from a thread of its own.
    pub(crate) fn target(&self) -> Arc<Target> {
        Arc::clone(&self.target)
    }
}

/// What the engine is told of a loss.
pub(crate) fn lost(loss: &Loss) -> apply::Loss {
    match loss {
        Loss::NotSent(_) => apply::Loss::NotSent,
        Loss::Unknown(_) | Loss::TooLarge(_) => apply::Loss::Unknown,
    }
}

fn filled<'a>(body: &'a Value, secrets: &Vault<Opened>) -> Result<Cow<'a, Value>, apply::MissingSecret> {
    apply::filled(body, |id| secrets.sent(id))
}

#[cfg(test)]
mod tests {
    use bifrost::hole;
    use model::SecretId;

    use super::*;

    #[test]
    fn nothing_with_a_hole_is_sent() {
        let (_, vault) = inventory::gather(litellm::read(&[])).open(&[]);
        let check = |body: Value| filled(&body, &vault).map(Cow::into_owned);
        assert_eq!(check(serde_json::json!({"a": [1]})), Ok(serde_json::json!({"a": [1]})));
        let slot = SecretId::new("credential/x/api_key");
        let body = serde_json::json!({"value": hole::secret(&slot)});
        assert_eq!(check(body), Err(apply::MissingSecret(slot)));
    }
}
