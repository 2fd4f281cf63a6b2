//! Commands: their form, their order, and those that move no mail.

use super::*;

#[tokio::test(start_paused = true)]
async fn r005_verbs_and_keywords_are_read_in_any_case() {
    let mut session = Session::start(&House::new(), insider()).await;
    let lines = ["ehlo client.example", "mAiL fRoM:<a@x.example> size=10", "rcpt to:<b@y.example>", "data"];
    assert_eq!(session.codes(&lines).await, [250, 250, 250, 354]);
}

#[tokio::test(start_paused = true)]
async fn r007_only_crlf_ends_a_command() {
    for end in ["\n", "\r", "\n\r", "\u{b}", "\u{85}", "\u{2028}"] {
        let mut session = Session::hello(&House::new(), insider()).await;
        session.send(format!("NOOP{end}RSET\r\n")).await;
        let reply = session.reply().await;
        assert!(matches!(reply.code, 500 | 501), "{end:?} {reply:?}");
        assert!(session.is_silent().await, "{end:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn r009_every_command_gets_one_reply() {
    let mut session = Session::start(&House::new(), insider()).await;
    let commands = [
        "EHLO a",
        "FOO",
        "",
        "MAIL",
        "MAIL FROM:<a@x.example>",
        "RCPT TO:<>",
        "RCPT TO:<b@y.example>",
        "VRFY b",
        "HELP",
        "NOOP",
        "EXPN list",
        "RSET",
        "ETRN y.example",
        "AUTH PLAIN",
        "DATA",
        "HELO",
        "BDAT 0",
    ];
    for command in commands {
        session.send(format!("{command}\r\n")).await;
        session.reply().await;
        assert!(session.is_silent().await, "{command}");
    }
}

#[tokio::test(start_paused = true)]
async fn r010_r011_r012_replies_have_their_form_though_they_repeat_what_a_client_said() {
    let mut session = Session::hello(&House::new(), outsider()).await;
    session.say("MAIL FROM:<a@x.example> SMTPUTF8").await;
    // The form of every reply is checked where it is read, in all tests.
    let long = format!("{}@{}.example", "a".repeat(120), "\u{fc}".repeat(40));
    let reply = session.say(&format!("RCPT TO:<{long}>")).await;
    assert_eq!(reply.codes(), "550 5.7.1");
    assert!(reply.text().contains("<U+00FC>"), "{reply:?}");
    let reply = session.say(&format!("RCPT TO:<b@relay.test> X={}", "x".repeat(400))).await;
    assert_eq!(reply.code, 555);
    let reply = session.say(&format!("RCPT TO:<b@relay.test> X={}", "x".repeat(1500))).await;
    assert_eq!(reply.code, 555);
}

#[tokio::test(start_paused = true)]
async fn r013_the_commands_that_every_server_has_are_known() {
    for command in ["EHLO a", "HELO a", "MAIL", "RCPT", "DATA", "RSET", "NOOP", "QUIT", "VRFY a"] {
        let mut session = Session::start(&House::new(), insider()).await;
        let code = session.say(command).await.code;
        assert!(!matches!(code, 500 | 502), "{command}: {code}");
    }
}

#[tokio::test(start_paused = true)]
async fn r014_mail_rcpt_data_in_order() {
    let mut session = Session::hello(&House::new(), insider()).await;
    let lines = [
        "RCPT TO:<b@y.example>",
        "DATA",
        "MAIL FROM:<a@x.example>",
        "DATA",
        "RCPT TO:<b@y.example>",
        "MAIL FROM:<c@x.example>",
        "DATA",
    ];
    assert_eq!(session.codes(&lines).await, [503, 503, 250, 503, 250, 503, 354]);
}

#[tokio::test(start_paused = true)]
async fn r015_a_second_mail_is_refused_and_the_first_one_stands() {
    let house = House::new();
    let mut session = Session::hello(&house, insider()).await;
    let lines = ["MAIL FROM:<a@x.example>", "MAIL FROM:<b@x.example>", "RCPT TO:<c@y.example>", "DATA"];
    assert_eq!(session.codes(&lines).await, [250, 503, 250, 354]);
    session.say(".").await;
    assert_eq!(house.message().submission.envelope.sender.to_string(), "a@x.example");
}

#[tokio::test(start_paused = true)]
async fn r018_rset_clears_the_transaction_and_nothing_else() {
    let mut session = Session::hello(&House::new(), insider()).await;
    session.envelope(&["b@y.example"]).await;
    let reset = session.say("RSET").await;
    assert_eq!((reset.codes().as_str(), reset.text().as_str()), ("250 2.0.0", "Resetting"));
    assert_eq!(session.codes(&["RCPT TO:<b@y.example>", "NOOP", "MAIL FROM:<a@x.example>"]).await, [503, 250, 250]);
}

#[tokio::test(start_paused = true)]
async fn r020_r021_noop_vrfy_expn_and_help_leave_the_transaction_alone() {
    let mut session = Session::hello(&House::new(), insider()).await;
    session.envelope(&["b@y.example"]).await;
    let lines = ["NOOP whatever <x>", "VRFY a", "EXPN a", "HELP MAIL", "RCPT TO:<c@y.example>", "DATA"];
    assert_eq!(session.codes(&lines).await, [250, 252, 502, 214, 250, 354]);
}

#[tokio::test(start_paused = true)]
async fn r022_vrfy_claims_nothing() {
    let mut session = Session::hello(&House::new(), insider()).await;
    let reply = session.say("VRFY surely-not-there").await;
    assert_eq!(reply.codes(), "252 2.1.5");
    assert_eq!(reply.text(), "Cannot VRFY user, but will take message for <surely-not-there@relay.test>");
    assert_eq!(session.say("VRFY (what is) this").await.text(), "Cannot VRFY user");
    let mut session = Session::hello(&House::new(), outsider()).await;
    assert_eq!(session.say("VRFY victim@victim.example").await.text(), "Cannot VRFY user");
    assert_eq!(session.say("VRFY").await.codes(), "501 5.5.4");
}

#[tokio::test(start_paused = true)]
async fn r023_expn_is_neither_listed_nor_supported() {
    let mut session = Session::start(&House::new(), insider()).await;
    assert!(!session.say("EHLO a").await.text().contains("EXPN"));
    assert_eq!(session.say("EXPN staff").await.codes(), "502 5.5.1");
}

#[tokio::test(start_paused = true)]
async fn r051_control_characters_and_octets_that_are_no_text_are_refused() {
    let mut session = Session::hello(&House::new(), insider()).await;
    for line in [&b"EHLO a\x07b"[..], b"NOOP \0", b"\0", b"MAIL FROM:<a\x1b[2J@x.example>", b"\x80\x81\x82\x83"] {
        session.send([line, b"\r\n"].concat()).await;
        assert_eq!(session.reply().await.code, 501, "{line:?}");
    }
    assert_eq!(session.say("NOOP").await.code, 250);
}

#[tokio::test(start_paused = true)]
async fn r058_a_command_line_may_be_as_long_as_its_extensions_need() {
    let mut session = Session::hello(&House::new(), insider()).await;
    assert_eq!(session.say(&format!("NOOP {}", "a".repeat(505))).await.code, 250);
    let sender = format!("{}@{}.example", "a".repeat(64), "b".repeat(60));
    let envid = "e".repeat(100);
    let line = format!("MAIL FROM:<{sender}> SIZE=1000 BODY=8BITMIME SMTPUTF8 RET=FULL ENVID={envid}");
    assert_eq!(session.say(&line).await.code, 250);
    let line = format!("RCPT TO:<b@y.example> NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=rfc822;{}", "o".repeat(490));
    assert_eq!(session.say(&line).await.code, 250);
}

#[tokio::test(start_paused = true)]
async fn r058_a_line_too_long_gets_one_reply_and_the_session_goes_on() {
    let mut session = Session::hello(&House::new(), insider()).await;
    for length in [2049, 5000, 60_000] {
        assert_eq!(session.say(&format!("NOOP {}", "a".repeat(length))).await.codes(), "500 5.5.2");
        assert_eq!(session.say("NOOP").await.code, 250);
    }
    session.send("x".repeat(200_000)).await;
    assert_eq!(session.rest().await.last().unwrap().codes(), "500 5.5.2");
}

#[tokio::test(start_paused = true)]
async fn r071_what_is_not_listed_is_not_honoured() {
    let mut session = Session::start(&House::new(), insider()).await;
    let listed = session.say("EHLO a").await.text();
    for keyword in ["STARTTLS", "AUTH", "EXPN", "TURN", "ATRN", "BINARYMIME", "XCLIENT"] {
        assert!(!listed.contains(keyword), "{keyword}");
    }
    let lines = ["STARTTLS", "AUTH PLAIN AGEAYg==", "TURN", "ATRN", "XCLIENT NAME=x", "LHLO x"];
    assert_eq!(session.codes(&lines).await, [502, 502, 502, 502, 500, 500]);
}

#[tokio::test(start_paused = true)]
async fn r072_codes_are_used_as_the_table_has_them() {
    let mut session = Session::hello(&House::new(), insider()).await;
    let table = [
        ("WHATISTHIS", "500 5.5.1"),
        ("RSET x", "501 5.5.4"),
        ("DATA x", "501 5.5.4"),
        ("MAIL LALA: <>", "501 5.5.4"),
        ("MAIL FROM:", "501 5.1.7"),
        ("EXPN x", "502 5.5.1"),
        ("RCPT TO:<b@y.example>", "503 5.5.1"),
        ("MAIL FROM:<a@x.example> FOO=BAR", "555 5.5.4"),
    ];
    for (line, codes) in table {
        assert_eq!(session.say(line).await.codes(), codes, "{line}");
    }
}

#[tokio::test(start_paused = true)]
async fn help_names_the_commands() {
    let mut session = Session::start(&House::new(), outsider()).await;
    let help = session.say("HELP").await;
    assert_eq!(help.codes(), "214 2.0.0");
    for verb in ["HELO", "EHLO", "MAIL", "RCPT", "DATA", "BDAT", "RSET", "NOOP", "QUIT", "VRFY", "HELP", "ETRN"] {
        assert!(help.text().contains(verb), "{verb}");
    }
}

#[tokio::test(start_paused = true)]
async fn etrn_runs_the_queue_of_a_domain_for_clients_that_may_relay() {
    let house = House::new();
    let mut session = Session::hello(&house, insider()).await;
    let reply = session.say("ETRN y.example").await;
    assert_eq!((reply.codes().as_str(), reply.text().as_str()), ("250 2.0.0", "Queuing for y.example started"));
    assert_eq!(session.say("ETRN @empty.example").await.codes(), "251 2.0.0");
    assert_eq!(*house.runs.lock().unwrap(), [domain("y.example"), domain("empty.example")]);
    assert_eq!(session.say("ETRN #queue").await.codes(), "458 4.5.4");
    assert_eq!(session.codes(&["ETRN", "ETRN a b"]).await, [501, 501]);
    let mut session = Session::hello(&house, outsider()).await;
    assert_eq!(session.say("ETRN y.example").await.codes(), "459 4.7.1");
    assert_eq!(house.runs.lock().unwrap().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_empty_helo_is_borne_from_clients_that_may_relay() {
    let house = House::new();
    let mut session = Session::start(&house, insider()).await;
    assert_eq!(session.codes(&["HELO", "EHLO", "EHLO "]).await, [250, 250, 250]);
    session.deliver(&["b@y.example"], "Subject: x\r\n").await;
    assert_eq!(house.message().submission.helo, None);
    let mut session = Session::start(&house, outsider()).await;
    assert_eq!(session.codes(&["HELO", "EHLO", "EHLO "]).await, [501, 501, 501]);
    assert_eq!(session.say(&format!("HELO {}", "a".repeat(256))).await.codes(), "501 5.5.4");
}

#[tokio::test(start_paused = true)]
async fn mail_needs_no_helo() {
    let house = House::new();
    let mut session = Session::start(&house, outsider()).await;
    assert_eq!(session.deliver(&["b@relay.test"], "Subject: x\r\n").await.code, 250);
    assert_eq!((house.message().submission.helo, house.message().submission.protocol), (None, "SMTP"));
}
