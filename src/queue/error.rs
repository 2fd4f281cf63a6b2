//! What can go wrong, and what to answer then.

use std::io;

/// Why the queue could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A second engine on one mailroot would deliver everything twice.
    #[error("another mailroot is running on {place}; stop it first, or give this one another mailroot")]
    Locked {
        /// The mailroot.
        place: String,
    },
    /// A folder could not be made, locked or read.
    #[error("cannot {what} in {place}: {source}")]
    Io {
        /// What was tried.
        what: &'static str,
        /// The mailroot.
        place: String,
        /// The system's word.
        source: io::Error,
    },
}

/// Why a message was not committed; nothing of it is kept.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// No room: answer 452 4.3.1.
    #[error("no room for the message: {0}")]
    Full(#[source] io::Error),
    /// Anything else: answer 451 4.3.0.
    #[error("the message could not be written: {0}")]
    Io(#[source] io::Error),
}

impl From<io::Error> for CommitError {
    fn from(error: io::Error) -> Self {
        if is_full(&error) { Self::Full(error) } else { Self::Io(error) }
    }
}

/// Why a message could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file is not there: delivered, or removed by hand.
    #[error("the message is no longer in the queue")]
    Gone,
    /// The system's word.
    #[error("the message could not be read: {0}")]
    Io(#[source] io::Error),
    /// The block cannot be understood, or content is missing. [`super::Queue::set_aside`] takes this as its reason.
    #[error("the message makes no sense: {0}")]
    Malformed(String),
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::NotFound { Self::Gone } else { Self::Io(error) }
    }
}

impl From<super::BlockError> for ReadError {
    fn from(error: super::BlockError) -> Self {
        Self::Malformed(error.to_string())
    }
}

/// Why a message was not put into Drop.
#[derive(Debug, thiserror::Error)]
pub enum DropError {
    /// The folder holds as much as it may: 452 4.2.2 Mailbox full.
    #[error("the Drop folder is full")]
    Quota,
    /// The message is no longer in the queue.
    #[error("the message is no longer in the queue")]
    Gone,
    /// The system's word.
    #[error("the message could not be written to Drop: {0}")]
    Io(#[source] io::Error),
}

fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}
