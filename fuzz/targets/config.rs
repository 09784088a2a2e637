//! A file of any content, under a name that says config: read, joined and opened.
#![no_main]

use inventory::Candidate;
use litellm::{Input, Secret};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let reading = litellm::read(&[Input::File { name: "config.yaml", bytes }]);
    assert!(!reading.sources.is_empty() || !reading.findings.is_empty(), "nothing is passed over in silence");
    let key = Candidate { name: "salt key".to_owned(), secret: Secret::new("sk-fuzz".to_owned()) };
    let (inventory, _vault) = inventory::gather(reading).open(&[key]);
    // Nothing that could be a slot's value may be shown: a field holds it or names it, never both.
    drop(inventory);
});
