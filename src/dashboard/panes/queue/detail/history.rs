//! What the delivery log tells of a message.

use ratatui::style::Style;
use ratatui::text::Line;

use super::Place;
use super::page::Page;
use crate::dashboard::Shared;
use crate::dashboard::theme::Theme;
use crate::dashboard::widgets::age;
use crate::ledger::{Event, Record};
use crate::text::printable;

/// The lines of the log for a message, the oldest first.
pub(super) fn rows(id: &str, columns: usize, shared: &Shared) -> Vec<Line<'static>> {
    let theme = &shared.theme;
    let mut page = Page::new(columns);
    if !records(id, shared).any(|record| record.event == Event::Accepted) {
        let directory = shared.snapshot.settings.log.directory.display().to_string();
        let text = format!("What is kept here does not reach back to its arrival; the rest is in {directory}.");
        page.line(&text, theme.dim);
    }
    for record in records(id, shared) {
        // The date matters as much as the time: mail waits for days.
        let at = record.time.to_string()[5..19].replace('T', " ");
        let head = match record.recipient.as_deref().or(record.actor.as_deref()) {
            Some(who) => format!("{at}  {:9} {who}", record.event.as_str()),
            None => format!("{at}  {}", record.event.as_str()),
        };
        page.line(&head, style(record.event, theme));
        if let Some(host) = &record.host {
            page.indented(4, host, theme.dim);
        }
        if let Some(reply) = &record.reply {
            page.indented(4, reply, theme.text);
        }
    }
    page.into_rows()
}

/// What became of a message that has left its place.
pub(super) fn fate(id: &str, place: Place, shared: &Shared) -> Line<'static> {
    let theme = &shared.theme;
    let left = match place {
        Place::Queue => "It has left the queue",
        Place::Badmail => "It has left Badmail",
    };
    let Some((record, what)) = records(id, shared).rev().find_map(|record| Some((record, became(record, place)?)))
    else {
        return Line::styled(format!("{left}; the log kept here does not tell why."), theme.warning);
    };
    let ago = age(shared.now().since(record.time));
    let reply = record.reply.as_deref().map(|reply| format!(": {}", printable(reply))).unwrap_or_default();
    Line::styled(format!("{left}: {what} {ago} ago{reply}"), style(record.event, theme))
}

/// In words, for events with which a message can leave.
fn became(record: &Record, place: Place) -> Option<String> {
    let name = |name: &Option<String>| name.as_deref().map(|name| printable(name).into_owned()).unwrap_or_default();
    Some(match record.event {
        Event::Delivered => format!("delivered to {}", name(&record.recipient)),
        Event::Local => format!("put into Drop for {}", name(&record.recipient)),
        Event::Failed => format!("refused for {}", name(&record.recipient)),
        Event::Expired => format!("given up for {}", name(&record.recipient)),
        Event::Removed => format!("deleted by {}", name(&record.actor)),
        Event::Released if place == Place::Badmail => format!("sent again by {}", name(&record.actor)),
        Event::Badmail => "moved to Badmail".to_owned(),
        Event::Purged => "removed because of its age or the size of Badmail".to_owned(),
        _ => return None,
    })
}

fn records<'a>(id: &'a str, shared: &'a Shared) -> impl DoubleEndedIterator<Item = &'a Record> {
    shared.snapshot.log.records.iter().map(AsRef::as_ref).filter(move |record| record.id == id)
}

fn style(event: Event, theme: &Theme) -> Style {
    match event {
        Event::Delivered | Event::Local => theme.good,
        Event::Deferred | Event::Held | Event::Removed => theme.warning,
        Event::Failed | Event::Expired | Event::Badmail | Event::Refused => theme.bad,
        _ => theme.text,
    }
}
