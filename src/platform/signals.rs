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
    #[cfg(unix)]
    hangup: Option<Signal>,
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
        let (terminate, interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        Ok(Self { terminate, interrupt, hangup: None })
    }

    /// The same, and the loss of the terminal (SIGHUP) counts as well: for what lives in one.
    #[cfg(unix)]
    pub fn listen_in_terminal() -> io::Result<Self> {
        Ok(Self { hangup: Some(signal(SignalKind::hangup())?), ..Self::listen()? })
    }

    /// The same; the closing of the console counts in any case.
    #[cfg(windows)]
    pub fn listen_in_terminal() -> io::Result<Self> {
        Self::listen()
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
        let hangup = async {
            match &mut self.hangup {
                Some(hangup) => hangup.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
            _ = hangup => {}
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

/// "Your window has another size": SIGWINCH. The console of Windows says so among its keys.
#[derive(Debug)]
pub struct WindowSignal {
    #[cfg(unix)]
    change: Signal,
}

impl WindowSignal {
    /// From here on no change is missed.
    pub fn listen() -> io::Result<Self> {
        Ok(Self {
            #[cfg(unix)]
            change: signal(SignalKind::window_change())?,
        })
    }

    /// Waits for the next change; for ever where there is no such signal.
    pub async fn changed(&mut self) {
        #[cfg(unix)]
        if self.change.recv().await.is_some() {
            return;
        }
        std::future::pending::<()>().await;
    }
}

/// Stops this process as Ctrl-Z does, until the shell lets it go on. Where no shell could, it goes on at once.
pub fn stop_this_process() -> io::Result<()> {
    #[cfg(unix)]
    rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::TSTP)?;
    Ok(())
}
