//! One user being entered.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::dashboard::Shared;
use crate::dashboard::field::Field;
use crate::dashboard::input::{Input, Key, KeyCode};
use crate::dashboard::widgets::{cut, wrapped};
use crate::engine::Command;
use crate::engine::view::UserRow;
use crate::text::printable;

/// Columns for the names of the fields.
const LABEL: u16 = 18;

/// What is entered, and what it was.
pub(super) struct Form {
    /// The user who is changed; `None` for a new one.
    user: Option<UserRow>,
    name: Field,
    password: Field,
    again: Field,
    ntlm: bool,
    limit: Field,
    senders: Field,
    row: Row,
    /// Why it cannot be as it is.
    error: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Row {
    Name,
    Password,
    Again,
    Ntlm,
    Limit,
    Senders,
}

impl Row {
    const ALL: [Self; 6] = [Self::Name, Self::Password, Self::Again, Self::Ntlm, Self::Limit, Self::Senders];

    const fn label(self) -> &'static str {
        match self {
            Self::Name => "Name",
            Self::Password => "Password",
            Self::Again => "Password again",
            Self::Ntlm => "Also by NTLM",
            Self::Limit => "Messages an hour",
            Self::Senders => "May send from",
        }
    }

    const fn help(self, is_new: bool) -> &'static str {
        match self {
            Self::Name => "What the client logs in with. Case does not matter.",
            Self::Password if is_new => "Only an argon2id hash of it is kept.",
            Self::Password => "Empty: the password stays. Only an argon2id hash of it is kept.",
            Self::Again => "The same once more, since nobody sees what is typed.",
            Self::Ntlm => {
                "Space switches it. NTLM needs an NT hash in the users file: who can read that can log in with it. To \
                 allow it takes the password."
            }
            Self::Limit => "Empty: any number.",
            Self::Senders => {
                "Addresses and domains with commas between them, as app@corp.example, *.corp.example or <> for reports. \
                 Empty: any."
            }
        }
    }
}

/// What became of an input.
pub(super) enum Step {
    /// It goes on.
    Goes,
    /// Nothing is to be done.
    Dropped,
    /// This is to be done.
    Done(Command),
}

impl Form {
    /// A new user.
    pub(super) fn empty() -> Self {
        let empty = Field::default;
        let fields = [empty(), empty(), empty(), empty(), empty()];
        let [name, password, again, limit, senders] = fields;
        Self { user: None, name, password, again, ntlm: false, limit, senders, row: Row::Name, error: None }
    }

    /// One there is.
    pub(super) fn of(user: &UserRow) -> Self {
        let limit = user.max_messages_per_hour.map(|limit| limit.to_string()).unwrap_or_default();
        Self {
            name: Field::new(user.name.as_str()),
            ntlm: user.ntlm,
            limit: Field::new(limit),
            senders: Field::new(user.senders.join(", ")),
            row: Row::Password,
            user: Some(user.clone()),
            ..Self::empty()
        }
    }

    pub(super) fn title(&self) -> String {
        self.user.as_ref().map_or_else(|| "A new user".to_owned(), |user| format!("User {}", printable(&user.name)))
    }

    /// The name that is entered.
    pub(super) fn name(&self) -> &str {
        self.name.text()
    }

    /// The engine did not take it.
    pub(super) fn refuse(&mut self, reason: &str) {
        self.error = Some(printable(reason).into_owned());
    }

    /// Takes an input.
    pub(super) fn take(&mut self, input: &Input) -> Step {
        let is_last = self.row == Row::Senders;
        match input {
            Input::Key(Key { code: KeyCode::Esc, .. }) => return Step::Dropped,
            Input::Key(key) if *key == Key::ctrl('s') || (key.code == KeyCode::Enter && is_last) => {
                return self.done();
            }
            Input::Key(Key { code: KeyCode::Enter | KeyCode::Tab | KeyCode::Down, .. }) => self.go(1),
            Input::Key(Key { code: KeyCode::BackTab | KeyCode::Up, .. }) => self.go(Row::ALL.len() - 1),
            Input::Key(Key { code: KeyCode::Char(' '), .. }) if self.row == Row::Ntlm => self.ntlm = !self.ntlm,
            input => {
                let field = match self.row {
                    Row::Name => &mut self.name,
                    Row::Password => &mut self.password,
                    Row::Again => &mut self.again,
                    Row::Limit => &mut self.limit,
                    Row::Senders => &mut self.senders,
                    Row::Ntlm => return Step::Goes,
                };
                if field.take(input) == Some(true) {
                    self.error = None;
                }
            }
        }
        Step::Goes
    }

