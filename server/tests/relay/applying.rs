//! The page's part of an apply, played: relay or tab die anywhere, and the next ones go on to the same end.

use std::io::Write;
use std::net::TcpStream;
use std::time::Duration;

use apply::{End, Engine, Event, Journal, Loss, Outcome, Step};
use bifrost::{Answer, Call, Observed, Observer};
use inventory::{Opened, Vault};
use model::Moment;
use plan::{Choices, ExpiryChoice, Plan};
use serde_json::Value;
use support::company;
use wire::{
    AppendJournal, AppendLine, CallTarget, GetJournal, Lock, LockJournal, Nothing, Relayed, Route, TargetCall,
    UnlockJournal, code,
};

use crate::running::{Dice, Folder, Process, Relay, gateway_state};

const ROUNDS: usize = 50;

/// Who dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Death {
    /// The relay, while it carries a request out.
    Relay,
    /// The tab: nobody takes the next step.
    Tab,
}

/// A gateway to practise on, and the folder of the journal.
struct Scene {
    folder: Folder,
    _gateway: Process,
    url: String,
    inventory: inventory::Inventory,
    vault: Vault<Opened>,
}

impl Scene {
    fn new(name: &str) -> Self {
        let folder = Folder::new(name);
        let state = folder.0.join("state.json").display().to_string();
        let gateway = Process::start(&["practice", "--state", &state], &[], 4);
        let url = gateway.said[0].strip_prefix("BIFROST_URL=").expect("its URL").to_owned();
        let (inventory, vault) = company::recorded("1.101.6");
        Self { folder, _gateway: gateway, url, inventory, vault }
    }

    fn relay(&self) -> Relay {
        let journal = self.folder.0.join("journal.jsonl").display().to_string();
        Relay::with(&["--journal", &journal], &[("BIFROST_URL", &self.url)])
    }

    fn plan(&self, relay: &Relay) -> Plan {
        let mut observer = Observer::new();
        while let Some(call) = observer.next() {
            observer.on(&answer(relay.call::<CallTarget>(&sent(&call, call.body.clone())).expect("an answer")));
        }
        let observed: Observed = observer.finish().expect("a gateway");
        let choices = Choices { expiring_keys: Some(ExpiryChoice::Inactive), ..Choices::default() };
        plan::plan(&self.inventory, &self.vault, &observed, &choices, company::now())
    }

    /// Everything the gateway holds, without ids, times and values.
    fn state(&self) -> Value {
        gateway_state(&self.folder.0.join("state.json"))
    }

    /// Applies through the relay as a tab does. How it ended, unless the tab died, and how many steps it took.
    fn apply(&self, relay: &mut Relay, plan: &Plan, death: Option<(usize, Death)>) -> (Option<Outcome>, usize) {
        let holder = "tab".to_owned();
        relay.call::<LockJournal>(&Lock { holder: holder.clone() }).expect("the lock");
        let text = relay.call::<GetJournal>(&Nothing {}).expect("a journal").text;
        let (journal, _) = Journal::read(&text).expect("a whole journal");
        let mut engine = Engine::new(plan, journal, &self.url, 7).expect("a plan to apply");
        let mut now = company::now();
        for at in 0.. {
            let dies = death.and_then(|(when, who)| (when == at).then_some(who));
            if dies == Some(Death::Tab) {
                return (None, at);
            }
            let event = match engine.step(now) {
                Step::Record(line) => {
                    let line = AppendLine { holder: holder.clone(), line };
                    let kept = ask::<AppendJournal>(relay, &line, dies.is_some()).is_ok();
                    if kept { Event::Recorded } else { Event::RecordFailed }
                }
                Step::Call(id, call) => match self.send(relay, &call, dies.is_some()) {
                    Ok(answer) => Event::Answer(id, answer),
                    Err(loss) => Event::Lost(id, loss),
                },
                Step::Sleep(millis) => {
                    now = Moment::from_millis(now.millis() + i64::try_from(millis).expect("a short wait"));
                    Event::Slept
                }
                Step::Done(outcome) => {
                    let _ = ask::<UnlockJournal>(relay, &Lock { holder }, false);
                    return (Some(outcome), at);
                }
            };
            engine.on(event, now);
        }
        unreachable!("an apply ends")
    }

