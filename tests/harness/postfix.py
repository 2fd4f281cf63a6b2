"""A Postfix of our own below a folder: own configuration, queue and data, loopback only, beside any installed one."""

import os
import pathlib
import shutil
import signal
import stat
import subprocess

from . import free_port, greets, wait_for

MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
pickup    unix  n - n 60    1 pickup
cleanup   unix  n - n -     0 cleanup
qmgr      unix  n - n 300   1 qmgr
tlsmgr    unix  - - n 1000? 1 tlsmgr
rewrite   unix  - - n -     - trivial-rewrite
bounce    unix  - - n -     0 bounce
defer     unix  - - n -     0 bounce
trace     unix  - - n -     0 bounce
verify    unix  - - n -     1 verify
flush     unix  n - n 1000? 0 flush
proxymap  unix  - - n -     - proxymap
proxywrite unix - - n -     1 proxymap
smtp      unix  - - n -     - smtp
relay     unix  - - n -     - smtp
showq     unix  n - n -     - showq
error     unix  - - n -     - error
retry     unix  - - n -     - error
discard   unix  - - n -     - discard
anvil     unix  - - n -     1 anvil
scache    unix  - - n -     1 scache
postlog   unix-dgram n - n - 1 postlogd
"""

# Postfix's own defaults but for these: no name service on the way in or out (nothing on loopback has names, and the
# relay beside it asks for none either), and what the folders and ports need.
MAIN = {
    "compatibility_level": "3.6",
    "myhostname": "postfix.test",
    "mydestination": "",
    "mynetworks": "127.0.0.0/8",
    "inet_interfaces": "127.0.0.1",
    "inet_protocols": "ipv4",
    "smtpd_peername_lookup": "no",
    "disable_dns_lookups": "yes",
    "local_transport": "error:no local mail",
    "alias_maps": "",
    "alias_database": "",
    "biff": "no",
    "smtpd_relay_restrictions": "permit_mynetworks, reject_unauth_destination",
}


class Postfix:
    """Relays all mail to `next_hop`, a port of 127.0.0.1. `settings` are lines of main.cf, `services` of master.cf."""

    name = "Postfix"

    def __init__(self, folder, next_hop, settings=None, queue=None, services=()):
        self.folder = pathlib.Path(folder)
        self.queue_folder = pathlib.Path(queue or self.folder / "queue")
        self.port = free_port()
        self.master = None
        self.config = self.folder / "etc"
        self.main = dict(MAIN)
        self.main |= {
            "queue_directory": str(self.queue_folder),
            "data_directory": str(self.folder / "data"),
            "maillog_file": str(self.folder / "maillog"),
            "maillog_file_prefixes": str(self.folder),
            "relayhost": f"[127.0.0.1]:{next_hop}",
        }
        self.main |= settings or {}
        self.services = services
        self._lay_out()

    def _lay_out(self):
        self.config.mkdir(parents=True, exist_ok=True)
        (self.folder / "data").mkdir(exist_ok=True)
        (self.folder / "maillog").touch()
        for owned in ("data", "maillog"):
            shutil.chown(self.folder / owned, "postfix")
        self.queue_folder.mkdir(exist_ok=True)
        # The daemons run as another user: every folder on the way must let it pass.
        for folder in (self.folder, self.config, self.queue_folder):
            folder.chmod(0o755)
        (self.config / "main.cf").write_text("".join(f"{key} = {value}\n" for key, value in self.main.items()))
        (self.config / "master.cf").write_text(MASTER.format(port=self.port) + "".join(f"{line}\n" for line in self.services))

    def start(self, seconds=30):
        """Starts the master and waits for the greeting."""
        self._postfix("start")
        pid_file = self.queue_folder / "pid/master.pid"
        self.master = int(wait_for("master.pid", lambda: pid_file.exists() and pid_file.read_text().strip(), seconds))
        wait_for(f"the greeting of Postfix (see {self.main['maillog_file']})", lambda: greets(self.port), seconds)

    def kill(self):
        """SIGKILL to the master and everything it started."""
        if not self.master:
            return
        # Stopped first, so that it starts nothing new meanwhile.
        os.kill(self.master, signal.SIGSTOP)
        children = _children(self.master)
        for pid in [self.master, *children]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        wait_for("the end of Postfix", lambda: not any(_alive(pid) for pid in [self.master, *children]))
        self.master = None

    def stop(self):
        """An orderly stop."""
        if self.master:
            try:
                self._postfix("stop")
            finally:
                self.kill()

    def queued(self):
        """How many messages wait. A file without the owner's x bit was never finished: it is no message yet."""
        folders = ("maildrop", "incoming", "active", "deferred", "hold")
        return sum(_is_message(path) for name in folders for path in (self.queue_folder / name).glob("**/*"))

    def badmail_files(self):
        """What was set aside."""
        return sorted(path for path in (self.queue_folder / "corrupt").glob("*"))

    def flush(self):
        """Everything is tried now."""
        subprocess.run(["postqueue", "-c", str(self.config), "-f"], check=False, timeout=60, capture_output=True)

    def _postfix(self, verb):
        command = ["postfix", "-c", str(self.config), verb]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        if done.returncode != 0:
            raise SystemExit(f"{' '.join(command)}: {done.stdout}{done.stderr}; see {self.folder}/maillog")


def _is_message(path):
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return False
    return stat.S_ISREG(mode) and bool(mode & stat.S_IXUSR)


def _children(parent):
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            if int(fields[1]) == parent:
                found.append(int(entry.name))
    return found


def _alive(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
