//! LiteLLM's database URL. It follows Prisma, not libpq: options that mean nothing here are common
//! (`reference/litellm.md` 2.1), and a driver that refuses them would refuse most real URLs.

use std::path::PathBuf;

use litellm::Secret;

mod options;

use options::Options;

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
    /// The option that names a file with the server's certificate authority, and the file.
    pub(crate) authority: Option<(&'static str, PathBuf)>,
    /// Options that change nothing here, with the reason.
    pub(crate) ignored: Vec<(String, &'static str)>,
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
    /// Nothing, `allow` or `prefer`.
    Unsaid,
    /// `disable`.
    Off,
    /// `require`.
    Required,
    /// `verify-ca` or `verify-full`, or Prisma's `sslaccept=strict`.
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
    #[error("its sslmode is none of disable, allow, prefer, require, verify-ca and verify-full")]
    SslMode,
    #[error("it names no database")]
    NoDatabase,
    #[error("a % in it is not followed by two hexadecimal digits; write %25 for a % in a password")]
    Percent,
    #[error("a character such as / ? # in its password has to be percent-encoded")]
    RawPassword,
}

/// The variables LiteLLM builds its URL from where it is given none (`reference/litellm.md` 2.1).
#[derive(Debug, Default)]
pub(crate) struct Parts<'a> {
    pub(crate) host: &'a str,
    pub(crate) port: Option<&'a str>,
    pub(crate) user: &'a str,
    pub(crate) password: Option<&'a str>,
    pub(crate) database: &'a str,
    pub(crate) schema: Option<&'a str>,
    pub(crate) sslmode: Option<&'a str>,
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
        let server = match &options.host {
            Some(host) => server(host),
            None => server(&decode(host)?),
        };
        let database = decode(path.trim_start_matches('/'))?;
        let dsn = Self {
            server,
            port: options.port.unwrap_or(port),
            user: options.user.clone().map_or_else(|| decode(user), Ok)?,
            password: options.password.clone().or(password),
            database: if database.is_empty() { options.database.clone().unwrap_or_default() } else { database },
            schema: options.schema.clone().unwrap_or_else(|| "public".to_owned()),
            tls: options.tls(),
            authority: options.authority,
            ignored: options.ignored,
        };
        dsn.complete()
    }

    /// From single variables. Nothing in them is encoded.
    pub(crate) fn from_parts(parts: &Parts<'_>) -> Result<Self, DsnError> {
        let mut options = Options::default();
        if let Some(mode) = parts.sslmode {
            options.take("sslmode", mode.to_owned())?;
        }
        let dsn = Self {
            server: server(parts.host),
            port: port(parts.port)?,
            user: parts.user.to_owned(),
            password: parts.password.map(|password| Secret::new(password.to_owned())),
            database: parts.database.to_owned(),
            schema: parts.schema.unwrap_or("public").to_owned(),
            tls: options.tls(),
            authority: None,
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
            Server::Host(host) if host.contains(':') => {
                format!("postgresql://[{host}]:{}/{}", self.port, self.database)
            }
            Server::Host(host) => format!("postgresql://{host}:{}/{}", self.port, self.database),
            Server::Socket(folder) => format!("postgresql:{}/{}", folder.display(), self.database),
        }
    }

    /// What the person should know about the URL: a line for each reason to leave options aside.
    pub(crate) fn notes(&self) -> Vec<String> {
        let mut reasons: Vec<&str> = self.ignored.iter().map(|(_, reason)| *reason).collect();
        reasons.dedup();
        let named = |wanted: &str| {
            let names = self.ignored.iter().filter(|(_, reason)| *reason == wanted).map(|(name, _)| name.as_str());
            names.collect::<Vec<_>>().join(", ")
        };
        let mut lines: Vec<String> = Vec::new();
        for reason in reasons {
            let line = format!("Database URL, {}: {reason}.", named(reason));
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
        lines
    }
}

