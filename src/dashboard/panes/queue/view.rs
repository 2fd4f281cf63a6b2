//! The three views of the pane.

use serde::{Deserialize, Serialize};

/// What the pane shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum View {
    /// A row for each message.
    #[default]
    List,
    /// A row for each destination.
    Destinations,
    /// A row for each message of Badmail.
    Badmail,
}
