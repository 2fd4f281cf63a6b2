//! `queue` and its acts, and what it has in common with `badmail`.

use std::path::Path;

use anyhow::Context as _;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::arguments::{ListArguments, QueueArguments, QueueCommand, TargetArguments};
use super::{output, remote};
use crate::clock::{Clock, Timestamp};
use crate::engine::view::{Export, Message, QueueList, QueueShow, SCHEMA};
use crate::engine::{Command, QueueAct, Target};
use crate::remote::views::{self, Table};
use crate::text;

/// Messages asked for at a time.
const PAGE: usize = 500;

pub(super) fn run(file: Option<&Path>, arguments: QueueArguments) -> anyhow::Result<()> {
    let act = |act, target: TargetArguments| remote::act(file, &Command::QueueAct { act, target: target.into() });
    match arguments.act.unwrap_or(QueueCommand::List(arguments.list)) {
        QueueCommand::List(arguments) => {
            let page = |filter, offset, limit| Command::QueueList { filter, offset, limit };
            let into_messages = |list: QueueList| (list.total, list.messages);
            list::<_, Message>(file, &arguments, page, into_messages, views::queue_table)
        }
        QueueCommand::Show { id, json } => {
            let command = Command::QueueShow { id: id.to_string() };
            show(file, &command, json, |shown: &QueueShow, now| views::queue_show(shown, now))
        }
        QueueCommand::Retry(target) => act(QueueAct::Retry, target),
        QueueCommand::Hold(target) => act(QueueAct::Hold, target),
        QueueCommand::Release(target) => act(QueueAct::Release, target),
        QueueCommand::Delete(target) => act(QueueAct::Delete, target),
        QueueCommand::Export { id, output } => {
            export(file, &Command::QueueExport { id: id.to_string() }, output.as_deref())
        }
    }
}

impl From<TargetArguments> for Target {
    fn from(arguments: TargetArguments) -> Self {
        match arguments.filter {
            Some(filter) => Self::Filter(filter),
            None if arguments.all => Self::All,
            None => Self::Ids(arguments.ids),
        }
    }
}

/// Prints a list page by page, so that a million messages need no more memory than a page.
pub(super) fn list<L, M>(
    file: Option<&Path>,
    arguments: &ListArguments,
    page: impl Fn(String, usize, usize) -> Command,
    into_messages: impl Fn(L) -> (usize, Vec<M>),
    table: impl Fn(&[M], Timestamp) -> Table,
) -> anyhow::Result<()>
where
    L: DeserializeOwned,
    M: Serialize,
{
    remote::block_on(async {
        let mut client = remote::connect(file).await?;
        let limit = arguments.limit.unwrap_or(usize::MAX);
        let mut print: Box<dyn Printer<M>> = if arguments.json {
            Box::new(JsonList { is_first: true })
        } else {
            Box::new(TextList { table, now: Clock::system().now(), layout: None })
        };
        let mut offset = 0;
        loop {
            let asked = PAGE.min(limit - offset);
            let command = page(arguments.filter.clone().unwrap_or_default(), offset, asked);
            let (total, messages) = into_messages(remote::view(&mut client, &command).await?);
            if offset == 0 {
                print.begin(total, &messages)?;
            }
            print.page(&messages)?;
            offset += messages.len();
            if messages.len() < asked || offset == limit {
                break;
            }
        }
        Ok(print.end()?)
    })
}

/// Prints one message.
pub(super) fn show<V: DeserializeOwned + Serialize>(
    file: Option<&Path>,
    command: &Command,
    json: bool,
    text: impl Fn(&V, Timestamp) -> String,
) -> anyhow::Result<()> {
    remote::block_on(async {
        let shown: V = remote::view(&mut remote::connect(file).await?, command).await?;
        if json {
            output::write_json(&shown)?;
        } else {
            output::write(&text(&shown, Clock::system().now()))?;
        }
        Ok(())
    })
}

/// Octets go to a file or a pipe as they are, to a terminal in printable form.
fn export(file: Option<&Path>, command: &Command, to: Option<&Path>) -> anyhow::Result<()> {
    let export: Export = remote::block_on(async { remote::view(&mut remote::connect(file).await?, command).await })?;
    let octets = export.octets().context("the engine's answer was not understood: is it another version?")?;
    match to {
        Some(path) => std::fs::write(path, octets).with_context(|| format!("cannot write {}", path.display()))?,
        None if output::width().is_none() => output::write_octets(&octets)?,
        None => {
            let lines = octets.split(|&octet| octet == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
            let shown: Vec<_> = lines.map(text::printable).collect();
            output::write(&shown.join("\n"))?;
        }
    }
    Ok(())
}

/// The form in which a list is printed.
trait Printer<M> {
    fn begin(&mut self, total: usize, first: &[M]) -> std::io::Result<()>;
    fn page(&mut self, messages: &[M]) -> std::io::Result<()>;
    fn end(&mut self) -> std::io::Result<()>;
}

/// One JSON object, a message a line.
struct JsonList {
    is_first: bool,
}

impl<M: Serialize> Printer<M> for JsonList {
    fn begin(&mut self, total: usize, _: &[M]) -> std::io::Result<()> {
        output::write(&format!("{{\"schema\":{SCHEMA},\"total\":{total},\"messages\":["))
    }

    fn page(&mut self, messages: &[M]) -> std::io::Result<()> {
        let mut page = String::new();
        for message in messages {
            page.push_str(if self.is_first { "\n" } else { ",\n" });
            page.push_str(&output::json(message)?);
            self.is_first = false;
        }
        output::write(&page)
    }

    fn end(&mut self) -> std::io::Result<()> {
        output::write(if self.is_first { "]}\n" } else { "\n]}\n" })
    }
}

/// A table whose columns are those of the first page.
struct TextList<T> {
    table: T,
    now: Timestamp,
    layout: Option<views::Layout>,
}

impl<M, T: Fn(&[M], Timestamp) -> Table> Printer<M> for TextList<T> {
    fn begin(&mut self, _: usize, first: &[M]) -> std::io::Result<()> {
        if first.is_empty() {
            return output::write("Nothing there.\n");
        }
        let table = (self.table)(first, self.now);
        let layout = self.layout.insert(table.layout(output::width()));
        output::write(&table.head(layout))
    }

    fn page(&mut self, messages: &[M]) -> std::io::Result<()> {
        match &self.layout {
            Some(layout) => output::write(&(self.table)(messages, self.now).body(layout)),
            None => Ok(()),
        }
    }

    fn end(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
