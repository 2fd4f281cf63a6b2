//! The part of a session in which content comes in: DATA, BDAT, and chunks that are refused.

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, sleep_until};

use super::incoming::Incoming;
use super::{End, Server, some};
use crate::ledger::Activity;
use crate::mail::Reply;
use crate::smtp::data::Framing;
use crate::smtp::dialogue::{Chunk, replies};
use crate::smtp::host::{Draft, Host, Refusal, Submission};
use crate::smtp::limits::MAX_DISCARDED;
use crate::smtp::transcript;

impl<S, H> Server<S, H>
where
    S: AsyncRead + AsyncWrite + Send + Unpin,
    H: Host,
{
    /// Reads content up to its end of data.
    pub(super) async fn data(&mut self, submission: Box<Submission>) -> Result<(), End> {
        self.session.set_activity(Activity::Content);
        self.output.push(&replies::start_input());
        let mut message = Incoming::begin(&*self.host, &self.dialogue, submission, Framing::Dots).await;
        let mut pace = Pace::new();
        loop {
            let before = self.input.unread();
            let mut rest = before;
            let ended = message.feed(&mut rest).await;
            let taken = before.len() - rest.len();
            self.input.consume(taken);
            self.note_content(taken);
            if ended {
                self.tell_content(message.octets());
                transcript::tell_commands(&**self.session.audience(), b".");
                return self.complete(message).await;
            }
            self.receive_content(&mut pace, message.refusal().is_some()).await?;
        }
    }

    /// Reads a chunk of content.
    pub(super) async fn chunk(&mut self, chunk: Chunk) -> Result<(), End> {
        self.session.set_activity(Activity::Content);
        let begun = self.chunks.take();
        let mut message = match (chunk.submission, begun) {
            (Some(submission), _) => Incoming::begin(&*self.host, &self.dialogue, submission, Framing::Counted).await,
            (None, Some(message)) => message,
            // The dialogue and we have lost each other, which no client can bring about.
            (None, None) => return Err(End::Gone),
        };
        let mut pace = Pace::new();
        let mut left = chunk.octets;
        while left > 0 {
            let unread = self.input.unread();
            let taken = unread.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            message.feed(&mut &unread[..taken]).await;
            self.input.consume(taken);
            self.note_content(taken);
            left -= taken as u64;
            if left > 0 {
                self.receive_content(&mut pace, message.refusal().is_some()).await?;
            }
        }
        self.tell_content(chunk.octets);
        if chunk.last {
            message.end_chunks().await;
            return self.complete(message).await;
        }
        if let Some(reply) = message.refusal() {
            let reply = reply.clone();
            self.dialogue.chunk_refused();
            return self.turn_away(&message.submission, reply).await;
        }
        self.chunks = Some(message);
        self.answer(&replies::chunk_ok(chunk.octets)).await
    }

    /// Reads a chunk that was refused, for nothing but what follows it.
    pub(super) async fn swallow(&mut self, octets: u64) -> Result<(), End> {
        let mut pace = Pace::new();
        let mut left = octets;
        while left > 0 {
            if self.input.is_empty() {
                self.receive_content(&mut pace, true).await?;
            }
            let taken = self.input.unread().len().min(usize::try_from(left).unwrap_or(usize::MAX));
            self.input.consume(taken);
            left -= taken as u64;
        }
        self.tell_content(octets);
        Ok(())
    }

    /// Makes a whole message durable and says so. Nothing stops this half-way: whoever left meanwhile, the message
    /// is either kept whole or not at all.
    async fn complete(&mut self, message: Incoming<H::Draft>) -> Result<(), End> {
        self.session.set_activity(Activity::Committing);
        let (submission, whole) = message.finish();
        let (draft, octets) = match whole {
            Ok(whole) => whole,
            Err(reply) => return self.turn_away(&submission, reply).await,
        };
        let queued = replies::queued(draft.id());
        match self.host.commit(draft).await {
            Ok(()) => {
                self.dialogue.accepted(octets);
                self.session.count_message();
                self.answer(&queued).await
            }
            Err(reply) => self.answer(&reply).await,
        }
    }

    /// Refuses a message whose content was read.
    async fn turn_away(&mut self, submission: &Submission, reply: Reply) -> Result<(), End> {
        let sender = submission.envelope.sender.clone();
        let refusal = Refusal { sender, recipient: None, reply };
        self.host.refused(self.dialogue.peer(), self.dialogue.user(), &refusal);
        self.answer(&refusal.reply).await
    }

    fn tell_content(&self, octets: u64) {
        transcript::tell_content(&**self.session.audience(), octets);
    }

    fn note_content(&self, octets: usize) {
        if octets > 0 {
            self.session.count_bytes(octets as u64);
        }
    }

    /// Sends what is gathered and waits for more content, as long as it comes at a decent pace.
    async fn receive_content(&mut self, pace: &mut Pace, discarding: bool) -> Result<(), End> {
        self.flush().await?;
        if discarding && pace.octets > MAX_DISCARDED {
            self.output.push(&replies::too_much(self.dialogue.host()));
            return Err(End::Hangup);
        }
        if self.dialogue.limits().is_too_slow(pace.octets, pace.begun.elapsed()) {
            self.output.push(&replies::too_slow(self.dialogue.host()));
            return Err(End::Hangup);
        }
        let deadline = Instant::now() + self.timeout;
        let Self { stream, input, session, .. } = self;
        let received = tokio::select! {
            biased;
            () = session.closed() => return Err(End::Closed),
            received = input.fill_content(stream) => received,
            () = sleep_until(deadline) => return Err(End::TimedOut),
        };
        pace.octets += received.as_ref().map_or(0, |&octets| octets as u64);
        some(&received)
    }
}

/// How content comes in.
struct Pace {
    begun: Instant,
    octets: u64,
}

impl Pace {
    fn new() -> Self {
        Self { begun: Instant::now(), octets: 0 }
    }
}
