//! `gangway undo`: says what it would take back, and does it only when told to.

use std::path::PathBuf;

use apply::{End, Event, Journal, Outcome, Step, Undo, UndoEngine, UndoOptions};

use super::events::Events;
use super::{DONE, HeadlessError, PARTIAL, driver, material, plan_beside, refuse, run, tell, write};
use crate::cli::UndoArgs;
use crate::clock;
use crate::drive::Driver;
use crate::journal::{JournalError, JournalFile};
use crate::log::say;
use crate::settings::{self, Environment};
use crate::stop::Stop;

/// `gangway undo`; the exit code.
pub(crate) async fn undo(args: UndoArgs, env: &Environment) -> Result<u8, HeadlessError> {
    let mut events = Events::of("undo", args.json);
    let done = taken_back(args, env, &mut events).await;
    events.end(&done);
    done
}

async fn taken_back(args: UndoArgs, env: &Environment, events: &mut Events) -> Result<u8, HeadlessError> {
    let connections = settings::connections(&args.connections, env)?;
    let path: PathBuf = args.plan.clone().unwrap_or_else(|| plan_beside(&args.journal));
    let plan = material::plan(&path)?;
    let driver = driver(connections)?;
    let (mut file, holder) = (JournalFile::at(args.journal), format!("gangway undo, process {}", std::process::id()));
    // Held from before it is read, so that nothing is added to it in between.
    if args.yes
        && let Err(locked) = file.lock(&holder)
    {
        return if matches!(locked, JournalError::Locked { .. }) {
            Ok(refuse(&locked.into(), events))
        } else {
            Err(locked.into())
        };
    }
    let (journal, findings) = Journal::read(&file.text()?)?;
    tell(&findings);
    let observed = run::observe(&driver).await?;
    let options = UndoOptions { keep_door: args.keep_door };
    let undo = match apply::undo(&plan, &journal, &driver.target_name(), &observed, options) {
        Ok(undo) => undo,
        Err(refused) => return Ok(refuse(&refused.into(), events)),
    };
    events.undo(&undo);
    if !args.yes {
        say("dry run: nothing was changed; the same command with --yes does it");
        return Ok(DONE);
    }
    carry_out(&driver, undo, journal, file, &holder, events).await
}

async fn carry_out(
    driver: &Driver,
    undo: Undo,
    journal: Journal,
    file: JournalFile,
    holder: &str,
    events: &mut Events,
) -> Result<u8, HeadlessError> {
    let engine = UndoEngine::new(undo, journal, &driver.target_name(), u64::from(std::process::id()));
    let (outcome, engine) = drive(driver, engine, file, holder, (&mut Stop::heard(), events)).await?;
    write::undone(&engine);
    match outcome.end {
        End::Finished => Ok(DONE),
        End::Partial => Ok(PARTIAL),
        End::Stopped => {
            say(write::STOPPED);
            Ok(PARTIAL)
        }
        End::Failed => Err(HeadlessError::UndoFailed(outcome.note)),
    }
}

/// Drives the engine to its end and gives the journal back.
pub(super) async fn drive(
    driver: &Driver,
    mut engine: UndoEngine,
    mut file: JournalFile,
    holder: &str,
    (stop, events): (&mut Stop, &mut Events),
) -> Result<(Outcome, UndoEngine), HeadlessError> {
    let mut shown = 0;
    events.begin(engine.journal());
    let outcome = loop {
        if stop.is_news() {
            engine.on(Event::Cancel, clock::now());
        }
        let event = match engine.step(clock::now()) {
            Step::Record(line) => match file.append(holder, &line) {
                Ok(_) => Event::Recorded,
                Err(error) => {
                    say(&format!("error: {error}"));
                    Event::RecordFailed
                }
            },
            Step::Call(id, call) => match driver.bare(&call).await {
                Ok(answer) => Event::Answer(id, answer),
                Err(loss) => Event::Lost(id, loss),
            },
            Step::Sleep(millis) => {
                if !stop.rest(millis).await {
                    continue;
                }
                Event::Slept
            }
            Step::Done(outcome) => break outcome,
        };
        engine.on(event, clock::now());
        let (done, total) = engine.progress();
        events.journal(engine.journal());
        run::tenth(done, total, &mut shown, events);
    };
    file.unlock(holder)?;
    Ok((outcome, engine))
}
