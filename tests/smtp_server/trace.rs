//! The `Received:` field and loops.

use super::*;
use smtp_session::Kept;

/// The message that a session with these lines before the transaction leaves behind.
async fn kept(hello: &[&str], mail: &str, recipients: &[&str]) -> Kept {
    let house = House::new();
    let mut session = Session::start(&house, insider()).await;
    for line in hello {
        assert_eq!(session.say(line).await.code, 250);
    }
    assert_eq!(session.say(mail).await.code, 250);
    for recipient in recipients {
        assert_eq!(session.say(&format!("RCPT TO:<{recipient}>")).await.code, 250);
    }
    assert_eq!(session.codes(&["DATA", "Subject: x\r\n."]).await, [354, 250]);
    house.message()
}

/// Reads a field by the grammar of RFC 5321 4.4 and gives back its clauses, comments left out: FROM domain,
/// TCP-info, BY, WITH, ID, FOR.
fn clauses(field: &str) -> Vec<String> {
    assert!(field.ends_with("\r\n") && field.split("\r\n").all(|line| line.len() <= 998), "{field}");
    assert!(field.split("\r\n").skip(1).all(|line| line.is_empty() || line.starts_with('\t')), "{field}");
    let unfolded = field.replace("\r\n\t", " ").replace("\r\n", "");
    let (stamp, date) = unfolded.strip_prefix("Received: ").unwrap().rsplit_once("; ").unwrap();
    let zone = date.split(' ').next_back().unwrap();
    assert!(zone.len() == 5 && zone.starts_with(['+', '-']), "{date}");
    let mut words = stamp.split(' ').peekable();
    let mut clauses = Vec::new();
    for keyword in ["from", "by", "with", "id", "for"] {
        if words.peek() != Some(&keyword) {
            assert_eq!(keyword, "for", "{stamp}");
            continue;
        }
        words.next();
        clauses.push(words.next().unwrap().to_owned());
        while words.peek().is_some_and(|word| word.starts_with('(')) {
            let mut comment = words.next().unwrap().to_owned();
            while !is_closed(&comment) {
                comment = format!("{comment} {}", words.next().unwrap());
            }
            clauses.push(comment);
        }
    }
    assert_eq!(words.next(), None, "{stamp}");
    clauses
}

/// Whether the last octet is the parenthesis that closes the comment, and none of its text (RFC 5322 3.2.2).
fn is_closed(comment: &str) -> bool {
    let mut escaped = false;
    let closing = comment.char_indices().find(|&(_, c)| {
        let closes = c == ')' && !escaped;
        escaped = c == '\\' && !escaped;
        closes
    });
    closing.is_some_and(|(at, _)| at + 1 == comment.len())
}

#[tokio::test(start_paused = true)]
async fn r037_the_received_field_follows_the_grammar() {
    let message = kept(&["EHLO client.example"], "MAIL FROM:<a@x.example>", &["b@y.example"]).await;
    let expected =
        ["client.example", "([192.0.2.10])", HOST, &format!("(mailroot {INSTANCE})"), "ESMTP", "Q0", "<b@y.example>"];
    assert_eq!(clauses(message.received()), expected);
    assert_eq!(message.body(), b"Subject: x\r\n");
}

