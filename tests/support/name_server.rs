//! A small DNS server on loopback that gives the answers real ones give only when something is broken.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, UdpSocket};

const NOERROR: u8 = 0;
const SERVFAIL: u8 = 2;
const NXDOMAIN: u8 = 3;
const CNAME: u16 = 5;

/// What the server says to one question.
#[derive(Clone, Debug)]
pub(crate) enum Says {
    /// MX records; an empty host is the root.
    Mx(Vec<(u16, &'static str)>),
    /// A or AAAA records, as many as are of the type asked for.
    Addresses(Vec<&'static str>),
    /// A PTR record.
    Pointer(&'static str),
    /// A CNAME record, and the target's answer where there is one.
    Alias(&'static str),
    /// NOERROR without a record.
    Empty,
    /// SERVFAIL.
    Failure,
    /// Nothing at all.
    Silence,
}

/// Cheap to clone.
#[derive(Clone)]
pub(crate) struct NameServer {
    address: SocketAddr,
    state: Arc<State>,
}

struct State {
    answers: HashMap<&'static str, Says>,
    questions: Mutex<Vec<(String, &'static str)>>,
}

impl NameServer {
    /// Answers these names and says NXDOMAIN to all others. Over UDP a long answer is cut, as the standard asks.
    pub(crate) async fn start(answers: impl IntoIterator<Item = (&'static str, Says)>) -> Self {
        let (udp, tcp) = loop {
            let udp = UdpSocket::bind("127.0.0.1:0").await.unwrap();
            if let Ok(tcp) = TcpListener::bind(udp.local_addr().unwrap()).await {
                break (udp, tcp);
            }
        };
        let address = udp.local_addr().unwrap();
        let state = Arc::new(State { answers: answers.into_iter().collect(), questions: Mutex::default() });
        tokio::spawn(serve_udp(udp, state.clone()));
        tokio::spawn(serve_tcp(tcp, state.clone()));
        Self { address, state }
    }

    /// Where it listens, by UDP and TCP.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// How often it was asked for this name, and over which transport.
    pub(crate) fn transports(&self, name: &str) -> Vec<&'static str> {
        let questions = self.state.questions.lock().unwrap();
        questions.iter().filter(|(asked, _)| asked == name).map(|(_, transport)| *transport).collect()
    }
}

async fn serve_udp(socket: UdpSocket, state: Arc<State>) {
    let mut query = [0; 4096];
    while let Ok((octets, client)) = socket.recv_from(&mut query).await {
        if let Some(mut reply) = state.reply(&query[..octets], "udp") {
            if reply.len() > 512 {
                reply.truncate(12 + question_length(&query));
                reply[2] |= 0b10; // TC
                reply[6..12].fill(0);
            }
            let _ = socket.send_to(&reply, client).await;
        }
    }
}

async fn serve_tcp(listener: TcpListener, state: Arc<State>) {
    while let Ok((mut stream, _)) = listener.accept().await {
        let state = state.clone();
        tokio::spawn(async move {
            while let Ok(length) = stream.read_u16().await {
                let mut query = vec![0; length.into()];
                if stream.read_exact(&mut query).await.is_err() {
                    return;
                }
                if let Some(reply) = state.reply(&query, "tcp") {
                    let _ = stream.write_u16(u16::try_from(reply.len()).unwrap()).await;
                    let _ = stream.write_all(&reply).await;
                }
            }
        });
    }
}

impl State {
    fn reply(&self, query: &[u8], transport: &'static str) -> Option<Vec<u8>> {
        let name = name_of(query);
        let length = question_length(query);
        let kind = u16::from_be_bytes([query[12 + length - 4], query[12 + length - 3]]);
        self.questions.lock().unwrap().push((name.clone(), transport));
        let mut records = Vec::new();
        let code = match self.answers.get(&*name) {
            None => NXDOMAIN,
            Some(Says::Silence) => return None,
            Some(Says::Failure) => SERVFAIL,
            Some(Says::Alias(target)) => {
                records.push((name.clone(), CNAME, wire_name(target)));
                match self.answers.get(target) {
                    None => NXDOMAIN,
                    Some(says) => {
                        records.extend(data(says, kind).into_iter().map(|data| ((*target).to_string(), kind, data)));
                        NOERROR
                    }
                }
            }
            Some(says) => {
                records.extend(data(says, kind).into_iter().map(|data| (name.clone(), kind, data)));
                NOERROR
            }
        };
        let mut reply = query[..2].to_vec();
        reply.extend([0x81, 0x80 | code, 0, 1]);
        reply.extend(u16::try_from(records.len()).unwrap().to_be_bytes());
        reply.extend([0; 4]);
        reply.extend(&query[12..12 + length]);
        for (owner, kind, data) in records {
            reply.extend(wire_name(&owner));
            reply.extend(kind.to_be_bytes());
            reply.extend([0, 1, 0, 0, 0, 60]); // IN, a minute
            reply.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
            reply.extend(data);
        }
        Some(reply)
    }
}

/// The record data of the type asked for.
fn data(says: &Says, kind: u16) -> Vec<Vec<u8>> {
    match (says, kind) {
        (Says::Mx(records), 15) => {
            let record = |(preference, host): &(u16, &str)| [&preference.to_be_bytes(), &*wire_name(host)].concat();
            records.iter().map(record).collect()
        }
        (Says::Addresses(addresses), 1 | 28) => {
            let octets = |address: &&str| match address.parse().unwrap() {
                IpAddr::V4(v4) => v4.octets().to_vec(),
                IpAddr::V6(v6) => v6.octets().to_vec(),
            };
            let length = if kind == 1 { 4 } else { 16 };
            addresses.iter().map(octets).filter(|octets| octets.len() == length).collect()
        }
        (Says::Pointer(name), 12) => vec![wire_name(name)],
        _ => Vec::new(),
    }
}

fn wire_name(name: &str) -> Vec<u8> {
    let mut wire = Vec::new();
    for label in name.split('.').filter(|label| !label.is_empty()) {
        wire.push(u8::try_from(label.len()).unwrap());
        wire.extend(label.as_bytes());
    }
    wire.push(0);
    wire
}

fn name_of(query: &[u8]) -> String {
    let mut labels = Vec::new();
    let mut at = 12;
    while query[at] != 0 {
        let end = at + 1 + usize::from(query[at]);
        labels.push(String::from_utf8_lossy(&query[at + 1..end]).to_ascii_lowercase());
        at = end;
    }
    labels.join(".")
}

/// Name, type and class.
fn question_length(query: &[u8]) -> usize {
    query[12..].iter().position(|&octet| octet == 0).unwrap() + 5
}
