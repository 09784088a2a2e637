//! The body of an answer of the proxy: as an answer, and as a saved file.
#![no_main]

use litellm::Input;
use litellm::endpoint::ENDPOINTS;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Some((first, rest)) = bytes.split_first() else { return };
    let Ok(body) = std::str::from_utf8(rest) else { return };
    let Some(endpoint) = ENDPOINTS.get(usize::from(*first) % ENDPOINTS.len()) else { return };
    let answer = Input::Answer { endpoint: endpoint.path, status: 200, body };
    let file = Input::File { name: "answer.json", bytes: rest };
    let gathered = inventory::gather(litellm::read(&[answer, file]));
    drop(gathered.open(&[]));
});
