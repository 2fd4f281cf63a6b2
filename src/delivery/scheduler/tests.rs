//! The scheduler without a disk, a network or a clock.

use std::collections::HashSet;

use super::bench::{Bench, attempt, deferred, delivered, domain, id, settings};
use super::*;
use crate::delivery::attempt::Verdict;
use crate::dns::ResolveError;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;

fn smart() -> Bench {
    Bench::new(settings("smart.example:25"))
}

fn direct() -> Bench {
    Bench::new(settings(""))
}

#[test]
fn a_fresh_message_is_tried_at_once_and_leaves_when_it_is_delivered() {
    let mut bench = smart();
    bench.submit("A", &["bob@far.example"]);
    let connection = bench.open();
    let assignment = bench.take(connection).unwrap();
    assert_eq!(assignment.content.as_deref(), Some(&b"x"[..]), "the content is still in memory");
    assert_eq!(bench.scheduler.index().counts().active, 1);
    bench.settle(connection, &assignment, &delivered());
    assert!(bench.scheduler.index().is_empty() && bench.files.is_empty());
    assert_eq!(bench.scheduler.memory, 0);
}

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
fn an_idle_connection_takes_the_next_message_before_a_new_one_is_opened() {
    let mut bench = smart();
    bench.submit("A", &["bob@far.example"]);
    let connection = bench.open();
    assert!(bench.deliver(connection, &delivered()).is_some());
    assert!(bench.take(connection).is_none());
    bench.submit("B", &["eve@far.example"]);
    assert_eq!(bench.woken.pop_front(), Some(connection));
    assert!(bench.wanted.is_empty());
    assert!(!bench.scheduler.stop_waiting(connection), "work that came at the last moment is taken");
    assert_eq!(bench.deliver(connection, &delivered()), Some(id("B")));
}

#[test]
fn s024_connections_to_one_destination_are_limited_by_window_and_setting() {
    let mut bench = smart();
    for i in 0..50 {
        bench.submit(&format!("A{i}"), &["bob@far.example"]);
    }
    assert_eq!(bench.wanted.len(), 5);
    let mut limited = settings("smart.example:25");
    limited.delivery.connections.max_per_domain = Some(2);
    let mut bench = Bench::new(limited);
    for i in 0..50 {
        bench.submit(&format!("A{i}"), &["bob@far.example"]);
    }
    assert_eq!(bench.wanted.len(), 2);
}

#[test]
fn a_message_for_two_destinations_is_written_down_after_the_first_and_counted_once() {
    let mut bench = direct();
    bench.submit("A", &["bob@[192.0.2.1]", "eve@[192.0.2.2]"]);
    let (first, second) = (bench.open(), bench.open());
    let other = bench.take(second).unwrap();
    bench.deliver(first, &delivered());
    let on_disk = &bench.files[&id("A")].0;
    assert_eq!((on_disk.progress[0].status, on_disk.progress[1].status), (Status::Delivered, Status::Pending));
    assert_eq!(on_disk.attempts, 0, "the round is not over");
    bench.settle(second, &other, &deferred());
    assert_eq!(bench.attempts("A"), 1);
    assert_eq!(bench.next("A"), 15 * MINUTE);
    bench.pass(15 * 60);
    assert_eq!(bench.woken.len() + bench.wanted.len(), 1, "only the destination still pending is tried again");
}

#[test]
fn s010_deferred_mail_is_tried_again_by_its_schedule_to_the_second() {
    let mut bench = smart();
    bench.submit("A", &["bob@far.example"]);
    let connection = bench.open();
    bench.deliver(connection, &deferred());
    assert!(bench.take(connection).is_none());
    for wait in [15 * MINUTE, 30 * MINUTE, HOUR, 4 * HOUR, 4 * HOUR] {
        assert_eq!(bench.next("A"), wait);
        bench.pass(u64::try_from(wait).unwrap() - 1);
        assert!(bench.woken.is_empty());
        bench.pass(1);
        assert_eq!(bench.woken.pop_front(), Some(connection));
        bench.deliver(connection, &deferred());
        assert!(bench.take(connection).is_none());
    }
    assert_eq!(bench.attempts("A"), 6);
}

