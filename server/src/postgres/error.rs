//! Why the database, or a table of it, could not be read.

use litellm::tables::Table;
use model::{Code, Finding, Origin};
use tokio_postgres::error::SqlState;

use super::connect::CONNECT;
use super::rows::MAX_ROWS;
use crate::address::AddressError;
use crate::tls::TlsError;

/// Why the database could not be read. The server's own words are not repeated: they can quote data.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DatabaseError {
    #[error("The database's address cannot be used: {0}.")]
    Address(#[from] AddressError),
    #[error("The database URL says sslmode=disable, and the database is on another machine.")]
    InClear,
    #[error("TLS to the database cannot be set up: {0}.")]
    Tls(#[from] TlsError),
    #[error("The database did not answer within {} s.", CONNECT.as_secs())]
    Slow,
    #[error("The database cannot be reached: {0}.")]
    Unreachable(String),
    #[error("The database does not know that user, or the password is wrong.")]
    Login,
    #[error("There is no database of that name.")]
    NoDatabase,
    #[error("The database takes no more connections at the moment.")]
    Full,
    #[error("The database is starting, stopping or recovering.")]
    NotReady,
    #[error("There are no LiteLLM tables in the schema \"{schema}\".")]
    NoTables { schema: String, elsewhere: Vec<String> },
    #[error("This user may not read any of LiteLLM's tables in the schema \"{schema}\".")]
    NoneReadable { schema: String, user: String },
    #[error("The database gave up on a statement that took too long.")]
    TimedOut,
    #[error("This user may not read a table.")]
    Forbidden,
    #[error("The database is a replica, and twice it had to drop the rows that were being read.")]
    Recovery,
    #[error("The database has more than {MAX_ROWS} rows or 1 GiB of configuration.")]
    TooLarge,
    #[error("The database refused to answer (SQLSTATE {0}).")]
    Refused(String),
    #[error("The connection to the database broke; nothing of it is used.")]
    Broken,
}

impl DatabaseError {
    /// What the person can do about it.
    pub(crate) fn hints(&self) -> Vec<String> {
        let hint = match self {
            Self::InClear => "Use sslmode=verify-full, or start with --database-tls off.",
            Self::Tls(_) | Self::Unreachable(_) => {
                "Is it running, and is its certificate known here? --ca-file takes the authority of a private one."
            }
            Self::NoTables { elsewhere, .. } => return vec![elsewhere_hint(elsewhere)],
            Self::NoneReadable { schema, user } => {
                return vec![format!(
                    "`gangway grants --role {user} --schema {schema}` prints what the owner of the tables has to run."
                )];
            }
            Self::Forbidden => "`gangway grants` prints the rights a role needs.",
            Self::TimedOut => "Another transaction may hold a lock; try again.",
            Self::Recovery => "Read from the primary, or set hot_standby_feedback = on at the replica.",
            Self::Login => "Is it the URL that LiteLLM itself is started with?",
            Self::Broken | Self::NotReady | Self::Full => "Try again when it is up.",
            _ => return Vec::new(),
        };
        vec![hint.to_owned()]
    }

    /// Whether the other tables may still be readable.
    pub(super) fn is_of_one_table(&self) -> bool {
        matches!(self, Self::TimedOut | Self::Forbidden | Self::Refused(_))
    }
}

fn elsewhere_hint(elsewhere: &[String]) -> String {
    match elsewhere {
        [] => "Is it the database LiteLLM is started with? No schema of this one has its tables.".to_owned(),
        [schema] => format!("They are in the schema \"{schema}\": add ?schema={schema} to the database URL."),
        several => format!(
            "They are in the schemas {}: add ?schema= with the right one to the database URL.",
            several.iter().map(|schema| format!("\"{schema}\"")).collect::<Vec<_>>().join(", ")
        ),
    }
}

/// A table that could not be read, while others could.
pub(super) fn at_table(error: &DatabaseError, table: &Table) -> Finding {
    let why = match error {
        DatabaseError::TimedOut => "the database gave up on reading it, it took too long or was locked".to_owned(),
        DatabaseError::Forbidden => "the database did not let this user read it".to_owned(),
        DatabaseError::Refused(code) => format!("the database refused to read it (SQLSTATE {code})"),
        other => other.to_string(),
    };
    let mut finding = Finding::error(
        Code::new("database.table"),
        table.name,
        format!("{} is left out: {why}; what is in it stays unknown", table.name),
    )
    .at(Origin::whole(table.name));
    finding.hints = error.hints();
    finding
}

/// What went wrong while connecting.
pub(super) fn unreachable(error: &tokio_postgres::Error) -> DatabaseError {
    if error.as_db_error().is_some() {
        return classify(error);
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    DatabaseError::Unreachable(cause.to_string())
}

/// What went wrong while reading.
pub(super) fn classify(error: &tokio_postgres::Error) -> DatabaseError {
    error.code().map_or(DatabaseError::Broken, of_code)
}

/// What a SQLSTATE means here.
pub(super) fn of_code(code: &SqlState) -> DatabaseError {
    match code {
        c if *c == SqlState::INVALID_PASSWORD || *c == SqlState::INVALID_AUTHORIZATION_SPECIFICATION => {
            DatabaseError::Login
        }
        c if *c == SqlState::INVALID_CATALOG_NAME => DatabaseError::NoDatabase,
        c if *c == SqlState::TOO_MANY_CONNECTIONS => DatabaseError::Full,
        c if *c == SqlState::QUERY_CANCELED || *c == SqlState::LOCK_NOT_AVAILABLE => DatabaseError::TimedOut,
        c if *c == SqlState::INSUFFICIENT_PRIVILEGE => DatabaseError::Forbidden,
        // "conflict with recovery", of a statement or of the whole connection.
        c if *c == SqlState::T_R_SERIALIZATION_FAILURE || *c == SqlState::T_R_DEADLOCK_DETECTED => {
            DatabaseError::Recovery
        }
        c if *c == SqlState::ADMIN_SHUTDOWN || *c == SqlState::CRASH_SHUTDOWN => DatabaseError::Broken,
        c if *c == SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT => DatabaseError::Broken,
        c if *c == SqlState::CANNOT_CONNECT_NOW => DatabaseError::NotReady,
        c => DatabaseError::Refused(c.code().to_owned()),
    }
}
