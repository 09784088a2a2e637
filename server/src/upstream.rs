//! One server, fixed at the start, and everything that may be said to it. No redirect is followed, no proxy of
//! the environment is used, no cookie is kept, and of an answer only status, media type and body come back.

mod connections;

use std::collections::BTreeMap;
use std::time::Duration;

use axum::body::Bytes;
use bifrost::Answer;
use http_body_util::Full;
use hyper::header::{ACCEPT, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER, USER_AGENT};
use hyper::{Method, Request, Uri};
use litellm::Secret;
use tokio::sync::OnceCell;
use tokio::time::timeout;
use url::{Position, Url};

use crate::address::{self, AddressError, Demand};
use crate::settings::Network;
use crate::tls::{self, TlsError};
use connections::{Broken, Connections};

/// The largest answer taken, in bytes.
pub(crate) const MAX_ANSWER: usize = 32 << 20;

/// How long a whole call may take.
pub(crate) const TOTAL: Duration = Duration::from_mins(1);

/// Why a call has no answer. The engine treats the two kinds differently.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Loss {
    /// Nothing left this machine: the other side is as it was.
    #[error("{0}")]
    NotSent(String),
    /// It was sent, and what became of it is unknown.
    #[error("{0}")]
    Unknown(String),
    /// It was answered with more than [`MAX_ANSWER`] bytes; what became of it is unknown.
    #[error("{0}")]
    TooLarge(String),
}

/// A call to an upstream.
#[derive(Debug)]
pub(crate) struct Ask<'a> {
    /// The verb.
    pub(crate) method: Method,
    /// The path below the root, percent-encoded.
    pub(crate) path: &'a str,
    /// The query.
    pub(crate) query: &'a BTreeMap<String, String>,
    /// The JSON body.
    pub(crate) body: Option<Bytes>,
    /// Whether the credentials stay behind.
    pub(crate) anonymous: bool,
    /// A virtual key to call with.
    pub(crate) key: Option<&'a Secret>,
    /// How long it may take.
    pub(crate) total: Duration,
}

/// A call as it goes out.
pub(crate) struct Outgoing {
    request: Request<Full<Bytes>>,
    total: Duration,
}

/// Without the body, which has secrets in it.
impl std::fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.request.method(), self.request.uri().path())
    }
}

/// An answer, and after how many seconds it wants to be asked again, if it says so.
#[derive(Debug)]
pub(crate) struct Reply {
    /// The answer.
    pub(crate) answer: Answer,
    /// Its `Retry-After`.
    pub(crate) retry_after: Option<u32>,
}

/// A server.
#[derive(Debug)]
pub(crate) struct Upstream {
    root: Url,
    name: String,
    network: Network,
    credentials: Vec<(HeaderName, Secret)>,
    masked: Vec<String>,
    connections: OnceCell<Connections>,
}

impl Upstream {
    /// The server at `root`. `masked` are the secrets that no answer may repeat.
    pub(crate) fn new(root: Url, network: Network, credentials: Vec<(HeaderName, Secret)>, masked: &[Secret]) -> Self {
        let name = root.origin().ascii_serialization();
        let masked = masked.iter().flat_map(spellings).collect();
        Self { root, name, network, credentials, masked, connections: OnceCell::new() }
    }

    /// How the page calls it: scheme, host and port.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Sends a call and reads the whole answer.
    pub(crate) async fn send(&self, ask: Ask<'_>) -> Result<Reply, Loss> {
        let own = ask.key.map(spellings).unwrap_or_default();
        let mut reply = self.carry_out(self.request(ask)?).await?;
        reply.answer.body = mask(&own, reply.answer.body);
        Ok(reply)
    }

