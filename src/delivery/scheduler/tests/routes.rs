//! Where mail goes: DNS, fallbacks, pauses, new settings.

use super::*;

#[test]
fn s013_recipients_of_one_next_hop_are_one_job_whatever_their_domains() {
    let mut bench = smart();
    let addresses: Vec<String> = (0..20).map(|i| format!("u{i}@d{i}.example")).collect();
    bench.submit("A", &addresses.iter().map(String::as_str).collect::<Vec<_>>());
    let connection = bench.open();
    assert_eq!(bench.take(connection).unwrap().recipients.len(), 20);
    assert!(bench.wanted.is_empty());
}

#[test]
fn a_paused_domain_burns_no_attempts_and_goes_on_at_once_when_resumed() {
    let mut bench = smart();
    bench.scheduler.pause(domain("far.example"));
    bench.submit("A", &["bob@far.example"]);
    bench.submit("B", &["bob@near.example", "eve@far.example"]);
    let connection = bench.open();
    assert_eq!(bench.deliver(connection, &delivered()), Some(id("B")));
    assert!(bench.take(connection).is_none());
    bench.pass(72 * 3600);
    assert_eq!(bench.attempts("A"), 0, "and it does not expire untried");
    assert!(bench.scheduler.resume(&domain("far.example"), bench.now));
    bench.after();
    let delivered: HashSet<_> =
        [bench.deliver(connection, &delivered()), bench.deliver(connection, &delivered())].into();
    assert_eq!(delivered, [Some(id("A")), Some(id("B"))].into());
    assert!(!bench.scheduler.resume(&domain("far.example"), bench.now));
}

#[test]
fn a_next_hop_is_paused_by_its_own_name_even_for_mail_that_is_ready() {
    let mut bench = smart();
    bench.submit("A", &["bob@far.example"]);
    bench.scheduler.pause(domain("smart.example"));
    let connection = bench.open();
    assert!(bench.take(connection).is_none());
    assert_eq!(bench.scheduler.index().counts().queued, 1);
    assert!(bench.scheduler.resume(&domain("smart.example"), bench.now));
    bench.after();
    assert_eq!(bench.deliver(connection, &delivered()), Some(id("A")));
}

#[test]
fn a_mail_host_is_paused_by_its_name_for_all_domains_that_it_serves() {
    let mut bench = direct();
    bench.submit("A", &["bob@one.example"]);
    bench.answer(Ok(&[(10, "a.provider.example"), (20, "b.provider.example")]));
    let connection = bench.open();
    bench.scheduler.pause(domain("b.provider.example"));
    assert!(bench.take(connection).is_none());
    assert!(bench.scheduler.destination_rows()[0].paused);
    assert!(bench.scheduler.resume(&domain("b.provider.example"), bench.now));
    bench.after();
    assert_eq!(bench.deliver(connection, &delivered()), Some(id("A")));
}

#[test]
fn a_domain_is_asked_for_once_and_its_answer_serves_all() {
    let mut bench = direct();
    for name in ["A", "B", "C"] {
        bench.submit(name, &["bob@far.example", "eve@far.example"]);
    }
    assert_eq!(bench.asked.len(), 1);
    bench.answer(Ok(&[(10, "mx.far.example")]));
    let connection = bench.open();
    for _ in 0..3 {
        assert!(bench.deliver(connection, &delivered()).is_some());
    }
    bench.submit("D", &["bob@far.example"]);
    assert!(bench.asked.is_empty(), "the answer is good for some minutes");
}

#[test]
fn domains_with_the_same_hosts_are_one_destination() {
    let mut bench = direct();
    bench.submit("A", &["bob@one.example"]);
    bench.submit("B", &["bob@two.example"]);
    bench.answer(Ok(&[(10, "a.provider.example"), (20, "b.provider.example")]));
    bench.answer(Ok(&[(20, "b.provider.example"), (10, "a.provider.example")]));
    assert_eq!(bench.scheduler.destination_rows().len(), 1);
    let connection = bench.open();
    assert!(bench.deliver(connection, &delivered()).is_some());
    assert!(bench.deliver(connection, &delivered()).is_some());
}

#[test]
fn s022_trouble_of_dns_defers_and_n001_a_null_mx_fails() {
    let mut bench = direct();
    bench.submit("A", &["bob@far.example"]);
    bench.answer(Err(ResolveError::Temporary("SERVFAIL".into())));
    assert!(bench.last_reply("A").starts_with("451 4.4.3"));
    assert_eq!(bench.next("A"), 15 * MINUTE);
    bench.pass(16);
    assert_eq!(bench.scheduler.retry(&[id("A")], bench.now), 1);
    bench.after();
    bench.answer(Ok(&[(0, "")]));
    assert_eq!(bench.given_up, [id("A")]);
}

#[test]
fn direct_first_falls_back_to_the_smart_host_unless_the_domain_takes_no_mail() {
    let mut direct_first = settings("smart.example:25");
    direct_first.delivery.advanced.direct_first = true;
    let mut bench = Bench::new(direct_first);
    bench.submit("A", &["bob@missing.example"]);
    bench.answer(Err(ResolveError::NoSuchName));
    let smart_host = bench.open();
    assert_eq!(bench.deliver(smart_host, &delivered()), Some(id("A")));
    assert!(bench.take(smart_host).is_none());

    bench.submit("B", &["bob@dead.example"]);
    bench.answer(Ok(&[(10, "mx.dead.example")]));
    bench.fail_to_open();
    assert_eq!(bench.deliver(smart_host, &delivered()), Some(id("B")));
    assert!(bench.take(smart_host).is_none());
    bench.submit("C", &["bob@dead.example"]);
    assert_eq!(bench.deliver(smart_host, &delivered()), Some(id("C")), "while the direct way is held back");

    bench.submit("D", &["bob@null.example"]);
    bench.answer(Ok(&[(0, "")]));
    assert_eq!(bench.given_up, [id("D")]);
}

#[test]
fn new_settings_send_waiting_mail_another_way_at_once() {
    let mut bench = smart();
    bench.submit("A", &["bob@far.example"]);
    bench.fail_to_open();
    bench.submit("B", &["bob@far.example"]);
    bench.adopt(settings("other.example:25"));
    let connection = bench.wanted.front().copied().unwrap();
    assert_eq!(bench.scheduler.plan(connection).unwrap().target.to_string(), "other.example:25");
    bench.open();
    assert!(bench.deliver(connection, &delivered()).is_some());
    assert!(bench.deliver(connection, &delivered()).is_some());
}
