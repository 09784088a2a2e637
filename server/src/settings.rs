//! Flags, environment and files into one set of connections, read once at the start.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use litellm::Secret;
use url::Url;

use crate::address;
use crate::cli::{ConnectionArgs, DatabaseTls};
use crate::dsn::{Dsn, DsnError, Parts};

/// The environment as it was when the program started.
pub(crate) type Environment = BTreeMap<String, String>;

/// Where LiteLLM and Bifrost are, and how to speak to them.
#[derive(Debug, Default)]
pub(crate) struct Connections {
    /// LiteLLM's config.yaml.
    pub(crate) config: Option<PathBuf>,
    /// The running proxy.
    pub(crate) source: Option<SourceSettings>,
    /// Its database.
    pub(crate) database: Option<Dsn>,
    /// The gateway.
    pub(crate) target: Option<TargetSettings>,
    /// The rules of the road.
    pub(crate) network: Network,
    /// What the person should know about all this.
    pub(crate) notes: Vec<String>,
}

impl Connections {
    /// Whether nothing at all is configured.
    pub(crate) fn is_empty(&self) -> bool {
        self.config.is_none() && self.source.is_none() && self.database.is_none() && self.target.is_none()
    }
}

/// The running proxy.
#[derive(Clone, Debug)]
pub(crate) struct SourceSettings {
    /// Its root.
    pub(crate) url: Url,
    /// Its master key.
    pub(crate) master_key: Option<Secret>,
}

/// The gateway.
#[derive(Clone, Debug)]
pub(crate) struct TargetSettings {
    /// Its root.
    pub(crate) url: Url,
    /// The value of the Authorization header.
    pub(crate) authorization: Option<Secret>,
    /// The administrator's name and password, where both are given.
    pub(crate) login: Option<(String, Secret)>,
    /// The value of the X-Bifrost-Setup-Token header.
    pub(crate) setup_token: Option<Secret>,
    /// Every form in which the credentials could be repeated by an answer.
    pub(crate) masked: Vec<Secret>,
}

/// What is allowed on the way to the upstreams.
#[derive(Clone, Debug, Default)]
pub(crate) struct Network {
    /// http:// to other machines.
    pub(crate) insecure_http: bool,
    /// Link-local and metadata addresses.
    pub(crate) allow_link_local: bool,
    /// More certificate authorities, as PEM.
    pub(crate) ca: Option<Vec<u8>>,
    /// How a database on another machine is reached.
    pub(crate) database_tls: DatabaseTls,
}

