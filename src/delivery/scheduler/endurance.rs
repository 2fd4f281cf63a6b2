//! Whatever happens in whatever order: every message comes to its end, none is delivered twice, and the books agree.

use std::collections::HashMap;

use proptest::prelude::*;

use super::bench::{Bench, deferred, delivered, domain, id, settings};
use super::*;
use crate::dns::ResolveError;
use crate::queue::State;

/// Recipients in the world of this test: a local one, three literals, domains that share a site or have trouble.
const RECIPIENTS: [&str; 8] = [
    "a@relay.test",
    "b@[192.0.2.1]",
    "c@[192.0.2.2]",
    "d@one.example",
    "e@two.example",
    "f@three.example",
    "g@routed.example",
    "h@one.example",
];

#[derive(Clone, Copy, Debug)]
enum Event {
    Submit(u8),
    Pass(u16),
    Open,
    FailToOpen,
    Deliver,
    Defer,
    TakeAndKeep,
    SettleKept,
    Close,
    Answer,
    NoAnswer,
    Pause(u8),
    Resume(u8),
    Retry(u8),
    Edit(u8),
    Hold(u8),
    Release(u8),
    Adopt(bool),
}

fn event() -> impl Strategy<Value = Event> {
    use Event::*;
    prop_oneof![
        8 => any::<u8>().prop_map(Submit),
        3 => (1..2000_u16).prop_map(Pass),
        6 => Just(Open),
        2 => Just(FailToOpen),
        6 => Just(Deliver),
        3 => Just(Defer),
        3 => Just(TakeAndKeep),
        3 => Just(SettleKept),
        2 => Just(Close),
        4 => Just(Answer),
        1 => Just(NoAnswer),
        1 => (0..8_u8).prop_map(Pause),
        1 => (0..8_u8).prop_map(Resume),
        2 => any::<u8>().prop_map(Retry),
        2 => any::<u8>().prop_map(Edit),
        1 => any::<u8>().prop_map(Hold),
        1 => any::<u8>().prop_map(Release),
        1 => any::<bool>().prop_map(Adopt),
    ]
}

/// The bench, and connections in the hands of the test.
struct World {
    bench: Bench,
    open: Vec<ConnectionId>,
    kept: Vec<(ConnectionId, Assignment)>,
    submitted: Vec<QueueId>,
}

fn world_settings(smart_host: bool) -> Settings {
    let mut settings = settings(if smart_host { "smart.example:25" } else { "" });
    settings.delivery.advanced.direct_first = smart_host;
    settings.delivery.expiration = None;
    settings.delivery.connections.max = Some(4);
    settings
}

impl World {
    fn new() -> Self {
        Self { bench: Bench::new(world_settings(false)), open: Vec::new(), kept: Vec::new(), submitted: Vec::new() }
    }

    fn some(&self, which: u8) -> Option<QueueId> {
        let known: Vec<QueueId> = self.bench.scheduler.index().iter().map(|listed| listed.id().clone()).collect();
        if known.is_empty() { None } else { Some(known[usize::from(which) % known.len()].clone()) }
    }

    /// The connections that are neither idle nor in the middle of a job.
    fn free(&self) -> Option<ConnectionId> {
        self.open.iter().copied().find(|connection| self.kept.iter().all(|(kept, _)| kept != connection))
    }

    fn take(&mut self, connection: ConnectionId) -> Option<Assignment> {
        let next = self.bench.scheduler.take(connection, self.bench.now);
        match next {
            Next::Deliver(assignment) => {
                self.bench.after();
                return Some(assignment);
            }
            Next::Wait => self.open.retain(|other| *other != connection),
            Next::Leave => {
                self.open.retain(|other| *other != connection);
                self.bench.close(connection);
            }
        }
        self.bench.after();
        None
    }

    fn settle(&mut self, connection: ConnectionId, assignment: &Assignment, result: &Attempt) {
        self.bench.settle(connection, assignment, result);
    }

