//! The way in: what an SMTP session asks of the house, answered by the queue.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;

use super::certificate::Certificate;
use super::problems::{Problems, Source};
use crate::accounts::{Accounts, Verdict};
use crate::clock::{Clock, Timestamp};
use crate::config::Settings;
use crate::delivery::Dispatcher;
use crate::ledger::{Event, Ledger, Record};
use crate::mail::{Domain, EnhancedStatus, Reply, ReversePath};
use crate::queue::{CommitError, Draft, Message, Origin, Queue, Via};
use crate::smtp::{self, Admission, Claim, Login, Peer, Refusal, Submission};
use crate::tls;

/// Room that must be left on the queue's disk beyond the message itself: reports and the log need some too.
const RESERVE: u64 = 1024 * 1024;
/// How long a look at the free space is good for.
const SPACE_IS_FRESH: Duration = Duration::from_secs(1);

/// Takes messages from SMTP sessions into the queue and hands them to delivery.
pub(super) struct Intake {
    pub(super) settings: Arc<ArcSwap<Settings>>,
    pub(super) clock: Arc<Clock>,
    pub(super) queue: Queue,
    pub(super) dispatcher: Dispatcher,
    pub(super) ledger: Arc<Ledger>,
    pub(super) problems: Arc<Problems>,
    pub(super) space: Space,
    pub(super) certificate: Arc<Certificate>,
    pub(super) accounts: Accounts,
}

/// The free space of the queue's disk, looked at no more than once a second.
#[derive(Default)]
pub(super) struct Space(Mutex<Option<(Instant, u64)>>);

impl Space {
    fn free(&self, queue: &Queue) -> io::Result<u64> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, free)) = *last
            && at.elapsed() < SPACE_IS_FRESH
        {
            return Ok(free);
        }
        let (free, _total) = queue.space()?;
        *last = Some((Instant::now(), free));
        Ok(free)
    }
}

/// A queue draft under the name by which the SMTP server knows it.
pub(super) struct Incoming(Draft);

impl smtp::Draft for Incoming {
    fn id(&self) -> &str {
        self.0.id().as_str()
    }

    async fn push(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.push(bytes).await
    }
}

impl smtp::Host for Intake {
    type Draft = Incoming;

