//! Every reply of the server, in the words of the old one where they are known and agree with the standards.

use std::fmt::Display;

use crate::clock::Timestamp;
use crate::mail::{AddressError, Domain, EnhancedStatus, Reply, ReversePath};
use crate::sasl::Mechanism;
use crate::smtp::command::{CommandError, Foreign};
use crate::smtp::parameters::ParameterError;
use crate::smtp::path::PathError;

/// A reply with the enhanced status code `class.subject.detail`, the class being the first digit of `code`.
fn reply(code: u16, subject: u16, detail: u16, text: impl Into<Box<str>>) -> Reply {
    let class = match code / 100 {
        2 => 2,
        4 => 4,
        _ => 5,
    };
    Reply::new(code, EnhancedStatus::new(class, subject, detail), text)
}

pub(in crate::smtp) fn greeting(host: &Domain, now: Timestamp) -> Reply {
    Reply::plain(220, format!("{host} ESMTP mailroot ready at {}", now.rfc5322()))
}

pub(super) fn hello(host: &Domain, client: &Domain) -> Reply {
    Reply::plain(250, format!("{host} Hello {client}"))
}

/// What EHLO lists beyond what it lists always.
pub(super) struct Offer {
    /// The largest message, in octets.
    pub(super) size: Option<u64>,
    /// Recipients of one message.
    pub(super) recipients: Option<u32>,
    pub(super) starttls: bool,
    pub(super) mechanisms: Vec<Mechanism>,
}

pub(super) fn extensions(host: &Domain, client: &Domain, offer: &Offer) -> Reply {
    let size = offer.size.map(|size| format!(" {size}")).unwrap_or_default();
    let starttls = if offer.starttls { "\nSTARTTLS" } else { "" };
    let names: Vec<_> = offer.mechanisms.iter().map(|mechanism| mechanism.name()).collect();
    let mut auth = if names.is_empty() { String::new() } else { format!("\nAUTH {}", names.join(" ")) };
    if offer.mechanisms.contains(&Mechanism::Login) {
        // Very old clients know no other form.
        auth.push_str("\nAUTH=LOGIN");
    }
    let limits = offer.recipients.map(|max| format!("\nLIMITS RCPTMAX={max}")).unwrap_or_default();
    let keywords = "ETRN\nPIPELINING\nDSN\nENHANCEDSTATUSCODES\n8BITMIME\nSMTPUTF8\nCHUNKING\nVRFY";
    Reply::plain(250, format!("{host} Hello {client}\nSIZE{size}\n{keywords}{starttls}{auth}{limits}\nHELP"))
}

pub(super) fn bad_hello() -> Reply {
    reply(501, 5, 4, "Invalid domain name")
}

pub(super) fn sender_ok(sender: &ReversePath) -> Reply {
    match sender {
        ReversePath::Null => reply(250, 1, 0, "<>....Sender OK"),
        ReversePath::Mailbox(address) => reply(250, 1, 0, format!("{address}....Sender OK")),
    }
}

pub(super) fn recipient_ok(address: &impl Display) -> Reply {
    reply(250, 1, 5, address.to_string())
}

pub(super) fn unable_to_relay(address: &impl Display) -> Reply {
    reply(550, 7, 1, format!("Unable to relay for {address}"))
}

pub(super) fn too_many_recipients() -> Reply {
    reply(452, 5, 3, "Too many recipients")
}

pub(super) fn far_too_many_recipients(host: &Domain) -> Reply {
    reply(421, 5, 3, format!("{host} Too many recipients, closing transmission channel"))
}

pub(super) fn second_mail() -> Reply {
    reply(503, 5, 1, "Sender already specified")
}

pub(super) fn need_mail() -> Reply {
    reply(503, 5, 1, "Need mail command.")
}

pub(super) fn need_recipient() -> Reply {
    reply(503, 5, 1, "Need Rcpt command.")
}

pub(super) fn no_valid_recipients() -> Reply {
    reply(554, 5, 1, "No valid recipients")
}

pub(super) fn only_bdat() -> Reply {
    reply(503, 5, 1, "Only BDAT or RSET may follow BDAT")
}

pub(super) fn chunk_failed_before() -> Reply {
    reply(503, 5, 1, "A chunk was refused, RSET must follow")
}

pub(in crate::smtp) fn start_input() -> Reply {
    Reply::plain(354, "Start mail input; end with <CRLF>.<CRLF>")
}

