//! The command line: what can be said to mailroot, and what it answers.
//!
//! The one place, with `main`, that knows everybody. Text goes to standard output, errors go to standard error as a
//! sentence, and the exit status is 0 for done, 1 for refused or failed, 2 for wrong usage or bad settings.

mod arguments;
mod attach;
mod badmail;
mod certificate;
mod check;
pub(crate) mod config;
mod demo;
mod log;
mod login;
mod output;
mod preset;
mod queue;
mod remote;
mod run;
mod screen;
mod secret;
mod serve;
mod service;
mod trial;
mod user;
mod views;

use std::io;
use std::path::Path;
use std::process::ExitCode;

use clap::Parser as _;
use zeroize::Zeroizing;

use self::arguments::{Arguments, CheckCommand, Command, ConfigCommand};
use self::config::ConfigError;
use crate::config::LoadError;
use crate::engine;

/// Refused or failed.
const FAILED: u8 = 1;
/// Wrong usage or bad settings.
const MISUSED: u8 = 2;

/// What a later version brings: what it is called, and what to do until then.
#[derive(Debug, thiserror::Error)]
#[error("{0} is not in this version; {1}")]
struct NotYet(&'static str, &'static str);

/// Does what the process's arguments say.
pub fn main() -> ExitCode {
    match act(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        // Who closed the pipe has read enough.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            output::complain(&sentence(&error));
            ExitCode::from(exit_status(&error))
        }
    }
}

/// An error and its causes. Most of our errors name their cause where it reads best; it is not said twice.
fn sentence(error: &anyhow::Error) -> String {
    let mut sentence = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !sentence.contains(&cause) {
            sentence.push_str(": ");
            sentence.push_str(&cause);
        }
    }
    sentence
}

fn act(arguments: Arguments) -> anyhow::Result<()> {
    let file = arguments.config.as_deref();
    match arguments.command.unwrap_or(Command::Run { panic_key: None }) {
        Command::Serve { unsafe_no_sync } => serve::serve(file, unsafe_no_sync),
        Command::Status { json } => views::status(file, json),
        Command::Sessions(sessions) => views::sessions(file, &sessions),
        Command::Queue(queue) => queue::run(file, queue),
        Command::Badmail(badmail) => badmail::run(file, badmail),
        Command::Log(log) => log::run(file, &log),
        Command::Pause { domain } => remote::act(file, &engine::Command::Pause { domain }),
        Command::Resume { domain } => remote::act(file, &engine::Command::Resume { domain }),
        Command::Test { to, from } => trial::send(file, &to, from.as_ref()),
        Command::Config(command) => configure(file, command),
        Command::Run { panic_key } => run::run(file, panic_key),
        Command::Attach => attach::attach(file),
        Command::Demo => demo::demo(),
        Command::User(command) => user::run(file, command),
        Command::Admin { .. } | Command::Ssh => {
            not_yet("administration by SSH", "who owns the control socket may administer")
        }
        Command::Check(CheckCommand::SmartHost { domain, dialogue, json }) => {
            check::smart_host(file, domain, dialogue, json)
        }
    }
}

fn configure(file: Option<&Path>, command: ConfigCommand) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    match command {
        ConfigCommand::Check => config::check(file, &mut out)?,
        ConfigCommand::Show { json } => config::show(file, json, &mut out)?,
        ConfigCommand::Set { key, value, stdin } => {
            let value = value_of(&key, value, stdin)?;
            config::set(file, &key, &value, &mut out)?;
        }
        ConfigCommand::Preset(arguments) => preset::run(file, &arguments, &mut out)?,
        ConfigCommand::Certificate { names, days } => certificate::make(file, names, days, &mut out)?,
        ConfigCommand::Login { domain } => return login::log_in(file, domain.as_deref()),
        ConfigCommand::Import { .. } => return not_yet("the import", "`mailroot config set` sets key by key"),
    }
    Ok(())
}

/// The value that a setting is to have: as it was given, from standard input, or asked for.
fn value_of(key: &str, given: Option<String>, stdin: bool) -> anyhow::Result<Zeroizing<String>> {
    let is_secret = config::is_secret(key);
    let read = match given {
        Some(value) => return Ok(value.into()),
        None if stdin => secret::from_stdin()?,
        None if is_secret && output::is_interactive() => secret::ask(key)?,
        None => return Err(ConfigError::NoValue.into()),
    };
    // What was typed blindly is the secret to the letter.
    Ok(if is_secret { toml_edit::Value::from(read.as_str()).to_string().into() } else { read })
}

fn not_yet(what: &'static str, instead: &'static str) -> anyhow::Result<()> {
    Err(NotYet(what, instead).into())
}

fn exit_status(error: &anyhow::Error) -> u8 {
    match error.downcast_ref::<ConfigError>() {
        Some(error) => error.exit_status(),
        None if error.is::<LoadError>() => MISUSED,
        None => FAILED,
    }
}

/// Only of standard output: a control connection that breaks is an error like any other.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let output = match error.downcast_ref::<ConfigError>() {
        Some(ConfigError::Print(error)) => Some(error),
        _ => error.downcast_ref::<io::Error>(),
    };
    output.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
