//! PIPELINING (RFC 2920), and clients that do not wait where they must.

use super::*;

#[tokio::test(start_paused = true)]
async fn p001_a_group_is_answered_in_order() {
    let house = House::new();
    let mut session = Session::hello(&house, insider()).await;
    let recipients = (0..50).map(|n| format!("RCPT TO:<u{n}@y.example>\r\n")).collect::<Vec<_>>().concat();
    session.send(format!("MAIL FROM:<a@x.example>\r\n{recipients}DATA\r\n")).await;
    assert_eq!(session.reply().await.text(), "a@x.example....Sender OK");
    for n in 0..50 {
        assert_eq!(session.reply().await.text(), format!("u{n}@y.example"));
    }
    assert_eq!(session.reply().await.code, 354);
    assert_eq!(session.say(".").await.code, 250);
}

#[tokio::test]
async fn p001_the_replies_to_a_group_come_in_one_write() {
    let (listener, address) = listener().await;
    let mut client = tokio::net::TcpStream::connect(address).await.unwrap();
    let (far, _) = listener.accept().await.unwrap();
    let counted = Counted { stream: far, writes: Arc::default() };
    let writes = Arc::clone(&counted.writes);
    let ledger = mailroot::ledger::Ledger::new();
    let guard = ledger.open_session(mailroot::ledger::Direction::Inbound, insider().address);
    let (_sender, draining) = tokio::sync::watch::channel(false);
    let sent = b"EHLO a\r\nMAIL FROM:<a@x.example>\r\nRCPT TO:<b@y.example>\r\nDATA\r\n";
    tokio::io::AsyncWriteExt::write_all(&mut client, sent).await.unwrap();
    // All of it is there before the server looks.
    counted.stream.readable().await.unwrap();
    tokio::spawn(mailroot::smtp::serve(counted, insider(), House::new(), guard, draining));
    let mut said = Vec::new();
    while !String::from_utf8_lossy(&said).contains("354 ") {
        tokio::io::AsyncReadExt::read_buf(&mut client, &mut said).await.unwrap();
    }
    // The greeting, which waits for nobody, and the group.
    assert_eq!(writes.load(std::sync::atomic::Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn p002_ehlo_and_the_end_of_data_may_stand_inside_a_group() {
    let house = House::new();
    let mut session = Session::start(&house, outsider()).await;
    session.send("EHLO x\r\nMAIL FROM:<a@x.example>\r\nRCPT TO:<b@relay.test>\r\nDATA\r\n").await;
    let codes = [session.reply().await.code, session.reply().await.code, session.reply().await.code];
    assert_eq!((codes, session.reply().await.code), ([250; 3], 354));
    session.send("Subject: 1\r\n.\r\nMAIL FROM:<b@x.example>\r\nRCPT TO:<c@relay.test>\r\nDATA\r\n").await;
    let codes = [session.reply().await.code, session.reply().await.code, session.reply().await.code];
    assert_eq!((codes, session.reply().await.code), ([250; 3], 354));
    session.send("Subject: 2\r\n.\r\nQUIT\r\nMAIL FROM:<smuggled@x.example>\r\n").await;
    let codes = session.rest().await.iter().map(|reply| reply.code).collect::<Vec<_>>();
    assert_eq!(codes, [250, 221]);
    assert_eq!(house.messages().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn p003_a_refused_recipient_does_not_drop_the_others() {
    let house = House::new();
    let mut session = Session::hello(&house, outsider()).await;
    let lines = [
        "MAIL FROM:<a@x.example>",
        "RCPT TO:<b@relay.test>",
        "RCPT TO:<v@victim.example>",
        "RCPT TO:<c@relay.test>",
        "DATA",
    ];
    session.send(format!("{}\r\n", lines.join("\r\n"))).await;
    let mut codes = Vec::new();
    for _ in lines {
        codes.push(session.reply().await.code);
    }
    assert_eq!(codes, [250, 250, 550, 250, 354]);
    session.say(".").await;
    assert_eq!(house.message().recipients(), ["b@relay.test", "c@relay.test"]);
}

#[tokio::test(start_paused = true)]
async fn p004_data_is_refused_when_every_recipient_was() {
    let mut session = Session::hello(&House::new(), outsider()).await;
    session.send("MAIL FROM:<a@x.example>\r\nRCPT TO:<v@victim.example>\r\nDATA\r\n").await;
    let codes = [session.reply().await.code, session.reply().await.code, session.reply().await.code];
    assert_eq!(codes, [250, 550, 554]);
    // The client waited, so the session goes on.
    assert_eq!(session.say("RSET").await.code, 250);
}

#[tokio::test(start_paused = true)]
async fn p004_content_behind_a_refused_data_never_runs_as_commands() {
    let house = House::new();
    let mut session = Session::hello(&house, outsider()).await;
    session
        .send(
            "MAIL FROM:<a@x.example>\r\nRCPT TO:<v@victim.example>\r\nDATA\r\n\
             RSET\r\nMAIL FROM:<smuggled@x.example>\r\nRCPT TO:<b@relay.test>\r\nDATA\r\nSubject: x\r\n.\r\n",
        )
        .await;
    let codes = session.rest().await.iter().map(Said::codes).collect::<Vec<_>>();
    assert_eq!(codes, ["250 2.1.0", "550 5.7.1", "554 5.5.1", "554 5.5.0"]);
    assert!(house.messages().is_empty());
}

#[tokio::test(start_paused = true)]
async fn content_that_does_not_wait_for_an_accepted_data_is_content() {
    let house = House::new();
    let mut session = Session::hello(&house, insider()).await;
    session.envelope(&["b@y.example"]).await;
    session.send("DATA\r\nSubject: x\r\n.\r\nNOOP\r\n").await;
    let codes = [session.reply().await.code, session.reply().await.code, session.reply().await.code];
    assert_eq!(codes, [354, 250, 250]);
    assert_eq!(house.message().body(), b"Subject: x\r\n");
}

#[tokio::test(start_paused = true)]
async fn p006_a_hundred_thousand_commands_do_not_stop_the_server_nor_fill_its_memory() {
    let (near, far) = tokio::io::duplex(4096);
    let mut session = Session::over(near, far, &House::new(), insider());
    session.reply().await;
    let mut answered = Vec::new();
    for _ in 0..100 {
        if session.try_send("RSET\r\n".repeat(50)).await.is_err() {
            break;
        }
        for _ in 0..50 {
            let Some(reply) = session.next().await else { break };
            answered.push(reply.code);
        }
    }
    assert_eq!(answered.len(), 120);
    assert!(answered[..119].iter().all(|&code| code == 250));
    assert_eq!(answered[119], 421);
}

#[tokio::test(start_paused = true)]
async fn p006_a_client_that_does_not_read_is_not_read_from() {
    let (near, far) = tokio::io::duplex(1024);
    let house = House::set(|settings| settings.general.connection_timeout = Duration::from_mins(1));
    let mut session = Session::over(near, far, &house, insider());
    let line = format!("VRFY {}\r\n", "x".repeat(100));
    let mut sent = 0;
    // Each answer is longer than its command, so that the replies fill their side first.
    while let Ok(Ok(())) = tokio::time::timeout(Duration::from_secs(30), session.try_send(&line)).await {
        sent += line.len();
    }
    assert!(sent < 16 * 1024, "{sent}");
    // Patience with our replies unread ends as with silence.
    tokio::time::sleep(Duration::from_mins(1)).await;
    assert!(session.server.is_finished());
}

/// A stream that counts how often it is written to.
struct Counted {
    stream: tokio::net::TcpStream,
    writes: Arc<std::sync::atomic::AtomicUsize>,
}

impl tokio::io::AsyncRead for Counted {
    fn poll_read(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
        buffer: &mut tokio::io::ReadBuf<'_>,
    ) -> std::task::Poll<std::io::Result<()>> {
        std::pin::Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl tokio::io::AsyncWrite for Counted {
    fn poll_write(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
        octets: &[u8],
    ) -> std::task::Poll<std::io::Result<usize>> {
        self.writes.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        std::pin::Pin::new(&mut self.stream).poll_write(context, octets)
    }

    fn poll_flush(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<std::io::Result<()>> {
        std::pin::Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<std::io::Result<()>> {
        std::pin::Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
