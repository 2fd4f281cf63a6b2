//! What one attempt came to for one recipient.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use super::trouble::Trouble;
use crate::mail::{EnhancedStatus, Reply};
use crate::queue::Status;

/// The remote end of a connection, as logs and reports name it: `mx1.example.net[192.0.2.1]:25`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Remote {
    /// The name by which it was found; the address where it was given by address.
    pub name: Arc<str>,
    /// Where it was connected to.
    pub address: SocketAddr,
}

impl fmt::Display for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}]:{}", self.name, self.address.ip(), self.address.port())
    }
}

/// The result of an attempt for one recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Attempt {
    /// What becomes of the recipient.
    pub verdict: Verdict,
    /// What was said, by the remote server where there is one, else by ourselves.
    pub reply: Reply,
    /// Who said it; `None` is ourselves.
    pub remote: Option<Arc<Remote>>,
    /// A person has to mend something first. Then nothing was tried, and it counts as no attempt.
    pub trouble: Option<Trouble>,
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Put into Drop.
    Local,
    /// Handed on to a server that was told what reports are wanted.
    PassedOn,
    /// Handed on to a server without DSN: success is ours to report.
    Relayed,
    /// To be tried again.
    Deferred,
    /// Refused for good.
    Failed,
    /// Deferred once too often: given up.
    Expired,
}

impl Verdict {
    /// The state that the recipient has afterwards.
    pub(crate) const fn status(self) -> Status {
        match self {
            Self::Local | Self::PassedOn | Self::Relayed => Status::Delivered,
            Self::Deferred => Status::Pending,
            Self::Failed | Self::Expired => Status::Failed,
        }
    }
}

impl Attempt {
    /// A verdict of our own, without a remote server: 4xx is deferred, 5xx failed.
    pub(crate) fn ours(reply: Reply) -> Self {
        let verdict = if reply.code >= 500 { Verdict::Failed } else { Verdict::Deferred };
        Self { verdict, reply, remote: None, trouble: None }
    }

    /// What a remote server said of a recipient.
    pub(crate) fn said(verdict: Verdict, reply: Reply, remote: &Arc<Remote>) -> Self {
        Self { verdict, reply, remote: Some(Arc::clone(remote)), trouble: None }
    }

    /// Whether a person has to mend something before any server is asked: a secret, a token, what TLS trusts.
    pub(crate) fn is_without_asking(&self) -> bool {
        self.trouble.as_ref().is_some_and(|trouble| !trouble.is_counted) && self.remote.is_none()
    }

    /// Whether the server did not take our login.
    pub(crate) fn is_refused_login(&self) -> bool {
        self.trouble.as_ref().is_some_and(|trouble| trouble.is_counted)
    }

    /// Whether the server only takes no more at the same time, so that it is worth asking again soon: 432 4.3.2 of
    /// Exchange Online, and 421 4.3.2 where it says so sooner.
    pub(crate) fn is_busy(&self) -> bool {
        const BUSY: EnhancedStatus = EnhancedStatus::new(4, 3, 2);
        let status = self.reply.status;
        let said = match self.reply.code {
            432 => status.is_none_or(|status| status == BUSY),
            421 => status == Some(BUSY),
            _ => false,
        };
        said && self.verdict == Verdict::Deferred && self.remote.is_some()
    }

    /// The status code for reports, which must agree with the verdict: a 4.7.1 that outlived its message was, in
    /// the end, a 5.4.7.
    pub(crate) fn status(&self) -> EnhancedStatus {
        match self.verdict {
            Verdict::Expired => EnhancedStatus::new(5, 4, 7),
            _ => self.reply.status_or_default(),
        }
    }
}
