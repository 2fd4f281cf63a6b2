//! Windows of the queue: read where that may take a while, and of several wishes only the last one.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Notify, mpsc};

use crate::dashboard::Answer;
use crate::engine::{Handle, QueueQuery, QueueReader};

/// What the viewer wants to see.
#[derive(Clone, Debug, Default)]
pub(super) struct Lists(Arc<Wishes>);

#[derive(Debug, Default)]
struct Wishes {
    wanted: Mutex<Wanted>,
    rung: Notify,
}

#[derive(Debug, Default)]
struct Wanted {
    page: Option<QueueQuery>,
    ids: Option<QueueQuery>,
    shape: bool,
}

impl Lists {
    pub(super) fn want_page(&self, query: QueueQuery) {
        self.want(|wanted| wanted.page = Some(query));
    }

    pub(super) fn want_ids(&self, query: QueueQuery) {
        self.want(|wanted| wanted.ids = Some(query));
    }

    pub(super) fn want_shape(&self) {
        self.want(|wanted| wanted.shape = true);
    }

    /// Reads what is wanted until the viewer is gone.
    pub(super) async fn read(self, handle: Handle, answer: mpsc::Sender<Answer>) {
        let mut reader = handle.queue_reader();
        loop {
            self.0.rung.notified().await;
            let wanted = self.with(std::mem::take);
            let read = tokio::task::spawn_blocking(move || {
                let answers = answers(&mut reader, wanted);
                (reader, answers)
            });
            let Ok((same, answers)) = read.await else {
                // It failed, which the log says; the next wish may be another one.
                reader = handle.queue_reader();
                continue;
            };
            reader = same;
            for list in answers {
                if answer.send(list).await.is_err() {
                    return;
                }
            }
        }
    }

    fn want(&self, wish: impl FnOnce(&mut Wanted)) {
        self.with(wish);
        self.0.rung.notify_one();
    }

    fn with<T>(&self, look: impl FnOnce(&mut Wanted) -> T) -> T {
        look(&mut self.0.wanted.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn answers(reader: &mut QueueReader, wanted: Wanted) -> Vec<Answer> {
    let page = wanted.page.map(|query| Answer::Page(reader.page(&query)));
    let ids = wanted.ids.map(|query| Answer::Ids(reader.ids(&query)));
    let shape = wanted.shape.then(|| Answer::Shape(reader.shape()));
    page.into_iter().chain(ids).chain(shape).collect()
}
