//! What is shown of a message: envelope, header, text.

use ratatui::style::Style;
use ratatui::text::Line;

use super::super::rows;
use super::super::why::Why;
use super::page::Page;
use crate::clock::Timestamp;
use crate::dashboard::Shared;
use crate::dashboard::theme::Theme;
use crate::dashboard::widgets::{age, count, size, until};
use crate::engine::view::{BadmailShow, Message, Origin, Preview, QueueShow};
use crate::engine::{Command, Role};

/// What was read of a message, wherever it was.
pub(super) struct Shown {
    pub(super) message: Message,
    /// Why it is in Badmail.
    reason: Option<String>,
    origin: Option<Origin>,
    envid: Option<String>,
    header: Vec<String>,
}

impl From<QueueShow> for Shown {
    fn from(show: QueueShow) -> Self {
        let QueueShow { message, origin, envid, header, .. } = show;
        Self { message, reason: None, origin: Some(origin), envid, header }
    }
}

impl From<BadmailShow> for Shown {
    fn from(show: BadmailShow) -> Self {
        let BadmailShow { message, header, .. } = show;
        Self { message: message.message, reason: Some(message.reason), origin: None, envid: None, header }
    }
}

/// The envelope, with what became of each recipient.
pub(super) fn envelope(
    shown: Option<&Shown>,
    gone: Option<&str>,
    columns: usize,
    shared: &Shared,
) -> Vec<Line<'static>> {
    let theme = &shared.theme;
    let mut page = Page::new(columns);
    let Some(shown) = shown else {
        page.line(waiting_for(gone), theme.dim);
        return page.into_rows();
    };
    let message = &shown.message;
    let mut field = |name: &str, value: &str, style: Style| page.field(name, theme.dim, value, style);
    if let Some(reason) = &shown.reason {
        field("Reason", reason, theme.bad);
    } else {
        field("State", &state(message, shared), state_style(&message.state, theme));
    }
    if let Some(row) = message.destination.as_deref().and_then(|name| rows::destination(name, shared))
        && message.state == "queued"
        && let Some(why) = Why::of_destination(row, "r", shared)
    {
        let (text, style) = why.line();
        page.line(text, style);
    }
    let mut field = |name: &str, value: &str, style: Style| page.field(name, theme.dim, value, style);
    field("Sender", if message.sender.is_empty() { "<> (a report)" } else { &message.sender }, theme.text);
    field("Received", &received(message, shared), theme.text);
    field("Size", &size(message.size), theme.text);
    if let Some(origin) = &shown.origin {
        field("Came from", &came_from(origin), theme.text);
    }
    if let Some(destination) = &message.destination {
        field("Goes to", destination, theme.text);
    }
    if let Some(envid) = &shown.envid {
        field("Envelope id", envid, theme.text);
    }
    if let Some(reply) = &message.last_reply {
        field("Last reply", reply, theme.warning);
    }
    page.gap();
    page.line(&format!("Recipients ({})", count(message.recipients.len())), theme.title);
    for recipient in &message.recipients {
        let style = status_style(&recipient.status, theme);
        page.line(&format!("{:9} {}", recipient.status, recipient.address), style);
        if let Some(reply) = &recipient.reply {
            page.indented(10, reply, theme.text);
        }
    }
    page.into_rows()
}

/// The lines of the header.
pub(super) fn headers(
    shown: Option<&Shown>,
    gone: Option<&str>,
    columns: usize,
    shared: &Shared,
) -> Vec<Line<'static>> {
    let mut page = Page::new(columns);
    match shown {
        None => page.line(waiting_for(gone), shared.theme.dim),
        Some(shown) if shown.header.is_empty() => page.line("It has no header.", shared.theme.dim),
        Some(shown) => {
            for line in &shown.header {
                page.line(line, shared.theme.text);
            }
        }
    }
    page.into_rows()
}

/// The text, for those who may read it.
pub(super) fn text(preview: Option<&Result<Preview, String>>, columns: usize, shared: &Shared) -> Vec<Line<'static>> {
    let theme = &shared.theme;
    let mut page = Page::new(columns);
    match preview {
        None if !shared.viewer.may(Command::QueuePreview { id: String::new() }.needs()) => {
            let role = shared.viewer.actor.role;
            page.line(
                &format!("The content of mail is read only by the role {}; you are {role}.", Role::Admin),
                theme.warning,
            );
        }
        None => page.line("Reading the text", theme.dim),
        Some(Err(reason)) => page.line(reason, theme.bad),
        Some(Ok(preview)) => {
            for (name, value) in &preview.header {
                page.field(name, theme.dim, value, theme.text);
            }
            page.gap();
            for line in &preview.text {
                page.line(line, theme.text);
            }
            if preview.is_cut {
                page.line("The rest of the text is left out; e exports the whole message.", theme.dim);
            }
            for part in &preview.attachments {
                let name = part.name.as_deref().unwrap_or("without a name");
                let text = format!("Attachment: {name}, {}, {}", part.media_type, size(part.size));
                page.line(&text, theme.active);
            }
        }
    }
    page.into_rows()
}

fn waiting_for(gone: Option<&str>) -> &str {
    gone.unwrap_or("Reading the message")
}

fn state(message: &Message, shared: &Shared) -> String {
    let tries = match message.attempts {
        0 => "not tried yet".to_owned(),
        1 => "tried once".to_owned(),
        tries => format!("tried {tries} times"),
    };
    let next = message.next.as_ref().and_then(|at| at.parse::<Timestamp>().ok());
    match next.map(|at| until(at, shared.now())) {
        Some(next) if next == "now" => format!("{}, {tries}, due now", message.state),
        Some(next) => format!("{}, {tries}, next try in {next}", message.state),
        None => format!("{}, {tries}", message.state),
    }
}

fn received(message: &Message, shared: &Shared) -> String {
    match message.received.parse::<Timestamp>() {
        Ok(at) => format!("{at}, {} ago", age(shared.now().since(at))),
        Err(_) => message.received.clone(),
    }
}

/// `smtp, 192.0.2.17, scanner-3, user scan`.
fn came_from(origin: &Origin) -> String {
    let user = origin.user.as_ref().map(|user| format!("user {user}"));
    let parts = [Some(origin.via.clone()), origin.client.clone(), origin.helo.clone(), user];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn state_style(state: &str, theme: &Theme) -> Style {
    match state {
        "active" => theme.active,
        "held" => theme.warning,
        _ => theme.text,
    }
}

fn status_style(status: &str, theme: &Theme) -> Style {
    match status {
        "delivered" => theme.good,
        "failed" => theme.bad,
        _ => theme.text,
    }
}
