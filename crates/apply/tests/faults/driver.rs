//! A driver with a gateway in memory, a file in memory, and one fault.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use apply::{Ahead, CallId, Engine, Event, Journal, Loss, Outcome, Step, Undo, UndoEngine, UndoOptions, fill, undo};
use bifrost::{Answer, Call, Kind, Method, Observed, Observer};
use model::Moment;
use plan::Plan;
use sandbox::{Gateway, Release, Request};
use serde_json::Value;

use crate::plans::{CANARY, MCP_SERVER, there_before};

/// What goes wrong at one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The process dies before the step.
    CrashBefore,
    /// It dies after the step was carried out and before anyone knew.
    CrashAfter,
    /// It dies while the line is half on disk.
    CrashTorn,
    /// The connection could not be made.
    NotSent,
    /// The connection broke before the gateway saw the call.
    LostBefore,
    /// It broke after the gateway carried it out.
    LostAfter,
    /// A status instead of the answer, the call not carried out.
    Instead(u16),
    /// A status instead of the answer, the call carried out.
    After(u16),
    /// A proxy's page instead of the answer, the call not carried out.
    Page(u16),
    /// The answer ends in the middle, the call carried out.
    Truncated,
    /// An answer about another object, the call carried out.
    OtherObject,
    /// The answer takes an hour.
    Slow,
    /// The line cannot be written.
    DiskFull,
}

/// What a step was, to leave out faults that do nothing to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sort {
    Record,
    Read,
    Write,
    Wait,
}

impl Fault {
    /// Whether the fault does anything to a step of that sort.
    pub(crate) fn touches(self, sort: Sort) -> bool {
        match self {
            Self::CrashBefore | Self::CrashAfter => true,
            Self::CrashTorn | Self::DiskFull => sort == Sort::Record,
            Self::OtherObject | Self::After(_) | Self::LostAfter => sort == Sort::Write,
            _ => matches!(sort, Sort::Read | Sort::Write),
        }
    }
}

pub(crate) const FAULTS: &[Fault] = &[
    Fault::CrashBefore,
    Fault::CrashAfter,
    Fault::CrashTorn,
    Fault::NotSent,
    Fault::LostBefore,
    Fault::LostAfter,
    Fault::Instead(409),
    Fault::Instead(429),
    Fault::Instead(500),
    Fault::Instead(503),
    Fault::After(500),
    Fault::After(503),
    Fault::Page(502),
    Fault::Page(200),
    Fault::Truncated,
    Fault::OtherObject,
    Fault::Slow,
    Fault::DiskFull,
];

/// How a driver goes about its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// Step by step.
    Plain,
    /// What can be done while a call is under way is done then: the next create is sent before the engine hears of the
    /// answer to the one before.
    Ahead,
    /// The same, and what is written ahead takes until the next record.
    Late,
}

/// What a driver has in hand besides the step.
#[derive(Default)]
struct Hand {
    /// Lines to be written ahead.
    lines: Option<String>,
    /// Creates that were handed out before their turn, and what came of those that were sent.
    early: VecDeque<(CallId, Arc<Call>, Option<Event>)>,
}

#[derive(Clone)]
pub(crate) struct World {
    pub(crate) gateway: Gateway,
    /// The journal file.
    pub(crate) file: String,
    pub(crate) now: i64,
    /// The steps taken, over all runs.
    pub(crate) steps: Vec<Sort>,
    /// Calls that write, over all runs.
    pub(crate) writes: usize,
    pub(crate) manner: Manner,
    /// After which step a user wants to stop.
    pub(crate) cancel_at: Option<usize>,
    /// What is still to go wrong, by step.
    pub(crate) faults: BTreeMap<usize, Fault>,
    /// Everything that a driver would have printed or kept, besides bodies: to look for secrets in.
    pub(crate) heard: String,
    /// The values handed out by the last run.
    pub(crate) issued: BTreeMap<String, String>,
}

/// Opens a gateway that is locked until it is set up.
const SETUP_TOKEN: &str = "setup-token-of-the-tests";

