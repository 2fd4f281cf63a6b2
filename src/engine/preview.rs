//! A message as a person may read it without fear: decoded, bounded, and nothing in it can do anything.
//!
//! Whoever wrote the message may have written it for the reader of it, a parser of MIME or a terminal. So a bounded
//! part of it is read, in a thread of its own, in which a panic of the parser ends nothing, and every text is made
//! printable.

use std::borrow::Cow;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use mail_parser::decoders::html::html_to_text;
use mail_parser::{Address, HeaderName, HeaderValue, Message, MessageParser, MessagePart, MimeHeaders, PartType};
use tokio::sync::oneshot;

use super::view::{Attachment, Preview, SCHEMA};
use crate::queue::Content;
use crate::text::shortened;

/// Octets read of a message.
const READ: usize = 256 * 1024;
/// Lines shown of its text, and characters of each.
const LINES: usize = 500;
const COLUMNS: usize = 1000;
/// Fields of one name shown, and characters of each: there should be one.
const FIELDS: usize = 3;
const VALUE: usize = 1000;
/// Parts listed, and characters of their names.
const ATTACHMENTS: usize = 100;
const NAME: usize = 255;
/// What a tabulator is shown as.
const TAB: &str = "    ";
/// The stack of the thread that parses. Messages within messages are taken down by recursion, and the octets read hold
/// some 9,000 of them, for which 2 MiB are just enough. What is not used of it takes no memory.
const STACK: usize = 16 << 20;
/// How long a person waits. The parser goes on to its end, which the octets read bound.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why a message is not shown.
#[derive(Debug, thiserror::Error)]
pub(super) enum PreviewError {
    #[error("it cannot be read: {0}")]
    Read(#[from] io::Error),
    #[error("it is written so that no reader gets through it; export it to look at its source")]
    Unreadable,
}

/// Reads a message of `size` octets from its store.
pub(super) async fn of(id: &str, size: u64, mut content: Content) -> Result<Preview, PreviewError> {
    let mut octets = Vec::new();
    while octets.len() <= READ {
        let Some(piece) = content.next().await? else {
            let whole = octets.len() as u64;
            return apart(id.to_owned(), octets, whole).await;
        };
        octets.extend_from_slice(&piece);
    }
    let size = size.max(octets.len() as u64);
    octets.truncate(READ);
    octets.extend_from_slice(b"\r\n\r\n"); // a field without its end would not be read
    apart(id.to_owned(), octets, size).await
}

/// Parses in a thread of its own, with a stack of its own: a slow message keeps nobody waiting.
async fn apart(id: String, octets: Vec<u8>, size: u64) -> Result<Preview, PreviewError> {
    let (sender, receiver) = oneshot::channel();
    // Who does not wait any longer does not take the answer.
    let work = move || drop(sender.send(preview_of(&id, &octets, size)));
    std::thread::Builder::new().name("preview".to_owned()).stack_size(STACK).spawn(work)?;
    match tokio::time::timeout(PATIENCE, receiver).await {
        Ok(Ok(preview)) => Ok(preview),
        Ok(Err(_)) | Err(_) => Err(PreviewError::Unreadable),
    }
}

/// The preview of a message of `size` octets of which these are the first. What is not understood is shown as text.
///
/// May recurse deeply on what a stranger wrote; the engine calls it where there is room for that.
pub fn preview_of(id: &str, octets: &[u8], size: u64) -> Preview {
    or_as_text(id, octets, size, || decoded(id, octets, size))
}

/// A parser that panics is one more way in which a message is not understood.
fn or_as_text(id: &str, octets: &[u8], size: u64, decode: impl FnOnce() -> Option<Preview>) -> Preview {
    catch_unwind(AssertUnwindSafe(decode)).ok().flatten().unwrap_or_else(|| {
        let mut text = Text::of(octets, size);
        text.take(&String::from_utf8_lossy(octets));
        Preview { schema: SCHEMA, id: id.to_owned(), text: text.lines, is_cut: text.is_cut, ..Preview::default() }
    })
}

fn decoded(id: &str, octets: &[u8], size: u64) -> Option<Preview> {
    let parser = MessageParser::new()
        .with_mime_headers()
        .header_address(HeaderName::From)
        .header_address(HeaderName::To)
        .header_address(HeaderName::Cc)
        .header_text(HeaderName::Subject)
        .header_raw(HeaderName::Date)
        .default_header_ignore();
    let message = parser.parse(octets)?;
    let mut text = Text::of(octets, size);
    message.text_bodies().for_each(|part| text.take(&readable(part)));
    Some(Preview {
        schema: SCHEMA,
        id: id.to_owned(),
        header: header(&message),
        text: text.lines,
        is_cut: text.is_cut,
        attachments: attachments(&message, octets.len(), size),
    })
}

/// The text as far as it is shown.
struct Text {
    lines: Vec<String>,
    is_cut: bool,
}

impl Text {
    fn of(octets: &[u8], size: u64) -> Self {
        Self { lines: Vec::new(), is_cut: (octets.len() as u64) < size }
    }

