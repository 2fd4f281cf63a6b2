//! Colours and signs. Every state also has a word or a sign, so that nothing depends on colour.

use ratatui::style::{Color, Modifier, Style};
use serde::{Deserialize, Serialize};

/// How many colours a terminal shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Colors {
    /// None: `NO_COLOR`, or a terminal that has none.
    Mono,
    /// The sixteen of ANSI, which the terminal's own palette defines.
    Ansi,
    /// 256.
    Indexed,
    /// All.
    True,
}

/// The themes by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ThemeName {
    /// The terminal's own colours.
    #[default]
    Terminal,
    /// Light on dark.
    Dark,
    /// Dark on light.
    Light,
    /// No colours.
    Mono,
}

impl ThemeName {
    /// All, in the order in which a key goes through them.
    pub const ALL: [Self; 4] = [Self::Terminal, Self::Dark, Self::Light, Self::Mono];

    /// The next one.
    #[must_use]
    pub fn next(self) -> Self {
        let at = Self::ALL.iter().position(|&name| name == self).unwrap_or(0);
        Self::ALL[(at + 1) % Self::ALL.len()]
    }

    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Terminal => "terminal",
            Self::Dark => "dark",
            Self::Light => "light",
            Self::Mono => "mono",
        }
    }
}

/// A style for each purpose.
#[derive(Clone, Debug)]
pub(crate) struct Theme {
    /// Which one it is.
    pub(crate) name: ThemeName,
    /// Everything not said otherwise.
    pub(crate) text: Style,
    /// What matters less.
    pub(crate) dim: Style,
    /// Names of panes, headings.
    pub(crate) title: Style,
    /// Heads of columns.
    pub(crate) column: Style,
    /// The frame of a pane that has the keys.
    pub(crate) focused: Style,
    /// The frame of one that has not.
    pub(crate) frame: Style,
    /// The row under the cursor.
    pub(crate) selected: Style,
    /// The same in a pane that does not have the keys.
    pub(crate) selected_elsewhere: Style,
    /// A marked row.
    pub(crate) marked: Style,
    /// Done, delivered, running.
    pub(crate) good: Style,
    /// Deferred, held, about to go wrong.
    pub(crate) warning: Style,
    /// Failed, refused, wrong.
    pub(crate) bad: Style,
    /// Under way.
    pub(crate) active: Style,
    /// Names of keys in hints.
    pub(crate) key: Style,
    /// What a search found.
    pub(crate) found: Style,
    /// A field that is being edited.
    pub(crate) field: Style,
    /// Bars and lines of charts.
    pub(crate) chart: Style,
}

/// The colours of a theme, by purpose.
struct Palette {
    text: Color,
    back: Color,
    dim: Color,
    accent: Color,
    good: Color,
    warning: Color,
    bad: Color,
    active: Color,
    selected: Color,
    field: Color,
}

impl Theme {
    /// The theme as a terminal with so many colours can show it.
    pub(crate) fn new(name: ThemeName, colors: Colors) -> Self {
        match (name, colors) {
            (_, Colors::Mono) | (ThemeName::Mono, _) => Self::mono(name),
            (ThemeName::Terminal, _) | (_, Colors::Ansi) => Self::terminal(name),
            (ThemeName::Dark, colors) => Self::painted(name, &DARK.at(colors)),
            (ThemeName::Light, colors) => Self::painted(name, &LIGHT.at(colors)),
        }
    }

    fn mono(name: ThemeName) -> Self {
        let plain = Style::reset();
        let bold = plain.add_modifier(Modifier::BOLD);
        let reversed = plain.add_modifier(Modifier::REVERSED);
        let underlined = plain.add_modifier(Modifier::UNDERLINED);
        Self {
            name,
            text: plain,
            dim: plain,
            title: bold,
            column: underlined,
            focused: bold,
            frame: plain,
            selected: reversed,
            selected_elsewhere: underlined,
            marked: bold,
            good: plain,
            warning: bold,
            bad: bold.add_modifier(Modifier::UNDERLINED),
            active: bold,
            key: bold,
            found: reversed.add_modifier(Modifier::BOLD | Modifier::UNDERLINED),
            field: underlined,
            chart: plain,
        }
    }

