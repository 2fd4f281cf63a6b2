//! How long a client waits for a server.

use std::time::Duration;

const MINUTE: Duration = Duration::from_mins(1);

/// How long to wait at each step. The defaults are the least that RFC 5321 4.5.3.2 asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// For the greeting.
    pub greeting: Duration,
    /// For the reply to EHLO, MAIL, RCPT and RSET.
    pub command: Duration,
    /// For the reply to DATA.
    pub data_start: Duration,
    /// For the server to take some more of the content.
    pub data_block: Duration,
    /// For the reply to the end of data. A shorter wait makes second copies of mail that a slow server has taken.
    pub data_end: Duration,
}

impl Timeouts {
    /// The defaults, each bounded by `delivery.outbound_connections.timeout`.
    pub fn bounded_by(limit: Duration) -> Self {
        let Self { greeting, command, data_start, data_block, data_end } = Self::default();
        Self {
            greeting: greeting.min(limit),
            command: command.min(limit),
            data_start: data_start.min(limit),
            data_block: data_block.min(limit),
            data_end: data_end.min(limit),
        }
    }
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            greeting: 5 * MINUTE,
            command: 5 * MINUTE,
            data_start: 2 * MINUTE,
            data_block: 3 * MINUTE,
            data_end: 10 * MINUTE,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s009_waits_are_those_of_the_standard_unless_the_setting_is_shorter() {
        assert_eq!(Timeouts::bounded_by(10 * MINUTE), Timeouts::default());
        let short = Timeouts::bounded_by(3 * MINUTE);
        assert_eq!((short.greeting, short.data_start, short.data_end), (3 * MINUTE, 2 * MINUTE, 3 * MINUTE));
    }
}
