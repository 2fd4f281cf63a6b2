"""The load of a campaign: many sessions at once, and a ledger of every 250.

Each message carries its id and is made from a seed, so that what arrives can be compared with what was promised without
keeping every body. The ledger is ours: nothing the relay says later can change it.
"""

import asyncio
import hashlib
import random
import time

SENDER, RECIPIENT = "app@corp.example", "someone@far.example"


class Ledger:
    """What the client was told of each message."""

    def __init__(self):
        # id -> sha256 of the content, for each final 250 that was read in full.
        self.accepted = {}
        # True from the moment the power is cut until the next start; and the ids whose 250 was read only after that.
        self.cut = False
        self.accepted_after_cut = set()
        # The same for content that was sent and whose reply never came: the relay may have it or not, but not half of it.
        self.uncertain = {}
        # id -> the reply, for each refusal; and the sha256 of those refused only after their content.
        self.refused = {}
        self.refused_content = {}
        self.broken_sessions = 0


class Texts:
    """Bodies cut from one block of lines that are hard to carry: dots first, dots alone, blanks last, empty lines."""

    LINES = [b".", b"..", b".a line that starts with a dot", b"blanks behind  ", b"", b"From the start of a line",
             b"\ta tab first", b"x-receiver: <ghost@far.example>", b"=20=\x7e", b"x" * 990]
    SIZES = [(1_000, 6_000, 70), (6_000, 40_000, 20), (64_000, 200_000, 9), (500_000, 1_500_000, 1)]

    def __init__(self, seed):
        self.random = random.Random(seed)
        words = [bytes(self.random.choices(b"abcdefghijklmnopqrstuvwxyz ", k=60)) for _ in range(500)]
        lines = [self.random.choice(self.LINES) if self.random.random() < 0.1 else self.random.choice(words)
                 for _ in range(30_000)]
        self.block = b"\r\n".join(lines) + b"\r\n"

    def message(self, identity):
        """Content in normal form: CRLF only, not stuffed, last line ended."""
        low, high, _ = self.random.choices(self.SIZES, [weight for *_, weight in self.SIZES])[0]
        start = self.block.index(b"\r\n", self.random.randrange(len(self.block) - high - 2000)) + 2
        end = self.block.index(b"\r\n", start + self.random.randint(low, high)) + 2
        # One in ten begins as an envelope block does: no line of content may ever become a recipient.
        trap = b"x-receiver: <ghost@far.example>\r\n" if self.random.random() < 0.1 else b""
        return trap + (
            f"X-Campaign-Id: {identity}\r\n"
            f"From: {SENDER}\r\nTo: {RECIPIENT}\r\nSubject: campaign\r\n"
            f"Date: Tue, 24 Nov 2026 11:15:03 +0000\r\nMessage-ID: <{identity}@campaign.test>\r\n\r\n"
        ).encode() + self.block[start:end]


class Client:
    """One session after another, until told to stop or the relay is gone."""

    def __init__(self, name, port, texts, ledger, messages_per_session):
        self.name, self.port, self.texts, self.ledger = name, port, texts, ledger
        self.messages_per_session = messages_per_session
        self.count = 0

    async def run(self, deadline):
        """Sends until `deadline` (monotonic), or until the relay breaks off."""
        try:
            while time.monotonic() < deadline:
                await self.session(deadline)
        except (OSError, EOFError, asyncio.TimeoutError):
            self.ledger.broken_sessions += 1

    async def session(self, deadline):
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 16)
        try:
            await self.reply(reader)
            await self.say(reader, writer, "EHLO campaign.test")
            for _ in range(self.messages_per_session):
                if time.monotonic() >= deadline:
                    break
                await self.send(reader, writer)
            writer.write(b"QUIT\r\n")
        finally:
            writer.close()

    async def send(self, reader, writer):
        self.count += 1
        identity = f"{self.name}-{self.count}"
        content = self.texts.message(identity)
        for command in (f"MAIL FROM:<{SENDER}>", f"RCPT TO:<{RECIPIENT}>", "DATA"):
            line = await self.say(reader, writer, command)
            if line[0] not in "23":
                # Refused before content: nothing was promised. A relay short of something says so for a while.
                self.ledger.refused[identity] = line
                await self.say(reader, writer, "RSET")
                return
        digest = hashlib.sha256(content).hexdigest()
        writer.write((b"\r\n" + content).replace(b"\r\n.", b"\r\n..")[2:] + b".\r\n")
        self.ledger.uncertain[identity] = digest
        await writer.drain()
        line = await self.reply(reader)
        del self.ledger.uncertain[identity]
        if line.startswith("250"):
            self.ledger.accepted[identity] = digest
            if self.ledger.cut:
                self.ledger.accepted_after_cut.add(identity)
        else:
            self.ledger.refused[identity] = line
            self.ledger.refused_content[identity] = digest

    async def say(self, reader, writer, command):
        writer.write(command.encode() + b"\r\n")
        return await self.reply(reader)

    async def reply(self, reader):
        """The last line of a reply. A reply cut off by a crash is no reply."""
        while True:
            line = await asyncio.wait_for(reader.readline(), 60)
            if not line.endswith(b"\r\n"):
                raise EOFError("the relay closed the connection")
            if line[3:4] != b"-":
                return line.decode("utf-8", "replace").strip()


async def load(port, sessions, seconds, cycle, texts, ledger):
    """`sessions` clients at once for a time; a third of them with a connection per message."""
    deadline = time.monotonic() + seconds
    clients = [Client(f"c{cycle}-s{n}", port, texts, ledger, 1 if n % 3 == 0 else 50) for n in range(sessions)]
    await asyncio.gather(*(client.run(deadline) for client in clients))
