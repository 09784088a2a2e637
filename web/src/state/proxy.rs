//! How reading a running LiteLLM proxy went, in words. `litellm::fetch` decides what is asked; `host::proxy` sends.

use litellm::fetch::{Fetched, Gap};

use crate::state::ReadState;

/// How far the proxy is read, once nothing is left to ask.
pub(crate) fn state(fetched: &Fetched) -> ReadState {
    let count = fetched.answers.len();
    let missing: Vec<&Gap> = fetched.gaps.iter().filter(|gap| gap.incomplete()).collect();
    match missing.first() {
        None => ReadState::Done(format!("{count} answers")),
        Some(first) if count == 0 => ReadState::Failed(first.finding().message),
        Some(first) => {
            let why = first.finding().message;
            let more = match missing.len() - 1 {
                0 => String::new(),
                1 => ", and 1 more gap".to_owned(),
                more => format!(", and {more} more gaps"),
            };
            ReadState::Partial(format!("{count} answers; {}{more}", why.trim_end_matches('.')))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use litellm::fetch::{Answered, Why};

    use super::*;

    #[track_caller]
    fn check(answers: usize, why: &[Why], expected: &ReadState) {
        let answered = Arc::new(Answered { name: "/key/list".to_owned(), status: 200, body: "{}".to_owned() });
        let gap = |why: &Why| Gap { name: "/key/list".to_owned(), what: "keys".to_owned(), why: why.clone() };
        let fetched = Fetched {
            answers: std::iter::repeat_with(|| answered.clone()).take(answers).collect(),
            gaps: why.iter().map(gap).collect(),
            ..Fetched::default()
        };
        assert_eq!(&state(&fetched), expected);
    }

    #[test]
    fn what_is_missing_is_said() {
        check(3, &[], &ReadState::Done("3 answers".to_owned()));
        check(3, &[Why::NotInRelease(None)], &ReadState::Done("3 answers".to_owned()));
        let down = Why::Down("it went away".to_owned());
        check(0, std::slice::from_ref(&down), &ReadState::Failed("keys are not read: it went away".to_owned()));
        let partial = "3 answers; keys are not read: it went away, and 1 more gap";
        check(3, &[down, Why::Stopped], &ReadState::Partial(partial.to_owned()));
    }
}
