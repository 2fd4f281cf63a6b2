//! A viewer's terminal.

pub mod capabilities;
pub mod decode;
pub mod screen;
