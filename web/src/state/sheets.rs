//! The tables of the console, each a pure function of one phase.

use std::collections::{BTreeMap, BTreeSet};

use bifrost::Kind;
use inventory::{Conflict, Entity, Inventory, Side};
use litellm::SourceKind;
use model::{OpId, Severity, SourceId};
use plan::{Action, Fate, Fidelity, FieldLine, Op, Plan, Verdict};
use report::Run;
use report::words::{self, Words as _};

use crate::state::about::About;
use crate::state::run;
use crate::state::sheet::{Cell, Column, Facet, Row, Sheet, Tone};

const FIDELITIES: [Fidelity; 4] = [Fidelity::Exact, Fidelity::Approximate, Fidelity::Manual, Fidelity::Unsupported];
const HISTORY: &str = "History";
const ACTIONS: [Action; 4] = [Action::Create, Action::Change, Action::Same, Action::Skip];
const FATES: [Fate; 5] = [Fate::Moved, Fate::Folded, Fate::Skipped, Fate::Manual, Fate::Unsupported];
const SOURCES: [SourceKind; 3] = [SourceKind::Api, SourceKind::Database, SourceKind::ConfigFile];
const VERDICTS: [Verdict; 3] = [Verdict::Equal, Verdict::Narrower, Verdict::Wider];

/// The anchor of an op.
pub(crate) fn op_anchor(id: &OpId) -> String {
    format!("op-{id}")
}

/// The anchor of a source object.
pub(crate) fn object_anchor(id: &SourceId) -> String {
    format!("object-{id}")
}

/// The mark of an action.
pub(crate) fn action_badge(action: Action) -> Cell {
    let tone = match action {
        Action::Create => Tone::New,
        Action::Change => Tone::Warn,
        Action::Same | Action::Skip => Tone::Quiet,
    };
    Cell::Badge(tone, action.symbol(), action.title())
}

/// The mark of how a field arrives.
pub(crate) fn line_badge(line: &FieldLine) -> Cell {
    if line.is_history() { Cell::Badge(Tone::Quiet, "·", HISTORY) } else { fidelity_badge(line.fidelity) }
}

/// The mark of a fidelity word.
pub(crate) fn fidelity_badge(fidelity: Fidelity) -> Cell {
    let (tone, symbol) = match fidelity {
        Fidelity::Exact => (Tone::Ok, "="),
        Fidelity::Approximate => (Tone::Warn, "≈"),
        Fidelity::Manual => (Tone::Warn, "☞"),
        Fidelity::Unsupported => (Tone::Bad, "×"),
    };
    Cell::Badge(tone, symbol, fidelity.title())
}

/// The mark of a fate.
pub(crate) fn fate_badge(fate: Fate) -> Cell {
    let (tone, symbol) = match fate {
        Fate::Moved => (Tone::Ok, "→"),
        Fate::Folded => (Tone::Ok, "↳"),
        Fate::Skipped => (Tone::Quiet, "-"),
        Fate::Manual => (Tone::Warn, "☞"),
        Fate::Unsupported => (Tone::Bad, "×"),
    };
    Cell::Badge(tone, symbol, fate.title())
}

/// The mark of an access verdict.
pub(crate) fn verdict_badge(verdict: Verdict) -> Cell {
    let (tone, symbol) = match verdict {
        Verdict::Equal => (Tone::Ok, "="),
        Verdict::Narrower => (Tone::Warn, "<"),
        Verdict::Wider => (Tone::Bad, ">"),
    };
    Cell::Badge(tone, symbol, verdict.title())
}

/// The mark of a severity.
pub(crate) fn severity_badge(severity: Severity) -> Cell {
    let (tone, symbol) = match severity {
        Severity::Info => (Tone::Quiet, "i"),
        Severity::Warning => (Tone::Warn, "!"),
        Severity::Error => (Tone::Bad, "✗"),
    };
    Cell::Badge(tone, symbol, severity.title())
}

/// What a plan does, op by op.
pub(crate) fn operations(plan: &Plan) -> Sheet {
    let [exact, approximate, manual, unsupported] = FIDELITIES.map(|fidelity| (fidelity.word(), fidelity.title()));
    let facets = vec![
        facet("action", "Action", ACTIONS.map(|action| (action.word(), action.title()))),
        kinds(plan),
        facet("fidelity", "Fields", [exact, approximate, manual, unsupported, (words::HISTORY, HISTORY)]),
    ];
    let rows = plan.ops.iter().map(|op| {
        let cells = vec![
            action_badge(op.action),
            Cell::Text(op.kind.title().to_owned()),
            Cell::Code(op.name.clone()),
            Cell::Text(op.reason.clone()),
            Cell::Text(fields_in_short(op)),
        ];
        let fidelities: Vec<&str> = op.fields.iter().map(words::arrives).collect();
        let bits = bits(&facets, &[&[op.action.word()], &[op.kind.id()], &fidelities]);
        Row::new(op_anchor(&op.id), cells, bits, &places(op.origins.iter()))
    });
    let rows = rows.collect();
    Sheet {
        columns: columns(&[("Action", false), ("Kind", false), ("Name", false), ("Reason", false), ("Fields", false)]),
        head: 2,
        facets,
        rows,
    }
}

