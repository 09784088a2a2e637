//! Telling it: JSON for machines, CSV for spreadsheets, Markdown and one HTML file for people. Pure text out of a
//! plan and what happened to it.
//!
//! Invariant: takes a plan and a journal, never the vault, so no secret can be told; nothing here decides.

pub mod body;
mod csv;
mod escape;
pub mod handover;
mod hide;
mod html;
mod json;
mod left;
mod markdown;
mod run;
mod view;
pub mod words;

pub use body::Change;
pub use hide::hide_names;
pub use html::STYLE;
pub use json::{FORMAT, ReadError, Report, plan_json, read_plan, read_report, report_json};
pub use left::{Left, left_to_you, without_counterpart};
pub use run::{Counts, OpRun, Run};

use apply::Journal;
use plan::Plan;

/// How a report is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// For sharing: names, ids, e-mails and hosts become "team 1", "user 2" ([`hide_names`]).
    pub hide_names: bool,
}

/// The report as one HTML file: readable without scripts, on paper, in light and dark; it fetches nothing.
pub fn html(plan: &Plan, journal: Option<&Journal>, options: Options) -> String {
    told(plan, journal, options, |plan, run| html::page(&view::View::of(plan, run, options.hide_names)))
}

/// The report as Markdown, for an issue or a repository.
pub fn markdown(plan: &Plan, journal: Option<&Journal>, options: Options) -> String {
    told(plan, journal, options, |plan, run| markdown::page(&view::View::of(plan, run, options.hide_names)))
}

/// The accounting as CSV (RFC 4180): a row per field, complete at any size; no cell is a formula.
pub fn csv(plan: &Plan, journal: Option<&Journal>, options: Options) -> String {
    told(plan, journal, options, csv::csv)
}

fn told(
    plan: &Plan,
    journal: Option<&Journal>,
    options: Options,
    tell: impl FnOnce(&Plan, Option<&Run>) -> String,
) -> String {
    if options.hide_names {
        let (plan, journal) = hide_names(plan, journal);
        let run = journal.as_ref().map(|journal| Run::of(&plan, journal));
        return tell(&plan, run.as_ref());
    }
    let run = journal.map(|journal| Run::of(plan, journal));
    tell(plan, run.as_ref())
}
