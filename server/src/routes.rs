//! The routes of `wire::ROUTES` and nothing else.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use bifrost::{Answer, Endpoint};
use tokio::sync::Mutex;
use wire::{
    AppendJournal, AppendLine, Appended, CallTarget, ConfigFile, EarlierApplies, GetConfigFile, GetEarlier, GetJournal,
    GetPlan, GetStatus, IncludedFile, JournalState, JournalText, KeepPlan, KeptPlan, LockJournal, PlanToKeep,
    ReadDatabase, ReadSource, Relayed, RotateJournal, Route, SourceRead, Status, TargetCall, UnlockJournal, Upstream,
    code,
};

use crate::dsn::Dsn;
use crate::earlier::{self, EarlierError};
use crate::guard::{largest, too_large};
use crate::included;
use crate::journal::{JournalError, JournalFile};
use crate::log::RouteId;
use crate::postgres::{self, DatabaseError};
use crate::practice::Practice;
use crate::refuse::Refused;
use crate::settings::Network;
use crate::source::Source;
use crate::target::Target;
use crate::upstream::Loss;

/// How long a request may take to arrive.
const ARRIVE: Duration = Duration::from_secs(30);

/// How long an answer may take: longer than any upstream is waited for.
const DEADLINE: Duration = Duration::from_mins(5);

/// What the relay is connected to.
#[derive(Debug)]
pub(crate) struct Relay {
    /// Set in practice mode.
    pub(crate) practice: Option<Arc<Practice>>,
    /// LiteLLM's config.yaml.
    pub(crate) config: Option<std::path::PathBuf>,
    /// The proxy.
    pub(crate) source: Option<Source>,
    /// Its database.
    pub(crate) database: Option<Database>,
    /// The gateway.
    pub(crate) target: Option<Target>,
    /// The journal.
    pub(crate) journal: Mutex<JournalFile>,
    /// What the person should know about the connections.
    pub(crate) notes: Vec<String>,
}

/// Where the rows come from.
#[derive(Debug)]
pub(crate) enum Database {
    /// A PostgreSQL server.
    Postgres(Box<Dsn>, Network),
    /// The practice company's.
    Practice(Arc<Practice>),
}

/// Answers a request that was let in. The path is compared as it came.
pub(crate) async fn answer(relay: &Relay, head: &Parts, body: Body) -> Response {
    let method = if head.method == Method::GET { wire::Method::Get } else { wire::Method::Post };
    let known = match known(method, head.uri.path()) {
        Ok(path) => path,
        Err(refused) => return refused.into_response(),
    };
    if head.uri.query().is_some() {
        return Refused::request(StatusCode::BAD_REQUEST, "No call of this relay has a query.").into_response();
    }
    let mut id = RouteId(known.to_owned());
    let handled = tokio::time::timeout(DEADLINE, handle(relay, method, known, head, body, &mut id)).await;
    let late = || Err(Refused::new(StatusCode::GATEWAY_TIMEOUT, code::UPSTREAM, "The answer took too long."));
    let mut response = handled.unwrap_or_else(|_| late()).into_response();
    response.extensions_mut().insert(id);
    response
}

/// The path of the table that is this path.
fn known(method: wire::Method, path: &str) -> Result<&'static str, Refused> {
    let mut named = wire::ROUTES.iter().filter(|(_, known)| *known == path).peekable();
    if named.peek().is_none() {
        return Err(Refused::request(StatusCode::NOT_FOUND, "There is no such call."));
    }
    let other = || Refused::request(StatusCode::METHOD_NOT_ALLOWED, "That call is made with the other verb.");
    named.find(|(known, _)| *known == method).map(|(_, path)| *path).ok_or_else(other)
}

async fn handle(
    relay: &Relay,
    method: wire::Method,
    path: &str,
    head: &Parts,
    body: Body,
    id: &mut RouteId,
) -> Result<Response, Refused> {
    match (method, path) {
        (GetStatus::METHOD, GetStatus::PATH) => reply::<GetStatus>(status(relay).await),
        (GetConfigFile::METHOD, GetConfigFile::PATH) => reply::<GetConfigFile>(config_file(relay)),
        (ReadDatabase::METHOD, ReadDatabase::PATH) => database(relay).await,
        (ReadSource::METHOD, ReadSource::PATH) => {
            let read = take::<ReadSource>(head, body).await?;
            reply::<ReadSource>(read_source(relay, &read, id).await)
        }
        (CallTarget::METHOD, CallTarget::PATH) => {
            let call = take::<CallTarget>(head, body).await?;
            reply::<CallTarget>(call_target(relay, &call, id).await)
        }
        (method, path) => journal_route(relay, method, path, head, body).await,
    }
}

