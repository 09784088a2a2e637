//! `gangway serve`: the relay beside the gateway, and the page in it.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tower_http::catch_panic::CatchPanicLayer;
use wire::code;

use crate::assets::Assets;
use crate::cli::ServeArgs;
use crate::guard::{Guard, Token};
use crate::hex::hex;
use crate::journal::{self, JournalFile, lock_path, plan_path};
use crate::log::{self, say};
use crate::practice::{Practice, PracticeError};
use crate::refuse::Refused;
use crate::routes::{self, Database, Relay};
use crate::settings::{self, Connections, Environment, SettingsError};
use crate::source::Source;
use crate::target::Target;

/// The port tried first when none is named.
const PORT: u16 = 8917;

/// Why the relay does not start.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ServeError {
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error(transparent)]
    Practice(#[from] PracticeError),
    #[error("port {port} cannot be opened: {source}")]
    Port { port: u16, source: std::io::Error },
    #[error("this machine gives no random numbers")]
    NoRandomness,
}

/// Runs the relay until it is stopped.
pub(crate) async fn serve(args: ServeArgs, env: &Environment) -> Result<(), ServeError> {
    log::quiet_panics();
    let mut connections = settings::connections(&args.connections, env)?;
    let listeners = bind(&args).await?;
    let port = listeners.first().and_then(|listener| listener.local_addr().ok()).map_or(0, |address| address.port());
    if args.listen_anywhere {
        connections.notes.push(
            "Other machines can reach this relay. Put TLS and a login in front of it, oauth2-proxy for one.".to_owned(),
        );
    }
    for note in &connections.notes {
        say(&format!("warning: {note}"));
    }
    let token = token()?;
    let link = format!("http://127.0.0.1:{port}/#t={}", token.expose());
    let guard = Guard::new(hosts(port, &args.allow_host), token);
    let practising = args.practice || connections.is_empty();
    let journal = JournalPlace::new(args.journal.clone(), practising)?;
    let relay = relay(&args, practising, connections, &journal)?;
    let asked = crate::stop::asked();
    print_link(&link);
    run(listeners, Arc::new(Door { guard, assets: Assets::new(), relay }), asked).await;
    Ok(())
}

/// Where the journal is. One of a practice gateway speaks of objects that are gone with the process, so it goes
/// along, unless the person named a file.
struct JournalPlace {
    path: PathBuf,
    thrown_away: bool,
}

impl JournalPlace {
    fn new(named: Option<PathBuf>, practising: bool) -> Result<Self, ServeError> {
        match named {
            Some(path) => Ok(Self { path, thrown_away: false }),
            None if !practising => Ok(Self { path: PathBuf::from("gangway-journal.jsonl"), thrown_away: false }),
            None => {
                // A name that nobody could have put a link at.
                let mut random = [0; 16];
                getrandom::fill(&mut random).map_err(|_| ServeError::NoRandomness)?;
                let name = format!("gangway-practice-{}.jsonl", hex(&random));
                Ok(Self { path: std::env::temp_dir().join(name), thrown_away: true })
            }
        }
    }
}

impl Drop for JournalPlace {
    fn drop(&mut self) {
        if self.thrown_away {
            let all = journal::all(&self.path)
                .flat_map(|journal| [plan_path(&journal), journal])
                .chain([lock_path(&self.path)]);
            for file in all {
                // Where nothing was applied there is nothing to remove.
                let _ = std::fs::remove_file(file);
            }
        }
    }
}

/// Everything a request meets.
#[derive(Debug)]
struct Door {
    guard: Guard,
    assets: Assets,
    relay: Relay,
}

fn relay(
    args: &ServeArgs,
    practising: bool,
    connections: Connections,
    journal: &JournalPlace,
) -> Result<Relay, ServeError> {
    let journal = Mutex::new(JournalFile::at(journal.path.clone()));
    if practising {
        let practice = Arc::new(Practice::new(&args.practice_version)?);
        return Ok(Relay {
            practice: Some(practice.clone()),
            config: None,
            source: Some(Source::Practice(practice.clone())),
            database: Some(Database::Practice(practice.clone())),
            target: Some(Target::Practice(practice)),
            journal,
            notes: connections.notes,
        });
    }
    let network = connections.network;
    Ok(Relay {
        practice: None,
        config: connections.config,
        source: connections.source.map(|settings| Source::proxy(settings, network.clone())),
        target: connections.target.map(|settings| Target::gateway(settings, network.clone())),
        database: connections.database.map(|dsn| Database::Postgres(Box::new(dsn), network)),
        journal,
        notes: connections.notes,
    })
}

