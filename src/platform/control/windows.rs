//! The control socket as a named pipe.

use std::io;
use std::path::Path;
use std::time::Duration;

use tokio::net::windows::named_pipe::{ClientOptions, NamedPipeClient, NamedPipeServer, ServerOptions};

use super::{ControlError, Peer};

/// The engine's end of a connection.
pub type ServerStream = NamedPipeServer;
/// The command's end of a connection.
pub type ClientStream = NamedPipeClient;

/// `ERROR_FILE_NOT_FOUND`: no such pipe, so no engine.
const PIPE_ABSENT: i32 = 2;
/// `ERROR_ACCESS_DENIED`: the first instance of the pipe is another process's.
const PIPE_TAKEN: i32 = 5;
/// `ERROR_PIPE_BUSY`: all instances are in use just now.
const PIPE_BUSY: i32 = 231;
/// How often, and how long after each other, a busy pipe is tried.
const BUSY_TRIES: u32 = 100;
const BUSY_PAUSE: Duration = Duration::from_millis(50);

/// The listening pipe. The pipe's default access list lets in its owner, administrators and the system.
#[derive(Debug)]
pub struct ControlListener {
    name: String,
    /// The instance that the next client finds; there is always one, or clients would see no engine.
    next: NamedPipeServer,
}

impl ControlListener {
    /// Opens the pipe. Needs a tokio runtime.
    pub fn bind(path: &Path) -> Result<Self, ControlError> {
        let name = pipe_name(path);
        match instance(&name, true) {
            Ok(next) => Ok(Self { name, next }),
            Err(error) if error.raw_os_error() == Some(PIPE_TAKEN) => Err(ControlError::InUse(path.to_owned())),
            Err(source) => Err(ControlError::Io { path: path.to_owned(), source }),
        }
    }

    /// Waits for the next connection.
    pub async fn accept(&mut self) -> io::Result<(ServerStream, Peer)> {
        self.next.connect().await?;
        let connected = std::mem::replace(&mut self.next, instance(&self.name, false)?);
        Ok((connected, Peer { uid: None, is_owner: true }))
    }
}

/// Connects to the engine that listens at `path`.
pub async fn connect(path: &Path) -> io::Result<ClientStream> {
    let name = pipe_name(path);
    for _ in 0..BUSY_TRIES {
        match ClientOptions::new().open(&name) {
            Err(error) if error.raw_os_error() == Some(PIPE_BUSY) => tokio::time::sleep(BUSY_PAUSE).await,
            Err(error) if error.raw_os_error() == Some(PIPE_ABSENT) => return Err(io::ErrorKind::NotFound.into()),
            answer => return answer,
        }
    }
    Err(io::Error::from_raw_os_error(PIPE_BUSY))
}

fn instance(name: &str, first: bool) -> io::Result<NamedPipeServer> {
    ServerOptions::new().first_pipe_instance(first).reject_remote_clients(true).create(name)
}

/// Pipes have no folders, so the name is made from the path by a hash (FNV-1a) that every version computes alike.
/// Windows does not tell upper from lower case in paths.
fn pipe_name(path: &Path) -> String {
    let hash = path
        .to_string_lossy()
        .to_lowercase()
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    format!(r"\\.\pipe\mailroot-{hash:016x}")
}
