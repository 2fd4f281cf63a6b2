//! All that differs between Linux and Windows: the control socket, signals, descriptors, file modes, usual places.
//!
//! The other modules are portable because this one is not. It knows nothing of mail.

mod access;
mod control;
mod descriptors;
pub mod files;
mod paths;
mod signals;
mod user;

pub use access::keep_files_private;
pub use control::{ClientStream, ControlError, ControlListener, Peer, ServerStream, connect};
pub use descriptors::raise_descriptor_limit;
pub use paths::usual_settings_file;
pub use signals::{ReloadSignal, ShutdownSignal, WindowSignal, stop_this_process};
pub use user::user_name;
