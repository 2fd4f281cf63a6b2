//! Paths: the arguments of MAIL and RCPT up to their parameters (RFC 5321 4.1.2), read as leniently as the old
//! server read them: without brackets, and without a domain.

use crate::mail::{Address, AddressError, Domain};

/// A path, not yet completed by our default domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Path {
    /// `<>`.
    Null,
    /// A local part alone, as in `<postmaster>`.
    Local(Box<str>),
    /// A whole mailbox. A source route was taken off (RFC 5321 appendix C).
    Mailbox(Address),
}

/// Why a text is no path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// No path, a bracket that does not close, or something behind it that is no parameter.
    #[error("the path is malformed")]
    Malformed,
    /// A route in front of the mailbox that is not `@domain,@domain:`.
    #[error("the source route is malformed")]
    Route,
    /// The mailbox itself.
    #[error(transparent)]
    Address(#[from] AddressError),
}

/// A path in its written form, with what follows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Written<'a> {
    /// Without its brackets.
    path: &'a str,
    bracketed: bool,
    /// The parameters.
    pub(super) rest: &'a str,
}

impl<'a> Written<'a> {
    /// Cuts the path off a text. `text` starts with it.
    pub(super) fn split(text: &'a str) -> Result<Self, PathError> {
        if let Some(inside) = text.strip_prefix('<') {
            let end = find_unquoted(inside, |c| c == '>').ok_or(PathError::Malformed)?;
            let rest = &inside[end + 1..];
            let separated = rest.is_empty() || rest.starts_with([' ', '\t']);
            return if separated {
                Ok(Self { path: &inside[..end], bracketed: true, rest })
            } else {
                Err(PathError::Malformed)
            };
        }
        let end = find_unquoted(text, |c| c == ' ' || c == '\t').unwrap_or(text.len());
        if end == 0 {
            return Err(PathError::Malformed);
        }
        Ok(Self { path: &text[..end], bracketed: false, rest: &text[end..] })
    }

    /// Reads the path. `utf8` allows non-ASCII mailboxes.
    pub(super) fn parse(&self, utf8: bool) -> Result<Path, PathError> {
        if self.path.is_empty() {
            return if self.bracketed { Ok(Path::Null) } else { Err(PathError::Malformed) };
        }
        if !utf8 && !self.path.is_ascii() {
            return Err(AddressError::NotAscii.into());
        }
        let mailbox = strip_route(self.path)?;
        if find_unquoted(mailbox, |c| c == '@').is_none() {
            return Ok(Path::Local(mailbox.into()));
        }
        Ok(Path::Mailbox(Address::parse(mailbox, utf8)?))
    }
}

/// Takes off `@domain,@domain:`. Only the last hop counts, so the route needs to be well-formed and no more.
fn strip_route(path: &str) -> Result<&str, PathError> {
    if !path.starts_with('@') {
        return Ok(path);
    }
    let mut in_literal = false;
    let end = path.find(|c| {
        in_literal = (in_literal || c == '[') && c != ']';
        c == ':' && !in_literal
    });
    let end = end.ok_or(PathError::Route)?;
    let hop = |hop: &str| hop.strip_prefix('@').is_some_and(|domain| domain.parse::<Domain>().is_ok());
    let mailbox = &path[end + 1..];
    if path[..end].split(',').all(hop) && !mailbox.is_empty() { Ok(mailbox) } else { Err(PathError::Route) }
}

/// Where the first such character outside a quoted string stands.
fn find_unquoted(text: &str, wanted: impl Fn(char) -> bool) -> Option<usize> {
    let mut quoted = false;
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            c if !quoted && wanted(c) => return Some(at),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Result<Path, PathError> {
        Written::split(text)?.parse(false)
    }

    fn mailbox(text: &str) -> Path {
        Path::Mailbox(Address::parse(text, false).unwrap())
    }

    #[test]
    fn brackets_may_be_missing_and_parameters_follow() {
        assert_eq!(path("<a@x.example>"), Ok(mailbox("a@x.example")));
        assert_eq!(path("a@x.example SIZE=1"), Ok(mailbox("a@x.example")));
        assert_eq!(Written::split("<a@x.example> SIZE=1").unwrap().rest, " SIZE=1");
        assert_eq!(Written::split("\"a b\"@x.example SIZE=1").unwrap().rest, " SIZE=1");
        assert_eq!(path("<>"), Ok(Path::Null));
    }

    #[test]
    fn a_quoted_bracket_or_at_sign_is_a_part_of_the_mailbox() {
        assert_eq!(path("<\"a>b\"@x.example>"), Ok(mailbox("\"a>b\"@x.example")));
        assert_eq!(path("<\"a\\\">@b\"@x.example>"), Ok(mailbox("\"a\\\">@b\"@x.example")));
        assert_eq!(path("<\"a@b.example\">"), Ok(Path::Local("\"a@b.example\"".into())));
    }

    #[test]
    fn of_a_source_route_only_the_last_hop_is_left() {
        assert_eq!(path("<@a.example,@b.example:c@x.example>"), Ok(mailbox("c@x.example")));
        assert_eq!(path("<@[IPv6:::1]:c@x.example>"), Ok(mailbox("c@x.example")));
        assert_eq!(path("<@a.example:postmaster>"), Ok(Path::Local("postmaster".into())));
        for text in ["<@a.example>", "<@a.example:>", "<@a.example,b.example:c@x>", "<@:c@x>", "<@[IPv6:::1>"] {
            assert_eq!(path(text), Err(PathError::Route), "{text}");
        }
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for text in ["", " ", "<a@x.example", "<a@x.example>SIZE=1", "<\"a@x.example>", "<a@x.example>>"] {
            assert_eq!(path(text), Err(PathError::Malformed), "{text}");
        }
        assert_eq!(path("<a b@x.example>"), Err(PathError::Address(AddressError::Local)));
        assert_eq!(path("<\u{e9}@x.example>"), Err(PathError::Address(AddressError::NotAscii)));
    }
}
