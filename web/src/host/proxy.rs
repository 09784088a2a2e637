//! Reading the LiteLLM proxy, its database and its file through the relay.

use std::cell::RefCell;
use std::rc::Rc;

use leptos::prelude::*;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::{JsFuture, future_to_promise};
use wire::{GetConfigFile, Nothing, ReadDatabase, ReadSource};

use crate::host::observe;
use crate::host::relay::call;
use crate::state::proxy::Reader;
use crate::state::{Held, ReadState, Source, Store, Target, flow};

/// How many reads of the proxy run at once.
const LANES: usize = 4;

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
    store.say("Everything the relay is connected to was read.");
}

/// Reads the gateway.
pub(crate) async fn read_gateway(store: Store) {
    store.set_read(Source::Gateway, ReadState::Reading(0, 0));
    let told = move |calls| store.set_read(Source::Gateway, ReadState::Reading(calls, 0));
    match observe::observe(told).await {
        Ok(observed) => {
            let what = format!(
                "Bifrost {}: {} providers, {} virtual keys",
                observed.version,
                observed.providers.len(),
                observed.virtual_keys.len()
            );
            store.set_read(Source::Gateway, ReadState::Done(what));
            store.target.set(Target::Read(observed));
        }
        Err(why) => store.set_read(Source::Gateway, ReadState::Failed(why)),
    }
}

async fn read_config(store: Store) {
    store.set_read(Source::ConfigFile, ReadState::Reading(0, 1));
    match call::<GetConfigFile>(&Nothing {}).await {
        Ok(file) => {
            let what = format!("{} lines", file.text.lines().count());
            let held = Held::File { name: file.name, bytes: file.text.into_bytes(), relayed: true };
            store.hold(vec![held], |held| matches!(held, Held::File { relayed: true, .. }));
            store.set_read(Source::ConfigFile, ReadState::Done(what));
        }
        Err(error) => store.set_read(Source::ConfigFile, ReadState::Failed(error.words())),
    }
}

async fn read_database(store: Store) {
    store.set_read(Source::Database, ReadState::Reading(0, 1));
    match call::<ReadDatabase>(&Nothing {}).await {
        Ok(rows) => {
            let count: usize = rows.tables.values().map(Vec::len).sum();
            let what = format!("{count} rows of {} tables", rows.tables.len());
            store.hold(vec![Held::Rows(rows.tables)], |held| matches!(held, Held::Rows(_)));
            store.set_read(Source::Database, ReadState::Done(what));
        }
        Err(error) => store.set_read(Source::Database, ReadState::Failed(error.words())),
    }
}

async fn read_proxy(store: Store) {
    let reader = Rc::new(RefCell::new(Reader::new()));
    let failures = Rc::new(RefCell::new(Vec::new()));
    store.set_read(Source::Proxy, ReadState::Reading(0, reader.borrow().progress().1));
    let lanes = js_sys::Array::new();
    for _ in 0..LANES {
        let (reader, failures) = (Rc::clone(&reader), Rc::clone(&failures));
        lanes.push(&future_to_promise(async move {
            lane(store, &reader, &failures).await;
            Ok(JsValue::UNDEFINED)
        }));
    }
    // No lane can fail: each gives undefined.
    let _ = JsFuture::from(js_sys::Promise::all(&lanes)).await;
    let answers = std::mem::take(&mut *reader.borrow_mut()).finish();
    let failures = failures.take();
    let refused = answers.iter().filter(|(_, answer)| !(200..300).contains(&answer.status)).count();
    let count = answers.len();
    let state = match (failures.first(), refused) {
        (Some(first), _) if count == 0 => ReadState::Failed(first.clone()),
        (Some(first), _) => ReadState::Partial(format!("{count} answers; {first}")),
        (None, 0) => ReadState::Done(format!("{count} answers")),
        (None, _) => ReadState::Partial(format!("{count} answers, {refused} of them refusals")),
    };
    let held = answers.into_iter().map(|(path, answer)| Held::Answer(path, answer)).collect();
    store.hold(held, |held| matches!(held, Held::Answer(..)));
    store.set_read(Source::Proxy, state);
}

/// Asks until nothing is left to ask. A lane that finds the queue empty ends; whoever still waits for an answer
/// that brings more takes those on itself.
async fn lane(store: Store, reader: &RefCell<Reader>, failures: &RefCell<Vec<String>>) {
    loop {
        let next = reader.borrow_mut().next();
        let Some(read) = next else { return };
        match call::<ReadSource>(&read).await {
            Ok(answer) => reader.borrow_mut().on(&read, answer),
            Err(error) => failures.borrow_mut().push(error.words()),
        }
        let (done, total) = reader.borrow().progress();
        store.set_read(Source::Proxy, ReadState::Reading(done, total));
    }
}
