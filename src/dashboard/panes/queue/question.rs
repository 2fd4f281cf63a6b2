//! The question before an act on many messages. What was counted and shown is exactly what the act is then done to.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use super::views;
use crate::dashboard::Shared;
use crate::dashboard::field::Field;
use crate::dashboard::input::{Input, Key, KeyCode};
use crate::dashboard::message::{Answer, Effect, Request};
use crate::dashboard::overlay::{Overlay, Reaction};
use crate::dashboard::widgets::{count, cut, width, wrap};
use crate::delivery::Row;
use crate::engine::view::{Message, Plan};
use crate::engine::{Command, QueueAct};
use crate::text::printable;

/// More than so many are deleted only if their number is typed.
pub(super) const MANY: usize = 100;
/// Messages shown of those that an act would change.
pub(super) const SAMPLE: usize = 5;
/// What is said before many are deleted by a plan, which does not name them all.
const NO_UNDO: &str = "They cannot be brought back from here; for a day they stay in .state/deleted.";
/// Columns of the lines.
const COLUMNS: u16 = 66;

/// Asks whether to do an act.
pub(super) struct Question {
    act: QueueAct,
    stage: Stage,
    typed: Field,
    is_yes: bool,
}

enum Stage {
    /// The engine counts.
    Counting,
    /// It would be done to so many, some of which are shown.
    Asking { count: usize, sample: Vec<String>, effects: Vec<Effect>, advice: &'static str },
    /// It cannot be done.
    Refused(String),
}

impl Question {
    /// About an act that the engine is working out.
    pub(super) fn planned(act: QueueAct) -> Self {
        Self { act, stage: Stage::Counting, typed: Field::default(), is_yes: false }
    }

    /// About so many messages that are known, some of them as samples; `advice` says whether there is a way back.
    pub(super) fn new(
        act: QueueAct,
        count: usize,
        sample: Vec<String>,
        effects: Vec<Effect>,
        advice: &'static str,
    ) -> Self {
        Self { stage: Stage::Asking { count, sample, effects, advice }, ..Self::planned(act) }
    }

    fn verb(&self) -> &'static str {
        match self.act {
            QueueAct::Retry => "Try now",
            QueueAct::Hold => "Hold",
            QueueAct::Release => "Release",
            QueueAct::Delete => "Delete",
            QueueAct::Restore => "Bring back",
        }
    }

    /// The number that is to be typed.
    fn wanted(&self) -> Option<usize> {
        match &self.stage {
            Stage::Asking { count, .. } if self.act == QueueAct::Delete && *count > MANY => Some(*count),
            _ => None,
        }
    }

    fn is_typed(&self) -> bool {
        let digits = |c: &char| !c.is_whitespace();
        self.wanted().is_some_and(|wanted| self.typed.text().chars().filter(digits).eq(wanted.to_string().chars()))
    }

    fn yes(&mut self) -> Reaction {
        match &mut self.stage {
            Stage::Asking { effects, .. } => {
                let effects = std::mem::take(effects);
                Reaction::Then(Box::new(|model| {
                    model.panes.queue.unmark();
                    effects
                }))
            }
            Stage::Counting | Stage::Refused(_) => Reaction::Stay(Vec::new()),
        }
    }

    fn is_asking(&self) -> bool {
        matches!(self.stage, Stage::Asking { count, .. } if count > 0)
    }

    fn lines(&self, columns: usize, shared: &Shared) -> Vec<(String, Style)> {
        let theme = &shared.theme;
        let (total, sample, advice) = match &self.stage {
            Stage::Counting => return vec![("Counting".to_owned(), theme.dim)],
            Stage::Refused(reason) => return vec![(printable(reason).into_owned(), theme.bad)],
            Stage::Asking { count: 0, .. } => {
                return vec![("Of the messages that match none would change.".to_owned(), theme.text)];
            }
            Stage::Asking { count, sample, advice, .. } => (*count, sample, *advice),
        };
        let messages = if total == 1 { "1 message".to_owned() } else { format!("{} messages", count(total)) };
        let done = match self.act {
            QueueAct::Retry => "would be tried now",
            QueueAct::Hold => "would be held until they are released",
            QueueAct::Release => "would be released",
            QueueAct::Delete => "would be deleted",
            QueueAct::Restore => "would be brought back",
        };
        let mut lines = vec![(format!("{messages} {done}:"), theme.title)];
        // One row each, so that what matters more stays in sight.
        let short = |line: &String| cut(&format!("  {line}"), columns, shared.glyphs.ellipsis());
        lines.extend(sample.iter().map(|line| (short(line), theme.text)));
        if sample.len() < total {
            lines.push((format!("  and {} more", count(total - sample.len())), theme.dim));
        }
        if !advice.is_empty() {
            lines.push((advice.to_owned(), theme.warning));
        }
        lines
    }
}

/// A message as one line of a question.
pub(super) fn line_of(row: &Row) -> String {
    line(&row.id, &row.sender, row.recipients.first().map(|recipient| recipient.address.as_str()))
}

fn line_of_view(message: &Message) -> String {
    line(&message.id, &message.sender, message.recipients.first().map(|recipient| recipient.address.as_str()))
}