pub(in crate::smtp) fn chunk_ok(octets: u64) -> Reply {
    reply(250, 0, 0, format!("{octets} octets received"))
}

pub(in crate::smtp) fn queued(id: &str) -> Reply {
    reply(250, 6, 0, format!("<{id}> Queued mail for delivery"))
}

pub(in crate::smtp) fn too_big() -> Reply {
    reply(552, 3, 4, "Message size exceeds fixed maximum message size")
}

/// Not a 552: the message may well pass in a session of its own.
pub(in crate::smtp) fn session_full() -> Reply {
    reply(452, 3, 1, "Session size exceeds fixed maximum session size, open a new session")
}

pub(in crate::smtp) fn bare_line_end() -> Reply {
    reply(554, 6, 0, "Message has a line that does not end with <CRLF>")
}

pub(in crate::smtp) fn nul_in_content() -> Reply {
    reply(554, 6, 0, "Message has a NUL character")
}

pub(in crate::smtp) fn line_of_content_too_long(max: usize) -> Reply {
    reply(554, 6, 0, format!("Message has a line of more than {max} octets"))
}

pub(in crate::smtp) fn too_many_hops() -> Reply {
    reply(554, 4, 6, "Too many hops")
}

pub(in crate::smtp) fn looping() -> Reply {
    reply(554, 4, 6, "Mail loop: this message was here before")
}

pub(in crate::smtp) fn out_of_space() -> Reply {
    reply(452, 3, 1, "Insufficient system storage")
}

pub(in crate::smtp) fn storage_failed() -> Reply {
    reply(451, 3, 0, "Local error in processing")
}

pub(super) fn resetting() -> Reply {
    reply(250, 0, 0, "Resetting")
}

pub(super) fn ok() -> Reply {
    reply(250, 0, 0, "OK")
}

pub(super) fn closing(host: &Domain) -> Reply {
    reply(221, 0, 0, format!("{host} Service closing transmission channel"))
}

pub(super) fn cannot_verify(address: Option<&impl Display>) -> Reply {
    match address {
        Some(address) => reply(252, 1, 5, format!("Cannot VRFY user, but will take message for <{address}>")),
        None => reply(252, 1, 5, "Cannot VRFY user"),
    }
}

pub(super) fn help() -> Reply {
    let commands = "HELO EHLO STARTTLS AUTH MAIL RCPT DATA\nBDAT RSET NOOP QUIT VRFY HELP ETRN";
    reply(214, 0, 0, format!("This server supports the following commands:\n{commands}"))
}

pub(in crate::smtp) fn queue_run(domain: &Domain, messages: usize) -> Reply {
    if messages == 0 {
        return reply(251, 0, 0, format!("No messages waiting for {domain}"));
    }
    reply(250, 0, 0, format!("Queuing for {domain} started"))
}

pub(super) fn queue_run_refused(domain: &Domain) -> Reply {
    reply(459, 7, 1, format!("Node {domain} not allowed"))
}

pub(super) fn no_such_queue() -> Reply {
    reply(458, 5, 4, "Unable to queue messages for a named queue")
}

pub(super) fn not_offered() -> Reply {
    reply(502, 5, 1, "Command not implemented")
}

pub(super) fn need_hello() -> Reply {
    reply(503, 5, 1, "Send hello first")
}

pub(super) fn start_tls() -> Reply {
    reply(220, 0, 0, "SMTP server ready")
}

pub(super) fn tls_already() -> Reply {
    reply(503, 5, 1, "TLS is on already")
}

pub(super) fn tls_unavailable() -> Reply {
    reply(454, 7, 0, "TLS not available")
}

pub(super) fn tls_required() -> Reply {
    reply(530, 7, 0, "Must issue a STARTTLS command first")
}

pub(super) fn not_in_transaction() -> Reply {
    reply(503, 5, 1, "Not within a transaction")
}

pub(super) fn challenge(base64: &str) -> Reply {
    Reply::plain(334, base64)
}

pub(super) fn authenticated() -> Reply {
    reply(235, 7, 0, "Authentication successful.")
}

/// One text for all that can be wrong, so that nobody learns who exists.
pub(super) fn login_failed() -> Reply {
    reply(535, 7, 3, "Authentication unsuccessful.")
}

pub(super) fn login_unavailable() -> Reply {
    reply(454, 7, 0, "Temporary authentication failure")
}

