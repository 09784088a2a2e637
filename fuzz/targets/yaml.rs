//! YAML: any bytes are a document or a refusal with a place, and twice the same.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let document = pyyaml::load("f.yaml", bytes);
    assert!(document == pyyaml::load("f.yaml", bytes), "two readings differ");
    if let Some(root) = &document.root {
        assert!(root.at.line >= 1 && root.at.column >= 1, "places count from one");
    }
});
