"""Clients of every kind send through mailroot; what arrives is compared byte for byte."""

import smtplib
import socket
import subprocess

from .checks import HARD_BODY, RECIPIENT, SENDER, arrived, check, expect, expect_equal, message, submit

# As it stands in the old manual, but for the words of the text.
MANUAL = ["EHLO server", "MAIL FROM: EmailAddress@outlook.com", "RCPT TO: EmailAddress@outlook.com", "DATA"]
MANUAL_TEXT = ["Subject: Test Message", "", "This is a test message.", "."]

EXPECT = """
set timeout 20
log_user 1
spawn telnet 127.0.0.1 $env(PORT)
expect -re {\\n220 }
%s
expect eof
"""


@check("the old telnet test, typed at a terminal")
def telnet(scene):
    sink = scene.sink()
    relay = scene.relay(sink)
    codes = {"EHLO": "250 ", "DATA": "354 ", "MAIL": "250 ", "RCPT": "250 ", ".": "250 2.6.0 ", "QUIT": "221 "}
    steps = []
    for line in [*MANUAL, *MANUAL_TEXT, "QUIT"]:
        steps.append(f"send -- {{{line}}}; send -- \\r")
        if code := codes.get(line.split(" ")[0]):
            steps.append(f"expect -re {{\\n{code}}} {{}} timeout {{ exit 7 }} eof {{ exit 8 }}")
    done = subprocess.run(["expect", "-c", EXPECT % "\n".join(steps)], capture_output=True, text=True, timeout=60,
                          env={"PORT": str(relay.port), "PATH": "/usr/bin:/bin", "TERM": "dumb"})
    expect_equal(done.returncode, 0, f"status of expect, after {done.stdout[-300:]!r}")
    entries = arrived(sink, b"Subject: Test Message\r\n\r\nThis is a test message.\r\n")
    expect(entries[0]["from"].startswith("<EmailAddress@outlook.com>"), f"sender {entries[0]['from']}")
    expect(entries[0]["to"][0].startswith("<EmailAddress@outlook.com>"), f"recipient {entries[0]['to']}")


@check("the same lines over a plain socket, before EHLO is answered")
def manual_by_socket(scene):
    sink = scene.sink()
    relay = scene.relay(sink)
    with socket.create_connection(("127.0.0.1", relay.port), timeout=20) as stream:
        replies = stream.makefile("rb")
        expect(replies.readline().startswith(b"220 "), "no greeting")
        stream.sendall("".join(f"{line}\r\n" for line in MANUAL).encode())
        line = b""
        while not line.startswith(b"354"):
            line = replies.readline()
            expect(line[:1] in b"23" and line, f"reply {line!r}")
        stream.sendall("".join(f"{line}\r\n" for line in MANUAL_TEXT).encode())
        line = replies.readline()
        expect(line.startswith(b"250 2.6.0 <") and b"Queued mail for delivery" in line, f"reply {line!r}")
    arrived(sink, b"Subject: Test Message\r\n\r\nThis is a test message.\r\n")


@check("swaks, one command at a time and pipelined")
def swaks(scene):
    sink = scene.sink()
    relay = scene.relay(sink)
    content = message("from swaks", HARD_BODY)
    # swaks makes CRLF of LF itself, and ends the last line.
    data = scene.folder / "data"
    data.write_bytes(content.replace(b"\r\n", b"\n").removesuffix(b"\n"))
    for count, mode in enumerate([[], ["--pipeline"]], 1):
        command = ["swaks", "--server", f"127.0.0.1:{relay.port}", "--from", SENDER, "--to", RECIPIENT, "--data",
                   f"@{data}", *mode]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        expect_equal(done.returncode, 0, f"status of swaks {mode}, after {done.stdout[-400:]!r}")
        arrived(sink, content, count)


@check("curl, one and many recipients")
def curl(scene):
    sink = scene.sink()
    relay = scene.relay(sink)
    content = message("from curl", HARD_BODY)
    data = scene.folder / "data"
    data.write_bytes(content)
    recipients = [f"r{n}@far.example" for n in range(30)]
    many = [option for address in recipients for option in ("--mail-rcpt", address)]
    for count, to in enumerate([["--mail-rcpt", RECIPIENT], many], 1):
        command = ["curl", "-sS", f"smtp://127.0.0.1:{relay.port}/client.example", "--mail-from", SENDER, *to,
                   "--upload-file", str(data)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        expect_equal(done.returncode, 0, f"status of curl: {done.stderr}")
        entries = arrived(sink, content, count)
    expect_equal(sorted(address.split(">")[0][1:] for address in entries[1]["to"]), sorted(recipients), "recipients")


@check("Python's smtplib, 7 and 8 bit, and SMTPUTF8")
def python_smtplib(scene):
    sink = scene.sink()
    relay = scene.relay(sink)
    content = message("from smtplib", HARD_BODY)
    submit(relay, content)
    arrived(sink, content, 1)
    eight = message("8 bit", "Grüße aus Köln\r\n")
    submit(relay, eight, options=["BODY=8BITMIME"])
    expect("BODY=8BITMIME" in sink.wait(2)[1]["from"].upper(), "8BITMIME was not passed on")
    with smtplib.SMTP("127.0.0.1", relay.port, timeout=20) as client:
        client.ehlo("client.example")
        client.sendmail(SENDER, ["jürgen@far.example"], eight, mail_options=["SMTPUTF8", "BODY=8BITMIME"])
    expect("SMTPUTF8" in sink.wait(3)[2]["from"].upper(), "SMTPUTF8 was not passed on")
    expect(sink.messages()[2]["to"][0].startswith("<jürgen@far.example>"), f"recipient {sink.messages()[2]['to']}")


@check("smtp-source, 20 sessions, each message once")
def smtp_source(scene):
    sink = scene.sink()
    relay = scene.relay(sink)
    for kept in ([], ["-d"]):
        before = sink.report()["messages"]
        command = ["smtp-source", "-s", "20", "-m", "300", "-l", "4096", "-N", "-f", SENDER, "-t", RECIPIENT, *kept]
        subprocess.run([*command, f"127.0.0.1:{relay.port}"], check=True, timeout=120)
        entries = sink.wait(before + 300, 60)[before:]
        expect_equal(len(entries), 300, "messages at the next hop")
        # -N numbers the recipients: each must be there, and once.
        expect_equal(len({entry["to"][0] for entry in entries}), 300, "different recipients")
    expect_equal(sink.report()["breaches"], [], "line ends on the wire")