/// Who may call what, before and after.
pub(crate) fn access(plan: &Plan) -> Sheet {
    let facets = vec![facet("verdict", "Access", VERDICTS.map(|verdict| (verdict_word(verdict), verdict.title())))];
    let rows = plan.access.iter().map(|access| {
        let cells = vec![
            verdict_badge(access.verdict),
            Cell::Code(access.virtual_key.clone()),
            Cell::Text(listed(&access.only_source)),
            Cell::Text(listed(&access.only_target)),
        ];
        let id = format!("access-{}", access.virtual_key);
        Row::new(id, cells, bits(&facets, &[&[verdict_word(access.verdict)]]), "")
    });
    let rows = rows.collect();
    Sheet {
        columns: columns(&[("Access", false), ("Virtual key", false), ("It loses", false), ("It would gain", false)]),
        head: 1,
        facets,
        rows,
    }
}

/// What became of every source object.
pub(crate) fn objects(plan: &Plan) -> Sheet {
    let facets = vec![
        facet("fate", "Fate", FATES.map(|fate| (fate_word(fate), fate.title()))),
        source_kinds(plan.objects.iter().map(|object| object.kind.as_str())),
    ];
    let rows = plan.objects.iter().map(|object| {
        let cells = vec![
            fate_badge(object.fate),
            Cell::Text(words::source_kind(&object.kind)),
            Cell::Code(object.name.clone()),
            Cell::Text(object.note.clone()),
            Cell::Count(object.ops.len()),
        ];
        let bits = bits(&facets, &[&[fate_word(object.fate)], &[&object.kind]]);
        Row::new(object_anchor(&object.id), cells, bits, &places(object.origins.iter()))
    });
    let rows = rows.collect();
    Sheet {
        columns: columns(&[("Fate", false), ("Kind", false), ("Name", false), ("Note", false), ("Ops", true)]),
        head: 2,
        facets,
        rows,
    }
}

/// Everything that was read.
pub(crate) fn inventory(inventory: &Inventory) -> Sheet {
    let facets = vec![
        source_kinds(inventory.entities.values().map(|entity| entity.object.kind.word())),
        facet("source", "Seen in", SOURCES.map(|source| (source.word(), source_name(source)))),
        facet("findings", "Findings", [("some", "With findings"), ("none", "Without")]),
        facet("conflicts", "Conflicts", [("some", "Sources disagree"), ("none", "Sources agree")]),
    ];
    let about = About::new(inventory);
    let some = |count: usize| if count > 0 { "some" } else { "none" };
    let rows = inventory.entities.iter().map(|(id, entity)| {
        let (findings, conflicts) = (about.findings(id, entity).len(), about.conflicts(id).len());
        let kind = entity.object.kind.word();
        let cells = vec![
            Cell::Text(words::source_kind(kind)),
            Cell::Code(entity.name.clone()),
            Cell::Text(seen_in(entity)),
            Cell::Count(entity.object.fields.len()),
            Cell::Count(findings),
            Cell::Count(conflicts),
        ];
        let sources: Vec<&str> = entity.sources.iter().map(|source| source.word()).collect();
        let bits = bits(&facets, &[&[kind], &sources, &[some(findings)], &[some(conflicts)]]);
        Row::new(object_anchor(id), cells, bits, &format!("{id}\n{}", places(entity.origins.iter())))
    });
    let rows = rows.collect();
    Sheet {
        columns: columns(&[
            ("Kind", false),
            ("Name", false),
            ("Seen in", false),
            ("Fields", true),
            ("Findings", true),
            ("Conflicts", true),
        ]),
        head: 1,
        facets,
        rows,
    }
}

/// The anchor of a conflict, before its number.
pub(crate) const CONFLICT: &str = "conflict-";

