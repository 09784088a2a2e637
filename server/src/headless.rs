//! The commands without a page: doctor, grants, snapshot, plan, apply, undo, export, verify, tokens, report. The whole line, read from top to bottom.

use std::path::{Path, PathBuf};

use apply::{End, Journal, Undo};
use bifrost::Observed;
use inventory::{Candidate, Inventory, Opened, Vault};
use litellm::{Reading, Secret};
use model::Finding;
use plan::{Choices, Plan};

use crate::cli::{ApplyArgs, GrantsArgs, PlanArgs, PlanningArgs, ReportArgs, SnapshotArgs, SourceArgs, VerifyArgs};
use crate::drive::Driver;
use crate::log::say;
use crate::settings::{self, Connections, Environment};
use crate::stop::Stop;
use crate::{clock, journal, target};

mod admin;
mod ask;
mod doctor;
mod earlier;
mod error;
mod events;
mod export;
mod gone;
mod keys;
mod line;
mod material;
mod pen;
mod run;
mod tokens;
mod undo;
mod write;

pub(crate) use admin::admin;
pub(crate) use doctor::doctor;
pub(crate) use error::HeadlessError;
use events::Events;
pub(crate) use export::export;
use keys::KeysFile;
use material::Material;
use run::Done;
pub(crate) use tokens::tokens;
pub(crate) use undo::undo;

/// Done, or nothing to do.
const DONE: u8 = 0;
/// The plan has changes (`plan --detailed-exitcode`).
const CHANGES: u8 = 2;
/// Finished with failed or blocked objects.
const PARTIAL: u8 = 3;
/// Refused: stale, wider access, locked.
const REFUSED: u8 = 4;

/// Everything a command that plans has at hand.
struct Line {
    inventory: Inventory,
    vault: Vault<Opened>,
    observed: Observed,
    choices: Choices,
    /// What was applied to the gateway before.
    history: earlier::History,
}

impl Line {
    fn plan(&self) -> Plan {
        let earlier = apply::earlier(&self.history.applied);
        plan::plan_after(&self.inventory, &self.vault, &self.observed, &self.choices, clock::now(), &earlier)
    }

    /// What of the plan's objects that are gone would be removed.
    fn gone(&self, plan: &Plan) -> apply::Undo {
        apply::gone(&self.history.applied, plan, &Journal::default(), &self.observed)
    }

    /// Shows a plan, and what becomes of what is gone.
    fn show(&self, plan: &Plan, delete_gone: bool, events: &Events) {
        events.plan(plan);
        events.gone(&self.gone(plan), plan, delete_gone);
        write::incomplete(&self.inventory);
    }
}

/// `gangway grants`; the exit code.
pub(crate) fn grants(args: &GrantsArgs) -> u8 {
    write::print(&litellm::tables::grant_script(&args.role, &args.schema));
    DONE
}

/// `gangway snapshot`; the exit code.
pub(crate) async fn snapshot(args: SnapshotArgs, env: &Environment) -> Result<u8, HeadlessError> {
    let connections = settings::connections(&args.sources.connections, env)?;
    let reading = reading(&args.sources, &connections).await?;
    if reading.objects.is_empty() {
        tell(&reading.findings);
        return Err(HeadlessError::NothingRead);
    }
    let keys = settings::salt_keys(&args.sources.salt_key_file, env)?;
    let secrets: Vec<&Secret> = keys.iter().map(|(_, secret)| secret).collect();
    let snapshot = litellm::snapshot::write(&reading, &secrets);
    write::own(&args.out, &snapshot.text, args.force)?;
    write::snapshot(&reading, &snapshot, secrets.is_empty());
    let complete = reading.sources.iter().all(|source| source.complete);
    Ok(if complete { DONE } else { PARTIAL })
}

/// `gangway plan`; the exit code.
pub(crate) async fn plan(args: PlanArgs, env: &Environment) -> Result<u8, HeadlessError> {
    let events = Events::of("plan", args.json);
    let done = planned(args, env, &events).await;
    events.end(&done);
    done
}

