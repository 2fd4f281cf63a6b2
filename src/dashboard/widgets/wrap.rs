//! Long lines on narrow screens.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use super::text::width;

/// The parts of a text that fit into `columns` each, in order and without a gap. It is broken behind blanks where there
/// are any, and never within a grapheme.
pub(crate) fn wrap(text: &str, columns: usize) -> Vec<Range<usize>> {
    let mut rows = Vec::new();
    let (mut start, mut used, mut blank) = (0, 0, 0);
    for (at, grapheme) in text.grapheme_indices(true) {
        let wide = width(grapheme);
        while used > 0 && used + wide > columns {
            let end = if blank > start { blank } else { at };
            rows.push(start..end);
            start = end;
            used = width(&text[start..at]);
        }
        used += wide;
        if grapheme == " " {
            blank = at + 1;
        }
    }
    rows.push(start..text.len());
    rows
}

/// The same as lines of their own, without the blanks at which they were broken.
pub(crate) fn wrapped(text: &str, columns: usize) -> Vec<String> {
    wrap(text, columns).into_iter().map(|row| text[row].trim_end().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str, columns: usize) -> Vec<&str> {
        wrap(text, columns).into_iter().map(|row| &text[row]).collect()
    }

    #[test]
    fn lines_break_behind_blanks_and_long_words_anywhere() {
        assert_eq!(parts("250 2.0.0 queued as 17", 10), ["250 2.0.0 ", "queued as ", "17"]);
        assert_eq!(parts("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(parts("a 漢字漢字", 5), ["a ", "漢字", "漢字"]);
        assert_eq!(parts("", 5), [""]);
        assert_eq!(wrapped("250 2.0.0 queued as 17", 10), ["250 2.0.0", "queued as", "17"]);
    }

    proptest::proptest! {
        #[test]
        fn nothing_is_lost_and_every_row_fits(text in "([a-zA-Z漢é ]|👍🏽){0,60}", columns in 2usize..20) {
            let rows = parts(&text, columns);
            proptest::prop_assert_eq!(rows.concat(), text.as_str());
            // One grapheme may be wider than any column there is.
            let fits = |row: &&str| width(row) <= columns || row.graphemes(true).count() == 1;
            proptest::prop_assert!(rows.iter().all(fits), "{:?}", rows);
        }
    }
}
