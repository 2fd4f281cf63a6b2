//! How many connections a destination bears: grown by success, cut at once by failure. Pure arithmetic.
//!
//! The rule is Postfix's (its scheduler paper): a success adds a part of the window, so that it takes a whole window
//! of them to grow by one; a failure takes one away at once. When as many attempts in a row have failed as there are
//! connections, nothing speaks for the destination any more: it is dead.

/// Where a destination begins.
const INITIAL: f64 = 5.0;
/// How steeply connections follow the backlog: 30 waiting messages ask for half of the limit.
const STEEPNESS: f64 = 0.023;
/// Stands for "no limit"; more connections to one destination than this help nobody.
const NO_LIMIT: u32 = 1000;

/// The concurrency that a destination has earned.
#[derive(Clone, Debug)]
pub(crate) struct Window {
    size: f64,
    /// Where it began.
    initial: f64,
    /// The part of a whole cohort of connections that failed since the last success.
    failed: f64,
}

impl Window {
    /// The window of a destination that nothing is known of.
    pub(crate) fn new() -> Self {
        Self::beginning_at(INITIAL)
    }

    /// The window of a destination where the first connection has to show something before there are more.
    pub(crate) fn of_one() -> Self {
        Self::beginning_at(1.0)
    }

    fn beginning_at(size: f64) -> Self {
        Self { size, initial: size, failed: 0.0 }
    }

    /// A message was taken, or a connection opened.
    pub(crate) fn success(&mut self) {
        self.size = (self.size + 1.0 / self.size).min(f64::from(NO_LIMIT));
        self.failed = 0.0;
    }

    /// A connection broke in the middle of its work.
    pub(crate) fn shrink(&mut self) {
        self.size = (self.size.floor() - 1.0).max(1.0);
    }

    /// A connection could not be opened; `connections` is how many there were, this one included. True when that
    /// makes a whole cohort: the destination is dead, and begins anew when it comes back.
    pub(crate) fn failure(&mut self, connections: u32) -> bool {
        self.shrink();
        self.failed += 1.0 / f64::from(connections.max(1));
        let dead = self.failed >= 0.999; // thirds and sevenths do not add up to one exactly
        if dead {
            *self = Self::beginning_at(self.initial);
        }
        dead
    }

    /// How many connections `work` messages, waiting and under way, deserve under the limit of the settings.
    pub(crate) fn wanted(&self, work: usize, limit: Option<u32>) -> u32 {
        let limit = limit.unwrap_or(NO_LIMIT);
        let work = u32::try_from(work).unwrap_or(u32::MAX);
        let share = f64::from(limit) * (1.0 - (-STEEPNESS * f64::from(work)).exp());
        let wanted = share.ceil().min(self.size.floor());
        // Between 0 and the limit, which both fit.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and the limit")]
        let wanted = wanted as u32;
        wanted.min(work).min(limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_grow_with_the_backlog_up_to_the_window_and_the_limit() {
        let window = Window::new();
        assert_eq!(window.wanted(0, Some(100)), 0);
        assert_eq!(window.wanted(1, Some(100)), 1);
        assert_eq!(window.wanted(1000, Some(100)), 5);
        assert_eq!(window.wanted(1000, Some(3)), 3);
        assert_eq!(window.wanted(1000, None), 5);
    }

    #[test]
    fn a_whole_window_of_successes_adds_one() {
        let mut window = Window::new();
        for _ in 0..6 {
            window.success();
        }
        assert_eq!(window.wanted(1000, Some(100)), 6);
    }

    #[test]
    fn a_failure_takes_one_at_once_and_a_cohort_of_them_is_death() {
        let mut window = Window::new();
        assert!(!window.failure(3));
        assert_eq!(window.wanted(1000, Some(100)), 4);
        assert!(!window.failure(3));
        assert!(window.failure(3));
        assert!(Window::new().failure(1), "the only connection is a cohort of its own");
    }

    #[test]
    fn a_window_of_one_grows_and_begins_at_one_again() {
        let mut window = Window::of_one();
        assert_eq!(window.wanted(1000, None), 1);
        window.success();
        assert_eq!(window.wanted(1000, None), 2);
        window.failure(1);
        assert_eq!(window.wanted(1000, None), 1);
    }

    #[test]
    fn a_success_between_failures_keeps_a_destination_alive() {
        let mut window = Window::new();
        for _ in 0..20 {
            assert!(!window.failure(2));
            window.success();
        }
    }
}
