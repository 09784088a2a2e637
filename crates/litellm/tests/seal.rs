//! Ciphertexts made by real LiteLLM helpers (1.40 to 1.109.1), opened; broken ones, refused.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use litellm::Secret;
use litellm::seal::{Format, PlainReason, RefusedReason, Verdict, looks_sealed, open, sha256_hex};
use poly1305::Poly1305;
use poly1305::universal_hash::KeyInit as _;
use proptest::prelude::*;
use salsa20::XSalsa20;
use salsa20::cipher::{KeyIvInit as _, StreamCipher as _};
use serde_json::Value;
use sha2::Digest as _;

const VECTORS: &str = include_str!("../../../tests/fixtures/vectors/litellm-crypto.json");
const VECTORS_V3: &str = include_str!("../../../tests/fixtures/vectors/litellm-v3.json");
const SALT: &str = "sk-salt-7f3a9c51e2";

fn vectors() -> Value {
    serde_json::from_str(VECTORS).expect("vectors are JSON")
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name].as_array().expect("a list").as_slice()
}

fn secret(text: &str) -> Secret {
    Secret::new(text.to_owned())
}

fn opened(text: &str, keys: &[&str]) -> Option<(String, usize, Format, u8)> {
    let keys: Vec<_> = keys.iter().map(|key| secret(key)).collect();
    match open(text, &keys.iter().collect::<Vec<_>>()) {
        Verdict::Opened { plain, key, format, layers } => Some((plain.expose().to_owned(), key, format, layers)),
        Verdict::Plain(_) | Verdict::Refused(_) => None,
    }
}

/// A verdict in one line; never shows what was opened.
fn in_words(text: &str, keys: &[&str]) -> String {
    let keys: Vec<_> = keys.iter().map(|key| secret(key)).collect();
    match open(text, &keys.iter().collect::<Vec<_>>()) {
        Verdict::Opened { key, format, layers, .. } => format!("opened: key {key}, {format:?}, layers {layers}"),
        Verdict::Plain(reason) => format!("plain: {reason:?}"),
        Verdict::Refused(reason) => format!("refused: {reason:?}"),
    }
}

/// What LiteLLM up to today writes by default; for cases no recording covers.
fn sealed(plain: &str, key: &str) -> String {
    let nonce: [u8; 24] = sha2::Sha256::digest(plain.as_bytes())[..24].try_into().expect("24 bytes");
    let key: [u8; 32] = sha2::Sha256::digest(key.as_bytes()).into();
    let mut cipher = XSalsa20::new(&key.into(), &nonce.into());
    let mut one_time = [0_u8; 32];
    cipher.apply_keystream(&mut one_time);
    let mut ciphertext = plain.as_bytes().to_vec();
    cipher.apply_keystream(&mut ciphertext);
    let tag = Poly1305::new(&one_time.into()).compute_unpadded(&ciphertext);
    URL_SAFE.encode([nonce.as_slice(), tag.as_slice(), &ciphertext].concat())
}

#[test]
fn opens_every_recorded_ciphertext() {
    let all = vectors();
    let cases = list(&all, "vectors");
    assert_eq!(cases.len(), 107, "the recording changed");
    for case in cases {
        let (text, key) = (case["ciphertext"].as_str().expect("text"), case["signing_key_used"].as_str().expect("key"));
        let (plain, at, format, layers) = opened(text, &["another", key]).unwrap_or_else(|| panic!("{case}"));
        assert_eq!((plain.as_str(), at, layers), (case["plaintext"].as_str().expect("text"), 1, 1), "{case}");
        let expected = match (case["algorithm"].as_str(), case["base64_alphabet"].as_str()) {
            (Some("aes-256-gcm"), _) => Format::GcmV2,
            (_, Some("standard")) => Format::LegacyStandard,
            (_, Some("urlsafe")) => Format::LegacyUrl,
            _ => Format::LegacyEither,
        };
        assert_eq!(format, expected, "{case}");
        assert!(looks_sealed(text), "{case}");
        assert_eq!(in_words(text, &["another"]), "refused: NoKeyFits", "{case}");
        assert_eq!(in_words(text, &[]), "refused: NoKeyGiven", "{case}");
    }
}

