//! What the commands leave: files, and words on the terminal.
#![expect(clippy::disallowed_methods, reason = "the command line is where files are written")]

use std::io::{ErrorKind, Write as _};
use std::path::Path;

use apply::{Drift, End, Entry, Journal, Undo, UndoEngine, UndoResult, Undoing};
use inventory::Inventory;
use litellm::Reading;
use litellm::snapshot::Snapshot;
use model::Severity;
use plan::{Plan, Verdict};
use report::{Options, words};

use super::run::Done;
use super::{HeadlessError, beside};
use crate::cli::ReportFiles;
use crate::journal::{private, write_whole};
use crate::log::say;

/// Text for the user's standard output.
#[expect(clippy::print_stdout, reason = "the output of a command")]
pub(crate) fn print(text: &str) {
    print!("{text}");
}

/// The plan as JSON.
pub(crate) fn plan(path: Option<&Path>, plan: &Plan) -> Result<(), HeadlessError> {
    path.map_or(Ok(()), |path| file(path, &report::plan_json(plan)))
}

/// The plan beside its journal. Whoever is killed here leaves a plan to go on with.
pub(crate) fn kept(path: &Path, plan: &Plan) -> Result<(), HeadlessError> {
    if write_whole(path, &report::plan_json(plan))
        .map_err(|why| HeadlessError::Write { path: path.to_path_buf(), why })?
    {
        say(&format!("written: {}", path.display()));
    }
    Ok(())
}

/// Plan and journal as JSON.
fn report(path: Option<&Path>, plan: &Plan, journal: &Journal) -> Result<(), HeadlessError> {
    path.map_or(Ok(()), |path| file(path, &report::report_json(plan, journal)))
}

/// The report where it is wanted; before an apply, the plan stands for it.
pub(crate) fn files(files: &ReportFiles, plan: &Plan, journal: Option<&Journal>) -> Result<(), HeadlessError> {
    match journal {
        Some(journal) => report(files.out.as_deref(), plan, journal)?,
        None => self::plan(files.out.as_deref(), plan)?,
    }
    page(files.html.as_deref(), plan, journal)
}

/// The report as one page.
pub(crate) fn page(path: Option<&Path>, plan: &Plan, journal: Option<&Journal>) -> Result<(), HeadlessError> {
    path.map_or(Ok(()), |path| file(path, &report::html(plan, journal, Options { hide_names: false })))
}

fn file(path: &Path, text: &str) -> Result<(), HeadlessError> {
    std::fs::write(path, text).map_err(|why| HeadlessError::Write { path: path.to_path_buf(), why })?;
    say(&format!("written: {}", path.display()));
    Ok(())
}

/// A folder, made where it is missing.
pub(crate) fn folder(path: &Path) -> Result<(), HeadlessError> {
    std::fs::create_dir_all(path).map_err(|why| HeadlessError::Write { path: path.to_path_buf(), why })
}

/// A file without secrets, that replaces nothing unless it may.
pub(crate) fn shared(path: &Path, text: &str, replace: bool) -> Result<(), HeadlessError> {
    if path.exists() && !replace {
        return Err(HeadlessError::InTheWay(path.to_path_buf()));
    }
    file(path, text)
}

/// A file only its owner can read. One that is there already is in the way, unless it may be replaced: then the old
/// one stays until the new one is whole.
pub(crate) fn own(path: &Path, text: &str, replace: bool) -> Result<(), HeadlessError> {
    let unwritable = |why: std::io::Error| match why.kind() {
        ErrorKind::AlreadyExists => HeadlessError::InTheWay(path.to_path_buf()),
        _ => HeadlessError::Write { path: path.to_path_buf(), why },
    };
    let place = if replace { beside(path, &format!("new-{}", std::process::id())) } else { path.to_path_buf() };
    let mut file = private().write(true).create_new(true).open(&place).map_err(unwritable)?;
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    let moved = written.and_then(|()| if replace { std::fs::rename(&place, path) } else { Ok(()) });
    if let Err(why) = moved {
        // Half a file helps nobody.
        let _ = std::fs::remove_file(&place);
        return Err(unwritable(why));
    }
    say(&format!("written: {}", path.display()));
    Ok(())
}

/// What a snapshot holds, in words.
pub(crate) fn snapshot(reading: &Reading, snapshot: &Snapshot, without_key: bool) {
    for source in &reading.sources {
        let word = if source.complete { "read" } else { "partly read" };
        print(&format!("{word}: {}\n", source.what));
    }
    let left_out: usize = snapshot.left_out.values().sum();
    let (objects, values) = (words::counted(reading.objects.len(), "object"), words::counted(left_out, "value"));
    print(&format!("{objects} in the snapshot; {values} in clear left out\n"));
    let findings = reading.findings.iter().filter(|finding| finding.severity != Severity::Info);
    findings.chain(&snapshot.findings).for_each(|finding| say(&finding.to_string()));
    if without_key {
        say("note: no salt key is given, so a value that looks encrypted is kept as it stands");
    }
}

