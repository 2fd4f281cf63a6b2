//! What all tasks of delivery share: the scheduler behind its lock, and the carrying out of its actions.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::sync::{Notify, oneshot};

use super::destination::ConnectionId;
use super::mx::Exchange;
use super::protection::Clients;
use super::scheduler::{Action, Assignment, Closing, Next, Scheduler};
use super::{Context, closing, session};
use crate::clock::Timestamp;
use crate::mail::Domain;
use crate::queue::Committed;

/// Tasks that close rounds no connection closes: mail that met a dead destination, a missing domain.
const CLERKS: usize = 8;
/// How long whoever only looks makes way for others, at most.
const WAY: Duration = Duration::from_millis(5);

/// The heart of delivery, behind an `Arc` in every task.
pub(super) struct Shared {
    pub(super) context: Context,
    pub(super) clients: Clients,
    state: Mutex<State>,
    /// Threads that wait for the state.
    waiting: AtomicUsize,
    runtime: Handle,
    /// Rung when a task of ours has ended.
    ended: Notify,
}

struct State {
    scheduler: Scheduler,
    /// The alarm clocks of idle connections.
    sleepers: HashMap<ConnectionId, oneshot::Sender<()>>,
    /// Tasks that close rounds.
    clerks: usize,
    /// Tasks that must have ended before delivery is quiet.
    tasks: usize,
}

/// What a connection does next, with its alarm clock set where it waits.
pub(super) enum Turn {
    Deliver(Assignment),
    Wait(oneshot::Receiver<()>),
    Leave,
}

impl Shared {
    pub(super) fn new(context: Context) -> Self {
        let scheduler = Scheduler::new(context.settings.load_full(), context.clock.now(), fastrand::Rng::new());
        let state = State { scheduler, sleepers: HashMap::new(), clerks: 0, tasks: 0 };
        Self {
            context,
            clients: Clients::default(),
            state: Mutex::new(state),
            waiting: AtomicUsize::new(0),
            runtime: Handle::current(),
            ended: Notify::new(),
        }
    }

    /// Asks or tells the scheduler something, and does what it wants done.
    pub(super) fn with<T>(self: &Arc<Self>, ask: impl FnOnce(&mut Scheduler, Timestamp) -> T) -> T {
        let now = self.context.clock.now();
        self.lock(|state| ask(&mut state.scheduler, now))
    }

    /// Takes over a message that was just committed.
    pub(super) fn submit(self: &Arc<Self>, committed: Committed) {
        let Committed { id, message, stamp, content, busy } = committed;
        self.with(|scheduler, now| scheduler.submit(&id, message, stamp, content, now));
        drop(busy); // only now: the scheduler knows the file
    }

    /// Gives a connection its next job.
    pub(super) fn turn(self: &Arc<Self>, connection: ConnectionId) -> Turn {
        let now = self.context.clock.now();
        self.lock(|state| match state.scheduler.take(connection, now) {
            Next::Deliver(assignment) => Turn::Deliver(assignment),
            Next::Leave => Turn::Leave,
            Next::Wait => {
                let (sender, receiver) = oneshot::channel();
                state.sleepers.insert(connection, sender);
                Turn::Wait(receiver)
            }
        })
    }

    /// Ends the wait of a connection; true if nobody had woken it.
    pub(super) fn stop_waiting(self: &Arc<Self>, connection: ConnectionId) -> bool {
        self.lock(|state| {
            state.sleepers.remove(&connection);
            state.scheduler.stop_waiting(connection)
        })
    }

    /// Starts a task that delivery is not quiet without.
    pub(super) fn spawn(self: &Arc<Self>, task: impl Future<Output = ()> + Send + 'static) {
        self.lock(|state| state.tasks += 1);
        let ending = Ending(Arc::clone(self));
        self.runtime.spawn(async move {
            let _ending = ending;
            task.await;
        });
    }

    /// Resolves when nothing is under way any more.
    pub(super) async fn quiet(self: &Arc<Self>) {
        loop {
            let mut ended = pin!(self.ended.notified());
            ended.as_mut().enable();
            if self.lock(|state| state.tasks == 0 && state.scheduler.is_quiet()) {
                return;
            }
            ended.await;
        }
    }

    fn lock<T>(self: &Arc<Self>, work: impl FnOnce(&mut State) -> T) -> T {
        let (value, actions) = {
            let mut state = self.state();
            let value = work(&mut state);
            let actions = state.scheduler.actions();
            for action in &actions {
                if let Action::Wake(connection) = action
                    && let Some(sleeper) = state.sleepers.remove(connection)
                {
                    // A sleeper that has just stopped waiting finds out by itself.
                    let _ = sleeper.send(());
                }
            }
            (value, actions)
        };
        for action in actions {
            self.carry_out(action);
        }
        value
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic in the scheduler ended one task; the others go on with what it left.
        match self.state.try_lock() {
            Ok(state) => state,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => {
                self.waiting.fetch_add(1, Ordering::Relaxed);
                let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
                self.waiting.fetch_sub(1, Ordering::Relaxed);
                state
            }
        }
    }

    /// To be called by whoever takes the lock many times on end: the lock itself is not fair, and who takes it again at
    /// once would get it before those who were woken for it.
    pub(super) fn make_way(&self) {
        let start = Instant::now();
        while self.waiting.load(Ordering::Relaxed) > 0 && start.elapsed() < WAY {
            std::thread::yield_now();
        }
    }

    fn carry_out(self: &Arc<Self>, action: Action) {
        let shared = Arc::clone(self);
        match action {
            Action::Wake(_) => {}
            Action::Connect(connection) => self.spawn(session::run(shared, connection)),
            Action::Resolve(domain) => self.spawn(resolve(shared, domain)),
            Action::Close => {
                let hired = self.lock(|state| {
                    let hired = state.clerks < CLERKS;
                    state.clerks += usize::from(hired);
                    hired
                });
                if hired {
                    self.spawn(clerk(shared));
                }
            }
        }
    }

    fn next_closing(self: &Arc<Self>) -> Option<Closing> {
        self.lock(|state| {
            let closing = state.scheduler.next_closing();
            state.clerks -= usize::from(closing.is_none());
            closing
        })
    }
}

/// Tells, when a task ends in whatever way, that it has.
struct Ending(Arc<Shared>);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.lock(|state| state.tasks -= 1);
        self.0.ended.notify_waiters();
    }
}

/// Closes rounds until there are none left.
async fn clerk(shared: Arc<Shared>) {
    while let Some(closing) = shared.next_closing() {
        let step = closing::close(&shared, closing).await;
        closing::carry_out(&shared, step).await;
    }
}

async fn resolve(shared: Arc<Shared>, domain: Domain) {
    let answer = shared.context.resolver.mx(&domain).await;
    let own = shared.context.settings.load().general.hostname.clone();
    let exchange = Exchange::from_answer(&domain, &own, answer);
    shared.with(|scheduler, now| scheduler.resolved(&domain, exchange, now));
}
