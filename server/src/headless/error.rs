//! Why a command could not be carried out.

use std::path::PathBuf;

use crate::earlier::EarlierError;
use crate::journal::JournalError;
use crate::postgres::DatabaseError;
use crate::settings::SettingsError;

/// Why a command could not be carried out.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HeadlessError {
    /// A setting is missing or cannot be read.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// A file cannot be read.
    #[error("{} cannot be read: {why}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// The system's words.
        why: std::io::Error,
    },
    /// A file cannot be written.
    #[error("{} cannot be written: {why}", path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// The system's words.
        why: std::io::Error,
    },
    /// The gateway made keys, and the file with them cannot be written.
    #[error("the new keys were made, but {} cannot be written: {why}", path.display())]
    HandOver {
        /// Which.
        path: PathBuf,
        /// The system's words.
        why: std::io::Error,
    },
    /// The database cannot be read.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// Nothing was given to read.
    #[error("there is nothing to read: give --config, --api, --dump, --snapshot, LITELLM_URL or LITELLM_DB_URL")]
    NoSource,
    /// Nothing of what was given could be used.
    #[error("nothing of what was given could be read, so no snapshot is written")]
    NothingRead,
    /// A file is in the way.
    #[error("{} is there already", .0.display())]
    InTheWay(PathBuf),
    /// No gateway was given.
    #[error("no gateway is given: set BIFROST_URL")]
    NoTarget,
    /// No administrator was named.
    #[error("the administrator to be made is not given")]
    NoLogin,
    /// The gateway did not make the administrator.
    #[error("the gateway made no administrator: {0}")]
    NoAdmin(String),
    /// The gateway wants its setup token for that.
    #[error("the gateway made no administrator: {0}")]
    NoSetupToken(String),
    /// The gateway cannot be read.
    #[error("{why}")]
    Observe {
        /// Why.
        why: String,
        /// What to do.
        hints: Vec<String>,
    },
    /// A saved plan cannot be read.
    #[error(transparent)]
    Plan(report::ReadError),
    /// The journal is broken.
    #[error(transparent)]
    Chain(#[from] apply::BrokenChain),
    /// What was applied before cannot be told.
    #[error(transparent)]
    Earlier(#[from] EarlierError),
    /// The journal cannot be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The engine refuses the plan.
    #[error("{why}")]
    Refused {
        /// Why.
        why: String,
        /// What to do.
        hints: Vec<String>,
    },
    /// A choice of two sides that has only one.
    #[error("{given} does not say for what: write {like}")]
    OneSide {
        /// What was given.
        given: String,
        /// An example.
        like: &'static str,
    },
    /// The system gives no random bytes.
    #[error("this system gives no random bytes, so no new keys can be made")]
    NoRandomness,
    /// The undo could not go on.
    #[error("the undo could not go on: {0}")]
    UndoFailed(String),
    /// The apply could not go on.
    #[error("the apply could not go on: {0}")]
    Failed(String),
}

impl HeadlessError {
    /// What to do about it.
    pub(crate) fn hints(&self) -> Vec<String> {
        match self {
            Self::Database(error) => error.hints(),
            Self::Refused { hints, .. } | Self::Observe { hints, .. } => hints.clone(),
            Self::HandOver { .. } => {
                vec!["gangway tokens --out FILE reads them from the gateway again, with the same --journal".to_owned()]
            }
            Self::InTheWay(_) => vec!["give another name, or --force to replace it".to_owned()],
            Self::UndoFailed(_) => vec!["run the same command again: it goes on where it stopped".to_owned()],
            Self::NoLogin => {
                vec!["set BIFROST_USER to the name and BIFROST_PASSWORD to the password it shall have".to_owned()]
            }
            Self::NoSetupToken(_) => {
                vec!["give the gateway's setup_token in BIFROST_SETUP_TOKEN or --bifrost-setup-token-file".to_owned()]
            }
            Self::NoTarget => vec!["BIFROST_URL=http://localhost:8080 gangway apply …".to_owned()],
            _ => Vec::new(),
        }
    }
}

impl From<apply::Refused> for HeadlessError {
    fn from(refused: apply::Refused) -> Self {
        Self::Refused { why: refused.to_string(), hints: refused.hints().iter().map(ToString::to_string).collect() }
    }
}
