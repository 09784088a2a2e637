//! Being asked to stop: Ctrl-C, or the signal of a service manager.

use std::future::Future;
use std::time::Duration;

use tokio::sync::watch;

use crate::log::say;

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

/// News that the user wants to stop, for work that comes to a good end by itself when it is told.
#[derive(Debug)]
pub(crate) struct Stop(watch::Receiver<()>);

impl Stop {
    /// Listens from now on. Asked a second time, the program ends at once, as if it were killed.
    pub(crate) fn heard() -> Self {
        let (tell, news) = watch::channel(());
        let first = asked();
        tokio::spawn(async move {
            first.await;
            let second = asked();
            say("stopping when what is under way is done; ask again to end at once");
            tell.send_replace(());
            second.await;
            end_at_once();
        });
        Self(news)
    }

    /// Whether the user has asked; told once.
    pub(crate) fn is_news(&mut self) -> bool {
        let news = self.0.has_changed().unwrap_or(false);
        self.0.mark_unchanged();
        news
    }

    /// Waits: whether it was for the whole time, and not only until there was news.
    pub(crate) async fn rest(&mut self, millis: u64) -> bool {
        let whole = tokio::time::sleep(Duration::from_millis(millis));
        tokio::select! {
            () = whole => true,
            Ok(()) = self.0.changed() => {
                self.0.mark_changed();
                false
            }
        }
    }
}

#[expect(clippy::exit, reason = "asked twice: whatever hangs must not keep the program")]
fn end_at_once() {
    std::process::exit(INTERRUPTED);
}

/// What a shell says of a program that Ctrl-C ended.
const INTERRUPTED: i32 = 130;