/// Where sources disagree.
pub(crate) fn conflicts(inventory: &Inventory) -> Sheet {
    let kind = |conflict: &Conflict| conflict.object.as_str().split_once('/').map_or("", |(kind, _)| kind).to_owned();
    let kinds: Vec<String> = inventory.conflicts.iter().map(kind).collect();
    let facets = vec![
        source_kinds(kinds.iter().map(String::as_str)),
        facet("used", "Used", SOURCES.map(|source| (source.word(), source_name(source)))),
        facet("unused", "Not used", SOURCES.map(|source| (source.word(), source_name(source)))),
    ];
    let side = |side: &Side| Cell::Text(format!("{} ({})", side.value, source_name(side.source)));
    let rows = inventory.conflicts.iter().zip(&kinds).enumerate().map(|(at, (conflict, kind))| {
        let name = inventory.entities.get(&conflict.object).map_or("", |entity| entity.name.as_str());
        let cells = vec![
            Cell::Text(words::source_kind(kind)),
            Cell::Code(name.to_owned()),
            Cell::Code(conflict.field.clone()),
            side(&conflict.won),
            side(&conflict.lost),
            Cell::Text(conflict.why.sentence().to_owned()),
        ];
        let bits = bits(&facets, &[&[kind], &[conflict.won.source.word()], &[conflict.lost.source.word()]]);
        let more = places([&conflict.won.origin, &conflict.lost.origin].into_iter());
        Row::new(format!("{CONFLICT}{at}"), cells, bits, &format!("{}\n{more}", conflict.object))
    });
    let rows = rows.collect();
    Sheet {
        columns: columns(&[
            ("Kind", false),
            ("Object", false),
            ("Field", false),
            ("Used", false),
            ("Not used", false),
            ("Why", false),
        ]),
        head: 2,
        facets,
        rows,
    }
}

/// The ops that write, and how far each is.
pub(crate) fn progress(plan: &Plan, journal: Option<&apply::Journal>) -> Sheet {
    let run = Run::of(plan, journal.unwrap_or(&apply::Journal::default()));
    let states = ["waiting", "created", "changed", "same", "verified", "differs", "conflict", "failed", "blocked"];
    let facets = vec![facet("state", "State", states.map(|state| (state, state))), kinds(plan)];
    let known: BTreeMap<&OpId, &report::OpRun> = run.ops.iter().map(|op| (&op.op, op)).collect();
    let rows = plan.ops.iter().filter(|op| op.action != Action::Skip).map(|op| {
        let state = known.get(&op.id);
        let differs = state.and_then(|state| state.differences.as_ref()).map(|found| !found.is_empty());
        let (tone, symbol, word) = run::mark(op.action, state.and_then(|state| state.result), differs);
        let cells = vec![
            Cell::Badge(tone, symbol, word),
            action_badge(op.action),
            Cell::Text(op.kind.title().to_owned()),
            Cell::Code(op.name.clone()),
            Cell::Text(note_of(state.copied())),
        ];
        Row::new(op_anchor(&op.id), cells, bits(&facets, &[&[&word.to_lowercase()], &[op.kind.id()]]), "")
    });
    let rows = rows.collect();
    Sheet {
        columns: columns(&[("State", false), ("Action", false), ("Kind", false), ("Name", false), ("Note", false)]),
        head: 3,
        facets,
        rows,
    }
}

/// What a journal says about an op; that it was not reached is said by its state.
fn note_of(state: Option<&report::OpRun>) -> String {
    state.filter(|state| state.result.is_some()).map(|state| state.note.clone()).unwrap_or_default()
}

/// The source kinds of an inventory or a plan with their counts, for the summary.
pub(crate) fn count_kinds<'a>(kinds: impl Iterator<Item = &'a str>) -> Vec<(String, usize)> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for kind in kinds {
        *counts.entry(kind).or_default() += 1;
    }
    let mut counts: Vec<(String, usize)> = counts.into_iter().map(|(kind, count)| (kind.to_owned(), count)).collect();
    counts.sort_by(|left, right| right.1.cmp(&left.1).then_with(|| left.0.cmp(&right.0)));
    counts
}

/// The sources that show an object.
pub(crate) fn seen_in(entity: &Entity) -> String {
    let mut sources: Vec<&str> = entity.sources.iter().map(|source| source_name(*source)).collect();
    sources.dedup();
    sources.join(", ")
}

/// A source in words.
pub(crate) const fn source_name(source: SourceKind) -> &'static str {
    match source {
        SourceKind::Api => "API",
        SourceKind::Database => "database",
        SourceKind::ConfigFile => "config file",
    }
}

/// The word of a fate in the address.
pub(crate) const fn fate_word(fate: Fate) -> &'static str {
    match fate {
        Fate::Moved => "moved",
        Fate::Folded => "folded",
        Fate::Skipped => "skipped",
        Fate::Manual => "manual",
        Fate::Unsupported => "unsupported",
    }
}

const fn verdict_word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Equal => "equal",
        Verdict::Narrower => "narrower",
        Verdict::Wider => "wider",
    }
}

/// `12 exact, 1 manual`.
fn fields_in_short(op: &Op) -> String {
    let mut parts = Vec::new();
    for word in FIDELITIES.map(Fidelity::word).into_iter().chain([words::HISTORY]) {
        let count = op.fields.iter().filter(|line| words::arrives(line) == word).count();
        if count > 0 {
            parts.push(format!("{count} {word}"));
        }
    }
    parts.join(", ")
}

