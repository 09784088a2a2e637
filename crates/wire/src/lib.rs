//! The hallway between the console and the relay: the routes and their bodies, used by both sides, so that a
//! typo on either side does not compile.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The verbs the relay takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Sends a body.
    Post,
}

/// One route of the relay.
pub trait Route {
    /// The verb.
    const METHOD: Method;
    /// The path, exactly.
    const PATH: &'static str;
    /// What is sent ([`Nothing`] on GET).
    type In: Serialize + DeserializeOwned;
    /// What comes back.
    type Out: Serialize + DeserializeOwned;
}

macro_rules! routes {
    ($($(#[$doc:meta])* $name:ident = $method:ident $path:literal, $input:ty => $output:ty;)+) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug)]
            pub struct $name;

            impl Route for $name {
                const METHOD: Method = Method::$method;
                const PATH: &'static str = $path;
                type In = $input;
                type Out = $output;
            }
        )+

        /// Every route: the relay answers these and nothing else below `/api/`.
        pub const ROUTES: &[(Method, &str)] = &[$((Method::$method, $path),)+];
    };
}

routes! {
    /// What the relay is connected to.
    GetStatus = Get "/api/status", Nothing => Status;
    /// The `config.yaml` the relay was started with.
    GetConfigFile = Get "/api/config-file", Nothing => ConfigFile;
    /// One management read of the LiteLLM proxy; always a GET upstream.
    ReadSource = Post "/api/source", SourceRead => Relayed;
    /// Every configuration table, in one read-only transaction.
    ReadDatabase = Get "/api/database", Nothing => DatabaseRows;
    /// One management call to the gateway.
    CallTarget = Post "/api/target", TargetCall => Relayed;
    /// The journal as it is on disk.
    GetJournal = Get "/api/journal", Nothing => JournalText;
    /// Appends records and syncs them to disk.
    AppendJournal = Post "/api/journal", AppendLine => Appended;
    /// Takes the lock: one apply at a time.
    LockJournal = Post "/api/journal/lock", Lock => Appended;
    /// Gives the lock back.
    UnlockJournal = Post "/api/journal/unlock", Lock => Appended;
    /// Puts a finished journal aside, so that another plan can begin a new one.
    RotateJournal = Post "/api/journal/rotate", Nothing => Appended;
    /// The plan that is kept beside the journal.
    GetPlan = Get "/api/journal/plan", Nothing => KeptPlan;
    /// Keeps the plan of an apply beside its journal, so that another tab or the command can go on with it.
    KeepPlan = Post "/api/journal/plan", PlanToKeep => Appended;
    /// What the journal and those put aside say that earlier applies left on the gateway, for a plan that knows it again.
    GetEarlier = Get "/api/journal/earlier", Nothing => EarlierApplies;
}

/// No body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nothing {}

/// What the relay is connected to. Names only: no credential, no database URL.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// The version of Gangway.
    pub gangway: String,
    /// Set in practice mode: both sides live in the relay's memory.
    pub practice: Option<Practice>,
    /// The name of the `config.yaml` the relay was started with.
    pub config_file: Option<String>,
    /// The LiteLLM proxy.
    pub source: Option<Upstream>,
    /// Its database.
    pub database: Option<Upstream>,
    /// The gateway.
    pub target: Option<Upstream>,
    /// The journal.
    pub journal: JournalState,
    /// What the person should know about the connections, a sentence each: options of the database URL that
    /// mean nothing here, a listener that other machines can reach.
    #[serde(default)]
    pub notes: Vec<String>,
}

/// The practice company.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Practice {
    /// Its name.
    pub company: String,
    /// Its salt key: made up and published, so that the page can show it.
    pub salt_key: String,
}

/// One side of the move.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upstream {
    /// How it is called on the page: scheme, host and port, without credentials or query.
    pub name: String,
}

/// The journal's state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalState {
    /// How many records it has.
    pub records: u64,
    /// Who holds the lock, if anyone.
    pub locked_by: Option<String>,
}

/// A configuration file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigFile {
    /// Its name.
    pub name: String,
    /// Its text.
    pub text: String,
    /// The files it includes, as far as they stand beside it.
    pub included: Vec<IncludedFile>,
}

/// A file that a configuration includes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IncludedFile {
    /// Its path from the folder of the main file.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// A management read of LiteLLM.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceRead {
    /// The id in `litellm::endpoint::ENDPOINTS`.
    pub endpoint: String,
    /// Query parameters; only those the endpoint lists.
    pub query: BTreeMap<String, String>,
}

