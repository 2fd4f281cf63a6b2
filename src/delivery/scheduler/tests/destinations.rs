//! Connections, dead destinations, limits and turns.

use super::*;

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
    let passed = bench.now.as_unix() - super::super::bench::START;
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
fn a_connection_that_runs_out_of_work_makes_room_for_a_destination_that_has_none() {
    let mut limited = settings("");
    limited.delivery.connections.max = Some(1);
    let mut bench = Bench::new(limited);
    bench.submit("A", &["u@[192.0.2.1]"]);
    let busy = bench.open();
    let assignment = bench.take(busy).unwrap();
    bench.submit("B", &["u@[192.0.2.2]"]);
    bench.settle(busy, &assignment, &delivered());
    assert!(matches!(bench.scheduler.take(busy, bench.now), Next::Leave));
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
    assert!(matches!(bench.scheduler.take(idle, bench.now), Next::Leave));
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

fn refused_login() -> Attempt {
    let trouble = Some(Trouble { advice: "check the password".into(), is_counted: true });
    Attempt { trouble, ..attempt(Verdict::Deferred, 451, "the login was refused: 535 no") }
}

fn with_login() -> Settings {
    let mut settings = settings("smart.example:587");
    settings.delivery.security.method = crate::config::Method::Basic;
    settings
}

#[test]
fn a_login_is_shown_to_be_taken_by_one_connection_before_there_are_more() {
    let mut bench = Bench::new(with_login());
    for i in 0..50 {
        bench.submit(&format!("A{i}"), &["bob@far.example"]);
    }
    assert_eq!(bench.wanted.len(), 1);
    let connection = bench.open();
    bench.deliver(connection, &delivered());
    assert!(!bench.wanted.is_empty());
}

#[test]
fn a_refused_login_holds_mail_back_without_an_attempt_and_its_probe_lets_all_go() {
    let mut bench = Bench::new(with_login());
    bench.submit("A", &["bob@far.example"]);
    let connection = bench.wanted.pop_front().unwrap();
    bench.scheduler.not_opened(connection, refused_login(), bench.now);
    bench.after();
    bench.submit("B", &["eve@far.example"]);
    for name in ["A", "B"] {
        assert_eq!((bench.attempts(name), bench.next(name)), (0, 15 * MINUTE));
        assert!(bench.last_reply(name).contains("the login was refused"));
    }
    let row = &bench.scheduler.destination_rows()[0];
    assert_eq!((row.health, row.deferred, row.advice.as_deref()), ("held", 2, Some("check the password")));
    let [problem] = &bench.scheduler.problems()[..] else { panic!("one problem") };
    assert!(problem.starts_with("Mail for smart.example:587 waits: the login was refused: 535 no; check"), "{problem}");

    bench.pass(59);
    assert!(bench.wanted.is_empty(), "servers count refused logins");
    bench.pass(8);
    let probe = bench.wanted.pop_front().unwrap();
    bench.scheduler.not_opened(probe, refused_login(), bench.now);
    bench.after();
    bench.pass(4 * 60 + 30);
    let probe = bench.open();
    assert!(bench.scheduler.problems().is_empty());
    assert_eq!(bench.deliver(probe, &delivered()), Some(id("A")));
    assert_eq!(bench.deliver(probe, &delivered()), Some(id("B")));
}

#[test]
fn a_refused_login_holds_back_at_once_though_other_connections_stand() {
    let mut bench = Bench::new(with_login());
    for i in 0..50 {
        bench.submit(&format!("A{i}"), &["bob@far.example"]);
    }
    let standing = bench.open();
    bench.deliver(standing, &delivered());
    let connection = bench.wanted.pop_front().unwrap();
    bench.scheduler.not_opened(connection, refused_login(), bench.now);
    bench.after();
    assert_eq!(bench.scheduler.destination_rows()[0].health, "held");
}

#[test]
fn new_credentials_make_a_new_destination_and_lift_the_hold() {
    let mut bench = Bench::new(with_login());
    bench.submit("A", &["bob@far.example"]);
    let connection = bench.wanted.pop_front().unwrap();
    bench.scheduler.not_opened(connection, refused_login(), bench.now);
    bench.after();
    let mut mended = with_login();
    mended.delivery.security.username = "bob".to_owned();
    bench.adopt(mended);
    let connection = bench.open();
    assert_eq!(bench.deliver(connection, &delivered()), Some(id("A")));
    let names: Vec<String> = bench.scheduler.destination_rows().into_iter().map(|row| row.name).collect();
    assert_eq!(names, ["smart.example:587"]);
    assert!(bench.scheduler.problems().is_empty());
}

#[test]
fn one_host_in_two_manners_is_two_destinations_with_names_of_their_own() {
    let mut settings = with_login();
    settings.domains.push(crate::config::Domain {
        smart_host: settings.delivery.advanced.smart_host.clone(),
        security: Some(crate::config::OutboundSecurity::DEFAULT),
        ..crate::config::Domain::new("partner.example".parse().unwrap())
    });
    let mut bench = Bench::new(settings);
    bench.submit("A", &["bob@far.example"]);
    bench.submit("B", &["bob@partner.example"]);
    let names: Vec<String> = bench.scheduler.destination_rows().into_iter().map(|row| row.name).collect();
    assert_eq!(names, ["smart.example:587", "smart.example:587 (2)"]);
    assert_eq!(bench.scheduler.destination_named_for(&domain("partner.example")), "smart.example:587 (2)");
}

#[test]
fn a_destination_that_old_settings_bring_back_has_no_name_of_another() {
    let (first, mut second) = (with_login(), with_login());
    second.delivery.security.username = "bob".to_owned();
    let mut both = second.clone();
    both.domains.push(crate::config::Domain {
        smart_host: both.delivery.advanced.smart_host.clone(),
        security: Some(first.delivery.security.clone()),
        ..crate::config::Domain::new("partner.example".parse().unwrap())
    });
    let mut bench = Bench::new(first);
    bench.submit("A", &["bob@far.example"]);
    for settings in [second, both] {
        bench.adopt(settings);
        let number = bench.files.len();
        bench.submit(&format!("B{number}"), &["bob@far.example"]);
        bench.submit(&format!("C{number}"), &["bob@partner.example"]);
    }
    let names: Vec<String> = bench.scheduler.destination_rows().into_iter().map(|row| row.name).collect();
    assert_eq!(names, ["smart.example:587", "smart.example:587 (2)"]);
}

#[test]
fn no_more_messages_a_minute_than_the_setting_says() {
    let mut limited = settings("smart.example:25");
    limited.delivery.connections.max_messages_per_minute = Some(3);
    let mut bench = Bench::new(limited);
    for i in 0..8 {
        bench.submit(&format!("A{i}"), &["bob@far.example"]);
    }
    let connection = bench.open();
    let mut sent = Vec::new();
    for second in 0..200 {
        while bench.deliver(connection, &delivered()).is_some() {
            sent.push(second);
        }
        bench.pass(1);
        bench.woken.clear();
        assert!(bench.wanted.len() <= 4, "nobody is called where nothing may go");
    }
    assert_eq!(sent, [0, 0, 0, 61, 61, 61, 122, 122]);
}

#[test]
fn a_busy_server_has_fewer_connections_at_once_and_its_mail_comes_back_in_a_minute() {
    let mut bench = smart();
    for i in 0..50 {
        bench.submit(&format!("A{i}"), &["bob@far.example"]);
    }
    let connections: Vec<ConnectionId> = (0..5).map(|_| bench.open()).collect();
    let wanted = |bench: &mut Bench| {
        let destination = bench.scheduler.destinations.values_mut().next().unwrap();
        destination.window.wanted(1000, None)
    };
    let before = wanted(&mut bench);
    let mut busy = attempt(Verdict::Deferred, 432, "Concurrent connections limit exceeded");
    busy.reply.status = Some(crate::mail::EnhancedStatus::new(4, 3, 2));
    let id = bench.deliver(connections[0], &busy).unwrap();
    assert_eq!(wanted(&mut bench), before - 1);
    assert_eq!(bench.next(id.as_str()), 60);
}
