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

    proptest::proptest! {
        #[test]
        fn what_was_cut_fits(text in "\\PC{0,40}", columns in 0usize..30) {
            proptest::prop_assert!(width(&cut(&text, columns, "…")) <= columns);
        }
    }
}
