//! The releases of the gateway that were recorded and can be played.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A release of the gateway. Between the two lie the changes a migration meets: expiry of virtual keys, the check
/// of CEL expressions, quarters, checked credential blocks (`reference/bifrost-api.md` 13.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Release {
    /// 1.5.16: drops `expires_at`, stores any CEL text.
    #[serde(rename = "1.5.16")]
    V1_5_16,
    /// 2.0.0-prerelease3: the newest that could be recorded.
    #[serde(rename = "2.0.0-prerelease3")]
    #[expect(non_camel_case_types, reason = "the version as it is written")]
    V2_0_0_PRERELEASE3,
}

impl Release {
    /// Both, the older first.
    pub const ALL: [Self; 2] = [Self::V1_5_16, Self::V2_0_0_PRERELEASE3];

    /// What `GET /api/version` says.
    pub const fn version(self) -> &'static str {
        match self {
            Self::V1_5_16 => "v1.5.16",
            Self::V2_0_0_PRERELEASE3 => "v2.0.0-prerelease3",
        }
    }

    /// The release of that version, with or without the `v`.
    pub fn from_version(version: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|release| release.version().trim_start_matches('v') == version.trim_start_matches('v'))
    }

    /// Whether it is of the second generation.
    pub(crate) const fn is_second(self) -> bool {
        matches!(self, Self::V2_0_0_PRERELEASE3)
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.version())
    }
}
