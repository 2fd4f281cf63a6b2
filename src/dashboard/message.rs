//! What reaches a model, and what it wants done.

use std::sync::Arc;

use super::input::Input;
use crate::engine::{
    CheckEvent, Command, Outcome, QueuePage, QueueQuery, QueueShape, Snapshot, TranscriptEvent, TrialEvent,
};
use crate::mail::{Address, Domain};
use crate::oauth::DeviceLoginEvent;
use crate::queue::QueueId;

/// Everything that can happen to a model.
#[derive(Clone, Debug)]
pub enum Msg {
    /// A person did something.
    Input(Input),
    /// The engine has moved on.
    Snapshot(Arc<Snapshot>),
    /// An effect has come to its end, or tells of its progress.
    Answer(Answer),
}

/// What came of an effect.
#[derive(Clone, Debug)]
pub enum Answer {
    /// Of [`Effect::Execute`].
    Outcome(Request, Outcome),
    /// Of [`Effect::ReadQueue`].
    Page(QueuePage),
    /// Of [`Effect::ReadIds`].
    Ids(Vec<QueueId>),
    /// Of [`Effect::ReadShape`].
    Shape(QueueShape),
    /// Of [`Effect::WatchSession`], again and again; `None` is the end of the session with this id.
    Transcript(u64, Option<TranscriptEvent>),
    /// Of [`Effect::WatchSession`]: why there is nothing to watch.
    NoTranscript(u64, String),
    /// Of [`Effect::TestMessage`], again and again.
    Trial(TrialEvent),
    /// Of [`Effect::CheckSmartHost`] with this number, again and again.
    Check(u64, CheckEvent),
    /// Of [`Effect::CheckSmartHost`] with this number: why it is not checked.
    NoCheck(u64, String),
    /// Of [`Effect::LogIn`] with this number, again and again.
    LogIn(u64, DeviceLoginEvent),
    /// Of [`Effect::LogIn`] with this number: why nobody can log in.
    NoLogIn(u64, String),
    /// Of [`Effect::Export`]: where the file is, or why there is none.
    Exported(Result<String, String>),
}

/// What a model wants done. It never waits for any of it.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Have the engine do something.
    Execute(Request, Command),
    /// Read a window of the queue; of several only the last one matters.
    ReadQueue(QueueQuery),
    /// Read the ids of all messages of a list, in its order, whatever its offset and limit: for marks far from the
    /// window.
    ReadIds(QueueQuery),
    /// Read how old the mail of each destination is.
    ReadShape,
    /// Tell what a session says from now on; replaces the session watched before.
    WatchSession(u64),
    /// Stop telling.
    UnwatchSession,
    /// Send a test message through this server and tell the dialogue.
    TestMessage {
        /// The sender; `None` is the postmaster of this server.
        from: Option<Address>,
        /// The recipient.
        to: Address,
    },
    /// Check a smart host and tell each step; replaces the check before.
    CheckSmartHost {
        /// What its answers bear.
        number: u64,
        /// The domain whose way is checked; `None` is the general smart host.
        domain: Option<Domain>,
    },
    /// Stop checking.
    BreakOffCheck,
    /// Begin a login with a code; replaces the one before.
    LogIn {
        /// What its answers bear.
        number: u64,
        /// The remote domain with security of its own, as the settings name it; `None` for all other mail.
        domain: Option<String>,
    },
    /// Break the login off.
    BreakOffLogIn,
    /// Put text on the viewer's clipboard, by OSC 52.
    Copy(String),
    /// Write a file in the viewer's working directory; only where viewer and engine share it.
    Export {
        /// The file's name, without a folder.
        name: String,
        /// What it holds.
        octets: Vec<u8>,
    },
    /// Ask the terminal to report the mouse, or not to.
    Mouse(bool),
    /// Draw everything anew, whatever the terminal shows.
    Repaint,
    /// Leave.
    Quit,
}

/// What a command was given for, so that its outcome finds the way back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// An act of which the outcome is all there is to say.
    Act,
    /// A removal that `z` takes back.
    Delete(Vec<QueueId>),
    /// A bulk act that is to be confirmed.
    Plan(crate::engine::QueueAct),
    /// A message of the queue, for its detail.
    Message(String),
    /// The content of a message, for its detail.
    Preview(String),
    /// A message's file, to be written or copied.
    Content(String),
    /// A page of Badmail.
    Badmail,
    /// A message of Badmail, for its detail.
    BadMessage(String),
    /// An act on Badmail.
    BadmailAct,
    /// The users who may log in.
    Users,
    /// A change of them.
    UserAct,
    /// The settings file, for the form.
    SettingsText,
    /// New settings.
    SettingsApply,
}
