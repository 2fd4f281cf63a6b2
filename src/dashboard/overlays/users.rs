//! The users who may log in: listed, added, changed and removed.

mod form;
mod list;

use ratatui::Frame;
use ratatui::layout::{Position, Rect};

use self::form::{Form, Step};
use super::messages::motion;
use crate::dashboard::Shared;
use crate::dashboard::input::{Input, Key, KeyCode};
use crate::dashboard::message::{Answer, Effect, Request};
use crate::dashboard::overlay::{self, Overlay, Reaction};
use crate::dashboard::widgets::ListCursor;
use crate::engine::view::{UserList, UserRow};
use crate::engine::{Command, Outcome};
use crate::text::printable;

/// Columns that the dialog would like.
const COLUMNS: u16 = 76;
/// Rows that the list would like, from none to many users, and the form.
const LIST: (usize, usize) = (7, 18);
const FORM: u16 = 11;

/// The dialog.
pub(crate) struct Users {
    /// `None` until they were read.
    rows: Option<Vec<UserRow>>,
    /// Why they could not be.
    trouble: Option<String>,
    cursor: ListCursor,
    stage: Stage,
    /// The name of the user who is to be selected once the list is there again.
    wanted: Option<String>,
}

enum Stage {
    List,
    /// Whether the selected one is to go.
    Removing,
    /// A user is being entered.
    Form(Box<Form>),
    /// The engine is at it; behind a form, which comes back if the engine refuses.
    Waiting(Option<Box<Form>>),
}

impl Users {
    /// The dialog, and what reads the users.
    pub(crate) fn new() -> (Self, Vec<Effect>) {
        let users = Self { rows: None, trouble: None, cursor: ListCursor::default(), stage: Stage::List, wanted: None };
        (users, read())
    }

    /// The rows below the heads of the columns.
    fn fit(&mut self, shared: &Shared) {
        let room = overlay::inner(overlay::area(self.wants(shared), shared.size));
        self.cursor.fit(self.rows().len(), usize::from(room.height.saturating_sub(1)).max(1));
    }

    fn rows(&self) -> &[UserRow] {
        self.rows.as_deref().unwrap_or_default()
    }

    fn selected(&self) -> Option<&UserRow> {
        self.rows().get(self.cursor.place()?)
    }

    fn key(&mut self, key: Key) -> Reaction {
        let removes = matches!(self.stage, Stage::Removing);
        match key.code {
            KeyCode::Char('y') if removes => {
                let Some(name) = self.selected().map(|user| user.name.clone()) else { return stay() };
                self.stage = Stage::Waiting(None);
                return act(Command::UserRemove { name });
            }
            _ if removes => self.stage = Stage::List,
            KeyCode::Esc | KeyCode::Char('q') => return Reaction::Close(Vec::new()),
            KeyCode::Char('a') if self.rows.is_some() => self.stage = Stage::Form(Box::new(Form::empty())),
            KeyCode::Char('r') => return Reaction::Stay(read()),
            KeyCode::Enter => {
                if let Some(user) = self.selected() {
                    self.stage = Stage::Form(Box::new(Form::of(user)));
                }
            }
            KeyCode::Char('d') | KeyCode::Delete if self.selected().is_some() => self.stage = Stage::Removing,
            code => {
                if let Some(motion) = motion(code) {
                    self.cursor.go(motion);
                }
            }
        }
        stay()
    }

    fn form_input(&mut self, input: &Input) -> Reaction {
        let Stage::Form(form) = &mut self.stage else { return stay() };
        match form.take(input) {
            Step::Goes => stay(),
            Step::Dropped => {
                self.stage = Stage::List;
                stay()
            }
            Step::Done(command) => {
                let Stage::Form(form) = std::mem::replace(&mut self.stage, Stage::List) else { return stay() };
                self.wanted = Some(form.name().to_owned());
                self.stage = Stage::Waiting(Some(form));
                act(command)
            }
        }
    }

