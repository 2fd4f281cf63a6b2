//! The sampler: a picture of the engine for those who look, at most ten a second, and only while somebody does.
//!
//! It decides when a picture is taken and whether it is worth showing; what is in it is the business of [`Source`].

mod picture;
mod surroundings;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::{Instant, MissedTickBehavior};

pub(super) use self::surroundings::Surroundings;
use super::Snapshot;

/// Between two pictures.
const GAP: Duration = Duration::from_millis(100);

/// What pictures are taken of.
pub(super) trait Source {
    /// The picture of now. Parts that are as they were in `last` are taken from there.
    fn picture(&self, last: Option<&Snapshot>) -> Snapshot;
}

/// Takes pictures while somebody watches.
#[derive(Default)]
pub(super) struct Sampler {
    state: Mutex<State>,
    /// Rung by the first who watches.
    wanted: Notify,
}

#[derive(Default)]
struct State {
    /// There while somebody watches.
    channel: Option<watch::Sender<Arc<Snapshot>>>,
    /// Nobody takes pictures any more.
    is_over: bool,
}

/// Somebody who watches, until this is dropped. A slow one skips versions and costs the engine nothing.
pub struct Viewing(watch::Receiver<Arc<Snapshot>>);

impl Viewing {
    /// The newest picture.
    pub fn latest(&self) -> Arc<Snapshot> {
        Arc::clone(&self.0.borrow())
    }

    /// Resolves when there is a picture that this viewer has not been told of; false once the engine is gone.
    pub async fn changed(&mut self) -> bool {
        self.0.changed().await.is_ok()
    }
}

impl Sampler {
    /// Begins to watch; the picture is complete from the start.
    pub(super) fn watch(&self, source: &impl Source) -> Viewing {
        let mut state = self.lock();
        if let Some(channel) = state.watched() {
            return Viewing(channel.subscribe());
        }
        let (sender, receiver) = watch::channel(Arc::new(source.picture(None)));
        if !state.is_over {
            state.channel = Some(sender);
            self.wanted.notify_one();
        }
        Viewing(receiver)
    }

    /// One picture, for whoever does not stay.
    pub(super) fn latest(&self, source: &impl Source) -> Arc<Snapshot> {
        let shown = self.lock().watched().map(|channel| Arc::clone(&channel.borrow()));
        shown.unwrap_or_else(|| Arc::new(source.picture(None)))
    }

    /// Whether anybody watches.
    pub(super) fn is_watched(&self) -> bool {
        self.lock().watched().is_some()
    }

    /// Takes pictures until aborted.
    pub(super) async fn run(&self, source: &impl Source) {
        loop {
            self.wanted.notified().await;
            let mut ticks = tokio::time::interval_at(Instant::now() + GAP, GAP);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
            ticks.tick().await;
            while self.sample(source) {
                ticks.tick().await;
            }
        }
    }

    /// Tells those who watch that there will be no more.
    pub(super) fn end(&self) {
        let mut state = self.lock();
        state.is_over = true;
        state.channel = None;
    }

    /// Takes a picture and shows it if it shows anything new; false if nobody watches.
    fn sample(&self, source: &impl Source) -> bool {
        let mut state = self.lock();
        let Some(channel) = state.watched() else {
            state.channel = None;
            return false;
        };
        let last = Arc::clone(&channel.borrow());
        let picture = source.picture(Some(&last));
        if picture.differs(&last) {
            channel.send_replace(Arc::new(picture));
        }
        true
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn watched(&self) -> Option<&watch::Sender<Arc<Snapshot>>> {
        self.channel.as_ref().filter(|channel| channel.receiver_count() > 0)
    }
}

impl Snapshot {
    /// Whether anything is to be seen that `last` did not show. Time counts by the second, in which ages and
    /// histories move.
    fn differs(&self, last: &Self) -> bool {
        let parts_are_same = Arc::ptr_eq(&self.listeners, &last.listeners)
            && Arc::ptr_eq(&self.tls_listeners, &last.tls_listeners)
            && Arc::ptr_eq(&self.tokens, &last.tokens)
            && Arc::ptr_eq(&self.settings, &last.settings)
            && Arc::ptr_eq(&self.sessions, &last.sessions)
            && Arc::ptr_eq(&self.destinations, &last.destinations)
            && Arc::ptr_eq(&self.totals, &last.totals)
            && Arc::ptr_eq(&self.history, &last.history)
            && Arc::ptr_eq(&self.log, &last.log)
            && Arc::ptr_eq(&self.problems, &last.problems);
        let numbers =
            |snapshot: &Self| (snapshot.time, snapshot.state, snapshot.queue, snapshot.badmail, snapshot.disk);
        !parts_are_same || self.certificate != last.certificate || numbers(self) != numbers(last)
    }
}

#[cfg(test)]
mod tests;
