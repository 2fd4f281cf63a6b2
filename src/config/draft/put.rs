//! A value in place of another: what surrounds it stays.

use toml_edit::{Array, Decor, InlineTable, Item, Value};

/// Sets a key of a section. One that is new there arrives with its comment.
pub(super) fn put(section: &mut Item, name: &str, value: Value, comment: &str) {
    if let Some(old) = section.as_table_like_mut().and_then(|table| table.get_mut(name)) {
        // `{}` asks for a table; one that is there keeps what is in it.
        if !(old.is_table_like() && value.as_inline_table().is_some_and(InlineTable::is_empty)) {
            replace(old, value);
        }
    } else if let Some(table) = section.as_inline_table_mut() {
        append(table, name, value);
    } else if let Some(table) = section.as_table_mut() {
        table.insert(name, Item::Value(value));
        if let Some(mut key) = table.key_mut(name) {
            key.leaf_decor_mut().set_prefix(comment);
        }
    }
}

/// The comment behind a value is part of the value, in the eyes of the TOML library; it goes over to the new one.
fn replace(old: &mut Item, mut new: Value) {
    if let Some(old) = old.as_value() {
        if let (Some(old), Some(new)) = (old.as_array(), new.as_array_mut()) {
            *new = in_the_layout_of(old, new);
        }
        *new.decor_mut() = old.decor().clone();
    }
    *old = Item::Value(new);
}

/// Adds a key at the end of `{ … }`, and leaves the space before the brace where it is.
pub(super) fn append(table: &mut InlineTable, name: &str, mut value: Value) {
    if let Some((_, last)) = table.iter_mut().last() {
        let suffix = suffix(last).to_owned();
        last.decor_mut().set_suffix("");
        *value.decor_mut() = Decor::new(" ", suffix);
    }
    table.insert(name, value);
}

/// The elements of `new` as `old` is laid out. Elements of both keep their lines, and no comment is lost, not even that
/// of an element which goes.
fn in_the_layout_of(old: &Array, new: &Array) -> Array {
    let (mut gaps, mut values) = taken_apart(old);
    // Of what stands before an element only the last line is its own; before that are comments of others.
    let indent = gaps[0].rfind('\n').map(|at| gaps[0][at..].to_owned());
    let kept = kept(old, new);
    let mut array = old.clone();
    array.clear();
    let mut next = 0;
    for (place, (mut value, kept)) in new.iter().cloned().zip(kept).enumerate() {
        let before = if let Some(at) = kept {
            value = std::mem::replace(&mut values[at], Value::from(false));
            let moves_to_or_from_the_front = (at == 0) != (place == 0);
            let gap = joined(&gaps[next..=at]);
            next = at + 1;
            (!moves_to_or_from_the_front || !gap.trim().is_empty() || gap.contains('\n')).then_some(gap)
        } else {
            // Behind the element before stands its own comment.
            let comment = before_line_end(&mut gaps[next]);
            let line = indent.as_deref().or_else(|| (!comment.is_empty()).then_some("\n"));
            value.decor_mut().clear();
            line.map(|line| comment + line)
        };
        match before {
            Some(before) => value.decor_mut().set_prefix(before),
            None => value.decor_mut().clear(),
        }
        array.push_formatted(value);
    }
    array.set_trailing(joined(&gaps[next..]));
    array
}

/// What stands before, between and behind the elements, and the elements.
fn taken_apart(array: &Array) -> (Vec<String>, Vec<Value>) {
    let mut values: Vec<Value> = array.iter().cloned().collect();
    let mut gaps: Vec<String> = values.iter().map(|value| prefix(value).to_owned()).collect();
    gaps.push(array.trailing().as_str().unwrap_or_default().to_owned());
    if let Some(last) = values.last_mut() {
        gaps[array.len()].insert_str(0, suffix(last));
        last.decor_mut().set_suffix("");
    }
    (gaps, values)
}

/// For each element of `new` its place in `old`: the longest common part of both, in their order.
fn kept(old: &Array, new: &Array) -> Vec<Option<usize>> {
    let plain = |value: &Value| value.clone().decorated("", "").to_string();
    let (old, new): (Vec<_>, Vec<_>) = (old.iter().map(plain).collect(), new.iter().map(plain).collect());
    let mut common = vec![vec![0_u32; new.len() + 1]; old.len() + 1];
    for (i, one) in old.iter().enumerate().rev() {
        for (j, other) in new.iter().enumerate().rev() {
            common[i][j] = if one == other { common[i + 1][j + 1] + 1 } else { common[i + 1][j].max(common[i][j + 1]) };
        }
    }
    let (mut at, mut kept) = (0, Vec::new());
    for (j, one) in new.iter().enumerate() {
        let is_it = |i: usize| old[i] == *one && common[i + 1][j + 1] + 1 == common[at][j];
        let found = (at..old.len()).find(|&i| is_it(i));
        at = found.map_or(at, |found| found + 1);
        kept.push(found);
    }
    kept
}

