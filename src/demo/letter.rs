//! The messages of the demonstration, written as the programs of a site write them.

use std::fmt::Write as _;

use bytes::Bytes;
use fastrand::Rng;

use crate::clock::Timestamp;

/// Octets of UTF-8 in one encoded word: with its frame it stays within 75 characters (RFC 2047 2).
const WORD: usize = 42;
/// Octets in one line of base64: 76 characters (RFC 2045 6.8).
const LINE: usize = 57;

/// A message to be.
pub(super) struct Letter {
    /// The mailbox of the sender, and the name in front of it.
    pub(super) sender: &'static str,
    pub(super) name: &'static str,
    /// To whom; at least one.
    pub(super) recipients: Vec<&'static str>,
    /// Any text.
    pub(super) subject: String,
    /// Lines of any text that end in LF.
    pub(super) text: String,
    pub(super) attachment: Option<Attachment>,
}

/// A file that goes with a message.
pub(super) struct Attachment {
    /// ASCII.
    pub(super) name: String,
    pub(super) octets: Vec<u8>,
}

impl Attachment {
    /// Something with the head of a PDF and a body that no program compresses any further.
    pub(super) fn scan(name: String, size: usize, rng: &mut Rng) -> Self {
        let mut octets = vec![0; size];
        rng.fill(&mut octets);
        let head = b"%PDF-1.7\n";
        let length = head.len().min(size);
        octets[..length].copy_from_slice(&head[..length]);
        Self { name, octets }
    }
}

impl Letter {
    /// The content, in normal form: lines that end in CRLF.
    pub(super) fn compose(&self, now: Timestamp, rng: &mut Rng) -> Bytes {
        let id = rng.u64(..);
        let mut content = self.header(now, id);
        match &self.attachment {
            None => {
                content.push_str("Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n");
                content.push_str(&crlf(&self.text));
            }
            Some(attachment) => {
                let boundary = format!("=_{id:016x}");
                let name = &attachment.name;
                // Writing to a String cannot fail, here and below.
                let _ = write!(
                    content,
                    "Content-Type: multipart/mixed; boundary=\"{boundary}\"\r\n\r\n\
                     --{boundary}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{}\r\n\
                     --{boundary}\r\nContent-Type: application/pdf; name=\"{name}\"\r\n\
                     Content-Disposition: attachment; filename=\"{name}\"\r\n\
                     Content-Transfer-Encoding: base64\r\n\r\n",
                    crlf(&self.text)
                );
                for line in attachment.octets.chunks(LINE) {
                    content.push_str(&base64(line));
                    content.push_str("\r\n");
                }
                let _ = write!(content, "--{boundary}--\r\n");
            }
        }
        content.into()
    }

    fn header(&self, now: Timestamp, id: u64) -> String {
        let domain = self.sender.rsplit('@').next().unwrap_or_default();
        let mut header = String::new();
        let _ = write!(
            header,
            "From: {} <{}>\r\nTo: {}\r\nSubject: {}\r\nDate: {}\r\nMessage-ID: <{id:016x}@{domain}>\r\n\
             MIME-Version: 1.0\r\n",
            self.name,
            self.sender,
            self.recipients.join(",\r\n "),
            encoded(&self.subject),
            now.rfc5322(),
        );
        header
    }
}

/// The text of a header field: as it is, or in encoded words (RFC 2047) where it is not ASCII.
pub(super) fn encoded(text: &str) -> String {
    if text.is_ascii() {
        return text.to_owned();
    }
    let mut words = vec![String::new()];
    for c in text.chars() {
        let last = words.len() - 1;
        if words[last].len() + c.len_utf8() > WORD {
            words.push(String::from(c));
        } else {
            words[last].push(c);
        }
    }
    let words: Vec<_> = words.iter().map(|word| format!("=?UTF-8?B?{}?=", base64(word.as_bytes()))).collect();
    words.join("\r\n ")
}

fn crlf(text: &str) -> String {
    text.replace('\n', "\r\n")
}

/// Base64 without line ends (RFC 4648 4).
fn base64(octets: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(octets.len().div_ceil(3) * 4);
    for group in octets.chunks(3) {
        let bits = (0..3).fold(0, |bits, i| bits << 8 | usize::from(group.get(i).copied().unwrap_or(0)));
        for place in 0..4 {
            let digit = ALPHABET[bits >> (18 - 6 * place) & 63];
            text.push(if place > group.len() { '=' } else { char::from(digit) });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use mail_parser::{MessageParser, MimeHeaders as _};

    use super::*;

    fn letter(subject: &str, attachment: Option<Attachment>) -> Bytes {
        let letter = Letter {
            sender: "scan@corp.example",
            name: "Scanner",
            recipients: vec!["a@x.example", "b@y.example"],
            subject: subject.to_owned(),
            text: "one\ntwo\n".to_owned(),
            attachment,
        };
        letter.compose(Timestamp::from_unix(0), &mut Rng::with_seed(1))
    }

    #[test]
    fn base64_is_that_of_the_standard() {
        let pairs = [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")];
        for (text, encoded) in pairs {
            assert_eq!(base64(text.as_bytes()), encoded);
        }
    }

    #[test]
    fn a_reader_finds_the_subject_whatever_its_script() {
        for subject in
            ["Nightly run", "Größe geändert", "注文確認のお知らせ ご注文いただきありがとうございます 🎁 第2031号"]
        {
            let content = letter(subject, None);
            assert!(content.split(|&b| b == b'\n').all(|line| line.len() <= 78), "{subject}");
            assert_eq!(MessageParser::default().parse(&content[..]).unwrap().subject(), Some(subject));
        }
    }

    #[test]
    fn a_reader_finds_the_attachment() {
        let attachment = Attachment::scan("scan.pdf".to_owned(), 1000, &mut Rng::with_seed(2));
        let octets = attachment.octets.clone();
        let content = letter("Scan", Some(attachment));
        let message = MessageParser::default().parse(&content[..]).unwrap();
        let part = message.attachment(0).unwrap();
        assert_eq!((part.attachment_name(), part.contents()), (Some("scan.pdf"), &octets[..]));
    }

    #[test]
    fn all_lines_end_in_crlf() {
        let content = letter("x", Some(Attachment::scan("a.pdf".to_owned(), 100, &mut Rng::with_seed(3))));
        assert!(content.ends_with(b"\r\n"));
        assert!(content.iter().enumerate().all(|(at, &b)| b != b'\n' || content[at - 1] == b'\r'));
    }
}
