//! The present, for the core, which has no clock.

use model::Moment;

/// The present by the browser's clock.
pub(crate) fn now() -> Moment {
    #[expect(clippy::cast_possible_truncation, reason = "milliseconds since 1970 fit 53 bits until the year 287396")]
    Moment::from_millis(js_sys::Date::now() as i64)
}

/// Leaves a mark in the page's timeline: the developer tools show it, the benchmark reads it.
pub(crate) fn mark(name: &str) {
    if let Some(performance) = web_sys::window().and_then(|window| window.performance()) {
        drop(performance.mark(name));
    }
}
