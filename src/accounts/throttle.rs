//! What failed logins cost: a wait that grows, and after too many no login at all for a while.
//!
//! Counted are failures by address and by user. A user who logged in from an address before is counted apart there, so
//! that neither a stranger's guesses nor a neighbour's wrong password shut out who has the right one.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use crate::clock::Timestamp;

/// Failures from one address, or for one user from an address known to be theirs.
const LIMIT: u32 = 20;
/// Failures for one user from all other addresses.
const USER_LIMIT: u32 = 50;
/// One failure is forgotten after so long.
const FORGET: Duration = Duration::from_mins(1);
/// What the first failure costs; each further one twice as much.
const DELAY: Duration = Duration::from_secs(1);
/// The most that a failure costs. It is also what a login costs that is not looked at.
const MAX_DELAY: Duration = Duration::from_secs(5);
/// How many counts are kept, and as many pairs of user and address.
const CAPACITY: usize = 10_000;

/// The failures of the last minutes.
#[derive(Debug, Default)]
pub(super) struct Throttle {
    counts: HashMap<Key, Count>,
    /// Users and addresses from which they logged in, with the time of the last one.
    known: HashMap<(Box<str>, IpAddr), Timestamp>,
}

/// A login that was let in.
#[derive(Debug)]
pub(super) struct Begun {
    /// What its failure costs.
    pub(super) delay: Duration,
    /// Under what it is counted. What is known of the client may change before it comes to something.
    keys: Vec<Key>,
}

/// What failures are counted by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    Address(IpAddr),
    User(Box<str>),
    Known(Box<str>, IpAddr),
}

impl Key {
    const fn limit(&self) -> u32 {
        match self {
            Self::Address(_) | Self::Known(..) => LIMIT,
            Self::User(_) => USER_LIMIT,
        }
    }
}

/// Failures, fewer with time.
#[derive(Clone, Copy, Debug)]
struct Count {
    failures: u32,
    at: Timestamp,
}

impl Count {
    fn now(self, now: Timestamp) -> u32 {
        let forgotten = now.since(self.at).as_secs() / FORGET.as_secs();
        self.failures.saturating_sub(u32::try_from(forgotten).unwrap_or(u32::MAX))
    }
}

impl Throttle {
    /// Begins a login, which counts as failed until it succeeds. Gives what its failure is to cost; `Err` is what it
    /// costs not to be looked at.
    pub(super) fn begin(&mut self, client: IpAddr, user: &str, now: Timestamp) -> Result<Begun, Duration> {
        let keys = self.keys(client, user);
        let failures: Vec<_> = keys.iter().map(|key| self.count(key, now)).collect();
        if keys.iter().zip(&failures).any(|(key, &failures)| failures >= key.limit()) {
            return Err(MAX_DELAY);
        }
        self.make_room(now);
        // The first key is the client's own.
        let delay = failures.first().map_or(DELAY, |&failures| DELAY * 2u32.saturating_pow(failures.min(8)));
        for (key, failures) in keys.iter().zip(failures) {
            self.counts.insert(key.clone(), Count { failures: failures + 1, at: now });
        }
        Ok(Begun { delay: delay.min(MAX_DELAY), keys })
    }

    /// The login that was begun succeeded.
    pub(super) fn succeed(&mut self, begun: &Begun, client: IpAddr, user: &str, now: Timestamp) {
        for key in &begun.keys {
            if let Some(count) = self.counts.get_mut(key) {
                count.failures = count.failures.saturating_sub(1);
            }
        }
        if user.is_empty() {
            return;
        }
        let pair = (Box::from(user), network(client));
        if self.known.len() >= CAPACITY
            && !self.known.contains_key(&pair)
            && let Some(oldest) = self.known.iter().min_by_key(|(_, at)| **at).map(|(pair, _)| pair.clone())
        {
            self.known.remove(&oldest);
        }
        self.known.insert(pair, now);
    }

    fn keys(&self, client: IpAddr, user: &str) -> Vec<Key> {
        let client = network(client);
        let pair = (Box::from(user), client);
        if self.known.contains_key(&pair) {
            return vec![Key::Known(pair.0, client)];
        }
        let mut keys = vec![Key::Address(client)];
        if !user.is_empty() {
            keys.push(Key::User(pair.0));
        }
        keys
    }

    fn count(&self, key: &Key, now: Timestamp) -> u32 {
        self.counts.get(key).map_or(0, |count| count.now(now))
    }

    /// Forgets what counts nothing any more; if all of it counts, the half that counts least.
    fn make_room(&mut self, now: Timestamp) {
        if self.counts.len() < CAPACITY {
            return;
        }
        self.counts.retain(|_, count| count.now(now) > 0);
        if self.counts.len() < CAPACITY {
            return;
        }
        let mut failures: Vec<_> = self.counts.values().map(|count| count.now(now)).collect();
        let (_, median, _) = failures.select_nth_unstable(CAPACITY / 2);
        let (median, mut surplus) = (*median, CAPACITY / 2);
        self.counts.retain(|_, count| {
            let goes = surplus > 0 && count.now(now) <= median;
            surplus -= usize::from(goes);
            !goes
        });
    }
}