/// A management call to Bifrost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TargetCall {
    /// The id in `bifrost::Endpoint`.
    pub endpoint: String,
    /// Path parameters.
    pub params: BTreeMap<String, String>,
    /// Query parameters.
    pub query: BTreeMap<String, String>,
    /// The body, secrets filled in.
    pub body: Option<serde_json::Value>,
}

/// What an upstream answered, whatever it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Relayed {
    /// Its status.
    pub status: u16,
    /// Its media type, without parameters.
    pub content_type: String,
    /// Its body as text.
    pub body: String,
    /// After how many seconds it wants to be asked again, if it says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u32>,
}

/// Rows of the database.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DatabaseRows {
    /// By table name.
    pub tables: BTreeMap<String, model::Rows>,
    /// What could not be read, and what that means.
    pub findings: Vec<model::Finding>,
}

/// The journal's text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalText {
    /// JSON lines.
    pub text: String,
}

/// Records to append.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppendLine {
    /// The holder of the lock.
    pub holder: String,
    /// The records, one a line, without the last line feed. The `seq` and `prev` of each have to continue the file.
    pub line: String,
}

/// The plan of an apply that begins or goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanToKeep {
    /// The holder of the lock.
    pub holder: String,
    /// The plan as JSON, which holds no secret.
    pub text: String,
}

/// The plan beside the journal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptPlan {
    /// As it stands there; none where there is none. Whether it is the journal's is for the reader to see.
    pub text: Option<String>,
}

/// What earlier applies to this gateway left on it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EarlierApplies {
    /// `plan::delta::Earlier` as JSON: which objects, what they were moved for and which fields were set, without a value
    /// of any.
    pub text: String,
    /// What is not taken into account, a sentence each.
    pub notes: Vec<String>,
}

/// The lock on the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lock {
    /// Who: a random text made by the tab or the process.
    pub holder: String,
}

/// How many records the journal has now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Appended {
    /// The count.
    pub records: u64,
}

/// What the relay says when it refuses; the status says the kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// A stable code, one of [`code`].
    pub code: String,
    /// One sentence for the person at the page.
    pub message: String,
    /// What to do about it.
    pub hints: Vec<String>,
}

/// The codes of a [`Refusal`].
pub mod code {
    /// 401, or 429 after many wrong ones: no token, or not the one this relay printed.
    pub const TOKEN: &str = "token";
    /// 403: a name, a page or a form of request that this relay does not serve.
    pub const HOST: &str = "host";
    /// 400, 404, 405 or 415: not a request this relay knows.
    pub const REQUEST: &str = "request";
    /// 404: the relay was started without that upstream or file.
    pub const NOT_CONFIGURED: &str = "not_configured";
    /// 409: somebody else holds the lock, or nobody does.
    pub const LOCKED: &str = "locked";
    /// 409: the record does not continue the journal. 500: the file cannot be read or written.
    pub const JOURNAL: &str = "journal";
    /// 502: the call never left. 504: it was sent and the answer is lost, so its outcome is unknown.
    pub const UPSTREAM: &str = "upstream";
    /// 413: the request is too large. 504: the answer is, and the outcome of the call is unknown.
    pub const TOO_LARGE: &str = "too_large";
    /// 502: the database could not be read.
    pub const DATABASE: &str = "database";
    /// 500: a fault of the relay itself.
    pub const FAULT: &str = "fault";
}

/// The paths of the console's stations. The relay answers each with the page itself, so that a reload works.
pub const STATIONS: &[&str] = &["/", "/connect", "/inventory", "/plan", "/apply", "/report"];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_route_is_named_once_and_lies_below_api() {
        let seen: BTreeSet<_> = ROUTES.iter().map(|(method, path)| (*method == Method::Post, *path)).collect();
        assert_eq!(seen.len(), ROUTES.len());
        for (_, path) in ROUTES {
            assert!(path.starts_with("/api/"), "{path}");
        }
    }

    #[test]
    fn a_status_without_notes_is_read() {
        let text = r#"{"gangway":"0","practice":null,"config_file":null,"source":null,"database":null,"target":null,
            "journal":{"records":0,"locked_by":null}}"#;
        let status: Status = serde_json::from_str(text).expect("an older relay's answer");
        assert_eq!(status, Status { gangway: "0".to_owned(), ..Status::default() });
    }
}
