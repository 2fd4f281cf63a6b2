//! Who may log in to send: the users file, whether a password is right, and what failures cost.
//!
//! Whoever asks learns nothing from the answer or from its time about which users there are. What a login is made of is
//! `sasl`'s business, and what it allows in a session is decided where the session is.

mod edit;
mod file;
mod password;
mod rate;
mod read;
mod throttle;
mod users;

use std::net::IpAddr;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use self::file::State;
use self::rate::Rates;
use self::throttle::{Begun, Throttle};
use crate::clock::Clock;
use crate::mail::ReversePath;
use crate::sasl::NtlmLogin;
use crate::text::quoted;

pub use edit::{EditError, NewUser, UserChange, add, change, remove};
pub use file::{UsersError, load};
pub use password::{PasswordHash, PasswordHashError};
pub use read::parse;
pub use users::{Sender, SenderError, User, UserError, Users};

/// Passwords that wait to be verified: beyond so many a client is told to come again.
const MAX_WAITING: usize = 100;
/// Passwords verified at the same time: each takes some 20 MiB, and the relay needs a processor too.
const MAX_VERIFYING: usize = 2;

/// The users, and how their logins went. Cheap to clone; all clones are the same.
#[derive(Clone)]
pub struct Accounts(Arc<Inner>);

struct Inner {
    users: ArcSwap<Users>,
    clock: Arc<Clock>,
    file: Mutex<State>,
    throttle: Mutex<Throttle>,
    rates: Mutex<Rates>,
    verifying: Semaphore,
    waiting: AtomicUsize,
}

/// What comes of a login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is this user, by the name in the users file: 235.
    Accepted(Arc<str>),
    /// It is nobody: 535. It took its time already.
    Refused,
    /// There were too many failures from this address or for this user, and nothing was verified: 454.
    Throttled,
    /// Too many passwords wait to be verified: 454.
    Busy,
}

impl Accounts {
    /// Without users, until [`Accounts::refresh`].
    pub fn new(clock: Arc<Clock>) -> Self {
        Self(Arc::new(Inner {
            users: ArcSwap::from_pointee(Users::default()),
            clock,
            file: Mutex::default(),
            throttle: Mutex::default(),
            rates: Mutex::default(),
            verifying: Semaphore::new(MAX_VERIFYING),
            waiting: AtomicUsize::new(0),
        }))
    }

    /// Reads the users file if it is another one than was last read, and gives whether it was. A file that is not there
    /// has no users. If anything is wrong with it the users stay as they were. Blocks on the disk.
    pub fn refresh(&self, path: &Path) -> Result<bool, UsersError> {
        let mut state = lock(&self.0.file);
        if !state.is_stale(path) {
            return Ok(false);
        }
        let users = state.read(path)?;
        self.0.users.store(Arc::new(users));
        Ok(true)
    }

    /// Changes the users file; one after the other, so that none overwrites what another has just written. Blocks on
    /// the disk.
    pub fn edit<T>(&self, act: impl FnOnce() -> T) -> T {
        let _turn = lock(&self.0.file);
        act()
    }

    /// The users of this moment.
    pub fn users(&self) -> Arc<Users> {
        self.0.users.load_full()
    }

    /// Whether this is the user's password. Returns only after the time that a failure costs.
    pub async fn verify(&self, client: IpAddr, user: &str, password: &str) -> Verdict {
        let users = self.users();
        // Before the attempt is counted: nobody has failed who was only turned away.
        let Some(_place) = Place::take(&self.0.waiting) else { return Verdict::Busy };
        let Ok(attempt) = self.begin(client, user).await else { return Verdict::Throttled };
        let found = users.find(user);
        let hash = found.map_or_else(|| users.nobody().clone(), |user| user.password.clone());
        let password = Zeroizing::new(password.to_owned());
        let Some(is_right) = self.in_turn(move || hash.verify(&password)).await else { return Verdict::Busy };
        match found {
            Some(user) if is_right => self.accept(&attempt, user),
            Some(_) => self.refuse(attempt, "the password is wrong").await,
            None => self.refuse(attempt, "there is no such user").await,
        }
    }