#[test]
fn mail_for_a_dead_destination_shares_its_words_and_is_released_by_a_probe() {
    let mut bench = smart();
    bench.submit("A", &["bob@far.example"]);
    bench.fail_to_open();
    bench.submit("B", &["eve@far.example"]);
    assert!(bench.wanted.is_empty(), "nobody knocks at a dead destination");
    for name in ["A", "B"] {
        assert_eq!((bench.attempts(name), bench.next(name)), (1, 15 * MINUTE));
        assert!(bench.last_reply(name).contains("connection refused"));
    }
    let row = &bench.scheduler.destination_rows()[0];
    assert_eq!((row.health, row.deferred, row.ready), ("held", 2, 0));

    bench.pass(17);
    assert_eq!(bench.wanted.len(), 1, "one probe");
    assert_eq!(bench.scheduler.destination_rows()[0].health, "probing");
    let probe = bench.open();
    assert_eq!(bench.deliver(probe, &delivered()), Some(id("A")));
    assert_eq!(bench.deliver(probe, &delivered()), Some(id("B")));
    assert_eq!(bench.scheduler.destination_rows()[0].health, "up");
}

#[test]
fn a_probe_that_fails_costs_no_message_an_attempt_and_the_next_comes_later() {
    let mut bench = smart();
    bench.submit("A", &["bob@far.example"]);
    bench.fail_to_open();
    bench.pass(17);
    bench.fail_to_open();
    assert_eq!(bench.attempts("A"), 1);
    bench.pass(55);
    assert!(bench.wanted.is_empty());
    bench.pass(15);
    assert_eq!(bench.wanted.len(), 1);
}

#[test]
fn mail_that_comes_due_at_a_dead_destination_keeps_its_schedule() {
    let mut bench = smart();
    bench.submit("A", &["bob@far.example"]);
    bench.fail_to_open();
    for attempts in 2..=4 {
        while bench.attempts("A") < attempts {
            bench.pass(1);
            while !bench.wanted.is_empty() {
                bench.fail_to_open();
            }
        }
    }
    let passed = bench.now.as_unix() - super::bench::START;
    assert_eq!(passed, 105 * MINUTE, "15, 30 and 60 minutes after the attempt before");
}

#[test]
fn what_expires_at_a_dead_destination_is_given_up() {
    let mut bench = smart();
    bench.submit("A", &["bob@far.example"]);
    bench.fail_to_open();
    for _ in 0..=48 * 60 {
        bench.pass(60);
        while !bench.wanted.is_empty() {
            bench.fail_to_open();
        }
    }
    assert_eq!(bench.given_up, [id("A")]);
    assert!(bench.scheduler.index().is_empty());
}

#[test]
fn one_failure_beside_connections_that_stand_holds_nothing_back() {
    let mut bench = smart();
    for i in 0..10 {
        bench.submit(&format!("A{i}"), &["bob@far.example"]);
    }
    let standing = bench.open();
    bench.fail_to_open();
    assert_eq!(bench.scheduler.destination_rows()[0].health, "up");
    assert!(bench.deliver(standing, &delivered()).is_some());
}

#[test]
fn a_retry_by_hand_lifts_the_hold_and_its_success_releases_all() {
    let mut bench = smart();
    bench.submit("A", &["bob@far.example"]);
    bench.submit("B", &["eve@far.example"]);
    bench.fail_to_open();
    while !bench.wanted.is_empty() {
        bench.fail_to_open();
    }
    assert_eq!(bench.scheduler.retry(&[id("A"), id("nobody")], bench.now), 1);
    bench.after();
    let connection = bench.open();
    assert_eq!(bench.deliver(connection, &delivered()), Some(id("A")));
    assert_eq!(bench.deliver(connection, &delivered()), Some(id("B")), "not asked for, but it waited for the same");
}

