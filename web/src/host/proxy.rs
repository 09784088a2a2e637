//! Reading the LiteLLM proxy, its database and its file through the relay.

use leptos::prelude::*;
use litellm::fetch::{Ask, Event, Fetch, Lost, Step, Wanted};
use model::Severity;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
use wire::{GetConfigFile, Nothing, ReadDatabase, ReadSource, SourceRead};

use crate::host::relay::{CallError, call};
use crate::host::{observe, task};
use crate::state::{Held, ReadState, Source, Store, flow, proxy};

/// Reads everything the relay is connected to, one after the other, and then the whole line again.
pub(crate) async fn read_everything(store: Store) {
    let Some(status) = store.status() else { return };
    if status.config_file.is_some() {
        read_config(store).await;
    }
    if status.source.is_some() {
        read_proxy(store).await;
    }
    if status.database.is_some() {
        read_database(store).await;
    }
    if status.target.is_some() {
        read_gateway(store).await;
    }
    flow::reread(store).await;
    let whole = store.reads.with_untracked(|reads| reads.values().all(|state| matches!(state, ReadState::Done(_))));
    store.say(if whole { "Everything the relay is connected to was read." } else { "Read, with gaps." });
}

/// Reads one source again, and then the whole line.
pub(crate) async fn read_one(store: Store, source: Source) {
    match source {
        Source::Proxy => read_proxy(store).await,
        Source::Database => read_database(store).await,
        Source::ConfigFile => read_config(store).await,
        Source::Gateway => read_gateway(store).await,
    }
    flow::reread(store).await;
}

/// Reads the gateway.
pub(crate) async fn read_gateway(store: Store) {
    store.set_read(Source::Gateway, ReadState::Reading(0, 0));
    let told = move |calls| store.set_read(Source::Gateway, ReadState::Reading(calls, 0));
    match observe::observe_target(store, told).await {
        Ok(observed) => {
            let what = format!(
                "Bifrost {}: {} providers, {} virtual keys",
                observed.version,
                observed.providers.len(),
                observed.virtual_keys.len()
            );
            store.set_read(Source::Gateway, ReadState::Done(what));
        }
        Err(why) => store.set_read(Source::Gateway, ReadState::Failed(why)),
    }
}

async fn read_config(store: Store) {
    store.set_read(Source::ConfigFile, ReadState::Reading(0, 1));
    match call::<GetConfigFile>(&Nothing {}).await {
        Ok(file) => {
            let what = format!("{} lines", file.text.lines().count());
            let files = file.included.into_iter().map(|file| (file.name, file.text));
            let files = std::iter::once((file.name, file.text)).chain(files);
            let held = files.map(|(name, text)| Held::File { name, bytes: text.into_bytes(), relayed: true });
            store.hold(held.collect(), |held| matches!(held, Held::File { relayed: true, .. }));
            store.set_read(Source::ConfigFile, ReadState::Done(what));
        }
        Err(error) => store.set_read(Source::ConfigFile, ReadState::Failed(error.words())),
    }
}

async fn read_database(store: Store) {
    store.set_read(Source::Database, ReadState::Reading(0, 1));
    match call::<ReadDatabase>(&Nothing {}).await {
        Ok(rows) => {
            let count: usize = rows.tables.values().map(model::Rows::len).sum();
            let what = format!("{count} rows of {} tables", rows.tables.len());
            let left_out = rows.findings.iter().filter(|finding| finding.severity == Severity::Error).count();
            store.hold(vec![Held::Rows(rows)], |held| matches!(held, Held::Rows(_)));
            let state = match left_out {
                0 => ReadState::Done(what),
                1 => ReadState::Partial(format!("{what}; something could not be read")),
                more => ReadState::Partial(format!("{what}; {more} things could not be read")),
            };
            store.set_read(Source::Database, state);
        }
        Err(error) => store.set_read(Source::Database, ReadState::Failed(error.words())),
    }
}

/// Asks the proxy again for what is missing and may come now, and reads the whole line again. What came is kept.
pub(crate) async fn read_missing(store: Store) {
    if store.fetch.try_update(|fetch| fetch.as_mut().is_some_and(Fetch::again)) == Some(true) {
        drive(store).await;
        flow::reread(store).await;
        store.say("What was missing was asked for again.");
    }
}

/// Asks the proxy as well for what was left out because it takes a request per object.
pub(crate) async fn read_every_object(store: Store) {
    store.fetch.update(|fetch| fetch.iter_mut().for_each(Fetch::every_object));
    drive(store).await;
    flow::reread(store).await;
}

/// Stops reading the proxy; what came is used.
pub(crate) fn stop(store: Store) {
    store.fetch.update(|fetch| fetch.iter_mut().for_each(Fetch::stop));
}

async fn read_proxy(store: Store) {
    let database = store.status().is_some_and(|status| status.database.is_some());
    store.fetch.set(Some(Fetch::new(Wanted { database, ..Wanted::default() })));
    drive(store).await;
}

async fn drive(store: Store) {
    store.set_read(Source::Proxy, ReadState::Reading(0, 0));
    let ended = js_sys::Promise::new(&mut |resolve, _| pump(store, &resolve));
    // It cannot fail: nobody rejects it.
    let _ = JsFuture::from(ended).await;
    let fetched = store.fetch.with_untracked(|fetch| fetch.as_ref().map(Fetch::fetched)).unwrap_or_default();
    store.set_read(Source::Proxy, proxy::state(&fetched));
    let answers = fetched.answers.into_iter().map(Held::Answer);
    let gaps = (!fetched.gaps.is_empty()).then_some(Held::Gaps(fetched.gaps));
    store.hold(answers.chain(gaps).collect(), |held| matches!(held, Held::Answer(_) | Held::Gaps(_)));
}

/// Sends what may be sent now; each answer sends what it brings. The last one tells that it is over.
fn pump(store: Store, ended: &js_sys::Function) {
    loop {
        let step = store.fetch.try_update_untracked(|fetch| fetch.as_mut().map(Fetch::step)).flatten();
        match step {
            Some(Step::Ask(ask)) => {
                let ended = ended.clone();
                task::spawn(async move {
                    let event = send(&ask).await;
                    store.fetch.update(|fetch| {
                        if let Some(fetch) = fetch {
                            fetch.on(&ask, event);
                        }
                    });
                    let progress = store.fetch.with_untracked(|fetch| fetch.as_ref().map(Fetch::progress));
                    let (done, of) = progress.unwrap_or_default();
                    store.set_read(Source::Proxy, ReadState::Reading(done, of));
                    pump(store, &ended);
                });
            }
            Some(Step::Wait) => return,
            Some(Step::Done) | None => {
                let _ = ended.call0(&JsValue::UNDEFINED);
                return;
            }
        }
    }
}

async fn send(ask: &Ask) -> Event {
    if ask.wait_ms > 0 {
        task::sleep(ask.wait_ms).await;
    }
    let read = SourceRead { endpoint: ask.endpoint.to_owned(), query: ask.query.clone() };
    match call::<ReadSource>(&read).await {
        Ok(answer) => Event::Answer { status: answer.status, retry_after: answer.retry_after, body: answer.body },
        Err(error) => {
            let how = match &error {
                CallError::Refused(_, refusal) if refusal.code == wire::code::TOO_LARGE => Lost::TooLarge,
                CallError::Refused(504, _) => Lost::Broken,
                CallError::Refused(..) | CallError::Lost(_) => Lost::Unreachable,
            };
            Event::Lost { how, words: error.words() }
        }
    }
}
