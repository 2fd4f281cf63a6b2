//! The door to a running engine: commands in, outcomes out, rights checked.

use std::net::SocketAddr;
use std::sync::Arc;

use arc_swap::ArcSwap;
use tokio::sync::{Notify, broadcast, watch};

use super::certificate::Certificate;
use super::command::{Actor, Command, Outcome, Role};
use super::gate::Gate;
use super::plan::{self, Plans};
use super::problems::Problems;
use super::reload::Reloader;
use super::sampler::{Sampler, Surroundings};
use super::transcript::SessionWatch;
use super::trial::{Trial, TrialWatch};
use super::{EngineState, QueueReader, Snapshot, Viewing, badmail, look, messages, settings_file, users};
use crate::accounts::Accounts;
use crate::clock::{Clock, Timestamp};
use crate::config::Settings;
use crate::delivery::Dispatcher;
use crate::ledger::{Event, Ledger, Record};
use crate::mail::{Address, Domain};
use crate::oauth::{self, DeviceLogin, Tokens};
use crate::queue::Queue;

/// What every part of a running engine shares.
pub(super) struct Shared {
    pub(super) settings: Arc<ArcSwap<Settings>>,
    pub(super) clock: Arc<Clock>,
    pub(super) queue: Queue,
    pub(super) dispatcher: Dispatcher,
    pub(super) accounts: Accounts,
    pub(super) tokens: Tokens,
    pub(super) ledger: Arc<Ledger>,
    pub(super) problems: Arc<Problems>,
    pub(super) gate: Arc<Gate>,
    pub(super) reloader: Reloader,
    pub(super) started: Timestamp,
    /// True once the engine stops.
    pub(super) draining: watch::Receiver<bool>,
    /// Somebody asked for the stop.
    pub(super) stop: Notify,
    /// Something happened in Pickup.
    pub(super) pickup_touched: Notify,
    pub(super) sampler: Sampler,
    pub(super) surroundings: Surroundings,
    pub(super) plans: Plans,
    pub(super) certificate: Arc<Certificate>,
}

/// Cheap to clone; outlives the engine, whose answers are then refusals.
#[derive(Clone)]
pub struct Handle(Arc<Shared>);

