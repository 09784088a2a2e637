//! How opening the secrets went, in words.

use inventory::Opening;
use litellm::{Kept, Reading};
use report::words;

use crate::state::Tone;

/// The result in one sentence; none where nothing is sealed.
pub(crate) fn sentence(opening: &Opening, tried: usize) -> Option<(Tone, String)> {
    let (sealed, failed) = (opening.sealed, opening.failed.len());
    let opened = sealed - failed.min(sealed);
    if sealed == 0 {
        return None;
    }
    let values = words::counted(sealed, "sealed value");
    Some(match (opened, failed) {
        (_, 0) if sealed == 1 => (Tone::Ok, "The one sealed value opened.".to_owned()),
        (_, 0) => (Tone::Ok, format!("All {values} opened.")),
        (0, _) if tried == 0 => (Tone::Warn, format!("{values} to open: give the salt key.")),
        (0, _) => {
            (Tone::Bad, format!("None of {} opened: this is not the salt key of this database.", words::number(sealed)))
        }
        _ => (Tone::Warn, format!("{} of {values} opened, {} did not.", words::number(opened), words::number(failed))),
    })
}

/// What each key that was tried opened, in words; keys that opened nothing say so.
pub(crate) fn by_key(opening: &Opening, tried: &[String]) -> Vec<(String, String)> {
    let opened = |name: &String| match opening.opened_by.get(name).copied().unwrap_or(0) {
        0 if opening.sealed == 0 => "nothing to open".to_owned(),
        0 => "opened nothing".to_owned(),
        count => format!("opened {}", words::number(count)),
    };
    tried.iter().map(|name| (name.clone(), opened(name))).collect()
}

/// The master key, where a source holds it in clear: without a salt key LiteLLM seals with it.
pub(crate) fn master_key(reading: &Reading) -> Option<litellm::Secret> {
    reading.kept.iter().find_map(|(slot, kept)| match kept {
        Kept::Clear(secret) if slot.as_str().ends_with("master_key") => Some(secret.clone()),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use model::Origin;

    use super::*;

    #[track_caller]
    fn check(sealed: usize, failed: usize, tried: usize, expected: Option<&str>) {
        let opening = Opening {
            sealed,
            opened_by: BTreeMap::new(),
            failed: (0..failed)
                .map(|n| Origin::row("LiteLLM_ProxyModelTable", n.to_string(), "litellm_params"))
                .collect(),
            tried,
        };
        assert_eq!(sentence(&opening, tried).map(|(_, text)| text).as_deref(), expected);
    }

    #[test]
    fn each_key_says_what_it_opened() {
        let tried = ["salt key".to_owned(), "another key".to_owned()];
        let mut opening = Opening { sealed: 3, ..Opening::default() };
        opening.opened_by.insert("salt key".to_owned(), 2);
        let said: Vec<String> = by_key(&opening, &tried).into_iter().map(|(_, said)| said).collect();
        assert_eq!(said, ["opened 2", "opened nothing"]);
        assert_eq!(by_key(&Opening::default(), &tried)[0].1, "nothing to open");
    }

    #[test]
    fn the_result_is_said_at_once() {
        check(0, 0, 0, None);
        check(18, 18, 0, Some("18 sealed values to open: give the salt key."));
        check(18, 18, 1, Some("None of 18 opened: this is not the salt key of this database."));
        check(18, 0, 1, Some("All 18 sealed values opened."));
        check(1, 0, 1, Some("The one sealed value opened."));
        check(18, 1, 2, Some("17 of 18 sealed values opened, 1 did not."));
    }
}
