//! The dialogue as a person reads it.

use super::*;

#[derive(Default)]
pub(crate) struct Lines(pub(crate) Mutex<Vec<String>>);

impl Transcript for Lines {
    fn line(&self, side: Side, line: &str) {
        let mark = if side == Side::Client { '>' } else { '<' };
        self.0.lock().unwrap().push(format!("{mark} {line}"));
    }

    fn reached(&self, milestone: Milestone<'_>) {
        match milestone {
            Milestone::Encrypted(session, certificate) => {
                self.0.lock().unwrap().push(format!("({session} {:?})", certificate.facts().unwrap().names));
            }
            Milestone::LoggedIn(mechanism) => self.0.lock().unwrap().push(format!("({})", mechanism.name())),
            Milestone::Greeted | Milestone::Introduced(_) => {}
        }
    }
}

#[tokio::test]
async fn a_dialogue_reads_as_it_went_and_content_is_summed_up() {
    let peer = ScriptedPeer::new().offering(&["SIZE 5000"]).on(GREETING, say("220 mx\x07 hi"));
    let lines = Arc::new(Lines::default());
    let transcript: Arc<dyn Transcript> = lines.clone();
    let name = hello();
    let opening = Opening { transcript: Some(transcript), ..Opening::plain(&name, Timeouts::default()) };
    let mut connection = Connection::open(peer.connect(), opening).await.unwrap();
    send_content(&mut connection, &["a"], &b"0123456789\r\n".repeat(100)).await.unwrap();
    connection.quit().await;
    let expected = [
        "< 220 mx<U+0007> hi",
        "> EHLO relay.example",
        "< 250-peer.example",
        "< 250 SIZE 5000",
        "> MAIL FROM:<app@corp.example> SIZE=1200",
        "< 250 2.0.0 ok",
        "> RCPT TO:<a@dest.example>",
        "< 250 2.0.0 ok",
        "> DATA",
        "< 354 go ahead",
        "> (1,200 octets of content)",
        "> .",
        "< 250 2.6.0 taken",
        "> QUIT",
        "< 221 2.0.0 bye",
    ];
    assert_eq!(*lines.0.lock().unwrap(), expected);
}
