//! What a task needs to know of its op.

use bifrost::Kind;
use model::OpId;
use plan::{Action, Op};
use serde_json::Value;

use crate::body;

/// What is needed of an op to do it, without what the plan tells people.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    pub(crate) id: OpId,
    pub(crate) kind: Kind,
    /// By which the object is found.
    pub(crate) name: String,
    /// It writes over something that is there.
    pub(crate) changes: bool,
    pub(crate) target_id: Option<String>,
    /// The object as the plan was made from it.
    pub(crate) before: Option<Value>,
}

impl Job {
    /// The job of an op; `planned` is its body with ids.
    pub(crate) fn of(op: &Op, planned: &Value) -> Self {
        Self {
            id: op.id.clone(),
            kind: op.kind,
            name: body::name_of(op, planned),
            // The gateway's own settings are always there.
            changes: op.action == Action::Change || op.kind == Kind::ClientConfig,
            target_id: op.target_id.clone(),
            before: op.before.clone(),
        }
    }
}
