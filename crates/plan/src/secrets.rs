//! Whether a secret on the gateway is still the one of LiteLLM, as far as the gateway shows it: references by name, of
//! values the ends (`reference/bifrost-api.md` 3.5).

use std::collections::BTreeMap;

use bifrost::Kind;
use bifrost::compare::{Difference, differences};
use bifrost::hole::{self, Hole};
use inventory::{Opened, Vault};
use model::{Code, Finding, OpId};
use serde_json::Value;

use crate::diff::with_ids;
use crate::draft::Planner;
use crate::types::{Action, Op};

/// Why an object is written again that looks as it should.
pub(crate) const ROTATED: &str = "its secret in LiteLLM is another one than on the gateway";

/// Whether an object that looks as it should has visibly another secret. Nothing of the secret gets into the plan.
pub(crate) fn differ(op: &Op, ids: &BTreeMap<OpId, String>, vault: &Vault<Opened>) -> bool {
    let (Action::Same, Some(body), Some(shown)) = (op.action, &op.after, &op.before) else { return false };
    if !holds_secrets(op.kind) {
        return false;
    }
    let with_secrets = hole::fill(&with_ids(body, ids), &mut |hole| match hole {
        Hole::Secret(id) => vault.sent(id).map(Value::String),
        Hole::Ref(_) => None,
    });
    // What is not shown at all says nothing, nor does a variable of the gateway's host that a start from a file was
    // given for a value.
    let tells = |found: &Difference| {
        let is_variable = found.intended.as_str().is_some_and(|text| text.starts_with("env."));
        !found.observed.is_null() && (is_variable || !is_reference(&found.observed))
    };
    differences(op.kind, &with_secrets, shown).iter().any(tells)
}

/// Whether the gateway shows a reference, in any of its forms.
fn is_reference(shown: &Value) -> bool {
    let text =
        |value: &Value| value.as_str().is_some_and(|text| text.starts_with("env.") || text.starts_with("vault."));
    text(shown) || ["env_var", "ref", "value"].iter().any(|field| shown.get(field).is_some_and(text))
}

const fn holds_secrets(kind: Kind) -> bool {
    matches!(kind, Kind::Provider | Kind::ProviderKey | Kind::McpClient)
}

impl Planner<'_> {
    /// Names the objects of which the gateway shows too little to tell a rotated secret.
    pub(crate) fn unseen_secrets(&mut self, ops: &[Op]) {
        let unseen = |op: &&Op| {
            let (Action::Same, Some(body), Some(shown)) = (op.action, &op.after, &op.before) else { return false };
            holds_secrets(op.kind) && is_unseen(body, shown, self.vault)
        };
        let names: Vec<String> =
            ops.iter().filter(unseen).map(|op| format!("{} {}", op.kind.title().to_lowercase(), op.name)).collect();
        if names.is_empty() {
            return;
        }
        let message = format!(
            "the gateway shows too little of these secrets to tell whether they are still the ones in LiteLLM, so they stay as they are: {}",
            names.join(", ")
        );
        let finding = Finding::warning(Code::new("plan.unseen_secret"), "secrets", message);
        self.findings
            .push(finding.hint("if one was given another value in LiteLLM, set it in the gateway's dashboard as well"));
    }
}

/// Whether a secret value stands behind something that says nothing of it. JSON documents begin and end alike.
fn is_unseen(body: &Value, shown: &Value, vault: &Vault<Opened>) -> bool {
    if let Some(Hole::Secret(id)) = hole::read(body) {
        let Some(secret) = vault.expose(&id).filter(|_| vault.environment(&id).is_none()) else { return false };
        let text = shown.get("value").unwrap_or(shown).as_str().unwrap_or_default();
        let both_ends = !text.starts_with('*') && !text.ends_with('*') && text.contains("****");
        return text != secret.expose() && (!both_ends || secret.expose().trim_start().starts_with('{'));
    }
    match body {
        Value::Object(fields) => {
            fields.iter().any(|(key, value)| is_unseen(value, shown.get(key).unwrap_or(&Value::Null), vault))
        }
        _ => false,
    }
}
