//! Carrying a plan out: one loop with one match, and no decisions.

use apply::{Ahead, CallId, End, Engine, Event, Journal, Outcome, Phase, Printed, Step};
use bifrost::{Call, Observed, Observer};
use inventory::{Opened, Vault};
use model::Finding;
use plan::Plan;
use tokio::runtime::Handle;

use super::earlier::History;
use super::events::Events;
use super::keys::KeysFile;
use super::line::Line;
use super::pen::Pen;
use super::{HeadlessError, material, plan_beside, tell};
use crate::cli::ApplyArgs;
use crate::clock;
use crate::drive::Driver;
use crate::journal::JournalFile;
use crate::log::say;
use crate::stop::Stop;
use crate::target::Prepared;

/// What an apply leaves.
pub(crate) struct Done {
    pub(crate) outcome: Outcome,
    pub(crate) journal: Journal,
}

/// Reads the gateway.
pub(crate) async fn observe(driver: &Driver) -> Result<Observed, HeadlessError> {
    let mut observer = Observer::new();
    while let Some(call) = observer.next() {
        match driver.read(&call).await {
            Ok(answer) => observer.on(&answer),
            Err(loss) => observer.lost(&loss.to_string()),
        }
    }
    observer.finish().map_err(|error| {
        let hints: Vec<String> = error.hints().iter().map(ToString::to_string).collect();
        HeadlessError::Observe { why: error.to_string(), hints }
    })
}

/// The plan to carry out and the journal to go on with: an unfinished run is taken up with its own plan, anything
/// else begins with the plan of now, which has to be the one that was approved.
pub(crate) fn choose(
    args: &ApplyArgs,
    fresh: Plan,
    history: &History,
    file: &mut JournalFile,
) -> Result<(Printed, Journal), HeadlessError> {
    let (own, journal) = now(history, &file.text()?)?;
    let approved = args.plan.as_deref().map(material::plan).transpose()?;
    if journal.is_undoing() {
        return Err(apply::Refused::Undoing.into());
    }
    let begun = journal.opened().map(|(plan, _)| plan.to_owned()).filter(|_| journal.is_unfinished());
    if let Some(begun) = begun {
        // The journal knows its plan by all of it.
        let is_its = |plan: &Plan| Some(Printed::new(plan.clone())).filter(|plan| plan.print() == begun);
        let known = own
            .or_else(|| approved.as_ref().and_then(is_its))
            .or_else(|| material::plan(&plan_beside(&args.journal)).ok().as_ref().and_then(is_its))
            .or_else(|| is_its(&fresh));
        match known {
            Some(plan) if plan.has_sources_of(&fresh) => {
                say("taking up the apply that was cut off");
                return Ok((plan, journal));
            }
            // Its plan was carried out, and only the removal of what is gone was cut off: that is worked out anew.
            _ if journal.is_removing() && approved.is_none() => {
                file.rotate()?;
                return Ok((Printed::new(fresh), Journal::default()));
            }
            // One that broke off and cannot be gone on with stands in nobody's way.
            _ if journal.end() == Some(End::Failed) => {}
            // Somebody read the plan of now, which counts what the one that was cut off has made.
            _ if approved.as_ref().is_some_and(|plan| is_approved(&Printed::new(fresh.clone()), plan)) => {
                say("the apply that was cut off is put aside; the keys it made are among those of gangway tokens");
            }
            Some(_) => return Err(stale("LiteLLM has changed since this apply began")),
            None => return Err(stale("the journal belongs to an apply of another plan that was cut off")),
        }
    }
    let fresh = Printed::new(fresh);
    if approved.is_some_and(|approved| !is_approved(&fresh, &approved)) {
        return Err(stale("LiteLLM or the gateway has changed since this plan was made"));
    }
    if !journal.lines.is_empty() {
        file.rotate()?;
    }
    Ok((fresh, Journal::default()))
}

/// The journal as it is now, and its plan if it was read before.
fn now(history: &History, text: &str) -> Result<(Option<Printed>, Journal), HeadlessError> {
    if let Some((own, journal)) = history.of(text).cloned() {
        return Ok((Some(own), journal));
    }
    let (journal, findings) = Journal::read(text)?;
    tell(&findings);
    Ok((None, journal))
}

/// Whether a plan is the one that was approved, without what they say about a snapshot they were made from: what a
/// snapshot leaves out either changes the work, which shows in the ops, or makes no difference.
fn is_approved(fresh: &Printed, approved: &Plan) -> bool {
    let of_snapshot = |finding: &Finding| finding.code.as_str().starts_with(litellm::snapshot::CODES);
    let mut approved = approved.clone();
    approved.findings.retain(|finding| !of_snapshot(finding));
    let approved = apply::fingerprint(&approved);
    if !fresh.findings.iter().any(of_snapshot) {
        return fresh.print() == approved;
    }
    let mut fresh = Plan::clone(fresh);
    fresh.findings.retain(|finding| !of_snapshot(finding));
    apply::fingerprint(&fresh) == approved
}

