//! The engine from outside: the control socket with both its ends, and views as text.
//!
//! One line of JSON is one [`Command`](crate::engine::Command), one line of JSON comes back; `log` with `follow`
//! is answered by a line for each record until the client hangs up, and `attach` by the dashboard. This module decides
//! nothing: rights are checked in the engine.

mod attach;
mod client;
mod line;
mod server;
mod table;
pub mod views;

use std::future::Future;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{OwnedSemaphorePermit, broadcast};

pub use attach::{FrontDesk, Guest, Hello, Shown};
pub use client::{Client, ClientError, Followed};
pub use server::serve;

use crate::engine::{Actor, Command, Outcome};
use crate::ledger::Record;

/// What carries out commands: the engine, or in tests something that answers as one.
pub trait Executor: Send + Sync + 'static {
    /// Carries out a command on behalf of somebody.
    fn execute(&self, actor: &Actor, command: Command) -> impl Future<Output = Outcome> + Send;

    /// Every record of the delivery log from now on.
    fn follow(&self) -> broadcast::Receiver<Arc<Record>>;

    /// A place before the dashboard, or why there is none.
    fn admit(&self, _hello: &Hello) -> Result<OwnedSemaphorePermit, String> {
        Err("there is no dashboard here".to_owned())
    }

    /// Shows the dashboard to whom it was promised, until they leave.
    fn attend<S>(
        &self,
        _place: OwnedSemaphorePermit,
        _actor: Actor,
        _hello: Hello,
        _stream: S,
    ) -> impl Future<Output = ()> + Send
    where
        S: AsyncRead + AsyncWrite + Send + 'static,
    {
        std::future::ready(())
    }
}

impl Executor for FrontDesk {
    async fn execute(&self, actor: &Actor, command: Command) -> Outcome {
        self.engine().execute(actor, command).await
    }

    fn follow(&self) -> broadcast::Receiver<Arc<Record>> {
        self.engine().follow()
    }

    fn admit(&self, hello: &Hello) -> Result<OwnedSemaphorePermit, String> {
        self.place(hello)
    }

