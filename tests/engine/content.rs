//! What comes in goes out, octet by octet.

use super::*;

/// Content on the wire without the dots that were put before dots.
fn unstuffed(wire: &[u8]) -> Vec<u8> {
    let lines = wire.split_inclusive(|&octet| octet == b'\n');
    lines.flat_map(|line| line.strip_prefix(b".").unwrap_or(line)).copied().collect()
}

/// Content below our own `Received:` field.
fn below_received(content: &[u8]) -> &[u8] {
    assert!(content.starts_with(b"Received: "), "{}", content.escape_ascii());
    let mut lines = content.split_inclusive(|&octet| octet == b'\n');
    let first = lines.next().unwrap().len();
    &content[first + lines.take_while(|line| line[0] == b'\t').map(<[u8]>::len).sum::<usize>()..]
}

/// Sends content, which is stuffed on the way, and gives what reached the next hop below our own field.
async fn relayed(peer: ScriptedPeer, parameters: &str, content: &[u8]) -> Vec<u8> {
    let house = House::relaying_to(peer.listen().await).await;
    let mut client = Client::hello(house.address().await).await;
    let lines = content.split_inclusive(|&octet| octet == b'\n');
    let stuffed = lines.flat_map(|line| [if line[0] == b'.' { b".".as_slice() } else { b"" }, line].concat());
    let mail = format!("<app@corp.example>{parameters}");
    client.submit(&mail, &["bob@far.example"], stuffed.collect::<Vec<_>>()).await;
    house.emptied().await;
    let contents = peer.contents();
    assert_eq!(contents.len(), 1);
    below_received(&unstuffed(&contents[0])).to_vec()
}

#[tokio::test(flavor = "multi_thread")]
async fn r030_a_thousand_lines_of_dots_arrive_as_they_were_sent() {
    let mut content = b"Subject: dots\r\n\r\n".to_vec();
    for number in 0..1000 {
        content.extend_from_slice(".".repeat(1 + number % 7).as_bytes());
        content.extend_from_slice(if number % 3 == 0 { b"\r\n" } else { b" \r\n" });
    }
    let peer = ScriptedPeer::new();
    assert!(relayed(peer.clone(), "", &content).await == content);
    // Each of them stands behind a dot of its own on the wire.
    let wire = &peer.contents()[0];
    assert_eq!(wire.split(|&octet| octet == b'\n').filter(|line| line.starts_with(b"..")).count(), 1000);
}

#[tokio::test(flavor = "multi_thread")]
async fn r031_e002_every_octet_passes_in_every_pair_but_nul_and_lone_line_ends() {
    let octets = (1..=255u8).filter(|octet| !b"\r\n".contains(octet)).collect::<Vec<_>>();
    let mut content = b"Subject: octets\r\n\r\n".to_vec();
    for &first in &octets {
        for &second in &octets {
            content.extend_from_slice(&[first, second]);
        }
        content.extend_from_slice(b"\r\n");
    }
    let peer = ScriptedPeer::new().offering(&["8BITMIME"]);
    assert!(relayed(peer.clone(), " BODY=8BITMIME", &content).await == content);
    let mail = peer.commands().into_iter().find(|command| command.starts_with("MAIL ")).unwrap();
    assert!(mail.ends_with(" BODY=8BITMIME"), "{mail}");
}

#[tokio::test(flavor = "multi_thread")]
async fn r032_nothing_is_added_and_nothing_lost_below_our_received_field() {
    let ends: [&[u8]; 4] =
        [b"Subject: a\r\n\r\n", b"Subject: a\r\n\r\nb\r\n", b"\r\n", b"Subject: a\r\n\r\n\r\n\r\n \r\n"];
    for content in ends {
        let arrived = relayed(ScriptedPeer::new(), "", content).await;
        assert_eq!(arrived.escape_ascii().to_string(), content.escape_ascii().to_string());
    }
    // Larger than what is kept in memory.
    let mut large = b"Subject: large\r\n\r\n".to_vec();
    for number in 0..30_000 {
        large.extend_from_slice(format!(".{number} {}\r\n", "x".repeat(number % 60)).as_bytes());
    }
    assert!(relayed(ScriptedPeer::new(), "", &large).await == large);
}
