"""A next hop that keeps exactly what it was sent.

smtp-sink normalises what it dumps; this one records the bytes. As a program it takes a port and a folder, writes
`index.jsonl` (one line a message) and `content.raw` there, and obeys lines on its standard input:

    mode ok | defer | defer-data | reject | slow SECONDS | silent | down
    report            answers one line of JSON: messages, connections, breaches of the line-end rules
    quit

Whatever the mode, a recipient `unknown@…` is refused for good. `silent` takes the content and closes without a reply: what a crash of the next hop looks like.
"""

import argparse
import asyncio
import hashlib
import json
import pathlib
import subprocess
import sys
import time

from . import ROOT, free_port, greets, wait_for

END = b"\r\n.\r\n"


class Recorder:
    """The ledger of the next hop."""

    def __init__(self, folder):
        self.content = open(folder / "content.raw", "wb")
        self.index = open(folder / "index.jsonl", "w")
        self.messages = 0
        self.connections = 0
        self.breaches = []

    def message(self, hello, sender, recipients, content, reply):
        """Writes down one message as it stood on the wire, unstuffed."""
        if b"\n" in content.replace(b"\r\n", b"") or b"\r" in content.replace(b"\r\n", b""):
            self.breach("a bare CR or LF in content")
        entry = {
            "time": time.time(),
            "helo": hello,
            "from": sender,
            "to": recipients,
            "offset": self.content.tell(),
            "length": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
            "reply": reply,
        }
        self.content.write(content)
        self.index.write(json.dumps(entry) + "\n")
        self.messages += 1

    def breach(self, what):
        """Notes something that no relay may send."""
        if len(self.breaches) < 100:
            self.breaches.append(what)

    def report(self):
        """The totals; everything is in the files when it returns."""
        self.content.flush()
        self.index.flush()
        return {"messages": self.messages, "connections": self.connections, "breaches": self.breaches}


class Session(asyncio.Protocol):
    """One connection. Commands may be pipelined; content is cut off at CRLF.CRLF and nothing else."""

    def __init__(self, sink):
        self.sink = sink
        self.buffer = bytearray()
        self.hello, self.sender, self.recipients = "", None, []
        self.in_content = False
        self.searched = 0
        self.waiting = False

    def connection_made(self, transport):
        self.transport = transport
        self.sink.recorder.connections += 1
        self.sink.sessions.add(self)
        self.say("220 sink.test ESMTP")

    def connection_lost(self, _error):
        self.sink.sessions.discard(self)

    def say(self, line):
        """One reply, or several lines of one."""
        self.transport.write(line.encode() + b"\r\n")

    def data_received(self, data):
        self.buffer += data
        self.proceed()

    def proceed(self):
        """Takes what is complete from the buffer, until content or a slow reply holds it up."""
        while not self.waiting and not self.transport.is_closing():
            if not (self.content_line() if self.in_content else self.command_line()):
                return

    def command_line(self):
        end = self.buffer.find(b"\n")
        if end < 0:
            return False
        line = bytes(self.buffer[: end + 1])
        del self.buffer[: end + 1]
        if not line.endswith(b"\r\n"):
            self.sink.recorder.breach(f"a command ended by a bare LF: {line[:80]!r}")
        self.command(line.strip().decode("utf-8", "backslashreplace"))
        return True

    def command(self, line):
        verb, _, rest = line.partition(" ")
        match verb.upper():
            case "EHLO":
                self.hello = rest
                self.say("\r\n".join(["250-sink.test", *(f"250-{e}" for e in self.sink.extensions), "250 HELP"]))
            case "HELO":
                self.hello = rest
                self.say("250 sink.test")
            case "MAIL":
                self.sender, self.recipients = rest.partition(":")[2].strip(), []
                self.say("250 2.1.0 Ok")
            case "RCPT" if self.sink.mode == "defer":
                self.say("451 4.7.1 Greylisted, come back later")
            case "RCPT" if self.sink.mode == "reject" or "<unknown@" in rest:
                self.say("550 5.1.1 No such user")
            case "RCPT" if self.sender is None:
                self.say("503 5.5.1 MAIL first")
            case "RCPT":
                self.recipients.append(rest.partition(":")[2].strip())
                self.say("250 2.1.5 Ok")
            case "DATA" if not self.recipients:
                self.say("554 5.5.1 No valid recipients")
            case "DATA":
                # As if the line end before the content were its first: content that begins with a dot line ends there.
                self.buffer[:0] = b"\r\n"
                self.in_content, self.searched = True, 0
                self.say("354 Go ahead")
            case "RSET":
                self.sender, self.recipients = None, []
                self.say("250 2.0.0 Ok")
            case "NOOP":
                self.say("250 2.0.0 Ok")
            case "QUIT":
                self.say("221 2.0.0 Bye")
                self.transport.close()
            case _:
                self.say("502 5.5.2 Not implemented")

    def content_line(self):
        end = self.buffer.find(END, self.searched)
        if end < 0:
            self.searched = max(0, len(self.buffer) - len(END))
            return False
        content = bytes(self.buffer[: end + 2]).replace(b"\r\n.", b"\r\n")[2:]
        del self.buffer[: end + len(END)]
        self.in_content = False
        self.taken(content)
        return True

    def taken(self, content):
        mode = self.sink.mode
        reply = "451 4.3.0 Try again" if mode == "defer-data" else "250 2.0.0 Taken"
        if mode == "silent":
            reply = ""
        self.sink.recorder.message(self.hello, self.sender, self.recipients, content, reply)
        self.sender, self.recipients = None, []
        if mode == "silent":
            self.transport.abort()
        elif mode == "slow":
            self.waiting = True
            asyncio.get_running_loop().call_later(self.sink.delay, self.answer_late, reply)
        else:
            self.say(reply)

    def answer_late(self, reply):
        self.waiting = False
        if not self.transport.is_closing():
            self.say(reply)
            self.proceed()