    fn read(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::View { view } => match serde_json::from_value::<UserList>(view.clone()) {
                Ok(list) => {
                    let wanted = self.wanted.take();
                    let place = wanted.and_then(|name| list.users.iter().position(|user| user.name == name));
                    self.cursor.fit(list.users.len(), self.cursor.height().max(1));
                    if let Some(place) = place {
                        self.cursor.set(place);
                    }
                    (self.rows, self.trouble) = (Some(list.users), None);
                }
                Err(error) => self.trouble = Some(format!("the engine's answer is not understood: {error}")),
            },
            Outcome::Refused { reason } => self.trouble = Some(reason.clone()),
            Outcome::Done { .. } | Outcome::Conflict { .. } => {}
        }
    }

    fn acted(&mut self, outcome: &Outcome) -> Vec<Effect> {
        let Stage::Waiting(form) = &mut self.stage else { return Vec::new() };
        let form = form.take();
        self.stage = Stage::List;
        match (outcome, form) {
            (Outcome::Refused { reason }, Some(mut form)) => {
                form.refuse(reason);
                self.stage = Stage::Form(form);
                Vec::new()
            }
            (Outcome::Refused { reason }, None) => {
                self.trouble = Some(reason.clone());
                Vec::new()
            }
            _ => read(),
        }
    }
}

impl Overlay for Users {
    fn title(&self) -> String {
        match &self.stage {
            Stage::Form(form) | Stage::Waiting(Some(form)) => form.title(),
            _ => "Users who may log in".to_owned(),
        }
    }

    fn hints(&self) -> Vec<(&'static str, &'static str)> {
        match &self.stage {
            Stage::List if self.selected().is_some() => {
                vec![("Enter", "change"), ("a", "add"), ("d", "remove"), ("j k", "move"), ("Esc", "close")]
            }
            Stage::List => vec![("a", "add"), ("Esc", "close")],
            Stage::Removing => vec![("y", "remove"), ("n", "keep")],
            Stage::Form(_) => vec![("Ctrl-s", "save"), ("Tab", "next field"), ("Esc", "cancel")],
            Stage::Waiting(_) => vec![("", "the engine changes the users file")],
        }
    }

    fn refresh(&mut self, shared: &mut Shared) -> Vec<Effect> {
        self.fit(shared);
        Vec::new()
    }

    fn input(&mut self, input: &Input, shared: &mut Shared) -> Reaction {
        self.fit(shared);
        if *input == Input::Key(Key::ctrl('c')) {
            return Reaction::Close(Vec::new());
        }
        match (&self.stage, input) {
            (Stage::Form(_), input) => self.form_input(input),
            (Stage::List | Stage::Removing, Input::Key(key)) => self.key(*key),
            _ => stay(),
        }
    }

    fn answer(&mut self, answer: &Answer, _: &mut Shared) -> Vec<Effect> {
        match answer {
            Answer::Outcome(Request::Users, outcome) => {
                self.read(outcome);
                Vec::new()
            }
            Answer::Outcome(Request::UserAct, outcome) => self.acted(outcome),
            _ => Vec::new(),
        }
    }

    fn wants(&self, _: &Shared) -> (u16, u16) {
        let list = (self.rows().len() + 4).clamp(LIST.0, LIST.1);
        match &self.stage {
            Stage::Form(_) | Stage::Waiting(Some(_)) => (COLUMNS, FORM),
            _ => (COLUMNS, u16::try_from(list).unwrap_or(FORM)),
        }
    }

    fn draw(&self, frame: &mut Frame<'_>, area: Rect, shared: &Shared) -> Option<Position> {
        match &self.stage {
            Stage::Form(form) | Stage::Waiting(Some(form)) => Some(form.draw(frame.buffer_mut(), area, shared)),
            Stage::List | Stage::Removing | Stage::Waiting(None) => Some(list::draw(self, frame, area, shared)),
        }
    }
}

/// What is asked below the list, or to be known.
fn remark(users: &Users, shared: &Shared) -> Option<(String, ratatui::style::Style)> {
    let theme = &shared.theme;
    if let (Stage::Removing, Some(user)) = (&users.stage, users.selected()) {
        return Some((format!("Remove {}? y removes, n keeps.", printable(&user.name)), theme.warning));
    }
    if let Some(trouble) = &users.trouble {
        return Some((printable(trouble).into_owned(), theme.bad));
    }
    let offers = shared.snapshot.settings.access.authentication.offers_login();
    let text = "No login is offered yet: access.authentication needs \"basic\" or \"integrated\".";
    (!offers).then(|| (text.to_owned(), theme.warning))
}

fn read() -> Vec<Effect> {
    vec![Effect::Execute(Request::Users, Command::UserList)]
}

fn act(command: Command) -> Reaction {
    Reaction::Stay(vec![Effect::Execute(Request::UserAct, command)])
}

fn stay() -> Reaction {
    Reaction::Stay(Vec::new())
}
