//! The application log: what the program has to say of itself, apart from the delivery log.

use std::io;
use std::path::Path;

use tracing::level_filters::LevelFilter;
use tracing_appender::non_blocking::WorkerGuard;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::{SubscriberInitExt as _, TryInitError};
use tracing_subscriber::{Registry, fmt, reload};

use super::files;
use crate::config::Level;
use crate::text::Printable;

/// The installed log. Dropping it writes out what is still in memory.
#[derive(Debug)]
pub struct ApplicationLog {
    level: reload::Handle<Targets, Registry>,
    _writer: Option<WorkerGuard>,
}

/// There is a log in this process already.
#[derive(Debug, thiserror::Error)]
#[error("the application log is installed already")]
pub struct AlreadyInstalled(#[from] TryInitError);

impl ApplicationLog {
    /// Sends events of this level and above to the daily file in `directory` and, where nothing else is drawn
    /// there, to standard error. Under a flood of events some are left out rather than waited for; without a file,
    /// because the disk is full perhaps, the other way is left.
    pub fn install(directory: &Path, level: Level, to_stderr: bool) -> Result<Self, AlreadyInstalled> {
        let file = files::open_daily(directory, files::APPLICATION);
        let (file, trouble) = file.map_or_else(|error| (None, Some(error)), |file| (Some(file), None));
        let (writer, guard) = file.map(tracing_appender::non_blocking).unzip();
        let (targets, handle) = reload::Layer::new(targets(level));
        let to_file = writer.map(|writer| fmt::layer().with_ansi(false).with_target(false).with_writer(Clean(writer)));
        let to_stderr =
            to_stderr.then(|| fmt::layer().with_ansi(false).with_target(false).with_writer(Clean(io::stderr)));
        tracing_subscriber::registry().with(targets).with(to_file).with(to_stderr).try_init()?;
        if let Some(error) = trouble {
            tracing::error!("no application log is written to {}: {error}", directory.display());
        }
        Ok(Self { level: handle, _writer: guard })
    }

    /// From now on events of this level and above.
    pub fn set_level(&self, level: Level) {
        // The handle outlives its subscriber only while the process ends.
        let _ = self.level.reload(targets(level));
    }
}

/// The libraries below have much to say that helps nobody who runs a relay.
fn targets(level: Level) -> Targets {
    let ours = match level {
        Level::Error => LevelFilter::ERROR,
        Level::Warn => LevelFilter::WARN,
        Level::Info => LevelFilter::INFO,
        Level::Debug => LevelFilter::DEBUG,
        Level::Trace => LevelFilter::TRACE,
    };
    Targets::new().with_default(LevelFilter::WARN.min(ours)).with_target("mailroot", ours)
}

/// Makes whole events printable, whatever is in them: a second door behind that of each message.
struct Clean<M>(M);

impl<'a, M: MakeWriter<'a>> MakeWriter<'a> for Clean<M> {
    type Writer = CleanWriter<M::Writer>;

    fn make_writer(&'a self) -> Self::Writer {
        CleanWriter(self.0.make_writer())
    }
}

/// Takes one event with its line end at each write, as the formatter writes them.
struct CleanWriter<W>(W);

impl<W: io::Write> io::Write for CleanWriter<W> {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let line = event.strip_suffix(b"\n").unwrap_or(event);
        self.0.write_all(format!("{}\n", Printable::new(line)).as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn an_event_is_one_printable_line_whatever_is_in_it() {
        let mut written = Vec::new();
        CleanWriter(&mut written).write_all("INFO HELO \x1b[2J\r\nINFO forged\n".as_bytes()).unwrap();
        assert_eq!(String::from_utf8(written).unwrap(), "INFO HELO ␛[2J\\r\\nINFO forged\n");
    }

    #[test]
    fn libraries_are_never_louder_than_we_are() {
        let is_on = |targets: Targets, target, level| targets.would_enable(target, &level);
        assert!(is_on(targets(Level::Debug), "mailroot::engine", tracing::Level::DEBUG));
        assert!(!is_on(targets(Level::Debug), "hickory_proto", tracing::Level::INFO));
        assert!(!is_on(targets(Level::Error), "hickory_proto", tracing::Level::WARN));
    }
}
