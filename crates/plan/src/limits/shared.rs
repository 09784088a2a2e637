//! Budgets that several keys share and the gateway has no owner for: of a member within a team, of a project; and what
//! is added to a budget for a while. Facts: `reference/litellm.md` 6.3, 6.6.

use bifrost::Kind;
use inventory::Entity;
use litellm::Kind as Source;
use litellm::access::Key;
use model::{Moment, OpId};

use super::{LIMIT_FIELDS, Limits};
use crate::draft::Planner;
use crate::types::{Fate, Fidelity};

impl Planner<'_> {
    /// A member's budget within a team. The gateway has none per member, so it goes to the keys of that member in
    /// that team, shared out evenly: all of them together may not spend more than the member could.
    pub(crate) fn member_budget(&mut self, name: &str, key: &Key, limits: &mut Limits) {
        let (Some(team), Some(user)) = (&key.team, &key.user) else { return };
        let membership = self.entity(Source::TeamMembership, &format!("{user}/{team}"));
        let own = membership.and_then(|entity| entity.object.text("budget_id"));
        let default =
            self.entity(Source::Team, team.as_str()).and_then(|t| t.object.text("metadata.team_member_budget_id"));
        let Some(budget) = own.or(default).and_then(|id| self.entity(Source::Budget, id)) else { return };
        let siblings = self.keys_of(user.as_str(), Some(team.as_str())).max(1);
        let member = self.own_limits(&budget.object);
        let over = limits.share_of(&member, siblings);
        let op = crate::draft::op_id(Kind::VirtualKey, name);
        let note = if siblings > 1 {
            format!("a member's budget, shared out evenly over the {siblings} keys of this member in the team")
        } else {
            "a member's budget; on the one key of this member in the team".to_owned()
        };
        let source = budget.id.clone();
        self.ledger.goes_into(&source, &op);
        self.ledger.ends(&source, Fate::Folded, note.clone());
        self.account_shares(budget, &op, over, &note);
        if let Some(membership) = membership {
            let source = membership.id.clone();
            self.ledger.carried(&source, "budget_id", &op, "budgets[]", Fidelity::Approximate, note);
            self.ledger.ends(&source, Fate::Folded, "its budget is on the keys of this member");
        }
    }

    /// What limits a whole project. The gateway has no projects, so it is shared out over the keys of this one.
    pub(crate) fn project_limits(&mut self, name: &str, key: &Key, limits: &mut Limits) {
        let Some(project) = key.project.as_ref().and_then(|id| self.entity(Source::Project, id)) else { return };
        let Some(budget) = project.object.text("budget_id").and_then(|id| self.entity(Source::Budget, id)) else {
            return;
        };
        let parts = self.keys_in_project(&project.object.id).max(1);
        let whole = self.own_limits(&budget.object);
        let (source, row) = (project.id.clone(), budget.id.clone());
        let over = limits.share_of(&whole, parts);
        let op = crate::draft::op_id(Kind::VirtualKey, name);
        let note = match parts {
            1 => "on the one key of this project".to_owned(),
            parts => format!("the gateway has no projects; shared out evenly over the {parts} keys of this one"),
        };
        for object in [&source, &row] {
            self.ledger.goes_into(object, &op);
            self.ledger.ends(object, Fate::Folded, note.clone());
        }
        self.ledger.carried(&source, "budget_id", &op, "budgets[]", Fidelity::Approximate, note.clone());
        self.account_shares(budget, &op, over, &note);
    }

    /// What a shared row states, each field of it. Shares of less than one are one, and that is more than the whole.
    fn account_shares(&mut self, row: &Entity, op: &OpId, over: bool, note: &str) {
        let source = row.id.clone();
        for (field, target) in LIMIT_FIELDS.iter().chain([&("budget_duration", "budgets[].reset_duration")]) {
            if row.object.fields.contains_key(field) {
                self.ledger.carried(&source, field, op, target, Fidelity::Approximate, note);
                if over && field.ends_with("_limit") {
                    self.ledger.left(&source, field, Fidelity::Manual, super::OVER_NOTE);
                }
            }
        }
        if over {
            self.loose(super::OVER, &source);
        }
    }

    /// A temporary increase of the budget is not moved, so the key has less until it ends, never more.
    pub(crate) fn increase(&mut self, entity: &Entity, op: &OpId) {
        let (more, until) = ("metadata.temp_budget_increase", "metadata.temp_budget_expiry");
        let object = &entity.object;
        if !object.fields.contains_key(more) {
            return;
        }
        let source = object.source_id();
        let ends = object.text(until).and_then(|text| text.parse::<Moment>().ok());
        let (fidelity, note) = match ends {
            Some(ends) if ends <= self.now => (Fidelity::Exact, format!("it ended on {ends}")),
            Some(ends) => (
                Fidelity::Manual,
                format!(
                    "LiteLLM adds it to the budget until {ends}; the key has its plain budget here. From 1.6.7 on the gateway has an override of a budget for it"
                ),
            ),
            None => (Fidelity::Exact, "without an end it counts for nothing in LiteLLM".to_owned()),
        };
        for field in [more, until].into_iter().filter(|field| object.fields.contains_key(field)) {
            self.ledger.carried(&source, field, op, "budgets[].max_limit", fidelity, note.clone());
        }
    }
}
