"""A relay that keeps mail in memory and says 250: the control of the campaign, which has to find it out."""

import asyncio
import collections
import os
import signal
import smtplib
import subprocess
import sys

from harness import ROOT, free_port, greets, wait_for


class Forgetful:
    """The same handles as the real relays."""

    name = "the forgetful relay"

    def __init__(self, next_hop):
        self.next_hop = next_hop
        self.port = free_port()
        self.process = None

    def start(self):
        command = [sys.executable, "-m", "campaign.forgetful", str(self.port), str(self.next_hop)]
        self.process = subprocess.Popen(command, cwd=ROOT / "tests", stdout=subprocess.PIPE, text=True)
        wait_for("the greeting of the forgetful relay", lambda: greets(self.port))

    def kill(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def flush(self):
        """It never stops trying."""

    def queued(self):
        self.process.send_signal(signal.SIGUSR1)
        return int(self.process.stdout.readline())

    def badmail_files(self):
        return []


async def main(port, next_hop):
    waiting = collections.deque()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGUSR1, lambda: os.write(1, f"{len(waiting)}\n".encode()))

    async def take(reader, writer):
        writer.write(b"220 forgetful\r\n")
        while line := await reader.readline():
            if line.startswith(b"DATA"):
                writer.write(b"354 go\r\n")
                content = (await reader.readuntil(b"\r\n.\r\n"))[:-3]
                waiting.append((b"\r\n" + content).replace(b"\r\n.", b"\r\n")[2:])
            writer.write(b"221 bye\r\n" if line.startswith(b"QUIT") else b"250 ok\r\n")
            if line.startswith(b"QUIT"):
                break
        writer.close()

    def deliver(content):
        with smtplib.SMTP("127.0.0.1", next_hop, timeout=10) as client:
            client.sendmail("app@corp.example", ["someone@far.example"], b"Received: by forgetful\r\n" + content)

    async def deliver_all():
        while True:
            try:
                while waiting:
                    await asyncio.to_thread(deliver, waiting[0])
                    waiting.popleft()
            except (OSError, smtplib.SMTPException):
                pass
            await asyncio.sleep(0.02)

    server = await asyncio.start_server(take, "127.0.0.1", port, limit=1 << 24)
    async with server:
        await deliver_all()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