/// Gaps as one: that before what comes next, and the comments of the others.
fn joined(gaps: &[String]) -> String {
    let Some((own, others)) = gaps.split_last() else { return String::new() };
    let mut comments = others.iter().filter(|gap| gap.contains('#')).cloned().collect::<String>();
    if comments.is_empty() {
        return own.clone();
    }
    if own.starts_with('\n') {
        comments.truncate(comments.trim_end().len());
        return comments + own;
    }
    comments + own.trim_start_matches(' ')
}

/// Takes the comment that ends the line of the element before.
fn before_line_end(gap: &mut String) -> String {
    let end = gap.find('\n').unwrap_or(gap.len());
    if gap[..end].contains('#') { gap.drain(..end).collect() } else { String::new() }
}

fn prefix(value: &Value) -> &str {
    value.decor().prefix().and_then(|prefix| prefix.as_str()).unwrap_or_default()
}

fn suffix(value: &Value) -> &str {
    value.decor().suffix().and_then(|suffix| suffix.as_str()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The array `old` once it holds `new`.
    fn laid_out(old: &str, new: &[&str]) -> String {
        let mut item = Item::Value(old.parse().unwrap());
        replace(&mut item, Value::Array(new.iter().copied().collect()));
        item.to_string()
    }

    const LIST: &str = "[\n  # the old name\n  \"a\", # since 1999\n  \"b\",\n  \"c\", # new\n]";

    #[test]
    fn elements_that_stay_keep_their_comments() {
        let added = laid_out(LIST, &["a", "x", "b", "c", "d"]);
        let expected = "[\n  # the old name\n  \"a\", # since 1999\n  \"x\",\n  \"b\",\n  \"c\", # new\n  \"d\",\n]";
        assert_eq!(added, expected);
        let first = "[\n  \"x\",\n  # the old name\n  \"a\", # since 1999\n  \"b\",\n  \"c\", # new\n]";
        assert_eq!(laid_out(LIST, &["x", "a", "b", "c"]), first);
    }

    #[test]
    fn no_comment_is_lost_with_its_element() {
        let removed = "[\n  # the old name\n  # since 1999\n  \"b\",\n  \"c\", # new\n]";
        assert_eq!(laid_out(LIST, &["b", "c"]), removed);
        let none = laid_out(LIST, &[]);
        assert!(["# the old name", "# since 1999", "# new"].iter().all(|comment| none.contains(comment)), "{none}");
        assert!(none.parse::<Value>().unwrap().as_array().unwrap().is_empty(), "{none}");
    }

    #[test]
    fn lists_in_one_line_stay_so() {
        assert_eq!(laid_out("[\"a\"]", &["a", "b"]), "[\"a\", \"b\"]");
        assert_eq!(laid_out("[\"a\", \"b\"]", &["x", "a", "b"]), "[\"x\", \"a\", \"b\"]");
        assert_eq!(laid_out("[\"a\", \"b\"]", &["b"]), "[\"b\"]");
        assert_eq!(laid_out("[]", &["a", "b"]), "[\"a\", \"b\"]");
        assert_eq!(laid_out("[\n  \"a\"\n]", &["a", "b"]), "[\n  \"a\",\n  \"b\"\n]");
    }

    proptest::proptest! {
        #[test]
        fn whatever_a_list_becomes_its_comments_stay(
            old in proptest::collection::vec((0u8..5, 0u8..4), 0..6),
            new in proptest::collection::vec(0u8..6, 0..6),
            comma: bool,
        ) {
            let mut text = "[".to_owned();
            for (at, (element, style)) in old.iter().enumerate() {
                if style & 1 == 1 {
                    text.extend([" # before ", &at.to_string(), "\n"]);
                }
                text.extend(["\"", &element.to_string(), "\""]);
                if comma || at + 1 < old.len() {
                    text.push(',');
                }
                if style & 2 == 2 {
                    text.extend([" # behind ", &at.to_string(), "\n"]);
                }
            }
            text.push(']');
            let new: Vec<_> = new.iter().map(u8::to_string).collect();
            let new: Vec<_> = new.iter().map(String::as_str).collect();
            let after = laid_out(&text, &new);
            let value: Value = after.parse().unwrap();
            let elements: Vec<_> = value.as_array().unwrap().iter().map(|value| value.as_str().unwrap()).collect();
            proptest::prop_assert_eq!(elements, new);
            for comment in text.split('#').skip(1).map(|rest| rest.lines().next().unwrap()) {
                proptest::prop_assert!(after.contains(&format!("#{comment}\n")), "{comment} is lost: {after}");
            }
        }
    }
}