class Sink:
    """The listener, and the mode that all its sessions obey."""

    def __init__(self, port, folder, extensions):
        self.port = port
        self.extensions = extensions
        self.recorder = Recorder(folder)
        self.mode, self.delay = "ok", 0.0
        self.sessions = set()
        self.server = None

    async def set_mode(self, words):
        """From the next command on; `down` closes the listener and every connection."""
        self.mode, self.delay = words[0], float(words[1]) if len(words) > 1 else 0.0
        if self.mode == "down" and self.server:
            self.server.close()
            self.server = None
            for session in list(self.sessions):
                session.transport.abort()
        elif self.mode != "down" and not self.server:
            await self.listen()

    async def listen(self):
        """Opens the port."""
        loop = asyncio.get_running_loop()
        self.server = await loop.create_server(
            lambda: Session(self), "127.0.0.1", self.port, backlog=1000, reuse_address=True
        )

    async def obey(self):
        """Reads orders until `quit` or the end of standard input."""
        reader = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        while line := await reader.readline():
            words = line.decode().split()
            if words == ["quit"]:
                break
            if words[0] == "mode":
                await self.set_mode(words[1:])
            print(json.dumps(self.recorder.report()), flush=True)
        self.recorder.report()


class SinkProcess:
    """The sink as a process of its own, so that it costs the load client nothing and outlives every crash."""

    EXTENSIONS = ("PIPELINING", "8BITMIME", "SMTPUTF8", "DSN", "ENHANCEDSTATUSCODES", "SIZE 0")

    def __init__(self, folder, extensions=EXTENSIONS):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        command = [sys.executable, "-m", "harness.sink", str(self.port), str(self.folder), *extensions]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT / "tests"
        )
        wait_for("the greeting of the sink", lambda: greets(self.port))

    def mode(self, text):
        """Changes how it answers, before this returns."""
        return self._order(f"mode {text}")

    def report(self):
        """Totals so far."""
        return self._order("report")

    def messages(self):
        """The ledger, in order of arrival."""
        self.report()
        return [json.loads(line) for line in (self.folder / "index.jsonl").read_text().splitlines()]

    def content(self, message):
        """The bytes of one message of the ledger."""
        with open(self.folder / "content.raw", "rb") as raw:
            raw.seek(message["offset"])
            return raw.read(message["length"])

    def contents(self):
        """The bytes of every message."""
        return [self.content(message) for message in self.messages()]

    def wait(self, count, seconds=20.0):
        """The ledger, once it holds `count` messages."""
        wait_for(f"{count} messages at the sink", lambda: self.report()["messages"] >= count, seconds)
        return self.messages()

    def stop(self):
        """Ends it; its files stay."""
        if self.process.poll() is None:
            self.process.communicate("quit\n", timeout=10)

    def _order(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


def below_our_received(content):
    """The content behind the first `Received:` field, which is the relay's own; None if there is no such field."""
    if not content.lower().startswith(b"received:"):
        return None
    end = 0
    while True:
        end = content.index(b"\r\n", end) + 2
        if content[end : end + 1] not in (b" ", b"\t"):
            return content[end:]


async def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("port", type=int)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("extensions", nargs="*")
    options = parser.parse_args()
    sink = Sink(options.port, options.folder, options.extensions)
    await sink.listen()
    await sink.obey()


if __name__ == "__main__":
    asyncio.run(main())
