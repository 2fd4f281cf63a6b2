//! All that a run leaves, in one text.

use std::fmt::Debug;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mailroot::engine::Handle;
use serde::Serialize;
use tracing_subscriber::fmt::MakeWriter;

use super::house::as_admin;

/// Cheap to clone; all clones collect into one.
#[derive(Clone, Default)]
pub(crate) struct Evidence(Arc<Mutex<Vec<u8>>>);

impl Evidence {
    /// Collects what this process logs, of every level and by every library.
    pub(crate) fn collect() -> Self {
        let evidence = Self::default();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_ansi(false)
            .with_writer(evidence.clone())
            .finish();
        tracing::subscriber::set_global_default(subscriber).unwrap();
        evidence
    }

    /// A view.
    pub(crate) fn add(&self, view: impl Serialize) {
        self.text(&serde_json::to_string(&view).unwrap());
    }

    /// What Debug shows.
    pub(crate) fn debug(&self, value: &impl Debug) {
        self.text(&format!("{value:?}"));
        self.text(&format!("{value:#?}"));
    }

    pub(crate) fn text(&self, text: &str) {
        let mut all = self.0.lock().unwrap();
        all.extend_from_slice(text.as_bytes());
        all.push(b'\n');
    }

    /// Collects the dialogue of every session from as soon as it is seen, until the test ends.
    pub(crate) fn watch_sessions(&self, handle: &Handle) {
        let (evidence, handle) = (self.clone(), handle.clone());
        tokio::spawn(async move {
            let mut last = 0;
            loop {
                // Sessions are numbered one after the other.
                while let Ok(mut watch) = handle.watch_session(&as_admin(), last + 1) {
                    last += 1;
                    let evidence = evidence.clone();
                    tokio::spawn(async move {
                        while let Some(event) = watch.next().await {
                            evidence.debug(&event);
                        }
                    });
                }
                let latest = handle.latest().sessions.iter().map(|session| session.id).max().unwrap_or(0);
                last = last.max(latest.saturating_sub(1));
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        });
    }

    pub(crate) fn all(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

impl io::Write for Evidence {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Evidence {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}
