"""The frame of the interop checks: a list of named checks, and the scene that each one plays in."""

import contextlib
import pathlib
import shutil
import smtplib
import subprocess
import tempfile
import time

from harness import free_port, greets, wait_for
from harness.mailroot import Mailroot
from harness.postfix import Postfix
from harness.sink import SinkProcess, below_our_received

SENDER, RECIPIENT = "app@corp.example", "someone@far.example"

CHECKS = []


class Failure(Exception):
    """What a check saw instead of what should be."""


def check(name):
    """Adds a check; the function is handed a `Scene`, and may return a figure worth showing."""

    def add(function):
        CHECKS.append((name, function))
        return function

    return add


def expect(condition, what):
    """`what` says what was seen."""
    if not condition:
        raise Failure(what)


def expect_equal(seen, wanted, what):
    """For bytes: shows where they part."""
    if seen == wanted:
        return
    if isinstance(seen, bytes) and isinstance(wanted, bytes):
        at = next((i for i, (a, b) in enumerate(zip(seen, wanted)) if a != b), min(len(seen), len(wanted)))
        raise Failure(f"{what}: differs at byte {at}: {seen[at - 20 if at > 20 else 0 : at + 40]!r} "
                      f"instead of {wanted[at - 20 if at > 20 else 0 : at + 40]!r}")
    raise Failure(f"{what}: {seen!r} instead of {wanted!r}")


def message(subject, body="Hello.\r\n"):
    """A message that a relay has nothing to add to."""
    return (f"From: {SENDER}\r\nTo: {RECIPIENT}\r\nSubject: {subject}\r\nDate: Tue, 24 Nov 2026 11:15:03 +0000\r\n"
            f"Message-ID: <{subject.replace(' ', '-')}@corp.example>\r\n\r\n{body}").encode()


# Lines that a careless hop changes.
HARD_BODY = "\r\n".join([
    ".", "..", ".one dot first", "blanks behind   ", "", "From here on", "\ta tab", "x-receiver: <ghost@far.example>",
    "x" * 998, "last line, with a dot behind it.",
]) + "\r\n"


class Scene:
    """A temporary folder and the servers of one check; all of it is gone when the check ends."""

    def __init__(self, stack):
        self.stack = stack
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="mailroot-interop-", dir="/var/tmp"))
        self.folder.chmod(0o755)
        stack.callback(shutil.rmtree, self.folder, ignore_errors=True)

    def sink(self, **options):
        """A next hop that records bytes."""
        sink = SinkProcess(self.folder / f"sink-{free_port()}", **options)
        self.stack.callback(sink.stop)
        return sink

    def relay(self, hop, settings=None, **options):
        """mailroot, started; `hop` is whatever has a `port`."""
        relay = Mailroot(self.folder / "relay", f"[127.0.0.1]:{hop.port}", settings, **options)
        self.stack.callback(relay.kill)
        relay.start()
        return relay

    def postfix(self, hop, **options):
        """A Postfix that relays to `hop`."""
        postfix = Postfix(self.folder / "postfix", hop.port, **options)
        self.stack.callback(postfix.kill)
        postfix.start()
        return postfix

    def smtp_sink(self, *options):
        """Postfix's smtp-sink, with dumps of one file a message in its `dumps`."""
        return SmtpSink(self, options)

    def tmpfs(self, megabytes):
        """A small disk."""
        disk = self.folder / "small"
        disk.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(disk)], check=True)
        self.stack.callback(subprocess.run, ["umount", str(disk)], check=False)
        return disk


class SmtpSink:
    """smtp-sink of Postfix."""

    def __init__(self, scene, options):
        self.port = free_port()
        self.dumps = scene.folder / f"dumps-{self.port}"
        self.dumps.mkdir(mode=0o777)
        self.dumps.chmod(0o777)
        command = ["smtp-sink", "-u", "nobody", "-d", f"{self.dumps}/m.", *options, f"127.0.0.1:{self.port}", "100"]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        scene.stack.callback(self.process.wait)
        scene.stack.callback(self.process.terminate)
        wait_for("the greeting of smtp-sink", lambda: greets(self.port))

    def wait(self, count, seconds=20):
        """The dumped messages, once there are `count`, without smtp-sink's own first lines."""
        def whole():
            files = sorted(self.dumps.iterdir())
            return files if len(files) >= count else None

        files = wait_for(f"{count} messages at smtp-sink", whole, seconds)
        time.sleep(0.3)
        return [_behind_dump_lines(path.read_bytes()) for path in files]


def _behind_dump_lines(dump):
    """What smtp-sink was sent, with LF; its own fields end with a date behind `by smtp-sink`, an empty line is added."""
    own, _, rest = dump.partition(b"\tby smtp-sink")
    return rest.split(b"\n", 2)[2].removesuffix(b"\n") if own else dump


def submit(relay, content, sender=SENDER, recipients=(RECIPIENT,), options=(), source="127.0.0.1"):
    """Sends one message by smtplib; raises what smtplib raises."""
    with smtplib.SMTP("127.0.0.1", relay.port, timeout=20, source_address=(source, 0)) as client:
        client.sendmail(sender, list(recipients), content, mail_options=list(options))


def arrived(sink, content, count=1, seconds=20):
    """The one message (or several copies for several transactions) that must have come, byte for byte."""
    messages = sink.wait(count, seconds)
    expect_equal(len(messages), count, "messages at the next hop")
    for entry in messages:
        body = below_our_received(sink.content(entry))
        expect(body is not None, f"no Received field on top: {sink.content(entry)[:80]!r}")
        expect_equal(body, content, "content below our Received field")
    expect_equal(sink.report()["breaches"], [], "line ends on the wire")
    return messages


def play(function):
    """Runs one check; what is wrong if anything is, and what it has to show."""
    with contextlib.ExitStack() as stack:
        try:
            return None, function(Scene(stack))
        except (Exception, SystemExit) as error:
            return str(error) if isinstance(error, Failure) else f"{type(error).__name__}: {error}", None
