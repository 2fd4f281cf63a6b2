//! `badmail` and its acts.

use std::path::Path;

use anyhow::bail;

use super::arguments::{BadmailArguments, BadmailCommand};
use super::{output, queue, remote};
use crate::engine::view::{Badmail, BadmailList, BadmailShow};
use crate::engine::{BadmailAct, Command, Target};
use crate::remote::views;

pub(super) fn run(file: Option<&Path>, arguments: BadmailArguments) -> anyhow::Result<()> {
    match arguments.act.unwrap_or(BadmailCommand::List(arguments.list)) {
        BadmailCommand::List(arguments) => {
            let page = |filter, offset, limit| Command::BadmailList { filter, offset, limit };
            let into_messages = |list: BadmailList| (list.total, list.messages);
            queue::list::<_, Badmail>(file, &arguments, page, into_messages, views::badmail_table)
        }
        BadmailCommand::Show { id, json } => {
            let command = Command::BadmailShow { id };
            queue::show(file, &command, json, |shown: &BadmailShow, now| views::badmail_show(shown, now))
        }
        BadmailCommand::Resend(target) => {
            remote::act(file, &Command::BadmailAct { act: BadmailAct::Resend, target: target.into() })
        }
        BadmailCommand::Delete { target, yes } => {
            let target = Target::from(target);
            // Nothing brings these back; what runs without a person is taken to mean it.
            if !yes && output::is_interactive() && !output::confirm(&question(&target))? {
                bail!("nothing was deleted");
            }
            remote::act(file, &Command::BadmailAct { act: BadmailAct::Delete, target })
        }
    }
}

fn question(target: &Target) -> String {
    match target {
        Target::Ids(ids) if ids.len() == 1 => format!("Delete {} from Badmail for good?", ids[0]),
        Target::Ids(ids) => format!("Delete {} messages from Badmail for good?", ids.len()),
        Target::Filter(filter) => format!("Delete all of Badmail that matches {filter} for good?"),
        Target::All => "Delete all of Badmail for good?".to_owned(),
    }
}
