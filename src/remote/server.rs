//! The engine's end of the control socket.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::sync::{Semaphore, broadcast};

use super::line::Lines;
use super::{Executor, Hello};
use crate::engine::{Actor, Command, Outcome, Role};
use crate::ledger::{Record, RecordFilter};
use crate::platform::{ControlListener, Peer};

/// Connections at the same time.
const MAX_CONNECTIONS: usize = 64;
/// The longest request, in octets: thousands of ids fit.
const MAX_REQUEST: usize = 64 * 1024;
/// How long a client may take for its next request, or to read an answer.
const DEADLINE: Duration = Duration::from_secs(30);
/// The pause after an accept that failed for want of descriptors.
const EXHAUSTED: Duration = Duration::from_millis(200);

/// Serves connections until its future is dropped. No client can make the engine wait: each has a task of its own,
/// and one that does not read is cut off.
pub async fn serve<E: Executor>(mut listener: ControlListener, executor: Arc<E>) {
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    // The tasks end with this future.
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = connections.join_next() => continue,
        };
        match accepted {
            Ok((stream, peer)) => {
                let (places, executor) = (Arc::clone(&places), Arc::clone(&executor));
                connections.spawn(async move {
                    let mut connection = Connection::new(stream);
                    let outcome = match places.try_acquire_owned() {
                        Ok(_place) => connection.converse(actor(peer), &*executor).await,
                        Err(_) => connection.send(&Outcome::refused("too many control connections; close some")).await,
                    };
                    if let Err(error) = outcome {
                        tracing::debug!("a control connection ended: {error}");
                    }
                });
            }
            Err(error) => {
                tracing::warn!("the control socket pauses for a moment: {error}");
                tokio::time::sleep(EXHAUSTED).await;
            }
        }
    }
}

/// Whom the system vouches for as the engine's owner or the superuser may do everything. Others get this far only
/// where an administrator gave their group the socket's folder: to operate, not to administer.
fn actor(peer: Peer) -> Actor {
    let name = peer.uid.map_or_else(|| "local".to_owned(), |uid| format!("uid {uid}"));
    Actor { name, role: if peer.is_owner { Role::Admin } else { Role::Operator } }
}

struct Connection<S> {
    lines: Lines<BufReader<S>>,
}

impl<S: AsyncRead + AsyncWrite + Send + Unpin + 'static> Connection<S> {
    fn new(stream: S) -> Self {
        Self { lines: Lines::new(BufReader::new(stream), MAX_REQUEST) }
    }

    async fn converse<E: Executor>(mut self, actor: Actor, executor: &E) -> io::Result<()> {
        while let Some(request) = within_deadline(self.lines.next()).await? {
            if let Ok(hello) = serde_json::from_slice(&request) {
                return self.attach(actor, executor, hello).await;
            }
            match serde_json::from_slice(&request) {
                Ok(Command::Log { filter, limit, follow: true }) => {
                    return self.follow(&actor, executor, filter, limit).await;
                }
                Ok(command) => {
                    let outcome = executor.execute(&actor, command).await;
                    self.send(&outcome).await?;
                }
                Err(error) => self.send(&Outcome::refused(format!("not a command: {error}"))).await?,
            }
        }
        Ok(())
    }

    /// Shows the dashboard until its viewer leaves.
    async fn attach<E: Executor>(mut self, actor: Actor, executor: &E, hello: Hello) -> io::Result<()> {
        match executor.admit(&hello) {
            Ok(place) => {
                self.send(&Outcome::Done { count: 1, message: "the dashboard follows".to_owned() }).await?;
                executor.attend(place, actor, hello, self.lines.into_inner()).await;
                Ok(())
            }
            Err(reason) => self.send(&Outcome::refused(reason)).await,
        }
    }

    /// First the newest records, then each new one, until the client hangs up.
    async fn follow<E: Executor>(
        &mut self,
        actor: &Actor,
        executor: &E,
        filter: String,
        limit: usize,
    ) -> io::Result<()> {
        let wanted = match filter.parse::<RecordFilter>() {
            Ok(wanted) => wanted,
            Err(error) => return self.send(&Outcome::refused(error.to_string())).await,
        };
        // Subscribed before the newest are asked for, so that none falls between; some may then come twice.
        let mut records = executor.follow();
        let outcome = executor.execute(actor, Command::Log { filter, limit, follow: true }).await;
        let Outcome::View { view } = &outcome else { return self.send(&outcome).await };
        self.send(&outcome).await?;
        let sent = view["records"].as_array().cloned().unwrap_or_default();
        let mut may_repeat = records.len();
        loop {
            let received = tokio::select! {
                received = records.recv() => received,
                // Whatever it says, a client that follows has nothing more to ask; mostly it has hung up.
                _ = self.lines.next() => return Ok(()),
            };
            match received {
                Ok(record) => {
                    let repeats = may_repeat > 0 && is_among(&record, &sent);
                    may_repeat = may_repeat.saturating_sub(1);
                    if !repeats && wanted.matches(&record) {
                        self.send(&*record).await?;
                    }
                }
                Err(broadcast::error::RecvError::Lagged(missed)) => {
                    let reason = format!("too slow: {missed} records were missed; they are in the log's files");
                    return self.send(&Outcome::refused(reason)).await;
                }
                Err(broadcast::error::RecvError::Closed) => return Ok(()),
            }
        }
    }

    async fn send(&mut self, answer: &impl Serialize) -> io::Result<()> {
        let mut line = serde_json::to_vec(answer)?;
        line.push(b'\n');
        let stream = self.lines.get_mut();
        within_deadline(async {
            stream.write_all(&line).await?;
            stream.flush().await
        })
        .await
    }
}

fn is_among(record: &Record, sent: &[serde_json::Value]) -> bool {
    serde_json::to_value(record).is_ok_and(|record| sent.contains(&record))
}

async fn within_deadline<T>(step: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    tokio::time::timeout(DEADLINE, step).await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_owner_administers() {
        let stranger = actor(Peer { uid: Some(1000), is_owner: false });
        assert_eq!((stranger.name.as_str(), stranger.role), ("uid 1000", Role::Operator));
        assert_eq!(actor(Peer { uid: Some(0), is_owner: true }).role, Role::Admin);
        assert_eq!(actor(Peer { uid: None, is_owner: true }).name, "local");
    }
}
