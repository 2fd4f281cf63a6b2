//! What no order of commands may bring about, whoever says them.

use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::mail::Severity;
use crate::smtp::host::Login;
use crate::tls;

fn dialogue(may_relay: bool) -> Dialogue {
    let mut settings = Settings::defaults(Path::new("/nowhere"));
    settings.general.hostname = "relay.test".parse().unwrap();
    settings.local.default_domain = "relay.test".parse().unwrap();
    let address = "203.0.113.9:40000".parse().unwrap();
    let local = "192.0.2.1:25".parse().unwrap();
    let peer = Peer { address, local, name: None, may_relay, may_log_in_clear: true };
    settings.access.authentication.basic = true;
    Dialogue::new(Arc::new(settings), peer, Protection::Offered)
}

/// Says a line, lets the house have room for everything, and gives back the reply and the transaction that began.
fn say(dialogue: &mut Dialogue, line: &str) -> (Option<Reply>, Option<Submission>) {
    match dialogue.command(line.as_bytes(), Timestamp::from_unix(1_795_518_903)) {
        Step::Reply(reply)
        | Step::Hello(reply)
        | Step::RefuseData(reply)
        | Step::Swallow(_, reply)
        | Step::Close(reply) => (Some(reply), None),
        Step::Refuse(refusal) => (Some(refusal.reply), None),
        Step::Admit(transaction) => (Some(dialogue.open(*transaction)), None),
        Step::Data(submission) => (None, Some(*submission)),
        Step::Chunk(chunk) => (None, chunk.submission.map(|submission| *submission)),
        Step::Login(_) => (Some(dialogue.settle(Login::Refused)), None),
        Step::StartTls(reply) => {
            dialogue.secured(tls::Session { version: "TLSv1.3", cipher: "TLS_AES_256_GCM_SHA384" }, true);
            (Some(reply), None)
        }
        Step::RunQueue(_) | Step::Foreign(_) => (None, None),
    }
}

const LINES: [&str; 27] = [
    "HELO a",
    "EHLO b",
    "EHLO",
    "MAIL FROM:<a@x.example>",
    "MAIL FROM:<>",
    "MAIL FROM:<a@x.example> SMTPUTF8",
    "MAIL FROM:<a@x.example> SIZE=99999999999",
    "MAIL FROM:bad",
    "RCPT TO:<b@relay.test>",
    "RCPT TO:<c@y.example>",
    "RCPT TO:<postmaster>",
    "RCPT TO:<d%y.example@relay.test>",
    "RCPT TO:<",
    "DATA",
    "BDAT 3",
    "BDAT 0 LAST",
    "BDAT 9999999",
    "RSET",
    "NOOP",
    "VRFY a",
    "EXPN a",
    "STARTTLS",
    "AUTH PLAIN",
    "AUTH LOGIN dXNlcg==",
    "AHVzZXIAcGFzcw==",
    "*",
    "whatever",
];

proptest! {
    #[test]
    fn a_message_has_the_sender_and_the_recipients_that_were_accepted_for_it_and_no_others(
        lines in proptest::collection::vec(proptest::sample::select(&LINES[..]), 0..40),
        may_relay in any::<bool>(),
    ) {
        let mut dialogue = dialogue(may_relay);
        let mut sender = None;
        let mut recipients = Vec::new();
        for line in lines {
            let (reply, submission) = say(&mut dialogue, line);
            let accepted = reply.as_ref().is_some_and(|reply| reply.severity() == Severity::Success);
            match line.get(..4) {
                Some("MAIL") if accepted => sender = Some(reply.unwrap().text),
                Some("RCPT") if accepted => recipients.push(reply.unwrap().text),
                Some("HELO" | "EHLO" | "RSET" | "STAR") if accepted => {
                    sender = None;
                    recipients.clear();
                }
                _ => {}
            }
            let Some(Submission { envelope, .. }) = submission else { continue };
            let named = envelope.recipients.iter().map(|recipient| recipient.address.to_string().into_boxed_str());
            prop_assert_eq!(named.collect::<Vec<_>>(), std::mem::take(&mut recipients));
            prop_assert!(sender.take().unwrap().ends_with("....Sender OK"));
            prop_assert!(!envelope.recipients.is_empty());
            for recipient in &envelope.recipients {
                let ours = recipient.address.domain().as_str() == "relay.test" && !recipient.address.local().contains('%');
                prop_assert!(may_relay || ours, "{}", recipient.address);
            }
        }
    }

    #[test]
    fn no_line_is_beyond_the_dialogue(lines in proptest::collection::vec("[ -~\\x00\\r\\n\u{e9}]{0,40}", 0..10)) {
        let mut dialogue = dialogue(false);
        for line in lines {
            let (_, submission) = say(&mut dialogue, &line);
            prop_assert!(submission.is_none());
        }
    }
}
