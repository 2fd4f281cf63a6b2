//! Remote domains that come and go.

use toml_edit::{ArrayOfTables, DocumentMut, Item, Table, Value};

use super::without_place;
use crate::config::Problem;

/// Adds a remote domain behind those there are.
pub(super) fn add(document: &mut DocumentMut, name: &str) -> Result<(), Vec<Problem>> {
    let mut table = Table::new();
    table.insert("name", Item::Value(Value::from(name)));
    let domains = document.as_table_mut().entry("domain");
    match domains.or_insert_with(|| Item::ArrayOfTables(ArrayOfTables::new())) {
        Item::ArrayOfTables(domains) => {
            table.decor_mut().set_prefix("\n");
            domains.push(table);
        }
        Item::Value(Value::Array(domains)) => domains.push(table.into_inline_table()),
        _ => return Err(vec![without_place("domain", "is not a list of remote domains")]),
    }
    Ok(())
}

/// Removes the remote domain of a number, counted from 1. Of the comments in front of it those go with it that no empty
/// line parts from it.
pub(super) fn remove(document: &mut DocumentMut, number: usize) -> Result<(), Vec<Problem>> {
    let index = number.checked_sub(1).filter(|&index| index < count(document));
    match (document.get_mut("domain"), index) {
        (Some(Item::ArrayOfTables(domains)), Some(index)) => {
            let gone = domains.get(index).cloned().unwrap_or_default();
            domains.remove(index);
            keep_comments(document, &gone);
        }
        (Some(Item::Value(Value::Array(domains))), Some(index)) => {
            domains.remove(index);
        }
        _ => return Err(vec![without_place(&format!("domain[{number}]"), "there is no such remote domain")]),
    }
    Ok(())
}

/// How many remote domains there are.
fn count(document: &DocumentMut) -> usize {
    match document.get("domain") {
        Some(Item::ArrayOfTables(domains)) => domains.len(),
        Some(Item::Value(Value::Array(domains))) => domains.len(),
        _ => 0,
    }
}

/// Comments that an empty line parts from a table which is gone stand in front of what follows.
fn keep_comments(document: &mut DocumentMut, gone: &Table) {
    let prefix = gone.decor().prefix().and_then(|prefix| prefix.as_str()).unwrap_or_default();
    let Some(end) = prefix.rfind("\n\n").map(|at| at + 1) else { return };
    let kept = &prefix[..end];
    if !kept.contains('#') {
        return;
    }
    let follower = gone.position().and_then(|position| follower(document.as_table(), position));
    if let Some(table) = follower.and_then(|position| at(document.as_table_mut(), position)) {
        let own = table.decor().prefix().and_then(|prefix| prefix.as_str()).unwrap_or_default();
        let prefix = format!("{kept}{own}");
        table.decor_mut().set_prefix(prefix);
    } else {
        let trailing = format!("{kept}{}", document.trailing().as_str().unwrap_or_default());
        document.set_trailing(trailing);
    }
}

/// The position of the table with a header that comes next behind one.
fn follower(parent: &Table, position: isize) -> Option<isize> {
    tables(parent).filter_map(Table::position).filter(|&other| other > position).min()
}

/// All tables with a header.
fn tables(parent: &Table) -> Box<dyn Iterator<Item = &Table> + '_> {
    Box::new(parent.iter().flat_map(|(_, item)| -> Box<dyn Iterator<Item = &Table>> {
        match item {
            Item::Table(table) => Box::new(std::iter::once(table).chain(tables(table))),
            Item::ArrayOfTables(array) => {
                Box::new(array.iter().flat_map(|table| std::iter::once(table).chain(tables(table))))
            }
            _ => Box::new(std::iter::empty()),
        }
    }))
}

/// The table at a position.
fn at(parent: &mut Table, position: isize) -> Option<&mut Table> {
    parent.iter_mut().find_map(|(_, item)| match item {
        Item::Table(table) => in_or_below(table, position),
        Item::ArrayOfTables(array) => array.iter_mut().find_map(|table| in_or_below(table, position)),
        _ => None,
    })
}

fn in_or_below(table: &mut Table, position: isize) -> Option<&mut Table> {
    if table.position() == Some(position) { Some(table) } else { at(table, position) }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::{Draft, Edit};

    fn add(name: &str) -> Edit {
        Edit::AddDomain { name: name.to_owned() }
    }

    fn edited(text: &str, edits: &[Edit]) -> String {
        let mut draft = Draft::open(text, Path::new("/srv")).unwrap();
        draft.edit(edits).unwrap();
        draft.render()
    }

    #[test]
    fn a_remote_domain_is_added_behind_the_others_and_removed_alone() {
        let text = "# ours\n[[domain]]\nname = \"a.example\" # a\n\n# logs\n[log]\nlevel = \"warn\"\n";
        let added = "# ours\n[[domain]]\nname = \"a.example\" # a\n\n[[domain]]\nname = \"b.example\"\n\n# logs\n[log]\n\
                     level = \"warn\"\n";
        assert_eq!(edited(text, &[add("b.example")]), added);
        assert_eq!(edited(added, &[Edit::RemoveDomain { number: 2 }]), text);
        assert_eq!(edited("", &[add("b.example")]), "\n[[domain]]\nname = \"b.example\"\n");
    }

    #[test]
    fn what_is_no_domain_is_refused_and_nothing_changes() {
        let text = "[[domain]]\nname = \"a.example\"\n";
        let mut draft = Draft::open(text, Path::new("/srv")).unwrap();
        for wrong in [add("no domain"), add("a.example"), Edit::RemoveDomain { number: 2 }] {
            assert!(draft.edit(std::slice::from_ref(&wrong)).is_err(), "{wrong:?}");
            assert_eq!(draft.render(), text);
        }
    }

    #[test]
    fn comments_that_an_empty_line_parts_from_a_domain_stay_when_it_goes() {
        let text = "# top\n\n# partners\n\n# a, since May\n[[domain]]\nname = \"a.example\" # a\n";
        let first = Edit::RemoveDomain { number: 1 };
        assert_eq!(edited(text, std::slice::from_ref(&first)), "# top\n\n# partners\n");
        let other = "\n# b\n[[domain]]\nname = \"b.example\"\n";
        let expected = "# top\n\n# partners\n\n# b\n[[domain]]\nname = \"b.example\"\n";
        assert_eq!(edited(&format!("{text}{other}"), std::slice::from_ref(&first)), expected);
        let log = "\n[log] # logs\nlevel = \"warn\"\n";
        let expected = "# top\n\n# partners\n\n[log] # logs\nlevel = \"warn\"\n";
        assert_eq!(edited(&format!("{text}{log}"), &[first]), expected);
    }

    #[test]
    fn remote_domains_in_one_line_are_edited_too() {
        let text = "domain = [{ name = \"a.example\" }] # one\n";
        let relay = Edit::Set { key: "domain[1].relay".to_owned(), value: "true".to_owned() };
        assert_eq!(edited(text, &[relay]), "domain = [{ name = \"a.example\", relay = true }] # one\n");
        let two = edited(text, &[add("b.example")]);
        assert_eq!(two, "domain = [{ name = \"a.example\" }, { name = \"b.example\" }] # one\n");
        assert_eq!(edited(&two, &[Edit::RemoveDomain { number: 2 }]), text);
    }
}
