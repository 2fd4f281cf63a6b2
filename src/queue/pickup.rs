//! Pickup: files that programs and people put there are sent, as the old server did.
//!
//! A file of any name is taken once it is whole (`looks`), unless the name starts with a dot or ends in `.tmp`. Its
//! envelope is its `x-sender:` and `x-receiver:` lines or, without them, what its header says (`header`); then it is
//! committed to the queue like any other message (`submission`, `take`). A file moved here from Queue, Badmail or Drop
//! is sent as it is to the recipients still pending. What cannot be sent goes to Badmail with its reason.
//!
//! A file being sent lies in the hidden folder `.taken`, and is removed only after its message is on disk in the
//! queue. After a crash between the two it is sent once more: a second copy at worst, never none.
//!
//! Whoever may write to Pickup may send mail, but must not read by it what he may not read otherwise: links of both
//! kinds are left alone, and a file is opened once, checked, and read from that handle.

mod header;
mod looks;
mod submission;
mod take;

use std::collections::{HashSet, VecDeque};
use std::ffi::{OsStr, OsString};
use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;

use self::looks::Looks;
use self::take::{Outcome, Taker};
use super::core::Core;
use super::store::{Folder, Kind, Stamp};
use super::temporary::with_folders;
use super::{Committed, Queue, badmail};
use crate::clock::Timestamp;
use crate::config::Settings;
use crate::mail::Domain;
use crate::text;

/// Recipients of one file at most.
const MAX_RECIPIENTS: usize = 10_000;
/// Files taken in one sweep at most, so that their messages are handed on while more are waiting.
const BATCH: usize = 256;
/// Files taken at the same time, whose commits share their syncs.
const AT_ONCE: usize = 16;
/// How long nothing is taken after the disk failed.
const REST: Duration = Duration::from_secs(10);

/// The Pickup folder of a mailroot.
pub struct Pickup {
    queue: Queue,
    looks: Looks,
    /// Names of files to be taken, and whether they lie in `.taken` already.
    waiting: VecDeque<(OsString, bool)>,
    /// There may be files in `.taken` that nobody is sending: from before the start, or after a failure.
    has_leftovers: bool,
    /// Files in `.taken` that were sent and could not be removed. They must not be sent again.
    sent: HashSet<OsString>,
    /// What is no file and was reported once.
    odd: HashSet<OsString>,
    rest_until: Option<Instant>,
}

/// What one look at Pickup brought.
#[derive(Default)]
pub struct Sweep {
    /// What became of the files taken.
    pub taken: Vec<Taken>,
    /// More files are whole and waiting: sweep again at once.
    pub more: bool,
}

/// What became of a file.
pub enum Taken {
    /// Its message is in the queue.
    Queued {
        /// The file's name, printable.
        file: String,
        /// The message, for the dispatcher.
        committed: Box<Committed>,
    },
    /// It could not be sent and is in Badmail.
    SetAside {
        /// The file's name, printable.
        file: String,
        /// Why.
        reason: String,
        /// What Badmail names it by; printable.
        badmail: String,
    },
}

/// What the settings say of new messages.
struct Rules {
    hostname: Domain,
    default_domain: Domain,
    max_size: Option<u64>,
    max_hops: u32,
    instance: String,
}

impl Pickup {
    /// Takes up where an earlier engine stopped; looks at nothing yet.
    pub fn new(queue: Queue) -> Self {
        Self {
            queue,
            looks: Looks::default(),
            waiting: VecDeque::new(),
            has_leftovers: true,
            sent: HashSet::new(),
            odd: HashSet::new(),
            rest_until: None,
        }
    }

    /// Looks at the folder and sends what is whole: files that looked the same at an earlier call, a second or more
    /// ago. To be called every half second or so, and soon after [`super::Touched::Pickup`]. Let it run to its end:
    /// a file whose sending is abandoned half way may be sent again after the next start.
    pub async fn sweep(&mut self, settings: &Settings, now: Timestamp) -> Sweep {
        if self.rest_until.is_some_and(|until| Instant::now() < until) {
            return Sweep::default();
        }
        self.rest_until = None;
        if self.waiting.is_empty()
            && let Err(error) = self.look().await
        {
            self.rest("Pickup cannot be read", &error);
            return Sweep::default();
        }
        let rules = Rules {
            hostname: settings.general.hostname.clone(),
            default_domain: settings.local.default_domain.clone(),
            max_size: settings.messages.max_message_size,
            max_hops: settings.delivery.advanced.max_hops,
            instance: self.queue.instance().to_owned(),
        };
        let taken = self.take(Arc::new(Taker::new(self.queue.clone(), rules, now))).await;
        Sweep { taken, more: !self.waiting.is_empty() }
    }

