//! Reports, read back by a parser that did not write them.

use std::sync::Arc;

use mail_parser::{MessageParser, MimeHeaders};

use super::*;
use crate::delivery::attempt::{Remote, Verdict};
use crate::mail::{EnhancedStatus, OriginalRecipient, Reply, Return, Xtext};
use crate::queue::Origin;

const RECEIVED: &str = "Received: by relay.test (mailroot k3x9) id R1;\r\n\tTue, 24 Nov 2026 11:15:03 +0000\r\n";
const ORIGINAL: &[u8] = b"Received: by relay.test id A1; x\r\nSubject: Hello\r\n\r\nThe body.\r\n";

struct Case {
    kind: Kind,
    message: Message,
    attempts: Vec<Attempt>,
    original: Vec<u8>,
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix(1_795_518_903 + seconds)
}

fn refused(code: u16, status: Option<EnhancedStatus>, text: &str) -> Attempt {
    let remote = Remote { name: "mx1.far.example".into(), address: "192.0.2.1:25".parse().unwrap() };
    let reply = Reply { code, status, text: text.into() };
    let verdict = if code >= 500 { Verdict::Failed } else { Verdict::Deferred };
    Attempt { verdict, reply, remote: Some(Arc::new(remote)), trouble: None }
}

fn case(recipients: &[&str], attempts: Vec<Attempt>) -> Case {
    let mut envelope = Envelope::new(ReversePath::Mailbox(Address::parse("app@corp.example", false).unwrap()));
    envelope.recipients = recipients.iter().map(|r| Recipient::new(Address::parse(r, true).unwrap())).collect();
    let origin = Origin { helo: Some("CLIENT-PC".into()), ..Origin::default() };
    Case { kind: Kind::Failure, message: Message::new(envelope, origin, at(0)), attempts, original: ORIGINAL.to_vec() }
}

fn no_such_user() -> Case {
    let attempt = refused(550, Some(EnhancedStatus::new(5, 1, 1)), "No such user");
    case(&["bob@far.example"], vec![attempt])
}

impl Case {
    fn build(&self) -> (Envelope, Vec<u8>) {
        let mut excerpt = Excerpt::new(self.kind, &self.message);
        let complete = self.original.chunks(32_767).all(|piece| excerpt.push(piece));
        let copy = excerpt.finish(complete);
        let report = Report {
            kind: self.kind,
            hostname: &"relay.test".parse().unwrap(),
            message: &self.message,
            recipients: self.message.envelope.recipients.iter().zip(&self.attempts).collect(),
            copy: &copy,
            now: at(3600),
        };
        let to = Recipient::new(self.message.envelope.sender.mailbox().unwrap().clone());
        let content = report.content(&"R1".parse().unwrap(), &to, RECEIVED);
        (report.envelope(to), content)
    }

    fn text(&self) -> String {
        String::from_utf8(self.build().1).unwrap()
    }

    /// The fields of the delivery status, folded lines joined: those of the message, then those of each recipient.
    fn status(&self) -> Vec<Vec<(String, String)>> {
        let text = self.text();
        let start = text.find("delivery-status\r\n").unwrap();
        let part = &text[start..];
        let part = &part[part.find("\r\n\r\n").unwrap() + 4..];
        let part = part[..part.find("\r\n--report").unwrap()].replace("\r\n\t", " ");
        let group = |group: &str| {
            let field = |line: &str| line.split_once(": ").map(|(name, value)| (name.to_owned(), value.to_owned()));
            group.lines().map(|line| field(line).unwrap_or_else(|| panic!("no field: {line:?}"))).collect()
        };
        part.trim_end().split("\r\n\r\n").map(group).collect()
    }

    fn field(&self, name: &str) -> Option<String> {
        let groups = self.status();
        groups.into_iter().flatten().find(|(other, _)| other == name).map(|(_, value)| value)
    }
}

#[test]
fn d005_a_failure_is_a_multipart_report_in_three_parts() {
    let content = no_such_user().build().1;
    let parsed = MessageParser::default().parse(&content).unwrap();
    let kind = parsed.content_type().unwrap();
    assert_eq!((kind.ctype(), kind.subtype()), ("multipart", Some("report")));
    assert_eq!(kind.attribute("report-type"), Some("delivery-status"));
    let parts: Vec<String> = parsed.parts[1..]
        .iter()
        .filter_map(|part| part.content_type().map(|kind| format!("{}/{}", kind.ctype(), kind.subtype().unwrap())))
        .collect();
    assert_eq!(parts, ["text/plain", "message/delivery-status", "message/rfc822"]);
    assert!(content.ends_with(b"--\r\n"));
}