    /// A call as it goes out.
    pub(crate) fn request(&self, ask: Ask<'_>) -> Result<Outgoing, Loss> {
        let url = self.url(ask.path, ask.query)?;
        let target = url[Position::BeforePath..Position::AfterQuery].parse::<Uri>();
        let has_body = ask.body.is_some();
        let mut request = Request::new(Full::new(ask.body.unwrap_or_default()));
        *request.method_mut() = ask.method;
        *request.uri_mut() = target.map_err(|_| Loss::NotSent("The path cannot be sent.".to_owned()))?;
        *request.headers_mut() = self.headers(ask.anonymous)?;
        let headers = request.headers_mut();
        headers.insert(HOST, header("The host", &url[Position::BeforeHost..Position::AfterPort])?);
        if let Some(key) = ask.key {
            headers.insert("x-bf-vk", secret("A virtual key", key)?);
        }
        if has_body {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        Ok(Outgoing { request, total: ask.total })
    }

    /// Sends a request of our own and reads the whole answer.
    pub(crate) async fn carry_out(&self, outgoing: Outgoing) -> Result<Reply, Loss> {
        let Outgoing { request, total } = outgoing;
        let connections = self.connections.get_or_try_init(|| self.resolve()).await?;
        let exchanged = match timeout(total, connections.exchange(request, MAX_ANSWER)).await {
            Ok(exchanged) => exchanged.map_err(|broken| self.loss(broken)),
            Err(_) => Err(Loss::Unknown(format!("{} did not answer within {} s.", self.name, total.as_secs()))),
        };
        let (head, body) = exchanged?;
        let text =
            String::from_utf8(body).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
        let content_type = media_type(&head.headers);
        let answer = Answer { status: head.status.as_u16(), content_type, body: self.mask(text) };
        Ok(Reply { answer, retry_after: retry_after(&head.headers) })
    }

    /// The URL of a path. URL libraries fold `%2E%2E` like `..`, so what came out is compared with what went in.
    fn url(&self, path: &str, query: &BTreeMap<String, String>) -> Result<Url, Loss> {
        let mut url = self.root.clone();
        let wanted = format!("{}{path}", self.root.path().trim_end_matches('/'));
        url.set_path(&wanted);
        if url.path() != wanted || path.contains("//") || path.ends_with('/') {
            return Err(Loss::NotSent("An id in the path is empty or made of dots; no such call is made.".to_owned()));
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Ok(url)
    }

    fn headers(&self, anonymous: bool) -> Result<HeaderMap, Loss> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(USER_AGENT, HeaderValue::from_static(concat!("gangway/", env!("CARGO_PKG_VERSION"))));
        let credentials = if anonymous { &[] } else { self.credentials.as_slice() };
        for (name, credential) in credentials {
            headers.insert(name.clone(), secret("A credential", credential)?);
        }
        Ok(headers)
    }

    /// Resolves the name, once; no other address is known for it from then on.
    async fn resolve(&self) -> Result<Connections, Loss> {
        let host = self.root.host_str().unwrap_or_default();
        let port = self.root.port_or_known_default().unwrap_or(443);
        let demand = Demand {
            allow_link_local: self.network.allow_link_local,
            loopback_only: self.root.scheme() == "http" && !self.network.insecure_http,
        };
        let addresses = address::resolve(host, port, demand).await.map_err(|error| self.refuse_address(&error))?;
        let no_tls = || Loss::NotSent(format!("{}: TLS cannot be set up here.", self.name));
        let trust =
            if self.root.scheme() == "http" { tls::nobody() } else { tls::for_upstream(self.network.ca.as_deref()) };
        let trust = trust.map_err(|error| match error {
            TlsError::NoCertificates => {
                Loss::NotSent("The file given with --ca-file holds no certificates.".to_owned())
            }
            _ => no_tls(),
        })?;
        let root = self.name.parse().map_err(|_| no_tls())?;
        Ok(Connections::to(root, addresses, trust))
    }

    fn refuse_address(&self, error: &AddressError) -> Loss {
        Loss::NotSent(format!("{} cannot be used: {error}.", self.name))
    }

    fn loss(&self, broken: Broken) -> Loss {
        let name = &self.name;
        match broken {
            Broken::Unreached(why) => Loss::NotSent(format!("{name} cannot be reached: {}.", self.mask(why))),
            Broken::Off => Loss::Unknown(format!("{name} broke the connection before its answer was whole.")),
            Broken::TooLarge => Loss::TooLarge(format!("{name} answered with more than 32 MiB.")),
        }
    }

    /// An upstream may repeat a credential, in an error above all; the page has no use for it.
    fn mask(&self, text: String) -> String {
        mask(&self.masked, text)
    }
}

fn mask(secrets: &[String], text: String) -> String {
    secrets
        .iter()
        .fold(text, |text, secret| if text.contains(secret) { text.replace(secret, "••••••••") } else { text })
}

/// The ways in which an answer could repeat a secret. Short ones are left alone: masking `a` would ruin answers.
fn spellings(secret: &Secret) -> Vec<String> {
    use base64::Engine;
    use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
    let plain = secret.expose();
    if plain.len() < 8 {
        return Vec::new();
    }
    let json = serde_json::Value::from(plain).to_string();
    let mut url = Url::parse("http://h/").ok();
    let query = url.as_mut().and_then(|url| {
        url.query_pairs_mut().append_key_only(plain);
        url.query().map(str::to_owned)
    });
    let mut spellings = vec![plain.to_owned(), json.trim_matches('"').to_owned()];
    spellings.extend(query);
    spellings.extend([STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD].map(|engine| engine.encode(plain)));
    spellings.sort_by_key(|text| std::cmp::Reverse(text.len()));
    spellings.dedup();
    spellings
}

/// The seconds of a `Retry-After`; its other form, a date, is not used by what stands in front of proxies.
fn retry_after(headers: &HeaderMap) -> Option<u32> {
    headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()
}

fn media_type(headers: &HeaderMap) -> String {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

fn header(what: &str, text: &str) -> Result<HeaderValue, Loss> {
    HeaderValue::from_str(text).map_err(|_| Loss::NotSent(format!("{what} cannot be sent as a header.")))
}

fn secret(what: &str, secret: &Secret) -> Result<HeaderValue, Loss> {
    let mut value = header(what, secret.expose())?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};

    use rustls::pki_types::pem::PemObject as _;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};

