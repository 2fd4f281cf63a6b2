//! A process with few descriptors: the built program, since a limit is the process's own.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use super::house::Place;
use super::*;

/// `mailroot serve`, killed when dropped.
struct Served(Child);

impl Served {
    /// Starts it with so many descriptors; gives where it listens.
    fn start(place: &Place, descriptors: u32) -> (Self, SocketAddr) {
        place.write();
        let mut child = Command::new("sh")
            .arg("-c")
            .arg(format!("ulimit -n {descriptors} && exec \"$0\" serve --config \"$1\""))
            .arg(env!("CARGO_BIN_EXE_mailroot"))
            .arg(place.settings_file())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let served = Self(child);
        let (_, rest) = line.split_once(" listens on ").unwrap();
        (served, rest.split(';').next().unwrap().parse().unwrap())
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lm17_more_connections_than_descriptors_stop_neither_the_listener_nor_the_queue() {
    let limits = [("general.max_connections", "0"), ("general.max_connections_per_client", "0")];
    let place = Place::new(&limits);
    let (_served, server) = Served::start(&place, 64);
    let mut first = Client::hello(server).await;
    // They neither read nor go.
    let mut crowd = Vec::new();
    for _ in 0..300 {
        crowd.push(tokio::net::TcpStream::connect(server).await.unwrap());
    }
    let large = format!("Subject: x\r\n\r\n{}", "a line of some length\r\n".repeat(10_000));
    first.submit("<app@corp.example>", &["bob@corp.example"], large).await;
    drop(crowd);
    eventually("somebody is let in again", async || {
        let (mut client, greeting) = Client::from("127.0.0.1", server).await;
        greeting.starts_with("220 ") && client.say("NOOP").await.starts_with("250 ")
    })
    .await;
    eventually("the message is in Drop", async || place.files("Drop").len() == 1).await;
}