async fn journal_route(
    relay: &Relay,
    method: wire::Method,
    path: &str,
    head: &Parts,
    body: Body,
) -> Result<Response, Refused> {
    match (method, path) {
        (GetJournal::METHOD, GetJournal::PATH) => {
            let text = relay.journal.lock().await.text();
            reply::<GetJournal>(text.map(|text| JournalText { text }).map_err(|error| journal_says(&error)))
        }
        (AppendJournal::METHOD, AppendJournal::PATH) => {
            let AppendLine { holder, line } = take::<AppendJournal>(head, body).await?;
            reply::<AppendJournal>(journal(relay, move |journal| journal.append(&holder, &line)).await)
        }
        (LockJournal::METHOD, LockJournal::PATH) => {
            let holder = take::<LockJournal>(head, body).await?.holder;
            reply::<LockJournal>(journal(relay, move |journal| journal.lock(&holder)).await)
        }
        (UnlockJournal::METHOD, UnlockJournal::PATH) => {
            let holder = take::<UnlockJournal>(head, body).await?.holder;
            reply::<UnlockJournal>(journal(relay, move |journal| journal.unlock(&holder)).await)
        }
        (RotateJournal::METHOD, RotateJournal::PATH) => {
            take::<RotateJournal>(head, body).await?;
            reply::<RotateJournal>(journal(relay, JournalFile::rotate).await)
        }
        (GetPlan::METHOD, GetPlan::PATH) => {
            let text = relay.journal.lock().await.kept_plan();
            reply::<GetPlan>(text.map(|text| KeptPlan { text }).map_err(|error| journal_says(&error)))
        }
        (KeepPlan::METHOD, KeepPlan::PATH) => {
            let PlanToKeep { holder, text } = take::<KeepPlan>(head, body).await?;
            reply::<KeepPlan>(journal(relay, move |journal| journal.keep_plan(&holder, &text)).await)
        }
        (GetEarlier::METHOD, GetEarlier::PATH) => reply::<GetEarlier>(earlier_applies(relay).await),
        _ => Err(Refused::request(StatusCode::NOT_FOUND, "There is no such call.")),
    }
}

/// What the command reads before it plans. Nothing is added to the journal meanwhile, nor is it put aside.
async fn earlier_applies(relay: &Relay) -> Result<EarlierApplies, Refused> {
    let target = relay.target.as_ref().ok_or_else(no_gateway)?.name();
    let journal = relay.journal.lock().await;
    let told = tokio::task::block_in_place(|| earlier::told(journal.path(), &target));
    let (text, notes) = told.map_err(|error| earlier_says(&error))?;
    Ok(EarlierApplies { text, notes })
}

fn earlier_says(error: &EarlierError) -> Refused {
    let why = error.to_string();
    let message = format!("What earlier applies left on the gateway cannot be told: {}.", why.trim_end_matches('.'));
    let refused = |code| Refused::new(StatusCode::CONFLICT, code, message.clone());
    match error {
        EarlierError::PlanTooLarge { .. } | EarlierError::TooMuch => refused(code::TOO_LARGE)
            .hint("Plan and apply with gangway plan and gangway apply, which read files of any size."),
        _ => refused(code::JOURNAL)
            .hint("Put the file back as it was, or keep it elsewhere: what that apply made is then found by its name."),
    }
}

fn no_gateway() -> Refused {
    Refused::not_configured("a Bifrost gateway", "Set BIFROST_URL.")
}

fn reply<R: Route>(out: Result<R::Out, Refused>) -> Result<Response, Refused> {
    out.map(|out| axum::Json(out).into_response())
}

