//! What the engine says of the file: that it is read, applied, refused, or another one by now.

use super::Settings;
use super::conflict::Conflict;
use super::document::Document;
use super::merge::Merge;
use super::modes::Mode;
use crate::dashboard::Shared;
use crate::dashboard::message::Effect;
use crate::dashboard::toasts::Weight;
use crate::engine::Outcome;

impl Settings {
    /// Puts the edits together with what the file holds now. What both sides changed is asked for; the rest goes by
    /// itself.
    pub(super) fn settle(&mut self, shared: &mut Shared) {
        let (Some(document), Some(text)) = (&self.file.document, &self.file.newer) else { return };
        match Merge::new(document, text) {
            Ok(merge) if merge.clashes.is_empty() => match merge.settled(document) {
                Ok(settled) => {
                    let notice = "The file was changed meanwhile. Your changes are made to it as it is now; those of the \
                                  other side stay.";
                    self.take_settled(settled, Some(notice), shared);
                }
                Err(why) => self.complain(shared, why),
            },
            Ok(merge) => self.mode = Mode::Conflict(Box::new(Conflict::new(merge))),
            Err(why) => {
                self.mode = Mode::Form;
                self.complain(shared, format!("the file on disk is wrong now; mend it by hand, then go on: {why}"));
            }
        }
    }

    /// Takes what the engine read.
    pub(super) fn read(&mut self, outcome: &Outcome, shared: &mut Shared) {
        let is_edited = !matches!(self.mode, Mode::Form) || self.pending() > 0;
        self.keep_selected(|pane| pane.file.read(outcome, is_edited));
        if std::mem::take(&mut self.is_eager) && self.can_edit(shared).is_ok() {
            self.begin(shared);
        }
    }

    /// Takes what came of an apply.
    pub(super) fn applied(&mut self, outcome: &Outcome, shared: &mut Shared) -> Vec<Effect> {
        let now = shared.now();
        match outcome {
            Outcome::Done { message, .. } => {
                shared.toasts.push(now, Weight::Undo, format!("{message}; U undoes"));
                self.mode = Mode::Form;
                return self.keep_selected(|pane| pane.file.applied(shared));
            }
            Outcome::Refused { reason } => match &mut self.mode {
                Mode::Review(review) => {
                    review.is_waiting = false;
                    review.refusal = Some(reason.clone());
                }
                _ => shared.toasts.push(now, Weight::Error, reason.clone()),
            },
            Outcome::Conflict { text } => {
                self.file.newer = Some(text.to_string());
                self.settle(shared);
            }
            Outcome::View { .. } => {}
        }
        Vec::new()
    }

    /// Goes on with a settled file: to the review, if there is still anything to apply.
    pub(super) fn take_settled(&mut self, settled: Document, notice: Option<&str>, shared: &mut Shared) {
        let is_changed = settled.is_changed();
        self.file.newer = None;
        self.keep_selected(|pane| pane.file.document = Some(settled));
        if is_changed {
            self.review(shared, notice.map(str::to_owned));
            return;
        }
        self.mode = Mode::Form;
        let now = shared.now();
        shared.toasts.push(now, Weight::Info, "the file stays as it is on disk; nothing is left to apply");
    }

    fn complain(&mut self, shared: &mut Shared, why: String) {
        if let Mode::Review(review) = &mut self.mode {
            review.is_waiting = false;
        }
        let now = shared.now();
        shared.toasts.push(now, Weight::Error, why);
    }
}
