//! Changes to the users file. Comments and all other users stay as they are.

use std::io;
use std::path::{Path, PathBuf};

use toml_edit::{ArrayOfTables, DocumentMut, Item, Table, Value};
use zeroize::Zeroizing;

use super::file::{UsersError, load};
use super::password::{PasswordHash, PasswordHashError};
use super::read::parse;
use super::users::{Sender, User, UserError};
use crate::platform::files;
use crate::sasl::NtHash;
use crate::text::{quoted, shown_path};

/// How a users file begins that we make.
const HEAD: &str = "\
# Who may log in to send mail through this relay; kept by `mailroot user`, and read again when it changes.
#
# password               an argon2id hash; `mailroot user passwd NAME` writes it
# nt_hash                only of a user made with --ntlm. NTLM cannot do without it, and whoever reads it can log in
#                        with it by NTLM, and find a weak password: keep this file to yourself (0600)
# senders                the addresses and domains the user may send from; without it any
# max_messages_per_hour  without it, or 0: no limit

";

/// A new user.
pub struct NewUser {
    /// The name.
    pub name: String,
    /// The password in clear; only hashes of it are kept.
    pub password: Zeroizing<String>,
    /// Whether the user may log in by NTLM, which takes an NT hash.
    pub ntlm: bool,
    /// The reverse-paths the user may send from; empty for any.
    pub senders: Vec<Sender>,
    /// How many messages in an hour.
    pub max_messages_per_hour: Option<u32>,
}

/// What is to be changed of a user; what is `None` stays.
#[derive(Default)]
pub struct UserChange {
    /// A new password in clear. The NT hash, where there is one, changes with it.
    pub password: Option<Zeroizing<String>>,
    /// Whether the user may log in by NTLM. To allow it takes a new password.
    pub ntlm: Option<bool>,
    /// The reverse-paths the user may send from; empty for any.
    pub senders: Option<Vec<Sender>>,
    /// How many messages in an hour; `Some(None)` for any number.
    pub max_messages_per_hour: Option<Option<u32>>,
}

