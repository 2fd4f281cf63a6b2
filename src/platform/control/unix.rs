//! The control socket as a Unix socket.

use std::io;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::os::unix::net::UnixListener as StdListener;
use std::path::{Path, PathBuf};

use rustix::fs::Mode;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};
use tokio::net::{UnixListener, UnixStream};

use super::{ControlError, Peer};

/// The engine's end of a connection.
pub type ServerStream = UnixStream;
/// The command's end of a connection.
pub type ClientStream = UnixStream;

/// Owner and group may talk to the engine. Which group that is, and whether it can get at the socket at all, is
/// decided by the folder it lies in.
const MODE: u32 = 0o660;
/// Connections that may wait to be accepted.
const BACKLOG: i32 = 64;

/// The listening socket; dropping it removes its file.
#[derive(Debug)]
pub struct ControlListener {
    listener: UnixListener,
    path: PathBuf,
    /// Which file is ours, so that the socket of a successor is not removed.
    inode: u64,
}

impl ControlListener {
    /// Opens the socket, in the place of one that a dead engine left behind. Needs a tokio runtime.
    pub fn bind(path: &Path) -> Result<Self, ControlError> {
        let failed = |source| ControlError::Io { path: path.to_owned(), source };
        remove_stale(path)?;
        let address = SocketAddrUnix::new(path).map_err(|_| ControlError::TooLong(path.to_owned()))?;
        let listener = listen(&address).map_err(failed)?;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(MODE)).map_err(failed)?;
        let inode = std::fs::symlink_metadata(path).map_err(failed)?.ino();
        Ok(Self { listener: UnixListener::from_std(listener).map_err(failed)?, path: path.to_owned(), inode })
    }

    /// Waits for the next connection.
    pub async fn accept(&mut self) -> io::Result<(ServerStream, Peer)> {
        let (stream, _) = self.listener.accept().await?;
        let uid = stream.peer_cred()?.uid();
        let is_owner = uid == 0 || uid == rustix::process::geteuid().as_raw();
        Ok((stream, Peer { uid: Some(uid), is_owner }))
    }
}

impl Drop for ControlListener {
    fn drop(&mut self) {
        let is_ours = std::fs::symlink_metadata(&self.path).is_ok_and(|found| found.ino() == self.inode);
        if is_ours {
            // At worst the next start finds a stale socket, which it removes.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Connects to the engine that listens at `path`.
pub async fn connect(path: &Path) -> io::Result<ClientStream> {
    UnixStream::connect(path).await
}

fn remove_stale(path: &Path) -> Result<(), ControlError> {
    let failed = |source| ControlError::Io { path: path.to_owned(), source };
    let found = match std::fs::symlink_metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed(error)),
    };
    if !found.file_type().is_socket() {
        return Err(ControlError::Occupied(path.to_owned()));
    }
    match std::os::unix::net::UnixStream::connect(path) {
        Ok(_) => Err(ControlError::InUse(path.to_owned())),
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => std::fs::remove_file(path).map_err(failed),
        Err(error) => Err(failed(error)),
    }
}

/// The mode is set on the socket before its name exists, so that there is no moment in which others could
/// connect. Where a system ignores that, the change of mode after the bind still follows.
fn listen(address: &SocketAddrUnix) -> io::Result<StdListener> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    let _ = rustix::fs::fchmod(&socket, Mode::from_raw_mode(MODE));
    rustix::net::bind(&socket, address)?;
    rustix::net::listen(&socket, BACKLOG)?;
    Ok(StdListener::from(socket))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn socket() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("control");
        (folder, path)
    }

    #[tokio::test]
    async fn the_socket_is_closed_to_others_and_tells_who_calls() {
        let (_folder, path) = socket();
        let mut listener = ControlListener::bind(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, MODE);
        let (accepted, connected) = tokio::join!(listener.accept(), connect(&path));
        connected.unwrap();
        let own = rustix::process::geteuid().as_raw();
        assert_eq!(accepted.unwrap().1, Peer { uid: Some(own), is_owner: true });
    }

    #[tokio::test]
    async fn a_socket_left_by_a_dead_engine_is_replaced_and_a_living_one_is_not() {
        let (_folder, path) = socket();
        drop(StdListener::bind(&path).unwrap());
        assert!(path.exists(), "a dead engine leaves its socket behind");
        let living = ControlListener::bind(&path).unwrap();
        assert!(matches!(ControlListener::bind(&path), Err(ControlError::InUse(_))));
        drop(living);
        assert!(!path.exists());
    }

    #[tokio::test]
    async fn a_file_that_is_no_socket_is_never_removed() {
        let (_folder, path) = socket();
        std::fs::write(&path, "precious").unwrap();
        assert!(matches!(ControlListener::bind(&path), Err(ControlError::Occupied(_))));
        assert_eq!(std::fs::read(&path).unwrap(), b"precious");
    }

    #[tokio::test]
    async fn a_path_beyond_the_limit_of_the_system_is_named_as_such() {
        let (folder, _) = socket();
        let path = folder.path().join("c".repeat(200));
        assert!(matches!(ControlListener::bind(&path), Err(ControlError::TooLong(_))));
    }
}
