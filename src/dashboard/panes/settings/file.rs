//! The settings file between the engine and this pane: read, followed, applied, taken back.

use std::sync::Arc;

use super::document::Document;
use crate::config;
use crate::dashboard::Shared;
use crate::dashboard::message::{Effect, Request};
use crate::engine::view::SettingsText;
use crate::engine::{Command, Outcome, Role};

/// What is known of the file.
#[derive(Default)]
pub(super) struct File {
    /// `None` until the engine has read the file, and for those who may not edit it.
    pub(super) document: Option<Document>,
    /// Why there is none, or why something of it cannot be.
    pub(super) trouble: Option<String>,
    /// What the file holds now, where it was changed while edits wait here.
    pub(super) newer: Option<String>,
    is_asked: bool,
    /// The settings in force when the file was last asked for.
    seen: Option<Arc<config::Settings>>,
    last: Option<Applied>,
}

/// The last apply.
struct Applied {
    /// The text before it.
    before: String,
    /// The text that it brought; `None` until the engine has read it, which moved the secrets in it elsewhere.
    now: Option<String>,
}

impl File {
    /// Asks for the file if it may have changed since it was read.
    pub(super) fn follow(&mut self, shared: &Shared) -> Vec<Effect> {
        if !shared.viewer.may(Role::Admin) {
            self.trouble = Some("These are the settings in force. Only an administrator may change them.".to_owned());
            return Vec::new();
        }
        let is_seen = self.seen.as_ref().is_some_and(|seen| Arc::ptr_eq(seen, &shared.snapshot.settings));
        if is_seen || self.is_asked {
            return Vec::new();
        }
        self.ask(shared)
    }

    /// Asks for the file.
    pub(super) fn ask(&mut self, shared: &Shared) -> Vec<Effect> {
        self.is_asked = true;
        self.seen = Some(Arc::clone(&shared.snapshot.settings));
        vec![Effect::Execute(Request::SettingsText, Command::SettingsText)]
    }

    /// Whether the file is on its way for the first time.
    pub(super) fn is_awaited(&self) -> bool {
        self.is_asked && self.document.is_none()
    }

    /// Takes what the engine read. While somebody edits, the document stays, and a text that is not its own waits beside
    /// it.
    pub(super) fn read(&mut self, outcome: &Outcome, is_edited: bool) {
        self.is_asked = false;
        let file = match outcome {
            Outcome::View { view } => serde_json::from_value::<SettingsText>(view.clone()),
            Outcome::Refused { reason } => return self.trouble = Some(reason.clone()),
            Outcome::Done { .. } | Outcome::Conflict { .. } => return,
        };
        let file = match file {
            Ok(file) => file,
            Err(error) => return self.trouble = Some(format!("the engine's answer is not understood: {error}")),
        };
        if let Some(Applied { now: now @ None, .. }) = &mut self.last {
            *now = Some(file.text.to_string());
        }
        match &self.document {
            Some(document) if document.original() == &*file.text => self.newer = None,
            Some(_) if is_edited => self.newer = Some(file.text.into_inner()),
            _ => self.open(&file),
        }
    }

    /// Takes over what waits, once nothing is edited any more.
    pub(super) fn catch_up(&mut self) {
        if let (Some(document), Some(text)) = (&self.document, &self.newer)
            && !document.is_changed()
        {
            let opened = document.over(text);
            self.newer = None;
            self.take(opened);
        }
    }

    /// Has the engine write the file as it is edited, and put it into force.
    pub(super) fn apply(&self) -> Vec<Effect> {
        let Some(document) = &self.document else { return Vec::new() };
        let (text, base) = (document.text().into(), document.original().into());
        vec![Effect::Execute(Request::SettingsApply, Command::SettingsApply { text, base })]
    }

    /// The engine did so.
    pub(super) fn applied(&mut self, shared: &Shared) -> Vec<Effect> {
        let Some(document) = &self.document else { return Vec::new() };
        let (before, text) = (document.original().to_owned(), document.text());
        let is_as_it_was_sent = config::new_secrets(&before, &text).is_empty();
        self.newer = None;
        let applied = document.applied();
        self.take(applied);
        self.last = Some(Applied { before, now: is_as_it_was_sent.then_some(text) });
        if is_as_it_was_sent { Vec::new() } else { self.ask(shared) }
    }

    /// Why the last apply cannot be taken back, if so.
    pub(super) fn cannot_undo(&self) -> Option<&'static str> {
        match (&self.last, &self.document) {
            (Some(Applied { now: None, .. }), Some(_)) => Some("the file is being read"),
            (Some(Applied { now: Some(now), .. }), Some(document)) if now == document.original() => None,
            (Some(_), Some(_)) => Some("the file was changed since the last apply from here"),
            _ => Some("nothing was applied from here yet"),
        }
    }

    /// Brings back the text before the last apply, as a change to be applied.
    pub(super) fn undo(&mut self) -> Result<(), String> {
        let (Some(document), Some(Applied { before, .. })) = (&self.document, &self.last) else { return Ok(()) };
        self.document = Some(document.back_to(before)?);
        Ok(())
    }

    fn open(&mut self, file: &SettingsText) {
        self.newer = None;
        self.take(Document::open(file));
    }

    fn take(&mut self, document: Result<Document, String>) {
        match document {
            Ok(document) => (self.document, self.trouble) = (Some(document), None),
            Err(error) => {
                self.document = None;
                let why =
                    "These are the settings in force. The file holds others that are wrong; mend it by hand, then r";
                self.trouble = Some(format!("{why} reads it again: {error}"));
            }
        }
    }
}
