//! The part of the dialogue that is about a message: MAIL, RCPT, DATA, BDAT, and who may send to whom.

use super::{Chunk, Dialogue, Stage, Step, replies};
use crate::mail::{Address, Envelope, Recipient, Reply, ReversePath};
use crate::smtp::command::CommandError;
use crate::smtp::host::{Peer, Refusal, Submission};
use crate::smtp::limits::{MAX_SWALLOWED_CHUNK, RECIPIENT_OVERSHOOT};
use crate::smtp::parameters::{MailParameters, ParameterError, RcptParameters};
use crate::smtp::path::{Path, PathError};

/// A transaction between MAIL and its content.
#[derive(Debug)]
pub struct Transaction {
    pub(super) envelope: Envelope,
    /// The size declared with SIZE.
    declared: Option<u64>,
    /// Whether a recipient was refused.
    refused: bool,
    /// Recipients over the limit.
    overshoot: u32,
}

impl Transaction {
    /// The sender.
    pub fn sender(&self) -> &ReversePath {
        &self.envelope.sender
    }

    /// The size declared with SIZE, in octets.
    pub fn declared_size(&self) -> Option<u64> {
        self.declared
    }
}

impl Dialogue {
    pub(super) fn mail(&mut self, path: Path, parameters: MailParameters) -> Step {
        match self.stage {
            Stage::Idle => {}
            Stage::Envelope(_) => return Step::Reply(replies::second_mail()),
            Stage::Chunks(_) | Stage::ChunkRefused => return Step::Reply(replies::only_bdat()),
        }
        if let Some(reply) = self.objection() {
            return Step::Reply(reply);
        }
        if parameters.auth && self.mechanisms().is_empty() {
            return Step::Reply(replies::syntax(&CommandError::Parameter(ParameterError::Unsupported("AUTH"))));
        }
        let sender = match path {
            Path::Null => ReversePath::Null,
            Path::Mailbox(address) => ReversePath::Mailbox(address),
            Path::Local(local) => match self.complete(&local, parameters.smtputf8) {
                Ok(address) => ReversePath::Mailbox(address),
                Err(error) => return Step::Reply(replies::sender_invalid(error)),
            },
        };
        let declared = parameters.size;
        if self.limits.message.is_some_and(|limit| declared.unwrap_or(0) > limit) {
            return Step::Refuse(Box::new(Refusal { sender, recipient: None, reply: replies::too_big() }));
        }
        if self.session_left().is_some_and(|left| left == 0 || declared.unwrap_or(0) > left) {
            return Step::Refuse(Box::new(Refusal { sender, recipient: None, reply: replies::session_full() }));
        }
        let MailParameters { size: _, body, smtputf8, ret, envid, auth: _ } = parameters;
        let envelope = Envelope { body: body.unwrap_or_default(), smtputf8, envid, ret, ..Envelope::new(sender) };
        Step::Admit(Box::new(Transaction { envelope, declared, refused: false, overshoot: 0 }))
    }

    pub(super) fn rcpt(&mut self, path: Path, parameters: RcptParameters) -> Step {
        let utf8 = match &self.stage {
            Stage::Envelope(transaction) => transaction.envelope.smtputf8,
            Stage::Idle => return Step::Reply(replies::need_mail()),
            Stage::Chunks(_) | Stage::ChunkRefused => return Step::Reply(replies::only_bdat()),
        };
        let address = match path {
            Path::Null => return Step::Reply(replies::recipient_invalid(PathError::Malformed)),
            Path::Mailbox(address) => Ok(address),
            // Only the postmaster has a mailbox at no domain (RFC 5321 2.3.5); to complete anything else for an
            // outsider would turn `"victim@elsewhere"` into an address of ours.
            Path::Local(local) if !self.may_relay() && !local.eq_ignore_ascii_case("postmaster") => {
                return Step::Reply(replies::unable_to_relay(&local));
            }
            Path::Local(local) => self.complete(&local, utf8),
        };
        let address = match address {
            Ok(address) => address,
            Err(error) => return Step::Reply(replies::recipient_invalid(error)),
        };
        let may_send = self.may_send_to(&address);
        let limit = self.limits.recipients();
        let Stage::Envelope(transaction) = &mut self.stage else { return Step::Reply(replies::need_mail()) };
        if !may_send {
            transaction.refused = true;
            let reply = replies::unable_to_relay(&address);
            let sender = transaction.envelope.sender.clone();
            return Step::Refuse(Box::new(Refusal { sender, recipient: Some(address), reply }));
        }
        if transaction.envelope.recipients.len() >= limit {
            transaction.overshoot += 1;
            return if transaction.overshoot > RECIPIENT_OVERSHOOT {
                Step::Close(replies::far_too_many_recipients(self.host()))
            } else {
                Step::Reply(replies::too_many_recipients())
            };
        }
        let reply = replies::recipient_ok(&address);
        let RcptParameters { notify, orcpt } = parameters;
        transaction.envelope.recipients.push(Recipient { address, notify, orcpt });
        Step::Reply(reply)
    }