#[test]
fn d005_d006_the_status_part_has_the_fields_of_rfc_3464() {
    let mut case = no_such_user();
    case.message.envelope.envid = Some(Xtext::encode("QQ 314159"));
    let original = OriginalRecipient { kind: "rfc822".into(), address: Xtext::encode("bob+x@far.example") };
    case.message.envelope.recipients[0].orcpt = Some(original);
    let groups = case.status();
    let field = |group: usize, name: &str| {
        groups[group].iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str()).unwrap()
    };
    assert_eq!(field(0, "Original-Envelope-Id"), "QQ 314159");
    assert_eq!(field(0, "Reporting-MTA"), "dns; relay.test");
    assert_eq!(field(0, "Received-From-MTA"), "dns; CLIENT-PC");
    assert_eq!(field(0, "Arrival-Date"), at(0).rfc5322());
    assert_eq!(field(1, "Original-Recipient"), "rfc822; bob+x@far.example");
    assert_eq!(field(1, "Final-Recipient"), "rfc822; bob@far.example");
    assert_eq!(field(1, "Action"), "failed");
    assert_eq!(field(1, "Status"), "5.1.1");
    assert_eq!(field(1, "Remote-MTA"), "dns; mx1.far.example");
    assert_eq!(field(1, "Diagnostic-Code"), "smtp; 550 5.1.1 No such user");
    assert_eq!(field(1, "Last-Attempt-Date"), at(3600).rfc5322());
}

#[test]
fn d008_the_header_says_what_it_is_and_answers_to_nobody() {
    let content = no_such_user().build().1;
    let text = std::str::from_utf8(&content).unwrap();
    assert!(text.starts_with(RECEIVED), "our Received line comes first");
    let parsed = MessageParser::default().parse(&content).unwrap();
    assert_eq!(parsed.subject(), Some("Delivery Status Notification (Failure)"));
    assert_eq!(parsed.from().and_then(|from| from.first()?.address.as_deref()), Some("postmaster@relay.test"));
    assert_eq!(parsed.to().and_then(|to| to.first()?.address.as_deref()), Some("app@corp.example"));
    assert_eq!(parsed.message_id(), Some("R1@relay.test"));
    assert!(parsed.date().is_some());
    assert!(text.contains("\r\nAuto-Submitted: auto-replied\r\n") && text.contains("\r\nMIME-Version: 1.0\r\n"));
}

#[test]
fn r070_the_report_leaves_from_the_null_path_for_the_reverse_path() {
    let (envelope, _) = no_such_user().build();
    assert_eq!(envelope.sender, ReversePath::Null);
    assert_eq!(envelope.recipients[0].address.as_str(), "app@corp.example");
    assert_eq!(envelope.body, Body::SevenBit);
}

#[test]
fn people_read_who_failed_and_in_whose_words() {
    let text = no_such_user().text();
    assert!(text.contains("Delivery to the following recipients failed.\r\n\r\n       bob@far.example\r\n"));
    assert!(text.contains("mx1.far.example[192.0.2.1]:25 said: 550 5.1.1 No such user\r\n"), "{text}");
}

#[test]
fn d009_what_expired_has_its_own_status_and_keeps_the_last_words() {
    let mut case = case(&["bob@far.example"], vec![refused(451, Some(EnhancedStatus::new(4, 7, 1)), "Greylisted")]);
    case.attempts[0].verdict = Verdict::Expired;
    assert_eq!(case.field("Status").as_deref(), Some("5.4.7"));
    assert_eq!(case.field("Diagnostic-Code").as_deref(), Some("smtp; 451 4.7.1 Greylisted"));
    assert!(case.text().contains("It could not be delivered for 1 hour. The last answer was:"));
}

#[test]
fn d009_a_reply_without_a_code_of_its_own_gets_that_of_its_class() {
    assert_eq!(case(&["b@far.example"], vec![refused(554, None, "no")]).field("Status").as_deref(), Some("5.0.0"));
    let strange = refused(550, Some(EnhancedStatus::new(2, 0, 0)), "no");
    assert_eq!(case(&["b@far.example"], vec![strange]).field("Status").as_deref(), Some("5.0.0"));
}

#[test]
fn d006_a_delay_says_until_when_and_that_nothing_need_be_done() {
    let mut case = case(&["bob@far.example"], vec![refused(451, None, "later")]);
    case.kind = Kind::Delay { until: Some(at(3600 + 36 * 3600)) };
    assert_eq!(case.field("Action").as_deref(), Some("delayed"));
    assert_eq!(case.field("Will-Retry-Until"), Some(at(37 * 3600).rfc5322()));
    let text = case.text();
    assert!(text.contains("YOU DO NOT NEED TO RESEND YOUR MESSAGE.") && text.contains("for another 36 hours."));
    assert!(text.contains("text/rfc822-headers") && !text.contains("The body."));
}

