//! A session watched live: the ledger's lines as events for a viewer.

use std::sync::Arc;

use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use crate::clock::{Clock, Timestamp};
use crate::ledger::{Direction, SessionSnapshot, Side, Told};

/// The dialogue of a session from the moment of watching on. Nobody waits for who reads it too slowly; dropping it
/// ends the watching.
pub struct SessionWatch {
    clock: Arc<Clock>,
    /// Told first.
    known: Option<String>,
    lines: Receiver<Told>,
}

/// What happens in a session that is watched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TranscriptEvent {
    /// A line of the dialogue. Content is summed up in one, and secrets are masked.
    Line {
        /// Whose words these are.
        side: Side,
        /// Printable, without line end, at most 1,000 characters.
        text: String,
        /// When it was said.
        at: Timestamp,
    },
    /// What the engine has to say of the session: first what is known of it, later why it ends.
    Remark {
        /// Printable.
        text: String,
        /// When.
        at: Timestamp,
    },
    /// So many lines came faster than they were read.
    Missed {
        /// How many.
        lines: u64,
    },
}

impl SessionWatch {
    pub(super) fn new(clock: Arc<Clock>, session: &SessionSnapshot, lines: Receiver<Told>) -> Self {
        Self { clock, known: Some(known(session)), lines }
    }

    /// The next event; `None` once the session has ended.
    pub async fn next(&mut self) -> Option<TranscriptEvent> {
        if let Some(text) = self.known.take() {
            return Some(TranscriptEvent::Remark { text, at: self.clock.now() });
        }
        match self.lines.recv().await {
            Ok(Told { at, side, text }) => {
                let (text, at) = (String::from(text), self.clock.at(at));
                Some(match side {
                    Some(side) => TranscriptEvent::Line { side, text, at },
                    None => TranscriptEvent::Remark { text, at },
                })
            }
            Err(RecvError::Lagged(lines)) => Some(TranscriptEvent::Missed { lines }),
            Err(RecvError::Closed) => None,
        }
    }
}

/// A transcript begins in the middle; this stands for what came before.
fn known(session: &SessionSnapshot) -> String {
    let (from, called) = match session.direction {
        Direction::Inbound => ("from", "calls itself"),
        Direction::Outbound => ("to", "is"),
    };
    let name = session.name.as_deref().map(|name| format!(", which {called} {name}")).unwrap_or_default();
    let user = session.user.as_deref().map(|user| format!(", logged in as {user}")).unwrap_or_default();
    let tls = session.encryption.map(|encryption| format!(", under {encryption}")).unwrap_or_default();
    let messages = if session.messages == 1 { "message" } else { "messages" };
    format!(
        "{} {from} {}{name}{user}{tls}: open for {} s, {}, {} {messages} so far; the dialogue from here on:",
        session.direction.as_str(),
        session.peer,
        session.age.as_secs(),
        session.activity.as_str(),
        session.messages,
    )
}