    /// The sixteen colours and the terminal's own fore- and background; never white or black, which may be the
    /// background.
    fn terminal(name: ThemeName) -> Self {
        let plain = Style::reset();
        let bold = plain.add_modifier(Modifier::BOLD);
        let reversed = plain.add_modifier(Modifier::REVERSED);
        Self {
            name,
            text: plain,
            dim: plain.add_modifier(Modifier::DIM),
            title: bold,
            column: plain.fg(Color::Cyan),
            focused: plain.fg(Color::Cyan),
            frame: plain.add_modifier(Modifier::DIM),
            selected: reversed,
            selected_elsewhere: plain.add_modifier(Modifier::UNDERLINED),
            marked: bold.fg(Color::Magenta),
            good: plain.fg(Color::Green),
            warning: plain.fg(Color::Yellow),
            bad: plain.fg(Color::Red),
            active: plain.fg(Color::Cyan),
            key: bold.fg(Color::Cyan),
            found: reversed.fg(Color::Yellow),
            field: plain.add_modifier(Modifier::UNDERLINED),
            chart: plain.fg(Color::Cyan),
        }
    }

    fn painted(name: ThemeName, palette: &Palette) -> Self {
        let on = Style::new().bg(palette.back);
        let plain = on.fg(palette.text);
        let bold = plain.add_modifier(Modifier::BOLD);
        Self {
            name,
            text: plain,
            dim: on.fg(palette.dim),
            title: bold,
            column: on.fg(palette.accent),
            focused: on.fg(palette.accent),
            frame: on.fg(palette.dim),
            selected: bold.bg(palette.selected),
            selected_elsewhere: plain.bg(palette.field),
            marked: on.fg(palette.accent).add_modifier(Modifier::BOLD),
            good: on.fg(palette.good),
            warning: on.fg(palette.warning),
            bad: on.fg(palette.bad),
            active: on.fg(palette.active),
            key: on.fg(palette.accent).add_modifier(Modifier::BOLD),
            found: Style::new().fg(palette.back).bg(palette.warning),
            field: plain.bg(palette.field),
            chart: on.fg(palette.active),
        }
    }
}

/// A colour as it is, and the nearest of the 256.
type Shade = (u32, u8);

/// A palette for every number of colours.
struct Paint {
    text: Shade,
    back: Shade,
    dim: Shade,
    accent: Shade,
    good: Shade,
    warning: Shade,
    bad: Shade,
    active: Shade,
    selected: Shade,
    field: Shade,
}

const DARK: Paint = Paint {
    text: (0x00d8_dee9, 254),
    back: (0x0018_1c24, 234),
    dim: (0x0080_8a9c, 245),
    accent: (0x0088_c0d0, 110),
    good: (0x00a3_be8c, 144),
    warning: (0x00eb_cb8b, 222),
    bad: (0x00ec_7a85, 210),
    active: (0x0081_a1c1, 109),
    selected: (0x003b_4a66, 60),
    field: (0x002a_3242, 237),
};

const LIGHT: Paint = Paint {
    text: (0x0024_292f, 235),
    back: (0x00fb_fbf8, 231),
    dim: (0x0064_6c76, 242),
    accent: (0x0005_50ae, 25),
    good: (0x0011_6329, 22),
    warning: (0x007d_4e00, 94),
    bad: (0x00b3_1d28, 124),
    active: (0x0009_69da, 26),
    selected: (0x00c5_dcf7, 153),
    field: (0x00e7_ebf0, 255),
};

impl Paint {
    fn at(&self, colors: Colors) -> Palette {
        let color = |(true_color, index): Shade| {
            if colors == Colors::True { Color::from_u32(true_color) } else { Color::Indexed(index) }
        };
        Palette {
            text: color(self.text),
            back: color(self.back),
            dim: color(self.dim),
            accent: color(self.accent),
            good: color(self.good),
            warning: color(self.warning),
            bad: color(self.bad),
            active: color(self.active),
            selected: color(self.selected),
            field: color(self.field),
        }
    }
}

/// Signs in Unicode, or in ASCII where that is all a terminal can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Glyphs {
    /// Only ASCII.
    pub(crate) ascii: bool,
}

impl Glyphs {
    /// One of two signs.
    pub(crate) const fn pick<T: Copy>(self, unicode: T, ascii: T) -> T {
        if self.ascii { ascii } else { unicode }
    }

    /// Before a row that is marked.
    pub(crate) const fn mark(self) -> &'static str {
        self.pick("●", "*")
    }

    /// For text that was cut.
    pub(crate) const fn ellipsis(self) -> &'static str {
        self.pick("…", "~")
    }

    /// Behind the head of the column that sorts.
    pub(crate) const fn sorted(self, descending: bool) -> &'static str {
        if descending { self.pick("▼", "v") } else { self.pick("▲", "^") }
    }

    /// The bars of a chart, from empty to full.
    pub(crate) const fn bars(self) -> &'static [&'static str] {
        if self.ascii { &[" ", ".", ":", "|"] } else { &[" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"] }
    }
}
