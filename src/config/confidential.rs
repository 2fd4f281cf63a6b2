//! A text in which secrets may stand, so that Debug does not tell it.

use std::fmt;
use std::ops::Deref;

use serde::{Deserialize, Serialize};

/// The text of a settings file, or of a part of one. Neither Debug nor an error that holds it tells what it says.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Confidential(String);

impl Confidential {
    /// The text itself.
    pub fn into_inner(self) -> String {
        self.0
    }
}

impl<T: Into<String>> From<T> for Confidential {
    fn from(text: T) -> Self {
        Self(text.into())
    }
}

impl Deref for Confidential {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl PartialEq<str> for Confidential {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

/// Tells how long the text is.
impl fmt::Debug for Confidential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({} octets)", self.0.len())
    }
}
