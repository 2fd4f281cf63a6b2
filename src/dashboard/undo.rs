//! What can be taken back: the last removals, for a short while.

use std::time::Duration;

use super::message::{Effect, Request};
use crate::clock::Timestamp;
use crate::engine::{Command, QueueAct, Target};
use crate::queue::QueueId;

/// How long a removal can be taken back by a key; its toast stays as long.
const SPAN: Duration = Duration::from_secs(10);
/// Ids that one command names at most.
const CHUNK: usize = 10_000;

/// The removals that can be taken back, the last one on top.
#[derive(Default)]
pub(crate) struct Undo(Vec<Removal>);

struct Removal {
    at: Timestamp,
    ids: Vec<QueueId>,
}

impl Undo {
    /// Messages were deleted.
    pub(crate) fn push(&mut self, at: Timestamp, ids: Vec<QueueId>) {
        self.0.retain(|removal| removal.is_fresh(at));
        self.0.push(Removal { at, ids });
    }

    /// Whether there is something to take back.
    pub(crate) fn is_ready(&self, now: Timestamp) -> bool {
        self.0.last().is_some_and(|removal| removal.is_fresh(now))
    }

    /// Takes the last removal back.
    pub(crate) fn take_back(&mut self, now: Timestamp) -> Vec<Effect> {
        match self.0.pop() {
            Some(removal) if removal.is_fresh(now) => {
                let ids: Vec<String> = removal.ids.iter().map(ToString::to_string).collect();
                commands(QueueAct::Restore, &ids).map(|command| Effect::Execute(Request::Act, command)).collect()
            }
            _ => Vec::new(),
        }
    }
}

impl Removal {
    fn is_fresh(&self, now: Timestamp) -> bool {
        now.since(self.at) < SPAN
    }
}

/// An act on messages as commands of a size that the engine takes.
pub(crate) fn commands(act: QueueAct, ids: &[String]) -> impl Iterator<Item = Command> {
    ids.chunks(CHUNK).map(move |ids| Command::QueueAct { act, target: Target::Ids(ids.to_vec()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_removal_is_taken_back_first_and_each_only_once_and_in_time() {
        let at = Timestamp::from_unix(1000);
        let mut undo = Undo::default();
        undo.push(at, vec!["A".parse().unwrap()]);
        undo.push(at.plus(Duration::from_secs(3)), vec!["B".parse().unwrap()]);
        let restored = |effects: &[Effect]| format!("{effects:?}");
        let soon = at.plus(Duration::from_secs(9));
        assert!(undo.is_ready(soon));
        assert!(restored(&undo.take_back(soon)).contains("Restore, target: Ids([\"B\"])"));
        assert!(restored(&undo.take_back(soon)).contains("Ids([\"A\"])"));
        assert!(undo.take_back(soon).is_empty());
        undo.push(at, vec!["C".parse().unwrap()]);
        let late = at.plus(SPAN);
        assert!(!undo.is_ready(late) && undo.take_back(late).is_empty());
    }

    #[test]
    fn many_messages_make_several_commands() {
        let ids: Vec<String> = (0..=CHUNK).map(|id| id.to_string()).collect();
        assert_eq!(commands(QueueAct::Hold, &ids).count(), 2);
    }
}
