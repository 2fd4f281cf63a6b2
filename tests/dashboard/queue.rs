//! The pane of the queue.

mod acts;
mod detail;
pub(crate) mod harness;
mod hostile;
mod list;
mod looks;
mod marks;
mod rights;
mod views;
