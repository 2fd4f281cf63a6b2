//! Which files of Pickup are whole.
//!
//! Nobody tells when a program has finished a file it writes. One that looked the same at two looks, a second or more
//! apart, is taken for whole.

use std::collections::HashMap;
use std::ffi::OsString;
use std::time::Duration;

use tokio::time::Instant;

use crate::queue::Stamp;

/// How long a file must stay the same.
const SETTLED: Duration = Duration::from_secs(1);

/// What was seen of the files that are there.
#[derive(Default)]
pub(super) struct Looks {
    files: HashMap<OsString, Look>,
}

struct Look {
    stamp: Stamp,
    /// Since when it has looked like this.
    since: Instant,
    /// It cannot be taken, was reported once, and is left alone until it changes.
    refused: bool,
}

impl Looks {
    /// Compares what is there now with the last look. Returns the files that are whole, the oldest first.
    pub(super) fn update(&mut self, seen: Vec<(OsString, Stamp)>, now: Instant) -> Vec<OsString> {
        let mut before = std::mem::take(&mut self.files);
        let mut whole = Vec::new();
        for (name, stamp) in seen {
            let unchanged = before.remove(&name).filter(|look| look.stamp == stamp);
            let look = unchanged.unwrap_or(Look { stamp, since: now, refused: false });
            if !look.refused && now.duration_since(look.since) >= SETTLED {
                whole.push((stamp.modified, name.clone()));
            }
            self.files.insert(name, look);
        }
        whole.sort();
        whole.into_iter().map(|(_, name)| name).collect()
    }

    /// Leaves a file alone until it changes; true the first time.
    pub(super) fn refuse(&mut self, name: &OsString) -> bool {
        self.files.get_mut(name).is_some_and(|look| !std::mem::replace(&mut look.refused, true))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, modified: i64, size: u64) -> (OsString, Stamp) {
        (name.into(), Stamp { modified, size })
    }

    #[test]
    fn a_file_is_whole_once_it_stayed_the_same_for_a_second() {
        let (mut looks, start) = (Looks::default(), Instant::now());
        let after = |millis| start + Duration::from_millis(millis);
        assert!(looks.update(vec![file("a", 1, 10)], start).is_empty());
        assert!(looks.update(vec![file("a", 1, 10)], after(600)).is_empty());
        assert_eq!(looks.update(vec![file("a", 1, 10)], after(1000)), ["a"]);
    }

    #[test]
    fn fs05_a_file_that_grows_shrinks_or_is_written_anew_waits_again() {
        let (mut looks, start) = (Looks::default(), Instant::now());
        let after = |millis| start + Duration::from_millis(millis);
        looks.update(vec![file("a", 1, 10), file("b", 1, 10), file("c", 1, 10)], start);
        let changed = vec![file("a", 1, 11), file("b", 1, 9), file("c", 2, 10)];
        assert!(looks.update(changed.clone(), after(5000)).is_empty());
        assert!(looks.update(changed.clone(), after(5900)).is_empty());
        assert_eq!(looks.update(changed, after(6000)), ["a", "b", "c"]);
    }

    #[test]
    fn a_file_that_went_away_and_came_back_is_a_new_one() {
        let (mut looks, start) = (Looks::default(), Instant::now());
        looks.update(vec![file("a", 1, 10)], start);
        looks.update(vec![], start + Duration::from_secs(2));
        assert!(looks.update(vec![file("a", 1, 10)], start + Duration::from_secs(4)).is_empty());
    }

    #[test]
    fn a_refused_file_is_left_alone_until_it_changes() {
        let (mut looks, start) = (Looks::default(), Instant::now());
        let after = |seconds| start + Duration::from_secs(seconds);
        looks.update(vec![file("a", 1, 10)], start);
        assert!(looks.refuse(&"a".into()) && !looks.refuse(&"a".into()));
        assert!(looks.update(vec![file("a", 1, 10)], after(2)).is_empty());
        looks.update(vec![file("a", 2, 10)], after(3));
        assert_eq!(looks.update(vec![file("a", 2, 10)], after(4)), ["a"]);
    }

    #[test]
    fn the_oldest_file_comes_first() {
        let (mut looks, start) = (Looks::default(), Instant::now());
        let seen = || vec![file("new", 9, 1), file("old", 1, 1)];
        looks.update(seen(), start);
        assert_eq!(looks.update(seen(), start + Duration::from_secs(1)), ["old", "new"]);
    }
}
