//! What can be asked of a running engine, by whom, and what comes back.

use serde::{Deserialize, Serialize};

use crate::config::Confidential;

/// Who asks; written beside every act.
#[derive(Clone, Debug)]
pub struct Actor {
    /// As the delivery log names them: `uid 1000`, `signal`.
    pub name: String,
    /// What they may do.
    pub role: Role,
}

/// What an actor may do; each role may do what those before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Look, at everything but the content of mail.
    Observer,
    /// Retry, hold, release, pause, close sessions.
    Operator,
    /// Delete, resend, export, settings, stop.
    Admin,
}

impl std::fmt::Display for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Observer => "observer",
            Self::Operator => "operator",
            Self::Admin => "admin",
        })
    }
}

/// One request, in the form in which it also crosses the control socket.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "kebab-case")]
pub enum Command {
    /// The whole picture in short.
    Status,
    /// The sessions, inbound and outbound.
    Sessions,
    /// Ends a session.
    CloseSession {
        /// As `sessions` shows it.
        id: u64,
    },
    /// A page of the queue.
    QueueList {
        /// An EXPR; empty for all.
        filter: String,
        /// Messages to skip.
        offset: usize,
        /// Messages to return, at most 500.
        limit: usize,
    },
    /// One message in full, without its body.
    QueueShow {
        /// Which.
        id: String,
    },
    /// An act on messages of the queue.
    QueueAct {
        /// Which act.
        act: QueueAct,
        /// On what.
        target: Target,
    },
    /// Works out on which messages an act would work, and remembers them for [`Command::QueueApply`].
    QueuePlan {
        /// Which act.
        act: QueueAct,
        /// On what.
        target: Target,
    },
    /// Does what was planned, to exactly the messages that the plan named.
    QueueApply {
        /// As the plan named itself.
        plan: String,
    },
    /// The header fields and the text of a message, made safe to read.
    QueuePreview {
        /// Which.
        id: String,
    },
    /// The message as text, content included.
    QueueExport {
        /// Which.
        id: String,
    },
    /// A page of Badmail.
    BadmailList {
        /// An EXPR; empty for all.
        filter: String,
        /// Messages to skip.
        offset: usize,
        /// Messages to return, at most 500.
        limit: usize,
    },
    /// One message of Badmail.
    BadmailShow {
        /// Which.
        id: String,
    },
    /// The header fields and the text of a message of Badmail, made safe to read.
    BadmailPreview {
        /// Which.
        id: String,
    },
    /// An act on Badmail.
    BadmailAct {
        /// Which act.
        act: BadmailAct,
        /// On what.
        target: Target,
    },
    /// The newest lines of the delivery log.
    Log {
        /// An EXPR-like text that must occur; empty for all.
        filter: String,
        /// How many.
        limit: usize,
        /// Stay and send what comes.
        follow: bool,
    },
    /// Take no new connections, or hold back one destination.
    Pause {
        /// `None` is the whole server.
        domain: Option<String>,
    },
    /// Undoes `Pause`.
    Resume {
        /// `None` is the whole server.
        domain: Option<String>,
    },
    /// The destinations and their health.
    Destinations,
    /// Tries where mail goes up to the login, and explains each step.
    CheckSmartHost {
        /// Whose mail; `None` is the general smart host.
        domain: Option<String>,
    },
    /// The settings file as it is, with stand-ins for its secrets.
    SettingsText,
    /// Replaces the settings file and applies it: all of it or nothing.
    SettingsApply {
        /// The new text. New secrets in it go to files of their own; those that stand-ins are in place of stay.
        text: Confidential,
        /// The text it was made from; if the file holds another one, nothing is done.
        base: Confidential,
    },
    /// The users who may log in.
    UserList,
    /// Adds a user.
    UserAdd {
        /// The name.
        name: String,
        /// The password in clear; hashes of it are kept.
        password: Confidential,
        /// Whether the user may log in by NTLM.
        #[serde(default)]
        ntlm: bool,
        /// The addresses and domains the user may send from; empty for any.
        #[serde(default)]
        senders: Vec<String>,
        /// How many messages in an hour; none or 0 for any number.
        #[serde(default)]
        max_messages_per_hour: Option<u32>,
    },
    /// Changes a user; what is not given stays.
    UserChange {
        /// The name.
        name: String,
        /// A new password in clear.
        #[serde(default)]
        password: Option<Confidential>,
        /// Whether the user may log in by NTLM; to allow it takes a new password.
        #[serde(default)]
        ntlm: Option<bool>,
        /// The addresses and domains the user may send from; empty for any.
        #[serde(default)]
        senders: Option<Vec<String>>,
        /// How many messages in an hour; 0 for any number.
        #[serde(default)]
        max_messages_per_hour: Option<u32>,
    },
    /// Removes a user.
    UserRemove {
        /// The name.
        name: String,
    },
    /// Read the settings file again.
    Reload,
    /// Drain and stop.
    Stop,
}

