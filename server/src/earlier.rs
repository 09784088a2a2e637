//! What an earlier apply to a gateway did: its journal, and the plan kept beside it. The command plans with it, and so
//! does the page, which the relay gives what it needs of it.
#![expect(clippy::disallowed_methods, reason = "the shell reads the plans it keeps")]

use std::path::{Path, PathBuf};

use apply::{Journal, Printed};
use plan::delta::Earlier;

use crate::journal::{JournalError, JournalFile, MAX_PLAN, all, plan_path};

/// A journal at hand, with its plan.
pub(crate) type Applied = (Printed, Journal);

/// What a journal says of a gateway.
#[derive(Debug)]
pub(crate) enum Before {
    /// Nothing: it has no records.
    Nothing,
    /// What was applied.
    Applied(Box<Applied>),
    /// That is not known.
    Unknown(Unknown),
}

/// Why a journal is not taken into account.
#[derive(Debug)]
pub(crate) enum Unknown {
    /// It is of another gateway, of this name.
    OtherGateway(String),
    /// Its plan is not there, or another one is.
    NoPlan,
}

impl Unknown {
    /// In one sentence, of that journal.
    pub(crate) fn words(&self, journal: &Path) -> String {
        let (file, plan) = (journal.display(), plan_path(journal));
        match self {
            Self::OtherGateway(name) => {
                format!("the journal {file} is of another gateway ({name}) and is not taken into account")
            }
            Self::NoPlan => format!(
                "{} is not there or not the plan of the journal {file}, so what that apply made is not known",
                plan.display()
            ),
        }
    }
}

/// Why what was applied cannot be told at all.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EarlierError {
    #[error("{journal}: {why}", journal = path.display())]
    Journal { path: PathBuf, why: JournalError },
    #[error("{journal}: {why}", journal = path.display())]
    Chain { path: PathBuf, why: apply::BrokenChain },
    #[error("{plan} cannot be read: {why}", plan = path.display())]
    NotRead { path: PathBuf, why: std::io::Error },
    #[error("{plan}: {why}", plan = path.display())]
    NotAPlan { path: PathBuf, why: report::ReadError },
    #[error("{plan} is larger than {} MiB", MAX_PLAN >> 20, plan = path.display())]
    PlanTooLarge { path: PathBuf },
    #[error("what earlier applies left on the gateway takes more than {} MiB to tell", MAX_PLAN >> 20)]
    TooMuch,
}

/// What the journal of that text did to the gateway of that name.
pub(crate) fn read(path: &Path, text: &str, target: &str) -> Result<Before, EarlierError> {
    let chain = |why| EarlierError::Chain { path: path.to_path_buf(), why };
    let (journal, _) = Journal::read(text).map_err(chain)?;
    let Some((of, written_for)) = journal.opened() else { return Ok(Before::Nothing) };
    if written_for != target {
        return Ok(Before::Unknown(Unknown::OtherGateway(written_for.to_owned())));
    }
    let own = plan_at(plan_path(path))?.map(Printed::new).filter(|plan| plan.print() == of);
    Ok(own.map_or(Before::Unknown(Unknown::NoPlan), |plan| Before::Applied(Box::new((plan, journal)))))
}

/// None where there is none.
fn plan_at(path: PathBuf) -> Result<Option<plan::Plan>, EarlierError> {
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(why) => return Err(EarlierError::NotRead { path, why }),
    };
    report::read_plan(&text).map(Some).map_err(|why| EarlierError::NotAPlan { path, why })
}

/// What the applies of a journal and of those put aside beside it left on the gateway, as JSON, and what of them is not
/// taken into account. One after the other, for each may be large, and what is told of it is small.
pub(crate) fn told(journal: &Path, target: &str) -> Result<(String, Vec<String>), EarlierError> {
    let (mut earlier, mut notes) = (Earlier::default(), Vec::new());
    for path in all(journal) {
        let most = u64::try_from(MAX_PLAN).unwrap_or(u64::MAX);
        if std::fs::metadata(plan_path(&path)).is_ok_and(|plan| plan.len() > most) {
            return Err(EarlierError::PlanTooLarge { path: plan_path(&path) });
        }
        let unread = |why| EarlierError::Journal { path: path.clone(), why };
        let text = JournalFile::at(path.clone()).text().map_err(unread)?;
        match read(&path, &text, target)? {
            Before::Nothing => {}
            Before::Unknown(why) => notes.push(why.words(&path)),
            Before::Applied(applied) => apply::left(&mut earlier, &applied.0, &applied.1),
        }
    }
    // Maps with text keys can always be written.
    let text = serde_json::to_string(&earlier).unwrap_or_default();
    if text.len() > MAX_PLAN { Err(EarlierError::TooMuch) } else { Ok((text, notes)) }
}
