//! Where everything stands, for drawing and for clicks alike.

use ratatui::layout::{Constraint, Layout, Rect, Size};

use super::pane::PaneId;

/// Smaller than this nothing is drawn but how small it is.
pub(super) const SMALLEST: Size = Size::new(40, 12);
/// From here on the three live panes stand above each other.
const STACK: Size = Size::new(100, 34);
/// From here on all four stand in a square.
const SQUARE: Size = Size::new(170, 46);

/// The parts of the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Areas {
    pub(super) header: Rect,
    /// The names of the panes, where only one of them is in sight.
    pub(super) tabs: Option<Rect>,
    /// The panes in sight, with their frames if there are no tabs.
    pub(super) panes: Vec<(PaneId, Rect)>,
    pub(super) status: Rect,
}

impl Areas {
    /// The parts of a screen; `notice` is whether the header has something to say to a person.
    pub(super) fn new(size: Size, focus: PaneId, is_zoomed: bool, notice: bool) -> Self {
        let screen = Rect::from((ratatui::layout::Position::ORIGIN, size));
        let header = if size.height >= 20 { 2 } else { 1 } + u16::from(notice);
        let [header, body, status] =
            Layout::vertical([Constraint::Length(header), Constraint::Min(1), Constraint::Length(1)]).areas(screen);
        let fits = |least: Size| size.width >= least.width && size.height >= least.height;
        if is_zoomed || !fits(STACK) || (focus == PaneId::Settings && !fits(SQUARE)) {
            let [tabs, pane] = Layout::vertical([Constraint::Length(1), Constraint::Min(1)]).areas(body);
            return Self { header, tabs: Some(tabs), panes: vec![(focus, pane)], status };
        }
        let panes = if fits(SQUARE) { square(body, focus) } else { stack(body, focus) };
        Self { header, tabs: None, panes, status }
    }

    /// The part of a pane's area that is its own to draw in.
    pub(super) fn inner(&self, area: Rect) -> Rect {
        if self.tabs.is_some() { area } else { area.inner(ratatui::layout::Margin::new(1, 1)) }
    }
}

/// The live panes above each other; the one that has the keys gets the most.
fn stack(body: Rect, focus: PaneId) -> Vec<(PaneId, Rect)> {
    let panes = [PaneId::Sessions, PaneId::Queue, PaneId::Log];
    let parts = panes.map(|pane| Constraint::Fill(if pane == focus { 5 } else { 3 }));
    let areas: [Rect; 3] = Layout::vertical(parts).areas(body);
    panes.into_iter().zip(areas).collect()
}

fn square(body: Rect, focus: PaneId) -> Vec<(PaneId, Rect)> {
    let wide =
        |one: PaneId, other: PaneId| [one, other].map(|pane| Constraint::Fill(if pane == focus { 4 } else { 3 }));
    let rows: [Rect; 2] = Layout::vertical([Constraint::Fill(1), Constraint::Fill(1)]).areas(body);
    let top: [Rect; 2] = Layout::horizontal(wide(PaneId::Sessions, PaneId::Queue)).areas(rows[0]);
    let bottom: [Rect; 2] = Layout::horizontal(wide(PaneId::Log, PaneId::Settings)).areas(rows[1]);
    PaneId::ALL.into_iter().zip([top[0], top[1], bottom[0], bottom[1]]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_more_room_the_more_panes_are_in_sight() {
        let panes = |width, height, focus| Areas::new(Size::new(width, height), focus, false, false).panes.len();
        assert_eq!(panes(40, 15, PaneId::Queue), 1);
        assert_eq!(panes(80, 24, PaneId::Queue), 1);
        assert_eq!(panes(120, 40, PaneId::Queue), 3);
        assert_eq!(panes(120, 40, PaneId::Settings), 1);
        assert_eq!(panes(200, 60, PaneId::Settings), 4);
        assert_eq!(Areas::new(Size::new(200, 60), PaneId::Log, true, false).panes.len(), 1, "zoomed");
    }

    proptest::proptest! {
        #[test]
        fn nothing_lies_outside_of_the_screen(width in 1u16..300, height in 1u16..120, focus in 0usize..4, notice: bool) {
            let areas = Areas::new(Size::new(width, height), PaneId::ALL[focus], false, notice);
            let screen = Rect::new(0, 0, width, height);
            for area in areas.panes.iter().map(|(_, area)| *area).chain([areas.header, areas.status]) {
                proptest::prop_assert_eq!(area.intersection(screen), area);
                proptest::prop_assert_eq!(areas.inner(area).intersection(area).area(), areas.inner(area).area());
            }
        }
    }
}
