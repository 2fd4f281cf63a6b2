//! The threads of the demonstration: a runtime of its own, so that nothing of it outlives it.

use std::future::Future;
use std::io;
use std::time::Duration;

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::JoinError;

/// How long tasks may take to notice the end; one that is in the middle of a file needs a moment.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often it is looked whether they have.
const LOOK: Duration = Duration::from_millis(5);

/// A runtime that may be dropped anywhere, and waits then until its tasks have ended.
pub(super) struct Machine(Option<Runtime>, Handle);

impl Machine {
    pub(super) fn start() -> io::Result<Self> {
        let runtime =
            Builder::new_multi_thread().worker_threads(2).thread_name("demonstration").enable_all().build()?;
        let handle = runtime.handle().clone();
        Ok(Self(Some(runtime), handle))
    }

    pub(super) fn handle(&self) -> &Handle {
        &self.1
    }

    /// Does a piece of work on these threads and gives what it gives.
    pub(super) async fn run<T>(&self, work: impl Future<Output = T> + Send + 'static) -> Result<T, JoinError>
    where
        T: Send + 'static,
    {
        self.1.spawn(work).await
    }

    /// Ends all tasks. As dropping it, but without keeping a thread of the caller waiting.
    pub(super) async fn stop(mut self) {
        self.cancel();
        for _ in 0..looks() {
            if self.is_still() {
                return;
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    fn cancel(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }

    fn is_still(&self) -> bool {
        self.1.metrics().num_alive_tasks() == 0
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.cancel();
        for _ in 0..looks() {
            if self.is_still() {
                return;
            }
            std::thread::sleep(LOOK);
        }
    }
}

fn looks() -> u128 {
    PATIENCE.as_millis() / LOOK.as_millis()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[tokio::test]
    async fn its_tasks_end_with_it_even_where_blocking_is_not_allowed() {
        let machine = Machine::start().unwrap();
        let held = Arc::new(());
        let task = Arc::clone(&held);
        machine.run(async move { drop(tokio::spawn(async move { endless(task).await })) }).await.unwrap();
        assert_eq!(Arc::strong_count(&held), 2);
        drop(machine);
        assert_eq!(Arc::strong_count(&held), 1);
    }

    #[tokio::test]
    async fn stopping_it_ends_its_tasks_as_well() {
        let machine = Machine::start().unwrap();
        let held = Arc::new(());
        machine.handle().spawn(endless(Arc::clone(&held)));
        machine.stop().await;
        assert_eq!(Arc::strong_count(&held), 1);
    }

    async fn endless<T>(_held: T) {
        std::future::pending::<()>().await;
    }
}