#[test]
fn d004_success_says_whether_it_was_delivered_or_only_relayed() {
    for (kind, action, subject) in [(Kind::Relayed, "relayed", "(Relay)"), (Kind::Delivered, "delivered", "(Success)")]
    {
        let mut case = case(&["bob@far.example"], vec![refused(250, None, "ok")]);
        case.kind = kind;
        assert_eq!(case.field("Action").as_deref(), Some(action));
        assert_eq!(case.field("Status").as_deref(), Some("2.0.0"));
        assert!(case.text().contains(subject));
    }
}

#[test]
fn d003_ret_decides_how_much_of_the_message_comes_back() {
    let mut case = no_such_user();
    case.message.envelope.ret = Some(Return::Headers);
    let text = case.text();
    assert!(text.contains("Content-Type: text/rfc822-headers") && text.contains("Subject: Hello\r\n"));
    assert!(!text.contains("The body."));
    case.message.envelope.ret = Some(Return::Full);
    assert!(case.text().contains("Subject: Hello\r\n\r\nThe body.\r\n"));
}

#[test]
fn a_large_message_comes_back_without_its_body_and_the_report_says_so() {
    let mut case = no_such_user();
    case.original.extend(b"x\r\n".repeat(40_000));
    let text = case.text();
    assert!(text.len() < 5000 && text.contains("text/rfc822-headers"));
    assert!(text.contains("The message is over 50 KB; only its header fields come back below."));
    case.original = b"X-Endless: x\r\n".repeat(10_000);
    let text = case.text();
    assert!(text.len() < 60_000 && text.contains("X-Endless: x\r\n\r\n--report"), "cut behind a whole line");
}

#[test]
fn hostile_words_stay_in_their_field_and_in_ascii() {
    let hostile = format!("x\r\nAction: delivered\r\n\r\n--report\u{202e}é {}", "y".repeat(3000));
    let mut case = case(&["bob@far.example"], vec![refused(550, None, &hostile)]);
    case.message.origin.helo = Some("x\r\nReporting-MTA: dns; evil".into());
    assert_eq!(case.field("Action").as_deref(), Some("failed"));
    assert_eq!(case.field("Reporting-MTA").as_deref(), Some("dns; relay.test"));
    let content = case.build().1;
    assert!(content.is_ascii());
    assert!(content.split(|&b| b == b'\n').all(|line| line.len() <= 999), "998 octets and the CR");
    assert!(MessageParser::default().parse(&content).unwrap().parts.len() >= 4);
}

#[test]
fn d010_an_internationalised_message_is_reported_in_utf8_parts() {
    let mut case = case(&["žofie@пример.example"], vec![refused(550, None, "ne")]);
    case.message.envelope.smtputf8 = true;
    case.original = "Subject: Příliš\r\n\r\nx\r\n".into();
    let (envelope, content) = case.build();
    assert!(envelope.smtputf8 && envelope.body == Body::EightBit);
    let text = String::from_utf8(content).unwrap();
    assert!(text.contains("message/global-delivery-status") && text.contains("message/global\r\n"));
    assert_eq!(case.field("Final-Recipient").as_deref(), Some("utf-8; žofie@пример.example"));
}

#[test]
fn d010_a_sender_without_smtputf8_reads_the_address_in_ascii() {
    let case = case(&["žofie@far.example"], vec![refused(550, None, "ne")]);
    assert_eq!(case.field("Final-Recipient").as_deref(), Some("utf-8; \\x{17E}ofie@far.example"));
    assert!(case.build().1.is_ascii());
}

#[test]
fn a_space_in_a_quoted_local_part_is_kept() {
    let case = case(&["\"a  b\"@far.example"], vec![refused(550, None, "no")]);
    assert_eq!(case.field("Final-Recipient").as_deref(), Some("rfc822; \"a  b\"@far.example"));
}

#[test]
fn an_eight_bit_original_makes_the_report_eight_bit() {
    let mut case = no_such_user();
    case.original = b"Subject: x\r\n\r\n\xe9\r\n".to_vec();
    let (envelope, content) = case.build();
    assert_eq!(envelope.body, Body::EightBit);
    let marked = b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: 8bit\r\n";
    assert!(content.windows(marked.len()).any(|window| window == marked));
}

#[test]
fn the_recipients_of_one_report_have_a_block_each() {
    let attempts = vec![refused(550, None, "a"), Attempt::ours(Reply::new(550, EnhancedStatus::new(5, 1, 2), "b"))];
    let groups = case(&["bob@far.example", "eve@none.example"], attempts).status();
    assert_eq!(groups.len(), 3);
    assert!(groups[2].contains(&("Diagnostic-Code".into(), "X-mailroot; 550 5.1.2 b".into())));
    assert!(groups[2].iter().all(|(name, _)| name != "Remote-MTA"));
}

#[test]
fn spans_are_told_in_the_unit_people_use() {
    let spans = [(172_800, "2 days"), (86_400, "1 day"), (129_600, "36 hours"), (3600, "1 hour"), (5400, "90 minutes")];
    for (seconds, words) in spans {
        assert_eq!(span_in_words(seconds), words);
    }
}
