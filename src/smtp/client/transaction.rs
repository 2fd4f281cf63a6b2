//! One message for one next hop: what is asked of it, what can be asked honestly, and the commands that ask it.

use std::borrow::Cow;
use std::future::Future;
use std::io;
use std::io::Write as _;

use bytes::Bytes;

use super::Extensions;
use crate::mail::{Address, EnhancedStatus, Recipient, Reply, Return, ReversePath, Xtext};

/// One message for one next hop.
pub struct Transaction<'a> {
    /// Where failures go.
    pub sender: &'a ReversePath,
    /// To whom.
    pub recipients: &'a [&'a Recipient],
    /// The content has octets beyond ASCII.
    pub eight_bit: bool,
    /// The client that gave us the message declared SMTPUTF8.
    pub smtputf8: bool,
    /// RET (RFC 3461 4.3).
    pub ret: Option<Return>,
    /// ENVID (RFC 3461 4.4).
    pub envid: Option<&'a Xtext>,
    /// Octets of content, before dots are stuffed.
    pub size: u64,
}

/// Content to be sent: pieces in normal form (CRLF only, not dot-stuffed, last line ended).
pub trait Body: Send {
    /// The next piece; `None` behind the last one.
    fn next(&mut self) -> impl Future<Output = io::Result<Option<Bytes>>> + Send;
}

impl Transaction<'_> {
    /// Why this hop cannot be given the message at all, to be known before anything is sent.
    pub(super) fn refusal(&self, offered: &Extensions) -> Option<Reply> {
        if let Some(limit) = offered.size_limit().filter(|&limit| self.size > limit) {
            let text = format!(
                "The message has {} octets; the next server takes messages of at most {limit} octets",
                self.size
            );
            return Some(Reply::new(552, EnhancedStatus::new(5, 3, 4), text));
        }
        // A message with 8-bit text that was declared SMTPUTF8 may have it in its header, which is not ours to change.
        let sender = self.sender.mailbox().is_some_and(Address::needs_smtputf8);
        if !offered.smtputf8 && (sender || self.smtputf8 && self.eight_bit) {
            let text = "The message has an internationalised sender or header, and the next server has no SMTPUTF8";
            return Some(Reply::new(553, EnhancedStatus::new(5, 6, 7), text));
        }
        if self.eight_bit && !offered.eight_bit_mime {
            let text = "The message has 8-bit text, and the next server takes only 7-bit text (no 8BITMIME)";
            return Some(Reply::new(554, EnhancedStatus::new(5, 6, 3), text));
        }
        None
    }

    /// Whether MAIL is to say SMTPUTF8.
    pub(super) fn wants_smtputf8(&self, offered: &Extensions) -> bool {
        let needed = || {
            let sender = self.sender.mailbox().into_iter();
            sender.chain(self.recipients.iter().map(|r| &r.address)).any(Address::needs_smtputf8)
        };
        offered.smtputf8 && (self.smtputf8 || needed())
    }

    /// Appends MAIL FROM (RFC 5321 4.1.1.2) with the parameters of the extensions offered.
    pub(super) fn write_mail(&self, offered: &Extensions, utf8: bool, out: &mut Vec<u8>) {
        out.extend_from_slice(b"MAIL FROM:<");
        if let Some(mailbox) = self.sender.mailbox() {
            out.extend_from_slice(path(mailbox, utf8).as_bytes());
        }
        out.push(b'>');
        if offered.size.is_some() {
            let _ = write!(out, " SIZE={}", self.size); // writing to a Vec cannot fail
        }
        if self.eight_bit && offered.eight_bit_mime {
            out.extend_from_slice(b" BODY=8BITMIME");
        }
        if utf8 {
            out.extend_from_slice(b" SMTPUTF8");
        }
        if offered.dsn {
            match self.ret {
                Some(Return::Full) => out.extend_from_slice(b" RET=FULL"),
                Some(Return::Headers) => out.extend_from_slice(b" RET=HDRS"),
                None => {}
            }
            if let Some(envid) = self.envid {
                out.extend_from_slice(b" ENVID=");
                out.extend_from_slice(envid.as_str().as_bytes());
            }
        }
        out.extend_from_slice(b"\r\n");
    }

    /// Appends RCPT TO (RFC 5321 4.1.1.3) for one recipient.
    pub(super) fn write_rcpt(&self, recipient: usize, offered: &Extensions, utf8: bool, out: &mut Vec<u8>) {
        let recipient = self.recipients[recipient];
        out.extend_from_slice(b"RCPT TO:<");
        out.extend_from_slice(path(&recipient.address, utf8).as_bytes());
        out.push(b'>');
        if offered.dsn {
            if let Some(notify) = recipient.notify {
                let _ = write!(out, " NOTIFY={notify}");
            }
            if let Some(orcpt) = &recipient.orcpt {
                let _ = write!(out, " ORCPT={orcpt}");
            }
        }
        out.extend_from_slice(b"\r\n");
    }
}

