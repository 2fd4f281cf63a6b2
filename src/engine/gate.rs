//! The gate before the listeners: how many sessions at once, in all and from one client, and whether any.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::config::General;

/// Counts sessions and refuses those above the limits.
#[derive(Debug, Default)]
pub(super) struct Gate {
    paused: AtomicBool,
    /// Sessions that descriptors allow, whatever the settings say: some are kept back for the queue.
    ceiling: Option<u32>,
    sessions: Mutex<Sessions>,
}

#[derive(Debug, Default)]
struct Sessions {
    total: u32,
    by_client: HashMap<IpAddr, u32>,
}

/// Why a connection is not let in; each answers with its own 421.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Closed {
    Paused,
    Full,
    ClientFull,
}

/// A session's place; dropping it frees the place.
#[derive(Debug)]
pub(super) struct Place {
    gate: Arc<Gate>,
    client: IpAddr,
}

impl Gate {
    /// A gate for a process that may open `descriptors` files and sockets.
    pub(super) fn new(descriptors: Option<u64>) -> Self {
        Self { ceiling: descriptors.map(session_ceiling), ..Self::default() }
    }

    /// Takes a place for a client's new connection.
    pub(super) fn enter(self: &Arc<Self>, client: IpAddr, limits: &General) -> Result<Place, Closed> {
        if self.is_paused() {
            return Err(Closed::Paused);
        }
        let client = client.to_canonical();
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        let limit = limits.max_connections.into_iter().chain(self.ceiling).min();
        if limit.is_some_and(|limit| sessions.total >= limit) {
            return Err(Closed::Full);
        }
        let of_client = sessions.by_client.entry(client).or_default();
        if limits.max_connections_per_client.is_some_and(|limit| *of_client >= limit) {
            return Err(Closed::ClientFull);
        }
        *of_client += 1;
        sessions.total += 1;
        Ok(Place { gate: Arc::clone(self), client })
    }

    /// Whether new connections are refused by a person's wish.
    pub(super) fn is_paused(&self) -> bool {
        self.paused.load(Ordering::Relaxed)
    }

    /// Sets or lifts the pause.
    pub(super) fn pause(&self, paused: bool) {
        self.paused.store(paused, Ordering::Relaxed);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut sessions = self.gate.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.total -= 1;
        if let Some(count) = sessions.by_client.get_mut(&self.client) {
            *count -= 1;
            if *count == 0 {
                sessions.by_client.remove(&self.client);
            }
        }
    }
}

/// Of the descriptors at most a sixth, and never more than 128, are kept for queue, log and control socket; of the
/// rest inbound sessions get two in three, since a large message holds a file besides its socket.
fn session_ceiling(descriptors: u64) -> u32 {
    let reserve = (descriptors / 6).clamp(16, 128);
    let share = descriptors.saturating_sub(reserve) / 3 * 2;
    u32::try_from(share).unwrap_or(u32::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;

    fn limits(total: u32, per_client: u32) -> General {
        let mut general = Settings::defaults(std::path::Path::new("/srv")).general;
        general.max_connections = Some(total);
        general.max_connections_per_client = Some(per_client);
        general
    }

    const A: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
    const B: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));

    #[test]
    fn one_client_at_its_limit_does_not_keep_others_out() {
        let gate = Arc::new(Gate::default());
        let limits = limits(10, 1);
        let place = gate.enter(A, &limits).unwrap();
        assert_eq!(gate.enter(A, &limits).unwrap_err(), Closed::ClientFull);
        assert!(gate.enter(B, &limits).is_ok());
        drop(place);
        assert!(gate.enter(A, &limits).is_ok());
    }

    #[test]
    fn a_mapped_address_counts_as_the_client_it_is() {
        let gate = Arc::new(Gate::default());
        let _place = gate.enter(A, &limits(10, 1)).unwrap();
        let mapped = "::ffff:192.0.2.1".parse().unwrap();
        assert_eq!(gate.enter(mapped, &limits(10, 1)).unwrap_err(), Closed::ClientFull);
    }

    #[test]
    fn descriptors_bound_the_sessions_when_the_settings_do_not() {
        let gate = Arc::new(Gate::new(Some(64)));
        let mut unlimited = limits(0, 0);
        (unlimited.max_connections, unlimited.max_connections_per_client) = (None, None);
        let places: Vec<_> = (0..100).map_while(|_| gate.enter(A, &unlimited).ok()).collect();
        assert!((1..=48).contains(&places.len()), "{}", places.len());
    }

    #[test]
    fn a_paused_gate_lets_nobody_in() {
        let gate = Arc::new(Gate::default());
        gate.pause(true);
        assert_eq!(gate.enter(A, &limits(10, 10)).unwrap_err(), Closed::Paused);
    }
}