/// The first names of a list, and how many more there are.
fn listed(names: &[String]) -> String {
    const SHOWN: usize = 12;
    let text = names.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    if names.len() > SHOWN { format!("{text} and {} more", names.len() - SHOWN) } else { text }
}

fn places<'a>(origins: impl Iterator<Item = &'a model::Origin>) -> String {
    origins.map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

pub(super) fn columns(titles: &[(&'static str, bool)]) -> Vec<Column> {
    titles.iter().map(|(title, number)| Column { title, number: *number }).collect()
}

pub(super) fn facet<const N: usize>(key: &'static str, title: &'static str, words: [(&str, &str); N]) -> Facet {
    let words = words.into_iter().map(|(word, name)| (word.to_owned(), name.to_owned())).collect();
    Facet { key, title, words }
}

/// The bits of a row: its words for each facet.
pub(super) fn bits(facets: &[Facet], words: &[&[&str]]) -> Vec<u64> {
    facets.iter().zip(words).map(|(facet, words)| facet.bits(words)).collect()
}

fn kinds(plan: &Plan) -> Facet {
    let present: BTreeSet<Kind> = plan.ops.iter().map(|op| op.kind).collect();
    let words = present.into_iter().map(|kind| (kind.id().to_owned(), words::kind_plural(kind).to_owned()));
    Facet { key: "kind", title: "Kind", words: words.collect() }
}

fn source_kinds<'a>(kinds: impl Iterator<Item = &'a str>) -> Facet {
    let words = count_kinds(kinds).into_iter().map(|(kind, _)| {
        let name = words::source_kind(&kind);
        (kind, name)
    });
    Facet { key: "kind", title: "Kind", words: words.collect() }
}

#[cfg(test)]
mod tests {
    use bifrost::Observed;
    use litellm::Input;
    use model::Moment;
    use plan::Choices;

    use super::*;
    use crate::state::Query;
    use crate::state::sheet::{Filter, Selected, order, select};

    const CONFIG: &str = "
model_list:
  - model_name: my-gpt
    litellm_params: {model: openai/gpt-4o, api_key: sk-canary-0001}
  - model_name: claude
    litellm_params: {model: anthropic/claude-sonnet-4, api_key: os.environ/ANTHROPIC_API_KEY}
general_settings:
  master_key: sk-canary-0002
litellm_settings:
  callbacks: [langfuse]
";

    fn line() -> (Inventory, Plan) {
        let input = Input::File { name: "config.yaml", bytes: CONFIG.as_bytes() };
        let (inventory, vault) = inventory::gather(litellm::read(&[input])).open(&[]);
        let observed = Observed { version: "2.2.6".to_owned(), ..Observed::default() };
        let plan = plan::plan(&inventory, &vault, &observed, &Choices::default(), Moment::from_millis(0));
        (inventory, plan)
    }

    fn matching(sheet: &Sheet, query: &str) -> Selected {
        select(sheet, &order(sheet, None), &Filter::read(&Query::read(query), sheet), "")
    }

    #[test]
    fn the_summary_counts_the_rows() {
        let (inventory, plan) = line();
        let ops = operations(&plan);
        let summary = plan.summary;
        for (action, count) in
            [("create", summary.create), ("change", summary.change), ("same", summary.same), ("skip", summary.skip)]
        {
            assert_eq!(matching(&ops, &format!("action={action}")).matching, count, "{action}");
        }
        let fates: usize = FATES
            .into_iter()
            .map(|fate| matching(&objects(&plan), &format!("fate={}", fate_word(fate))).matching)
            .sum();
        assert_eq!(fates, inventory.entities.len(), "every object has a fate");
        assert_eq!(super::inventory(&inventory).rows.len(), inventory.entities.len());
        assert_eq!(access(&plan).rows.len(), plan.access.len());
    }

    #[test]
    fn no_table_shows_a_secret() {
        let (inventory, plan) = line();
        let sheets =
            [operations(&plan), access(&plan), objects(&plan), super::inventory(&inventory), progress(&plan, None)];
        for sheet in sheets {
            assert!(!format!("{sheet:?}").contains("canary"));
        }
    }

    #[test]
    fn every_op_that_is_not_left_out_waits_before_an_apply() {
        let (_, plan) = line();
        let sheet = progress(&plan, None);
        let expected = plan.ops.iter().filter(|op| op.action != Action::Skip).count();
        assert!(expected > 0);
        assert_eq!(matching(&sheet, "state=waiting").matching, expected);
    }

    #[test]
    fn long_lists_are_cut_and_say_so() {
        let names: Vec<String> = (0..15).map(|n| n.to_string()).collect();
        assert_eq!(listed(&names), "0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 3 more");
        assert_eq!(listed(&names[..2]), "0, 1");
    }
}
