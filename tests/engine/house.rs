//! An engine in a temporary folder, with its settings in a file as an administrator has them.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use mailroot::config;
use mailroot::dns::Zone;
use mailroot::engine::{Actor, Command, Engine, Handle, Options, Outcome, Role, StartError};
use mailroot::queue::OpenError;
use serde_json::Value;
use tempfile::TempDir;

use super::Certificate;

pub(crate) struct House {
    engine: Engine,
    pub(crate) handle: Handle,
    place: Place,
}

/// All of a house but the engine: what stays when it stops.
pub(crate) struct Place {
    folder: TempDir,
    /// By key, values in TOML.
    settings: BTreeMap<String, String>,
    /// Put behind the settings: remote domains.
    domains: String,
}

/// Waits until something is so; fails the test if it never is.
pub(crate) async fn eventually(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    for _ in 0..1500 {
        if is_so().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("never came true: {what}");
}

pub(crate) fn as_admin() -> Actor {
    Actor { name: "the admin".to_owned(), role: Role::Admin }
}

impl Place {
    pub(crate) fn new(settings: &[(&str, &str)]) -> Self {
        let mut place =
            Self { folder: tempfile::tempdir().unwrap(), settings: BTreeMap::new(), domains: String::new() };
        let basis = [
            ("general.hostname", "\"relay.test\""),
            ("general.listen", "[\"127.0.0.1:0\"]"),
            ("local.default_domain", "\"corp.example\""),
        ];
        for (key, value) in basis.iter().chain(settings) {
            place.settings.insert((*key).to_owned(), (*value).to_owned());
        }
        place
    }

    pub(crate) fn with_domains(mut self, domains: &str) -> Self {
        domains.clone_into(&mut self.domains);
        self
    }

    /// With this certificate.
    pub(crate) fn secured(mut self, certificate: &Certificate) -> Self {
        self.set("access.certificate", &in_toml(&certificate.file()));
        self.set("access.private_key", &in_toml(&certificate.key_file()));
        self
    }

    pub(crate) fn set(&mut self, key: &str, value: &str) {
        self.settings.insert(key.to_owned(), value.to_owned());
    }

    /// The settings file as it is now to be, in one step, as editors write it.
    pub(crate) fn write(&self) {
        let lines = self.settings.iter().map(|(key, value)| format!("{key} = {value}\n"));
        self.write_text(&(lines.collect::<String>() + &self.domains));
    }

    pub(crate) fn write_text(&self, text: &str) {
        let file = self.settings_file();
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        let new = file.with_extension("new");
        fs::write(&new, text).unwrap();
        fs::rename(new, file).unwrap();
    }

    pub(crate) async fn start(&self) -> Result<Engine, StartError> {
        self.write();
        let file = self.settings_file();
        Engine::start(Options {
            settings: config::load(&file).unwrap(),
            settings_file: Some(file),
            resolver: Some(Arc::new(Zone::default())),
            application_log: None,
            unsafe_no_sync: false,
        })
        .await
    }

    /// Starts it; the last tasks of an engine that was here before may still be ending.
    pub(crate) async fn open(self) -> House {
        let mut started = self.start().await;
        for _ in 0..500 {
            if !matches!(started, Err(StartError::Queue(OpenError::Locked { .. }))) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
            started = self.start().await;
        }
        let engine = started.unwrap();
        House { handle: engine.handle(), engine, place: self }
    }

    /// All that the log's files say.
    pub(crate) fn logs(&self) -> String {
        let files = fs::read_dir(self.path("Log")).unwrap();
        files.map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap()).collect()
    }

    /// The messages in a folder.
    pub(crate) fn files(&self, folder: &str) -> Vec<Vec<u8>> {
        let entries = fs::read_dir(self.path(folder)).unwrap().map(|entry| entry.unwrap().path());
        let is_message = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "eml");
        let mut paths = entries.filter(is_message).collect::<Vec<_>>();
        paths.sort();
        paths.iter().map(|path| fs::read(path).unwrap()).collect()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("mailroot").join(name)
    }

    pub(crate) fn users_file(&self) -> PathBuf {
        self.folder.path().join("config/users.toml")
    }

    pub(crate) fn settings_file(&self) -> PathBuf {
        self.folder.path().join("config/mailroot.toml")
    }
}

impl House {
    pub(crate) async fn start(settings: &[(&str, &str)]) -> Self {
        Place::new(settings).open().await
    }

    /// An engine whose mail goes to a smart host.
    pub(crate) async fn relaying_to(next_hop: SocketAddr) -> Self {
        Self::start(&[("delivery.advanced.smart_host", &smart_host(next_hop))]).await
    }

    /// Stops as the program stops.
    pub(crate) async fn stop(self) -> Place {
        self.engine.drain().await;
        self.place
    }

    pub(crate) fn place(&mut self) -> &mut Place {
        &mut self.place
    }

    /// Changes a setting in the file and reads it.
    pub(crate) async fn set(&mut self, key: &str, value: &str) -> Outcome {
        self.place.set(key, value);
        self.place.write();
        self.ask(Command::Reload).await
    }

    /// Where it listens first.
    pub(crate) async fn address(&self) -> SocketAddr {
        self.handle.listeners().await[0]
    }

    pub(crate) async fn ask(&self, command: Command) -> Outcome {
        self.handle.execute(&as_admin(), command).await
    }

    /// A view.
    pub(crate) async fn view(&self, command: Command) -> Value {
        match self.ask(command).await {
            Outcome::View { view } => view,
            other => panic!("no view: {other:?}"),
        }
    }

    pub(crate) async fn status(&self) -> Value {
        self.view(Command::Status).await
    }

    /// The delivery log, oldest first, cut down by a filter.
    pub(crate) async fn log(&self, filter: &str) -> Vec<Value> {
        let view = self.view(Command::Log { filter: filter.to_owned(), limit: 10_000, follow: false }).await;
        view["records"].as_array().unwrap().clone()
    }

    /// The queue's rows.
    pub(crate) async fn queue(&self) -> Vec<Value> {
        let view = self.view(Command::QueueList { filter: String::new(), offset: 0, limit: 500 }).await;
        view["messages"].as_array().unwrap().clone()
    }

    pub(crate) async fn emptied(&self) {
        eventually("the queue is empty", async || self.queue().await.is_empty()).await;
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.place.path(name)
    }

    /// The messages in a folder.
    pub(crate) fn files(&self, folder: &str) -> Vec<Vec<u8>> {
        self.place.files(folder)
    }
}

/// A path, in TOML.
pub(crate) fn in_toml(path: &Path) -> String {
    format!("'{}'", path.display())
}

/// An address as a smart host, in TOML.
pub(crate) fn smart_host(address: SocketAddr) -> String {
    format!("\"[{}]:{}\"", address.ip(), address.port())
}
