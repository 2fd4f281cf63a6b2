"""A stranger tries to relay: the sixteen classic forms, from an address that has no right to."""

import smtplib

from .checks import SENDER, arrived, check, expect, expect_equal, message, submit

LOCAL, VICTIM = "relay.test", "victim.example"

# Sender and recipient as they stand behind MAIL FROM: and RCPT TO:.
FORMS = [
    ("<>", f"<relaytest@{VICTIM}>"),
    (f"<antispam@{VICTIM}>", f"<relaytest@{VICTIM}>"),
    (f"<antispam@{LOCAL}>", f"<relaytest@{VICTIM}>"),
    ("<antispam@[127.0.0.1]>", f"<relaytest@{VICTIM}>"),
    ("<antispam@[127.0.0.1]>", f"<relaytest%{VICTIM}@[127.0.0.1]>"),
    ("<antispam@[127.0.0.1]>", f"<relaytest%{VICTIM}@{LOCAL}>"),
    ("<antispam@[127.0.0.1]>", f'<"relaytest@{VICTIM}">'),
    ("<antispam@[127.0.0.1]>", f'<"relaytest%{VICTIM}">'),
    ("<antispam@[127.0.0.1]>", f"<relaytest@{VICTIM}@[127.0.0.1]>"),
    ("<antispam@[127.0.0.1]>", f'<"relaytest@{VICTIM}"@[127.0.0.1]>'),
    ("<antispam@[127.0.0.1]>", f"<relaytest@{VICTIM}@{LOCAL}>"),
    ("<antispam@[127.0.0.1]>", f"<@[127.0.0.1]:relaytest@{VICTIM}>"),
    ("<antispam@[127.0.0.1]>", f"<@{LOCAL}:relaytest@{VICTIM}>"),
    ("<antispam@[127.0.0.1]>", f"<{VICTIM}!relaytest>"),
    ("<antispam@[127.0.0.1]>", f"<{VICTIM}!relaytest@[127.0.0.1]>"),
    ("<antispam@[127.0.0.1]>", f"<{VICTIM}!relaytest@{LOCAL}>"),
]

ONLY_ONE = {"access": {"relay": {"mode": "only", "list": ["127.0.0.1"], "allow_authenticated": True}}}


@check("no form of the open-relay test goes through for a stranger")
def sixteen_forms(scene):
    sink = scene.sink()
    relay = scene.relay(sink, ONLY_ONE)
    leaks = []
    for sender, recipient in FORMS:
        with smtplib.SMTP("127.0.0.1", relay.port, timeout=20, source_address=("127.0.0.2", 0)) as client:
            client.ehlo(LOCAL)
            client.docmd("MAIL", f"FROM:{sender}")
            code, reply = client.docmd("RCPT", f"TO:{recipient}")
            if code < 300:
                code, reply = client.docmd("DATA")
                if code == 354:
                    client.send(b"Subject: relay test\r\n\r\nx\r\n.\r\n")
                    code, reply = client.getreply()
            if not 500 <= code <= 599:
                leaks.append(f"{sender} to {recipient}: {code} {reply!r}")
    # A local part with `%` or `!` in our own domain may be taken: as a local name, for Drop. It must not leave.
    local_names = [leak for leak in leaks if LOCAL in leak.split(" to ")[1].split(":")[0].rpartition("@")[2]]
    expect_equal([leak for leak in leaks if leak not in local_names], [], "forms that were taken")
    expect_equal((sink.report()["messages"], relay.queued()), (0, 0), "messages relayed, messages queued")


@check("the one in the list relays, a stranger reaches local domains only")
def by_address(scene):
    sink = scene.sink()
    relay = scene.relay(sink, ONLY_ONE)
    submit(relay, message("by right"))
    arrived(sink, message("by right"))
    try:
        submit(relay, message("stranger"), source="127.0.0.2")
        raise AssertionError("a stranger relayed")
    except smtplib.SMTPRecipientsRefused as error:
        code, reply = next(iter(error.recipients.values()))
        expect(code == 550 and b"Unable to relay for" in reply, f"reply {code} {reply!r}")
    submit(relay, message("for us"), sender=SENDER, recipients=[f"postmaster@{LOCAL}"], source="127.0.0.2")
    drop = list((relay.mailroot / "Drop").glob("*"))
    expect(len(drop) <= 1, f"Drop: {drop}")