    /// Whether a login by NTLM proves the user's password. Returns only after the time that a failure costs.
    pub async fn verify_ntlm(&self, client: IpAddr, login: &NtlmLogin) -> Verdict {
        let users = self.users();
        let Ok(attempt) = self.begin(client, login.user()).await else { return Verdict::Throttled };
        let found = users.find(login.user());
        let hash = found.and_then(|user| user.nt_hash.as_ref());
        let is_right = login.proves(hash.unwrap_or(users.nobodys_nt_hash()));
        match (found, hash) {
            (Some(user), Some(_)) if is_right => self.accept(&attempt, user),
            (Some(_), Some(_)) => self.refuse(attempt, "the password is wrong").await,
            (Some(_), None) => self.refuse(attempt, "the user is not one for NTLM").await,
            (None, _) => self.refuse(attempt, "there is no such user").await,
        }
    }

    /// A login that could not be right, whoever the users are: counted and delayed as any failure.
    pub async fn refused(&self, client: IpAddr) -> Verdict {
        match self.begin(client, "").await {
            Ok(attempt) => self.refuse(attempt, "no user is named rightly").await,
            Err(Throttled) => Verdict::Throttled,
        }
    }

    /// Whether a user, who logged in as such, may send from this reverse-path. Nobody who was removed meanwhile may.
    pub fn may_send_as(&self, user: &str, sender: &ReversePath) -> bool {
        self.users().find(user).is_some_and(|user| user.may_send_as(sender))
    }

    /// Counts a message of a user against `max_messages_per_hour`; if there were too many, tells how long to wait.
    pub fn count_message(&self, user: &str) -> Result<(), Duration> {
        let users = self.users();
        let Some(user) = users.find(user) else { return Ok(()) };
        let Some(limit) = user.max_messages_per_hour else { return Ok(()) };
        lock(&self.0.rates).take(&user.name, limit, self.0.clock.now())
    }

    async fn begin(&self, client: IpAddr, user: &str) -> Result<Attempt, Throttled> {
        let user = users::key(user);
        let begun = lock(&self.0.throttle).begin(client, &user, self.0.clock.now());
        match begun {
            Ok(begun) => Ok(Attempt { client, user, begun }),
            Err(delay) => {
                tracing::warn!("a login of {} from {client} was not looked at: too many failed", quoted(&user));
                tokio::time::sleep(delay).await;
                Err(Throttled)
            }
        }
    }

    fn accept(&self, attempt: &Attempt, user: &User) -> Verdict {
        lock(&self.0.throttle).succeed(&attempt.begun, attempt.client, &attempt.user, self.0.clock.now());
        Verdict::Accepted(Arc::clone(&user.name))
    }

    async fn refuse(&self, attempt: Attempt, reason: &str) -> Verdict {
        tracing::warn!("a login of {} from {} failed: {reason}", quoted(&attempt.user), attempt.client);
        tokio::time::sleep(attempt.begun.delay).await;
        Verdict::Refused
    }

    /// Does what takes a processor for a while, a few at a time; `None` if the process ends.
    async fn in_turn<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        let _turn = self.0.verifying.acquire().await.ok()?;
        tokio::task::spawn_blocking(work).await.ok()
    }
}

/// A login that was let in to be verified. It counts as failed until it succeeds: whoever hangs up meanwhile gains nothing.
struct Attempt {
    client: IpAddr,
    user: String,
    begun: Begun,
}

/// Too many failed.
struct Throttled;

/// A place among those who wait.
struct Place<'a>(&'a AtomicUsize);

impl<'a> Place<'a> {
    fn take(waiting: &'a AtomicUsize) -> Option<Self> {
        let taken = waiting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| (n < MAX_WAITING).then_some(n + 1));
        taken.ok().map(|_| Self(waiting))
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
