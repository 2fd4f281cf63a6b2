//! The server's side: a challenge, and whether the answer to it proves the password.

use super::hash::NtHash;
use super::message::{Draft, Message, octets, pairs, push_pair, text, wide};
use super::{HAS_INTEGRITY_CHECK, INTEGRITY_CHECK, file_time, flag, pair, random};
use crate::clock::Timestamp;

/// What we agree to if the client offers it.
const AGREED: u32 =
    flag::NTLM | flag::ALWAYS_SIGN | flag::EXTENDED_SESSION_SECURITY | flag::REQUEST_TARGET | flag::STRONG_KEYS;
/// The head of an AUTHENTICATE message, without what later versions added to it.
const HEAD: usize = 64;
/// The shortest answer of NTLMv2: a proof and what it is about, up to the pairs.
const SHORTEST: usize = 16 + 28;

/// A challenge that waits for its answer.
pub(crate) struct NtlmServer {
    nonce: [u8; 8],
    negotiate: Vec<u8>,
    challenge: Vec<u8>,
}

/// An answer to our challenge: who the client says it is, and the proof.
pub struct NtlmLogin {
    user: Box<str>,
    domain: Box<str>,
    nonce: [u8; 8],
    proof: [u8; 16],
    /// What the proof is about, besides the challenge.
    subject: Box<[u8]>,
    integrity: Option<Integrity>,
}

/// The check that nobody changed the messages on their way.
struct Integrity {
    check: [u8; 16],
    /// All three messages, the last with zeros in place of the check.
    messages: Vec<u8>,
}

/// Why a message of a client is not taken.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Objection {
    /// It is no message of NTLM, or not the one that is due.
    Malformed,
    /// It is in order and cannot be right: an older version than NTLMv2, or no user.
    Refused,
    /// The system has no random number for a challenge.
    Unavailable,
}

impl NtlmServer {
    /// Answers a NEGOTIATE message with a challenge.
    pub(crate) fn challenge(negotiate: &[u8], host: &str, now: Timestamp) -> Result<(Vec<u8>, Self), Objection> {
        let nonce = random().ok_or(Objection::Unavailable)?;
        Self::challenge_with(negotiate, host, now, nonce).ok_or(Objection::Malformed)
    }

    pub(super) fn challenge_with(
        negotiate: &[u8],
        host: &str,
        now: Timestamp,
        nonce: [u8; 8],
    ) -> Option<(Vec<u8>, Self)> {
        let offered = Message::read(negotiate, 1)?.number(12)?;
        let encoding = if offered & flag::UNICODE == 0 { flag::OEM } else { flag::UNICODE };
        let flags = encoding | offered & AGREED | flag::TARGET_INFO | flag::TARGET_TYPE_SERVER;
        let computer = computer_name(host);
        let mut info = Vec::new();
        push_pair(&mut info, pair::DOMAIN, &wide(&computer))?;
        push_pair(&mut info, pair::COMPUTER, &wide(&computer))?;
        push_pair(&mut info, pair::DNS_COMPUTER, &wide(host))?;
        push_pair(&mut info, pair::TIME, &file_time(now).to_le_bytes())?;
        push_pair(&mut info, pair::END, &[])?;
        let challenge =
            Draft::new(2, 56).field(&octets(&computer, flags))?.number(flags).octets(&nonce).octets(&[0; 8]);
        let challenge = challenge.field(&info)?.octets(&[0; 8]).finish();
        Some((challenge.clone(), Self { nonce, negotiate: negotiate.to_vec(), challenge }))
    }

    /// Takes an AUTHENTICATE message.
    pub(crate) fn authenticate(self, message: &[u8]) -> Result<NtlmLogin, Objection> {
        self.read(message).ok_or(Objection::Malformed)?
    }

    fn read(self, octets: &[u8]) -> Option<Result<NtlmLogin, Objection>> {
        let message = Message::read(octets, 3)?;
        let flags = message.number(HEAD - 4)?;
        let (answer, domain, user) = (message.field(20)?, message.field(28)?, message.field(36)?);
        let (domain, user) = (text(domain, flags)?, text(user, flags)?);
        let Some((proof, subject)) = answer.split_first_chunk().filter(|_| answer.len() >= SHORTEST) else {
            return Some(Err(Objection::Refused));
        };
        // We agreed to no exchange of keys, so that the key of the check is the session's own.
        if user.is_empty() || !subject.starts_with(&[1, 1]) || flags & flag::KEY_EXCHANGE != 0 {
            return Some(Err(Objection::Refused));
        }
        let integrity = match pairs(&subject[28..]).find(|(id, _)| *id == pair::FLAGS) {
            Some((_, value)) if u32::from_le_bytes(value.try_into().ok()?) & HAS_INTEGRITY_CHECK != 0 => {
                Some(Integrity::read(message, octets, &self)?)
            }
            _ => None,
        };
        Some(Ok(NtlmLogin {
            user: user.into(),
            domain: domain.into(),
            nonce: self.nonce,
            proof: *proof,
            subject: subject.into(),
            integrity,
        }))
    }
}

impl Integrity {
    fn read(message: Message<'_>, octets: &[u8], server: &NtlmServer) -> Option<Self> {
        let check = message.array(INTEGRITY_CHECK)?;
        let (before, after) = (octets.get(..INTEGRITY_CHECK)?, octets.get(INTEGRITY_CHECK + 16..)?);
        let messages = [&server.negotiate, &server.challenge, before, &[0; 16], after].concat();
        Some(Self { check, messages })
    }
}

impl NtlmLogin {
    /// The user, as the client wrote it: untrusted, not empty.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The domain that the client takes the user to be of; it may be empty, and means nothing to us.
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// Whether the client knows the password with this hash.
    pub fn proves(&self, hash: &NtHash) -> bool {
        let key = hash.key(&self.user, &self.domain);
        let is_proven = key.verify(&[&self.nonce, &self.subject], &self.proof);
        let is_whole =
            |integrity: &Integrity| key.session(&self.proof).verify(&[&integrity.messages], &integrity.check);
        // Both are looked at, so that nobody learns from the time which of them failed.
        is_proven & self.integrity.as_ref().is_none_or(is_whole)
    }
}

impl std::fmt::Debug for NtlmLogin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NtlmLogin").field("user", &self.user).field("domain", &self.domain).finish_non_exhaustive()
    }
}

/// The name of a computer as Windows has it: the first label, in capitals, at most 15 characters.
fn computer_name(host: &str) -> String {
    let label = host.split('.').next().unwrap_or_default();
    label.chars().filter(char::is_ascii_graphic).take(15).collect::<String>().to_ascii_uppercase()
}
