//! A stored value and a key: opened, plain or refused; what does not authenticate is never given out.
#![no_main]

use litellm::Secret;
use litellm::seal::{Verdict, open};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (key, value) = text.split_once('\n').unwrap_or(("sk-salt-litellm-real-0001", text));
    let key = Secret::new(key.to_owned());
    match open(value, &[&key]) {
        Verdict::Opened { key, layers, .. } => assert!(key == 0 && (1..=3).contains(&layers), "one key, three layers"),
        Verdict::Plain(_) | Verdict::Refused(_) => {}
    }
});
