//! The head of the report: what was read, the counts, the findings, the choices.

use std::collections::BTreeMap;

use model::{Finding, Severity};
use plan::{Action, Fidelity, Plan, SourceKind, Verdict};

use super::{names, shape};
use crate::view::NameList;
use crate::words::{self, Words};

/// Findings that stand alone before those of one wording are folded into one line.
const SINGLE_FINDINGS: usize = 100;

/// A count with its word and sign.
pub(crate) struct Tile {
    pub(crate) class: &'static str,
    pub(crate) symbol: &'static str,
    pub(crate) word: &'static str,
    pub(crate) count: String,
    pub(crate) sentence: &'static str,
}

/// One thing that was read.
pub(crate) struct SourceLine {
    pub(crate) kind: &'static str,
    pub(crate) what: String,
    pub(crate) fingerprint: String,
}

/// Findings of one wording.
pub(crate) struct FindingLine {
    pub(crate) class: &'static str,
    pub(crate) severity: &'static str,
    pub(crate) code: String,
    pub(crate) subjects: NameList,
    pub(crate) message: String,
    /// The message is one of several that differ in numbers and names.
    pub(crate) varies: bool,
    pub(crate) origin: String,
    pub(crate) hints: Vec<String>,
}

/// One decision of the user.
pub(crate) struct Choice {
    pub(crate) name: &'static str,
    pub(crate) value: String,
    pub(crate) sentence: String,
}

/// Whether the verdict is good news.
pub(super) fn tone(plan: &Plan) -> &'static str {
    let narrower = plan.access.iter().any(|access| access.verdict != Verdict::Equal);
    match (plan.applyable, narrower || !plan.complete) {
        (false, _) => "bad",
        (true, true) => "warn",
        (true, false) => "good",
    }
}

pub(super) fn sources(plan: &Plan) -> Vec<SourceLine> {
    let line = |source: &plan::Source| SourceLine {
        kind: source.kind.title(),
        what: source.what.clone(),
        fingerprint: source.fingerprint.clone(),
    };
    let (target, read): (Vec<_>, Vec<_>) =
        plan.made.sources.iter().partition(|source| source.kind == SourceKind::Target);
    read.into_iter().chain(target).map(line).collect()
}

pub(super) fn actions(plan: &Plan) -> Vec<Tile> {
    let summary = &plan.summary;
    let counts = [
        (Action::Create, summary.create),
        (Action::Change, summary.change),
        (Action::Same, summary.same),
        (Action::Skip, summary.skip),
    ];
    let tile = |(action, count): (Action, usize)| Tile {
        class: action.word(),
        symbol: action.symbol(),
        word: action.word(),
        count: words::number(count),
        sentence: action.sentence(),
    };
    counts.map(tile).into()
}

pub(super) fn fidelities(plan: &Plan) -> Vec<Tile> {
    let summary = &plan.summary;
    let counts = [
        (Fidelity::Exact, summary.exact),
        (Fidelity::Approximate, summary.approximate),
        (Fidelity::Manual, summary.manual),
        (Fidelity::Unsupported, summary.unsupported - summary.history),
    ];
    let tile = |(fidelity, count): (Fidelity, usize)| Tile {
        class: fidelity.word(),
        symbol: fidelity_symbol(fidelity),
        word: fidelity.word(),
        count: words::number(count),
        sentence: fidelity.sentence(),
    };
    let history = Tile {
        class: words::HISTORY,
        symbol: HISTORY_SYMBOL,
        word: words::HISTORY,
        count: words::number(summary.history),
        sentence: words::HISTORY_SENTENCE,
    };
    counts.map(tile).into_iter().chain([history]).collect()
}

/// A sign beside the word, so that a column can be run down with the eye and without colour.
pub(super) const fn fidelity_symbol(fidelity: Fidelity) -> &'static str {
    match fidelity {
        Fidelity::Exact => "●",
        Fidelity::Approximate => "◐",
        Fidelity::Manual => "✎",
        Fidelity::Unsupported => "○",
    }
}

/// The sign before [`words::HISTORY`].
pub(super) const HISTORY_SYMBOL: &str = "·";

