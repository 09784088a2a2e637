//! Versions of the gateway, and what each can hold. One table: a row a capability, with the release it came in, the
//! one it went with, and the source of the fact.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

/// A version as `GET /api/version` says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    numbers: [u32; 3],
    /// The text behind the first `-`, such as `prerelease3`.
    prerelease: Option<String>,
}

/// The text is no version.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a version such as v1.5.16")]
pub struct NotAVersion {
    text: String,
}

impl FromStr for Version {
    type Err = NotAVersion;

    fn from_str(text: &str) -> Result<Self, NotAVersion> {
        let error = || NotAVersion { text: text.to_owned() };
        let bare = text.trim().trim_matches('"').trim_start_matches('v');
        let (numbers, prerelease) = match bare.split_once('-') {
            Some((numbers, rest)) => (numbers, Some(rest.to_owned())),
            None => (bare, None),
        };
        let mut parts = numbers.split('.').map(|part| part.parse::<u32>().map_err(|_| error()));
        let mut next = || parts.next().unwrap_or(Ok(0));
        let numbers = [next()?, next()?, next()?];
        if bare.is_empty() || parts.next().is_some() {
            return Err(error());
        }
        Ok(Self { numbers, prerelease })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor, patch] = self.numbers;
        write!(f, "{major}.{minor}.{patch}")?;
        match &self.prerelease {
            Some(text) => write!(f, "-{text}"),
            None => Ok(()),
        }
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Version {
    /// A prerelease comes before its release.
    fn cmp(&self, other: &Self) -> Ordering {
        self.numbers.cmp(&other.numbers).then_with(|| match (&self.prerelease, &other.prerelease) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
            (Some(left), Some(right)) => left.cmp(right),
        })
    }
}

/// A row of the table: what the capability is, and which releases have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// What it is about.
    pub capability: Capability,
    /// Whether it holds something, or only behaves in another way.
    pub nature: Nature,
    /// The first release that has it.
    pub since: &'static str,
    /// The first release that has it no longer.
    pub until: Option<&'static str>,
    /// In words: what the gateway holds or does.
    pub what: &'static str,
    /// Where that was seen.
    pub source: &'static str,
}

/// What a row speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nature {
    /// Something the gateway can hold: without it, something is lost.
    Holds,
    /// Something it does.
    Behaves,
}

macro_rules! capabilities {
    ($($name:ident: $nature:ident $since:literal $(.. $until:literal)?, $what:literal, $source:literal;)+) => {
        /// Something a gateway can hold, or does, or not.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Capability {
            $(#[doc = $what] $name,)+
        }

        /// The table: a row a capability, with the release it came in, the one it went with, and where that was seen.
        /// A release marked `-0` counts its prereleases in.
        pub const CAPABILITIES: &[Row] = &[
            $(Row {
                capability: Capability::$name,
                nature: Nature::$nature,
                since: $since,
                until: until!($($until)?),
                what: $what,
                source: $source,
            },)+
        ];
    };
}

macro_rules! until {
    () => {
        None
    };
    ($until:literal) => {
        Some($until)
    };
}