/// Why a users file was not changed.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// It is not in order as it is.
    #[error(transparent)]
    Users(#[from] UsersError),
    /// The name cannot be one.
    #[error(transparent)]
    Name(#[from] UserError),
    /// The name is taken.
    #[error("there is a user {} already", quoted(.0))]
    Exists(String),
    /// Nobody has the name.
    #[error("there is no user {}", quoted(.0))]
    Unknown(String),
    /// A password must not be empty.
    #[error("the password is empty")]
    NoPassword,
    /// An NT hash is made of a password, which is not kept.
    #[error("a user becomes one for NTLM only with a new password, since the hash for it is made of that")]
    NeedsPassword,
    /// The password could not be hashed.
    #[error(transparent)]
    Hash(#[from] PasswordHashError),
    /// It is written in a way that cannot be changed here.
    #[error("the users are not written as [[user]] tables; change the file by hand")]
    Shape,
    /// Somebody else wrote it meanwhile.
    #[error("the users file was changed by somebody else meanwhile; try again")]
    Changed,
    /// It could not be written.
    #[error("cannot write the users file {}: {source}", shown_path(path))]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Adds a user, and makes the file if there is none. Takes the time of a hash.
pub fn add(path: &Path, new: &NewUser) -> Result<(), EditError> {
    User::check_name(&new.name)?;
    let hash = hash(&new.password)?;
    edit(path, |tables| {
        if position(tables, &new.name).is_some() {
            return Err(EditError::Exists(new.name.clone()));
        }
        let mut user = Table::new();
        user.insert("name", new.name.as_str().into());
        user.insert("password", hash.as_str().into());
        if new.ntlm {
            user.insert("nt_hash", NtHash::of(&new.password).digits().as_str().into());
        }
        put_senders(&mut user, &new.senders);
        put_limit(&mut user, new.max_messages_per_hour);
        if !tables.is_empty() {
            user.decor_mut().set_prefix("\n");
        }
        tables.push(user);
        Ok(())
    })
}

/// Changes a user, by the name in any case. Takes the time of a hash if there is a new password.
pub fn change(path: &Path, name: &str, change: &UserChange) -> Result<(), EditError> {
    let hash = change.password.as_deref().map(|password| hash(password)).transpose()?;
    edit(path, |tables| {
        let at = position(tables, name).ok_or_else(|| EditError::Unknown(name.to_owned()))?;
        let user = tables.get_mut(at).ok_or(EditError::Shape)?;
        if let Some(hash) = &hash {
            put(user, "password", hash.as_str().into());
        }
        match (change.ntlm.unwrap_or(user.contains_key("nt_hash")), &change.password) {
            (false, _) => drop(user.remove("nt_hash")),
            (true, Some(password)) => put(user, "nt_hash", NtHash::of(password).digits().as_str().into()),
            (true, None) if user.contains_key("nt_hash") => {}
            (true, None) => return Err(EditError::NeedsPassword),
        }
        if let Some(senders) = &change.senders {
            put_senders(user, senders);
        }
        if let Some(limit) = change.max_messages_per_hour {
            put_limit(user, limit);
        }
        Ok(())
    })
}

/// Removes a user, by the name in any case.
pub fn remove(path: &Path, name: &str) -> Result<(), EditError> {
    edit(path, |tables| {
        let at = position(tables, name).ok_or_else(|| EditError::Unknown(name.to_owned()))?;
        let removed = tables.get(at).and_then(|user| user.decor().prefix()?.as_str()).unwrap_or_default();
        // What stands above the first user and a blank line is about the file, and stays.
        let head = removed.rfind("\n\n").filter(|_| at == 0).map(|end| removed[..end + 2].to_owned());
        tables.remove(at);
        if let (Some(head), Some(next)) = (head, tables.get_mut(0)) {
            let own = next.decor().prefix().and_then(|prefix| prefix.as_str()).unwrap_or_default();
            let prefix = head + own.trim_start_matches('\n');
            next.decor_mut().set_prefix(prefix);
        }
        Ok(())
    })
}

fn hash(password: &str) -> Result<PasswordHash, EditError> {
    if password.is_empty() { Err(EditError::NoPassword) } else { Ok(PasswordHash::of(password)?) }
}

fn edit(path: &Path, act: impl FnOnce(&mut ArrayOfTables) -> Result<(), EditError>) -> Result<(), EditError> {
    let (users, before) = load(path)?;
    let text = if before.is_empty() { HEAD } else { &before };
    let mut document: DocumentMut = text.parse().map_err(|_| EditError::Shape)?;
    let is_new = !document.contains_key("user");
    let item = document.entry("user").or_insert(Item::ArrayOfTables(ArrayOfTables::new()));
    let tables = item.as_array_of_tables_mut().ok_or(EditError::Shape)?;
    act(tables)?;
    let has_user = !tables.is_empty();
    if is_new && has_user {
        // The comments of a file without users stand behind its end.
        let head = document.trailing().as_str().unwrap_or_default().to_owned();
        document.set_trailing("");
        if let Some(first) = document.get_mut("user").and_then(Item::as_array_of_tables_mut).and_then(|t| t.get_mut(0))
        {
            first.decor_mut().set_prefix(head);
        }
    }
    let mut after = document.to_string();
    if !has_user && users.iter().count() > 0 {
        // Nothing is left to hold the head of the file.
        after = format!("{}{after}", head_of(&before));
    }
    // We never leave a file that we would not read.
    parse(&after).map_err(|problems| UsersError::Invalid { path: path.to_owned(), problems })?;
    save(path, &before, &after)
}

/// The comments above the first user up to the last blank line.
fn head_of(text: &str) -> &str {
    let above = text.split("[[user]]").next().unwrap_or_default();
    above.rfind("\n\n").map_or("", |end| &above[..end + 2])
}

fn save(path: &Path, before: &str, after: &str) -> Result<(), EditError> {
    let failed = |source| EditError::Write { path: path.to_owned(), source };
    // A link is followed, and stays one.
    let target = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    if let Some(folder) = target.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    if load(path)?.1 != before {
        return Err(EditError::Changed);
    }
    files::replace_private(&target, after.as_bytes()).map_err(failed)
}

fn position(tables: &ArrayOfTables, name: &str) -> Option<usize> {
    let is_named = |user: &Table| user.get("name").and_then(Item::as_str).is_some_and(|n| n.eq_ignore_ascii_case(name));
    tables.iter().position(is_named)
}

/// Puts a value into the place of an old one, whose comment stays.
fn put(user: &mut Table, key: &str, mut value: Value) {
    if let Some(old) = user.get(key).and_then(Item::as_value) {
        *value.decor_mut() = old.decor().clone();
    }
    user.insert(key, Item::Value(value));
}

fn put_senders(user: &mut Table, senders: &[Sender]) {
    if senders.is_empty() {
        user.remove("senders");
    } else {
        put(user, "senders", senders.iter().map(ToString::to_string).collect());
    }
}

fn put_limit(user: &mut Table, limit: Option<u32>) {
    match limit {
        None => drop(user.remove("max_messages_per_hour")),
        Some(limit) => put(user, "max_messages_per_hour", i64::from(limit).into()),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn new(name: &str) -> NewUser {
        NewUser {
            name: name.to_owned(),
            password: Zeroizing::new("s3cret".to_owned()),
            ntlm: false,
            senders: Vec::new(),
            max_messages_per_hour: None,
        }
    }

    fn folder() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config").join("users.toml");
        (folder, path)
    }

    #[test]
    fn the_first_user_makes_the_file_and_nobody_else_reads_it() {
        let (_folder, path) = folder();
        let senders = vec!["scan@corp.example".parse().unwrap(), "<>".parse().unwrap()];
        add(&path, &NewUser { ntlm: true, senders, max_messages_per_hour: Some(30), ..new("scanner") }).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.starts_with(HEAD) && text.contains("\n\n[[user]]\nname = \"scanner\"\n"), "{text}");
        assert!(!text.contains("s3cret"), "{text}");
        assert!(files::is_private(&fs::metadata(&path).unwrap()));
        let (users, _) = load(&path).unwrap();
        let user = users.find("scanner").unwrap();
        assert!(user.password.verify("s3cret"));
        assert_eq!(user.nt_hash, Some(NtHash::of("s3cret")));
        assert_eq!((user.senders.len(), user.max_messages_per_hour), (2, Some(30)));
    }

    #[test]
    fn comments_and_other_users_stay_when_users_come_change_and_go() {
        let (_folder, path) = folder();
        for name in ["ann", "bob", "cid"] {
            add(&path, &NewUser { ntlm: name == "bob", ..new(name) }).unwrap();
        }
        let text = fs::read_to_string(&path).unwrap();
        let text = text.replace("[[user]]\nname = \"bob\"", "# bob is away\n[[user]]\nname = \"bob\" # since May");
        files::replace_private(&path, text.as_bytes()).unwrap();
        let change_of =
            |password: &str| UserChange { password: Some(password.to_owned().into()), ..UserChange::default() };
        change(&path, "BOB", &change_of("other")).unwrap();
        let (users, after) = load(&path).unwrap();
        assert!(after.contains("# bob is away\n[[user]]\nname = \"bob\" # since May\n"), "{after}");
        let bob = users.find("bob").unwrap();
        assert!(bob.password.verify("other") && bob.nt_hash == Some(NtHash::of("other")));
        remove(&path, "ann").unwrap();
        let after = load(&path).unwrap().1;
        assert!(after.starts_with(HEAD) && after.contains("# bob is away\n[[user]]"), "{after}");
        remove(&path, "bob").unwrap();
        let after = load(&path).unwrap().1;
        assert!(after.starts_with(HEAD) && !after.contains("bob"), "{after}");
        remove(&path, "Cid").unwrap();
        let (users, after) = load(&path).unwrap();
        assert!(users.iter().count() == 0 && after == HEAD, "{after}");
        add(&path, &new("dan")).unwrap();
        assert!(load(&path).unwrap().1.starts_with(&format!("{HEAD}[[user]]\n")));
    }

    #[test]
    fn ntlm_comes_with_a_new_password_only() {
        let (_folder, path) = folder();
        add(&path, &new("ann")).unwrap();
        let allow = UserChange { ntlm: Some(true), ..UserChange::default() };
        assert!(matches!(change(&path, "ann", &allow), Err(EditError::NeedsPassword)));
        change(&path, "ann", &UserChange { password: Some("new".to_owned().into()), ..allow }).unwrap();
        assert_eq!(load(&path).unwrap().0.find("ann").unwrap().nt_hash, Some(NtHash::of("new")));
        let limits = UserChange {
            senders: Some(vec!["a.example".parse().unwrap()]),
            max_messages_per_hour: Some(Some(5)),
            ..UserChange::default()
        };
        change(&path, "ann", &limits).unwrap();
        let ann = load(&path).unwrap().0.find("ann").unwrap().clone();
        assert!(ann.nt_hash.is_some() && ann.senders.len() == 1 && ann.max_messages_per_hour == Some(5));
        let undo = UserChange {
            ntlm: Some(false),
            senders: Some(Vec::new()),
            max_messages_per_hour: Some(None),
            ..UserChange::default()
        };
        change(&path, "ann", &undo).unwrap();
        let ann = load(&path).unwrap().0.find("ann").unwrap().clone();
        assert!(ann.nt_hash.is_none() && ann.senders.is_empty() && ann.max_messages_per_hour.is_none());
    }

    #[test]
    fn what_cannot_be_done_changes_nothing() {
        let (_folder, path) = folder();
        add(&path, &new("ann")).unwrap();
        let before = fs::read_to_string(&path).unwrap();
        assert!(matches!(add(&path, &new("Ann")), Err(EditError::Exists(_))));
        assert!(matches!(add(&path, &new("a\\b")), Err(EditError::Name(_))));
        let empty = NewUser { password: Zeroizing::default(), ..new("bob") };
        assert!(matches!(add(&path, &empty), Err(EditError::NoPassword)));
        assert!(matches!(remove(&path, "bob"), Err(EditError::Unknown(_))));
        assert!(matches!(change(&path, "bob", &UserChange::default()), Err(EditError::Unknown(_))));
        assert_eq!(fs::read_to_string(&path).unwrap(), before);
        let inline = "user = [{ name = \"a\", password = \"$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$c29tZWhhc2hzb21laGFzaA\" }]\n";
        files::replace_private(&path, inline.as_bytes()).unwrap();
        assert!(matches!(add(&path, &new("bob")), Err(EditError::Shape)));
        files::replace_private(&path, b"user = 1\n").unwrap();
        assert!(
            matches!(add(&path, &new("bob")), Err(EditError::Users(_))),
            "a file that is not in order is left alone"
        );
    }
}
