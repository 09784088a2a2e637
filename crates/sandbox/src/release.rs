//! The releases of the gateway that can be played: those that were recorded, and one made from its sources.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A release of the gateway, the oldest first. What changed between two of them is a question each asks itself, so
/// that a handler reads as what it does and not as a list of versions (`reference/bifrost-api.md` 13).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Release {
    /// 1.4.19: Gangway refuses it as a target, because whatever is left out of a request means everything there. Played as
    /// far as that needs: what it says of itself, its settings, and who may use it.
    #[serde(rename = "1.4.19")]
    V1_4_19,
    /// 1.5.2: takes most names twice, knows no blacklist of a virtual key and no budgets of models.
    #[serde(rename = "1.5.2")]
    V1_5_2,
    /// 1.5.16: drops `expires_at`, stores any CEL text.
    #[serde(rename = "1.5.16")]
    V1_5_16,
    /// 2.0.0-prerelease3: the newest that could be recorded.
    #[serde(rename = "2.0.0-prerelease3")]
    #[expect(non_camel_case_types, reason = "the version as it is written")]
    V2_0_0_PRERELEASE3,
    /// 2.2.6: locked until an administrator is set up. Not recorded: made from `reference/bifrost-api.md` 1 to 6.
    #[serde(rename = "2.2.6")]
    V2_2_6,
}

impl Release {
    /// All of them, the oldest first.
    pub const ALL: [Self; 5] = [Self::V1_4_19, Self::V1_5_2, Self::V1_5_16, Self::V2_0_0_PRERELEASE3, Self::V2_2_6];

    /// Those that a plan can be applied to.
    pub const TARGETS: [Self; 4] = [Self::V1_5_2, Self::V1_5_16, Self::V2_0_0_PRERELEASE3, Self::V2_2_6];

    /// Those that were recorded.
    pub const RECORDED: [Self; 4] = [Self::V1_4_19, Self::V1_5_2, Self::V1_5_16, Self::V2_0_0_PRERELEASE3];

    /// What `GET /api/version` says.
    pub const fn version(self) -> &'static str {
        match self {
            Self::V1_4_19 => "v1.4.19",
            Self::V1_5_2 => "v1.5.2",
            Self::V1_5_16 => "v1.5.16",
            Self::V2_0_0_PRERELEASE3 => "v2.0.0-prerelease3",
            Self::V2_2_6 => "v2.2.6",
        }
    }

    /// The release of that version, with or without the `v`.
    pub fn from_version(version: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|release| release.version().trim_start_matches('v') == version.trim_start_matches('v'))
    }

    /// Whether it is of the second generation.
    pub(crate) fn is_second(self) -> bool {
        self >= Self::V2_0_0_PRERELEASE3
    }

    /// Whether it answers 409 to a name of a provider key, virtual key, customer or team that is taken (13.3).
    pub(crate) fn refuses_taken_names(self) -> bool {
        self >= Self::V1_5_16
    }

    /// Whether limits of virtual keys are rows of the model configs, which have a scope and budgets then, and whether
    /// an owner and not each of its limits is aligned to the calendar (topics 07, 08).
    pub(crate) fn scopes_limits(self) -> bool {
        self >= Self::V1_5_16
    }

    /// Whether a customer takes several budgets, and a budget besides its limits (topic 05).
    pub(crate) fn lists_budgets(self) -> bool {
        self >= Self::V1_5_16
    }

    /// Whether a virtual key may be closed for single models (13.2).
    pub(crate) fn knows_blacklists(self) -> bool {
        self >= Self::V1_5_16
    }

    /// Whether `["*"]` is everything where nothing is listed, and else compares without regard to case (13.1).
    pub(crate) fn opens_unlisted(self) -> bool {
        self >= Self::V1_5_16
    }

    /// Whether it looks at addresses before it stores them, and knows a switch for private networks (13.5).
    pub(crate) fn checks_addresses(self) -> bool {
        self >= Self::V1_5_16
    }

    /// Whether an alias may be an object (13.5).
    pub(crate) fn takes_alias_objects(self) -> bool {
        self >= Self::V1_5_16
    }

    /// Whether a virtual key can get another value (13.5).
    pub(crate) fn rotates(self) -> bool {
        self >= Self::V1_5_16
    }

    /// Whether a virtual key stays where it is when an update does not say where it belongs (topic 04).
    pub(crate) fn keeps_parents(self) -> bool {
        self >= Self::V1_5_16
    }

    /// The page of MCP clients that nobody asked for (topic 10).
    pub(crate) fn mcp_page(self) -> Option<usize> {
        match self {
            Self::V1_4_19 | Self::V1_5_2 => None,
            Self::V1_5_16 => Some(100),
            Self::V2_0_0_PRERELEASE3 | Self::V2_2_6 => Some(25),
        }
    }

    /// Whether a first start shows zeros where the database fills something in later (topic 01).
    pub(crate) fn hides_defaults(self) -> bool {
        self != Self::V1_5_2
    }

    /// Whether its settings tell of Git, and of where parameters and MCP servers are listed (topic 01).
    pub(crate) fn knows_libraries(self) -> bool {
        self >= Self::V1_5_16
    }

    /// Whether keys are objects of their own, and not fields of their provider; a virtual key can be asked for its quota
    /// and be aligned to the calendar (13.5).
    pub(crate) fn has_keys(self) -> bool {
        self >= Self::V1_5_2
    }

    /// Whether the administrator's credentials are wanted for inference and even for the version (1.5, 13.5).
    pub(crate) fn guards_everything(self) -> bool {
        self < Self::V1_5_2
    }

    /// Whether `is-auth-enabled` says of which sort the login is (1.4).
    pub(crate) fn names_auth_type(self) -> bool {
        self >= Self::V1_5_16
    }

    /// Whether it has a switch that spares inference the administrator's credentials (1.5).
    pub(crate) fn spares_inference(self) -> bool {
        self < Self::V1_5_16
    }

    /// Whether an entry of a virtual key without a weight is found by a bare name (topic 22).
    pub(crate) fn draws_without_weight(self) -> bool {
        self >= Self::V1_5_16
    }

    /// Whether a provider is loaded before it has a key (topic 02, `list`).
    pub(crate) fn loads_without_keys(self) -> bool {
        self < Self::V1_5_16
    }

    /// Whether it is locked until an administrator is set up, and wants virtual keys from the start (1.3, 1.5).
    pub fn locks(self) -> bool {
        self >= Self::V2_2_6
    }

    /// Whether routing rules have the path of their own, and answer 409 to a priority or name that is taken (6.1).
    pub(crate) fn renames_rules(self) -> bool {
        self >= Self::V2_2_6
    }

    /// Whether a virtual key may be opened for every provider at once (4.1).
    pub(crate) fn opens_all_providers(self) -> bool {
        self >= Self::V2_2_6
    }

    /// Whether a change of a provider keeps the blocks that it leaves out (2.2).
    pub(crate) fn keeps_blocks(self) -> bool {
        self >= Self::V2_2_6
    }

    /// Whether an entry of a list of models may be a pattern (3.6, 6.4).
    pub(crate) fn knows_patterns(self) -> bool {
        self >= Self::V2_2_6
    }

    /// Whether inference speaks of access, not of virtual keys, when it refuses one (4.7).
    pub(crate) fn speaks_of_access(self) -> bool {
        self >= Self::V2_2_6
    }

    /// Whether its answers say how a request was routed.
    pub(crate) fn tells_routing(self) -> bool {
        self >= Self::V1_5_16
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.version())
    }
}
