//! The delivery log: lines gather in memory, a thread writes them to the daily file.
//!
//! No line is dropped while the disk works: who records waits for the buffer to be written when it is full. When
//! the disk fails, mail goes on: up to [`BACKLOG`] octets of lines wait for it, what is beyond that is counted, and
//! the count is written as soon as the log works again.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::record::write_line;
use super::{Record, files};
use crate::clock::Timestamp;

/// Octets that gather before who records has to wait.
const BUFFER: usize = 1024 * 1024;
/// Octets kept while the disk fails.
const BACKLOG: usize = 8 * 1024 * 1024;
/// Octets that are written without waiting for more.
const EAGER: usize = 64 * 1024;
/// How long lines gather before they are written.
const GATHER: Duration = Duration::from_millis(200);
/// The pause before a failed write is tried again.
const RETRY: Duration = Duration::from_secs(1);
/// How long a write may take before the disk counts as failing.
const STALL: Duration = Duration::from_secs(5);

/// The log could not be opened.
#[derive(Debug, thiserror::Error)]
#[error("cannot open the delivery log in {directory}: {source}; see log.directory")]
pub struct LogError {
    directory: PathBuf,
    source: io::Error,
}

/// The engine's end of the log.
pub(super) struct DeliveryLog {
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    /// Tells the writer that there is something to do.
    work: Condvar,
    /// Tells those who wait that the writer has got on.
    progress: Condvar,
    /// [`STALL`], but in tests.
    stall: Duration,
}

#[derive(Default)]
struct State {
    /// Whole lines that the writer has not taken yet.
    waiting: String,
    /// Octets that the writer has taken and not yet written.
    writing: usize,
    /// Somebody waits for all to be written: gather no longer.
    hurry: bool,
    closing: bool,
    /// Why lines do not get to the disk just now.
    trouble: Option<String>,
    lost: Option<Lost>,
}

/// Lines that were not kept.
#[derive(Clone, Copy)]
struct Lost {
    lines: u64,
    first: Timestamp,
    last: Timestamp,
}

impl DeliveryLog {
    pub(super) fn open(directory: &Path) -> Result<Self, LogError> {
        let failed = |source| LogError { directory: directory.to_owned(), source };
        let file = match files::open_daily(directory, files::DELIVERY) {
            Ok(file) => Some(file),
            Err(error) if matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) => None,
            Err(error) => return Err(failed(error)),
        };
        let directory = directory.to_owned();
        Self::start(file, move || files::open_daily(&directory, files::DELIVERY), STALL).map_err(failed)
    }

    /// Starts the writer. `open` opens the file anew after a failure.
    fn start<W, F>(file: Option<W>, open: F, stall: Duration) -> io::Result<Self>
    where
        W: Write + Send + 'static,
        F: FnMut() -> io::Result<W> + Send + 'static,
    {
        let shared =
            Arc::new(Shared { state: Mutex::default(), work: Condvar::new(), progress: Condvar::new(), stall });
        let writer = Writer { shared: Arc::clone(&shared), file, open };
        std::thread::Builder::new().name("delivery log".to_owned()).spawn(move || writer.run())?;
        Ok(Self { shared })
    }

    pub(super) fn append(&self, record: &Record) {
        let mut line = String::with_capacity(256);
        write_line(record, &mut line);
        let mut state = self.shared.lock();
        if state.trouble.is_none() && state.waiting.len() + line.len() > BUFFER {
            state = self.shared.wait_for_room(state, line.len());
        }
        if state.trouble.is_some() && state.waiting.len() + state.writing + line.len() > BACKLOG {
            let lost = state.lost.get_or_insert(Lost { lines: 0, first: record.time, last: record.time });
            (lost.lines, lost.last) = (lost.lines + 1, record.time);
            return;
        }
        let before = state.waiting.len();
        state.waiting.push_str(&line);
        if before == 0 || (before < EAGER && state.waiting.len() >= EAGER) {
            self.shared.work.notify_one();
        }
    }

    /// Waits until all is written, the disk fails, or [`STALL`] has passed.
    pub(super) fn flush(&self) {
        let mut state = self.shared.lock();
        state.hurry = true;
        self.shared.work.notify_one();
        let is_busy = |state: &mut State| state.writing + state.waiting.len() > 0 && state.trouble.is_none();
        drop(self.shared.progress.wait_timeout_while(state, self.shared.stall, is_busy));
    }

    pub(super) fn problem(&self) -> Option<String> {
        let state = self.shared.lock();
        let trouble = state.trouble.as_ref()?;
        let lost = state.lost.map_or(0, |lost| lost.lines);
        Some(format!("the delivery log cannot be written ({trouble}): mail goes on, {lost} lines lost so far"))
    }
}

