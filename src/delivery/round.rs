//! One round of attempts for a message: its jobs, what they came to, and what follows from it all. Pure.

use std::sync::Arc;

use bytes::Bytes;

use super::attempt::{Attempt, Verdict};
use super::schedule;
use crate::clock::Timestamp;
use crate::config::Delivery;
use crate::mail::ReversePath;
use crate::queue::{Message, Stamp, State, Status};

/// What became of one recipient, by its place in the envelope.
pub(crate) type Result = (usize, Arc<Attempt>);

/// A message that is being tried.
pub(super) struct Round {
    pub(super) serial: u64,
    /// The message as the attempts see it; loaded when the first of them begins.
    pub(super) basis: Option<Arc<Message>>,
    /// The content of a fresh message, as long as memory allows.
    pub(super) content: Option<Bytes>,
    /// Octets of memory that `basis` and `content` are counted for.
    pub(super) memory: u64,
    /// Jobs that wait, for a connection or for DNS.
    pub(super) waiting: u32,
    /// Jobs that a connection has taken.
    pub(super) in_flight: u32,
    pub(super) results: Vec<Result>,
    /// The state of the file is being written, or the round closed.
    pub(super) writing: bool,
    /// Results came in while the file was being written.
    pub(super) unsaved: bool,
    /// No further job may begin.
    pub(super) called_off: bool,
    /// The file was edited by hand meanwhile.
    pub(super) edited: Option<Box<(Message, Stamp)>>,
    /// A person wants the message held.
    pub(super) hold: bool,
    /// The file is gone, or a person deleted it.
    pub(super) gone: bool,
}

impl Round {
    pub(super) fn new(serial: u64) -> Self {
        Self {
            serial,
            basis: None,
            content: None,
            memory: 0,
            waiting: 0,
            in_flight: 0,
            results: Vec::new(),
            writing: false,
            unsaved: false,
            called_off: false,
            edited: None,
            hold: false,
            gone: false,
        }
    }

    /// Whether every job has come to something.
    pub(super) fn is_settled(&self) -> bool {
        self.waiting == 0 && self.in_flight == 0
    }

    /// Whether the round can be forgotten on the spot: nobody works on it.
    pub(super) fn is_idle(&self) -> bool {
        self.in_flight == 0 && !self.writing
    }

    /// Lets no further job begin. Those that wait are dropped as they are met, and no longer counted.
    pub(super) fn call_off(&mut self) {
        self.called_off = true;
        self.waiting = 0;
    }
}

/// What follows from a round, beyond what it wrote into the message.
#[derive(Debug)]
pub(crate) struct Ending {
    /// Each recipient tried, with its final verdict.
    pub results: Vec<Result>,
    /// What becomes of the message once its reports are safe.
    pub fate: Fate,
    /// The delay is to be reported, of those in `results` that are still pending.
    pub late: bool,
}

/// What becomes of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is done and leaves the queue.
    Remove,
    /// It failed and nobody can be told: Badmail, with this reason.
    SetAside(String),
    /// It waits for its next attempt.
    Keep,
}

/// Writes the results of a round into its message and says what follows.
///
/// A round counts as one attempt, however many destinations it went to. Where nothing was tried, because everything
/// was paused, a person has to mend something first, or the round was called off, it counts as none.
pub(crate) fn conclude(message: &mut Message, results: Vec<Result>, settings: &Delivery, now: Timestamp) -> Ending {
    let expired = schedule::is_expired(settings, message.received, now);
    let results: Vec<Result> =
        results.into_iter().map(|result| if expired { expire(result) } else { result }).collect();
    // Those that wait come last, so that the last reply is why.
    let (waiting, done): (Vec<_>, Vec<_>) =
        results.iter().partition(|(_, attempt)| attempt.verdict.status() == Status::Pending);
    for (recipient, attempt) in done.into_iter().chain(waiting) {
        let host = attempt.remote.as_ref().map(ToString::to_string).unwrap_or_default();
        message.settle(*recipient, attempt.verdict.status(), &attempt.reply, &host);
    }
    let tried = results.iter().any(|(_, attempt)| attempt.trouble.is_none());
    if tried {
        message.attempts = message.attempts.saturating_add(1);
    }
    let fate = fate(message);
    let mut late = false;
    if fate == Fate::Keep && !results.is_empty() {
        let mut waiting = results.iter().filter(|(_, attempt)| attempt.verdict == Verdict::Deferred).peekable();
        message.next = if !tried {
            schedule::next_on_time(settings, message.received, now)
        } else if waiting.peek().is_some() && waiting.all(|(_, attempt)| attempt.is_busy()) {
            schedule::next_soon(settings, message.received, now)
        } else {
            schedule::next_attempt(settings, message.received, message.attempts, now)
        };
        late = schedule::is_late(settings, message, now);
        message.delay_reported |= late;
    }
    Ending { results, fate, late }
}

/// What was deferred once too often has failed.
fn expire((recipient, attempt): Result) -> Result {
    match attempt.verdict {
        Verdict::Deferred => (recipient, Arc::new(Attempt { verdict: Verdict::Expired, ..Attempt::clone(&attempt) })),
        _ => (recipient, attempt),
    }
}