impl World {
    pub(crate) fn new(release: Release) -> Self {
        let mut gateway =
            Gateway::new(release, 7).with_setup_token(SETUP_TOKEN).with_mcp_servers([MCP_SERVER.to_owned()]);
        let now = 1_800_000_000_000;
        for (path, body) in there_before() {
            let request = Request::new("POST", path).header("X-Bifrost-Setup-Token", SETUP_TOKEN);
            let made = gateway.handle(&request.json(&body), Moment::from_millis(now));
            assert!(made.status < 300, "{path}: {}", made.body);
        }
        Self {
            gateway,
            file: String::new(),
            now,
            steps: Vec::new(),
            writes: 0,
            manner: Manner::Plain,
            cancel_at: None,
            faults: BTreeMap::new(),
            heard: String::new(),
            issued: BTreeMap::new(),
        }
    }

    /// Sends a call as a driver does: secrets filled in, model list without credentials.
    pub(crate) fn send(&mut self, call: &Call) -> Answer {
        let secret = |id: &model::SecretId| Some(format!("{CANARY}-{id}"));
        let path = call.endpoint.path(&call.params).expect("all parameters");
        let request = Request::new(call.endpoint.method().as_str(), &path);
        let mut request = request.header("X-Bifrost-Setup-Token", SETUP_TOKEN);
        request.query.clone_from(&call.query);
        if let Some(body) = &call.body {
            request = request.json(&fill(body, secret).expect("all secrets"));
        }
        let response = self.gateway.handle(&request, Moment::from_millis(self.now));
        let content_type = response.content_type.split(';').next().unwrap_or_default().trim().to_lowercase();
        Answer { status: response.status, content_type, body: response.body }
    }

    /// The gateway as a plan would see it.
    pub(crate) fn observe(&mut self) -> Observed {
        let mut observer = Observer::new();
        while let Some(call) = observer.next() {
            let answer = self.send(&call);
            observer.on(&answer);
        }
        observer.finish().expect("a gateway")
    }

    /// An object as the gateway shows it.
    pub(crate) fn shown(&mut self, kind: Kind, name: &str) -> (String, Value) {
        let observed = self.observe();
        let (id, object) = observed.find(kind, name).unwrap_or_else(|| panic!("{kind:?} {name}"));
        (id, object.clone())
    }

    /// One run; none when it crashed.
    pub(crate) fn run(&mut self, plan: &Plan) -> Option<Outcome> {
        let (journal, findings) = Journal::read(&self.file).expect("a whole journal");
        self.heard.extend(findings.iter().map(ToString::to_string));
        self.file = journal.text();
        let mut engine = Engine::new(plan, journal, "gateway", 3).expect("applyable");
        self.issued.clear();
        let mut hand = Hand::default();
        for _ in 0..4000 {
            let step = engine.step(Moment::from_millis(self.now));
            assert_eq!(step, engine.step(Moment::from_millis(self.now)), "the same until its event arrives");
            if let Step::Done(outcome) = step {
                self.hear(&mut engine, &outcome);
                return Some(outcome);
            }
            self.turn(&mut engine, &step, &mut hand)?;
        }
        panic!("it does not end");
    }

    fn turn(&mut self, engine: &mut Engine, step: &Step, hand: &mut Hand) -> Option<()> {
        if hand.lines.is_some() && matches!(step, Step::Record(_)) {
            return self.announce(engine, hand);
        }
        let is_early = |(id, ..): &mut (CallId, _, _)| matches!(step, Step::Call(now, _) if now == id);
        let event = match hand.early.pop_front_if(is_early).and_then(|(.., event)| event) {
            Some(event) => event,
            None => self.take(step)?,
        };
        while let Some(ahead) = Some(Moment::from_millis(self.now))
            .filter(|_| self.manner != Manner::Plain)
            .and_then(|now| engine.ahead(now))
        {
            match ahead {
                Ahead::Record(lines) => hand.lines = Some(lines),
                Ahead::Call(id, call) => hand.early.push_back((id, call, None)),
            }
            assert!(hand.early.len() <= 2, "at most two");
            self.send_early(is_good(&event), hand)?;
            if self.manner == Manner::Ahead {
                self.announce(engine, hand)?;
            }
        }
        if self.cancel_at.take_if(|at| self.steps.len() > *at).is_some() {
            engine.on(Event::Cancel, Moment::from_millis(self.now));
        }
        engine.on(event, Moment::from_millis(self.now));
        Some(())
    }

