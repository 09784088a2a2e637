//! The text of a dump: rows or findings, and the rows through the rest of the line.
#![no_main]

use litellm::Input;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let dump = litellm::dump::read("db.sql", text);
    assert!(dump == litellm::dump::read("db.sql", text), "two readings differ");
    let reading = litellm::read(&[Input::Rows { tables: &dump.tables, findings: &[] }]);
    drop(inventory::gather(reading).open(&[]));
});
