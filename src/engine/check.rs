//! "Check this smart host": the explained trial of a next hop, for whoever looks.

use std::pin::Pin;
use std::sync::Arc;

use tokio::sync::mpsc;

use super::command::Outcome;
use super::view::{CheckStep, SCHEMA, SmartHostCheck};
use super::{Actor, Role, look};
use crate::clock::{Clock, Timestamp};
use crate::delivery::{Dispatcher, Finding, Step};
use crate::ledger::Side;
use crate::mail::Domain;
use crate::text;

/// A check under way. It goes on as it is read; dropping it breaks it off.
pub struct CheckWatch {
    /// `None` once it is over.
    check: Option<Pin<Box<dyn Future<Output = bool> + Send>>>,
    /// Unbounded, as a check is not: hosts, addresses and replies are.
    findings: mpsc::UnboundedReceiver<Finding>,
    clock: Arc<Clock>,
    outcome: Option<bool>,
}

/// What happens in a check: steps, with the lines of the dialogue between them, then what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CheckEvent {
    /// A line of the dialogue.
    Line {
        /// Whose words these are.
        side: Side,
        /// Printable, without line end; secrets are masked.
        text: String,
        /// When it was said.
        at: Timestamp,
    },
    /// A step is done.
    Step(Step),
    /// The last event.
    Finished {
        /// Whether mail could be sent.
        can_send: bool,
    },
}

impl CheckWatch {
    fn new(dispatcher: Dispatcher, clock: Arc<Clock>, domain: Option<Domain>) -> Self {
        let (sender, findings) = mpsc::unbounded_channel();
        let check = Box::pin(async move { dispatcher.check(domain, sender).await });
        Self { check: Some(check), findings, clock, outcome: None }
    }

    /// The next event; `None` behind the outcome.
    pub async fn next(&mut self) -> Option<CheckEvent> {
        while let Some(check) = &mut self.check {
            tokio::select! {
                biased;
                Some(finding) = self.findings.recv() => return Some(self.event(finding)),
                can_send = check => {
                    self.check = None;
                    self.outcome = Some(can_send);
                }
            }
        }
        match self.findings.try_recv() {
            Ok(finding) => Some(self.event(finding)),
            Err(_) => self.outcome.take().map(|can_send| CheckEvent::Finished { can_send }),
        }
    }

    fn event(&self, finding: Finding) -> CheckEvent {
        match finding {
            Finding::Line(side, line) => {
                CheckEvent::Line { side, text: text::printable(&line).into_owned(), at: self.clock.now() }
            }
            Finding::Step(step) => CheckEvent::Step(step),
        }
    }
}

impl super::Handle {
    /// Connects to where the mail of a domain goes, or without one to the general smart host, negotiates TLS and logs
    /// in, and explains each step. No mail is sent. Needs an operator.
    pub fn check_smart_host(&self, actor: &Actor, domain: Option<Domain>) -> Result<CheckWatch, String> {
        if actor.role < Role::Operator {
            return Err(format!("a check of the smart host needs the role {}; you are {}", Role::Operator, actor.role));
        }
        let what = domain.as_ref().map_or_else(|| "the smart host".to_owned(), |domain| format!("the way to {domain}"));
        tracing::info!("{} checks {what}", text::quoted(&actor.name));
        let shared = self.shared();
        shared.record_deed(actor, &format!("{what} checked"));
        Ok(CheckWatch::new(shared.dispatcher.clone(), Arc::clone(&shared.clock), domain))
    }

    /// The same as a view, once all of it is known.
    pub(super) async fn check_smart_host_to_its_end(&self, actor: &Actor, domain: Option<&str>) -> Outcome {
        let watch = match domain.map(str::parse).transpose() {
            Ok(domain) => self.check_smart_host(actor, domain),
            Err(error) => Err(format!("{}: {error}", text::quoted(domain.unwrap_or_default()))),
        };
        let mut watch = match watch {
            Ok(watch) => watch,
            Err(reason) => return Outcome::refused(reason),
        };
        let mut check = SmartHostCheck { schema: SCHEMA, can_send: false, steps: Vec::new(), dialogue: Vec::new() };
        while let Some(event) = watch.next().await {
            match event {
                CheckEvent::Line { side, text, .. } => {
                    let side = if side == Side::Client { 'C' } else { 'S' };
                    check.dialogue.push(format!("{side}: {text}"));
                }
                CheckEvent::Step(step) => check.steps.push(CheckStep {
                    step: step.kind.as_str().to_owned(),
                    state: step.state.as_str().to_owned(),
                    text: step.text,
                    advice: step.advice,
                }),
                CheckEvent::Finished { can_send } => check.can_send = can_send,
            }
        }
        look::view(&check)
    }
}