    fn settings(&self) -> Arc<Settings> {
        self.settings.load_full()
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn instance(&self) -> &str {
        self.queue.instance()
    }

    fn tls(&self) -> Option<tls::Identity> {
        self.certificate.identity()
    }

    async fn authenticate(&self, peer: &Peer, claim: Claim) -> Login {
        let client = peer.address.ip();
        let (user, verdict) = match claim {
            Claim::Password { user, password } => {
                let verdict = self.accounts.verify(client, &user, &password.0).await;
                (Some(user), verdict)
            }
            Claim::Ntlm(login) => (Some(login.user().into()), self.accounts.verify_ntlm(client, &login).await),
            Claim::Impossible => (None, self.accounts.refused(client).await),
        };
        match verdict {
            Verdict::Accepted(user) => Login::Accepted { user: (*user).into() },
            Verdict::Throttled => Login::Throttled,
            Verdict::Busy => Login::Unavailable,
            Verdict::Refused => {
                self.record_refusal(peer, user.as_deref(), |record| {
                    record.reply = Some("the login failed".to_owned());
                });
                Login::Refused
            }
        }
    }

    fn admit(&self, admission: Admission<'_>) -> Result<(), Reply> {
        // First: a message for which there is no room is none of the user's.
        self.has_room(admission.declared_size)?;
        let allowed = admission.user.map_or(Ok(()), |user| self.may_send(user, admission.sender));
        allowed.inspect_err(|reply| {
            self.ledger.totals.refused.add(1);
            self.record_refusal(admission.peer, admission.user, |record| {
                record.sender = Some(admission.sender.to_string());
                record.reply = Some(reply.to_string());
            });
        })
    }

    fn begin(&self, submission: &Submission) -> Incoming {
        let origin = Origin {
            via: Via::Smtp,
            client: Some(submission.peer.address.ip()),
            helo: submission.helo.clone(),
            user: submission.user.clone(),
        };
        Incoming(self.queue.draft(Message::new(submission.envelope.clone(), origin, self.clock.now())))
    }

    async fn commit(&self, draft: Incoming) -> Result<(), Reply> {
        match self.queue.commit(draft.0).await {
            Ok(committed) => {
                self.problems.clear(Source::Disk);
                self.ledger.totals.accepted.add(1);
                self.ledger.totals.bytes_in.add(committed.message.size);
                self.ledger.record(accepted(self.clock.now(), committed.id.as_str(), &committed.message));
                self.dispatcher.submit(committed);
                Ok(())
            }
            Err(error) => {
                self.problems.raise(Source::Disk, format!("a message could not be kept and was refused: {error}"));
                Err(match error {
                    CommitError::Full(_) => no_room(),
                    CommitError::Io(_) => {
                        Reply::new(451, EnhancedStatus::new(4, 3, 0), "The message could not be kept, try again later")
                    }
                })
            }
        }
    }

    fn run_queue(&self, domain: &Domain) -> usize {
        self.dispatcher.run_queue(domain)
    }

    fn refused(&self, peer: &Peer, user: Option<&str>, refusal: &Refusal) {
        self.ledger.totals.refused.add(1);
        self.record_refusal(peer, user, |record| {
            record.sender = Some(refusal.sender.to_string());
            record.recipient = refusal.recipient.as_ref().map(ToString::to_string);
            record.reply = Some(refusal.reply.to_string());
        });
    }
}

impl Intake {
    /// Whether a user may send in this name, and now.
    fn may_send(&self, user: &str, sender: &ReversePath) -> Result<(), Reply> {
        if !self.accounts.may_send_as(user, sender) {
            let text = format!("{user} may not send as <{sender}>");
            return Err(Reply::new(553, EnhancedStatus::new(5, 7, 1), text));
        }
        self.accounts.count_message(user).map_err(|wait| {
            let text = format!("Too many messages of {user}, come again in {} s", wait.as_secs());
            Reply::new(450, EnhancedStatus::new(4, 7, 1), text)
        })
    }

    fn has_room(&self, declared_size: Option<u64>) -> Result<(), Reply> {
        match self.space.free(&self.queue) {
            Ok(free) if free >= declared_size.unwrap_or(0).saturating_add(RESERVE) => Ok(()),
            Ok(free) => {
                self.problems.raise(
                    Source::Disk,
                    format!("the queue's disk is nearly full ({free} octets free): new mail is refused with 452 until there is room"),
                );
                Err(no_room())
            }
            // Not to know the free space is no reason to refuse mail: the commit itself will tell.
            Err(_) => Ok(()),
        }
    }

    fn record_refusal(&self, peer: &Peer, user: Option<&str>, tell: impl FnOnce(&mut Record)) {
        let mut record = Record::new(self.clock.now(), Event::Refused, "");
        record.client = Some(peer.address.ip().to_string());
        record.actor = user.map(str::to_owned);
        tell(&mut record);
        self.ledger.record(record);
    }
}

/// The line of the delivery log for a message that was just accepted.
pub(super) fn accepted(at: Timestamp, id: &str, message: &Message) -> Record {
    let mut record = Record::new(at, Event::Accepted, id);
    record.client = message.origin.client.map(|client| client.to_string());
    record.sender = Some(message.envelope.sender.to_string());
    record.host = message.origin.helo.as_deref().map(str::to_owned);
    record.size = Some(message.size);
    record.actor = message.origin.user.as_deref().map(str::to_owned);
    record
}

fn no_room() -> Reply {
    Reply::new(452, EnhancedStatus::new(4, 3, 1), "Not enough room for the message, try again later")
}