    /// Sends what was handed out, each if the one before it was answered with success.
    fn send_early(&mut self, mut good: bool, hand: &mut Hand) -> Option<()> {
        for (id, call, came) in &mut hand.early {
            if good && came.is_none() {
                *came = Some(self.take(&Step::Call(*id, Arc::clone(call)))?);
            }
            good = came.as_ref().is_some_and(is_good);
        }
        Some(())
    }

    /// Writes what is to be written ahead.
    fn announce(&mut self, engine: &mut Engine, hand: &mut Hand) -> Option<()> {
        let Some(lines) = hand.lines.take() else { return Some(()) };
        let written = self.take(&Step::Record(lines))? == Event::Recorded;
        let event = if written { Event::Announced } else { Event::NotAnnounced };
        engine.on(event, Moment::from_millis(self.now));
        Some(())
    }

    /// What an undo would do now.
    pub(crate) fn dry_run(&mut self, plan: &Plan, options: UndoOptions) -> (Journal, Undo) {
        let (journal, _) = Journal::read(&self.file).expect("a whole journal");
        let undo = undo(plan, &journal, "gateway", &self.observe(), options).expect("the journal of this plan");
        (journal, undo)
    }

    /// One undo; none when it crashed.
    pub(crate) fn undo(&mut self, plan: &Plan, options: UndoOptions) -> Option<Outcome> {
        let (journal, undo) = self.dry_run(plan, options);
        self.file = journal.text();
        self.heard.extend([format!("{undo:?}")]);
        let mut engine = UndoEngine::new(undo, journal, "gateway", 3);
        for _ in 0..4000 {
            let step = engine.step(Moment::from_millis(self.now));
            assert_eq!(step, engine.step(Moment::from_millis(self.now)), "the same until its event arrives");
            if let Step::Done(outcome) = step {
                self.heard.extend([format!("{outcome:?} {engine:?}")]);
                return Some(outcome);
            }
            let event = self.take(&step)?;
            engine.on(event, Moment::from_millis(self.now));
        }
        panic!("it does not end");
    }

    fn take(&mut self, step: &Step) -> Option<Event> {
        let fault = self.faults.get(&self.steps.len()).copied();
        self.steps.push(match step {
            Step::Record(_) => Sort::Record,
            Step::Call(_, call) if call.endpoint.method() == Method::Get => Sort::Read,
            Step::Call(..) => Sort::Write,
            Step::Sleep(_) | Step::Done(_) => Sort::Wait,
        });
        self.carry_out(step, fault)
    }

    /// A person, or a program, changes the gateway.
    pub(crate) fn meddle(&mut self, method: &str, path: &str, body: &Value) -> Value {
        let request = Request::new(method, path).header("X-Bifrost-Setup-Token", SETUP_TOKEN);
        let answer = self.gateway.handle(&request.json(body), Moment::from_millis(self.now));
        assert!(answer.status < 300, "{method} {path}: {}", answer.body);
        serde_json::from_str(&answer.body).expect("JSON")
    }

    fn hear(&mut self, engine: &mut Engine, outcome: &Outcome) {
        self.heard.extend([format!("{outcome:?} {engine:?} {:?}", engine.progress())]);
        for (_, name, value) in engine.issued() {
            self.issued.insert(name, value.expose().to_owned());
        }
        assert!(engine.issued().is_empty(), "each value is handed out once");
    }

    /// Runs until it is finished, as a person would who tries again. How often it took.
    pub(crate) fn run_until_finished(&mut self, plan: &Plan) -> usize {
        for run in 1..=4 {
            if self.run(plan).is_some_and(|outcome| outcome.end == apply::End::Finished) {
                return run;
            }
        }
        panic!("not finished after four runs:\n{}", self.file);
    }