/// Reads the body of a call. What it says is not repeated when it cannot be read.
async fn take<R: Route>(head: &Parts, body: Body) -> Result<R::In, Refused> {
    if !is_json(&head.headers) {
        let message = "A call's body is application/json.";
        return Err(Refused::request(StatusCode::UNSUPPORTED_MEDIA_TYPE, message));
    }
    let late = |_| Refused::request(StatusCode::REQUEST_TIMEOUT, "The request took too long to arrive.");
    let largest = largest(R::PATH);
    let bytes = tokio::time::timeout(ARRIVE, to_bytes(body, largest)).await.map_err(late)?;
    let bytes = bytes.map_err(|_| too_large(largest))?;
    serde_json::from_slice(&bytes).map_err(|error| {
        let message =
            format!("The body is not what {} takes (line {}, column {}).", R::PATH, error.line(), error.column());
        Refused::request(StatusCode::BAD_REQUEST, message)
    })
}

/// A form on another page can send many things, but not this.
fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json")
}

async fn status(relay: &Relay) -> Result<Status, Refused> {
    let journal = relay.journal.lock().await;
    let named = |name: String| Upstream { name };
    Ok(Status {
        gangway: env!("CARGO_PKG_VERSION").to_owned(),
        practice: relay.practice.as_deref().map(Practice::about),
        config_file: match (&relay.practice, &relay.config) {
            (Some(_), _) => Some("config.yaml".to_owned()),
            (None, path) => path.as_deref().map(file_name),
        },
        source: relay.source.as_ref().map(Source::name).map(named),
        database: relay.database.as_ref().map(Database::name).map(named),
        target: relay.target.as_ref().map(Target::name).map(named),
        journal: JournalState { records: journal.records().unwrap_or(0), locked_by: journal.locked_by() },
        notes: relay.notes.clone(),
    })
}

impl Database {
    fn name(&self) -> String {
        match self {
            Self::Postgres(dsn, _) => dsn.name(),
            Self::Practice(practice) => format!("{} database", practice.about().company),
        }
    }
}