capabilities! {
    // An absent or empty list denies. Before, every omission means *all*: such a gateway is refused.
    DenyByDefault: Behaves "1.5.0-0", "lists that deny when they are empty", "bifrost-api.md 3.6, 13.1; measured on 1.4.19 and 1.5.2";
    KeyAliases: Holds "1.5.0-0", "aliases of models on provider keys", "bifrost-api.md 3.7; measured on 1.5.2";
    Budgets: Holds "1.5.0-0", "several budgets of a virtual key or team", "bifrost-api.md 4.1, 2.7; measured on 1.5.2";
    PricingOverrides: Holds "1.5.0-0", "prices of your own", "bifrost-api.md 2.11, 13.5; measured on 1.4.19 and 1.5.2";
    Fireworks: Holds "1.5.0-0", "Fireworks as a provider of its own", "bifrost-api.md 3.1";
    VirtualKeyBlacklist: Holds "1.5.4", "models a virtual key may not call", "bifrost-api.md 4.2, 9.1, 13.2; measured on 1.5.2 and 1.5.16";
    McpTls: Holds "1.5.6", "TLS settings of MCP clients", "bifrost-api.md 2.14, 9.1";
    McpPerUser: Holds "1.5.6", "MCP clients that sign in per user", "bifrost-api.md 2.14, 9.1";
    CustomerBudgets: Holds "1.5.9", "several budgets of a customer", "bifrost-api.md 2.7, 9.1, 13.2; measured on 1.5.2 and 1.5.16";
    ModelConfigBudgets: Holds "1.5.9", "several budgets of a model", "bifrost-api.md 5, 9.1, 13.2; measured on 1.5.2 and 1.5.16";
    ModelConfigScope: Holds "1.5.9", "limits of one key on one model", "bifrost-api.md 5, 9.1, 13.2; measured on 1.5.2 and 1.5.16";
    CalendarAligned: Holds "1.5.9", "budgets that start anew with the calendar", "bifrost-api.md 4.1, 9.1";
    OpaqueProviders: Holds "1.5.10", "whole providers that list no models", "bifrost-api.md 3.6, 9.1, 13.1; measured on 1.5.2 and 1.5.16";
    AliasObjects: Holds "1.5.16", "an API version and a model to price by, per alias", "bifrost-api.md 3.7, 13.5; measured on 1.5.2 and 1.5.16";
    UniqueOwnerNames: Behaves "1.5.16", "unique names of customers and teams", "bifrost-api.md 13.3; measured on 1.5.2 and 1.5.16";
    // Before, no base URL is looked at, and the switch is dropped.
    PrivateNetworkSwitch: Holds "1.5.16", "a switch for private networks", "bifrost-api.md 2.2, 13.5; measured on 1.5.2 and 1.5.16";
    // What a call fills in for a provider without network settings.
    LongTimeouts: Behaves "1.5.16", "minutes and not seconds as the default time-outs of providers", "bifrost-api.md 3.3; measured on 1.5.2 and 1.5.16";
    KeepAlive: Behaves "1.6.0", "a time after which idle connections are closed, among the defaults", "bifrost-api.md 3.3; measured on 1.5.16 and 2.0.0-prerelease3";
    Expiry: Holds "1.6.3", "expiry dates of virtual keys", "bifrost-api.md 4.1, 9.1, 13.2; measured on 1.5.16 and 2.0.0-prerelease3";
    DeepSeek: Holds "1.6.3", "DeepSeek as a provider of its own", "bifrost-api.md 3.1, 9.1";
    CheckedExpressions: Behaves "1.6.5", "a check of routing rules when they are written", "bifrost-api.md 6.1, 9.1; measured on 1.5.16 and 2.0.0-prerelease3";
    UserRules: Holds "1.6.7", "routing rules of one user", "bifrost-api.md 6.1, 9.1";
    Quarters: Holds "1.6.10", "quarters as a budget window", "bifrost-api.md 4.4, 9.1; measured on 1.5.16 and 2.0.0-prerelease3";
    ModelBudgets: Holds "1.6.10", "limits per model within a virtual key", "bifrost-api.md 4.2, 4.5, 9.1";
    // Before, they are enforced, but stand in the lists of all budgets and rate limits alone.
    FileLimitsShown: Behaves "2.0.0-0", "limits of virtual keys from config.json, shown with the keys", "bifrost-api.md 13.7; measured on 1.5.16 and 2.0.0-prerelease3";
    // Recorded to survive on 1.5.16 and 2.0.0-prerelease3; mended in 2.2.4.
    FallbacksLost: Behaves "2.0.0" .. "2.2.4", "rule fallbacks to custom providers that a restart loses", "bifrost-api.md 9.1, 10.1";
    // The blocks that a PUT of a provider leaves out are erased before this.
    ProviderPutKeeps: Behaves "2.1.0", "provider blocks that a change leaves out", "bifrost-api.md 2.2, 9.1";
    Databricks: Holds "2.1.0", "Databricks as a provider of its own", "bifrost-api.md 3.1, 3.5, 9.1";
    KeyRotationGrace: Holds "2.1.0", "a time in which a rotated key still opens", "bifrost-api.md 4.3";
    Patterns: Holds "2.2.0", "patterns of model names on keys", "bifrost-api.md 3.6, 6.4";
    // Without an admin, every call wants the setup token, and addresses may only be changed by someone who signed in.
    SetupLock: Behaves "2.2.6", "a lock until an admin is set up", "bifrost-api.md 1.3, 9.1";
    McpOpenApi: Holds "2.3.1", "MCP clients made from an OpenAPI document", "bifrost-api.md 2.14, 9.1";
}

/// The newest release in the table: newer ones are planned as this one, with a warning.
pub const NEWEST_KNOWN: &str = "2.5.1";

