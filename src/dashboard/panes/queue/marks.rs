//! Which messages a person marked: by id, or all that match.

use std::collections::BTreeSet;

use crate::queue::Filter;

/// Marked messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Marks {
    /// These.
    Ids(BTreeSet<String>),
    /// All that match, more than were ever read.
    Matching(Filter),
}

impl Default for Marks {
    fn default() -> Self {
        Self::Ids(BTreeSet::new())
    }
}

impl Marks {
    /// Whether a message is marked, given that it matches the filter of the list.
    pub(super) fn contains(&self, id: &str) -> bool {
        match self {
            Self::Ids(ids) => ids.contains(id),
            Self::Matching(_) => true,
        }
    }

    /// Whether none is.
    pub(super) fn is_empty(&self) -> bool {
        matches!(self, Self::Ids(ids) if ids.is_empty())
    }

    /// How many are marked, in a list of which so many match.
    pub(super) fn count(&self, matched: usize) -> usize {
        match self {
            Self::Ids(ids) => ids.len(),
            Self::Matching(_) => matched,
        }
    }

    /// Marks a message, or no longer.
    pub(super) fn toggle(&mut self, id: &str) {
        if let Self::Ids(ids) = self
            && !ids.remove(id)
        {
            ids.insert(id.to_owned());
        }
    }

    /// Marks these as well.
    pub(super) fn extend(&mut self, more: impl IntoIterator<Item = String>) {
        if let Self::Ids(ids) = self {
            ids.extend(more);
        }
    }

    /// Marks those of these that are not marked, and no others.
    pub(super) fn invert(&mut self, all: impl IntoIterator<Item = String>) {
        let unmarked = |id: &String| !self.contains(id);
        *self = Self::Ids(all.into_iter().filter(unmarked).collect());
    }

    /// Forgets those that are not among all that there are.
    pub(super) fn prune(&mut self, all: &BTreeSet<&str>) {
        if let Self::Ids(ids) = self {
            ids.retain(|id| all.contains(id.as_str()));
        }
    }
}
