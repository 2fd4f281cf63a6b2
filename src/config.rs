//! The settings: raw text in, one typed value out that is always valid.
//!
//! [`Settings`] mirrors section 2 of the design. `load` reads a file; what is wrong with it comes back as a list
//! of `Problem`s, each with key, line, column, reason and what would be right. `FIELDS` is the one table from
//! which the checks, the sample file and (later) the settings form come.

mod peers;
mod settings;
mod smart_host;

pub use peers::{Mode, PeerList, PeerPattern};
pub use settings::{
    Access, Advanced, Control, Delivery, Domain, DomainPattern, General, Level, Local, Log, Messages,
    OutboundConnections, OutboundSecurity, Relay, Settings,
};
pub use smart_host::{Host, SmartHost, SmartHostError};

impl Settings {
    /// The defaults, with all paths below `base`. For tests and for a start without a file.
    // STUB (builder 1): must equal parsing an empty file.
    pub fn defaults(base: &std::path::Path) -> Self {
        todo!()
    }
}
