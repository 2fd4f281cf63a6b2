use std::path::Path;

use arc_swap::ArcSwap;
use proptest::prelude::*;

use super::*;
use crate::config::Settings;
use crate::delivery::{Context, Row};
use crate::dns::Zone;
use crate::engine::AGES;
use crate::ledger::Ledger;
use crate::mail::{Address, Envelope, Recipient, ReversePath};
use crate::queue::{DirectoryStore, Folders, Message, Origin, Queue, Stamp, State};

const START: i64 = 1_000_000;
const KEYS: [SortKey; 8] = [
    SortKey::Received,
    SortKey::Sender,
    SortKey::Recipient,
    SortKey::Size,
    SortKey::State,
    SortKey::Attempts,
    SortKey::Next,
    SortKey::Destination,
];

/// A queue of messages that all wait, and somebody who reads it.
struct House {
    dispatcher: Dispatcher,
    reader: QueueReader,
    stamps: i64,
    _runtime: tokio::runtime::Runtime,
    _folder: tempfile::TempDir,
}

/// What distinguishes one message from another, each out of a few values so that many are alike.
#[derive(Clone, Debug)]
struct Sketch {
    id: u16,
    sender: usize,
    recipient: usize,
    size: u64,
    attempts: u32,
    received: i64,
    next: i64,
    held: bool,
}

impl House {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(Clock::starting_at(Timestamp::from_unix(START)));
        let mut settings = Settings::defaults(Path::new("/"));
        settings.delivery.advanced.smart_host = Some("smart.example".parse().unwrap());
        settings.local.default_domain = "b.example".parse().unwrap();
        let context = Context {
            queue: Queue::open(Arc::new(DirectoryStore::new(Folders::below(folder.path())))).unwrap(),
            settings: Arc::new(ArcSwap::from_pointee(settings)),
            resolver: Arc::new(Zone::default()),
            ledger: Ledger::new(),
            clock: Arc::clone(&clock),
            tokens: crate::oauth::Tokens::new(Arc::clone(&clock), folder.path().join("secrets")),
        };
        let dispatcher = runtime.block_on(async { Dispatcher::start(context) });
        let reader = QueueReader::new(dispatcher.clone(), clock);
        Self { dispatcher, reader, stamps: 0, _runtime: runtime, _folder: folder }
    }

    fn put(&mut self, sketch: &Sketch) {
        let address = |text: &str| Address::parse(text, false).unwrap();
        let sender = ["app@corp.example", "App@corp.example", "zed@corp.example", "bob@a.example"][sketch.sender % 4];
        let recipient = ["eve@a.example", "Bob@b.example", "bob@c.example"][sketch.recipient % 3];
        let mut envelope = Envelope::new(ReversePath::Mailbox(address(sender)));
        envelope.recipients = vec![Recipient::new(address(recipient))];
        let mut message = Message::new(envelope, Origin::default(), Timestamp::from_unix(START - sketch.received));
        (message.size, message.attempts) = (sketch.size, sketch.attempts);
        message.next = Timestamp::from_unix(START + 10_000 + sketch.next);
        message.state = if sketch.held { State::Held } else { State::Queued };
        self.stamps += 1;
        self.dispatcher.insert(&id(sketch.id), message, Stamp { modified: self.stamps, size: 1 });
    }

    /// The same list by the plainest means.
    fn naive(&self, query: &QueueQuery) -> Vec<Row> {
        let mut rows = self.dispatcher.rows(&query.filter, 0, usize::MAX).1;
        rows.sort_by(|a, b| {
            let first = |row: &Row| row.recipients[0].address.to_lowercase();
            let phase = |row: &Row| ["active", "queued", "held"].iter().position(|state| *state == row.state);
            match query.sort {
                SortKey::Received => (a.received, &a.id).cmp(&(b.received, &b.id)),
                SortKey::Sender => a.sender.to_lowercase().cmp(&b.sender.to_lowercase()),
                SortKey::Recipient => first(a).cmp(&first(b)),
                SortKey::Size => a.size.cmp(&b.size),
                SortKey::State => phase(a).cmp(&phase(b)),
                SortKey::Attempts => a.attempts.cmp(&b.attempts),
                SortKey::Next => (a.state == "held", a.next).cmp(&(b.state == "held", b.next)),
                SortKey::Destination => a.destination.cmp(&b.destination),
            }
        });
        if query.descending {
            rows.reverse();
        }
        rows
    }

    /// The whole list, page by page.
    fn paged(&mut self, query: &QueueQuery) -> Vec<Row> {
        let mut rows = Vec::new();
        loop {
            let page = self.reader.page(&QueueQuery { offset: rows.len(), limit: 7, ..query.clone() });
            assert_eq!(page.offset, rows.len());
            rows.extend(page.rows);
            if rows.len() >= page.matched {
                return rows;
            }
        }
    }
}

