//! Randomness, for the core, which has none.

/// 64 random bits from the browser's generator.
pub(crate) fn seed() -> u64 {
    let mut bytes = [0; 8];
    if let Some(crypto) = web_sys::window().and_then(|window| window.crypto().ok()) {
        // Fails only for more than 65,536 bytes.
        let _ = crypto.get_random_values_with_u8_array(&mut bytes);
    }
    u64::from_le_bytes(bytes)
}

/// 32 random bytes, for what has to be secret; none where the browser gives none.
pub(crate) fn bytes() -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    let crypto = web_sys::window()?.crypto().ok()?;
    crypto.get_random_values_with_u8_array(&mut bytes).ok()?;
    Some(bytes)
}

/// A random name for the holder of a lock.
pub(crate) fn holder() -> String {
    format!("tab-{:016x}", seed())
}
