//! The users, typed.

use std::collections::HashMap;
use std::str::FromStr;
use std::sync::Arc;

use super::password::PasswordHash;
use crate::config::DomainPattern;
use crate::mail::{Address, ReversePath};
use crate::sasl::NtHash;

/// The longest name of a user, in octets (RFC 4616 2).
const MAX_NAME: usize = 255;

/// A user who may log in.
#[derive(Clone, Debug, PartialEq)]
pub struct User {
    /// The name: printable, without spaces at its ends. Case does not matter.
    pub name: Arc<str>,
    /// The password.
    pub password: PasswordHash,
    /// The NT hash, only of a user who may log in by NTLM.
    pub nt_hash: Option<NtHash>,
    /// The reverse-paths that the user may send from; empty for any.
    pub senders: Vec<Sender>,
    /// Messages that the user may send in an hour.
    pub max_messages_per_hour: Option<u32>,
}

/// A reverse-path that a user may send from.
#[derive(Clone, Debug, PartialEq)]
pub enum Sender {
    /// `<>`: the empty one, of reports.
    Null,
    /// One address; in its local part case does not matter.
    Address(Address),
    /// Every address at a domain, or below it.
    Domain(DomainPattern),
}

/// The text is no sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected an address, a domain, *.DOMAIN for those below it, or <>")]
pub struct SenderError;

/// The text is no name of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a user's name has 1 to {MAX_NAME} octets, no control characters, no backslash and no spaces around it")]
pub struct UserError;

impl User {
    /// Checks a name. What Windows puts before a name, `DOMAIN\`, is no part of it.
    pub fn check_name(name: &str) -> Result<(), UserError> {
        let is_right = !name.is_empty()
            && name.len() <= MAX_NAME
            && name.trim() == name
            && !name.chars().any(|c| c.is_control() || c == '\\');
        if is_right { Ok(()) } else { Err(UserError) }
    }

    /// Whether the user may send from this reverse-path.
    pub fn may_send_as(&self, sender: &ReversePath) -> bool {
        self.senders.is_empty() || self.senders.iter().any(|allowed| allowed.covers(sender))
    }
}

impl Sender {
    fn covers(&self, sender: &ReversePath) -> bool {
        match (self, sender.mailbox()) {
            (Self::Null, None) => true,
            (Self::Address(allowed), Some(address)) => {
                allowed.domain() == address.domain() && allowed.local().eq_ignore_ascii_case(address.local())
            }
            (Self::Domain(pattern), Some(address)) => pattern.matches(address.domain()),
            _ => false,
        }
    }
}

impl FromStr for Sender {
    type Err = SenderError;

    fn from_str(text: &str) -> Result<Self, SenderError> {
        if text == "<>" {
            return Ok(Self::Null);
        }
        let domain = text.strip_prefix('@').unwrap_or(text);
        if domain.contains('@') {
            return Address::parse(text, true).map(Self::Address).map_err(|_| SenderError);
        }
        domain.parse().map(Self::Domain).map_err(|_| SenderError)
    }
}

impl std::fmt::Display for Sender {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Null => f.write_str("<>"),
            Self::Address(address) => write!(f, "{address}"),
            Self::Domain(pattern) => write!(f, "{pattern}"),
        }
    }
}

/// All users.
#[derive(Clone, Debug)]
pub struct Users {
    all: Vec<User>,
    /// By name in lower case, where in `all`.
    by_name: HashMap<Box<str>, usize>,
    nobody: PasswordHash,
    nobodys_nt_hash: NtHash,
}

impl Users {
    /// Of two users with one name the first counts.
    pub fn new(users: Vec<User>) -> Self {
        let mut by_name = HashMap::with_capacity(users.len());
        for (at, user) in users.iter().enumerate() {
            by_name.entry(user.name.to_ascii_lowercase().into()).or_insert(at);
        }
        let nobody = PasswordHash::of_nobody(users.iter().map(|user| &user.password));
        Self { all: users, by_name, nobody, nobodys_nt_hash: NtHash::of("") }
    }

