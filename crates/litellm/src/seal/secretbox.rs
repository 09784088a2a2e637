//! NaCl SecretBox (XSalsa20-Poly1305) as PyNaCl writes it: nonce 24, tag 16, ciphertext.

use poly1305::Poly1305;
use poly1305::universal_hash::KeyInit;
use salsa20::XSalsa20;
use salsa20::cipher::{KeyIvInit, StreamCipher};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::derive_sha256;
use crate::Secret;

/// Bytes of nonce and tag in front of the ciphertext; an encrypted empty string has nothing else.
pub(super) const OVERHEAD: usize = NONCE + TAG;

const NONCE: usize = 24;
const TAG: usize = 16;

/// The plain bytes, if the message authenticates under the key.
pub(super) fn open(secret: &Secret, message: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, boxed) = message.split_first_chunk::<NONCE>()?;
    let (tag, ciphertext) = boxed.split_first_chunk::<TAG>()?;
    let mut cipher = XSalsa20::new(&(*derive_sha256(secret)).into(), &(*nonce).into());
    // The first 32 bytes of the key stream are the one-time key of the authenticator.
    let mut one_time = Zeroizing::new([0_u8; 32]);
    cipher.apply_keystream(&mut *one_time);
    let expected = Poly1305::new(&(*one_time).into()).compute_unpadded(ciphertext);
    if !bool::from(expected.as_slice().ct_eq(tag)) {
        return None;
    }
    let mut plain = Zeroizing::new(ciphertext.to_vec());
    cipher.apply_keystream(&mut plain);
    Some(plain)
}
