//! Who may read the files this process makes.

/// From now on files are made readable by owner and group, writable by the owner, and closed to everybody else:
/// queue and logs hold other people's mail. To be called first thing, before any thread runs.
///
/// On Windows files inherit the access list of their folder, which is what administrators expect.
pub fn keep_files_private() {
    #[cfg(unix)]
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o027));
}