    fn run(&mut self, event: Event) {
        self.open.extend(self.bench.woken.drain(..));
        match event {
            Event::Submit(bits) => {
                let recipients: Vec<&str> = (0..8).filter(|i| bits & (1 << i) != 0).map(|i| RECIPIENTS[i]).collect();
                if !recipients.is_empty() {
                    let name = format!("M{}", self.submitted.len());
                    self.submitted.push(id(&name));
                    self.bench.submit(&name, &recipients);
                }
            }
            Event::Pass(seconds) => self.bench.pass(u64::from(seconds)),
            Event::Open if !self.bench.wanted.is_empty() => {
                let connection = self.bench.open();
                self.open.push(connection);
            }
            Event::FailToOpen if !self.bench.wanted.is_empty() => self.bench.fail_to_open(),
            Event::Deliver | Event::Defer | Event::TakeAndKeep => {
                let Some(connection) = self.free() else { return };
                let Some(assignment) = self.take(connection) else { return };
                match event {
                    Event::Deliver => self.settle(connection, &assignment, &delivered()),
                    Event::Defer => self.settle(connection, &assignment, &deferred()),
                    _ => self.kept.push((connection, assignment)),
                }
            }
            Event::SettleKept => {
                if let Some((connection, assignment)) = self.kept.pop() {
                    self.settle(connection, &assignment, &delivered());
                }
            }
            Event::Close => {
                if let Some(connection) = self.open.pop() {
                    self.kept.retain(|(kept, _)| *kept != connection);
                    self.bench.close(connection);
                }
            }
            Event::Answer if !self.bench.asked.is_empty() => {
                let three = self.bench.asked[0] == domain("three.example");
                let hosts: &[(u16, &str)] =
                    if three { &[(5, "c.example")] } else { &[(5, "a.example"), (9, "b.example")] };
                self.bench.answer(Ok(hosts));
            }
            Event::NoAnswer if !self.bench.asked.is_empty() => {
                self.bench.answer(Err(ResolveError::Temporary("SERVFAIL".into())));
            }
            Event::Pause(which) => {
                let recipient = RECIPIENTS[usize::from(which)];
                self.bench.scheduler.pause(domain(recipient.split_once('@').unwrap().1));
            }
            Event::Resume(which) => {
                let recipient = RECIPIENTS[usize::from(which)];
                self.bench.scheduler.resume(&domain(recipient.split_once('@').unwrap().1), self.bench.now);
            }
            Event::Retry(which) => {
                if let Some(id) = self.some(which) {
                    self.bench.scheduler.retry(&[id], self.bench.now);
                }
            }
            Event::Edit(which) => {
                if let Some(id) = self.some(which) {
                    let message = self.bench.files[&id].0.clone();
                    let stamp = self.bench.write(&id, &message);
                    self.bench.scheduler.insert(&id, message, stamp, self.bench.now);
                }
            }
            Event::Hold(which) | Event::Release(which) => {
                if let Some(id) = self.some(which) {
                    self.change(&id, matches!(event, Event::Hold(_)));
                }
            }
            Event::Adopt(smart_host) => self.bench.adopt(world_settings(smart_host)),
            Event::Open | Event::FailToOpen | Event::Answer | Event::NoAnswer => {}
        }
        self.bench.after();
    }

    fn change(&mut self, id: &QueueId, hold: bool) {
        match self.bench.scheduler.claim(id) {
            Claim::Granted => {
                let mut message = self.bench.files[id].0.clone();
                message.state = if hold { State::Held } else { State::Queued };
                let stamp = self.bench.write(id, &message);
                let closed = Closed::Kept(Box::new(message), stamp);
                let step = self.bench.scheduler.closed(id, closed, self.bench.now);
                assert!(matches!(step, Step::Done));
            }
            Claim::Busy => self.bench.scheduler.hold_later(id, hold),
            Claim::Unknown => unreachable!("it is known"),
        }
    }

    /// Lets everything succeed until nothing is left, or time enough has passed.
    fn finish(&mut self) {
        for recipient in RECIPIENTS {
            self.run(Event::Pass(1));
            self.bench.scheduler.resume(&domain(recipient.split_once('@').unwrap().1), self.bench.now);
            self.bench.after();
        }
        while !self.kept.is_empty() {
            self.run(Event::SettleKept);
        }
        for _ in 0..400 {
            let held: Vec<QueueId> = self
                .bench
                .scheduler
                .index()
                .iter()
                .filter(|listed| listed.state() == State::Held)
                .map(|listed| listed.id().clone())
                .collect();
            for id in held {
                self.change(&id, false);
            }
            self.run(Event::Pass(600));
            while !self.bench.asked.is_empty() {
                self.run(Event::Answer);
            }
            while !self.bench.wanted.is_empty() || !self.bench.woken.is_empty() || self.free().is_some() {
                self.run(Event::Open);
                self.run(Event::Deliver);
            }
            if self.bench.scheduler.index().is_empty() {
                return;
            }
        }
    }

    fn left(&self) -> Vec<Row> {
        self.bench.scheduler.index().iter().map(|listed| self.bench.scheduler.row_of(&listed)).collect()
    }

    fn check_books(&self) {
        let scheduler = &self.bench.scheduler;
        let mut links: HashMap<DestinationId, u32> = HashMap::new();
        for link in scheduler.links.values() {
            *links.entry(link.destination).or_default() += 1;
        }
        for (id, destination) in &scheduler.destinations {
            assert_eq!(destination.open, links.get(id).copied().unwrap_or_default());
            assert!(destination.opening + destination.woken <= destination.open);
        }
        assert!(scheduler.links.len() <= 4 + scheduler.destinations.len(), "only probes go beyond the total");
        let active = scheduler.index().counts().active;
        assert!(active <= scheduler.rounds.len());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]
    #[test]
    fn every_message_comes_to_its_end_and_no_recipient_hears_twice(events in prop::collection::vec(event(), 1..120)) {
        let mut world = World::new();
        for event in events {
            world.run(event);
            world.check_books();
        }
        world.finish();
        world.check_books();
        prop_assert!(world.bench.scheduler.index().is_empty(), "left: {:?}", world.left());
        prop_assert!(world.bench.scheduler.rounds.is_empty());
        prop_assert_eq!(world.bench.scheduler.memory, 0);
        let mut heard = world.bench.delivered.clone();
        heard.sort();
        let count = heard.len();
        heard.dedup();
        prop_assert_eq!(heard.len(), count);
    }
}
