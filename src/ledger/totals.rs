//! Counts since the start.

use std::sync::atomic::{AtomicU64, Ordering};

/// A count that only grows.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Counts `n` more.
    pub fn add(&self, n: u64) {
        self.0.fetch_add(n, Ordering::Relaxed);
    }

    /// The count so far.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// What the engine has done since it started.
#[derive(Debug, Default)]
pub struct Totals {
    /// Inbound connections, those refused included.
    pub connections: Counter,
    /// Inbound connections turned away before the greeting.
    pub connections_refused: Counter,
    /// Messages taken into the queue over SMTP.
    pub accepted: Counter,
    /// Messages refused after their content was sent.
    pub refused: Counter,
    /// Recipients delivered to a remote server.
    pub delivered: Counter,
    /// Recipients whose attempt failed for now.
    pub deferred: Counter,
    /// Recipients given up.
    pub failed: Counter,
    /// Reports made for senders.
    pub reports: Counter,
    /// Messages moved to Badmail.
    pub badmail: Counter,
    /// Messages taken from Pickup.
    pub picked_up: Counter,
    /// Messages put into Drop.
    pub dropped_local: Counter,
    /// Octets of content taken.
    pub bytes_in: Counter,
    /// Octets of content sent.
    pub bytes_out: Counter,
}

impl Totals {
    /// Every count with its name in JSON.
    pub fn named(&self) -> [(&'static str, u64); 13] {
        [
            ("connections", self.connections.get()),
            ("connections_refused", self.connections_refused.get()),
            ("accepted", self.accepted.get()),
            ("refused", self.refused.get()),
            ("delivered", self.delivered.get()),
            ("deferred", self.deferred.get()),
            ("failed", self.failed.get()),
            ("reports", self.reports.get()),
            ("badmail", self.badmail.get()),
            ("picked_up", self.picked_up.get()),
            ("dropped_local", self.dropped_local.get()),
            ("bytes_in", self.bytes_in.get()),
            ("bytes_out", self.bytes_out.get()),
        ]
    }
}
