//! The vocabulary every room of Gangway speaks.
//!
//! Invariant: no secret plaintext has a type here, only [`SecretId`] and [`Masked`]; nothing here reads a
//! clock, a file or the environment.

mod finding;
mod id;
mod moment;
mod money;
mod origin;
mod rows;
mod secret;
mod window;

pub use finding::{Code, Finding, Severity, worst};
pub use id::{
    BudgetId, CredentialName, DeploymentId, EndUserId, KeyHash, OpId, OrganizationId, ProviderName, SourceId, TeamId,
    UserId,
};
pub use moment::{Moment, MomentError};
pub use money::{Money, MoneyError};
pub use origin::Origin;
pub use rows::Rows;
pub use secret::{Masked, SecretId};
pub use window::{Unit, Window};
