//! Who a client is and what its address allows, decided once, before the greeting.

use std::net::SocketAddr;
use std::time::Duration;

use crate::config::Settings;
use crate::dns::{self, Resolver};
use crate::smtp::Peer;

/// How long the name of a client may take to look up; after that it has none.
const NAME_LOOKUP: Duration = Duration::from_secs(5);

/// The client, if `access.connection` lets it in. The right to relay comes from its address, or from a name that
/// reverse DNS gives and that resolves back to the address; never from what the client says of itself.
pub(super) async fn identify(
    address: SocketAddr,
    local: SocketAddr,
    settings: &Settings,
    resolver: &dyn Resolver,
) -> Option<Peer> {
    let address = SocketAddr::new(address.ip().to_canonical(), address.port());
    let (connection, relay) = (&settings.access.connection, &settings.access.relay.peers);
    let clear = &settings.access.auth_without_tls;
    let by_name = [connection, relay, clear].iter().any(|list| list.needs_names());
    let wants_name = by_name || settings.delivery.advanced.reverse_dns;
    let name = if wants_name {
        let lookup = dns::verified_name(resolver, address.ip());
        tokio::time::timeout(NAME_LOOKUP, lookup).await.unwrap_or(None)
    } else {
        None
    };
    if !connection.admits(address.ip(), name.as_ref()) {
        return None;
    }
    let may_relay = relay.admits(address.ip(), name.as_ref());
    let may_log_in_clear = clear.admits(address.ip(), name.as_ref());
    Some(Peer { address, local, name, may_relay, may_log_in_clear })
}
