//! The signals of a service manager and of a terminal.

use std::io;

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};
#[cfg(windows)]
use tokio::signal::windows;

/// "End, please": SIGTERM and SIGINT; on Windows Ctrl-C, Ctrl-Break and the closing of the console.
#[derive(Debug)]
pub struct ShutdownSignal {
    #[cfg(unix)]
    terminate: Signal,
    #[cfg(unix)]
    interrupt: Signal,
    #[cfg(windows)]
    ctrl_c: windows::CtrlC,
    #[cfg(windows)]
    ctrl_break: windows::CtrlBreak,
    #[cfg(windows)]
    ctrl_close: windows::CtrlClose,
}

impl ShutdownSignal {
    /// From here on the signal no longer kills the process; listen before starting what has to be ended well.
    #[cfg(unix)]
    pub fn listen() -> io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// From here on the signal no longer kills the process; listen before starting what has to be ended well.
    #[cfg(windows)]
    pub fn listen() -> io::Result<Self> {
        let (ctrl_c, ctrl_break, ctrl_close) = (windows::ctrl_c()?, windows::ctrl_break()?, windows::ctrl_close()?);
        Ok(Self { ctrl_c, ctrl_break, ctrl_close })
    }

    /// Waits for the next request to end.
    #[cfg(unix)]
    pub async fn requested(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }

    /// Waits for the next request to end.
    #[cfg(windows)]
    pub async fn requested(&mut self) {
        tokio::select! {
            _ = self.ctrl_c.recv() => {}
            _ = self.ctrl_break.recv() => {}
            _ = self.ctrl_close.recv() => {}
        }
    }
}

/// "Read your settings again": SIGHUP. Windows has no such signal; there the change of the file is enough.
#[derive(Debug)]
pub struct ReloadSignal {
    #[cfg(unix)]
    hangup: Signal,
}

impl ReloadSignal {
    /// From here on the signal no longer kills the process.
    pub fn listen() -> io::Result<Self> {
        Ok(Self {
            #[cfg(unix)]
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// Waits for the next request to reload; for ever where there is no such signal.
    pub async fn requested(&mut self) {
        #[cfg(unix)]
        if self.hangup.recv().await.is_some() {
            return;
        }
        std::future::pending::<()>().await;
    }
}