fn line(id: &str, sender: &str, recipient: Option<&str>) -> String {
    let sender = if sender.is_empty() { "<>" } else { sender };
    format!("{}  {} to {}", printable(id), printable(sender), printable(recipient.unwrap_or_default()))
}

impl Overlay for Question {
    fn title(&self) -> String {
        format!("{}?", self.verb())
    }

    fn hints(&self) -> Vec<(&'static str, &'static str)> {
        match (self.is_asking(), self.wanted()) {
            (true, Some(_)) => vec![("type", "the number"), ("Enter", "do it"), ("Esc", "cancel")],
            (true, None) => vec![("y", "do it"), ("n", "cancel"), ("Tab", "choose"), ("Enter", "as chosen")],
            (false, _) => vec![("Esc", "close")],
        }
    }

    fn input(&mut self, input: &Input, _: &mut Shared) -> Reaction {
        let stay = || Reaction::Stay(Vec::new());
        let key = match input {
            Input::Key(key) if key.code == KeyCode::Esc || *key == Key::ctrl('c') => return Reaction::Close(Vec::new()),
            Input::Key(key) => *key,
            other => {
                if self.wanted().is_some() {
                    self.typed.take(other);
                }
                return stay();
            }
        };
        if !self.is_asking() {
            return if key.code == KeyCode::Enter { Reaction::Close(Vec::new()) } else { stay() };
        }
        if self.wanted().is_some() {
            if key.code == KeyCode::Enter {
                return if self.is_typed() { self.yes() } else { stay() };
            }
            self.typed.take(input);
            return stay();
        }
        match key.code {
            KeyCode::Char('y' | 'Y') => self.yes(),
            KeyCode::Enter if self.is_yes => self.yes(),
            KeyCode::Enter | KeyCode::Char('n' | 'N' | 'q') => Reaction::Close(Vec::new()),
            KeyCode::Tab | KeyCode::BackTab | KeyCode::Left | KeyCode::Right => {
                self.is_yes = !self.is_yes;
                stay()
            }
            _ => stay(),
        }
    }

    fn answer(&mut self, answer: &Answer, _: &mut Shared) -> Vec<Effect> {
        if let (Stage::Counting, Answer::Outcome(Request::Plan(act), outcome)) = (&self.stage, answer)
            && *act == self.act
        {
            self.stage = match views::read::<Plan>(outcome) {
                Ok(plan) => Stage::Asking {
                    count: plan.count,
                    sample: plan.sample.iter().take(SAMPLE).map(line_of_view).collect(),
                    effects: vec![Effect::Execute(Request::Act, Command::QueueApply { plan: plan.plan })],
                    advice: if self.act == QueueAct::Delete { NO_UNDO } else { "" },
                },
                Err(reason) => Stage::Refused(reason),
            };
        }
        Vec::new()
    }

    fn wants(&self, shared: &Shared) -> (u16, u16) {
        let columns = COLUMNS.min(shared.size.width.saturating_sub(4)).max(1);
        let lines = self.lines(usize::from(columns), shared);
        let rows: usize = lines.iter().map(|(line, _)| wrap(line, usize::from(columns)).len()).sum();
        (columns, u16::try_from(rows + 2).unwrap_or(u16::MAX))
    }

    fn draw(&self, frame: &mut Frame<'_>, area: Rect, shared: &Shared) -> Option<Position> {
        let theme = &shared.theme;
        let buffer = frame.buffer_mut();
        let columns = usize::from(area.width);
        let lines = self.lines(columns, shared);
        let wrapped = lines
            .iter()
            .flat_map(|(line, style)| wrap(line, columns.max(1)).into_iter().map(move |part| (&line[part], *style)));
        for ((line, style), row) in wrapped.zip(area.rows().take(usize::from(area.height.saturating_sub(1)))) {
            buffer.set_stringn(row.x, row.y, line, columns, style);
        }
        let last = Rect { y: area.bottom().saturating_sub(1), height: 1, ..area };
        if let Some(wanted) = self.wanted() {
            let label = format!("Type {wanted} to delete them: ");
            let label = cut(&label, columns.saturating_sub(8), shared.glyphs.ellipsis());
            buffer.set_stringn(last.x, last.y, &label, columns, theme.text);
            let x = last.x + u16::try_from(width(&label)).unwrap_or(0).min(last.width);
            let field = Rect { x, width: (last.right() - x).min(12), ..last };
            let style = if self.is_typed() { theme.selected } else { theme.field };
            return Some(self.typed.draw(buffer, field, style));
        }
        if !self.is_asking() {
            buffer.set_stringn(last.x, last.y, "[ Close ]", columns, theme.selected);
            return Some(last.as_position());
        }
        let style = |is_chosen: bool| if is_chosen { theme.selected } else { theme.text };
        buffer.set_stringn(last.x, last.y, "[ Cancel ]", columns, style(!self.is_yes));
        let x = (last.x + 11).min(last.right());
        let yes = format!("[ {} ]", self.verb());
        buffer.set_stringn(x, last.y, yes, usize::from(last.right() - x), style(self.is_yes));
        Some(Position::new(if self.is_yes { x } else { last.x }, last.y))
    }
}
