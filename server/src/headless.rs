//! The commands without a page: plan, apply, verify, report.
#![expect(clippy::unused_async, reason = "the commands have names and no bodies yet")]

use crate::cli::{ApplyArgs, PlanArgs, ReportArgs, VerifyArgs};

/// Why a command could not be carried out.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HeadlessError {
    /// The command has a name and no body yet.
    #[error("`gangway {0}` is not built yet")]
    NotBuilt(&'static str),
}

/// `gangway plan`; the exit code.
pub(crate) async fn plan(_args: PlanArgs) -> Result<u8, HeadlessError> {
    Err(HeadlessError::NotBuilt("plan"))
}

/// `gangway apply`; the exit code.
pub(crate) async fn apply(_args: ApplyArgs) -> Result<u8, HeadlessError> {
    Err(HeadlessError::NotBuilt("apply"))
}

/// `gangway verify`; the exit code.
pub(crate) async fn verify(_args: VerifyArgs) -> Result<u8, HeadlessError> {
    Err(HeadlessError::NotBuilt("verify"))
}

/// `gangway report`; the exit code.
pub(crate) async fn report(_args: ReportArgs) -> Result<u8, HeadlessError> {
    Err(HeadlessError::NotBuilt("report"))
}