    use super::*;

    fn upstream(root: &str, masked: &[&str]) -> Upstream {
        let masked: Vec<Secret> = masked.iter().map(|text| Secret::new((*text).to_owned())).collect();
        Upstream::new(Url::parse(root).expect("a URL"), Network::default(), Vec::new(), &masked)
    }

    #[test]
    fn a_path_comes_out_as_it_went_in_or_not_at_all() {
        let url = |path: &str| {
            let query = BTreeMap::from([("a b".to_owned(), "c&d=e#f".to_owned())]);
            upstream("http://localhost:1/base/", &[]).url(path, &query).map(|url| url.to_string())
        };
        assert_eq!(url("/api/x%2Fy"), Ok("http://localhost:1/base/api/x%2Fy?a+b=c%26d%3De%23f".to_owned()));
        for path in ["/api/%2E%2E", "/api/%2e", "/api/..", "/api/./x", "/api//keys", "/api/", "/api\\x", "/api/x?y"] {
            assert!(matches!(url(path), Err(Loss::NotSent(_))), "{path}");
        }
    }

    /// No call waits for ever: the vendor's scripts do.
    #[tokio::test]
    async fn point_30_a_server_that_never_answers_is_given_up() {
        let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let root = format!("http://{}", silent.local_addr().expect("its address"));
        let (query, total) = (BTreeMap::new(), Duration::from_millis(100));
        let ask = Ask { method: Method::GET, path: "/x", query: &query, body: None, anonymous: true, key: None, total };
        let lost = upstream(&root, &[]).send(ask).await.expect_err("no answer came");
        assert!(matches!(lost, Loss::Unknown(_)), "{lost:?}");
        assert!(connections::CONNECT < TOTAL && TOTAL <= Duration::from_mins(1));
    }

