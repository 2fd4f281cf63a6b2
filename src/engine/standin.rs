//! Stand-in until the sampler is there.
use std::sync::Arc;

use super::{EngineState, Handle, QueuePage, QueueQuery, QueueShape, QueueSummary, Snapshot};

/// Stand-in.
pub struct Viewing(Arc<Snapshot>);
impl Viewing {
    /// Stand-in.
    pub fn latest(&self) -> Arc<Snapshot> {
        Arc::clone(&self.0)
    }
    /// Stand-in.
    pub async fn changed(&mut self) -> bool {
        std::future::pending().await
    }
}
/// Stand-in.
pub struct QueueReader;
impl QueueReader {
    /// Stand-in.
    pub fn page(&mut self, _: &QueueQuery) -> QueuePage {
        QueuePage::default()
    }
    /// Stand-in.
    pub fn shape(&mut self) -> QueueShape {
        QueueShape::default()
    }
}
impl Handle {
    /// Stand-in.
    pub fn queue_reader(&self) -> QueueReader {
        QueueReader
    }
    /// Stand-in.
    pub fn watch(&self) -> Viewing {
        let settings = self.settings();
        Viewing(Arc::new(Snapshot {
            time: crate::clock::Timestamp::from_unix(0),
            state: EngineState::Running,
            since: crate::clock::Timestamp::from_unix(0),
            listeners: Arc::new([]),
            settings,
            settings_file: None,
            sessions: Arc::new([]),
            queue: QueueSummary::default(),
            destinations: Arc::new([]),
            badmail: 0,
            totals: Arc::new([]),
            history: Arc::default(),
            log: Arc::default(),
            disk: None,
            problems: Arc::new([]),
            warnings: Arc::new([]),
        }))
    }
}
