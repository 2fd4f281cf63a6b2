//! Text by the columns it takes: graphemes are never torn, and wide ones are taken whole or not at all.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// Columns that a text takes.
pub(crate) fn width(text: &str) -> usize {
    text.width()
}

/// The text, cut to at most `columns`, with the sign for what is missing.
pub(crate) fn cut(text: &str, columns: usize, ellipsis: &str) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let room = columns.saturating_sub(width(ellipsis));
    let mut cut = String::new();
    let mut used = 0;
    for grapheme in text.graphemes(true) {
        used += width(grapheme);
        if used > room {
            break;
        }
        cut.push_str(grapheme);
    }
    if columns >= width(ellipsis) {
        cut.push_str(ellipsis);
    }
    cut
}

/// The text without what stands in its first `columns`.
pub(crate) fn skip(text: &str, columns: usize) -> &str {
    let mut used = 0;
    for (at, grapheme) in text.grapheme_indices(true) {
        if used >= columns {
            return &text[at..];
        }
        used += width(grapheme);
    }
    ""
}

/// The text in lines of at most `columns`: broken at blanks, in words too long for a line between their parts, and
/// where there are none, anywhere.
pub(crate) fn wrap(text: &str, columns: usize) -> Vec<String> {
    let mut lines = Lines { done: Vec::new(), line: String::new(), used: 0, columns };
    for word in text.split_inclusive(char::is_whitespace) {
        if lines.push(word) {
            continue;
        }
        if width(word.trim_end()) <= columns {
            lines.end();
            lines.push(word);
            continue;
        }
        for part in word.split_word_bounds() {
            if lines.push(part) {
                continue;
            }
            lines.end();
            for grapheme in part.graphemes(true) {
                if !lines.push(grapheme) {
                    lines.end();
                    lines.push(grapheme);
                }
            }
        }
    }
    lines.end();
    if lines.done.is_empty() {
        lines.done.push(String::new());
    }
    lines.done
}

/// Lines that are being filled.
struct Lines {
    done: Vec<String>,
    line: String,
    used: usize,
    columns: usize,
}

impl Lines {
    /// Adds a text to the line, if it fits; blanks at its end need no room.
    fn push(&mut self, text: &str) -> bool {
        let fits = self.used + width(text.trim_end()) <= self.columns;
        if fits {
            self.line.push_str(text);
            self.used += width(text);
        }
        fits
    }

    /// Ends the line, unless nothing is on it.
    fn end(&mut self) {
        let line = std::mem::take(&mut self.line);
        self.used = 0;
        if !line.trim_end().is_empty() {
            self.done.push(line.trim_end().to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wide_character_is_cut_whole() {
        assert_eq!(cut("漢字漢字", 5, "…"), "漢字…");
        assert_eq!(cut("漢字漢字", 4, "…"), "漢…");
        assert_eq!(cut("abc", 3, "…"), "abc");
        assert_eq!(cut("abcd", 0, "…"), "");
        assert_eq!(skip("漢字ab", 2), "字ab");
        assert_eq!(skip("ab", 7), "");
    }

    #[test]
    fn long_text_is_broken_at_blanks_and_long_words_where_they_must_be() {
        assert_eq!(wrap("451 4.7.1 Greylisted, try later", 12), ["451 4.7.1", "Greylisted,", "try later"]);
        assert_eq!(wrap("abcdefgh 漢字漢字", 5), ["abcde", "fgh", "漢字", "漢字"]);
        assert_eq!(wrap("at mx1.example.net[192.0.2.1]:25 now", 17), ["at mx1.", "example.net[", "192.0.2.1]:25 now"]);
        assert_eq!(wrap("", 5), [""]);
    }

    proptest::proptest! {
        #[test]
        fn wrapped_lines_fit_and_lose_nothing_but_blanks(text in "[a-z漢é. ]{0,60}", columns in 2usize..20) {
            let lines = wrap(&text, columns);
            proptest::prop_assert!(lines.iter().all(|line| width(line) <= columns), "{:?}", lines);
            let visible = |text: &str| text.chars().filter(|c| *c != ' ').collect::<String>();
            proptest::prop_assert_eq!(visible(&lines.concat()), visible(&text));
        }

        #[test]
        fn what_was_cut_fits(text in "\\PC{0,40}", columns in 0usize..30) {
            proptest::prop_assert!(width(&cut(&text, columns, "…")) <= columns);
        }
    }
}