    /// All of them, in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = &User> {
        self.all.iter()
    }

    /// The user of this name, in any case, and with the `DOMAIN\` that Windows puts before it or without.
    pub fn find(&self, name: &str) -> Option<&User> {
        self.by_name.get(key(name).as_str()).and_then(|&at| self.all.get(at))
    }

    /// What is verified in place of the password of a user who is not there.
    pub(super) fn nobody(&self) -> &PasswordHash {
        &self.nobody
    }

    /// The same for NTLM. The password of this hash gets nobody in.
    pub(super) fn nobodys_nt_hash(&self) -> &NtHash {
        &self.nobodys_nt_hash
    }
}

/// What makes two names as they are typed one user: whoever counts by user counts by this.
pub(super) fn key(name: &str) -> String {
    name.rsplit_once('\\').map_or(name, |(_, name)| name).to_ascii_lowercase()
}

impl Default for Users {
    fn default() -> Self {
        Self::new(Vec::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> ReversePath {
        if text == "<>" { ReversePath::Null } else { ReversePath::Mailbox(Address::parse(text, true).unwrap()) }
    }

    fn user(name: &str, senders: &[&str]) -> User {
        User {
            name: name.into(),
            password: PasswordHash::of_nobody([].into_iter()),
            nt_hash: None,
            senders: senders.iter().map(|sender| sender.parse().unwrap()).collect(),
            max_messages_per_hour: None,
        }
    }

    #[test]
    fn a_user_sends_from_what_is_listed_and_from_anything_if_nothing_is() {
        let scanner = user("scanner", &["Scan@corp.example", "print.example", "*.lab.example"]);
        for allowed in ["scan@corp.example", "SCAN@CORP.EXAMPLE", "x@print.example", "x@a.lab.example"] {
            assert!(scanner.may_send_as(&path(allowed)), "{allowed}");
        }
        for refused in ["boss@corp.example", "scan@a.corp.example", "x@a.print.example", "x@lab.example", "<>"] {
            assert!(!scanner.may_send_as(&path(refused)), "{refused}");
        }
        assert!(user("b", &["<>", "@b.example"]).may_send_as(&path("<>")));
        assert!(user("b", &["<>", "@b.example"]).may_send_as(&path("x@b.example")));
        assert!(user("b", &[]).may_send_as(&path("<>")) && user("b", &[]).may_send_as(&path("x@y.example")));
    }

    #[test]
    fn a_sender_is_written_as_it_reads() {
        for text in ["<>", "scan@corp.example", "print.example", "*.lab.example"] {
            assert_eq!(text.parse::<Sender>().map(|sender| sender.to_string()), Ok(text.to_owned()));
        }
        for text in ["", "@", "a@", "a b", "a@b@c"] {
            assert_eq!(text.parse::<Sender>(), Err(SenderError), "{text}");
        }
    }

    #[test]
    fn a_user_is_found_in_any_case_and_behind_a_windows_domain() {
        let users = Users::new(vec![user("Scanner", &[]), user("bob@corp.example", &[])]);
        for name in ["scanner", "SCANNER", "CORP\\scanner"] {
            assert_eq!(users.find(name).map(|user| &*user.name), Some("Scanner"), "{name}");
        }
        assert!(users.find("bob@corp.example").is_some());
        assert!(users.find("bob").is_none() && users.find("").is_none() && users.find("scanner\\").is_none());
    }

    #[test]
    fn a_name_is_one_that_a_person_can_see() {
        for right in ["scanner", "bob@corp.example", "first floor", "m\u{fc}ller"] {
            assert_eq!(User::check_name(right), Ok(()), "{right}");
        }
        for wrong in ["", " a", "a ", "a\nb", "a\0", "CORP\\a", &"x".repeat(256)] {
            assert_eq!(User::check_name(wrong), Err(UserError), "{wrong}");
        }
    }
}
