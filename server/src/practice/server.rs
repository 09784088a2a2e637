//! `gangway practice`: both sides over plain HTTP on the loopback, the gateway's state in a file, so that it
//! survives being killed as a real one does.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request as HttpRequest, State};
use axum::http::header::{CONTENT_TYPE, SET_COOKIE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response as HttpResponse};
use sandbox::{Gateway, Request, Response};
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::{Practice, PracticeError, SETUP_TOKEN, fresh_gateway, release};
use crate::cli::PracticeArgs;
use crate::clock;

/// The largest body, in bytes: more than a gateway takes.
const MAX_BODY: usize = 100 << 20;

/// Serves until it is stopped.
pub(crate) async fn serve(args: PracticeArgs) -> Result<(), PracticeError> {
    let gateway = restored(&args)?;
    let locked = gateway.release().locks();
    let ground = Arc::new(Ground {
        practice: Practice::with(gateway),
        state: args.state,
        kept: std::sync::Mutex::default(),
        write: Duration::from_millis(args.write_millis),
        writer: Mutex::new(()),
    });
    let (bifrost, bifrost_url) = bind(args.port).await?;
    let (litellm, litellm_url) = bind(args.proxy_port).await?;
    let mut asked = std::pin::pin!(crate::stop::asked());
    let company = &ground.practice.company;
    // As a shell takes them; both keys are made up and published.
    print(&format!(
        "BIFROST_URL={bifrost_url}\nLITELLM_URL={litellm_url}\nLITELLM_MASTER_KEY={}\nLITELLM_SALT_KEY={}\n",
        company.master_key(),
        company.salt_key()
    ));
    if locked {
        print(&format!("BIFROST_SETUP_TOKEN={SETUP_TOKEN}\n"));
    }
    let bifrost = axum::serve(bifrost, Router::new().fallback(gateway_answers).with_state(ground.clone()));
    let litellm = axum::serve(litellm, Router::new().fallback(proxy_answers).with_state(ground.clone()));
    tokio::spawn(bifrost.into_future());
    tokio::spawn(litellm.into_future());
    while tokio::time::timeout(EVERY, asked.as_mut()).await.is_err() {
        ground.keep_late()?;
    }
    ground.keep_late()
}

/// A state of that many bytes is written after every write to the gateway: a kill loses nothing. A larger one only now
/// and then, for every write would take as long as the whole; a kill loses the last of them.
const SMALL: usize = 1 << 20;

/// How often a large state is written, at most.
const EVERY: Duration = Duration::from_secs(1);

/// What of the gateway is in the state file.
#[derive(Debug, Default)]
struct Kept {
    /// How many bytes there are, and when they were written.
    last: Option<(usize, Instant)>,
    /// Whether something was written to the gateway since.
    behind: bool,
}

/// What the two servers share.
#[derive(Debug)]
struct Ground {
    practice: Practice,
    state: Option<PathBuf>,
    kept: std::sync::Mutex<Kept>,
    /// How long a write takes.
    write: Duration,
    /// A gateway on SQLite writes for one caller at a time.
    writer: Mutex<()>,
}

impl Ground {
    /// Answers on the thread that heard the call; where a state is kept, others take over what else that thread does.
    fn gateway(&self, request: &Request) -> Result<Response, PracticeError> {
        if self.state.is_none() { self.answer(request) } else { tokio::task::block_in_place(|| self.answer(request)) }
    }

    /// Answers, and keeps what was written before the answer leaves, unless there is too much of it.
    fn answer(&self, request: &Request) -> Result<Response, PracticeError> {
        let mut gateway = self.practice.locked();
        let response = gateway.handle(request, clock::now());
        if request.method != "GET" {
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            kept.behind = true;
            if kept.last.is_none_or(|(bytes, when)| bytes < SMALL || when.elapsed() >= EVERY) {
                self.keep(&gateway, &mut kept)?;
            }
        }
        Ok(response)
    }

    /// Keeps what was written and is not in the state file yet.
    fn keep_late(&self) -> Result<(), PracticeError> {
        let gateway = self.practice.locked();
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.behind { self.keep(&gateway, &mut kept) } else { Ok(()) }
    }

    fn keep(&self, gateway: &Gateway, kept: &mut Kept) -> Result<(), PracticeError> {
        let bytes = self.state.as_deref().map(|path| keep(path, gateway)).transpose()?.unwrap_or_default();
        *kept = Kept { last: Some((bytes, Instant::now())), behind: false };
        Ok(())
    }
}

