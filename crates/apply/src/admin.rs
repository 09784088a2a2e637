//! The first administrator of a gateway that has none. It is offered and never part of a plan: whoever makes one decides
//! who may change the gateway from then on. Source: `reference/bifrost-api.md` 1.1, 1.3, 2.5; topic 16.

use bifrost::compare::{Difference, differences};
use bifrost::{Answer, Call, Endpoint, Kind, hole};
use model::SecretId;
use serde_json::{Value, json};

use crate::body;
use crate::reply;

/// The slot of the new password in the body of [`first_admin`].
pub const ADMIN_PASSWORD: &str = "admin/password";

/// The slot of the gateway's setup token there.
pub const SETUP_TOKEN: &str = "admin/setup_token";

/// The call that makes the administrator of that name; the secrets are holes. `config` is what `GET /api/config` says:
/// its settings are sent along as they are, for what is left out would be reset.
pub fn first_admin(config: &Value, user: &str, with_token: bool) -> Call {
    let shown = config.get("client_config").unwrap_or(&Value::Null);
    let mut body = body::update_body(Kind::ClientConfig, &json!({ "client_config": {} }), shown);
    let secret = |slot: &str| hole::secret(&SecretId::new(slot));
    body["auth_config"] =
        json!({ "admin_username": user, "admin_password": secret(ADMIN_PASSWORD), "is_enabled": true });
    if with_token {
        body["auth_config"]["setup_token"] = secret(SETUP_TOKEN);
    }
    Call::new(Endpoint::ConfigPut).body(body)
}

/// Why the gateway did not make it, in its own words, without what they may repeat of what was sent.
pub fn refusal(answer: &Answer) -> String {
    reply::words(answer)
}

/// What else is different from what [`first_admin`] sent, when the settings are read back. A number that was never set is
/// shown as 0 and, once it was sent back, as its default; that is no change (topic 13).
pub fn changed_beside(call: &Call, config: &Value) -> Vec<Difference> {
    let sent = call.body.as_ref().and_then(|body| body.get("client_config")).unwrap_or(&Value::Null);
    let mut changed = differences(Kind::ClientConfig, sent, config.get("client_config").unwrap_or(&Value::Null));
    changed.retain(|difference| difference.intended.as_f64() != Some(0.0));
    changed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_other_settings_go_along_as_they_are() {
        let config = json!({ "client_config": { "enforce_auth_on_inference": false, "log_retention_days": 0 } });
        let call = first_admin(&config, "root", true);
        let expected = json!({
            "client_config": { "enforce_auth_on_inference": false, "log_retention_days": 365 },
            "auth_config": {
                "admin_username": "root",
                "admin_password": { "$secret": "admin/password" },
                "is_enabled": true,
                "setup_token": { "$secret": "admin/setup_token" },
            },
        });
        assert_eq!(call.body, Some(expected));
        let closed = json!({ "client_config": { "enforce_auth_on_inference": true, "log_retention_days": 365 } });
        let changed = changed_beside(&call, &closed);
        assert_eq!(changed.len(), 1, "{changed:?}");
        assert_eq!(
            first_admin(&config, "root", false).body.map(|body| body["auth_config"]["setup_token"].clone()),
            Some(Value::Null)
        );
    }
}
