//! Reading a users file. What is wrong is told with its place, and never with a hash in it.

use std::ops::Range;
use std::str::FromStr;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::password::PasswordHash;
use super::users::{Sender, User, Users};
use crate::config::{Position, Problem};
use crate::sasl::NtHash;

/// The keys of a `[[user]]`.
const KEYS: [&str; 5] = ["name", "password", "nt_hash", "senders", "max_messages_per_hour"];

/// The users of a text, or all that is wrong with it.
pub fn parse(text: &str) -> Result<Users, Vec<Problem>> {
    let mut reader = Reader { text, problems: Vec::new() };
    let users = match DeTable::parse(text) {
        Ok(table) => reader.file(table.get_ref()),
        Err(error) => {
            // Its own display would quote the line, with whatever stands there.
            let at = error.span().unwrap_or_default();
            reader.complain(&at, "", error.message().to_owned(), None);
            Vec::new()
        }
    };
    if reader.problems.is_empty() { Ok(Users::new(users)) } else { Err(reader.problems) }
}

struct Reader<'t> {
    text: &'t str,
    problems: Vec<Problem>,
}

type Value<'a> = Spanned<DeValue<'a>>;

impl Reader<'_> {
    fn file(&mut self, file: &DeTable<'_>) -> Vec<User> {
        let mut users: Vec<User> = Vec::new();
        for (name, value) in file {
            let (at, name) = (name.span(), name.get_ref().as_ref());
            match value.get_ref() {
                DeValue::Array(list) if name == "user" => {
                    for (number, value) in list.iter().enumerate() {
                        let Some(user) = self.user(value, &format!("user[{}]", number + 1)) else { continue };
                        if users.iter().any(|other| other.name.eq_ignore_ascii_case(&user.name)) {
                            let reason = format!("there is a user {} already", user.name);
                            self.complain(&value.span(), &format!("user[{}].name", number + 1), reason, None);
                        }
                        users.push(user);
                    }
                }
                _ => self.complain(&at, name, "unknown key".to_owned(), Some("[[user]] for each user")),
            }
        }
        users
    }

    fn user(&mut self, value: &Value<'_>, key: &str) -> Option<User> {
        let Some(table) = value.get_ref().as_table() else {
            self.complain(&value.span(), key, "not a table".to_owned(), Some("[[user]]"));
            return None;
        };
        for (name, _) in table.iter().filter(|(name, _)| !KEYS.contains(&name.get_ref().as_ref())) {
            let expected = format!("one of {}", KEYS.join(", "));
            self.complain(
                &name.span(),
                &format!("{key}.{}", name.get_ref()),
                "unknown key".to_owned(),
                Some(&expected),
            );
        }
        let name = self.needed(table, value, key, "name", |name| User::check_name(name).map(|()| name.into()));
        let password = self.needed(table, value, key, "password", PasswordHash::from_str);
        let nt_hash = self.given(table, key, "nt_hash", NtHash::from_str);
        let senders = self.senders(table, key);
        let max_messages_per_hour = self.limit(table, key);
        Some(User { name: name?, password: password?, nt_hash, senders, max_messages_per_hour })
    }

    fn needed<T, E: std::fmt::Display>(
        &mut self,
        table: &DeTable<'_>,
        whole: &Value<'_>,
        key: &str,
        name: &str,
        read: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        if table.get(name).is_none() {
            self.complain(&whole.span(), &format!("{key}.{name}"), "is missing".to_owned(), None);
        }
        self.given(table, key, name, read)
    }

    fn given<T, E: std::fmt::Display>(
        &mut self,
        table: &DeTable<'_>,
        key: &str,
        name: &str,
        read: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        self.text_of(table.get(name)?, &format!("{key}.{name}"), read)
    }

    fn text_of<T, E: std::fmt::Display>(
        &mut self,
        value: &Value<'_>,
        key: &str,
        read: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let Some(text) = value.get_ref().as_str() else {
            self.complain(&value.span(), key, "not a text in quotes".to_owned(), None);
            return None;
        };
        read(text).map_err(|error| self.complain(&value.span(), key, error.to_string(), None)).ok()
    }

    fn senders(&mut self, table: &DeTable<'_>, key: &str) -> Vec<Sender> {
        let Some(value) = table.get("senders") else { return Vec::new() };
        let Some(list) = value.get_ref().as_array() else {
            let expected = Some("such as [\"scanner@corp.example\", \"corp.example\"]");
            self.complain(&value.span(), &format!("{key}.senders"), "not a list".to_owned(), expected);
            return Vec::new();
        };
        let numbered = list.iter().enumerate();
        numbered
            .filter_map(|(at, sender)| self.text_of(sender, &format!("{key}.senders[{}]", at + 1), Sender::from_str))
            .collect()
    }

    /// A limit of 0 is none.
    fn limit(&mut self, table: &DeTable<'_>, key: &str) -> Option<u32> {
        let value = table.get("max_messages_per_hour")?;
        let number = value.get_ref().as_integer().and_then(|n| u32::from_str_radix(n.as_str(), n.radix()).ok());
        if number.is_none() {
            let expected = Some("how many, or 0 for no limit");
            self.complain(&value.span(), &format!("{key}.max_messages_per_hour"), "not a number".to_owned(), expected);
        }
        number.filter(|&limit| limit > 0)
    }

    fn complain(&mut self, at: &Range<usize>, key: &str, reason: String, expected: Option<&str>) {
        let at = Some(Position::in_text(self.text, at.start));
        self.problems.push(Problem { at, key: key.to_owned(), reason, expected: expected.map(str::to_owned) });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$c29tZWhhc2hzb21laGFzaA";

    fn problems(text: &str) -> Vec<String> {
        parse(text).map_or_else(|problems| problems.iter().map(ToString::to_string).collect(), |_| Vec::new())
    }

    #[test]
    fn a_file_gives_its_users() {
        let text = format!(
            "# ours\n[[user]]\nname = \"scanner\"\npassword = \"{HASH}\"\n\n[[user]]\nname = 'Bob'\npassword = '{HASH}'\n\
             nt_hash = \"a4f49c406510bdcab6824ee7c30fd852\"\nsenders = [\"bob@corp.example\", \"<>\"]\n\
             max_messages_per_hour = 30\n"
        );
        let users = parse(&text).unwrap();
        let (scanner, bob) = (users.find("scanner").unwrap(), users.find("bob").unwrap());
        assert_eq!((scanner.nt_hash.as_ref(), scanner.senders.len(), scanner.max_messages_per_hour), (None, 0, None));
        assert_eq!(bob.nt_hash, Some(NtHash::of("Password")));
        assert_eq!((bob.senders.len(), bob.max_messages_per_hour), (2, Some(30)));
        assert_eq!(parse("").unwrap().iter().count(), 0);
        let unlimited = format!("[[user]]\nname = \"a\"\npassword = \"{HASH}\"\nmax_messages_per_hour = 0\n");
        assert_eq!(parse(&unlimited).unwrap().find("a").unwrap().max_messages_per_hour, None);
    }

    #[test]
    fn all_that_is_wrong_is_told_with_its_place() {
        let text = format!(
            "[[user]]\nname = \"a\\n\"\npassword = \"{HASH}\"\n[[user]]\nname = \"b\"\n[[user]]\nname = \"c\"\n\
             password = \"{HASH}\"\nsenders = [\"a b\"]\nrole = \"admin\"\nmax_messages_per_hour = -1\n[[user]]\n\
             name = \"C\"\npassword = \"{HASH}\"\n[users]\n"
        );
        let told = problems(&text).join("\n");
        for part in [
            "2:8: user[1].name: a user's name has",
            "4:1: user[2].password: is missing",
            "9:12: user[3].senders[1]: expected an address",
            "10:1: user[3].role: unknown key; expected one of name, password",
            "11:25: user[3].max_messages_per_hour: not a number; expected how many, or 0",
            "12:1: user[4].name: there is a user C already",
            "15:2: users: unknown key; expected [[user]]",
        ] {
            assert!(told.contains(part), "{part} is not in\n{told}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_without_the_secret() {
        for line in [
            "password = \"s3cret\"",
            "password = 's3cret",
            "password = s3cret",
            "password = [\"s3cret\"]",
            "nt_hash = \"s3cret\"",
            "nt_hash = { s3cret = 1 }",
            "password = \"s3cret\" s3cret",
        ] {
            let told = problems(&format!("[[user]]\nname = \"a\"\n{line}\n"));
            assert!(!told.is_empty() && !told.join("\n").contains("s3cret"), "{line}: {told:?}");
        }
    }
}