    /// So many rows on, over the name of a user there is.
    fn go(&mut self, by: usize) {
        let at = Row::ALL.iter().position(|row| *row == self.row).unwrap_or(0);
        self.row = Row::ALL[(at + by) % Row::ALL.len()];
        if self.row == Row::Name && self.user.is_some() {
            self.go(by);
        }
    }

    fn done(&mut self) -> Step {
        let senders = self.senders.text().split(',').map(|sender| sender.trim().to_owned());
        let senders: Vec<_> = senders.filter(|sender| !sender.is_empty()).collect();
        let limit = match self.limit.text().trim() {
            "" => None,
            number => match number.parse::<u32>() {
                Ok(number) => Some(number),
                Err(_) => return self.complain(Row::Limit, "expected a whole number, or nothing for no limit"),
            },
        };
        if self.password.text() != self.again.text() {
            return self.complain(Row::Again, "the two passwords are not the same");
        }
        let password = self.password.text();
        let Some(user) = &self.user else {
            if password.is_empty() {
                return self.complain(Row::Password, "a user needs a password");
            }
            let (name, password) = (self.name.text().trim().to_owned(), password.into());
            let max_messages_per_hour = limit;
            return Step::Done(Command::UserAdd { name, password, ntlm: self.ntlm, senders, max_messages_per_hour });
        };
        let change = Command::UserChange {
            name: user.name.clone(),
            password: (!password.is_empty()).then(|| password.into()),
            ntlm: (self.ntlm != user.ntlm).then_some(self.ntlm),
            senders: (senders != user.senders).then_some(senders),
            max_messages_per_hour: (limit != user.max_messages_per_hour).then_some(limit.unwrap_or(0)),
        };
        let is_nothing = matches!(
            change,
            Command::UserChange { password: None, ntlm: None, senders: None, max_messages_per_hour: None, .. }
        );
        if is_nothing { Step::Dropped } else { Step::Done(change) }
    }

    fn complain(&mut self, row: Row, error: &str) -> Step {
        (self.row, self.error) = (row, Some(error.to_owned()));
        Step::Goes
    }

    /// Draws the form. Returns where the hardware cursor belongs.
    pub(super) fn draw(&self, buffer: &mut Buffer, area: Rect, shared: &Shared) -> Position {
        let theme = &shared.theme;
        let columns = usize::from(area.width);
        let mut cursor = area.as_position();
        let mut rows = area.rows();
        for (row, place) in Row::ALL.into_iter().zip(rows.by_ref()) {
            let taken = LABEL.min(place.width);
            let value = Rect { x: place.x + taken, width: place.width - taken, ..place };
            let is_here = row == self.row;
            let style = if is_here { theme.title } else { theme.text };
            buffer.set_stringn(place.x, place.y, row.label(), usize::from(taken), style);
            let field = match row {
                Row::Name => self.name.clone(),
                Row::Password => self.password.hidden(),
                Row::Again => self.again.hidden(),
                Row::Limit => self.limit.clone(),
                Row::Senders => self.senders.clone(),
                Row::Ntlm => Field::new(if self.ntlm { "[x] yes" } else { "[ ] no" }),
            };
            if is_here && row != Row::Ntlm {
                cursor = field.draw(buffer, value, theme.field);
                continue;
            }
            let text = cut(&printable(field.text()), usize::from(value.width), shared.glyphs.ellipsis());
            buffer.set_stringn(value.x, value.y, text, usize::from(value.width), style);
            if is_here {
                cursor = value.as_position();
            }
        }
        let help = wrapped(self.row.help(self.user.is_none()), columns).into_iter().map(|row| (row, theme.dim));
        let error = self.error.as_ref().map(|error| wrapped(&format!("! {error}"), columns)).unwrap_or_default();
        let below = error.into_iter().map(|row| (row, theme.bad)).chain(help);
        for ((text, style), row) in below.zip(rows.skip(1)) {
            buffer.set_stringn(row.x, row.y, text, columns, style);
        }
        cursor
    }
}