impl Drop for DeliveryLog {
    fn drop(&mut self) {
        self.flush();
        self.shared.lock().closing = true;
        self.shared.work.notify_one();
    }
}

impl Shared {
    /// Waits for the writer to take what waits. A writer that does not get on for [`STALL`] is in trouble.
    fn wait_for_room<'a>(&'a self, state: MutexGuard<'a, State>, needed: usize) -> MutexGuard<'a, State> {
        let is_full = |state: &mut State| state.trouble.is_none() && state.waiting.len() + needed > BUFFER;
        let waited = self.progress.wait_timeout_while(state, self.stall, is_full);
        let (mut state, outcome) = waited.unwrap_or_else(PoisonError::into_inner);
        if outcome.timed_out() {
            state.trouble = Some("the disk does not answer".to_owned());
        }
        state
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The thread's end of the log.
struct Writer<W, F> {
    shared: Arc<Shared>,
    /// `None` after a failure, until it is opened again.
    file: Option<W>,
    open: F,
}

impl<W: Write, F: FnMut() -> io::Result<W>> Writer<W, F> {
    fn run(mut self) {
        let mut batch = String::with_capacity(EAGER);
        while self.take(&mut batch) {
            if !self.write(batch.as_bytes()) {
                return;
            }
            batch.clear();
            self.settle();
        }
    }

    /// Takes what has gathered; false when the log is closed and nothing is left.
    fn take(&self, batch: &mut String) -> bool {
        let idle = |state: &mut State| state.waiting.is_empty() && !state.closing;
        let gathers = |state: &mut State| state.waiting.len() < EAGER && !state.closing && !state.hurry;
        let state = self.shared.work.wait_while(self.shared.lock(), idle).unwrap_or_else(PoisonError::into_inner);
        let gathered = self.shared.work.wait_timeout_while(state, GATHER, gathers);
        let (mut state, _) = gathered.unwrap_or_else(PoisonError::into_inner);
        std::mem::swap(batch, &mut state.waiting);
        state.writing = batch.len();
        self.shared.progress.notify_all();
        !batch.is_empty()
    }

    /// Writes a batch, however long that takes; false when the log is closed while the disk fails.
    fn write(&mut self, mut rest: &[u8]) -> bool {
        while !rest.is_empty() {
            match self.write_some(rest) {
                Ok(written) => {
                    rest = &rest[written..];
                    self.shared.lock().writing = rest.len();
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.file = None;
                    if !self.wait_after(&error) {
                        return false;
                    }
                }
            }
        }
        true
    }

    fn write_some(&mut self, octets: &[u8]) -> io::Result<usize> {
        let file = match &mut self.file {
            Some(file) => file,
            closed => closed.insert((self.open)()?),
        };
        match file.write(octets)? {
            0 => Err(io::ErrorKind::WriteZero.into()),
            written => Ok(written),
        }
    }

    fn wait_after(&self, error: &io::Error) -> bool {
        let mut state = self.shared.lock();
        if state.closing {
            return false;
        }
        if state.trouble.is_none() {
            tracing::error!("the delivery log cannot be written, mail goes on: {error}");
        }
        state.trouble = Some(error.to_string());
        self.shared.progress.notify_all();
        drop(self.shared.work.wait_timeout_while(state, RETRY, |state| !state.closing));
        true
    }

    /// After a batch: the log works. What was lost meanwhile is told in its place, behind the lines that were kept.
    fn settle(&self) {
        let mut state = self.shared.lock();
        state.writing = 0;
        if state.trouble.take().is_some() {
            tracing::info!("the delivery log is written again");
        }
        if let Some(Lost { lines, first, last }) = state.lost.take() {
            let _ = writeln!(state.waiting, "{last} event=lost lines={lines} since={first}"); // a String never fails
        }
        state.hurry &= !state.waiting.is_empty();
        self.shared.progress.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::super::record::tests::record;
    use super::*;

    /// A disk that can be slow, or full, or hang while its content is locked, or work.
    #[derive(Clone, Default)]
    struct Disk {
        content: Arc<Mutex<Vec<u8>>>,
        is_full: Arc<AtomicBool>,
        slowness: Duration,
    }

    impl Write for Disk {
        fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
            std::thread::sleep(self.slowness);
            if self.is_full.load(Ordering::SeqCst) {
                return Err(io::ErrorKind::StorageFull.into());
            }
            // Short writes, which must tear no line.
            let written = octets.len().min(100_000);
            self.content.lock().unwrap().extend_from_slice(&octets[..written]);
            Ok(written)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Disk {
        fn log(&self) -> DeliveryLog {
            self.log_with(STALL)
        }

        fn log_with(&self, stall: Duration) -> DeliveryLog {
            let disk = self.clone();
            DeliveryLog::start(Some(self.clone()), move || Ok(disk.clone()), stall).unwrap()
        }

        fn lines(&self) -> Vec<String> {
            String::from_utf8(self.content.lock().unwrap().clone()).unwrap().lines().map(str::to_owned).collect()
        }
    }

    fn long_record(number: usize) -> Record {
        Record { reply: Some("x".repeat(500)), ..record(&number.to_string()) }
    }

    fn assert_complete(lines: &[String], count: usize) {
        for (number, line) in lines.iter().enumerate().take(count) {
            assert!(line.contains(&format!(" id={number} ")), "{number}: {line}");
        }
        assert!(lines.len() >= count, "{} of {count} lines", lines.len());
    }

    #[test]
    fn a_slow_disk_loses_no_line() {
        let disk = Disk { slowness: Duration::from_millis(2), ..Disk::default() };
        let log = disk.log();
        // Four times the buffer, far faster than the disk.
        let count = 4 * BUFFER / 500;
        for number in 0..count {
            log.append(&long_record(number));
        }
        log.flush();
        assert_complete(&disk.lines(), count);
        assert_eq!((disk.lines().len(), log.problem()), (count, None));
    }

    #[test]
    fn lg04_a_full_disk_stops_nobody_and_what_was_lost_is_told_when_it_works_again() {
        let disk = Disk::default();
        disk.is_full.store(true, Ordering::SeqCst);
        let log = disk.log();
        // Twice what is kept.
        let count = 2 * BACKLOG / 500;
        for number in 0..count {
            log.append(&long_record(number));
        }
        assert!(log.problem().unwrap().contains("lines lost so far"));
        assert!(disk.lines().is_empty());
        disk.is_full.store(false, Ordering::SeqCst);
        while log.problem().is_some() {
            std::thread::sleep(Duration::from_millis(10));
        }
        log.append(&long_record(count));
        log.flush();
        let lines = disk.lines();
        let (told, kept): (Vec<_>, Vec<_>) = lines.iter().cloned().partition(|line| line.contains("event=lost"));
        assert_complete(&kept, BACKLOG / 600);
        let lost = count + 1 - kept.len();
        assert_eq!(told.len(), 1);
        assert!(told[0].contains(&format!(" lines={lost} ")), "{told:?} of {count}, {} kept", kept.len());
    }

    #[test]
    fn a_disk_that_hangs_stops_nobody_for_long_and_loses_nothing_that_fits() {
        let disk = Disk::default();
        let log = disk.log_with(Duration::from_millis(10));
        let hanging = disk.content.lock().unwrap();
        // More than the buffer, less than what is kept.
        let count = 2 * BUFFER / 500;
        for number in 0..count {
            log.append(&long_record(number));
        }
        assert!(log.problem().unwrap().contains("does not answer"));
        drop(hanging);
        while log.problem().is_some() || disk.lines().len() < count {
            std::thread::sleep(Duration::from_millis(10));
        }
        assert_complete(&disk.lines(), count);
    }

    #[test]
    fn lines_reach_a_daily_file_without_being_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let log = DeliveryLog::open(folder.path()).unwrap();
        log.append(&record("0JX4"));
        log.flush();
        let file = std::fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap().path();
        assert_eq!(std::fs::read_to_string(file).unwrap(), format!("{}\n", record("0JX4")));
    }

    #[test]
    fn a_log_that_cannot_be_opened_says_where() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "").unwrap();
        let error = DeliveryLog::open(&file.join("Log")).err().unwrap();
        assert!(error.to_string().contains("file/Log") || error.to_string().contains(r"file\Log"), "{error}");
    }
}