    pub(super) fn data(&mut self) -> Step {
        match std::mem::replace(&mut self.stage, Stage::Idle) {
            Stage::Envelope(transaction) if !transaction.envelope.recipients.is_empty() => {
                Step::Data(Box::new(self.submission(transaction.envelope)))
            }
            stage => {
                let reply = without_content(&stage);
                self.stage = stage;
                Step::RefuseData(reply)
            }
        }
    }

    pub(super) fn bdat(&mut self, octets: u64, last: bool) -> Step {
        let before = match &self.stage {
            Stage::Envelope(transaction) if !transaction.envelope.recipients.is_empty() => 0,
            Stage::Chunks(octets) => *octets,
            Stage::ChunkRefused => return swallow(octets, replies::chunk_failed_before()),
            stage => return swallow(octets, without_content(stage)),
        };
        let after = before.saturating_add(octets);
        let fits = self.limits.message.is_none_or(|limit| after <= limit);
        let next = match (last, fits) {
            (true, _) => Stage::Idle,
            (false, true) => Stage::Chunks(after),
            (false, false) => Stage::ChunkRefused,
        };
        let stage = std::mem::replace(&mut self.stage, next);
        if !fits {
            return swallow(octets, replies::too_big());
        }
        let submission = match stage {
            Stage::Envelope(transaction) => Some(Box::new(self.submission(transaction.envelope))),
            _ => None,
        };
        Step::Chunk(Chunk { octets, last, submission })
    }

    pub(super) fn complete(&self, local: &str, utf8: bool) -> Result<Address, PathError> {
        Ok(Address::from_parts(local, &self.settings.local.default_domain, utf8)?)
    }

    /// The relay decision. Nothing that a client says of itself or of the sender has a part in it.
    ///
    /// Mail for a local domain is taken for every local part, since Drop is for all of them.
    pub(super) fn may_send_to(&self, recipient: &Address) -> bool {
        if self.may_relay() {
            return true;
        }
        let domain = recipient.domain();
        let is_open = self.settings.local.is_local(domain) || self.settings.domain(domain).is_some_and(|d| d.relay);
        is_open && !looks_routed(recipient.local())
    }

    fn submission(&self, envelope: Envelope) -> Submission {
        let protocol = self.protocol(envelope.smtputf8);
        let helo = self.hello.as_ref().map(|hello| hello.name.clone()).filter(|name| !name.is_empty());
        let peer = Peer { may_relay: self.may_relay(), ..self.peer.clone() };
        Submission { envelope, peer, helo, user: self.trust.user.clone(), encryption: self.trust.session(), protocol }
    }

    /// The registered name of what is spoken (RFC 3848, RFC 6531 4.3). TLS and logins are extensions, whether EHLO or
    /// HELO was said.
    fn protocol(&self, utf8: bool) -> &'static str {
        let is_extended = self.hello.as_ref().is_some_and(|hello| hello.extended);
        match (utf8, self.trust.session().is_some(), self.trust.user.is_some()) {
            (true, false, false) => "UTF8SMTP",
            (true, false, true) => "UTF8SMTPA",
            (true, true, false) => "UTF8SMTPS",
            (true, true, true) => "UTF8SMTPSA",
            (false, false, false) if is_extended => "ESMTP",
            (false, false, false) => "SMTP",
            (false, false, true) => "ESMTPA",
            (false, true, false) => "ESMTPS",
            (false, true, true) => "ESMTPSA",
        }
    }
}

/// Whether another system might take a local part for a route to somewhere else: `%`, `!` and `@`, their look-alikes
/// that some normalisation folds into them, and encoded words. It means nothing to us, but an outsider has no honest
/// use for it, and the hop behind us may think otherwise.
fn looks_routed(local: &str) -> bool {
    local.contains(['%', '!', '@', '\u{ff05}', '\u{ff01}', '\u{ff20}', '\u{fe6a}', '\u{fe57}', '\u{fe6b}'])
        || local.contains("=?")
}

/// The reply to content that has no transaction to go with.
fn without_content(stage: &Stage) -> Reply {
    match stage {
        Stage::Idle => replies::need_mail(),
        Stage::Envelope(transaction) if transaction.refused => replies::no_valid_recipients(),
        Stage::Envelope(_) => replies::need_recipient(),
        Stage::Chunks(_) | Stage::ChunkRefused => replies::only_bdat(),
    }
}

/// A refused chunk is on its way all the same (RFC 3030 2). One too large to be read for nothing ends the session.
fn swallow(octets: u64, reply: Reply) -> Step {
    if octets > MAX_SWALLOWED_CHUNK { Step::Close(reply) } else { Step::Swallow(octets, reply) }
}