fn id(number: u16) -> QueueId {
    format!("m{number}").parse().unwrap()
}

fn sketch(id: u16) -> Sketch {
    Sketch { id, sender: 0, recipient: 0, size: 0, attempts: 0, received: 1000 - i64::from(id), next: 0, held: false }
}

fn sketches() -> impl Strategy<Value = Vec<Sketch>> {
    let fields = (0..4_usize, 0..3_usize, 0..3_u64, 0..3_u32, 0..4_i64, 0..4_i64, any::<bool>());
    let message = (0..60_u16, fields).prop_map(|(id, (sender, recipient, size, attempts, received, next, held))| {
        Sketch { id, sender, recipient, size, attempts, received, next, held }
    });
    proptest::collection::vec(message, 0..40)
}

fn query(filter: &str, sort: SortKey, descending: bool) -> QueueQuery {
    QueueQuery { filter: filter.parse().unwrap(), sort, descending, offset: 0, limit: 500, selected: None }
}

fn ids(rows: &[Row]) -> Vec<&str> {
    rows.iter().map(|row| row.id.as_str()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_order_is_that_of_a_plain_sort_and_every_place_is_right(messages in sketches()) {
        let mut house = House::new();
        for message in &messages {
            house.put(message);
        }
        for filter in ["", "state:held", "!from:app"] {
            for (sort, descending) in KEYS.into_iter().flat_map(|key| [(key, false), (key, true)]) {
                let asked = query(filter, sort, descending);
                let expected = house.naive(&asked);
                let (paged, all) = (house.paged(&asked), house.reader.ids(&asked));
                prop_assert_eq!(ids(&paged), ids(&expected), "{:?} {}", sort, descending);
                prop_assert_eq!(all.iter().map(QueueId::as_str).collect::<Vec<_>>(), ids(&expected));
                for (place, row) in expected.iter().enumerate() {
                    let selected = Some(row.id.parse().unwrap());
                    let page = house.reader.page(&QueueQuery { selected, offset: 3, limit: 2, ..asked.clone() });
                    prop_assert_eq!(page.selected, Some(place));
                    prop_assert_eq!((page.matched, page.total), (expected.len(), house.dispatcher.ids().len()));
                }
            }
        }
    }

    #[test]
    fn the_selected_message_keeps_its_right_place_while_others_come_and_go(
        steps in proptest::collection::vec((any::<bool>(), 0..40_u16), 0..60),
    ) {
        let mut house = House::new();
        house.put(&sketch(20));
        for (comes, number) in steps {
            if number == 20 {
                continue;
            }
            if comes {
                house.put(&Sketch { held: number % 2 == 0, size: u64::from(number % 5), ..sketch(number) });
            } else {
                house.dispatcher.forget(&id(number));
            }
            let asked = [query("", SortKey::Received, true), query("from:app", SortKey::Size, false)];
            for asked in asked {
                let asked = QueueQuery { selected: Some(id(20)), limit: 5, ..asked };
                let expected = house.naive(&asked).iter().position(|row| row.id == "m20");
                prop_assert_eq!(house.reader.page(&asked).selected, expected);
            }
        }
    }
}

#[test]
fn a_page_behind_the_end_is_the_last_page() {
    let mut house = House::new();
    for number in 0..10 {
        house.put(&sketch(number));
    }
    for asked in [query("", SortKey::Received, false), query("", SortKey::Size, false)] {
        let page = house.reader.page(&QueueQuery { offset: 50, limit: 4, ..asked });
        assert_eq!((page.offset, ids(&page.rows)), (6, vec!["m6", "m7", "m8", "m9"]));
    }
    let none = house.reader.page(&query("nobody", SortKey::Received, false));
    assert_eq!((none.offset, none.matched, none.total, none.rows.len()), (0, 0, 10, 0));
}

#[test]
fn a_message_that_is_gone_or_does_not_match_has_no_place() {
    let mut house = House::new();
    house.put(&sketch(1));
    house.put(&Sketch { held: true, ..sketch(2) });
    for (filter, number, place) in
        [("", 2, Some(1)), ("", 3, None), ("state:held", 2, Some(0)), ("state:held", 1, None)]
    {
        let asked = QueueQuery { selected: Some(id(number)), ..query(filter, SortKey::Received, false) };
        assert_eq!(house.reader.page(&asked).selected, place, "{filter} {number}");
    }
}

#[test]
fn in_a_large_queue_an_order_serves_a_while_with_fresh_rows_and_without_what_is_gone() {
    let mut house = House::new();
    house.reader.thrift = Thrift { small: 0, rest: Duration::from_hours(1) };
    for number in 1..=4 {
        house.put(&Sketch { size: u64::from(number), ..sketch(number) });
    }
    let asked = QueueQuery { selected: Some(id(3)), ..query("from:app", SortKey::Size, false) };
    let before = house.reader.page(&asked);
    assert_eq!(before.revision, house.dispatcher.summary().2);
    house.dispatcher.forget(&id(2));
    house.put(&Sketch { size: 9, held: true, ..sketch(1) });
    let stale = house.reader.page(&asked);
    assert_eq!(ids(&stale.rows), ["m1", "m3", "m4"], "the order of before, without what is gone");
    assert_eq!(stale.rows[0].state, "held", "each row as it is now");
    assert_eq!(stale.selected, Some(2));
    assert!(stale.revision < house.dispatcher.summary().2, "it says that it is not of now");
    house.dispatcher.forget(&id(3));
    assert_eq!(house.reader.page(&asked).selected, None);
    let other = house.reader.page(&query("to:eve", SortKey::Size, false));
    assert_eq!(ids(&other.rows), ["m4", "m1"], "another question is answered anew at once");
}

#[test]
fn an_order_is_kept_until_something_changes() {
    let mut house = House::new();
    house.put(&sketch(1));
    let asked = query("from:app", SortKey::Size, false);
    house.reader.page(&asked);
    let worked_out = |house: &House| house.reader.order.as_ref().unwrap().pace.done;
    let first = worked_out(&house);
    house.reader.page(&QueueQuery { descending: true, offset: 5, ..asked.clone() });
    assert_eq!(worked_out(&house), first, "the other way round is the same order");
    house.put(&sketch(2));
    house.reader.page(&asked);
    assert_ne!(worked_out(&house), first);
}

#[test]
fn the_shape_counts_the_mail_of_each_destination_by_age() {
    let mut house = House::new();
    let minutes = |minutes: i64| minutes * 60;
    let aged = [(0, minutes(4)), (0, minutes(5)), (2, minutes(6)), (2, minutes(60 * 49)), (1, minutes(30))];
    for (number, (recipient, received)) in (0..).zip(aged) {
        house.put(&Sketch { recipient, received, ..sketch(number) });
    }
    let shape = house.reader.shape();
    let names: Vec<_> = shape.rows.iter().map(|row| (row.destination.as_str(), row.total)).collect();
    assert_eq!(names, [("smart.example:25", 4), ("Drop", 1)]);
    assert_eq!(shape.rows[0].ages, [2, 1, 0, 0, 0, 0, 0, 1]);
    assert_eq!(shape.rows[1].ages, [0, 0, 1, 0, 0, 0, 0, 0]);
    assert_eq!(shape.rows[0].ages.len(), AGES.len() + 1);
    house.dispatcher.forget(&id(4));
    assert_eq!(house.reader.shape().rows.len(), 1, "a shape of before does not serve");
}
