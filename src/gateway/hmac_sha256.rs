//! Codes that only whoever has a key can make of a text. Pure.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The code of a text, which is given in pieces.
pub fn hmac_sha256(key: &[u8], pieces: &[&str]) -> Hmac<Sha256> {
    // HMAC takes keys of any length.
    let mut hmac = Hmac::new_from_slice(key).unwrap_or_else(|_| Hmac::new(&Default::default()));
    pieces.iter().for_each(|piece| hmac.update(piece.as_bytes()));
    hmac
}
