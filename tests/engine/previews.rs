//! Messages as a person reads them.

use super::*;
use mailroot::engine::view::Preview;
use mailroot::engine::{BadmailAct, Command, Outcome, Target};

const MESSAGE: &str = "From: =?utf-8?q?J=C3=B6rg?= <joerg@corp.example>\r\nSubject: x\r\n\
                       Content-Type: text/html\r\n\r\n<p>Dear <b>Bob</b></p>\r\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_read_where_it_waits_and_where_it_was_set_aside() {
    let house = House::start(&[("delivery.advanced.smart_host", "\"[127.0.0.1]:1\"")]).await;
    let mut client = Client::hello(house.address().await).await;
    let id = client.submit("<app@corp.example>", &["bob@far.example"], MESSAGE).await;
    let view = house.view(Command::QueuePreview { id: id.clone() }).await;
    let waiting: Preview = serde_json::from_value(view).unwrap();
    assert_eq!(waiting.id, id);
    assert_eq!(waiting.header[0], ("From".to_owned(), "Jörg <joerg@corp.example>".to_owned()));
    assert_eq!((waiting.text.join("\n").trim(), waiting.is_cut), ("Dear Bob", false));

    let bad = house.path("Badmail").join("4711.eml");
    std::fs::write(bad, format!("x-mailroot: v1\r\nx-reason: none\r\n{MESSAGE}")).unwrap();
    let view = house.view(Command::BadmailPreview { id: "4711".to_owned() }).await;
    let set_aside: Preview = serde_json::from_value(view).unwrap();
    assert_eq!((set_aside.id.as_str(), &set_aside.text), ("4711", &waiting.text));
    let delete = Command::BadmailAct { act: BadmailAct::Delete, target: Target::All };
    assert!(matches!(house.ask(delete).await, Outcome::Done { .. }));
    for command in [
        Command::BadmailPreview { id: "4711".to_owned() },
        Command::QueuePreview { id: "4711".to_owned() },
        Command::QueuePreview { id: "\x1b[2J".to_owned() },
    ] {
        let Outcome::Refused { reason } = house.ask(command).await else { panic!("shown") };
        assert!(!reason.contains('\x1b'), "{reason}");
    }
}
