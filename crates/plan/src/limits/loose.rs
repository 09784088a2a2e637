//! Limits that the gateway does not hold, or not as tightly: none of them goes without a word.
//! Policy: `design` 3.5. Facts: `reference/litellm.md` 6.3, 6.4, 6.6.

use std::collections::{BTreeMap, BTreeSet};

use inventory::Entity;
use litellm::Kind as Source;
use model::{Code, Finding, SourceId};

use crate::draft::Planner;
use crate::types::{Fate, Fidelity};

/// What is not held, and whose it is. One warning each, however many objects there are.
pub(crate) type Loose = BTreeMap<&'static str, BTreeSet<SourceId>>;

/// Fields that hold a limit the gateway has no place for: of which kind, which field, what is lost, what to do.
const UNHELD: &[(Source, &str, &str, &str)] = &[
    (Source::VirtualKey, "max_parallel_requests", PARALLEL, PARALLEL_NOTE),
    (Source::Team, "max_parallel_requests", PARALLEL, PARALLEL_NOTE),
    (Source::User, "max_parallel_requests", PARALLEL, PARALLEL_NOTE),
    (Source::Budget, "max_parallel_requests", PARALLEL, PARALLEL_NOTE),
    (Source::VirtualKey, "metadata.model_itpm_limit", TOKENS_IN, TOKENS_IN_NOTE),
    (Source::VirtualKey, "metadata.model_otpm_limit", TOKENS_IN, TOKENS_IN_NOTE),
    (Source::Team, "metadata.model_itpm_limit", TOKENS_IN, TOKENS_IN_NOTE),
    (Source::Team, "metadata.model_otpm_limit", TOKENS_IN, TOKENS_IN_NOTE),
    (Source::VirtualKey, "metadata.tag_rpm_limit", "limits per tag", TAGS_NOTE),
    (Source::Team, "metadata.tag_rpm_limit", "limits per tag", TAGS_NOTE),
    (Source::VirtualKey, "metadata.mcp_rpm_limit", "limits per MCP server", MCP_NOTE),
    (Source::Team, "metadata.mcp_rpm_limit", "limits per MCP server", MCP_NOTE),
    (Source::Organization, "metadata.model_rpm_limit", "limits per model of an organization", ORGANIZATION_NOTE),
    (Source::Organization, "metadata.model_tpm_limit", "limits per model of an organization", ORGANIZATION_NOTE),
    (Source::OrganizationMembership, "budget_id", "budgets of members of an organization", MEMBERS_NOTE),
    (Source::EndUser, "budget_id", "budgets and limits of end users", END_USERS_NOTE),
    (Source::EndUser, "blocked", "blocks of end users", END_USERS_NOTE),
    (Source::EndUser, "models", "models that only some end users may call", END_USERS_NOTE),
    (Source::EndUser, "allowed_model_region", "regions that end users are held to", END_USERS_NOTE),
    (Source::Settings, "tag_budget_config", "budgets of tags", TAGS_NOTE),
    (Source::Settings, "blocked_user_list", "blocks of end users", END_USERS_NOTE),
    (Source::Tag, "budget_id", "budgets of tags", TAGS_NOTE),
    (Source::AccessGroupBudget, "budget_id", "budgets of access groups", ACCESS_GROUPS_NOTE),
    (Source::Deployment, "litellm_params.default_api_key_tpm_limit", DEFAULTS, DEFAULTS_NOTE),
    (Source::Deployment, "litellm_params.default_api_key_rpm_limit", DEFAULTS, DEFAULTS_NOTE),
    (Source::Settings, "max_end_user_budget", "budgets that every end user has", END_USERS_NOTE),
    (Source::Settings, "max_end_user_budget_id", "budgets that every end user has", END_USERS_NOTE),
    (Source::Settings, "global_max_parallel_requests", PARALLEL, PARALLEL_NOTE),
];

const PARALLEL: &str = "limits of parallel requests";
const PARALLEL_NOTE: &str = "the gateway does not count parallel requests; a limit of requests a minute comes nearest, and each provider's concurrency bounds all callers together";
const TOKENS_IN: &str = "limits of input or output tokens per model";
const TOKENS_IN_NOTE: &str = "the gateway counts input and output tokens together; set a limit of tokens for this model on the key that fits both";
const TAGS_NOTE: &str =
    "the gateway knows no tags; give what a tag stands for a virtual key of its own, with this budget or limit on it";