/// A folder with a socket, or a host; `[::1]` is one too.
fn server(host: &str) -> Server {
    if host.starts_with('/') {
        return Server::Socket(PathBuf::from(host));
    }
    Server::Host(host.trim_start_matches('[').trim_end_matches(']').to_owned())
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
                "{} as {} {} in {} {:?}{}{}",
                dsn.name(),
                dsn.user,
                dsn.password.as_ref().map_or("-", Secret::expose),
                dsn.schema,
                dsn.tls,
                dsn.authority.as_ref().map_or(String::new(), |(_, path)| format!(" {}", path.display())),
                dsn.notes().iter().flat_map(|note| ["\n", note.as_str()]).collect::<String>()
            ),
        };
        assert_eq!(shown, expected, "for {text:?}");
    }

    #[test]
    fn reads_the_urls_people_have() {
        check("postgresql://u:p@h/d", "postgresql://h:5432/d as u p in public Unsaid");
        check("postgres://u:p%40%2F%25@h:6432/d", "postgresql://h:6432/d as u p@/% in public Unsaid");
        check("postgresql://u:p@x@h/d", "postgresql://h:5432/d as u p@x in public Unsaid");
        check("postgresql://u:a:b+c&d=e;f@h/d", "postgresql://h:5432/d as u a:b+c&d=e;f in public Unsaid");
        check("postgresql://us%C3%A9r:p%C3%A4%20ss@h/d%2Fb", "postgresql://h:5432/d/b as usér pä ss in public Unsaid");
        check("postgresql://u@[::1]:5/d", "postgresql://[::1]:5/d as u - in public Unsaid");
        check("postgresql://u@/d?host=[fe80::2]&port=6", "postgresql://[fe80::2]:6/d as u - in public Unsaid");
        check("postgresql://u@localhost/d?host=/run/pg", "postgresql:/run/pg/d as u - in public Unsaid");
        check("postgresql://u@%2Frun%2Fpg/d", "postgresql:/run/pg/d as u - in public Unsaid");
        check("postgresql://u@/d?host=db.internal", "postgresql://db.internal:5432/d as u - in public Unsaid");
        check("postgresql:///?host=h&user=u&password=p%3D&dbname=d", "postgresql://h:5432/d as u p= in public Unsaid");
        check("postgresql://u:p@h/d?schema=my%20llm", "postgresql://h:5432/d as u p in my llm Unsaid");
    }

    #[test]
    fn options_mean_what_prisma_means() {
        let check = |options: &str, expected: &str| {
            check(
                &format!("postgresql://u:p@h/d?{options}"),
                &format!("postgresql://h:5432/d as u p in public {expected}"),
            );
        };
        check("sslmode=disable", "Off");
        check("sslmode=allow", "Unsaid");
        check("sslmode=prefer", "Unsaid");
        check("sslmode=require", "Required");
        check("sslmode=verify-ca", "Verified");
        check("sslmode=verify-full&sslrootcert=system", "Verified");
        check("sslmode=require&sslaccept=strict", "Verified");
        check("sslmode=verify-full&sslrootcert=/etc/ca.pem", "Verified /etc/ca.pem");
        check("sslmode=require&sslaccept=strict&sslcert=../ca.pem", "Verified ../ca.pem");
        check("schema=&sslmode=require", "Required\nDatabase URL, schema: empty.");
        check("sslaccept=accept_invalid_certs", {
            "Unsaid\nDatabase URL, sslaccept: a certificate is checked nevertheless where the database is on another \
             machine; --database-tls unverified ends that."
        });
        check("sslcert=client.pem&sslkey=client.key", {
            "Unsaid\nDatabase URL, sslcert, sslkey: client certificates are not supported; the role has to log in with \
             a password."
        });
        check("connection_limit=10&pgbouncer=true&pool_timeout=60&connect_timeout=5&socket_timeout=9", {
            "Unsaid\nDatabase URL, connection_limit, pool_timeout: one connection is used, and no pool.\
             \nDatabase URL, pgbouncer: no statement is given a name, so this works through a pooler as it is.\
             \nDatabase URL, connect_timeout, socket_timeout: Gangway sets its own time limits."
        });
        check("statement_cache_size=0&application_name=x&options=-csearch_path%3Da&sslidentity=a.p12&sslpassword=p", {
            "Unsaid\nDatabase URL, statement_cache_size: no statement is given a name, so this works through a pooler as \
             it is.\nDatabase URL, application_name: the connection is called gangway.\
             \nDatabase URL, options: no settings are sent to the server; the schema is ?schema=.\
             \nDatabase URL, sslidentity, sslpassword: client certificates are not supported; the role has to log in with \
             a password."
        });
        check("made_up=1", "Unsaid\nDatabase URL, made_up: unknown here.");
    }

    #[test]
    fn single_variables_make_a_url_too() {
        let parts = Parts { host: "db", user: "u@x", password: Some("p/%"), database: "d", ..Parts::default() };
        let dsn = Dsn::from_parts(&parts).expect("host, user and database are enough");
        assert_eq!((dsn.name().as_str(), dsn.user.as_str(), dsn.tls), ("postgresql://db:5432/d", "u@x", Tls::Unsaid));
        assert_eq!(dsn.password.as_ref().map(Secret::expose), Some("p/%"));
        let tls = Dsn::from_parts(&Parts { sslmode: Some("require"), port: Some("6"), ..parts }).expect("a port");
        assert_eq!((tls.port, tls.tls), (6, Tls::Required));
        assert_eq!(Dsn::from_parts(&Parts { host: "db", ..Parts::default() }).err(), Some(DsnError::NoUser));
    }

    #[test]
    fn says_what_is_wrong_without_repeating_it() {
        check("mysql://u:p@h/d", "error: it does not begin with postgresql:// or postgres://");
        check("", "error: it does not begin with postgresql:// or postgres://");
        check("postgresql://h/d", "error: it names no user");
        check("postgresql://u:p@/d", "error: it names no host");
        check("postgresql://u:p@a,b/d", "error: it names several hosts; give the one to read from");
        check("postgresql://u:p@h:x/d", "error: its port is not a number");
        check("postgresql://u:p@h/d?sslmode=canary", {
            "error: its sslmode is none of disable, allow, prefer, require, verify-ca and verify-full"
        });
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
