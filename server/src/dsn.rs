//! LiteLLM's database URL. It follows Prisma, not libpq: options that mean nothing here are common
//! (`reference/litellm.md` 2.1), and a driver that refuses them would refuse most real URLs.

use std::path::PathBuf;

use litellm::Secret;

/// Where the database is, and as whom.
#[derive(Debug)]
pub(crate) struct Dsn {
    /// The server.
    pub(crate) server: Server,
    /// Its port.
    pub(crate) port: u16,
    /// The role.
    pub(crate) user: String,
    /// Its password.
    pub(crate) password: Option<Secret>,
    /// The database.
    pub(crate) database: String,
    /// The schema of LiteLLM's tables.
    pub(crate) schema: String,
    /// What the URL says about encryption.
    pub(crate) tls: Tls,
    /// Options that mean nothing here, by name.
    pub(crate) ignored: Vec<String>,
}

/// The server of a [`Dsn`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Server {
    /// A name or an address.
    Host(String),
    /// A folder with the server's socket.
    Socket(PathBuf),
}

/// What the URL says about encryption.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tls {
    /// Nothing, or `prefer`.
    Unsaid,
    /// `disable`.
    Off,
    /// `require`.
    Required,
    /// `verify-ca` or `verify-full`.
    Verified,
}

/// Why a URL is no database URL. Nothing of the URL's text is repeated: it holds a password.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DsnError {
    #[error("it does not begin with postgresql:// or postgres://")]
    Scheme,
    #[error("it names no user")]
    NoUser,
    #[error("it names no host")]
    NoHost,
    #[error("it names several hosts; give the one to read from")]
    SeveralHosts,
    #[error("its port is not a number")]
    Port,
    #[error("it names no database")]
    NoDatabase,
    #[error("a % in it is not followed by two hexadecimal digits; write %25 for a % in a password")]
    Percent,
    #[error("a character such as / ? # in its password has to be percent-encoded")]
    RawPassword,
}

impl Dsn {
    /// Reads the URL.
    pub(crate) fn parse(text: &str) -> Result<Self, DsnError> {
        let text = text.trim();
        let rest = ["postgresql://", "postgres://"].iter().find_map(|scheme| text.strip_prefix(scheme));
        let rest = rest.ok_or(DsnError::Scheme)?;
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, tail) = rest.split_at(end);
        if !authority.contains('@') && tail.contains('@') {
            return Err(DsnError::RawPassword);
        }
        let (login, place) = authority.rsplit_once('@').unwrap_or(("", authority));
        let (path, query) = tail.split_once('?').unwrap_or((tail, ""));
        let (user, password) = match login.split_once(':') {
            Some((user, password)) => (user, Some(Secret::new(decode(password)?))),
            None => (login, None),
        };
        let options = Options::read(query)?;
        let (host, port) = split_port(place)?;
        let server = match options.host {
            Some(host) if host.starts_with('/') => Server::Socket(PathBuf::from(host)),
            Some(host) => Server::Host(host),
            None => Server::Host(decode(host)?),
        };
        let dsn = Self {
            server,
            port,
            user: decode(user)?,
            password,
            database: decode(path.trim_start_matches('/'))?,
            schema: options.schema.unwrap_or_else(|| "public".to_owned()),
            tls: options.tls,
            ignored: options.ignored,
        };
        dsn.complete()
    }

    fn complete(self) -> Result<Self, DsnError> {
        match &self.server {
            Server::Host(host) if host.is_empty() => return Err(DsnError::NoHost),
            Server::Host(host) if host.contains(',') => return Err(DsnError::SeveralHosts),
            Server::Host(_) | Server::Socket(_) => {}
        }
        if self.user.is_empty() {
            return Err(DsnError::NoUser);
        }
        if self.database.is_empty() { Err(DsnError::NoDatabase) } else { Ok(self) }
    }

    /// How the page calls the database: no role, no password.
    pub(crate) fn name(&self) -> String {
        match &self.server {
            Server::Host(host) => format!("postgresql://{host}:{}/{}", self.port, self.database),
            Server::Socket(folder) => format!("postgresql:{}/{}", folder.display(), self.database),
        }
    }

    /// What the person should know about the URL.
    pub(crate) fn notes(&self) -> Vec<String> {
        if self.ignored.is_empty() {
            return Vec::new();
        }
        vec![format!("Options of the database URL that mean nothing here: {}.", self.ignored.join(", "))]
    }
}

struct Options {
    host: Option<String>,
    schema: Option<String>,
    tls: Tls,
    ignored: Vec<String>,
}

impl Options {
    fn read(query: &str) -> Result<Self, DsnError> {
        let mut options = Self { host: None, schema: None, tls: Tls::Unsaid, ignored: Vec::new() };
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = decode(value)?;
            match (name, value.as_str()) {
                ("host", _) => options.host = Some(value),
                ("schema", _) if !value.is_empty() => options.schema = Some(value),
                ("sslmode", "disable") => options.tls = Tls::Off,
                ("sslmode", "require") => options.tls = Tls::Required,
                ("sslmode", "verify-ca" | "verify-full") => options.tls = Tls::Verified,
                ("sslmode", "prefer" | "allow") => options.tls = Tls::Unsaid,
                _ => options.ignored.push(decode(name)?),
            }
        }
        Ok(options)
    }
}

