//! Mail that is stuck because the smart host is down: by keys alone its reason is found, and it is sent on.

use std::time::{Duration, Instant};

use tokio::net::TcpSocket;
use tokio::runtime::Runtime;

use crate::client::Client;
use crate::pty::Site;
use crate::scripted_peer::ScriptedPeer;

/// Far more than the second that a person would accept: the machine may be busy with other tests.
const SOON: Duration = Duration::from_secs(5);

#[test]
fn what_is_stuck_is_found_marked_and_delivered_at_once_by_keys_alone() {
    let runtime = Runtime::new().unwrap();
    let _within = runtime.enter();
    // Bound, and not listening yet: connections are refused, and nobody else gets the port.
    let stopped = TcpSocket::new_v4().unwrap();
    stopped.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let host = stopped.local_addr().unwrap();
    let site = Site::with(&format!(
        "[general]\nhostname = \"relay.example\"\nlisten = [\"127.0.0.1:0\"]\n\
         [delivery.advanced]\nsmart_host = \"[127.0.0.1]:{}\"\n",
        host.port()
    ));
    let mut terminal = site.start(&["run"], (120, 40));
    terminal.wait_for_text("Sessions");
    let mut client = Client::connect(&site);
    assert!(client.say("HELO app.example").starts_with("250"));
    for number in 0..10 {
        client.send(
            "app@corp.example",
            &format!("person{number}@far.test"),
            format!("Subject: {number}\r\n\r\nHello."),
        );
    }

    terminal.press("2");
    let screen = terminal.wait_for("ten messages and the reason", |screen| {
        let text = screen.contents();
        text.contains("person9@far.test") && text.contains("is held back") && text.contains("refused")
    });
    assert!(screen.contents().contains("r tries now"), "{}", screen.contents());

    terminal.press("<Home><Space><Space><Space>");
    terminal.wait_for_text("3 marked");
    let peer = ScriptedPeer::new();
    peer.listen_with(stopped.listen(16).unwrap());
    let pressed = Instant::now();
    terminal.press("r");
    let delivered = || peer.contents().len();
    while delivered() < 3 {
        assert!(pressed.elapsed() < SOON, "{} of 3 delivered; {}", delivered(), terminal.screen().contents());
        std::thread::sleep(Duration::from_millis(2));
    }
    println!("from the key to the end of the third message: {:?}", pressed.elapsed());
    terminal.wait_for("the three to leave the picture", |screen| {
        !screen.contents().contains("10 messages") && !screen.contents().contains("3 marked")
    });
    for number in 0..3 {
        let recipient = format!("RCPT TO:<person{number}@far.test>");
        assert_eq!(peer.commands().iter().filter(|command| **command == recipient).count(), 1, "{recipient}");
    }
}
