//! The client's side: what we offer, and the proof that we know the password.

use zeroize::Zeroizing;

use super::hash::NtHash;
use super::message::{Draft, Message, octets, pairs, push_pair};
use super::{HAS_INTEGRITY_CHECK, INTEGRITY_CHECK, VERSION, file_time, flag, pair, random};
use crate::clock::Timestamp;

/// What we offer.
const OFFERED: u32 = flag::UNICODE
    | flag::REQUEST_TARGET
    | flag::NTLM
    | flag::ALWAYS_SIGN
    | flag::EXTENDED_SESSION_SECURITY
    | flag::TARGET_INFO
    | flag::VERSION
    | flag::STRONG_KEYS;
/// The head of our AUTHENTICATE message: with version and integrity check.
const HEAD: usize = INTEGRITY_CHECK + 16;

/// What hears a login besides the server it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// Nobody: it is encrypted, and the server's certificate was verified. To a server that knows nothing better NTLMv1
    /// is spoken, from which a listener could find the password's hash.
    Private,
    /// Perhaps somebody: NTLMv2 or nothing.
    Open,
}

/// A login by NTLM.
pub(crate) struct NtlmClient {
    user: Box<str>,
    domain: Box<str>,
    hash: NtHash,
    channel: Channel,
    now: Timestamp,
}

/// Why a challenge has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Objection {
    Malformed,
    Outdated,
    Unavailable,
}

impl NtlmClient {
    /// A login of `user`, who may be written `DOMAIN\user` where the domain is empty.
    pub(crate) fn new(user: &str, password: &str, domain: &str, channel: Channel, now: Timestamp) -> Self {
        let (domain, user) = user.split_once('\\').filter(|_| domain.is_empty()).unwrap_or((domain, user));
        Self { user: user.into(), domain: domain.into(), hash: NtHash::of(password), channel, now }
    }

    /// The NEGOTIATE message.
    pub(crate) fn negotiate() -> Vec<u8> {
        let draft = Draft::new(1, 40).number(OFFERED).octets(&[0; 16]).octets(&VERSION);
        draft.finish()
    }

    /// Answers a CHALLENGE message.
    pub(crate) fn authenticate(&self, challenge: &[u8]) -> Result<Zeroizing<Vec<u8>>, Objection> {
        self.authenticate_with(challenge, random().ok_or(Objection::Unavailable)?)
    }

    pub(super) fn authenticate_with(&self, challenge: &[u8], nonce: [u8; 8]) -> Result<Zeroizing<Vec<u8>>, Objection> {
        let challenge = Challenge::read(challenge).ok_or(Objection::Malformed)?;
        let message = if challenge.flags & (flag::TARGET_INFO | flag::EXTENDED_SESSION_SECURITY) != 0 {
            self.version_2(&challenge, nonce)
        } else if self.channel == Channel::Private {
            self.version_1(&challenge)
        } else {
            return Err(Objection::Outdated);
        };
        message.map(Zeroizing::new).ok_or(Objection::Malformed)
    }

    fn version_1(&self, challenge: &Challenge<'_>) -> Option<Vec<u8>> {
        let answer = self.hash.version_1(challenge.nonce);
        self.message(challenge, &answer, &answer)
    }

    fn version_2(&self, challenge: &Challenge<'_>, nonce: [u8; 8]) -> Option<Vec<u8>> {
        let key = self.hash.key(&self.user, &self.domain);
        let mut info = Vec::with_capacity(challenge.info.len() + 16);
        for (id, value) in pairs(challenge.info).filter(|(id, _)| *id != pair::FLAGS) {
            push_pair(&mut info, id, value)?;
        }
        if challenge.time.is_some() {
            push_pair(&mut info, pair::FLAGS, &HAS_INTEGRITY_CHECK.to_le_bytes())?;
        }
        push_pair(&mut info, pair::END, &[])?;
        let time = challenge.time.unwrap_or_else(|| file_time(self.now).to_le_bytes());
        let subject = [&[1, 1, 0, 0, 0, 0, 0, 0], &time[..], &nonce, &[0; 4], &info, &[0; 4]].concat();
        let proof = key.sign(&[&challenge.nonce, &subject]);
        let answer = [&proof[..], &subject].concat();
        // Beside a server's own time the older answer has nothing to add ([MS-NLMP] 3.1.5.1.2), and the messages of the
        // whole login are signed.
        let older = match challenge.time {
            Some(_) => [0; 24].to_vec(),
            None => [&key.sign(&[&challenge.nonce, &nonce])[..], &nonce].concat(),
        };
        let mut message = self.message(challenge, &older, &answer)?;
        if challenge.time.is_some() {
            let check = key.session(&proof).sign(&[&Self::negotiate(), challenge.octets, &message]);
            message.get_mut(INTEGRITY_CHECK..HEAD)?.copy_from_slice(&check);
        }
        Some(message)
    }

    fn message(&self, challenge: &Challenge<'_>, older: &[u8], answer: &[u8]) -> Option<Vec<u8>> {
        // Nothing is agreed on that was not offered, and of the encodings only one.
        let flags = challenge.flags & (OFFERED | flag::OEM);
        let flags = if flags & flag::UNICODE == 0 { flags } else { flags & !flag::OEM };
        let (domain, user) = (octets(&self.domain, flags), octets(&self.user, flags));
        let draft = Draft::new(3, HEAD).field(older)?.field(answer)?.field(&domain)?.field(&user)?;
        let draft = draft.field(&[])?.field(&[])?.number(flags).octets(&VERSION).octets(&[0; 16]);
        Some(draft.finish())
    }
}

/// A server's challenge.
struct Challenge<'a> {
    octets: &'a [u8],
    flags: u32,
    nonce: [u8; 8],
    info: &'a [u8],
    /// The server's time, if it says it.
    time: Option<[u8; 8]>,
}

impl<'a> Challenge<'a> {
    fn read(octets: &'a [u8]) -> Option<Self> {
        let message = Message::read(octets, 2)?;
        let (flags, nonce) = (message.number(20)?, message.array(24)?);
        let info = if flags & flag::TARGET_INFO == 0 { &[] } else { message.field(40)? };
        let time = pairs(info).find(|(id, _)| *id == pair::TIME).and_then(|(_, value)| value.try_into().ok());
        Some(Self { octets, flags, nonce, info, time })
    }
}
