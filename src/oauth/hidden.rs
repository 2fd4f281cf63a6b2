//! Tokens, which nothing shows.

use std::fmt;

use serde::{Deserialize, Deserializer};
use zeroize::Zeroizing;

/// A text that is told only where it is asked for.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Hidden(Zeroizing<String>);

impl Hidden {
    pub(super) fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("********")
    }
}

impl<'de> Deserialize<'de> for Hidden {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

/// A bearer token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessToken(pub(super) Hidden);

impl AccessToken {
    /// The token, for the login.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}
