//! How many messages a second the queue commits, records and removes, and how fast it reads a full queue back.
//!
//! `cargo bench --bench commit [FOLDER]`; the folder (default: the system's for temporary files) should lie on the
//! disk that matters. Other programs at work on it, or on the processor, show in the figures.

use std::error::Error;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use mailroot::clock::Timestamp;
use mailroot::mail::{Address, Envelope, Recipient, ReversePath};
use mailroot::queue::{Committed, DirectoryStore, Folders, Message, Origin, Queue, Recorded};

/// Octets of content.
const SIZE: usize = 4096;
/// How long each figure is measured.
const SPAN: Duration = Duration::from_secs(4);
/// Messages read back.
const FULL: usize = 100_000;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

fn main() -> Outcome<()> {
    let folder = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let folder = folder.map_or_else(std::env::temp_dir, PathBuf::from);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    for tasks in [1, 20, 100] {
        let mailroot = tempfile::tempdir_in(&folder)?;
        let queue = Queue::open(Arc::new(DirectoryStore::new(Folders::below(mailroot.path()))))?;
        let rate = runtime.block_on(rate(&queue, tasks))?;
        say(&format!("commit and remove, {tasks:>3} tasks: {rate:>7.0} messages/s"))?;
    }
    let mailroot = tempfile::tempdir_in(&folder)?;
    let store = DirectoryStore::new(Folders::below(mailroot.path())).without_sync();
    let queue = Queue::open(Arc::new(store))?;
    let filled = runtime.block_on(fill(&queue))?;
    let start = Instant::now();
    let recorded = filled.len();
    runtime.block_on(record_all(&queue, filled))?;
    say(&format!("record in place, 20 tasks: {:>7.0} messages/s", recorded as f64 / start.elapsed().as_secs_f64()))?;
    drop(queue);
    read_back(mailroot.path())
}

/// Commits and removes for a while.
async fn rate(queue: &Queue, tasks: usize) -> Outcome<f64> {
    let start = Instant::now();
    let tasks: Vec<_> = (0..tasks)
        .map(|_| {
            let queue = queue.clone();
            tokio::spawn(async move {
                let mut count = 0_u32;
                while start.elapsed() < SPAN {
                    let committed = commit(&queue).await?;
                    queue.remove(&committed.id).await?;
                    count += 1;
                }
                Outcome::Ok(count)
            })
        })
        .collect();
    let mut count = 0;
    for task in tasks {
        count += task.await??;
    }
    Ok(f64::from(count) / start.elapsed().as_secs_f64())
}

async fn fill(queue: &Queue) -> Outcome<Vec<Committed>> {
    let tasks: Vec<_> = (0..20)
        .map(|_| {
            let queue = queue.clone();
            tokio::spawn(async move {
                let mut done = Vec::with_capacity(FULL / 20);
                for _ in 0..FULL / 20 {
                    let mut committed = commit(&queue).await?;
                    committed.content = None;
                    done.push(committed);
                }
                Outcome::Ok(done)
            })
        })
        .collect();
    let mut all = Vec::with_capacity(FULL);
    for task in tasks {
        all.extend(task.await??);
    }
    Ok(all)
}

async fn record_all(queue: &Queue, mut filled: Vec<Committed>) -> Outcome<()> {
    let mut tasks = Vec::new();
    while !filled.is_empty() {
        let part = filled.split_off(filled.len().saturating_sub(FULL / 20));
        let queue = queue.clone();
        tasks.push(tokio::spawn(async move {
            for mut committed in part {
                committed.message.attempts += 1;
                let recorded = queue.record(&committed.id, &committed.message, committed.stamp).await?;
                if !matches!(recorded, Recorded::Written(_)) {
                    return Err("edited by hand".into());
                }
            }
            Outcome::Ok(())
        }));
    }
    for task in tasks {
        task.await??;
    }
    Ok(())
}

fn read_back(mailroot: &Path) -> Outcome<()> {
    let queue = Queue::open(Arc::new(DirectoryStore::new(Folders::below(mailroot))))?;
    let start = Instant::now();
    let recovery = queue.recover(|_, _, _| {})?;
    let took = start.elapsed().as_secs_f64();
    say(&format!("read back {} messages in {took:.2} s: {:.0} messages/s", recovery.loaded, FULL as f64 / took))
}

async fn commit(queue: &Queue) -> Outcome<Committed> {
    let mut envelope = Envelope::new(ReversePath::Mailbox(Address::parse("app@corp.example", false)?));
    envelope.recipients.push(Recipient::new(Address::parse("bob@example.com", false)?));
    let mut draft = queue.draft(Message::new(envelope, Origin::default(), Timestamp::from_unix(1_795_518_903)));
    draft.push(b"Received: by bench\r\n\r\n").await?;
    draft.push(&[b'x'; SIZE]).await?;
    Ok(queue.commit(draft).await?)
}

fn say(line: &str) -> Outcome<()> {
    writeln!(io::stdout().lock(), "{line}")?;
    Ok(())
}
