"""What many, large, slow and foreign clients cost: descriptors and memory have a bound, and nobody else waits."""

import contextlib
import hashlib
import os
import pathlib
import resource
import select
import smtplib
import socket
import ssl
import time

from harness import greets, wait_for
from harness.sink import below_our_received

from .checks import RECIPIENT, SENDER, arrived, check, expect, expect_equal, message, submit

DESCRIPTORS = 96
IDLE, IDLE_COST = int(os.environ.get("IDLE_CONNECTIONS", "3000")), 16 * 1024
LARGE, LARGE_COST = 200 * 1024 * 1024, 8 * 1024 * 1024
UNLIMITED = {
    "general": {"max_connections": 0, "max_connections_per_client": 0},
    "messages": {"max_message_size": 0, "max_session_size": 0},
}


@check("more clients than descriptors: those above the ceiling get 421, mail goes on, and the places come free again")
def more_than_descriptors(scene):
    sink = scene.sink()
    relay = scene.relay(sink, under=["prlimit", f"--nofile={DESCRIPTORS}:{DESCRIPTORS}"])
    with contextlib.ExitStack() as stack:
        early = stack.enter_context(smtplib.SMTP("127.0.0.1", relay.port, timeout=20))
        held = [stack.enter_context(connect(relay, f"127.0.0.{1 + n % 20}")) for n in range(200)]
        words = first_words(held)
        accepted = [word for word in words if word.startswith(b"220 ")]
        refused = [word for word in words if not word.startswith(b"220 ")]
        expect(all(word == b"" or word.startswith(b"421 ") for word in refused), f"first words {set(refused)}")
        expect(DESCRIPTORS // 3 <= len(accepted) < DESCRIPTORS, f"{len(accepted)} of 200 were accepted")
        # One stays in memory on its way to the queue, the other needs a file of its own meanwhile.
        contents = [message("while full"), message("large while full", ("x" * 76 + "\r\n") * 2600)]
        for count, content in enumerate(contents, 1):
            early.sendmail(SENDER, [RECIPIENT], content)
            expect_equal(below_our_received(sink.content(sink.wait(count)[-1])), content, "content below Received")
        relay.run("status")
    expect("open files" not in relay.log.read_text(), "the refused used up the descriptors kept back for the queue")
    wait_for("a free place", lambda: greets(relay.port), 10)
    submit(relay, message("after the crowd"))
    sink.wait(3)


@check("not one descriptor left: 4xx and never 5xx, the accept loop outlives it")
def no_descriptor(scene):
    sink = scene.sink()
    relay = scene.relay(sink)
    full = resource.prlimit(relay.process.pid, resource.RLIMIT_NOFILE)
    with smtplib.SMTP("127.0.0.1", relay.port, timeout=20) as early, contextlib.ExitStack() as stack:
        early.ehlo("client.example")
        used = len(list(pathlib.Path(f"/proc/{relay.process.pid}/fd").iterdir()))
        resource.prlimit(relay.process.pid, resource.RLIMIT_NOFILE, (used, full[1]))
        waiting = [stack.enter_context(connect(relay, "127.0.0.1")) for _ in range(20)]
        for size in (1, 2600):
            code, reply = transaction(early, message("without", ("x" * 76 + "\r\n") * size))
            expect(code == 250 or 400 <= code <= 499, f"reply to a message of {size} lines: {code} {reply!r}")
        resource.prlimit(relay.process.pid, resource.RLIMIT_NOFILE, full)
        expect(all(word.startswith(b"220 ") for word in first_words(waiting)), "those who waited were not greeted")
        before = sink.report()["messages"]
        early.sendmail(SENDER, [RECIPIENT], message("descriptors again"))
    sink.wait(before + 1)
    wait_for("an empty queue", lambda: relay.queued() == 0)


@check("an idle connection costs at most 16 KB")
def idle_connection(scene):
    relay = scene.relay(scene.sink(), UNLIMITED)
    cost = idle_cost(relay, IDLE)
    expect(cost <= IDLE_COST, f"{cost:.0f} octets for each of {IDLE} connections")
    return f"{cost:.0f} octets for each of {IDLE} connections"


@check("a message of 200 MB passes through in less than 8 MB, byte for byte")
def large_message(scene):
    sink = scene.sink()
    relay = scene.relay(sink, UNLIMITED)
    submit(relay, message("warms up"))
    sink.wait(1)
    relay.forget_peak()
    before = relay.memory()
    sent = hashlib.sha256()
    with smtplib.SMTP("127.0.0.1", relay.port, timeout=120) as client:
        client.ehlo("client.example")
        for command in (f"MAIL FROM:<{SENDER}>", f"RCPT TO:<{RECIPIENT}>", "DATA"):
            expect(client.docmd(command)[0] in (250, 354), f"{command} was refused")
        for block in blocks(LARGE):
            sent.update(block)
            client.send(block)
        code, reply = client.docmd(".")
        expect_equal(code, 250, f"code of {reply!r}")
    taken = relay.memory("VmHWM") - before
    entry = sink.wait(2, 120)[1]
    relayed = relay.memory("VmHWM") - before
    expect(taken < LARGE_COST, f"{taken / 2**20:.1f} MB more while it came in")
    expect(relayed < LARGE_COST, f"{relayed / 2**20:.1f} MB more while it was relayed")
    received = hashlib.sha256(below_our_received(sink.content(entry))).hexdigest()
    expect_equal(received, sent.hexdigest(), "SHA-256 at the next hop")
    wait_for("an empty queue", lambda: relay.queued() == 0)
    return f"{taken / 2**20:.2f} MB more while it came in, {relayed / 2**20:.2f} MB until it was relayed"


@check("clients that never read, or send an octet a second, hold up nobody and cost little")
def slow_clients(scene):
    sink = scene.sink()
    relay = scene.relay(sink)
    submit(relay, message("warms up"))
    before = relay.memory()
    with contextlib.ExitStack() as stack:
        deaf = [stack.enter_context(connect(relay, "127.0.0.3")) for _ in range(20)]
        pour(deaf, b"NOOP\r\n" * 100_000)
        slow = [stack.enter_context(smtplib.SMTP("127.0.0.1", relay.port, timeout=20)) for _ in range(20)]
        for client in slow:
            client.ehlo("client.example")
            for command in (f"MAIL FROM:<{SENDER}>", f"RCPT TO:<{RECIPIENT}>", "DATA"):
                expect(client.docmd(command)[0] in (250, 354), f"{command} was refused")
        for second in range(5):
            for client in slow:
                client.send(b"x")
            start = time.monotonic()
            submit(relay, message(f"meanwhile {second}"))
            took = time.monotonic() - start
            expect(took < 1, f"another client's message took {took:.1f} s")
            time.sleep(max(0, 1 - took))
        cost = relay.memory() - before
        expect(cost < 4 * 2**20, f"{cost / 2**20:.1f} MB for 40 slow clients")
        sink.wait(6)
        for client in slow:
            client.send(b"\r\n")
            expect_equal(client.docmd(".")[0], 250, "reply to the slow message")
    sink.wait(26)


@check("HTTP and a TLS ClientHello are closed, and carry no mail")
def foreign_protocols(scene):
    sink = scene.sink()
    relay = scene.relay(sink)
    smuggled = f"EHLO x\r\nMAIL FROM:<{SENDER}>\r\nRCPT TO:<{RECIPIENT}>\r\nDATA\r\nSubject: x\r\n\r\n.\r\nQUIT\r\n"
    post = f"POST / HTTP/1.1\r\nHost: relay.test\r\nContent-Length: {len(smuggled)}\r\n\r\n{smuggled}".encode()
    for words in (b"GET / HTTP/1.1\r\nHost: relay.test\r\n\r\n", post, client_hello()):
        with connect(relay, "127.0.0.1") as stream:
            stream.sendall(words)
            stream.settimeout(10)
            answer = b""
            with contextlib.suppress(ConnectionResetError):
                while part := stream.recv(4096):
                    answer += part
            expect(b"\r\n250" not in answer, f"reply to {words[:20]!r}: {answer!r}")
    expect(relay.process.poll() is None, "mailroot ended")
    submit(relay, message("behind them"))
    arrived(sink, message("behind them"))


def connect(relay, source):
    """A connection of which nothing is read yet."""
    return socket.create_connection(("127.0.0.1", relay.port), timeout=20, source_address=(source, 0))


def first_words(streams, seconds=20):
    """What each is told first; nothing, if it is closed at once."""
    words, end = {}, time.monotonic() + seconds
    while len(words) < len(streams):
        silent = [stream for stream in streams if stream not in words]
        readable, _, _ = select.select(silent, [], [], max(0, end - time.monotonic()))
        expect(readable, f"{len(silent)} of {len(streams)} connections were told nothing in {seconds} s")
        for stream in readable:
            try:
                words[stream] = stream.recv(512)
            except ConnectionResetError:
                words[stream] = b""
    return list(words.values())


def transaction(client, content):
    """One message over a session that stays open whatever the reply is; the last reply."""
    client.docmd("RSET")
    for command in (f"MAIL FROM:<{SENDER}>", f"RCPT TO:<{RECIPIENT}>"):
        code, reply = client.docmd(command)
        if code != 250:
            return code, reply
    try:
        return client.data(content)
    except smtplib.SMTPDataError as error:
        return error.smtp_code, error.smtp_error


def idle_cost(relay, count):
    """Octets of memory for each of so many connections that have said EHLO and wait."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with contextlib.ExitStack() as stack:
        hold(relay, stack, 20)
    before = relay.memory()
    with contextlib.ExitStack() as stack:
        hold(relay, stack, count)
        return (relay.memory() - before) / count


def hold(relay, stack, count):
    """Opens sessions that stay open as long as the stack."""
    for _ in range(count):
        stream = stack.enter_context(connect(relay, "127.0.0.1"))
        expect(stream.recv(512).startswith(b"220 "), "no greeting")
        stream.sendall(b"EHLO client.example\r\n")
        reply = b""
        while b"\n250 " not in reply:
            part = stream.recv(4096)
            expect(part, f"closed behind {reply!r}")
            reply += part


def blocks(size):
    """A message of so many octets, in blocks of whole lines that differ from one another."""
    yield message("large", "")
    for number in range(size // 65536):
        line = hashlib.sha256(str(number).encode()).hexdigest().encode() + b"\r\n"
        yield line * (65536 // len(line))


def pour(streams, octets):
    """Sends to each as much as its buffers take, and reads nothing."""
    for stream in streams:
        stream.setblocking(False)
        rest = memoryview(octets)
        with contextlib.suppress(BlockingIOError, ConnectionError):
            while rest:
                rest = rest[stream.send(rest) :]


def client_hello():
    """The first octets of a TLS client."""
    outgoing = ssl.MemoryBIO()
    client = ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname="relay.test")
    with contextlib.suppress(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()
