//! A database URL: whatever it is, a refusal never repeats it.
#![no_main]

#[path = "../../server/src"]
mod server {
    #[expect(dead_code, reason = "the relay uses the rest")]
    pub(crate) mod dsn;
}

use server::dsn::Dsn;

/// Stands somewhere in the URL, and must not stand in what is said of it.
const CANARY: &str = "c4n4ry-w0rd";

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (before, after) = text.split_once('\n').unwrap_or((text, ""));
    match Dsn::parse(&format!("{before}{CANARY}{after}")) {
        Ok(dsn) => assert!(!dsn.user.is_empty() && !dsn.database.is_empty(), "a URL is complete or refused"),
        Err(error) => assert!(!error.to_string().contains(CANARY), "a refusal repeats the URL"),
    }
});