fn file_name(path: &std::path::Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn config_file(relay: &Relay) -> Result<ConfigFile, Refused> {
    if let Some(practice) = &relay.practice {
        let (name, text) = ("config.yaml".to_owned(), practice.config_yaml());
        return Ok(ConfigFile { name, text, included: Vec::new() });
    }
    let none =
        || Refused::not_configured("a config.yaml", "Start it with --config FILE, or drop the file on the page.");
    let path = relay.config.as_deref().ok_or_else(none)?;
    let files = included::read(path).map_err(|error| {
        let message = format!("{} cannot be read: {}.", file_name(path), error.kind());
        Refused::new(StatusCode::NOT_FOUND, code::NOT_CONFIGURED, message)
    })?;
    let mut files = files.into_iter().map(|(name, bytes)| (name, String::from_utf8_lossy(&bytes).into_owned()));
    let (name, text) = files.next().ok_or_else(none)?;
    Ok(ConfigFile { name, text, included: files.map(|(name, text)| IncludedFile { name, text }).collect() })
}

async fn read_source(relay: &Relay, read: &SourceRead, id: &mut RouteId) -> Result<Relayed, Refused> {
    let none = || Refused::not_configured("a LiteLLM proxy", "Set LITELLM_URL and LITELLM_MASTER_KEY.");
    let source = relay.source.as_ref().ok_or_else(none)?;
    let endpoint = litellm::endpoint::endpoint(&read.endpoint)
        .ok_or_else(|| Refused::request(StatusCode::BAD_REQUEST, "There is no such read of LiteLLM."))?;
    *id = RouteId(format!("{}:{}", ReadSource::PATH, endpoint.id));
    if read.query.keys().any(|name| !endpoint.query.contains(&name.as_str())) {
        return Err(Refused::request(StatusCode::BAD_REQUEST, format!("{} takes no such query.", endpoint.id)));
    }
    let reply = source.read(endpoint, &read.query).await.map_err(|loss| lost(&loss))?;
    Ok(Relayed { retry_after: reply.retry_after, ..relayed(reply.answer) })
}

async fn call_target(relay: &Relay, call: &TargetCall, id: &mut RouteId) -> Result<Relayed, Refused> {
    let target = relay.target.as_ref().ok_or_else(no_gateway)?;
    let endpoint = Endpoint::from_id(&call.endpoint)
        .ok_or_else(|| Refused::request(StatusCode::BAD_REQUEST, "There is no such call to Bifrost."))?;
    *id = RouteId(format!("{}:{}", CallTarget::PATH, endpoint.id()));
    let answer = target.call(endpoint, &call.params, &call.query, call.body.as_ref()).await;
    answer.map(relayed).map_err(|loss| lost(&loss))
}

fn relayed(answer: Answer) -> Relayed {
    Relayed { status: answer.status, content_type: answer.content_type, body: answer.body, retry_after: None }
}

/// The status says whether anything was sent: the engine repeats only what was not.
fn lost(loss: &Loss) -> Refused {
    let (status, code) = match loss {
        Loss::NotSent(_) => (StatusCode::BAD_GATEWAY, code::UPSTREAM),
        Loss::Unknown(_) => (StatusCode::GATEWAY_TIMEOUT, code::UPSTREAM),
        Loss::TooLarge(_) => (StatusCode::GATEWAY_TIMEOUT, code::TOO_LARGE),
    };
    Refused::new(status, code, loss.to_string())
}

async fn database(relay: &Relay) -> Result<Response, Refused> {
    let none = || Refused::not_configured("a database", "Set LITELLM_DB_URL.");
    match relay.database.as_ref().ok_or_else(none)? {
        Database::Practice(practice) => reply::<ReadDatabase>(Ok(practice.rows())),
        Database::Postgres(dsn, network) => {
            let pieces = postgres::body(dsn, network).await.map_err(|error| unread(&error))?;
            let length = pieces.iter().map(String::len).sum::<usize>();
            let stream = futures_util::stream::iter(pieces.into_iter().map(Ok::<_, std::convert::Infallible>));
            let headers = [(CONTENT_TYPE, "application/json".to_owned()), (CONTENT_LENGTH, length.to_string())];
            Ok((headers, Body::from_stream(stream)).into_response())
        }
    }
}

fn unread(error: &DatabaseError) -> Refused {
    let code = if matches!(error, DatabaseError::TooLarge) { code::TOO_LARGE } else { code::DATABASE };
    let refused = Refused::new(StatusCode::BAD_GATEWAY, code, error.to_string());
    error.hints().into_iter().fold(refused, Refused::hint)
}

/// Works on the journal; syncing a record keeps this one request waiting, and the others by turns.
async fn journal(
    relay: &Relay,
    work: impl FnOnce(&mut JournalFile) -> Result<u64, JournalError> + Send,
) -> Result<Appended, Refused> {
    let mut journal = relay.journal.lock().await;
    let records = tokio::task::block_in_place(|| work(&mut journal));
    records.map(|records| Appended { records }).map_err(|error| journal_says(&error))
}

fn journal_says(error: &JournalError) -> Refused {
    let refused = |status, code| Refused::new(status, code, error.to_string());
    match error {
        JournalError::Locked { .. } => {
            refused(StatusCode::CONFLICT, code::LOCKED).hint("Wait until it is done, or close the other tab.")
        }
        JournalError::OtherTab { gone_in, .. } => refused(StatusCode::CONFLICT, code::LOCKED)
            .hint("Stop it there, or close that tab.")
            .hint(format!("If it crashed, this tab can go on in {gone_in} s.")),
        JournalError::NotHeld => refused(StatusCode::CONFLICT, code::LOCKED).hint("Reload the page and resume."),
        JournalError::NotARecord | JournalError::NotAPlan => refused(StatusCode::BAD_REQUEST, code::JOURNAL),
        JournalError::PlanTooLarge => refused(StatusCode::CONFLICT, code::TOO_LARGE)
            .hint("Go on with gangway apply or gangway undo, which read a plan of any size."),
        JournalError::DoesNotContinue { .. } | JournalError::ForeignPlan => {
            refused(StatusCode::CONFLICT, code::JOURNAL).hint("Reload the page and resume.")
        }
        JournalError::Broken { .. } => refused(StatusCode::CONFLICT, code::JOURNAL)
            .hint("Keep the file as it is, and begin a new journal with --journal."),
        JournalError::Io(_) => refused(StatusCode::INTERNAL_SERVER_ERROR, code::JOURNAL),
    }
}
