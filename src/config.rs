//! The settings: raw text in, one typed value out that is always valid.
//!
//! [`Settings`] mirrors the sections of the file. [`load`] reads a file; what is wrong with it comes back as a list
//! of [`Problem`]s, each with key, line, column, reason and what would be right. [`SECTIONS`] is the one table from
//! which the parser, the sample file, the edits and the settings form come.
//!
//! This module knows neither the engine nor any screen. What a change of a setting means is only named here
//! ([`Apply`]); watching the file and applying it is the engine's.

mod changes;
mod checks;
mod confidential;
mod defaults;
mod document;
mod draft;
pub mod duration;
mod fields;
mod key;
mod load;
mod names;
mod parse;
mod peers;
pub mod presets;
mod problem;
mod sample;
mod save;
mod secret;
mod secret_files;
mod secrets;
mod security;
mod setting;
mod settings;
pub mod size;
mod smart_host;
mod suggest;
mod token_url;

pub use changes::{Difference, Effective, Place, changes, differences};
pub use checks::Warning;
pub use confidential::Confidential;
pub use draft::{Draft, Edit};
pub use fields::{Apply, DOMAIN, Field, Kind, SECTIONS, Section, domain_fields, entries, fields, list};
pub use load::{LoadError, Loaded, base_of, current, default_path, load, load_text, locate, place, read, relative};
pub use parse::parse;
pub use peers::{Mode, PeerList, PeerPattern, PeerPatternError};
pub use problem::{Position, Problem};
pub use sample::sample;
pub use save::{SaveError, save};
pub use secret::{Secret, SecretError};
pub use secret_files::{SecretFiles, readable_by_others, secrets_folder};
pub use secrets::masked;
pub(crate) use secrets::{given, new as new_secrets, with_others};
pub use security::{Grant, Method, OAuth, OutboundSecurity, TlsMode};
pub use settings::{
    Access, Advanced, Authentication, Control, Delivery, Domain, DomainPattern, General, Level, Local, Log, Messages,
    OutboundConnections, PerMinute, Relay, Settings,
};
pub use smart_host::{Host, SmartHost, SmartHostError};
pub use token_url::{TokenUrl, TokenUrlError};
