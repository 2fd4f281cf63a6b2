//! What can be written behind `mailroot`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::accounts::Sender;
use crate::ledger::RecordFilter;
use crate::mail::Address;
use crate::queue::{Filter, QueueId};

/// An SMTP relay with a durable queue directory
///
/// Without a command: the relay with its dashboard in this terminal.
#[derive(Debug, Parser)]
#[command(name = "mailroot", version, about, max_term_width = 100)]
pub(super) struct Arguments {
    /// The settings file [default: config/mailroot.toml, else the platform's usual place, else no file]
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    #[command(subcommand)]
    pub(super) command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run the relay with its dashboard in this terminal
    Run {
        /// Break the dashboard at this key, to show that the relay goes on. For tests of the tests only
        #[arg(long, hide = true)]
        panic_key: Option<char>,
    },
    /// Run the relay without a dashboard, as a service does; SIGTERM drains, SIGHUP reloads the settings
    Serve {
        /// Leave out every sync to disk: mail is lost at a power cut. For tests of the tests only
        #[arg(long, hide = true)]
        unsafe_no_sync: bool,
    },
    /// The dashboard of a running engine
    Attach,
    /// Everything moving, with nothing configured
    Demo,
    /// How the relay is
    Status {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Who is connected, and to whom we are
    Sessions(SessionsArguments),
    /// The queue: list, show, retry, hold, release, delete, export
    Queue(QueueArguments),
    /// What could be neither delivered nor returned: list, show, resend, delete
    Badmail(BadmailArguments),
    /// The delivery log
    Log(LogArguments),
    /// Take no new connections, or hold back the mail for one domain
    Pause {
        /// Only this destination
        domain: Option<String>,
    },
    /// Undo a pause
    Resume {
        /// Only this destination
        domain: Option<String>,
    },
    /// Send a test message through this server and print the SMTP dialogue
    Test {
        /// The recipient
        #[arg(long, value_name = "ADDRESS", value_parser = address)]
        to: Address,
        /// The sender [default: postmaster at this server's name]
        #[arg(long, value_name = "ADDRESS", value_parser = address)]
        from: Option<Address>,
    },
    /// The settings: check, show, set and more
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Who may send with a login
    #[command(subcommand)]
    User(UserCommand),
    /// Who may administer by SSH
    #[command(disable_help_flag = true)]
    Admin {
        #[arg(hide = true, trailing_var_arg = true, allow_hyphen_values = true)]
        rest: Vec<OsString>,
    },
    /// Connect to where mail goes, negotiate TLS, log in, and explain each step, without sending mail
    #[command(subcommand)]
    Check(CheckCommand),
    /// The SSH gateway as a process of its own
    Ssh,
}

#[derive(Debug, Subcommand)]
pub(super) enum CheckCommand {
    /// The smart host, as the running engine would use it
    SmartHost {
        /// Where the mail of this domain goes instead
        #[arg(long, value_name = "DOMAIN")]
        domain: Option<String>,
        /// And the dialogue line by line; passwords and tokens are masked
        #[arg(long)]
        dialogue: bool,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct SessionsArguments {
    #[command(subcommand)]
    pub(super) act: Option<SessionsCommand>,
    /// As JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Subcommand)]
pub(super) enum SessionsCommand {
    /// End a session
    Close {
        /// As `mailroot sessions` shows it
        id: u64,
    },
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct QueueArguments {
    #[command(subcommand)]
    pub(super) act: Option<QueueCommand>,
    #[command(flatten)]
    pub(super) list: ListArguments,
}

#[derive(Debug, Subcommand)]
pub(super) enum QueueCommand {
    /// List messages; what `mailroot queue` alone does
    List(ListArguments),
    /// Show one message without its body
    Show {
        /// The queue id
        id: QueueId,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Try to deliver now
    Retry(TargetArguments),
    /// Set aside until released
    Hold(TargetArguments),
    /// Undo a hold
    Release(TargetArguments),
    /// Delete without a report to the sender; for a day the files stay in .state
    Delete(TargetArguments),
    /// Write a message to standard output, or to a file
    Export {
        /// The queue id
        id: QueueId,
        /// The file to write
        #[arg(long, short, value_name = "FILE")]
        output: Option<PathBuf>,
    },
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct BadmailArguments {
    #[command(subcommand)]
    pub(super) act: Option<BadmailCommand>,
    #[command(flatten)]
    pub(super) list: ListArguments,
}

#[derive(Debug, Subcommand)]
pub(super) enum BadmailCommand {
    /// List messages with the reasons; what `mailroot badmail` alone does
    List(ListArguments),
    /// Show one message without its body
    Show {
        /// As `mailroot badmail list` shows it
        id: String,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Send to the recipients still pending
    Resend(TargetArguments),
    /// Delete for good
    Delete {
        #[command(flatten)]
        target: TargetArguments,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Debug, Args)]
pub(super) struct ListArguments {
    /// Only what matches: words, from: to: domain: destination: state: id: reply:, age>1h, size>1MB, ! excludes
    #[arg(long, value_name = "EXPR", value_parser = filter)]
    pub(super) filter: Option<String>,
    /// At most so many
    #[arg(long, value_name = "N")]
    pub(super) limit: Option<usize>,
    /// As JSON
    #[arg(long)]
    pub(super) json: bool,
}

/// Which messages an act is for: one of the three must be given, so that nothing is done to all by mistake.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(super) struct TargetArguments {
    /// The ids
    #[arg(value_name = "ID")]
    pub(super) ids: Vec<String>,
    /// All that match
    #[arg(long, value_name = "EXPR", value_parser = filter)]
    pub(super) filter: Option<String>,
    /// All
    #[arg(long)]
    pub(super) all: bool,
}

#[derive(Debug, Subcommand)]
pub(super) enum ConfigCommand {
    /// Say whether the settings are right
    Check,
    /// Print every setting, with a * before what is not the default
    Show {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Set one key in the settings file; comments and all other lines stay
    Set {
        /// Such as `delivery.advanced.smart_host`
        key: String,
        /// As it would stand in the file; quotes may be left out. A secret that is left out is asked for, so that it is
        /// in no history of commands
        #[arg(allow_hyphen_values = true)]
        value: Option<String>,
        /// Read the value from standard input
        #[arg(long, conflicts_with = "value")]
        stdin: bool,
    },
    /// Settings for a well-known smart host, and what it must be told; without a name, the list of them
    Preset(PresetArguments),
    /// Make a self-signed certificate, for sites that have no other, and offer TLS with it
    Certificate {
        /// A name or an address by which clients know this server [default: general.hostname]
        #[arg(long = "name", value_name = "NAME")]
        names: Vec<String>,
        /// For how long it is good
        #[arg(long, value_name = "DAYS", default_value_t = 730, value_parser = clap::value_parser!(u32).range(1..=3650))]
        days: u32,
    },
    /// Log in to the smart host's provider with a code that is typed in elsewhere, where `oauth.grant` says so
    Login {
        /// For a remote domain with security of its own [default: for all other mail]
        #[arg(long, value_name = "DOMAIN")]
        domain: Option<String>,
    },
    /// Take over the settings of the old server
    #[command(disable_help_flag = true)]
    Import {
        #[arg(hide = true, trailing_var_arg = true, allow_hyphen_values = true)]
        rest: Vec<OsString>,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum UserCommand {
    /// Add a user; the password is asked for
    Add {
        /// The name to log in with
        name: String,
        /// Let the user log in by NTLM too: an NT hash is kept, which is as good as the password
        #[arg(long)]
        ntlm: bool,
        /// An address or a domain the user may send from, any number of times [default: any]
        #[arg(long, value_name = "SENDER")]
        sender: Vec<Sender>,
        /// How many messages the user may send in an hour [default: any number]
        #[arg(long, value_name = "N")]
        max_per_hour: Option<u32>,
        /// Read the password from the first line of standard input
        #[arg(long)]
        password_stdin: bool,
    },
    /// Remove a user
    Remove {
        /// The name
        name: String,
    },
    /// List the users
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Give a user a new password; it is asked for
    Passwd {
        /// The name
        name: String,
        /// Read the password from the first line of standard input
        #[arg(long)]
        password_stdin: bool,
    },
}

/// What a preset asks for; each asks for a few of these.
#[derive(Debug, Default, Args)]
pub(super) struct PresetArguments {
    /// Which one
    pub(super) name: Option<String>,
    /// The smart host, where the preset does not know it
    #[arg(long)]
    pub(super) host: Option<String>,
    /// The Microsoft directory
    #[arg(long)]
    pub(super) tenant: Option<String>,
    /// The id of the application that is registered there
    #[arg(long, value_name = "ID")]
    pub(super) client_id: Option<String>,
    /// Who logs in, or the mailbox
    #[arg(long, value_name = "NAME")]
    pub(super) username: Option<String>,
    /// Read the password or the client secret from standard input; at a terminal it is asked for
    #[arg(long)]
    pub(super) secret_stdin: bool,
}

#[derive(Debug, Args)]
pub(super) struct LogArguments {
    /// Go on with what happens from now on
    #[arg(long, short)]
    pub(super) follow: bool,
    /// Only what matches: words, event: id: from: to: domain: client: host: reply: actor:, ! excludes
    #[arg(long, value_name = "EXPR", value_parser = record_filter)]
    pub(super) filter: Option<String>,
    /// How many of the newest lines
    #[arg(short = 'n', value_name = "N", default_value_t = 50)]
    pub(super) lines: usize,
    /// As JSON; with --follow one object a line
    #[arg(long)]
    pub(super) json: bool,
}

fn address(text: &str) -> Result<Address, String> {
    Address::parse(text, true).map_err(|error| error.to_string())
}

/// Checked here, so that a slip is wrong usage whether an engine runs or not; the engine parses it again.
fn filter(text: &str) -> Result<String, String> {
    text.parse::<Filter>().map(|_| text.to_owned()).map_err(|error| error.to_string())
}

fn record_filter(text: &str) -> Result<String, String> {
    text.parse::<RecordFilter>().map(|_| text.to_owned()).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;
    use clap::error::ErrorKind;

    use super::*;

    fn parse(line: &str) -> Result<Arguments, ErrorKind> {
        Arguments::try_parse_from(line.split(' ')).map_err(|error| error.kind())
    }

    #[test]
    fn the_definition_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn every_command_of_the_design_is_understood() {
        for line in [
            "mailroot",
            "mailroot run",
            "mailroot serve --config x.toml",
            "mailroot --config x.toml serve --unsafe-no-sync",
            "mailroot attach",
            "mailroot demo",
            "mailroot status --json",
            "mailroot sessions --json",
            "mailroot sessions close 17",
            "mailroot queue",
            "mailroot queue --json --limit 5",
            "mailroot queue list --json",
            "mailroot queue show 0JX4",
            "mailroot queue retry --all",
            "mailroot queue hold 0JX4 0JX5",
            "mailroot queue release 0JX4",
            "mailroot queue delete 0JX4",
            "mailroot queue export 0JX4 -o x.eml",
            "mailroot badmail list",
            "mailroot badmail show 0JX4",
            "mailroot badmail resend --all",
            "mailroot badmail delete --all --yes",
            "mailroot log --follow -n 5 --filter event:delivered",
            "mailroot pause",
            "mailroot pause example.com",
            "mailroot resume example.com",
            "mailroot test --to bob@example.com --from app@corp.example",
            "mailroot config check",
            "mailroot config show --json",
            "mailroot config set delivery.expiration 2d",
            "mailroot config preset microsoft365",
            "mailroot config certificate",
            "mailroot config import MetaBase.xml",
            "mailroot user add bob --ntlm",
            "mailroot admin list",
            "mailroot check smart-host",
            "mailroot check smart-host --domain partner.example --dialogue --json",
            "mailroot ssh",
        ] {
            assert!(parse(line).is_ok(), "{line}");
        }
    }

    #[test]
    fn an_act_needs_its_target_and_only_one_kind_of_it() {
        assert_eq!(parse("mailroot queue delete").unwrap_err(), ErrorKind::MissingRequiredArgument);
        assert_eq!(parse("mailroot queue delete 0JX4 --all").unwrap_err(), ErrorKind::ArgumentConflict);
        assert_eq!(parse("mailroot badmail delete --yes").unwrap_err(), ErrorKind::MissingRequiredArgument);
    }

    #[test]
    fn what_is_no_id_address_or_filter_is_wrong_usage() {
        for line in [
            "mailroot queue show ../../etc/passwd",
            "mailroot queue export a.eml",
            "mailroot test --to bob",
            "mailroot sessions close all",
            "mailroot log --filter state:held",
        ] {
            assert_eq!(parse(line).unwrap_err(), ErrorKind::ValueValidation, "{line}");
        }
    }
}
