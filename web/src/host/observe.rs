//! Reading the gateway through the relay: a loop with one match, no decisions.

use std::sync::Arc;

use bifrost::observer::Observer;
use bifrost::{Answer, Call, Observed};
use wire::{CallTarget, Relayed, TargetCall};

use crate::host::relay::{CallError, call};
use crate::host::task;

/// How often a call that may succeed later is repeated.
const TRIES: u32 = 4;

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