/// Why this hop cannot be told this recipient, though it may be told others.
pub(super) fn recipient_refusal(recipient: &Recipient, offered: &Extensions) -> Option<Reply> {
    (recipient.address.needs_smtputf8() && !offered.smtputf8).then(|| {
        let text = "The address is internationalised, and the next server has no SMTPUTF8";
        Reply::new(553, EnhancedStatus::new(5, 6, 7), text)
    })
}

/// The address as this hop may be told it: without SMTPUTF8 at its A-label domain (RFC 6531 3.2).
fn path(address: &Address, utf8: bool) -> Cow<'_, str> {
    if utf8 || address.as_str().is_ascii() { address.as_str().into() } else { address.to_ascii().into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mailbox(text: &str) -> Address {
        Address::parse(text, true).unwrap()
    }

    fn all() -> Extensions {
        Extensions {
            esmtp: true,
            eight_bit_mime: true,
            smtputf8: true,
            dsn: true,
            size: Some(0),
            ..Extensions::default()
        }
    }

    fn to<'a>(recipients: &'a [&'a Recipient]) -> Transaction<'a> {
        let sender = &ReversePath::Null;
        Transaction { sender, recipients, eight_bit: false, smtputf8: false, ret: None, envid: None, size: 10 }
    }

    fn commands(transaction: &Transaction<'_>, offered: &Extensions) -> String {
        let utf8 = transaction.wants_smtputf8(offered);
        let mut out = Vec::new();
        transaction.write_mail(offered, utf8, &mut out);
        transaction.write_rcpt(0, offered, utf8, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn d004_parameters_go_only_where_their_extension_is_offered() {
        let sender = ReversePath::Mailbox(mailbox("a@x.example"));
        let mut recipient = Recipient::new(mailbox("b@y.example"));
        recipient.notify = Some("SUCCESS,DELAY".parse().unwrap());
        recipient.orcpt = Some("rfc822;c+2Bd@y.example".parse().unwrap());
        let envid = Xtext::parse("id+3D1").unwrap();
        let list = [&recipient];
        let transaction = Transaction {
            sender: &sender,
            eight_bit: true,
            ret: Some(Return::Headers),
            envid: Some(&envid),
            ..to(&list)
        };
        let expected = "MAIL FROM:<a@x.example> SIZE=10 BODY=8BITMIME RET=HDRS ENVID=id+3D1\r\n\
                        RCPT TO:<b@y.example> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;c+2Bd@y.example\r\n";
        assert_eq!(commands(&transaction, &all()), expected);
        let bare = "MAIL FROM:<a@x.example>\r\nRCPT TO:<b@y.example>\r\n";
        assert_eq!(commands(&transaction, &Extensions::default()), bare);
    }

    #[test]
    fn e006_e007_a_u_label_domain_needs_no_smtputf8_and_is_told_as_a_labels() {
        let recipient = Recipient::new(mailbox("Bob@bücher.example"));
        let list = [&recipient];
        let transaction = to(&list);
        let expected = "MAIL FROM:<> SIZE=10\r\nRCPT TO:<Bob@xn--bcher-kva.example>\r\n";
        assert_eq!(commands(&transaction, &all()), expected);
        assert_eq!(recipient_refusal(&recipient, &Extensions::default()), None);
    }

    #[test]
    fn e006_an_internationalised_local_part_is_told_as_it_is_or_not_at_all() {
        let recipient = Recipient::new(mailbox("björn@bücher.example"));
        let list = [&recipient];
        let transaction = to(&list);
        let expected = "MAIL FROM:<> SIZE=10 SMTPUTF8\r\nRCPT TO:<björn@bücher.example>\r\n";
        assert_eq!(commands(&transaction, &all()), expected);
        let refusal = recipient_refusal(&recipient, &Extensions::default()).unwrap();
        assert_eq!((refusal.code, refusal.status), (553, Some(EnhancedStatus::new(5, 6, 7))));
    }

    #[test]
    fn e006_a_message_declared_smtputf8_goes_without_it_only_if_nothing_in_it_needs_it() {
        let recipient = Recipient::new(mailbox("b@y.example"));
        let list = [&recipient];
        let seven_bit = Transaction { smtputf8: true, ..to(&list) };
        let old = Extensions { smtputf8: false, ..all() };
        assert_eq!(seven_bit.refusal(&old), None);
        assert!(!commands(&seven_bit, &old).contains("SMTPUTF8"));
        let eight_bit = Transaction { eight_bit: true, ..seven_bit };
        assert_eq!(eight_bit.refusal(&old).unwrap().status, Some(EnhancedStatus::new(5, 6, 7)));
        assert_eq!(eight_bit.refusal(&all()), None);
    }

    #[test]
    fn s008_z006_what_the_hop_cannot_take_is_known_before_it_is_sent() {
        let recipient = Recipient::new(mailbox("b@y.example"));
        let list = [&recipient];
        let message = Transaction { eight_bit: true, ..to(&list) };
        assert_eq!(message.refusal(&Extensions::default()).unwrap().code, 554);
        let small = Extensions { size: Some(9), ..all() };
        assert_eq!(message.refusal(&small).unwrap().status, Some(EnhancedStatus::new(5, 3, 4)));
        assert_eq!(message.refusal(&Extensions { size: Some(10), ..all() }), None);
    }
}