/// Why the settings cannot be used. No variant carries a value that could hold a secret.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SettingsError {
    #[error("{name} is not a URL such as http://localhost:8080")]
    NotAUrl { name: &'static str },
    #[error("{name} holds a user name or a password; give them apart ({instead})")]
    Userinfo { name: &'static str, instead: &'static str },
    #[error("{name} has a query or a fragment; give the root of the server only")]
    NotARoot { name: &'static str },
    #[error("{name} is http:// to another machine, so keys would travel in clear; use https://, or --insecure-http")]
    InsecureHttp { name: &'static str },
    #[error("{path} cannot be read: {source}", path = path.display())]
    File { path: PathBuf, source: std::io::Error },
    #[error("standard input can give one secret only")]
    StdinTwice,
    #[error("{name} is empty")]
    Empty { name: String },
    #[error("{name} holds a character that no HTTP header can carry")]
    NotAHeader { name: &'static str },
    #[error("BIFROST_PASSWORD is set and BIFROST_USER is not")]
    PasswordWithoutUser,
    #[error("the URL of the database cannot be used: {0}")]
    Dsn(#[from] DsnError),
}

/// Reads the environment, once.
pub(crate) fn environment() -> Environment {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

/// Everything the arguments and the environment say about connections.
pub(crate) fn connections(args: &ConnectionArgs, env: &Environment) -> Result<Connections, SettingsError> {
    let mut secrets = Secrets { env, stdin_read: false, notes: Vec::new() };
    let network = Network {
        insecure_http: args.insecure_http,
        allow_link_local: args.allow_link_local,
        ca: args.ca_file.as_deref().map(read_file).transpose()?,
        database_tls: args.database_tls,
    };
    let source = source(args, &mut secrets, &network)?;
    let database = database(args, &mut secrets)?;
    let target = target(args, &mut secrets, &network)?;
    let mut notes = secrets.notes;
    if let Some(dsn) = &database {
        notes.extend(dsn.notes());
    }
    Ok(Connections { config: args.config.clone(), source, database, target, network, notes })
}

/// The candidate salt keys: files first, then the environment, each with the name the page would give it.
pub(crate) fn salt_keys(files: &[PathBuf], env: &Environment) -> Result<Vec<(String, Secret)>, SettingsError> {
    let mut secrets = Secrets { env, stdin_read: false, notes: Vec::new() };
    let mut keys = Vec::new();
    for (index, file) in files.iter().enumerate() {
        let name = if index == 0 { "salt key".to_owned() } else { format!("older key {index}") };
        keys.extend(secrets.get(Some(file), &[])?.map(|secret| (name, secret)));
    }
    let variables: &[(&str, &str)] = &[("LITELLM_SALT_KEY", "salt key"), ("LITELLM_MASTER_KEY", "master key")];
    for (variable, name) in variables {
        keys.extend(secrets.get(None, &[variable])?.map(|secret| ((*name).to_owned(), secret)));
    }
    Ok(keys)
}

fn source(
    args: &ConnectionArgs,
    secrets: &mut Secrets<'_>,
    network: &Network,
) -> Result<Option<SourceSettings>, SettingsError> {
    let master_key = secrets.get(args.litellm_master_key_file.as_ref(), &["LITELLM_MASTER_KEY"])?;
    let Some(text) = given(args.litellm_url.as_deref()) else { return Ok(None) };
    let url = root("LITELLM_URL", text, "LITELLM_MASTER_KEY", network)?;
    if let Some(key) = &master_key {
        header_safe("LITELLM_MASTER_KEY", key)?;
    }
    Ok(Some(SourceSettings { url, master_key }))
}

fn database(args: &ConnectionArgs, secrets: &mut Secrets<'_>) -> Result<Option<Dsn>, SettingsError> {
    let text = secrets.get(args.litellm_db_url_file.as_ref(), &["LITELLM_DB_URL", "DATABASE_URL"])?;
    let variable = |name: &str| given(secrets.env.get(name).map(String::as_str));
    let dsn = match (&text, variable("DATABASE_HOST")) {
        (Some(text), _) => {
            let mut dsn = Dsn::parse(text.expose())?;
            if let (false, Some(schema)) = (text.expose().contains("schema="), variable("DATABASE_SCHEMA")) {
                schema.clone_into(&mut dsn.schema);
            }
            dsn
        }
        (None, Some(host)) => Dsn::from_parts(&Parts {
            host,
            port: variable("DATABASE_PORT"),
            user: variable("DATABASE_USER").or_else(|| variable("DATABASE_USERNAME")).unwrap_or_default(),
            password: variable("DATABASE_PASSWORD"),
            database: variable("DATABASE_NAME").unwrap_or_default(),
            schema: variable("DATABASE_SCHEMA"),
            sslmode: variable("DATABASE_SSLMODE"),
        })?,
        (None, None) => return Ok(None),
    };
    Ok(Some(dsn))
}

fn target(
    args: &ConnectionArgs,
    secrets: &mut Secrets<'_>,
    network: &Network,
) -> Result<Option<TargetSettings>, SettingsError> {
    let api_key = secrets.get(args.bifrost_api_key_file.as_ref(), &["BIFROST_API_KEY"])?;
    let password = secrets.get(args.bifrost_password_file.as_ref(), &["BIFROST_PASSWORD"])?;
    let setup_token = secrets.get(args.bifrost_setup_token_file.as_ref(), &["BIFROST_SETUP_TOKEN"])?;
    let Some(text) = given(args.bifrost_url.as_deref()) else { return Ok(None) };
    let url = root("BIFROST_URL", text, "BIFROST_USER and BIFROST_PASSWORD", network)?;
    let mut masked = Vec::new();
    // Basic is the form that every edition takes (`reference/bifrost-api.md` 1.2), so it wins over a bearer.
    let authorization = match (given(args.bifrost_user.as_deref()), &password, &api_key) {
        (Some(user), password, _) => {
            let password = password.as_ref().map_or("", Secret::expose);
            let pair = STANDARD.encode(format!("{user}:{password}"));
            masked.push(Secret::new(pair.clone()));
            Some(Secret::new(format!("Basic {pair}")))
        }
        (None, Some(_), _) => return Err(SettingsError::PasswordWithoutUser),
        (None, None, Some(key)) => Some(Secret::new(format!("Bearer {}", key.expose()))),
        (None, None, None) => None,
    };
    for (name, secret) in [("BIFROST_API_KEY", &authorization), ("BIFROST_SETUP_TOKEN", &setup_token)] {
        if let Some(secret) = secret {
            header_safe(name, secret)?;
        }
    }
    let login = given(args.bifrost_user.as_deref()).map(str::to_owned).zip(password.clone());
    masked.extend([api_key, password, setup_token.clone()].into_iter().flatten());
    Ok(Some(TargetSettings { url, authorization, login, setup_token, masked }))
}

/// A server's root: http or https, nothing but host, port and path.
fn root(name: &'static str, text: &str, instead: &'static str, network: &Network) -> Result<Url, SettingsError> {
    let url = Url::parse(text.trim()).map_err(|_| SettingsError::NotAUrl { name })?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(SettingsError::NotAUrl { name });
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(SettingsError::Userinfo { name, instead });
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(SettingsError::NotARoot { name });
    }
    if url.scheme() == "http" && !network.insecure_http && !address::is_loopback_name(url.host_str().unwrap_or("")) {
        return Err(SettingsError::InsecureHttp { name });
    }
    Ok(url)
}

fn header_safe(name: &'static str, secret: &Secret) -> Result<(), SettingsError> {
    let fits = hyper::header::HeaderValue::from_str(secret.expose()).is_ok();
    if fits { Ok(()) } else { Err(SettingsError::NotAHeader { name }) }
}

fn given(value: Option<&str>) -> Option<&str> {
    value.filter(|text| !text.trim().is_empty())
}

/// Where secrets come from.
struct Secrets<'a> {
    env: &'a Environment,
    stdin_read: bool,
    notes: Vec<String>,
}

impl Secrets<'_> {
    /// The secret of a file, or else of the first variable that is set.
    fn get(&mut self, file: Option<&PathBuf>, variables: &[&str]) -> Result<Option<Secret>, SettingsError> {
        let Some(path) = file else {
            let found = variables.iter().find_map(|name| given(self.env.get(*name).map(String::as_str)));
            return Ok(found.map(|text| Secret::new(text.to_owned())));
        };
        let bytes = if path.as_os_str() == "-" { self.stdin()? } else { self.file(path)? };
        let name = path.display().to_string();
        let text = String::from_utf8(bytes).map_err(|_| SettingsError::Empty { name: name.clone() })?;
        let text = text.trim_end_matches(['\r', '\n']);
        if text.is_empty() {
            return Err(SettingsError::Empty { name });
        }
        Ok(Some(Secret::new(text.to_owned())))
    }

    fn stdin(&mut self) -> Result<Vec<u8>, SettingsError> {
        if std::mem::replace(&mut self.stdin_read, true) {
            return Err(SettingsError::StdinTwice);
        }
        let mut bytes = Vec::new();
        let read = std::io::stdin().lock().take(MAX_SECRET).read_to_end(&mut bytes);
        read.map_err(|source| SettingsError::File { path: PathBuf::from("standard input"), source })?;
        Ok(bytes)
    }

    fn file(&mut self, path: &Path) -> Result<Vec<u8>, SettingsError> {
        if others_can_read(path) {
            self.notes.push(format!("Other users of this machine can read {}; chmod 600 it.", path.display()));
        }
        read_file(path)
    }
}

/// The longest secret file worth reading, in bytes.
const MAX_SECRET: u64 = 1 << 20;

#[expect(clippy::disallowed_methods, reason = "the shell reads the files the user names")]
fn read_file(path: &Path) -> Result<Vec<u8>, SettingsError> {
    let refused = |source| SettingsError::File { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    std::fs::File::open(path).map_err(refused)?.take(MAX_SECRET).read_to_end(&mut bytes).map_err(refused)?;
    Ok(bytes)
}

#[cfg(unix)]
fn others_can_read(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn others_can_read(_path: &Path) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(url: (&str, &str), env: &[(&str, &str)]) -> Result<Connections, SettingsError> {
        let mut args = ConnectionArgs::default();
        match url.0 {
            "source" => args.litellm_url = Some(url.1.to_owned()),
            _ => args.bifrost_url = Some(url.1.to_owned()),
        }
        let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        connections(&args, &env)
    }

    #[track_caller]
    fn refused(url: &str, expected: &str) {
        for side in ["source", "target"] {
            let message = read((side, url), &[]).expect_err(url).to_string();
            assert!(message.contains(expected), "{url}: {message}");
            assert!(!message.contains("canary"), "{message}");
        }
    }

    #[test]
    fn a_root_is_a_root() {
        refused("localhost:4000", "is not a URL");
        refused("ftp://localhost", "is not a URL");
        refused("http://", "is not a URL");
        refused("http://canary:canary@localhost", "user name or a password");
        refused("http://localhost?key=canary", "query or a fragment");
        refused("http://localhost#canary", "query or a fragment");
        refused("http://gateway.internal:8080", "in clear");
        refused("http://localhost.evil.example", "in clear");
        refused("http://127.0.0.1.nip.io", "in clear");
        for url in ["http://localhost:4000", "http://127.0.0.1", "http://[::1]:8080/base", "https://gateway.example"] {
            assert!(read(("source", url), &[]).is_ok(), "{url}");
        }
    }

    #[test]
    fn the_strongest_login_given_is_used() {
        let login = |env: &[(&str, &str)], user: Option<&str>| {
            let args = ConnectionArgs {
                bifrost_url: Some("http://localhost:8080".to_owned()),
                bifrost_user: user.map(str::to_owned),
                ..ConnectionArgs::default()
            };
            let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            let target = connections(&args, &env)?.target.expect("a gateway is configured");
            Ok::<_, SettingsError>(target.authorization.map(|secret| secret.expose().to_owned()))
        };
        let key = ("BIFROST_API_KEY", "bfst-1");
        let password = ("BIFROST_PASSWORD", "open");
        assert_eq!(login(&[], None).expect("no login"), None);
        assert_eq!(login(&[key], None).expect("bearer"), Some("Bearer bfst-1".to_owned()));
        assert_eq!(login(&[key, password], Some("admin")).expect("basic"), Some("Basic YWRtaW46b3Blbg==".to_owned()));
        assert!(matches!(login(&[password], None), Err(SettingsError::PasswordWithoutUser)));
        let broken = login(&[("BIFROST_API_KEY", "a\nb")], None);
        assert!(matches!(broken, Err(SettingsError::NotAHeader { .. })));
    }

    #[test]
    fn every_salt_key_given_is_a_candidate() {
        let env = [("LITELLM_SALT_KEY", "salt"), ("LITELLM_MASTER_KEY", "sk-master"), ("OTHER", "x")];
        let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let keys = salt_keys(&[], &env).expect("two variables");
        let keys: Vec<_> = keys.iter().map(|(name, secret)| (name.as_str(), secret.expose())).collect();
        assert_eq!(keys, [("salt key", "salt"), ("master key", "sk-master")]);
        assert!(matches!(salt_keys(&[PathBuf::from("/nowhere")], &env), Err(SettingsError::File { .. })));
    }

    #[test]
    fn an_empty_variable_is_no_variable() {
        let read = read(("source", " "), &[("LITELLM_DB_URL", ""), ("LITELLM_MASTER_KEY", " ")]).expect("nothing set");
        assert!(read.is_empty());
    }
}
