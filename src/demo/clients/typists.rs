//! Clients whose SMTP no library would speak: a legacy device, a person at a keyboard, a stranger who tries his luck.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use super::{Client, PATIENCE};

/// The longest line of a reply, in octets.
const MAX_LINE: u64 = 4096;

/// An uninterruptible power supply of 1998: HELO only, no brackets, bare line feeds, and a slow serial line.
pub(super) async fn device(mut client: Client) {
    loop {
        let charge = client.rng.u32(80..100);
        let content = format!(
            "Subject: UPS ROOM2 SELF TEST\n\nSELF TEST PASSED\nBATTERY {charge} PCT\nLOAD 41 PCT\nINPUT 230 V\n"
        );
        let lines = [
            format!("HELO {}\r\n", client.name),
            "MAIL FROM: ups_room2@corp.example\r\n".to_owned(),
            "RCPT TO: facility@property.example\r\n".to_owned(),
            "DATA\r\n".to_owned(),
            content + "\r\n.\r\n",
            "QUIT\r\n".to_owned(),
        ];
        let _ = type_all(&client, &lines, Duration::from_millis(40)).await;
        client.pause(5_000..=9_000).await;
    }
}

/// A person who tests the server by hand, as everybody has done once, with a slip of the fingers.
pub(super) async fn person(mut client: Client) {
    loop {
        let lines = [
            format!("HELO {}\r\n", client.name),
            "MAIL FORM:<anna@corp.example>\r\n".to_owned(),
            "MAIL FROM:<anna@corp.example>\r\n".to_owned(),
            "RCPT TO:<anna.keller@post.example>\r\n".to_owned(),
            "DATA\r\n".to_owned(),
            "Subject: test\r\n\r\nIs anybody there?\r\n.\r\n".to_owned(),
            "QUIT\r\n".to_owned(),
        ];
        let _ = type_all(&client, &lines, Duration::from_millis(170)).await;
        client.pause(6_000..=12_000).await;
    }
}

/// A stranger who looks for an open relay. Where loopback has but one address he could not be told from the others,
/// and stays away.
pub(super) async fn stranger(mut client: Client) {
    const VICTIMS: [&str; 3] = ["someone@elsewhere.example", "info@faraway.example", "sales@nowhere.example"];
    client.pause(1_000..=1_500).await;
    loop {
        let victim = client.one_of(&VICTIMS).unwrap_or_default();
        if let Ok(stream) = client.connect_as_itself().await {
            let lines = [
                format!("EHLO {}\r\n", client.name),
                "MAIL FROM:<winner@bulk-offers.example>\r\n".to_owned(),
                format!("RCPT TO:<{victim}>\r\n"),
                "QUIT\r\n".to_owned(),
            ];
            let _ = converse(stream, &lines, Duration::from_millis(8)).await;
        }
        client.pause(6_000..=11_000).await;
    }
}

async fn type_all(client: &Client, lines: &[String], pace: Duration) -> io::Result<()> {
    converse(client.connect().await?, lines, pace).await
}

/// Types each of the lines and waits for the reply to it, whatever that says.
async fn converse(stream: TcpStream, lines: &[String], pace: Duration) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    hear(&mut stream).await?;
    for line in lines {
        // Line ends are one key.
        for key in line.split_inclusive(|c: char| c != '\r') {
            sleep(pace).await;
            stream.write_all(key.as_bytes()).await?;
        }
        hear(&mut stream).await?;
    }
    Ok(())
}

/// Reads a reply to its last line.
async fn hear(stream: &mut BufReader<TcpStream>) -> io::Result<()> {
    loop {
        let mut line = Vec::new();
        let reading = async { stream.take(MAX_LINE).read_until(b'\n', &mut line).await };
        timeout(PATIENCE, reading).await??;
        match line.get(3) {
            Some(b'-') => {}
            Some(_) => return Ok(()),
            None => return Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }
}