    /// The body with its secrets.
    fn filled(&self, call: &Call) -> Option<Value> {
        let secret = |slot: &model::SecretId| self.vault.expose(slot).map(|secret| secret.expose().to_owned());
        call.body.as_ref().map(|body| apply::fill(body, secret).expect("every secret"))
    }

    fn send(&self, relay: &mut Relay, call: &Call, dies: bool) -> Result<Answer, Loss> {
        let body = self.filled(call);
        match ask::<CallTarget>(relay, &sent(call, body), dies) {
            Ok(relayed) => Ok(answer(relayed)),
            Err(Some(refusal)) if refusal.code != code::FAULT => Err(Loss::NotSent),
            Err(_) => Err(Loss::Unknown),
        }
    }
}

fn sent(call: &Call, body: Option<Value>) -> TargetCall {
    TargetCall { endpoint: call.endpoint.id().to_owned(), params: call.params.clone(), query: call.query.clone(), body }
}

fn answer(relayed: Relayed) -> Answer {
    let Relayed { status, content_type, body, .. } = relayed;
    Answer { status, content_type, body }
}

/// Asks a relay that may be dead, or dies of it; without a refusal where nothing came back.
fn ask<R: Route>(relay: &mut Relay, input: &R::In, dies: bool) -> Result<R::Out, Option<wire::Refusal>> {
    if dies {
        kill_while_asked::<R>(relay, input);
        return Err(None);
    }
    if TcpStream::connect(("127.0.0.1", relay.port)).is_err() {
        return Err(None);
    }
    relay.call::<R>(input).map_err(|(_, refusal)| Some(refusal))
}

fn kill_while_asked<R: Route>(relay: &mut Relay, input: &R::In) {
    let request = relay.request::<R>(&serde_json::to_string(input).expect("JSON"));
    let mut stream = TcpStream::connect(("127.0.0.1", relay.port)).expect("a relay");
    stream.write_all(request.as_bytes()).expect("a request");
    // Sometimes before it is carried out, sometimes in the middle, sometimes after.
    std::thread::sleep(Duration::from_micros(u64::from(relay.port) * 7 % 3_000));
    relay.process.kill();
}

#[track_caller]
fn check(who: Death, seed: u64) {
    let undisturbed = Scene::new(&format!("undisturbed-{who:?}"));
    let mut relay = undisturbed.relay();
    let plan = undisturbed.plan(&relay);
    let (outcome, steps) = undisturbed.apply(&mut relay, &plan, None);
    assert_eq!(outcome.expect("an end").end, End::Finished);
    let wanted = undisturbed.state();
    let mut dice = Dice(seed);
    for round in 0..ROUNDS {
        let at = dice.below(steps);
        let scene = Scene::new(&format!("dies-{who:?}-{round}"));
        let mut relay = scene.relay();
        let plan = scene.plan(&relay);
        let (outcome, _) = scene.apply(&mut relay, &plan, Some((at, who)));
        assert!(outcome.is_none_or(|outcome| outcome.end != End::Finished), "{who:?} at {at}: nobody died");
        if who == Death::Relay {
            relay = scene.relay();
        }
        let (outcome, _) = scene.apply(&mut relay, &plan, None);
        assert_eq!(outcome.expect("an end").end, End::Finished, "{who:?} at {at}, seed {seed}");
        assert_eq!(scene.state(), wanted, "{who:?} at {at}, seed {seed}");
        assert!(scene.plan(&relay).writes().next().is_none(), "{who:?} at {at}: the second plan is not empty");
    }
}

#[test]
fn a_relay_killed_anywhere_is_gone_on_with() {
    check(Death::Relay, 50);
}

#[test]
fn a_tab_closed_anywhere_is_gone_on_with() {
    check(Death::Tab, 2026);
}
