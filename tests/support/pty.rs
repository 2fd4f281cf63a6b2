//! The real program in a terminal that a test can read and type into.
//!
//! A [`Site`] is a folder with settings; [`Site::start`] runs the program there in a [`Terminal`]. A test presses keys,
//! and after each waits for what only that key can bring onto the screen: on the rendered screen, never on the bytes
//! so far, which would still hold what was there before. A wait ends as soon as it can; its limit only ends tests that
//! fail.

use std::io::{Read as _, Write};
use std::num::NonZeroU16;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, SlavePty, native_pty_system};
use tempfile::TempDir;

/// How long a test waits before it fails.
const PATIENCE: Duration = Duration::from_secs(30);
/// Between two looks at whether the program has ended.
const LOOK: Duration = Duration::from_millis(10);

/// A folder with `config/mailroot.toml`, in which the program is started. It is removed with this.
pub(crate) struct Site {
    folder: TempDir,
}

/// A terminal, and the program that runs in it. Dropping it kills the program.
pub(crate) struct Terminal {
    master: Box<dyn MasterPty + Send>,
    /// Held open, as a shell would: so its modes outlive the program.
    _slave: Box<dyn SlavePty + Send>,
    keyboard: Box<dyn Write + Send>,
    program: Box<dyn Child + Send + Sync>,
    shown: Arc<Shown>,
}

#[derive(Default)]
struct Shown {
    output: Mutex<Output>,
    changed: Condvar,
}

#[derive(Default)]
struct Output {
    /// Every byte so far.
    raw: Vec<u8>,
    emulator: vt100::Parser,
}

impl Site {
    /// With a free port of loopback and nothing else set.
    pub(crate) fn new() -> Self {
        Self::with("[general]\nhostname = \"relay.example\"\nlisten = [\"127.0.0.1:0\"]\n")
    }

    /// With these settings.
    pub(crate) fn with(settings: &str) -> Self {
        let site = Self { folder: tempfile::tempdir().unwrap() };
        std::fs::create_dir(site.path("config")).unwrap();
        std::fs::write(site.path("config/mailroot.toml"), settings).unwrap();
        site
    }

