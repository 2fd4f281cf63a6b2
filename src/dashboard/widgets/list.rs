//! Where the cursor of a list is, and which part of the list is in sight.

use super::super::pane::Motion;

/// The cursor's place and the first row in sight, kept true to each other. The owner knows which id the place means,
/// and moves the place when rows come and go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ListCursor {
    place: usize,
    offset: usize,
    len: usize,
    height: usize,
}

impl ListCursor {
    /// The place of the cursor; `None` in an empty list.
    pub(crate) fn place(&self) -> Option<usize> {
        (self.place < self.len).then_some(self.place)
    }

    /// The first row in sight.
    pub(crate) fn offset(&self) -> usize {
        self.offset
    }

    /// Rows in sight.
    pub(crate) fn height(&self) -> usize {
        self.height
    }

    /// Rows in all.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The list has so many rows, and so many of them fit.
    pub(crate) fn fit(&mut self, len: usize, height: usize) {
        (self.len, self.height) = (len, height);
        self.set(self.place);
    }

    /// Moves the cursor to a place, or as near as there is one.
    pub(crate) fn set(&mut self, place: usize) {
        self.place = place.min(self.len.saturating_sub(1));
        let height = self.height.max(1);
        self.offset = self.offset.clamp((self.place + 1).saturating_sub(height), self.place);
        self.offset = self.offset.min(self.len.saturating_sub(height));
    }

    /// The row under the cursor is at another place now. It stays where it is on the screen, but for a list of which
    /// the top is in sight: what arrives there is to be seen.
    pub(crate) fn follow(&mut self, place: usize) {
        if self.offset > 0 {
            self.offset = (self.offset + place).saturating_sub(self.place);
        }
        self.set(place);
    }

    /// Puts the cursor and the first row in sight where their rows are now, after rows came and went.
    pub(crate) fn restore(&mut self, place: usize, offset: usize) {
        self.offset = offset;
        self.set(place);
    }

    /// Moves the cursor.
    pub(crate) fn go(&mut self, motion: Motion) {
        let page = self.height.saturating_sub(1).max(1);
        let half = (self.height / 2).max(1);
        self.set(match motion {
            Motion::Up => self.place.saturating_sub(1),
            Motion::Down => self.place + 1,
            Motion::PageUp => self.place.saturating_sub(page),
            Motion::PageDown => self.place + page,
            Motion::HalfUp => self.place.saturating_sub(half),
            Motion::HalfDown => self.place + half,
            Motion::First => 0,
            Motion::Last => self.len.saturating_sub(1),
            Motion::Left | Motion::Right => self.place,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(len: usize, height: usize) -> ListCursor {
        let mut list = ListCursor::default();
        list.fit(len, height);
        list
    }

    #[test]
    fn the_cursor_stays_in_the_list_and_in_sight() {
        let mut list = list(100, 10);
        list.go(Motion::Last);
        assert_eq!((list.place(), list.offset()), (Some(99), 90));
        list.go(Motion::PageUp);
        assert_eq!((list.place(), list.offset()), (Some(90), 90));
        list.go(Motion::Up);
        assert_eq!((list.place(), list.offset()), (Some(89), 89));
        list.go(Motion::Down);
        assert_eq!((list.place(), list.offset()), (Some(90), 89));
    }

    #[test]
    fn a_list_that_shrinks_pulls_the_cursor_along() {
        let mut list = list(100, 10);
        list.go(Motion::Last);
        list.fit(3, 10);
        assert_eq!((list.place(), list.offset()), (Some(2), 0));
        list.fit(0, 10);
        assert_eq!(list.place(), None);
    }

    #[test]
    fn a_row_that_is_followed_stays_where_it_is_on_the_screen() {
        let mut list = list(100, 10);
        list.set(50);
        list.follow(47);
        assert_eq!((list.place(), list.offset()), (Some(47), 38));
        list.follow(20);
        list.follow(3);
        assert_eq!((list.place(), list.offset()), (Some(3), 0));
        list.follow(5);
        assert_eq!((list.place(), list.offset()), (Some(5), 0), "what came in at the top is in sight");
    }

    proptest::proptest! {
        #[test]
        fn whatever_happens_the_cursor_is_in_sight(steps in proptest::collection::vec((0u8..13, 0usize..50, 0usize..20), 0..60)) {
            let mut list = ListCursor::default();
            for (step, len, height) in steps {
                match step {
                    0 => list.fit(len, height),
                    1 => list.set(len),
                    2 => list.go(Motion::PageDown),
                    3 => list.go(Motion::PageUp),
                    4 => list.go(Motion::HalfDown),
                    5 => list.go(Motion::HalfUp),
                    6 => list.go(Motion::First),
                    7 => list.go(Motion::Last),
                    8 => list.go(Motion::Up),
                    9 => list.follow(len),
                    10 => list.restore(len, height),
                    _ => list.go(Motion::Down),
                }
                if let Some(place) = list.place() {
                    proptest::prop_assert!(list.offset() <= place);
                    proptest::prop_assert!(place < list.offset() + list.height().max(1));
                }
            }
        }
    }
}
