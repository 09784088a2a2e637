//! The words of the commands that come after an apply, or beside it.

use std::path::PathBuf;

use clap::Args;

use super::{ConnectionArgs, PlanningArgs, ReportFiles};

/// Arguments of `verify`.
#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    #[command(flatten)]
    pub(crate) planning: PlanningArgs,
    /// The plan to compare with.
    #[arg(long, value_name = "FILE")]
    pub(crate) plan: Option<PathBuf>,
    /// The journal of what was applied.
    #[arg(long, value_name = "FILE", default_value = "gangway-journal.jsonl")]
    pub(crate) journal: PathBuf,
    /// Asks the gateway with every new key for its list of models. Calls no model.
    #[arg(long, group = "asking")]
    pub(crate) ask_keys: bool,
    /// Calls, with every new key, each model it may call and some that it may not. The upstreams may charge for it,
    /// and it counts against the budgets and limits of the keys.
    #[arg(long, group = "asking")]
    pub(crate) ask_live: bool,
    /// The hand-over file with the new keys, as CSV. Without it their values are read from the gateway.
    #[arg(long, value_name = "FILE", requires = "asking")]
    pub(crate) keys: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) files: ReportFiles,
    /// Says on standard output, as JSON lines, what is done.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `tokens`.
#[derive(Debug, Args)]
pub(crate) struct TokensArgs {
    #[command(flatten)]
    pub(crate) connections: ConnectionArgs,
    /// The plan that was applied. Without it: the one kept beside the journal.
    #[arg(long, value_name = "FILE")]
    pub(crate) plan: Option<PathBuf>,
    /// The journal of what was applied.
    #[arg(long, value_name = "FILE", default_value = "gangway-journal.jsonl")]
    pub(crate) journal: PathBuf,
    /// Writes them here, for its owner's eyes only. Without it: beside the journal.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// As JSON, not CSV.
    #[arg(long)]
    pub(crate) json: bool,
    /// Replaces a file that is there already.
    #[arg(long)]
    pub(crate) force: bool,
    /// Shows them on the terminal, and writes no file.
    #[arg(long, conflicts_with = "out")]
    pub(crate) print: bool,
}

/// Arguments of `undo`.
#[derive(Debug, Args)]
pub(crate) struct UndoArgs {
    #[command(flatten)]
    pub(crate) connections: ConnectionArgs,
    /// The plan that was applied. Without it: the one kept beside the journal.
    #[arg(long, value_name = "FILE")]
    pub(crate) plan: Option<PathBuf>,
    /// The journal of what was applied; the undo is written into it too.
    #[arg(long, value_name = "FILE", default_value = "gangway-journal.jsonl")]
    pub(crate) journal: PathBuf,
    /// Does it. Without this, it is only said what would be done.
    #[arg(long)]
    pub(crate) yes: bool,
    /// Leaves calls without a virtual key refused, even where they were served before.
    #[arg(long)]
    pub(crate) keep_door: bool,
    /// Says on standard output, as JSON lines, what is done.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `admin`.
#[derive(Debug, Args)]
pub(crate) struct AdminArgs {
    #[command(flatten)]
    pub(crate) connections: ConnectionArgs,
    /// Does it. Without this, it is only said what would be done.
    #[arg(long)]
    pub(crate) yes: bool,
}

/// Arguments of `report`.
#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    /// The plan.
    #[arg(long, value_name = "FILE")]
    pub(crate) plan: PathBuf,
    /// The journal of what was applied, if anything was.
    #[arg(long, value_name = "FILE")]
    pub(crate) journal: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) files: ReportFiles,
}