    async fn attend<S>(&self, place: OwnedSemaphorePermit, actor: Actor, hello: Hello, stream: S)
    where
        S: AsyncRead + AsyncWrite + Send + 'static,
    {
        self.serve(place, actor, hello, stream).await;
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::sync::Mutex;

    use serde_json::json;

    use super::*;
    use crate::clock::Timestamp;
    use crate::ledger::Event;
    use crate::platform::{self, ControlListener};

    /// Answers every command with what it was and who gave it.
    struct Echo {
        records: broadcast::Sender<Arc<Record>>,
        newest: Mutex<Vec<Record>>,
    }

    impl Executor for Echo {
        async fn execute(&self, actor: &Actor, command: Command) -> Outcome {
            match command {
                Command::Log { .. } => {
                    // As may happen between the subscription and the look at the newest.
                    self.record("a2");
                    Outcome::View { view: json!({"schema": 1, "records": *self.newest.lock().unwrap()}) }
                }
                Command::Stop => Outcome::refused("no"),
                command => Outcome::Done { count: 1, message: format!("{command:?} by {}", actor.name) },
            }
        }

        fn follow(&self) -> broadcast::Receiver<Arc<Record>> {
            self.records.subscribe()
        }
    }

    impl Echo {
        /// As the engine does: into memory, then to those who follow.
        fn record(&self, id: &str) {
            self.newest.lock().unwrap().push(record(id));
            let _ = self.records.send(Arc::new(record(id)));
        }

        async fn is_followed(&self) {
            while self.records.receiver_count() == 0 {
                tokio::task::yield_now().await;
            }
        }
    }

    fn record(id: &str) -> Record {
        Record::new(Timestamp::from_unix(1_795_518_903), Event::Accepted, id)
    }

    struct Running {
        _folder: tempfile::TempDir,
        socket: PathBuf,
        engine: Arc<Echo>,
        server: tokio::task::JoinHandle<()>,
    }

    fn start() -> Running {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("control");
        let engine = Arc::new(Echo { records: broadcast::Sender::new(1024), newest: Mutex::default() });
        let server = tokio::spawn(serve(ControlListener::bind(&socket).unwrap(), Arc::clone(&engine)));
        Running { _folder: folder, socket, engine, server }
    }

    fn log(filter: &str) -> Command {
        Command::Log { filter: filter.to_owned(), limit: 10, follow: true }
    }

    async fn next_id(client: &mut Client) -> String {
        match client.next_record().await.unwrap() {
            Some(Followed::Record(record)) => record.id,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn a_command_reaches_the_engine_with_who_gave_it_and_its_outcome_comes_back() {
        let running = start();
        let mut client = Client::connect(&running.socket).await.unwrap();
        let outcome = client.execute(&Command::Pause { domain: Some("example.com".to_owned()) }).await.unwrap();
        let Outcome::Done { message, .. } = outcome else { panic!("{outcome:?}") };
        let by = if cfg!(unix) { " by uid " } else { " by local" };
        assert!(message.starts_with("Pause { domain: Some(\"example.com\") }") && message.contains(by), "{message}");
        assert!(matches!(client.execute(&Command::Stop).await.unwrap(), Outcome::Refused { reason } if reason == "no"));
    }

    #[tokio::test]
    async fn a_line_that_is_no_command_is_refused_and_one_without_end_cut_off() {
        use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
        let running = start();
        let mut stream = BufReader::new(platform::connect(&running.socket).await.unwrap());
        stream.write_all(b"{\"command\":\"explode\"}\n").await.unwrap();
        let mut answer = String::new();
        stream.read_line(&mut answer).await.unwrap();
        assert!(answer.contains("refused") && answer.contains("not a command"), "{answer}");
        // The server may hang up before all of it is written.
        let _ = stream.write_all(&vec![b'x'; 128 * 1024]).await;
        answer.clear();
        assert!(matches!(stream.read_line(&mut answer).await, Ok(0) | Err(_)), "{answer}");
    }

    #[tokio::test]
    async fn who_follows_the_log_gets_the_newest_and_then_each_new_record_once() {
        let running = start();
        running.engine.record("a1");
        let mut client = Client::connect(&running.socket).await.unwrap();
        let outcome = client.execute(&log("id:a")).await.unwrap();
        assert!(matches!(&outcome, Outcome::View { view } if view["records"][1]["id"] == "a2"), "{outcome:?}");
        running.engine.is_followed().await;
        for id in ["b2", "a3", "a4"] {
            running.engine.record(id);
        }
        assert_eq!(next_id(&mut client).await, "a3");
        assert_eq!(next_id(&mut client).await, "a4");
        running.server.abort();
        assert!(client.next_record().await.is_ok_and(|end| end.is_none()));
    }

    #[tokio::test]
    async fn who_reads_too_slowly_is_told_what_it_missed_and_nobody_waits_for_it() {
        let running = start();
        let mut client = Client::connect(&running.socket).await.unwrap();
        client.execute(&log("")).await.unwrap();
        running.engine.is_followed().await;
        // Nothing else runs before all of these are sent.
        for number in 0..5000 {
            running.engine.record(&number.to_string());
        }
        let reason = loop {
            match client.next_record().await.unwrap() {
                Some(Followed::Record(_)) => {}
                Some(Followed::End(Outcome::Refused { reason })) => break reason,
                other => panic!("{other:?}"),
            }
        };
        assert!(reason.starts_with("too slow: "), "{reason}");
    }

    #[tokio::test]
    async fn a_filter_that_is_none_is_refused_before_anything_is_followed() {
        let running = start();
        let mut client = Client::connect(&running.socket).await.unwrap();
        let outcome = client.execute(&log("state:held")).await.unwrap();
        assert!(matches!(outcome, Outcome::Refused { reason } if reason.contains("state:")));
    }

    #[tokio::test]
    async fn one_connection_too_many_is_told_so() {
        let running = start();
        let mut clients = Vec::new();
        for _ in 0..64 {
            let mut client = Client::connect(&running.socket).await.unwrap();
            client.execute(&Command::Status).await.unwrap();
            clients.push(client);
        }
        let mut last = Client::connect(&running.socket).await.unwrap();
        let outcome = last.execute(&Command::Status).await.unwrap();
        assert!(matches!(outcome, Outcome::Refused { reason } if reason.contains("too many")));
        drop(clients);
    }

    #[tokio::test]
    async fn without_an_engine_the_error_says_how_to_start_one() {
        let folder = tempfile::tempdir().unwrap();
        let error = Client::connect(&folder.path().join("control")).await.err().unwrap().to_string();
        assert!(error.starts_with("no mailroot engine answers at ") && error.contains("mailroot serve"), "{error}");
    }
}
