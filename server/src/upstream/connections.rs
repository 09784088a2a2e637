//! The connections to one server: opened where its name led the first time, kept for the next call, and one call at a
//! time on each. Nothing stands between an answer and the next call but the protocol itself, so that a gateway that
//! answers at once is not kept waiting.

use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Bytes;
use futures_util::future::{Ready, ready};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::http::response::Parts;
use hyper::{Request, Response, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use rustls::ClientConfig;
use tokio::runtime::{Handle, Id};
use tokio::time::{Instant, timeout};
use tower_service::Service;

/// How long connecting may take.
pub(super) const CONNECT: Duration = Duration::from_secs(10);

/// How long an idle connection is kept: less than the 5 s after which uvicorn closes its own, because a call sent
/// into a closing connection is a call of unknown outcome.
const IDLE: Duration = Duration::from_secs(3);

/// Why a call has no answer.
#[derive(Debug)]
pub(super) enum Broken {
    /// There is no connection, so nothing was sent.
    Unreached(String),
    /// The connection broke after something was sent.
    Off,
    /// The answer was larger than allowed.
    TooLarge,
}

/// The connections to a server.
#[derive(Debug)]
pub(super) struct Connections {
    root: Uri,
    connector: HttpsConnector<HttpConnector<Known>>,
    kept: Mutex<Vec<Kept>>,
}

/// A connection without a call.
#[derive(Debug)]
struct Kept {
    sender: Sender,
    since: Instant,
    /// Where it is looked after: from anywhere else, each call on it would wait for another thread to wake up.
    home: Id,
}

type Sender = SendRequest<Full<Bytes>>;

impl Connections {
    /// Connections to those addresses and no others, whatever the name in `root` leads to later.
    pub(super) fn to(root: Uri, addresses: Vec<SocketAddr>, trust: ClientConfig) -> Self {
        let mut http = HttpConnector::new_with_resolver(Known(addresses));
        http.enforce_http(false);
        http.set_nodelay(true);
        http.set_connect_timeout(Some(CONNECT));
        let connector =
            HttpsConnectorBuilder::new().with_tls_config(trust).https_or_http().enable_http1().wrap_connector(http);
        Self { root, connector, kept: Mutex::default() }
    }

    /// Sends a request and reads the whole answer, of at most `limit` bytes.
    pub(super) async fn exchange(
        &self,
        request: Request<Full<Bytes>>,
        limit: usize,
    ) -> Result<(Parts, Vec<u8>), Broken> {
        let (sender, response) = self.send(request).await?;
        let (head, mut body) = response.into_parts();
        let mut bytes = Vec::new();
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame.map_err(|_| Broken::Off)?.into_data() else { continue };
            if bytes.len() + data.len() > limit {
                return Err(Broken::TooLarge);
            }
            bytes.extend_from_slice(&data);
        }
        Ok((head, bytes)).inspect(|_| self.keep(sender))
    }

    /// Sends a request over a connection that is there, or over a new one.
    async fn send(&self, mut request: Request<Full<Bytes>>) -> Result<(Sender, Response<Incoming>), Broken> {
        while let Some(mut sender) = self.take() {
            // What was closed over there meanwhile gives the request back, for nothing of it was sent.
            match over(&mut sender, request).await? {
                Ok(response) => return Ok((sender, response)),
                Err(unsent) => request = unsent,
            }
        }
        let mut sender = self.open().await?;
        match over(&mut sender, request).await? {
            Ok(response) => Ok((sender, response)),
            Err(_) => Err(Broken::Unreached("it closes its connections at once".to_owned())),
        }
    }

    /// The connection used last that is still good and looked after here; those that are idle for too long go.
    fn take(&self) -> Option<Sender> {
        let home = Handle::current().id();
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|kept| kept.since.elapsed() < IDLE && !kept.sender.is_closed());
        let last = kept.iter().rposition(|kept| kept.home == home)?;
        Some(kept.swap_remove(last).sender)
    }

    fn keep(&self, sender: Sender) {
        let kept = Kept { sender, since: Instant::now(), home: Handle::current().id() };
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).push(kept);
    }

    async fn open(&self) -> Result<Sender, Broken> {
        let unreached = |error: &(dyn std::error::Error + 'static)| Broken::Unreached(root_cause(error));
        let opened = async {
            let stream = self.connector.clone().call(self.root.clone()).await.map_err(|error| unreached(&*error))?;
            handshake(stream).await.map_err(|error| unreached(&error))
        };
        let late = |_| Broken::Unreached(format!("no connection within {} s", CONNECT.as_secs()));
        let (sender, connection) = timeout(CONNECT, opened).await.map_err(late)??;
        // How it ends is told to whoever has a call on it.
        tokio::spawn(async move { drop(connection.await) });
        Ok(sender)
    }
}

/// The answer to a request, or the request itself if nothing of it was sent.
async fn over(
    sender: &mut Sender,
    request: Request<Full<Bytes>>,
) -> Result<Result<Response<Incoming>, Request<Full<Bytes>>>, Broken> {
    if sender.ready().await.is_err() {
        return Ok(Err(request));
    }
    match sender.try_send_request(request).await {
        Ok(response) => Ok(Ok(response)),
        Err(mut error) => error.take_message().map(Err).ok_or(Broken::Off),
    }
}

