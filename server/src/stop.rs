//! Being asked to stop: Ctrl-C, or the signal of a service manager.

use std::future::Future;

/// Ready when the program is asked to stop. It listens from the call on: begin before anybody is told that the program
/// is up, or the signal of somebody quick ends it in disorder.
#[cfg(unix)]
pub(crate) fn asked() -> impl Future<Output = ()> + Send {
    use tokio::signal::unix::{SignalKind, signal};
    let signals = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
    async move {
        match signals {
            (Ok(mut interrupt), Ok(mut terminate)) => {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
            }
            (Ok(mut one), Err(_)) | (Err(_), Ok(mut one)) => drop(one.recv().await),
            // Nothing can be caught: a signal ends the program as it ends any other.
            (Err(_), Err(_)) => std::future::pending().await,
        }
    }
}

/// Ready when the program is asked to stop.
#[cfg(not(unix))]
pub(crate) fn asked() -> impl Future<Output = ()> + Send {
    async { drop(tokio::signal::ctrl_c().await) }
}
