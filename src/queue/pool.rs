//! Threads for blocking work.
//!
//! The queue has two pools: one whose threads spend their time in `fsync`, and one for everything else, so that a
//! slow disk does not keep a message from being read or removed.

use std::collections::VecDeque;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use tokio::sync::oneshot;

type Job = Box<dyn FnOnce() + Send>;

/// Threads, ended and waited for when this is dropped, after the work already handed in.
pub(super) struct Pool {
    workers: Workers,
    threads: Vec<JoinHandle<()>>,
}

/// Hands work to a pool; cheap to clone, and no reason for the threads to live on.
#[derive(Clone)]
pub(super) struct Workers(Arc<Backlog>);

struct Backlog {
    jobs: Mutex<Jobs>,
    changed: Condvar,
}

#[derive(Default)]
struct Jobs {
    waiting: VecDeque<Job>,
    is_closed: bool,
}

impl Pool {
    pub(super) fn start(name: &str, threads: usize) -> io::Result<Self> {
        let workers = Workers(Arc::new(Backlog { jobs: Mutex::default(), changed: Condvar::new() }));
        let mut pool = Self { workers, threads: Vec::with_capacity(threads) };
        for number in 0..threads {
            let workers = pool.workers.clone();
            let thread = thread::Builder::new().name(format!("{name}-{number}")).spawn(move || workers.serve())?;
            pool.threads.push(thread);
        }
        Ok(pool)
    }

    pub(super) fn workers(&self) -> &Workers {
        &self.workers
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        locked(&self.workers.0.jobs).is_closed = true;
        self.workers.0.changed.notify_all();
        for thread in self.threads.drain(..) {
            let _ = thread.join(); // a thread does not panic: each job is caught
        }
    }
}

impl Workers {
    /// Queues a job; after the end of the pool it is dropped.
    pub(super) fn submit(&self, job: impl FnOnce() + Send + 'static) {
        let mut jobs = locked(&self.0.jobs);
        if !jobs.is_closed {
            jobs.waiting.push_back(Box::new(job));
            drop(jobs);
            self.0.changed.notify_one();
        }
    }

    /// Does a piece of work and waits for what it gives. If the caller stops waiting, the work is done all the same.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let (done, result) = oneshot::channel();
        self.submit(move || {
            let _ = done.send(work()); // nobody may be waiting any more
        });
        result.await.unwrap_or_else(|_| Err(io::Error::other("the queue is closing")))
    }

    fn serve(&self) {
        while let Some(job) = self.next() {
            // A panic ends the one job; whoever waits for it sees its sender gone.
            let _ = catch_unwind(AssertUnwindSafe(job));
        }
    }

    fn next(&self) -> Option<Job> {
        let mut jobs = locked(&self.0.jobs);
        loop {
            if let Some(job) = jobs.waiting.pop_front() {
                return Some(job);
            }
            if jobs.is_closed {
                return None;
            }
            jobs = self.0.changed.wait(jobs).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// Locks short state that is never left half changed, so that a panic elsewhere does not matter.
pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_job_that_panics_ends_alone() {
        let pool = Pool::start("test", 1).unwrap();
        assert!(pool.workers().run(|| -> io::Result<()> { panic!("as the test wants it") }).await.is_err());
        assert_eq!(pool.workers().run(|| Ok(7)).await.unwrap(), 7);
    }

    #[test]
    fn work_handed_in_is_done_before_the_pool_ends() {
        let pool = Pool::start("test", 2).unwrap();
        let count = Arc::new(Mutex::new(0));
        for _ in 0..100 {
            let count = Arc::clone(&count);
            pool.workers().submit(move || *locked(&count) += 1);
        }
        drop(pool);
        assert_eq!(*locked(&count), 100);
    }
}