async fn gateway_answers(State(ground): State<Arc<Ground>>, request: HttpRequest) -> HttpResponse {
    let Some(request) = taken(request).await else { return StatusCode::PAYLOAD_TOO_LARGE.into_response() };
    let answered = if request.method == "GET" || ground.write.is_zero() {
        ground.gateway(&request)
    } else {
        let _writing = ground.writer.lock().await;
        let until = Instant::now() + ground.write;
        let answered = ground.gateway(&request);
        tokio::time::sleep_until(until).await;
        answered
    };
    match answered {
        Ok(response) => given(response),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

async fn proxy_answers(State(ground): State<Arc<Ground>>, request: HttpRequest) -> HttpResponse {
    match taken(request).await {
        Some(request) => given(ground.practice.company.handle(&request)),
        None => StatusCode::PAYLOAD_TOO_LARGE.into_response(),
    }
}

async fn taken(request: HttpRequest) -> Option<Request> {
    let (head, body) = request.into_parts();
    let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
    let mut taken = Request::new(head.method.as_str(), target);
    taken.headers = head
        .headers
        .iter()
        .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())))
        .collect::<BTreeMap<_, _>>();
    taken.body = String::from_utf8_lossy(&to_bytes(body, MAX_BODY).await.ok()?).into_owned();
    Some(taken)
}

fn given(response: Response) -> HttpResponse {
    let status = StatusCode::from_u16(response.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut given = (status, response.body).into_response();
    match HeaderValue::from_str(&response.content_type) {
        Ok(value) if !value.is_empty() => given.headers_mut().insert(CONTENT_TYPE, value),
        _ => given.headers_mut().remove(CONTENT_TYPE),
    };
    if let Some(cookie) = response.cookie
        && let Ok(value) = HeaderValue::from_str(&format!("{cookie}; Path=/; HttpOnly; SameSite=Lax"))
    {
        given.headers_mut().insert(SET_COOKIE, value);
    }
    given
}

async fn bind(port: u16) -> Result<(TcpListener, String), PracticeError> {
    let refused = |source| PracticeError::Port { port, source };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(refused)?;
    let address = listener.local_addr().map_err(refused)?;
    Ok((listener, format!("http://{address}")))
}

/// The gateway of the state file, or a new one where there is none yet.
#[expect(clippy::disallowed_methods, reason = "the practice gateway keeps its state where the user says")]
fn restored(args: &PracticeArgs) -> Result<Gateway, PracticeError> {
    let fresh = fresh_gateway(release(&args.practice_version)?);
    let Some(path) = &args.state else { return Ok(fresh) };
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(fresh),
        Err(error) => return Err(unusable(path, &error)),
    };
    let stored = serde_json::from_str(&text).map_err(|error| unusable(path, &error))?;
    Gateway::from_json(&stored).map_err(|error| unusable(path, &error))
}

/// Writes beside and renames: a killed process leaves the old state or the new one, never half of it. How many bytes.
#[expect(clippy::disallowed_methods, reason = "the practice gateway keeps its state where the user says")]
fn keep(path: &Path, gateway: &Gateway) -> Result<usize, PracticeError> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let text = gateway.to_json().to_string();
    std::fs::write(&beside, &text).map_err(|error| unusable(path, &error))?;
    std::fs::rename(&beside, path).map_err(|error| unusable(path, &error))?;
    Ok(text.len())
}

fn unusable(path: &Path, why: &impl std::fmt::Display) -> PracticeError {
    PracticeError::State { path: path.to_owned(), why: why.to_string() }
}

/// Nobody reading it is no reason to stop.
fn print(text: &str) {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A small state is in the file before the answer leaves; a large one once a second, and when the gateway stops.
    #[tokio::test(start_paused = true)]
    #[expect(clippy::disallowed_methods, reason = "a test reads what was kept")]
    async fn a_large_state_is_kept_now_and_then() {
        let path = std::env::temp_dir().join(format!("gangway-state-{}", std::process::id()));
        let ground = Ground {
            practice: Practice::new("2.0.0-prerelease3").expect("a recorded version"),
            state: Some(path.clone()),
            kept: std::sync::Mutex::default(),
            write: Duration::ZERO,
            writer: Mutex::new(()),
        };
        let make = |name: &str| {
            let mut request = Request::new("POST", "/api/governance/customers");
            request.body = serde_json::json!({ "name": name }).to_string();
            assert_eq!(ground.answer(&request).expect("it is kept").status, 200);
        };
        let holds = |name: &str| {
            let text = std::fs::read_to_string(&path).expect("a state");
            text.contains(&format!("\"{name}\""))
        };
        make("first");
        make("second");
        assert!(holds("first") && holds("second"));
        make(&"large".repeat(SMALL / 4));
        make("third");
        assert!(holds("second") && !holds("third"), "it was written with every write");
        tokio::time::advance(EVERY).await;
        make("fourth");
        assert!(holds("third") && holds("fourth"));
        make("fifth");
        assert!(!holds("fifth"));
        ground.keep_late().expect("it is kept");
        assert!(holds("fifth"));
        // What nothing was added to is not written again.
        std::fs::remove_file(&path).expect("it is there");
        ground.keep_late().expect("nothing to keep");
        assert!(!path.exists());
    }
}
