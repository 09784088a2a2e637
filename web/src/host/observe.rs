//! Reading the gateway through the relay: a loop with one match, no decisions.

use std::sync::Arc;

use bifrost::observer::Observer;
use bifrost::{Answer, Call, Observed};
use leptos::prelude::Set;
use wire::{CallTarget, GetEarlier, Nothing, Relayed, TargetCall};

use crate::host::relay::{CallError, call};
use crate::host::task;
use crate::state::{Before, Store, Target};

/// How often a call that may succeed later is repeated.
const TRIES: u32 = 4;

/// Reads the gateway that the plan is made for, and then what earlier applies left on it.
pub(crate) async fn observe_target(store: Store, told: impl FnMut(usize)) -> Result<Arc<Observed>, String> {
    let observed = observe(told).await?;
    let earlier = call::<GetEarlier>(&Nothing {}).await;
    store.before.set(Before::of(earlier.map_err(|error| error.words())));
    store.target.set(Target::Read(Arc::clone(&observed)));
    Ok(observed)
}

/// Reads the whole gateway.
pub(crate) async fn observe(mut told: impl FnMut(usize)) -> Result<Arc<Observed>, String> {
    let mut observer = Observer::new();
    let (mut calls, mut tries) = (0, 0);
    while let Some(next) = observer.next() {
        match send(&next).await {
            Ok(answer) if observer.again(&answer) && tries < TRIES => {
                tries += 1;
                task::sleep(200 << tries).await;
            }
            Ok(answer) => {
                tries = 0;
                calls += 1;
                told(calls);
                observer.on(&answer);
            }
            Err(error) => observer.lost(&error.words()),
        }
    }
    observer.finish().map(Arc::new).map_err(|error| format!("{error} {}", error.hints().join(" ")))
}

/// Sends one call as it is: every hole filled, or none in it.
pub(crate) async fn send(request: &Call) -> Result<Answer, CallError> {
    let body = TargetCall {
        endpoint: request.endpoint.id().to_owned(),
        params: request.params.clone(),
        query: request.query.clone(),
        body: request.body.clone(),
    };
    let Relayed { status, content_type, body, .. } = call::<CallTarget>(&body).await?;
    Ok(Answer { status, content_type, body })
}
