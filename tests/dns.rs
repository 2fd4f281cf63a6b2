//! The resolver against a name server that answers badly, wrongly or not at all.

#![expect(clippy::unwrap_used, reason = "a helper of a test may fail the test")]

#[path = "support/name_server.rs"]
mod name_server;

use mailroot::dns::{Mx, ResolveError, Resolver, System, verified_name};
use mailroot::mail::Domain;
use name_server::{NameServer, Says};

fn domain(text: &str) -> Domain {
    text.parse().unwrap()
}

async fn start(answers: impl IntoIterator<Item = (&'static str, Says)>) -> (NameServer, System) {
    let server = NameServer::start(answers).await;
    let system = System::new(&[server.address()]);
    (server, system)
}

#[tokio::test]
async fn mail_hosts_and_their_addresses_of_both_families_are_found() {
    let (_server, system) = start([
        ("dest.example", Says::Mx(vec![(20, "mx2.dest.example"), (10, "MX1.dest.example")])),
        ("mx1.dest.example", Says::Addresses(vec!["192.0.2.1", "192.0.2.2", "2001:db8::1"])),
    ])
    .await;
    let mut mx = system.mx(&domain("dest.example")).await.unwrap();
    mx.sort_by_key(|mx| mx.preference);
    let host = |preference, host: &str| Mx { preference, host: Some(domain(host)) };
    assert_eq!(mx, [host(10, "mx1.dest.example"), host(20, "mx2.dest.example")]);
    let addresses = system.addresses(&domain("mx1.dest.example")).await.unwrap();
    let texts: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    assert_eq!(texts.len(), 3);
    assert!(texts[0].starts_with("192.0.2.") && texts[1] == "2001:db8::1");
}

#[tokio::test]
async fn nh18_a_null_mx_is_told_from_a_host() {
    let (_server, system) = start([("closed.example", Says::Mx(vec![(0, "")]))]).await;
    assert_eq!(system.mx(&domain("closed.example")).await.unwrap(), [Mx { preference: 0, host: None }]);
}

#[tokio::test]
async fn nh20_no_such_name_no_such_record_and_failure_are_three_different_answers() {
    let (_server, system) = start([
        ("bare.example", Says::Empty),
        ("host.example", Says::Addresses(vec!["192.0.2.1"])),
        ("broken.example", Says::Failure),
    ])
    .await;
    assert_eq!(system.mx(&domain("bare.example")).await, Err(ResolveError::NoRecords));
    assert_eq!(system.mx(&domain("host.example")).await, Err(ResolveError::NoRecords));
    assert_eq!(system.addresses(&domain("bare.example")).await, Err(ResolveError::NoRecords));
    assert_eq!(system.mx(&domain("nowhere.example")).await, Err(ResolveError::NoSuchName));
    assert_eq!(system.addresses(&domain("nowhere.example")).await, Err(ResolveError::NoSuchName));
    for result in [
        system.mx(&domain("broken.example")).await.map(|_| ()),
        system.addresses(&domain("broken.example")).await.map(|_| ()),
    ] {
        assert_eq!(result, Err(ResolveError::Temporary("Server Failure".into())));
    }
}

#[tokio::test(start_paused = true)]
async fn nh20_silence_is_a_temporary_failure_in_bounded_time() {
    let (_server, system) = start([("silent.example", Says::Silence)]).await;
    let start = tokio::time::Instant::now();
    let result = system.mx(&domain("silent.example")).await;
    assert_eq!(result, Err(ResolveError::Temporary("the name servers do not answer".into())));
    assert!(start.elapsed().as_secs() <= 20, "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn s022_a_name_server_that_is_not_there_is_a_temporary_failure() {
    let closed = {
        let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.local_addr().unwrap()
    };
    let result = System::new(&[closed]).mx(&domain("dest.example")).await;
    assert!(matches!(result, Err(ResolveError::Temporary(_))), "{result:?}");
}

#[tokio::test]
async fn an_answer_too_long_for_udp_comes_by_tcp() {
    let hosts = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"].map(|host| (10, host));
    let long = hosts.map(|(preference, host)| (preference, &*format!("{}.{host}.example", "x".repeat(60)).leak()));
    let (server, system) = start([("many.example", Says::Mx(long.into()))]).await;
    assert_eq!(system.mx(&domain("many.example")).await.unwrap().len(), 10);
    assert_eq!(server.transports("many.example"), ["udp", "tcp"]);
}

#[tokio::test]
async fn an_alias_is_followed_and_one_that_leads_nowhere_is_no_address() {
    let (_server, system) = start([
        ("alias.example", Says::Alias("host.example")),
        ("host.example", Says::Addresses(vec!["192.0.2.1"])),
        ("dangling.example", Says::Alias("gone.example")),
    ])
    .await;
    assert_eq!(system.addresses(&domain("alias.example")).await.unwrap().len(), 1);
    assert_eq!(system.addresses(&domain("dangling.example")).await, Err(ResolveError::NoSuchName));
}

#[tokio::test]
async fn s020_mx_records_that_name_no_possible_host_are_passed_over_or_retried() {
    let (_server, system) = start([
        ("half.example", Says::Mx(vec![(10, "a b.example"), (20, "mx.example")])),
        ("none.example", Says::Mx(vec![(10, "a b.example")])),
    ])
    .await;
    assert_eq!(system.mx(&domain("half.example")).await.unwrap().len(), 1);
    assert!(matches!(system.mx(&domain("none.example")).await, Err(ResolveError::Temporary(_))));
}

#[tokio::test]
async fn answers_are_cached() {
    let (server, system) = start([("dest.example", Says::Mx(vec![(10, "mx.dest.example")]))]).await;
    for _ in 0..5 {
        system.mx(&domain("dest.example")).await.unwrap();
    }
    assert_eq!(server.transports("dest.example"), ["udp"]);
}

#[tokio::test]
async fn reverse_names_are_found_and_confirmed() {
    let (_server, system) = start([
        ("1.2.0.192.in-addr.arpa", Says::Pointer("client.example")),
        ("client.example", Says::Addresses(vec!["192.0.2.1"])),
        ("2.2.0.192.in-addr.arpa", Says::Pointer("client.example")),
    ])
    .await;
    let client = "192.0.2.1".parse().unwrap();
    assert_eq!(system.names(client).await.unwrap(), [domain("client.example")]);
    assert_eq!(verified_name(&system, client).await, Some(domain("client.example")));
    assert_eq!(verified_name(&system, "192.0.2.2".parse().unwrap()).await, None);
}
