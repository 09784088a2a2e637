//! LiteLLM's `budget_duration`. Source: `reference/litellm.md` 6.3.

use model::{Unit, Window};

/// The text is no duration; LiteLLM raises an error for it, though old rows may still hold it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WindowError {
    /// It does not start with a whole number and a unit.
    #[error("{text:?} is not a duration of LiteLLM's; those look like 30s, 10m, 1h, 7d, 2w, 1mo")]
    NotADuration {
        /// The text.
        text: String,
    },
    /// A window of no length never resets anything.
    #[error("{text:?} is a duration of no length")]
    Zero {
        /// The text.
        text: String,
    },
    /// More units than this tool can count.
    #[error("{text:?} is too long a duration")]
    TooLong {
        /// The text.
        text: String,
    },
}

/// Reads a duration as LiteLLM does: a whole number and `s`, `m`, `h`, `d`, `w` or `mo`, or one of the words
/// `hourly`, `daily`, `weekly`, `monthly` in any case. Only the start has to match, so `30days` is 30 days. `24h` stays 24
/// hours and `30d` is 30 days: when LiteLLM resets them is not the window's to say.
pub fn parse(text: &str) -> Result<Window, WindowError> {
    if let Some((_, window)) = WORDS.iter().find(|(word, _)| text.trim().eq_ignore_ascii_case(word)) {
        return Ok(*window);
    }
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let unit =
        unit_of(unit).filter(|_| digits > 0).ok_or_else(|| WindowError::NotADuration { text: text.to_owned() })?;
    match number.parse() {
        Ok(0) => Err(WindowError::Zero { text: text.to_owned() }),
        Ok(count) => Ok(Window::new(count, unit)),
        Err(_) => Err(WindowError::TooLong { text: text.to_owned() }),
    }
}

const WORDS: [(&str, Window); 4] = [
    ("hourly", Window::new(1, Unit::Hour)),
    ("daily", Window::new(24, Unit::Hour)),
    ("weekly", Window::new(7, Unit::Day)),
    ("monthly", Window::new(30, Unit::Day)),
];

/// The unit a text starts with; `mo` before `m`.
fn unit_of(text: &str) -> Option<Unit> {
    match text.as_bytes() {
        [b'm', b'o', ..] => Some(Unit::Month),
        [b's', ..] => Some(Unit::Second),
        [b'm', ..] => Some(Unit::Minute),
        [b'h', ..] => Some(Unit::Hour),
        [b'd', ..] => Some(Unit::Day),
        [b'w', ..] => Some(Unit::Week),
        _ => None,
    }
}
