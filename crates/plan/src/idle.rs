//! Rows that nothing which moves uses: what their fields say is carried nowhere, and that is said.
//! Facts: `reference/litellm.md` 4.5, 6.3.

use std::collections::BTreeSet;

use inventory::Entity;
use litellm::Kind as Source;

use crate::draft::Planner;
use crate::types::{Fate, Fidelity};

/// What a budget row limits by.
const LIMITS: &[&str] =
    &["max_budget", "budget_duration", "tpm_limit", "rpm_limit", "tpd_limit", "model_max_budget", "allowed_models"];

/// Who links to a budget row, besides the members of teams.
const LINKING: &[Source] = &[Source::VirtualKey, Source::Organization, Source::Project];

impl Planner<'_> {
    /// Speaks for budgets, memberships and credentials that went into nothing.
    pub(crate) fn idle_rows(&mut self) {
        let teams = self.inventory.of(Source::Team);
        let mut members: BTreeSet<&str> =
            teams.filter_map(|team| team.object.text("metadata.team_member_budget_id")).collect();
        for entity in self.wanted(Source::TeamMembership) {
            members.extend(entity.object.text("budget_id"));
            if self.is_idle(entity) {
                self.idle(entity, "budget_id", "this member has no key in the team, so it limits nothing");
            }
        }
        let linking = LINKING.iter().flat_map(|kind| self.inventory.of(*kind));
        let linked: BTreeSet<&str> = linking.filter_map(|entity| entity.object.text("budget_id")).collect();
        for entity in self.wanted(Source::Budget) {
            if self.is_idle(entity) {
                let id = entity.object.id.as_str();
                self.idle_budget(entity, members.contains(id), linked.contains(id));
            }
        }
        for entity in self.wanted(Source::Credential) {
            if !self.is_idle(entity) {
                continue;
            }
            for path in entity.object.fields.keys().filter(|path| path.starts_with("credential_values.")) {
                self.idle(entity, path, "no deployment uses it, so it is not on the gateway");
            }
        }
    }

    fn idle_budget(&mut self, entity: &Entity, of_members: bool, linked: bool) {
        let fate = match (of_members, linked) {
            (true, _) => Some("it is for members of a team, and none of them has a key there"),
            (false, true) => Some("what is linked to it is not moved"),
            (false, false) => None,
        };
        if let Some(why) = fate {
            self.ledger.ends(&entity.id, Fate::Skipped, why);
        }
        let note = fate.unwrap_or("nothing is linked to it, so it limits nothing");
        for field in LIMITS {
            self.idle(entity, field, note);
        }
    }

    fn is_idle(&self, entity: &Entity) -> bool {
        !self.ledger.is_placed(&entity.id)
    }

    fn idle(&mut self, entity: &Entity, field: &str, note: &str) {
        if entity.object.fields.contains_key(field) {
            self.ledger.left(&entity.id, field, Fidelity::Exact, note);
        }
    }
}