    fn take(&mut self, text: &str) {
        let text = text.trim_ascii_end();
        for line in text.split('\n').filter(|_| !text.is_empty()) {
            if self.lines.len() == LINES {
                self.is_cut = true;
                return;
            }
            let line = line.strip_suffix('\r').unwrap_or(line).replace('\t', TAB);
            let shown = shortened(&line, COLUMNS);
            self.is_cut |= shown.ends_with('…') && !line.ends_with('…');
            self.lines.push(shown);
        }
    }
}

/// A part of the body as text.
fn readable<'a>(part: &'a MessagePart<'_>) -> Cow<'a, str> {
    match &part.body {
        PartType::Text(text) => Cow::Borrowed(text),
        PartType::Html(html) => html_to_text(html).into(),
        // Pictures between the texts are among the attachments.
        PartType::Binary(_) | PartType::InlineBinary(_) | PartType::Message(_) | PartType::Multipart(_) => "".into(),
    }
}

fn header(message: &Message<'_>) -> Vec<(String, String)> {
    let names = [HeaderName::From, HeaderName::To, HeaderName::Cc, HeaderName::Subject, HeaderName::Date];
    let fields = names.into_iter().flat_map(|name| {
        let shown = name.as_str().to_owned();
        message.header_values(name).take(FIELDS).map(move |value| (shown.clone(), shortened(&written(value), VALUE)))
    });
    fields.collect()
}

fn written(value: &HeaderValue<'_>) -> String {
    match value {
        HeaderValue::Address(addresses) => mailboxes(addresses),
        HeaderValue::Text(text) => text.trim().to_owned(),
        HeaderValue::TextList(texts) => texts.join(" ").trim().to_owned(),
        _ => String::new(),
    }
}

/// `Bob <bob@example.com>, eve@example.net`
fn mailboxes(addresses: &Address<'_>) -> String {
    let mut written = String::new();
    for mailbox in addresses.iter() {
        if !written.is_empty() {
            written.push_str(", ");
        }
        match (&mailbox.name, &mailbox.address) {
            (Some(name), Some(address)) => written.extend([name, " <", address, ">"]),
            (Some(text), None) | (None, Some(text)) => written.push_str(text),
            (None, None) => {}
        }
        if written.len() > VALUE * 4 {
            break; // more than is shown
        }
    }
    written
}

fn attachments(message: &Message<'_>, read: usize, size: u64) -> Vec<Attachment> {
    let unread = size.saturating_sub(read as u64);
    let attachment = |part: &MessagePart<'_>| Attachment {
        name: part.attachment_name().map(|name| shortened(name, NAME)),
        media_type: shortened(&media_type(part), NAME),
        size: if unread > 0 && part.raw_end_offset() as usize >= read {
            let raw = u64::from(part.raw_end_offset().saturating_sub(part.raw_body_offset())) + unread;
            if is_base64(part) { raw / 78 * 57 } else { raw }
        } else {
            part.len() as u64
        },
    };
    message.attachments().take(ATTACHMENTS).map(attachment).collect()
}

fn media_type(part: &MessagePart<'_>) -> String {
    match (part.content_type(), &part.body) {
        (Some(content), _) => {
            let subtype = content.subtype().map(|subtype| format!("/{subtype}")).unwrap_or_default();
            format!("{}{subtype}", content.ctype()).to_ascii_lowercase()
        }
        (None, PartType::Message(_)) => "message/rfc822".to_owned(),
        (None, _) => "text/plain".to_owned(),
    }
}

