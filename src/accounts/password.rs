//! Passwords as the users file keeps them: argon2id in the PHC string format (RFC 9106).

use std::fmt;
use std::str::FromStr;

use argon2::password_hash::{self, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Argon2, Params};

/// What a hash may ask for at most, in KiB: verifying one must not use up the machine.
const MAX_MEMORY: u32 = 1024 * 1024;
/// How often it may ask to go over the memory.
const MAX_PASSES: u32 = 100;

/// An argon2id hash. Its Debug does not tell it.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(Box<str>);

/// The text is no hash that a password can be verified with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordHashError {
    /// It is no PHC string of argon2id.
    #[error("not an argon2id hash, which begins $argon2id$; `mailroot user passwd` writes one")]
    NotArgon2id,
    /// It asks for more than is granted.
    #[error("the hash takes too much memory or time to verify: at most m={MAX_MEMORY}, t={MAX_PASSES}")]
    Expensive,
    /// The system gives no random numbers for a salt.
    #[error("the system gives no random numbers")]
    NoRandom,
}

impl PasswordHash {
    /// Hashes a password with a new salt and the cost that OWASP recommends. Takes some 20 ms and 19 MiB.
    pub fn of(password: &str) -> Result<Self, PasswordHashError> {
        let salt = salt()?;
        let hash = Argon2::default().hash_password(password.as_bytes(), &salt);
        hash.map(|hash| Self(hash.to_string().into())).map_err(|_| PasswordHashError::NotArgon2id)
    }

    /// Whether this is the password.
    pub fn verify(&self, password: &str) -> bool {
        let hash = password_hash::PasswordHash::new(&self.0);
        hash.is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
    }

    /// The text for the users file.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A hash that no password has, as costly to verify as the costliest of these, or as a new one.
    pub(super) fn of_nobody<'a>(hashes: impl Iterator<Item = &'a Self>) -> Self {
        let costliest = hashes.filter_map(Self::params).max_by_key(|params| (cost(params), params.p_cost()));
        let params = costliest.unwrap_or_default();
        let (m, t, p) = (params.m_cost(), params.t_cost(), params.p_cost());
        let [salt, hash] = ["AAAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"];
        Self(format!("$argon2id$v=19$m={m},t={t},p={p}${salt}${hash}").into())
    }

    fn params(&self) -> Option<Params> {
        Params::try_from(&password_hash::PasswordHash::new(&self.0).ok()?).ok()
    }
}

fn cost(params: &Params) -> u64 {
    u64::from(params.m_cost()) * u64::from(params.t_cost())
}

fn salt() -> Result<SaltString, PasswordHashError> {
    let mut octets = [0; 16];
    let random = ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), &mut octets);
    random.ok().and_then(|()| SaltString::encode_b64(&octets).ok()).ok_or(PasswordHashError::NoRandom)
}

impl FromStr for PasswordHash {
    type Err = PasswordHashError;

    fn from_str(text: &str) -> Result<Self, PasswordHashError> {
        let hash = password_hash::PasswordHash::new(text).map_err(|_| PasswordHashError::NotArgon2id)?;
        let is_whole = hash.salt.is_some() && hash.hash.is_some() && hash.version == Some(19);
        if hash.algorithm != argon2::ARGON2ID_IDENT || !is_whole {
            return Err(PasswordHashError::NotArgon2id);
        }
        let params = Params::try_from(&hash).map_err(|_| PasswordHashError::NotArgon2id)?;
        if params.m_cost() > MAX_MEMORY || params.t_cost() > MAX_PASSES {
            return Err(PasswordHashError::Expensive);
        }
        Ok(Self(text.into()))
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(********)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_known_by_its_hash_and_by_no_other() {
        let hash = PasswordHash::of("p\u{e4}ss word").unwrap();
        assert!(hash.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", hash.as_str());
        assert!(hash.verify("p\u{e4}ss word") && !hash.verify("pass word") && !hash.verify(""));
        assert_ne!(hash, PasswordHash::of("p\u{e4}ss word").unwrap(), "each has a salt of its own");
        assert_eq!(hash.as_str().parse(), Ok(hash.clone()));
        assert_eq!(format!("{hash:?}"), "PasswordHash(********)");
    }

    #[test]
    fn what_cannot_be_verified_is_refused() {
        for (text, error) in [
            ("", PasswordHashError::NotArgon2id),
            ("secret", PasswordHashError::NotArgon2id),
            ("$argon2i$v=19$m=64,t=1,p=1$c29tZXNhbHQ$c29tZWhhc2hzb21laGFzaA", PasswordHashError::NotArgon2id),
            ("$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ", PasswordHashError::NotArgon2id),
            ("$argon2id$v=19$m=1,t=1,p=1$c29tZXNhbHQ$c29tZWhhc2hzb21laGFzaA", PasswordHashError::NotArgon2id),
            ("$argon2id$v=19$m=4194304,t=1,p=1$c29tZXNhbHQ$c29tZWhhc2hzb21laGFzaA", PasswordHashError::Expensive),
            ("$argon2id$v=19$m=64,t=1000,p=1$c29tZXNhbHQ$c29tZWhhc2hzb21laGFzaA", PasswordHashError::Expensive),
        ] {
            assert_eq!(text.parse::<PasswordHash>(), Err(error), "{text}");
        }
    }

    #[test]
    fn nobody_costs_as_much_as_the_costliest() {
        let costly: PasswordHash = "$argon2id$v=19$m=64,t=9,p=2$c29tZXNhbHQ$c29tZWhhc2hzb21laGFzaA".parse().unwrap();
        let cheap: PasswordHash = "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$c29tZWhhc2hzb21laGFzaA".parse().unwrap();
        let nobody = PasswordHash::of_nobody([&cheap, &costly, &cheap].into_iter());
        assert!(nobody.as_str().starts_with("$argon2id$v=19$m=64,t=9,p=2$"), "{}", nobody.as_str());
        assert_eq!(nobody.as_str().parse(), Ok(nobody.clone()));
        assert!(!nobody.verify(""));
        let nobody = PasswordHash::of_nobody([].into_iter());
        assert!(nobody.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", nobody.as_str());
    }

    #[test]
    fn au12_nobody_takes_as_long_to_verify_as_anybody() {
        let anybody = PasswordHash::of("s3cret").unwrap();
        let nobody = PasswordHash::of_nobody(std::iter::once(&anybody));
        let time = |hash: &PasswordHash| {
            let begun = std::time::Instant::now();
            assert!(!hash.verify("wrong"));
            begun.elapsed()
        };
        // In turns, and the quickest of each: what else the machine does only adds to it.
        let times: Vec<_> = (0..15).map(|_| (time(&anybody), time(&nobody))).collect();
        let quickest = |of: fn(&(_, _)) -> std::time::Duration| times.iter().map(of).min().unwrap();
        let (anybody, nobody) = (quickest(|times| times.0), quickest(|times| times.1));
        let ratio = anybody.as_secs_f64() / nobody.as_secs_f64();
        assert!((0.7..1.4).contains(&ratio), "{anybody:?} and {nobody:?}");
    }
}