    /// What a server's certificate has to be, before anything is said to it.
    #[tokio::test]
    async fn a_server_is_who_it_says_it_is_or_hears_nothing() {
        let folder = Folder::new();
        let authority = folder.authority();
        let (good, other) = (folder.certificate("IP:127.0.0.1", 2), folder.certificate("DNS:other.example", 2));
        let old = folder.certificate("IP:127.0.0.1", -1);
        let cases = [
            (good.clone(), Some(authority.clone()), Ok(200)),
            (good, None, Err("invalid peer certificate: UnknownIssuer.")),
            (other, Some(authority.clone()), Err("invalid peer certificate: certificate not valid for name")),
            (old, Some(authority), Err("invalid peer certificate: Expired.")),
        ];
        for (certificate, ca, expected) in cases {
            let (root, heard) = server(&certificate);
            let network = Network { ca, ..Network::default() };
            let upstream = Upstream::new(Url::parse(&root).expect("a URL"), network, Vec::new(), &[]);
            let (query, path) = (BTreeMap::new(), "/x");
            let ask =
                Ask { method: Method::GET, path, query: &query, body: None, anonymous: true, key: None, total: TOTAL };
            let said = upstream.send(ask).await.map(|reply| reply.answer.status);
            match (&said, expected) {
                (Ok(status), Ok(expected)) => assert_eq!(*status, expected),
                (Err(Loss::NotSent(why)), Err(expected)) => {
                    assert!(why.starts_with(&format!("{root} cannot be reached: {expected}")), "{why}");
                }
                _ => panic!("{said:?}, not {expected:?}"),
            }
            assert_eq!(heard.join().expect("no panic"), said.is_ok());
        }
    }

    /// Certificates of an authority of its own.
    struct Folder(std::path::PathBuf);

    #[expect(clippy::disallowed_methods, reason = "a test makes certificates in a folder of its own")]
    impl Folder {
        fn new() -> Self {
            tls::install_provider();
            let folder = std::env::temp_dir().join(format!("gangway-upstream-{}", std::process::id()));
            std::fs::create_dir_all(&folder).expect("a folder");
            Self(folder)
        }

        fn openssl(&self, step: &str) {
            let done = std::process::Command::new("openssl").args(step.split(' ')).current_dir(&self.0).output();
            let done = done.expect("openssl runs");
            assert!(done.status.success(), "{step}: {}", String::from_utf8_lossy(&done.stderr));
        }

        fn authority(&self) -> Vec<u8> {
            self.openssl(&format!("req -x509 {KEY} -days 2 -subj /CN=test-ca -keyout ca.key -out ca.pem"));
            std::fs::read(self.0.join("ca.pem")).expect("an authority")
        }

        /// A certificate for a name, and its key, as PEM.
        fn certificate(&self, name: &str, days: i32) -> Vec<u8> {
            std::fs::write(self.0.join("names"), format!("subjectAltName = {name}\n")).expect("a writable folder");
            self.openssl(&format!("req {KEY} -subj /CN=server -keyout key -out asked"));
            let signed = format!("-CA ca.pem -CAkey ca.key -days {days} -extfile names -out certificate");
            self.openssl(&format!("x509 -req -in asked {signed}"));
            ["certificate", "key"].iter().flat_map(|name| std::fs::read(self.0.join(name)).expect("a file")).collect()
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            drop(std::fs::remove_dir_all(&self.0));
        }
    }

    /// A server with that certificate for one caller: its root, and whether it heard anything.
    fn server(pem: &[u8]) -> (String, std::thread::JoinHandle<bool>) {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let root = format!("https://{}", listener.local_addr().expect("its address"));
        let chain = vec![CertificateDer::from_pem_slice(pem).expect("a certificate")];
        let key = PrivateKeyDer::from_pem_slice(pem).expect("a key");
        let config = rustls::ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key);
        let config = std::sync::Arc::new(config.expect("they belong together"));
        let heard = std::thread::spawn(move || {
            let (caller, _) = listener.accept().expect("a caller");
            let server = rustls::ServerConnection::new(config).expect("a connection");
            let mut stream = rustls::StreamOwned::new(server, caller);
            let heard = stream.read(&mut [0; 4096]).is_ok_and(|heard| heard > 0);
            heard && stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").is_ok()
        });
        (root, heard)
    }

    const KEY: &str = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";

    #[test]
    fn no_answer_repeats_a_credential() {
        let upstream = upstream("http://localhost:1", &["canary\"/+key", "short"]);
        for text in ["canary\"/+key", "canary\\\"/+key", "canary%22%2F%2Bkey", "Y2FuYXJ5Ii8ra2V5"] {
            let masked = upstream.mask(format!("no such key: {text}!"));
            assert_eq!(masked, "no such key: ••••••••!", "for {text}");
        }
        assert_eq!(upstream.mask("in short".to_owned()), "in short");
    }
}
