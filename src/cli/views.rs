//! `status` and `sessions`.

use std::path::Path;

use super::arguments::{SessionsArguments, SessionsCommand};
use super::{output, remote};
use crate::clock::Clock;
use crate::engine::Command;
use crate::engine::view::{SessionList, Status};
use crate::remote::views;

/// How the relay is.
pub(super) fn status(file: Option<&Path>, json: bool) -> anyhow::Result<()> {
    remote::block_on(async {
        let mut client = remote::connect(file).await?;
        let status: Status = remote::view(&mut client, &Command::Status).await?;
        if json {
            output::write_json(&status)?;
        } else {
            output::write(&views::status(&status, Clock::system().now(), output::width()))?;
        }
        Ok(())
    })
}

/// The sessions, or the end of one.
pub(super) fn sessions(file: Option<&Path>, arguments: &SessionsArguments) -> anyhow::Result<()> {
    if let Some(SessionsCommand::Close { id }) = arguments.act {
        return remote::act(file, &Command::CloseSession { id });
    }
    remote::block_on(async {
        let mut client = remote::connect(file).await?;
        let list: SessionList = remote::view(&mut client, &Command::Sessions).await?;
        if arguments.json {
            output::write_json(&list)?;
        } else {
            let table = views::sessions_table(&list.sessions);
            let layout = table.layout(output::width());
            output::write(&(table.head(&layout) + &table.body(&layout)))?;
        }
        Ok(())
    })
}