impl Handle {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self(shared)
    }

    pub(super) fn shared(&self) -> &Shared {
        &self.0
    }

    /// Does what is asked if the actor may, and writes down every act with who did it.
    pub async fn execute(&self, actor: &Actor, command: Command) -> Outcome {
        let needs = command.needs();
        if actor.role < needs {
            tracing::warn!(
                "refused {} to {}: it needs the role {needs}",
                command.name(),
                crate::text::quoted(&actor.name)
            );
            return Outcome::refused(format!("{} needs the role {needs}; you are {}", command.name(), actor.role));
        }
        let shared = &*self.0;
        match command {
            Command::Status => look::status(shared).await,
            Command::Sessions => look::sessions(shared),
            Command::Destinations => look::destinations(shared),
            Command::Log { filter, limit, follow: _ } => look::log(shared, &filter, limit),
            Command::CloseSession { id } => close_session(shared, actor, id),
            Command::QueueList { filter, offset, limit } => messages::list(shared, &filter, offset, limit),
            Command::QueueShow { id } => messages::show(shared, &id).await,
            Command::QueueExport { id } => messages::export(shared, &id).await,
            Command::QueueAct { act, target } => messages::act(shared, actor, act, &target).await,
            Command::BadmailList { filter, offset, limit } => badmail::list(shared, &filter, offset, limit).await,
            Command::BadmailShow { id } => badmail::show(shared, &id).await,
            Command::BadmailAct { act, target } => badmail::act(shared, actor, act, &target).await,
            Command::Pause { domain } => pause(shared, actor, domain.as_deref()),
            Command::Resume { domain } => resume(shared, actor, domain.as_deref()),
            Command::QueuePlan { act, target } => plan::make(shared, actor, act, target),
            Command::QueueApply { plan } => plan::apply(shared, actor, &plan).await,
            Command::QueuePreview { id } => messages::preview(shared, actor, &id).await,
            Command::BadmailPreview { id } => badmail::preview(shared, actor, &id).await,
            Command::SettingsText => settings_file::show(shared),
            Command::SettingsApply { text, base } => settings_file::apply(shared, actor, &text, &base).await,
            Command::UserList => users::list(shared),
            Command::UserAdd { name, password, ntlm, senders, max_messages_per_hour } => {
                let (password, ntlm) = (Some(password), Some(ntlm));
                let wanted = users::Wanted { name, password, ntlm, senders: Some(senders), max_messages_per_hour };
                users::add(shared, actor, wanted).await
            }
            Command::UserChange { name, password, ntlm, senders, max_messages_per_hour } => {
                let wanted = users::Wanted { name, password, ntlm, senders, max_messages_per_hour };
                users::change(shared, actor, wanted).await
            }
            Command::UserRemove { name } => users::remove(shared, actor, name).await,
            Command::CheckSmartHost { domain } => self.check_smart_host_to_its_end(actor, domain.as_deref()).await,
            Command::Reload => self.reload(actor).await,
            Command::Stop => {
                tracing::info!("{} stops the engine", crate::text::quoted(&actor.name));
                shared.record_deed(actor, "stops the engine");
                shared.stop.notify_one();
                Outcome::done(1, "the engine finishes what is under way and stops")
            }
        }
    }

    /// Reads the settings file again, as SIGHUP asks.
    pub async fn reload(&self, actor: &Actor) -> Outcome {
        tracing::info!("{} reloads the settings", crate::text::quoted(&actor.name));
        match self.0.reloader.reload().await {
            Ok(change) => {
                let message = format!("settings: {change}");
                self.0.record_deed(actor, &message);
                Outcome::done(1, message)
            }
            Err(reason) => {
                self.0.record_deed(actor, &format!("settings: nothing changed: {reason}"));
                Outcome::refused(reason)
            }
        }
    }

    /// The dialogue of a session from now on. Any role may read along: content and secrets are not told.
    pub fn watch_session(&self, actor: &Actor, id: u64) -> Result<SessionWatch, String> {
        match self.0.ledger.watch_session(id) {
            Some((session, lines)) => {
                tracing::info!("{} watches session {id}", crate::text::quoted(&actor.name));
                Ok(SessionWatch::new(Arc::clone(&self.0.clock), &session, lines))
            }
            None => Err(no_session(id)),
        }
    }

    /// Sends a message through the first listener in service, as `mailroot test` does, and tells the dialogue as it
    /// happens. Without `from` the postmaster of this host sends it. Needs an operator.
    pub fn test_message(&self, actor: &Actor, from: Option<Address>, to: Address) -> Result<TrialWatch, String> {
        if actor.role < Role::Operator {
            return Err(format!("a test message needs the role {}; you are {}", Role::Operator, actor.role));
        }
        tracing::info!(
            "{} sends a test message to {}",
            crate::text::quoted(&actor.name),
            crate::text::quoted(to.as_str())
        );
        let hostname = self.settings().general.hostname.clone();
        let deed = format!("a test message to {to}");
        let trial = Trial::new(hostname, from, to).map_err(|error| error.to_string())?;
        self.0.record_deed(actor, &deed);
        let shared = Arc::clone(&self.0);
        let server = async move { shared.reloader.first_address().await };
        Ok(TrialWatch::new(trial, Arc::clone(&self.0.clock), server))
    }

    /// Begins a login with a code for the tokens that mail needs: of a remote domain with its own security, or of all
    /// others. The person types the code in elsewhere. Needs an administrator.
    pub fn log_in(&self, actor: &Actor, domain: Option<&str>) -> Result<DeviceLogin, String> {
        if actor.role < Role::Admin {
            return Err(format!("a login needs the role {}; you are {}", Role::Admin, actor.role));
        }
        let settings = self.settings();
        let security = oauth::by_code(&settings, domain)?;
        let mail = domain.map_or_else(|| "mail".to_owned(), |domain| format!("mail for {domain}"));
        let deed = format!("a login as {} for {mail} is begun", crate::text::quoted(&security.username));
        tracing::info!("{}: {deed}", crate::text::quoted(&actor.name));
        self.0.record_deed(actor, &deed);
        Ok(self.0.tokens.log_in(&security.oauth, &security.username))
    }

    /// Begins to watch: pictures are taken for as long as somebody does.
    pub fn watch(&self) -> Viewing {
        self.0.surroundings.look_soon();
        self.0.sampler.watch(&*self.0)
    }

    /// One picture of the engine. Disk and Badmail are shown as they were when last looked at.
    pub fn latest(&self) -> Arc<Snapshot> {
        self.0.surroundings.look_soon();
        self.0.sampler.latest(&*self.0)
    }

    /// A window on the queue, for one viewer.
    pub fn queue_reader(&self) -> QueueReader {
        QueueReader::new(self.0.dispatcher.clone(), Arc::clone(&self.0.clock))
    }

    /// Every line of the delivery log from now on.
    pub fn follow(&self) -> broadcast::Receiver<Arc<Record>> {
        self.0.ledger.follow()
    }

    /// The settings in force.
    pub fn settings(&self) -> Arc<Settings> {
        self.0.settings.load_full()
    }

    /// The addresses in service where clients begin in clear; a port of 0 in the settings is a free one here.
    pub async fn listeners(&self) -> Vec<SocketAddr> {
        self.0.reloader.addresses().await.clear.to_vec()
    }

    /// The addresses in service where clients begin with TLS.
    pub async fn tls_listeners(&self) -> Vec<SocketAddr> {
        self.0.reloader.addresses().await.tls.to_vec()
    }

    /// Resolves once [`Command::Stop`] was given.
    pub async fn stop_requested(&self) {
        self.0.stop.notified().await;
    }
}