fn fate(message: &Message) -> Fate {
    if message.pending().next().is_some() {
        return Fate::Keep;
    }
    let failed = message.progress.iter().find(|progress| progress.status == Status::Failed);
    match failed {
        Some(progress) if message.envelope.sender == ReversePath::Null => {
            let reply = progress.reply.as_deref().or(message.last_reply.as_deref()).unwrap_or("delivery failed");
            Fate::SetAside(format!("undeliverable, and from the null sender, to which nothing is returned: {reply}"))
        }
        _ => Fate::Remove,
    }
}

/// Carries the results of a round over to the message as it was edited by hand meanwhile: recipients are known by
/// their addresses, and those taken out by hand stay out.
pub(crate) fn carry_over(basis: &Message, edited: &Message, results: Vec<Result>) -> Vec<Result> {
    let place = |recipient: usize| {
        let address = &basis.envelope.recipients[recipient].address;
        let is_open = |i: &usize| edited.progress[*i].status == Status::Pending;
        (0..edited.envelope.recipients.len())
            .filter(is_open)
            .find(|&i| edited.envelope.recipients[i].address == *address)
    };
    results.into_iter().filter_map(|(recipient, attempt)| Some((place(recipient)?, attempt))).collect()
}

/// The message as it was edited by hand while `ours` was being written: what is done stays done, and the rest is as
/// the person wanted it.
pub(crate) fn merge(ours: &Message, mut edited: Message) -> Message {
    for (recipient, progress) in ours.envelope.recipients.iter().zip(&ours.progress) {
        let place = edited.envelope.recipients.iter().position(|theirs| theirs.address == recipient.address);
        if let Some(place) = place.filter(|&i| edited.progress[i].status == Status::Pending) {
            edited.progress[place] = progress.clone();
        }
    }
    edited.attempts = ours.attempts;
    edited.next = ours.next;
    edited.delay_reported = ours.delay_reported;
    edited.last_reply.clone_from(&ours.last_reply);
    if ours.state == State::Held {
        edited.state = State::Held;
    }
    edited
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::{Address, EnhancedStatus, Envelope, Recipient, Reply};
    use crate::queue::Origin;

    const DAY: i64 = 86_400;

    fn settings() -> Delivery {
        crate::config::Settings::defaults(std::path::Path::new("/")).delivery
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix(seconds)
    }

    fn message(sender: &str, recipients: &[&str]) -> Message {
        let sender = Address::parse(sender, false).map_or(ReversePath::Null, ReversePath::Mailbox);
        let mut envelope = Envelope::new(sender);
        envelope.recipients = recipients.iter().map(|r| Recipient::new(Address::parse(r, false).unwrap())).collect();
        Message::new(envelope, Origin::default(), at(0))
    }

    fn result(recipient: usize, verdict: Verdict, code: u16) -> Result {
        let class = u8::try_from(code / 100).unwrap();
        let reply = Reply::new(code, EnhancedStatus::new(class, 0, 0), "said");
        (recipient, Arc::new(Attempt { verdict, reply, remote: None, trouble: None }))
    }

    #[test]
    fn what_was_not_tried_waits_for_its_time_and_not_as_if_a_server_were_busy() {
        let mut message = message("app@x.example", &["a@x.example", "b@x.example"]);
        conclude(&mut message, vec![result(0, Verdict::PassedOn, 250)], &settings(), at(10));
        assert_eq!(message.next, at(10 + 900));
    }

    #[test]
    fn s011_what_is_refused_for_good_is_done_and_what_is_deferred_waits() {
        let mut message = message("app@x.example", &["a@x.example", "b@x.example"]);
        let results = vec![result(0, Verdict::Failed, 550), result(1, Verdict::Deferred, 451)];
        let ending = conclude(&mut message, results, &settings(), at(10));
        assert_eq!(ending.fate, Fate::Keep);
        assert_eq!(message.pending().collect::<Vec<_>>(), [1]);
        assert_eq!((message.attempts, message.next), (1, at(10 + 900)));
        let ending = conclude(&mut message, vec![result(1, Verdict::PassedOn, 250)], &settings(), at(910));
        assert_eq!(ending.fate, Fate::Remove);
    }

    #[test]
    fn r069_a_failure_from_the_null_sender_goes_to_badmail_with_its_reason() {
        let mut message = message("", &["a@x.example", "b@x.example"]);
        conclude(&mut message, vec![result(0, Verdict::Failed, 550)], &settings(), at(10));
        let ending = conclude(&mut message, vec![result(1, Verdict::PassedOn, 250)], &settings(), at(20));
        let Fate::SetAside(reason) = ending.fate else { panic!("{:?}", ending.fate) };
        assert!(reason.contains("550 5.0.0 said"), "{reason}");
    }

    #[test]
    fn the_last_reply_is_why_the_message_waits_whatever_came_last() {
        let mut message = message("app@x.example", &["a@x.example", "b@x.example", "c@x.example"]);
        let results =
            vec![result(0, Verdict::Deferred, 452), result(1, Verdict::Failed, 550), result(2, Verdict::PassedOn, 250)];
        conclude(&mut message, results, &settings(), at(10));
        assert!(message.last_reply.unwrap().starts_with("452"));
    }

    #[test]
    fn a_deferral_at_the_end_of_its_time_is_a_failure() {
        let mut message = message("app@x.example", &["a@x.example"]);
        let ending = conclude(&mut message, vec![result(0, Verdict::Deferred, 451)], &settings(), at(2 * DAY));
        assert_eq!(ending.results[0].1.verdict, Verdict::Expired);
        assert_eq!((ending.fate, message.progress[0].status), (Fate::Remove, Status::Failed));
    }

    #[test]
    fn a_round_in_which_nothing_was_tried_counts_for_nothing() {
        let mut message = message("app@x.example", &["a@x.example"]);
        let before = message.clone();
        let ending = conclude(&mut message, Vec::new(), &settings(), at(3 * DAY));
        assert_eq!((ending.fate, ending.late), (Fate::Keep, false));
        assert_eq!(message, before);
    }

    #[test]
    fn mail_that_waits_for_a_person_keeps_its_schedule_and_its_attempts() {
        let mut message = message("app@x.example", &["a@x.example"]);
        let held = || {
            let (recipient, attempt) = result(0, Verdict::Deferred, 451);
            let trouble = Some(crate::delivery::trouble::Trouble::new("mend it"));
            vec![(recipient, Arc::new(Attempt { trouble, ..Attempt::clone(&attempt) }))]
        };
        for (now, next) in [(0, 900), (900, 2700), (2700, 6300), (3000, 6300), (6300, 20_700)] {
            conclude(&mut message, held(), &settings(), at(now));
            assert_eq!((message.attempts, message.next), (0, at(next)), "{now}");
        }
        assert!(message.last_reply.is_some());
        let late = conclude(&mut message, held(), &settings(), at(DAY / 2));
        assert!(late.late, "its sender hears of the delay");
        conclude(&mut message, vec![result(0, Verdict::Deferred, 451)], &settings(), at(DAY));
        assert_eq!((message.attempts, message.next), (1, at(DAY + 900)), "and then it begins as if it were new");
        let ending = conclude(&mut message, held(), &settings(), at(2 * DAY));
        assert_eq!(ending.results[0].1.verdict, Verdict::Expired, "but not for ever");
    }

    #[test]
    fn a_server_that_is_only_busy_is_asked_again_in_a_minute() {
        let remote = Arc::new(crate::delivery::attempt::Remote {
            name: "mx.example".into(),
            address: "192.0.2.1:25".parse().unwrap(),
        });
        let said = |code, detail| {
            let reply = Reply::new(code, EnhancedStatus::new(4, 3, detail), "Concurrent connections limit exceeded");
            (0, Arc::new(Attempt::said(Verdict::Deferred, reply, &remote)))
        };
        for (said, next) in [(said(432, 2), 60), (said(421, 2), 60), (said(421, 0), 900), (said(451, 2), 900)] {
            let mut message = message("app@x.example", &["a@x.example"]);
            conclude(&mut message, vec![said], &settings(), at(0));
            assert_eq!((message.attempts, message.next), (1, at(next)));
        }
        let mut message = message("app@x.example", &["a@x.example", "b@x.example"]);
        let other = result(1, Verdict::Deferred, 451);
        conclude(&mut message, vec![said(432, 2), other], &settings(), at(0));
        assert_eq!(message.next, at(900));
    }

    #[test]
    fn a_delay_is_told_once() {
        let mut message = message("app@x.example", &["a@x.example"]);
        let late = |message: &mut Message, now| {
            conclude(message, vec![result(0, Verdict::Deferred, 451)], &settings(), at(now)).late
        };
        assert!(!late(&mut message, DAY / 2 - 1));
        assert!(late(&mut message, DAY / 2));
        assert!(!late(&mut message, DAY));
    }

    #[test]
    fn results_follow_their_recipients_into_an_edited_message() {
        let basis = message("app@x.example", &["a@x.example", "b@x.example", "c@x.example"]);
        let mut edited = message("app@x.example", &["c@x.example", "new@x.example", "a@x.example"]);
        edited.progress[2].status = Status::Delivered;
        let results = (0..3).map(|i| result(i, Verdict::PassedOn, 250)).collect();
        let carried: Vec<usize> = carry_over(&basis, &edited, results).into_iter().map(|(place, _)| place).collect();
        assert_eq!(carried, [0], "b was taken out by hand, and a is settled already");
    }

    #[test]
    fn a_merge_keeps_what_is_done_and_what_the_person_wrote() {
        let mut ours = message("app@x.example", &["a@x.example", "b@x.example"]);
        conclude(&mut ours, vec![result(0, Verdict::PassedOn, 250)], &settings(), at(10));
        let mut edited = message("app@x.example", &["b@x.example", "a@x.example", "new@x.example"]);
        edited.state = State::Held;
        let merged = merge(&ours, edited);
        let open: Vec<usize> = merged.pending().collect();
        assert_eq!(open, [0, 2]);
        assert_eq!((merged.attempts, merged.state), (1, State::Held));
    }
}