/// The innermost words of an error: `Connection refused (os error 111)`, `invalid peer certificate: Expired`.
fn root_cause(error: &(dyn std::error::Error + 'static)) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

/// Knows one name only.
#[derive(Clone, Debug)]
struct Known(Vec<SocketAddr>);

impl Service<Name> for Known {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = std::convert::Infallible;
    type Future = Ready<Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Name) -> Self::Future {
        ready(Ok(self.0.clone().into_iter()))
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::{TcpListener, TcpStream};
    use std::sync::Arc;

    use super::*;

    /// A server that answers every call with the number of the connection it came over; the first ones it closes after
    /// so many answers.
    fn server(closes_after: &'static [usize]) -> Connections {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("its address");
        std::thread::spawn(move || {
            for (number, caller) in listener.incoming().flatten().enumerate() {
                let answers = closes_after.get(number).copied().unwrap_or(usize::MAX);
                std::thread::spawn(move || answer(caller, number, answers));
            }
        });
        connections_to(address)
    }

    fn connections_to(address: SocketAddr) -> Connections {
        crate::tls::install_provider();
        let root = format!("http://{address}").parse().expect("a root");
        Connections::to(root, vec![address], crate::tls::nobody().expect("a config"))
    }

    fn answer(mut caller: TcpStream, number: usize, answers: usize) {
        let mut asked = [0; 4096];
        for _ in 0..answers {
            if !matches!(caller.read(&mut asked), Ok(1..)) {
                return;
            }
            let text = format!("HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n{number}");
            caller.write_all(text.as_bytes()).expect("it listens");
        }
    }

    async fn call(connections: &Connections) -> Result<String, Broken> {
        let request = Request::builder().uri("/x").header("host", "server").body(Full::default()).expect("a request");
        let (_, body) = connections.exchange(request, 10).await?;
        Ok(String::from_utf8(body).expect("a number"))
    }

    async fn used(connections: &Connections) -> String {
        call(connections).await.expect("an answer")
    }

    #[tokio::test]
    async fn a_connection_is_kept_for_the_next_call_but_not_for_long() {
        let connections = server(&[]);
        assert_eq!([used(&connections).await, used(&connections).await], ["0", "0"]);
        tokio::time::pause();
        tokio::time::advance(IDLE).await;
        tokio::time::resume();
        assert_eq!([used(&connections).await, used(&connections).await], ["1", "1"]);
        let (one, other) = tokio::join!(used(&connections), used(&connections));
        assert_eq!([one.as_str(), other.as_str()], ["1", "2"], "one call at a time on each");
    }

    #[tokio::test]
    async fn a_connection_is_used_where_it_is_looked_after() {
        let connections = Arc::new(server(&[]));
        assert_eq!(used(&connections).await, "0");
        let elsewhere = Arc::clone(&connections);
        let used_elsewhere = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async { [used(&elsewhere).await, used(&elsewhere).await] })
        });
        assert_eq!(used_elsewhere.join().expect("no panic"), ["1", "1"]);
        assert_eq!(used(&connections).await, "0");
    }

    /// uvicorn and proxies close what is idle.
    #[tokio::test]
    async fn a_connection_that_was_closed_over_there_loses_no_call() {
        let connections = server(&[1, 2]);
        assert_eq!(used(&connections).await, "0");
        closed(&connections).await;
        assert_eq!([used(&connections).await, used(&connections).await], ["1", "1"]);
        closed(&connections).await;
        assert_eq!(used(&connections).await, "2");
    }

    /// Waits until it is known here that no connection is good any more.
    async fn closed(connections: &Connections) {
        let is_open = || connections.kept.lock().expect("no panic").iter().any(|kept| !kept.sender.is_closed());
        while is_open() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    #[tokio::test]
    async fn what_was_not_sent_is_told_from_what_is_unknown() {
        let silent = server(&[0]);
        let broken = call(&silent).await.expect_err("it hangs up");
        assert!(matches!(broken, Broken::Off | Broken::Unreached(_)), "{broken:?}");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let connections = connections_to(listener.local_addr().expect("its address"));
        let hears = std::thread::spawn(move || {
            let (mut caller, _) = listener.accept().expect("a caller");
            caller.read(&mut [0; 4096]).expect("a call")
        });
        let broken = call(&connections).await.expect_err("it hangs up");
        assert!(matches!(broken, Broken::Off), "{broken:?}");
        assert!(hears.join().expect("no panic") > 0);
        let Broken::Unreached(why) = call(&connections).await.expect_err("nobody listens") else {
            panic!("it was sent")
        };
        assert!(why.starts_with("Connection refused"), "{why}");
    }

    #[tokio::test]
    async fn no_more_is_read_than_allowed() {
        let connections = server(&[]);
        let request = Request::builder().uri("/x").header("host", "server").body(Full::default()).expect("a request");
        let broken = connections.exchange(request, 0).await.expect_err("it is one byte long");
        assert!(matches!(broken, Broken::TooLarge), "{broken:?}");
        assert_eq!(used(&connections).await, "1", "the rest of an answer is nobody's answer");
    }
}
