//! The vocabulary of mail: addresses, domains, envelopes, replies, status codes.
//!
//! Everything here is parsed once from bytes into a type and never split as a string again. This module knows
//! no socket, no file and no setting.

mod address;
mod domain;
mod envelope;
mod reply;
mod status;
mod trace;
mod xtext;

pub use address::{Address, AddressError, ReversePath};
pub use domain::{Domain, DomainError};
pub use envelope::{Body, Envelope, Notify, OriginalRecipient, ParameterError, Recipient, Return};
pub use reply::{Reply, Severity};
pub use status::EnhancedStatus;
pub use trace::{HopCounter, Received, ReceivedFrom, ReverseName};
pub use xtext::{Xtext, XtextError};
