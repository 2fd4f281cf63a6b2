//! Why a dialogue with a remote server came to nothing.

use std::fmt;
use std::io;
use std::time::Duration;

use super::ReplyError;
use super::dot_stuffing::BareLineEnd;
use crate::mail::{EnhancedStatus, Reply};
use crate::sasl::Mechanism;
use crate::text::printable;
use crate::tls::TlsError;

/// The connection or the dialogue broke, and of the transaction nothing is known but what this says. The
/// connection is of no more use.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The server will not go on: 4xx or 5xx to the connection or to HELO, or 421 at any point.
    #[error("the remote server would not go on after {stage}: {reply}")]
    Refused {
        /// Where the dialogue stood.
        stage: Stage,
        /// What the server said.
        reply: Reply,
    },
    /// The connection ended.
    #[error("connection lost while {} ({})", stage.waiting(), source.kind())]
    Lost {
        /// Where the dialogue stood.
        stage: Stage,
        /// What the system said.
        source: io::Error,
    },
    /// The server did not answer, or took no more of the content.
    #[error("timed out after {} while {}", humantime::format_duration(*after), stage.waiting())]
    TimedOut {
        /// Where the dialogue stood.
        stage: Stage,
        /// How long it was waited for.
        after: Duration,
    },
    /// What the server sent is no reply.
    #[error("{problem} (while {})", stage.waiting())]
    BadReply {
        /// Where the dialogue stood.
        stage: Stage,
        /// What is wrong with it.
        problem: ReplyError,
    },
    /// The server sent a reply that fits no command of ours, so that none of its replies can be trusted to belong
    /// to the recipient it seems to belong to.
    #[error("the remote server's replies do not match the commands (while {}): {said}", stage.waiting())]
    OutOfStep {
        /// Where the dialogue stood.
        stage: Stage,
        /// What the server said, printable.
        said: String,
    },
    /// What is sent has to be encrypted, and the server offers no STARTTLS.
    #[error("the server offers no STARTTLS, and mail for it must not travel in clear")]
    Unencrypted,
    /// The handshake failed.
    #[error("no TLS with the server: {0}")]
    Tls(TlsError),
    /// The server knows no mechanism of ours that these credentials are good for.
    #[error("no login at the server: {wanted} is wanted, and it offers {}", offer(offered))]
    NoMechanism {
        /// What would do.
        wanted: &'static str,
        /// What it offers, printable.
        offered: Vec<Box<str>>,
    },
    /// The server does not take the credentials, or takes none now.
    #[error("the login as {} with {} was refused: {reply}{}", printable(user.as_bytes()), mechanism.name(), more(details.as_deref()))]
    LoginRefused {
        /// As whom.
        user: Box<str>,
        /// By which mechanism.
        mechanism: Mechanism,
        /// What the server said, without secrets of ours.
        reply: Reply,
        /// What it said of the token besides, printable and without secrets of ours.
        details: Option<Box<str>>,
    },
    /// The server's part of the login makes no sense, and it was cancelled.
    #[error("the login with {} was broken off: {problem}", mechanism.name())]
    LoginBroken {
        /// By which mechanism.
        mechanism: Mechanism,
        /// What is wrong.
        problem: Box<str>,
    },
    /// Our own content could not be read.
    #[error("the content of the message cannot be read ({})", source.kind())]
    Unreadable {
        /// What the system said.
        source: io::Error,
    },
    /// Our own content is not in normal form. Nothing of it that could end the message early was sent.
    #[error("the content of the message has a bare CR or LF and was not sent")]
    BareLineEnd,
}

/// Where a dialogue stands: what is being sent or waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Connected, nothing said yet.
    Greeting,
    /// EHLO, or HELO after it.
    Hello,
    /// STARTTLS.
    StartTls,
    /// The TLS handshake.
    Handshake,
    /// AUTH, with all that follows up to its outcome.
    Login,
    /// MAIL FROM.
    Mail,
    /// RCPT TO.
    Rcpt,
    /// DATA.
    Data,
    /// The content, up to the last octet of its final dot.
    Content,
    /// All is sent, the server has not yet said that it is responsible.
    EndOfData,
    /// RSET after a transaction that failed.
    Reset,
    /// QUIT.
    Quit,
}

impl ClientError {
    /// Whether TLS was tried and did not come to be, be it that the server never finished the handshake.
    pub fn is_of_handshake(&self) -> bool {
        matches!(self, Self::Tls(_) | Self::TimedOut { stage: Stage::Handshake, .. })
    }