pub(super) fn too_many_logins(host: &Domain) -> Reply {
    reply(421, 7, 0, format!("{host} Too many failed logins, closing transmission channel"))
}

pub(super) fn login_required() -> Reply {
    reply(530, 7, 0, "Authentication required")
}

pub(super) fn login_cancelled() -> Reply {
    reply(501, 7, 0, "Authentication cancelled")
}

pub(super) fn authenticated_already() -> Reply {
    reply(503, 5, 1, "Already authenticated")
}

pub(super) fn unknown_mechanism() -> Reply {
    reply(504, 7, 4, "Unrecognized authentication type.")
}

pub(super) fn encryption_needed() -> Reply {
    reply(538, 7, 11, "Encryption required for requested authentication mechanism")
}

pub(super) fn bad_response() -> Reply {
    reply(501, 5, 2, "Cannot decode response")
}

pub(super) fn response_too_long() -> Reply {
    reply(500, 5, 6, "Authentication exchange line is too long")
}

pub(super) fn line_too_long() -> Reply {
    reply(500, 5, 2, "Line too long")
}

/// The reply to a line that is no command.
pub(super) fn syntax(error: &CommandError<'_>) -> Reply {
    match error {
        CommandError::Foreign(protocol) => foreign(*protocol),
        CommandError::Unknown => reply(500, 5, 1, "Unrecognized command"),
        CommandError::Character => reply(501, 5, 2, "Syntax error: a character that no command has"),
        CommandError::Arguments(usage) => reply(501, 5, 4, format!("Syntax: {usage}")),
        CommandError::Count => reply(501, 5, 4, "Syntax: BDAT count [LAST]"),
        CommandError::ReversePath(error) => sender_invalid(*error),
        CommandError::ForwardPath(error) => recipient_invalid(*error),
        CommandError::Parameter(error @ ParameterError::Unsupported(_)) => reply(555, 5, 4, sentence(error)),
        CommandError::Parameter(error) => reply(501, 5, 4, sentence(error)),
    }
}

pub(super) fn sender_invalid(error: PathError) -> Reply {
    match error {
        PathError::Address(AddressError::NotAscii) => needs_smtputf8(),
        PathError::Address(AddressError::Domain(_)) => reply(501, 1, 8, sentence(&error)),
        _ => reply(501, 1, 7, sentence(&error)),
    }
}

pub(super) fn recipient_invalid(error: PathError) -> Reply {
    match error {
        PathError::Address(AddressError::NotAscii) => needs_smtputf8(),
        PathError::Address(AddressError::Domain(_)) => reply(501, 1, 2, sentence(&error)),
        _ => reply(501, 1, 3, sentence(&error)),
    }
}

pub(super) fn needs_smtputf8() -> Reply {
    reply(553, 6, 7, "Non-ASCII address needs SMTPUTF8")
}

pub(in crate::smtp) fn foreign(protocol: Foreign) -> Reply {
    reply(554, 5, 0, format!("This is an SMTP server, and {protocol} is not SMTP"))
}

pub(in crate::smtp) fn out_of_step() -> Reply {
    reply(554, 5, 0, "SMTP protocol synchronization error")
}

pub(in crate::smtp) fn too_many_errors(host: &Domain) -> Reply {
    reply(421, 7, 0, format!("{host} Too many errors, closing transmission channel"))
}

pub(in crate::smtp) fn timed_out(host: &Domain) -> Reply {
    reply(421, 4, 2, format!("{host} Connection timed out, closing transmission channel"))
}

pub(in crate::smtp) fn too_slow(host: &Domain) -> Reply {
    reply(421, 4, 2, format!("{host} Message comes too slowly, closing transmission channel"))
}

pub(in crate::smtp) fn too_much(host: &Domain) -> Reply {
    reply(421, 3, 4, format!("{host} Message does not end, closing transmission channel"))
}

pub(in crate::smtp) fn closed_by_hand(host: &Domain) -> Reply {
    reply(421, 3, 2, format!("{host} Session closed by an administrator"))
}

pub(in crate::smtp) fn shutting_down(host: &Domain) -> Reply {
    reply(421, 3, 2, format!("{host} Service not available, closing transmission channel"))
}

/// An error's own words, beginning with a capital.
fn sentence(error: &impl Display) -> String {
    let mut text = error.to_string();
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    text
}
