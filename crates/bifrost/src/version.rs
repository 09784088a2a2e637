//! Versions of the gateway, and what each can hold. One table: a row a capability, with the release it came in and
//! the source of the fact.

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

/// Something a gateway can hold, or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Capability {
    /// An absent or empty list denies. Before, every omission means *all*: such a gateway is refused.
    DenyByDefault,
    /// `aliases` on provider keys.
    KeyAliases,
    /// An alias as an object, with Azure's `api_version`.
    AliasObjects,
    /// Several `budgets` on virtual keys and teams.
    Budgets,
    /// Several `budgets` on customers.
    CustomerBudgets,
    /// Model configs of one virtual key; before, the scope is dropped and they become global.
    ModelConfigScope,
    /// `expires_at` on virtual keys; before, it is dropped with a 200.
    Expiry,
    /// `blacklisted_models` on virtual keys.
    VirtualKeyBlacklist,
    /// Names of customers and teams are unique.
    UniqueOwnerNames,
    /// Quarters as a window.
    Quarters,
    /// The provider `deepseek`, and `bedrock_mantle`.
    DeepSeek,
    /// `allow_private_network` in the network settings of a provider.
    PrivateNetworkSwitch,
}

/// The table: capability, the first release that has it, where that was seen.
pub const CAPABILITIES: &[(Capability, &str, &str)] = &[
    (Capability::DenyByDefault, "1.5.0-0", "bifrost-api.md 3.6, 13.1; measured on 1.4.19 and 1.5.2"),
    (Capability::KeyAliases, "1.5.0-0", "bifrost-api.md 3.7"),
    (Capability::AliasObjects, "1.5.16", "bifrost-api.md 13.5; measured: 400 on 1.5.2, kept on 1.5.16"),
    (Capability::Budgets, "1.5.0-0", "bifrost-api.md 4.1, 2.7; measured on 1.5.2"),
    (Capability::CustomerBudgets, "1.5.9", "bifrost-api.md 9.1, 13.2; measured on 1.5.2 and 1.5.16"),
    (Capability::ModelConfigScope, "1.5.9", "bifrost-api.md 9.1, 13.2; measured on 1.5.2 and 1.5.16"),
    (Capability::Expiry, "1.6.3", "bifrost-api.md 4.1, 13.2; measured on 1.5.16 and 2.0.0-prerelease3"),
    (Capability::VirtualKeyBlacklist, "1.5.4", "bifrost-api.md 4.2, 13.2"),
    (Capability::UniqueOwnerNames, "1.5.16", "bifrost-api.md 13.3; measured on 1.5.2 and 1.5.16"),
    (Capability::Quarters, "1.6.10", "bifrost-api.md 4.4, 9.1"),
    (Capability::DeepSeek, "1.6.3", "bifrost-api.md 3.1"),
    (Capability::PrivateNetworkSwitch, "1.6.0", "bifrost-api.md 3.3"),
];

/// The newest release whose behaviour is known from its sources.
pub const NEWEST_KNOWN: &str = "2.2.6";

/// Versions a plan can be made for without a gateway at hand, oldest first.
pub const CHOICES: &[&str] = &["1.5.2", "1.5.16", "2.0.0-prerelease3", "2.2.6"];

impl Version {
    /// Whether this version has the capability.
    pub fn has(&self, capability: Capability) -> bool {
        CAPABILITIES
            .iter()
            .filter(|(row, ..)| *row == capability)
            .any(|(_, since, _)| since.parse::<Self>().is_ok_and(|since| *self >= since))
    }

    /// Whether it is newer than anything this tool knows.
    pub fn is_unknown(&self) -> bool {
        NEWEST_KNOWN.parse::<Self>().is_ok_and(|newest| *self > newest)
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
    }

    #[test]
    fn order_and_text() {
        let parse = |text: &str| text.parse::<Version>().unwrap();
        assert!(parse("2.0.0-prerelease3") < parse("2.0.0"));
        assert!(parse("1.5.9") < parse("1.5.16"));
        assert!(parse("2.5.1").is_unknown());
        assert_eq!(parse("v2.0.0-prerelease3").to_string(), "2.0.0-prerelease3");
        for text in ["", "v", "one", "1.2.3.4"] {
            assert!(text.parse::<Version>().is_err(), "{text}");
        }
    }
}
