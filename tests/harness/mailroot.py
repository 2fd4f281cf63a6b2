"""The relay under test: its settings file, its process, its command line."""

import json
import os
import pathlib
import signal
import subprocess

from . import ROOT, free_port, greets, wait_for


def binary():
    """The release build, or what MAILROOT names."""
    path = pathlib.Path(os.environ.get("MAILROOT", ROOT / "target/release/mailroot")).resolve()
    if not path.exists():
        raise SystemExit(f"{path} is not there: run `cargo build --release` first")
    return path


class CommandFailed(Exception):
    """A mailroot command ended with another status than 0."""


class Mailroot:
    """`mailroot serve` below one folder. `settings` is a table of tables as in the settings file, laid over the defaults
    of a test: a port of its own, and retries within seconds. `under` is a command that becomes mailroot, as prlimit."""

    name = "mailroot"

    def __init__(self, folder, smart_host=None, settings=None, arguments=(), mailroot=None, under=()):
        self.folder = pathlib.Path(folder)
        self.mailroot = pathlib.Path(mailroot or self.folder / "mailroot")
        self.port = free_port()
        self.config = self.folder / "mailroot.toml"
        self.log = self.folder / "engine.log"
        self.arguments = list(arguments)
        self.under = list(under)
        self.process = None
        self.settings = {
            "": {"mailroot": str(self.mailroot)},
            "general": {"hostname": "relay.test", "listen": [f"127.0.0.1:{self.port}"]},
            "delivery": {"retry": ["2s"]},
            "delivery.advanced": {},
            "log": {"directory": str(self.folder / "log")},
            "control": {"socket": str(self.folder / "control")},
        }
        if smart_host:
            self.settings["delivery.advanced"]["smart_host"] = smart_host
        for section, keys in (settings or {}).items():
            self.settings.setdefault(section, {}).update(keys)
        self.write_settings()

    def write_settings(self):
        """Writes the settings file anew."""
        self.folder.mkdir(parents=True, exist_ok=True)
        sections = sorted(self.settings.items())
        self.config.write_text("\n".join(_section(name, keys) for name, keys in sections if keys))

    def start(self, seconds=30):
        """Starts the engine and waits for its greeting."""
        with open(self.log, "ab") as log:
            command = [*self.under, str(binary()), "serve", *self.arguments, "--config", str(self.config)]
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder)
        wait_for(f"the greeting of mailroot (see {self.log})", self._greets_or_ended, seconds)

    def kill(self):
        """SIGKILL: what a crash is to the process."""
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def stop(self, seconds=30):
        """SIGTERM, and the drain; returns the exit status."""
        if not self.process:
            return None
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(seconds)
        finally:
            self.kill()

    def reload(self):
        """SIGHUP."""
        self.process.send_signal(signal.SIGHUP)

    def run(self, *arguments, check=True, stdin=None):
        """One mailroot command against this engine; its standard output."""
        command = [str(binary()), *arguments, "--config", str(self.config)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=self.folder, input=stdin or "")
        if check and done.returncode != 0:
            raise CommandFailed(f"{' '.join(command)}: status {done.returncode}: {done.stdout}{done.stderr}")
        return done.stdout

    def memory(self, field="VmRSS"):
        """Octets of a line of /proc/PID/status: VmRSS is what it holds now, VmHWM the most since `forget_peak`."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith(field + ":"))

    def forget_peak(self):
        """Lets VmHWM begin anew."""
        pathlib.Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")

    def problems(self):
        """What `status` says needs a person."""
        return json.loads(self.run("status", "--json"))["problems"]

    def queue(self, *filters):
        """The messages of `queue list --json`."""
        return json.loads(self.run("queue", "list", "--json", *filters))["messages"]

    def queued(self):
        """How many messages wait, by the folder itself."""
        return len(self.queue_files())

    def queue_files(self):
        """The message files of Queue."""
        return sorted((self.mailroot / "Queue").glob("**/*.eml"))

    def badmail_files(self):
        """What was set aside."""
        return sorted(path for path in (self.mailroot / "Badmail").glob("**/*") if path.is_file())

    def flush(self):
        """Everything is tried now."""
        self.run("queue", "retry", "--all")

    def _greets_or_ended(self):
        if self.process.poll() is not None:
            raise SystemExit(f"mailroot ended with status {self.process.returncode}:\n{self.log.read_text()[-2000:]}")
        return greets(self.port)


def _section(name, keys):
    lines = [f"{key} = {_value(value)}" for key, value in keys.items()]
    return "\n".join(([f"[{name}]"] if name else []) + lines) + "\n"


def _value(value):
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_value(inner)}" for key, inner in value.items()) + " }"
    return json.dumps(value)
