//! `log`.

use std::path::Path;

use anyhow::bail;

use super::arguments::LogArguments;
use super::{output, remote};
use crate::engine::view::{Log, Record};
use crate::engine::{Command, Outcome};
use crate::remote::{Followed, views};

pub(super) fn run(file: Option<&Path>, arguments: &LogArguments) -> anyhow::Result<()> {
    let filter = arguments.filter.clone().unwrap_or_default();
    let command = Command::Log { filter, limit: arguments.lines, follow: arguments.follow };
    remote::block_on(async {
        let mut client = remote::connect(file).await?;
        let newest: Log = remote::view(&mut client, &command).await?;
        if arguments.json && !arguments.follow {
            return Ok(output::write_json(&newest)?);
        }
        for record in &newest.records {
            print(record, arguments.json)?;
        }
        if !arguments.follow {
            return Ok(());
        }
        loop {
            match client.next_record().await? {
                Some(Followed::Record(record)) => print(&record, arguments.json)?,
                Some(Followed::End(Outcome::Refused { reason })) => bail!(reason),
                Some(Followed::End(_)) | None => bail!("the engine has stopped"),
            }
        }
    })
}

fn print(record: &Record, json: bool) -> std::io::Result<()> {
    if json { output::write_json(record) } else { output::write(&views::log_line(record)) }
}
