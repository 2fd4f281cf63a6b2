//! A fault of ours in the middle of a session: it ends that session and nothing else.

use std::net::IpAddr;
use std::sync::Arc;

use tokio::io::AsyncReadExt;
use tokio::net::TcpSocket;

use super::house::Place;
use super::*;
use mailroot::config;
use mailroot::dns::{Answer, Mx, Resolver};
use mailroot::engine::{Engine, Options};
use mailroot::mail::Domain;

/// Fails whoever asks it for the name of 127.0.0.2.
struct Faulty;

impl Resolver for Faulty {
    fn mx<'a>(&'a self, _: &'a Domain) -> Answer<'a, Vec<Mx>> {
        unreachable!("a local domain needs no MX")
    }

    fn addresses<'a>(&'a self, _: &'a Domain) -> Answer<'a, Vec<IpAddr>> {
        Box::pin(async { Ok(vec!["127.0.0.1".parse().unwrap()]) })
    }

    fn names(&self, address: IpAddr) -> Answer<'_, Vec<Domain>> {
        assert!(address.to_string() != "127.0.0.2", "a fault, put in by the test");
        Box::pin(async { Ok(vec!["client.example".parse().unwrap()]) })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_panics_leaves_the_picture_whole_and_its_place_free() {
    let place = Place::new(&[
        ("delivery.advanced.reverse_dns", "true"),
        ("general.max_connections", "2"),
        ("general.max_connections_per_client", "1"),
    ]);
    place.write();
    let engine = Engine::start(Options {
        settings: config::load(&place.settings_file()).unwrap(),
        settings_file: Some(place.settings_file()),
        resolver: Some(Arc::new(Faulty)),
        application_log: None,
        unsafe_no_sync: false,
    })
    .await
    .unwrap();
    let handle = engine.handle();
    let viewing = handle.watch();
    let server = handle.listeners().await[0];
    let mut sound = Client::hello(server).await;

    for _ in 0..5 {
        let victim = TcpSocket::new_v4().unwrap();
        victim.bind("127.0.0.2:0".parse().unwrap()).unwrap();
        let mut said = Vec::new();
        victim.connect(server).await.unwrap().read_to_end(&mut said).await.unwrap();
        assert!(said.is_empty(), "no greeting");
    }

    eventually("only the sound session is shown", async || {
        let picture = viewing.latest();
        picture.sessions.len() == 1 && picture.sessions[0].name.as_deref() == Some("client.example")
    })
    .await;
    sound.submit("<app@corp.example>", &["bob@corp.example"], "Subject: still here\r\n\r\n").await;
    eventually("mail flows", async || place.files("Drop").len() == 1).await;
    eventually("the picture goes on", async || viewing.latest().totals.contains(&("accepted", 1))).await;
    engine.drain().await;
}
