//! The dashboard over the control socket: what the two ends say to each other.
//!
//! The viewer's end sends a [`Hello`] as a line of JSON, as commands are sent; the engine answers with a line, as ever.
//! If it is not a refusal, frames follow in both directions: a tag, the length in two octets, big-endian, and so many
//! octets. The engine draws; the viewer's end carries keys and sizes there and pictures back.

mod desk;
mod frame;
mod guest;

use std::collections::BTreeMap;

use ratatui::layout::Size;
use serde::{Deserialize, Serialize};

pub use desk::FrontDesk;
pub use guest::{Guest, Shown};

use crate::terminal::capabilities::{Capabilities, VARIABLES};

/// Who wants to see the dashboard, and on what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hello {
    command: Attach,
    columns: u16,
    rows: u16,
    /// What says what the terminal can show.
    variables: BTreeMap<String, String>,
}

/// The word that tells it from other commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Attach {
    Attach,
}

impl Hello {
    /// From a terminal of this size and this process's environment.
    pub fn from_here(size: Size) -> Self {
        let set = |name: &&str| {
            let value = std::env::var_os(name)?;
            Some(((*name).to_owned(), value.to_string_lossy().into_owned()))
        };
        Self {
            command: Attach::Attach,
            columns: size.width,
            rows: size.height,
            variables: VARIABLES.iter().filter_map(set).collect(),
        }
    }

    pub(super) fn size(&self) -> Size {
        Size::new(self.columns, self.rows)
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::of(|name| self.variables.get(name).cloned())
    }
}