/// Whether a journal is the other one as it was when it was read.
pub(crate) fn is_beginning_of(before: &Journal, journal: &Journal) -> bool {
    journal.lines.starts_with(&before.lines)
}

fn stale(why: &str) -> HeadlessError {
    HeadlessError::Refused {
        why: why.to_owned(),
        hints: vec!["run gangway plan again, read it, and apply that one".to_owned()],
    }
}

/// Drives the engine to its end.
pub(crate) fn run(
    driver: &Driver,
    vault: &Vault<Opened>,
    plan: &Printed,
    journal: Journal,
    file: JournalFile,
    keys: &mut KeysFile,
    (stop, events): (&mut Stop, &mut Events),
) -> Result<Done, HeadlessError> {
    events.begin(&journal);
    let mut pen = Pen::of(file)?;
    let mut engine = Engine::of(plan.clone(), journal, &driver.target_name(), u64::from(std::process::id()))?;
    let mut line = Line::to(driver.target()).map_err(|error| HeadlessError::Failed(error.to_string()))?;
    let mut shown = 0;
    let outcome = loop {
        if stop.is_news() {
            engine.on(Event::Cancel, clock::now());
        }
        if pen.is_done() {
            written(&mut engine, &mut pen);
        }
        match engine.step(clock::now()) {
            Step::Record(lines) => {
                // Before the journal says that the apply is over; until then the next run hears of all keys again.
                if engine.progress().phase == Phase::Done {
                    keys.write(plan);
                }
                written(&mut engine, &mut pen);
                // What was being written may have been the end of it.
                if matches!(engine.step(clock::now()), Step::Record(_)) {
                    engine.on(pen.write(&lines), clock::now());
                }
            }
            Step::Call(id, call) => {
                let event = match send(&mut line, id, || driver.prepare(&call, vault)) {
                    Ok(()) => {
                        go_ahead(&mut engine, (&mut line, id), &mut pen, |call| driver.prepare(call, vault));
                        line.answer(id)
                    }
                    Err(loss) => Event::Lost(id, loss),
                };
                engine.on(event, clock::now());
            }
            Step::Sleep(millis) => {
                if Handle::current().block_on(stop.rest(millis)) {
                    engine.on(Event::Slept, clock::now());
                }
            }
            Step::Done(outcome) => break outcome,
        }
        keys.add(engine.issued());
        progress(&engine, &mut shown, events);
    };
    keys.add(engine.issued());
    let journal = engine.journal().clone();
    line.hang_up();
    written(&mut engine, &mut pen);
    pen.put_down()?;
    Ok(Done { outcome, journal })
}

/// Sends a call, unless it is on its way.
fn send(
    line: &mut Line,
    id: CallId,
    prepare: impl FnOnce() -> Result<Prepared, apply::Loss>,
) -> Result<(), apply::Loss> {
    if !line.has(id) {
        line.send(id, prepare()?);
    }
    Ok(())
}

/// Does what can be done while a call is under way.
fn go_ahead(
    engine: &mut Engine,
    (line, under_way): (&mut Line, CallId),
    pen: &mut Pen,
    prepare: impl Fn(&Call) -> Result<Prepared, apply::Loss>,
) {
    while let Some(ahead) = engine.ahead(clock::now()) {
        match ahead {
            Ahead::Call(id, call) => {
                // Why it cannot be made ready is told when its turn has come.
                line.send_after(under_way, id, prepare(&call).ok());
            }
            Ahead::Record(lines) => pen.begin(lines),
        }
    }
}

/// Waits for what is being written beside, and tells the engine.
fn written(engine: &mut Engine, pen: &mut Pen) {
    if let Some(event) = pen.done() {
        engine.on(event, clock::now());
    }
}

/// How far it is.
fn progress(engine: &Engine, shown: &mut usize, events: &mut Events) {
    events.journal(engine.journal());
    let progress = engine.progress();
    tenth(progress.done, progress.total, shown, events);
}

/// A line at every tenth of the way.
pub(super) fn tenth(done: usize, total: usize, shown: &mut usize, events: &Events) {
    let tenth = (done * 10).checked_div(total).unwrap_or(10);
    if tenth > *shown {
        *shown = tenth;
        events.progress(done, total);
        say(&format!("{done} of {total} done"));
    }
}
