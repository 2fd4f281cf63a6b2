//! Whether a destination is tried at all. A dead one is held back, longer each time, and then probed by one
//! connection that carries no message. Pure.

use std::sync::Arc;
use std::time::Duration;

use super::attempt::Attempt;
use crate::clock::Timestamp;

/// The unit of the back-off: the n-th time a destination is found dead it rests for this times n squared.
const UNIT: Duration = Duration::from_secs(15);
/// The unit where each try counts against an account.
const COUNTED: Duration = Duration::from_mins(1);
/// The longest rest.
const LONGEST: Duration = Duration::from_hours(1);
/// The longest rest where no server was asked: what is missing is ours, looking again costs nobody anything, and whoever
/// mends it expects mail to go on.
const SPARED: Duration = Duration::from_mins(1);

/// The health of a destination.
#[derive(Debug, Default)]
pub(crate) struct Health {
    /// How often in a row it was found dead.
    deaths: u32,
    rest: Option<Rest>,
}

#[derive(Debug)]
struct Rest {
    until: Timestamp,
    /// What it died of: the answer to all mail that comes due meanwhile.
    cause: Arc<Attempt>,
    probing: bool,
}

impl Health {
    /// Why mail cannot go there now; `None` where it can.
    pub(crate) fn held_back(&self) -> Option<&Arc<Attempt>> {
        self.rest.as_ref().map(|rest| &rest.cause)
    }

    /// Until when it rests.
    pub(crate) fn until(&self) -> Option<Timestamp> {
        self.rest.as_ref().map(|rest| rest.until)
    }

    /// Whether a probe is on its way.
    pub(crate) fn is_probed(&self) -> bool {
        self.rest.as_ref().is_some_and(|rest| rest.probing)
    }

    /// Found dead: rests until the time that comes back, never longer than `longest`, which is the longest wait of
    /// the retry schedule. `jitter` from 0 to 1 keeps destinations that died together from being probed together.
    pub(crate) fn die(&mut self, cause: Arc<Attempt>, now: Timestamp, longest: Duration, jitter: f64) -> Timestamp {
        self.deaths = self.deaths.saturating_add(1);
        let unit = if cause.is_refused_login() { COUNTED } else { UNIT };
        let most = if cause.is_without_asking() { SPARED } else { LONGEST };
        let rest = unit.saturating_mul(self.deaths.saturating_mul(self.deaths)).min(most).min(longest);
        let until = now.plus(rest.mul_f64(1.0 + jitter / 10.0).max(Duration::from_secs(1)));
        self.rest = Some(Rest { until, cause, probing: false });
        until
    }

    /// The rest is over at `now`, and a probe may go; false if it is not, or one is already on its way.
    pub(crate) fn probe(&mut self, now: Timestamp) -> bool {
        match &mut self.rest {
            Some(rest) if rest.until <= now && !rest.probing => {
                rest.probing = true;
                true
            }
            _ => false,
        }
    }

    /// It answers: true if it had been held back, so that there is mail to release.
    pub(crate) fn revive(&mut self) -> bool {
        self.deaths = 0;
        self.rest.take().is_some()
    }

    /// A person wants it tried now. How often it died stays known, so that the next rest is as long as it was due.
    pub(crate) fn lift(&mut self) -> bool {
        self.rest.take().is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::trouble::Trouble;
    use crate::mail::{EnhancedStatus, Reply};

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix(seconds)
    }

    fn refused() -> Arc<Attempt> {
        Arc::new(Attempt::ours(Reply::new(451, EnhancedStatus::new(4, 4, 1), "Connection refused")))
    }

    const HOUR: Duration = Duration::from_hours(1);

    #[test]
    fn each_death_in_a_row_is_followed_by_a_longer_rest_up_to_an_hour() {
        let mut health = Health::default();
        let rests: Vec<i64> = (0..20).map(|_| health.die(refused(), at(0), HOUR, 0.0).as_unix()).collect();
        assert_eq!(rests[..4], [15, 60, 135, 240]);
        assert_eq!(rests[19], 3600);
    }

    #[test]
    fn a_refused_login_is_not_tried_often_since_servers_lock_accounts() {
        let mut health = Health::default();
        let trouble = Trouble { advice: "look".into(), is_counted: true };
        let cause = Arc::new(Attempt { trouble: Some(trouble), ..Attempt::clone(&refused()) });
        let rests: Vec<i64> = (0..9).map(|_| health.die(Arc::clone(&cause), at(0), HOUR, 0.0).as_unix() / 60).collect();
        assert_eq!(rests, [1, 4, 9, 16, 25, 36, 49, 60, 60]);
    }

    #[test]
    fn what_is_missing_here_is_looked_for_every_minute_however_long_it_was_missing() {
        let mut health = Health::default();
        let trouble = Trouble { advice: "log in".into(), is_counted: false };
        let cause = Arc::new(Attempt { trouble: Some(trouble), ..Attempt::clone(&refused()) });
        let rests: Vec<i64> = (0..30).map(|_| health.die(Arc::clone(&cause), at(0), HOUR, 0.0).as_unix()).collect();
        assert_eq!((rests[0], rests[1], rests[29]), (15, 60, 60));
    }

    #[test]
    fn no_rest_is_longer_than_the_retry_schedule_waits() {
        let mut health = Health::default();
        health.die(refused(), at(0), HOUR, 0.0);
        assert_eq!(health.die(refused(), at(0), Duration::from_secs(20), 0.0), at(20));
    }

    #[test]
    fn one_probe_goes_when_the_rest_is_over_and_its_success_releases() {
        let mut health = Health::default();
        health.die(refused(), at(0), HOUR, 0.0);
        assert!(!health.probe(at(14)));
        assert!(health.probe(at(15)));
        assert!(!health.probe(at(16)), "one probe at a time");
        assert!(health.held_back().is_some(), "mail still waits for its result");
        assert!(health.revive());
        assert!(!health.revive(), "there is nothing left to release");
        assert_eq!(health.die(refused(), at(100), HOUR, 0.0), at(115), "success forgets the deaths before");
    }

    #[test]
    fn a_hold_lifted_by_hand_comes_back_no_shorter() {
        let mut health = Health::default();
        health.die(refused(), at(0), HOUR, 0.0);
        assert!(health.lift());
        assert!(health.held_back().is_none());
        assert_eq!(health.die(refused(), at(0), HOUR, 0.0), at(60));
    }
}
