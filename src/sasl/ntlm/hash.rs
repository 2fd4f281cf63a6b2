//! The NT hash of a password, and what is proven with it ([MS-NLMP] 3.3).

use std::fmt::{self, Write as _};
use std::str::FromStr;

use des::Des;
use des::cipher::{BlockEncrypt, KeyInit};
use hmac::{Hmac, Mac};
use md4::{Digest, Md4};
use md5::Md5;
use zeroize::Zeroizing;

/// The NT hash of a password: as good as the password to whoever speaks NTLM, and no salt protects it.
#[derive(Clone, PartialEq, Eq)]
pub struct NtHash(Zeroizing<[u8; 16]>);

/// The text is not an NT hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an NT hash: 32 hexadecimal digits")]
pub struct NtHashError;

impl NtHash {
    /// The hash of a password.
    pub fn of(password: &str) -> Self {
        let mut octets = Zeroizing::new(Vec::with_capacity(password.len() * 2));
        octets.extend(password.encode_utf16().flat_map(u16::to_le_bytes));
        Self(Zeroizing::new(Md4::digest(&*octets).into()))
    }

    /// As hexadecimal digits, for the users file.
    pub fn digits(&self) -> Zeroizing<String> {
        // With room for all of them, so that no half of it is left behind by growing.
        let mut digits = Zeroizing::new(String::with_capacity(32));
        let _ = write!(*digits, "{:032x}", u128::from_be_bytes(*self.0)); // writing to a String cannot fail
        digits
    }

    /// The key that a user of a domain proves NTLMv2 with (`NTOWFv2`).
    pub(super) fn key(&self, user: &str, domain: &str) -> Key {
        let name = user.chars().map(upper).chain(domain.chars());
        let octets: Vec<u8> =
            name.flat_map(|c| c.encode_utf16(&mut [0; 2]).to_vec()).flat_map(u16::to_le_bytes).collect();
        Key(Zeroizing::new(hmac(&self.0, &[&octets]).finalize().into_bytes().into()))
    }

    /// The answer of NTLMv1 to a challenge (DESL): whoever hears it can find the hash.
    pub(super) fn version_1(&self, challenge: [u8; 8]) -> [u8; 24] {
        let mut key = Zeroizing::new([0; 21]);
        key[..16].copy_from_slice(&*self.0);
        let mut answer = [0; 24];
        for (part, block) in key.chunks(7).zip(answer.chunks_mut(8)) {
            let mut encrypted = challenge.into();
            Des::new(&des_key(part).into()).encrypt_block(&mut encrypted);
            block.copy_from_slice(&encrypted);
        }
        answer
    }
}

/// A key of NTLMv2, or one derived from it.
pub(super) struct Key(Zeroizing<[u8; 16]>);

impl Key {
    /// The proof over these parts.
    pub(super) fn sign(&self, parts: &[&[u8]]) -> [u8; 16] {
        hmac(&self.0, parts).finalize().into_bytes().into()
    }

    /// Whether this is the proof over these parts; takes as long for a wrong one.
    pub(super) fn verify(&self, parts: &[&[u8]], proof: &[u8]) -> bool {
        hmac(&self.0, parts).verify_slice(proof).is_ok()
    }

    /// The key of the session that a proof begins, which signs the messages of the login.
    pub(super) fn session(&self, proof: &[u8]) -> Self {
        Self(Zeroizing::new(self.sign(&[proof])))
    }
}

fn hmac(key: &[u8; 16], parts: &[&[u8]]) -> Hmac<Md5> {
    // A key is filled up with zeros to a block (RFC 2104 2), which of this length is never refused.
    let mut block = Zeroizing::new([0; 64]);
    block[..16].copy_from_slice(key);
    let mut mac = <Hmac<Md5> as Mac>::new((&*block).into());
    for part in parts {
        mac.update(part);
    }
    mac
}

/// Seven octets as a key of DES: seven bits in each of eight octets, above a parity bit that nobody looks at.
fn des_key(part: &[u8]) -> [u8; 8] {
    let mut wide = [0; 8];
    wide[1..=part.len()].copy_from_slice(part);
    let bits = u64::from_be_bytes(wide);
    std::array::from_fn(|i| (bits >> (49 - 7 * i) << 1).to_le_bytes()[0])
}

/// The upper case of one character, as Windows has it: what would become several stays as it is.
fn upper(c: char) -> char {
    let mut upper = c.to_uppercase();
    match (upper.next(), upper.next()) {
        (Some(upper), None) => upper,
        _ => c,
    }
}

impl FromStr for NtHash {
    type Err = NtHashError;

    fn from_str(digits: &str) -> Result<Self, NtHashError> {
        if digits.len() != 32 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(NtHashError);
        }
        u128::from_str_radix(digits, 16).map(|hash| Self(Zeroizing::new(hash.to_be_bytes()))).map_err(|_| NtHashError)
    }
}

impl fmt::Debug for NtHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NtHash(********)")
    }
}