async fn planned(args: PlanArgs, env: &Environment, events: &Events) -> Result<u8, HeadlessError> {
    let connections = settings::connections(&args.planning.sources.connections, env)?;
    let mut line = read(&args.planning, &connections, env).await?;
    line.history = earlier::history(&args.journal, &args.after, &connections)?;
    let plan = line.plan();
    write::plan(args.out.as_deref(), &plan)?;
    write::page(args.html.as_deref(), &plan, None)?;
    line.show(&plan, false, events);
    Ok(match (plan.applyable, plan.writes().next().is_some()) {
        (false, _) => REFUSED,
        (true, true) if args.detailed_exitcode => CHANGES,
        (true, _) => DONE,
    })
}

/// `gangway apply`; the exit code.
pub(crate) async fn apply(args: ApplyArgs, env: &Environment) -> Result<u8, HeadlessError> {
    let mut events = Events::of("apply", args.json);
    let done = applied(args, env, &mut events).await;
    events.end(&done);
    done
}

async fn applied(args: ApplyArgs, env: &Environment, events: &mut Events) -> Result<u8, HeadlessError> {
    let connections = settings::connections(&args.planning.sources.connections, env)?;
    let mut line = read(&args.planning, &connections, env).await?;
    line.history = earlier::history(&args.journal, &args.after, &connections)?;
    let fresh = line.plan();
    if args.dry_run {
        say("dry run: nothing is written to the gateway");
        write::files(&args.files, &fresh, None)?;
        line.show(&fresh, args.delete_gone, events);
        return Ok(if fresh.applyable { DONE } else { REFUSED });
    }
    let driver = driver(connections)?;
    let mut file = journal::JournalFile::at(args.journal.clone());
    let (plan, journal) = match run::choose(&args, fresh, &line.history, &mut file) {
        Ok(chosen) => chosen,
        Err(refused) => return Ok(refuse(&refused, events)),
    };
    write::kept(&plan_beside(&args.journal), &plan)?;
    // An apply that is taken up goes on from what was before it.
    line.history.applied.retain(|(_, before)| journal.lines.is_empty() || !run::is_beginning_of(before, &journal));
    let gone = line.gone(&plan);
    events.gone(&gone, &plan, args.delete_gone);
    let mut keys = KeysFile::at(beside(&args.journal, "keys.csv"));
    let mut stop = Stop::heard();
    // The thread is ours until it ends: whoever waits for answers in turn with others takes longer to hear of them.
    let ran = tokio::task::block_in_place(|| {
        run::run(&driver, &line.vault, &plan, journal, file, &mut keys, (&mut stop, events))
    });
    // First of all: nothing else that this leaves holds what cannot be made again.
    let handed_over = keys.close(&plan);
    let rest = match ran {
        Ok(done) => finish(&args, &line, (&plan, &gone), &driver, (&mut stop, events), done).await,
        Err(
            refused @ (HeadlessError::Refused { .. } | HeadlessError::Journal(journal::JournalError::Locked { .. })),
        ) => Ok(refuse(&refused, events)),
        Err(error) => Err(error),
    };
    match (handed_over, rest) {
        (Ok(()), rest) => rest,
        (Err(keys), Ok(_)) => Err(keys),
        (Err(keys), Err(other)) => {
            say(&format!("error: {other}"));
            Err(keys)
        }
    }
}

/// What comes after the last op; the exit code.
async fn finish(
    args: &ApplyArgs,
    line: &Line,
    (plan, gone): (&Plan, &Undo),
    driver: &Driver,
    (stop, events): (&mut Stop, &mut Events),
    mut done: Done,
) -> Result<u8, HeadlessError> {
    if args.delete_gone && matches!(done.outcome.end, End::Finished | End::Partial) {
        done = gone::remove(driver, &args.journal, &line.history.applied, plan, gone, done, (stop, events)).await?;
    }
    write::files(&args.files, plan, Some(&done.journal))?;
    say(&write::ended(plan, &done));
    write::incomplete(&line.inventory);
    match done.outcome.end {
        End::Finished => Ok(DONE),
        End::Partial | End::Stopped => Ok(PARTIAL),
        End::Failed => Err(HeadlessError::Failed(done.outcome.note)),
    }
}

