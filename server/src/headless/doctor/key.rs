//! The salt key: whether it opens what LiteLLM stored.

use inventory::{Candidate, Inventory};
use report::words;

use super::check::{Check, Mark, Part};

const SUBJECT: &str = "salt key";

/// Tried on every encrypted value that was read.
pub(super) fn check(inventory: &Inventory, candidates: &[Candidate]) -> Check {
    let opening = &inventory.opening;
    let check = |mark, says: String| Check::new(Part::SaltKey, mark, SUBJECT, says);
    let opened: usize = opening.opened_by.values().sum();
    let all = words::counted(opening.sealed, "encrypted value");
    if candidates.is_empty() {
        let says = match opening.sealed {
            0 => "none is given; nothing that was read is encrypted".to_owned(),
            _ => format!("none is given, so {all} stay closed: provider keys stored in LiteLLM cannot be moved"),
        };
        let mark = if opening.sealed == 0 { Mark::Note } else { Mark::Missing };
        return check(mark, says).next("give the value of LITELLM_SALT_KEY; if the proxy has none, its master key");
    }
    if opening.sealed == 0 {
        return check(Mark::Note, "nothing that was read is encrypted, so it could not be tried".to_owned());
    }
    if opened == 0 {
        return check(Mark::Failed, format!("it opens none of {all}: this is not the key of this database"))
            .next("copy LITELLM_SALT_KEY exactly as the proxy has it, without a line feed at its end")
            .next("a proxy without LITELLM_SALT_KEY encrypts with its master key");
    }
    let by: Vec<String> = opening.opened_by.iter().map(|(name, count)| format!("{name} {count}")).collect();
    let says = format!("{} of {all} opened ({})", words::number(opened), by.join(", "));
    if opening.failed.is_empty() {
        return check(Mark::Ok, says);
    }
    let first: Vec<String> = opening.failed.iter().take(3).map(ToString::to_string).collect();
    check(Mark::Missing, format!("{says}; not these: {}", first.join(", ")))
        .next("they may be older: give the master key, or an older salt key, as well")
}
