//! The command line: what can be said to mailroot, and what it answers.
//!
//! The one place, with `main`, that knows everybody. Text goes to standard output, errors go to standard error as a
//! sentence, and the exit status is 0 for done, 1 for refused or failed, 2 for wrong usage or bad settings.

mod arguments;
mod badmail;
mod config;
mod log;
mod output;
mod queue;
mod remote;
mod serve;
mod trial;
mod views;

use std::io;
use std::process::ExitCode;

use clap::Parser as _;

use self::arguments::{Arguments, Command};
use crate::config::LoadError;
use crate::engine;

/// Refused or failed.
const FAILED: u8 = 1;
/// Wrong usage or bad settings.
const MISUSED: u8 = 2;

/// Does what the process's arguments say.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(arguments) {
        Ok(status) => status,
        // Who closed the pipe has read enough.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            output::complain(&format!("{error:#}"));
            ExitCode::from(if error.is::<LoadError>() { MISUSED } else { FAILED })
        }
    }
}

fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let file = arguments.config.as_deref();
    let done = match arguments.command.unwrap_or(Command::Run) {
        Command::Serve { unsafe_no_sync } => return serve::serve(file, unsafe_no_sync),
        Command::Status { json } => views::status(file, json),
        Command::Sessions(sessions) => views::sessions(file, &sessions),
        Command::Queue(queue) => queue::run(file, queue),
        Command::Badmail(badmail) => badmail::run(file, badmail),
        Command::Log(log) => log::run(file, &log),
        Command::Pause { domain } => remote::act(file, &engine::Command::Pause { domain }),
        Command::Resume { domain } => remote::act(file, &engine::Command::Resume { domain }),
        Command::Test { to, from } => trial::send(file, &to, from.as_ref()),
        Command::Config(command) => return config::run(file, command),
        Command::Run => return Ok(not_here("the dashboard", "`mailroot serve` runs the relay without it")),
        Command::Attach => {
            return Ok(not_here("the dashboard", "`mailroot status` and `mailroot queue` show a running engine"));
        }
        Command::Demo => return Ok(not_here("the demonstration", "`mailroot serve` runs the relay")),
        Command::User { .. } => {
            return Ok(not_here("login", "access.relay in the settings says which addresses may send"));
        }
        Command::Admin { .. } | Command::Ssh => {
            return Ok(not_here("administration by SSH", "who owns the control socket may administer"));
        }
        Command::Check { .. } => {
            return Ok(not_here(
                "the trial of a smart host",
                "`mailroot test --to ADDRESS` sends a message through it",
            ));
        }
    };
    done.map(|()| ExitCode::SUCCESS)
}

fn not_here(what: &str, instead: &str) -> ExitCode {
    output::complain(&format!("{what} is not in this version; {instead}"));
    ExitCode::from(FAILED)
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
