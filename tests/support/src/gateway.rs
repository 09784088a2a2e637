//! The practice gateway and what drives it: reading it, and doing a plan to it call by call.

use apply::{End, Engine, Event, Journal, Outcome, Step, Undo, UndoEngine};
use bifrost::{Answer, Call, Observed, Observer};
use inventory::{Opened, Vault};
use model::Moment;
use plan::Plan;
use sandbox::{Gateway, Release, Request};

/// How many steps an apply may take before it counts as endless.
const STEPS: usize = 200_000;

/// Opens the gateways of the tests that are locked until they are set up.
pub const SETUP_TOKEN: &str = "setup-token-of-the-tests";

/// An empty gateway that the calls of [`send`] open.
pub fn empty(release: Release, seed: u64) -> Gateway {
    Gateway::new(release, seed).with_setup_token(SETUP_TOKEN)
}

/// Sends a call, its secrets filled in.
pub fn send(gateway: &mut Gateway, call: &Call, vault: &Vault<Opened>, now: Moment) -> Answer {
    let path = call.endpoint.path(&call.params).expect("all parameters");
    let request = Request::new(call.endpoint.method().as_str(), &path);
    let mut request = request.header("X-Bifrost-Setup-Token", SETUP_TOKEN);
    request.query.clone_from(&call.query);
    if let Some(body) = &call.body {
        let secret = |id: &model::SecretId| match vault.environment(id) {
            Some(name) => Some(format!("env.{name}")),
            None => vault.expose(id).map(|secret| secret.expose().to_owned()),
        };
        request = request.json(&apply::fill(body, secret).expect("all secrets"));
    }
    let response = gateway.handle(&request, now);
    let content_type = response.content_type.split(';').next().unwrap_or_default().trim().to_lowercase();
    Answer { status: response.status, content_type, body: response.body }
}

/// The gateway as a plan sees it.
pub fn observe(gateway: &mut Gateway, now: Moment) -> Observed {
    let (_, vault) = inventory::gather(litellm::read(&[])).open(&[]);
    let mut observer = Observer::new();
    while let Some(call) = observer.next() {
        let answer = send(gateway, &call, &vault, now);
        observer.on(&answer);
    }
    observer.finish().expect("a gateway")
}

/// Does a plan to the gateway. Every op has to succeed.
pub fn apply(plan: &Plan, vault: &Vault<Opened>, gateway: &mut Gateway, now: Moment) {
    let (outcome, journal) = drive(plan, vault, gateway, &mut now.millis());
    assert_eq!(outcome.end, End::Finished, "{}\n{:#?}", outcome.note, journal.outcomes());
}

/// Does a plan to the gateway, whatever comes of it: how it ended, and the journal. The clock goes on with every wait.
pub(crate) fn drive(plan: &Plan, vault: &Vault<Opened>, gateway: &mut Gateway, clock: &mut i64) -> (Outcome, Journal) {
    let mut engine = Engine::new(plan, Journal::default(), "practice", 3).expect("an applyable plan");
    for _ in 0..STEPS {
        let now = Moment::from_millis(*clock);
        let event = match engine.step(now) {
            Step::Record(_) => Event::Recorded,
            Step::Call(id, call) => Event::Answer(id, send(gateway, &call, vault, now)),
            Step::Sleep(millis) => {
                *clock += i64::try_from(millis).expect("a short wait");
                Event::Slept
            }
            Step::Done(outcome) => return (outcome, engine.journal().clone()),
        };
        engine.on(event, Moment::from_millis(*clock));
    }
    panic!("it does not end: {:#?}", engine.journal().outcomes());
}

/// Takes an apply back.
pub(crate) fn drive_undo(undo: Undo, journal: Journal, gateway: &mut Gateway, clock: &mut i64) -> (Outcome, Journal) {
    let (_, vault) = inventory::gather(litellm::read(&[])).open(&[]);
    let mut engine = UndoEngine::new(undo, journal, "practice", 3);
    for _ in 0..STEPS {
        let now = Moment::from_millis(*clock);
        let event = match engine.step(now) {
            Step::Record(_) => Event::Recorded,
            Step::Call(id, call) => Event::Answer(id, send(gateway, &call, &vault, now)),
            Step::Sleep(millis) => {
                *clock += i64::try_from(millis).expect("a short wait");
                Event::Slept
            }
            Step::Done(outcome) => return (outcome, engine.journal().clone()),
        };
        engine.on(event, Moment::from_millis(*clock));
    }
    panic!("it does not end: {:#?}", engine.journal().undone());
}
