//! Typed ids. LiteLLM's ids are free text (`team-platform`, a UUID, an e-mail), so these are too. Their texts are
//! shared: an id of a plan stands in many places.
//! Source: `reference/litellm.md` 2.1.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Wraps the text as it stands; ids are never trimmed or folded.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into().into())
            }

            /// The text of the id.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.into())
            }
        }
    )+};
}

ids! {
    /// A deployment: one entry of `model_list`, or one row of `LiteLLM_ProxyModelTable`.
    DeploymentId,
    /// A named credential.
    CredentialName,
    /// A LiteLLM organization.
    OrganizationId,
    /// A LiteLLM team.
    TeamId,
    /// A LiteLLM internal user.
    UserId,
    /// A LiteLLM end user ("customer").
    EndUserId,
    /// A virtual key, known only by the SHA-256 of its text.
    KeyHash,
    /// A row of the budget table.
    BudgetId,
    /// A Bifrost provider: a standard name or a custom one.
    ProviderName,
    /// Any source object, as `kind/id`; what the accounting of the plan counts.
    SourceId,
    /// A planned operation, as `kind/name`. Stable from run to run, so a link to a row survives.
    OpId,
}
