//! What a running proxy did not give, and what that means. Source: `reference/litellm.md` 1.1 to 1.4, 1.7.

use model::{Code, Finding, Origin};
use serde::{Deserialize, Serialize};

/// The role of a read-only administrator.
const VIEWER: &str = "proxy_admin_viewer";

/// Something that was not read, or not whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// The path that was asked, or the proxy as a whole.
    pub name: String,
    /// What it would have brought, in words: `keys`.
    pub what: String,
    /// Why it is missing.
    pub why: Why,
}

/// Why something was not read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// The proxy does not know the key it was asked with; its words.
    WrongKey(String),
    /// The key may not see this; the proxy's words.
    Forbidden(String),
    /// The key belongs to a user who is no full administrator: the role, and what such a role is not shown.
    Role(String),
    /// Only for holders of a licence (1.102 and later).
    Licence,
    /// The release does not have it yet: the release, where it is known.
    NotInRelease(Option<String>),
    /// There is no such path, though the release should have it.
    NotFound,
    /// No path of LiteLLM is there.
    NotLitellm,
    /// Something answered in place of LiteLLM: a login page, a redirect, an error page. What came.
    NotJson(String),
    /// The proxy runs without a database.
    NoDatabase,
    /// The proxy could not be reached, or stopped answering; in words.
    Down(String),
    /// The proxy answered with an error: the status and its words.
    Failed(u16, String),
    /// Pages that could not be read.
    Pages {
        /// How many pages are missing.
        pages: u64,
        /// How many there are.
        of: u64,
        /// How many entries are on them, at most.
        entries: u64,
        /// What happened to the first of them.
        words: String,
    },
    /// The list changed while it was read, twice.
    Changed {
        /// How many different entries were read.
        read: u64,
        /// How many the proxy counted at first and at the end, where it counts.
        counted: Option<(u64, u64)>,
    },
    /// Not asked, because it would take this many requests.
    NotAsked {
        /// How many requests.
        requests: u64,
        /// How many budgets may belong to what they would bring.
        budgets: u64,
    },
    /// The reading was stopped before.
    Stopped,
}

impl Gap {
    /// Whether asking again may bring it.
    pub const fn again(&self) -> bool {
        match &self.why {
            Why::Down(_) | Why::Failed(..) | Why::Pages { .. } | Why::Changed { .. } | Why::Stopped => true,
            Why::WrongKey(_)
            | Why::Forbidden(_)
            | Why::Role(_)
            | Why::Licence
            | Why::NotInRelease(_)
            | Why::NotFound
            | Why::NotLitellm
            | Why::NotJson(_)
            | Why::NoDatabase
            | Why::NotAsked { .. } => false,
        }
    }

    /// Whether something that may be there was not read.
    pub const fn incomplete(&self) -> bool {
        !matches!(self.why, Why::NotInRelease(_) | Why::NoDatabase)
    }

    /// As a person has to know it.
    pub fn finding(&self) -> Finding {
        let (code, message, hints) = self.words();
        let code = Code::new(code);
        let finding = match &self.why {
            Why::Role(role) if role == VIEWER => Finding::warning(code, &self.name, message),
            Why::NotInRelease(_) | Why::NoDatabase => Finding::info(code, &self.name, message),
            Why::Forbidden(_) | Why::Licence | Why::NotFound | Why::NotAsked { .. } => {
                Finding::warning(code, &self.name, message)
            }
            _ => Finding::error(code, &self.name, message),
        };
        hints.iter().fold(finding.at(Origin::whole(self.name.as_str())), |finding, hint| finding.hint(*hint))
    }

