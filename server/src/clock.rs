//! The one place of the binary that knows what time it is.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use model::Moment;

/// The present. A clock before 1970 reads as 1970.
#[expect(clippy::disallowed_methods, reason = "the shell's clock; everything else takes the present as an argument")]
pub(crate) fn now() -> Moment {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    Moment::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