/// What to do with messages of the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum QueueAct {
    /// Try at once.
    Retry,
    /// Set aside until released.
    Hold,
    /// Undo a hold.
    Release,
    /// Remove; for a day the files stay in `.state`.
    Delete,
    /// Undo a removal.
    Restore,
}

/// What to do with Badmail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BadmailAct {
    /// Put back into the queue, for the recipients still pending.
    Resend,
    /// Remove for good.
    Delete,
}

/// On which messages an act works.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Target {
    /// These.
    Ids(Vec<String>),
    /// All that match an EXPR.
    Filter(String),
    /// All.
    All,
}

/// What came of a command.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum Outcome {
    /// A view, in the JSON form that is also printed: text and JSON have one source.
    View {
        /// With its `schema` number.
        view: serde_json::Value,
    },
    /// An act was done.
    Done {
        /// To how many.
        count: usize,
        /// A sentence for people.
        message: String,
    },
    /// Nothing was done.
    Refused {
        /// Why, and what to do.
        reason: String,
    },
    /// Nothing was done, since the settings file was changed by somebody else meanwhile.
    Conflict {
        /// What the file holds now, with stand-ins for its secrets.
        text: Confidential,
    },
}

impl Outcome {
    /// A refusal.
    pub fn refused(reason: impl Into<String>) -> Self {
        Self::Refused { reason: reason.into() }
    }

    /// An act that was done.
    pub fn done(count: usize, message: impl Into<String>) -> Self {
        Self::Done { count, message: message.into() }
    }
}

impl Command {
    /// What people call it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Sessions => "sessions",
            Self::CloseSession { .. } => "sessions close",
            Self::QueueList { .. } => "queue list",
            Self::QueueShow { .. } => "queue show",
            Self::QueueAct { act: QueueAct::Retry, .. } => "queue retry",
            Self::QueueAct { act: QueueAct::Hold, .. } => "queue hold",
            Self::QueueAct { act: QueueAct::Release, .. } => "queue release",
            Self::QueueAct { act: QueueAct::Delete, .. } => "queue delete",
            Self::QueueAct { act: QueueAct::Restore, .. } => "queue restore",
            Self::QueuePlan { .. } => "queue plan",
            Self::QueueApply { .. } => "queue apply",
            Self::QueuePreview { .. } => "queue preview",
            Self::QueueExport { .. } => "queue export",
            Self::BadmailList { .. } => "badmail list",
            Self::BadmailShow { .. } => "badmail show",
            Self::BadmailPreview { .. } => "badmail preview",
            Self::BadmailAct { act: BadmailAct::Resend, .. } => "badmail resend",
            Self::BadmailAct { act: BadmailAct::Delete, .. } => "badmail delete",
            Self::Log { .. } => "log",
            Self::Pause { .. } => "pause",
            Self::Resume { .. } => "resume",
            Self::Destinations => "destinations",
            Self::CheckSmartHost { .. } => "check smart-host",
            Self::SettingsText => "settings text",
            Self::SettingsApply { .. } => "settings apply",
            Self::UserList => "user list",
            Self::UserAdd { .. } => "user add",
            Self::UserChange { .. } => "user change",
            Self::UserRemove { .. } => "user remove",
            Self::Reload => "reload",
            Self::Stop => "stop",
        }
    }

    /// The least role that may ask this.
    pub fn needs(&self) -> Role {
        match self {
            Self::Status
            | Self::Sessions
            | Self::QueueList { .. }
            | Self::QueueShow { .. }
            | Self::BadmailList { .. }
            | Self::BadmailShow { .. }
            | Self::Log { .. }
            | Self::Destinations
            // What is applied is what was planned, and may need more.
            | Self::QueueApply { .. } => Role::Observer,
            Self::QueuePlan { act, .. } | Self::QueueAct { act, .. } => act.needs(),
            Self::CloseSession { .. }
            | Self::CheckSmartHost { .. }
            | Self::Pause { .. }
            | Self::Resume { .. } => Role::Operator,
            Self::QueuePreview { .. }
            | Self::BadmailPreview { .. }
            | Self::SettingsText
            | Self::SettingsApply { .. }
            | Self::QueueExport { .. }
            | Self::BadmailAct { .. }
            | Self::UserList
            | Self::UserAdd { .. }
            | Self::UserChange { .. }
            | Self::UserRemove { .. }
            | Self::Reload
            | Self::Stop => Role::Admin,
        }
    }
}

impl QueueAct {
    /// The least role that may do it.
    pub const fn needs(self) -> Role {
        match self {
            Self::Retry | Self::Hold | Self::Release => Role::Operator,
            Self::Delete | Self::Restore => Role::Admin,
        }
    }
}
