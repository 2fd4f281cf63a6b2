//! How far a text is scrolled.

use crate::dashboard::pane::Motion;

/// The first row in sight of a text. What the text and its room are is said anew each time, since both may change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Scroll(usize);

impl Scroll {
    /// The first row in sight of a text of `rows`, of which `height` fit.
    pub(crate) fn offset(self, rows: usize, height: usize) -> usize {
        self.0.min(rows.saturating_sub(height))
    }

    /// Scrolls.
    pub(crate) fn go(&mut self, motion: Motion, rows: usize, height: usize) {
        let from = self.offset(rows, height);
        let page = height.saturating_sub(1).max(1);
        let half = (height / 2).max(1);
        self.0 = match motion {
            Motion::Up => from.saturating_sub(1),
            Motion::Down => from + 1,
            Motion::PageUp => from.saturating_sub(page),
            Motion::PageDown => from + page,
            Motion::HalfUp => from.saturating_sub(half),
            Motion::HalfDown => from + half,
            Motion::First => 0,
            Motion::Last => rows,
            Motion::Left | Motion::Right => from,
        };
        self.0 = self.offset(rows, height);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_scrolled_to_its_end_and_no_further() {
        let mut scroll = Scroll::default();
        scroll.go(Motion::Last, 100, 10);
        scroll.go(Motion::Down, 100, 10);
        assert_eq!(scroll.offset(100, 10), 90);
        assert_eq!(scroll.offset(50, 10), 40, "the text became shorter");
        scroll.go(Motion::Up, 50, 10);
        assert_eq!(scroll.offset(100, 10), 39);
        scroll.go(Motion::Up, 5, 10);
        assert_eq!(scroll.offset(100, 10), 0, "all of it was in sight");
    }
}