/// The newest release whose sources were read; up to [`NEWEST_KNOWN`], only release notes were.
pub const NEWEST_READ: &str = "2.2.6";

/// Versions a plan can be made for without a gateway at hand, oldest first.
pub const CHOICES: &[&str] = &["1.5.2", "1.5.16", "1.6.10", "2.0.0-prerelease3", "2.2.6", "2.5.1"];

impl Capability {
    /// Its row.
    pub fn row(self) -> Option<&'static Row> {
        CAPABILITIES.iter().find(|row| row.capability == self)
    }
}

impl Row {
    /// Whether a gateway of that version has it.
    pub fn is_in(&self, version: &Version) -> bool {
        let parsed = |text: &str| text.parse::<Version>().ok();
        parsed(self.since).is_some_and(|since| *version >= since)
            && self.until.and_then(parsed).is_none_or(|until| *version < until)
    }
}

impl Version {
    /// Whether this version has the capability.
    pub fn has(&self, capability: Capability) -> bool {
        capability.row().is_some_and(|row| row.is_in(self))
    }

    /// Whether it is newer than anything this tool knows.
    pub fn is_unknown(&self) -> bool {
        NEWEST_KNOWN.parse::<Self>().is_ok_and(|newest| *self > newest)
    }

    /// Whether it is newer than anything whose sources were read, but known from its release notes.
    pub fn is_by_hearsay(&self) -> bool {
        !self.is_unknown() && NEWEST_READ.parse::<Self>().is_ok_and(|read| *self > read)
    }

    /// Whether it is a build that was not given a version: `v1.0.0` (`reference/bifrost-api.md` 9.2).
    pub fn is_unversioned(&self) -> bool {
        self.numbers == [1, 0, 0]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(version: &str, capability: Capability, expected: bool) {
        let version: Version = version.parse().unwrap();
        assert_eq!(version.has(capability), expected, "{version} {capability:?}");
    }

    #[test]
    fn what_each_version_holds() {
        check("v1.4.19", Capability::DenyByDefault, false);
        check("1.5.0-prerelease7", Capability::DenyByDefault, true);
        check("1.5.2", Capability::Expiry, false);
        check("1.5.2", Capability::CustomerBudgets, false);
        check("\"v1.5.16\"", Capability::CustomerBudgets, true);
        check("1.5.16", Capability::Expiry, false);
        check("v2.0.0-prerelease3", Capability::Expiry, true);
        check("2.2.6", Capability::AliasObjects, true);
        check("1.5.2", Capability::PrivateNetworkSwitch, false);
        check("1.5.16", Capability::PrivateNetworkSwitch, true);
        check("2.0.0-prerelease3", Capability::FallbacksLost, false);
        check("2.2.3", Capability::FallbacksLost, true);
        check("2.2.4", Capability::FallbacksLost, false);
        check("2.2.6", Capability::McpOpenApi, false);
    }

    /// One row a capability, each with a readable release, a source, and nothing newer than the newest known one.
    #[test]
    fn the_table_is_whole() {
        let newest: Version = NEWEST_KNOWN.parse().unwrap();
        for row in CAPABILITIES {
            let releases = [Some(row.since), row.until].into_iter().flatten();
            assert!(releases.map(|text| text.parse::<Version>().unwrap()).is_sorted(), "{row:?}");
            assert!(row.since.parse::<Version>().unwrap() <= newest, "{row:?}");
            assert!(row.source.starts_with("bifrost-api.md ") && !row.what.is_empty(), "{row:?}");
            assert_eq!(row.capability.row(), Some(row));
        }
        assert!(CHOICES.is_sorted_by_key(|text| text.parse::<Version>().unwrap()));
        assert_eq!(CHOICES.last(), Some(&NEWEST_KNOWN));
    }

    #[test]
    fn order_and_text() {
        let parse = |text: &str| text.parse::<Version>().unwrap();
        assert!(parse("2.0.0-prerelease3") < parse("2.0.0"));
        assert!(parse("1.5.9") < parse("1.5.16"));
        assert!(parse("2.6.0").is_unknown() && !parse("2.5.1").is_unknown());
        assert!(parse("2.5.1").is_by_hearsay() && !parse("2.2.6").is_by_hearsay());
        assert_eq!(parse("v2.0.0-prerelease3").to_string(), "2.0.0-prerelease3");
        for text in ["", "v", "one", "1.2.3.4"] {
            assert!(text.parse::<Version>().is_err(), "{text}");
        }
    }
}