    /// Of a file below the folder.
    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join(below)
    }

    /// What another `mailroot` answers to arguments, as JSON.
    pub(crate) fn ask(&self, arguments: &[&str]) -> serde_json::Value {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_mailroot"));
        let output = command.current_dir(self.folder.path()).args(arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Runs `mailroot` with arguments, in an xterm with 256 colours and UTF-8 of so many columns and rows.
    pub(crate) fn start(&self, arguments: &[&str], size: (u16, u16)) -> Terminal {
        self.start_with(arguments, size, &[])
    }

    /// The same, with more variables in its environment.
    pub(crate) fn start_with(&self, arguments: &[&str], size: (u16, u16), variables: &[(&str, &str)]) -> Terminal {
        let mut command = self.command(env!("CARGO_BIN_EXE_mailroot"));
        command.args(arguments);
        for (name, value) in variables {
            command.env(name, value);
        }
        Terminal::new(command, size)
    }

    /// Starts a shell that knows `mailroot`, to type commands into.
    pub(crate) fn start_shell(&self, size: (u16, u16)) -> Terminal {
        let mut command = self.command("/bin/bash");
        command.args(["--norc", "--noprofile", "--noediting", "-i"]);
        let program = std::path::Path::new(env!("CARGO_BIN_EXE_mailroot"));
        command.env("PATH", program.parent().unwrap());
        Terminal::new(command, size)
    }

    fn command(&self, program: &str) -> CommandBuilder {
        let mut command = CommandBuilder::new(program);
        command.cwd(self.folder.path());
        command.env_clear();
        for (name, value) in [("TERM", "xterm-256color"), ("LANG", "C.UTF-8"), ("USER", "anna")] {
            command.env(name, value);
        }
        command
    }
}

impl Terminal {
    fn new(command: CommandBuilder, size: (u16, u16)) -> Self {
        let pair = native_pty_system().openpty(pty_size(size)).unwrap();
        let shown = Arc::new(Shown::default());
        shown.output().emulator.set_size(side(size.1), side(size.0));
        let (mut reader, writing) = (pair.master.try_clone_reader().unwrap(), Arc::clone(&shown));
        std::thread::spawn(move || {
            let mut bytes = vec![0; 64 * 1024];
            while let Ok(count @ 1..) = reader.read(&mut bytes) {
                let mut output = writing.output();
                output.raw.extend(&bytes[..count]);
                output.emulator.process(&bytes[..count]);
                writing.changed.notify_all();
            }
        });
        let program = pair.slave.spawn_command(command).unwrap();
        let keyboard = pair.master.take_writer().unwrap();
        Self { master: pair.master, _slave: pair.slave, keyboard, program, shown }
    }

    /// Presses keys: characters as they are, others by name, such as `3jj<Space>r<Enter>` or `<C-s>`; `<lt>` is `<`.
    /// After `<Esc>` nothing may follow: wait first for what it does, or the terminal's bytes say Alt.
    pub(crate) fn press(&mut self, keys: &str) {
        let bytes = bytes_of(keys);
        self.keyboard.write_all(&bytes).unwrap();
        self.keyboard.flush().unwrap();
    }

    /// Sends bytes as they are: pastes, reports of the mouse, answers of a terminal.
    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.keyboard.write_all(bytes).unwrap();
        self.keyboard.flush().unwrap();
    }

    /// Waits until a whole picture is on the screen for which `is_so` holds, and gives it. Fails the test, with the
    /// screen, if that does not come.
    #[track_caller]
    pub(crate) fn wait_for(&self, what: &str, is_so: impl Fn(&vt100::Screen) -> bool) -> vt100::Screen {
        let deadline = Instant::now() + PATIENCE;
        let mut output = self.shown.output();
        loop {
            if is_whole(&output.raw) && is_so(output.emulator.screen()) {
                return output.emulator.screen().clone();
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "{what} did not come; the screen is\n{}", output.emulator.screen().contents());
            output = self.shown.changed.wait_timeout(output, left).unwrap().0;
        }
    }

    /// Waits until the text is on the screen.
    #[track_caller]
    pub(crate) fn wait_for_text(&self, text: &str) -> vt100::Screen {
        self.wait_for(&format!("{text:?}"), |screen| screen.contents().contains(text))
    }

    /// Gives the terminal another size, as a person does with the mouse.
    pub(crate) fn resize(&self, size: (u16, u16)) {
        // The emulator first: nothing of the new size may be drawn on the old one.
        self.shown.output().emulator.set_size(side(size.1), side(size.0));
        self.master.resize(pty_size(size)).unwrap();
    }

    /// Every byte that the program has written so far.
    pub(crate) fn raw(&self) -> Vec<u8> {
        self.shown.output().raw.clone()
    }

    /// Sends a signal to the program.
    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        let id = i32::try_from(self.program.process_id().unwrap()).unwrap();
        rustix::process::kill_process(rustix::process::Pid::from_raw(id).unwrap(), signal).unwrap();
    }

    /// Waits for the program's end and gives its exit status.
    #[track_caller]
    pub(crate) fn wait_for_exit(&mut self) -> u32 {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.program.try_wait().unwrap() {
                return status.exit_code();
            }
            assert!(Instant::now() < deadline, "it does not end; the screen is\n{}", self.screen().contents());
            std::thread::sleep(LOOK);
        }
    }

    /// The screen as it is at this moment.
    pub(crate) fn screen(&self) -> vt100::Screen {
        self.shown.output().emulator.screen().clone()
    }

    /// Whether the terminal echoes and edits lines, as a shell expects it.
    pub(crate) fn is_cooked(&self) -> bool {
        /// `ICANON` and `ECHO` in `<bits/termios-c_lflag.h>`.
        const COOKED: u32 = 0o2 | 0o10;
        self.master.get_termios().unwrap().local_flags.bits() & COOKED == COOKED
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

impl Shown {
    fn output(&self) -> MutexGuard<'_, Output> {
        self.output.lock().unwrap()
    }
}

/// Whether no picture is half drawn.
fn is_whole(raw: &[u8]) -> bool {
    let last = |sequence: &[u8]| raw.windows(sequence.len()).rposition(|window| window == sequence);
    last(b"\x1b[?2026h") <= last(b"\x1b[?2026l")
}

fn bytes_of(keys: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = keys;
    while let Some(c) = rest.chars().next() {
        let named = rest.strip_prefix('<').and_then(|rest| rest.split_once('>'));
        let Some((name, behind)) = named else {
            bytes.extend(c.encode_utf8(&mut [0; 4]).bytes());
            rest = &rest[c.len_utf8()..];
            continue;
        };
        assert!(name != "Esc" || behind.is_empty(), "nothing may follow <Esc>");
        bytes.extend(named_key(name));
        rest = behind;
    }
    bytes
}

fn named_key(name: &str) -> Vec<u8> {
    if let Some(c) = name.strip_prefix("C-") {
        return vec![c.as_bytes()[0] & 0x1f];
    }
    let bytes: &[u8] = match name {
        "Enter" => b"\r",
        "Esc" => b"\x1b",
        "Space" => b" ",
        "Tab" => b"\t",
        "S-Tab" => b"\x1b[Z",
        "BS" => b"\x7f",
        "Del" => b"\x1b[3~",
        "Up" => b"\x1b[A",
        "Down" => b"\x1b[B",
        "Right" => b"\x1b[C",
        "Left" => b"\x1b[D",
        "Home" => b"\x1b[H",
        "End" => b"\x1b[F",
        "PgUp" => b"\x1b[5~",
        "PgDn" => b"\x1b[6~",
        "F1" => b"\x1bOP",
        "lt" => b"<",
        _ => panic!("no key is called <{name}>"),
    };
    bytes.to_vec()
}

fn pty_size((cols, rows): (u16, u16)) -> PtySize {
    PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }
}

fn side(length: u16) -> NonZeroU16 {
    NonZeroU16::new(length).unwrap()
}