/// The gravest first; in the order of the plan within a severity.
pub(super) fn findings(plan: &Plan) -> Vec<FindingLine> {
    let exact = |finding: &Finding| finding.message.clone();
    let lines = fold_findings(plan, &exact);
    if lines.len() <= SINGLE_FINDINGS { lines } else { fold_findings(plan, &|finding| shape(&finding.message)) }
}

fn fold_findings(plan: &Plan, wording: &dyn Fn(&Finding) -> String) -> Vec<FindingLine> {
    let mut places = BTreeMap::new();
    let mut lines: Vec<(Severity, FindingLine)> = Vec::new();
    for finding in &plan.findings {
        let key = (finding.severity, &finding.code, wording(finding), &finding.hints);
        let at = *places.entry(key).or_insert_with(|| {
            lines.push((finding.severity, finding_line(finding)));
            lines.len() - 1
        });
        let line = &mut lines[at].1;
        line.varies |= line.message != finding.message;
        line.subjects.push(&finding.subject);
    }
    lines.sort_by_key(|(severity, _)| std::cmp::Reverse(*severity));
    let room = names::room(lines.len());
    for (_, line) in &mut lines {
        line.subjects.fit(room);
    }
    lines.into_iter().map(|(_, line)| line).collect()
}

fn finding_line(finding: &Finding) -> FindingLine {
    FindingLine {
        class: match finding.severity {
            Severity::Error => "unsupported",
            Severity::Warning => "approximate",
            Severity::Info => "same",
        },
        severity: finding.severity.title(),
        code: finding.code.to_string(),
        subjects: NameList::default(),
        message: finding.message.clone(),
        varies: false,
        origin: finding.origin.as_ref().map(ToString::to_string).unwrap_or_default(),
        hints: finding.hints.clone(),
    }
}

pub(super) fn choices(plan: &Plan) -> Vec<Choice> {
    let choices = &plan.choices;
    let expiring = choices.expiring_keys;
    let mut left_out: NameList = choices.leave_out.iter().map(model::SourceId::as_str).collect();
    left_out.fit(names::room(1));
    let mut lines = vec![
        Choice {
            name: "Default provider",
            value: choices.default_provider.clone(),
            sentence: "For models whose provider LiteLLM itself would not name.".to_owned(),
        },
        Choice {
            name: "Window of budgets that never reset",
            value: choices.max_budget_period.clone(),
            sentence: "The gateway resets every budget some day; this is when.".to_owned(),
        },
        Choice {
            name: "Users",
            value: choices.users.title().to_owned(),
            sentence: choices.users.sentence().to_owned(),
        },
        Choice {
            name: "Wildcards",
            value: choices.wildcards.title().to_owned(),
            sentence: choices.wildcards.sentence().to_owned(),
        },
        Choice {
            name: "Keys with an expiry",
            value: expiring.map_or("Not chosen", Words::title).to_owned(),
            sentence: expiring.map_or("Matters only where the gateway drops the expiry.", Words::sentence).to_owned(),
        },
        Choice {
            name: "Left out by choice",
            value: words::counted(left_out.total, "object"),
            sentence: left_out.to_string(),
        },
    ];
    let mut names = |name: &'static str, noun: &str, mut list: NameList| {
        if list.total > 0 {
            list.fit(names::room(1));
            lines.push(Choice { name, value: words::counted(list.total, noun), sentence: list.to_string() });
        }
    };
    let renamed: Vec<String> = choices.rename.iter().map(|(id, name)| format!("{id} to {name}")).collect();
    names("Renamed", "object", renamed.iter().map(String::as_str).collect());
    let providers: Vec<String> = choices.rename_provider.iter().map(|(own, name)| format!("{own} to {name}")).collect();
    names("Renamed providers", "provider", providers.iter().map(String::as_str).collect());
    let mapped: Vec<String> = choices.map_provider.iter().map(|(from, to)| format!("{from} to {to}")).collect();
    names("Mapped providers", "provider", mapped.iter().map(String::as_str).collect());
    names("Taken over", "virtual key", choices.take_over.iter().map(model::OpId::as_str).collect());
    names("Left as they are", "object", choices.leave_alone.iter().map(model::OpId::as_str).collect());
    names("Used although read in part", "source", choices.accept_partial.iter().map(String::as_str).collect());
    lines
}
