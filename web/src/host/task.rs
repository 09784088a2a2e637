//! Giving the browser a moment.

use std::future::Future;

use gloo_timers::future::TimeoutFuture;

/// Runs something beside the page.
pub(crate) fn spawn(work: impl Future<Output = ()> + 'static) {
    wasm_bindgen_futures::spawn_local(work);
}

/// Lets the browser paint and take input before the next piece of work.
pub(crate) async fn breathe() {
    TimeoutFuture::new(0).await;
}

/// Waits.
pub(crate) async fn sleep(millis: u32) {
    TimeoutFuture::new(millis).await;
}