impl Shared {
    /// Writes an act of a person on a message into the delivery log.
    pub(super) fn record_act(&self, event: Event, id: &str, actor: &Actor) {
        let mut record = Record::new(self.clock.now(), event, id);
        record.actor = Some(actor.name.clone());
        self.ledger.record(record);
    }

    /// Writes what a person did, and what came of it, into the delivery log, where all viewers see it.
    pub(super) fn record_deed(&self, actor: &Actor, deed: &str) {
        let mut record = Record::new(self.clock.now(), Event::Act, "");
        record.reply = Some(deed.to_owned());
        record.actor = Some(actor.name.clone());
        self.ledger.record(record);
    }

    /// Whether mail is taken.
    pub(super) fn state(&self) -> EngineState {
        match (*self.draining.borrow(), self.gate.is_paused()) {
            (true, _) => EngineState::Draining,
            (false, true) => EngineState::Paused,
            (false, false) => EngineState::Running,
        }
    }
}

fn close_session(shared: &Shared, actor: &Actor, id: u64) -> Outcome {
    if shared.ledger.close_session(id) {
        tracing::info!("{} closed session {id}", crate::text::quoted(&actor.name));
        shared.record_deed(actor, &format!("session {id} closed"));
        Outcome::done(1, format!("session {id} is being closed"))
    } else {
        Outcome::refused(no_session(id))
    }
}

fn no_session(id: u64) -> String {
    format!("there is no session {id}; `mailroot sessions` lists those there are")
}

fn pause(shared: &Shared, actor: &Actor, domain: Option<&str>) -> Outcome {
    let who = crate::text::quoted(&actor.name);
    match domain.map(parse_domain).transpose() {
        Err(reason) => Outcome::refused(reason),
        Ok(None) => {
            shared.gate.pause(true);
            tracing::info!("{who} paused the server");
            shared.record_deed(actor, "paused: new connections are refused");
            Outcome::done(1, "paused: new connections are refused with 421; what is queued is still delivered")
        }
        Ok(Some(domain)) => {
            tracing::info!("{who} paused delivery to {domain}");
            shared.record_deed(actor, &format!("delivery to {domain} paused"));
            let message = format!("delivery to {domain} is paused; its mail waits without using up attempts");
            shared.dispatcher.pause(domain);
            Outcome::done(1, message)
        }
    }
}

fn resume(shared: &Shared, actor: &Actor, domain: Option<&str>) -> Outcome {
    let who = crate::text::quoted(&actor.name);
    match domain.map(parse_domain).transpose() {
        Err(reason) => Outcome::refused(reason),
        Ok(None) => {
            shared.gate.pause(false);
            tracing::info!("{who} resumed the server");
            shared.record_deed(actor, "resumed: new connections are taken again");
            Outcome::done(1, "new connections are taken again")
        }
        Ok(Some(domain)) if shared.dispatcher.resume(&domain) => {
            tracing::info!("{who} resumed delivery to {domain}");
            shared.record_deed(actor, &format!("delivery to {domain} resumed"));
            Outcome::done(1, format!("delivery to {domain} goes on"))
        }
        Ok(Some(domain)) => Outcome::refused(format!("delivery to {domain} is not paused")),
    }
}

fn parse_domain(text: &str) -> Result<Domain, String> {
    text.parse().map_err(|error| format!("{}: {error}", crate::text::quoted(text)))
}
