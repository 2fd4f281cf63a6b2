//! What a viewer's terminal can show, from the environment that the viewer has, which is not always this process's.

use crate::dashboard::Colors;

/// The variables that say it; whoever carries a terminal over a wire carries these with it.
pub const VARIABLES: [&str; 7] = ["TERM", "COLORTERM", "NO_COLOR", "LC_ALL", "LC_CTYPE", "LANG", "WT_SESSION"];

/// Names in TERM of terminals that show all colours, though neither the name nor COLORTERM need say so.
const TRUE_COLOR: [&str; 7] = ["xterm-kitty", "xterm-ghostty", "alacritty", "foot", "wezterm", "contour", "rio"];
/// Beginnings of TERM of terminals whose fonts have little beyond ASCII.
const ASCII: [&str; 3] = ["linux", "vt", "cons"];

/// What a terminal can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// Its colours.
    pub colors: Colors,
    /// Whether it shows ASCII only.
    pub ascii: bool,
    /// Whether it cannot move its cursor: an editor's pane or a log of a build, which no dashboard can be drawn on.
    pub is_dumb: bool,
}

impl Capabilities {
    /// Reads them from the viewer's environment; `variable` is asked for [`VARIABLES`] only.
    pub fn of(variable: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name| variable(name).filter(|value| !value.is_empty());
        let term = set("TERM").unwrap_or_default();
        // The terminal of Windows sets no TERM, whether it is asked by a program of Windows or not.
        let is_windows = set("WT_SESSION").is_some() || (cfg!(windows) && term.is_empty());
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set).unwrap_or_default().to_ascii_lowercase();
        let is_utf8 = is_windows || locale.contains("utf-8") || locale.contains("utf8");
        let colors = match set("COLORTERM") {
            // Said by any value at all: <https://no-color.org>.
            _ if set("NO_COLOR").is_some() => Colors::Mono,
            _ if is_monochrome(&term) => Colors::Mono,
            Some(depth) if matches!(depth.as_str(), "truecolor" | "24bit") => Colors::True,
            _ if is_windows || term.ends_with("-direct") => Colors::True,
            _ if TRUE_COLOR.iter().any(|name| is_named(&term, name)) => Colors::True,
            _ if term.contains("256color") => Colors::Indexed,
            _ => Colors::Ansi,
        };
        Self { colors, ascii: !is_utf8 || ASCII.iter().any(|name| term.starts_with(name)), is_dumb: term == "dumb" }
    }
}

/// The terminals before colour, and what calls itself so.
fn is_monochrome(term: &str) -> bool {
    let is_vt = term.strip_prefix("vt").is_some_and(|model| model.starts_with(|c: char| c.is_ascii_digit()));
    (is_vt && !term.contains("color")) || term.ends_with("-m") || term.ends_with("-mono") || term == "dumb"
}

/// `foot` is also `foot-extra`, but not `football`.
fn is_named(term: &str, name: &str) -> bool {
    term.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn capabilities(environment: &[(&str, &str)]) -> Capabilities {
        Capabilities::of(|wanted| {
            assert!(VARIABLES.contains(&wanted));
            environment.iter().find(|(name, _)| *name == wanted).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn colours_are_what_the_viewers_terminal_shows() {
        for (environment, colors) in [
            (&[("TERM", "xterm-256color")][..], Colors::Indexed),
            (&[("TERM", "xterm-256color"), ("COLORTERM", "truecolor")], Colors::True),
            (&[("TERM", "xterm-256color"), ("COLORTERM", "truecolor"), ("NO_COLOR", "1")], Colors::Mono),
            (&[("TERM", "xterm-256color"), ("NO_COLOR", "")], Colors::Indexed),
            (&[("TERM", "screen")], Colors::Ansi),
            (&[("TERM", "foot-extra")], Colors::True),
            (&[("TERM", "xterm-direct")], Colors::True),
            (&[("TERM", "football")], Colors::Ansi),
            (&[("TERM", "vt220")], Colors::Mono),
            (&[("TERM", "linux")], Colors::Ansi),
            (&[("TERM", "xterm"), ("WT_SESSION", "3a5c")], Colors::True),
        ] {
            assert_eq!(capabilities(environment).colors, colors, "{environment:?}");
        }
    }

    #[test]
    fn signs_beyond_ascii_need_a_locale_and_a_font_that_has_them() {
        for (environment, ascii) in [
            (&[("TERM", "xterm"), ("LANG", "de_DE.UTF-8")][..], false),
            (&[("TERM", "xterm"), ("LANG", "C.utf8")], false),
            (&[("TERM", "xterm"), ("LANG", "C")], true),
            (&[("TERM", "xterm")], true),
            (&[("TERM", "xterm"), ("LANG", "en_US.UTF-8"), ("LC_ALL", "C")], true),
            (&[("TERM", "xterm"), ("LANG", "C"), ("LC_CTYPE", "en_US.UTF-8")], false),
            (&[("TERM", "linux"), ("LANG", "en_US.UTF-8")], true),
        ] {
            assert_eq!(capabilities(environment).ascii, ascii, "{environment:?}");
        }
        assert!(capabilities(&[("TERM", "dumb")]).is_dumb);
    }
}