    fn words(&self) -> (&'static str, String, &'static [&'static str]) {
        const ADMIN: &[&str] = &["use the master key, or a key of a user with the role proxy_admin"];
        const AGAIN: &[&str] = &["read again: only what is missing is asked for"];
        let what = &self.what;
        match &self.why {
            Why::WrongKey(words) => (
                "api.wrong_key",
                format!("the proxy does not know this key: {words}"),
                &["give the master key (LITELLM_MASTER_KEY), or a key of a user with the role proxy_admin"],
            ),
            Why::Forbidden(words) => ("api.forbidden", format!("this key may not see {what}: {words}"), ADMIN),
            Why::Role(role) => self::role(role),
            Why::Licence => (
                "api.licence",
                "since 1.102 LiteLLM shows organizations only with an Enterprise licence: those of teams, keys and \
                 budgets are known by their id alone, without name, models and budget"
                    .to_owned(),
                &["give the database or a dump of it: it holds the organizations"],
            ),
            Why::NotInRelease(Some(version)) => {
                ("api.not_in_release", format!("LiteLLM {version} does not have {what} yet"), &[])
            }
            Why::NotInRelease(None) => {
                ("api.not_in_release", format!("this release of LiteLLM does not seem to have {what} yet"), &[])
            }
            Why::NotFound => (
                "api.not_found",
                format!("the proxy has no such path, though its release should: {what} are not read"),
                &["something in front of the proxy may hide it; ask the proxy itself, or give the database"],
            ),
            Why::NotLitellm => (
                "api.not_litellm",
                "no path of LiteLLM is at this address".to_owned(),
                &["check the address; a proxy started with SERVER_ROOT_PATH has that path in front: https://host/path"],
            ),
            Why::NotJson(came) => (
                "api.not_json",
                format!("{came} came in place of {what}: it is not LiteLLM that answers"),
                &["a login or error page of something in front of the proxy; give the address of LiteLLM itself"],
            ),
            Why::NoDatabase => (
                "api.no_database",
                "the proxy runs without a database: keys, teams, users and budgets do not exist there".to_owned(),
                &["everything it knows is in its config.yaml"],
            ),
            Why::Down(words) => ("api.down", format!("{what} are not read: {words}"), AGAIN),
            Why::Failed(status, words) => {
                ("api.failed", format!("{what} are not read: the proxy answered {status}{words}"), AGAIN)
            }
            Why::Pages { pages, of, entries, words } if entries == pages => {
                ("api.pages_missing", format!("{pages} of {of} requests for {what} brought nothing: {words}"), AGAIN)
            }
            Why::Pages { pages, of, entries, words } => (
                "api.pages_missing",
                format!("{pages} of {of} pages of {what} are not read, up to {entries} {what}: {words}"),
                AGAIN,
            ),
            Why::Changed { read, counted } => {
                let counted =
                    counted.map(|(first, last)| format!("; the proxy counted {first} at first and {last} at the end"));
                let counted = counted.unwrap_or_default();
                (
                    "api.changed",
                    format!(
                        "{what} changed while they were read, twice, so some may be missing: {read} were read{counted}"
                    ),
                    &["read again when the proxy is calm, or give the database: it is read as of one moment"],
                )
            }
            Why::NotAsked { requests, budgets } => self.not_asked(*requests, *budgets),
            Why::Stopped => ("api.stopped", format!("{what} are not read: the reading was stopped"), AGAIN),
        }
    }

    fn not_asked(&self, requests: u64, budgets: u64) -> (&'static str, String, &'static [&'static str]) {
        let what = &self.what;
        let cost = match budgets {
            0 => String::new(),
            1 => "; 1 budget that nothing else uses may limit one of them".to_owned(),
            many => format!("; {many} budgets that nothing else uses may limit some of them"),
        };
        (
            "api.not_asked",
            format!("{what} are not read, because that takes {requests} more requests{cost}"),
            &["give the database, or ask for every object"],
        )
    }
}

impl Why {
    /// Whether both are one reason, told once.
    pub(super) fn alike(&self, other: &Self) -> bool {
        match (self, other) {
            // The words name each path.
            (Self::Forbidden(_), Self::Forbidden(_)) => true,
            (Self::Pages { .. } | Self::Changed { .. } | Self::NotAsked { .. }, _) => false,
            _ => self == other,
        }
    }

    /// In a few words, as part of a sentence.
    pub(super) fn words(&self) -> String {
        match self {
            Self::Down(words) | Self::WrongKey(words) | Self::Forbidden(words) => words.clone(),
            Self::Failed(status, words) => format!("the proxy answered {status}{words}"),
            Self::NotJson(came) => format!("{came} came instead"),
            Self::Stopped => "the reading was stopped".to_owned(),
            _ => "the proxy does not give them".to_owned(),
        }
    }
}

/// What a key of a user with that role does not see (`reference/litellm.md` 1.1, 1.12).
fn role(role: &str) -> (&'static str, String, &'static [&'static str]) {
    if role == VIEWER {
        return (
            "api.read_only_admin",
            "this key belongs to a read-only administrator: LiteLLM leaves out headers and environment of MCP \
             servers and values of callback variables"
                .to_owned(),
            &["read with the master key or give the database, if MCP servers or callbacks matter"],
        );
    }
    (
        "api.not_admin",
        format!(
            "this key belongs to a user with the role {role}: LiteLLM shows such a user only what is their own, so \
             keys, teams and users are missing here without a trace"
        ),
        &["use the master key, or a key of a user with the role proxy_admin"],
    )
}