    fn carry_out(&mut self, step: &Step, fault: Option<Fault>) -> Option<Event> {
        match (step, fault) {
            (_, Some(Fault::CrashBefore)) | (Step::Done(_), _) => None,
            (Step::Record(_), Some(Fault::DiskFull)) => Some(Event::RecordFailed),
            (Step::Record(line), fault) => {
                let whole = if fault == Some(Fault::CrashTorn) { line.len() / 2 } else { line.len() };
                self.file += &line[..line.floor_char_boundary(whole)];
                if matches!(fault, Some(Fault::CrashTorn)) {
                    return None;
                }
                self.file += "\n";
                (fault != Some(Fault::CrashAfter)).then_some(Event::Recorded)
            }
            (Step::Sleep(millis), fault) => {
                self.now += i64::try_from(*millis).expect("a short wait");
                (fault != Some(Fault::CrashAfter)).then_some(Event::Slept)
            }
            (Step::Call(id, call), fault) => {
                let answer = self.call(call, fault)?;
                Some(answer.map_or_else(|loss| Event::Lost(*id, loss), |answer| Event::Answer(*id, answer)))
            }
        }
    }

    /// Whether the file has an open intent for a call.
    fn has_intent(&self, call: &Call) -> bool {
        let last = |record: &str| {
            let found = |word: &str| self.file.rfind(&format!("\"record\":\"{word}\""));
            found(record).max(found(&format!("undo_{record}")))
        };
        // Step by step, only the one op at hand can have an open intent, so the last of the two says whether it has.
        let name = call.body.as_ref().and_then(|body| body.get("name")?.as_str());
        let (Manner::Ahead | Manner::Late, Method::Post, Some(name)) = (self.manner, call.endpoint.method(), name)
        else {
            return self.manner != Manner::Plain || last("intent") > last("outcome");
        };
        let intent = self.file.rfind(&format!("/{name}\",\"call\":\"{}\"", call.endpoint.id()));
        let outcome = self.file.rfind(&format!("/{name}\",\"result\":"));
        intent > outcome
    }

    fn call(&mut self, call: &Call, fault: Option<Fault>) -> Option<Result<Answer, Loss>> {
        let body = call.body.as_ref().map(ToString::to_string).unwrap_or_default();
        assert!(!body.contains(CANARY), "the engine knows no secrets");
        if call.endpoint.method() != Method::Get {
            self.writes += 1;
            assert!(self.has_intent(call), "no intent on disk before {}", call.endpoint.id());
        }
        let said = |status: u16| Answer {
            status,
            content_type: "application/json".to_owned(),
            body: r#"{"is_bifrost_error":false,"error":{"message":"injected"}}"#.to_owned(),
        };
        let page = |status: u16| Answer {
            status,
            content_type: "text/html".to_owned(),
            body: "<h1>Bad gateway</h1>".to_owned(),
        };
        Some(match fault {
            Some(Fault::NotSent) => Err(Loss::NotSent),
            Some(Fault::LostBefore) => Err(Loss::Unknown),
            Some(Fault::LostAfter) => {
                self.send(call);
                Err(Loss::Unknown)
            }
            Some(Fault::CrashAfter) => {
                self.send(call);
                return None;
            }
            Some(Fault::Instead(status)) => Ok(said(status)),
            Some(Fault::Page(status)) => Ok(page(status)),
            Some(Fault::After(status)) => {
                self.send(call);
                Ok(said(status))
            }
            Some(Fault::Truncated) => {
                let mut answer = self.send(call);
                answer.body.truncate(answer.body.len() / 2);
                Ok(answer)
            }
            Some(Fault::OtherObject) if call.endpoint.method() == Method::Post => {
                let mut answer = self.send(call);
                answer.body = answer.body.replace("\"name\":\"", "\"name\":\"other-");
                Ok(answer)
            }
            Some(Fault::Slow) => {
                self.now += 3_600_000;
                Ok(self.send(call))
            }
            _ => Ok(self.send(call)),
        })
    }
}

/// Whether the next create may go out on the strength of what came of a call.
fn is_good(event: &Event) -> bool {
    matches!(event, Event::Answer(_, answer) if answer.is_success() && answer.says_json())
}
