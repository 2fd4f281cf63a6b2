//! The relay, running: listeners, queue, delivery and upkeep behind one handle.
//!
//! [`Engine::start`] brings everything up in order and hands out a [`Handle`]; viewers and the control socket send
//! [`Command`]s through it and get an [`Outcome`]. Rights are checked here, not where a key was pressed, and every
//! act is recorded with who did it. The engine knows no screen and no socket of those who look.

mod access;
mod badmail;
mod certificate;
mod check;
mod command;
mod gate;
mod handle;
mod intake;
mod janitor;
mod listener;
mod listeners;
mod look;
mod messages;
mod pickup;
mod plan;
mod preview;
mod problems;
mod queue_page;
mod queue_reader;
mod reload;
mod sampler;
mod settings_file;
mod snapshot;
mod stand_ins;
mod start;
mod tokens;
mod transcript;
mod trial;
mod users;
pub mod view;
mod watch;

pub use check::{CheckEvent, CheckWatch};
pub use command::{Actor, BadmailAct, Command, Outcome, QueueAct, Role, Target};
pub use handle::Handle;
pub use preview::preview_of;
pub use queue_page::{AGES, QueuePage, QueueQuery, QueueShape, ShapeRow, SortKey};
pub use queue_reader::QueueReader;
pub use sampler::Viewing;
pub use snapshot::{CertificateHealth, EngineState, LogTail, QueueSummary, Snapshot, TokenRow};
pub use start::{Engine, Options, StartError};
pub use transcript::{SessionWatch, TranscriptEvent};
pub use trial::{Trial, TrialError, TrialEvent, TrialWatch};
