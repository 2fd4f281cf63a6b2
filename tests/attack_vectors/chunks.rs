//! BDAT.

use super::*;

/// Runs a vector of the classes about BDAT.
pub(crate) async fn run(vector: &Vector) {
    let house = House::new();
    let mut session = Session::hello(&house, insider()).await;
    match vector.id.as_str() {
        "BD01" => {
            session.send(vector.octets()).await;
            assert_eq!(session.reply().await.codes(), "503 5.5.1");
            assert!(is_in_step(&mut session).await);
        }
        "BD02" | "BD04" => {
            session.envelope(&["b@relay.test"]).await;
            session.send(vector.octets()).await;
            session.send("MAIL FROM:<smuggled@x.example>\r\n").await;
            let said = session.rest().await;
            assert_eq!(said.iter().map(Said::codes).collect::<Vec<_>>(), ["501 5.5.4"]);
        }
        "BD06" | "BD07" => {
            session.envelope(&["b@relay.test"]).await;
            session.send(vector.octets()).await;
            assert_eq!(session.reply().await.codes(), "250 2.0.0");
            assert_eq!(session.reply().await.codes(), "503 5.5.1");
        }
        "BD10" => {
            session.envelope(&["b@relay.test"]).await;
            session.send(format!("BDAT 89 LAST\r\n{}", "x".repeat(88))).await;
            assert_eq!(session.rest().await[0].codes(), "421 4.4.2");
        }
        "BD12" => return bare_line_ends().await,
        "BD13" => return split_line_end(vector).await,
        // It is advertised, so it is honoured: here there is no transaction.
        "BD15" => {
            assert!(session.say("EHLO x").await.lines.contains(&"CHUNKING".to_owned()));
            session.send(vector.octets()).await;
            assert_eq!(session.reply().await.codes(), "503 5.5.1");
            assert!(is_in_step(&mut session).await);
        }
        _ => unknown(vector),
    }
    assert!(house.messages().is_empty());
}

async fn bare_line_ends() {
    for (peer, codes) in [(insider(), "250 2.6.0"), (outsider(), "554 5.6.0")] {
        let house = House::new();
        let mut session = Session::hello(&house, peer).await;
        session.envelope(&["b@relay.test"]).await;
        session.send("BDAT 5 LAST\r\na\n.\nb").await;
        assert_eq!(session.reply().await.codes(), codes);
        assert!(house.messages().iter().all(|message| message.body() == b"a\r\n.\r\nb\r\n"));
    }
}

async fn split_line_end(vector: &Vector) {
    for peer in [insider(), outsider()] {
        let house = House::new();
        let mut session = Session::hello(&house, peer).await;
        session.envelope(&["b@relay.test"]).await;
        for segment in vector.bytes.split('|') {
            session.send(unescape(segment)).await;
            assert_eq!(session.reply().await.code, 250);
        }
        assert_eq!(house.message().body(), b"ab\r\n.\r\nx\r\n");
    }
}
