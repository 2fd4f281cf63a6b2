//! SIZE, 8BITMIME, SMTPUTF8, DSN, enhanced status codes.

use super::*;
use mailroot::mail::{Body, Return};

#[tokio::test(start_paused = true)]
async fn z001_size_is_announced_with_the_limit_if_there_is_one() {
    let mut session = Session::start(&House::new(), insider()).await;
    assert!(session.say("EHLO a").await.lines.contains(&"SIZE 2097152".to_owned()));
    let house = House::set(|settings| settings.messages.max_message_size = None);
    let mut session = Session::start(&house, insider()).await;
    assert!(session.say("EHLO a").await.lines.contains(&"SIZE".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn z002_a_declared_size_is_judged_before_the_message_comes() {
    let house = House::new();
    let mut session = Session::hello(&house, insider()).await;
    assert_eq!(session.say("MAIL FROM:<a@x.example> SIZE=2097153").await.codes(), "552 5.3.4");
    assert_eq!(house.refusals.lock().unwrap().len(), 1);
    assert_eq!(session.say("MAIL FROM:<a@x.example> SIZE=2097152").await.code, 250);
    let no_room = Reply::new(452, mailroot::mail::EnhancedStatus::new(4, 3, 1), "Insufficient system storage");
    let house = House::troubled(Trouble { no_room: Some(no_room), ..Trouble::default() });
    let mut session = Session::hello(&house, insider()).await;
    assert_eq!(session.say("MAIL FROM:<a@x.example>").await.codes(), "452 4.3.1");
    assert_eq!(session.say("RCPT TO:<b@y.example>").await.code, 503);
}

#[tokio::test(start_paused = true)]
async fn z003_a_size_of_twenty_digits_is_a_number() {
    let mut session = Session::hello(&House::new(), insider()).await;
    assert_eq!(session.say("MAIL FROM:<a@x.example> SIZE=99999999999999999999").await.code, 552);
    for bad in ["SIZE=-1", "SIZE=abc", "SIZE=123456789012345678901", "SIZE=", "SIZE"] {
        assert_eq!(session.say(&format!("MAIL FROM:<a@x.example> {bad}")).await.codes(), "501 5.5.4", "{bad}");
    }
}

#[tokio::test(start_paused = true)]
async fn z004_a_message_larger_than_declared_is_judged_by_its_real_size() {
    let house = House::new();
    let mut session = Session::hello(&house, insider()).await;
    assert_eq!(
        session.codes(&["MAIL FROM:<a@x.example> SIZE=10", "RCPT TO:<b@y.example>", "DATA"]).await,
        [250, 250, 354]
    );
    session.send("x\r\n".repeat(100_000)).await;
    assert_eq!(session.say(".").await.code, 250);
    assert_eq!(house.message().body().len(), 300_000);
}

#[tokio::test(start_paused = true)]
async fn z005_a_message_too_large_is_read_to_its_end_and_refused_once() {
    let house = House::set(|settings| settings.messages.max_message_size = Some(10_000));
    let mut session = Session::hello(&house, insider()).await;
    let exact = format!("{}\r\n", "x".repeat(9_998));
    assert_eq!(session.deliver(&["b@y.example"], &exact).await.code, 250);
    session.envelope(&["b@y.example"]).await;
    session.say("DATA").await;
    session.send(format!("x{exact}")).await;
    assert!(session.is_silent().await);
    assert_eq!(house.open_drafts(), 0);
    // A dot at the wrong line end, in the part that is thrown away, ends nothing either.
    session.send("\n.\nMAIL FROM:<smuggled@x.example>\r\n").await;
    assert!(session.is_silent().await);
    assert_eq!(session.say(".").await.codes(), "552 5.3.4");
    assert_eq!(session.say("NOOP").await.code, 250);
    assert_eq!(house.messages().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn e001_body_is_seven_or_eight_bit() {
    let house = House::new();
    for (parameter, body) in [("", Body::SevenBit), (" BODY=7BIT", Body::SevenBit), (" body=8bitmime", Body::EightBit)]
    {
        let mut session = Session::hello(&house, insider()).await;
        let mail = format!("MAIL FROM:<a@x.example>{parameter}");
        assert_eq!(session.codes(&[&mail, "RCPT TO:<b@y.example>", "DATA", "."]).await, [250, 250, 354, 250]);
        assert_eq!(house.messages().last().unwrap().submission.envelope.body, body);
    }
    let mut session = Session::hello(&house, insider()).await;
    assert_eq!(session.say("MAIL FROM:<a@x.example> BODY=9BIT").await.codes(), "501 5.5.4");
}

#[tokio::test(start_paused = true)]
async fn e003_smtputf8_has_no_value_and_allows_addresses_beyond_ascii() {
    let house = House::new();
    let mut session = Session::hello(&house, insider()).await;
    assert_eq!(session.say("MAIL FROM:<a@x.example> SMTPUTF8=1").await.codes(), "501 5.5.4");
    let lines =
        ["MAIL FROM:<\u{e9}@b\u{fc}cher.example> SMTPUTF8", "RCPT TO:<\u{7528}\u{6237}@y.example>", "DATA", "."];
    assert_eq!(session.codes(&lines).await, [250, 250, 354, 250]);
    let kept = house.message();
    assert!(kept.submission.envelope.smtputf8);
    assert_eq!(kept.recipients(), ["\u{7528}\u{6237}@y.example"]);
    assert_eq!(session.codes(&["VRFY \u{e9} SMTPUTF8", "VRFY a SMTPUTF8"]).await, [252, 252]);
}

#[tokio::test(start_paused = true)]
async fn e004_eight_bit_mime_is_offered_with_smtputf8() {
    let mut session = Session::start(&House::new(), insider()).await;
    let hello = session.say("EHLO a").await;
    for keyword in ["8BITMIME", "SMTPUTF8"] {
        assert!(hello.lines.contains(&keyword.to_owned()));
    }
}

#[tokio::test(start_paused = true)]
async fn e005_an_address_beyond_ascii_needs_smtputf8() {
    let mut session = Session::hello(&House::new(), insider()).await;
    assert_eq!(session.say("MAIL FROM:<\u{e9}@x.example>").await.codes(), "553 5.6.7");
    assert_eq!(session.say("MAIL FROM:<\u{e9}>").await.codes(), "553 5.6.7");
    session.say("MAIL FROM:<a@x.example>").await;
    assert_eq!(session.say("RCPT TO:<\u{e9}@x.example>").await.codes(), "553 5.6.7");
    assert_eq!(session.say("VRFY \u{e9}@x.example").await.codes(), "553 5.6.7");
}

#[tokio::test(start_paused = true)]
async fn e007_the_two_forms_of_a_domain_are_one_domain() {
    let house = House::set(|settings| {
        settings.domains[0].name = mailroot::config::DomainPattern::Exact(domain("xn--bcher-kva.example"));
    });
    let mut session = Session::hello(&house, outsider()).await;
    let lines =
        ["MAIL FROM:<a@x.example> SMTPUTF8", "RCPT TO:<b@b\u{fc}cher.example>", "RCPT TO:<b@XN--BCHER-KVA.example>"];
    assert_eq!(session.codes(&lines).await, [250, 250, 250]);
}

#[tokio::test(start_paused = true)]
async fn e008_replies_are_ascii_whatever_the_address_is() {
    // That they are is checked where every reply is read.
    let mut session = Session::hello(&House::new(), insider()).await;
    let reply = session.say("MAIL FROM:<\u{e9}@x.example> SMTPUTF8").await;
    assert_eq!(reply.text(), "<U+00E9>@x.example....Sender OK");
}

#[tokio::test(start_paused = true)]
async fn x001_x002_x003_replies_carry_a_registered_code_of_their_class() {
    // Checked where every reply is read, in all tests; here the ones that other tests do not provoke.
    let mut session = Session::hello(&House::new(), insider()).await;
    assert_eq!(session.say("NOOP").await.codes(), "250 2.0.0");
    assert_eq!(session.say("MAIL FROM:<a@b..c>").await.codes(), "501 5.1.8");
    assert_eq!(session.say("MAIL FROM:<a@xn--->").await.codes(), "501 5.1.8");
}

#[tokio::test(start_paused = true)]
async fn d001_notify_is_never_or_a_list() {
    let house = House::new();
    let mut session = Session::hello(&house, insider()).await;
    session.say("MAIL FROM:<a@x.example>").await;
    for good in ["NEVER", "SUCCESS", "delay,failure", "SUCCESS,FAILURE,DELAY"] {
        assert_eq!(session.say(&format!("RCPT TO:<b@y.example> NOTIFY={good}")).await.code, 250, "{good}");
    }
    for bad in ["NEVER,DELAY", "SOMETIMES", "", "DELAY,"] {
        assert_eq!(session.say(&format!("RCPT TO:<b@y.example> NOTIFY={bad}")).await.codes(), "501 5.5.4", "{bad}");
    }
    assert_eq!(session.codes(&["DATA", "."]).await, [354, 250]);
    let envelope = house.message().submission.envelope;
    let kept = envelope.recipients.iter().map(|recipient| recipient.notify.unwrap().to_string());
    assert_eq!(kept.collect::<Vec<_>>(), ["NEVER", "SUCCESS", "FAILURE,DELAY", "SUCCESS,FAILURE,DELAY"]);
}

#[tokio::test(start_paused = true)]
async fn d002_orcpt_is_kept_unchanged() {
    let house = House::new();
    let mut session = Session::hello(&house, insider()).await;
    session.say("MAIL FROM:<a@x.example>").await;
    for bad in ["bob@y.example", "rfc822;", "rfc822;a+2", "rfc822;a=b"] {
        assert_eq!(session.say(&format!("RCPT TO:<b@y.example> ORCPT={bad}")).await.codes(), "501 5.5.4", "{bad}");
    }
    assert_eq!(session.say("RCPT TO:<b@y.example> ORCPT=rfc822;Bob+2Bx@Y.example").await.code, 250);
    assert_eq!(session.codes(&["DATA", "."]).await, [354, 250]);
    let recipient = house.message().submission.envelope.recipients.remove(0);
    assert_eq!(recipient.orcpt.unwrap().to_string(), "rfc822;Bob+2Bx@Y.example");
}

#[tokio::test(start_paused = true)]
async fn d003_ret_and_envid_are_kept() {
    let house = House::new();
    let mut session = Session::hello(&house, insider()).await;
    let envid = "e".repeat(100);
    for bad in ["RET=SOME", "ENVID=", "ENVID=a=b", &format!("ENVID=x{envid}")] {
        assert_eq!(session.say(&format!("MAIL FROM:<a@x.example> {bad}")).await.codes(), "501 5.5.4", "{bad}");
    }
    let mail = format!("MAIL FROM:<a@x.example> RET=HDRS ENVID={envid}");
    assert_eq!(session.codes(&[&mail, "RCPT TO:<b@y.example>", "DATA", "."]).await, [250, 250, 354, 250]);
    let envelope = house.message().submission.envelope;
    assert_eq!((envelope.ret, envelope.envid.unwrap().as_str()), (Some(Return::Headers), &*envid));
}
