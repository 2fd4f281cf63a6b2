//! A message whose content is on its way: from the wire into its draft, and what speaks against it.

use std::io;

use crate::mail::{HopCounter, Received, ReceivedFrom, Reply, ReverseName};
use crate::smtp::data::{Decoder, Framing, MAX_LINE, Piece};
use crate::smtp::dialogue::{Dialogue, replies};
use crate::smtp::host::{Draft, Host, Submission};

/// A message between the start of its content and its end.
pub(super) struct Incoming<D> {
    pub(super) submission: Box<Submission>,
    decoder: Decoder,
    hops: HopCounter,
    /// Octets of content so far, without our own field.
    octets: u64,
    max_hops: u32,
    /// The largest message, and what is left of the session, in octets.
    max_octets: Option<u64>,
    session_left: Option<u64>,
    /// The message as long as nothing speaks against it, then the reply to give at its end: what is refused takes
    /// no memory and no disk while the rest of it comes in.
    draft: Result<D, Reply>,
}

impl<D: Draft> Incoming<D> {
    /// Starts a draft, with our `Received:` field as its first lines.
    pub(super) async fn begin<H: Host<Draft = D>>(
        host: &H,
        dialogue: &Dialogue,
        submission: Box<Submission>,
        framing: Framing,
    ) -> Self {
        let draft = host.begin(&submission);
        let field = received(host, dialogue, &submission, draft.id());
        let limits = dialogue.limits();
        let mut incoming = Self {
            submission,
            decoder: Decoder::new(framing),
            hops: HopCounter::new(host.instance()),
            octets: 0,
            max_hops: limits.hops,
            max_octets: limits.message,
            session_left: dialogue.session_left(),
            draft: Ok(draft),
        };
        incoming.store(field.as_bytes()).await;
        incoming
    }

    /// Takes content off the front of `input`; true once the end of data is reached.
    pub(super) async fn feed(&mut self, input: &mut &[u8]) -> bool {
        let mut ended = false;
        while let Some(piece) = self.decoder.next(input) {
            match piece {
                Piece::Content(bytes) => self.take(bytes).await,
                Piece::End => {
                    ended = true;
                    break;
                }
            }
        }
        if let Some(reply) = self.objection() {
            self.refuse(reply);
        }
        ended
    }

    /// Ends a message that came in chunks.
    pub(super) async fn end_chunks(&mut self) {
        let missing = self.decoder.finish();
        if !missing.is_empty() {
            self.take(missing).await;
        }
    }

    /// Octets of content so far.
    pub(super) fn octets(&self) -> u64 {
        self.octets
    }

    /// Why the message is refused already, though its end may be far.
    pub(super) fn refusal(&self) -> Option<&Reply> {
        self.draft.as_ref().err()
    }

    /// The message and its size in octets, or the reply that refuses it.
    pub(super) fn finish(self) -> (Box<Submission>, Result<(D, u64), Reply>) {
        let whole = match self.draft {
            Err(reply) => Err(reply),
            Ok(_) if self.hops.own() >= OWN_HOPS => Err(replies::looping()),
            Ok(_) if self.hops.hops() > self.max_hops => Err(replies::too_many_hops()),
            Ok(draft) => Ok((draft, self.octets)),
        };
        (self.submission, whole)
    }

    async fn take(&mut self, bytes: &[u8]) {
        self.octets = self.octets.saturating_add(bytes.len() as u64);
        if self.max_octets.is_some_and(|max| self.octets > max) {
            self.refuse(replies::too_big());
        } else if self.session_left.is_some_and(|left| self.octets > left) {
            self.refuse(replies::session_full());
        }
        self.hops.see(bytes);
        self.store(bytes).await;
    }

    async fn store(&mut self, bytes: &[u8]) {
        let Ok(draft) = &mut self.draft else { return };
        if let Err(error) = draft.push(bytes).await {
            self.refuse(storage_failure(&error));
        }
    }

    /// What the decoder met that this client may not send. From those who may relay, bare line ends are mended: there
    /// are scanners and scripts among them that know no better. A NUL is refused from everyone.
    fn objection(&self) -> Option<Reply> {
        let met = self.decoder.met();
        if met.nul {
            Some(replies::nul_in_content())
        } else if met.bare_line_end && !self.submission.peer.may_relay {
            Some(replies::bare_line_end())
        } else if met.long_line {
            Some(replies::line_of_content_too_long(MAX_LINE))
        } else {
            None
        }
    }

    fn refuse(&mut self, reply: Reply) {
        if self.draft.is_ok() {
            self.draft = Err(reply);
        }
    }
}

/// How often our own mark shows a loop. Once may be a filter that hands the message back to us.
const OWN_HOPS: u32 = 2;

fn received<H: Host>(host: &H, dialogue: &Dialogue, submission: &Submission, id: &str) -> String {
    let Submission { envelope, peer, helo, user: _, encryption, protocol } = submission;
    let encryption = encryption.map(|encryption| encryption.to_string());
    let name = match &peer.name {
        _ if !dialogue.settings().delivery.advanced.reverse_dns => ReverseName::NotAsked,
        Some(name) => ReverseName::Verified(name),
        None => ReverseName::Failed,
    };
    let from = ReceivedFrom { helo: helo.as_deref(), address: peer.address.ip(), name };
    let recipient = match envelope.recipients.as_slice() {
        [recipient] => Some(&recipient.address),
        _ => None,
    };
    let by = dialogue.host();
    let (instance, at) = (host.instance(), host.now());
    let encryption = encryption.as_deref();
    Received { from: Some(from), by, instance, with: Some(protocol), encryption, id, recipient, at }.to_string()
}

/// A full disk is told from a broken one, since the client may wait for the one to end.
fn storage_failure(error: &io::Error) -> Reply {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => replies::out_of_space(),
        _ => replies::storage_failed(),
    }
}
