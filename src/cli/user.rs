//! `user`: who may log in to send. Works on the users file, with or without a running engine, which follows it.

use std::io;
use std::path::Path;

use anyhow::{anyhow, bail};
use zeroize::Zeroizing;

use super::arguments::UserCommand;
use super::{output, secret};
use crate::accounts::{self, NewUser, UserChange};
use crate::config;
use crate::engine::view::{SCHEMA, UserList, UserRow};
use crate::remote::views;
use crate::text::{printable, quoted, shown_path};

pub(super) fn run(file: Option<&Path>, command: UserCommand) -> anyhow::Result<()> {
    let path = config::locate(file)?.settings.access.users;
    match command {
        UserCommand::List { json } => list(&path, json),
        UserCommand::Add { name, ntlm, sender, max_per_hour, password_stdin } => {
            refuse_known(&path, &name)?;
            let password = password(&name, password_stdin)?;
            let max_messages_per_hour = max_per_hour.filter(|&limit| limit > 0);
            let new = NewUser { name, password, ntlm, senders: sender, max_messages_per_hour };
            accounts::add(&path, &new)?;
            let kept =
                if ntlm { "; an NT hash is kept, as good as the password: the file is to stay private" } else { "" };
            say(&format!("user {} may log in now{kept}", quoted(&new.name)))
        }
        UserCommand::Passwd { name, password_stdin } => {
            let (users, _) = accounts::load(&path)?;
            let Some(user) = users.find(&name) else { bail!("there is no user {}", quoted(&name)) };
            let change = UserChange { password: Some(password(&user.name, password_stdin)?), ..UserChange::default() };
            accounts::change(&path, &user.name, &change)?;
            say(&format!("user {} has a new password", quoted(&*user.name)))
        }
        UserCommand::Remove { name } => {
            accounts::remove(&path, &name)?;
            say(&format!("user {} may not log in any more", quoted(&name)))
        }
    }
}

fn list(path: &Path, json: bool) -> anyhow::Result<()> {
    let (users, _) = accounts::load(path)?;
    let shown = shown_path(path);
    let list = UserList { schema: SCHEMA, path: shown, users: users.iter().map(UserRow::from).collect() };
    if json {
        output::write_json(&list)?;
    } else {
        output::write(&views::users(&list, output::width()))?;
    }
    Ok(())
}

/// Before anybody has to think of a password.
fn refuse_known(path: &Path, name: &str) -> anyhow::Result<()> {
    let (users, _) = accounts::load(path)?;
    if users.find(name).is_some() {
        bail!("there is a user {} already; `mailroot user passwd` changes the password", quoted(name));
    }
    Ok(())
}

/// A new password: typed twice, or the first line of standard input.
fn password(name: &str, from_stdin: bool) -> anyhow::Result<Zeroizing<String>> {
    if from_stdin {
        return Ok(secret::from_stdin()?);
    }
    if !output::is_interactive() {
        return Err(anyhow!("nobody is here to type a password; give it with --password-stdin"));
    }
    let first = secret::ask(&format!("Password for {}", printable(name)))?;
    if first.is_empty() {
        bail!("the password is empty");
    }
    if *first != *secret::ask("The same again")? {
        bail!("the two are not the same; nothing was changed");
    }
    Ok(first)
}

fn say(sentence: &str) -> anyhow::Result<()> {
    output::write(&format!("{sentence}\n")).map_err(io::Error::into)
}