/// The loopback, in both its forms where there are two, or every address.
async fn bind(args: &ServeArgs) -> Result<Vec<TcpListener>, ServeError> {
    let ip = if args.listen_anywhere { Ipv4Addr::UNSPECIFIED } else { Ipv4Addr::LOCALHOST };
    let wanted = args.port.unwrap_or(PORT);
    let first = match TcpListener::bind(SocketAddr::from((ip, wanted))).await {
        Err(_) if args.port.is_none() => TcpListener::bind(SocketAddr::from((ip, 0))).await,
        bound => bound,
    };
    let first = first.map_err(|source| ServeError::Port { port: wanted, source })?;
    let port = first.local_addr().map_or(0, |address| address.port());
    let mut listeners = vec![first];
    // `localhost` leads to ::1 in some browsers. A machine without IPv6 does without.
    if !args.listen_anywhere
        && let Ok(second) = TcpListener::bind(SocketAddr::from((Ipv6Addr::LOCALHOST, port))).await
    {
        listeners.push(second);
    }
    Ok(listeners)
}

fn hosts(port: u16, allowed: &[String]) -> Vec<String> {
    let ours = ["localhost", "127.0.0.1", "[::1]"].map(|name| format!("{name}:{port}"));
    ours.into_iter().chain(allowed.iter().cloned()).collect()
}

fn token() -> Result<Token, ServeError> {
    let mut random = [0; 32];
    getrandom::fill(&mut random).map_err(|_| ServeError::NoRandomness)?;
    Ok(Token::new(random))
}

/// The one line on standard output. Nobody reading it is no reason to stop.
fn print_link(link: &str) {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{link}").and_then(|()| out.flush());
}

async fn run(listeners: Vec<TcpListener>, door: Arc<Door>, asked: impl Future<Output = ()>) {
    let router = router(door);
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let mut servers = tokio::task::JoinSet::new();
    for listener in listeners {
        let mut stopped = stopped.clone();
        let shutdown = async move {
            // An error means that the sender is gone, which is a stop as well.
            let _ = stopped.wait_for(|stop| *stop).await;
        };
        let server = axum::serve(listener, router.clone()).with_graceful_shutdown(shutdown);
        servers.spawn(server.into_future());
    }
    asked.await;
    say("stopping");
    stop.send_replace(true);
    // A kept-alive connection of a browser would hold the end up for ever.
    let all = async { while servers.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(std::time::Duration::from_secs(5), all).await;
}

fn router(door: Arc<Door>) -> Router {
    Router::new()
        .fallback(enter)
        .with_state(door.clone())
        .layer(CatchPanicLayer::custom(|_| {
            Refused::new(StatusCode::INTERNAL_SERVER_ERROR, code::FAULT, "The relay made a mistake.").into_response()
        }))
        .layer(from_fn_with_state(door, add_headers))
        .layer(from_fn(log::requests))
}

async fn enter(axum::extract::State(door): axum::extract::State<Arc<Door>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    if let Err(refused) = door.guard.admit(&head) {
        return refused.into_response();
    }
    if crate::guard::is_api(head.uri.path()) {
        return routes::answer(&door.relay, &head, body).await;
    }
    if head.method != axum::http::Method::GET {
        return Refused::request(StatusCode::METHOD_NOT_ALLOWED, "Pages are read only.").into_response();
    }
    Assets::get(head.uri.path())
}

async fn add_headers(
    axum::extract::State(door): axum::extract::State<Arc<Door>>,
    request: Request,
    next: Next,
) -> Response {
    let api = crate::guard::is_api(request.uri().path());
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in door.assets.headers() {
        headers.insert(name, value.clone());
    }
    if api {
        headers.insert("cache-control", axum::http::HeaderValue::from_static("no-store"));
    }
    response
}
