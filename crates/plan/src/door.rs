//! The door itself: LiteLLM with a master key lets nobody in without a key, the gateway serves everybody until it is
//! told not to. Source: `reference/bifrost-api.md` 1.5, 2.5, 13.1; policy: `design` promise 1.

use bifrost::Kind;
use litellm::Kind as Source;
use model::OpId;
use serde_json::{Map, Value, json};

use crate::draft::Planner;
use crate::types::Fidelity;

impl Planner<'_> {
    /// The last op: calls without a virtual key are refused from then on.
    pub(crate) fn door(&mut self) -> OpId {
        let mut settings = Map::from_iter([("enforce_auth_on_inference".to_owned(), Value::from(true))]);
        let drop_params =
            self.setting("litellm_settings", "drop_params").filter(|(_, value)| *value == Value::Bool(true));
        if drop_params.is_some() {
            settings.insert("compat".to_owned(), json!({ "should_drop_params": true }));
        }
        let general = self.entity(Source::Settings, "general_settings");
        let origins = general.map(|entity| entity.origins.clone()).unwrap_or_default();
        let body = json!({ "client_config": settings });
        let reason = "last of all: calls without a virtual key are refused, as LiteLLM refuses them";
        let name = Kind::ClientConfig.id();
        let op = self.draft(Kind::ClientConfig, name, Some(body), reason, origins);
        if let Some((source, _)) = drop_params {
            self.ledger.exact(&source, "drop_params", &op, "client_config.compat.should_drop_params");
        }
        if let Some(source) = general.filter(|e| e.object.fields.contains_key("master_key")).map(|e| e.id.clone()) {
            let note = "the gateway has an admin login of its own; calls without a key are refused on both sides";
            let target = "client_config.enforce_auth_on_inference";
            self.ledger.carried(&source, "master_key", &op, target, Fidelity::Approximate, note);
        }
        op
    }
}
