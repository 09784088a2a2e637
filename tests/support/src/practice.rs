//! A gateway to practise on: plans are applied to it as a driver would, and held against what it shows afterwards.

use apply::{End, Engine, Event, Journal, Step, fill, verify};
use bifrost::{Answer, Call, Observed, Observer};
use inventory::{Inventory, Opened, Vault};
use model::Moment;
use plan::{Action, Choices, Plan};
use sandbox::{Gateway, Release, Request};

/// A practice gateway and its clock.
#[derive(Debug)]
pub struct Practice {
    gateway: Gateway,
    now: i64,
}

impl Practice {
    /// An empty one.
    pub fn new(release: Release) -> Self {
        Self::of(Gateway::new(release, 11))
    }

    /// One that holds something already.
    pub fn of(gateway: Gateway) -> Self {
        Self { gateway, now: crate::company::now().millis() }
    }

    fn send(&mut self, call: &Call, vault: Option<&Vault<Opened>>) -> Answer {
        let secret = |id: &model::SecretId| {
            let vault = vault?;
            let variable = vault.environment(id).map(|name| format!("env.{name}"));
            variable.or_else(|| vault.expose(id).map(|secret| secret.expose().to_owned()))
        };
        let path = call.endpoint.path(&call.params).expect("all parameters");
        let mut request = Request::new(call.endpoint.method().as_str(), &path);
        request.query.clone_from(&call.query);
        if let Some(body) = &call.body {
            request = request.json(&fill(body, secret).expect("all secrets"));
        }
        let response = self.gateway.handle(&request, Moment::from_millis(self.now));
        let content_type = response.content_type.split(';').next().unwrap_or_default().trim().to_lowercase();
        Answer { status: response.status, content_type, body: response.body }
    }

    /// The gateway as a plan sees it.
    pub fn observe(&mut self) -> Observed {
        let mut observer = Observer::new();
        while let Some(call) = observer.next() {
            let answer = self.send(&call, None);
            observer.on(&answer);
        }
        observer.finish().expect("a gateway")
    }

    /// A plan for it as it is.
    pub fn plan(&mut self, inventory: &Inventory, vault: &Vault<Opened>, choices: &Choices) -> Plan {
        let observed = self.observe();
        plan::plan(inventory, vault, &observed, choices, Moment::from_millis(self.now))
    }

    /// Applies a plan to its end; what of it went wrong is in the journal.
    pub fn apply(&mut self, plan: &Plan, vault: &Vault<Opened>) -> Journal {
        let mut engine = Engine::new(plan, Journal::default(), "practice", 3).expect("an applyable plan");
        loop {
            let event = match engine.step(Moment::from_millis(self.now)) {
                Step::Record(_) => Event::Recorded,
                Step::Sleep(millis) => {
                    self.now += i64::try_from(millis).expect("a short wait");
                    Event::Slept
                }
                Step::Call(id, call) => Event::Answer(id, self.send(&call, Some(vault))),
                Step::Done(outcome) => {
                    assert!(matches!(outcome.end, End::Finished | End::Partial), "{}", outcome.note);
                    return engine.journal().clone();
                }
            };
            engine.on(event, Moment::from_millis(self.now));
        }
    }

    /// Plans, applies, reads back, plans again: everything is made as planned, and nothing is left to do. The first
    /// plan.
    pub fn settles(&mut self, inventory: &Inventory, vault: &Vault<Opened>, choices: &Choices) -> Plan {
        let first = self.plan(inventory, vault, choices);
        let journal = self.apply(&first, vault);
        let failed: Vec<_> = journal
            .outcomes()
            .into_iter()
            .filter(|(_, (result, ..))| {
                use apply::OpResult::{Changed, Created, Same};
                !matches!(result, Created | Changed | Same)
            })
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