#[test]
fn opens_v3_with_a_derived_key() {
    let all: Value = serde_json::from_str(VECTORS_V3).expect("vectors are JSON");
    for case in list(&all, "vectors") {
        let (text, key) = (case["ciphertext"].as_str().expect("text"), case["salt_key"].as_str().expect("key"));
        let plain = case["plaintext"].as_str().expect("text").to_owned();
        assert_eq!(opened(text, &[key]), Some((plain, 0, Format::GcmV3, 1)), "{case}");
        assert_eq!(in_words(&text.replace("v3:", "v2:"), &[key]), "refused: NoKeyFits", "{case}");
    }
}

/// Where 1.109.1 opens a value, so do we, with the same result. Where it gives `None`, we say why. Three cases
/// we decide ourselves: empty text and spaces are plain (1.109.1 says `""` for both), and a value that carries
/// `litellm_enc::` is opened, since the columns that hold it are read that way.
#[test]
fn judges_every_recorded_edge_case() {
    let all = vectors();
    let mut table = String::new();
    for case in list(&all, "negative_and_edge_cases") {
        let (text, key) = (case["ciphertext"].as_str().expect("text"), case["salt_key"].as_str().expect("key"));
        let recorded = &case["outcome"]["1.109.1"]["decrypt_value_helper"];
        let verdict = in_words(text, &[key]);
        let name = case["case"].as_str().expect("name");
        if !recorded.is_null() && recorded != "" {
            assert_eq!(opened(text, &[key]).map(|found| found.0).as_deref(), recorded.as_str(), "{name}");
        }
        assert!(!verdict.starts_with("opened") || recorded.is_string() || name.starts_with("litellm_enc"), "{name}");
        let _ = writeln!(table, "{name}: {verdict}");
    }
    insta::assert_snapshot!(table, @r"
    wrong_salt_key_legacy: refused: NoKeyFits
    truncated_last_4_chars_legacy: refused: NoKeyFits
    truncated_last_1_char_legacy_bad_padding: refused: Damaged
    padding_stripped_legacy: refused: Damaged
    flipped_last_byte_legacy: refused: NoKeyFits
    flipped_nonce_legacy: refused: NoKeyFits
    gcm_prefix_only: refused: Damaged
    gcm_prefix_wrong_case: refused: UnknownFormat
    gcm_flipped_tag: refused: NoKeyFits
    gcm_standard_base64_alphabet: opened: key 0, GcmV2, layers 1
    legacy_standard_base64: opened: key 0, LegacyStandard, layers 1
    legacy_urlsafe_re_encoded_as_standard: opened: key 0, LegacyStandard, layers 1
    legacy_with_newlines_inserted: opened: key 0, LegacyUrl, layers 1
    legacy_with_leading_space: opened: key 0, LegacyUrl, layers 1
    plaintext_api_key: plain: TooShort
    plaintext_model: plain: NotBase64
    plaintext_os_environ: plain: NotBase64
    plaintext_unicode: plain: NotBase64
    plaintext_empty: plain: Empty
    plaintext_only_spaces: plain: NoBase64
    litellm_enc_prefixed_not_stripped: opened: key 0, LegacyUrl, layers 1
    ");
}

#[test]
fn opens_every_string_of_the_recorded_columns() {
    let all = vectors();
    let mut compared = 0;
    for case in list(&all, "structured") {
        let key = case["salt_key"].as_str().unwrap_or_default();
        if let Some(stored) = case.get("stored") {
            let before = case.get("loaded_by_litellm").unwrap_or(&case["input"]);
            compared += compare(stored, before, key);
        } else if case["function"] == "encrypt_secret_map" && case["input"] != serde_json::json!({}) {
            let text: String = serde_json::from_str(case["stored_json_text"].as_str().expect("text")).expect("JSON");
            let map: Value = serde_json::from_str(&opened(&text, &[key]).expect("opens").0).expect("JSON");
            assert_eq!(map, case["input"]);
            compared += 1;
        }
    }
    assert_eq!(compared, 26, "the recording changed");
}

/// Compares a stored value with what went in, string by string; counts the ciphertexts.
fn compare(stored: &Value, before: &Value, key: &str) -> usize {
    match (stored, before) {
        (Value::Object(stored), Value::Object(before)) => {
            stored.iter().map(|(name, value)| compare(value, &before[name], key)).sum()
        }
        (Value::Array(stored), Value::Array(before)) => {
            stored.iter().zip(before).map(|(stored, before)| compare(stored, before, key)).sum()
        }
        (Value::String(stored), Value::String(before)) if stored == before => {
            assert!(!looks_sealed(stored), "{stored}");
            assert!(in_words(stored, &[key]).starts_with("plain"), "{stored}");
            0
        }
        (Value::String(stored), Value::String(before)) => {
            assert_eq!(&opened(stored, &[key]).expect("opens").0, before);
            1
        }
        _ => {
            assert_eq!(stored, before);
            0
        }
    }
}

#[test]
fn tells_plain_text_from_ciphertext() {
    #[track_caller]
    fn check(text: &str, expected: PlainReason) {
        assert_eq!(in_words(text, &[SALT]), format!("plain: {expected:?}"), "for {text:?}");
        assert!(!looks_sealed(text), "for {text:?}");
    }
    check("", PlainReason::Empty);
    check("*", PlainReason::NoBase64);
    check("...", PlainReason::NoBase64);
    check("openai/gpt-4o", PlainReason::NotBase64);
    check("gpt-4o", PlainReason::TooShort);
    check("пароль", PlainReason::NotBase64);
    check("sk-1234", PlainReason::TooShort);
    check("os.environ/OPENAI_API_KEY", PlainReason::NotBase64);
    check("https://plain-eu.openai.azure.com/openai/deployments/a-rather-long-name", PlainReason::NotBase64);
    check("This Is A Sentence Of More Than Fifty Six Characters In All", PlainReason::NotBase64);
    check("{\"type\":\"service_account\",\"project_id\":\"p\",\"private_key_id\":\"AbC\"}", PlainReason::NotBase64);
    check("Zm9v=Zm9vZm9vZm9vZm9vZm9vZm9vZm9vZm9vZm9vZm9vZm9vZm9vZm9vZm9v", PlainReason::NotBase64);
    check("huggingface/together/meta-llama/Llama-Maverick-17B-128E-Instruct-FP8", PlainReason::NotBase64);
    check("replicate/AnOwner/AModelWithQuiteALongNameThatGoesOnAndOnAndOn", PlainReason::KnownShape);
    check("sk-ant-api03-AAAAbbbbCCCCddddEEEEffffGGGGhhhhIIIIjjjjKKKKllllMMMMnnnn", PlainReason::KnownShape);
    check("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", PlainReason::KnownShape);
}

#[test]
fn never_takes_a_damaged_ciphertext_for_plain_text() {
    let whole = sealed("sk-proj-AbCdEf0123456789", SALT);
    for cut in 1..whole.len() - 54 {
        let text = &whole[..whole.len() - cut];
        assert!(in_words(text, &[SALT]).starts_with("refused"), "cut by {cut}");
        assert!(looks_sealed(text), "cut by {cut}");
    }
    assert_eq!(in_words("v2:gcm:", &[SALT]), "refused: Damaged");
    assert_eq!(in_words("v9:gcm:AAAA", &[SALT]), "refused: UnknownFormat");
    assert_eq!(in_words("litellm_enc::", &[SALT]), "refused: Damaged");
    assert_eq!(in_words("litellm_enc::sk-1234", &[SALT]), "refused: Damaged");
    assert_eq!(in_words("litellm_enc::v4:gcm:AAAA", &[SALT]), "refused: UnknownFormat");
}

#[test]
fn opens_values_encrypted_more_than_once() {
    let once = sealed("sk-live", "old master");
    let twice = sealed(&once, SALT);
    let thrice = sealed(&format!("litellm_enc::{twice}"), SALT);
    let fourfold = sealed(&thrice, SALT);
    let keys = [SALT, "old master"];
    assert_eq!(opened(&once, &keys), Some(("sk-live".to_owned(), 1, Format::LegacyUrl, 1)));
    assert_eq!(opened(&twice, &keys), Some(("sk-live".to_owned(), 0, Format::LegacyUrl, 2)));
    assert_eq!(opened(&thrice, &keys), Some(("sk-live".to_owned(), 0, Format::LegacyUrl, 3)));
    assert_eq!(opened(&fourfold, &keys), Some((once.clone(), 0, Format::LegacyUrl, 3)), "three layers are the most");
    // Without the inner key the inner ciphertext is the text; the caller sees it with `looks_sealed`.
    assert_eq!(opened(&twice, &[SALT]), Some((once.clone(), 0, Format::LegacyUrl, 1)));
    assert!(looks_sealed(&once));
    let empty_twice = sealed(&sealed("", SALT), SALT);
    assert_eq!(opened(&empty_twice, &[SALT]).map(|found| (found.0, found.3)), Some((String::new(), 2)));
}

#[test]
fn keys_are_not_trimmed_and_an_empty_one_counts() {
    let text = sealed("sk-live", "salt\n");
    assert_eq!(in_words(&text, &["salt", " salt\n", "salt\n"]), "opened: key 2, LegacyUrl, layers 1");
    assert_eq!(opened(&sealed("x", ""), &[""]).map(|found| found.0), Some("x".to_owned()));
}

#[test]
fn what_is_no_text_is_refused() {
    let mut raw = URL_SAFE.decode(sealed("ab", SALT)).expect("base64");
    raw.truncate(40);
    // A valid message over the bytes ff fe, made the way `sealed` makes one.
    let nonce: [u8; 24] = raw[..24].try_into().expect("24 bytes");
    let key: [u8; 32] = sha2::Sha256::digest(SALT.as_bytes()).into();
    let mut cipher = XSalsa20::new(&key.into(), &nonce.into());
    let mut one_time = [0_u8; 32];
    cipher.apply_keystream(&mut one_time);
    let mut ciphertext = [0xff, 0xfe];
    cipher.apply_keystream(&mut ciphertext);
    let tag = Poly1305::new(&one_time.into()).compute_unpadded(&ciphertext);
    let text = STANDARD.encode([nonce.as_slice(), tag.as_slice(), &ciphertext].concat());
    assert_eq!(in_words(&text, &[SALT]), "refused: NotText");
    assert!(matches!(open(&text, &[&secret(SALT)]), Verdict::Refused(RefusedReason::NotText)));
}

#[test]
fn shows_nothing_when_debugged() {
    let canary = "canary-7d1f";
    let shown = format!("{:?}", open(&sealed(canary, SALT), &[&secret(SALT)]));
    assert!(shown.starts_with("Opened"), "{shown}");
    assert!(!shown.contains(canary) && !shown.contains(SALT), "{shown}");
}

#[test]
fn names_a_key_by_its_hash() {
    assert_eq!(sha256_hex("sk-1234"), "88dc28d0f030c55ed4ab77ed8faf098196cb1c05df778539800c9f1243fe6b4b");
}

proptest! {
    #[test]
    fn one_flipped_bit_never_opens(
        plain in ".{0,80}", gcm in any::<bool>(), at in any::<prop::sample::Index>(), bit in 0_u8..8,
    ) {
        let (prefix, whole) = if gcm { ("v2:gcm:", gcm_vector()) } else { ("", sealed(&plain, SALT)) };
        let mut raw = URL_SAFE.decode(whole).expect("base64");
        let at = at.index(raw.len());
        raw[at] ^= 1 << bit;
        let text = format!("{prefix}{}", URL_SAFE.encode(raw));
        prop_assert_eq!(opened(&text, &[SALT]), None);
    }

    #[test]
    fn what_was_sealed_opens(plain in any::<String>(), key in any::<String>()) {
        let text = sealed(&plain, &key);
        // A plain text that is itself a ciphertext under the same key cannot come up by chance.
        prop_assert_eq!(opened(&text, &[&key]).map(|found| found.0), Some(plain));
    }

    #[test]
    fn any_text_gets_a_verdict(text in any::<String>()) {
        let sealed = looks_sealed(&text);
        prop_assert_eq!(in_words(&text, &[SALT]).starts_with("refused"), sealed);
    }
}

fn gcm_vector() -> String {
    let all = vectors();
    let case = list(&all, "vectors").iter().find(|case| case["algorithm"] == "aes-256-gcm" && case["salt_key"] == SALT);
    let text = case.and_then(|case| case["ciphertext"].as_str()).expect("a GCM vector");
    text.trim_start_matches("v2:gcm:").to_owned()
}
