//! What the engine answered, in the form in which it was meant.

use serde::de::DeserializeOwned;

use crate::engine::Outcome;

/// The view in an outcome, or why there is none.
pub(super) fn read<T: DeserializeOwned>(outcome: &Outcome) -> Result<T, String> {
    match outcome {
        Outcome::View { view } => {
            T::deserialize(view).map_err(|error| format!("the engine's answer is not understood: {error}"))
        }
        Outcome::Refused { reason } => Err(reason.clone()),
        Outcome::Done { message, .. } => Err(message.clone()),
        Outcome::Conflict { .. } => Err("the settings were changed meanwhile".to_owned()),
    }
}