    /// As a reply for the log, the queue and the sender: the server's own where it said one (then it may be a
    /// 5xx), else a 451 of ours.
    pub fn to_reply(&self) -> Reply {
        let status = match self {
            Self::Refused { reply, .. } => return reply.clone(),
            // What passes is told as it was said: there are codes for servers that are only busy.
            Self::LoginRefused { reply, .. } if reply.code < 500 => {
                return Reply { text: self.to_string().into(), ..reply.clone() };
            }
            Self::Lost { .. } | Self::TimedOut { .. } => EnhancedStatus::new(4, 4, 2),
            Self::BadReply { .. } | Self::OutOfStep { .. } => EnhancedStatus::new(4, 5, 0),
            Self::Unencrypted | Self::NoMechanism { .. } => EnhancedStatus::new(4, 7, 4),
            Self::Tls(_) => EnhancedStatus::new(4, 7, 5),
            Self::LoginRefused { .. } | Self::LoginBroken { .. } => EnhancedStatus::new(4, 7, 8),
            Self::Unreadable { .. } | Self::BareLineEnd => EnhancedStatus::new(4, 3, 0),
        };
        Reply::new(451, status, self.to_string())
    }

    /// What the server said when it would not go on. A 5xx is for this host (521: RFC 7504), not for the message:
    /// another host of the destination may take it.
    pub fn refusal(&self) -> Option<&Reply> {
        match self {
            Self::Refused { reply, .. } => Some(reply),
            _ => None,
        }
    }

    /// Whether the content was complete on the wire and the reply did not come: the server may have taken the
    /// message, and trying again may make a second copy.
    pub fn may_have_delivered(&self) -> bool {
        match self {
            Self::Lost { stage, .. }
            | Self::TimedOut { stage, .. }
            | Self::BadReply { stage, .. }
            | Self::OutOfStep { stage, .. } => *stage == Stage::EndOfData,
            _ => false,
        }
    }
}

impl From<BareLineEnd> for ClientError {
    fn from(_: BareLineEnd) -> Self {
        Self::BareLineEnd
    }
}

fn offer(offered: &[Box<str>]) -> String {
    if offered.is_empty() { "none".to_owned() } else { offered.join(", ") }
}

fn more(details: Option<&str>) -> String {
    details.map(|details| format!(" ({details})")).unwrap_or_default()
}

impl Stage {
    /// For "timed out while ...".
    fn waiting(self) -> &'static str {
        match self {
            Self::Greeting => "waiting for the greeting",
            Self::Hello => "waiting for the reply to EHLO",
            Self::StartTls => "waiting for the reply to STARTTLS",
            Self::Handshake => "making the TLS handshake",
            Self::Login => "logging in",
            Self::Mail => "waiting for the reply to MAIL FROM",
            Self::Rcpt => "waiting for the reply to RCPT TO",
            Self::Data => "waiting for the reply to DATA",
            Self::Content => "sending the content",
            Self::EndOfData => "waiting for the reply to the end of data",
            Self::Reset => "waiting for the reply to RSET",
            Self::Quit => "waiting for the reply to QUIT",
        }
    }
}

/// The step itself, for "refused after ...".
impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Greeting => "the connection",
            Self::Hello => "EHLO",
            Self::StartTls => "STARTTLS",
            Self::Handshake => "the TLS handshake",
            Self::Login => "AUTH",
            Self::Mail => "MAIL FROM",
            Self::Rcpt => "RCPT TO",
            Self::Data => "DATA",
            Self::Content => "a part of the content",
            Self::EndOfData => "the end of data",
            Self::Reset => "RSET",
            Self::Quit => "QUIT",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_says_what_happened_and_while_doing_what() {
        let after = Duration::from_mins(2);
        let reply = ClientError::TimedOut { stage: Stage::Data, after }.to_reply();
        assert_eq!(reply.to_string(), "451 4.4.2 timed out after 2m while waiting for the reply to DATA");
        let source = io::ErrorKind::ConnectionReset.into();
        let reply = ClientError::Lost { stage: Stage::Rcpt, source }.to_reply();
        let text = "451 4.4.2 connection lost while waiting for the reply to RCPT TO (connection reset)";
        assert_eq!(reply.to_string(), text);
    }

    #[test]
    fn a_handshake_that_never_ends_is_one_that_failed() {
        let silent = |stage| ClientError::TimedOut { stage, after: Duration::from_mins(5) };
        assert!(silent(Stage::Handshake).is_of_handshake());
        assert!(!silent(Stage::StartTls).is_of_handshake());
    }

    #[test]
    fn only_silence_after_the_whole_content_may_mean_a_second_copy() {
        let lost = |stage| ClientError::Lost { stage, source: io::ErrorKind::UnexpectedEof.into() };
        assert!(lost(Stage::EndOfData).may_have_delivered());
        assert!(!lost(Stage::Content).may_have_delivered());
        assert!(!lost(Stage::Data).may_have_delivered());
        let refused = ClientError::Refused { stage: Stage::EndOfData, reply: Reply::plain(421, "closing") };
        assert!(!refused.may_have_delivered());
    }
}
