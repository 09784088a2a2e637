//! Carries out the engine's calls without a page: fills the secrets in at the last moment and sends.

use bifrost::hole::{self, Hole};
use bifrost::{Answer, Call};
use inventory::{Opened, Vault};
use serde_json::Value;

use crate::target::Target;
use crate::upstream::Loss;

/// The gateway as the headless commands speak to it.
#[derive(Debug)]
pub(crate) struct Driver {
    target: Target,
}

impl Driver {
    /// A driver of that gateway.
    pub(crate) fn new(target: Target) -> Self {
        Self { target }
    }

    /// The gateway's name, for the journal.
    pub(crate) fn target_name(&self) -> String {
        self.target.name()
    }

    /// Sends a call. A body with a hole that cannot be filled is not sent.
    pub(crate) async fn call(&self, call: &Call, secrets: &Vault<Opened>) -> Result<Answer, Loss> {
        let body = call.body.as_ref().map(|body| filled(body, secrets)).transpose()?;
        self.target.call(call.endpoint, &call.params, &call.query, body.as_ref()).await
    }
}

fn filled(body: &Value, secrets: &Vault<Opened>) -> Result<Value, Loss> {
    let filled = hole::fill(body, &mut |hole| match hole {
        Hole::Secret(id) => secrets.expose(id).map(|secret| Value::from(secret.expose())),
        Hole::Ref(_) => None,
    });
    match hole::holes(&filled).first() {
        None => Ok(filled),
        Some(Hole::Secret(id)) => Err(Loss::NotSent(format!("The secret {id} could not be opened."))),
        Some(Hole::Ref(op)) => Err(Loss::NotSent(format!("The id that {op} was to give is not known."))),
    }
}

#[cfg(test)]
mod tests {
    use model::{OpId, SecretId};

    use super::*;

    #[test]
    fn nothing_with_a_hole_is_sent() {
        let (_, vault) = inventory::gather(litellm::read(&[])).open(&[]);
        let check = |body: Value| filled(&body, &vault).map_err(|loss| loss.to_string());
        assert_eq!(check(serde_json::json!({"a": [1]})), Ok(serde_json::json!({"a": [1]})));
        let secret = hole::secret(&SecretId::new("credential/x/api_key"));
        assert_eq!(
            check(serde_json::json!({"value": secret})),
            Err("The secret credential/x/api_key could not be opened.".to_owned())
        );
        let reference = hole::reference(&OpId::new("team/a"));
        assert_eq!(
            check(serde_json::json!([reference])),
            Err("The id that team/a was to give is not known.".to_owned())
        );
    }
}
