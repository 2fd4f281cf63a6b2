//! What a viewer wants of the engine, done beside its loop.

mod files;
mod lists;

use std::path::PathBuf;

use tokio::runtime;
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};

use self::lists::Lists;
use super::viewer::Relay;
use crate::dashboard::{Answer, Effect, Msg, Request};
use crate::engine::{Actor, Command, Handle, Outcome, TrialEvent, Viewing};
use crate::mail::{Address, Domain};

/// Answers that may wait for the viewer; what brings more of them waits too.
const BACKLOG: usize = 64;

/// One viewer's way to the engine.
pub struct Errands {
    handle: Handle,
    actor: Actor,
    /// Where commands are carried out: what one of them begins, such as a listener, outlives all viewers.
    engine: runtime::Handle,
    viewing: Viewing,
    /// Whether snapshots still come.
    is_running: bool,
    answer: mpsc::Sender<Answer>,
    answers: mpsc::Receiver<Answer>,
    lists: Lists,
    /// The session that is watched.
    session: Option<AbortHandle>,
    /// The check of a smart host under way.
    check: Option<AbortHandle>,
    /// The login with a code under way.
    login: Option<AbortHandle>,
    /// Where files may be written; `None` where the viewer is at another machine.
    folder: Option<PathBuf>,
    /// They end with the viewer.
    tasks: JoinSet<()>,
}

impl Errands {
    /// For somebody who watches already. To be called on the runtime of the viewers; `engine` is that of the engine.
    pub fn new(
        handle: Handle,
        actor: Actor,
        engine: runtime::Handle,
        viewing: Viewing,
        folder: Option<PathBuf>,
    ) -> Self {
        let (answer, answers) = mpsc::channel(BACKLOG);
        let mut tasks = JoinSet::new();
        let lists = Lists::default();
        tasks.spawn(lists.clone().read(handle.clone(), answer.clone()));
        let (session, check, login, is_running) = (None, None, None, true);
        Self {
            handle,
            actor,
            engine,
            viewing,
            is_running,
            answer,
            answers,
            lists,
            session,
            check,
            login,
            folder,
            tasks,
        }
    }

    fn execute(&self, request: Request, command: Command) {
        let (handle, actor, answer) = (self.handle.clone(), self.actor.clone(), self.answer.clone());
        let act = self.engine.spawn(async move { handle.execute(&actor, command).await });
        // Not among the tasks: what was begun is finished, though its viewer may be gone.
        tokio::spawn(async move {
            let outcome = act.await.unwrap_or_else(|_| {
                Outcome::refused("the engine failed at this; the application log says where, please report it")
            });
            let _ = answer.send(Answer::Outcome(request, outcome)).await; // as above
        });
    }

    fn watch_session(&mut self, id: u64) {
        self.unwatch_session();
        let answer = self.answer.clone();
        let watch = self.handle.watch_session(&self.actor, id);
        self.session = Some(self.tasks.spawn(async move {
            let mut watch = match watch {
                Ok(watch) => watch,
                Err(reason) => {
                    let _ = answer.send(Answer::NoTranscript(id, reason)).await; // the viewer may be gone
                    return;
                }
            };
            loop {
                let event = watch.next().await;
                let is_end = event.is_none();
                if answer.send(Answer::Transcript(id, event)).await.is_err() || is_end {
                    return;
                }
            }
        }));
    }

    fn unwatch_session(&mut self) {
        if let Some(session) = self.session.take() {
            session.abort();
        }
    }

    fn test_message(&mut self, from: Option<Address>, to: Address) {
        let answer = self.answer.clone();
        let trial = self.handle.test_message(&self.actor, from, to);
        self.tasks.spawn(async move {
            let mut trial = match trial {
                Ok(trial) => trial,
                Err(advice) => {
                    let _ = answer.send(Answer::Trial(TrialEvent::Refused { advice })).await; // as above
                    return;
                }
            };
            while let Some(event) = trial.next().await {
                if answer.send(Answer::Trial(event)).await.is_err() {
                    return;
                }
            }
        });
    }

    fn check_smart_host(&mut self, number: u64, domain: Option<Domain>) {
        self.break_off_check();
        let answer = self.answer.clone();
        let watch = self.handle.check_smart_host(&self.actor, domain);
        self.check = Some(self.tasks.spawn(async move {
            let mut watch = match watch {
                Ok(watch) => watch,
                Err(reason) => {
                    let _ = answer.send(Answer::NoCheck(number, reason)).await; // as above
                    return;
                }
            };
            while let Some(event) = watch.next().await {
                if answer.send(Answer::Check(number, event)).await.is_err() {
                    return;
                }
            }
        }));
    }

    fn break_off_check(&mut self) {
        if let Some(check) = self.check.take() {
            check.abort();
        }
    }

    fn log_in(&mut self, number: u64, domain: Option<&str>) {
        self.break_off_login();
        let answer = self.answer.clone();
        let login = self.handle.log_in(&self.actor, domain);
        self.login = Some(self.tasks.spawn(async move {
            let mut login = match login {
                Ok(login) => login,
                Err(reason) => {
                    let _ = answer.send(Answer::NoLogIn(number, reason)).await; // as above
                    return;
                }
            };
            while let Some(event) = login.next().await {
                if answer.send(Answer::LogIn(number, event)).await.is_err() {
                    return;
                }
            }
        }));
    }

    fn break_off_login(&mut self) {
        if let Some(login) = self.login.take() {
            login.abort();
        }
    }

    fn export(&mut self, name: String, octets: Vec<u8>) {
        let (folder, answer) = (self.folder.clone(), self.answer.clone());
        self.tasks.spawn(async move {
            let exported = files::export(folder, name, octets).await;
            let _ = answer.send(Answer::Exported(exported)).await; // as above
        });
    }
}

impl Relay for Errands {
    async fn next(&mut self) -> Msg {
        loop {
            tokio::select! {
                Some(answer) = self.answers.recv() => return Msg::Answer(answer),
                is_running = self.viewing.changed(), if self.is_running => {
                    self.is_running = is_running;
                    if is_running {
                        return Msg::Snapshot(self.viewing.latest());
                    }
                }
                Some(_) = self.tasks.join_next() => {}
            }
        }
    }

    fn perform(&mut self, effect: Effect) {
        match effect {
            Effect::Execute(request, command) => self.execute(request, command),
            Effect::ReadQueue(query) => self.lists.want_page(query),
            Effect::ReadIds(query) => self.lists.want_ids(query),
            Effect::ReadShape => self.lists.want_shape(),
            Effect::WatchSession(id) => self.watch_session(id),
            Effect::UnwatchSession => self.unwatch_session(),
            Effect::TestMessage { from, to } => self.test_message(from, to),
            Effect::CheckSmartHost { number, domain } => self.check_smart_host(number, domain),
            Effect::BreakOffCheck => self.break_off_check(),
            Effect::LogIn { number, domain } => self.log_in(number, domain.as_deref()),
            Effect::BreakOffLogIn => self.break_off_login(),
            Effect::Export { name, octets } => self.export(name, octets),
            // Of the terminal, and so done before they come here.
            Effect::Copy(_) | Effect::Mouse(_) | Effect::Repaint | Effect::Quit => {}
        }
    }
}

#[cfg(test)]
mod tests;
