//! What stands in command lines, and what is said out of turn.

use super::*;

/// Runs a vector of the classes about commands.
pub(crate) async fn run(vector: &Vector) {
    let id = vector.id.as_str();
    match id {
        "CM02" | "CM03" | "CM04" | "CM08" | "CM09" => replies(vector, insider(), &["501 5.5.2"]).await,
        "CM06" => replies(vector, outsider(), &["501 5.1.7", "503 5.5.1"]).await,
        "CM10" => replies(vector, insider(), &["553 5.6.7"]).await,
        "CM13" => replies(vector, outsider(), &["500 5.5.1"]).await,
        "CM14" => replies(vector, insider(), &["501 5.5.4"; 3]).await,
        "CM15" => replies(vector, insider(), &["501 5.5.4", "501 5.1.7", "501 5.5.4"]).await,
        // Accepted, as the old server did.
        "CM16" => replies(vector, insider(), &["250 2.1.0", "250 2.1.5"]).await,
        "CM17" => replies(vector, insider(), &["555 5.5.4"]).await,
        "CM18" => replies(vector, insider(), &["501 5.5.4"]).await,
        // The switch is the right to relay.
        "CM19" => {
            replies(vector, insider(), &["250"; 3]).await;
            replies(vector, outsider(), &["501 5.5.4"; 3]).await;
        }
        "CM20" => {
            for peer in [insider(), outsider()] {
                replies(vector, peer, &["250"; 3]).await;
            }
        }
        "XP06" => replies(vector, insider(), &["500 5.5.1"]).await,
        "XP02" => {
            let body =
                b"EHLO x\r\nMAIL FROM:<smuggled@x.example>\r\nRCPT TO:<smuggled@relay.test>\r\nDATA\r\nx\r\n.\r\n";
            closes(&[b"POST /evil HTTP/1.1\r\nHost: relay.test\r\n\r\n", &body[..]].concat()).await;
        }
        "XP03" => closes(&vector.octets()).await,
        "XP04" => {
            let start = unescape(vector.bytes.split("...").next().unwrap());
            closes(&start).await;
            closes(&[start, vec![b'x'; 500]].concat()).await;
        }
        "PL02" => replies(vector, outsider(), &["250", "250 2.1.0"]).await,
        "PL04" => behind_the_end().await,
        "PL05" => behind_a_refused_data().await,
        "PL06" => flood("RSET\r\n").await,
        "PL07" => {
            let mut session = Session::hello(&House::new(), insider()).await;
            session.send(vector.octets()).await;
            assert_eq!(all_codes(&mut session).await, ["221 2.0.0"]);
        }
        "PL08" => unread_replies().await,
        _ => unknown(vector),
    }
}

/// What is sent in one segment gets these replies and no more, and the session goes on.
async fn replies(vector: &Vector, peer: mailroot::smtp::Peer, codes: &[&str]) {
    let house = House::new();
    let mut session = Session::hello(&house, peer).await;
    session.send(vector.octets()).await;
    for expected in codes {
        assert_eq!(session.reply().await.codes(), *expected, "{}", vector.id);
    }
    assert!(session.is_silent().await && is_in_step(&mut session).await, "{}", vector.id);
    assert!(house.messages().is_empty());
}

/// The server says one word to another protocol and closes, before anything behind it is read as a command.
async fn closes(octets: &[u8]) {
    for peer in [insider(), outsider()] {
        let house = House::new();
        let mut session = Session::start(&house, peer).await;
        session.send(octets).await;
        assert_eq!(all_codes(&mut session).await, ["554 5.5.0"]);
        assert!(house.messages().is_empty());
    }
}

async fn all_codes(session: &mut Session) -> Vec<String> {
    session.rest().await.iter().map(Said::codes).collect()
}

/// RFC 2920 3.1 lets the next transaction stand in one group with the end of the last; only DATA must be the last of
/// it. Ours are answered in order, from everyone; content that does not wait for its 354 is content.
async fn behind_the_end() {
    for peer in [insider(), outsider()] {
        let house = House::new();
        let mut session = Session::hello(&house, peer).await;
        session.envelope(&["b@relay.test"]).await;
        session.say("DATA").await;
        session.send("x\r\n.\r\nMAIL FROM:<b@x.example>\r\nRCPT TO:<c@relay.test>\r\nDATA\r\nFrom: x\r\n").await;
        let mut codes = Vec::new();
        for _ in 0..4 {
            codes.push(session.reply().await.code);
        }
        assert_eq!(codes, [250, 250, 250, 354]);
        assert!(session.is_silent().await);
        assert_eq!(session.say(".").await.code, 250);
        assert_eq!(house.messages().len(), 2);
    }
}

async fn behind_a_refused_data() {
    let house = House::new();
    let mut session = Session::hello(&house, outsider()).await;
    let group = "MAIL FROM:<a@x.example>\r\nRCPT TO:<v@victim.example>\r\nDATA\r\n";
    let body = "MAIL FROM:<smuggled@x.example>\r\nRCPT TO:<smuggled@relay.test>\r\nDATA\r\nx\r\n.\r\n";
    session.send(format!("{group}{body}")).await;
    assert_eq!(all_codes(&mut session).await, ["250 2.1.0", "550 5.7.1", "554 5.5.1", "554 5.5.0"]);
    assert!(house.messages().is_empty());
}

/// Commands without end are answered until the patience is used up.
pub(crate) async fn flood(command: &str) {
    let (near, far) = tokio::io::duplex(4096);
    let mut session = Session::over(near, far, &House::new(), insider());
    session.reply().await;
    let mut answered = 0;
    let last = loop {
        if session.try_send(command).await.is_err() {
            break session.next().await;
        }
        match session.next().await {
            Some(said) if said.code != 421 => answered += 1,
            last => break last,
        }
        assert!(answered < 200, "{command}");
    };
    assert_eq!(last.unwrap().codes(), "421 4.7.0", "{command}");
    assert!(answered <= 120, "{command}: {answered}");
}

async fn unread_replies() {
    let (near, far) = tokio::io::duplex(1024);
    let mut session = Session::over(near, far, &House::new(), insider());
    let mut sent = 0;
    let command = "HELP\r\n";
    while let Ok(Ok(())) = tokio::time::timeout(Duration::from_mins(1), session.try_send(command)).await {
        sent += command.len();
    }
    assert!(sent <= 8192, "{sent} octets were read from a client that reads nothing");
    tokio::time::sleep(Duration::from_secs(700)).await;
    assert!(session.server.is_finished());
}