/// Whose address it is: of IPv6 a customer has a whole network.
fn network(client: IpAddr) -> IpAddr {
    match client.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        client @ IpAddr::V4(_) => client,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix(1_795_518_903);

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    /// Fails so often at once; gives how often that was let in.
    fn fail(throttle: &mut Throttle, client: &str, user: &str, times: u32, now: Timestamp) -> u32 {
        (0..times).map(|_| u32::from(throttle.begin(address(client), user, now).is_ok())).sum()
    }

    /// What a failure of bob from there costs.
    fn cost(throttle: &mut Throttle, client: &str) -> Duration {
        throttle.begin(address(client), "bob", NOW).unwrap().delay
    }

    /// Gives what a failure would have cost.
    fn succeed(throttle: &mut Throttle, client: IpAddr, user: &str) -> Duration {
        let begun = throttle.begin(client, user, NOW).unwrap();
        throttle.succeed(&begun, client, user, NOW);
        begun.delay
    }

    #[test]
    fn right_logins_at_once_leave_no_failure_behind() {
        let mut throttle = Throttle::default();
        let client = address("192.0.2.1");
        for _ in 0..5 {
            let begun: Vec<_> = (0..10).map(|_| throttle.begin(client, "bob", NOW).unwrap()).collect();
            for begun in &begun {
                throttle.succeed(begun, client, "bob", NOW);
            }
        }
        assert_eq!(throttle.begin(client, "ann", NOW).unwrap().delay, DELAY, "nor for a neighbour");
    }

    #[test]
    fn au10_each_failure_costs_more_up_to_a_bound() {
        let mut throttle = Throttle::default();
        let costs: Vec<_> =
            (0..5).map(|_| throttle.begin(address("192.0.2.1"), "bob", NOW).unwrap().delay.as_secs()).collect();
        assert_eq!(costs, [1, 2, 4, 5, 5]);
        assert_eq!(cost(&mut throttle, "192.0.2.2"), DELAY, "the wait is the address's own");
    }

    #[test]
    fn an_address_is_shut_out_after_too_many_failures_and_let_in_again_with_time() {
        let mut throttle = Throttle::default();
        for n in 0..30 {
            let user = format!("user{n}");
            assert_eq!(throttle.begin(address("192.0.2.1"), &user, NOW).is_ok(), n < LIMIT);
        }
        assert!(throttle.begin(address("192.0.2.2"), "bob", NOW).is_ok(), "another address is let in");
        let later = NOW.plus(FORGET * 2);
        assert_eq!(fail(&mut throttle, "192.0.2.1", "bob", 10, later), 2, "one for each minute");
        assert_eq!(fail(&mut throttle, "192.0.2.1", "bob", 100, NOW.plus(FORGET * 100)), LIMIT);
    }

    #[test]
    fn a_network_of_ipv6_counts_as_one_address() {
        let mut throttle = Throttle::default();
        let tries = (0..30).map(|n| fail(&mut throttle, &format!("2001:db8::{n}"), "bob", 1, NOW));
        assert_eq!(tries.sum::<u32>(), LIMIT);
        assert_eq!(fail(&mut throttle, "2001:db8:0:1::1", "bob", 1, NOW), 1);
        assert_eq!(fail(&mut throttle, "192.0.2.1", "ann", 10, NOW), 10);
        assert_eq!(fail(&mut throttle, "::ffff:192.0.2.1", "ann", 15, NOW), 10, "an IPv4 address in IPv6 is itself");
    }

    #[test]
    fn guesses_from_many_addresses_shut_out_strangers_but_not_the_user() {
        let mut throttle = Throttle::default();
        succeed(&mut throttle, address("192.0.2.1"), "bob");
        let guesses: u32 = (0..250).map(|n| fail(&mut throttle, &format!("198.51.100.{n}"), "bob", 1, NOW)).sum();
        assert_eq!(guesses, USER_LIMIT);
        assert!(throttle.begin(address("192.0.2.1"), "bob", NOW).is_ok());
        assert!(throttle.begin(address("192.0.2.9"), "bob", NOW).is_err());
    }

    #[test]
    fn a_neighbours_wrong_password_does_not_shut_out_a_user_known_there() {
        let mut throttle = Throttle::default();
        succeed(&mut throttle, address("192.0.2.1"), "bob");
        assert_eq!(fail(&mut throttle, "192.0.2.1", "scanner", 100, NOW), LIMIT);
        assert_eq!(cost(&mut throttle, "192.0.2.1"), DELAY);
        assert_eq!(fail(&mut throttle, "192.0.2.1", "bob", 100, NOW), LIMIT - 1, "and is held to the limit as anybody");
    }

    #[test]
    fn what_succeeds_is_not_counted() {
        let mut throttle = Throttle::default();
        for _ in 0..1000 {
            assert_eq!(succeed(&mut throttle, address("192.0.2.1"), "bob"), DELAY);
        }
    }

    #[test]
    fn the_memory_of_failures_is_bounded_and_keeps_the_worst() {
        let mut throttle = Throttle::default();
        fail(&mut throttle, "192.0.2.1", "bob", LIMIT, NOW);
        for n in 0..12_000u32 {
            let client = IpAddr::from(n.to_be_bytes());
            let begun = throttle.begin(client, "", NOW).unwrap();
            throttle.succeed(&begun, client, &format!("user{n}"), NOW);
        }
        assert!(throttle.counts.len() <= CAPACITY && throttle.known.len() <= CAPACITY);
        assert!(throttle.begin(address("192.0.2.1"), "bob", NOW).is_err());
    }
}