/// The plan in words on the terminal.
pub(crate) fn show(plan: &Plan) {
    print(&format!("{}\n", words::verdict_sentence(plan)));
    print(&format!("{}\n", words::summary_line(plan)));
    for op in &plan.ops {
        print(&format!(
            "  {} {:<6} {} {}: {}\n",
            op.action.symbol(),
            op.action.word(),
            op.kind.title(),
            op.name,
            op.reason
        ));
    }
    for verdict in plan.access.iter().filter(|verdict| verdict.verdict != Verdict::Equal) {
        let (word, names) = match verdict.verdict {
            Verdict::Wider => ("gains", &verdict.only_target),
            Verdict::Narrower | Verdict::Equal => ("loses", &verdict.only_source),
        };
        print(&format!("  access: {} {word} {}\n", verdict.virtual_key, names.join(", ")));
    }
    for finding in plan.findings.iter().filter(|finding| finding.severity != Severity::Info) {
        say(&finding.to_string());
    }
}

/// What differs from the plan, and what of it came since the apply.
pub(crate) fn drift(found: &[Drift]) {
    for Drift { op, differences, since, beyond } in found {
        let when = if *since { ", since the apply" } else { "" };
        for difference in differences {
            say(&format!(
                "{op}: {} is {}, planned {}{when}",
                difference.path, difference.observed, difference.intended
            ));
        }
        if *beyond {
            say(&format!("{op}: something that the plan does not speak of was changed since the apply"));
        }
    }
    let differing = found.iter().filter(|found| !found.differences.is_empty()).count();
    let since = found.iter().filter(|found| found.since || found.beyond).count();
    say(&format!("{} objects compared, {differing} differ, {since} changed since the apply", found.len()));
}

/// What an undo would do, in words on the terminal.
pub(crate) fn undo(undo: &Undo) {
    use Undoing::{Leave, Nothing, Remove, Restore};
    let count = |what| undo.count(what);
    print(&format!(
        "{} to remove, {} to put back, {} left as they are, {} undone already\n",
        words::counted(count(Remove), "object"),
        count(Restore),
        count(Leave),
        count(Nothing)
    ));
    for item in &undo.items {
        let (symbol, word) = (item.what.symbol(), item.what.word());
        print(&format!("  {symbol} {word:<7} {} {}: {}\n", item.kind.title(), item.name, item.why));
        for field in &item.fields {
            print(&format!("      {}: {} becomes {} again\n", field.path, field.observed, field.intended));
        }
    }
    if undo.items.iter().any(|item| item.opens_the_door) {
        say("attention: calls without a virtual key will be served again, as before the apply");
        say("  hint: --keep-door leaves them refused");
    }
}

/// What earlier applies made and LiteLLM no longer has, and what becomes of it.
pub(crate) fn gone(gone: &Undo, plan: &Plan, asked: bool) {
    if plan.gone.is_empty() {
        return;
    }
    let count = gone.count(Undoing::Remove);
    let what = if asked { "removed after the plan" } else { "removed with --delete-gone" };
    print(&format!("{} no longer in LiteLLM, {count} to be {what}\n", words::counted(plan.gone.len(), "object")));
    for item in &gone.items {
        let word = if item.what == Undoing::Remove && !asked { "stays" } else { item.what.word() };
        print(&format!("  {} {word:<7} {} {}: {}\n", item.what.symbol(), item.kind.title(), item.name, item.why));
    }
    let open = plan.gone.iter().filter(|gone| gone.open).count();
    if open > 0 {
        say(&format!("attention: {} still let in, that LiteLLM no longer has", words::counted(open, "virtual key")));
    }
}

/// What the removal of what is gone came to.
pub(crate) fn removed(engine: &UndoEngine) {
    let results = engine.results();
    let removed = results.values().filter(|result| result.is_undone()).count();
    if !results.is_empty() {
        say(&format!("{removed} of {} removed that LiteLLM no longer has", words::counted(results.len(), "object")));
    }
}

/// What an undo came to.
pub(crate) fn undone(engine: &UndoEngine) {
    let undone = engine.results().values().filter(|result| result.is_undone()).count();
    let (_, total) = engine.progress();
    for line in &engine.journal().lines {
        if let Entry::UndoOutcome { op, result: result @ (UndoResult::Left | UndoResult::Failed), note } = &line.entry
            && engine.results().get(op) == Some(result)
        {
            say(&format!("not undone: {op}: {note}"));
        }
    }
    say(&format!("{undone} of {total} undone"));
}

/// What was not read, last of all, so that nobody takes a part for the whole.
pub(crate) fn incomplete(inventory: &Inventory) {
    let partial = inventory.sources.iter().filter(|source| !source.complete);
    let mut lines: Vec<String> = partial.map(|source| format!("only a part was read of {}", source.what)).collect();
    let shut = inventory.opening.failed.len();
    if shut > 0 {
        lines.push(format!("{} not opened", words::counted(shut, "encrypted value")));
    }
    if lines.is_empty() {
        return;
    }
    for line in lines {
        say(&format!("not complete: {line}"));
    }
    say("  hint: gangway doctor, with the same arguments, says what is missing and how to get it");
}

/// How an apply or an undo ended that the user stopped.
pub(crate) const STOPPED: &str = "stopped; run the same command again to go on";

/// How an apply ended, in one sentence.
pub(crate) fn ended(plan: &Plan, done: &Done) -> String {
    let total = plan.writes().count();
    let word = match done.outcome.end {
        End::Finished => format!("finished: {total} changes done and read back"),
        End::Partial => "finished, but not everything is as planned; see the report".to_owned(),
        End::Stopped => return STOPPED.to_owned(),
        End::Failed => "failed; run the same command again to go on".to_owned(),
    };
    if done.outcome.note.is_empty() { word } else { format!("{word}: {}", done.outcome.note) }
}
