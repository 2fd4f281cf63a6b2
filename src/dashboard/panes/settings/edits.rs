//! What a person wants changed: one wish for each key, in no order, so that each can be taken back alone.

use std::fmt;

use crate::config::{self, Kind};

/// The changes to a settings file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Edits {
    /// The remote domains that are to be there, in the order of their numbers.
    domains: Vec<Origin>,
    /// How many there are without the changes.
    at_first: usize,
    /// How many were ever added.
    added: usize,
    wishes: Vec<Wish>,
}

/// A remote domain, whatever its number is at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    /// It stands in the file, at this place.
    File(usize),
    /// It was added, as the so-and-so-many.
    Added(usize),
}

/// Whose value is to change.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Owner {
    /// A key of the whole server.
    Server(String),
    /// A key of a remote domain.
    Domain(Origin, String),
}

#[derive(Clone, PartialEq, Eq)]
struct Wish {
    owner: Owner,
    toml: String,
}

/// Tells no value: it may be a secret.
impl fmt::Debug for Wish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.owner.fmt(f)
    }
}

impl Edits {
    /// No changes to a file with so many remote domains.
    pub(super) fn new(domains: usize) -> Self {
        let domains: Vec<_> = (0..domains).map(Origin::File).collect();
        Self { at_first: domains.len(), domains, added: 0, wishes: Vec::new() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.wishes.is_empty() && self.domains == Self::new(self.at_first).domains
    }

    /// A key, `domain[2].relay` by its number now, is to have a value. False if there is no such remote domain.
    pub(super) fn set(&mut self, key: &str, toml: String) -> bool {
        let Some(owner) = self.owner(key) else { return false };
        match self.wishes.iter_mut().find(|wish| wish.owner == owner) {
            Some(wish) => wish.toml = toml,
            None => self.wishes.push(Wish { owner, toml }),
        }
        true
    }

    /// There is to be one more remote domain; gives its number.
    pub(super) fn add_domain(&mut self, name: &str) -> usize {
        let origin = Origin::Added(self.added);
        self.added += 1;
        self.domains.push(origin);
        self.wishes.push(Wish { owner: Owner::Domain(origin, "name".to_owned()), toml: Kind::Text.toml(name) });
        self.domains.len()
    }

    /// A remote domain is to go, by its number. False if there is none.
    pub(super) fn remove_domain(&mut self, number: usize) -> bool {
        let Some(index) = number.checked_sub(1).filter(|&index| index < self.domains.len()) else { return false };
        let gone = self.domains.remove(index);
        self.wishes.retain(|wish| !matches!(wish.owner, Owner::Domain(origin, _) if origin == gone));
        true
    }

    /// Takes the change of a key back; that of the name of an added domain goes with the domain. False if there is none.
    pub(super) fn revert(&mut self, key: &str) -> bool {
        let Some(owner) = self.owner(key) else { return false };
        match &owner {
            Owner::Domain(Origin::Added(_), name) if name == "name" => {
                domain_key(key).is_some_and(|(number, _)| self.remove_domain(number))
            }
            owner => {
                let before = self.wishes.len();
                self.wishes.retain(|wish| wish.owner != *owner);
                self.wishes.len() < before
            }
        }
    }

    /// The changes one after the other, for a draft.
    pub(super) fn steps(&self) -> Vec<config::Edit> {
        let gone = (0..self.at_first).rev().filter(|&index| !self.domains.contains(&Origin::File(index)));
        let mut steps: Vec<_> = gone.map(|index| config::Edit::RemoveDomain { number: index + 1 }).collect();
        for origin in &self.domains {
            if matches!(origin, Origin::Added(_)) {
                let is_name = |wish: &&Wish| wish.owner == Owner::Domain(*origin, "name".to_owned());
                let name = self.wishes.iter().find(is_name).map(|wish| Kind::Text.entered(&wish.toml));
                steps.push(config::Edit::AddDomain { name: name.unwrap_or_default() });
            }
        }
        steps.extend(self.wishes.iter().filter_map(|wish| {
            let key = match &wish.owner {
                Owner::Server(key) => key.clone(),
                Owner::Domain(Origin::Added(_), name) if name == "name" => return None,
                Owner::Domain(origin, name) => {
                    let index = self.domains.iter().position(|other| other == origin)?;
                    format!("domain[{}].{name}", index + 1)
                }
            };
            Some(config::Edit::Set { key, value: wish.toml.clone() })
        }));
        steps
    }

    fn owner(&self, key: &str) -> Option<Owner> {
        match domain_key(key) {
            Some((number, name)) => Some(Owner::Domain(*self.domains.get(number.checked_sub(1)?)?, name.to_owned())),
            None => Some(Owner::Server(key.to_owned())),
        }
    }
}

/// The number in a key of a remote domain: 2 in `domain[2]` and in `domain[2].relay`.
pub(super) fn domain_number(key: &str) -> Option<usize> {
    key.strip_prefix("domain[")?.split_once(']')?.0.parse().ok()
}

/// The number and the name in a key of a remote domain: 2 and `relay` in `domain[2].relay`.
fn domain_key(key: &str) -> Option<(usize, &str)> {
    Some((domain_number(key)?, key.split_once("].")?.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(edits: &Edits) -> Vec<String> {
        let shown = |step| match step {
            config::Edit::Set { key, value } => format!("{key}={value}"),
            step => format!("{step:?}"),
        };
        edits.steps().into_iter().map(shown).collect()
    }

    #[test]
    fn a_domain_keeps_its_changes_when_numbers_shift() {
        let mut edits = Edits::new(3);
        assert!(edits.set("domain[2].relay", "true".into()));
        assert!(edits.set("domain[3].relay", "false".into()));
        assert!(edits.remove_domain(1));
        assert!(edits.set("domain[2].relay", "true".into()), "that is the third one now");
        assert_eq!(shown(&edits), ["remove domain 1", "domain[1].relay=true", "domain[2].relay=true"]);
        assert!(edits.revert("domain[1].relay") && !edits.revert("domain[1].relay"));
        assert!(!edits.set("domain[3].relay", "true".into()));
    }

    #[test]
    fn an_added_domain_goes_without_a_trace() {
        let mut edits = Edits::new(1);
        assert_eq!(edits.add_domain("a.example"), 2);
        assert_eq!(edits.add_domain("b.example"), 3);
        assert!(edits.set("domain[3].relay", "true".into()));
        assert!(edits.remove_domain(2));
        assert_eq!(shown(&edits), ["add domain \"b.example\"", "domain[2].relay=true"]);
        assert!(edits.revert("domain[2].name"), "without its name there is no domain");
        assert!(edits.is_empty());
    }

    #[test]
    fn a_changed_value_is_never_told() {
        let mut edits = Edits::new(0);
        edits.set("delivery.outbound_security.password", "\"s3cret\"".into());
        assert!(!format!("{edits:?} {:?}", edits.steps()).contains("s3cret"));
    }
}
