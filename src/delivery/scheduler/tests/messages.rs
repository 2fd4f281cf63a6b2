//! Single messages: their schedule, their edits, their end.

use super::*;

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
fn an_edit_that_the_last_write_took_in_is_no_news() {
    let mut bench = smart();
    bench.submit("A", &["bob@far.example"]);
    assert_eq!(bench.scheduler.claim(&id("A")), Claim::Granted);
    let mut message = bench.message(&["bob@far.example"]);
    let seen = bench.write(&id("A"), &message);
    bench.scheduler.insert(&id("A"), message.clone(), seen, bench.now);
    message.state = State::Held;
    let written = bench.write(&id("A"), &message);
    bench.scheduler.closed(&id("A"), Closed::Kept(Box::new(message), written), bench.now);
    assert_eq!(bench.scheduler.state(&id("A")), Some(State::Held));
    assert_eq!(bench.scheduler.known(&id("A")), Some(written));
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
fn a_message_deleted_in_flight_and_brought_back_keeps_what_the_attempt_came_to() {
    for (result, left) in [(deferred(), true), (delivered(), false)] {
        let mut bench = smart();
        bench.submit("A", &["bob@far.example"]);
        let connection = bench.open();
        let assignment = bench.take(connection).unwrap();
        let (message, stamp) = bench.files.remove(&id("A")).unwrap();
        bench.scheduler.forget(&id("A"));
        bench.files.insert(id("A"), (message.clone(), stamp));
        bench.scheduler.submit(&id("A"), message, stamp, None, bench.now);
        assert_eq!(bench.scheduler.index().counts().active, 1, "the attempt goes on");
        bench.settle(connection, &assignment, &result);
        assert_eq!(bench.files.contains_key(&id("A")), left);
        assert_eq!(bench.scheduler.index().get(&id("A")).is_some(), left);
        if left {
            assert_eq!(bench.attempts("A"), 1);
            bench.pass(15 * 60);
            assert_eq!(bench.deliver(connection, &delivered()), Some(id("A")));
        }
    }
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
fn a_draining_scheduler_begins_nothing_and_becomes_quiet() {
    let mut bench = smart();
    bench.submit("A", &["bob@far.example"]);
    bench.submit("B", &["bob@far.example"]);
    let (busy, other) = (bench.open(), bench.open());
    let assignment = bench.take(busy).unwrap();
    bench.scheduler.drain();
    assert!(matches!(bench.scheduler.take(other, bench.now), Next::Leave));
    bench.close(other);
    assert!(!bench.scheduler.is_quiet());
    bench.settle(busy, &assignment, &delivered());
    bench.close(busy);
    assert!(bench.scheduler.is_quiet());
    assert!(bench.files.contains_key(&id("B")));
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
