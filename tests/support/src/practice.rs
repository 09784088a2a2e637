//! A gateway to practise on: plans are applied to it as a driver would, and held against what it shows afterwards.

use apply::{End, Journal, Outcome, verify};
use bifrost::Observed;
use inventory::{Inventory, Opened, Vault};
use model::Moment;
use plan::{Action, Choices, Plan};
use sandbox::{Gateway, Release};

use crate::gateway;

/// A practice gateway and its clock.
#[derive(Debug)]
pub struct Practice {
    gateway: Gateway,
    now: i64,
}

impl Practice {
    /// An empty one.
    pub fn new(release: Release) -> Self {
        Self::of(gateway::empty(release, 11))
    }

    /// One that holds something already.
    pub fn of(gateway: Gateway) -> Self {
        Self { gateway, now: crate::company::now().millis() }
    }

    /// The gateway itself.
    pub fn into_gateway(self) -> Gateway {
        self.gateway
    }

    /// The gateway as a plan sees it.
    pub fn observe(&mut self) -> Observed {
        gateway::observe(&mut self.gateway, Moment::from_millis(self.now))
    }

    /// A plan for it as it is.
    pub fn plan(&mut self, inventory: &Inventory, vault: &Vault<Opened>, choices: &Choices) -> Plan {
        let observed = self.observe();
        plan::plan(inventory, vault, &observed, choices, Moment::from_millis(self.now))
    }

    /// Applies a plan to its end; what of it went wrong is in the journal.
    pub fn apply(&mut self, plan: &Plan, vault: &Vault<Opened>) -> Journal {
        let (outcome, journal) = gateway::drive(plan, vault, &mut self.gateway, &mut self.now);
        assert!(matches!(outcome.end, End::Finished | End::Partial), "{}", outcome.note);
        journal
    }

    /// Takes an apply back.
    pub fn undo(&mut self, plan: &Plan, journal: Journal) -> (Outcome, Journal) {
        let observed = self.observe();
        let undo = apply::undo(plan, &journal, "practice", &observed, apply::UndoOptions::default());
        let undo = undo.expect("the journal of this plan");
        gateway::drive_undo(undo, journal, &mut self.gateway, &mut self.now)
    }

    /// What the gateway holds, without ids and times.
    pub fn state(&self) -> serde_json::Value {
        self.gateway.state()
    }

    /// Plans, applies, reads back, plans again: everything is made as planned, and nothing is left to do. The first
    /// plan.
    pub fn settles(&mut self, inventory: &Inventory, vault: &Vault<Opened>, choices: &Choices) -> Plan {
        let first = self.plan(inventory, vault, choices);
        let journal = self.apply(&first, vault);
        let failed: Vec<_> = journal
            .outcomes()
            .into_iter()
            .filter(|(_, (result, ..))| !result.is_success())
            .map(|(op, (result, _, note))| format!("{op}: {result:?} {note}"))
            .collect();
        assert!(failed.is_empty(), "not made: {failed:#?}");
        let observed = self.observe();
        let differing: Vec<_> =
            verify(&first, &journal, &observed).into_iter().filter(|(_, found)| !found.is_empty()).collect();
        assert!(differing.is_empty(), "not as planned: {differing:#?}");
        let second = self.plan(inventory, vault, choices);
        let left: Vec<_> = second
            .ops
            .iter()
            .filter(|op| !matches!(op.action, Action::Same | Action::Skip))
            .map(|op| format!("{} {}: {}", op.action.symbol(), op.id, op.reason))
            .collect();
        assert!(left.is_empty(), "still to do: {left:#?}");
        first
    }
}