/// `gangway verify`; the exit code.
pub(crate) async fn verify(args: VerifyArgs, env: &Environment) -> Result<u8, HeadlessError> {
    let events = Events::of("verify", args.json);
    let done = verified(args, env, &events).await;
    events.end(&done);
    done
}

async fn verified(args: VerifyArgs, env: &Environment, events: &Events) -> Result<u8, HeadlessError> {
    let connections = settings::connections(&args.planning.sources.connections, env)?;
    let path = args.plan.clone().unwrap_or_else(|| plan_beside(&args.journal));
    let plan = material::plan(&path)?;
    let (journal, findings) = Journal::read(&journal::JournalFile::at(args.journal.clone()).text()?)?;
    tell(&findings);
    let driver = driver(connections)?;
    let observed = run::observe(&driver).await?;
    let found = apply::drift(&plan, &journal, &observed);
    write::files(&args.files, &plan, Some(&journal))?;
    write::drift(&found);
    events.drift(&found);
    let differing = found.iter().filter(|found| !found.differences.is_empty()).count();
    let asking = args.ask_keys || args.ask_live;
    let tried = !asking || ask::ask(&driver, &args, (&plan, &journal, &observed), events).await?.is_good();
    Ok(if differing == 0 && tried { DONE } else { PARTIAL })
}

/// `gangway report`; the exit code.
pub(crate) fn report(args: &ReportArgs) -> Result<u8, HeadlessError> {
    let plan = material::plan(&args.plan)?;
    let journal = match &args.journal {
        Some(path) => {
            let (journal, findings) = Journal::read(&material::text(path)?)?;
            tell(&findings);
            Some(journal)
        }
        None => None,
    };
    write::files(&args.files, &plan, journal.as_ref())?;
    if args.files.out.is_none() && args.files.html.is_none() {
        write::print(&report::markdown(&plan, journal.as_ref(), report::Options { hide_names: false }));
    }
    Ok(DONE)
}

/// Reads every source.
async fn reading(args: &SourceArgs, connections: &Connections) -> Result<Reading, HeadlessError> {
    for note in &connections.notes {
        say(&format!("note: {note}"));
    }
    let mut material = Material::read(args, connections).await?;
    Ok(material.reading([]))
}

/// Reads every source and the gateway, opens what the keys open.
async fn read(args: &PlanningArgs, connections: &Connections, env: &Environment) -> Result<Line, HeadlessError> {
    let gathered = inventory::gather(reading(&args.sources, connections).await?);
    let mut candidates: Vec<Candidate> = settings::salt_keys(&args.sources.salt_key_file, env)?
        .into_iter()
        .map(|(name, secret)| Candidate { name, secret })
        .collect();
    candidates.extend(gathered.master_key());
    let (inventory, vault) = gathered.into_opened(&candidates);
    let choices = args.choices()?;
    let observed = match (&args.target_version, &connections.target) {
        (Some(version), _) => Observed::fresh(version.as_str()),
        (None, Some(settings)) => {
            let target = target::Target::gateway(settings.clone(), connections.network.clone());
            run::observe(&Driver::new(target)).await?
        }
        (None, None) => Observed::fresh(bifrost::version::NEWEST_KNOWN),
    };
    Ok(Line { inventory, vault, observed, choices, history: earlier::History::default() })
}

fn driver(connections: Connections) -> Result<Driver, HeadlessError> {
    let settings = connections.target.ok_or(HeadlessError::NoTarget)?;
    Ok(Driver::new(target::Target::gateway(settings, connections.network)))
}

fn refuse(refused: &HeadlessError, events: &Events) -> u8 {
    events.refused(refused);
    say(&format!("refused: {refused}"));
    for hint in refused.hints() {
        say(&format!("  hint: {hint}"));
    }
    REFUSED
}

fn tell(findings: &[Finding]) {
    for finding in findings {
        say(&finding.to_string());
    }
}

/// The plan of a journal, kept beside it, so that an apply that was cut off can be taken up again.
fn plan_beside(journal: &Path) -> PathBuf {
    journal::plan_path(journal)
}

fn beside(journal: &Path, what: &str) -> PathBuf {
    let mut name = journal.file_name().unwrap_or_default().to_os_string();
    name.push(".");
    name.push(what);
    journal.with_file_name(name)
}
