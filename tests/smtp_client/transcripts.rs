//! The dialogue as a person reads it.

use super::*;

#[derive(Default)]
struct Lines(Mutex<Vec<String>>);

impl Transcript for Lines {
    fn line(&self, side: Side, line: &str) {
        let mark = if side == Side::Client { '>' } else { '<' };
        self.0.lock().unwrap().push(format!("{mark} {line}"));
    }
}

#[tokio::test]
async fn a_dialogue_reads_as_it_went_and_content_is_summed_up() {
    let peer = ScriptedPeer::new().offering(&["SIZE 5000"]).on(GREETING, say("220 mx\x07 hi"));
    let lines = Arc::new(Lines::default());
    let transcript: Arc<dyn Transcript> = lines.clone();
    let opened = Connection::open(peer.connect(), &hello(), Timeouts::default(), Some(transcript)).await;
    let mut connection = opened.unwrap();
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