/// `host:port`, `[::1]:port`, or a host alone.
fn split_port(place: &str) -> Result<(&str, u16), DsnError> {
    if let Some(rest) = place.strip_prefix('[') {
        let (host, after) = rest.split_once(']').ok_or(DsnError::NoHost)?;
        return Ok((host, port(after.strip_prefix(':'))?));
    }
    if place.contains(',') {
        return Err(DsnError::SeveralHosts);
    }
    match place.split_once(':') {
        Some((host, digits)) => Ok((host, port(Some(digits))?)),
        None => Ok((place, port(None)?)),
    }
}

fn port(digits: Option<&str>) -> Result<u16, DsnError> {
    match digits {
        None | Some("") => Ok(5432),
        Some(digits) => digits.parse().map_err(|_| DsnError::Port),
    }
}

fn decode(text: &str) -> Result<String, DsnError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digit = |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16)).ok_or(DsnError::Percent);
        let value = digit(rest.next())? * 16 + digit(rest.next())?;
        bytes.push(u8::try_from(value).map_err(|_| DsnError::Percent)?);
    }
    String::from_utf8(bytes).map_err(|_| DsnError::Percent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let shown = match Dsn::parse(text) {
            Err(error) => format!("error: {error}"),
            Ok(dsn) => format!(
                "{} as {} {} in {} {:?}{}",
                dsn.name(),
                dsn.user,
                dsn.password.as_ref().map_or("-", Secret::expose),
                dsn.schema,
                dsn.tls,
                dsn.notes().concat()
            ),
        };
        assert_eq!(shown, expected, "for {text:?}");
    }

    #[test]
    fn reads_the_urls_people_have() {
        check("postgresql://u:p@h/d", "postgresql://h:5432/d as u p in public Unsaid");
        check("postgres://u:p%40%2F%25@h:6432/d", "postgresql://h:6432/d as u p@/% in public Unsaid");
        check("postgresql://u:p@x@h/d", "postgresql://h:5432/d as u p@x in public Unsaid");
        check("postgresql://u@[::1]:5/d", "postgresql://::1:5/d as u - in public Unsaid");
        check("postgresql://u@localhost/d?host=/run/pg", "postgresql:/run/pg/d as u - in public Unsaid");
        check("postgresql://u@/d?host=db.internal", "postgresql://db.internal:5432/d as u - in public Unsaid");
        check("postgresql://u:p@h/d?schema=my%20llm", "postgresql://h:5432/d as u p in my llm Unsaid");
        check("postgresql://u:p@h/d?schema=&sslmode=require", {
            "postgresql://h:5432/d as u p in public RequiredOptions of the database URL that mean nothing here: schema."
        });
        check("postgresql://u:p@h/d?sslmode=verify-full", "postgresql://h:5432/d as u p in public Verified");
        check(
            "postgresql://u:p@h/d?connection_limit=10&pool_timeout=60&pgbouncer=true&sslaccept=strict",
            "postgresql://h:5432/d as u p in public UnsaidOptions of the database URL that mean nothing here: \
             connection_limit, pool_timeout, pgbouncer, sslaccept.",
        );
    }

    #[test]
    fn says_what_is_wrong_without_repeating_it() {
        check("mysql://u:p@h/d", "error: it does not begin with postgresql:// or postgres://");
        check("", "error: it does not begin with postgresql:// or postgres://");
        check("postgresql://h/d", "error: it names no user");
        check("postgresql://u:p@/d", "error: it names no host");
        check("postgresql://u:p@a,b/d", "error: it names several hosts; give the one to read from");
        check("postgresql://u:p@h:x/d", "error: its port is not a number");
        check("postgresql://u:p@h", "error: it names no database");
        check("postgresql://u:p@h/", "error: it names no database");
        let raw = "error: a character such as / ? # in its password has to be percent-encoded";
        for password in ["a/b", "a?b", "a#b"] {
            check(&format!("postgresql://u:{password}@h/d"), raw);
        }
        check("postgresql://u:5%@h/d", {
            "error: a % in it is not followed by two hexadecimal digits; write %25 for a % in a password"
        });
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_a_url_or_a_refusal_that_does_not_repeat_it(
            text in "(postgres(ql)?://)?[a-z:@/?#%&=\\[\\],0-9\u{e9}]{0,40}canary[a-z:@/?#%&=,0-9]{0,20}"
        ) {
            match Dsn::parse(&text) {
                Ok(dsn) => proptest::prop_assert!(!dsn.user.is_empty() && !dsn.database.is_empty()),
                Err(error) => proptest::prop_assert!(!error.to_string().contains("canary")),
            }
        }
    }
}