/// Lines of 76 characters and their ends, 78 octets, hold 57.
fn is_base64(part: &MessagePart<'_>) -> bool {
    part.content_transfer_encoding().is_some_and(|encoding| encoding.eq_ignore_ascii_case("base64"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The preview as a session would get it.
    async fn read(message: impl AsRef<[u8]>) -> Preview {
        let message = message.as_ref();
        of("1", message.len() as u64, Content::memory(message.to_vec().into())).await.unwrap()
    }

    fn field<'a>(preview: &'a Preview, name: &str) -> Vec<&'a str> {
        preview.header.iter().filter(|(field, _)| field == name).map(|(_, value)| &**value).collect()
    }

    #[tokio::test]
    async fn fields_are_decoded_and_in_their_order() {
        let preview = read(
            "Received: from x\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n =?utf-8?b?IGF1cw==?= Wien\r\n\
             Date: Tue, 24 Nov 2026 11:15:03 +0000\r\nTo: Bob <bob@example.com>,\r\n eve@example.net\r\n\
             From: =?iso-8859-1?q?J=F6rg?= <joerg@corp.example>\r\n\r\nHello.\r\n",
        )
        .await;
        let header: Vec<_> = preview.header.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        assert_eq!(
            header,
            [
                "From: Jörg <joerg@corp.example>",
                "To: Bob <bob@example.com>, eve@example.net",
                "Subject: Grüße aus Wien",
                "Date: Tue, 24 Nov 2026 11:15:03 +0000",
            ]
        );
        assert_eq!((preview.text, preview.is_cut), (vec!["Hello.".to_owned()], false));
    }

    #[tokio::test]
    async fn plain_text_is_preferred_and_html_is_read_where_there_is_no_other() {
        let html = "Content-Type: text/html; charset=utf-8\r\n\r\n<html><head><title>no</title><script>alert(1)\
                    </script></head><body><p>One &lt;b&gt;</p><p>Two</p></body></html>\r\n";
        let both = format!(
            "Content-Type: multipart/alternative; boundary=x\r\n\r\n--x\r\n{html}--x\r\nContent-Type: text/plain\r\n\
             Content-Transfer-Encoding: quoted-printable\r\n\r\nplain =\r\ntext=21\r\n--x--\r\n"
        );
        assert_eq!(read(both).await.text, ["plain text!"]);
        let text = read(html).await.text.join("|");
        assert!(text.contains("One <b>") && text.contains("Two") && !text.contains("alert"), "{text}");
    }

    #[tokio::test]
    async fn attachments_are_listed_and_not_shown() {
        let preview = read(
            "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nsee\tthere\r\n--x\r\n\
             Content-Type: Application/PDF; name=\"a\x1b[2J.pdf\"\r\nContent-Transfer-Encoding: base64\r\n\r\n\
             aGVsbG8=\r\n--x\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\ninner text\r\n--x--\r\n",
        )
        .await;
        assert_eq!(preview.text, ["see    there"]);
        let listed: Vec<_> = preview.attachments.iter().map(|a| (a.name.as_deref(), a.media_type.as_str())).collect();
        assert_eq!(listed, [(Some("a␛[2J.pdf"), "application/pdf"), (None, "message/rfc822")]);
        assert_eq!(preview.attachments[0].size, 5);
    }

    #[tokio::test]
    async fn of_a_long_message_the_beginning_is_shown_and_the_rest_is_estimated() {
        let line = "QUJD".repeat(19) + "\r\n";
        let lines = (2 << 20) / 78;
        let message = format!(
            "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nhello\r\n--x\r\nContent-Type: a/b\r\n\
             Content-Transfer-Encoding: base64\r\n\r\n{}--x--\r\n",
            line.repeat(lines)
        );
        let preview = read(&message).await;
        assert_eq!((preview.text.as_slice(), preview.is_cut), (["hello".to_owned()].as_slice(), true));
        let (size, truth) = (preview.attachments[0].size, lines as u64 * 57);
        assert!(size.abs_diff(truth) < 200, "{size} is not about {truth}");
    }

    #[tokio::test]
    async fn lines_and_columns_are_bounded() {
        let preview = read("Subject: x\r\n\r\n".to_owned() + &"a\r\n".repeat(LINES + 1)).await;
        assert_eq!((preview.text.len(), preview.is_cut), (LINES, true));
        let preview = read("Subject: x\r\n\r\n".to_owned() + &"ü".repeat(COLUMNS + 1)).await;
        assert_eq!((preview.text[0].chars().count(), preview.is_cut), (COLUMNS, true));
        let preview = read("Subject: x\r\n\r\n".to_owned() + &"ü".repeat(COLUMNS)).await;
        assert!(!preview.is_cut);
    }

    #[tokio::test]
    async fn a_header_of_a_megabyte_is_cut_and_a_field_that_comes_too_often_is_shown_a_few_times() {
        let preview = read(format!("Subject: {}\r\n\r\ntext\r\n", "x".repeat(1 << 20))).await;
        assert_eq!(field(&preview, "Subject")[0].chars().count(), VALUE);
        assert!(preview.is_cut);
        let many = format!("To: {}\r\n\r\n", "<bob@example.com>,\r\n ".repeat(10_000));
        assert_eq!(field(&read(many).await, "To")[0].chars().count(), VALUE);
        let repeated = "From: a@b.example\r\n".repeat(100) + "\r\n";
        assert_eq!(field(&read(repeated).await, "From").len(), FIELDS);
    }

    #[tokio::test]
    async fn messages_nested_without_end_are_read_and_taken_down() {
        for part in ["Content-Type: message/rfc822\r\n\r\n", "Content-Type:message/rfc822\n\n"] {
            let preview = read(part.repeat(READ / part.len())).await;
            assert_eq!(preview.attachments.len(), 1);
        }
        let digest = |n: usize| format!("Content-Type: multipart/digest; boundary=b{n}\r\n\r\n--b{n}\r\n\r\n");
        read((0..).map(digest).take(READ / 56).collect::<String>()).await;
        let mixed = |n: usize| format!("Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n");
        read((0..).map(mixed).take(READ / 50).collect::<String>()).await;
    }

    #[test]
    fn a_message_on_which_the_parser_stumbles_is_shown_as_text() {
        let preview = or_as_text("1", b"Subject: x\r\n\r\ntext\r\n", 99, || panic!("as the parser would"));
        assert_eq!(preview.text, ["Subject: x", "", "text"]);
        assert_eq!((preview.id.as_str(), preview.is_cut), ("1", true));
    }

    #[tokio::test]
    async fn boundaries_that_never_come_end_in_time() {
        let part = "--x\r\nContent-Type: multipart/mixed; boundary=never\r\n\r\ntext\r\n";
        let start = "Content-Type: multipart/mixed; boundary=x\r\n\r\n";
        let preview = read(start.to_owned() + &part.repeat(READ / 4 / part.len())).await;
        assert_eq!(preview.attachments.len(), ATTACHMENTS);
    }

    #[tokio::test]
    async fn a_charset_that_lies_or_that_nobody_knows_is_no_trouble() {
        for charset in ["utf-8", "us-ascii", "utf-7", "utf-16", "iso-2022-jp", "no-such", "\"\x1b[2J\"", "gb18030"] {
            let head = format!("Subject: =?{charset}?b?//79?=\r\nContent-Type: text/plain; charset={charset}\r\n\r\n");
            let preview = read([head.as_bytes(), b"caf\xe9 \xff\xfe\xed\xa0\x80 \x1b[2J\r\n"].concat()).await;
            assert!(!preview.text.is_empty());
            is_harmless(&preview);
        }
    }

    #[tokio::test]
    async fn what_is_no_message_is_shown_as_text() {
        assert_eq!(read("\r\nno header\r\n").await.text.last().unwrap(), "no header");
        assert_eq!(read("").await.text, [""; 0]);
        is_harmless(&read(b"\0\x01\xff\x9b\r\r\n\n\x1b]0;x\x07".as_slice()).await);
    }

    fn is_harmless(preview: &Preview) {
        let header = preview.header.iter().map(|(_, value)| value);
        for text in header.chain(&preview.text) {
            assert!(!text.chars().any(char::is_control), "{text:?}");
        }
    }
}