    /// Finds the files to be taken.
    async fn look(&mut self) -> io::Result<()> {
        let core = self.queue.core();
        let with_leftovers = self.has_leftovers;
        let work = move || {
            let leftovers =
                if with_leftovers { with_folders(&*core.store, || list_leftovers(&core))? } else { Vec::new() };
            with_folders(&*core.store, || list_new(&core)).map(|new| (leftovers, new))
        };
        let (leftovers, listing) = self.queue.workers().run(work).await?;
        self.has_leftovers = false;
        self.waiting.extend(leftovers.into_iter().map(|name| (name, true)));
        let whole = self.looks.update(listing.files, Instant::now());
        self.waiting.extend(whole.into_iter().map(|name| (name, false)));
        for name in &listing.odd {
            if !self.odd.contains(name) {
                tracing::warn!(file = %shown(name), "Pickup holds something that is no regular file; it is left alone");
            }
        }
        self.odd = listing.odd;
        Ok(())
    }

    /// Takes the files at the front of the line, several at once.
    async fn take(&mut self, taker: Arc<Taker>) -> Vec<Taken> {
        let mut taken = Vec::new();
        let mut running = JoinSet::new();
        let mut left = BATCH;
        loop {
            while running.len() < AT_ONCE
                && left > 0
                && let Some((name, is_moved)) = self.waiting.pop_front()
            {
                let (taker, is_sent) = (Arc::clone(&taker), self.sent.contains(&name));
                running.spawn(async move {
                    let outcome = if is_sent { taker.clear(&name).await } else { taker.take(&name, is_moved).await };
                    (name, outcome)
                });
                left -= 1;
            }
            match running.join_next().await {
                Some(Ok((name, outcome))) => taken.extend(self.settle(name, outcome)),
                Some(Err(panic)) => self.rest("a file of Pickup could not be taken", &panic),
                None => return taken,
            }
        }
    }

    /// Draws the consequences of one file.
    fn settle(&mut self, name: OsString, outcome: Outcome) -> Option<Taken> {
        let file = shown(&name);
        match outcome {
            Outcome::Queued { committed, is_removed } => {
                if is_removed {
                    self.sent.remove(&name);
                } else {
                    tracing::error!(%file, "sent, but cannot be removed from mailroot/.taken; remove it before a restart");
                    self.sent.insert(name);
                    self.has_leftovers = true;
                }
                Some(Taken::Queued { file, committed })
            }
            Outcome::SetAside { reason, badmail } => {
                tracing::warn!(%file, %reason, "a file of Pickup went to Badmail");
                Some(Taken::SetAside { file, reason, badmail: badmail::id_of(&badmail) })
            }
            Outcome::Gone => None,
            Outcome::Cleared => {
                self.sent.remove(&name);
                None
            }
            Outcome::Unfinished => {
                self.has_leftovers = true;
                None
            }
            Outcome::Refused(reason) => {
                if self.looks.refuse(&name) {
                    tracing::warn!(%file, reason, "a file of Pickup is left alone until it changes");
                }
                None
            }
            Outcome::Failed(error) => {
                self.rest(&format!("the file {file} of Pickup could not be queued"), &error);
                None
            }
        }
    }

    /// Lets the disk recover. What was not taken is found again afterwards.
    fn rest(&mut self, what: &str, error: &dyn std::error::Error) {
        tracing::error!(%error, "{what}; trying again in {} seconds", REST.as_secs());
        self.waiting.clear();
        self.has_leftovers = true;
        self.rest_until = Some(Instant::now() + REST);
    }
}

/// What is in Pickup.
struct Listing {
    files: Vec<(OsString, Stamp)>,
    /// Links, pipes and the like.
    odd: HashSet<OsString>,
}

fn list_new(core: &Core) -> io::Result<Listing> {
    let mut listing = Listing { files: Vec::new(), odd: HashSet::new() };
    core.store.list(Folder::Pickup, &mut |entry| match entry.kind {
        Kind::File if !is_in_progress(&entry.name) => {
            // One that cannot be asked has just been moved away.
            if let Ok(stamp) = core.store.stat(Folder::Pickup, &entry.name) {
                listing.files.push((entry.name, stamp));
            }
        }
        Kind::Other => {
            listing.odd.insert(entry.name);
        }
        Kind::File | Kind::Folder => {}
    })?;
    Ok(listing)
}

fn list_leftovers(core: &Core) -> io::Result<Vec<OsString>> {
    let mut names = Vec::new();
    core.store.list(Folder::Taken, &mut |entry| {
        if entry.kind == Kind::File {
            names.push(entry.name);
        }
    })?;
    Ok(names)
}

/// Whether the name says that somebody is still writing the file.
pub(super) fn is_in_progress(name: &OsStr) -> bool {
    let name = name.as_encoded_bytes();
    let ending = name.len().checked_sub(4).map(|at| &name[at..]);
    name.starts_with(b".") || ending.is_some_and(|ending| ending.eq_ignore_ascii_case(b".tmp"))
}

fn shown(name: &OsStr) -> String {
    text::printable(name.as_encoded_bytes()).into_owned()
}