const MCP_NOTE: &str = "the gateway does not count calls of MCP tools; limit them at the MCP server";
const ORGANIZATION_NOTE: &str =
    "the gateway has limits per model only for single keys; set them as model limits of the keys";
const MEMBERS_NOTE: &str = "the gateway has no budget of one person within a customer; set it on this person's keys";
const END_USERS_NOTE: &str = "the gateway does not look at the user field of a request; give these people virtual keys of their own, and set this on them";
const ACCESS_GROUPS_NOTE: &str =
    "the gateway has no budget over several models; set one on each model of the group, or on the keys that use it";
const DEFAULTS: &str = "limits that every key has on a model";
const DEFAULTS_NOTE: &str =
    "the gateway has no limit that every key has; set it as a model limit of the keys that call this model";

impl Planner<'_> {
    /// Notes that a limit of this object is not held as tightly.
    pub(crate) fn loose(&mut self, what: &'static str, object: &SourceId) {
        self.loose.entry(what).or_default().insert(object.clone());
    }

    /// A limit of tokens a day beside one a minute, of the object or of the row it is linked to: the gateway holds one
    /// limit of tokens.
    pub(crate) fn no_day(&mut self, entity: &Entity) {
        let note = "the gateway holds one limit of tokens, and that is the one a minute; set a budget of a day to the same end";
        let linked = entity.object.text("budget_id").and_then(|id| self.entity(Source::Budget, id));
        let stating = [Some(entity), linked].into_iter().flatten();
        for object in stating.filter(|entity| entity.object.fields.contains_key("tpd_limit")) {
            self.ledger.left(&object.id, "tpd_limit", Fidelity::Manual, note);
        }
        self.loose("limits of tokens a day beside one a minute", &entity.id);
    }

    /// Speaks for every field that holds a limit the gateway has no place for.
    pub(crate) fn unheld_limits(&mut self) {
        // In the order of the rows, each kind once: of a row that several link to, the first one speaks.
        let mut kinds: Vec<Source> = Vec::new();
        for (kind, ..) in UNHELD {
            if !kinds.contains(kind) {
                kinds.push(*kind);
            }
        }
        for kind in kinds {
            let rows: Vec<_> = UNHELD.iter().filter(|(of, ..)| *of == kind).collect();
            for entity in self.wanted(kind) {
                for &&(_, field, what, note) in &rows {
                    self.unheld(entity, field, what, note);
                }
            }
        }
    }

    fn unheld(&mut self, entity: &Entity, field: &str, what: &'static str, note: &str) {
        let Some(value) = entity.object.value(field) else { return };
        if *value == serde_json::Value::Bool(false) || self.is_gone(entity.object.kind, &entity.object.id) {
            return;
        }
        let source = entity.id.clone();
        self.ledger.left(&source, field, Fidelity::Manual, note);
        self.loose(what, &source);
        if let Some(row) = entity.object.text(field).filter(|_| field == "budget_id") {
            self.row_of(row, what, note);
        }
    }

    /// A budget row that only such an object links to is no row that nobody uses.
    fn row_of(&mut self, row: &str, what: &str, note: &str) {
        let Some(row) = self.entity(Source::Budget, row) else { return };
        let source = row.id.clone();
        if self.ledger.is_placed(&source) {
            return;
        }
        self.ledger.ends(&source, Fate::Manual, format!("it is for {what}: {note}"));
        for field in ["max_budget", "budget_duration", "tpm_limit", "rpm_limit", "tpd_limit", "model_max_budget"] {
            if row.object.fields.contains_key(field) {
                self.ledger.left(&source, field, Fidelity::Manual, note);
            }
        }
    }

    /// A key that is not moved has no limits to hold.
    fn is_gone(&self, kind: Source, id: &str) -> bool {
        kind == Source::VirtualKey && self.gone.contains(id)
    }

    /// One warning for each sort of limit.
    pub(crate) fn loosened(&mut self) {
        for (what, objects) in std::mem::take(&mut self.loose) {
            let count = objects.len();
            let whose = if count == 1 { "1 object has".to_owned() } else { format!("{count} objects have") };
            let named = crate::release::few(&objects);
            let message = format!("{what} are not held as LiteLLM holds them; {whose} some ({named})");
            self.findings.push(
                Finding::warning(Code::new("plan.looser"), "limits", message)
                    .hint("the note at each of the fields says what to do instead"),
            );
        }
    }
}
