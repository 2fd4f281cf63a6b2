//! Closing a session by hand.

use crate::dashboard::message::{Effect, Request};
use crate::dashboard::overlays::confirm::Confirm;
use crate::engine::Command;
use crate::ledger::{Activity, Direction, SessionSnapshot};
use crate::text::printable;

/// What closing a session takes.
pub(super) enum Closing {
    /// No message is under way: nothing to ask.
    AtOnce(Vec<Effect>),
    /// Somebody waits for an answer to a message.
    Asked(Confirm),
}

/// How a session is closed.
pub(super) fn close(session: &SessionSnapshot) -> Closing {
    let effects = vec![Effect::Execute(Request::Act, Command::CloseSession { id: session.id })];
    match at_stake(session) {
        None => Closing::AtOnce(effects),
        Some([what, then]) => {
            let name = session.name.as_deref().map(|name| format!(" ({})", printable(name))).unwrap_or_default();
            let lines = vec![format!("{}{name} {what}", session.peer), then.to_owned()];
            Closing::Asked(Confirm::new("Close this session?", lines, "Close it", effects))
        }
    }
}

/// What the session is in the middle of, and what becomes of the mail.
fn at_stake(session: &SessionSnapshot) -> Option<[&'static str; 2]> {
    match (session.direction, session.activity) {
        (Direction::Inbound, Activity::Content) => Some([
            "is in the middle of sending a message.",
            "Nothing of it is kept here. The client has no 250 for it, so it still has it, and should send it again.",
        ]),
        (Direction::Inbound, Activity::Committing) => Some([
            "waits for the 250 to a message that is being written to the queue.",
            "The message will be delivered. The client sees no 250, so it may send it a second time.",
        ]),
        (Direction::Outbound, Activity::Envelope | Activity::Content) => Some([
            "is being handed a message.",
            "The message stays in the queue and is tried again. If only the server's answer is missing, \
             the recipient may get it twice.",
        ]),
        _ => None,
    }
}
