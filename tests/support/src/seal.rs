//! Sealing values the way LiteLLM does. Only tests seal; the product opens.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use poly1305::Poly1305;
use poly1305::universal_hash::KeyInit;
use salsa20::XSalsa20;
use salsa20::cipher::{KeyIvInit, StreamCipher};
use sha2::{Digest, Sha256};

/// Seals with one key; nonces follow from the order, so that the same calls give the same texts.
#[derive(Debug)]
pub struct Sealer {
    key: [u8; 32],
    count: u64,
}

impl Sealer {
    /// With that salt key.
    pub fn new(salt_key: &str) -> Self {
        Self { key: Sha256::digest(salt_key.as_bytes()).into(), count: 0 }
    }

    /// URL-safe base64 of nonce, tag and ciphertext: NaCl SecretBox.
    pub fn seal(&mut self, text: &str) -> String {
        self.count += 1;
        let digest = Sha256::digest(self.count.to_le_bytes());
        let mut nonce = [0_u8; 24];
        nonce.copy_from_slice(&digest[..24]);
        let mut cipher = XSalsa20::new(&self.key.into(), &nonce.into());
        let mut buffer = vec![0_u8; 32];
        buffer.extend_from_slice(text.as_bytes());
        cipher.apply_keystream(&mut buffer);
        let mut poly_key = [0_u8; 32];
        poly_key.copy_from_slice(&buffer[..32]);
        let sealed = &buffer[32..];
        let tag = Poly1305::new(&poly_key.into()).compute_unpadded(sealed);
        let mut whole = nonce.to_vec();
        whole.extend_from_slice(&tag);
        whole.extend_from_slice(sealed);
        URL_SAFE.encode(whole)
    }
}