#[test]
fn much_mail_is_released_over_some_seconds_and_not_at_once() {
    let mut bench = smart();
    for i in 0..1000 {
        bench.submit(&format!("A{i}"), &["bob@far.example"]);
    }
    while !bench.wanted.is_empty() {
        bench.fail_to_open();
    }
    bench.pass(17);
    let _probe = bench.open();
    assert_eq!(bench.scheduler.destination_rows()[0].ready, 200);
    bench.pass(10);
    assert_eq!(bench.scheduler.destination_rows()[0].ready, 1000);
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
fn an_edit_during_an_attempt_applies_to_the_next_and_undoes_nothing() {
    let mut bench = smart();
    bench.submit("A", &["bob@far.example", "eve@far.example"]);
    let connection = bench.open();
    let assignment = bench.take(connection).unwrap();
    let edited = bench.message(&["new@far.example", "bob@far.example"]);
    let stamp = bench.write(&id("A"), &edited);
    bench.scheduler.insert(&id("A"), edited, stamp, bench.now);
    bench.settle(connection, &assignment, &delivered());
    let on_disk = &bench.files[&id("A")].0;
    assert_eq!(on_disk.envelope.recipients[0].address.as_str(), "new@far.example");
    assert_eq!((on_disk.progress[0].status, on_disk.progress[1].status), (Status::Pending, Status::Delivered));
}

#[test]
fn an_edit_of_waiting_mail_begins_anew_as_the_file_says() {
    let mut bench = smart();
    bench.submit("A", &["bob@far.example"]);
    let edited = bench.message(&["eve@far.example"]);
    let stamp = bench.write(&id("A"), &edited);
    bench.scheduler.insert(&id("A"), edited, stamp, bench.now);
    bench.after();
    let connection = bench.open();
    bench.deliver(connection, &delivered());
    assert_eq!(bench.delivered, [(id("A"), "eve@far.example".to_owned())]);
    assert!(bench.deliver(connection, &delivered()).is_none());
}

#[test]
fn an_old_look_at_a_file_changes_nothing() {
    let mut bench = smart();
    let old = bench.message(&["bob@far.example"]);
    let stamp = bench.write(&id("A"), &old);
    bench.submit("A", &["eve@far.example"]);
    bench.scheduler.insert(&id("A"), old, stamp, bench.now);
    assert_ne!(bench.scheduler.known(&id("A")), Some(stamp));
}

#[test]
fn a_file_edited_unnoticed_is_found_when_its_turn_comes() {
    let mut bench = smart();
    bench.submit("A", &["bob@far.example"]);
    let connection = bench.open();
    bench.deliver(connection, &deferred());
    assert!(bench.take(connection).is_none());
    let edited = bench.message(&["eve@far.example"]);
    bench.write(&id("A"), &edited);
    bench.pass(15 * 60);
    bench.deliver(connection, &delivered());
    assert!(bench.delivered.is_empty(), "the old recipient is not tried");
    bench.deliver(connection, &delivered());
    assert_eq!(bench.delivered, [(id("A"), "eve@far.example".to_owned())]);
}

#[test]
fn a_file_that_is_gone_is_forgotten_whether_ready_or_in_flight() {
    let mut bench = smart();
    bench.submit("A", &["bob@far.example"]);
    bench.submit("B", &["bob@far.example"]);
    let connection = bench.open();
    let assignment = bench.take(connection).unwrap();
    bench.files.clear();
    bench.scheduler.forget(&id("A"));
    bench.scheduler.forget(&id("B"));
    bench.settle(connection, &assignment, &deferred());
    assert!(bench.take(connection).is_none());
    assert!(bench.scheduler.index().is_empty() && bench.scheduler.rounds.is_empty());
    assert_eq!(bench.scheduler.memory, 0);
}

#[test]
fn a_message_may_be_claimed_unless_it_is_in_flight() {
    let mut bench = smart();
    bench.submit("A", &["bob@far.example"]);
    bench.submit("B", &["bob@far.example"]);
    let connection = bench.open();
    let assignment = bench.take(connection).unwrap();
    assert_eq!(bench.scheduler.claim(&id("A")), Claim::Busy);
    assert_eq!(bench.scheduler.claim(&id("B")), Claim::Granted);
    assert_eq!(bench.scheduler.claim(&id("C")), Claim::Unknown);
    bench.scheduler.hold_later(&id("A"), true);
    bench.settle(connection, &assignment, &deferred());
    assert_eq!(bench.files[&id("A")].0.state, State::Held);
    assert!(bench.take(connection).is_none(), "what is claimed is not delivered");
    bench.scheduler.give_back(&id("B"), bench.now);
    bench.after();
    assert_eq!(bench.deliver(connection, &delivered()), Some(id("B")));
    bench.pass(86_400);
    assert!(bench.take(connection).is_none(), "what is held is not delivered");
}

#[test]
fn a_hold_taken_back_during_an_attempt_brings_no_called_off_job_back() {
    let mut bench = direct();
    bench.submit("A", &["bob@[192.0.2.1]", "eve@[192.0.2.2]"]);
    let (first, second) = (bench.open(), bench.open());
    let assignment = bench.take(first).unwrap();
    bench.scheduler.hold_later(&id("A"), true);
    bench.scheduler.hold_later(&id("A"), false);
    assert!(bench.take(second).is_none());
    bench.settle(first, &assignment, &delivered());
    assert_eq!(bench.scheduler.rounds.len(), 0);
    bench.pass(15 * 60);
    assert_eq!(bench.deliver(second, &delivered()), Some(id("A")));
}

#[test]
fn a_connection_that_runs_out_of_work_makes_room_for_a_destination_that_has_none() {
    let mut limited = settings("");
    limited.delivery.connections.max = Some(1);
    let mut bench = Bench::new(limited);
    bench.submit("A", &["u@[192.0.2.1]"]);
    let busy = bench.open();
    let assignment = bench.take(busy).unwrap();
    bench.submit("B", &["u@[192.0.2.2]"]);
    bench.settle(busy, &assignment, &delivered());
    assert!(matches!(bench.scheduler.take(busy), Next::Leave));
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
fn n003_a_host_that_takes_no_mail_fails_it_and_is_not_held_back() {
    let mut bench = smart();
    bench.submit("A", &["bob@far.example"]);
    let connection = bench.wanted.pop_front().unwrap();
    bench.scheduler.not_opened(connection, attempt(Verdict::Failed, 521, "no mail here"), bench.now);
    bench.after();
    assert_eq!(bench.given_up, [id("A")]);
    assert_eq!(bench.scheduler.destination_rows()[0].health, "up");
}

#[test]
fn recipients_beyond_the_limit_of_the_server_come_next_and_are_no_attempt() {
    let mut bench = smart();
    bench.submit("A", &["bob@far.example", "eve@far.example"]);
    bench.submit("B", &["bob@far.example"]);
    let connection = bench.open();
    let assignment = bench.take(connection).unwrap();
    let taken = vec![(assignment.recipients[0], Arc::new(delivered()))];
    let step = bench.scheduler.settle(connection, taken, vec![assignment.recipients[1]], bench.now);
    assert!(matches!(step, Step::Save(_)));
    let rest = bench.take(connection).unwrap();
    assert_eq!((rest.id, rest.recipients), (id("A"), vec![1]));
}

#[test]
fn the_total_of_connections_is_shared_in_turns() {
    let mut limited = settings("");
    limited.delivery.connections.max = Some(2);
    let mut bench = Bench::new(limited);
    for i in 0..6 {
        for host in 1..=3 {
            bench.submit(&format!("A{host}-{i}"), &[format!("u@[192.0.2.{host}]").as_str()]);
        }
    }
    let mut order = Vec::new();
    assert_eq!(bench.wanted.len(), 2);
    while let Some(&connection) = bench.wanted.front() {
        let target = bench.scheduler.plan(connection).unwrap().target.to_string();
        order.push(target);
        assert_eq!(bench.open(), connection);
        bench.deliver(connection, &delivered());
        bench.close(connection);
        assert!(bench.wanted.len() <= 2);
    }
    assert_eq!(order.len(), 18);
    let early: HashSet<&String> = order[..6].iter().collect();
    assert_eq!(early.len(), 3, "no destination waits for another one's whole backlog: {order:?}");
}

#[test]
fn an_idle_connection_makes_room_for_a_destination_that_has_none() {
    let mut limited = settings("");
    limited.delivery.connections.max = Some(1);
    let mut bench = Bench::new(limited);
    bench.submit("A", &["u@[192.0.2.1]"]);
    let idle = bench.open();
    bench.deliver(idle, &delivered());
    assert!(bench.take(idle).is_none());
    bench.submit("B", &["u@[192.0.2.2]"]);
    assert_eq!(bench.woken.pop_front(), Some(idle));
    assert!(matches!(bench.scheduler.take(idle), Next::Leave));
    bench.close(idle);
    let connection = bench.open();
    assert_eq!(bench.deliver(connection, &delivered()), Some(id("B")));
}

#[test]
fn fresh_mail_goes_before_retries_but_never_all_of_it() {
    let mut bench = smart();
    for i in 0..4 {
        bench.submit(&format!("old{i}"), &["bob@far.example"]);
    }
    let connection = bench.open();
    for _ in 0..4 {
        bench.deliver(connection, &deferred());
    }
    bench.pass(15 * 60);
    for i in 0..12 {
        bench.submit(&format!("new{i}"), &["bob@far.example"]);
    }
    let order: Vec<String> =
        std::iter::from_fn(|| bench.deliver(connection, &delivered())).map(|id| id.to_string()).collect();
    let retries: Vec<usize> = (0..16).filter(|&i| order[i].starts_with("old")).collect();
    assert_eq!(retries.len(), 4);
    assert!(retries[0] <= 3 && retries[1] > 3 && retries[3] > 10, "{order:?}");
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

#[test]
fn a_draining_scheduler_begins_nothing_and_becomes_quiet() {
    let mut bench = smart();
    bench.submit("A", &["bob@far.example"]);
    bench.submit("B", &["bob@far.example"]);
    let (busy, other) = (bench.open(), bench.open());
    let assignment = bench.take(busy).unwrap();
    bench.scheduler.drain();
    assert!(matches!(bench.scheduler.take(other), Next::Leave));
    bench.close(other);
    assert!(!bench.scheduler.is_quiet());
    bench.settle(busy, &assignment, &delivered());
    bench.close(busy);
    assert!(bench.scheduler.is_quiet());
    assert!(bench.files.contains_key(&id("B")));
}

#[test]
fn a_connection_that_vanishes_defers_its_job() {
    let mut bench = smart();
    bench.submit("A", &["bob@far.example"]);
    let connection = bench.open();
    bench.take(connection).unwrap();
    bench.close(connection);
    assert_eq!(bench.attempts("A"), 1);
    assert!(bench.last_reply("A").contains("broken off"));
}

#[test]
fn contents_beyond_the_bound_of_memory_are_read_again() {
    let mut bench = smart();
    let content = Bytes::from(vec![b'x'; 1 << 20]);
    for i in 0..100 {
        let message = bench.message(&["bob@far.example"]);
        let name = id(&format!("A{i}"));
        let stamp = bench.write(&name, &message);
        bench.scheduler.submit(&name, message, stamp, Some(content.clone()), bench.now);
    }
    assert!(bench.scheduler.memory <= MEMORY);
    bench.after();
    let connection = bench.open();
    let without = (0..100).filter(|_| {
        let assignment = bench.take(connection).unwrap();
        bench.settle(connection, &assignment, &delivered());
        assignment.content.is_none()
    });
    assert!(without.count() >= 36);
    assert_eq!(bench.scheduler.memory, 0);
}

#[test]
fn unused_destinations_are_forgotten() {
    let mut bench = smart();
    bench.submit("A", &["bob@far.example"]);
    let connection = bench.open();
    bench.deliver(connection, &delivered());
    bench.close(connection);
    assert_eq!(bench.scheduler.destination_rows().len(), 1);
    bench.pass(700);
    assert!(bench.scheduler.destination_rows().is_empty() && bench.scheduler.by_target.is_empty());
}

#[test]
fn a_broken_off_probe_is_followed_by_another() {
    let mut bench = smart();
    bench.submit("A", &["bob@far.example"]);
    bench.fail_to_open();
    bench.pass(17);
    let probe = bench.wanted.pop_front().unwrap();
    bench.close(probe);
    assert_eq!(bench.scheduler.destination_rows()[0].health, "held");
    bench.pass(70);
    assert_eq!(bench.wanted.len(), 1);
}
