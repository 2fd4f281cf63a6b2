"""Next hops of every kind take what mailroot relays."""

import json

from harness import wait_for
from harness.sink import below_our_received

from .checks import HARD_BODY, RECIPIENT, SENDER, check, expect, expect_equal, message, submit


@check("Postfix as next hop takes it and hands it on unchanged")
def postfix(scene):
    sink = scene.sink()
    relay = scene.relay(scene.postfix(sink))
    contents = [message("to postfix", HARD_BODY), message("eight bit", "Grüße\r\n"), message("empty", "")]
    for count, content in enumerate(contents, 1):
        submit(relay, content, recipients=[f"r{n}@far.example" for n in range(3)], options=["BODY=8BITMIME"])
        entry = sink.wait(count)[-1]
        behind_postfix = below_our_received(sink.content(entry))
        expect_equal(below_our_received(behind_postfix), content, "content below both Received fields")


@check("smtp-sink takes it, with and without the extensions")
def smtp_sink(scene):
    content = message("to smtp-sink", HARD_BODY)
    # Without ESMTP at all; without pipelining; without 8BITMIME, DSN and enhanced codes; as it is.
    for number, options in enumerate((["-e"], ["-p"], ["-8", "-N", "-E"], [])):
        sink = scene.smtp_sink(*options)
        relay = scene.relay(sink, {"general": {"hostname": f"relay{number}.test"}})
        submit(relay, content)
        dumped = sink.wait(1)[0].replace(b"\n", b"\r\n")
        expect_equal(below_our_received(dumped), content, f"content at smtp-sink {options}")
        relay.stop()


@check("a next hop that defers after the content loses nothing")
def deferred(scene):
    sink = scene.sink()
    relay = scene.relay(sink)
    contents = [message(f"number {n}") for n in range(20)]
    sink.mode("defer-data")
    for content in contents:
        submit(relay, content)
    sink.wait(1)
    sink.mode("ok")
    relay.flush()
    wait_for("an empty queue", lambda: relay.queued() == 0, 30)
    taken = [entry for entry in sink.messages() if entry["reply"].startswith("2")]
    expect_equal(sorted(below_our_received(sink.content(entry)) for entry in taken), sorted(contents), "messages taken")


@check("one recipient refused for good: the sender gets a report, the other gets the message")
def refused(scene):
    sink = scene.sink()
    relay = scene.relay(sink)
    content = message("for two")
    submit(relay, content, recipients=["unknown@far.example", RECIPIENT])
    entries = sink.wait(2)
    by_sender = {entry["from"].split(">")[0] + ">": entry for entry in entries}
    expect_equal(sorted(by_sender), ["<>", f"<{SENDER}>"], "reverse-paths")
    delivered, report = by_sender[f"<{SENDER}>"], by_sender["<>"]
    expect_equal(below_our_received(sink.content(delivered)), content, "content for the other recipient")
    expect(report["to"][0].startswith(f"<{SENDER}>"), f"the report went to {report['to']}")
    text = sink.content(report)
    for words in (b"multipart/report", b"550 5.1.1 No such user", b"unknown@far.example", b"Subject: for two"):
        expect(words in text, f"the report does not say {words!r}")
    wait_for("an empty queue", lambda: relay.queued() == 0)


@check("a report that is refused itself goes to Badmail, with its reason")
def report_refused(scene):
    sink = scene.sink()
    relay = scene.relay(sink)
    sink.mode("reject")
    submit(relay, message("refused"))
    files = wait_for("the report in Badmail", relay.badmail_files, 30)
    expect(any(b"x-reason:" in path.read_bytes() for path in files), f"no x-reason in {files}")
    reasons = [entry["reason"] for entry in json.loads(relay.run("badmail", "list", "--json"))["messages"]]
    expect(any("No such user" in reason for reason in reasons), f"reasons {reasons}")