#[tokio::test(start_paused = true)]
async fn r037_whatever_the_client_calls_itself_the_field_stays_whole() {
    for name in ["my_host", "a(b)c\\", "[10.0.0.1]", "\"x;y\"", "-x-", "a..b", "x)(y", &"z".repeat(255)] {
        let message = kept(&[&format!("EHLO {name}")], "MAIL FROM:<a@x.example>", &["b@y.example"]).await;
        let clauses = clauses(message.received());
        let by = clauses.iter().position(|clause| clause == HOST).unwrap();
        assert_eq!(clauses[by + 2..], ["ESMTP", "Q0", "<b@y.example>"], "{name}");
        assert!(clauses[1].contains("[192.0.2.10]"), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn r038_a_recipient_is_named_only_where_it_is_the_only_one() {
    let message = kept(&["EHLO c.example"], "MAIL FROM:<a@x.example>", &["b@y.example", "c@y.example"]).await;
    assert!(!message.received().contains("for <"));
}

#[tokio::test(start_paused = true)]
async fn r039_earlier_received_fields_stay_as_they_are() {
    let house = House::new();
    let mut session = Session::hello(&house, outsider()).await;
    let odd = (0..10).map(|n| format!("RECEIVED:  (odd{n})\r\n\t \r\n\twhatever {n}\r\n")).collect::<Vec<_>>().concat();
    assert_eq!(session.deliver(&["b@relay.test"], &odd).await.code, 250);
    assert_eq!(house.message().body(), odd.as_bytes());
}

#[tokio::test(start_paused = true)]
async fn r040_the_with_keyword_fits_the_session() {
    let table = [
        (&[][..], "MAIL FROM:<a@x.example>", "SMTP"),
        (&["HELO c.example"], "MAIL FROM:<a@x.example>", "SMTP"),
        (&["EHLO c.example"], "MAIL FROM:<a@x.example>", "ESMTP"),
        (&["EHLO c.example"], "MAIL FROM:<a@x.example> SMTPUTF8", "UTF8SMTP"),
        (&["EHLO c.example", "HELO c.example"], "MAIL FROM:<a@x.example>", "SMTP"),
    ];
    for (hello, mail, keyword) in table {
        let message = kept(hello, mail, &["b@y.example"]).await;
        assert!(message.received().contains(&format!(" with {keyword} id ")), "{}", message.received());
    }
}

#[tokio::test(start_paused = true)]
async fn r040_r037_tls_and_logins_are_in_the_keyword_and_the_cipher_beside_it() {
    let cipher = "(TLSv1.3 TLS_AES_256_GCM_SHA384)";
    let login = "AUTH PLAIN AGFwcABnZWhlaW0=";
    let table = [
        ("EHLO c.example", "", "", "ESMTPS"),
        ("HELO c.example", "", "", "ESMTPS"),
        ("EHLO c.example", login, "", "ESMTPSA"),
        ("EHLO c.example", "", " SMTPUTF8", "UTF8SMTPS"),
        ("EHLO c.example", login, " SMTPUTF8", "UTF8SMTPSA"),
    ];
    for (hello, login, parameter, keyword) in table {
        let house = House::secure();
        let mut session = Session::secure(&house, insider()).await;
        for line in [hello, login].into_iter().filter(|line| !line.is_empty()) {
            session.say(line).await;
        }
        let mail = format!("MAIL FROM:<a@x.example>{parameter}");
        assert_eq!(session.codes(&[&mail, "RCPT TO:<b@y.example>", "DATA", "."]).await, [250, 250, 354, 250]);
        let clauses = clauses(house.message().received());
        assert_eq!(clauses[4..], [keyword, cipher, "Q0", "<b@y.example>"]);
    }
    for (parameter, keyword) in [("", "ESMTPA"), (" SMTPUTF8", "UTF8SMTPA")] {
        let house = House::secure();
        let peer = mailroot::smtp::Peer { may_log_in_clear: true, ..insider() };
        let mut session = Session::hello(&house, peer).await;
        session.say(login).await;
        let mail = format!("MAIL FROM:<a@x.example>{parameter}");
        assert_eq!(session.codes(&[&mail, "RCPT TO:<b@y.example>", "DATA", "."]).await, [250, 250, 354, 250]);
        assert_eq!(clauses(house.message().received())[4], keyword);
    }
}

#[tokio::test(start_paused = true)]
async fn reverse_dns_names_the_client_or_says_that_it_failed() {
    let house = House::set(|settings| settings.delivery.advanced.reverse_dns = true);
    let named = mailroot::smtp::Peer { name: Some(domain("pc7.corp.example")), ..insider() };
    for (peer, expected) in [
        (named, "from client.example (pc7.corp.example [192.0.2.10])"),
        (insider(), "from client.example ([192.0.2.10] RDNS failed)"),
    ] {
        let mut session = Session::hello(&house, peer).await;
        session.deliver(&["b@y.example"], "").await;
        let message = house.messages().pop().unwrap();
        assert!(message.received().contains(expected), "{}", message.received());
    }
}

#[tokio::test(start_paused = true)]
async fn r068_a_message_with_too_many_hops_is_refused() {
    for (hops, codes) in [(99, "250 2.6.0"), (100, "250 2.6.0"), (101, "554 5.4.6")] {
        let house = House::new();
        let mut session = Session::hello(&house, outsider()).await;
        let content = format!("{}\r\nbody\r\n", "Received: from a by b; date\r\n".repeat(hops));
        assert_eq!(session.deliver(&["b@relay.test"], content).await.codes(), codes, "{hops}");
        assert_eq!((house.messages().len(), house.open_drafts()), (usize::from(hops <= 100), 0));
    }
}

#[tokio::test(start_paused = true)]
async fn r068_a_message_that_was_here_twice_is_a_loop() {
    let house = House::new();
    let mut session = Session::hello(&house, insider()).await;
    let mut content = "Subject: x\r\n\r\nbody\r\n".to_owned();
    for codes in ["250 2.6.0", "250 2.6.0", "554 5.4.6"] {
        let reply = session.deliver(&["b@y.example"], &content).await;
        assert_eq!(reply.codes(), codes);
        content = String::from_utf8(house.messages().pop().unwrap().content).unwrap();
    }
}
