//! The daily files: how they are named, opened and, when they are old, removed.

use std::error::Error as _;
use std::io;
use std::path::Path;
use std::time::Duration;

use tracing_appender::rolling::{RollingFileAppender, Rotation};

use crate::clock::Timestamp;

/// `delivery.2026-11-24.log`.
pub(super) const DELIVERY: &str = "delivery";
/// `mailroot.2026-11-24.log`.
pub(super) const APPLICATION: &str = "mailroot";
const SUFFIX: &str = "log";
const DAY: Duration = Duration::from_hours(24);

/// Opens today's file of a name and goes over to the next one at midnight (UTC).
pub(super) fn open_daily(directory: &Path, name: &str) -> io::Result<RollingFileAppender> {
    // The appender makes the folder too, but hides why when it cannot.
    std::fs::create_dir_all(directory)?;
    let builder = RollingFileAppender::builder().rotation(Rotation::DAILY);
    builder.filename_prefix(name).filename_suffix(SUFFIX).build(directory).map_err(|error| {
        let kind = error.source().and_then(|source| source.downcast_ref::<io::Error>()).map(io::Error::kind);
        io::Error::new(kind.unwrap_or(io::ErrorKind::Other), error)
    })
}

/// Removes the daily files whose last line is older than `keep`, and nothing that is not named as ours are.
/// Returns how many. Blocks.
pub fn purge_logs(directory: &Path, keep: Duration, now: Timestamp) -> io::Result<usize> {
    let mut removed = 0;
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        let last_line = entry.file_name().to_str().and_then(day_of).map(|midnight| midnight.plus(DAY));
        if last_line.is_some_and(|last| now.since(last) > keep) && entry.file_type()?.is_file() {
            std::fs::remove_file(entry.path())?;
            removed += 1;
        }
    }
    Ok(removed)
}

/// The first second of the day in a name of ours.
fn day_of(name: &str) -> Option<Timestamp> {
    let mut parts = name.split('.');
    let (prefix, date, suffix) = (parts.next()?, parts.next()?, parts.next()?);
    let is_ours = (prefix == DELIVERY || prefix == APPLICATION) && suffix == SUFFIX && parts.next().is_none();
    // The written form is compared too, since a parser may take more than we write.
    let day: Timestamp = format!("{date}T00:00:00Z").parse().ok()?;
    (is_ours && day.date() == date).then_some(day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_files_of_ours_are_removed_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let old = ["delivery.2026-10-24.log", "mailroot.2025-01-01.log"];
        let kept = [
            "delivery.2026-10-25.log",
            "delivery.2026-11-24.log",
            "delivery.2020-01-01.log.gz",
            "delivery.log",
            "delivery.2020-1-1.log",
            "delivery.9999-99-99.log",
            "other.2020-01-01.log",
        ];
        for name in old.iter().chain(&kept) {
            std::fs::write(folder.path().join(name), "x").unwrap();
        }
        std::fs::create_dir(folder.path().join("delivery.2019-01-01.log")).unwrap();
        let now = "2026-11-24T11:15:03Z".parse().unwrap();
        assert_eq!(purge_logs(folder.path(), 30 * DAY, now).unwrap(), 2);
        for name in old {
            assert!(!folder.path().join(name).exists(), "{name}");
        }
        for name in kept.iter().chain(&["delivery.2019-01-01.log"]) {
            assert!(folder.path().join(name).exists(), "{name}");
        }
    }

    #[test]
    fn why_a_file_cannot_be_opened_is_told_by_its_kind() {
        let folder = tempfile::tempdir().unwrap();
        let today = crate::clock::Clock::system().now();
        for day in [today, today.plus(DAY)] {
            std::fs::create_dir(folder.path().join(format!("delivery.{}.log", day.date()))).unwrap();
        }
        let error = open_daily(folder.path(), DELIVERY).unwrap_err();
        assert_ne!(error.kind(), io::ErrorKind::Other, "{error}");
    }

    #[test]
    fn the_appender_writes_the_names_that_the_purge_knows() {
        let folder = tempfile::tempdir().unwrap();
        let logs = folder.path().join("made/Log");
        drop((open_daily(&logs, DELIVERY).unwrap(), open_daily(&logs, APPLICATION).unwrap()));
        let names: Vec<_> = std::fs::read_dir(&logs).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names.len(), 2);
        assert!(names.iter().all(|name| day_of(name.to_str().unwrap()).is_some()), "{names:?}");
    }
}
