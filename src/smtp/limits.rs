//! What one session may ask of us: sizes and counts from the settings, and bounds on conduct that no setting has.

use std::time::Duration;

use crate::config::Settings;
use crate::mail::Reply;

/// Errors after which each further one is answered late.
const SOFT_ERRORS: u32 = 10;
/// Errors at which the session ends.
const HARD_ERRORS: u32 = 20;
/// How late.
pub(super) const PENALTY: Duration = Duration::from_secs(1);
/// Commands that move no mail (NOOP, RSET, EHLO, ...) before each further one counts as an error.
const JUNK_COMMANDS: u32 = 100;
/// Recipients over the limit that are answered 452 each, in one transaction, before the session ends.
pub(super) const RECIPIENT_OVERSHOOT: u32 = 1000;
/// Recipients of one message where the settings set no limit: what one envelope may take of our memory.
const RECIPIENT_CEILING: usize = 50_000;
/// The largest refused chunk that is read and thrown away; behind a larger one the session ends. Octets.
pub(super) const MAX_SWALLOWED_CHUNK: u64 = 16 << 20;
/// How much of a message already refused is read on for its end before the session ends. Octets.
pub(super) const MAX_DISCARDED: u64 = 1 << 30;
/// The least average rate of content, in octets per second, once the grace is over.
const RATE_FLOOR: u64 = 100;
/// How long content may come at any rate. A person at a keyboard needs minutes for a test message, and sits
/// mostly at a machine that may relay.
const RATE_GRACE: Duration = Duration::from_mins(1);
const RATE_GRACE_FOR_RELAY: Duration = Duration::from_mins(10);

/// The limits of one session, those of the settings at its start.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Octets of one message.
    pub(super) message: Option<u64>,
    /// Octets of all messages of the session.
    pub(super) session: Option<u64>,
    /// Recipients of one message, where the settings limit them.
    pub(super) announced_recipients: Option<u32>,
    /// How long a client may be idle, or leave a command unfinished, or leave our replies unread.
    pub(super) timeout: Duration,
    /// `Received:` fields.
    pub(super) hops: u32,
    /// How long content may come at any rate.
    pub(super) rate_grace: Duration,
}

impl Limits {
    pub(super) fn new(settings: &Settings, may_relay: bool) -> Self {
        Self {
            message: settings.messages.max_message_size,
            session: settings.messages.max_session_size,
            announced_recipients: settings.messages.max_recipients,
            timeout: settings.general.connection_timeout,
            hops: settings.delivery.advanced.max_hops,
            rate_grace: if may_relay { RATE_GRACE_FOR_RELAY } else { RATE_GRACE },
        }
    }

    /// Recipients of one message.
    pub(super) fn recipients(&self) -> usize {
        let announced = self.announced_recipients.and_then(|limit| usize::try_from(limit).ok());
        announced.unwrap_or(RECIPIENT_CEILING)
    }

    /// Whether content that came in so slowly holds the connection for nothing.
    pub(super) fn is_too_slow(&self, octets: u64, elapsed: Duration) -> bool {
        elapsed > self.rate_grace && octets / elapsed.as_secs().max(1) < RATE_FLOOR
    }
}

/// How a client has behaved since its last accepted message.
#[derive(Debug, Default)]
pub(super) struct Conduct {
    errors: u32,
    junk: u32,
    /// The command being answered is one more than the junk that is free.
    junk_too_many: bool,
}

/// What to do before an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Say it.
    Fine,
    /// Say it after the penalty.
    Late,
    /// Say 421 in its place and close.
    Enough,
}

impl Conduct {
    /// Notes a command, before it is answered.
    pub(super) fn command(&mut self, is_junk: bool) {
        self.junk += u32::from(is_junk);
        self.junk_too_many = is_junk && self.junk > JUNK_COMMANDS;
    }

    /// Judges the answer. A 5xx is the client's fault; a 4xx is ours, or a limit that honest clients meet.
    pub(super) fn judge(&mut self, reply: &Reply) -> Verdict {
        if reply.code < 500 && !self.junk_too_many {
            return Verdict::Fine;
        }
        self.junk_too_many = false;
        self.errors += 1;
        match self.errors {
            HARD_ERRORS.. => Verdict::Enough,
            errors if errors > SOFT_ERRORS => Verdict::Late,
            _ => Verdict::Fine,
        }
    }

    /// Forgives everything: the client has delivered a message.
    pub(super) fn delivered(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(conduct: &mut Conduct, code: u16) -> Verdict {
        conduct.judge(&Reply::plain(code, ""))
    }

    #[test]
    fn errors_are_answered_late_and_then_no_more() {
        let mut conduct = Conduct::default();
        let verdicts = (0..20).map(|_| judge(&mut conduct, 550)).collect::<Vec<_>>();
        assert_eq!(verdicts[..10], [Verdict::Fine; 10]);
        assert_eq!(verdicts[10..19], [Verdict::Late; 9]);
        assert_eq!(verdicts[19], Verdict::Enough);
    }

    #[test]
    fn success_and_our_own_faults_cost_nothing() {
        let mut conduct = Conduct::default();
        assert!((0..100).all(|n| judge(&mut conduct, if n % 2 == 0 { 250 } else { 452 }) == Verdict::Fine));
    }

    #[test]
    fn junk_is_free_up_to_its_limit_and_a_message_forgives_all() {
        let mut conduct = Conduct::default();
        for n in 0..110 {
            conduct.command(true);
            assert_eq!(judge(&mut conduct, 250), Verdict::Fine, "{n}");
        }
        conduct.command(true);
        assert_eq!(judge(&mut conduct, 250), Verdict::Late);
        conduct.delivered();
        conduct.command(true);
        assert_eq!(judge(&mut conduct, 250), Verdict::Fine);
    }

    #[test]
    fn slow_content_is_borne_for_its_grace_only() {
        let limits = Limits {
            message: None,
            session: None,
            announced_recipients: None,
            timeout: Duration::from_mins(10),
            hops: 100,
            rate_grace: RATE_GRACE,
        };
        assert!(!limits.is_too_slow(0, Duration::from_mins(1)));
        assert!(limits.is_too_slow(60 * RATE_FLOOR, Duration::from_secs(61)));
        assert!(!limits.is_too_slow(61 * RATE_FLOOR, Duration::from_secs(61)));
    }
}
