//! One server, fixed at the start, and everything that may be said to it. No redirect is followed, no proxy of
//! the environment is used, no cookie is kept, and of an answer only status, media type and body come back.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::body::Bytes;
use bifrost::Answer;
use litellm::Secret;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Client, Method, Request, Url};
use tokio::sync::OnceCell;

use crate::address::{self, AddressError, Demand};
use crate::settings::Network;

/// The largest answer taken, in bytes.
pub(crate) const MAX_ANSWER: usize = 32 << 20;

/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(10);

/// How long a whole call may take.
pub(crate) const TOTAL: Duration = Duration::from_mins(1);

/// How long an idle connection is kept: less than the 5 s after which uvicorn closes its own, because a call sent
/// into a closing connection is a call of unknown outcome.
const IDLE: Duration = Duration::from_secs(3);

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
    client: OnceCell<Client>,
}

impl Upstream {
    /// The server at `root`. `masked` are the secrets that no answer may repeat.
    pub(crate) fn new(root: Url, network: Network, credentials: Vec<(HeaderName, Secret)>, masked: &[Secret]) -> Self {
        let name = root.origin().ascii_serialization();
        let masked = masked.iter().flat_map(spellings).collect();
        Self { root, name, network, credentials, masked, client: OnceCell::new() }
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
    pub(crate) fn request(&self, ask: Ask<'_>) -> Result<Request, Loss> {
        let mut request = Request::new(ask.method, self.url(ask.path, ask.query)?);
        *request.headers_mut() = self.headers(ask.anonymous)?;
        *request.timeout_mut() = Some(ask.total);
        if let Some(key) = ask.key {
            let mut value = HeaderValue::from_str(key.expose())
                .map_err(|_| Loss::NotSent("A virtual key cannot be sent as a header.".to_owned()))?;
            value.set_sensitive(true);
            request.headers_mut().insert("x-bf-vk", value);
        }
        if let Some(body) = ask.body {
            request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            *request.body_mut() = Some(body.into());
        }
        Ok(request)
    }

    /// Sends a request of our own and reads the whole answer.
    pub(crate) async fn carry_out(&self, request: Request) -> Result<Reply, Loss> {
        let total = request.timeout().copied().unwrap_or(TOTAL);
        let client = self.client.get_or_try_init(|| self.connect()).await?;
        let mut response = client.execute(request).await.map_err(|error| self.loss(&error, total))?;
        let retry_after = retry_after(response.headers());
        let status = response.status().as_u16();
        let content_type = media_type(response.headers());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.unknown(&error, total))? {
            if body.len() + chunk.len() > MAX_ANSWER {
                return Err(Loss::TooLarge(format!("{} answered with more than 32 MiB.", self.name)));
            }
            body.extend_from_slice(&chunk);
        }
        let text =
            String::from_utf8(body).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
        let answer = Answer { status, content_type, body: self.mask(text) };
        Ok(Reply { answer, retry_after })
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
        let credentials = if anonymous { &[] } else { self.credentials.as_slice() };
        for (name, secret) in credentials {
            let mut value = HeaderValue::from_str(secret.expose())
                .map_err(|_| Loss::NotSent("A credential cannot be sent as a header.".to_owned()))?;
            value.set_sensitive(true);
            headers.insert(name.clone(), value);
        }
        Ok(headers)
    }

    /// Resolves the name, once, and makes a client that knows no other address for it.
    async fn connect(&self) -> Result<Client, Loss> {
        let host = self.root.host_str().unwrap_or_default();
        let port = self.root.port_or_known_default().unwrap_or(443);
        let demand = Demand {
            allow_link_local: self.network.allow_link_local,
            loopback_only: self.root.scheme() == "http" && !self.network.insecure_http,
        };
        let addresses = address::resolve(host, port, demand).await.map_err(|error| self.refuse_address(&error))?;
        let builder = Client::builder()
            .user_agent(concat!("gangway/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .referer(false)
            .connect_timeout(CONNECT)
            .pool_idle_timeout(IDLE)
            .resolve_to_addrs(host, &addresses);
        self.trust(builder)?.build().map_err(|_| Loss::NotSent(format!("{}: TLS cannot be set up here.", self.name)))
    }

    /// The certificate authorities: those of the system and those of `--ca-file`; none at all where none is used.
    fn trust(&self, builder: reqwest::ClientBuilder) -> Result<reqwest::ClientBuilder, Loss> {
        if self.root.scheme() == "http" {
            return Ok(builder.tls_certs_only([]));
        }
        let Some(pem) = &self.network.ca else { return Ok(builder) };
        let certificates = reqwest::Certificate::from_pem_bundle(pem)
            .map_err(|_| Loss::NotSent("The file given with --ca-file holds no certificates.".to_owned()))?;
        Ok(builder.tls_certs_merge(certificates))
    }

    fn refuse_address(&self, error: &AddressError) -> Loss {
        Loss::NotSent(format!("{} cannot be used: {error}.", self.name))
    }

    fn loss(&self, error: &reqwest::Error, total: Duration) -> Loss {
        if error.is_connect() || error.is_builder() {
            let why = self.mask(root_cause(error));
            return Loss::NotSent(format!("{} cannot be reached: {why}.", self.name));
        }
        self.unknown(error, total)
    }

    fn unknown(&self, error: &reqwest::Error, total: Duration) -> Loss {
        if error.is_timeout() {
            return Loss::Unknown(format!("{} did not answer within {} s.", self.name, total.as_secs()));
        }
        Loss::Unknown(format!("{} broke the connection before its answer was whole.", self.name))
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

/// The innermost words of an error: `Connection refused (os error 111)`, `invalid peer certificate: Expired`.
fn root_cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
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
        assert!(CONNECT < TOTAL && TOTAL <= Duration::from_mins(1));
    }

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
