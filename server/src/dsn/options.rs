//! The options behind the `?`: Prisma's, libpq's, and why most of them change nothing here.

use std::path::PathBuf;

use litellm::Secret;

use super::{DsnError, Tls, decode, port};

const POOL: &str = "one connection is used, and no pool";
const NO_NAMES: &str = "no statement is given a name, so this works through a pooler as it is";
const OWN_LIMITS: &str = "Gangway sets its own time limits";
const NO_CLIENT_CERTIFICATE: &str = "client certificates are not supported; the role has to log in with a password";
const OWN_NAME: &str = "the connection is called gangway";
const NO_OPTIONS: &str = "no settings are sent to the server; the schema is ?schema=";
const OWN_CHECK: &str = "a certificate is checked nevertheless where the database is on another machine; --database-tls unverified ends that";
const UNKNOWN: &str = "unknown here";
const EMPTY: &str = "empty";

/// Options of Prisma and libpq that change nothing here.
const IGNORED: &[(&str, &str)] = &[
    ("connection_limit", POOL),
    ("pool_timeout", POOL),
    ("pgbouncer", NO_NAMES),
    ("statement_cache_size", NO_NAMES),
    ("connect_timeout", OWN_LIMITS),
    ("socket_timeout", OWN_LIMITS),
    ("statement_timeout", OWN_LIMITS),
    ("max_connection_lifetime", POOL),
    ("max_idle_connection_lifetime", POOL),
    ("single_use_connections", POOL),
    ("sslidentity", NO_CLIENT_CERTIFICATE),
    ("sslpassword", NO_CLIENT_CERTIFICATE),
    ("sslkey", NO_CLIENT_CERTIFICATE),
    ("application_name", OWN_NAME),
    ("fallback_application_name", OWN_NAME),
    ("options", NO_OPTIONS),
];

/// The options of a URL.
#[derive(Default)]
pub(super) struct Options {
    pub(super) host: Option<String>,
    pub(super) port: Option<u16>,
    pub(super) user: Option<String>,
    pub(super) password: Option<Secret>,
    pub(super) database: Option<String>,
    pub(super) schema: Option<String>,
    pub(super) mode: Option<Tls>,
    pub(super) strict: bool,
    pub(super) authority: Option<(&'static str, PathBuf)>,
    pub(super) ignored: Vec<(String, &'static str)>,
}

impl Options {
    pub(super) fn read(query: &str) -> Result<Self, DsnError> {
        let mut options = Self::default();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            options.take(&decode(name)?, decode(value)?)?;
        }
        Ok(options)
    }

    pub(super) fn take(&mut self, name: &str, value: String) -> Result<(), DsnError> {
        if value.is_empty() {
            self.ignored.push((name.to_owned(), EMPTY));
            return Ok(());
        }
        match (name, value.as_str()) {
            ("host", _) => self.host = Some(value),
            ("port", _) => self.port = Some(port(Some(&value))?),
            ("user", _) => self.user = Some(value),
            ("password", _) => self.password = Some(Secret::new(value)),
            ("dbname", _) => self.database = Some(value),
            ("schema", _) => self.schema = Some(value),
            ("sslmode", "disable") => self.mode = Some(Tls::Off),
            ("sslmode", "require") => self.mode = Some(Tls::Required),
            ("sslmode", "verify-ca" | "verify-full") => self.mode = Some(Tls::Verified),
            ("sslmode", "prefer" | "allow") => self.mode = Some(Tls::Unsaid),
            ("sslmode", _) => return Err(DsnError::SslMode),
            ("sslaccept", "strict") => self.strict = true,
            ("sslaccept", _) => self.ignored.push((name.to_owned(), OWN_CHECK)),
            ("sslrootcert", "system") => {}
            // Prisma's `sslcert` is the authority of the server; beside an `sslkey` it is libpq's own certificate.
            ("sslrootcert", _) => self.authority = Some(("sslrootcert", PathBuf::from(value))),
            ("sslcert", _) if self.authority.is_none() => self.authority = Some(("sslcert", PathBuf::from(value))),
            ("sslcert", _) => self.ignored.push((name.to_owned(), NO_CLIENT_CERTIFICATE)),
            _ => {
                let reason = IGNORED.iter().find(|(known, _)| *known == name).map_or(UNKNOWN, |(_, reason)| *reason);
                if name == "sslkey" && self.authority.as_ref().is_some_and(|(option, _)| *option == "sslcert") {
                    self.authority = None;
                    self.ignored.push(("sslcert".to_owned(), reason));
                }
                self.ignored.push((name.to_owned(), reason));
            }
        }
        Ok(())
    }

    pub(super) fn tls(&self) -> Tls {
        match (self.mode, self.strict) {
            (Some(Tls::Off), _) => Tls::Off,
            (_, true) => Tls::Verified,
            (mode, false) => mode.unwrap_or(Tls::Unsaid),
        }
    }
}
